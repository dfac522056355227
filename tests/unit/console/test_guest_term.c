/* A guest's screen and its history; whatever a guest writes must do no harm. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "model/guest_term.h"
#include "ui/ui.h"

struct typed {
	char text[256];
	size_t len;
};

static void out(void *ctx, const char *bytes, size_t len)
{
	struct typed *t = ctx;

	if (t->len + len < sizeof(t->text)) {
		memcpy(t->text + t->len, bytes, len);
		t->len += len;
	}
}

static void put(struct guest_term *t, const char *text)
{
	gterm_write(t, text, strlen(text));
}

static uint32_t at(struct guest_term *t, int row, int column)
{
	struct term_cell c;

	gterm_get(t, row, column, &c);
	return c.c;
}

static void test_history(void **state)
{
	struct guest_term *t = gterm_new(24, 80, out);
	char line[32];
	int row;

	(void)state;
	assert_true(gterm_empty(t));
	for (int i = 0; i < TERM_HISTORY + 100; i++) {
		snprintf(line, sizeof(line), "line %d\r\n", i);
		put(t, line);
	}
	assert_false(gterm_empty(t));
	assert_int_equal(gterm_history(t), TERM_HISTORY);
	/* 23 lines and an empty one are on the screen */
	assert_true(gterm_find(t, "line 5099", 23, true, &row));
	assert_int_equal(row, 22);
	assert_true(gterm_find(t, "LINE 5000", 23, true, &row));
	assert_int_equal(row, 22 - 99);
	assert_int_equal(at(t, row, 0), 'l');
	assert_false(gterm_find(t, "line 76 ", 23, true, &row)); /* long gone */
	assert_int_equal(at(t, -TERM_HISTORY - 1, 0), ' ');
	assert_int_equal(at(t, 24, 0), ' ');
	assert_int_equal(at(t, 0, 80), ' ');
	gterm_free(t);
}

static void test_colours(void **state)
{
	struct guest_term *t = gterm_new(24, 80, out);
	struct term_cell c;

	(void)state;
	put(t, "a\033[31;1mb\033[0;7;48;5;200mc\033[0;38;2;255;0;0md");
	gterm_get(t, 0, 0, &c);
	assert_true(c.c == 'a' && c.fg == -1 && c.bg == -1 && !c.bold);
	gterm_get(t, 0, 1, &c);
	assert_true(c.c == 'b' && (c.fg == 1 || c.fg == 9) && c.bold);
	gterm_get(t, 0, 2, &c);
	assert_true(c.c == 'c' && c.bg == 200 && c.reverse);
	gterm_get(t, 0, 3, &c);
	assert_int_equal(c.fg, 16 + 36 * 5);
	gterm_free(t);
}

static void test_keys(void **state)
{
	struct guest_term *t = gterm_new(24, 80, out);
	struct typed typed = { .len = 0 };
	static const int keys[] = { 'a', UI_KEY_ENTER, UI_KEY_UP, UI_CTRL('c'), 0xe9,
				    UI_KEY_BACKSPACE, UI_KEY_F0 + 5 };

	(void)state;
	gterm_key(t, 'x'); /* nobody is connected: nowhere to go */
	gterm_connect(t, &typed);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		gterm_key(t, keys[i]);
	typed.text[typed.len] = '\0';
	assert_string_equal(typed.text, "a\r\033[A\003\xc3\xa9\177\033[15~");
	typed.len = 0;
	put(t, "\033[6n"); /* "where is the cursor" is answered */
	typed.text[typed.len] = '\0';
	assert_string_equal(typed.text, "\033[1;1R");
	gterm_free(t);
}

/* Bytes at random, often such as begin sequences, while the size changes. */
static void test_noise(void **state)
{
	struct guest_term *t = gterm_new(24, 80, out);
	static const char often[] = "\033[]();?0123456789mHJKrhlABCDSTLMPX@\r\n\t\b\007";
	struct typed typed = { .len = 0 };
	char buf[512];
	int row;

	(void)state;
	srand(1);
	gterm_connect(t, &typed);
	for (int round = 0; round < 3000; round++) {
		for (size_t i = 0; i < sizeof(buf); i++)
			buf[i] = (char)(rand() % 3 ? often[rand() % (sizeof(often) - 1)]
						   : rand());
		gterm_write(t, buf, sizeof(buf));
		typed.len = 0;
		if (round % 50 == 0)
			gterm_resize(t, 24 + rand() % 40, 80 + rand() % 100);
		for (int i = 0; i < 50; i++)
			at(t, rand() % 100 - 60, rand() % 200 - 10);
		if (round % 100 == 0)
			gterm_find(t, "zz", 23, true, &row);
	}
	gterm_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_history), cmocka_unit_test(test_colours),
		cmocka_unit_test(test_keys), cmocka_unit_test(test_noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

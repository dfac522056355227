/* UTF-8, widths, line breaks and numbers as people read them. */
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "ui/text.h"
#include "ui/ui.h"

static void test_utf8(void **state)
{
	static const struct {
		const char *text;
		uint32_t c;
		size_t n;
	} cases[] = {
		{ "a", 'a', 1 }, { "\xc3\xa9", 0xe9, 2 }, { "\xe2\x96\x88", 0x2588, 3 },
		{ "\xf0\x9f\x98\x80", 0x1f600, 4 },
		{ "\xc3", '?', 1 },		/* cut off */
		{ "\xe2\x96", '?', 2 }, { "\xff", '?', 1 }, { "\x80", '?', 1 },
		{ "\xc0\xaf", '?', 1 },		/* longer than it need be */
		{ "\xed\xa0\x80", '?', 3 },	/* half of a pair of UTF-16 */
	};
	char out[5];
	uint32_t c;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(text_next(cases[i].text, &c), cases[i].n);
		assert_int_equal(c, cases[i].c);
		if (c != '?') {
			assert_int_equal(text_encode(c, out), cases[i].n);
			assert_string_equal(out, cases[i].text);
		}
	}
}

static void test_lines(void **state)
{
	size_t next;

	(void)state;
	assert_int_equal(text_line("one two three", 8, &next), 7);
	assert_int_equal(next, 8);
	assert_int_equal(text_line("one\ntwo", 8, &next), 3);
	assert_int_equal(next, 4);
	assert_int_equal(text_line("muchtoolong", 4, &next), 4);
	assert_int_equal(next, 4);
	assert_int_equal(text_line("end", 8, &next), 3);
	assert_int_equal(next, 3);
	/* a character too wide for the room must not stop the walk */
	assert_int_equal(text_line("\xe4\xb8\xad", 1, &next), 0);
	assert_int_equal(next, 3);
}

static void test_width(void **state)
{
	(void)state;
	assert_int_equal(ui_width("ab\xc3\xa9"), 3);
	assert_int_equal(ui_width("\xe4\xb8\xad"), 2);
	assert_int_equal(ui_width("\033["), 2); /* shown as '?' */
	assert_int_equal(text_fit("\xe4\xb8\xad\xe4\xb8\xad", 3), 3);
}

static void test_numbers(void **state)
{
	char b[16];

	(void)state;
	assert_string_equal(ui_bytes(0, b), "0 B");
	assert_string_equal(ui_bytes(999, b), "999 B");
	assert_string_equal(ui_bytes(1000, b), "1.0 KiB");
	assert_string_equal(ui_bytes(512u << 20, b), "512 MiB");
	assert_string_equal(ui_bytes(UINT64_MAX, b), "16384 PiB");
	assert_string_equal(ui_rate(0, b), "-");
	assert_string_equal(ui_rate(NAN, b), "-");
	assert_string_equal(ui_rate(1536, b), "1.5 K/s");
	assert_string_equal(ui_duration(3661, b), "01:01:01");
	assert_string_equal(ui_duration(3 * 86400 + 300, b), "3d 00:05");
	assert_string_equal(ui_duration(1000ull * 86400, b), "1000d");
	assert_true(strlen(ui_duration(UINT64_MAX, b)) < 10);
}

static void test_contains(void **state)
{
	(void)state;
	assert_true(text_contains("Web Server", "b se"));
	assert_true(text_contains("x", ""));
	assert_false(text_contains("web", "webs"));
	assert_false(text_contains("[", "{")); /* not letters: no case */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_utf8), cmocka_unit_test(test_lines),
		cmocka_unit_test(test_width), cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_contains),
	};

	if (!setlocale(LC_ALL, "C.UTF-8"))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}

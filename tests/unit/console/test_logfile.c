/* Log files: read at their end, followed, rotated, hostile in what they hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "model/logfile.h"

static char path[] = "/tmp/logfile-test.XXXXXX";

static void put(const char *mode, const char *text)
{
	FILE *f = fopen(path, mode);

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void test_follow(void **state)
{
	struct logfile f;
	char other[64];

	(void)state;
	unlink(path);
	logfile_init(&f, path);
	assert_true(logfile_poll(&f)); /* now known to be missing */
	assert_true(f.missing);
	assert_false(logfile_poll(&f));
	put("w", "one\ntw");
	assert_true(logfile_poll(&f));
	assert_int_equal(f.n, 1);
	put("a", "o\nthree\n");
	assert_true(logfile_poll(&f));
	assert_int_equal(f.n, 3);
	assert_string_equal(f.lines[1], "two");
	assert_false(logfile_poll(&f));
	snprintf(other, sizeof(other), "%s.1", path);
	assert_int_equal(rename(path, other), 0); /* rotated */
	put("w", "new\n");
	assert_true(logfile_poll(&f));
	assert_int_equal(f.n, 1);
	assert_string_equal(f.lines[0], "new");
	put("w", "x\n"); /* emptied and begun anew */
	assert_true(logfile_poll(&f));
	assert_string_equal(f.lines[0], "x");
	logfile_free(&f);
	unlink(other);
	unlink(path);
}

static void test_hostile(void **state)
{
	static const char text[] = "\033[31mred\033[0m \033]0;title\007plain\ttab\r\n"
				   "bell\007 del\177\n\033";
	char *longer = malloc(5000);
	struct logfile f;

	(void)state;
	logfile_init(&f, "");
	logfile_add(&f, text, sizeof(text) - 1);
	assert_int_equal(f.n, 2);
	assert_string_equal(f.lines[0], "red plain tab");
	assert_string_equal(f.lines[1], "bell del");
	logfile_clear(&f);
	memset(longer, 'x', 5000);
	logfile_add(&f, longer, 5000);
	assert_int_equal(f.n, 5000 / LOGFILE_LINE);
	assert_int_equal(strlen(f.lines[0]), LOGFILE_LINE);
	logfile_clear(&f);
	for (int i = 0; i < 2 * LOGFILE_LINES; i++)
		logfile_add(&f, "y\n", 2);
	assert_true(f.n <= LOGFILE_LINES && f.n > LOGFILE_LINES / 2);
	logfile_free(&f);
	free(longer);
}

static void test_names(void **state)
{
	(void)state;
	assert_true(logfile_names("2026 web1 (domain 3) has ended", "web1"));
	assert_true(logfile_names("web1", "web1"));
	assert_true(logfile_names("web11 and web1", "web1"));
	assert_false(logfile_names("web11 has ended", "web1"));
	assert_false(logfile_names("my-web1 has ended", "web1"));
	assert_false(logfile_names("anything", ""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_follow), cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_names),
	};

	close(mkstemp(path));
	return cmocka_run_group_tests(tests, NULL, NULL);
}

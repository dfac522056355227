/*
 * libconf: what is read is what was written, comments survive a change, bad
 * text is refused with its line, a file is replaced whole or not at all.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "libconf/conf.h"

static char dir[] = "/tmp/libconf.XXXXXX";

static int make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

static const char *in_dir(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static void parse(struct conf *c, const char *text)
{
	struct conf_error err = {0};

	if (conf_parse(c, text, strlen(text), "t", &err))
		fail_msg("%s", err.text);
}

static void test_reads_keys_in_order(void **state)
{
	const char text[] = "# head\n\nname = a b\n\tdns=1\r\ndns =  2 # kept \nempty =";
	const struct conf_line *l;
	struct conf c;
	size_t at = 0;

	(void)state;
	parse(&c, text);
	assert_string_equal(conf_get(&c, "name"), "a b");
	assert_string_equal(conf_get(&c, "dns"), "2 # kept");
	assert_string_equal(conf_get(&c, "empty"), "");
	assert_null(conf_get(&c, "nam"));
	l = conf_next(&c, "dns", &at);
	assert_string_equal(l->value, "1");
	assert_int_equal(l->number, 4);
	assert_string_equal(conf_next(&c, "dns", &at)->value, "2 # kept");
	assert_null(conf_next(&c, "dns", &at));
	conf_free(&c);
}

static void test_change_keeps_comments(void **state)
{
	struct conf c;
	char *text;

	(void)state;
	parse(&c, "# mine\nb = 1\na = 1\nb = 2\n# end\n");
	assert_int_equal(conf_set(&c, "b", "x = y"), 0);
	assert_int_equal(conf_add(&c, "a", "2"), 0);
	assert_int_equal(conf_add(&c, "new", ""), 0);
	text = conf_text(&c);
	assert_string_equal(text, "# mine\nb = x = y\na = 1\na = 2\n# end\nnew = \n");
	free(text);
	assert_int_equal(conf_remove(&c, "a"), 2);
	assert_null(conf_get(&c, "a"));
	conf_free(&c);
}

static void test_refuses_what_it_could_not_read_back(void **state)
{
	static char huge[CONF_LINE_MAX + 1];
	struct conf c = {0};

	(void)state;
	memset(huge, 'x', sizeof(huge) - 1);
	assert_int_equal(conf_set(&c, "a", "two\nlines"), -EINVAL);
	assert_int_equal(conf_set(&c, "a", " b"), -EINVAL);
	assert_int_equal(conf_set(&c, "a b", "1"), -EINVAL);
	assert_int_equal(conf_set(&c, "", "1"), -EINVAL);
	assert_int_equal(conf_add(&c, "a", huge), -EINVAL);
	assert_int_equal(c.count, 0);
	conf_free(&c);
}

static void test_bad_text(void **state)
{
	static const struct {
		const char *text, *says;
		size_t len;
		unsigned int line;
	} bad[] = {
		{"a = 1\nb\n", "line 2: not of the form", 8, 2},
		{"= 1\n", "line 1: not of the form", 4, 1},
		{"a b = 1\n", "line 1: not of the form", 8, 1},
		{"a = 1\n\n\0 = 2\n", "line 3: a control character", 13, 3},
		{"a = \x1b[2J\n", "line 1: a control character", 9, 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct conf_error err = {0};
		struct conf c;

		assert_int_equal(conf_parse(&c, bad[i].text, bad[i].len, "f", &err),
				 -EINVAL);
		assert_non_null(strstr(err.text, bad[i].says));
		assert_int_equal(err.line, bad[i].line);
		assert_int_equal(c.count, 0);
	}
}

static void test_sizes_are_bounded(void **state)
{
	size_t len = CONF_TEXT_MAX + 1;
	char *text = malloc(len);
	struct conf_error err = {0};
	struct conf c;

	(void)state;
	memset(text, 'k', len);
	assert_int_equal(conf_parse(&c, text, len, "f", &err), -EFBIG);
	assert_int_equal(conf_parse(&c, text, len - 1, "f", &err), -EINVAL);
	assert_non_null(strstr(err.text, "too long"));
	memset(text, '\n', len - 1);
	assert_int_equal(conf_parse(&c, text, len - 1, "f", &err), 0);
	conf_free(&c);
	free(text);
}

/* Any bytes whatever: no crash, and what is taken can be written and reread. */
static void test_noise(void **state)
{
	static const char letters[] = "ab= \t#\n\r.\0\x80-";
	char text[64], *first, *second;
	uint32_t seed = 1;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		struct conf c, again;

		for (size_t i = 0; i < sizeof(text); i++) {
			seed = seed * 1664525 + 1013904223;
			text[i] = letters[(seed >> 16) % (sizeof(letters) - 1)];
		}
		if (conf_parse(&c, text, seed % sizeof(text), NULL, NULL))
			continue;
		first = conf_text(&c);
		assert_int_equal(conf_parse(&again, first, strlen(first), NULL, NULL), 0);
		second = conf_text(&again);
		assert_string_equal(first, second);
		free(first);
		free(second);
		conf_free(&c);
		conf_free(&again);
	}
}

static void test_numbers_and_answers(void **state)
{
	long n = 7;

	(void)state;
	assert_int_equal(conf_number("42", 0, 42, &n), 0);
	assert_int_equal(n, 42);
	assert_int_equal(conf_number("43", 0, 42, &n), -ERANGE);
	assert_int_equal(conf_number("-1", 0, 42, &n), -ERANGE);
	assert_int_equal(conf_number("99999999999999999999", 0, 42, &n), -ERANGE);
	assert_int_equal(conf_number("", 0, 42, &n), -EINVAL);
	assert_int_equal(conf_number("-", 0, 42, &n), -EINVAL);
	assert_int_equal(conf_number(" 4", 0, 42, &n), -EINVAL);
	assert_int_equal(conf_number("0x4", 0, 42, &n), -EINVAL);
	assert_int_equal(n, 42);
	assert_int_equal(conf_bool("Yes"), 1);
	assert_int_equal(conf_bool("off"), 0);
	assert_int_equal(conf_bool("maybe"), -EINVAL);
}

static void test_file_is_replaced_whole(void **state)
{
	const char *path = in_dir("f");
	struct conf_error err = {0};
	struct conf c, back;
	struct stat st;

	(void)state;
	parse(&c, "a = 1\n");
	assert_int_equal(conf_load(&back, path, &err), -ENOENT);
	assert_int_equal(conf_save(&c, path, 0600, &err), 0);
	assert_int_equal(conf_set(&c, "a", "2"), 0);
	assert_int_equal(conf_save(&c, path, 0640, &err), 0);
	assert_int_equal(conf_load(&back, path, &err), 0);
	assert_string_equal(conf_get(&back, "a"), "2");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	conf_free(&back);
	conf_free(&c);
}

static void test_failed_write_leaves_the_old(void **state)
{
	char *text;

	(void)state;
	/* A directory in the way of the rename. */
	assert_int_equal(dir_make(in_dir("d/e/x"), 0755), 0);
	assert_int_equal(file_write_atomic(in_dir("d/e"), "x", 1, 0644), -EISDIR);
	assert_int_equal(access(in_dir("d/e/x"), F_OK), 0);
	assert_int_equal(file_write_atomic(in_dir("no/where"), "x", 1, 0644), -ENOENT);
	assert_int_equal(file_read(in_dir("d"), 10, &text, NULL), -EISDIR);
	/* And no temporary file beside it. */
	assert_int_equal(rmdir(in_dir("d/e/x")), 0);
	assert_int_equal(rmdir(in_dir("d/e")), 0);
	assert_int_equal(rmdir(in_dir("d")), 0);
}

static void test_link_is_followed(void **state)
{
	char *text;
	struct stat st;

	(void)state;
	assert_int_equal(dir_make(in_dir("real"), 0755), 0);
	assert_int_equal(symlink("real/file", in_dir("link")), 0);
	assert_int_equal(file_write_atomic(in_dir("link"), "one", 3, 0644), 0);
	assert_int_equal(lstat(in_dir("link"), &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(file_read(in_dir("real/file"), 3, &text, NULL), 0);
	assert_string_equal(text, "one");
	free(text);
	assert_int_equal(file_read(in_dir("real/file"), 2, &text, NULL), -EFBIG);
	assert_null(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads_keys_in_order),
		cmocka_unit_test(test_change_keeps_comments),
		cmocka_unit_test(test_refuses_what_it_could_not_read_back),
		cmocka_unit_test(test_bad_text),
		cmocka_unit_test(test_sizes_are_bounded),
		cmocka_unit_test(test_noise),
		cmocka_unit_test(test_numbers_and_answers),
		cmocka_unit_test(test_file_is_replaced_whole),
		cmocka_unit_test(test_failed_write_leaves_the_old),
		cmocka_unit_test(test_link_is_followed),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}

/*
 * Records of `storage --tabs`: lines, missing fields, numbers, garbage.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "model/records.h"

static void test_fields(void **state)
{
	struct records r = { .text = NULL };
	(void)state;

	assert_int_equal(records_parse(&r, "a\tb\t\td\n\nx\n1\t2"), 0);
	assert_int_equal(r.n, 3);
	assert_string_equal(r.list[0].field[1], "b");
	assert_string_equal(r.list[0].field[2], "");
	assert_string_equal(r.list[0].field[3], "d");
	assert_string_equal(r.list[0].field[RECORD_FIELDS - 1], "");
	assert_string_equal(r.list[1].field[0], "x");
	assert_string_equal(r.list[2].field[1], "2");
	/* What was there before is gone. */
	assert_int_equal(records_parse(&r, ""), 0);
	assert_int_equal(r.n, 0);
	records_free(&r);
	assert_null(r.list);
}

static void test_numbers(void **state)
{
	struct records r = { .text = NULL };
	(void)state;

	assert_int_equal(records_parse(&r, "512110190592\t128\tx\t0"), 0);
	assert_true(record_number(&r.list[0], 0) == 512110190592ull);
	assert_int_equal(record_number(&r.list[0], 2), 0);
	assert_true(record_fraction(&r.list[0], 1, 1) == 1);
	assert_true(isnan(record_fraction(&r.list[0], 1, 3)));
	assert_true(isnan(record_fraction(&r.list[0], 1, 9)));
	records_free(&r);
}

/* More fields than there is room for, and no end of line. */
static void test_too_many(void **state)
{
	struct records r = { .text = NULL };
	char line[4 * RECORD_FIELDS + 1];
	(void)state;

	memset(line, '\t', sizeof(line));
	line[sizeof(line) - 1] = '\0';
	assert_int_equal(records_parse(&r, line), 0);
	assert_int_equal(r.n, 1);
	for (int i = 0; i < RECORD_FIELDS; i++)
		assert_string_equal(r.list[0].field[i], "");
	records_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_too_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

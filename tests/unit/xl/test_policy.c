/* hostd's restart policy: quick deaths in a row wait longer and longer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "hostd/policy.h"

static void test_waits_grow(void **state)
{
	static const int64_t waits[] = { 0, 0, 2000, 5000, 10000, 30000, 60000, 60000 };
	struct guest g = { .quick = 0 };

	(void)state;
	for (uint32_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++)
		assert_int_equal(guest_ended(&g, i + 1, 5, true, 1000), waits[i]);
	assert_int_equal(g.due_ms, 61000);
	/* one long life and all is forgiven */
	assert_int_equal(guest_ended(&g, 20, 3600, true, 0), 0);
	assert_int_equal(g.quick, 0);
	assert_int_equal(guest_ended(&g, 21, 5, true, 0), 0);
}

static void test_no_wait_without_restart(void **state)
{
	struct guest g = { .quick = 100 };

	(void)state;
	assert_int_equal(guest_ended(&g, 1, 0, false, 7), 0);
	assert_true(g.pending);
	assert_int_equal(g.due_ms, 7);
}

static void test_records(void **state)
{
	static const uint8_t a[16] = { 1 }, b[16] = { 2 };
	struct guests g = { .n = 0 };
	struct guest *ga;

	(void)state;
	assert_int_equal(guests_next_ms(&g, 0), -1);
	ga = guests_get(&g, a, 0);
	assert_non_null(ga);
	assert_false(ga->known);
	guest_ended(ga, 1, 5, true, 100);
	assert_int_equal(guests_next_ms(&g, 90), 10);
	assert_int_equal(guests_next_ms(&g, 200), 0);
	assert_non_null(guests_get(&g, b, 500));
	assert_int_equal(g.n, 2);
	assert_true(guests_get(&g, a, 600)->known);
	/* rename-restart: the next life has another uuid, and goes on counting */
	guest_inherit(&g, a, b, 600);
	assert_int_equal(guests_get(&g, b, 500)->quick, 1);
	guests_forget(&g, POLICY_FORGET_MS + 550);
	assert_int_equal(g.n, 1);
	assert_true(guests_get(&g, a, 600)->known);
	free(g.list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_waits_grow),
		cmocka_unit_test(test_no_wait_without_restart),
		cmocka_unit_test(test_records),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

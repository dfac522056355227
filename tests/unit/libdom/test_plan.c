/*
 * A plan that fails at step n has done steps 0 to n, undone n-1 to 0 in that
 * order, and reports step n's reason.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "libdom/plan.h"

struct trace {
	char log[128];
	size_t fail_at;
};

static void note(struct trace *t, char what, size_t item)
{
	size_t n = strlen(t->log);

	snprintf(t->log + n, sizeof(t->log) - n, "%c%zu", what, item);
}

static void tell(void *ctx, size_t item, char *line, size_t size)
{
	(void)ctx;
	snprintf(line, size, "step %zu", item);
}

static int run(void *ctx, size_t item, struct dom_error *err)
{
	struct trace *t = ctx;

	note(t, '+', item);
	if (item != t->fail_at)
		return 0;
	snprintf(err->text, sizeof(err->text), "step %zu failed", item);
	return -EIO;
}

static void undo(void *ctx, size_t item)
{
	note(ctx, '-', item);
}

static const struct plan_step step = {tell, run, undo}, lasting = {tell, run, NULL};

static void collect(void *ctx, const char *text)
{
	strcat(ctx, text);
	strcat(ctx, ";");
}

static struct plan plan;

static void make_plan(void)
{
	plan.n = 0;
	assert_int_equal(plan_add(&plan, &step, 0), 0);
	assert_int_equal(plan_add(&plan, &lasting, 1), 0);
	assert_int_equal(plan_add(&plan, &step, 2), 0);
	assert_int_equal(plan_add(&plan, &step, 3), 0);
}

static void all_steps_are_told_and_done(void **state)
{
	struct trace t = {.fail_at = 99};
	struct dom_error err = {""};
	char text[128] = "";

	(void)state;
	make_plan();
	plan_tell(&plan, &t, collect, text);
	assert_string_equal(text, "step 0;step 1;step 2;step 3;");
	assert_string_equal(t.log, "");
	assert_int_equal(plan_run(&plan, &t, &err), 0);
	assert_string_equal(t.log, "+0+1+2+3");
	assert_string_equal(err.text, "");
}

static void a_failure_is_undone_in_reverse(void **state)
{
	struct trace t = {.fail_at = 3};
	struct dom_error err;

	(void)state;
	make_plan();
	assert_int_equal(plan_run(&plan, &t, &err), -EIO);
	assert_string_equal(t.log, "+0+1+2+3-2-0");
	assert_string_equal(err.text, "step 3 failed");
	t = (struct trace){.fail_at = 0};
	assert_int_equal(plan_run(&plan, &t, &err), -EIO);
	assert_string_equal(t.log, "+0");
}

static void a_plan_has_an_end(void **state)
{
	(void)state;
	plan.n = PLAN_MAX;
	assert_int_equal(plan_add(&plan, &step, 0), -E2BIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_steps_are_told_and_done),
		cmocka_unit_test(a_failure_is_undone_in_reverse),
		cmocka_unit_test(a_plan_has_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* core/timer.c: order, re-arming, other CPUs, what the hardware is told. */
#include "fakes.h"

#include <hv/timer.h>

static char fired[32];
static struct timer a, b, c;

static void fire(void *data)
{
	size_t n = strlen(fired);

	fired[n] = *(const char *)data;
	fired[n + 1] = '\0';
}

static void fire_again(void *data)
{
	fire(data);
	if (strlen(fired) < 3)
		timer_set(&c, fake_now + 10);
}

static int setup(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 2; i++) {
		memset(&fake_cpus[i], 0, sizeof(fake_cpus[i]));
		fake_cpus[i].id = i;
		fake_cpus[i].timer_programmed = UINT64_MAX;
		list_init(&fake_cpus[i].timers);
	}
	fake_cpu = 0;
	fake_now = 100;
	fake_deadline = 0;
	fired[0] = '\0';
	timer_init(&a, fire, "a");
	timer_init(&b, fire, "b");
	timer_init(&c, fire_again, "c");
	return 0;
}

/* The hardware's time has come, if it was set to that. */
static void interrupt(uint64_t now)
{
	fake_now = now;
	if (fake_deadline <= now)
		fake_cpus[fake_cpu].timer_programmed = TIMER_DUE;
	timer_run();
}

static void order(void **state)
{
	(void)state;
	timer_set(&a, 300);
	assert_int_equal(fake_deadline, 300);
	timer_set(&b, 200);
	assert_int_equal(fake_deadline, 200);
	assert_int_equal(timer_next(), 200);
	interrupt(150);
	assert_string_equal(fired, "");
	interrupt(250);
	assert_string_equal(fired, "b");
	assert_int_equal(fake_deadline, 300);
	interrupt(301);
	assert_string_equal(fired, "ba");
	assert_int_equal(fake_deadline, UINT64_MAX);
	assert_int_equal(timer_next(), UINT64_MAX);
}

static void equal_times_in_turn(void **state)
{
	(void)state;
	timer_set(&a, 200);
	timer_set(&b, 200);
	interrupt(200);
	assert_string_equal(fired, "ab");
}

static void set_again_and_stop(void **state)
{
	(void)state;
	timer_set(&a, 200);
	timer_set(&a, 400);
	timer_set(&b, 250);
	timer_stop(&b);
	timer_stop(&b);
	interrupt(300);
	assert_string_equal(fired, "");
	assert_int_equal(fake_deadline, 400);
	interrupt(400);
	assert_string_equal(fired, "a");
}

static void past_and_rearming(void **state)
{
	(void)state;
	timer_set(&a, 0);
	timer_set(&c, 50);
	interrupt(100);
	assert_string_equal(fired, "ac");
	interrupt(110);
	assert_string_equal(fired, "acc");
	interrupt(120);
	assert_string_equal(fired, "acc");
}

static void other_cpu(void **state)
{
	(void)state;
	timer_set(&a, 200);
	fake_cpu = 1;
	timer_set(&a, 300);	/* moves to the CPU that sets it */
	assert_int_equal(a.cpu, 1);
	assert_true(list_empty(&fake_cpus[0].timers));
	fake_cpu = 0;
	timer_kill(&a);
	assert_true(list_empty(&fake_cpus[1].timers));
	assert_false(a.armed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(order, setup),
		cmocka_unit_test_setup(equal_times_in_turn, setup),
		cmocka_unit_test_setup(set_again_and_stop, setup),
		cmocka_unit_test_setup(past_and_rearming, setup),
		cmocka_unit_test_setup(other_cpu, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

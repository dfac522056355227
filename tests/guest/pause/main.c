/*
 * Paused and unpaused by dom0 while both vCPUs run: nothing is lost, time goes
 * on, and the vCPUs continue where they were.
 */
#include "guest.h"

static volatile uint64_t counter;
static volatile bool stop;

static void count(void *arg)
{
	(void)arg;
	while (!stop)
		counter++;
}

static void pause_for(unsigned long ms)
{
	uint64_t begin = now_ns();

	EXPECT(ask(MB_PAUSE, ms, 0, 0), 0);
	/* The answer came before or after the pause; by now it has been. */
	WAIT_FOR(now_ns() - begin >= ms * 1000000ull, 5000);
	CHECK(now_ns() - begin >= ms * 1000000ull);
}

void test_main(void)
{
	uint64_t before;
	unsigned int i;

	CHECK(cpu_start(1, count, NULL));
	for (i = 0; i < 10; i++) {
		before = counter;
		pause_for(5);
		CHECK(WAIT_FOR(counter > before, 2000));
	}
	stop = true;
	CHECK(WAIT_FOR(cpu_done(1), 2000));
}

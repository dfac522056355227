/*
 * Twenty domains made and destroyed, in different states; each time the host
 * has as many free pages as before, and event ports are given out again. The
 * runner checks the same once more after our own end.
 */
#include "guest.h"

#define ROUNDS 20

enum { P_QUITS = 1, P_RUNS, P_BALLOONS, P_MANY_PORTS };

static void peer(unsigned long role)
{
	unsigned long gfn = free_gfn();
	unsigned int i;

	if (role == P_QUITS)
		return;
	for (i = 0; role == P_BALLOONS; i++) {
		hv_decrease(gfn + i % 64);
		hv_populate(gfn + i % 64, 1, 0);
	}
	while (role == P_MANY_PORTS && hv_event_alloc(DOMID_SELF, 0) > 0)
		;
	for (;;)
		hv_sched_yield();
}

static void round_trip(unsigned int i)
{
	long id = ask(MB_PEER_START, 1 + i % 4, 0, 0);

	if (id < 0) {
		test_error("round %u: no peer: %ld", i, id);
		return;
	}
	WAIT_FOR(false, 5);
	EXPECT(ask(MB_PEER_DESTROY, (unsigned long)id, 0, 0), 0);
}

void test_main(void)
{
	unsigned long role = cmdline_value("peer", 0);
	unsigned int i;
	long before;

	if (role) {
		peer(role);
		return;
	}
	round_trip(0); /* first uses cost the host something for good */
	before = ask(MB_FREE_PAGES, 0, 0, 0);
	for (i = 0; i < ROUNDS; i++)
		round_trip(i);
	if (!on_reference() && !WAIT_FOR(ask(MB_FREE_PAGES, 0, 0, 0) == before, 2000))
		test_failure("free pages: %ld before, %ld after", before,
			     ask(MB_FREE_PAGES, 0, 0, 0));
}

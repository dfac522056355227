/*
 * Timers and clocks: one shot in the future, in the past, replaced, stopped;
 * the old set_timer_op; time goes forward and agrees between its sources.
 */
#include "guest.h"

#define V_UPCALL 0x50
#define MS	 1000000ull

static evtchn_port_t port;

static void clear(void)
{
	event_clear(port);
	shared_info.vcpu_info[0].evtchn_pending_sel = 0;
	shared_info.vcpu_info[0].evtchn_upcall_pending = 0;
}

static long one_shot(uint64_t at)
{
	struct vcpu_set_singleshot_timer t = {.timeout_abs_ns = at};

	return hv_vcpu_op(VCPUOP_set_singleshot_timer, 0, &t);
}

static void test_future(void)
{
	uint64_t at = now_ns() + 20 * MS;

	clear();
	EXPECT(one_shot(at), 0);
	CHECK(!event_pending(port));
	while (!event_pending(port))
		irq_wait();
	CHECK(now_ns() >= at);
}

static void test_past(void)
{
	clear();
	EXPECT(one_shot(1), 0);
	CHECK(WAIT_FOR(event_pending(port), 1000));
	clear();
	EXPECT(one_shot(0), 0);
	CHECK(WAIT_FOR(event_pending(port), 1000));
}

static void test_stop(void)
{
	uint64_t at = now_ns() + 30 * MS;

	clear();
	EXPECT(one_shot(at), 0);
	EXPECT(hv_vcpu_op(VCPUOP_stop_singleshot_timer, 0, NULL), 0);
	WAIT_FOR(false, 60);
	CHECK(!event_pending(port));
	/* A later one replaces an earlier one. */
	EXPECT(one_shot(now_ns() + 20 * MS), 0);
	EXPECT(one_shot(~0ull >> 2), 0);
	WAIT_FOR(false, 50);
	CHECK(!event_pending(port));
	EXPECT(hv_vcpu_op(VCPUOP_stop_singleshot_timer, 0, NULL), 0);
}

static void test_old_op(void)
{
	uint64_t at = now_ns() + 10 * MS;

	clear();
	EXPECT(hv_set_timer(at), 0);
	while (!event_pending(port))
		irq_wait();
	CHECK(now_ns() >= at);
	clear();
	EXPECT(hv_set_timer(now_ns() + 10 * MS), 0);
	EXPECT(hv_set_timer(0), 0);
	WAIT_FOR(false, 30);
	CHECK(!event_pending(port));
}

/* Ticks while the vCPU runs; the reference gives none to a sleeping one. */
static void test_periodic(void)
{
	struct vcpu_set_periodic_timer p = {.period_ns = 5 * MS};
	unsigned int i;

	if (hv_vcpu_op(VCPUOP_set_periodic_timer, 0, &p) == -XEN_ENOSYS)
		return;
	for (i = 0; i < 3; i++) {
		clear();
		CHECK(WAIT_FOR(event_pending(port), 1000));
	}
	EXPECT(hv_vcpu_op(VCPUOP_stop_periodic_timer, 0, NULL), 0);
}

static void test_clock(void)
{
	uint64_t last = now_ns(), t;
	struct xen_hvm_get_time g;
	unsigned int i;

	for (i = 0; i < 20000; i++, last = t) {
		t = now_ns();
		if (t < last) {
			test_failure("time went back by %lu ns",
				     (unsigned long)(last - t));
			break;
		}
	}
	if (!hv_hvm_op(HVMOP_get_time, &g))
		CHECK(g.now >= last && g.now < last + 5000 * MS);
	CHECK(shared_info.wc_sec > 1000000000u); /* after 2001 */
	CHECK(!(shared_info.wc_version & 1));
	CHECK(shared_info.wc_nsec < 1000000000u);
}

void test_main(void)
{
	EXPECT(event_upcall_init(V_UPCALL), 0);
	port = (evtchn_port_t)hv_event_bind_virq(VIRQ_TIMER, 0);
	RUN(test_future);
	RUN(test_past);
	RUN(test_stop);
	RUN(test_old_op);
	RUN(test_periodic);
	RUN(test_clock);
}

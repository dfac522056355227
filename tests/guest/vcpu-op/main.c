/*
 * VCPUOP_*: bad ids, the info and runstate areas, up and down, and refusals
 * (guest ABI, G2 and D2).
 */
#include "guest.h"

static unsigned char area[2][4096] PAGE_ALIGNED;

static void test_ids(void)
{
	unsigned int cmd;

	for (cmd = 0; cmd < 14; cmd++) {
		EXPECT(hv_vcpu_op(cmd, 2, area), -XEN_ENOENT);
		EXPECT(hv_vcpu_op(cmd, 0xffffffff, area), -XEN_ENOENT);
		EXPECT(hv_vcpu_op(cmd, 0x80000000, area), -XEN_ENOENT);
	}
}

static void test_up_down(void)
{
	EXPECT(hv_vcpu_op(VCPUOP_is_up, 0, NULL), 1);
	EXPECT(hv_vcpu_op(VCPUOP_is_up, 1, NULL), 0);
	EXPECT(hv_vcpu_op(VCPUOP_up, 1, NULL), -XEN_EINVAL); /* never initialised */
	EXPECT(hv_vcpu_op(VCPUOP_down, 1, NULL), 0);
	EXPECT(hv_vcpu_op(VCPUOP_get_physid, 0, area), -XEN_EINVAL);
}

static long set_info(unsigned int vcpu, unsigned long gfn, uint32_t offset)
{
	struct vcpu_register_vcpu_info i = {.mfn = gfn, .offset = offset};

	return hv_vcpu_op(VCPUOP_register_vcpu_info, vcpu, &i);
}

static void test_vcpu_info(void)
{
	struct vcpu_info *moved = (void *)(area[0] + 64);
	long port;

	CHECK(set_info(1, gfn_of(area[0]), 4096 - 63) < 0);
	CHECK(set_info(1, gfn_of(area[0]), 3) < 0);
	CHECK(set_info(1, gfn_of(area[0]), 0xfffffff8) < 0);
	CHECK(set_info(1, 0x40000, 0) < 0);
	CHECK(set_info(1, ~0ul, 0) < 0);
	CHECK(set_info(1, 0xfee00, 0) < 0);
	EXPECT(set_info(1, gfn_of(area[1]), 4096 - 64), 0);
	EXPECT(set_info(0, gfn_of(area[0]), 64), 0);
	EXPECT(set_info(0, gfn_of(area[0]), 128), -XEN_EINVAL); /* once only */
	EXPECT(moved->evtchn_upcall_pending, 1);
	EXPECT(moved->evtchn_pending_sel, ~0ul);
	CHECK(moved->time.version && !(moved->time.version & 1));
	/* Events are told in the new place. */
	moved->evtchn_upcall_pending = 0;
	moved->evtchn_pending_sel = 0;
	port = hv_event_bind_ipi(0);
	hv_event_send((evtchn_port_t)port);
	EXPECT(moved->evtchn_upcall_pending, 1);
	EXPECT(hv_event_close((evtchn_port_t)port), 0);
}

/* The page under the record leaves our memory while the hypervisor uses it. */
static void test_info_page_gone(void)
{
	hv_decrease(gfn_of(area[0]));
	hv_sched_yield();
	hv_populate(gfn_of(area[0]), 1, 0);
	hv_sched_yield();
}

static void test_runstate(void)
{
	struct vcpu_runstate_info r;
	struct vcpu_register_runstate_memory_area a = {
		.addr.v = (void *)(area[1] + 4096 - 20)};

	EXPECT(hv_vcpu_op(VCPUOP_get_runstate_info, 0, &r), 0);
	EXPECT(r.state, RUNSTATE_running);
	CHECK(r.time[RUNSTATE_running] <= now_ns());
	EXPECT(hv_vcpu_op(VCPUOP_get_runstate_info, 1, &r), 0);
	EXPECT(r.state, RUNSTATE_offline);
	/* An area over the end of our mapped memory straddles into nothing. */
	EXPECT(hv_vcpu_op(VCPUOP_register_runstate_memory_area, 0, &a), 0);
	a.addr.v = (void *)(area[1] + 128);
	EXPECT(hv_vcpu_op(VCPUOP_register_runstate_memory_area, 0, &a), 0);
	hv_sched_yield();
	EXPECT(((struct vcpu_runstate_info *)(area[1] + 128))->state, RUNSTATE_running);
	a.addr.v = NULL;
	hv_vcpu_op(VCPUOP_register_runstate_memory_area, 0, &a);
}

static void test_periodic(void)
{
	struct vcpu_set_periodic_timer p = {.period_ns = 10};

	EXPECT(hv_vcpu_op(VCPUOP_stop_periodic_timer, 0, NULL), 0);
	EXPECT(hv_vcpu_op(VCPUOP_stop_singleshot_timer, 0, NULL), 0);
	EXPECT(hv_vcpu_op(VCPUOP_set_periodic_timer, 0, &p), -XEN_EINVAL);
	p.period_ns = ~0ull;
	CHECK(hv_vcpu_op(VCPUOP_set_periodic_timer, 0, &p) <= 0);
	EXPECT(hv_vcpu_op(VCPUOP_stop_periodic_timer, 0, NULL), 0);
	EXPECT(hv_vcpu_op(VCPUOP_stop_singleshot_timer, 1, NULL), -XEN_EINVAL);
	EXPECT(hv_vcpu_op(VCPUOP_set_singleshot_timer, 1, &p), -XEN_EINVAL);
}

void test_main(void)
{
	RUN(test_ids);
	RUN(test_up_down);
	RUN(test_vcpu_info);
	RUN(test_info_page_gone);
	RUN(test_runstate);
	RUN(test_periodic);
}

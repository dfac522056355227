/*
 * Runstate, vCPU time and their shared areas: states add up, the area follows
 * the hypercall, the update flag is never left on, time records of the areas
 * agree, also when the area lies across two pages.
 */
#include "guest.h"

static unsigned char pages[3][4096] PAGE_ALIGNED;

static void test_area(void)
{
	volatile struct vcpu_runstate_info *r = (void *)(pages[0] + 4096 - 24);
	struct vcpu_register_runstate_memory_area a = {.addr.v = (void *)r};
	uint64_t sum, last = 0;
	unsigned int i, j;

	EXPECT(hv_vm_assist(VMASST_CMD_enable, VMASST_TYPE_runstate_update_flag), 0);
	EXPECT(hv_vcpu_op(VCPUOP_register_runstate_memory_area, 0, &a), 0);
	for (i = 0; i < 50; i++) {
		hv_sched_yield();
		EXPECT(r->state, RUNSTATE_running);
		CHECK(!(r->state_entry_time & XEN_RUNSTATE_UPDATE));
		for (sum = 0, j = 0; j < 4; j++)
			sum += r->time[j];
		CHECK(sum >= last);
		last = sum;
	}
}

/* One sleep may come to nothing when its time is over before it begins. */
static uint64_t sleep_counts_as_blocked(void)
{
	struct vcpu_runstate_info a, b;
	struct sched_poll p = {0};

	EXPECT(hv_vcpu_op(VCPUOP_get_runstate_info, 0, &a), 0);
	p.timeout = now_ns() + 10000000;
	hv_sched_op(SCHEDOP_poll, &p);
	EXPECT(hv_vcpu_op(VCPUOP_get_runstate_info, 0, &b), 0);
	CHECK(b.time[RUNSTATE_running] >= a.time[RUNSTATE_running]);
	return b.time[RUNSTATE_blocked] - a.time[RUNSTATE_blocked];
}

static void test_blocked_grows(void)
{
	CHECK(WAIT_FOR(sleep_counts_as_blocked() > 1000000, 5000));
}

static void test_time_area(void)
{
	volatile struct vcpu_time_info *t = (void *)(pages[1] + 4096 - 16);
	struct vcpu_register_time_memory_area a = {.addr.v = (void *)t};
	long rc;

	memset((void *)t, 0, sizeof(*t));
	rc = hv_vcpu_op(VCPUOP_register_vcpu_time_memory_area, 0, &a);
	if (rc == -XEN_ENOSYS)
		return;
	EXPECT(rc, 0);
	hv_sched_yield();
	CHECK(!(t->version & 1));
	EXPECT(t->tsc_to_system_mul, shared_info.vcpu_info[0].time.tsc_to_system_mul);
	EXPECT(t->tsc_shift, shared_info.vcpu_info[0].time.tsc_shift);
	a.addr.v = NULL;
	EXPECT(hv_vcpu_op(VCPUOP_register_vcpu_time_memory_area, 0, &a), 0);
}

/* Areas that are not there: refused now, or without effect for ever. */
static void test_hostile(void)
{
	struct vcpu_register_runstate_memory_area a;
	unsigned int i, nr = bad_pointers_init();

	for (i = 0; i < nr; i++) {
		a.addr.v = bad_pointers[i].ptr;
		hv_vcpu_op(VCPUOP_register_runstate_memory_area, 0, &a);
		hv_sched_yield();
		hv_vcpu_op(VCPUOP_register_vcpu_time_memory_area, 0, &a);
		hv_sched_yield();
	}
	/* The area's memory goes away afterwards. */
	a.addr.v = (void *)pages[2];
	EXPECT(hv_vcpu_op(VCPUOP_register_runstate_memory_area, 0, &a), 0);
	hv_decrease(gfn_of(pages[2]));
	for (i = 0; i < 20; i++)
		hv_sched_yield();
	hv_populate(gfn_of(pages[2]), 1, 0);
}

void test_main(void)
{
	RUN(test_area);
	RUN(test_blocked_grows);
	RUN(test_time_area);
	RUN(test_hostile);
}

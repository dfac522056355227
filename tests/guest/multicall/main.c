/*
 * multicall: each entry gets its own result; bad entries, nesting, a list that
 * ends in nothing, and a list that changes itself hurt nobody.
 */
#include "guest.h"

static struct multicall_entry list[64];

static void entry(unsigned int i, unsigned long op, unsigned long a, const void *b)
{
	list[i] = (struct multicall_entry){.op = op, .args = {a, (unsigned long)b}};
	list[i].result = 0x55;
}

static void test_results(void)
{
	entry(0, __HYPERVISOR_xen_version, XENVER_version, NULL);
	entry(1, 999, 0, NULL);
	entry(2, __HYPERVISOR_xen_version, XENVER_get_features, (void *)0x123456789000);
	entry(3, __HYPERVISOR_sched_op, SCHEDOP_yield, NULL);
	entry(4, __HYPERVISOR_xen_version, XENVER_pagesize, NULL);
	EXPECT(hv_multicall(list, 5), 0);
	CHECK((long)list[0].result > 0);
	EXPECT(list[1].result, -XEN_ENOSYS);
	EXPECT(list[2].result, -XEN_EFAULT);
	EXPECT(list[3].result, 0);
	EXPECT(list[4].result, 4096);
}

static void test_long(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(list); i++)
		entry(i, __HYPERVISOR_xen_version, XENVER_pagesize, NULL);
	EXPECT(hv_multicall(list, ARRAY_SIZE(list)), 0);
	for (i = 0; i < ARRAY_SIZE(list); i++)
		EXPECT(list[i].result, 4096);
}

static void test_nested(void)
{
	entry(0, __HYPERVISOR_multicall, (unsigned long)list, (void *)4);
	EXPECT(hv_multicall(list, 1), 0);
	CHECK((long)list[0].result < 0);
}

/* An operation that needs several goes, inside. */
static void test_continuation(void)
{
	static xen_pfn_t gfns[600];
	struct xen_memory_reservation r = {.nr_extents = ARRAY_SIZE(gfns),
					   .domid = DOMID_SELF};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(gfns); i++)
		gfns[i] = free_gfn() + i;
	set_xen_guest_handle(r.extent_start, gfns);
	entry(0, __HYPERVISOR_memory_op, XENMEM_decrease_reservation, &r);
	entry(1, __HYPERVISOR_memory_op, XENMEM_populate_physmap, &r);
	entry(2, __HYPERVISOR_xen_version, XENVER_pagesize, NULL);
	EXPECT(hv_multicall(list, 3), 0);
	EXPECT(list[0].result, (long)ARRAY_SIZE(gfns));
	EXPECT(list[1].result, (long)ARRAY_SIZE(gfns));
	EXPECT(list[2].result, 4096);
}

static void test_hostile(void)
{
	struct multicall_entry *e = straddle(sizeof(*e));

	*e = (struct multicall_entry){.op = __HYPERVISOR_xen_version,
				      .args = {XENVER_pagesize}};
	EXPECT(hv_multicall(e, 2), -XEN_EFAULT);
	EXPECT(e->result, 4096); /* the first was done */
	EXPECT(hv_multicall(readonly_zeros(), 1), -XEN_EFAULT);
	EXPECT(hv_multicall((void *)0x123456789000, 1), -XEN_EFAULT);
	EXPECT(hv_multicall((void *)0x123456789000, 0xffffffff), -XEN_EFAULT);
	EXPECT(hv_multicall(NULL, 0), 0);
	/* An entry whose output overwrites the entries after it. */
	entry(0, __HYPERVISOR_xen_version, XENVER_capabilities, &list[1]);
	for (unsigned int i = 1; i < 32; i++)
		entry(i, __HYPERVISOR_sched_op, SCHEDOP_yield, NULL);
	hv_multicall(list, 32);
}

void test_main(void)
{
	RUN(test_results);
	RUN(test_long);
	RUN(test_nested);
	RUN(test_continuation);
	RUN(test_hostile);
}

/*
 * dom0's memory operations with everything wrong: foreign maps of what is not
 * there, onto what must not go, of other spaces; populate for others without a
 * limit; resources that do not exist. dom0 may hurt itself; this one does not.
 */
#include "guest.h"

static unsigned char page[4096] PAGE_ALIGNED;

static long foreign(domid_t from, unsigned long gfn, unsigned long to)
{
	static xen_ulong_t idxs[1];
	static xen_pfn_t gpfns[1];
	static int errs[1];
	struct xen_add_to_physmap_batch b = {.domid = DOMID_SELF,
					     .space = XENMAPSPACE_gmfn_foreign,
					     .size = 1,
					     .u.foreign_domid = from};
	long rc;

	idxs[0] = gfn;
	gpfns[0] = to;
	errs[0] = 0;
	set_xen_guest_handle(b.idxs, idxs);
	set_xen_guest_handle(b.gpfns, gpfns);
	set_xen_guest_handle(b.errs, errs);
	rc = hv_memory_op(XENMEM_add_to_physmap_batch, &b);
	return rc ? rc : errs[0];
}

static void test_foreign(void)
{
	unsigned long hole = 0x180000; /* 6 GiB */

	EXPECT_OR(foreign(DOMID_SELF, 0x1000, hole), -XEN_EINVAL, -XEN_ESRCH);
	EXPECT(foreign(999, 0x1000, hole), -XEN_ESRCH);
	CHECK(foreign(DOMID_IO, 0xb8, hole) < 0);
	CHECK(foreign(DOMID_INVALID, 0x1000, hole) < 0);
	CHECK(foreign(0, 0x1000, hole) < 0);
	CHECK(hv_add_to_physmap(DOMID_SELF, XENMAPSPACE_gmfn_foreign, 0x1000, hole) < 0);
	CHECK(hv_remove_from_physmap(DOMID_SELF, hole) < 0);
	CHECK(hv_remove_from_physmap(999, hole) < 0);
}

static void test_populate_others(void)
{
	xen_pfn_t list[1] = {0x1000};
	struct xen_memory_reservation r = {.nr_extents = 1, .domid = 999};

	set_xen_guest_handle(r.extent_start, list);
	CHECK(hv_memory_op(XENMEM_populate_physmap, &r) <= 0);
	r.domid = DOMID_XEN;
	CHECK(hv_memory_op(XENMEM_populate_physmap, &r) <= 0);
	r.domid = DOMID_SELF;
	r.extent_order = 64;
	CHECK(hv_memory_op(XENMEM_populate_physmap, &r) <= 0);
	r.extent_order = 0;
	r.nr_extents = ~0ul;
	set_xen_guest_handle(r.extent_start, (void *)0x123456789000);
	CHECK(hv_memory_op(XENMEM_populate_physmap, &r) <= 0);
}

static void test_resources(void)
{
	static xen_pfn_t list[4];
	struct xen_mem_acquire_resource a = {.domid = 999, .type = 1, .nr_frames = 1};
	unsigned int type;

	set_xen_guest_handle(a.frame_list, list);
	CHECK(hv_memory_op(XENMEM_acquire_resource, &a) < 0);
	a.domid = 0;
	for (type = 0; type < 8; type++) {
		a.type = (uint16_t)type;
		a.frame = ~0ull;
		CHECK(hv_memory_op(XENMEM_acquire_resource, &a) < 0);
		a.frame = 0;
		a.nr_frames = 0xffffffff;
		CHECK(hv_memory_op(XENMEM_acquire_resource, &a) < 0);
	}
}

static void test_claims(void)
{
	struct xen_memory_reservation r = {.nr_extents = 1ul << 50, .domid = 0};
	long rc = hv_memory_op(XENMEM_claim_pages, &r);

	CHECK(rc < 0);
	r.domid = 999;
	r.nr_extents = 1;
	CHECK(hv_memory_op(XENMEM_claim_pages, &r) < 0);
}

/* The map must tell what it told at boot, and cover our own kernel. */
static void test_map(void)
{
	static struct {
		uint64_t addr, size;
		uint32_t type;
	} __attribute__((packed)) map[128];
	struct xen_memory_map m = {.nr_entries = ARRAY_SIZE(map)};
	unsigned int i;
	bool found = false;

	set_xen_guest_handle(m.buffer, map);
	EXPECT(hv_memory_op(XENMEM_memory_map, &m), 0);
	CHECK(m.nr_entries > 0 && m.nr_entries <= 127);
	for (i = 0; i < m.nr_entries; i++) {
		if (i && map[i].addr < map[i - 1].addr + map[i - 1].size)
			test_failure("entry %u of the memory map overlaps the one before",
				     i);
		if (map[i].type == 1 && map[i].addr <= (uint64_t)page &&
		    map[i].addr + map[i].size > (uint64_t)image_end)
			found = true;
	}
	CHECK(found);
}

void test_main(void)
{
	RUN(test_map);
	RUN(test_foreign);
	RUN(test_populate_others);
	RUN(test_resources);
	RUN(test_claims);
}

/*
 * Memory operations with everything wrong: other domains' ids, gfns without
 * end, orders that overflow, counts that overflow, spaces that do not exist,
 * foreign maps by a domU, special pages on top of each other.
 */
#include "guest.h"

static unsigned char page[4096] PAGE_ALIGNED;
static const domid_t others[] = {0,	    999,	   DOMID_IO, DOMID_XEN,
				 DOMID_COW, DOMID_INVALID, 0xffff};

static long reserve(unsigned int op, domid_t id, xen_pfn_t *list, unsigned long nr,
		    unsigned int order)
{
	struct xen_memory_reservation r = {
		.nr_extents = nr, .extent_order = order, .domid = id};

	set_xen_guest_handle(r.extent_start, list);
	return hv_memory_op(op, &r);
}

static void test_other_domains(void)
{
	xen_pfn_t list[1] = {gfn_of(page)};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(others); i++) {
		domid_t id = others[i];

		CHECK(reserve(XENMEM_populate_physmap, id, list, 1, 0) <= 0);
		CHECK(reserve(XENMEM_decrease_reservation, id, list, 1, 0) <= 0);
		CHECK(reserve(XENMEM_increase_reservation, id, list, 1, 0) <= 0);
		CHECK(hv_add_to_physmap(id, XENMAPSPACE_shared_info, 0, gfn_of(page)) <
		      0);
		CHECK(hv_add_to_physmap(id, XENMAPSPACE_grant_table, 0, gfn_of(page)) <
		      0);
		CHECK(hv_remove_from_physmap(id, gfn_of(page)) < 0);
		CHECK(hv_memory_op(XENMEM_current_reservation, &id) < 0);
		CHECK(hv_memory_op(XENMEM_maximum_gpfn, &id) < 0);
	}
	EXPECT(hv_add_to_physmap(0, XENMAPSPACE_shared_info, 0, gfn_of(page)),
	       -XEN_EPERM);
	EXPECT(hv_add_to_physmap(999, XENMAPSPACE_shared_info, 0, gfn_of(page)),
	       -XEN_ESRCH);
	EXPECT(hv_remove_from_physmap(0, 0x1000), -XEN_EPERM);
}

/* No processor has such an address; the reference takes some of them. */
static void beyond(xen_pfn_t *list)
{
	long rc = reserve(XENMEM_populate_physmap, DOMID_SELF, list, 1, 0);

	rc = rc == 1 ? rc : 1 + map_special(XENMAPSPACE_shared_info, 0, list[0]);
	if (rc > 0)
		map_special(XENMAPSPACE_shared_info, 0, gfn_of(&shared_info));
	if (rc > 0 && !on_reference())
		test_failure("gfn %#lx could be filled", (unsigned long)list[0]);
}

static void test_bad_frames(void)
{
	static const xen_pfn_t frames[] = {
		1ul << 28, 1ul << 36, 1ul << 40, (1ul << 52) - 1,   1ul << 52,
		1ul << 63, ~0ul,      ~0ul - 1,	 0x7fffffffffffffff};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(frames); i++) {
		xen_pfn_t list[1] = {frames[i]};

		CHECK(reserve(XENMEM_decrease_reservation, DOMID_SELF, list, 1, 0) <= 0);
		CHECK(hv_remove_from_physmap(DOMID_SELF, frames[i]) < 0);
		if (frames[i] > 1ul << 41)
			beyond(list);
		if (!on_reference())
			CHECK(map_special(XENMAPSPACE_gmfn, frames[i], gfn_of(page)) < 0);
	}
}

static void test_orders_and_counts(void)
{
	xen_pfn_t list[2] = {0x10000, 0x20000};

	EXPECT(reserve(XENMEM_populate_physmap, DOMID_SELF, list, 1, 10), 0);
	EXPECT(reserve(XENMEM_populate_physmap, DOMID_SELF, list, 1, 18), 0);
	CHECK(reserve(XENMEM_populate_physmap, DOMID_SELF, list, 1, 63) <= 0);
	CHECK(reserve(XENMEM_populate_physmap, DOMID_SELF, list, 1, 0xffffffff) <= 0);
	CHECK(reserve(XENMEM_decrease_reservation, DOMID_SELF, list, 1, 40) <= 0);
	CHECK(reserve(XENMEM_populate_physmap, DOMID_SELF, list, ~0ul, 0) <= 2);
	CHECK(reserve(XENMEM_decrease_reservation, DOMID_SELF, list, 1ul << 62, 0) <= 2);
	EXPECT(reserve(XENMEM_populate_physmap, DOMID_SELF, list, 0, 0), 0);
	hv_decrease(list[0]);
	hv_decrease(list[1]);
}

static xen_pfn_t superpage[1] = {0xa00}; /* 10 MiB: RAM that nothing uses */
static volatile bool stop;

static void superpage_in_and_out(void *arg)
{
	unsigned int rounds = arg ? 1000000 : 10;

	while (rounds-- && !stop) {
		reserve(XENMEM_decrease_reservation, DOMID_SELF, superpage, 1, 9);
		reserve(XENMEM_populate_physmap, DOMID_SELF, superpage, 1, 9);
		reserve(XENMEM_populate_physmap, DOMID_SELF, superpage, 1, 1);
	}
}

/* 2 MiB out and in, where something is in the way, by two vCPUs that disturb each other. */
static void test_superpages(void)
{
	volatile uint64_t *word = (void *)(superpage[0] * PAGE_SIZE);
	domid_t self = DOMID_SELF;
	long before = hv_memory_op(XENMEM_current_reservation, &self);
	unsigned int i;

	EXPECT(reserve(XENMEM_populate_physmap, DOMID_SELF, superpage, 1, 9), 0);
	CHECK(cpu_start(1, superpage_in_and_out, superpage));
	superpage_in_and_out(NULL);
	stop = true;
	CHECK(WAIT_FOR(cpu_done(1), 5000));
	for (i = 0; i < 512; i++)
		hv_decrease(superpage[0] + i);
	EXPECT(hv_memory_op(XENMEM_current_reservation, &self), before - 512);
	EXPECT(reserve(XENMEM_populate_physmap, DOMID_SELF, superpage, 1, 9), 1);
	EXPECT(hv_memory_op(XENMEM_current_reservation, &self), before);
	for (i = 0; i < 512 * PAGE_SIZE / 8; i += 64)
		if (word[i]) {
			test_failure("not empty at %u", i * 8);
			break;
		}
}

static void test_spaces(void)
{
	unsigned int space;

	EXPECT(map_special(XENMAPSPACE_gmfn_foreign, 0x1000, gfn_of(page)), -XEN_ENOSYS);
	for (space = 5; space < 12; space++)
		CHECK(map_special(space, 0, gfn_of(page)) < 0);
	CHECK(map_special(0xffffffff, 0, gfn_of(page)) < 0);
	CHECK(map_special(XENMAPSPACE_shared_info, 1, gfn_of(page)) < 0);
	if (!on_reference())
		CHECK(map_special(XENMAPSPACE_grant_table, 1ul << 40, gfn_of(page)) < 0);
	CHECK(map_special(XENMAPSPACE_grant_table, 0x80000000, gfn_of(page)) < 0);
}

static long foreign(domid_t from, unsigned long gfn, uint16_t nr)
{
	static xen_ulong_t idxs[4];
	static xen_pfn_t gpfns[4];
	static int errs[4];
	struct xen_add_to_physmap_batch b = {.domid = DOMID_SELF,
					     .space = XENMAPSPACE_gmfn_foreign,
					     .size = nr,
					     .u.foreign_domid = from};
	long rc;

	idxs[0] = gfn;
	gpfns[0] = gfn_of(page);
	set_xen_guest_handle(b.idxs, idxs);
	set_xen_guest_handle(b.gpfns, gpfns);
	set_xen_guest_handle(b.errs, errs);
	rc = hv_memory_op(XENMEM_add_to_physmap_batch, &b);
	return rc ? rc : errs[0];
}

static void test_foreign(void)
{
	EXPECT(foreign(0, 0x1000, 1), -XEN_EPERM);
	EXPECT_OR(foreign(999, 0x1000, 1), -XEN_ESRCH, -XEN_EPERM);
	EXPECT_OR(foreign(DOMID_SELF, 0x1000, 1), -XEN_EINVAL, -XEN_EPERM);
	CHECK(foreign(DOMID_IO, 0xb8, 1) < 0);
	CHECK(foreign(DOMID_XEN, 0x100, 1) < 0);
	CHECK(foreign(0, 0x1000, 4) < 0);
}

/* Special pages over each other: the last one stays, nothing is lost or freed twice. */
static void test_overlay(void)
{
	unsigned long gfn = free_gfn();
	unsigned int i;

	for (i = 0; i < 20; i++) {
		EXPECT(map_special(XENMAPSPACE_shared_info, 0, gfn), 0);
		EXPECT(map_special(XENMAPSPACE_grant_table, 0, gfn), 0);
	}
	EXPECT(map_special(XENMAPSPACE_shared_info, 0, gfn_of(&shared_info)), 0);
	EXPECT(map_special(XENMAPSPACE_grant_table, 0, gfn_of(grant_table)), 0);
	CHECK(now_ns() > 0);
	EXPECT_OR(hv_remove_from_physmap(DOMID_SELF, gfn), 0, -XEN_ENOENT);
	EXPECT_OR(hv_decrease(gfn_of(&shared_info)), 0, 1); /* our loss, nobody's harm */
	EXPECT(map_special(XENMAPSPACE_shared_info, 0, gfn_of(&shared_info)), 0);
}

static void test_privileged(void)
{
	static unsigned char arg[128];

	CHECK(hv_memory_op(XENMEM_machine_memory_map, arg) < 0);
	CHECK(hv_memory_op(XENMEM_claim_pages, arg) < 0);
	if (!on_reference()) {
		EXPECT(hv_memory_op(XENMEM_exchange, arg), -XEN_ENOSYS);
		EXPECT(hv_memory_op(XENMEM_machphys_mfn_list, arg), -XEN_ENOSYS);
	}
	CHECK(hv_memory_op(XENMEM_acquire_resource, arg) < 0);
	CHECK(hv_memory_op(XENMEM_set_pod_target, arg) < 0);
	CHECK(hv_memory_op(XENMEM_access_op, arg) < 0);
	CHECK(hv_memory_op(XENMEM_sharing_op, arg) < 0);
	CHECK(hv_memory_op(XENMEM_paging_op, arg) < 0);
}

/* set_memory_map: too many entries, rubbish in them; it is only stored. */
static void test_set_map(void)
{
	static unsigned char entries[20 * 2000];
	struct xen_foreign_memory_map f = {.domid = DOMID_SELF, .map.nr_entries = 2000};

	set_xen_guest_handle(f.map.buffer, entries);
	CHECK(hv_memory_op(XENMEM_set_memory_map, &f) < 0);
	f.map.nr_entries = 0xffffffff;
	CHECK(hv_memory_op(XENMEM_set_memory_map, &f) < 0);
	memset(entries, 0xff, sizeof(entries));
	f.map.nr_entries = 128;
	EXPECT(hv_memory_op(XENMEM_set_memory_map, &f), 0);
	f.domid = 0;
	EXPECT(hv_memory_op(XENMEM_set_memory_map, &f), -XEN_EPERM);
}

void test_main(void)
{
	RUN(test_other_domains);
	RUN(test_bad_frames);
	RUN(test_orders_and_counts);
	RUN(test_superpages);
	RUN(test_spaces);
	RUN(test_foreign);
	RUN(test_overlay);
	RUN(test_privileged);
	RUN(test_set_map);
}

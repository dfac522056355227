/*
 * Grants with everything wrong: references and handles out of range, frames
 * that are not ours to give, flags that change while they are used, offsets
 * and lengths that overflow, other domains' tables, counts that never end.
 */
#include "guest.h"

#define REF 8

static unsigned char page[4096] PAGE_ALIGNED;
static unsigned char other[4096] PAGE_ALIGNED;

static long map_status(domid_t dom, uint32_t ref, uint32_t flags, uint64_t addr)
{
	struct gnttab_map_grant_ref m = {
		.host_addr = addr, .flags = flags, .ref = ref, .dom = dom, .status = 99};

	EXPECT(hv_grant_op(GNTTABOP_map_grant_ref, &m, 1), 0);
	return m.status;
}

static void test_map(void)
{
	uint64_t hole = 0x40000000; /* 1 GiB: we have no RAM there */

	EXPECT(map_status(0, 0x10000000, GNTMAP_host_map, hole), GNTST_bad_gntref);
	EXPECT(map_status(0, ~0u, GNTMAP_host_map, hole), GNTST_bad_gntref);
	EXPECT(map_status(999, 8, GNTMAP_host_map, hole), GNTST_bad_domain);
	EXPECT(map_status(DOMID_IO, 8, GNTMAP_host_map, hole), GNTST_bad_domain);
	EXPECT(map_status(DOMID_XEN, 8, GNTMAP_host_map, hole), GNTST_bad_domain);
	/* dom0 has granted us nothing. */
	CHECK(map_status(0, 8, GNTMAP_host_map, hole) < 0);
	/* Flags that make no sense for a PVH guest. */
	CHECK(map_status(0, 8, 0, hole) < 0);
	CHECK(map_status(0, 8, GNTMAP_application_map | GNTMAP_host_map, hole) < 0);
	CHECK(map_status(0, 8, GNTMAP_contains_pte | GNTMAP_host_map, hole) < 0);
	CHECK(map_status(0, 8, ~0u, hole) < 0);
}

static void test_unmap(void)
{
	static const uint32_t handles[] = {0, 1, 1000, 0x7fffffff, 0xffffffff};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(handles); i++) {
		struct gnttab_unmap_grant_ref u = {
			.host_addr = (uint64_t)page, .handle = handles[i], .status = 99};

		EXPECT(hv_grant_op(GNTTABOP_unmap_grant_ref, &u, 1), 0);
		EXPECT_OR(u.status, GNTST_bad_handle, GNTST_general_error);
	}
}

/* Frames we grant that are no RAM of ours: dom0 must be told, not hurt. */
static void test_bad_frames(void)
{
	static const uint32_t frames[] = {0xfee00, 0x40000, 0xfec00, 0x7fffffff,
					  0xffffffff};
	unsigned int i;
	long slot;

	for (i = 0; i < ARRAY_SIZE(frames); i++) {
		grant_access(REF, 0, page, false);
		grant_table[REF].frame = frames[i];
		slot = ask(MB_GRANT_MAP, REF, GNTMAP_host_map, 0);
		if (slot >= 0)
			test_failure("dom0 could map frame %#x of ours", frames[i]);
		CHECK(ask(MB_GRANT_COPY, REF, 0, 0) < 0);
		CHECK(grant_end_access(REF));
	}
	/* Our shared_info is special, not RAM: refused or harmless. */
	grant_access(REF, 0, &shared_info, false);
	slot = ask(MB_GRANT_MAP, REF, GNTMAP_host_map, 0);
	if (slot >= 0)
		EXPECT(ask(MB_GRANT_UNMAP, (unsigned long)slot, 0, 0), 0);
	CHECK(grant_end_access(REF));
}

static void test_wrong_flags(void)
{
	static const uint16_t flags[] = {0,	 GTF_accept_transfer,
					 3,	 GTF_reading,
					 0x8000, GTF_permit_access | GTF_sub_page};
	unsigned int i;
	long slot;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		grant_access(REF, 0, page, false);
		grant_table[REF].flags = flags[i];
		slot = ask(MB_GRANT_MAP, REF, GNTMAP_host_map, 0);
		if (slot >= 0 && i < 4)
			test_failure("dom0 mapped a grant with flags %#x", flags[i]);
		if (slot >= 0)
			ask(MB_GRANT_UNMAP, (unsigned long)slot, 0, 0);
	}
	grant_access(REF, 55, page, false); /* for another domain */
	CHECK(ask(MB_GRANT_MAP, REF, GNTMAP_host_map, 0) < 0);
	grant_table[REF].flags = 0;
}

/* The entry is changed while dom0 holds the map; the frame given stays pinned. */
static void test_change_while_mapped(void)
{
	long slot;

	memset(page, 0x11, sizeof(page));
	memset(other, 0x22, sizeof(other));
	grant_access(REF, 0, page, false);
	slot = ask(MB_GRANT_MAP, REF, GNTMAP_host_map, 0);
	if (!CHECK(slot >= 0))
		return;
	grant_table[REF].frame = (uint32_t)gfn_of(other);
	EXPECT(ask(MB_PEEK, (unsigned long)slot, 0, 0), 0x11);
	grant_table[REF].flags = 0;
	/* Even when the page leaves our memory. */
	EXPECT(hv_decrease(gfn_of(page)), 1);
	EXPECT(ask(MB_PEEK, (unsigned long)slot, 0, 0), 0x11);
	EXPECT(ask(MB_POKE, (unsigned long)slot, 0, 0x33), 0);
	EXPECT(ask(MB_GRANT_UNMAP, (unsigned long)slot, 0, 0), 0);
	EXPECT(hv_populate(gfn_of(page), 1, 0), 1);
	if (!on_reference()) /* it gives the old content back */
		EXPECT(page[0], 0);
}

static long copy_status(struct gnttab_copy c)
{
	c.status = 99;
	EXPECT(hv_grant_op(GNTTABOP_copy, &c, 1), 0);
	return c.status;
}

static void test_copy(void)
{
	struct gnttab_copy good = {
		.source = {.u.gmfn = gfn_of(page), .domid = DOMID_SELF},
		.dest = {.u.gmfn = gfn_of(other), .domid = DOMID_SELF},
		.len = 8,
	};
	struct gnttab_copy c = good;

	c.source.offset = 4090;
	EXPECT(copy_status(c), GNTST_bad_copy_arg);
	c = good;
	c.dest.offset = 65535;
	EXPECT(copy_status(c), GNTST_bad_copy_arg);
	c = good;
	c.len = 65535;
	EXPECT(copy_status(c), GNTST_bad_copy_arg);
	c = good;
	c.dest.domid = 0; /* dom0's frame, no reference */
	EXPECT(copy_status(c), GNTST_permission_denied);
	c = good;
	c.source.domid = 0;
	EXPECT(copy_status(c), GNTST_permission_denied);
	c = good;
	c.source.domid = 999;
	c.flags = GNTCOPY_source_gref;
	EXPECT(copy_status(c), GNTST_bad_domain);
	c = good;
	c.source.u.gmfn = 0x40000;
	CHECK(copy_status(c) < 0);
	c = good;
	c.dest.u.gmfn = ~0ul;
	CHECK(copy_status(c) < 0);
	c = good;
	c.dest.domid = 0;
	c.dest.u.ref = 0xffffff;
	c.flags = GNTCOPY_dest_gref;
	EXPECT(copy_status(c), GNTST_bad_gntref);
}

static void test_tables(void)
{
	struct gnttab_query_size q = {.dom = 0};
	struct gnttab_set_version v = {.version = 7};
	struct gnttab_setup_table t = {.dom = 0, .nr_frames = 1};
	struct gnttab_get_version g = {.dom = 0};
	xen_pfn_t frames[4];

	EXPECT(hv_grant_op(GNTTABOP_query_size, &q, 1), 0);
	CHECK(q.status == GNTST_permission_denied);
	EXPECT(hv_grant_op(GNTTABOP_set_version, &v, 1), -XEN_EINVAL);
	set_xen_guest_handle(t.frame_list, frames);
	EXPECT(hv_grant_op(GNTTABOP_setup_table, &t, 1), 0);
	EXPECT(t.status, GNTST_permission_denied);
	t.dom = DOMID_SELF;
	t.nr_frames = 0x7fffffff;
	EXPECT(hv_grant_op(GNTTABOP_setup_table, &t, 1), 0);
	CHECK(t.status < 0);
	CHECK(hv_grant_op(GNTTABOP_get_version, &g, 1) < 0);
}

/* Cache lines of pages that are no grants of another's, and far outside of them. */
static void test_cache_flush(void)
{
	static const uint64_t addrs[] = {0, 0xfee00000, 0x40000000, 1ul << 52, ~0ul};
	struct gnttab_cache_flush f = {.length = 4096, .op = GNTTAB_CACHE_CLEAN};
	uint64_t hole = 0x40000000;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(addrs); i++) {
		f.a.dev_bus_addr = addrs[i];
		EXPECT(hv_grant_op(GNTTABOP_cache_flush, &f, 1), -XEN_EPERM);
	}
	f.a.dev_bus_addr = (uint64_t)page;
	EXPECT(hv_grant_op(GNTTABOP_cache_flush, &f, 1), -XEN_EPERM);
	EXPECT(hv_grant_op(GNTTABOP_cache_flush, &f, ~0u), -XEN_EINVAL);
	EXPECT(hv_grant_op(GNTTABOP_cache_flush, NULL, 0), 0);
	EXPECT(hv_grant_op(GNTTABOP_cache_flush, (void *)0x123456789000, 1), -XEN_EFAULT);
	grant_access(REF, (domid_t)own_domid(), page, false);
	EXPECT(map_status(DOMID_SELF, REF, GNTMAP_host_map, hole), GNTST_okay);
	f.a.dev_bus_addr = hole;
	EXPECT(hv_grant_op(GNTTABOP_cache_flush, &f, 1), 0);
	f.offset = 1;
	EXPECT(hv_grant_op(GNTTABOP_cache_flush, &f, 1), -XEN_EINVAL);
	f.offset = f.length = 0xffff;
	EXPECT(hv_grant_op(GNTTABOP_cache_flush, &f, 1), -XEN_EINVAL);
	f = (struct gnttab_cache_flush){.a.ref = REF, .length = 8, .op = ~0u};
	EXPECT(hv_grant_op(GNTTABOP_cache_flush, &f, 1), -XEN_EOPNOTSUPP);
}

static void test_filtered_ops(void)
{
	static unsigned char arg[64];

	EXPECT(hv_grant_op(GNTTABOP_transfer, arg, 1), -XEN_ENOSYS);
	EXPECT(hv_grant_op(GNTTABOP_dump_table, arg, 1), -XEN_ENOSYS);
	EXPECT(hv_grant_op(GNTTABOP_get_status_frames, arg, 1), -XEN_ENOSYS);
}

static void test_swap_and_replace(void)
{
	static const uint32_t bad[] = {1u << 20, 0x7fffffff, ~0u};
	struct gnttab_unmap_and_replace u = {.handle = ~0u};
	struct gnttab_swap_grant_ref s = {.ref_b = 9};
	unsigned int i;
	long slot;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		s.ref_a = bad[i];
		EXPECT(hv_grant_op(GNTTABOP_swap_grant_ref, &s, 1), 0);
		EXPECT(s.status, GNTST_bad_gntref);
	}
	/* An entry that dom0 has mapped stays where it is. */
	grant_access(8, 0, other, false);
	slot = ask(MB_GRANT_MAP, 8, GNTMAP_host_map, 0);
	CHECK(slot >= 0);
	s.ref_a = 8;
	EXPECT(hv_grant_op(GNTTABOP_swap_grant_ref, &s, 1), 0);
	EXPECT(s.status, GNTST_eagain);
	EXPECT(ask(MB_GRANT_UNMAP, (unsigned long)slot, 0, 0), 0);
	EXPECT(hv_grant_op(GNTTABOP_swap_grant_ref, &s, 1), 0);
	EXPECT(s.status, GNTST_okay);
	EXPECT(grant_table[9].flags & GTF_type_mask, GTF_permit_access);
	CHECK(grant_end_access(9));
	EXPECT(hv_grant_op(GNTTABOP_unmap_and_replace, &u, 1), 0);
	EXPECT(u.status, GNTST_bad_handle);
	u.new_addr = 0x1000;
	EXPECT(hv_grant_op(GNTTABOP_unmap_and_replace, &u, 1), 0);
	EXPECT(u.status, GNTST_general_error);
}

static void test_counts(void)
{
	struct gnttab_copy c = {
		.source = {.u.gmfn = gfn_of(page), .domid = DOMID_SELF},
		.dest = {.u.gmfn = gfn_of(other), .domid = DOMID_SELF},
		.len = 8,
	};

	CHECK(hv_grant_op(GNTTABOP_copy, &c, 0) <= 0);
	CHECK(hv_grant_op(GNTTABOP_copy, &c, 0x80000000) < 0);
	CHECK(hv_grant_op(GNTTABOP_map_grant_ref, &c, 0xffffffff) < 0);
	CHECK(hv_grant_op(GNTTABOP_unmap_grant_ref, &c, 0xffffffff) < 0);
	CHECK(hv_grant_op(GNTTABOP_query_size, &c, 2) < 0);
}

void test_main(void)
{
	RUN(test_map);
	RUN(test_unmap);
	RUN(test_bad_frames);
	RUN(test_wrong_flags);
	RUN(test_change_while_mapped);
	RUN(test_copy);
	RUN(test_tables);
	RUN(test_filtered_ops);
	RUN(test_swap_and_replace);
	RUN(test_counts);
	if (!on_reference())
		RUN(test_cache_flush); /* the last: its mapping stays */
}

/*
 * Grants with dom0 on the other side: map, write, read, unmap, read-only maps,
 * copies both ways, flags that tell the granter when it may take its page
 * back, and growth of the table (guest ABI, E).
 */
#include "guest.h"

#define REF 8

static unsigned char page[4096] PAGE_ALIGNED;
static unsigned char other[4096] PAGE_ALIGNED;

static void test_sizes(void)
{
	struct gnttab_query_size q = {.dom = DOMID_SELF};
	struct gnttab_set_version v = {.version = 1};
	struct gnttab_get_version g = {.dom = DOMID_SELF};

	EXPECT(hv_grant_op(GNTTABOP_query_size, &q, 1), 0);
	EXPECT(q.status, GNTST_okay);
	CHECK(q.nr_frames >= 1 && q.max_nr_frames >= q.nr_frames);
	EXPECT(hv_grant_op(GNTTABOP_set_version, &v, 1), 0);
	EXPECT(v.version, 1);
	EXPECT(hv_grant_op(GNTTABOP_get_version, &g, 1), 0);
	EXPECT(g.version, 1);
}

static void test_map(void)
{
	long slot;

	memset(page, 0x5a, sizeof(page));
	grant_access(REF, 0, page, false);
	slot = ask(MB_GRANT_MAP, REF, GNTMAP_host_map, 0);
	if (!CHECK(slot >= 0))
		return;
	EXPECT(grant_table[REF].flags & (GTF_reading | GTF_writing),
	       GTF_reading | GTF_writing);
	EXPECT(ask(MB_PEEK, (unsigned long)slot, 4095, 0), 0x5a);
	EXPECT(ask(MB_POKE, (unsigned long)slot, 7, 0x77), 0);
	EXPECT(page[7], 0x77);
	CHECK(!grant_end_access(REF));
	EXPECT(ask(MB_GRANT_UNMAP, (unsigned long)slot, 0, 0), 0);
	CHECK(grant_end_access(REF));
}

static void test_map_readonly(void)
{
	long slot;

	grant_access(REF, 0, page, true);
	slot = ask(MB_GRANT_MAP, REF, GNTMAP_host_map, 0);
	CHECK(slot < 0);
	EXPECT(mailbox->out[0], GNTST_general_error);
	slot = ask(MB_GRANT_MAP, REF, GNTMAP_host_map | GNTMAP_readonly, 0);
	if (!CHECK(slot >= 0))
		return;
	EXPECT(grant_table[REF].flags & (GTF_reading | GTF_writing), GTF_reading);
	EXPECT(ask(MB_PEEK, (unsigned long)slot, 7, 0), 0x77);
	EXPECT(ask(MB_GRANT_UNMAP, (unsigned long)slot, 0, 0), 0);
	CHECK(grant_end_access(REF));
}

/* Two maps of one grant: the flags go with the last. */
static void test_map_twice(void)
{
	long a, b;

	grant_access(REF, 0, page, false);
	a = ask(MB_GRANT_MAP, REF, GNTMAP_host_map, 0);
	b = ask(MB_GRANT_MAP, REF, GNTMAP_host_map | GNTMAP_readonly, 0);
	CHECK(a >= 0 && b >= 0 && a != b);
	EXPECT(ask(MB_GRANT_UNMAP, (unsigned long)a, 0, 0), 0);
	EXPECT(grant_table[REF].flags & (GTF_reading | GTF_writing), GTF_reading);
	EXPECT(ask(MB_GRANT_UNMAP, (unsigned long)b, 0, 0), 0);
	CHECK(grant_end_access(REF));
}

static void test_copy_in(void)
{
	grant_access(REF, 0, page, false);
	EXPECT(ask(MB_GRANT_COPY, REF, 0xc3, 0), GNTST_okay);
	EXPECT(page[0], 0xc3);
	EXPECT(page[4095], 0xc3);
	CHECK(grant_end_access(REF));
}

/* Copies between our own frames, by frame and by reference. */
static void test_copy_self(void)
{
	struct gnttab_copy c = {
		.source = {.u.gmfn = gfn_of(page), .domid = DOMID_SELF, .offset = 16},
		.dest = {.u.gmfn = gfn_of(other), .domid = DOMID_SELF, .offset = 100},
		.len = 32,
	};

	memset(page, 1, sizeof(page));
	memset(other, 0, sizeof(other));
	EXPECT(hv_grant_op(GNTTABOP_copy, &c, 1), 0);
	EXPECT(c.status, GNTST_okay);
	EXPECT(other[99], 0);
	EXPECT(other[100], 1);
	EXPECT(other[131], 1);
	EXPECT(other[132], 0);
	grant_access(REF + 1, (domid_t)own_domid(), page, true);
	c.source.u.ref = REF + 1;
	c.source.offset = 0;
	c.dest.offset = 0;
	c.len = 4096;
	c.flags = GNTCOPY_source_gref;
	c.status = 99;
	EXPECT(hv_grant_op(GNTTABOP_copy, &c, 1), 0);
	EXPECT(c.status, GNTST_okay);
	EXPECT(memcmp(page, other, 4096), 0);
	CHECK(grant_end_access(REF + 1));
}

/* Source and destination overlap, by every distance, in both directions. */
static void test_copy_overlap(void)
{
	struct gnttab_copy c = {.source = {.u.gmfn = gfn_of(page), .domid = DOMID_SELF},
				.dest = {.u.gmfn = gfn_of(page), .domid = DOMID_SELF}};
	unsigned int from, to, i, wrong = 0;

	for (from = 0; from < 20; from++)
		for (to = 0; to < 20; to++) {
			for (i = 0; i < sizeof(page); i++)
				page[i] = (unsigned char)(i * 7 ^ i >> 8);
			c.source.offset = (uint16_t)from;
			c.dest.offset = (uint16_t)to;
			c.len = (uint16_t)(4000 + from);
			EXPECT(hv_grant_op(GNTTABOP_copy, &c, 1), 0);
			for (i = 0; i < c.len; i++)
				wrong += page[to + i] != (unsigned char)((i + from) * 7 ^
									 (i + from) >> 8);
		}
	EXPECT(wrong, 0);
}

static void test_batch(void)
{
	static struct gnttab_copy c[100];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(c); i++) {
		c[i] = (struct gnttab_copy){
			.source = {.u.gmfn = gfn_of(page), .domid = DOMID_SELF},
			.dest = {.u.gmfn = gfn_of(other), .domid = DOMID_SELF},
			.len = i == 50 ? 5000 : 8,
			.status = 99,
		};
	}
	EXPECT(hv_grant_op(GNTTABOP_copy, c, ARRAY_SIZE(c)), 0);
	EXPECT(c[0].status, GNTST_okay);
	EXPECT(c[49].status, GNTST_okay);
	EXPECT(c[50].status, GNTST_bad_copy_arg);
	EXPECT(c[99].status, GNTST_okay);
}

/* The table grows as its frames are asked for. */
static void test_grow(void)
{
	struct gnttab_query_size q = {.dom = DOMID_SELF};
	unsigned long gfn = free_gfn();

	hv_grant_op(GNTTABOP_query_size, &q, 1);
	EXPECT(map_special(XENMAPSPACE_grant_table, 3, gfn), 0);
	memset((void *)(gfn * PAGE_SIZE), 0, PAGE_SIZE);
	EXPECT(map_special(XENMAPSPACE_grant_table, q.max_nr_frames - 1, gfn + 1), 0);
	CHECK(map_special(XENMAPSPACE_grant_table, q.max_nr_frames, gfn + 2) < 0);
	hv_grant_op(GNTTABOP_query_size, &q, 1);
	EXPECT(q.nr_frames, q.max_nr_frames);
	EXPECT(hv_remove_from_physmap(DOMID_SELF, gfn + 1), 0);
}

void test_main(void)
{
	RUN(test_sizes);
	RUN(test_map);
	RUN(test_map_readonly);
	RUN(test_map_twice);
	RUN(test_copy_in);
	RUN(test_copy_self);
	RUN(test_copy_overlap);
	RUN(test_batch);
	RUN(test_grow);
}

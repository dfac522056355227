/*
 * A domain changes its own memory: balloon out and in, special pages placed,
 * moved and taken away, the map of its memory, limits (guest ABI, F).
 */
#include "guest.h"

static unsigned char page[4096] PAGE_ALIGNED;

static long reservation(unsigned int op)
{
	domid_t self = DOMID_SELF;

	return hv_memory_op(op, &self);
}

static void test_balloon(void)
{
	long before = reservation(XENMEM_current_reservation);
	unsigned long gfn = gfn_of(page);

	CHECK(before > 0);
	memset(page, 0xaa, sizeof(page));
	EXPECT(hv_decrease(gfn), 1);
	EXPECT(reservation(XENMEM_current_reservation), before - 1);
	EXPECT(hv_populate(gfn, 1, 0), 1);
	EXPECT(reservation(XENMEM_current_reservation), before);
	if (!on_reference())
		EXPECT(page[0], 0); /* a new page is empty */
	memset(page, 0xbb, sizeof(page));
	EXPECT(page[4095], 0xbb);
}

/* Pages beyond what the domain started with, up to its limit, then no more. */
static void test_limit(void)
{
	long max = reservation(XENMEM_maximum_reservation);
	long now = reservation(XENMEM_current_reservation);
	unsigned long gfn = 0x10000; /* 256 MiB: a hole */
	long got = 0, rc;

	CHECK(max >= now && max - now < 4096);
	while ((rc = hv_populate(gfn + (unsigned long)got, 1, 0)) == 1)
		got++;
	EXPECT(rc, 0); /* a short count, no error */
	EXPECT(reservation(XENMEM_current_reservation), max);
	CHECK(got > 0 && got <= max - now);
	EXPECT(hv_memory_op(XENMEM_maximum_gpfn, &(domid_t){DOMID_SELF}) >= (long)gfn, 1);
	while (got--)
		EXPECT(hv_decrease(gfn + (unsigned long)got), 1);
	EXPECT(reservation(XENMEM_current_reservation), now);
}

static void test_shared_info_moves(void)
{
	unsigned long gfn = free_gfn();
	long before = reservation(XENMEM_current_reservation);
	struct shared_info *moved = (void *)(gfn * PAGE_SIZE);

	shared_info.evtchn_mask[63] = 0x1234;
	EXPECT(map_special(XENMAPSPACE_shared_info, 0, gfn), 0);
	EXPECT(moved->evtchn_mask[63], 0x1234);
	EXPECT(reservation(XENMEM_current_reservation), before - 1);
	EXPECT(map_special(XENMAPSPACE_shared_info, 0, gfn_of(&shared_info)), 0);
	EXPECT(shared_info.evtchn_mask[63], 0x1234);
	shared_info.evtchn_mask[63] = 0;
	EXPECT(hv_populate(gfn, 1, 0), 1);
}

static void test_remove(void)
{
	unsigned long gfn = free_gfn() + 1;

	EXPECT(hv_remove_from_physmap(DOMID_SELF, gfn), 0);
	EXPECT(hv_remove_from_physmap(DOMID_SELF, gfn), -XEN_ENOENT);
	EXPECT(hv_populate(gfn, 1, 0), 1);
}

/* Moving a frame of our own: space gmfn. */
static void test_move(void)
{
	unsigned long from = free_gfn() + 2, to = 0x10010;

	*(volatile uint32_t *)(from * PAGE_SIZE) = 0xfeedface;
	EXPECT(map_special(XENMAPSPACE_gmfn, from, to), 0);
	EXPECT(*(volatile uint32_t *)(to * PAGE_SIZE), 0xfeedface);
	EXPECT(map_special(XENMAPSPACE_gmfn, to, from), 0);
	EXPECT(*(volatile uint32_t *)(from * PAGE_SIZE), 0xfeedface);
}

struct e820_entry {
	uint64_t addr, size;
	uint32_t type;
} __attribute__((packed));

static void test_map_of_memory(void)
{
	static struct e820_entry map[128],
		changed[3] = {{0, 0x9f000, 1},
			      {0x100000, 0x1700000 - 0x100000, 1},
			      {0xfeff8000, 0x8000, 2}};
	struct xen_memory_map m = {.nr_entries = ARRAY_SIZE(map)};
	struct xen_foreign_memory_map f = {.domid = DOMID_SELF, .map.nr_entries = 3};

	set_xen_guest_handle(m.buffer, map);
	EXPECT(hv_memory_op(XENMEM_memory_map, &m), 0);
	EXPECT(m.nr_entries, 2);
	EXPECT(map[0].type, 1);
	EXPECT(map[1].addr, 0xfeff8000ul);
	m.nr_entries = 1;
	EXPECT(hv_memory_op(XENMEM_memory_map, &m), 0);
	EXPECT(m.nr_entries, 1);
	/* A boot loader hides what it keeps from its kernel this way. */
	set_xen_guest_handle(f.map.buffer, changed);
	EXPECT(hv_memory_op(XENMEM_set_memory_map, &f), 0);
	m.nr_entries = ARRAY_SIZE(map);
	EXPECT(hv_memory_op(XENMEM_memory_map, &m), 0);
	EXPECT(m.nr_entries, 3);
	EXPECT(map[1].size, changed[1].size);
}

/* Many at once: longer than any step in which the work may be cut. */
static void test_many(void)
{
	static xen_pfn_t list[1500];
	struct xen_memory_reservation r = {.nr_extents = ARRAY_SIZE(list),
					   .domid = DOMID_SELF};
	unsigned long first = free_gfn() + 16;
	unsigned int i;

	if (first + ARRAY_SIZE(list) > 0x1800)
		r.nr_extents = 0x1800 - first;
	for (i = 0; i < r.nr_extents; i++)
		list[i] = first + i;
	set_xen_guest_handle(r.extent_start, list);
	EXPECT(hv_memory_op(XENMEM_decrease_reservation, &r), (long)r.nr_extents);
	EXPECT(hv_memory_op(XENMEM_populate_physmap, &r), (long)r.nr_extents);
	for (i = 0; i < r.nr_extents; i++)
		*(volatile uint32_t *)((first + i) * PAGE_SIZE) = i;
	for (i = 0; i < r.nr_extents; i++)
		if (*(volatile uint32_t *)((first + i) * PAGE_SIZE) != i)
			test_failure("gfn %#lx lost its content", first + i);
}

void test_main(void)
{
	RUN(test_balloon);
	RUN(test_limit);
	RUN(test_shared_info_moves);
	RUN(test_remove);
	RUN(test_move);
	RUN(test_map_of_memory);
	RUN(test_many);
}

/*
 * Scratch frames: the first free GiB above 4 GiB that the memory map leaves
 * alone, mapped one to one, so that a frame's address is its pointer too.
 */
#include "runner.h"

#define SCRATCH_PAGES 512ul
#define GIB	      (1ull << 30)
#define BATCH	      64ul

static unsigned long base_gfn;
static bool taken[SCRATCH_PAGES];

struct e820_entry {
	uint64_t addr, size;
	uint32_t type;
} __attribute__((packed));

static bool overlaps(const struct e820_entry *e, unsigned int nr, uint64_t *at)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		if (e[i].addr >= *at + GIB || e[i].addr + e[i].size <= *at)
			continue;
		*at = (e[i].addr + e[i].size + GIB - 1) & ~(GIB - 1);
		return true;
	}
	return false;
}

void scratch_init(void)
{
	static struct e820_entry map[128];
	struct xen_memory_map m = {.nr_entries = ARRAY_SIZE(map)};
	uint64_t at = 4 * GIB;

	set_xen_guest_handle(m.buffer, map);
	if (hv_memory_op(XENMEM_memory_map, &m)) {
		test_error("XENMEM_memory_map: no map for dom0");
		test_end();
	}
	while (overlaps(map, m.nr_entries, &at))
		;
	map_high(at);
	base_gfn = at / PAGE_SIZE;
}

unsigned long scratch_get(unsigned long nr)
{
	unsigned long i, run = 0;

	for (i = 0; i < SCRATCH_PAGES; i++) {
		run = taken[i] ? 0 : run + 1;
		if (run < nr)
			continue;
		memset(&taken[i + 1 - nr], true, nr);
		return base_gfn + i + 1 - nr;
	}
	test_error("runner: out of scratch frames");
	test_end();
}

void scratch_put(unsigned long gfn, unsigned long nr)
{
	memset(&taken[gfn - base_gfn], false, nr);
}

static long map_batch(domid_t id, unsigned long gfn, unsigned long to, unsigned long nr)
{
	xen_ulong_t idxs[BATCH];
	xen_pfn_t gpfns[BATCH];
	int errs[BATCH];
	struct xen_add_to_physmap_batch b = {.domid = DOMID_SELF,
					     .space = XENMAPSPACE_gmfn_foreign,
					     .size = (uint16_t)nr,
					     .u.foreign_domid = id};
	unsigned long i;
	long rc;

	for (i = 0; i < nr; i++) {
		idxs[i] = gfn + i;
		gpfns[i] = to + i;
		errs[i] = 0;
	}
	set_xen_guest_handle(b.idxs, idxs);
	set_xen_guest_handle(b.gpfns, gpfns);
	set_xen_guest_handle(b.errs, errs);
	rc = hv_memory_op(XENMEM_add_to_physmap_batch, &b);
	for (i = 0; !rc && i < nr; i++)
		rc = errs[i];
	return rc;
}

void *foreign_map(domid_t id, unsigned long gfn, unsigned long nr)
{
	unsigned long to = scratch_get(nr);
	unsigned long i;
	long rc;

	for (i = 0; i < nr; i += BATCH) {
		rc = map_batch(id, gfn + i, to + i, nr - i < BATCH ? nr - i : BATCH);
		if (!rc)
			continue;
		test_error("runner: cannot map d%u gfn %#lx: %ld", id, gfn + i, rc);
		test_end();
	}
	return (void *)(to * PAGE_SIZE);
}

void foreign_unmap(void *at, unsigned long nr)
{
	unsigned long i;

	for (i = 0; i < nr; i++)
		EXPECT(hv_remove_from_physmap(DOMID_SELF, gfn_of(at) + i), 0);
	scratch_put(gfn_of(at), nr);
}

void *grant_table_of(domid_t id)
{
	xen_pfn_t frames[1] = {scratch_get(1)};
	struct xen_mem_acquire_resource a = {
		.domid = id, .type = XENMEM_resource_grant_table, .nr_frames = 1};
	long rc;

	set_xen_guest_handle(a.frame_list, frames);
	rc = hv_memory_op(XENMEM_acquire_resource, &a);
	if (!rc)
		return (void *)(frames[0] * PAGE_SIZE);
	scratch_put(frames[0], 1);
	test_failure("XENMEM_acquire_resource: no grant table of d%u: %ld", id, rc);
	return NULL;
}

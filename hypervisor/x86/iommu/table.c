/*
 * I/O page tables of four (or three) levels: Intel's second level (VT-d 9.8) and
 * AMD's (AMD-Vi 2.2.3) differ in bits only. Pure but for frames.
 *
 * A table is never given back: hardware may hold a pointer to it in a cache of its
 * own, and what was mapped once is mapped there again. Where a table stands, a large
 * range is mapped by that table's entries.
 */
#include <hv/lib.h>
#include <hv/page.h>

#include "iommu.h"

#define ENTRIES		512u
#define ENTRY_ADDR	0x000ffffffffff000ull
#define CACHE_LINE	64u

/* Frames that an entry of level @l covers, as a power of two. */
#define ORDER(l)	(9u * ((l) - 1))

static unsigned int index_of(gfn_t gfn, unsigned int level)
{
	return (gfn.v >> ORDER(level)) % ENTRIES;
}

static mfn_t entry_mfn(uint64_t e)
{
	return addr_to_mfn(e & ENTRY_ADDR);
}

static bool is_present(const struct iopt *t, uint64_t e)
{
	return (e & t->format->present) == t->format->present;
}

static bool is_leaf(const struct iopt *t, uint64_t e, unsigned int level)
{
	return level == 1 || (e & t->format->kind_mask) == t->format->kind_leaf;
}

static uint64_t make_leaf(const struct iopt *t, mfn_t mfn, unsigned int level, bool write)
{
	const struct iopt_format *f = t->format;

	return mfn_to_addr(mfn) | f->leaf | (write ? f->write : 0) |
	       (level > 1 ? f->kind_leaf : 0);
}

static uint64_t make_table(const struct iopt *t, mfn_t mfn, unsigned int level)
{
	const struct iopt_format *f = t->format;

	return mfn_to_addr(mfn) | f->table |
	       (f->next_shift ? (uint64_t)level << f->next_shift : 0);
}

void iommu_write_back(const void *p, size_t len)
{
	uintptr_t at = ROUNDDOWN((uintptr_t)p, CACHE_LINE);

	for (; at < (uintptr_t)p + len; at += CACHE_LINE)
		asm volatile("clflush (%0)" : : "r"(at) : "memory");
	asm volatile("mfence" : : : "memory");
}

static void store(const struct iopt *t, uint64_t *slot, uint64_t e)
{
	__atomic_store_n(slot, e, __ATOMIC_RELEASE);
	if (t->incoherent)
		iommu_write_back(slot, sizeof(*slot));
}

/* A table whose entries are @e, @e + @step, ... */
static mfn_t table_alloc(const struct iopt *t, uint64_t e, uint64_t step)
{
	mfn_t mfn = page_alloc(0, 0);
	uint64_t *p;

	if (!mfn_valid_value(mfn))
		return mfn;
	p = map_frame(mfn);
	for (unsigned int i = 0; i < ENTRIES; i++)
		p[i] = e + i * step;
	if (t->incoherent)
		iommu_write_back(p, PAGE_SIZE);
	unmap_frame(p);
	return mfn;
}

int iopt_init(struct iopt *t)
{
	t->root = table_alloc(t, 0, 0);
	return mfn_valid_value(t->root) ? 0 : -ENOMEM;
}

/* A leaf becomes a table that says the same. */
static int split_slot(const struct iopt *t, uint64_t *slot, unsigned int level)
{
	uint64_t e = *slot, step = PAGE_SIZE << ORDER(level - 1);
	uint64_t piece = level == 2 ? e & ~(t->format->kind_leaf) : e;
	mfn_t mfn = table_alloc(t, piece, step);

	if (!mfn_valid_value(mfn))
		return -ENOMEM;
	store(t, slot, make_table(t, mfn, level - 1));
	return 0;
}

/* The table below @slot of @level, made when there is none; INVALID_MFN: no memory. */
static mfn_t table_below(const struct iopt *t, uint64_t *slot, unsigned int level)
{
	mfn_t mfn;

	if (is_present(t, *slot)) {
		if (is_leaf(t, *slot, level) && split_slot(t, slot, level))
			return INVALID_MFN;
		return entry_mfn(*slot);
	}
	mfn = table_alloc(t, 0, 0);
	if (mfn_valid_value(mfn))
		store(t, slot, make_table(t, mfn, level - 1));
	return mfn;
}

/* --- map ------------------------------------------------------------------------- */

struct mapping {
	gfn_t gfn;
	mfn_t mfn;
	unsigned int order;
	bool write;
};

static int map_below(const struct iopt *t, uint64_t *slot, unsigned int level,
		     const struct mapping *m);

/* In the table at @mfn, whose entries are of @level. */
static int map_in(const struct iopt *t, mfn_t mfn, unsigned int level,
		  const struct mapping *m)
{
	uint64_t *p = map_frame(mfn), *slot = &p[index_of(m->gfn, level)];
	int err = 0;

	if (ORDER(level) != m->order)
		err = map_below(t, slot, level, m);
	else if (level > t->max_leaf || (is_present(t, *slot) && !is_leaf(t, *slot, level)))
		err = map_below(t, slot, level, m);
	else
		store(t, slot, make_leaf(t, m->mfn, level, m->write));
	unmap_frame(p);
	return err;
}

/* In the table that @slot points to: as one piece, or in 512 smaller ones. */
static int map_below(const struct iopt *t, uint64_t *slot, unsigned int level,
		     const struct mapping *m)
{
	mfn_t table = table_below(t, slot, level);
	struct mapping part = *m;
	int err = 0;

	if (!mfn_valid_value(table))
		return -ENOMEM;
	if (ORDER(level) != m->order)
		return map_in(t, table, level - 1, m);
	part.order -= 9;
	for (unsigned int i = 0; !err && i < ENTRIES; i++) {
		part.gfn = gfn_add(m->gfn, (uint64_t)i << part.order);
		part.mfn = mfn_add(m->mfn, (uint64_t)i << part.order);
		err = map_in(t, table, level - 1, &part);
	}
	return err;
}

int iopt_map(struct iopt *t, gfn_t gfn, mfn_t mfn, unsigned int order, bool write)
{
	struct mapping m = {gfn, mfn, order, write};
	int err = map_in(t, t->root, t->levels, &m);

	/* A leaf that could not be split is as it was: nothing to take out. */
	if (err && !iopt_split(t, gfn, order))
		iopt_unmap(t, gfn, order);
	return err;
}

/* --- split, unmap, look ------------------------------------------------------------ */

int iopt_split(struct iopt *t, gfn_t gfn, unsigned int order)
{
	mfn_t table = t->root;
	int err = 0;

	for (unsigned int l = t->levels; !err && ORDER(l) > order; l--) {
		uint64_t *p = map_frame(table), *slot = &p[index_of(gfn, l)];
		bool present = is_present(t, *slot);

		if (present && is_leaf(t, *slot, l))
			err = split_slot(t, slot, l);
		table = entry_mfn(*slot);
		unmap_frame(p);
		if (!present)
			break;
	}
	return err;
}

static void unmap_in(const struct iopt *t, mfn_t mfn, unsigned int level, gfn_t gfn,
		     unsigned int order)
{
	uint64_t *p = map_frame(mfn), *slot = &p[index_of(gfn, level)];
	bool deeper = is_present(t, *slot) && !is_leaf(t, *slot, level);

	if (deeper && ORDER(level) > order) {
		unmap_in(t, entry_mfn(*slot), level - 1, gfn, order);
	} else if (deeper) {
		order -= 9;
		for (uint64_t i = 0; i < ENTRIES; i++)
			unmap_in(t, entry_mfn(*slot), level - 1,
				 gfn_add(gfn, i << order), order);
	} else if (is_present(t, *slot)) {
		BUG_ON(ORDER(level) > order);
		store(t, slot, 0);
	}
	unmap_frame(p);
}

void iopt_unmap(struct iopt *t, gfn_t gfn, unsigned int order)
{
	unmap_in(t, t->root, t->levels, gfn, order);
}

mfn_t iopt_look(const struct iopt *t, gfn_t gfn, bool *write, unsigned int *order)
{
	mfn_t table = t->root;

	for (unsigned int l = t->levels; l; l--) {
		uint64_t *p = map_frame(table), e = p[index_of(gfn, l)];

		unmap_frame(p);
		if (!is_present(t, e))
			break;
		table = entry_mfn(e);
		if (!is_leaf(t, e, l))
			continue;
		*write = e & t->format->write;
		*order = ORDER(l);
		return mfn_add(table, gfn.v & ((1ull << ORDER(l)) - 1));
	}
	return INVALID_MFN;
}

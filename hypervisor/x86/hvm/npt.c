/*
 * The nested page table of a domain, which is its p2m (hv/arch.h). Levels are
 * counted from the leaves: 1 holds 4 KiB entries, 4 is the root. A table frame
 * belongs to the entry that points to it and is freed only when the whole p2m
 * goes, or after a flush, as a CPU may still walk it.
 *
 * Locks: all of this runs with d->p2m_lock held, but for arch_p2m_limit().
 */
#include <hv/lib.h>
#include <hv/page.h>

#include <x86/hvm_ops.h>
#include <x86/iommu.h>
#include <x86/npt.h>
#include <x86/platform.h>

static unsigned int index_of(gfn_t gfn, unsigned int level)
{
	return (gfn.v >> NPT_ORDER(level)) % NPT_ENTRIES;
}

static bool is_leaf(uint64_t e, unsigned int level)
{
	return level == 1 || (e & NPT_PS);
}

static uint64_t make_leaf(mfn_t mfn, enum p2m_type type, unsigned int level)
{
	uint64_t e = mfn_to_addr(mfn) | NPT_P | NPT_U |
		     (uint64_t)type << NPT_TYPE_SHIFT |
		     hvm_ops->p2m_leaf(mfn, type, NPT_ORDER(level));

	if (p2m_is_writable(type))
		e |= NPT_W;
	if (level > 1)
		e |= NPT_PS;
	return e;
}

static uint64_t make_table(mfn_t mfn)
{
	return mfn_to_addr(mfn) | NPT_P | NPT_W | NPT_U;
}

static mfn_t entry_mfn(uint64_t e)
{
	return addr_to_mfn(e & NPT_ADDR);
}

static void store(uint64_t *slot, uint64_t e)
{
	__atomic_store_n(slot, e, __ATOMIC_RELEASE);
}

static struct p2m_entry decode_leaf(uint64_t e, gfn_t gfn, unsigned int level)
{
	uint64_t within = gfn.v & ((1ull << NPT_ORDER(level)) - 1);

	return (struct p2m_entry){
		.mfn = mfn_add(entry_mfn(e), within),
		.type = (enum p2m_type)((e >> NPT_TYPE_SHIFT) & 0xf),
		.order = NPT_ORDER(level),
	};
}

static const struct p2m_entry hole = {{~0ull}, P2M_HOLE, 0};

struct p2m_entry npt_look_locked(struct npt_view *w, gfn_t gfn)
{
	if ((gfn.v ^ w->gfn.v) >> NPT_ORDER(w->level + 1)) {
		if (gfn.v >> NPT_ORDER(NPT_LEVELS + 1))
			return hole;
		w->table = w->d->arch->npt_root;
		w->level = NPT_LEVELS;
	}
	w->gfn = gfn;
	for (;;) {
		uint64_t *t = map_frame(w->table);
		uint64_t e = t[index_of(gfn, w->level)];

		unmap_frame(t);
		if (!(e & NPT_P))
			return hole;
		if (is_leaf(e, w->level))
			return decode_leaf(e, gfn, w->level);
		w->table = entry_mfn(e);
		w->level--;
	}
}

struct p2m_entry arch_p2m_get(struct domain *d, gfn_t gfn)
{
	struct npt_view w = NPT_VIEW(d);

	return npt_look_locked(&w, gfn);
}

/* --- changes ------------------------------------------------------------------ */

static mfn_t table_alloc(struct domain *d)
{
	mfn_t mfn = page_alloc(0, 0);
	void *t;

	if (!mfn_valid_value(mfn))
		return mfn;
	t = map_frame(mfn);
	memset(t, 0, PAGE_SIZE);
	unmap_frame(t);
	d->arch->npt_frames++;
	return mfn;
}

static void table_free(struct domain *d, mfn_t mfn)
{
	d->arch->npt_frames--;
	page_free(mfn, 0);
}

/*
 * The table at @level that covers @gfn, mapped, with tables made on the way;
 * NULL and *err when there is no memory or a superpage is in the way.
 */
static uint64_t *table_at(struct domain *d, gfn_t gfn, unsigned int level, int *err)
{
	uint64_t *t = map_frame(d->arch->npt_root);

	for (unsigned int l = NPT_LEVELS; l > level; l--) {
		uint64_t *slot = &t[index_of(gfn, l)];
		mfn_t next;

		if (*slot & NPT_P) {
			next = entry_mfn(*slot);
			*err = is_leaf(*slot, l) ? -EEXIST : 0;
		} else {
			next = table_alloc(d);
			*err = mfn_valid_value(next) ? 0 : -ENOMEM;
			if (!*err)
				store(slot, make_table(next));
		}
		unmap_frame(t);
		if (*err)
			return NULL;
		t = map_frame(next);
	}
	*err = 0;
	return t;
}

/*
 * A superpage goes where a table stands: fine when the table is empty. A table
 * below it, emptied too, is given back with it.
 */
static bool table_empty(mfn_t mfn, unsigned int level)
{
	uint64_t *t = map_frame(mfn);
	bool empty = true;

	for (unsigned int i = 0; empty && i < NPT_ENTRIES; i++) {
		if (!(t[i] & NPT_P))
			continue;
		empty = !is_leaf(t[i], level) && table_empty(entry_mfn(t[i]), level - 1);
	}
	unmap_frame(t);
	return empty;
}

static void free_tables(struct domain *d, mfn_t mfn, unsigned int level)
{
	uint64_t *t = map_frame(mfn);

	for (unsigned int i = 0; level > 1 && i < NPT_ENTRIES; i++)
		if ((t[i] & NPT_P) && !is_leaf(t[i], level))
			free_tables(d, entry_mfn(t[i]), level - 1);
	unmap_frame(t);
	table_free(d, mfn);
}

static int replace_table(struct domain *d, uint64_t *slot, unsigned int level)
{
	mfn_t old = entry_mfn(*slot);

	if (!table_empty(old, level - 1))
		return -EEXIST;
	store(slot, 0);
	arch_p2m_flush(d);
	free_tables(d, old, level - 1);
	return 0;
}

int arch_p2m_set(struct domain *d, gfn_t gfn, mfn_t mfn, unsigned int order,
		 enum p2m_type type)
{
	unsigned int level = order / 9 + 1;
	uint64_t *t, *slot;
	int err = 0;

	if (order % 9 || level > 3 || gfn.v >= arch_p2m_limit(d).v)
		return -EINVAL;
	t = table_at(d, gfn, level, &err);
	if (!t)
		return err;
	slot = &t[index_of(gfn, level)];
	if ((*slot & NPT_P) && !is_leaf(*slot, level))
		err = replace_table(d, slot, level);
	if (!err && d->hardware)
		err = iommu_p2m_set(gfn, mfn, order, type);
	if (!err)
		store(slot, type == P2M_HOLE ? 0 : make_leaf(mfn, type, level));
	unmap_frame(t);
	return err;
}

/* The leaf above level 1 that covers @gfn: its slot in a mapped table. */
static uint64_t *superpage_slot(struct domain *d, gfn_t gfn, unsigned int *level)
{
	mfn_t table = d->arch->npt_root;

	for (unsigned int l = NPT_LEVELS; l > 1; l--) {
		uint64_t *t = map_frame(table);
		uint64_t *slot = &t[index_of(gfn, l)], e = *slot;

		if ((e & NPT_P) && is_leaf(e, l)) {
			*level = l;
			return slot;
		}
		unmap_frame(t);
		if (!(e & NPT_P))
			break;
		table = entry_mfn(e);
	}
	return NULL;
}

int arch_p2m_split(struct domain *d, gfn_t gfn)
{
	unsigned int level = 0;
	uint64_t *slot = superpage_slot(d, gfn, &level);
	struct p2m_entry whole;
	uint64_t *t;
	mfn_t table;

	if (!slot)
		return 0;
	table = table_alloc(d);
	if (!mfn_valid_value(table) ||
	    (d->hardware && iommu_p2m_split(gfn, NPT_ORDER(level - 1)))) {
		if (mfn_valid_value(table))
			table_free(d, table);
		unmap_frame(slot);
		return -ENOMEM;
	}
	whole = decode_leaf(*slot, GFN(0), level);
	t = map_frame(table);
	for (unsigned int i = 0; i < NPT_ENTRIES; i++)
		t[i] = make_leaf(mfn_add(whole.mfn, (uint64_t)i << NPT_ORDER(level - 1)),
				 whole.type, level - 1);
	unmap_frame(t);
	store(slot, make_table(table));
	unmap_frame(slot);
	return 0;
}

/* --- flush --------------------------------------------------------------------- */

static bool inside_with_mark(const struct vcpu *v, const struct cpu *c)
{
	return __atomic_load_n(&c->arch->in_guest, __ATOMIC_SEQ_CST) &&
	       __atomic_load_n(&c->vcpu, __ATOMIC_SEQ_CST) == v &&
	       __atomic_load_n(&v->arch->flush_tlb, __ATOMIC_SEQ_CST);
}

/*
 * Marks every vCPU; then each CPU that is inside the guest is made to leave it.
 * A CPU that is about to enter sets in_guest first and reads the mark after
 * (run.c), so either it sees the mark or we see in_guest.
 */
void arch_p2m_flush(struct domain *d)
{
	for_each_vcpu(d, v)
		__atomic_store_n(&v->arch->flush_tlb, true, __ATOMIC_SEQ_CST);

	for_each_vcpu(d, v) {
		const struct cpu *c = cpus[__atomic_load_n(&v->cpu, __ATOMIC_RELAXED)];

		if (c == this_cpu() || !inside_with_mark(v, c))
			continue;
		cpu_kick(c->id);
		while (inside_with_mark(v, c))
			arch_relax();
	}
	if (d->hardware)
		iommu_p2m_flush();
}

/* --- teardown ------------------------------------------------------------------- */

#define TABLES_AT_ONCE 4u	/* entered in one search: each has 512 entries */

/* Walks down to the first present leaf at or above *gfn in this table. */
static bool next_in(mfn_t mfn, unsigned int level, gfn_t *gfn, struct p2m_entry *out,
		    unsigned int *tables)
{
	uint64_t *t = map_frame(mfn);
	bool found = false;

	for (unsigned int i = index_of(*gfn, level); i < NPT_ENTRIES; i++) {
		uint64_t e = t[i], span = 1ull << NPT_ORDER(level);

		if (e & NPT_P) {
			found = true;
			if (is_leaf(e, level))
				*out = decode_leaf(e, *gfn, level);
			else if (!*tables)
				*out = hole;
			else
				found = next_in(entry_mfn(e), level - 1, gfn, out, tables);
			if (found)
				break;
			continue;	/* it moved *gfn on */
		}
		*gfn = GFN((gfn->v & ~(span - 1)) + span);
	}
	if (!found && *tables)
		--*tables;
	unmap_frame(t);
	return found;
}

bool arch_p2m_next(struct domain *d, gfn_t *gfn, struct p2m_entry *out)
{
	unsigned int tables = TABLES_AT_ONCE;

	if (gfn->v >= 1ull << NPT_ORDER(NPT_LEVELS + 1))
		return false;
	return next_in(d->arch->npt_root, NPT_LEVELS, gfn, out, &tables);
}

static uint64_t *first_present(uint64_t *t)
{
	for (unsigned int i = 0; i < NPT_ENTRIES; i++)
		if (t[i] & NPT_P)
			return &t[i];
	return NULL;
}

/* There are no leaves: what is present is a table, and the lowest one is free. */
bool arch_p2m_free(struct domain *d)
{
	uint64_t *above = NULL, *t = map_frame(d->arch->npt_root), *slot;

	while ((slot = first_present(t))) {
		if (above)
			unmap_frame(above);
		above = slot;
		t = map_frame(entry_mfn(*slot));
	}
	unmap_frame(t);
	if (!above)
		return false;
	table_free(d, entry_mfn(*above));
	*above = 0;
	unmap_frame(above);
	return true;
}

gfn_t arch_p2m_limit(const struct domain *d)
{
	return GFN(1ull << (MIN(host_phys_bits, 48u) - PAGE_SHIFT));
}

/*
 * A domain's physical memory map over the architecture's tables (hv/p2m.h):
 * what entries own, and the order removal -> flush -> drop.
 *
 * A lookup takes its page reference under p2m_lock. An entry owns a reference
 * until it is removed under that lock, and drops it only after the flush, so a
 * frame that was found is alive.
 */
#include <hv/arch.h>
#include <hv/lib.h>
#include <hv/page.h>

#define TEARDOWN_BATCH	32u

static const struct p2m_entry hole = {{~0ull}, P2M_HOLE, 0};

static struct p2m_entry get_locked(struct domain *d, gfn_t gfn)
{
	if (gfn.v >= arch_p2m_limit(d).v)
		return hole;
	return arch_p2m_get(d, gfn);
}

/* --- look-up -------------------------------------------------------------- */

struct p2m_entry p2m_get(struct domain *d, gfn_t gfn)
{
	struct p2m_entry e;

	LOCKED(&d->p2m_lock);
	e = get_locked(d, gfn);
	return e;
}

/* The frame of @e, referenced. p2m_lock is held, so the entry keeps it alive. */
static struct page *ref_locked(struct p2m_entry e, const struct domain *owner)
{
	struct page *pg = mfn_to_page(e.mfn);

	return pg && page_get(pg, owner) ? pg : NULL;
}

struct page *p2m_get_page(struct domain *d, gfn_t gfn, bool write)
{
	struct page *pg = NULL;
	struct p2m_entry e;

	LOCKED(&d->p2m_lock);
	e = get_locked(d, gfn);
	if (e.type != P2M_HOLE && e.type != P2M_MMIO &&
	    (!write || p2m_is_writable(e.type)))
		pg = ref_locked(e, NULL);
	return pg;
}

struct page *p2m_get_ram(struct domain *d, gfn_t gfn, enum p2m_type *type)
{
	struct page *pg = NULL;
	struct p2m_entry e;

	spin_lock(&d->p2m_lock);
	e = get_locked(d, gfn);
	if (p2m_is_ram(e.type))
		pg = ref_locked(e, d);
	spin_unlock(&d->p2m_lock);
	*type = e.type;
	return pg;
}

struct page *p2m_get_own(struct domain *d, gfn_t gfn)
{
	enum p2m_type type;
	struct page *pg = p2m_get_ram(d, gfn, &type);

	if (!pg || p2m_is_writable(type))
		return pg;
	page_put(pg);
	return NULL;
}

gfn_t p2m_max_gfn(struct domain *d)
{
	return GFN(__atomic_load_n(&d->max_gfn, __ATOMIC_RELAXED));
}

/* --- changes -------------------------------------------------------------- */

static bool range_is_hole_locked(struct domain *d, gfn_t gfn, uint64_t nr)
{
	struct p2m_entry e = hole;
	gfn_t next = gfn;

	if (nr == 1)
		return arch_p2m_get(d, gfn).type == P2M_HOLE;
	while (e.type == P2M_HOLE && next.v < gfn.v + nr)
		if (!arch_p2m_next(d, &next, &e))
			return true;
	return next.v >= gfn.v + nr;
}

int p2m_insert(struct domain *d, gfn_t gfn, mfn_t mfn, unsigned int order,
	       enum p2m_type type)
{
	uint64_t nr = 1ull << order;
	uint64_t limit = arch_p2m_limit(d).v;
	int err;

	if (order % 9 || ((gfn.v | mfn.v) & (nr - 1)) || gfn.v >= limit || nr > limit - gfn.v)
		return -EINVAL;
	LOCKED(&d->p2m_lock);
	/* Teardown takes this lock after `dying` is set: nothing slips in. */
	if (d->dying)
		err = -EINVAL;
	else if (!range_is_hole_locked(d, gfn, nr))
		err = -EEXIST;
	else
		err = arch_p2m_set(d, gfn, mfn, order, type);
	if (!err && gfn.v + nr - 1 > d->max_gfn)
		d->max_gfn = gfn.v + nr - 1;
	return err;
}

static int remove_locked(struct domain *d, gfn_t gfn, unsigned int types,
			 struct p2m_entry *old)
{
	int err;

	*old = get_locked(d, gfn);
	if (old->type == P2M_HOLE)
		return -ENOENT;
	if (!(types & P2M_BIT(old->type)))
		return -EPERM;
	while (old->order) {
		err = arch_p2m_split(d, gfn);
		if (err)
			return err;
		*old = arch_p2m_get(d, gfn);
	}
	return arch_p2m_set(d, gfn, INVALID_MFN, 0, P2M_HOLE);
}

int p2m_remove(struct domain *d, gfn_t gfn, unsigned int types, struct p2m_entry *old)
{
	int err;

	LOCKED(&d->p2m_lock);
	err = remove_locked(d, gfn, types, old);
	return err;
}

bool p2m_may_alias(const struct domain *d, gfn_t gfn)
{
	return !d->hardware || !mfn_to_page(MFN(gfn.v));
}

void p2m_flush(struct domain *d)
{
	LOCKED(&d->p2m_lock);
	arch_p2m_flush(d);
}

static void drop_one(struct domain *d, struct p2m_entry old)
{
	if (p2m_is_ram(old.type)) {
		if (!d->hardware)
			page_release(d, mfn_to_page(old.mfn));
	} else if (old.type >= P2M_GRANT_RW && old.type <= P2M_FOREIGN_RO) {
		page_put(mfn_to_page(old.mfn));
	}
}

void p2m_drop(struct domain *d, struct p2m_entry old)
{
	for (uint64_t i = 0; i < 1ull << old.order; i++) {
		struct p2m_entry e = {mfn_add(old.mfn, i), old.type, 0};

		drop_one(d, e);
	}
}

/* --- the end of a domain -------------------------------------------------- */

/*
 * Takes mappings out from the cursor on, as many as fit or up to a superpage; *n of
 * them. False: there are no more.
 */
static bool teardown_batch(struct domain *d, struct p2m_entry *old, unsigned int *n)
{
	bool more = true;

	LOCKED(&d->p2m_lock);
	for (*n = 0; *n < TEARDOWN_BATCH && more && !(*n && old[*n - 1].order);) {
		struct p2m_entry *e = &old[*n];
		uint64_t mask;

		more = arch_p2m_next(d, &d->teardown_gfn, e);
		if (!more || e->type == P2M_HOLE)
			break;
		mask = (1ull << e->order) - 1;
		e->mfn.v -= d->teardown_gfn.v & mask;
		d->teardown_gfn.v &= ~mask;
		BUG_ON(arch_p2m_set(d, d->teardown_gfn, INVALID_MFN, e->order, P2M_HOLE));
		d->teardown_gfn.v += mask + 1;
		++*n;
	}
	if (*n)
		arch_p2m_flush(d);
	return more;
}

/* The frames of a superpage that was taken out; true when others are to have a turn. */
static bool drop_leaving(struct domain *d)
{
	while (d->leaving_nr) {
		for (unsigned int i = 0; i < TEARDOWN_BATCH && d->leaving_nr; i++) {
			drop_one(d, d->leaving);
			d->leaving.mfn = mfn_add(d->leaving.mfn, 1);
			d->leaving_nr--;
		}
		if (hypercall_preempt_check())
			return true;
	}
	return false;
}

/* So do those of a superpage that never came in. */
static void leave_arriving(struct domain *d)
{
	struct arriving *a = &d->arriving;

	LOCKED(&d->arriving_lock);
	if (d->leaving_nr || !a->nr)
		return;
	if (!a->unwanted)
		a->done = 0;
	d->leaving = (struct p2m_entry){mfn_add(a->mfn, a->done), P2M_RAM_RW, 0};
	d->leaving_nr = a->nr - a->done;
	*a = (struct arriving){.nr = 0};
}

int p2m_teardown(struct domain *d)
{
	struct p2m_entry old[TEARDOWN_BATCH];
	bool more = true;
	unsigned int n;

	ASSERT(d->dying);
	page_unclaim(d);
	leave_arriving(d);
	while (more) {
		if (drop_leaving(d))
			return -ERESTART;
		more = teardown_batch(d, old, &n);
		for (unsigned int i = 0; i < n; i++) {
			if (!old[i].order) {
				drop_one(d, old[i]);
				continue;
			}
			d->leaving = (struct p2m_entry){old[i].mfn, old[i].type, 0};
			d->leaving_nr = 1ull << old[i].order;
		}
		if (more && hypercall_preempt_check())
			return -ERESTART;
	}
	while (arch_p2m_free(d))
		if (hypercall_preempt_check())
			return -ERESTART;
	return 0;
}

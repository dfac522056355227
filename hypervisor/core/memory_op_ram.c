/*
 * A domain's own memory: populate, decrease and increase_reservation, claims
 * and the populate-on-demand questions (which we answer without having it).
 *
 * The result of the first three is the number of extents done: running out of
 * memory is a short count, not an error (xen/memory.h).
 */
#include <hv/access.h>
#include <hv/guest.h>
#include <hv/lib.h>
#include <hv/page.h>

#include "memory_op.h"

/*
 * Extents above 2 MiB are not done, so that clearing them cannot hold the CPU
 * for long; toolstacks fall back to the next smaller size.
 */
#define ORDER_MAX	9u

/* --- populate ------------------------------------------------------------- */

/* The hardware domain gets the frames of its own numbers back, if parked. */
static bool unpark_extent(struct domain *d, gfn_t gfn, unsigned int order)
{
	for (uint64_t i = 0; i < 1ull << order; i++) {
		const struct page *pg = mfn_to_page(MFN(gfn.v + i));

		if (!pg || pg->owner != d->id ||
		    p2m_insert(d, gfn_add(gfn, i), MFN(gfn.v + i), 0, P2M_RAM_RW))
			return false;
	}
	return true;
}

static bool populate_extent(struct domain *d, gfn_t gfn, unsigned int order)
{
	mfn_t mfn;

	if (d->hardware)
		return unpark_extent(d, gfn, order);
	if (gfn.v & ((1ull << order) - 1))
		return false;
	mfn = page_alloc_domain(d, order);
	if (!mfn_valid_value(mfn))
		return false;
	if (!p2m_insert(d, gfn, mfn, order, P2M_RAM_RW))
		return true;
	for (uint64_t i = 0; i < 1ull << order; i++)
		page_release(d, mfn_to_page(mfn_add(mfn, i)));
	return false;
}

/* --- decrease ------------------------------------------------------------- */

static bool remove_extent(struct domain *d, gfn_t gfn, unsigned int order,
			  struct memory_removed *r)
{
	for (uint64_t i = 0; i < 1ull << order; i++) {
		if (r->n == ARRAY_SIZE(r->e))
			memory_removed_finish(d, r);
		if (p2m_remove(d, gfn_add(gfn, i), P2M_BITS_RAM, &r->e[r->n]))
			return false;
		r->n++;
	}
	return true;
}

/* --- both: a list of extents ---------------------------------------------- */

/* @r: where removed frames go; NULL to populate. */
static long do_extents(struct memory_call *c, struct memory_removed *r)
{
	const struct xen_memory_reservation *a = &c->a.reservation;
	unsigned int order = a->extent_order;
	uint64_t i;

	for (i = c->start; i < a->nr_extents; i++) {
		bool check = order || i % MEMORY_PREEMPT_EVERY == 0;
		uint64_t gfn;

		if (i > c->start && check && hypercall_preempt_check())
			return memory_restart(c, i);
		if (guest_read_long(HANDLE_GVA(a->extent_start), i, c->hc->compat, &gfn) ||
		    !(r ? remove_extent(c->d, GFN(gfn), order, r) :
			  populate_extent(c->d, GFN(gfn), order)))
			break;
	}
	return (long)i;
}

static bool request_ok(const struct memory_call *c)
{
	return c->a.reservation.nr_extents <= UINT32_MAX &&
	       c->start <= c->a.reservation.nr_extents;
}

long memory_populate(struct memory_call *c)
{
	if (!request_ok(c))
		return -EINVAL;
	return c->a.reservation.extent_order > ORDER_MAX ? (long)c->start :
							   do_extents(c, NULL);
}

long memory_decrease(struct memory_call *c)
{
	struct memory_removed r;
	long ret;

	if (!request_ok(c))
		return -EINVAL;
	if (c->a.reservation.extent_order > ORDER_MAX)
		return (long)c->start;
	r.n = 0;
	ret = do_extents(c, &r);
	memory_removed_finish(c->d, &r);
	return ret;
}

/* --- claims --------------------------------------------------------------- */

long memory_claim(struct memory_call *c)
{
	const struct xen_memory_reservation *a = &c->a.reservation;

	if (HANDLE_GVA(a->extent_start).v || a->extent_order || a->mem_flags)
		return -EINVAL;
	if (a->nr_extents)
		return page_claim(c->d, a->nr_extents);
	page_unclaim(c->d);
	return 0;
}

/* Populate on demand is not done, so target and allocation are the same. */
long memory_pod(struct memory_call *c)
{
	struct xen_pod_target *p = &c->a.pod;

	p->tot_pages = c->d->tot_pages;
	p->pod_cache_pages = 0;
	p->pod_entries = 0;
	return guest_write(c->at, p, sizeof(*p));
}

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
 * Extents above 2 MiB are not done, as making the quarter of a million frames of 1 GiB
 * a domain's own cannot be interrupted; toolstacks fall back to the next smaller size.
 */
#define ORDER_MAX	9u

/* --- populate ------------------------------------------------------------- */

/* The hardware domain gets the frames of its own numbers back, if parked. */
static int unpark_frame(struct domain *d, gfn_t gfn)
{
	const struct page *pg = mfn_to_page(MFN(gfn.v));

	if (!pg || pg->owner != d->id)
		return -ENOMEM;
	return p2m_insert(d, gfn, MFN(gfn.v), 0, P2M_RAM_RW);
}

static int populate_frame(struct domain *d, gfn_t gfn)
{
	mfn_t mfn;
	int err;

	if (d->hardware)
		return unpark_frame(d, gfn);
	mfn = page_alloc_domain(d, 0);
	if (!mfn_valid_value(mfn))
		return -ENOMEM;
	page_clear(mfn);
	err = p2m_insert(d, gfn, mfn, 0, P2M_RAM_RW);
	if (err)
		page_release(d, mfn_to_page(mfn));
	return err;
}

/*
 * A superpage is cleared a few frames at a time, and waits in d->arriving while
 * others have their turn. It has no gfn until it is done, so whoever populates d
 * next goes on with it. What nobody wants any more is given back the same way.
 */
static int arriving_work_locked(struct domain *d)
{
	struct arriving *a = &d->arriving;

	while (a->done < a->nr) {
		mfn_t mfn = mfn_add(a->mfn, a->done++);

		if (a->unwanted)
			page_release(d, mfn_to_page(mfn));
		else
			page_clear(mfn);
		if (a->done % MEMORY_PREEMPT_EVERY == 0 && hypercall_preempt_check())
			return -ERESTART;
	}
	if (a->unwanted)
		*a = (struct arriving){.nr = 0};
	return 0;
}

static void arriving_refuse_locked(struct arriving *a, const struct vcpu *by)
{
	a->unwanted = true;
	a->refused = by;
	a->done = 0;
}

static int arriving_start_locked(struct domain *d, uint64_t nr, unsigned int order)
{
	struct arriving *a = &d->arriving;
	const struct vcpu *refused;
	mfn_t mfn;
	int err;

	if (a->nr && !a->unwanted && a->nr != nr)
		arriving_refuse_locked(a, NULL);	/* a request that was not restarted */
	if (a->unwanted) {
		refused = a->refused;
		err = arriving_work_locked(d);
		if (err || refused == current)	/* else: this one's request had failed */
			return err ? err : -EEXIST;
	}
	if (a->nr)
		return 0;
	mfn = page_alloc_domain(d, order);
	if (!mfn_valid_value(mfn))
		return -ENOMEM;
	*a = (struct arriving){.mfn = mfn, .nr = nr};
	return 0;
}

static int populate_superpage_locked(struct domain *d, gfn_t gfn, unsigned int order)
{
	struct arriving *a = &d->arriving;
	int err = arriving_start_locked(d, 1ull << order, order);

	if (!err)
		err = arriving_work_locked(d);
	if (err)
		return err;
	err = p2m_insert(d, gfn, a->mfn, order, P2M_RAM_RW);
	if (!err) {
		a->nr = 0;
		return 0;
	}
	arriving_refuse_locked(a, current);
	return arriving_work_locked(d) ? -ERESTART : err;
}

/* Another vCPU that is at it makes this one come again. */
static int populate_superpage(struct domain *d, gfn_t gfn, unsigned int order)
{
	int err;

	if (!spin_trylock(&d->arriving_lock))
		return -ERESTART;
	err = populate_superpage_locked(d, gfn, order);
	spin_unlock(&d->arriving_lock);
	return err;
}

/* --- both: a list of extents ---------------------------------------------- */

/* Takes one frame out; what was there waits in @r for the flush. */
static int remove_frame(struct domain *d, gfn_t gfn, struct memory_removed *r)
{
	int err;

	if (r->n == ARRAY_SIZE(r->e))
		memory_removed_finish(d, r);
	err = p2m_remove(d, gfn, P2M_BITS_RAM, &r->e[r->n]);
	if (!err)
		r->n++;
	return err;
}

/*
 * Frame by frame, or superpage by superpage; progress is counted in frames. @r:
 * where removed frames go; NULL to populate.
 */
static long do_extents(struct memory_call *c, struct memory_removed *r)
{
	const struct xen_memory_reservation *a = &c->a.reservation;
	unsigned int order = a->extent_order;
	bool whole = order && !r && !c->d->hardware;
	uint64_t size = 1ull << order, step = whole ? size : 1, gfn = 0, i;
	int err = 0;

	for (i = c->start; i < a->nr_extents << order; i += step) {
		bool check = whole || i % MEMORY_PREEMPT_EVERY == 0;

		if (i > c->start && check && hypercall_preempt_check())
			return memory_restart(c, i);
		if (i == c->start || i % size == 0)
			err = guest_read_long(HANDLE_GVA(a->extent_start), i >> order,
					      c->hc->compat, &gfn);
		if (err)
			break;
		if (whole)
			err = populate_superpage(c->d, GFN(gfn), order);
		else if (r)
			err = remove_frame(c->d, GFN(gfn + i % size), r);
		else
			err = populate_frame(c->d, GFN(gfn + i % size));
		if (err == -ERESTART)
			return memory_restart(c, i);
		if (err)
			break;
	}
	return (long)(i >> order);
}

/* Progress is above the command's bits; with 32-bit registers that bounds the list. */
static bool request_ok(const struct memory_call *c)
{
	uint64_t limit = c->hc->compat ? MEMORY_COMPAT_ITEMS : 1ull << 48;
	uint64_t nr = c->a.reservation.nr_extents;

	return nr <= limit >> c->a.reservation.extent_order &&
	       c->start <= nr << c->a.reservation.extent_order;
}

long memory_populate(struct memory_call *c)
{
	if (c->a.reservation.extent_order > ORDER_MAX)
		return 0;
	return request_ok(c) ? do_extents(c, NULL) : -EINVAL;
}

long memory_decrease(struct memory_call *c)
{
	struct memory_removed r;
	long ret;

	if (c->a.reservation.extent_order > ORDER_MAX)
		return 0;
	if (!request_ok(c))
		return -EINVAL;
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

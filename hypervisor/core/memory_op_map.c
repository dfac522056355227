/*
 * What else can stand in a domain's memory map: its special pages, moved and
 * foreign frames (add_to_physmap and its batch, remove_from_physmap,
 * acquire_resource).
 *
 * d->lock is held while a special page moves, so that the place remembered for
 * it (shared_info_gfn, the grant table's) is where it is. A slot that is to
 * take something new is made a hole first: own RAM there is given up (the
 * hardware domain's is parked, hv/p2m.h), another special page is unhooked,
 * anything else is refused.
 */
#include <hv/access.h>
#include <hv/arch.h>
#include <hv/event.h>
#include <hv/grant.h>
#include <hv/guest.h>
#include <hv/lib.h>
#include <hv/page.h>
#include <hv/trace.h>

#include "memory_op.h"

/* --- making room ---------------------------------------------------------- */

static void special_forget(struct domain *d, gfn_t gfn)
{
	ASSERT(spin_is_locked(&d->lock));
	if (d->shared_info_gfn.v == gfn.v)
		d->shared_info_gfn = INVALID_GFN;
	else
		grants_forget_gfn(d, gfn);
}

/* Takes an entry out that is in @types; it joins @r for flush and drop. */
static int take_out_locked(struct domain *d, gfn_t gfn, unsigned int types,
			   struct memory_removed *r)
{
	int err = p2m_remove(d, gfn, types, &r->e[r->n]);

	if (err)
		return err;
	if (r->e[r->n].type == P2M_SPECIAL)
		special_forget(d, gfn);
	r->n++;
	return 0;
}

static int make_room_locked(struct domain *d, gfn_t gfn, struct memory_removed *r)
{
	int err = take_out_locked(d, gfn, P2M_BITS_RAM | P2M_BIT(P2M_SPECIAL), r);

	return err == -ENOENT ? 0 : err;
}

/* Puts special frame @mfn at @gfn and takes it away from @old. */
static int move_special_locked(struct domain *d, mfn_t mfn, gfn_t old,
			       gfn_t gfn, struct memory_removed *r)
{
	int err = make_room_locked(d, gfn, r);

	if (!err)
		err = p2m_insert(d, gfn, mfn, 0, P2M_SPECIAL);
	if (!err && old.v != INVALID_GFN.v && old.v != gfn.v)
		(void)take_out_locked(d, old, P2M_BIT(P2M_SPECIAL), r);
	return err;
}

/* --- one handler for each source of frames -------------------------------- */

typedef int space_fn(struct domain *d, uint64_t idx, gfn_t gfn, struct memory_removed *r);

static int add_shared_info(struct domain *d, uint64_t idx, gfn_t gfn,
			   struct memory_removed *r)
{
	int err;

	if (idx)
		return -EINVAL;
	err = move_special_locked(d, virt_to_mfn(d->shared_info),
				  d->shared_info_gfn, gfn, r);
	if (err)
		return err;
	d->shared_info_gfn = gfn;
	/* Some guests read the clock there before they register anything. */
	arch_update_wallclock(d);
	for_each_vcpu(d, v)
		arch_update_vcpu_time(v);
	return 0;
}

static int add_grant_table(struct domain *d, uint64_t idx, gfn_t gfn,
			   struct memory_removed *r)
{
	mfn_t mfn;
	int err;

	if (idx >= grants_max_frames(d))
		return -EINVAL;
	err = grants_frame(d, (unsigned int)idx, &mfn);
	if (!err)
		err = move_special_locked(d, mfn, grants_frame_gfn(d, (unsigned int)idx),
					  gfn, r);
	if (!err)
		grants_set_frame_gfn(d, (unsigned int)idx, gfn);
	return err;
}

static int add_own_frame(struct domain *d, uint64_t idx, gfn_t gfn,
			 struct memory_removed *r)
{
	struct p2m_entry e;
	int err;

	if (d->hardware)	/* its frames stay at their own numbers */
		return -EINVAL;
	if (!p2m_is_ram(p2m_get(d, GFN(idx)).type))
		return -EINVAL;
	if (idx == gfn.v)
		return 0;
	err = make_room_locked(d, gfn, r);
	if (err)
		return err;
	err = p2m_remove(d, GFN(idx), P2M_BITS_RAM, &e);
	if (err)
		return err == -ENOMEM ? err : -EINVAL;
	p2m_flush(d);
	err = p2m_insert(d, gfn, e.mfn, 0, e.type);
	/* Back where it was, unless the guest filled that slot meanwhile. */
	if (err && p2m_insert(d, GFN(idx), e.mfn, 0, e.type))
		p2m_drop(d, e);
	return err;
}

static space_fn *const spaces[] = {
	[XENMAPSPACE_shared_info]	= add_shared_info,
	[XENMAPSPACE_grant_table]	= add_grant_table,
	[XENMAPSPACE_gmfn]		= add_own_frame,
	[XENMAPSPACE_gmfn_range]	= add_own_frame,
};

static int add_one(struct domain *d, unsigned int space, uint64_t idx, gfn_t gfn)
{
	struct memory_removed r;
	int err;

	r.n = 0;
	LOCKED(&d->lock);
	err = spaces[space](d, idx, gfn, &r);
	memory_removed_finish(d, &r);
	return err;
}

/* --- add_to_physmap ------------------------------------------------------- */

static int space_check(unsigned int space)
{
	if (space == XENMAPSPACE_dev_mmio)
		return -EOPNOTSUPP;
	return space < ARRAY_SIZE(spaces) ? 0 : -ENOSYS;
}

static int add_item(struct memory_call *c, uint64_t i)
{
	const struct xen_add_to_physmap *a = &c->a.add;

	return add_one(c->d, a->space, a->idx + i, GFN(a->gpfn + i));
}

long memory_add(struct memory_call *c)
{
	const struct xen_add_to_physmap *a = &c->a.add;
	int err = space_check(a->space);

	return err ? err : memory_each(c, a->space == XENMAPSPACE_gmfn_range ? a->size : 1,
				       add_item);
}

/* --- foreign frames ------------------------------------------------------- */

/* Maps @pg, whose reference the entry takes over on success. */
static int insert_foreign(struct domain *d, gfn_t gfn, struct page *pg,
			  enum p2m_type type)
{
	struct memory_removed r;
	int err;

	r.n = 0;
	LOCKED(&d->lock);
	err = make_room_locked(d, gfn, &r);
	memory_removed_finish(d, &r);
	return err ? err : p2m_insert(d, gfn, page_to_mfn(pg), 0, type);
}

static int add_foreign(struct domain *d, struct domain *fd, gfn_t fgfn, gfn_t gfn)
{
	enum p2m_type type = P2M_RAM_RO;
	struct page *pg;
	int err;

	if (!p2m_may_alias(d, gfn))
		return -EINVAL;
	pg = fd == idle_domain ? trace_page(MFN(fgfn.v)) : p2m_get_ram(fd, fgfn, &type);
	if (!pg)
		return -EINVAL;
	err = insert_foreign(d, gfn, pg, type == P2M_RAM_RO ? P2M_FOREIGN_RO :
							      P2M_FOREIGN_RW);
	if (err)
		page_put(pg);
	return err;
}

/* The domain whose frames are mapped, into c->fd. */
static int foreign_find(struct memory_call *c, domid_t id, const struct domain *d)
{
	int err = id == DOMID_SELF ? -EINVAL :
		  domain_find_checked(id, ACCESS_FOREIGN_MAP, &c->fd);

	return !err && (c->fd == d || c->fd->dying) ? -EINVAL : err;
}

/* --- add_to_physmap_batch ------------------------------------------------- */

static int batch_item(struct memory_call *c, uint64_t i)
{
	const struct xen_add_to_physmap_batch *a = &c->a.batch;
	uint64_t idx, gfn;
	int32_t result;

	if (guest_read_long(HANDLE_GVA(a->idxs), i, c->hc->compat, &idx) ||
	    guest_read_long(HANDLE_GVA(a->gpfns), i, c->hc->compat, &gfn))
		return -EFAULT;
	result = c->fd ? add_foreign(c->d, c->fd, GFN(idx), GFN(gfn)) :
			 add_one(c->d, a->space, idx, GFN(gfn));
	return guest_put(a->errs, i, &result);
}

/* The hypervisor's own frames: the trace rings, which the idle domain stands for. */
static int batch_source(struct memory_call *c, domid_t id)
{
	int err;

	if (id != DOMID_XEN)
		return foreign_find(c, id, c->d);
	err = access_check(current->domain, ACCESS_FOREIGN_MAP, NULL);
	if (err)
		return err;
	c->fd = idle_domain;
	domain_get(idle_domain);
	return 0;
}

long memory_add_batch(struct memory_call *c)
{
	const struct xen_add_to_physmap_batch *a = &c->a.batch;
	int err;

	if (a->space == XENMAPSPACE_gmfn_foreign)
		err = batch_source(c, a->u.foreign_domid);
	else if (a->u.res0 || a->space == XENMAPSPACE_gmfn_range)
		err = -EINVAL;
	else
		err = space_check(a->space);
	return err ? err : memory_each(c, a->size, batch_item);
}

/* --- remove_from_physmap -------------------------------------------------- */

long memory_remove(struct memory_call *c)
{
	struct memory_removed r;
	int err;

	r.n = 0;
	LOCKED(&c->d->lock);
	err = take_out_locked(c->d, GFN(c->a.remove.gpfn), P2M_BITS_RAM |
			      P2M_BITS_FOREIGN | P2M_BIT(P2M_SPECIAL), &r);
	memory_removed_finish(c->d, &r);
	return err;
}

/* --- acquire_resource ----------------------------------------------------- */

static int acquire_grant_frame(struct memory_call *c, uint64_t i)
{
	const struct xen_mem_acquire_resource *a = &c->a.resource;
	struct domain *d = current->domain;
	struct page *pg;
	uint64_t gfn;
	mfn_t mfn;
	int err;

	if (guest_read_long(HANDLE_GVA(a->frame_list), i, c->hc->compat, &gfn))
		return -EFAULT;
	if (a->frame + i >= grants_max_frames(c->fd) || !p2m_may_alias(d, GFN(gfn)))
		return -EINVAL;
	err = grants_frame(c->fd, (unsigned int)(a->frame + i), &mfn);
	if (err)
		return err;
	pg = mfn_to_page(mfn);
	if (!page_get(pg, NULL))
		return -EBUSY;
	err = insert_foreign(d, GFN(gfn), pg, P2M_FOREIGN_RW);
	if (err)
		page_put(pg);
	return err;
}

static int acquire_item(struct memory_call *c, uint64_t i)
{
	int err = acquire_grant_frame(c, i);

	/* Some are mapped: the header's word for that is -EIO. */
	return err && i ? -EIO : err;
}

long memory_acquire(struct memory_call *c)
{
	const struct xen_mem_acquire_resource *a = &c->a.resource;
	uint32_t size;
	int err;

	if (a->pad || a->frame > UINT32_MAX)
		return -EINVAL;
	err = foreign_find(c, a->domid, current->domain);
	if (err)
		return err;
	if (a->type != XENMEM_resource_grant_table)
		return -EOPNOTSUPP;
	if (a->id != XENMEM_resource_grant_table_id_shared)
		return -EINVAL;
	if (a->nr_frames)
		return memory_each(c, a->nr_frames, acquire_item);
	if (HANDLE_GVA(a->frame_list).v)
		return 0;
	size = grants_max_frames(c->fd);
	return guest_write(gva_add(c->at, offsetof(struct xen_mem_acquire_resource,
						   nr_frames)), &size, sizeof(size));
}

/*
 * Mapping and unmapping grants (map_grant_ref, unmap_grant_ref). A mapping is
 * a p2m entry of the mapper at a gfn that was a hole; only unmapping takes it
 * out again. Everything is checked and reserved first, the handle is
 * made last.
 *
 * Unmapping goes in batches: take the entries out of the p2m, flush the
 * mapper's translations once, and only then let go of the frames and tell the
 * granters.
 */
#include <hv/arch.h>
#include <hv/lib.h>
#include <hv/page.h>

#include "grant_table.h"

_Static_assert(sizeof(struct gnttab_map_grant_ref) == 32 &&
	       sizeof(struct gnttab_unmap_grant_ref) == 24 &&
	       sizeof(struct gnttab_unmap_and_replace) == 24 &&
	       offsetof(struct gnttab_unmap_and_replace, handle) ==
	       offsetof(struct gnttab_unmap_grant_ref, handle),
	       "same layout in 32-bit guests");

/* --- handles -------------------------------------------------------------- */

static struct maptrack *track_of(const struct grant_table *gt, uint32_t handle)
{
	if (handle >= gt->nr_handles)
		return NULL;
	return &gt->track[handle / TRACKS_PER_PAGE][handle % TRACKS_PER_PAGE];
}

/* One more page of handles, linked into the free list lowest first. */
static bool handles_grow_locked(struct grant_table *gt)
{
	unsigned int pages = (gt->max_handles + TRACKS_PER_PAGE - 1) /
			     TRACKS_PER_PAGE;
	unsigned int at = gt->nr_handles / TRACKS_PER_PAGE;
	struct maptrack *page;

	if (gt->nr_handles >= gt->max_handles)
		return false;
	if (!gt->track)
		gt->track = heap_alloc(pages * sizeof(*gt->track));
	page = gt->track ? heap_alloc_page() : NULL;
	if (!page)
		return false;
	gt->track[at] = page;
	for (unsigned int i = 0; i < TRACKS_PER_PAGE; i++)
		page[i].ref = gt->nr_handles + i + 1;
	page[TRACKS_PER_PAGE - 1].ref = HANDLE_NONE;
	gt->free_handle = gt->nr_handles;
	gt->nr_handles += TRACKS_PER_PAGE;
	return true;
}

static uint32_t handle_reserve(struct grant_table *gt)
{
	uint32_t handle = HANDLE_NONE;

	LOCKED(&gt->lock);
	if (gt->free_handle != HANDLE_NONE || handles_grow_locked(gt)) {
		struct maptrack *t = track_of(gt, gt->free_handle);

		handle = gt->free_handle;
		gt->free_handle = t->ref;
		t->state = TRACK_BUSY;
	}
	return handle;
}

static void handle_commit(struct grant_table *gt, uint32_t handle,
			  const struct maptrack *as)
{
	LOCKED(&gt->lock);
	*track_of(gt, handle) = *as;
	gt->mapped++;
}

static void handle_free(struct grant_table *gt, uint32_t handle)
{
	struct maptrack *t;

	LOCKED(&gt->lock);
	t = track_of(gt, handle);
	t->granter = NULL;
	t->state = TRACK_FREE;
	t->ref = gt->free_handle;
	gt->free_handle = handle;
}

/* --- mapping -------------------------------------------------------------- */

/*
 * Device mappings, user-space subflags and PTE addresses have no meaning
 * without paravirtual paging or an I/O MMU.
 */
static bool map_flags_ok(uint32_t flags)
{
	flags &= ~(GNTMAP_readonly | GNTMAP_guest_avail_mask);
	return flags == GNTMAP_host_map;
}

static int16_t map_into_p2m(struct domain *ld, gfn_t gfn, struct page *pg, bool write)
{
	int err;

	if (!page_get(pg, NULL))
		return GNTST_general_error;
	err = p2m_insert(ld, gfn, page_to_mfn(pg), 0,
			 write ? P2M_GRANT_RW : P2M_GRANT_RO);
	if (!err)
		return GNTST_okay;
	page_put(pg);
	return err == -ENOMEM ? GNTST_no_device_space : GNTST_general_error;
}

static int16_t map_one(struct domain *ld, struct domain *rd,
		       struct gnttab_map_grant_ref *op)
{
	bool write = !(op->flags & GNTMAP_readonly);
	struct maptrack track = {
		.granter = rd,
		.gfn = addr_to_gfn(op->host_addr).v,
		.state = write ? TRACK_RW : TRACK_RO,
		.ref = op->ref,
	};
	struct page *pg;
	uint32_t handle;
	int16_t status;

	if (!map_flags_ok(op->flags) || (op->host_addr & (PAGE_SIZE - 1)) ||
	    !p2m_may_alias(ld, addr_to_gfn(op->host_addr)))
		return GNTST_general_error;
	handle = handle_reserve(ld->grants);
	if (handle == HANDLE_NONE)
		return GNTST_no_device_space;
	status = grant_pin(rd, op->ref, ld->id, write, &pg);
	if (status)
		goto out_handle;
	status = map_into_p2m(ld, addr_to_gfn(op->host_addr), pg, write);
	if (status)
		goto out_pin;
	domain_get(rd);
	handle_commit(ld->grants, handle, &track);
	op->handle = handle;
	op->dev_bus_addr = op->host_addr;
	return GNTST_okay;

out_pin:
	grant_unpin(rd, op->ref, write);
out_handle:
	handle_free(ld->grants, handle);
	return status;
}

void grant_map_array(void *ops, unsigned int n)
{
	struct gnttab_map_grant_ref *op = ops;
	struct domain *ld = current->domain;
	struct granter_cache cache = {NULL};

	for (unsigned int i = 0; i < n; i++) {
		struct domain *rd = granter_find(&cache, op[i].dom);

		op[i].status = rd ? map_one(ld, rd, &op[i]) : GNTST_bad_domain;
	}
	granter_cache_end(&cache);
}

/* --- unmapping ------------------------------------------------------------ */

/* Mappings that have left the p2m and wait for the flush. */
struct unmapped {
	unsigned int n;
	struct {
		uint32_t handle;
		struct maptrack track;
		struct p2m_entry old;
	} e[GRANT_BATCH];
};

/* Makes the mapping at @handle ours to undo; nobody else can from then on. */
static int16_t track_claim(struct grant_table *gt, uint32_t handle,
			   const uint64_t *addr, struct maptrack *out)
{
	int16_t status = GNTST_okay;
	struct maptrack *t;

	LOCKED(&gt->lock);
	t = track_of(gt, handle);
	if (!t || t->state < TRACK_RW) {
		status = GNTST_bad_handle;
	} else if (addr && *addr != gfn_to_addr(GFN(t->gfn))) {
		status = GNTST_general_error;
	} else {
		*out = *t;
		t->state = TRACK_BUSY;
		gt->mapped--;
	}
	return status;
}

static int16_t unmap_begin(struct domain *ld, uint32_t handle,
			   const uint64_t *addr, struct unmapped *u)
{
	struct maptrack *track = &u->e[u->n].track;
	int16_t status = track_claim(ld->grants, handle, addr, track);
	int err;

	if (status)
		return status;
	u->e[u->n].handle = handle;
	err = p2m_remove(ld, GFN(track->gfn), P2M_BITS_GRANT, &u->e[u->n].old);
	BUG_ON(err);	/* only we put such entries in and take them out */
	u->n++;
	return GNTST_okay;
}

static void unmap_finish(struct domain *ld, struct unmapped *u)
{
	if (u->n)
		p2m_flush(ld);
	for (unsigned int i = 0; i < u->n; i++) {
		struct maptrack *t = &u->e[i].track;

		p2m_drop(ld, u->e[i].old);
		grant_unpin(t->granter, t->ref, t->state == TRACK_RW);
		handle_free(ld->grants, u->e[i].handle);
		domain_put(t->granter);
	}
	u->n = 0;
}

static void unmap_array(struct gnttab_unmap_grant_ref *op, unsigned int n, bool replace)
{
	struct domain *ld = current->domain;
	struct unmapped u;

	u.n = 0;
	for (unsigned int i = 0; i < n; i++)
		op[i].status = replace && op[i].dev_bus_addr ? GNTST_general_error :
			       unmap_begin(ld, op[i].handle, &op[i].host_addr, &u);
	unmap_finish(ld, &u);
}

void grant_unmap_array(void *ops, unsigned int n)
{
	unmap_array(ops, n, false);
}

/* new_addr, at dev_bus_addr's place, has a meaning with paravirtual paging only. */
void grant_replace_array(void *ops, unsigned int n)
{
	unmap_array(ops, n, true);
}

void grant_map_undo(void *ops, unsigned int n)
{
	struct gnttab_map_grant_ref *op = ops;
	struct domain *ld = current->domain;
	struct unmapped u;

	u.n = 0;
	for (unsigned int i = 0; i < n; i++)
		if (op[i].status == GNTST_okay)
			(void)unmap_begin(ld, op[i].handle, NULL, &u);
	unmap_finish(ld, &u);
}

int grants_unmap_all(struct domain *d)
{
	struct grant_table *gt = d->grants;
	struct unmapped u;

	ASSERT(d->dying);
	u.n = 0;
	while (gt->mapped) {
		while (gt->mapped && u.n < GRANT_BATCH && gt->unmap_next < gt->nr_handles)
			(void)unmap_begin(d, gt->unmap_next++, NULL, &u);
		unmap_finish(d, &u);
		if (gt->mapped && hypercall_preempt_check())
			return -ERESTART;
	}
	return 0;
}

/*
 * Grant tables: the table itself, and pinning entries of it (version 1 of
 * xen/grant_table.h). Mapping is in grant_map.c, copying in grant_copy.c, the
 * hypercall in grant_op.c.
 *
 * The granter shares its entries with us and may change them at any time: we
 * change {flags, domid} by cmpxchg only, read the frame number once, after the
 * entry says that we use it, and from then on trust our active entry alone.
 * The "in use" flags are cleared last, after every translation is gone: they
 * are the granter's leave to take the frame back.
 */
#include <hv/arch.h>
#include <hv/lib.h>
#include <hv/page.h>

#include "grant_table.h"

#define HANDLES_PER_MAPTRACK_FRAME 256u	/* as toolstacks count them */
#define CMPXCHG_TRIES 5

/* --- life ----------------------------------------------------------------- */

static int grow_one_locked(struct grant_table *gt)
{
	struct grant_frame *f = &gt->frame[gt->nr_frames];
	mfn_t mfn;

	f->active = heap_alloc(GRANTS_PER_FRAME * sizeof(*f->active));
	if (!f->active)
		return -ENOMEM;
	/* Frames, not heap: the toolstack's mappings hold references on them. */
	mfn = page_alloc(0, 0);
	if (!mfn_valid_value(mfn)) {
		heap_free(f->active);
		f->active = NULL;
		return -ENOMEM;
	}
	f->mfn = mfn;
	f->gfn = INVALID_GFN;
	f->entry = map_frame(mfn);
	memset(f->entry, 0, PAGE_SIZE);
	gt->nr_frames++;
	return 0;
}

int grants_create(struct domain *d, unsigned int max_frames,
		  unsigned int max_maptrack_frames)
{
	struct grant_table *gt = heap_alloc(sizeof(*gt));

	if (!gt)
		return -ENOMEM;
	d->grants = gt;
	gt->max_frames = max_frames;
	gt->max_handles = max_maptrack_frames * HANDLES_PER_MAPTRACK_FRAME;
	gt->free_handle = HANDLE_NONE;
	if (!max_frames)
		return 0;
	gt->frame = heap_alloc(max_frames * sizeof(*gt->frame));
	if (!gt->frame)
		return -ENOMEM;
	return grow_one_locked(gt);
}

void grants_destroy(struct domain *d)
{
	struct grant_table *gt = d->grants;

	ASSERT(!gt->pinned && !gt->mapped);
	for (unsigned int i = 0; i < gt->nr_frames; i++) {
		unmap_frame(gt->frame[i].entry);
		page_put(mfn_to_page(gt->frame[i].mfn));
		heap_free(gt->frame[i].active);
	}
	for (unsigned int i = 0; i * TRACKS_PER_PAGE < gt->nr_handles; i++)
		heap_free_page(gt->track[i]);
	heap_free(gt->track);
	heap_free(gt->frame);
	heap_free(gt);
	d->grants = NULL;
}

unsigned int grants_active(const struct domain *d)
{
	return d->grants->pinned + d->grants->mapped;
}

/* --- shared frames -------------------------------------------------------- */

unsigned int grants_max_frames(const struct domain *d)
{
	return d->grants->max_frames;
}

int grants_frame(struct domain *d, unsigned int idx, mfn_t *out)
{
	struct grant_table *gt = d->grants;
	int err = 0;

	if (idx >= gt->max_frames)
		return -EINVAL;
	LOCKED(&gt->lock);
	while (!err && gt->nr_frames <= idx)
		err = grow_one_locked(gt);
	if (!err)
		*out = gt->frame[idx].mfn;
	return err;
}

gfn_t grants_frame_gfn(struct domain *d, unsigned int idx)
{
	struct grant_table *gt = d->grants;
	gfn_t gfn;

	LOCKED(&gt->lock);
	gfn = idx < gt->nr_frames ? gt->frame[idx].gfn : INVALID_GFN;
	return gfn;
}

void grants_set_frame_gfn(struct domain *d, unsigned int idx, gfn_t gfn)
{
	struct grant_table *gt = d->grants;

	LOCKED(&gt->lock);
	BUG_ON(idx >= gt->nr_frames);
	gt->frame[idx].gfn = gfn;
}

void grants_forget_gfn(struct domain *d, gfn_t gfn)
{
	struct grant_table *gt = d->grants;

	LOCKED(&gt->lock);
	for (unsigned int i = 0; i < gt->nr_frames; i++)
		if (gt->frame[i].gfn.v == gfn.v)
			gt->frame[i].gfn = INVALID_GFN;
}

/* --- pinning -------------------------------------------------------------- */

/* {flags, domid} as the one word that is compared and exchanged. */
union entry_word {
	struct {
		uint16_t flags;
		domid_t domid;
	};
	uint32_t word;
};
_Static_assert(offsetof(struct grant_entry_v1, domid) == 2 &&
	       offsetof(struct grant_entry_v1, frame) == 4 &&
	       sizeof(struct grant_entry_v1) == 8, "grant entry, version 1");

/* Tells the granter that the entry is in use, if it allows that. */
static int16_t entry_take(struct grant_entry_v1 *e, domid_t mapper, bool write)
{
	uint32_t *word = (uint32_t *)e;
	union entry_word old, new;

	old.word = __atomic_load_n(word, __ATOMIC_ACQUIRE);
	for (unsigned int i = 0; i < CMPXCHG_TRIES; i++) {
		if ((old.flags & GTF_type_mask) != GTF_permit_access ||
		    old.domid != mapper)
			return GNTST_general_error;
		if (write && (old.flags & GTF_readonly))
			return GNTST_general_error;
		new.word = old.word;
		new.flags |= GTF_reading | (write ? GTF_writing : 0);
		if (__atomic_compare_exchange_n(word, &old.word, new.word,
						false, __ATOMIC_SEQ_CST,
						__ATOMIC_ACQUIRE))
			return GNTST_okay;
	}
	return GNTST_general_error;
}

/* Clears what the remaining pins no longer need. */
static void entry_give_back(struct grant_entry_v1 *e, const struct grant_active *act)
{
	uint16_t gone = 0;

	if (!act->writers)
		gone |= GTF_writing;
	if (!act->writers && !act->readers)
		gone |= GTF_reading;
	if (gone)
		__atomic_fetch_and(&e->flags, (uint16_t)~gone, __ATOMIC_SEQ_CST);
}

/* The entry is in use now: its frame, found once for all pins. */
static int16_t first_pin_locked(struct domain *rd, struct grant_entry_v1 *e,
				struct grant_active *act, domid_t mapper)
{
	uint32_t frame = __atomic_load_n(&e->frame, __ATOMIC_RELAXED);
	enum p2m_type type;
	struct page *pg = p2m_get_ram(rd, GFN(frame), &type);

	if (!pg)
		return GNTST_bad_page;
	act->page = pg;
	act->mapper = mapper;
	act->writable = p2m_is_writable(type);
	rd->grants->pinned++;
	return GNTST_okay;
}

static int16_t pin_locked(struct domain *rd, grant_ref_t ref, domid_t mapper,
			  bool write, struct page **out)
{
	struct grant_frame *f = &rd->grants->frame[ref / GRANTS_PER_FRAME];
	struct grant_entry_v1 *e = &f->entry[ref % GRANTS_PER_FRAME];
	struct grant_active *act = &f->active[ref % GRANTS_PER_FRAME];
	bool first = !act->readers && !act->writers;
	int16_t status = GNTST_okay;

	if (!first && (act->mapper != mapper || act->readers == UINT16_MAX ||
		       act->writers == UINT16_MAX))
		return GNTST_general_error;
	if (first || (write && !act->writers))
		status = entry_take(e, mapper, write);
	if (status)
		return status;
	if (first)
		status = first_pin_locked(rd, e, act, mapper);
	if (!status && write && !act->writable)
		status = GNTST_bad_page;
	if (!status) {
		act->readers += !write;
		act->writers += write;
		*out = act->page;
		return GNTST_okay;
	}
	entry_give_back(e, act);
	if (first && act->page) {
		page_put(act->page);
		act->page = NULL;
		rd->grants->pinned--;
	}
	return status;
}

int16_t grant_pin(struct domain *rd, grant_ref_t ref, domid_t mapper,
		  bool write, struct page **out)
{
	struct grant_table *gt = rd->grants;
	int16_t status = GNTST_bad_gntref;

	LOCKED(&gt->lock);
	if (ref / GRANTS_PER_FRAME < gt->nr_frames)
		status = pin_locked(rd, ref, mapper, write, out);
	return status;
}

void grant_unpin(struct domain *rd, grant_ref_t ref, bool write)
{
	struct grant_table *gt = rd->grants;
	struct grant_frame *f = &gt->frame[ref / GRANTS_PER_FRAME];
	struct grant_active *act = &f->active[ref % GRANTS_PER_FRAME];
	struct page *pg = NULL;

	spin_lock(&gt->lock);
	act->readers -= !write;
	act->writers -= write;
	entry_give_back(&f->entry[ref % GRANTS_PER_FRAME], act);
	if (!act->readers && !act->writers) {
		pg = act->page;
		act->page = NULL;
		gt->pinned--;
	}
	spin_unlock(&gt->lock);
	if (pg)
		page_put(pg);
}

/* --- swapping entries ------------------------------------------------------ */

static int16_t swap_locked(struct grant_table *gt, grant_ref_t a, grant_ref_t b)
{
	unsigned int nr = gt->nr_frames * (unsigned int)GRANTS_PER_FRAME;
	struct grant_entry_v1 *e[2], old;
	const grant_ref_t ref[2] = {a, b};

	for (unsigned int i = 0; i < 2; i++) {
		struct grant_frame *f;

		if (ref[i] >= nr)
			return GNTST_bad_gntref;
		f = &gt->frame[ref[i] / GRANTS_PER_FRAME];
		if (f->active[ref[i] % GRANTS_PER_FRAME].page)
			return GNTST_eagain;
		e[i] = &f->entry[ref[i] % GRANTS_PER_FRAME];
	}
	old = *e[0];
	*e[0] = *e[1];
	*e[1] = old;
	return GNTST_okay;
}

void grant_swap_array(void *ops, unsigned int n)
{
	struct gnttab_swap_grant_ref *op = ops;
	struct grant_table *gt = current->domain->grants;

	LOCKED(&gt->lock);
	for (unsigned int i = 0; i < n; i++)
		op[i].status = swap_locked(gt, op[i].ref_a, op[i].ref_b);
}

/* --- granters ------------------------------------------------------------- */

struct domain *granter_find(struct granter_cache *c, domid_t id)
{
	if (id == DOMID_SELF)
		id = current->domain->id;
	if (!c->d || c->d->id != id) {
		granter_cache_end(c);
		c->d = domain_find(id);
	}
	return c->d && !c->d->dying ? c->d : NULL;
}

void granter_cache_end(struct granter_cache *c)
{
	if (c->d)
		domain_put(c->d);
	c->d = NULL;
}

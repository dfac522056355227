/*
 * Machine frames: who owns them and how often they are referenced.
 *
 * A frame is free, the hypervisor's own (owner DOMID_XEN) or a domain's. A
 * domain's frame is born with one reference, the *allocation reference*, that
 * belongs to its place in the owner's memory; every grant pin, foreign or
 * grant p2m entry and registered area holds one more. The frame goes back to
 * the allocator when the last reference goes, and is scrubbed before anyone
 * else sees it. 16 bytes a frame: 0.4 % of RAM.
 */
#ifndef HV_PAGE_H
#define HV_PAGE_H

#include <hv/lib.h>

struct domain;

enum page_state { PAGE_OFFLINE, PAGE_FREE, PAGE_INUSE };

struct page {
	uint32_t refs;	/* atomic; 0 when free or offline */
	uint16_t owner;	/* domid; DOMID_XEN for the hypervisor's */
	uint8_t order;	/* of the free block this heads */
	uint8_t state;	/* enum page_state */
	uint32_t next;	/* links of the allocator's free list / */
	uint32_t prev;	/* a domain's list of frames (mfn, PAGE_NIL) */
};

#define PAGE_NIL	0xffffffffu
#define PAGE_MAX_ORDER	18	/* 1 GiB */

/* NULL for a frame that is not usable RAM of this machine. */
struct page *mfn_to_page(mfn_t mfn);
mfn_t page_to_mfn(const struct page *pg);

/* --- allocator (mm/page_alloc.c): buddy, any CPU, own lock ------------- */

/*
 * First: the frame table, @frames entries of zeroed memory at @table. Called by
 * paging_init().
 */
void page_alloc_init(struct page *table, uint64_t frames);
/* Hands [start, end) of usable RAM over at boot. */
void page_alloc_add(mfn_t start, mfn_t end);
/* Takes a free range out for good (dom0's identity RAM). -EBUSY if not free. */
int page_alloc_reserve(mfn_t start, uint64_t nr, domid_t owner) must_check;
/* Takes RAM in that the allocator was never given, as in use by @owner. */
void page_alloc_adopt(mfn_t start, uint64_t nr, domid_t owner);
/*
 * 2^order contiguous frames, owner DOMID_XEN, refs 1, contents undefined;
 * INVALID_MFN when there is none. @below: all frames under this mfn (0: any).
 */
mfn_t page_alloc(unsigned int order, uint64_t below) must_check;
void page_free(mfn_t mfn, unsigned int order);
uint64_t page_nr_free(void);
mfn_t page_max_mfn(void);	/* highest frame that is usable RAM */
uint64_t page_nr_total(void);	/* usable RAM the allocator was given */

/* --- the hypervisor's own memory (mm/heap.c) --------------------------- */

/* Zeroed; NULL when memory is short. Any size; over half a page = frames. */
void *heap_alloc(size_t size) must_check;
void heap_free(void *p);
/* One zeroed frame as a pointer. */
void *heap_alloc_page(void) must_check;
void heap_free_page(void *p);

/* --- ownership (mm/page.c) --------------------------------------------- */

/*
 * An extent of 2^order frames for @d, within d->max_pages, each with its
 * allocation reference. INVALID_MFN when over the limit or out of memory. What is
 * in them may be others': page_clear() each before it can be reached.
 */
mfn_t page_alloc_domain(struct domain *d, unsigned int order) must_check;
void page_clear(mfn_t mfn);
/* Takes one more reference if the frame belongs to @d (NULL: to any domain). */
bool page_get(struct page *pg, const struct domain *d) must_check;
/* The frame of the last reference is freed, and its owner's tot_pages lowered. */
void page_last_put(struct page *pg);

/* Drops one reference; true when it was the last. */
static inline bool page_drop_ref(struct page *pg)
{
	uint32_t refs = __atomic_fetch_sub(&pg->refs, 1, __ATOMIC_ACQ_REL);

	BUG_ON(!refs);
	return refs == 1;
}

static inline void page_put(struct page *pg)
{
	if (page_drop_ref(pg))
		page_last_put(pg);
}
/*
 * The owner's allocation reference, given up. tot_pages counts frames that
 * exist, so a frame that others still hold counts until the last put; as long
 * as it is not 0 it holds one reference on the domain.
 */
void page_release(struct domain *d, struct page *pg);
/* @nr frames became @d's otherwise (page_alloc_reserve): counts them. */
void page_account(struct domain *d, unsigned int nr);

/*
 * XENMEM_claim_pages: promises @d memory up to @nr pages in all; others cannot
 * allocate what is promised. -EINVAL when a promise is open, or @nr is not
 * between what it has and max_pages; -ENOMEM.
 */
int page_claim(struct domain *d, uint64_t nr) must_check;
/* Takes what is left of the promise back. */
void page_unclaim(struct domain *d);
uint64_t page_nr_claimed(void);

/* --- access by frame: the only way to guest memory --------------------- */

void *map_frame(mfn_t mfn);
void unmap_frame(const void *p);
/* The machine frame behind a hypervisor pointer (heap pages, map_frame). */
mfn_t virt_to_mfn(const void *p);

#endif

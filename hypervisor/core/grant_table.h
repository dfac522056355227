/*
 * A domain's grant table: shared by the grant*.c files only.
 *
 * Two halves under one lock. As granter: the shared frames and, beside each
 * entry, what is pinned of it ("active"). As mapper: the maptrack, whose index
 * is the handle. The lock of a granter may be taken under no other grant lock:
 * mapper and granter are changed one after the other, never together.
 */
#ifndef CORE_GRANT_TABLE_H
#define CORE_GRANT_TABLE_H

#include <hv/grant.h>
#include <hv/p2m.h>

#include <xen/grant_table.h>

#define GRANTS_PER_FRAME (PAGE_SIZE / sizeof(struct grant_entry_v1))
#define GRANT_BATCH	32u

struct grant_active {
	struct page *page;	/* one reference while anything is pinned */
	uint16_t readers, writers;
	domid_t mapper;
	bool writable;		/* the frame may be written at all */
};
_Static_assert(sizeof(struct grant_active) == 16, "8 KiB beside each frame");

struct grant_frame {
	struct grant_entry_v1 *entry;	/* guest-writable; map_frame() for good */
	struct grant_active *active;
	mfn_t mfn;
	gfn_t gfn;			/* where the domain has mapped it */
};

enum maptrack_state { TRACK_FREE, TRACK_BUSY, TRACK_RW, TRACK_RO };

struct maptrack {
	struct domain *granter;		/* referenced */
	uint64_t gfn : 52;		/* in the mapper */
	uint64_t state : 8;		/* enum maptrack_state */
	uint32_t ref;			/* or the next free handle */
};
_Static_assert(sizeof(struct maptrack) == 24, "170 handles in a page");
#define TRACKS_PER_PAGE	(PAGE_SIZE / sizeof(struct maptrack))
#define HANDLE_NONE	UINT32_MAX

struct grant_table {
	spinlock_t lock;

	unsigned int max_frames, nr_frames;
	struct grant_frame *frame;	/* [max_frames] */
	unsigned int pinned;		/* entries with pins */

	unsigned int max_handles, nr_handles;
	struct maptrack **track;	/* pages; NULL until the first map */
	uint32_t free_handle;		/* head of the free list */
	unsigned int mapped;
	uint32_t unmap_next;		/* grants_unmap_all() goes on here */
};

/* Granters looked up in one hypercall: the same one over and over. */
struct granter_cache {
	struct domain *d;
};
/* The live domain @id (DOMID_SELF allowed), or NULL. The cache holds it. */
struct domain *granter_find(struct granter_cache *c, domid_t id);
void granter_cache_end(struct granter_cache *c);

/*
 * Pins entry @ref of @rd for @mapper: GNTST_okay and its frame, which stays
 * until the unpin with the same @write. Takes and leaves rd's lock.
 */
int16_t grant_pin(struct domain *rd, grant_ref_t ref, domid_t mapper,
		  bool write, struct page **out);
void grant_unpin(struct domain *rd, grant_ref_t ref, bool write);

/* struct gnttab_copy as 32-bit callers lay it out. */
struct compat_copy {
	struct compat_copy_ptr {
		uint32_t frame;		/* or reference */
		domid_t domid;
		uint16_t offset;
	} source, dest;
	uint16_t len, flags;
	int16_t status;
};
_Static_assert(sizeof(struct compat_copy) == 24, "32-bit layout");

/* One array of operations of current; each gets its status. */
void grant_map_array(void *ops, unsigned int n);
void grant_unmap_array(void *ops, unsigned int n);
void grant_replace_array(void *ops, unsigned int n);
void grant_swap_array(void *ops, unsigned int n);
void grant_copy_array(void *ops, unsigned int n);
void grant_copy_compat_array(void *ops, unsigned int n);	/* struct compat_copy */
/* The results of a map array could not be told: undoes it. */
void grant_map_undo(void *ops, unsigned int n);

#endif

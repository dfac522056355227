/*
 * A domain's physical memory: gfn -> (mfn, type). The nested page table is the
 * p2m; there is no second copy. What an entry owns:
 *   RAM_*              the frame's allocation reference (frame owned by d)
 *   SPECIAL            nothing (frame kept by shared_info / grant table)
 *   GRANT_*, FOREIGN_* one page reference on another domain's frame
 *   MMIO               nothing
 * Locks: d->p2m_lock covers every change and every lookup.
 */
#ifndef HV_P2M_H
#define HV_P2M_H

#include <hv/types.h>

struct domain;
struct page;

enum p2m_type {
	P2M_HOLE,
	P2M_RAM_RW,
	P2M_RAM_RO,
	P2M_RAM_LOGDIRTY,
	P2M_SPECIAL,
	P2M_GRANT_RW,
	P2M_GRANT_RO,
	P2M_FOREIGN_RW,
	P2M_FOREIGN_RO,
	P2M_MMIO,
};

#define P2M_BIT(type)	(1u << (type))
#define P2M_BITS_RAM	(P2M_BIT(P2M_RAM_RW) | P2M_BIT(P2M_RAM_RO) | \
			 P2M_BIT(P2M_RAM_LOGDIRTY))
#define P2M_BITS_GRANT	(P2M_BIT(P2M_GRANT_RW) | P2M_BIT(P2M_GRANT_RO))
#define P2M_BITS_FOREIGN (P2M_BIT(P2M_FOREIGN_RW) | P2M_BIT(P2M_FOREIGN_RO))

struct p2m_entry {
	mfn_t mfn;	/* of this very gfn, also inside a superpage */
	enum p2m_type type;
	unsigned int order;	/* of the mapping it is part of: 0, 9, 18 */
};

static inline bool p2m_is_ram(enum p2m_type t)
{
	return t >= P2M_RAM_RW && t <= P2M_RAM_LOGDIRTY;
}

static inline bool p2m_is_writable(enum p2m_type t)
{
	return t == P2M_RAM_RW || t == P2M_SPECIAL || t == P2M_GRANT_RW ||
	       t == P2M_FOREIGN_RW || t == P2M_MMIO;
}

/* The entry at @gfn; a hole reads as {INVALID_MFN, P2M_HOLE, 0}. */
struct p2m_entry p2m_get(struct domain *d, gfn_t gfn);

/*
 * RAM-like frame at @gfn with one reference taken on it, or NULL. @write also
 * demands a writable entry. Any type but HOLE and MMIO.
 */
struct page *p2m_get_page(struct domain *d, gfn_t gfn, bool write) must_check;

/*
 * The domain's own RAM at @gfn with one reference taken, and its type; NULL
 * for everything else.
 */
struct page *p2m_get_ram(struct domain *d, gfn_t gfn, enum p2m_type *type) must_check;

/* The same for RAM that may be written. */
struct page *p2m_get_own(struct domain *d, gfn_t gfn) must_check;

/*
 * Puts an entry where there is a hole: -EEXIST if there is something, -ENOMEM
 * for want of table frames, -EINVAL beyond the domain's address width, not
 * aligned to @order, or when the domain is dying. @order
 * 0, 9 or 18 (else -EINVAL) with both numbers aligned to it. Splits and merges nothing. No
 * flush is needed (hole -> present).
 */
int p2m_insert(struct domain *d, gfn_t gfn, mfn_t mfn, unsigned int order,
	       enum p2m_type type) must_check;

/*
 * Takes one 4 KiB entry out and hands it back in @old, splitting a superpage
 * when it must (-ENOMEM). -ENOENT: a hole; -EPERM: its type is not in @types
 * (P2M_BIT()s), which is looked at under the lock: nobody takes away another's
 * grant mapping, however it races. The caller must p2m_flush(d) before it
 * drops the reference that the entry owned: p2m_drop() does.
 */
int p2m_remove(struct domain *d, gfn_t gfn, unsigned int types,
	       struct p2m_entry *old) must_check;

/*
 * May a grant or foreign frame be mapped at @gfn? In the identity-mapped
 * hardware domain not at a number that is a frame of the machine's RAM: a
 * device told that number would reach somebody else's memory.
 */
bool p2m_may_alias(const struct domain *d, gfn_t gfn);

/*
 * Gives back what removed entry @old owned. After p2m_flush() only. RAM of the
 * identity-mapped hardware domain is parked: it stays the domain's, so that
 * nobody else ever owns a frame at a number it believes to be its own.
 */
void p2m_drop(struct domain *d, struct p2m_entry old);

/* After this no vCPU of @d uses a translation that was removed before. */
void p2m_flush(struct domain *d);

/* Highest gfn ever populated (XENMEM_maximum_gpfn). */
gfn_t p2m_max_gfn(struct domain *d);

/*
 * Tears everything down for a dying domain whose vCPUs no longer run: drops
 * what entries own, frees tables. Preemptible: -ERESTART until done.
 */
int p2m_teardown(struct domain *d) must_check;

#endif

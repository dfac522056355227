/*
 * Nested page table entries: what AMD's (the long-mode format, APM vol. 2 5.3,
 * 15.25) and Intel's (EPT, SDM vol. 3 29.3) have in common. The vendor adds its
 * own bits to leaves (hvm_ops->p2m_leaf). The p2m type lives in bits left to
 * software, 52 to 55. The table is the p2m: hv/p2m.h says what an entry owns.
 */
#ifndef X86_NPT_H
#define X86_NPT_H

#include <hv/p2m.h>

#define NPT_P		(1ull << 0)	/* Intel: readable */
#define NPT_W		(1ull << 1)
#define NPT_U		(1ull << 2)	/* always: AMD: user; Intel: executable */
#define NPT_A		(1ull << 5)	/* AMD's */
#define NPT_D		(1ull << 6)	/* AMD's */
#define NPT_PS		(1ull << 7)	/* a leaf at level 2 or 3 */
#define NPT_TYPE_SHIFT	52
#define NPT_ADDR	0x000ffffffffff000ull

#define NPT_LEVELS	4
#define NPT_ENTRIES	512u

/* Frames an entry of level @l covers, as a power of two: 0, 9, 18, 27. */
#define NPT_ORDER(l)	(9u * ((l) - 1))

/*
 * Several look-ups in a row, as a walk of a guest's page tables makes them: the
 * table where the last one ended is where the next begins, if it covers that
 * frame too. Good while p2m_lock is held, and no longer.
 */
struct npt_view {
	struct domain *d;
	mfn_t table;
	unsigned int level;	/* of table */
	gfn_t gfn;		/* one that it covers */
};
#define NPT_VIEW(dom)	{(dom), (dom)->arch->npt_root, NPT_LEVELS, GFN(0)}

/* arch_p2m_get() through @w. */
struct p2m_entry npt_look_locked(struct npt_view *w, gfn_t gfn);

#endif

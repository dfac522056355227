/* Between the files of x86/iommu: the page table, and a vendor's operations. */
#ifndef IOMMU_IOMMU_H
#define IOMMU_IOMMU_H

#include <hv/cpu.h>

#include <x86/iommu.h>

/* --- page table (table.c) ---------------------------------------------------------- */

/*
 * Bits of an entry. Levels count from the leaves, as in x86/npt.h: a leaf at level 1
 * maps 4 KiB, at 2 2 MiB, at 3 1 GiB.
 */
struct iopt_format {
	uint64_t present;	/* set in every entry but empty ones, which are 0 */
	uint64_t leaf;		/* in every leaf */
	uint64_t write;		/* in a leaf that may be written */
	uint64_t table;		/* in an entry that points to a table */
	uint64_t kind_mask;	/* an entry above level 1 is a leaf when these bits ... */
	uint64_t kind_leaf;	/* ... are these */
	unsigned int next_shift;	/* where an entry tells its table's level; 0: not */
};

struct iopt {
	const struct iopt_format *format;
	mfn_t root;
	unsigned int levels;
	unsigned int max_leaf;	/* highest level that may have leaves */
	bool incoherent;	/* the hardware does not see the CPU's cache */
};

/* Makes the root. -ENOMEM. */
int iopt_init(struct iopt *t) must_check;
/*
 * Maps 2^order frames (0, 9, 18), aligned; what was mapped there is replaced. -ENOMEM:
 * nothing is mapped there any more.
 */
int iopt_map(struct iopt *t, gfn_t gfn, mfn_t mfn, unsigned int order, bool write)
	must_check;
/* No leaf around @gfn is larger than 2^order after this. -ENOMEM: as it was. */
int iopt_split(struct iopt *t, gfn_t gfn, unsigned int order) must_check;
/* Takes 2^order frames out. Leaves there are not larger (iopt_split()). */
void iopt_unmap(struct iopt *t, gfn_t gfn, unsigned int order);
/* The frame that @gfn is mapped to, or INVALID_MFN. */
mfn_t iopt_look(const struct iopt *t, gfn_t gfn, bool *write, unsigned int *order);
/* [p, p + len) is written through to memory. */
void iommu_write_back(const void *p, size_t len);

/* --- vendors (vtd.c, amdvi.c) ------------------------------------------------------ */

#define IOMMU_DOMAIN	1u	/* the tag of all translations; 0 is special on Intel's */
#define IOMMU_WAIT_NS	1000000000ul	/* what takes longer never happens */

/* What all units of the machine can do. */
struct iommu_caps {
	unsigned int bits;	/* of a device's address */
	unsigned int levels, max_leaf;
	bool incoherent;
	bool flush_new;		/* new entries have to be flushed, too (a virtual unit) */
};

struct iommu_fault {
	uint32_t fn;		/* PCI_FN() */
	bool interrupt;		/* not DMA, but a message to a CPU */
	bool known;		/* the next two are */
	bool write;
	uint64_t addr;
	unsigned int code;	/* the unit's own word for why */
};

struct iommu_ops {
	const char *name;
	const struct iopt_format *format;
	/* Finds out about the units, changing nothing; NULL or why they are no use. */
	const char *(*probe)(struct iommu_caps *caps);
	/* All on, with translation by @t; NULL or why not. */
	const char *(*enable)(const struct iopt *t);
	/* All off, whatever they are doing. */
	void (*disable)(void);
	/* Sends of devices are looked up from now on; false: cannot, or are not. */
	bool (*remap_interrupts)(void);
	/* No translation of [first, last] is cached or in use after this. */
	void (*flush)(gfn_t first, gfn_t last);
	/* The next DMA that was stopped, or false: none at the moment. */
	bool (*next_fault)(struct iommu_fault *f);
	/* Length of a unit's registers. */
	uint64_t (*registers)(unsigned int unit);
};
extern const struct iommu_ops vtd_ops, amdvi_ops;

/* Smallest order of an aligned block that holds both. */
static inline unsigned int iommu_block_order(gfn_t first, gfn_t last)
{
	uint64_t differ = first.v ^ last.v;

	return differ ? 64u - (unsigned int)__builtin_clzll(differ) : 0;
}

#endif

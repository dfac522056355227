/*
 * The machine's memory types by its MTRRs (Intel SDM vol. 3 12.11): EPT does not
 * look at them, so every EPT entry of device memory carries its type.
 */
#ifndef VMX_MTRR_H
#define VMX_MTRR_H

#include <hv/types.h>

#define MTRR_PAIRS_MAX	32u	/* the capability field allows 255, CPUs have 10 */
#define MEMORY_UC	0u
#define MEMORY_WT	4u
#define MEMORY_WB	6u

struct host_mtrrs {
	uint64_t def_type;
	unsigned int pairs;
	struct {
		uint64_t base, mask;
	} var[MTRR_PAIRS_MAX];
	uint64_t fixed[11];	/* 64 KiB, 2 x 16 KiB, 8 x 4 KiB each 8 */
	uint64_t addr_mask;	/* of a physical address, page bits cleared */
};

void mtrrs_read(struct host_mtrrs *m);
/* The type of [pa, pa + size), 4 KiB or a superpage; mixed is uncached. Pure. */
unsigned int mtrrs_type(const struct host_mtrrs *m, uint64_t pa, uint64_t size);

#endif

/* Memory types by MTRRs; see mtrr.h. */
#include <x86/asm.h>
#include <x86/platform.h>

#include "mtrr.h"

#define CPUID_MTRR	(1u << 12)	/* leaf 1 edx */
#define MSR_CAP		0xfeu
#define MSR_VAR		0x200u
#define MSR_DEF_TYPE	0x2ffu
#define CAP_FIXED	(1u << 8)
#define DEF_ENABLED	(1u << 11)
#define DEF_FIXED	(1u << 10)
#define VAR_VALID	(1u << 11)
#define FIXED_END	0x100000ul

static const uint16_t fixed_msrs[] = {0x250, 0x258, 0x259, 0x268, 0x269, 0x26a,
				      0x26b, 0x26c, 0x26d, 0x26e, 0x26f};

void mtrrs_read(struct host_mtrrs *m)
{
	uint64_t cap;

	*m = (struct host_mtrrs){0};
	if (!(cpuid(1, 0).d & CPUID_MTRR))
		return;		/* everything is uncached then */
	cap = rdmsr(MSR_CAP);
	m->def_type = rdmsr(MSR_DEF_TYPE);
	if (!(cap & CAP_FIXED))
		m->def_type &= ~(uint64_t)DEF_FIXED;
	m->pairs = MIN((unsigned int)cap & 0xff, MTRR_PAIRS_MAX);
	m->addr_mask = ((1ull << host_phys_bits) - 1) & PAGE_MASK;
	for (unsigned int i = 0; i < m->pairs; i++) {
		m->var[i].base = rdmsr(MSR_VAR + 2 * i);
		m->var[i].mask = rdmsr(MSR_VAR + 2 * i + 1);
	}
	for (unsigned int i = 0; (m->def_type & DEF_FIXED) &&
	     i < ARRAY_SIZE(fixed_msrs); i++)
		m->fixed[i] = rdmsr(fixed_msrs[i]);
}

/* Bytes in the order of addresses: eight of 64 KiB, 16 of 16 KiB, 64 of 4 KiB. */
static unsigned int fixed_type(const struct host_mtrrs *m, uint64_t pa)
{
	unsigned int i;

	if (pa < 0x80000)
		i = (unsigned int)(pa >> 16);
	else if (pa < 0xc0000)
		i = 8 + (unsigned int)((pa - 0x80000) >> 14);
	else
		i = 24 + (unsigned int)((pa - 0xc0000) >> 12);
	return m->fixed[i / 8] >> (i % 8 * 8) & 0xff;
}

/*
 * Overlaps: uncached wins, then write-through over write-back; what else meets
 * is undefined, so uncached. A range that covers a part of the page counts, and
 * where it leaves a part to others the whole is taken as the stronger one.
 */
static unsigned int combine(unsigned int a, unsigned int b)
{
	if (a == b)
		return a;
	if ((a == MEMORY_WT && b == MEMORY_WB) ||
	    (a == MEMORY_WB && b == MEMORY_WT))
		return MEMORY_WT;
	return MEMORY_UC;
}

unsigned int mtrrs_type(const struct host_mtrrs *m, uint64_t pa, uint64_t size)
{
	unsigned int type = 0;
	bool found = false, whole = false;

	if (!(m->def_type & DEF_ENABLED))
		return MEMORY_UC;
	if (pa < FIXED_END && (m->def_type & DEF_FIXED))
		return size == PAGE_SIZE ? fixed_type(m, pa) : MEMORY_UC;
	for (unsigned int i = 0; i < m->pairs; i++) {
		uint64_t mask = m->var[i].mask & m->addr_mask;
		uint64_t wide = mask & ~(size - 1);
		unsigned int t = m->var[i].base & 0xff;

		if (!(m->var[i].mask & VAR_VALID) ||
		    ((m->var[i].base ^ pa) & wide))
			continue;
		type = found ? combine(type, t) : t;
		found = true;
		whole |= wide == mask;
	}
	if (!found)
		return m->def_type & 0xff;
	return whole ? type : combine(type, m->def_type & 0xff);
}

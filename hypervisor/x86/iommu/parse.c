/* What DMAR and IVRS have in common: units and ranges, checked. Pure. */
#include <hv/lib.h>
#include <hv/page.h>

#include <x86/platform.h>

#include "parse.h"

#define RANGE_MAX	(1ull << 30)
#define REGS_MAX	(512ull << 10)

struct iommu_tables iommu_tables;

void iommu_tables_wrong(const char *why)
{
	if (!iommu_tables.wrong)
		iommu_tables.wrong = why;
}

bool iommu_tables_begin(bool amd)
{
	bool first = !iommu_tables.unit_nr && !iommu_tables.wrong;

	iommu_tables.amd = amd;
	return first;
}

static bool addressable(uint64_t start, uint64_t len)
{
	uint64_t limit = 1ull << host_phys_bits;

	return start < limit && len <= limit - start;
}

void iommu_add_unit(const struct iommu_place *u)
{
	struct iommu_tables *t = &iommu_tables;

	if (!u->regs || (u->regs & (PAGE_SIZE - 1)) || !addressable(u->regs, REGS_MAX)) {
		iommu_tables_wrong("a unit's registers are where none can be");
		return;
	}
	for (unsigned int i = 0; i < t->unit_nr; i++) {
		if (t->unit[i].regs == u->regs) {
			iommu_tables_wrong("two units have the same registers");
			return;
		}
	}
	if (t->unit_nr == IOMMU_UNITS_MAX)
		iommu_tables_wrong("there are more units than can be used");
	else
		t->unit[t->unit_nr++] = *u;
}

/* One that is left out counts as not covered. */
void iommu_add_scope(const struct iommu_scope *s)
{
	struct iommu_tables *t = &iommu_tables;

	if (t->scope_nr < IOMMU_SCOPES_MAX)
		t->scope[t->scope_nr++] = *s;
}

void iommu_add_range(uint64_t start, uint64_t len, bool write)
{
	struct iommu_tables *t = &iommu_tables;

	if (!len || len > RANGE_MAX || !addressable(start, len))
		iommu_tables_wrong("a device's memory is where none can be");
	else if (t->range_nr == IOMMU_RANGES_MAX)
		iommu_tables_wrong("more memory ranges of devices than can be used");
	else
		t->range[t->range_nr++] = (struct iommu_range){
			ROUNDDOWN(start, PAGE_SIZE), ROUNDUP(start + len, PAGE_SIZE), write,
		};
}

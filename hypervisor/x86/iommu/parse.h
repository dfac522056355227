/* What both parsers fill iommu_tables with; each checks what it is given (parse.c). */
#ifndef IOMMU_PARSE_H
#define IOMMU_PARSE_H

#include <x86/iommu.h>

/* False: there was a table before. */
bool iommu_tables_begin(bool amd);
/* The first reason stands. */
void iommu_tables_wrong(const char *why);
void iommu_add_unit(const struct iommu_place *u);
void iommu_add_scope(const struct iommu_scope *s);
void iommu_add_range(uint64_t start, uint64_t len, bool write);

#endif

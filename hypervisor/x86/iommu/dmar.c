/*
 * ACPI's DMAR table (VT-d specification, chapter 8). Pure. A table that is not
 * right in every length is not used at all: a unit or a range that was
 * overlooked would be worse than none.
 */
#include <hv/lib.h>
#include <hv/log.h>

#include <x86/iommu.h>

#include "parse.h"

struct dmar_table {
	struct acpi_header h;
	uint8_t address_bits, flags, reserved[10];
} packed;

struct dmar_entry {
	uint16_t type, length;
} packed;

/* A remapping unit, 8.3 */
struct dmar_drhd {
	struct dmar_entry e;
	uint8_t flags, size;
	uint16_t segment;
	uint64_t regs;
} packed;
#define DRHD_ALL	(1u << 0)

/* Memory that devices need, 8.4 */
struct dmar_rmrr {
	struct dmar_entry e;
	uint16_t reserved, segment;
	uint64_t first, last;
} packed;

/* Which devices, 8.3.1: those of PCI count, to know whether any is left out. */
struct dmar_scope {
	uint8_t type, length;
	uint16_t reserved;
	uint8_t id, bus;
	struct {
		uint8_t device, function;
	} path[];
} packed;

enum { DMAR_DRHD, DMAR_RMRR };
enum { SCOPE_ENDPOINT = 1, SCOPE_BRIDGE };

static void add_scope(uint16_t segment, const struct dmar_scope *s)
{
	unsigned int hops = (s->length - (unsigned int)sizeof(*s)) / 2;
	struct iommu_scope to = {
		.segment = segment, .bridge = s->type == SCOPE_BRIDGE, .bus = s->bus,
		.hops = (uint8_t)hops,
	};

	if ((s->type != SCOPE_ENDPOINT && s->type != SCOPE_BRIDGE) || hops > IOMMU_HOPS_MAX)
		return;
	for (unsigned int i = 0; i < hops; i++)
		to.devfn[i] = (uint8_t)(s->path[i].device << 3 | (s->path[i].function & 7));
	iommu_add_scope(&to);
}

static void add_scopes(const struct dmar_drhd *d)
{
	const char *p = (const char *)d;

	for (size_t at = sizeof(*d); at < d->e.length; at += (uint8_t)p[at + 1])
		add_scope(d->segment, (const void *)(p + at));
}

static bool scopes_ok(const struct dmar_entry *e, size_t at)
{
	const char *p = (const char *)e;

	while (at < e->length) {
		const struct dmar_scope *s = (const void *)(p + at);

		if (e->length - at < sizeof(*s) || s->length < sizeof(*s) + 2 ||
		    s->length % 2 || s->length > e->length - at)
			return false;
		at += s->length;
	}
	return true;
}

static void parse_drhd(const struct dmar_entry *e)
{
	const struct dmar_drhd *d = (const void *)e;
	struct iommu_place u = {
		.segment = d->segment, .regs = d->regs, .all = d->flags & DRHD_ALL,
	};

	if (e->length < sizeof(*d) || !scopes_ok(e, sizeof(*d)))
		iommu_tables_wrong("a remapping unit of wrong length in DMAR");
	else
		iommu_add_unit(&u);
	if (!iommu_tables.wrong)
		add_scopes(d);
}

static void parse_rmrr(const struct dmar_entry *e)
{
	const struct dmar_rmrr *r = (const void *)e;

	if (e->length < sizeof(*r) || !scopes_ok(e, sizeof(*r)))
		iommu_tables_wrong("a reserved range of wrong length in DMAR");
	else if (r->last < r->first)
		iommu_tables_wrong("a reserved range in DMAR ends before it begins");
	else
		iommu_add_range(r->first, r->last - r->first + 1, true);
}

void dmar_parse(const struct acpi_header *h)
{
	const char *p = (const char *)h;
	size_t at = sizeof(struct dmar_table);

	if (!iommu_tables_begin(false) || h->length < at) {
		iommu_tables_wrong("a second table, or one that is cut short");
		return;
	}
	while (at < h->length) {
		const struct dmar_entry *e = (const void *)(p + at);

		if (h->length - at < sizeof(*e) || e->length < sizeof(*e) ||
		    e->length > h->length - at) {
			iommu_tables_wrong("an entry of impossible length in DMAR");
			return;
		}
		if (e->type == DMAR_DRHD)
			parse_drhd(e);
		else if (e->type == DMAR_RMRR)
			parse_rmrr(e);
		at += e->length;
	}
}

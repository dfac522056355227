/*
 * ACPI's IVRS table (AMD I/O Virtualization Technology, 5.2). Pure. Used wholly or
 * not at all, as the DMAR table is (dmar.c).
 */
#include <hv/lib.h>
#include <hv/log.h>

#include <x86/iommu.h>

#include "parse.h"

struct ivrs_table {
	struct acpi_header h;
	uint32_t info;
	uint64_t reserved;
} packed;

struct ivrs_entry {
	uint8_t type, flags;
	uint16_t length, function;
} packed;

/* A unit: tables 5.2.2.1 and 5.2.2.2; newer kinds tell of the same units again. */
struct ivrs_ivhd {
	struct ivrs_entry e;
	uint16_t cap;
	uint64_t regs;
	uint16_t segment, info;
	uint32_t features;
} packed;
_Static_assert(sizeof(struct ivrs_ivhd) == 24, "IVHD type 10h");
#define IVHD_LONG	40u	/* types 11h and 40h: two registers' images more */

/* Memory that devices need, 5.2.2.8 */
struct ivrs_ivmd {
	struct ivrs_entry e;
	uint16_t aux;
	uint64_t reserved, start, length;
} packed;
_Static_assert(sizeof(struct ivrs_ivmd) == 32, "IVMD");
#define IVMD_UNITY	(1u << 0)
#define IVMD_WRITE	(1u << 2)
#define IVMD_EXCLUDE	(1u << 3)

#define DEVICE_ACPI	240u	/* has names, the last one's length at ... */
#define DEVICE_ACPI_UID	21u

/* Length of the device entry at @p of which @n bytes are left, 5.2.2.4; 0: wrong. */
static size_t device_length(const uint8_t *p, size_t n)
{
	size_t len = 4ul << (p[0] >> 6);

	if (p[0] == DEVICE_ACPI)
		len = n > DEVICE_ACPI_UID ? DEVICE_ACPI_UID + 1ul + p[DEVICE_ACPI_UID] : 0;
	else if (p[0] > DEVICE_ACPI)
		len = 0;
	return len <= n ? len : 0;
}

static bool devices_ok(const struct ivrs_entry *e, size_t at)
{
	const uint8_t *p = (const uint8_t *)e;

	while (at < e->length) {
		size_t len = device_length(p + at, e->length - at);

		if (!len)
			return false;
		at += len;
	}
	return true;
}

static void parse_ivhd(const struct ivrs_entry *e)
{
	const struct ivrs_ivhd *i = (const void *)e;
	size_t head = e->type == 0x10 ? sizeof(*i) : IVHD_LONG;
	struct iommu_place u;

	if (e->length < head || !devices_ok(e, head)) {
		iommu_tables_wrong("a unit of wrong length in IVRS");
		return;
	}
	u = (struct iommu_place){
		.regs = i->regs, .segment = i->segment, .flags = e->flags,
		.function = e->function, .cap = i->cap, .all = true,
	};
	for (unsigned int n = 0; n < iommu_tables.unit_nr; n++)
		if (iommu_tables.unit[n].regs == u.regs && e->type != 0x10)
			return;		/* known by an older kind */
	iommu_add_unit(&u);
}

static void parse_ivmd(const struct ivrs_entry *e)
{
	const struct ivrs_ivmd *m = (const void *)e;

	if (e->length < sizeof(*m))
		iommu_tables_wrong("a memory range of wrong length in IVRS");
	else if (e->flags & (IVMD_UNITY | IVMD_EXCLUDE))
		iommu_add_range(m->start, m->length,
				e->flags & (IVMD_WRITE | IVMD_EXCLUDE));
}

static const struct {
	uint8_t type;
	void (*fn)(const struct ivrs_entry *e);
} kinds[] = {
	{0x10, parse_ivhd}, {0x11, parse_ivhd}, {0x40, parse_ivhd},
	{0x20, parse_ivmd}, {0x21, parse_ivmd}, {0x22, parse_ivmd},
};

void ivrs_parse(const struct acpi_header *h)
{
	const char *p = (const char *)h;
	size_t at = sizeof(struct ivrs_table);

	if (!iommu_tables_begin(true) || h->length < at) {
		iommu_tables_wrong("a second table, or one that is cut short");
		return;
	}
	while (at < h->length) {
		const struct ivrs_entry *e = (const void *)(p + at);

		if (h->length - at < sizeof(*e) || e->length < sizeof(*e) ||
		    e->length > h->length - at) {
			iommu_tables_wrong("an entry of impossible length in IVRS");
			return;
		}
		for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
			if (kinds[i].type == e->type)
				kinds[i].fn(e);
		at += e->length;
	}
}

/*
 * The control domain's ACPI: the firmware's own tables, but for those that
 * describe what the hypervisor keeps (guest-abi G7). New are the RSDP, the
 * XSDT and the MADT: the MADT lists virtual CPUs and has PCAT_COMPAT clear,
 * since a kernel that believes in PICs would look for a PIT interrupt and die.
 * ACPI 6.4 sections 5.2.5.3, 5.2.8, 5.2.12.
 */
#include <hv/lib.h>

#include <x86/acpi.h>
#include <x86/dom0.h>
#include <x86/hvm.h>

#define XSDT_MAX	64

/* Tables that reach dom0 as they are; all others stay behind. */
static const char *const kept[] = {
	"FACP", "SSDT", "PSDT", "SBST", "MCFG", "SLIC", "MSDM", "WDAT",
	"FPDT", "S3PT", "BGRT", "TPM2", "TCPA",
};

static uint8_t checksum(const void *p, size_t n)
{
	const uint8_t *b = p;
	uint8_t sum = 0;

	while (n--)
		sum = (uint8_t)(sum + *b++);
	return (uint8_t)-sum;
}

static size_t madt_size(unsigned int vcpus)
{
	return sizeof(struct madt) + acpi.ioapic_nr * sizeof(struct madt_ioapic) +
	       acpi.iso_nr * sizeof(struct madt_iso) +
	       vcpus * sizeof(struct madt_x2apic);
}

#define XSDT_AT	64	/* after the RSDP */
#define MADT_AT	(XSDT_AT + sizeof(struct acpi_header) + XSDT_MAX * 8)

size_t dom0_acpi_size(unsigned int vcpus)
{
	return ROUNDUP(MADT_AT + madt_size(vcpus), PAGE_SIZE);
}

static void fill_header(struct acpi_header *h, const char *signature,
			uint8_t revision, uint32_t length)
{
	memcpy(h->signature, signature, 4);
	h->length = length;
	h->revision = revision;
	memcpy(h->oem_id, "BASALT", 6);
	memcpy(h->oem_table_id, "BASALT  ", 8);
	h->oem_revision = 1;
	memcpy(h->creator_id, "BSLT", 4);
	h->creator_revision = 1;
}

static void write_madt(struct madt *m, const struct domain *d)
{
	uint8_t *at = (uint8_t *)(m + 1);

	for (unsigned int i = 0; i < acpi.ioapic_nr; i++) {
		struct madt_ioapic e = {{MADT_IOAPIC, sizeof(e)}, acpi.ioapic[i].id, 0,
					acpi.ioapic[i].addr,
					acpi.ioapic[i].gsi_base};
		memcpy(at, &e, sizeof(e));
		at += sizeof(e);
	}
	for (unsigned int i = 0; i < acpi.iso_nr; i++) {
		struct madt_iso e = {{MADT_ISO, sizeof(e)}, 0,
				     acpi.iso[i].source, acpi.iso[i].gsi,
				     acpi.iso[i].flags};
		memcpy(at, &e, sizeof(e));
		at += sizeof(e);
	}
	for (unsigned int i = 0; i < d->max_vcpus; i++) {
		struct madt_x2apic e = {{MADT_X2APIC, sizeof(e)}, 0,
					hvm_apic_id(i), 1, i};
		memcpy(at, &e, sizeof(e));
		at += sizeof(e);
	}
	fill_header(&m->h, "APIC", 4, (uint32_t)(at - (uint8_t *)m));
	m->lapic_addr = (uint32_t)APIC_BASE_DEFAULT;
	m->h.checksum = checksum(m, m->h.length);
}

struct xsdt_writer {
	uint64_t entry[XSDT_MAX];
	unsigned int nr;
};

static void keep_table(uint64_t pa, const struct acpi_header *h, void *data)
{
	struct xsdt_writer *w = data;

	for (unsigned int i = 0; i < ARRAY_SIZE(kept); i++)
		if (!memcmp(h->signature, kept[i], 4) && w->nr < XSDT_MAX)
			w->entry[w->nr++] = pa;
}

static void write_xsdt(struct acpi_header *x, uint64_t madt)
{
	struct xsdt_writer w = {.nr = 0};

	w.entry[w.nr++] = madt;
	acpi_for_each_table(keep_table, &w);
	memcpy(x + 1, w.entry, w.nr * sizeof(w.entry[0]));
	fill_header(x, "XSDT", 1, (uint32_t)(sizeof(*x) + w.nr * sizeof(w.entry[0])));
	x->checksum = checksum(x, x->length);
}

void dom0_acpi_write(void *to, uint64_t at, const struct domain *d)
{
	char *base = to;
	struct rsdp *r = to;

	memset(to, 0, dom0_acpi_size(d->max_vcpus));
	write_madt((struct madt *)(base + MADT_AT), d);
	write_xsdt((struct acpi_header *)(base + XSDT_AT), at + MADT_AT);
	memcpy(r->signature, "RSD PTR ", 8);
	memcpy(r->oem_id, "BASALT", 6);
	r->revision = 2;
	r->length = sizeof(*r);
	r->xsdt = at + XSDT_AT;
	r->checksum = checksum(r, RSDP_V1_SIZE);
	r->extended_checksum = checksum(r, sizeof(*r));
}

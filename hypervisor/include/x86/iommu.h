/*
 * DMA remapping: the machine's devices reach what the hardware domain's I/O page
 * tables name, and nothing else. All devices belong to the hardware domain, so
 * there is one set of tables. It mirrors that domain's p2m: its RAM, what it has
 * mapped of others (read-only where it may only read), none of the hypervisor's
 * frames; beside that the ranges that the firmware says devices need.
 *
 * A machine without a unit that works, or with iommu=off, comes up without, and
 * says so; then the domain's kernel bounces (x86/dom0/build.c).
 */
#ifndef X86_IOMMU_H
#define X86_IOMMU_H

#include <hv/p2m.h>

#include <x86/acpi.h>

#define IOMMU_UNITS_MAX		64
#define IOMMU_RANGES_MAX	32
#define IOMMU_SCOPES_MAX	256
#define IOMMU_HOPS_MAX		6

/* What a DMAR or IVRS table says; x86/iommu/{dmar,ivrs}.c fill it from acpi_init(). */
struct iommu_tables {
	bool amd;
	const char *wrong;	/* why the tables cannot be used; or NULL */
	unsigned int unit_nr;
	struct iommu_place {
		uint64_t regs;		/* whole pages */
		uint16_t segment;
		bool all;		/* Intel: the segment's devices that no other has */
		uint8_t flags;		/* AMD: of the IVHD */
		uint16_t function;	/* AMD: the unit's own bus, device, function */
		uint16_t cap;		/* AMD: offset of its capability there */
	} unit[IOMMU_UNITS_MAX];
	unsigned int scope_nr;
	struct iommu_scope {	/* Intel: a device that a unit has */
		uint16_t segment;
		bool bridge;		/* and what is behind it */
		uint8_t bus, hops;	/* the way there ... */
		uint8_t devfn[IOMMU_HOPS_MAX];	/* ... over bridges */
	} scope[IOMMU_SCOPES_MAX];
	unsigned int range_nr;
	struct iommu_range {
		uint64_t start, end;	/* whole pages */
		bool write;
	} range[IOMMU_RANGES_MAX];
};
extern struct iommu_tables iommu_tables;

/* Rows of acpi.c's table of parsers. */
void dmar_parse(const struct acpi_header *h);
void ivrs_parse(const struct acpi_header *h);

/* --- boot, in this order ----------------------------------------------------------- */

/* Looks for units; after acpi_init() and time_init(). From here on tables mirror. */
void iommu_init(void);
/* Bits of an address that every unit translates; 64 without any. */
unsigned int iommu_bits(void);
/* There will be no remapping, for this reason. Before iommu_enable(). */
void iommu_give_up(const char *why);
/* The domain's RAM is mapped: from now on devices are confined. */
void iommu_enable(void);
/* The units' registers are not the hardware domain's. */
void iommu_hide_registers(void);

/* Devices are confined. */
bool iommu_active(void);

/* --- interrupts ---------------------------------------------------------------------- */

/*
 * IO-APICs and devices send handles, of which each stands for a device vector of one
 * CPU. Whatever else a device sends stops at the unit: no NMI, no INIT, no vector of
 * the hypervisor's.
 */
bool iommu_remaps_interrupts(void);
#define IOMMU_APIC_ID_MAX 127u	/* else no remapping */
static inline uint32_t iommu_irq_handle(uint32_t apic_id, uint8_t vector, bool level)
{
	return (uint32_t)level << 15 | apic_id << 8 | vector;
}

/* --- the mirror: with the hardware domain's p2m_lock held --------------------------- */

/*
 * An entry of 2^order is about to change. Nothing is lost when it fails (-ENOMEM,
 * -EINVAL: beyond iommu_bits()); P2M_HOLE does not fail.
 */
int iommu_p2m_set(gfn_t gfn, mfn_t mfn, unsigned int order, enum p2m_type type) must_check;
/* Its mapping around @gfn is about to be split in pieces of 2^order. -ENOMEM. */
int iommu_p2m_split(gfn_t gfn, unsigned int order) must_check;
/* After this no device reaches what was taken out; DMA on its way is done. */
void iommu_p2m_flush(void);

#endif

/*
 * What the hypervisor reads from the firmware's ACPI tables (ACPI 6.4 ch. 5):
 * every table is checked for length and checksum before a field is used.
 * x86/acpi.c fills acpi once at boot, or panics with what is wrong.
 */
#ifndef X86_ACPI_H
#define X86_ACPI_H

#include <hv/cpu.h>

#define ACPI_IOAPIC_MAX	16
#define ACPI_ISO_MAX	32
#define ACPI_MCFG_MAX	8

struct acpi_header {
	char signature[4];
	uint32_t length;
	uint8_t revision, checksum;
	char oem_id[6], oem_table_id[8];
	uint32_t oem_revision;
	char creator_id[4];
	uint32_t creator_revision;
} packed;
_Static_assert(sizeof(struct acpi_header) == 36, "ACPI 5.2.6");

/* Generic address structure, ACPI 5.2.3.2 */
struct acpi_gas {
	uint8_t space, bit_width, bit_offset, access;
	uint64_t address;
} packed;

/* Root pointer, ACPI 5.2.5.3 */
struct rsdp {
	char signature[8];
	uint8_t checksum;
	char oem_id[6];
	uint8_t revision;
	uint32_t rsdt;
	/* revision 2 and up */
	uint32_t length;
	uint64_t xsdt;
	uint8_t extended_checksum, reserved[3];
} packed;
_Static_assert(sizeof(struct rsdp) == 36, "ACPI 5.2.5.3");
#define RSDP_V1_SIZE 20

/* MADT and its entries that concern us, ACPI 5.2.12 */
enum { MADT_LAPIC, MADT_IOAPIC, MADT_ISO, MADT_LAPIC_ADDR = 5, MADT_X2APIC = 9 };

struct madt {
	struct acpi_header h;
	uint32_t lapic_addr, flags;
} packed;

struct madt_entry {
	uint8_t type, length;
} packed;

struct madt_lapic {
	struct madt_entry e;
	uint8_t uid, id;
	uint32_t flags;
} packed;

struct madt_ioapic {
	struct madt_entry e;
	uint8_t id, reserved;
	uint32_t addr, gsi_base;
} packed;

struct madt_iso {
	struct madt_entry e;
	uint8_t bus, source;
	uint32_t gsi;
	uint16_t flags;
} packed;

struct madt_lapic_addr {
	struct madt_entry e;
	uint16_t reserved;
	uint64_t addr;
} packed;

struct madt_x2apic {
	struct madt_entry e;
	uint16_t reserved;
	uint32_t id, flags, uid;
} packed;
#define MADT_ENABLED (1u << 0)

struct acpi_info {
	uint64_t lapic_addr;
	unsigned int cpu_nr;	/* enabled ones */
	uint32_t cpu_apic_id[MAX_CPUS];
	unsigned int ioapic_nr;
	struct {
		uint8_t id;
		uint32_t addr, gsi_base;
	} ioapic[ACPI_IOAPIC_MAX];
	unsigned int iso_nr;	/* interrupt source overrides */
	struct {
		uint8_t source;
		uint32_t gsi;
		uint16_t flags;
	} iso[ACPI_ISO_MAX];
	unsigned int mcfg_nr;
	struct {
		uint64_t base;
		uint16_t segment;
		uint8_t start_bus, end_bus;
	} mcfg[ACPI_MCFG_MAX];
	/* FADT */
	uint16_t sci, pm1a_cnt, pm1b_cnt, pm_tmr;
	bool pm_tmr_32bit;
	struct acpi_gas reset_reg;	/* address 0: none */
	uint8_t reset_value;
	uint64_t facs, dsdt;
	bool s5_valid;		/* \_S5 found in the DSDT */
	uint8_t s5_typ_a, s5_typ_b;
	uint64_t hpet_base;	/* 0: none */
	/* SPCR: the firmware's serial console, a 16550 on ports; 0: none */
	uint16_t serial_port;
	unsigned int serial_baud;	/* 0: as the firmware left it */
	uint8_t serial_irq;		/* ISA; 0: none */
};

extern struct acpi_info acpi;

void acpi_init(void);

/*
 * Visits every table that the XSDT/RSDT names, checksum and length good: its
 * machine address and a mapping that is valid during the call.
 */
void acpi_for_each_table(void (*fn)(uint64_t pa, const struct acpi_header *h, void *data),
			 void *data);

/* Fills hv/numa.h's numa from SRAT and SLIT; all CPUs are up (x86/numa.c). */
void numa_init(void);

#endif

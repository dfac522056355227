/*
 * The machine's IO-APICs (Intel 82093AA) and the two 8259A, which are masked
 * for good. Lock: ioapic_lock covers the index and data registers.
 */
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/spinlock.h>

#include <x86/acpi.h>
#include <x86/apic.h>
#include <x86/asm.h>
#include <x86/iommu.h>
#include <x86/platform.h>

#define REG_INDEX   0x00
#define REG_DATA    0x10
#define IDX_VERSION 0x01u
#define IDX_RTE	    0x10u
#define PINS_MAX    240u

/* 8259A: all lines masked; a spurious one looks like the APIC's own. */
#define PIC1_CMD  0x20
#define PIC1_DATA 0x21
#define PIC2_CMD  0xa0
#define PIC2_DATA 0xa1
#define PIC_ICW1  0x11
#define PIC_ICW4  0x01
#define PIC_BASE  0xf8	/* IRQ 7 of either: VEC_SPURIOUS */

/* ISO flags, ACPI table 5-24 (MPS INTI flags) */
#define ISO_POLARITY(f)	((f) & 3)
#define ISO_TRIGGER(f)	(((f) >> 2) & 3)
#define ISO_LOW		3
#define ISO_LEVEL	3

static spinlock_t ioapic_lock = SPINLOCK_INIT;
static volatile uint8_t *base[ACPI_IOAPIC_MAX];
static unsigned int pins[ACPI_IOAPIC_MAX];

static uint32_t read_locked(unsigned int n, uint32_t index)
{
	*(volatile uint32_t *)(base[n] + REG_INDEX) = index;
	return *(volatile uint32_t *)(base[n] + REG_DATA);
}

static void write_locked(unsigned int n, uint32_t index, uint32_t v)
{
	*(volatile uint32_t *)(base[n] + REG_INDEX) = index;
	*(volatile uint32_t *)(base[n] + REG_DATA) = v;
}

static void mask_pic(void)
{
	outb(PIC1_CMD, PIC_ICW1);
	outb(PIC2_CMD, PIC_ICW1);
	outb(PIC1_DATA, PIC_BASE);
	outb(PIC2_DATA, PIC_BASE);
	outb(PIC1_DATA, 1u << 2);	/* the second hangs on line 2 */
	outb(PIC2_DATA, 2);
	outb(PIC1_DATA, PIC_ICW4);
	outb(PIC2_DATA, PIC_ICW4);
	outb(PIC1_DATA, 0xff);
	outb(PIC2_DATA, 0xff);
}

void ioapic_init(void)
{
	mask_pic();
	for (unsigned int n = 0; n < acpi.ioapic_nr; n++) {
		base[n] = map_mmio(acpi.ioapic[n].addr, 0x20);
		spin_lock(&ioapic_lock);
		pins[n] = ((read_locked(n, IDX_VERSION) >> 16) & 0xff) + 1;
		spin_unlock(&ioapic_lock);
		if (pins[n] > PINS_MAX) {
			log_warn("IO-APIC %u at %#x does not answer; "
				 "it is not used",
				 acpi.ioapic[n].id, acpi.ioapic[n].addr);
			pins[n] = 0;
		}
		for (unsigned int pin = 0; pin < pins[n]; pin++)
			ioapic_write_rte(n, pin, IOAPIC_RTE_MASKED);
		log_info("IO-APIC %u at %#x: GSI %u to %u", acpi.ioapic[n].id,
			 acpi.ioapic[n].addr, acpi.ioapic[n].gsi_base,
			 acpi.ioapic[n].gsi_base + pins[n] - 1);
	}
}

unsigned int ioapic_pins(unsigned int n)
{
	return pins[n];
}

uint64_t ioapic_read_rte(unsigned int n, unsigned int pin)
{
	uint64_t rte;

	LOCKED(&ioapic_lock);
	rte = read_locked(n, IDX_RTE + 2 * pin);
	rte |= (uint64_t)read_locked(n, IDX_RTE + 2 * pin + 1) << 32;
	return rte;
}

/* The same interrupt as a handle (VT-d 5.1.5.1). */
static uint64_t as_handle(uint64_t rte)
{
	uint64_t handle = iommu_irq_handle((uint32_t)(rte >> IOAPIC_RTE_DEST_SHIFT),
					   (uint8_t)rte, rte & IOAPIC_RTE_LEVEL);

	rte &= IOAPIC_RTE_MASKED | IOAPIC_RTE_LEVEL | IOAPIC_RTE_ACTIVE_LOW |
	       IOAPIC_RTE_VECTOR;
	return rte | 1ull << 48 | (handle & 0x7fff) << 49 | handle >> 15 << 11;
}

void ioapic_write_rte(unsigned int n, unsigned int pin, uint64_t rte)
{
	if (iommu_remaps_interrupts())
		rte = as_handle(rte);
	/* Masked while the two halves do not belong together. */
	LOCKED(&ioapic_lock);
	write_locked(n, IDX_RTE + 2 * pin, (uint32_t)(rte | IOAPIC_RTE_MASKED));
	write_locked(n, IDX_RTE + 2 * pin + 1, (uint32_t)(rte >> 32));
	if (!(rte & IOAPIC_RTE_MASKED))
		write_locked(n, IDX_RTE + 2 * pin, (uint32_t)rte);
}

void ioapic_mask(unsigned int n, unsigned int pin, bool masked)
{
	uint32_t low;

	LOCKED(&ioapic_lock);
	low = read_locked(n, IDX_RTE + 2 * pin);
	low &= ~(uint32_t)IOAPIC_RTE_MASKED;
	write_locked(n, IDX_RTE + 2 * pin,
		     low | (masked ? (uint32_t)IOAPIC_RTE_MASKED : 0));
}

uint64_t ioapic_isa_pin(unsigned int irq, unsigned int *n, unsigned int *pin)
{
	uint64_t rte = IOAPIC_RTE_MASKED;
	uint32_t gsi = irq;

	for (unsigned int i = 0; i < acpi.iso_nr; i++) {
		if (acpi.iso[i].source != irq)
			continue;
		gsi = acpi.iso[i].gsi;
		if (ISO_POLARITY(acpi.iso[i].flags) == ISO_LOW)
			rte |= IOAPIC_RTE_ACTIVE_LOW;
		if (ISO_TRIGGER(acpi.iso[i].flags) == ISO_LEVEL)
			rte |= IOAPIC_RTE_LEVEL;
	}
	for (*n = 0; *n < acpi.ioapic_nr; ++*n) {
		*pin = gsi - acpi.ioapic[*n].gsi_base;
		if (gsi >= acpi.ioapic[*n].gsi_base && *pin < pins[*n])
			return rte;
	}
	return 0;
}

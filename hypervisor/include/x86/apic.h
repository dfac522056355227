/*
 * The machine's own interrupt controllers: local APIC (xAPIC or x2APIC, as the
 * firmware left it or as the CPU offers) and the IO-APICs.
 */
#ifndef X86_APIC_H
#define X86_APIC_H

#include <hv/types.h>

void lapic_init(void);		/* on each CPU */
bool lapic_ready(void);		/* lapic_init() has run on the boot CPU */
uint32_t lapic_id(void);
void lapic_eoi(void);
/* Is @vector in service, here? Is any interrupt waiting, here? */
bool lapic_in_service(unsigned int vector);
bool lapic_irq_waiting(void);
/* Fixed IPI / NMI / INIT / SIPI, waits for delivery acceptance. */
void lapic_ipi(uint32_t apic_id, uint8_t vector);
void lapic_nmi(uint32_t apic_id);
void lapic_init_ipi(uint32_t apic_id);
void lapic_startup_ipi(uint32_t apic_id, uint8_t vector);
/* One-shot timer in LAPIC ticks; 0 stops it. lapic_timer_khz is calibrated. */
void lapic_timer_set(uint32_t ticks);
uint32_t lapic_timer_count(void);
extern uint64_t lapic_timer_khz;

#define IOAPIC_RTE_VECTOR	0xffull
#define IOAPIC_RTE_DM		(7ull << 8)
#define IOAPIC_RTE_LOGICAL	(1ull << 11)
#define IOAPIC_RTE_ACTIVE_LOW	(1ull << 13)
#define IOAPIC_RTE_IRR		(1ull << 14)
#define IOAPIC_RTE_LEVEL	(1ull << 15)
#define IOAPIC_RTE_MASKED	(1ull << 16)
#define IOAPIC_RTE_DEST_SHIFT	56

void ioapic_init(void);		/* masks every pin */
/* Pins of IO-APIC @n (index into acpi.ioapic). */
unsigned int ioapic_pins(unsigned int n);
uint64_t ioapic_read_rte(unsigned int n, unsigned int pin);
void ioapic_write_rte(unsigned int n, unsigned int pin, uint64_t rte);
void ioapic_mask(unsigned int n, unsigned int pin, bool masked);
/*
 * Where ISA interrupt @irq arrives, overrides applied: a masked entry with its
 * polarity and trigger mode, to be completed; 0 when it has no pin.
 */
uint64_t ioapic_isa_pin(unsigned int irq, unsigned int *n, unsigned int *pin);

#endif

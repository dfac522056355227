/*
 * Vectors 0x20..0xff on this CPU. They arrive in irq_window() and in the idle
 * sleep only, so a handler may take any lock. After the handler the local APIC
 * gets its EOI; a spurious interrupt gets neither.
 */
#include <hv/lib.h>
#include <hv/log.h>

#include <x86/apic.h>
#include <x86/asm.h>
#include <x86/irq.h>
#include <x86/traps.h>

static irq_handler *handlers[VECTORS];
static irq_handler *device_handler;

void irq_set_handler(unsigned int vector, irq_handler *fn)
{
	BUG_ON(vector >= VECTORS);
	handlers[vector] = fn;
}

void irq_set_device_handler(irq_handler *fn)
{
	device_handler = fn;
}

static irq_handler *handler_of(unsigned int vector)
{
	if (vector <= VEC_DEVICE_LAST)
		return device_handler;
	return handlers[vector];
}

void irq_dispatch(unsigned int vector)
{
	static uint64_t warned[VECTORS / 64];
	irq_handler *fn = handler_of(vector);

	/* The APIC's spurious vector, and the 8259A's, set no service bit. */
	if (vector >= 0xf8 && !fn && !lapic_in_service(vector))
		return;
	if (fn) {
		fn(vector);
	} else if (!(warned[vector / 64] >> (vector % 64) & 1)) {
		warned[vector / 64] |= 1ull << (vector % 64);
		log_warn("interrupt vector %#x has no owner; ignored", vector);
	}
	lapic_eoi();
}

void irq_window(void)
{
	/* STI holds interrupts off for one more instruction. */
	asm volatile("sti; nop; cli" : : : "memory");
}

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
static bool (*device_handler)(unsigned int vector);

void irq_set_handler(unsigned int vector, irq_handler *fn)
{
	BUG_ON(vector >= VECTORS);
	handlers[vector] = fn;
}

void irq_set_device_handler(bool (*fn)(unsigned int vector))
{
	device_handler = fn;
}

static bool handle(unsigned int vector)
{
	if (vector <= VEC_DEVICE_LAST)
		return device_handler && device_handler(vector);
	if (handlers[vector])
		handlers[vector](vector);
	return handlers[vector];
}

void irq_dispatch(unsigned int vector)
{
	static uint64_t warned[VECTORS / 64];

	/* The APIC's spurious vector, and the 8259A's, set no service bit. */
	if (vector >= 0xf8 && !handlers[vector] && !lapic_in_service(vector))
		return;
	if (!handle(vector) && !(warned[vector / 64] >> (vector % 64) & 1)) {
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

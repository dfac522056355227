/*
 * Physical interrupt vectors. The hypervisor owns 0xf4..0xfe, which Linux
 * never hands to devices; 0x20..0xf3 belong to the hardware domain's devices
 * ("shared vector space", option B of the bring-up: the hardware domain's
 * vCPU n is pinned to CPU n and has its APIC id).
 */
#ifndef X86_IRQ_H
#define X86_IRQ_H

#include <hv/types.h>

#define VEC_DEVICE_FIRST	0x20
#define VEC_DEVICE_LAST		0xf3
#define VEC_KICK		0xf4	/* cpu_kick() */
#define VEC_TIMER		0xf5
#define VEC_SERIAL		0xf6
#define VEC_SPURIOUS		0xff

typedef void irq_handler(unsigned int vector);

/* Sets the handler of one of the hypervisor's vectors, at boot. */
void irq_set_handler(unsigned int vector, irq_handler *fn);
/* Handler of every device vector; EOI is sent after it returns. */
void irq_set_device_handler(irq_handler *fn);

/* Opens an interrupt window: takes what is pending, then returns. */
void irq_window(void);

#endif

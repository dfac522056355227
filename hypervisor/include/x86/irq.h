/*
 * Physical interrupt vectors. 0x20..0xf3 are for devices, on each CPU others
 * (x86/dev_irq.h); those above are the hypervisor's own.
 */
#ifndef X86_IRQ_H
#define X86_IRQ_H

#include <hv/types.h>

#define VEC_DEVICE_FIRST	0x20
#define VEC_DEVICE_LAST		0xf3
#define VEC_DEVICE_NR		(VEC_DEVICE_LAST - VEC_DEVICE_FIRST + 1)
#define VEC_KICK		0xf4	/* cpu_kick() */
#define VEC_TIMER		0xf5
#define VEC_SERIAL		0xf6
#define VEC_SPURIOUS		0xff

typedef void irq_handler(unsigned int vector);

/* Sets the handler of one of the hypervisor's vectors, at boot. */
void irq_set_handler(unsigned int vector, irq_handler *fn);
/* Handler of every device vector, false: nobody's; EOI is sent after it returns. */
void irq_set_device_handler(bool (*fn)(unsigned int vector));

/* Opens an interrupt window: takes what is pending, then returns. */
void irq_window(void);

#endif

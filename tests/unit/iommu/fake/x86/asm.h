/* Device registers, as the units of test_units.c have them. */
#ifndef X86_ASM_H
#define X86_ASM_H

#include <hv/types.h>

uint64_t mmio_read(const volatile void *p, unsigned int size);
void mmio_write(volatile void *p, unsigned int size, uint64_t val);

#endif

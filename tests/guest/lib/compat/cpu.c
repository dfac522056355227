/*
 * What the library wants of the processor, for kernels without interrupt
 * tables: nothing is set up, nothing is fixed up.
 */
#include "guest.h"

void cpu_init(unsigned int id)
{
	(void)id;
}

int wrmsr_safe(uint32_t msr, uint64_t val)
{
	wrmsr(msr, val);
	return NO_FAULT;
}

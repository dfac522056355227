/*
 * Stands before hypervisor/include/x86/asm.h: the few instructions that the
 * tested code executes, as functions that a test scripts.
 */
#ifndef X86_ASM_H
#define X86_ASM_H

#include <hv/types.h>

struct cpuid_regs {
	uint32_t a, b, c, d;
};

struct cpuid_regs cpuid(uint32_t leaf, uint32_t subleaf);
uint64_t rdmsr(uint32_t msr);
uint64_t rdtsc(void);
uint64_t xgetbv(uint32_t i);
void xsetbv(uint32_t i, uint64_t v);
uint64_t read_cr4(void);
void write_cr4(uint64_t v);

#endif

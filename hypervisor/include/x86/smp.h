/* Between the files that bring CPUs up (x86/cpu.c, smp.c, paging.c, time.c). */
#ifndef X86_SMP_H
#define X86_SMP_H

#include <hv/cpu.h>

extern struct cpu boot_cpu;

/* A struct cpu with tables and stack, not yet started. Panics without memory. */
struct cpu *cpu_alloc(unsigned int id, uint32_t apic_id);
/* On the new CPU: tables, traps, control registers. */
void cpu_init_ap(void);
/* STACK_SIZE, aligned to it, laid out as x86/traps.h says. */
void *stack_alloc(void) must_check;
/* The NMI vector, on its own stack: may have interrupted anything. */
void smp_nmi(void);

/*
 * Both sides of the check that a new CPU's TSC is not behind or ahead of the
 * boot CPU's; clears tsc_reliable if so. They meet, so both must call.
 */
void tsc_sync_boot_cpu(void);
void tsc_sync_new_cpu(void);

#endif

/* The steps of core/main.c's boot order that an architecture supplies. */
#ifndef HV_MAIN_H
#define HV_MAIN_H

#include <hv/domain.h>

/* C entry, from the architecture's start code. */
void hv_main(uint32_t magic, uint32_t mbi) noreturn;

void arch_boot_early(uint32_t magic, uint32_t mbi);
void arch_boot_memory(void);
void arch_boot_machine(void);
void arch_boot_cpus(void);
struct domain *arch_build_dom0(void);
void arch_boot_done(void);
/* What every CPU does for ever. */
void cpu_main(void) noreturn;

/* Gives @c its idle vCPU and run queue; on that CPU or before it starts. */
void cpu_make_idle(struct cpu *c);

#endif

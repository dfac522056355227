/*
 * Exceptions and interrupts of the hypervisor itself (APM vol. 2 ch. 8). What
 * a guest does never comes here: it leaves the guest by #VMEXIT.
 */
#ifndef X86_TRAPS_H
#define X86_TRAPS_H

#include <hv/types.h>

/* What entry.S pushes, lowest address first, then what the CPU pushed. */
struct trap_regs {
	uint64_t r15, r14, r13, r12, r11, r10, r9, r8;
	uint64_t rdi, rsi, rbp, rbx, rdx, rcx, rax;
	uint64_t vector, error;
	uint64_t rip, cs, rflags, rsp, ss;
};

#define VECTORS		256
#define TRAP_DF		8
#define TRAP_NMI	2
#define TRAP_PF		14
#define TRAP_MC		18

/*
 * A CPU's stack block of STACK_SIZE: three interrupt stacks of a page, a page
 * that is not mapped, the main stack. this_cpu() works on all of them.
 */
#define STACK_DF	0
#define STACK_NMI	1
#define STACK_MC	2
#define STACK_GUARD	3

#define SEL_CODE	0x08
#define SEL_DATA	0x10
#define SEL_TSS		0x20

/* The stubs of entry.S, one per vector, 16 bytes apart. */
extern const char trap_stubs[];
#define TRAP_STUB_SIZE	16

/* From entry.S, interrupts off. */
void trap_dispatch(struct trap_regs *r);
void irq_dispatch(unsigned int vector);

/* Fills the IDT that all CPUs share, once; loads it on this CPU. */
void traps_init(void);
void traps_load(void);

/* Named backtrace from a frame pointer; @rip is its first line. */
void backtrace_from(uintptr_t rip, uintptr_t rbp);

#endif

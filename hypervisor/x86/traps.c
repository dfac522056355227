/*
 * Exceptions in the hypervisor: an access that was meant to fail continues at
 * its fix-up (extable), everything else is our bug or broken hardware and ends
 * in panic() with registers and a backtrace.
 */
#include <hv/arch.h>
#include <hv/lib.h>
#include <hv/log.h>

#include <x86/asm.h>
#include <x86/mce.h>
#include <x86/platform.h>
#include <x86/smp.h>
#include <x86/traps.h>

struct idt_gate {
	uint16_t offset0, selector;
	uint8_t ist, type;
	uint16_t offset1;
	uint32_t offset2, reserved;
} packed;
_Static_assert(sizeof(struct idt_gate) == 16, "APM vol. 2 4.8.4");

#define GATE_INTERRUPT 0x8e	/* present, DPL 0, interrupts off */

struct extable_entry {
	uint64_t fault, fixup;
};

extern const struct extable_entry hv_extable_start[], hv_extable_end[];

static struct idt_gate idt[VECTORS] aligned(16);

static const char *const trap_names[] = {
	"divide error", "debug", "NMI", "breakpoint", "overflow",
	"bound range", "invalid opcode", "device not available",
	"double fault", "9", "invalid TSS", "segment not present",
	"stack fault", "general protection", "page fault", "15",
	"x87 error", "alignment check", "machine check", "SIMD error",
};

static uint8_t vector_ist(unsigned int vector)
{
	switch (vector) {
	case TRAP_DF:
		return STACK_DF + 1;
	case TRAP_NMI:
		return STACK_NMI + 1;
	case TRAP_MC:
		return STACK_MC + 1;
	default:
		return 0;
	}
}

void traps_init(void)
{
	for (unsigned int i = 0; i < VECTORS; i++) {
		uint64_t a = (uintptr_t)trap_stubs + i * TRAP_STUB_SIZE;

		idt[i] = (struct idt_gate){
			.offset0 = (uint16_t)a,
			.selector = SEL_CODE,
			.ist = vector_ist(i),
			.type = GATE_INTERRUPT,
			.offset1 = (uint16_t)(a >> 16),
			.offset2 = (uint32_t)(a >> 32),
		};
	}
	traps_load();
}

void traps_load(void)
{
	struct {
		uint16_t limit;
		uint64_t base;
	} packed ptr = {sizeof(idt) - 1, (uintptr_t)idt};

	asm volatile("lidt %0" : : "m"(ptr));
}

static bool fix_up(struct trap_regs *r)
{
	for (const struct extable_entry *e = hv_extable_start;
	     e < hv_extable_end; e++) {
		if (e->fault == r->rip) {
			r->rip = e->fixup;
			return true;
		}
	}
	return false;
}

static void show_regs(const struct trap_regs *r)
{
	log_error("rip %016lx  rsp %016lx  rflags %08lx  cr2 %016lx",
		  r->rip, r->rsp, r->rflags, read_cr2());
	log_error("rax %016lx  rbx %016lx  rcx %016lx  rdx %016lx",
		  r->rax, r->rbx, r->rcx, r->rdx);
	log_error("rsi %016lx  rdi %016lx  rbp %016lx  r8  %016lx",
		  r->rsi, r->rdi, r->rbp, r->r8);
	log_error("r9  %016lx  r10 %016lx  r11 %016lx  r12 %016lx",
		  r->r9, r->r10, r->r11, r->r12);
	log_error("r13 %016lx  r14 %016lx  r15 %016lx  cr3 %016lx",
		  r->r13, r->r14, r->r15, read_cr3());
}

/* Registers of the fault that ends the machine, for arch_backtrace(). */
static const struct trap_regs *fatal_regs;

static bool guard_hit(const struct trap_regs *r)
{
	uint64_t off = read_cr2() - (r->rsp & ~(STACK_SIZE - 1));

	return off / PAGE_SIZE == STACK_GUARD;
}

static void die(struct trap_regs *r)
{
	const char *name = r->vector < ARRAY_SIZE(trap_names)
				   ? trap_names[r->vector] : "exception";

	fatal_regs = r;
	if (r->vector == TRAP_MC)
		panic("machine check: the hardware reports an error; test memory and CPU");
	if (r->vector == TRAP_DF && guard_hit(r))
		panic("stack overflow in the hypervisor; report this");
	panic("%s (vector %lu, error %#lx) in the hypervisor; report this",
	      name, r->vector, r->error);
}

void trap_dispatch(struct trap_regs *r)
{
	if (r->vector >= 0x20)
		irq_dispatch((unsigned int)r->vector);
	else if (r->vector == TRAP_NMI)
		smp_nmi();
	else if (!fix_up(r))
		die(r);
}

void arch_backtrace(void)
{
	if (fatal_regs) {
		if (fatal_regs->vector == TRAP_MC)
			mce_show();
		show_regs(fatal_regs);
		backtrace_from(fatal_regs->rip, fatal_regs->rbp);
		return;
	}
	backtrace_from((uintptr_t)__builtin_return_address(0),
		       *(uintptr_t *)__builtin_frame_address(0));
}

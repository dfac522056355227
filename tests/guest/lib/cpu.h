/*
 * The processor as a test kernel sees it: single instructions, faults that a
 * test expects, and the per-vCPU record that GS points to.
 *
 * TRY() runs one instruction and gives the vector of the fault it raised, or
 * NO_FAULT. A fault anywhere else ends the test as an error.
 */
#ifndef GUEST_CPU_H
#define GUEST_CPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAX_CPUS 4

#define SEL_KCODE 0x08
#define SEL_KDATA 0x10
#define SEL_UDATA 0x1b
#define SEL_UCODE 0x23

#define NO_FAULT (-1)
#define X86_DE	 0
#define X86_DB	 1
#define X86_UD	 6
#define X86_NM	 7
#define X86_DF	 8
#define X86_SS	 12
#define X86_GP	 13
#define X86_PF	 14

#define MSR_TSC		 0x10
#define MSR_APIC_BASE	 0x1b
#define MSR_MTRR_CAP	 0xfe
#define MSR_PAT		 0x277
#define MSR_MTRR_DEFTYPE 0x2ff
#define MSR_X2APIC	 0x800
#define MSR_EFER	 0xc0000080
#define MSR_STAR	 0xc0000081
#define MSR_LSTAR	 0xc0000082
#define MSR_FS_BASE	 0xc0000100
#define MSR_GS_BASE	 0xc0000101
#define MSR_KERNEL_GS	 0xc0000102

#define EFER_LME 0x100u
#define EFER_LMA 0x400u

/* What the trap stubs push; the order is that of entry.S. */
struct trap_frame {
	uint64_t r15, r14, r13, r12, r11, r10, r9, r8;
	uint64_t rbp, rdi, rsi, rdx, rcx, rbx, rax;
	uint64_t vector, error;
	uint64_t rip, cs, rflags, rsp, ss;
};

struct cpu {
	struct cpu *self; /* %gs:0 */
	unsigned int id;
	volatile int fault_vector;
	uint64_t fault_error;
	uint64_t fault_cr2;
	uint64_t user_rsp; /* kernel stack to return to from call_user() */
};

static inline struct cpu *this_cpu(void)
{
	struct cpu *c;

	asm volatile("mov %%gs:0, %0" : "=r"(c));
	return c;
}

#define LIST(...) __VA_ARGS__

/* One row of the table of instructions that may fault: {where, go on at}. */
#define EX_TABLE(from, to) \
	".pushsection .ex_table, \"a\"\n\t.quad " from ", " to "\n\t.popsection\n\t"

#define TRY(insn, outs, ins, ...)                                                \
	({                                                                       \
		this_cpu()->fault_vector = NO_FAULT;                             \
		asm volatile("771:\t" insn "\n772:\n\t" EX_TABLE("771b", "772b") \
			     : outs:ins                                          \
			     : "memory", ##__VA_ARGS__);                         \
		this_cpu()->fault_vector;                                        \
	})

static inline void outb(uint16_t port, uint8_t val)
{
	asm volatile("outb %0, %1" : : "a"(val), "Nd"(port));
}

static inline uint8_t inb(uint16_t port)
{
	uint8_t val;

	asm volatile("inb %1, %0" : "=a"(val) : "Nd"(port));
	return val;
}

static inline uint32_t inl(uint16_t port)
{
	uint32_t val;

	asm volatile("inl %1, %0" : "=a"(val) : "Nd"(port));
	return val;
}

static inline void outl(uint16_t port, uint32_t val)
{
	asm volatile("outl %0, %1" : : "a"(val), "Nd"(port));
}

static inline void cpuid(uint32_t leaf, uint32_t sub, uint32_t r[4])
{
	asm volatile("cpuid"
		     : "=a"(r[0]), "=b"(r[1]), "=c"(r[2]), "=d"(r[3])
		     : "a"(leaf), "c"(sub));
}

static inline uint64_t rdtsc(void)
{
	uint32_t lo, hi;

	asm volatile("lfence; rdtsc" : "=a"(lo), "=d"(hi) : : "memory");
	return (uint64_t)hi << 32 | lo;
}

static inline uint64_t rdmsr(uint32_t msr)
{
	uint32_t lo, hi;

	asm volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr) : "memory");
	return (uint64_t)hi << 32 | lo;
}

static inline void wrmsr(uint32_t msr, uint64_t val)
{
	asm volatile("wrmsr"
		     :
		     : "c"(msr), "a"((uint32_t)val), "d"((uint32_t)(val >> 32))
		     : "memory");
}

static inline void cpu_pause(void)
{
	asm volatile("pause" : : : "memory");
}

static inline void irq_enable(void)
{
	asm volatile("sti; nop" : : : "memory");
}

static inline void irq_disable(void)
{
	asm volatile("cli" : : : "memory");
}

/* Sleeps until an interrupt has been taken; interrupts are off afterwards. */
static inline void irq_wait(void)
{
	asm volatile("sti; hlt; cli" : : : "memory");
}

#define barrier() asm volatile("" : : : "memory")

/* rdmsr and wrmsr that give the fault's vector instead of ending the test. */
int rdmsr_safe(uint32_t msr, uint64_t *val);
int wrmsr_safe(uint32_t msr, uint64_t val);

/* Takes interrupts of @vector from now on; the handler acknowledges them. */
void irq_set(unsigned int vector, void (*handler)(struct trap_frame *f));

/* Runs fn(arg) at privilege level 3 and gives its result. */
long call_user(long (*fn)(long), long arg);

/* Starts vCPU 1 by INIT-SIPI-SIPI and lets it run fn(arg); fn may return. */
bool cpu_start(unsigned int id, void (*fn)(void *arg), void *arg);

/* True when the function given to cpu_start() has returned. */
bool cpu_done(unsigned int id);

/* For the library itself: GDT, TSS, IDT and GS of the calling vCPU. */
void cpu_init(unsigned int id);

#endif

/*
 * Each CPU's own tables (GDT, TSS), the features that the hypervisor demands
 * of every CPU, and this_cpu().
 */
#include <hv/lib.h>
#include <hv/page.h>

#include <x86/asm.h>
#include <x86/platform.h>
#include <x86/smp.h>
#include <x86/traps.h>

#include "boot/boot.h"

#define CR0_WP	       (1ul << 16)
#define CR4_MCE	       (1ul << 6)
#define CR4_PGE	       (1ul << 7)
#define CR4_OSFXSR     (1ul << 9)
#define CR4_OSXMMEXCPT (1ul << 10)

#define MSR_PAT	       0x277u
#define PAT_DEFAULT    0x0007040600070406ul	/* WB WT UC- UC, twice */

#define CPUID_EXT      0x80000001u
#define CPUID_EXT_NX   (1u << 20)
#define CPUID_SIZES    0x80000008u

#define DESC_CODE64 0x00af9b000000ffffull
#define DESC_DATA   0x00cf93000000ffffull
#define TSS_TYPE    0x89ull	/* present, available 64-bit TSS */

struct tss {
	uint32_t reserved0;
	uint64_t rsp[3];
	uint64_t reserved1;
	uint64_t ist[7];
	uint64_t reserved2;
	uint16_t reserved3, iomap;
} packed;
_Static_assert(sizeof(struct tss) == 104, "APM vol. 2 12.2.5");

/* GDT and TSS of a CPU, in one piece. */
struct cpu_tables {
	uint64_t gdt[6];
	struct tss tss;
};

struct cpu boot_cpu;
struct cpu *cpus[MAX_CPUS];
unsigned int nr_cpus;
unsigned int host_phys_bits;
bool host_is_amd;

static struct arch_cpu boot_arch_cpu;
static struct cpu_tables boot_tables;

/* The pointer at the top of the stack block that holds the stack pointer. */
struct cpu *this_cpu(void)
{
	uintptr_t sp = (uintptr_t)__builtin_frame_address(0);

	return *(struct cpu **)((sp & ~(STACK_SIZE - 1)) + STACK_SIZE - 8);
}

static void cpu_setup(struct cpu *c, unsigned int id, struct arch_cpu *a)
{
	c->id = id;
	c->arch = a;
	c->timer_programmed = UINT64_MAX;
	list_init(&c->timers);
	spin_init(&c->timer_lock);
}

/* TSS descriptor: 16 bytes, base spread over them (APM vol. 2 4.8.3). */
static void set_tss_desc(uint64_t *d, const struct tss *tss)
{
	uint64_t base = (uintptr_t)tss;

	d[0] = (sizeof(*tss) - 1) | (base & 0xffffff) << 16 | TSS_TYPE << 40 |
	       ((base >> 24) & 0xff) << 56;
	d[1] = base >> 32;
}

static void load_tables(struct cpu *c, struct cpu_tables *t)
{
	char *stack = c->arch->stack;
	struct {
		uint16_t limit;
		uint64_t base;
	} packed ptr = {sizeof(t->gdt) - 1, (uintptr_t)t->gdt};

	t->gdt[SEL_CODE / 8] = DESC_CODE64;
	t->gdt[SEL_DATA / 8] = DESC_DATA;
	set_tss_desc(&t->gdt[SEL_TSS / 8], &t->tss);
	t->tss.iomap = sizeof(t->tss);
	t->tss.ist[STACK_DF] = (uintptr_t)stack + (STACK_DF + 1) * PAGE_SIZE;
	t->tss.ist[STACK_NMI] = (uintptr_t)stack + (STACK_NMI + 1) * PAGE_SIZE;
	t->tss.ist[STACK_MC] = (uintptr_t)stack + (STACK_MC + 1) * PAGE_SIZE;
	c->arch->tss = &t->tss;
	asm volatile("lgdt %0\n\t"
		     "push %1\n\t"
		     "lea 1f(%%rip), %%rax\n\t"
		     "push %%rax\n\t"
		     "lretq\n"
		     "1:\n\t"
		     "mov %2, %%ds\n\t"
		     "mov %2, %%es\n\t"
		     "mov %2, %%ss\n\t"
		     "ltr %w3"
		     :
		     : "m"(ptr), "i"(SEL_CODE), "r"(SEL_DATA), "r"(SEL_TSS)
		     : "rax", "memory");
}

static void demand_features(void)
{
	struct cpuid_regs ext = cpuid(CPUID_EXT, 0);

	if (!(ext.d & CPUID_EXT_NX))
		machine_refuse("this CPU cannot forbid execution of data (NX)",
			       "the feature is missing or switched off",
			       "enable \"NX\" or \"XD\" in the firmware's set-up");
}

static void set_control_registers(void)
{
	write_cr0(read_cr0() | CR0_WP);
	write_cr4(read_cr4() | CR4_MCE | CR4_PGE | CR4_OSFXSR | CR4_OSXMMEXCPT);
	wrmsr(MSR_PAT, PAT_DEFAULT);
}

static void read_identity(void)
{
	struct cpuid_regs v = cpuid(0, 0);

	host_is_amd = (v.b == 0x68747541 && v.d == 0x69746e65 &&
		       v.c == 0x444d4163) ||	/* AuthenticAMD */
		      (v.b == 0x6f677948 && v.d == 0x6e65476e &&
		       v.c == 0x656e6975);	/* HygonGenuine */
	host_phys_bits = cpuid(0x80000000, 0).a >= CPUID_SIZES
				 ? cpuid(CPUID_SIZES, 0).a & 0xff : 36;
}

void cpu_init_bsp(void)
{
	boot_arch_cpu.stack = boot_stack;
	cpu_setup(&boot_cpu, 0, &boot_arch_cpu);
	load_tables(&boot_cpu, &boot_tables);
	traps_init();
	read_identity();
	demand_features();
	set_control_registers();
	boot_cpu.online = true;
	cpus[0] = &boot_cpu;
	nr_cpus = 1;
}

void cpu_init_ap(void)
{
	struct cpu *c = this_cpu();

	load_tables(c, (struct cpu_tables *)c->arch->tables);
	traps_load();
	set_control_registers();
}

struct cpu *cpu_alloc(unsigned int id, uint32_t apic_id)
{
	struct cpu *c = heap_alloc(sizeof(*c));
	struct arch_cpu *a = heap_alloc(sizeof(*a));

	if (!c || !a)
		goto fail;
	a->tables = heap_alloc(sizeof(struct cpu_tables));
	a->stack = stack_alloc();
	if (!a->tables || !a->stack)
		goto fail;
	a->apic_id = apic_id;
	cpu_setup(c, id, a);
	*(struct cpu **)((char *)a->stack + STACK_SIZE - 8) = c;
	return c;
fail:
	panic("no memory for CPU %u; add memory", id);
}

/*
 * Segments, interrupt table and traps of each vCPU. A fault at an instruction
 * in the exception table is noted for TRY(); any other ends the test.
 */
#include "guest.h"

struct gate {
	uint16_t low, sel, flags, mid;
	uint32_t high, zero;
};

struct tss {
	uint32_t reserved;
	uint64_t rsp[3];
	uint64_t ist[8];
	uint64_t reserved2;
	uint16_t reserved3, iomap;
} __attribute__((packed));

struct table {
	uint16_t limit;
	uint64_t base;
} __attribute__((packed));

#define GDT_TSS	    5
#define GDT_ENTRIES (GDT_TSS + 2 * MAX_CPUS)

static struct gate idt[256] __attribute__((aligned(16)));
static struct tss tss[MAX_CPUS] __attribute__((aligned(16)));
static unsigned char trap_stack[MAX_CPUS][4096] __attribute__((aligned(16)));
static struct cpu cpus[MAX_CPUS];
static void (*irq_handlers[256])(struct trap_frame *f);
static uint64_t gdt[GDT_ENTRIES] = {
	0,
	0x00af9b000000ffff, /* 0x08 kernel code */
	0x00cf93000000ffff, /* 0x10 kernel data */
	0x00cff3000000ffff, /* 0x18 user data */
	0x00affb000000ffff, /* 0x20 user code */
};

extern char trap_stubs[];
extern const uint64_t ex_table_start[], ex_table_end[];
void trap(struct trap_frame *f);
long user_enter(long (*fn)(long), long arg, void *ustack, uint64_t *ksp);
void user_exit(uint64_t ksp, long result) __attribute__((noreturn));

static bool fix_up(struct trap_frame *f)
{
	const uint64_t *row;
	struct cpu *c = this_cpu();

	for (row = ex_table_start; row < ex_table_end; row += 2) {
		if (row[0] != f->rip)
			continue;
		asm volatile("mov %%cr2, %0" : "=r"(c->fault_cr2));
		c->fault_vector = (int)f->vector;
		c->fault_error = f->error;
		f->rip = row[1];
		return true;
	}
	return false;
}

void trap(struct trap_frame *f)
{
	if (f->vector == 0x80 && (f->cs & 3))
		user_exit(this_cpu()->user_rsp, (long)f->rax);
	if (f->vector < 32 && fix_up(f))
		return;
	if (irq_handlers[f->vector]) {
		irq_handlers[f->vector](f);
		return;
	}
	test_error("trap %lu, error %#lx at %#lx, rsp %#lx rax %#lx rdi %#lx", f->vector,
		   f->error, f->rip, f->rsp, f->rax, f->rdi);
	test_end();
}

void irq_set(unsigned int vector, void (*handler)(struct trap_frame *f))
{
	irq_handlers[vector] = handler;
}

static void idt_fill(void)
{
	unsigned int i;

	for (i = 0; i < 256; i++) {
		uint64_t to = (uint64_t)trap_stubs + i * 16;

		idt[i] = (struct gate){.low = (uint16_t)to,
				       .sel = SEL_KCODE,
				       .flags = i == 0x80 ? 0xee00 : 0x8e00,
				       .mid = (uint16_t)(to >> 16),
				       .high = (uint32_t)(to >> 32)};
	}
}

void cpu_init(unsigned int id)
{
	struct table g = {sizeof(gdt) - 1, (uint64_t)gdt};
	struct table i = {sizeof(idt) - 1, (uint64_t)idt};
	uint64_t at = (uint64_t)&tss[id];
	unsigned int slot = GDT_TSS + 2 * id;

	if (!idt[0].sel)
		idt_fill();
	tss[id].rsp[0] = (uint64_t)trap_stack[id] + sizeof(trap_stack[id]);
	tss[id].iomap = sizeof(tss[id]);
	gdt[slot] = (sizeof(tss[id]) - 1) | (at & 0xffffff) << 16 | 0x89ull << 40 |
		    (at >> 24 & 0xff) << 56;
	gdt[slot + 1] = at >> 32;
	asm volatile("lgdt %0; lidt %1; ltr %2"
		     :
		     : "m"(g), "m"(i), "r"((uint16_t)(slot * 8)));
	cpus[id].self = &cpus[id];
	cpus[id].id = id;
	wrmsr(MSR_GS_BASE, (uint64_t)&cpus[id]);
}

int rdmsr_safe(uint32_t msr, uint64_t *val)
{
	uint32_t lo = 0, hi = 0;
	int vec = TRY("rdmsr", LIST("+a"(lo), "+d"(hi)), LIST("c"(msr)));

	*val = (uint64_t)hi << 32 | lo;
	return vec;
}

int wrmsr_safe(uint32_t msr, uint64_t val)
{
	return TRY("wrmsr", ,
		   LIST("c"(msr), "a"((uint32_t)val), "d"((uint32_t)(val >> 32))));
}

long call_user(long (*fn)(long), long arg)
{
	static unsigned char stack[MAX_CPUS][4096] __attribute__((aligned(16)));
	struct cpu *c = this_cpu();

	return user_enter(fn, arg, stack[c->id] + sizeof(stack[0]), &c->user_rsp);
}

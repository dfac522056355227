/*
 * The local APIC in both modes: registers, self-IPIs and priorities, timer one
 * shot and periodic, reserved bits, mode changes, and MMIO by every kind of
 * instruction that compilers make of a 32-bit access (guest ABI, G4).
 */
#include "guest.h"

#define APIC   0xfee00000ul
#define V_LOW  0x51
#define V_HIGH 0x91
#define V_TIME 0x71

static volatile unsigned int hits[256];
static volatile unsigned int order[4], nr_order;

static void count(struct trap_frame *f)
{
	hits[f->vector]++;
	if (nr_order < ARRAY_SIZE(order))
		order[nr_order++] = (unsigned int)f->vector;
	apic_eoi();
}

static void self_ipi(unsigned int vector)
{
	apic_icr(0, 0x44000 | vector); /* shorthand: self */
}

static void test_registers(void)
{
	EXPECT(apic_read(0x20), 0);
	EXPECT(apic_read(0x30) & 0xff, 0x14);
	CHECK((apic_read(0x30) >> 16 & 0xff) >= 3);
	apic_write(0x80, 0x20);
	EXPECT(apic_read(0x80), 0x20);
	EXPECT(apic_read(0xa0) & 0xf0, 0x20);
	apic_write(0x80, 0);
	apic_write(0xf0, 0x1ff);
	EXPECT(apic_read(0xf0), 0x1ff);
	apic_write(0x3e0, 0xb);
	EXPECT(apic_read(0x3e0), 0xb);
}

static void test_priorities(void)
{
	nr_order = 0;
	self_ipi(V_LOW);
	self_ipi(V_HIGH);
	CHECK(apic_read(0x200 + (V_LOW / 32) * 0x10) >> (V_LOW % 32) & 1);
	irq_enable();
	irq_disable();
	EXPECT(order[0], V_HIGH);
	EXPECT(order[1], V_LOW);
	/* TPR holds the low one back. */
	nr_order = 0;
	apic_write(0x80, 0x60);
	self_ipi(V_LOW);
	irq_enable();
	irq_disable();
	EXPECT(nr_order, 0);
	apic_write(0x80, 0);
	irq_enable();
	irq_disable();
	EXPECT(nr_order, 1);
	/* The same through CR8. */
	asm volatile("mov %0, %%cr8" : : "r"(6ul));
	EXPECT(apic_read(0x80), 0x60);
	self_ipi(V_LOW);
	irq_enable();
	irq_disable();
	EXPECT(nr_order, 1);
	/* Not by CR8: QEMU 7.2 aborts when that lets a waiting interrupt in. */
	apic_write(0x80, 0);
	irq_enable();
	irq_disable();
	EXPECT(nr_order, 2);
}

static void test_timer(void)
{
	unsigned int was = hits[V_TIME];

	apic_write(0x320, V_TIME);
	apic_write(0x380, 100000);
	CHECK(apic_read(0x390) <= 100000);
	while (hits[V_TIME] == was)
		irq_wait();
	EXPECT(hits[V_TIME], was + 1);
	EXPECT(apic_read(0x390), 0);
	/* Periodic until stopped. */
	apic_write(0x320, 0x20000 | V_TIME);
	apic_write(0x380, 1000000);
	while (hits[V_TIME] < was + 4)
		irq_wait();
	apic_write(0x380, 0);
	apic_write(0x320, 0x10000);
	was = hits[V_TIME];
	irq_enable();
	WAIT_FOR(false, 20);
	irq_disable();
	CHECK(hits[V_TIME] <= was + 1);
}

static void test_x2_reserved(void)
{
	uint64_t val;

	EXPECT(wrmsr_safe(0x80b, 1), X86_GP);	  /* EOI of 1 */
	EXPECT(wrmsr_safe(0x808, 0x100), X86_GP); /* TPR beyond 8 bits */
	EXPECT(wrmsr_safe(0x802, 1), X86_GP);	  /* ID is read-only */
	EXPECT(wrmsr_safe(0x803, 0), X86_GP);
	EXPECT(rdmsr_safe(0x80e, &val), X86_GP);  /* no DFR */
	EXPECT(rdmsr_safe(0x831, &val), X86_GP);  /* no ICR2 */
	EXPECT(rdmsr_safe(0x80b, &val), X86_GP);  /* EOI is write-only */
	EXPECT(wrmsr_safe(0x80d, 0), X86_GP);	  /* LDR is read-only */
	EXPECT(rdmsr(0x80d), 1);		  /* cluster 0, first */
	EXPECT(wrmsr_safe(0x83f, 0x100), X86_GP); /* SELF IPI */
	wrmsr(0x83f, V_LOW);
	hits[V_LOW] = 0;
	irq_enable();
	irq_disable();
	EXPECT(hits[V_LOW], 1);
}

/* The same register by different encodings. */
static void test_mmio_forms(void)
{
	volatile uint32_t *tpr = (volatile uint32_t *)(APIC + 0x80);
	uint32_t a = 0x30, b = 0;
	unsigned long idx = 0x80;

	asm volatile("movl $0x10, (%0)" : : "r"(tpr) : "memory");
	EXPECT(*tpr, 0x10);
	asm volatile("movl %1, (%2,%0)" : : "r"(idx), "r"(a), "r"(APIC) : "memory");
	asm volatile("movl (%1,%2,8), %0" : "=r"(b) : "r"(APIC), "r"(idx / 8));
	EXPECT(b, 0x30);
	asm volatile("mov %1, %%r13; movl $0x40, 0x80(%%r13); movl 0x80(%%r13), %%r15d; "
		     "mov %%r15d, %0"
		     : "=r"(b)
		     : "r"(APIC)
		     : "r13", "r15", "memory");
	EXPECT(b, 0x40);
	asm volatile("movabs 0xfee00080, %%eax" : "=a"(b));
	EXPECT(b, 0x40);
	asm volatile("mov %1, %%r12; movl (%%r12), %0" : "=r"(b) : "r"(tpr) : "r12");
	EXPECT(b, 0x40);
	*tpr = 0;
}

/* Odd ones may do anything to the guest's APIC, but only to that. */
static void test_mmio_odd(void)
{
	volatile char *base = (volatile char *)APIC;
	unsigned int i = 0;
	uint64_t q;
	uint16_t w;

	TRY("movb (%1), %b0", LIST("=q"(q)), LIST("r"(base + 0x21)));
	TRY("movw (%1), %0", LIST("=r"(w)), LIST("r"(base + 0x30)));
	TRY("movq (%1), %0", LIST("=r"(q)), LIST("r"(base + 0x30)));
	TRY("orl $1, (%0)", , LIST("r"(base + 0x80)));
	TRY("xchgl %0, (%1)", LIST("+r"(i)), LIST("r"(base + 0x80)));
	TRY("movl $0, (%0)", , LIST("r"(base + 0x82)));
	TRY("incb (%0)", , LIST("r"(base + 0x80)));
	for (i = 0; i < 0x1000; i += 0x10) {
		uint32_t v;

		TRY("movl (%1), %0", LIST("=r"(v)), LIST("r"(base + i)));
		if (i != 0x300 && i != 0x380 && i != 0xb0 && i != 0xf0)
			TRY("movl %0, (%1)", , LIST("r"(v), "r"(base + i)));
	}
	apic_write(0x80, 0);
}

static void test_modes(void)
{
	uint64_t base = rdmsr(MSR_APIC_BASE);

	if (!apic_is_x2()) {
		apic_set_mode(0xc00);
		CHECK(apic_is_x2());
	}
	EXPECT(wrmsr_safe(MSR_APIC_BASE, (base & ~0xc00ull) | 0x800),
	       X86_GP); /* x2 to x */
	apic_set_mode(0);
	EXPECT(wrmsr_safe(MSR_APIC_BASE, base | 0xc00), X86_GP); /* off to x2 */
	apic_set_mode(0x800);
	CHECK(!apic_is_x2());
}

static void run_mode(void)
{
	apic_write(0xf0, 0x1ff);
	test_registers();
	test_priorities();
	test_timer();
}

void test_main(void)
{
	irq_set(V_LOW, count);
	irq_set(V_HIGH, count);
	irq_set(V_TIME, count);
	RUN(test_modes); /* ends in xAPIC mode */
	run_mode();
	RUN(test_mmio_forms);
	apic_set_mode(0xc00);
	run_mode();
	RUN(test_x2_reserved);
	apic_set_mode(0);
	apic_set_mode(0x800);
	RUN(test_mmio_odd);
}

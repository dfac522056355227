/*
 * The local APIC of each CPU (APM vol. 2 ch. 16), by memory (xAPIC) or by MSR
 * (x2APIC). x2APIC is used where the firmware left it on, where an APIC id
 * needs it, and under another hypervisor, which makes it the cheaper one;
 * else xAPIC, as x2APIC formally wants interrupt remapping. x2apic= overrides.
 */
#include <hv/arch.h>
#include <hv/boot.h>
#include <hv/lib.h>
#include <hv/log.h>

#include <x86/acpi.h>
#include <x86/apic.h>
#include <x86/asm.h>
#include <x86/irq.h>
#include <x86/platform.h>
#include <x86/vlapic.h>

#define MSR_APIC_BASE	 0x1bu
#define APIC_BASE_ADDR	 0x000ffffffffff000ul
#define MSR_X2APIC	 0x800u

#define SVR_ENABLE	(1u << 8)
#define LVT_MASKED	(1u << 16)
#define LVT_NMI		(4u << 8)
#define TIMER_DIV_1	0xbu

#define ICR_FIXED	(0u << 8)
#define ICR_NMI		(4u << 8)
#define ICR_INIT	(5u << 8)
#define ICR_STARTUP	(6u << 8)
#define ICR_PENDING	(1u << 12)
#define ICR_ASSERT	(1u << 14)
#define ICR_SPINS	100000u

#define CPUID_X2APIC	 (1u << 21)	/* leaf 1 ecx */
#define CPUID_HYPERVISOR (1u << 31)
#define XAPIC_ID_LIMIT	 255u

static volatile uint32_t *regs;		/* NULL: x2APIC */
static bool x2apic, ready;

static uint32_t read_reg(unsigned int reg)
{
	return x2apic ? (uint32_t)rdmsr(MSR_X2APIC + reg / 16) : regs[reg / 4];
}

static void write_reg(unsigned int reg, uint32_t v)
{
	if (x2apic)
		wrmsr(MSR_X2APIC + reg / 16, v);
	else
		regs[reg / 4] = v;
}

static bool want_x2apic(uint64_t base)
{
	uint32_t c = cpuid(1, 0).c;

	if (!(c & CPUID_X2APIC))
		return false;
	if (base & APIC_BASE_X2APIC)	/* there is no way back */
		return true;
	for (unsigned int i = 0; i < acpi.cpu_nr; i++)
		if (acpi.cpu_apic_id[i] >= XAPIC_ID_LIMIT)
			return true;
	return cmdline_bool("x2apic", c & CPUID_HYPERVISOR);
}

static void choose_mode(void)
{
	uint64_t base = rdmsr(MSR_APIC_BASE);

	x2apic = want_x2apic(base);
	if (!x2apic)
		regs = map_mmio(base & APIC_BASE_ADDR, PAGE_SIZE);
	log_info("local APIC: %s at %#lx", x2apic ? "x2APIC" : "xAPIC",
		 base & APIC_BASE_ADDR);
	ready = true;
}

static unsigned int max_lvt(void)
{
	return (read_reg(APIC_VERSION) >> 16) & 0xff;
}

void lapic_init(void)
{
	uint64_t base;

	if (!ready)
		choose_mode();
	base = rdmsr(MSR_APIC_BASE) | APIC_BASE_ENABLE;
	wrmsr(MSR_APIC_BASE, base);
	if (x2apic)
		wrmsr(MSR_APIC_BASE, base | APIC_BASE_X2APIC);
	write_reg(APIC_SVR, SVR_ENABLE | VEC_SPURIOUS);
	if (!x2apic) {
		write_reg(APIC_DFR, 0xffffffff);
		write_reg(APIC_LDR, 0);
	}
	write_reg(APIC_TPR, 0);
	write_reg(APIC_LVT_LINT0, LVT_MASKED);
	write_reg(APIC_LVT_LINT1, LVT_NMI);
	write_reg(APIC_LVT_ERROR, LVT_MASKED | VEC_SPURIOUS);
	if (max_lvt() >= 4)
		write_reg(APIC_LVT_PERF, LVT_MASKED);
	if (max_lvt() >= 5)
		write_reg(APIC_LVT_THERM, LVT_MASKED);
	write_reg(APIC_ESR, 0);
	write_reg(APIC_TDCR, TIMER_DIV_1);
	write_reg(APIC_TMICT, 0);
	write_reg(APIC_LVT_TIMER, VEC_TIMER);	/* one-shot */
	this_cpu()->arch->apic_id = lapic_id();
}

bool lapic_ready(void)
{
	return ready;
}

uint32_t lapic_id(void)
{
	return x2apic ? read_reg(APIC_ID) : read_reg(APIC_ID) >> 24;
}

void lapic_eoi(void)
{
	write_reg(APIC_EOI, 0);
}

bool lapic_in_service(unsigned int vector)
{
	return read_reg(APIC_ISR + vector / 32 * 16) >> (vector % 32) & 1;
}

bool lapic_irq_waiting(void)
{
	uint32_t any = 0;

	for (unsigned int i = 1; i < 8; i++)	/* 0..31 are exceptions */
		any |= read_reg(APIC_IRR + i * 16);
	return any;
}

static void wait_icr(void)
{
	for (unsigned int i = 0; i < ICR_SPINS; i++) {
		if (!(read_reg(APIC_ICR) & ICR_PENDING))
			return;
		arch_relax();
	}
}

static void send(uint32_t apic_id, uint32_t command)
{
	if (x2apic) {
		/* WRMSR to x2APIC does not wait for stores before it. */
		asm volatile("mfence; lfence" : : : "memory");
		wrmsr(MSR_X2APIC + APIC_ICR / 16, (uint64_t)apic_id << 32 | command);
		return;
	}
	wait_icr();
	write_reg(APIC_ICR2, apic_id << 24);
	write_reg(APIC_ICR, command);
	wait_icr();
}

void lapic_ipi(uint32_t apic_id, uint8_t vector)
{
	send(apic_id, ICR_FIXED | ICR_ASSERT | vector);
}

void lapic_nmi(uint32_t apic_id)
{
	send(apic_id, ICR_NMI | ICR_ASSERT);
}

void lapic_init_ipi(uint32_t apic_id)
{
	send(apic_id, ICR_INIT | ICR_ASSERT);
}

void lapic_startup_ipi(uint32_t apic_id, uint8_t vector)
{
	send(apic_id, ICR_STARTUP | ICR_ASSERT | vector);
}

void lapic_timer_set(uint32_t ticks)
{
	write_reg(APIC_TMICT, ticks);
}

uint32_t lapic_timer_count(void)
{
	return read_reg(APIC_TMCCT);
}

bool arch_irq_pending(void)
{
	return lapic_irq_waiting();
}

/*
 * The other CPUs: started one after the other through a page below 1 MiB that
 * is borrowed and given back as it was; kicked by an interrupt; stopped for
 * good by an NMI, which reaches a CPU wherever it is.
 */
#include <hv/arch.h>
#include <hv/boot.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/main.h>
#include <hv/page.h>

#include <x86/acpi.h>
#include <x86/apic.h>
#include <x86/asm.h>
#include <x86/irq.h>
#include <x86/mce.h>
#include <x86/platform.h>
#include <x86/smp.h>
#include <x86/ucode.h>
#include <x86/watchdog.h>

#include "boot/boot.h"

#define TRAMPOLINE_FIRST 0x8000ul
#define TRAMPOLINE_END	 0x9f000ul

#define INIT_DELAY_US	100	/* the 10 ms of old were for external APICs */
#define SIPI_DELAY_US	200
#define FIRST_WAIT_NS	200000ull
#define START_WAIT_NS	5000000000ull	/* an emulator may be busy */
#define STOP_STEP_US	100
#define STOP_STEPS	1000u

enum { AP_STARTING, AP_UP, AP_GIVEN_UP };

static unsigned int ap_state;
static bool stopping;
static unsigned int stopped;

void arch_relax(void)
{
	asm volatile("pause");
}

void arch_halt(void)
{
	for (;;)
		asm volatile("cli; hlt");
}

void cpu_kick(unsigned int cpu)
{
	if (cpu < nr_cpus && cpus[cpu] != this_cpu())
		lapic_ipi(cpus[cpu]->arch->apic_id, VEC_KICK);
}

/* The interruption is all that a kick is for. */
static void kick_interrupt(unsigned int vector)
{
}

/* --- stopping ------------------------------------------------------------------ */

void arch_stop_others(void)
{
	unsigned int others = 0;

	if (!lapic_ready() || __atomic_exchange_n(&stopping, true, __ATOMIC_SEQ_CST))
		return;
	for_each_cpu(i) {
		if (cpus[i] == this_cpu())
			continue;
		lapic_nmi(cpus[i]->arch->apic_id);
		others++;
	}
	for (unsigned int i = 0; i < STOP_STEPS; i++) {
		if (__atomic_load_n(&stopped, __ATOMIC_ACQUIRE) >= others)
			return;
		delay_us(STOP_STEP_US);
	}
}

void smp_nmi(void)
{
	if (!__atomic_load_n(&stopping, __ATOMIC_ACQUIRE)) {
		if (watchdog_is_stuck())
			panic("CPU %u does not move any more; report this", this_cpu()->id);
		mce_unknown_nmi();
		return;
	}
	__atomic_add_fetch(&stopped, 1, __ATOMIC_RELEASE);
	arch_halt();
}

/* --- starting ------------------------------------------------------------------ */

/* C entry of every other CPU, from boot.S, on its own stack. */
void ap_main(void);

void ap_main(void)
{
	struct cpu *c = this_cpu();
	unsigned int expect = AP_STARTING;

	cpu_init_ap();
	ucode_cpu_init();
	lapic_init();
	mce_cpu_init();
	if (!__atomic_compare_exchange_n(&ap_state, &expect, AP_UP, false,
					 __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		arch_halt();
	tsc_sync_new_cpu();
	while (!__atomic_load_n(&c->online, __ATOMIC_ACQUIRE))
		arch_relax();
	cpu_main();
}

static bool wait_until_up(uint64_t ns)
{
	uint64_t end = now_ns() + ns;

	while (now_ns() < end) {
		if (__atomic_load_n(&ap_state, __ATOMIC_ACQUIRE) == AP_UP)
			return true;
		arch_relax();
	}
	return false;
}

/* INIT, SIPI, SIPI (Intel SDM vol. 3 9.4.4; APM vol. 2 16.5). */
static bool wake(uint32_t apic_id, uint64_t trampoline)
{
	uint8_t vector = (uint8_t)(trampoline >> PAGE_SHIFT);
	unsigned int expect = AP_STARTING;

	lapic_init_ipi(apic_id);
	delay_us(INIT_DELAY_US);
	lapic_startup_ipi(apic_id, vector);
	delay_us(SIPI_DELAY_US);
	if (!wait_until_up(FIRST_WAIT_NS))
		lapic_startup_ipi(apic_id, vector);
	if (wait_until_up(START_WAIT_NS))
		return true;
	if (!__atomic_compare_exchange_n(&ap_state, &expect, AP_GIVEN_UP, false,
					 __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		return true;
	lapic_init_ipi(apic_id);	/* back to where it waits for SIPI */
	return false;
}

static void start_cpu(uint32_t apic_id, uint64_t trampoline)
{
	struct cpu *c = cpu_alloc(nr_cpus, apic_id);

	cpu_make_idle(c);
	ap_stack_top = (uintptr_t)c->arch->stack + STACK_SIZE - 16;
	__atomic_store_n(&ap_state, AP_STARTING, __ATOMIC_SEQ_CST);
	if (!wake(apic_id, trampoline)) {
		log_warn("CPU with APIC id %u does not start; it is left out", apic_id);
		return;
	}
	tsc_sync_boot_cpu();
	cpus[c->id] = c;
	__atomic_store_n(&nr_cpus, c->id + 1, __ATOMIC_RELEASE);
	__atomic_store_n(&c->online, true, __ATOMIC_RELEASE);
}

/* A page of RAM that real mode can reach, or 0. */
static uint64_t trampoline_page(void)
{
	for (unsigned int i = 0; i < boot_info.e820_nr; i++) {
		const struct e820_entry *e = &boot_info.e820[i];
		uint64_t at = MAX(e->addr, TRAMPOLINE_FIRST);

		if (e->type == E820_RAM &&
		    at + PAGE_SIZE <= MIN(e->addr + e->size, TRAMPOLINE_END))
			return at;
	}
	return 0;
}

static void start_all(uint64_t trampoline)
{
	uint64_t max = MIN(cmdline_size("maxcpus", MAX_CPUS), MAX_CPUS);

	for (unsigned int i = 0; i < acpi.cpu_nr && nr_cpus < max; i++)
		if (acpi.cpu_apic_id[i] != this_cpu()->arch->apic_id)
			start_cpu(acpi.cpu_apic_id[i], trampoline);
}

void smp_start_others(void)
{
	uint64_t at = trampoline_page();
	char *page = phys_to_virt(at), *saved = heap_alloc_page();

	irq_set_handler(VEC_KICK, kick_interrupt);
	if (!at || !saved) {
		log_warn("no RAM below 640 KiB: only one CPU is used");
		return;
	}
	memcpy(saved, page, PAGE_SIZE);
	memcpy(page, trampoline_start, (size_t)(trampoline_end - trampoline_start));
	start_all(at);
	memcpy(page, saved, PAGE_SIZE);
	heap_free_page(saved);
	log_info("%u of %u CPUs are up, TSC is %s", nr_cpus, acpi.cpu_nr,
		 tsc_reliable ? "invariant and equal" : "not invariant");
}

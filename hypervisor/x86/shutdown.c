/* The machine off or on again, by every way there is, the best one first. */
#include <hv/arch.h>
#include <hv/boot.h>
#include <hv/lib.h>
#include <hv/log.h>

#include <x86/acpi.h>
#include <x86/asm.h>
#include <x86/platform.h>

#define PM1_SLP_TYP_SHIFT 10
#define PM1_SLP_TYP_MASK  (7u << PM1_SLP_TYP_SHIFT)
#define PM1_SLP_EN	  (1u << 13)
#define SETTLE_MS	  1000

#define GAS_MEMORY 0
#define GAS_IO	   1
#define GAS_PCI	   2
#define PCI_INDEX  0xcf8
#define PCI_DATA   0xcfc

#define RESET_PORT 0xcf9
#define KBC_STATUS 0x64
#define KBC_FULL   0x02
#define KBC_RESET  0xfe
#define KBC_SPINS  10000u
#define TRY_MS	   200

static void enter_s5(uint16_t port, uint8_t typ)
{
	uint16_t v;

	if (!port)
		return;
	v = (uint16_t)(inw(port) & ~(PM1_SLP_TYP_MASK | PM1_SLP_EN));
	v = (uint16_t)(v | (unsigned int)typ << PM1_SLP_TYP_SHIFT);
	outw(port, v);
	outw(port, (uint16_t)(v | PM1_SLP_EN));
}

void arch_machine_poweroff(void)
{
	arch_stop_others();
	log_seize();
	if (acpi.s5_valid) {
		log_info("power off");
		enter_s5(acpi.pm1a_cnt, acpi.s5_typ_a);
		enter_s5(acpi.pm1b_cnt, acpi.s5_typ_b);
		arch_delay_ms(SETTLE_MS);
	}
	log_error("the firmware gives no way to power off; "
		  "switch the machine off by hand");
	arch_halt();
}

void arch_write_back(void)
{
	asm volatile("wbinvd" : : : "memory");
}

/* Processors with virtualization have cache lines of 64 bytes (or multiples). */
void arch_flush_lines(const void *p, size_t n)
{
	const char *end = (const char *)p + n;

	asm volatile("mfence" : : : "memory");
	for (const char *at = (const void *)((uintptr_t)p & ~63ul); at < end; at += 64)
		asm volatile("clflush %0" : : "m"(*at) : "memory");
	asm volatile("mfence" : : : "memory");
}

/* ACPI 4.8.3.6: the register may be memory, a port, or on PCI bus 0. */
static void reset_acpi(void)
{
	uint64_t a = acpi.reset_reg.address;

	if (!a)
		return;
	switch (acpi.reset_reg.space) {
	case GAS_MEMORY:
		*(volatile uint8_t *)map_mmio(a, 1) = acpi.reset_value;
		break;
	case GAS_IO:
		outb((uint16_t)a, acpi.reset_value);
		break;
	case GAS_PCI:
		outl(PCI_INDEX, 0x80000000u | ((a >> 32) & 0x1f) << 11 |
					((a >> 16) & 7) << 8 | (a & 0xfc));
		outb((uint16_t)(PCI_DATA + (a & 3)), acpi.reset_value);
		break;
	}
}

static void reset_cf9(void)
{
	uint8_t v = (uint8_t)(inb(RESET_PORT) & ~6u);

	outb(RESET_PORT, v | 2);
	outb(RESET_PORT, v | 6);
}

static void reset_keyboard(void)
{
	for (unsigned int i = 0; i < KBC_SPINS; i++)
		if (!(inb(KBC_STATUS) & KBC_FULL))
			break;
	outb(KBC_STATUS, KBC_RESET);
}

/* A fault that cannot be delivered resets the CPU. */
static void reset_triple_fault(void)
{
	struct {
		uint16_t limit;
		uint64_t base;
	} packed none = {0, 0};

	asm volatile("lidt %0; int3" : : "m"(none));
}

static const struct {
	const char *name;
	void (*fn)(void);
} resets[] = {
	{"acpi", reset_acpi},
	{"cf9", reset_cf9},
	{"keyboard", reset_keyboard},
	{"triple", reset_triple_fault},
};

/* In order, but for the one that reboot= names, which comes first. */
void arch_machine_reboot(void)
{
	char first[16] = "";

	arch_stop_others();
	log_seize();
	cmdline_get("reboot", first, sizeof(first));
	for (unsigned int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < ARRAY_SIZE(resets); i++) {
			if (!strcmp(resets[i].name, first) != !pass)
				continue;
			log_info("reset: %s", resets[i].name);
			resets[i].fn();
			arch_delay_ms(TRY_MS);
		}
	}
	arch_halt();
}

/*
 * Local APIC helpers for both modes. Registers are named by their xAPIC
 * offset (Intel SDM vol. 3, table 11-1); in x2APIC mode that is MSR
 * 0x800 + offset / 16.
 */
#include "guest.h"

#define APIC_BASE_ADDR 0xfee00000ul
#define APIC_EXTD      0x400u
#define APIC_EN	       0x800u

bool apic_is_x2(void)
{
	return (rdmsr(MSR_APIC_BASE) & (APIC_EXTD | APIC_EN)) == (APIC_EXTD | APIC_EN);
}

void apic_set_mode(uint64_t bits)
{
	uint64_t base = rdmsr(MSR_APIC_BASE) & ~(uint64_t)(APIC_EXTD | APIC_EN);

	wrmsr(MSR_APIC_BASE, base | bits);
}

uint32_t apic_read(unsigned int reg)
{
	if (apic_is_x2())
		return (uint32_t)rdmsr(MSR_X2APIC + reg / 16);
	return *(volatile uint32_t *)(APIC_BASE_ADDR + reg);
}

void apic_write(unsigned int reg, uint32_t val)
{
	if (apic_is_x2())
		wrmsr(MSR_X2APIC + reg / 16, val);
	else
		*(volatile uint32_t *)(APIC_BASE_ADDR + reg) = val;
}

void apic_icr(uint32_t dest, uint32_t low)
{
	if (apic_is_x2()) {
		wrmsr(MSR_X2APIC + 0x30, (uint64_t)dest << 32 | low);
		return;
	}
	apic_write(0x310, dest);
	apic_write(0x300, low);
}

void apic_eoi(void)
{
	apic_write(0xb0, 0);
}

/*
 * MSRs that only AMD's CPUs have, as guests see them (guest-abi B3). Rows differ
 * for the hardware domain only where it may read the machine's own value.
 */
#include <x86/asm.h>

#include "svm.h"

/* SYSCFG: the DRAM and top-of-memory bits, 18 to 22. */
static bool read_syscfg(struct vcpu *v, uint32_t msr, uint64_t *val)
{
	*val = v->domain->hardware ? rdmsr(msr) & (0x1full << 18) : 0;
	return true;
}

static bool read_top_mem(struct vcpu *v, uint32_t msr, uint64_t *val)
{
	*val = v->domain->hardware ? rdmsr(msr) : 0;
	return true;
}

/* TscFreqSel: Linux calls the firmware broken without it. */
static bool read_hwcr(struct vcpu *v, uint32_t msr, uint64_t *val)
{
	*val = 1ull << 24;
	return true;
}

/* LFENCE is serialising. */
static bool read_de_cfg(struct vcpu *v, uint32_t msr, uint64_t *val)
{
	*val = 1ull << 1;
	return true;
}

const struct hvm_msr_row svm_msrs[] = {
	{0x8b, 0x8b, hvm_msr_host, NULL},		/* PATCH_LEVEL */
	{0xc0010000, 0xc0010007, hvm_msr_zero, hvm_msr_ignore}, /* counters */
	{0xc0010010, 0xc0010010, read_syscfg, hvm_msr_ignore},
	{0xc0010015, 0xc0010015, read_hwcr, hvm_msr_ignore},
	{0xc001001a, 0xc001001a, read_top_mem, NULL},
	{0xc001001d, 0xc001001d, read_top_mem, NULL},
	{0xc001001f, 0xc001001f, hvm_msr_zero, hvm_msr_ignore}, /* NB_CFG */
	{0xc0010020, 0xc0010020, NULL, hvm_msr_ignore},	/* patch loader */
	{0xc0010055, 0xc0010055, hvm_msr_zero, hvm_msr_ignore}, /* INT_PENDING */
	{0xc0010114, 0xc0010114, hvm_msr_zero, NULL},	/* VM_CR */
	{0xc0010200, 0xc001020b, hvm_msr_zero, hvm_msr_ignore}, /* counters */
	{0xc0011029, 0xc0011029, read_de_cfg, hvm_msr_ignore},
};
const unsigned int svm_msr_nr = ARRAY_SIZE(svm_msrs);

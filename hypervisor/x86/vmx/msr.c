/* MSRs that only Intel's CPUs have, as guests see them (guest-abi B3). */
#include "vmx.h"

/* Fast strings; no BTS, no PEBS. */
#define MISC_ENABLE	(1ull << 0 | 1ull << 11 | 1ull << 12)

/* Locked, VMX off. */
static bool read_feature_control(struct vcpu *v, uint32_t msr, uint64_t *val)
{
	*val = 1;
	return true;
}

static bool read_misc_enable(struct vcpu *v, uint32_t msr, uint64_t *val)
{
	*val = MISC_ENABLE;
	return true;
}

const struct hvm_msr_row vmx_msrs[] = {
	{0x17, 0x17, hvm_msr_host, NULL},
	{MSR_FEATURE_CONTROL, MSR_FEATURE_CONTROL, read_feature_control, NULL},
	{0x79, 0x79, NULL, hvm_msr_ignore},		/* microcode */
	{0x8b, 0x8b, hvm_msr_host, hvm_msr_ignore},	/* its version */
	{0xce, 0xce, hvm_msr_zero, NULL},		/* PLATFORM_INFO */
	{0x140, 0x140, hvm_msr_zero, NULL},		/* MISC_FEATURES */
	{0x198, 0x199, hvm_msr_zero, hvm_msr_ignore},	/* frequency */
	{0x19c, 0x19c, hvm_msr_zero, hvm_msr_ignore},	/* temperature */
	{0x1a0, 0x1a0, read_misc_enable, hvm_msr_ignore},
};
const unsigned int vmx_msr_nr = ARRAY_SIZE(vmx_msrs);

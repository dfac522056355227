/*
 * What a CPU's VMX can do, from its capability MSRs (Intel SDM vol. 3 app. A),
 * to the control fields that Basalt uses. Pure arithmetic.
 */
#ifndef VMX_CAPS_H
#define VMX_CAPS_H

#include <hv/types.h>

#define MSR_FEATURE_CONTROL	0x3au
#define MSR_VMX_BASIC		0x480u
#define VMX_BASIC_TRUE		(1ull << 55)	/* MSRs 0x48d to 0x490 */

enum vmx_word {
	VMX_PIN, VMX_PROC, VMX_EXIT, VMX_ENTRY, VMX_PROC2, VMX_WORDS
};

/* A word's MSR: bits that must be 1 below, bits that may be 1 above. */
struct vmx_caps {
	uint64_t basic, word[VMX_WORDS], misc, ept_vpid;
	uint64_t cr0_fixed0, cr4_fixed0;	/* bits that must be 1 */
};

struct vmx_config {
	uint32_t revision;		/* first word of a VMCS */
	uint32_t control[VMX_WORDS];
	uint64_t cr0_fixed, cr4_fixed;	/* set in a guest's real register */
	unsigned int timer_shift;	/* VMX-preemption timer: TSC >> this */
};

/* NULL, or the name of the feature that the CPU lacks. */
const char *vmx_configure(const struct vmx_caps *caps, struct vmx_config *out)
	must_check;

/* What the firmware has made of IA32_FEATURE_CONTROL. */
enum vmx_switch { VMX_ON, VMX_UNLOCKED, VMX_OFF };
enum vmx_switch vmx_switch_of(uint64_t feature_control);
/* The value that switches VMX on for good, when it is still unlocked. */
uint64_t vmx_switch_on(uint64_t feature_control);

#endif

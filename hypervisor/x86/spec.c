/*
 * Barriers against speculation from one guest into another: chosen once at boot from
 * what the CPU offers and what it says it does not need, printed, and switched off by
 * spec=off. The hypervisor's direct map still holds all guests' memory (docs/CAVEATS.md).
 * AMD64 Technology "Indirect Branch Control Extension"; Intel SDM vol. 4.
 */
#include <hv/boot.h>
#include <hv/lib.h>
#include <hv/log.h>

#include <x86/asm.h>
#include <x86/platform.h>
#include <x86/spec.h>

#define MSR_PRED_CMD	0x49u
#define MSR_FLUSH_CMD	0x10bu
#define MSR_ARCH_CAPS	0x10au
#define PRED_IBPB	1u
#define FLUSH_L1D	1u
#define CAPS_SKIP_L1D	(1u << 3)	/* not affected by L1 terminal fault */
#define CAPS_MDS_NO	(1u << 5)

#define CPUID_E8B_IBPB	(1u << 12)	/* 0x80000008 EBX */
#define CPUID_7D_MD_CLEAR (1u << 10)
#define CPUID_7D_IBPB	(1u << 26)
#define CPUID_7D_L1D	(1u << 28)
#define CPUID_7D_CAPS	(1u << 29)

static bool use_ibpb, use_l1d, use_verw;

void spec_init(void)
{
	uint32_t d = cpuid(0, 0).a >= 7 ? cpuid(7, 0).d : 0;
	uint32_t b = cpuid(0x80000000, 0).a >= 0x80000008 ? cpuid(0x80000008, 0).b : 0;
	uint64_t caps = 0;

	if ((d & CPUID_7D_CAPS) && !rdmsr_safe(MSR_ARCH_CAPS, &caps))
		caps = 0;
	if (cmdline_bool("spec", true)) {
		use_ibpb = (d & CPUID_7D_IBPB) || (b & CPUID_E8B_IBPB);
		use_l1d = (d & CPUID_7D_L1D) && !(caps & CAPS_SKIP_L1D) && !host_is_amd;
		use_verw = (d & CPUID_7D_MD_CLEAR) && !(caps & CAPS_MDS_NO) && !host_is_amd;
	}
	log_info("speculation: at a switch between domains:%s%s%s",
		 use_ibpb ? " branch predictors forgotten" : "",
		 use_l1d ? " L1 data cache flushed" : "",
		 use_verw ? " buffers cleared" : use_ibpb || use_l1d ? "" :
		 " nothing (not offered, or spec=off)");
}

void spec_switch_domain(void)
{
	const uint16_t selector = 0;

	if (use_ibpb)
		wrmsr(MSR_PRED_CMD, PRED_IBPB);
	if (use_l1d)
		wrmsr(MSR_FLUSH_CMD, FLUSH_L1D);
	if (use_verw)
		asm volatile("verw %0" : : "m"(selector) : "cc");
}

/*
 * Intel VMX on each CPU: is it there, has the firmware left it usable, VMXON
 * (Intel SDM vol. 3 24.6 to 24.8). The MSR bitmap is one for all guests: open
 * are only MSRs that the VMCS switches, and those of struct vmx_vcpu.
 */
#include <hv/page.h>

#include <x86/asm.h>
#include <x86/platform.h>

#include "vmx.h"

#define CPUID_1C_VMX	(1u << 5)
#define CR4_VMXE	(1ull << 13)

struct vmx_cpu vmx_cpus[MAX_CPUS];
struct vmx_config vmx_config;
struct host_mtrrs vmx_mtrrs;
uint64_t vmx_msr_bitmap;

static const uint32_t open_msrs[] = {
	0x174, 0x175, 0x176,				/* SYSENTER */
	0xc0000081, 0xc0000082, 0xc0000083, 0xc0000084,	/* SYSCALL */
	0xc0000100, 0xc0000101, 0xc0000102,		/* FS, GS bases */
	0xc0000103,					/* TSC_AUX */
};

bool vmx_present(void)
{
	return cpuid(1, 0).c & CPUID_1C_VMX;
}

/* A bit an MSR: reads of both ranges, then writes (SDM vol. 3 25.6.9). */
static void bitmap_create(void)
{
	uint8_t *map = heap_alloc_page();

	if (!map)
		panic("no memory for the MSR bitmap; add memory");
	memset(map, 0xff, PAGE_SIZE);
	for (unsigned int i = 0; i < ARRAY_SIZE(open_msrs); i++) {
		uint32_t bit = open_msrs[i] & 0x1fff;
		uint32_t at = bit / 8 + (open_msrs[i] >> 31) * 1024;

		map[at] &= (uint8_t)~(1u << bit % 8);
		map[at + 2048] &= (uint8_t)~(1u << bit % 8);
	}
	vmx_msr_bitmap = mfn_to_addr(virt_to_mfn(map));
}

/* Consecutive MSRs, the exact ones where there are two sets (app. A.2). */
static void read_caps(struct vmx_caps *c)
{
	uint32_t exact;

	c->basic = rdmsr(MSR_VMX_BASIC);
	exact = c->basic & VMX_BASIC_TRUE ? 0xc : 0;
	for (unsigned int w = VMX_PIN; w <= VMX_ENTRY; w++)
		c->word[w] = rdmsr(MSR_VMX_BASIC + 1 + exact + w);
	c->misc = rdmsr(MSR_VMX_BASIC + 5);
	c->cr0_fixed0 = rdmsr(MSR_VMX_BASIC + 6);
	c->cr4_fixed0 = rdmsr(MSR_VMX_BASIC + 8);
	c->word[VMX_PROC2] = c->ept_vpid = 0;
	if (!(c->word[VMX_PROC] >> 32 & PROC_SECONDARY))
		return;
	c->word[VMX_PROC2] = rdmsr(MSR_VMX_BASIC + 0xb);
	if (c->word[VMX_PROC2] >> 32 & (PROC2_EPT | PROC2_VPID))
		c->ept_vpid = rdmsr(MSR_VMX_BASIC + 0xc);
}

static void demand_switched_on(void)
{
	uint64_t fc = rdmsr(MSR_FEATURE_CONTROL);
	enum vmx_switch s = vmx_switch_of(fc);

	if (s == VMX_OFF)
		machine_refuse("this CPU cannot run virtual machines",
			       "Intel VT-x is switched off by the firmware",
			       "enable \"Intel Virtualization Technology\" (VT-x, "
			       "VMX) in the firmware's set-up, under CPU or "
			       "Security, and switch the machine off and on");
	if (s == VMX_UNLOCKED)
		wrmsr(MSR_FEATURE_CONTROL, vmx_switch_on(fc));
}

/* Once, on the boot CPU; the others must be able to do the same. */
static void configure(void)
{
	struct vmx_caps caps;
	const char *missing;

	read_caps(&caps);
	missing = vmx_configure(&caps, &vmx_config);
	if (missing)
		machine_refuse("this CPU cannot run virtual machines", missing,
			       "this is missing from its Intel VT-x: use an "
			       "Intel processor of 2010 (Westmere) or later");
	mtrrs_read(&vmx_mtrrs);
	bitmap_create();
}

void vmx_cpu_init(void)
{
	struct vmx_cpu *c = &vmx_cpus[this_cpu()->id];
	uint64_t pa;
	bool failed;

	demand_switched_on();
	if (!vmx_msr_bitmap)
		configure();
	c->vmxon = heap_alloc_page();
	if (!c->vmxon)
		panic("no memory for CPU %u's VMX state; add memory",
		      this_cpu()->id);
	*(uint32_t *)c->vmxon = vmx_config.revision;
	write_cr4(read_cr4() | CR4_VMXE);
	pa = mfn_to_addr(virt_to_mfn(c->vmxon));
	asm volatile("vmxon %1; setbe %0"
		     : "=qm"(failed)
		     : "m"(pa)
		     : "cc", "memory");
	if (failed)
		panic("CPU %u refuses VMXON; report this machine",
		      this_cpu()->id);
}

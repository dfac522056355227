/*
 * What CPUID must show to a PVH guest (guest ABI, B1 and B2): the hypervisor's
 * leaves, one APIC id told the same way everywhere, and none of the features
 * whose MSRs or instructions do not exist for a guest.
 */
#include "guest.h"

#define LEAF1_ECX_MONITOR (1u << 3)
#define LEAF1_ECX_VMX	  (1u << 5)
#define LEAF1_ECX_X2APIC  (1u << 21)
#define LEAF1_ECX_OSXSAVE (1u << 27)
#define LEAF1_ECX_HV	  (1u << 31)
#define LEAF1_EDX_APIC	  (1u << 9)
#define EXT1_ECX_SVM	  (1u << 2)
#define CR4_OSXSAVE	  (1ul << 18)

static void test_hypervisor_leaves(void)
{
	uint32_t r[4];
	long version = hv_xen_version(XENVER_version, NULL);

	cpuid(hv_base, 0, r);
	CHECK(r[0] >= hv_base + 4 && r[0] <= hv_base + 5);
	cpuid(hv_base + 1, 0, r);
	EXPECT(r[0], version);
	cpuid(hv_base + 2, 0, r);
	EXPECT(r[0], 1);
	EXPECT(r[1], 0x40000000);
	cpuid(hv_base + 4, 0, r);
	CHECK(r[0] & 8); /* vCPU id is told */
	EXPECT(r[1], 0);
	CHECK(r[0] & 16); /* domain id is told */
	CHECK(is_dom0 == (r[2] == 0));
}

static void test_features(void)
{
	uint32_t r[4];

	cpuid(1, 0, r);
	CHECK(r[2] & LEAF1_ECX_HV);
	CHECK(r[2] & LEAF1_ECX_X2APIC);
	CHECK(r[3] & LEAF1_EDX_APIC);
	CHECK(!(r[2] & LEAF1_ECX_MONITOR));
	CHECK(!(r[2] & LEAF1_ECX_VMX));
	CHECK(!(r[2] & LEAF1_ECX_OSXSAVE));
	cpuid(0x80000001, 0, r);
	CHECK(!(r[2] & EXT1_ECX_SVM));
	CHECK(r[3] & 1u << 29); /* long mode */
}

static void test_apic_id(void)
{
	uint32_t r[4], id;

	cpuid(1, 0, r);
	id = r[1] >> 24;
	EXPECT(id, 0);
	cpuid(0, 0, r);
	if (r[0] >= 0xb) {
		cpuid(0xb, 0, r);
		EXPECT(r[3], id);
		cpuid(0xb, 5, r);
		if (!on_reference())
			EXPECT(r[2] & 0xff, 5);
	}
	EXPECT(apic_is_x2() ? apic_read(0x20) : apic_read(0x20) >> 24, id);
}

/* OSXSAVE mirrors the guest's own CR4, not the host's. */
static void test_osxsave(void)
{
	uint64_t cr4;
	uint32_t r[4];

	cpuid(1, 0, r);
	if (!(r[2] & 1u << 26))
		return;
	asm volatile("mov %%cr4, %0" : "=r"(cr4));
	asm volatile("mov %0, %%cr4" : : "r"(cr4 | CR4_OSXSAVE));
	cpuid(1, 0, r);
	CHECK(r[2] & LEAF1_ECX_OSXSAVE);
	asm volatile("mov %0, %%cr4" : : "r"(cr4));
	cpuid(1, 0, r);
	CHECK(!(r[2] & LEAF1_ECX_OSXSAVE));
}

/* No leaf of any number may hurt; sub-leaves of every size neither. */
static void test_all_leaves(void)
{
	static const uint32_t starts[] = {0,	      0x20,	  0x40000000,
					  0x40000100, 0x80000000, 0x8000001e,
					  0xc0000000, 0xfffffff0, 0x7ffffff0};
	uint32_t r[4];
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(starts); i++)
		for (j = 0; j < 32; j++)
			cpuid(starts[i] + j, j * 0x11111111u, r);
}

void test_main(void)
{
	RUN(test_hypervisor_leaves);
	RUN(test_features);
	RUN(test_apic_id);
	RUN(test_osxsave);
	RUN(test_all_leaves);
}

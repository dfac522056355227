/*
 * Model-specific registers: the ones kernels need work and keep their value,
 * the others raise #GP or read as zero, and no number in any range reaches the
 * machine (guest ABI, B3). A sweep over all interesting ranges ends it.
 */
#include "guest.h"

static void expect_gp_write(const char *name, uint32_t msr, uint64_t val)
{
	if (wrmsr_safe(msr, val) != X86_GP)
		test_failure("%s: writing %#lx to MSR %#x did not raise #GP", name,
			     (unsigned long)val, msr);
}

static void test_efer(void)
{
	uint64_t efer = rdmsr(MSR_EFER);

	CHECK((efer & (EFER_LME | EFER_LMA)) == (EFER_LME | EFER_LMA));
	CHECK(!(efer & 0x1000)); /* SVME is the hypervisor's own */
	EXPECT(wrmsr_safe(MSR_EFER, efer | 1), NO_FAULT); /* SCE */
	EXPECT(rdmsr(MSR_EFER), efer | 1);
	wrmsr(MSR_EFER, efer);
	expect_gp_write("EFER reserved bits", MSR_EFER, efer | 1ull << 40);
	expect_gp_write("EFER.SVME", MSR_EFER, efer | 0x1000);
	expect_gp_write("EFER.LME while paging", MSR_EFER, efer & ~(uint64_t)EFER_LME);
	EXPECT(rdmsr(MSR_EFER), efer);
}

static void test_storage(void)
{
	static const uint32_t msrs[] = {MSR_STAR,      MSR_LSTAR, MSR_FS_BASE,
					MSR_KERNEL_GS, 0x175,	  0x176};
	uint64_t old;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(msrs); i++) {
		old = rdmsr(msrs[i]);
		EXPECT(wrmsr_safe(msrs[i], 0x12345000), NO_FAULT);
		EXPECT(rdmsr(msrs[i]), 0x12345000);
		wrmsr(msrs[i], old);
	}
	/* Not canonical: #GP on processors, which QEMU forgets. */
	old = rdmsr(MSR_LSTAR);
	wrmsr_safe(MSR_LSTAR, 1ull << 63);
	hv_sched_yield();
	wrmsr(MSR_LSTAR, old);
}

static void test_pat_and_mtrr(void)
{
	uint64_t pat = rdmsr(MSR_PAT);
	uint32_t r[4];

	EXPECT(wrmsr_safe(MSR_PAT, 0x0007010600070106ull), NO_FAULT);
	EXPECT(rdmsr(MSR_PAT), 0x0007010600070106ull);
	wrmsr(MSR_PAT, pat);
	if (!on_reference()) {
		expect_gp_write("PAT type 2", MSR_PAT, 2);
		expect_gp_write("PAT type 9", MSR_PAT, 9);
	}
	EXPECT(rdmsr(MSR_PAT), pat);
	cpuid(1, 0, r);
	if (!(r[3] & 1u << 12))
		return;
	EXPECT(rdmsr(MSR_MTRR_CAP) & 0xff, 8);
	EXPECT(rdmsr(MSR_MTRR_DEFTYPE) & 0x8ff, 0x806); /* on, write-back */
	expect_gp_write("MTRRcap", MSR_MTRR_CAP, 0);
}

static void test_apic_base(void)
{
	uint64_t base = rdmsr(MSR_APIC_BASE);

	EXPECT(base & 0xfffff100u, 0xfee00100);
	expect_gp_write("APIC base beyond the CPU's address width", MSR_APIC_BASE,
			base | 1ull << 60);
	expect_gp_write("x2APIC without enable", MSR_APIC_BASE,
			(base & ~0x800ull) | 0x400);
	EXPECT(rdmsr(MSR_APIC_BASE), base);
}

static void test_hypercall_msr(void)
{
	uint64_t val;

	EXPECT(rdmsr_safe(0x40000000, &val), NO_FAULT);
	EXPECT(val, 0);
	expect_gp_write("page index 1", 0x40000000, (unsigned long)hypercall_page | 1);
	expect_gp_write("page outside RAM", 0x40000000, 0xff0000000ull);
	expect_gp_write("page far away", 0x40000000, 0xfffffffffffff000ull);
	EXPECT(rdmsr_safe(0x400002ff, &val), X86_GP);
}

/* These would hand the machine to the guest. */
static void test_dangerous(void)
{
	static const uint32_t msrs[] = {
		0xc0010117,				   /* VM_HSAVE_PA */
		0xc0010114,				   /* VM_CR */
		0x3a,	    0x480,	0x48f, 0xc0010010, /* SYSCFG */
		0xc0010111,				   /* SMBASE */
		0xc0010112, 0xc0010113,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(msrs); i++)
		wrmsr_safe(msrs[i], ~0ull);
	EXPECT(hv_xen_version(XENVER_version, NULL) > 0, 1);
}

static bool keep_off(uint32_t msr)
{
	return msr == MSR_GS_BASE || msr == MSR_APIC_BASE || msr == MSR_EFER ||
	       msr == 0x40000000 || (msr >= 0x800 && msr < 0x840) || msr == MSR_TSC;
}

/* Every register of the usual ranges: read it, write back what it gave. */
static void test_sweep(void)
{
	static const uint32_t ranges[][2] = {
		{0, 0x400},
		{0x400, 0x480},
		{0x7f0, 0x860},
		{0xd80, 0xdb0},
		{0x40000000, 0x40000010},
		{0xc0000000, 0xc0000120},
		{0xc0010000, 0xc0010140},
		{0xc0010200, 0xc0010210},
		{0xc0011000, 0xc0011040},
		{0xfffffff0, 0xffffffff},
	};
	unsigned int i, faults = 0;
	uint32_t msr;
	uint64_t val;

	for (i = 0; i < ARRAY_SIZE(ranges); i++) {
		for (msr = ranges[i][0]; msr < ranges[i][1]; msr++) {
			int vec = rdmsr_safe(msr, &val);

			if (vec == X86_GP)
				faults++;
			else if (vec != NO_FAULT)
				test_failure("MSR %#x raised %d", msr, vec);
			else if (!keep_off(msr))
				wrmsr_safe(msr, val);
		}
	}
	printf("sweep: %u registers refuse to be read\n", faults);
}

void test_main(void)
{
	RUN(test_efer);
	RUN(test_storage);
	RUN(test_pat_and_mtrr);
	RUN(test_apic_base);
	RUN(test_hypercall_msr);
	RUN(test_dangerous);
	RUN(test_sweep);
}

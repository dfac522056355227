/*
 * Instructions with which a guest could leave its box: virtualization ones,
 * XSETBV, control and debug registers with forbidden values, cache and TLB
 * control, I/O with odd prefixes, single steps. Each raises its fault or is
 * harmless; afterwards the guest and the host still run.
 */
#include "guest.h"

#define EXPECT_UD(insn, ...) \
	expect_value(WHERE, insn, TRY(insn, , LIST(__VA_ARGS__)), X86_UD)
#define EXPECT_GP(insn, ...) \
	expect_value(WHERE, insn, TRY(insn, , LIST(__VA_ARGS__)), X86_GP)

static unsigned char page[4096] PAGE_ALIGNED;

static void test_svm(void)
{
	EXPECT_UD("vmrun", "a"(page));
	EXPECT_UD("vmload", "a"(page));
	EXPECT_UD("vmsave", "a"(page));
	EXPECT_UD("clgi");
	EXPECT_UD("stgi");
	EXPECT_UD("skinit", "a"(0));
	EXPECT_UD("invlpga", "a"(page), "c"(1));
}

static void test_vmx(void)
{
	static uint64_t ptr;

	EXPECT_UD("vmxon %0", "m"(ptr));
	EXPECT_UD("vmptrld %0", "m"(ptr));
	EXPECT_UD("vmlaunch");
	EXPECT_UD("vmxoff");
}

static void test_cr0(void)
{
	uint64_t cr0;

	asm volatile("mov %%cr0, %0" : "=r"(cr0));
	EXPECT_GP("mov %0, %%cr0", "r"(cr0 & ~1ull));	     /* PG without PE */
	TRY("mov %0, %%cr0", , LIST("r"(cr0 | 1ull << 40))); /* #GP that QEMU forgets */
	asm volatile("mov %0, %%cr0" : : "r"(cr0 | 3ull << 29)); /* caches off: allowed */
	asm volatile("mov %0, %%cr0" : : "r"(cr0));
	asm volatile("clts");
	asm volatile("lmsw %w0" : : "r"((uint16_t)(cr0 | 8)));
	asm volatile("mov %0, %%cr0" : : "r"(cr0));
}

static void test_cr3_cr4(void)
{
	uint64_t cr3, cr4;

	asm volatile("mov %%cr3, %0; mov %%cr4, %1" : "=r"(cr3), "=r"(cr4));
	EXPECT_GP("mov %0, %%cr4", "r"(cr4 | 1ull << 40));
	EXPECT_GP("mov %0, %%cr4", "r"(cr4 | 1ull << 13)); /* VMXE */
	EXPECT_GP("mov %0, %%cr4", "r"(cr4 & ~0x20ull));   /* PAE in long mode */
	asm volatile("mov %0, %%cr4" : : "r"(cr4 | 0x80)); /* PGE */
	asm volatile("mov %0, %%cr4" : : "r"(cr4));
	asm volatile("mov %0, %%cr3" : : "r"(cr3));
}

static void test_debug_registers(void)
{
	uint64_t dr7 = 0x400, got;

	EXPECT_GP("mov %0, %%dr7", "r"(1ull << 40));
	EXPECT_GP("mov %0, %%dr6", "r"(1ull << 40));
	asm volatile("mov %0, %%dr0" : : "r"(0x12345678ul));
	asm volatile("mov %%dr0, %0" : "=r"(got));
	EXPECT(got, 0x12345678);
	/* A breakpoint outlives what leaves the guest. */
	asm volatile("mov %0, %%dr7" : : "r"(dr7 | 2));
	CHECK(hv_xen_version(XENVER_version, NULL) > 0);
	asm volatile("mov %%dr7, %0" : "=r"(got));
	EXPECT(got, dr7 | 2);
	asm volatile("mov %0, %%dr0" : : "r"(0ul));
	asm volatile("mov %0, %%dr7" : : "r"(dr7));
}

static volatile unsigned int steps;

static void count_step(struct trap_frame *f)
{
	(void)f;
	steps++;
}

/* Single-stepping over an intercepted instruction traps after each. */
static void test_single_step(void)
{
	uint32_t a = 0;

	irq_set(X86_DB, count_step);
	asm volatile("pushfq; orq $0x100, (%%rsp); popfq; nop; cpuid; nop;"
		     "pushfq; andq $~0x100, (%%rsp); popfq"
		     : "+a"(a)
		     :
		     : "ebx", "ecx", "edx", "memory");
	CHECK(steps >= 5 && steps <= 8);
	irq_set(X86_DB, NULL);
}

static void test_xsetbv(void)
{
	uint64_t cr4;
	uint32_t r[4], lo, hi;

	cpuid(1, 0, r);
	if (!(r[2] & 1u << 26)) {
		EXPECT_UD("xsetbv", "c"(0), "a"(1), "d"(0));
		return;
	}
	asm volatile("mov %%cr4, %0" : "=r"(cr4));
	asm volatile("mov %0, %%cr4" : : "r"(cr4 | 1ul << 18));
	EXPECT_GP("xsetbv", "c"(0), "a"(0), "d"(0));	      /* x87 must be on */
	EXPECT_GP("xsetbv", "c"(0), "a"(5), "d"(0));	      /* AVX without SSE */
	EXPECT_GP("xsetbv", "c"(0), "a"(1), "d"(0x40000000)); /* reserved */
	EXPECT_GP("xsetbv", "c"(7), "a"(1), "d"(0));
	EXPECT(TRY("xsetbv", , LIST("c"(0), "a"(3), "d"(0))), NO_FAULT);
	asm volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
	EXPECT(lo, 3);
	/* It must still hold after others have run here. */
	for (r[0] = 0; r[0] < 200; r[0]++)
		hv_sched_yield();
	asm volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
	EXPECT(lo, 3);
	asm volatile("mov %0, %%cr4" : : "r"(cr4));
}

static void test_harmless(void)
{
	uint32_t lo, hi;

	EXPECT(TRY("wbinvd", , ), NO_FAULT);
	TRY("invd", , );
	asm volatile("invlpg %0" : : "m"(page));
	asm volatile("pause; rep nop; lfence; mfence");
	TRY("rdpmc", LIST("=a"(lo), "=d"(hi)), LIST("c"(0)));
	TRY("rdpmc", LIST("=a"(lo), "=d"(hi)), LIST("c"(0x40000001)));
	TRY("rdtscp", LIST("=a"(lo), "=d"(hi)), , "ecx");
	TRY("rsm", , );
	TRY("monitor", , LIST("a"(page), "c"(0), "d"(0)));
	TRY("mwait", , LIST("a"(0), "c"(0)));
	TRY("getsec", , LIST("a"(0)), "ebx");
	TRY("invpcid %0, %1", , LIST("m"(page), "r"(9ul)));
	TRY("sysretq", , LIST("c"(1ull << 63)));
}

/*
 * Prefixes make intercepted instructions longer than a table of lengths says.
 * A hypervisor that goes by such a table puts the guest, and nobody else, off.
 */
static void with_prefixes(void)
{
	uint32_t r[4];
	long ret = __HYPERVISOR_xen_version;

	asm volatile(".byte 0x66, 0x66, 0x2e, 0x0f, 0xa2"
		     : "=a"(r[0]), "=b"(r[1]), "=c"(r[2]), "=d"(r[3])
		     : "a"(hv_base), "c"(0));
	if (hv_bare == hypercall_vmmcall)
		asm volatile(".byte 0x2e, 0x0f, 0x01, 0xd9"
			     : "+a"(ret)
			     : "D"(0l), "S"(0l)
			     : "memory");
	asm volatile(".byte 0x66, 0x2e, 0x0f, 0x32"
		     : "=a"(r[0]), "=d"(r[3])
		     : "c"(MSR_EFER));
	asm volatile(".byte 0x66, 0xf3, 0x2e, 0xf4" : : : "memory"); /* HLT */
}

static void test_prefixes(void)
{
	long id = ask(MB_PEER_START, 1, 0, 0);

	CHECK(id > 0);
	WAIT_FOR(ask(MB_PEER_STATE, (unsigned long)id, 0, 0) < 256, 500);
	EXPECT(ask(MB_PEER_DESTROY, (unsigned long)id, 0, 0), 0);
}

void test_main(void)
{
	if (cmdline_value("peer", 0)) {
		with_prefixes();
		return;
	}
	RUN(test_svm);
	RUN(test_vmx);
	RUN(test_cr0);
	RUN(test_cr3_cr4);
	RUN(test_debug_registers);
	RUN(test_single_step);
	RUN(test_xsetbv);
	RUN(test_harmless);
	RUN(test_prefixes);
	CHECK(hv_xen_version(XENVER_version, NULL) > 0);
}

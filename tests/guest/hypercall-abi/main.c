/*
 * The hypercall convention itself: by bare instruction and by page, registers
 * that must survive, numbers that do not exist, a caller at privilege level 3,
 * and the page's contents (guest ABI, 0.1 and 0.2).
 */
#include "guest.h"

static void test_page(void)
{
	CHECK(hv_use_page(true));
	CHECK(hypercall_page[0] == 0xb8); /* mov $0, %eax */
	CHECK(hypercall_page[17 * 32 + 1] == 17);
	CHECK(hypercall_page[23 * 32] == 0x0f && hypercall_page[23 * 32 + 1] == 0x0b);
	CHECK(hv_xen_version(XENVER_version, NULL) > 0);
	hv_use_page(false);
	CHECK(hv_xen_version(XENVER_version, NULL) > 0);
}

/* The upper halves and the registers that carry no argument stay. */
static void test_registers(void)
{
	uint64_t rbx = 0x1111222233334444, rbp_probe = 0;
	register uint64_t r9 asm("r9") = 0x9999aaaabbbbcccc;
	register uint64_t r12 asm("r12") = 0x1212121212121212;
	register uint64_t r11 asm("r11") = 0x1111111111111111;
	uint64_t rcx = 0xcccccccccccccccc;
	long ret;

	asm volatile("call *%[fn]"
		     : "=a"(ret), "+b"(rbx), "+c"(rcx), "+r"(r9), "+r"(r11), "+r"(r12),
		       "+m"(rbp_probe)
		     : [fn] "m"(hv_bare), "0"(17l), "D"(0l), "S"(0l)
		     : "memory");
	CHECK(ret > 0);
	EXPECT(rbx, 0x1111222233334444);
	EXPECT(rcx, 0xcccccccccccccccc);
	EXPECT(r9, 0x9999aaaabbbbcccc);
	EXPECT(r11, 0x1111111111111111);
	EXPECT(r12, 0x1212121212121212);
}

static void test_unknown_numbers(void)
{
	/* Not there for PVH guests; mca (48) is one of them. */
	static const unsigned int nrs[] = {
		0,  1,	2,  3,	4,  5,	 6,    8,	   9,	       10,	  11, 14,
		16, 19, 22, 23, 25, 28,	 30,   31,	   37,	       43,	  44, 48,
		50, 55, 56, 63, 64, 100, 1000, 0x7fffffff, 0x80000000, 0xffffffff};
	unsigned int i;
	long rc;

	for (i = 0; i < ARRAY_SIZE(nrs); i++) {
		rc = hv_call(nrs[i], 0, 0, 0, 0, 0);
		if (rc != -XEN_ENOSYS)
			test_failure("hypercall %u gave %ld, not -ENOSYS", nrs[i], rc);
	}
}

static void test_unknown_ops(void)
{
	static unsigned char zeros[512];
	static const unsigned int nrs[] = {
		__HYPERVISOR_xen_version, __HYPERVISOR_event_channel_op,
		__HYPERVISOR_sched_op,	  __HYPERVISOR_vcpu_op,
		__HYPERVISOR_hvm_op,	  __HYPERVISOR_console_io,
		__HYPERVISOR_physdev_op,
	};
	unsigned int i;
	long rc;

	for (i = 0; i < ARRAY_SIZE(nrs); i++) {
		rc = hv_call(nrs[i], 62, i == 3 ? 0 : (unsigned long)zeros,
			     (unsigned long)zeros, 0, 0);
		if (rc != -XEN_ENOSYS &&
		    !(rc == -XEN_EPERM && nrs[i] == __HYPERVISOR_console_io))
			test_failure("hypercall %u, operation 62 gave %ld, not -ENOSYS",
				     nrs[i], rc);
	}
	EXPECT_OR(hv_memory_op(60, zeros), -XEN_ENOSYS, -XEN_EPERM);
	EXPECT(hv_grant_op(40, zeros, 1), -XEN_ENOSYS);
}

static long version_from_user(long arg)
{
	return hv_call(__HYPERVISOR_xen_version, (unsigned long)arg, 0, 0, 0, 0);
}

static long other_from_user(long nr)
{
	return hv_call((unsigned int)nr, 0, 0, 0, 0, 0);
}

static void test_user(void)
{
	EXPECT(call_user(version_from_user, 0), -XEN_EPERM);
	EXPECT(call_user(other_from_user, __HYPERVISOR_sched_op), -XEN_EPERM);
	EXPECT(call_user(other_from_user, 999), -XEN_EPERM);
}

/* The other vendor's instruction: answered or #UD, never anything else. */
static void test_other_instruction(void)
{
	long ret = 17;
	int vec;

	if (hv_bare == hypercall_vmmcall)
		vec = TRY("vmcall", LIST("+a"(ret)), LIST("D"(0l), "S"(0l)));
	else
		vec = TRY("vmmcall", LIST("+a"(ret)), LIST("D"(0l), "S"(0l)));
	CHECK(vec == X86_UD || (vec == NO_FAULT && ret > 0));
}

void test_main(void)
{
	RUN(test_page);
	RUN(test_registers);
	RUN(test_unknown_numbers);
	RUN(test_unknown_ops);
	RUN(test_user);
	RUN(test_other_instruction);
}

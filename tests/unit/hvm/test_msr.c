/* RDMSR and WRMSR: what exists, what is refused, and where dom0 differs. */
#include "fakes.h"

static struct vcpu *v;

static bool rd(uint32_t msr, uint64_t *val)
{
	struct hvm_exit e = {.len = 2};
	struct cpu_regs *r = &v->arch->regs;

	v->arch->event_valid = false;
	*r = (struct cpu_regs){.rcx = msr, .rax = ~0ull, .rdx = ~0ull};
	hvm_rdmsr(v, &e);
	if (v->arch->event_valid) {
		assert_int_equal(v->arch->event.vector, VEC_GP);
		assert_int_equal(r->rip, 0);
		return false;
	}
	assert_int_equal(r->rip, 2);
	assert_int_equal(r->rax >> 32 | r->rdx >> 32, 0);
	*val = r->rax | r->rdx << 32;
	return true;
}

static bool wr(uint32_t msr, uint64_t val)
{
	struct hvm_exit e = {.len = 2};

	v->arch->event_valid = false;
	v->arch->regs = (struct cpu_regs){
		.rcx = msr,
		.rax = (uint32_t)val | 0xabcdull << 32,
		.rdx = val >> 32 | 0xabcdull << 32,
	};
	hvm_wrmsr(v, &e);
	return !v->arch->event_valid;
}

static void start(bool hardware)
{
	struct domain *d = fake_domain(hardware);

	for (unsigned int i = 0; i < VCPUS; i++)
		vlapic_init(d->vcpu[i]);
	v = fake_vcpu(0);
}

static void test_default(void **state)
{
	static const uint32_t absent[] = {
		0x48, 0x49, 0x10a, 0x122, 0x140, 0x179, 0x17a, 0x3b, 0x6e0,
		0x400, 0x1a0, 0x198, 0x40000001, 0x400002ff, 0xc0010117,
		0xc0010140, 0xc0011005, 0xc0011020, 0xc00110e3, 0x12345678,
		0xffffffff, 0,
	};
	uint64_t val;

	(void)state;
	start(false);
	for (unsigned int i = 0; i < ARRAY_SIZE(absent); i++) {
		assert_false(rd(absent[i], &val));
		assert_false(wr(absent[i], 0));
	}
	v->domain->arch->msr_relaxed = true;
	for (unsigned int i = 0; i < ARRAY_SIZE(absent); i++) {
		assert_true(rd(absent[i], &val));
		assert_int_equal(val, 0);
		assert_true(wr(absent[i], ~0ull));
	}
}

static void test_efer(void **state)
{
	struct hvm_state *s = &fake.state[0];
	uint64_t val;

	(void)state;
	start(false);
	s->efer = EFER_SVME;
	assert_true(rd(0xc0000080, &val));
	assert_int_equal(val, 0);
	assert_true(wr(0xc0000080, EFER_LME | EFER_SCE | EFER_NXE));
	assert_true(fake.flushes);
	assert_false(wr(0xc0000080, EFER_SVME));
	assert_false(wr(0xc0000080, 1ull << 63));
	/* LMA is the CPU's */
	assert_true(wr(0xc0000080, EFER_LME | EFER_LMA));
	assert_int_equal(s->efer & EFER_LMA, 0);
	s->cr0 = CR0_PG | CR0_PE;
	s->efer = EFER_LME | EFER_LMA;
	assert_false(wr(0xc0000080, 0));
	assert_true(wr(0xc0000080, EFER_LME | EFER_NXE));
	assert_true(s->efer & EFER_LMA);
}

static void test_memory_types(void **state)
{
	uint64_t val;

	(void)state;
	start(false);
	assert_true(rd(0x277, &val));
	assert_int_equal(val, PAT_DEFAULT);
	assert_true(wr(0x277, 0x0106040500070406));
	assert_false(wr(0x277, 0x02));
	assert_false(wr(0x277, 0x0800000000000000));
	assert_true(rd(0xfe, &val));
	assert_int_equal(val, 0x508);
	assert_false(wr(0xfe, 0x508));
	assert_true(rd(0x2ff, &val));
	assert_int_equal(val, 0x806);
	assert_true(wr(0x2ff, 0xc06));
	assert_false(wr(0x2ff, 0x1006));
	assert_false(wr(0x2ff, 0x802));
	assert_true(wr(0x200, 0x80000006) && wr(0x20f, 0xff0000800));
	assert_true(rd(0x20f, &val));
	assert_int_equal(val, 0xff0000800);
	assert_false(wr(0x200, 0x80000002));
	assert_false(rd(0x210, &val));
	assert_true(wr(0x250, 0x0606060606060606));
	assert_false(wr(0x26f, 0x0606060606060602));
	assert_true(wr(0x26f, 0) && wr(0x258, 0) && wr(0x259, 0));
	assert_false(rd(0x25a, &val));
	assert_false(rd(0x267, &val));
	assert_true(rd(0x250, &val));
	assert_int_equal(val, 0x0606060606060606);
}

static void test_tsc(void **state)
{
	uint64_t val;

	(void)state;
	start(false);
	fake.tsc = 5000;
	assert_true(wr(0x10, 100));
	fake.tsc = 5200;
	assert_true(rd(0x10, &val));
	assert_int_equal(val, 300);
}

static void test_amd(void **state)
{
	uint64_t val;

	(void)state;
	start(false);
	fake.host_msr = 0x123456789abcdef0;
	assert_true(rd(0xc0010010, &val) && !val);
	assert_true(rd(0xc001001a, &val) && !val);
	assert_true(rd(0xc0010015, &val));
	assert_int_equal(val, 1u << 24);
	assert_true(wr(0xc0010015, 0));
	assert_true(rd(0xc0011029, &val));
	assert_int_equal(val, 2);
	assert_true(rd(0x8b, &val));
	assert_int_equal(val, fake.host_msr);
	assert_true(rd(0xc0010114, &val) && !val);
	start(true);
	fake.host_msr = 0x123456789abcdef0;
	assert_true(rd(0xc0010010, &val));
	assert_int_equal(val, fake.host_msr & 0x7c0000);
	assert_true(rd(0xc001001d, &val));
	assert_int_equal(val, fake.host_msr);
	assert_false(wr(0xc001001d, 0));
}

static void test_apic_and_hypercall(void **state)
{
	uint64_t val;

	(void)state;
	start(false);
	assert_true(rd(0x802, &val));
	assert_true(rd(0x1b, &val));
	assert_int_equal(val, 0xfee00d00);
	assert_false(wr(0x1b, 0));
	assert_false(wr(0x1b, 0xfee00900));	/* from x2APIC back to xAPIC */
	assert_true(rd(0x40000000, &val) && !val);
	assert_true(wr(0x40000000, 0x5000) && fake.page_written);
	assert_false(wr(0x40000000, 0x5001));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_default),
		cmocka_unit_test(test_efer),
		cmocka_unit_test(test_memory_types),
		cmocka_unit_test(test_tsc),
		cmocka_unit_test(test_amd),
		cmocka_unit_test(test_apic_and_hypercall),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

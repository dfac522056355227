/*
 * CPUID policy: from a CPU that has every feature bit, only what is named may
 * come through; and the live fields follow the vCPU.
 */
#include "fakes.h"

#include "cpuid.h"

static struct cpuid_regs all_ones(uint32_t leaf, uint32_t subleaf)
{
	(void)subleaf;
	if (leaf == 0)
		return (struct cpuid_regs){0x20, 0x68747541, 0x444d4163,
					   0x69746e65};
	if (leaf == 0x80000000)
		return (struct cpuid_regs){.a = 0x80000028};
	return (struct cpuid_regs){~0u, ~0u, ~0u, ~0u};
}

static struct cpuid_regs run(struct vcpu *v, uint32_t leaf, uint32_t sub)
{
	struct cpu_regs *r = &v->arch->regs;
	struct hvm_exit e = {.len = 2};

	r->rax = 0xffffffff00000000ull | leaf;
	r->rcx = sub;
	r->rip = 0x1000;
	hvm_cpuid(v, &e);
	assert_int_equal(r->rip, 0x1002);
	assert_int_equal(r->rax >> 32, 0);
	return (struct cpuid_regs){(uint32_t)r->rax, (uint32_t)r->rbx,
				   (uint32_t)r->rcx, (uint32_t)r->rdx};
}

static struct domain *start(struct cpuid_policy *p)
{
	struct domain *d = fake_domain(false);

	fake.cpuid = all_ones;
	xstate_mask = ~0ull;
	cpuid_policy_make(d, p);
	d->arch->cpuid = p;
	return d;
}

static void test_hidden(void **state)
{
	struct cpuid_policy p;
	struct domain *d = start(&p);
	struct vcpu *v = d->vcpu[1];
	struct cpuid_regs r;

	(void)state;
	v->arch->vlapic.id = 2;
	v->arch->vlapic.base = APIC_BASE_DEFAULT | APIC_BASE_ENABLE;
	r = run(v, 0, 0);
	assert_int_equal(r.a, 0xd);
	assert_int_equal(r.b, 0x68747541);
	r = run(v, 1, 0);
	/* MONITOR, VMX, SMX, EST, TM2, PDCM, DCA, TSC deadline, OSXSAVE */
	assert_int_equal(r.c & 0x090481e8 & ~(1u << 19), 0);
	assert_true(r.c >> 31 && (r.c >> 21 & 1));
	assert_int_equal(r.d & (1u << 7 | 1u << 14 | 1u << 21 | 1u << 22), 0);
	assert_int_equal(r.b >> 24, 2);
	r = run(v, 5, 0);
	assert_int_equal(r.a | r.b | r.c | r.d, 0);
	r = run(v, 6, 0);
	assert_int_equal(r.a, 4);
	r = run(v, 7, 0);
	assert_int_equal(r.b & (1u << 2 | 1u << 4 | 1u << 11 | 1u << 14), 0);
	assert_int_equal(r.c & (1u << 16 | 1u << 7 | 1u << 5), 0);
	r = run(v, 0xa, 0);
	assert_int_equal(r.a | r.b | r.c | r.d, 0);
	r = run(v, 0x14, 0);
	assert_int_equal(r.a | r.b | r.c | r.d, 0);
	r = run(v, 0x80000001, 0);
	assert_int_equal(r.c & (1u << 2 | 1u << 9 | 1u << 22 | 1u << 29), 0);
	r = run(v, 0x80000007, 0);
	assert_int_equal(r.d, 0);	/* TSC is not reliable here */
	r = run(v, 0x8000000a, 0);
	assert_int_equal(r.a | r.b | r.c | r.d, 0);
	r = run(v, 0x8000001f, 0);
	assert_int_equal(r.a | r.b | r.c | r.d, 0);
	r = run(v, 0x90000000, 0);
	assert_int_equal(r.a | r.b | r.c | r.d, 0);
}

static void test_live(void **state)
{
	struct cpuid_policy p;
	struct domain *d = start(&p);
	struct vcpu *v = d->vcpu[3];
	struct cpuid_regs r;

	(void)state;
	v->arch->vlapic.id = 6;
	assert_int_equal(run(v, 1, 0).c >> 27 & 1, 0);
	assert_int_equal(run(v, 1, 0).d >> 9 & 1, 0);	/* APIC is off */
	fake.state[3].cr4 = CR4_OSXSAVE | 1u << 22;
	v->arch->vlapic.base = APIC_BASE_ENABLE;
	assert_int_equal(run(v, 1, 0).c >> 27 & 1, 1);
	assert_int_equal(run(v, 1, 0).d >> 9 & 1, 1);
	assert_int_equal(run(v, 7, 0).c >> 4 & 1, 1);
	r = run(v, 0xb, 0);
	assert_int_equal(r.c, 0x100);
	assert_int_equal(r.d, 6);
	r = run(v, 0xb, 1);
	assert_int_equal(r.a, 3);	/* ids up to 6 */
	assert_int_equal(r.b, VCPUS);
	assert_int_equal(run(v, 0xb, 7).c, 7);
	r = run(v, 0xd, 0);
	assert_int_equal(r.a, 0x2e7);
	assert_int_equal(r.d, 0);
	assert_int_equal(run(v, 0xd, 1).a, 7);
	assert_int_equal(run(v, 0xd, 3).a, 0);	/* MPX */
	assert_int_equal(run(v, 0xd, 18).a, 0);	/* AMX */
	assert_int_equal(run(v, 0xd, 0xffffffff).a, 0);
}

static void test_xen_leaves(void **state)
{
	struct cpuid_policy p;
	struct domain *d = start(&p);
	struct vcpu *v = d->vcpu[2];
	struct cpuid_regs r = run(v, 0x40000000, 0);

	(void)state;
	assert_int_equal(r.a, 0x40000005);
	assert_memory_equal(&r.b, "XenV", 4);
	assert_memory_equal(&r.c, "MMXe", 4);
	assert_memory_equal(&r.d, "nVMM", 4);
	assert_int_equal(run(v, 0x40000001, 0).a, 4u << 16 | 17);
	r = run(v, 0x40000002, 0);
	assert_int_equal(r.a, 1);
	assert_int_equal(r.b, 0x40000000);
	r = run(v, 0x40000004, 0);
	assert_int_equal(r.a, 0x18);
	assert_int_equal(r.b, 2);
	assert_int_equal(r.c, 1);
	assert_int_equal(run(v, 0x40000100, 0).a, 0);
}

/* What the toolstack read it may send back; more it may not ask for. */
static void test_restrict(void **state)
{
	struct cpuid_policy p, before;
	struct xen_cpuid_leaf l;
	unsigned int n = 0;

	(void)state;
	start(&p);
	before = p;
	while (cpuid_policy_leaf(&p, n, &l)) {
		assert_int_equal(cpuid_policy_restrict(&p, &l), 0);
		n++;
	}
	assert_memory_equal(&p, &before, sizeof(p));
	l = (struct xen_cpuid_leaf){.leaf = 1, .subleaf = XEN_CPUID_NO_SUBLEAF,
				    .c = before.basic[1].c | 1u << 5};
	assert_int_equal(cpuid_policy_restrict(&p, &l), -EINVAL);	/* VMX */
	l.c = 0;
	l.d = 0;
	assert_int_equal(cpuid_policy_restrict(&p, &l), 0);
	assert_true(p.basic[1].c >> 31);	/* stays: we are a hypervisor */
	assert_int_equal(p.basic[1].c >> 26 & 1, 0);
	cpuid_policy_derive(&p);
	assert_int_equal(p.cr4 & CR4_OSXSAVE, 0);
	l = (struct xen_cpuid_leaf){.leaf = 0xdeadbeef};
	assert_int_equal(cpuid_policy_restrict(&p, &l), 0);
}

static void test_derived(void **state)
{
	struct cpuid_policy p;

	(void)state;
	start(&p);
	assert_int_equal(p.cr4 & (CR4_LA57 | 1u << 13 | 1u << 14 | 1u << 6 |
				  1u << 23), 0);
	assert_true(p.cr4 & CR4_PAE);
	assert_int_equal(p.efer, EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE |
					 EFER_FFXSR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hidden),
		cmocka_unit_test(test_live),
		cmocka_unit_test(test_xen_leaves),
		cmocka_unit_test(test_restrict),
		cmocka_unit_test(test_derived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The virtual local APIC: priorities, messages, timer, both access modes. */
#include "fakes.h"

#include "vlapic_priv.h"

#define X2(reg) (0x800u + ((reg) >> 4))

static struct vlapic *lapic(unsigned int i)
{
	return &fake_vcpu(i)->arch->vlapic;
}

static void start(bool hardware)
{
	struct domain *d = fake_domain(hardware);

	for (unsigned int i = 0; i < VCPUS; i++) {
		vlapic_init(d->vcpu[i]);
		d->vcpu[i]->arch->vlapic.reg[APIC_SVR >> 4] |= SVR_ENABLE;
	}
	memset(fake.kicks, 0, sizeof(fake.kicks));
}

static void test_priorities(void **state)
{
	struct vcpu *v;

	(void)state;
	start(false);
	v = fake_vcpu(0);
	assert_int_equal(vlapic_pending(v), -1);
	vlapic_set_irq(v, 0x41, false);
	vlapic_set_irq(v, 0x65, false);
	assert_int_equal(fake.kicks[0], 2);
	vlapic_set_irq(v, 0x65, false);		/* already requested: no kick */
	assert_int_equal(fake.kicks[0], 2);
	assert_int_equal(vlapic_pending(v), 0x65);
	vlapic_accept(v, 0x65);
	assert_int_equal(vlapic_pending(v), -1);	/* 0x41 is below PPR */
	vlapic_set_irq(v, 0x66, false);
	assert_int_equal(vlapic_pending(v), -1);	/* the same class */
	vlapic_set_irq(v, 0x71, false);
	assert_int_equal(vlapic_pending(v), 0x71);
	vlapic_accept(v, 0x71);
	vlapic_eoi(v);
	vlapic_eoi(v);
	assert_int_equal(vlapic_pending(v), 0x66);
	assert_int_equal(fake.hwdom_eois, 0);
}

static void test_tpr(void **state)
{
	struct vcpu *v;

	(void)state;
	start(false);
	v = fake_vcpu(0);
	vlapic_set_irq(v, 0x41, false);
	assert_true(vlapic_msr_write(v, X2(APIC_TPR), 0x40));
	assert_int_equal(vlapic_pending(v), -1);
	assert_true(vlapic_blocked_by_tpr(v));
	vlapic_set_tpr_of(&v->arch->vlapic, 0x30);
	assert_int_equal(vlapic_pending(v), 0x41);
	vlapic_set_irq(v, 0x90, false);
	vlapic_accept(v, 0x90);
	assert_false(vlapic_blocked_by_tpr(v));	/* by the one in service */
}

static void test_dropped(void **state)
{
	struct vcpu *v;

	(void)state;
	start(false);
	v = fake_vcpu(0);
	vlapic_set_irq(v, 15, false);
	assert_false(vlapic_any(&v->arch->vlapic));
	assert_true(vlapic_msr_write(v, X2(APIC_SVR), 0xff));
	vlapic_set_irq(v, 0x41, false);
	assert_false(vlapic_any(&v->arch->vlapic));
	assert_true(v->arch->vlapic.reg[APIC_LVT_TIMER >> 4] & LVT_MASKED);
}

static void test_level_eoi(void **state)
{
	struct vcpu *v;

	(void)state;
	start(true);
	v = fake_vcpu(0);
	vlapic_set_irq(v, 0x50, true);
	vlapic_accept(v, 0x50);
	vlapic_mmio_write(v, APIC_EOI, 0);
	assert_int_equal(fake.hwdom_eois, 1);
	vlapic_set_irq(v, 0x50, false);
	vlapic_accept(v, 0x50);
	vlapic_mmio_write(v, APIC_EOI, 0);
	assert_int_equal(fake.hwdom_eois, 1);
}

static bool got(unsigned int i, uint8_t vector)
{
	const struct vlapic *l = lapic(i);
	bool set = l->irr[vector / 64] >> (vector % 64) & 1;

	memset(lapic(i)->irr, 0, sizeof(l->irr));
	return set;
}

static void test_ipi_x2apic(void **state)
{
	struct vcpu *v;

	(void)state;
	start(false);
	v = fake_vcpu(1);	/* ids are 0, 2, 4, 6 */
	assert_true(vlapic_msr_write(v, X2(APIC_ICR), 4ull << 32 | 0x60));
	assert_true(got(2, 0x60) && !got(0, 0x60) && !got(3, 0x60));
	/* logical: cluster 0, bits 0 and 6 */
	assert_true(vlapic_msr_write(v, X2(APIC_ICR), 0x41ull << 32 | 0x861));
	assert_true(got(0, 0x61) && got(3, 0x61) && !got(1, 0x61));
	/* broadcast; everybody but oneself; oneself */
	assert_true(vlapic_msr_write(v, X2(APIC_ICR), 0xffffffff00000062));
	assert_true(got(0, 0x62) && got(1, 0x62) && got(3, 0x62));
	assert_true(vlapic_msr_write(v, X2(APIC_ICR), 0xc0063));
	assert_true(got(0, 0x63) && !got(1, 0x63) && got(2, 0x63));
	assert_true(vlapic_msr_write(v, X2(APIC_ICR), 0x40064));
	assert_true(got(1, 0x64) && !got(0, 0x64));
	assert_true(vlapic_msr_write(v, X2(APIC_SELF_IPI), 0x65));
	assert_true(got(1, 0x65));
	/* nobody there */
	assert_true(vlapic_msr_write(v, X2(APIC_ICR), 99ull << 32 | 0x66));
}

static void test_ipi_xapic(void **state)
{
	struct vcpu *v;

	(void)state;
	start(true);		/* ids are 0, 2, 4, 6 */
	v = fake_vcpu(0);
	vlapic_mmio_write(v, APIC_ICR2, 6u << 24);
	vlapic_mmio_write(v, APIC_ICR, 0x70);
	assert_true(got(3, 0x70) && !got(1, 0x70));
	/* flat logical */
	for (unsigned int i = 0; i < VCPUS; i++)
		vlapic_mmio_write(fake_vcpu(i), APIC_LDR, 1u << (24 + i));
	vlapic_mmio_write(v, APIC_ICR2, 6u << 24);
	vlapic_mmio_write(v, APIC_ICR, 0x871);
	assert_true(got(1, 0x71) && got(2, 0x71) && !got(0, 0x71));
	/* lowest priority: the one with the lowest PPR */
	vlapic_set_tpr_of(lapic(1), 0x50);
	vlapic_mmio_write(v, APIC_ICR, 0x972);
	assert_true(got(2, 0x72) && !got(1, 0x72));
	assert_ptr_equal(vlapic_find_dest(v->domain, 6, true), fake_vcpu(2));
	assert_ptr_equal(vlapic_find_dest(v->domain, 2, false), fake_vcpu(1));
	assert_null(vlapic_find_dest(v->domain, 9, false));
}

static void test_init_sipi(void **state)
{
	struct vcpu *v, *ap;

	(void)state;
	start(false);
	ap = fake_vcpu(1);
	v = fake_vcpu(0);
	assert_true(lapic(1)->wait_sipi);
	fake_vcpu(0);
	assert_true(vlapic_msr_write(v, X2(APIC_ICR), 2ull << 32 | 0x4500));
	assert_true(ap->arch->vlapic.init_pending);
	assert_true(vlapic_msr_write(v, X2(APIC_ICR), 2ull << 32 | 0x469a));
	assert_true(ap->arch->vlapic.sipi_pending);
	assert_int_equal(ap->arch->vlapic.sipi_vector, 0x9a);
	assert_true(ap->arch->initialised && !ap->down);
	/* started: the second SIPI is for nobody */
	ap->arch->vlapic = (struct vlapic){.base = ap->arch->vlapic.base,
					   .id = 2};
	assert_true(vlapic_msr_write(v, X2(APIC_ICR), 2ull << 32 | 0x4655));
	assert_false(ap->arch->vlapic.sipi_pending);
	/* INIT de-assert does nothing */
	assert_true(vlapic_msr_write(v, X2(APIC_ICR), 2ull << 32 | 0x8500));
	assert_false(ap->arch->vlapic.init_pending);
}

static void test_timer(void **state)
{
	struct vlapic *l;
	struct vcpu *v;

	(void)state;
	start(true);
	v = fake_vcpu(0);
	l = &v->arch->vlapic;
	vlapic_mmio_write(v, APIC_LVT_TIMER, 0xec);
	vlapic_mmio_write(v, APIC_TDCR, 0xb);	/* by 1 */
	vlapic_mmio_write(v, APIC_TMICT, 1000000);
	assert_int_equal(l->timer.expires, 1000000);
	fake.now = 400000;
	assert_int_equal(vlapic_mmio_read(v, APIC_TMCCT), 600000);
	fake.now = 1000000;
	l->timer.armed = false;
	l->timer.fn(l->timer.data);
	assert_int_equal(vlapic_pending(v), 0xec);
	assert_false(l->timer.armed);
	assert_int_equal(vlapic_mmio_read(v, APIC_TMCCT), 0);
	/* periodic by 16, 2 ms; a late expiry does not pile up */
	vlapic_mmio_write(v, APIC_TDCR, 3);
	vlapic_mmio_write(v, APIC_LVT_TIMER, 0x200ec);
	vlapic_mmio_write(v, APIC_TMICT, 125000);
	assert_int_equal(l->timer.expires, 3000000);
	fake.now = 50000000;
	l->timer.fn(l->timer.data);
	assert_int_equal(l->timer.expires, 52000000);
	/* nobody makes the host spin */
	vlapic_mmio_write(v, APIC_TMICT, 1);
	assert_true(l->timer.expires >= fake.now + 50000);
	vlapic_mmio_write(v, APIC_TMICT, 0);
	assert_false(l->timer.armed);
}

static void test_x2apic_rules(void **state)
{
	struct vcpu *v;
	uint64_t val;

	(void)state;
	start(false);
	v = fake_vcpu(1);
	assert_true(vlapic_msr_read(v, X2(APIC_ID), &val));
	assert_int_equal(val, 2);
	assert_true(vlapic_msr_read(v, X2(APIC_LDR), &val));
	assert_int_equal(val, 1u << 2);
	assert_true(vlapic_msr_read(v, X2(APIC_VERSION), &val));
	assert_int_equal(val, 0x50014);
	assert_false(vlapic_msr_write(v, X2(APIC_EOI), 1));
	assert_true(vlapic_msr_write(v, X2(APIC_EOI), 0));
	assert_false(vlapic_msr_read(v, X2(APIC_EOI), &val));
	assert_false(vlapic_msr_write(v, X2(APIC_ESR), 1));
	assert_false(vlapic_msr_write(v, X2(APIC_ID), 0));
	assert_false(vlapic_msr_write(v, X2(APIC_LDR), 0));
	assert_false(vlapic_msr_read(v, X2(APIC_DFR), &val));
	assert_false(vlapic_msr_read(v, X2(APIC_ICR2), &val));
	assert_false(vlapic_msr_write(v, X2(APIC_TPR), 0x100));
	assert_false(vlapic_msr_write(v, X2(APIC_SVR), 1ull << 32));
	assert_false(vlapic_msr_write(v, X2(APIC_ICR), 1u << 20));
	assert_false(vlapic_msr_read(v, 0x83f, &val));
	assert_false(vlapic_msr_read(v, 0x840, &val));
}

static void test_base(void **state)
{
	const uint64_t def = APIC_BASE_DEFAULT, on = def | APIC_BASE_ENABLE,
		       x2 = on | APIC_BASE_X2APIC;
	struct vcpu *v;
	uint64_t val;

	(void)state;
	start(true);
	v = fake_vcpu(1);
	assert_false(vlapic_msr_read(v, X2(APIC_ID), &val));
	assert_false(vlapic_base_write(v, 0xfee01000 | APIC_BASE_ENABLE));
	assert_false(vlapic_base_write(v, def | APIC_BASE_X2APIC));
	assert_int_equal(vlapic_mmio_read(v, APIC_ID), 2u << 24);
	assert_true(vlapic_base_write(v, x2));
	assert_true(vlapic_msr_read(v, X2(APIC_ID), &val));
	assert_int_equal(val, 2);
	assert_false(vlapic_base_write(v, on));
	assert_true(vlapic_base_write(v, def));
	assert_false(vlapic_base_write(v, x2));
	vlapic_set_irq(v, 0x50, false);
	assert_false(vlapic_any(&v->arch->vlapic));
	assert_true(vlapic_base_write(v, on));
}

/* Any register, any value, in both modes: nothing breaks. */
static void test_random(void **state)
{
	(void)state;
	srand(2);
	for (unsigned int mode = 0; mode < 2; mode++) {
		struct vcpu *v;

		start(mode);
		v = fake_vcpu(0);
		for (unsigned int i = 0; i < 100000; i++) {
			unsigned int off = (unsigned int)rand() & 0xfff;
			uint64_t val = (uint64_t)rand() << 32 |
				       (unsigned int)rand();

			fake.now += (unsigned int)rand() & 0xffff;
			vlapic_mmio_write(v, off, (uint32_t)val);
			vlapic_mmio_read(v, off);
			vlapic_msr_read(v, 0x800 + (off >> 4), &val);
			(void)vlapic_msr_write(v, 0x800 + (off >> 4), val >> 40);
			(void)vlapic_pending(v);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_priorities),
		cmocka_unit_test(test_tpr),
		cmocka_unit_test(test_dropped),
		cmocka_unit_test(test_level_eoi),
		cmocka_unit_test(test_ipi_x2apic),
		cmocka_unit_test(test_ipi_xapic),
		cmocka_unit_test(test_init_sipi),
		cmocka_unit_test(test_timer),
		cmocka_unit_test(test_x2apic_rules),
		cmocka_unit_test(test_base),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

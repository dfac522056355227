/* What the next entry delivers, and when it must wait for a window. */
#include "fakes.h"

static struct vcpu *v;
static struct arch_vcpu *a;

static void start(void)
{
	struct domain *d = fake_domain(false);

	v = fake_vcpu(0);
	a = v->arch;
	vlapic_init(v);
	a->vlapic.reg[APIC_SVR >> 4] |= 1u << 8;
	a->regs = (struct cpu_regs){.rip = 0x1000, .rflags = 2 | RFLAGS_IF};
	d->callback_vector = 0xf3;
}

static void expect(uint8_t type, uint8_t vector, enum irq_window window)
{
	assert_true(a->event_valid);
	assert_int_equal(a->event.type, type);
	assert_int_equal(a->event.vector, vector);
	assert_int_equal(fake.window, window);
	a->event_valid = false;
}

static void expect_nothing(enum irq_window window)
{
	assert_false(a->event_valid);
	assert_int_equal(fake.window, window);
}

static void test_order(void **state)
{
	(void)state;
	start();
	hvm_prepare_events(v);
	expect_nothing(IRQ_WINDOW_OFF);
	assert_false(arch_vcpu_event_pending(v));
	vlapic_set_irq(v, 0x41, false);
	v->info->evtchn_upcall_pending = 1;
	a->nmi_pending = true;
	assert_true(arch_vcpu_event_pending(v));
	hvm_prepare_events(v);
	expect(EVENT_NMI, 2, IRQ_WINDOW_IF);
	assert_true(fake.nmi_window);
	fake.nmi_window = false;
	hvm_prepare_events(v);	/* the upcall, and the APIC's must wait */
	assert_true(fake.nmi_window);
	/* Not taken by the CPU yet: it stays first, and is not chosen twice. */
	hvm_prepare_events(v);
	expect(EVENT_IRQ, 0xf3, IRQ_WINDOW_OFF);
	v->info->evtchn_upcall_pending = 0;
	hvm_prepare_events(v);
	expect(EVENT_IRQ, 0x41, IRQ_WINDOW_OFF);
	assert_int_equal(a->vlapic.irr[1], 0);
	assert_int_equal(a->vlapic.isr[1], 2);
}

/* An upcall is a level; it must not cost a window each time. */
static void test_upcall_level(void **state)
{
	(void)state;
	start();
	v->info->evtchn_upcall_pending = 1;
	hvm_prepare_events(v);
	expect(EVENT_IRQ, 0xf3, IRQ_WINDOW_OFF);
	v->upcall_vector = 0x50;	/* then it goes through the APIC */
	hvm_prepare_events(v);
	expect_nothing(IRQ_WINDOW_OFF);
	arch_vcpu_upcall_vector(v, 0x50);
	hvm_prepare_events(v);
	expect(EVENT_IRQ, 0x50, IRQ_WINDOW_OFF);
}

static void test_blocked(void **state)
{
	(void)state;
	start();
	a->regs.rflags = 2;
	v->info->evtchn_upcall_pending = 1;
	assert_false(arch_vcpu_event_pending(v));
	hvm_prepare_events(v);
	expect_nothing(IRQ_WINDOW_IF);
	a->regs.rflags |= RFLAGS_IF;
	hvm_prepare_events(v);
	expect(EVENT_IRQ, 0xf3, IRQ_WINDOW_OFF);
	/* behind an exception */
	hvm_inject_ud(v);
	hvm_prepare_events(v);
	expect(EVENT_EXCEPTION, VEC_UD, IRQ_WINDOW_IF);
	/* by the TPR alone */
	v->info->evtchn_upcall_pending = 0;
	vlapic_set_irq(v, 0x41, false);
	vlapic_set_tpr_of(&a->vlapic, 0x50);
	hvm_prepare_events(v);
	expect_nothing(IRQ_WINDOW_TPR);
}

/*
 * STI; HLT with an interrupt due: the CPU may lose the STI shadow over an exit,
 * and an interrupt taken before the HLT would leave the guest asleep after it.
 */
static void test_sti_hlt(void **state)
{
	static const uint8_t hlt[] = {0xf4}, nop[] = {0x90};

	(void)state;
	start();
	v->info->evtchn_upcall_pending = 1;
	a->int_shadow = true;
	fake.code = hlt;
	fake.code_len = 1;
	hvm_prepare_events(v);
	expect(EVENT_IRQ, 0xf3, IRQ_WINDOW_OFF);
	assert_int_equal(a->regs.rip, 0x1001);
	assert_false(a->int_shadow);

	/* the shadow seen by one exit, the interrupt due at the next */
	a->regs.rip = 0x2000;
	a->int_shadow = true;
	v->info->evtchn_upcall_pending = 0;
	hvm_prepare_events(v);
	expect_nothing(IRQ_WINDOW_OFF);
	a->int_shadow = false;
	v->info->evtchn_upcall_pending = 1;
	hvm_prepare_events(v);
	expect(EVENT_IRQ, 0xf3, IRQ_WINDOW_OFF);
	assert_int_equal(a->regs.rip, 0x2001);

	/* any other instruction is waited for */
	a->int_shadow = true;
	fake.code = nop;
	hvm_prepare_events(v);
	expect_nothing(IRQ_WINDOW_IF);
	assert_int_equal(a->regs.rip, 0x2001);
}

static void test_nmi_blocking(void **state)
{
	(void)state;
	start();
	a->nmi_pending = true;
	hvm_prepare_events(v);
	expect(EVENT_NMI, 2, IRQ_WINDOW_OFF);
	a->nmi_pending = true;
	a->regs.rip = 0x3000;
	hvm_prepare_events(v);
	expect_nothing(IRQ_WINDOW_OFF);
	hvm_end_nmi(v, true);	/* at the IRET, which has yet to be executed */
	assert_false(fake.nmi_window);
	hvm_prepare_events(v);
	expect_nothing(IRQ_WINDOW_OFF);
	a->regs.rip = 0x1234;
	hvm_prepare_events(v);
	expect(EVENT_NMI, 2, IRQ_WINDOW_OFF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_upcall_level),
		cmocka_unit_test(test_blocked),
		cmocka_unit_test(test_sti_hlt),
		cmocka_unit_test(test_nmi_blocking),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

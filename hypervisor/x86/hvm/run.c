/*
 * What a CPU does for ever (docs/LOCKING.md): take interrupts, run timers, let
 * the scheduler choose, and enter the guest it chose.
 *
 * The way of an exit: run_vcpu() here, svm_run() in svm/svm.c or vmx_run() in
 * vmx/vmx.c, then
 * hvm_handle_exit() in exits.c, and round again.
 */
#include <hv/sched.h>
#include <hv/timer.h>
#include <hv/trace.h>

#include <x86/hvm_ops.h>
#include <x86/irq.h>
#include <x86/platform.h>
#include <x86/watchdog.h>

/*
 * INIT puts the vCPU back to reset and makes it wait; SIPI starts it. Both come
 * from other vCPUs through its local APIC. False: it may not run now.
 */
static bool take_init_sipi(struct vcpu *v)
{
	struct vlapic *l = &v->arch->vlapic;

	if (__atomic_exchange_n(&l->init_pending, false, __ATOMIC_SEQ_CST)) {
		vlapic_reset(v);
		__atomic_store_n(&l->wait_sipi, true, __ATOMIC_SEQ_CST);
		vcpu_set_down(v);
	}
	if (__atomic_exchange_n(&l->sipi_pending, false, __ATOMIC_SEQ_CST)) {
		hvm_set_sipi_state(v, l->sipi_vector);
		__atomic_store_n(&l->wait_sipi, false, __ATOMIC_SEQ_CST);
		vcpu_set_up(v);
	}
	return !v->down;
}

/*
 * in_guest is set before need_resched and flush_tlb are looked at: whoever
 * sets one of them and then sees in_guest clear need not kick (its partners:
 * cpu_kick(), arch_p2m_flush()).
 */
static void run_vcpu(struct cpu *c, struct vcpu *v)
{
	struct arch_cpu *ac = c->arch;
	struct arch_vcpu *a = v->arch;
	struct hvm_exit e;

	if ((a->vlapic.init_pending || a->vlapic.sipi_pending) && !take_init_sipi(v))
		return;
	hvm_prepare_events(v);

	__atomic_store_n(&ac->in_guest, true, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&c->need_resched, __ATOMIC_RELAXED)) {
		__atomic_store_n(&ac->in_guest, false, __ATOMIC_RELEASE);
		return;
	}
	if (__atomic_load_n(&a->flush_tlb, __ATOMIC_RELAXED)) {
		hvm_ops->flush_tlb(v);
		__atomic_store_n(&a->flush_tlb, false, __ATOMIC_SEQ_CST);
	}
	hvm_ops->run(v, &e);
	__atomic_store_n(&ac->in_guest, false, __ATOMIC_RELEASE);

	ac->exits[e.reason]++;
	trace(TRACE_EXIT, e.reason, a->regs.rip);
	hvm_handle_exit(v, &e);
}

/*
 * HLT right after STI: an interrupt cannot come between the look at
 * need_resched and the sleep.
 */
static void idle(struct cpu *c)
{
	if (!__atomic_load_n(&c->need_resched, __ATOMIC_SEQ_CST))
		asm volatile("sti; hlt; cli" : : : "memory");
}

void cpu_main(void)
{
	struct cpu *c = this_cpu();

	hvm_cpu_init();
	watchdog_cpu_init();
	for (;;) {
		c->arch->heartbeat++;
		irq_window();
		timer_run();
		if (c->need_resched)
			schedule();
		if (c->vcpu == c->idle)
			idle(c);
		else
			run_vcpu(c, c->vcpu);
	}
}

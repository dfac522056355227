/*
 * Which event the next entry delivers. Order: what was already chosen or
 * interrupted (v->arch->event), NMI, the event channel upcall of a domain-wide
 * vector, the local APIC's highest vector. What cannot be delivered yet gets
 * an exit at the moment it can.
 */
#include <hv/event.h>
#include <hv/lib.h>
#include <hv/sched.h>

#include <x86/hvm_ops.h>

#define INSN_HLT 0xf4

void hvm_inject_exception(struct vcpu *v, uint8_t vector, bool has_error, uint32_t error)
{
	v->arch->event = (struct hvm_event){
		.vector = vector,
		.type = EVENT_EXCEPTION,
		.has_error = has_error,
		.error = error,
	};
	v->arch->event_valid = true;
}

void hvm_inject_gp(struct vcpu *v)
{
	hvm_inject_exception(v, VEC_GP, true, 0);
}

void hvm_inject_ud(struct vcpu *v)
{
	hvm_inject_exception(v, VEC_UD, false, 0);
}

void hvm_advance(struct vcpu *v, unsigned int len)
{
	v->arch->regs.rip += len;
	v->arch->int_shadow = false;
}

/*
 * The domain-wide vector is a level: due as long as upcall_pending is set. A
 * vCPU with a vector of its own gets upcalls through its local APIC.
 */
static bool upcall_due(const struct vcpu *v)
{
	return v->domain->callback_vector && !v->upcall_vector && event_upcall_pending(v);
}

static bool nmi_due(const struct vcpu *v)
{
	return __atomic_load_n(&v->arch->nmi_pending, __ATOMIC_RELAXED) &&
	       !v->arch->nmi_blocked;
}

bool arch_vcpu_event_pending(struct vcpu *v)
{
	struct arch_vcpu *a = v->arch;

	if (a->event_valid || nmi_due(v) ||
	    __atomic_load_n(&a->vlapic.init_pending, __ATOMIC_RELAXED))
		return true;
	return (a->regs.rflags & RFLAGS_IF) && (upcall_due(v) || vlapic_pending(v) >= 0);
}

/*
 * An interrupt may be taken before HLT or after it: both are legal moments.
 * After STI only the second is right, and not every CPU keeps the STI shadow
 * over an exit. So HLT is taken as executed wherever an exit saw a shadow at
 * this RIP. Returns false while the shadow stands.
 */
static bool step_over_hlt(struct vcpu *v)
{
	struct arch_vcpu *a = v->arch;
	uint8_t insn;

	if (a->shadow_rip != a->regs.rip)
		return true;
	if (hvm_fetch(v, &insn, 1) == 1 && insn == INSN_HLT)
		hvm_advance(v, 1);
	return !a->int_shadow;
}

static void choose(struct vcpu *v, uint8_t vector, uint8_t type)
{
	v->arch->event = (struct hvm_event){.vector = vector, .type = type};
	v->arch->event_valid = true;
}

static void choose_nmi(struct vcpu *v)
{
	__atomic_store_n(&v->arch->nmi_pending, false, __ATOMIC_RELAXED);
	v->arch->nmi_blocked = true;
	v->arch->iret_rip = 0;
	hvm_ops->nmi_window(v, true);
	choose(v, 2, EVENT_NMI);
}

/* Takes the first interrupt that is due; true if one more must wait. */
static bool choose_interrupt(struct vcpu *v)
{
	int vector;

	if (upcall_due(v)) {
		choose(v, v->domain->callback_vector, EVENT_IRQ);
		return vlapic_pending(v) >= 0;
	}
	vector = vlapic_pending(v);
	vlapic_accept(v, (uint8_t)vector);
	choose(v, (uint8_t)vector, EVENT_IRQ);
	return false;
}

/*
 * A second interrupt is due behind the one that the next entry delivers. Some
 * hardware has one place for an interrupt or for the wish to be told of IF, so
 * the IRET that ends the first one's handler is where we look again.
 */
static enum irq_window wait_behind_interrupt(struct vcpu *v)
{
	if (hvm_ops->irq_and_window)
		return IRQ_WINDOW_IF;
	hvm_ops->nmi_window(v, true);
	return IRQ_WINDOW_OFF;
}

/* Apart from its caller, so that an exit without events does not pay for it. */
static noinline enum irq_window choose_event(struct vcpu *v)
{
	struct arch_vcpu *a = v->arch;

	if (!a->event_valid && nmi_due(v) && !a->int_shadow && a->regs.rip != a->iret_rip)
		choose_nmi(v);
	if (!upcall_due(v) && vlapic_pending(v) < 0)
		return vlapic_blocked_by_tpr(v) ? IRQ_WINDOW_TPR : IRQ_WINDOW_OFF;
	if (a->event_valid && a->event.type == EVENT_IRQ)
		return wait_behind_interrupt(v);
	if (a->event_valid || !(a->regs.rflags & RFLAGS_IF) || !step_over_hlt(v))
		return IRQ_WINDOW_IF;
	return choose_interrupt(v) ? wait_behind_interrupt(v) : IRQ_WINDOW_OFF;
}

void hvm_prepare_events(struct vcpu *v)
{
	struct arch_vcpu *a = v->arch;
	enum irq_window window = IRQ_WINDOW_OFF;

	if (a->int_shadow)
		a->shadow_rip = a->regs.rip;
	if (nmi_due(v) || upcall_due(v) || vlapic_any(&a->vlapic))
		window = choose_event(v);
	if (window != a->irq_window)
		hvm_ops->irq_window(v, window);
}

/*
 * The guest is behind the IRET that ended its NMI handler; or at it, and then
 * the next NMI is held back until RIP has moved.
 */
void hvm_end_nmi(struct vcpu *v, bool at_iret)
{
	v->arch->nmi_blocked = false;
	v->arch->iret_rip = at_iret ? v->arch->regs.rip : 0;
	hvm_ops->nmi_window(v, false);
}

int arch_vcpu_send_nmi(struct vcpu *v)
{
	if (!v->arch->initialised)
		return -EINVAL;
	__atomic_store_n(&v->arch->nmi_pending, true, __ATOMIC_SEQ_CST);
	vcpu_kick(v);
	return 0;
}

/* The core has made an upcall pending for a vCPU with its own vector. */
void arch_vcpu_upcall_vector(struct vcpu *v, uint8_t vector)
{
	vlapic_set_irq(v, vector, false);
}

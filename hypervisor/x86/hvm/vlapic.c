/*
 * The virtual local APIC (x86/vlapic.h): register file, priorities, timer.
 * Messages between APICs are in vlapic_ipi.c, access from the guest in
 * vlapic_access.c.
 *
 * IRR is the only part that other CPUs write, with locked operations; TMR bits
 * are set before the IRR bit they belong to.
 */
#include <hv/arch.h>
#include <hv/bitops.h>
#include <hv/sched.h>

#include <x86/hvm.h>

#include "vlapic_priv.h"

/* The timer's clock: 1 GHz, so that a tick is a nanosecond before division. */
#define MIN_PERIOD_NS 50000ull

/* --- priorities ------------------------------------------------------------ */

static int highest(const uint64_t *map)
{
	for (int i = 3; i >= 0; i--) {
		uint64_t w = __atomic_load_n(&map[i], __ATOMIC_RELAXED);

		if (w)
			return i * 64 + (int)bit_highest(w);
	}
	return -1;
}

uint8_t vlapic_ppr(const struct vlapic *l)
{
	int isr = highest(l->isr);
	uint8_t tpr = vlapic_tpr_of(l);

	if (isr >= 0 && (isr & 0xf0) > (tpr & 0xf0))
		return (uint8_t)(isr & 0xf0);
	return tpr;
}

int vlapic_pending(struct vcpu *v)
{
	const struct vlapic *l = &v->arch->vlapic;
	int irr;

	if (!vlapic_any(l))
		return -1;
	irr = highest(l->irr);
	return (irr & 0xf0) > (vlapic_ppr(l) & 0xf0) ? irr : -1;
}

bool vlapic_blocked_by_tpr(const struct vcpu *v)
{
	const struct vlapic *l = &v->arch->vlapic;
	int irr = highest(l->irr), isr = highest(l->isr);

	return irr >= 0 && (irr & 0xf0) > (isr < 0 ? 0 : isr & 0xf0);
}

void vlapic_accept(struct vcpu *v, uint8_t vector)
{
	struct vlapic *l = &v->arch->vlapic;

	bit_test_and_clear_locked(l->irr, vector);
	bit_set(l->isr, vector);
}

void vlapic_set_irq(struct vcpu *v, uint8_t vector, bool level)
{
	struct vlapic *l = &v->arch->vlapic;

	if (!vlapic_enabled(l) || vector < 16)
		return;
	if (level)
		bit_test_and_set_locked(l->tmr, vector);
	else
		bit_test_and_clear_locked(l->tmr, vector);
	if (!bit_test_and_set_locked(l->irr, vector))
		vcpu_kick(v);
}

void vlapic_eoi(struct vcpu *v)
{
	struct vlapic *l = &v->arch->vlapic;
	int vector = highest(l->isr);

	if (vector < 0)
		return;
	bit_clear(l->isr, (unsigned int)vector);
	if (v->domain->hardware && bit_test(l->tmr, (unsigned int)vector))
		hwdom_eoi(v, (uint8_t)vector);
}

/* --- timer --------------------------------------------------------------------- */

#define LVT_PERIODIC	(1u << 17)

/* TDCR bits 3, 1, 0: divide by 2, 4, ... 128, 1 (APM vol. 2 16.4.1). */
unsigned int vlapic_timer_divisor(const struct vlapic *l)
{
	uint32_t r = l->reg[APIC_TDCR >> 4];
	unsigned int code = (r & 3) | (r >> 1 & 4);

	return 1u << ((code + 1) & 7);
}

static uint64_t timer_length(const struct vlapic *l)
{
	return (uint64_t)l->reg[APIC_TMICT >> 4] * vlapic_timer_divisor(l);
}

static void timer_expired(void *data)
{
	struct vcpu *v = data;
	struct vlapic *l = &v->arch->vlapic;
	uint32_t lvt = l->reg[APIC_LVT_TIMER >> 4];

	if (!(lvt & LVT_MASKED))
		vlapic_set_irq(v, (uint8_t)lvt, false);
	if (!l->timer_period)
		return;
	l->timer_start += l->timer_period;
	if (l->timer_start + l->timer_period < now_ns())
		l->timer_start = now_ns();	/* late: leave the lost ones */
	timer_set(&l->timer, l->timer_start + l->timer_period);
}

void vlapic_timer_start(struct vcpu *v)
{
	struct vlapic *l = &v->arch->vlapic;
	uint64_t ns = timer_length(l);

	timer_stop(&l->timer);
	l->timer_period = 0;
	l->timer_start = now_ns();
	if (!ns)
		return;
	if (l->reg[APIC_LVT_TIMER >> 4] & LVT_PERIODIC)
		l->timer_period = ns = MAX(ns, MIN_PERIOD_NS);
	timer_set(&l->timer, l->timer_start + ns);
}

/* TMCCT: what is left of the running count. */
uint32_t vlapic_timer_count(const struct vlapic *l)
{
	uint64_t len = timer_length(l), gone = now_ns() - l->timer_start;

	if (!l->timer.armed || !len || (!l->timer_period && gone >= len))
		return 0;
	return (uint32_t)((len - gone % len) / vlapic_timer_divisor(l));
}

/* --- reset ------------------------------------------------------------------------ */

void vlapic_reset(struct vcpu *v)
{
	struct vlapic *l = &v->arch->vlapic;
	unsigned int lvt;

	timer_stop(&l->timer);
	l->timer_period = 0;
	for (unsigned int i = 0; i < 64; i++)
		l->reg[i] = 0;
	for (unsigned int i = 0; i < 4; i++)
		l->irr[i] = l->isr[i] = l->tmr[i] = 0;
	l->reg[APIC_VERSION >> 4] = VLAPIC_VERSION;
	l->reg[APIC_DFR >> 4] = ~0u;
	l->reg[APIC_SVR >> 4] = 0xff;
	for (lvt = APIC_LVT_TIMER; lvt <= APIC_LVT_ERROR; lvt += 0x10)
		l->reg[lvt >> 4] = LVT_MASKED;
	vlapic_set_mode_ids(l);
}

/* ID and LDR follow from the mode: x2APIC's LDR is fixed by the id. */
void vlapic_set_mode_ids(struct vlapic *l)
{
	if (l->base & APIC_BASE_X2APIC) {
		l->reg[APIC_ID >> 4] = l->id;
		l->reg[APIC_LDR >> 4] = x2apic_ldr(l->id);
	} else {
		l->reg[APIC_ID >> 4] = l->id << 24;
	}
}

void vlapic_init(struct vcpu *v)
{
	struct vlapic *l = &v->arch->vlapic;

	l->id = hvm_apic_id(v->id);
	l->base = APIC_BASE_DEFAULT | APIC_BASE_ENABLE;
	if (!v->id)
		l->base |= APIC_BASE_BSP;
	if (v->domain->arch->x2apic_start)
		l->base |= APIC_BASE_X2APIC;
	l->wait_sipi = v->id != 0;
	timer_init(&l->timer, timer_expired, v);
	vlapic_reset(v);
}

void vlapic_destroy(struct vcpu *v)
{
	timer_kill(&v->arch->vlapic.timer);
}

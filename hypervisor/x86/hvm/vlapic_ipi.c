/*
 * Messages to virtual local APICs: who is meant, and what they do. Senders are
 * a vCPU's interrupt command register, the hardware domain's IO-APICs and MSIs
 * (AMD APM vol. 2 16.5, 16.6).
 */
#include <hv/arch.h>
#include <hv/sched.h>

#include <x86/hvm.h>

#include "vlapic_priv.h"

enum delivery { DM_FIXED, DM_LOWEST, DM_SMI, DM_RESERVED, DM_NMI, DM_INIT,
		DM_SIPI, DM_EXTINT };

#define ICR_LOGICAL	(1u << 11)
#define ICR_ASSERT	(1u << 14)
#define ICR_LEVEL	(1u << 15)

enum shorthand { TO_DEST, TO_SELF, TO_ALL, TO_OTHERS };

/* --- who -------------------------------------------------------------------- */

static bool logical_match(const struct vlapic *l, uint32_t dest)
{
	uint32_t ldr = l->reg[APIC_LDR >> 4];

	if (vlapic_is_x2apic(l))
		return dest == ~0u || (ldr >> 16 == dest >> 16 && (ldr & dest & 0xffff));
	if (dest == 0xff)
		return true;
	ldr >>= 24;
	if (l->reg[APIC_DFR >> 4] >> 28 == 0xf)	/* flat */
		return ldr & dest;
	return ldr >> 4 == dest >> 4 && (ldr & dest & 0xf);
}

/* @broadcast: all-ones in the width of the sender's destination field. */
static bool matches(const struct vlapic *l, uint32_t dest, uint32_t broadcast,
		    bool logical)
{
	if (!(l->base & APIC_BASE_ENABLE))
		return false;
	if (logical)
		return logical_match(l, dest == broadcast && vlapic_is_x2apic(l) ?
						~0u : dest);
	return dest == broadcast || dest == l->id;
}

/* The least busy of two: lowest-priority delivery, and a stable choice. */
static bool less_busy(const struct vcpu *a, const struct vcpu *b)
{
	return vlapic_ppr(&a->arch->vlapic) < vlapic_ppr(&b->arch->vlapic);
}

static struct vcpu *find_lowest(struct domain *d, uint32_t dest,
				uint32_t broadcast, bool logical)
{
	struct vcpu *best = NULL;

	for_each_vcpu(d, v)
		if (matches(&v->arch->vlapic, dest, broadcast, logical) &&
		    vlapic_enabled(&v->arch->vlapic) &&
		    (!best || less_busy(v, best)))
			best = v;
	return best;
}

struct vcpu *vlapic_find_dest(struct domain *d, uint32_t dest, bool logical)
{
	return find_lowest(d, dest, 0xff, logical);
}

/* --- what ----------------------------------------------------------------------- */

/*
 * INIT marks the vCPU; it resets itself when it is entered next (run.c). One
 * that is down stays down until SIPI.
 */
static void send_init(struct vcpu *v)
{
	__atomic_store_n(&v->arch->vlapic.init_pending, true, __ATOMIC_SEQ_CST);
	vcpu_kick(v);
}

/* Only a vCPU that was reset listens; a second SIPI finds it running. */
static void send_sipi(struct vcpu *v, uint8_t vector)
{
	struct vlapic *l = &v->arch->vlapic;

	if (!__atomic_load_n(&l->wait_sipi, __ATOMIC_SEQ_CST) &&
	    !__atomic_load_n(&l->init_pending, __ATOMIC_SEQ_CST))
		return;
	l->sipi_vector = vector;
	__atomic_store_n(&l->sipi_pending, true, __ATOMIC_SEQ_CST);
	v->arch->initialised = true;
	vcpu_set_up(v);
}

static void deliver(struct vcpu *v, uint32_t icr)
{
	uint8_t vector = (uint8_t)icr;

	switch ((icr >> 8) & 7) {
	case DM_FIXED:
	case DM_LOWEST:
		vlapic_set_irq(v, vector, false);
		break;
	case DM_NMI:
		(void)!arch_vcpu_send_nmi(v);	/* not started: nothing to hit */
		break;
	case DM_INIT:
		/* A level de-assert only loads arbitration ids. */
		if ((icr & ICR_ASSERT) || !(icr & ICR_LEVEL))
			send_init(v);
		break;
	case DM_SIPI:
		send_sipi(v, vector);
		break;
	}
}

void vlapic_send_ipi(struct vcpu *v, uint32_t low, uint32_t dest)
{
	uint32_t broadcast = vlapic_is_x2apic(&v->arch->vlapic) ? ~0u : 0xff;
	enum shorthand to = (low >> 18) & 3;
	bool logical = low & ICR_LOGICAL;

	if (to == TO_SELF) {
		deliver(v, low);
		return;
	}
	if (to == TO_DEST && ((low >> 8) & 7) == DM_LOWEST) {
		struct vcpu *t = find_lowest(v->domain, dest, broadcast, logical);

		if (t)
			deliver(t, low);
		return;
	}
	for_each_vcpu(v->domain, t) {
		if (to == TO_OTHERS && t == v)
			continue;
		if (to == TO_DEST && !matches(&t->arch->vlapic, dest, broadcast, logical))
			continue;
		deliver(t, low);
	}
}

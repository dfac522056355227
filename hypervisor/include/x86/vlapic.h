/*
 * The virtual local APIC: registers, interrupt state and timer of one vCPU, in
 * xAPIC (MMIO at 0xFEE00000) or x2APIC (MSR) mode. AMD APM vol. 2 ch. 16.
 * IRR is set from any CPU with locked operations; all else belongs to the CPU
 * that runs the vCPU.
 */
#ifndef X86_VLAPIC_H
#define X86_VLAPIC_H

#include <hv/timer.h>
#include <hv/types.h>

struct domain;
struct vcpu;

#define APIC_BASE_DEFAULT	0xfee00000ull
#define APIC_BASE_BSP		(1ull << 8)
#define APIC_BASE_X2APIC	(1ull << 10)
#define APIC_BASE_ENABLE	(1ull << 11)

/* Register offsets in the xAPIC page, AMD APM vol. 2 table 16-2 */
#define APIC_ID		0x020
#define APIC_VERSION	0x030
#define APIC_TPR	0x080
#define APIC_PPR	0x0a0
#define APIC_EOI	0x0b0
#define APIC_LDR	0x0d0
#define APIC_DFR	0x0e0
#define APIC_SVR	0x0f0
#define APIC_ISR	0x100
#define APIC_TMR	0x180
#define APIC_IRR	0x200
#define APIC_ESR	0x280
#define APIC_ICR	0x300
#define APIC_ICR2	0x310
#define APIC_LVT_TIMER	0x320
#define APIC_LVT_THERM	0x330
#define APIC_LVT_PERF	0x340
#define APIC_LVT_LINT0	0x350
#define APIC_LVT_LINT1	0x360
#define APIC_LVT_ERROR	0x370
#define APIC_TMICT	0x380
#define APIC_TMCCT	0x390
#define APIC_TDCR	0x3e0
#define APIC_SELF_IPI	0x3f0

struct vlapic {
	uint64_t base;		/* IA32_APIC_BASE */
	uint32_t id;		/* 32-bit APIC id */
	uint32_t reg[64];	/* by offset >> 4, without ISR/TMR/IRR */
	uint64_t irr[4], isr[4], tmr[4];
	struct timer timer;
	uint64_t timer_start;	/* ns; for TMCCT */
	uint64_t timer_period;	/* ns; 0: one-shot or not running */
	uint8_t sipi_vector;
	bool init_pending, sipi_pending;	/* atomic, taken at entry */
	bool wait_sipi;		/* atomic; reset and not yet started */
};

void vlapic_init(struct vcpu *v);
void vlapic_destroy(struct vcpu *v);
/* Reset by INIT: keeps base and id. */
void vlapic_reset(struct vcpu *v);
/* From any CPU; dropped when software-disabled. Kicks the vCPU. */
void vlapic_set_irq(struct vcpu *v, uint8_t vector, bool level);
/* Highest deliverable vector (IRR above PPR), or -1. Changes nothing. */
int vlapic_pending(struct vcpu *v);
/* A vector waits only for a lower TPR. When vlapic_pending() said -1. */
bool vlapic_blocked_by_tpr(const struct vcpu *v);
/* Moves @vector from IRR to ISR: it is being injected. */
void vlapic_accept(struct vcpu *v, uint8_t vector);
/* Some vector is requested, deliverable or not. */
static inline bool vlapic_any(const struct vlapic *l)
{
	return (l->irr[0] | l->irr[1] | l->irr[2] | l->irr[3]) != 0;
}

/* The task priority register; CR8 is its high half. */
static inline uint8_t vlapic_tpr_of(const struct vlapic *l)
{
	return (uint8_t)l->reg[APIC_TPR >> 4];
}

static inline void vlapic_set_tpr_of(struct vlapic *l, uint8_t tpr)
{
	l->reg[APIC_TPR >> 4] = tpr;
}

/* IO-APIC or MSI message: destination, physical or logical mode. */
struct vcpu *vlapic_find_dest(struct domain *d, uint32_t dest, bool logical);

/* xAPIC page at offset @off; x2APIC MSR 0x800+; IA32_APIC_BASE. */
uint32_t vlapic_mmio_read(struct vcpu *v, unsigned int off);
void vlapic_mmio_write(struct vcpu *v, unsigned int off, uint32_t val);
/* false: #GP */
bool vlapic_msr_read(struct vcpu *v, uint32_t msr, uint64_t *val);
bool vlapic_msr_write(struct vcpu *v, uint32_t msr, uint64_t val);
bool vlapic_base_write(struct vcpu *v, uint64_t val);

#endif

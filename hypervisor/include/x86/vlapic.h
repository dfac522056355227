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

struct vlapic {
	uint64_t base;		/* IA32_APIC_BASE */
	uint32_t id;		/* 32-bit APIC id */
	uint32_t reg[64];	/* by offset >> 4, without ISR/TMR/IRR */
	uint64_t irr[4], isr[4], tmr[4];
	struct timer timer;
	uint64_t timer_start;	/* ns; for TMCCT */
	uint8_t sipi_vector;
	bool init_pending, sipi_pending;	/* atomic, taken at entry */
};

void vlapic_init(struct vcpu *v);
void vlapic_destroy(struct vcpu *v);
/* Reset by INIT: keeps base and id. */
void vlapic_reset(struct vcpu *v);
/* From any CPU; dropped when software-disabled. Kicks the vCPU. */
void vlapic_set_irq(struct vcpu *v, uint8_t vector, bool level);
/* Highest deliverable vector (IRR above PPR), or -1. Changes nothing. */
int vlapic_pending(struct vcpu *v);
/* Moves @vector from IRR to ISR: it is being injected. */
void vlapic_accept(struct vcpu *v, uint8_t vector);
/* TPR[7:4] to and from the hardware's CR8. */
uint8_t vlapic_tpr(const struct vcpu *v);
void vlapic_set_tpr(struct vcpu *v, uint8_t tpr);
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

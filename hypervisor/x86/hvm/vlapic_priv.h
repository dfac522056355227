/* Between the files of the virtual local APIC. */
#ifndef HVM_VLAPIC_PRIV_H
#define HVM_VLAPIC_PRIV_H

#include <x86/vlapic.h>

#define VLAPIC_VERSION	0x00050014u	/* 6 LVT entries, as Xen's */
#define SVR_ENABLE	(1u << 8)
#define LVT_MASKED	(1u << 16)

static inline bool vlapic_enabled(const struct vlapic *l)
{
	return (l->base & APIC_BASE_ENABLE) && (l->reg[APIC_SVR >> 4] & SVR_ENABLE);
}

static inline bool vlapic_is_x2apic(const struct vlapic *l)
{
	return l->base & APIC_BASE_X2APIC;
}

static inline uint32_t x2apic_ldr(uint32_t id)
{
	return (id >> 4) << 16 | 1u << (id & 15);
}

/* vlapic.c */
uint8_t vlapic_ppr(const struct vlapic *l);
void vlapic_eoi(struct vcpu *v);
unsigned int vlapic_timer_divisor(const struct vlapic *l);
void vlapic_timer_start(struct vcpu *v);
uint32_t vlapic_timer_count(const struct vlapic *l);
void vlapic_set_mode_ids(struct vlapic *l);

/* vlapic_ipi.c: sends what the interrupt command says. */
void vlapic_send_ipi(struct vcpu *v, uint32_t low, uint32_t dest);

#endif

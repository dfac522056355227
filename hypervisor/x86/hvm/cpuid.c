/*
 * The CPUID instruction: the domain's policy, with the few fields that depend
 * on the vCPU or on what it has switched on, and the leaves that say "Xen"
 * (xen/arch-x86/cpuid.h, guest-abi B1).
 */
#include <hv/lib.h>
#include <hv/page.h>

#include <xen/arch-x86/cpuid.h>

#include <x86/hvm_ops.h>
#include <x86/iommu.h>
#include <x86/platform.h>

#include "cpuid.h"

#define FEAT_1C_OSXSAVE (1u << 27)
#define FEAT_1D_APIC	(1u << 9)
#define FEAT_7C_OSPKE	(1u << 4)
#define CR4_PKE		(1ull << 22)

#define XEN_VERSION	((4u << 16) | 17u)
#define HV_LEAVES	XEN_CPUID_MAX_NUM_LEAVES
#define TSC_RELIABLE	(1u << 1)
#define TSC_RDTSCP	(1u << 2)

static const struct cpuid_regs nothing;

static uint64_t cr4_of(struct vcpu *v)
{
	struct hvm_paging p;

	hvm_ops->get_paging(v, &p);
	return p.cr4;
}

/* --- leaves that are not constant ------------------------------------------------ */

static struct cpuid_regs leaf_1(struct vcpu *v, const struct cpuid_policy *p)
{
	const struct vlapic *l = &v->arch->vlapic;
	struct cpuid_regs r = p->basic[1];

	r.b |= l->id << 24;
	if (cr4_of(v) & CR4_OSXSAVE)
		r.c |= FEAT_1C_OSXSAVE;
	if (!(l->base & APIC_BASE_ENABLE))
		r.d &= ~FEAT_1D_APIC;
	return r;
}

static struct cpuid_regs leaf_7(struct vcpu *v, const struct cpuid_policy *p,
				uint32_t sub)
{
	struct cpuid_regs r = sub < CPUID_FEAT_NR ? p->feat[sub] : nothing;

	if (!sub && (cr4_of(v) & CR4_PKE))
		r.c |= FEAT_7C_OSPKE;
	return r;
}

/* Threads: one; cores: all vCPUs (as the legacy leaves say). */
static struct cpuid_regs leaf_b(struct vcpu *v, const struct cpuid_policy *p,
				uint32_t sub)
{
	struct cpuid_regs r = {.c = sub & 0xff, .d = v->arch->vlapic.id};

	if (sub == 0) {
		r.a = v->domain->hardware ? 0 : 1;
		r.b = 1;
		r.c |= 1u << 8;
	} else if (sub == 1) {
		r.a = p->max_apic_id ? 32u - (unsigned int)__builtin_clz(p->max_apic_id) :
			      0;
		r.b = v->domain->max_vcpus;
		r.c |= 2u << 8;
	}
	return r;
}

/* The guest's XCR0 is in the CPU, so sizes that depend on it come out right. */
static struct cpuid_regs leaf_d(const struct cpuid_policy *p, uint32_t sub)
{
	struct cpuid_regs r;

	if (!p->xcr0 || sub > 63 || (sub > 1 && !(p->xcr0 >> sub & 1)))
		return nothing;
	r = cpuid(0xd, sub);
	if (sub == 0) {
		r.a = (uint32_t)p->xcr0;
		r.d = (uint32_t)(p->xcr0 >> 32);
	} else if (sub == 1) {
		r.a &= p->xsave_insns;
		r.c = r.d = 0;	/* no supervisor states */
	}
	return r;
}

/* --- hypervisor leaves ---------------------------------------------------------------- */

static struct cpuid_regs hv_tsc(struct vcpu *v, uint32_t sub)
{
	const struct arch_domain *ad = v->domain->arch;
	struct cpuid_regs r = nothing;
	int8_t shift;

	if (sub == 0) {
		r.a = TSC_RDTSCP | (tsc_reliable ? TSC_RELIABLE : 0);
		r.b = ad->tsc_mode;
		r.c = (uint32_t)tsc_khz;
		r.d = ad->tsc_incarnation;
	} else if (sub == 1) {
		r.a = (uint32_t)v->arch->tsc_offset;
		r.b = (uint32_t)((uint64_t)v->arch->tsc_offset >> 32);
		time_scale(&r.c, &shift);
		r.d = (uint32_t)(int32_t)shift;
	} else if (sub == 2) {
		r.a = (uint32_t)tsc_khz;
	}
	return r;
}

static struct cpuid_regs hv_leaf(struct vcpu *v, uint32_t leaf, uint32_t sub)
{
	switch (leaf - CPUID_HV) {
	case 0:
		return (struct cpuid_regs){CPUID_HV + HV_LEAVES, XEN_CPUID_SIGNATURE_EBX,
					   XEN_CPUID_SIGNATURE_ECX,
					   XEN_CPUID_SIGNATURE_EDX};
	case 1:
		return (struct cpuid_regs){.a = XEN_VERSION};
	case 2:	/* one hypercall page, written through this MSR */
		return (struct cpuid_regs){.a = 1, .b = CPUID_HV};
	case 3:
		return hv_tsc(v, sub);
	case 4:
		return sub ? nothing : (struct cpuid_regs){
				     XEN_HVM_CPUID_VCPU_ID_PRESENT |
					     XEN_HVM_CPUID_DOMID_PRESENT |
					     (v->domain->hardware && iommu_active() ?
					      XEN_HVM_CPUID_IOMMU_MAPPINGS : 0),
				     v->id, v->domain->id, 0};
	default:
		return nothing;
	}
}

/* --- the instruction ------------------------------------------------------------------- */

static struct cpuid_regs lookup(struct vcpu *v, uint32_t leaf, uint32_t sub)
{
	const struct cpuid_policy *p = v->domain->arch->cpuid;

	if (leaf >= CPUID_EXT)
		return leaf - CPUID_EXT < CPUID_EXT_NR ?
			       p->ext[leaf - CPUID_EXT] : nothing;
	if (leaf >= CPUID_HV)
		return hv_leaf(v, leaf, sub);
	switch (leaf) {
	case 1:
		return leaf_1(v, p);
	case 7:
		return leaf_7(v, p, sub);
	case 0xb:
		return leaf_b(v, p, sub);
	case 0xd:
		return leaf_d(p, sub);
	default:
		return leaf < CPUID_BASIC_NR ? p->basic[leaf] : nothing;
	}
}

void hvm_cpuid(struct vcpu *v, struct hvm_exit *e)
{
	struct cpu_regs *regs = &v->arch->regs;
	struct cpuid_regs r = lookup(v, (uint32_t)regs->rax, (uint32_t)regs->rcx);

	regs->rax = r.a;
	regs->rbx = r.b;
	regs->rcx = r.c;
	regs->rdx = r.d;
	hvm_advance(v, e->len);
}

/* --- policies ------------------------------------------------------------------------------ */

int cpuid_policy_create(struct domain *d)
{
	struct cpuid_policy *p = heap_alloc(sizeof(*p));

	if (!p)
		return -ENOMEM;
	cpuid_policy_make(d, p);
	d->arch->cpuid = p;
	return 0;
}

void cpuid_policy_destroy(struct domain *d)
{
	heap_free(d->arch->cpuid);
	d->arch->cpuid = NULL;
}

uint64_t hvm_cr4_allowed(const struct vcpu *v)
{
	return v->domain->arch->cpuid->cr4;
}

uint64_t hvm_efer_allowed(const struct vcpu *v)
{
	return v->domain->arch->cpuid->efer;
}

uint64_t hvm_xcr0_allowed(const struct vcpu *v)
{
	return v->domain->arch->cpuid->xcr0;
}

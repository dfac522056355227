/* A domain's CPUID policy: what its vCPUs are told they can do. */
#ifndef HVM_CPUID_H
#define HVM_CPUID_H

#include <x86/asm.h>

#define CPUID_BASIC_NR	0x0eu		/* leaves 0 .. 0xd */
#define CPUID_EXT	0x80000000u
#define CPUID_EXT_NR	0x22u		/* leaves 0x80000000 .. 0x80000021 */
#define CPUID_FEAT_NR	2u		/* subleaves of leaf 7 */
#define CPUID_HV	XEN_CPUID_FIRST_LEAF

struct domain;

struct cpuid_policy {
	struct cpuid_regs basic[CPUID_BASIC_NR];	/* 7, 0xb, 0xd unused */
	struct cpuid_regs feat[CPUID_FEAT_NR];
	struct cpuid_regs ext[CPUID_EXT_NR];
	uint64_t xcr0;		/* states the guest may see */
	uint32_t xsave_insns;	/* leaf 0xd.1 EAX */
	uint32_t max_apic_id;
	uint64_t cr4, efer;	/* bits the guest may set */
};

/* cpuid_policy.c: the widest policy for @d, from the host's features. */
void cpuid_policy_make(const struct domain *d, struct cpuid_policy *p);
/* cr4, efer from the features. After any change of them. */
void cpuid_policy_derive(struct cpuid_policy *p);

/*
 * A leaf from the toolstack: features may only be taken away, the rest of a
 * leaf is ours. -EINVAL for a feature the host or this hypervisor has not.
 */
struct xen_cpuid_leaf;
int cpuid_policy_restrict(struct cpuid_policy *p, const struct xen_cpuid_leaf *l);
/* Leaf @i of the policy as a list; false past the last. */
/* All of them to a guest's array of *nr at @to: domctl.c. */
int cpuid_policy_write(const struct cpuid_policy *p, gva_t to, uint32_t *nr);
bool cpuid_policy_leaf(const struct cpuid_policy *p, unsigned int i,
		       struct xen_cpuid_leaf *l);

#endif

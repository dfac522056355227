/*
 * The architecture's sysctls: what guests may be told of CPU features, before there is a
 * guest. Sets for paravirtual guests do not exist here; the machine's own and those for
 * hardware-assisted guests are told.
 */
#include <hv/guest.h>
#include <hv/lib.h>
#include <hv/page.h>

#include <x86/asm.h>
#include <x86/hvm_ops.h>

#include <xen/sysctl.h>

#include "cpuid.h"

#define WORDS 13u	/* of xen/arch-x86/cpufeatureset.h */

/* The widest policy of a guest, on the heap. */
static struct cpuid_policy *widest_policy(void)
{
	struct cpuid_policy *p = heap_alloc(sizeof(*p));
	struct domain *d = heap_alloc(sizeof(*d));

	if (p && d) {
		d->max_vcpus = 1;
		cpuid_policy_make(d, p);
	} else {
		heap_free(p);
		p = NULL;
	}
	heap_free(d);
	return p;
}

static void words_of_guests(const struct cpuid_policy *p, uint32_t *w)
{
	const uint32_t words[WORDS] = {
		p->basic[1].d, p->basic[1].c, p->ext[1].d, p->ext[1].c, p->xsave_insns,
		p->feat[0].b, p->feat[0].c, p->ext[7].d, p->ext[8].b, p->feat[0].d,
		p->feat[1].a, p->ext[0x21].a, p->feat[1].b,
	};

	memcpy(w, words, sizeof(words));
}

static void words_of_host(uint32_t *w)
{
	struct cpuid_regs one = cpuid(1, 0), seven = cpuid(7, 0), e1 = cpuid(CPUID_EXT + 1, 0);
	const uint32_t words[WORDS] = {
		one.d, one.c, e1.d, e1.c, cpuid(0xd, 1).a, seven.b, seven.c,
		cpuid(CPUID_EXT + 7, 0).d, cpuid(CPUID_EXT + 8, 0).b, seven.d,
		cpuid(7, 1).a, cpuid(CPUID_EXT + 0x21, 0).a, cpuid(7, 1).b,
	};

	memcpy(w, words, sizeof(words));
}

static int get_featureset(struct xen_sysctl *op)
{
	struct xen_sysctl_cpu_featureset *f = &op->u.cpu_featureset;
	bool host = f->index <= XEN_SYSCTL_cpu_featureset_host;
	uint32_t w[WORDS], given = f->nr_features;
	struct cpuid_policy *p;

	if (!host && f->index != XEN_SYSCTL_cpu_featureset_hvm &&
	    f->index != XEN_SYSCTL_cpu_featureset_hvm_max)
		return f->index < 6 ? -EOPNOTSUPP : -EINVAL;
	f->nr_features = WORDS;
	if (!HANDLE_GVA(f->features).v)
		return 0;
	if (given < WORDS)
		return -ENOBUFS;
	p = widest_policy();
	if (!p)
		return -ENOMEM;
	if (host)
		words_of_host(w);
	else
		words_of_guests(p, w);
	heap_free(p);
	return guest_write(HANDLE_GVA(f->features), w, sizeof(w));
}

static int get_policy(struct xen_sysctl *op)
{
	struct xen_sysctl_cpu_policy *c = &op->u.cpu_policy;
	struct cpuid_policy *p;
	int err;

	if (c->_rsvd || c->index > XEN_SYSCTL_cpu_policy_hvm_default)
		return -EINVAL;
	if (c->index == XEN_SYSCTL_cpu_policy_pv_max ||
	    c->index == XEN_SYSCTL_cpu_policy_pv_default)
		return -EOPNOTSUPP;
	p = widest_policy();
	if (!p)
		return -ENOMEM;
	err = cpuid_policy_write(p, HANDLE_GVA(c->leaves), &c->nr_leaves);
	c->nr_msrs = 0;
	heap_free(p);
	return err;
}

int arch_sysctl(struct xen_sysctl *op)
{
	switch (op->cmd) {
	case XEN_SYSCTL_get_cpu_featureset:
		return get_featureset(op);
	case XEN_SYSCTL_get_cpu_policy:
		return get_policy(op);
	case XEN_SYSCTL_get_cpu_levelling_caps:
		op->u.cpu_levelling_caps.caps = 0;	/* nothing is masked in hardware */
		return 0;
	default:
		return -ENOSYS;
	}
}

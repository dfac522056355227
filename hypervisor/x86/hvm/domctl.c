/*
 * The architecture's domctls: context streams, CPUID policy, TSC, and the
 * properties of the machine that the toolstack asks for.
 */
#include <hv/guest.h>
#include <hv/lib.h>
#include <hv/page.h>

#include <x86/asm.h>
#include <x86/hvm_ops.h>
#include <x86/iommu.h>
#include <x86/platform.h>

#include <xen/domctl.h>
#include <xen/sysctl.h>

#include "cpuid.h"

typedef int arch_op(struct domain *d, struct xen_domctl *op, bool *copyback);

/* --- context ------------------------------------------------------------------ */

static int get_context(struct domain *d, struct xen_domctl *op, bool *copyback)
{
	int err;

	if (d == current->domain)
		return -EINVAL;
	domain_pause(d);
	err = hvm_context_get(d, &op->u.hvmcontext);
	domain_unpause(d);
	*copyback = !err;
	return err;
}

static int get_context_partial(struct domain *d, struct xen_domctl *op, bool *copyback)
{
	int err;

	if (d == current->domain)
		return -EINVAL;
	domain_pause(d);
	err = hvm_context_get_partial(d, &op->u.hvmcontext_partial);
	domain_unpause(d);
	*copyback = !err;
	return err;
}

static int set_context(struct domain *d, struct xen_domctl *op, bool *copyback)
{
	int err;

	if (d == current->domain)
		return -EINVAL;
	domain_pause(d);
	err = hvm_context_set(d, &op->u.hvmcontext);
	domain_unpause(d);
	return err;
}

/* Counts without a buffer (@to 0); -ENOBUFS when *nr are too few. */
int cpuid_policy_write(const struct cpuid_policy *p, gva_t to, uint32_t *nr)
{
	struct xen_cpuid_leaf l;
	uint32_t n = 0;

	while (cpuid_policy_leaf(p, n, &l)) {
		if (to.v && n >= *nr)
			return -ENOBUFS;
		if (to.v && guest_write(gva_add(to, n * sizeof(l)), &l, sizeof(l)))
			return -EFAULT;
		n++;
	}
	*nr = n;
	return 0;
}

/* --- CPUID policy ----------------------------------------------------------------- */

static int get_policy(struct domain *d, struct xen_domctl *op, bool *copyback)
{
	struct xen_domctl_cpu_policy *p = &op->u.cpu_policy;
	int err = cpuid_policy_write(d->arch->cpuid, HANDLE_GVA(p->leaves), &p->nr_leaves);

	p->nr_msrs = 0;
	*copyback = !err;
	return err;
}

static bool any_vcpu_started(struct domain *d)
{
	for_each_vcpu(d, v)
		if (v->arch->initialised)
			return true;
	return false;
}

static int read_leaves(struct cpuid_policy *new, struct xen_domctl_cpu_policy *p)
{
	gva_t from = HANDLE_GVA(p->leaves);
	struct xen_cpuid_leaf l;

	for (uint32_t i = 0; i < p->nr_leaves; i++) {
		if (guest_read(&l, gva_add(from, i * sizeof(l)), sizeof(l)))
			return -EFAULT;
		if (cpuid_policy_restrict(new, &l)) {
			p->err_leaf = l.leaf;
			p->err_subleaf = l.subleaf;
			return -EINVAL;
		}
	}
	return 0;
}

/* MSRs that tell of features: there are none beyond zero. */
static int read_msrs(struct xen_domctl_cpu_policy *p)
{
	gva_t from = HANDLE_GVA(p->msrs);
	struct xen_msr_entry m;

	for (uint32_t i = 0; i < p->nr_msrs; i++) {
		if (guest_read(&m, gva_add(from, i * sizeof(m)), sizeof(m)))
			return -EFAULT;
		if (m.flags || m.val) {
			p->err_msr = m.idx;
			return -EINVAL;
		}
	}
	return 0;
}

static int set_policy(struct domain *d, struct xen_domctl *op, bool *copyback)
{
	struct xen_domctl_cpu_policy *p = &op->u.cpu_policy;
	struct cpuid_policy *new;
	int err;

	if (p->nr_leaves > 512 || p->nr_msrs > 64)
		return -E2BIG;
	if (d == current->domain || any_vcpu_started(d))
		return -EEXIST;
	p->err_leaf = p->err_subleaf = p->err_msr = ~0u;
	*copyback = true;
	new = heap_alloc(sizeof(*new));
	if (!new)
		return -ENOMEM;
	*new = *d->arch->cpuid;
	err = read_leaves(new, p);
	if (!err)
		err = read_msrs(p);
	if (!err) {
		cpuid_policy_derive(new);
		*d->arch->cpuid = *new;
	}
	heap_free(new);
	return err;
}

/* --- TSC ------------------------------------------------------------------------------ */

static int get_tsc_info(struct domain *d, struct xen_domctl *op, bool *copyback)
{
	op->u.tsc_info = (struct xen_domctl_tsc_info){
		.tsc_mode = d->arch->tsc_mode,
		.gtsc_khz = (uint32_t)tsc_khz,
		.incarnation = d->arch->tsc_incarnation,
	};
	*copyback = true;
	return 0;
}

/* Native (2) and default (0) are the same here: the TSC is never emulated. */
static int set_tsc_info(struct domain *d, struct xen_domctl *op, bool *copyback)
{
	const struct xen_domctl_tsc_info *t = &op->u.tsc_info;

	if (d == current->domain || any_vcpu_started(d) ||
	    (t->tsc_mode != 0 && t->tsc_mode != 2))
		return -EINVAL;
	d->arch->tsc_mode = t->tsc_mode;
	d->arch->tsc_incarnation = t->incarnation;
	return 0;
}

/* --- address width ------------------------------------------------------------------ */

static int get_address_size(struct domain *d, struct xen_domctl *op, bool *copyback)
{
	op->u.address_size.size = 64;
	*copyback = true;
	return 0;
}

static const struct {
	uint32_t cmd;
	arch_op *fn;
} ops[] = {
	{XEN_DOMCTL_gethvmcontext, get_context},
	{XEN_DOMCTL_sethvmcontext, set_context},
	{XEN_DOMCTL_gethvmcontext_partial, get_context_partial},
	{XEN_DOMCTL_get_cpu_policy, get_policy},
	{XEN_DOMCTL_set_cpu_policy, set_policy},
	{XEN_DOMCTL_gettscinfo, get_tsc_info},
	{XEN_DOMCTL_settscinfo, set_tsc_info},
	{XEN_DOMCTL_get_address_size, get_address_size},
};

int arch_domctl(struct domain *d, struct xen_domctl *op, bool *copyback)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(ops); i++)
		if (ops[i].cmd == op->cmd)
			return ops[i].fn(d, op, copyback);
	return -ENOSYS;
}

/* --- the machine ------------------------------------------------------------------------ */

void arch_physinfo(struct xen_sysctl_physinfo *pi)
{
	pi->threads_per_core = 1;
	pi->cores_per_socket = nr_cpus;
	pi->cpu_khz = (uint32_t)tsc_khz;
	pi->hw_cap[0] = cpuid(1, 0).d;
	pi->hw_cap[1] = cpuid(1, 0).c;
	pi->hw_cap[2] = cpuid(0x80000001, 0).d;
	pi->hw_cap[3] = cpuid(0x80000001, 0).c;
	if (iommu_active())
		pi->capabilities |= XEN_SYSCTL_PHYSCAP_directio;
}

const char *arch_capabilities(void)
{
	return "hvm-3.0-x86_32 hvm-3.0-x86_32p hvm-3.0-x86_64 ";
}

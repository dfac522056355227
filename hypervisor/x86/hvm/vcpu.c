/*
 * The architecture's part of domains and vCPUs: birth, death, and the switch
 * of a CPU from one vCPU to another.
 */
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/page.h>

#include <x86/asm.h>
#include <x86/hvm_ops.h>
#include <x86/platform.h>
#include <x86/spec.h>

#define MSR_TSC_AUX	0xc0000103u
#define CPUID_E1D_RDTSCP (1u << 27)

/* --- domains -------------------------------------------------------------- */

int arch_domain_create(struct domain *d, const struct domain_config *c)
{
	struct arch_domain *ad = heap_alloc(sizeof(*ad));
	void *root;
	int err;

	if (!ad)
		return -ENOMEM;
	d->arch = ad;
	ad->io_passthrough = d->hardware;
	ad->x2apic_start = !d->hardware;
	ad->msr_relaxed = c->msr_relaxed;
	ad->npt_root = page_alloc(0, 0);
	if (!mfn_valid_value(ad->npt_root)) {
		err = -ENOMEM;
		goto fail;
	}
	root = map_frame(ad->npt_root);
	memset(root, 0, PAGE_SIZE);
	unmap_frame(root);
	err = cpuid_policy_create(d);
	if (err)
		goto fail_root;
	return 0;

fail_root:
	page_free(ad->npt_root, 0);
fail:
	heap_free(ad);
	d->arch = NULL;
	return err;
}

void arch_domain_destroy(struct domain *d)
{
	while (arch_p2m_free(d))
		continue;
	page_free(d->arch->npt_root, 0);
	cpuid_policy_destroy(d);
	heap_free(d->arch);
	d->arch = NULL;
}

/* --- vCPUs ---------------------------------------------------------------- */

int arch_vcpu_create(struct vcpu *v)
{
	struct arch_vcpu *a = heap_alloc(sizeof(*a));
	int err = -ENOMEM;

	if (!a)
		return err;
	/* Whole frames, so that the area is aligned as XSAVE wants it. */
	a->xsave = heap_alloc(MAX((size_t)xstate_size, PAGE_SIZE));
	if (!a->xsave)
		goto fail;
	v->arch = a;
	a->pat = PAT_DEFAULT;
	a->mtrr.def_type = MTRR_DEF_TYPE;
	/*
	 * The machine's fixed devices below 4 GiB are uncached: a mapping that asks
	 * for write-back, as ACPI code makes them, must not bar a driver's own.
	 */
	if (v->domain->hardware) {
		a->mtrr.var[0] = 0xfc000000;
		a->mtrr.var[1] = (((1ull << host_phys_bits) - 1) & ~0x3ffffffull) | 0x800;
	}
	a->asid_cpu = ~0u;
	err = hvm_ops->vcpu_create(v);
	if (err)
		goto fail_xsave;
	xstate_reset(v);
	vlapic_init(v);
	return 0;

fail_xsave:
	heap_free(a->xsave);
fail:
	heap_free(a);
	v->arch = NULL;
	return err;
}

void arch_vcpu_destroy(struct vcpu *v)
{
	if (!v->arch)
		return;
	vlapic_destroy(v);
	hvm_ops->vcpu_destroy(v);
	heap_free(v->arch->xsave);
	heap_free(v->arch);
	v->arch = NULL;
}

bool arch_vcpu_initialised(const struct vcpu *v)
{
	return v->arch->initialised;
}

/* --- switch ------------------------------------------------------------------ */

static bool has_tsc_aux(void)
{
	static int known = -1;

	if (known < 0)
		known = (cpuid(0x80000001, 0).d & CPUID_E1D_RDTSCP) != 0;
	return known;
}

static void debug_regs_save(uint64_t *dr)
{
	asm volatile("mov %%db0, %0" : "=r"(dr[0]));
	asm volatile("mov %%db1, %0" : "=r"(dr[1]));
	asm volatile("mov %%db2, %0" : "=r"(dr[2]));
	asm volatile("mov %%db3, %0" : "=r"(dr[3]));
}

/* DR7 is off in the hypervisor, so any address may stand in them. */
static void debug_regs_load(const uint64_t *dr)
{
	asm volatile("mov %0, %%db0" : : "r"(dr[0]));
	asm volatile("mov %0, %%db1" : : "r"(dr[1]));
	asm volatile("mov %0, %%db2" : : "r"(dr[2]));
	asm volatile("mov %0, %%db3" : : "r"(dr[3]));
}

void arch_vcpu_save(struct vcpu *v)
{
	hvm_ops->vcpu_save(v);
	xstate_save(v);
	debug_regs_save(v->arch->dr);
	if (has_tsc_aux())
		v->arch->tsc_aux = rdmsr(MSR_TSC_AUX);
}

void arch_vcpu_load(struct vcpu *v)
{
	struct arch_cpu *ac = this_cpu()->arch;

	if (ac->last_domain != v->domain->id)
		spec_switch_domain();
	ac->last_domain = v->domain->id;
	hvm_ops->vcpu_load(v);
	xstate_load(v);
	debug_regs_load(v->arch->dr);
	if (has_tsc_aux())
		wrmsr(MSR_TSC_AUX, v->arch->tsc_aux);
}

void arch_show_vcpu(const struct vcpu *v)
{
	const struct arch_vcpu *a = v->arch;

	log_info("      rip %lx rsp %lx rflags %lx rax %lx rdi %lx rsi %lx",
		 a->regs.rip, a->regs.rsp, a->regs.rflags, a->regs.rax,
		 a->regs.rdi, a->regs.rsi);
	log_info("      events sel %lx pending %lx mask %lx", v->info->evtchn_pending_sel,
		 v->domain->shared_info->evtchn_pending[0],
		 v->domain->shared_info->evtchn_mask[0]);
}

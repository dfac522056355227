/*
 * domctl on whole domains: making and ending them, their limits, and what is
 * told of them. Called with the domctl lock held.
 */
#include <hv/arch.h>
#include <hv/bitops.h>
#include <hv/lib.h>
#include <hv/page.h>
#include <hv/sched.h>

#include "domctl.h"

#define GRANT_FRAMES_DEFAULT	64
#define GRANT_FRAMES_MAX	1024
#define MAPTRACK_FRAMES_DEFAULT	1024
#define MAPTRACK_FRAMES_MAX	65536
#define PAUSES_MAX		255u
#define KB_PER_PAGE		(PAGE_SIZE / 1024)

/* --- making a domain ------------------------------------------------------ */

/* The one kind there is: hardware-assisted paging, local APIC only. */
static int create_check(const struct xen_domctl_createdomain *c)
{
	const uint32_t needed = XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap;
	/* Accepted without effect: shadow paging, and a mark told back. */
	const uint32_t known = needed | XEN_DOMCTL_CDF_oos_off | XEN_DOMCTL_CDF_xs_domain;

	if ((c->flags & needed) != needed || (c->flags & ~known) ||
	    c->iommu_opts || !c->max_vcpus || c->max_vcpus > MAX_VCPUS ||
	    c->grant_opts != XEN_DOMCTL_GRANT_version(1) || c->cpupool_id ||
	    (c->arch.misc_flags & ~XEN_X86_MSR_RELAXED))
		return -EINVAL;
	if (c->arch.emulation_flags != XEN_X86_EMU_LAPIC || c->vmtrace_size)
		return -EOPNOTSUPP;
	return 0;
}

static int limit_read(int32_t given, unsigned int dflt, unsigned int max,
		      unsigned int *out)
{
	*out = given < 0 ? dflt : (unsigned int)given;
	return *out > max ? -EINVAL : 0;
}

int domctl_create(struct xen_domctl *op)
{
	const struct xen_domctl_createdomain *c = &op->u.createdomain;
	struct domain_config config = {
		.id = op->domain && op->domain < DOMID_FIRST_RESERVED ?
		      op->domain : (domid_t)DOMID_INVALID,
		.flags = c->flags,
		.max_vcpus = c->max_vcpus,
		.max_evtchn_port = c->max_evtchn_port,
		.msr_relaxed = c->arch.misc_flags & XEN_X86_MSR_RELAXED,
	};
	struct domain *d;
	int err = create_check(c);

	if (!err)
		err = limit_read(c->max_grant_frames, GRANT_FRAMES_DEFAULT,
				 GRANT_FRAMES_MAX, &config.max_grant_frames);
	if (!err)
		err = limit_read(c->max_maptrack_frames,
				 MAPTRACK_FRAMES_DEFAULT, MAPTRACK_FRAMES_MAX,
				 &config.max_maptrack_frames);
	if (err)
		return err;
	memcpy(config.handle, c->handle, sizeof(config.handle));
	err = domain_create(&config, &d);
	if (!err)
		op->domain = d->id;
	return err;
}

int domctl_max_vcpus(struct domain *d, struct xen_domctl *op)
{
	if (op->u.max_vcpus.max != d->max_vcpus || d->dying)
		return -EINVAL;
	for (unsigned int id = 0; id < d->max_vcpus; id++) {
		int err = d->vcpu[id] ? 0 : vcpu_create(d, id);

		if (err)
			return err;
	}
	return 0;
}

/* --- life ----------------------------------------------------------------- */

int domctl_destroy(struct domain *d, struct xen_domctl *op)
{
	return domain_kill(d);
}

int domctl_pause(struct domain *d, struct xen_domctl *op)
{
	if (d == current->domain)
		return -EINVAL;
	if (d->controller_pauses >= PAUSES_MAX)
		return -EOVERFLOW;
	d->controller_pauses++;
	domain_pause(d);
	return 0;
}

int domctl_unpause(struct domain *d, struct xen_domctl *op)
{
	if (!d->controller_pauses)
		return -EINVAL;
	d->controller_pauses--;
	domain_unpause(d);
	return 0;
}

int domctl_resume(struct domain *d, struct xen_domctl *op)
{
	return d == current->domain ? -EINVAL : domain_resume(d);
}

/* --- limits and settings -------------------------------------------------- */

int domctl_max_mem(struct domain *d, struct xen_domctl *op)
{
	uint64_t pages = op->u.max_mem.max_memkb / KB_PER_PAGE;

	d->max_pages = (unsigned int)MIN(pages, (uint64_t)UINT32_MAX);
	return 0;
}

int domctl_get_mempool(struct domain *d, struct xen_domctl *op)
{
	op->u.paging_mempool.size = (uint64_t)d->paging_kb * 1024;
	return 0;
}

/* Nested tables come from free memory as they are needed: only told back. */
int domctl_set_mempool(struct domain *d, struct xen_domctl *op)
{
	uint64_t size = op->u.paging_mempool.size;

	if (size % PAGE_SIZE || size / 1024 > UINT32_MAX)
		return -EINVAL;
	d->paging_kb = (unsigned int)(size / 1024);
	return 0;
}

int domctl_shadow_op(struct domain *d, struct xen_domctl *op)
{
	struct xen_domctl_shadow_op *s = &op->u.shadow_op;

	switch (s->op) {
	case XEN_DOMCTL_SHADOW_OP_GET_ALLOCATION:
		s->mb = (d->paging_kb + 1023) / 1024;
		return 0;
	case XEN_DOMCTL_SHADOW_OP_SET_ALLOCATION:
		if (s->mb > UINT32_MAX / 1024)
			return -EINVAL;
		d->paging_kb = s->mb * 1024;
		return 0;
	default:
		return -ENOSYS;
	}
}

int domctl_set_handle(struct domain *d, struct xen_domctl *op)
{
	memcpy(d->handle, op->u.setdomainhandle.handle, sizeof(d->handle));
	return 0;
}

int domctl_set_time_offset(struct domain *d, struct xen_domctl *op)
{
	d->time_offset_s = op->u.settimeoffset.time_offset_seconds;
	arch_update_wallclock(d);
	return 0;
}

int domctl_send_trigger(struct domain *d, struct xen_domctl *op)
{
	const struct xen_domctl_sendtrigger *t = &op->u.sendtrigger;

	if (t->vcpu >= d->max_vcpus)
		return -EINVAL;
	if (!d->vcpu[t->vcpu])
		return -ESRCH;
	if (t->trigger != XEN_DOMCTL_SENDTRIGGER_NMI)
		return -ENOSYS;
	return arch_vcpu_send_nmi(d->vcpu[t->vcpu]);
}

/* --- what is told of a domain --------------------------------------------- */

static unsigned int address_bits(const struct domain *d)
{
	return bit_highest(gfn_to_addr(arch_p2m_limit(d)));
}

/* Blocked when every vCPU that is on is; running when any of them runs. */
static void fill_vcpus(struct domain *d, struct xen_domctl_getdomaininfo *info)
{
	info->flags |= XEN_DOMINF_blocked;
	info->max_vcpu_id = XEN_INVALID_MAX_VCPU_ID;
	for_each_vcpu(d, v) {
		info->max_vcpu_id = v->id;
		info->cpu_time += vcpu_cpu_time(v);
		if (v->down)
			continue;
		info->nr_online_vcpus++;
		if (!v->blocked)
			info->flags &= ~XEN_DOMINF_blocked;
		if (v->running)
			info->flags |= XEN_DOMINF_running;
	}
}

void domain_info_fill(struct domain *d, struct xen_domctl_getdomaininfo *info)
{
	memset(info, 0, sizeof(*info));
	info->domain = d->id;
	info->flags = XEN_DOMINF_hvm_guest | XEN_DOMINF_hap;
	if (d->dying == DOMAIN_DEAD)
		info->flags |= XEN_DOMINF_dying;
	if (d->shut_down)
		info->flags |= XEN_DOMINF_shutdown |
			       d->shutdown_code << XEN_DOMINF_shutdownshift;
	if (d->controller_pauses)
		info->flags |= XEN_DOMINF_paused;
	if (d->create_flags & XEN_DOMCTL_CDF_xs_domain)
		info->flags |= XEN_DOMINF_xs_domain;
	fill_vcpus(d, info);
	info->tot_pages = d->tot_pages;
	info->max_pages = d->max_pages;
	info->outstanding_pages = d->claimed_pages;
	info->shared_info_frame = d->shared_info_gfn.v;
	memcpy(info->handle, d->handle, sizeof(info->handle));
	info->gpaddr_bits = (uint8_t)address_bits(d);
	info->arch_config.emulation_flags = XEN_X86_EMU_LAPIC;
	if (d->hardware)
		info->arch_config.emulation_flags |= XEN_X86_EMU_IOAPIC |
						     XEN_X86_EMU_VPCI;
}

/* The first domain at or above the id asked for; callers walk this way. */
int domctl_info(struct xen_domctl *op)
{
	struct domain *d = domain_find_from(op->domain);

	if (!d)
		return -ESRCH;
	domain_info_fill(d, &op->u.getdomaininfo);
	op->domain = d->id;
	domain_put(d);
	return 0;
}

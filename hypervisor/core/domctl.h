/* domctl and sysctl: what their files share. */
#ifndef CORE_DOMCTL_H
#define CORE_DOMCTL_H

#include <hv/domain.h>

#include <xen/domctl.h>
#include <xen/sysctl.h>

/* -ERESTART asks for the whole operation again, with *op as it came in. */
typedef int domctl_fn(struct domain *d, struct xen_domctl *op);

domctl_fn domctl_destroy, domctl_pause, domctl_unpause, domctl_resume,
	domctl_max_mem, domctl_max_vcpus, domctl_get_mempool,
	domctl_set_mempool, domctl_shadow_op, domctl_set_handle,
	domctl_set_time_offset, domctl_send_trigger;
domctl_fn domctl_vcpu_info, domctl_set_affinity, domctl_get_affinity,
	domctl_set_node_affinity, domctl_get_node_affinity, domctl_scheduler;

/* Without a target: finds or makes the domain, and tells it in op->domain. */
int domctl_create(struct xen_domctl *op);
int domctl_info(struct xen_domctl *op);

/* The answer of getdomaininfo, also one entry of getdomaininfolist. */
void domain_info_fill(struct domain *d, struct xen_domctl_getdomaininfo *info);

/* Bits of a caller's bitmap into @mask and back; what it lacks is 0. */
int cpumask_read(const struct xenctl_bitmap *from, struct cpumask *mask) must_check;
int cpumask_write(const struct xenctl_bitmap *to, const struct cpumask *mask) must_check;

typedef int sysctl_fn(struct xen_sysctl *op);
sysctl_fn sysctl_physinfo, sysctl_cpuinfo, sysctl_cputopo, sysctl_numa,
	sysctl_cpupool, sysctl_availheap, sysctl_perfc, sysctl_tbuf,
	sysctl_pcitopo;

#endif

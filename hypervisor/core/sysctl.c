/*
 * sysctl (xen/sysctl.h): the toolstack's questions about the host that concern
 * the log, the list of domains and the scheduler; what concerns CPUs and
 * memory is in sysctl_host.c.
 */
#include <hv/access.h>
#include <hv/arch.h>
#include <hv/guest.h>
#include <hv/hypercall.h>
#include <hv/keys.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/sched.h>

#include "domctl.h"

#define CHUNK		256u
#define DEBUG_KEYS_MAX	32u

_Static_assert(sizeof(struct xen_sysctl) == 136 &&
	       offsetof(struct xen_sysctl, u) == 8, "sysctl layout");

static int read_console(struct xen_sysctl *op)
{
	struct xen_sysctl_readconsole *r = &op->u.readconsole;
	uint64_t pos = r->incremental ? r->index : 0;
	uint32_t done = 0;
	char chunk[CHUNK];
	size_t n;

	while (done < r->count) {
		n = log_read(&pos, chunk, MIN(r->count - done, CHUNK));
		if (!n)
			break;
		if (guest_write(gva_add(HANDLE_GVA(r->buffer), done), chunk, n))
			return -EFAULT;
		done += (uint32_t)n;
	}
	if (r->clear)
		log_clear();
	r->index = (uint32_t)pos;
	r->count = done;
	return 0;
}

static int sched_id(struct xen_sysctl *op)
{
	op->u.sched_id.sched_id = XEN_SCHEDULER_CREDIT2;
	return 0;
}

static int scheduler_op(struct xen_sysctl *op)
{
	struct xen_sysctl_scheduler_op *s = &op->u.scheduler_op;
	uint32_t *us = &s->u.sched_credit2.ratelimit_us;

	if (s->cpupool_id)
		return -ESRCH;
	if (s->sched_id != XEN_SCHEDULER_CREDIT2)
		return -EINVAL;
	if (s->cmd == XEN_SYSCTL_SCHEDOP_getinfo)
		*us = sched_ratelimit_us;
	else if (s->cmd != XEN_SYSCTL_SCHEDOP_putinfo || *us > SCHED_RATELIMIT_MAX_US)
		return -EINVAL;
	else
		sched_ratelimit_us = *us;
	return 0;
}

static int domain_info_list(struct xen_sysctl *op)
{
	struct xen_sysctl_getdomaininfolist *l = &op->u.getdomaininfolist;
	struct xen_domctl_getdomaininfo info;

	l->num_domains = 0;
	for (domid_t next = l->first_domain; l->num_domains < l->max_domains;) {
		struct domain *d = domain_find_from(next);

		if (!d)
			break;
		domain_info_fill(d, &info);
		next = (domid_t)(d->id + 1);
		domain_put(d);
		if (guest_put(l->buffer, l->num_domains++, &info))
			return -EFAULT;
	}
	return 0;
}

static int debug_keys(struct xen_sysctl *op)
{
	const struct xen_sysctl_debug_keys *k = &op->u.debug_keys;

	if (k->nr_keys > DEBUG_KEYS_MAX)
		return -E2BIG;
	for (uint32_t i = 0; i < k->nr_keys; i++) {
		char key;

		if (guest_get(k->keys, i, &key))
			return -EFAULT;
		keys_press(key);
	}
	return 0;
}

static const struct sysctl_row {
	uint32_t cmd;
	sysctl_fn *fn;
} rows[] = {
	{XEN_SYSCTL_readconsole, read_console},
	{XEN_SYSCTL_tbuf_op, sysctl_tbuf},
	{XEN_SYSCTL_physinfo, sysctl_physinfo},
	{XEN_SYSCTL_sched_id, sched_id},
	{XEN_SYSCTL_scheduler_op, scheduler_op},
	{XEN_SYSCTL_perfc_op, sysctl_perfc},
	{XEN_SYSCTL_getdomaininfolist, domain_info_list},
	{XEN_SYSCTL_debug_keys, debug_keys},
	{XEN_SYSCTL_getcpuinfo, sysctl_cpuinfo},
	{XEN_SYSCTL_availheap, sysctl_availheap},
	{XEN_SYSCTL_cputopoinfo, sysctl_cputopo},
	{XEN_SYSCTL_numainfo, sysctl_numa},
	{XEN_SYSCTL_pcitopoinfo, sysctl_pcitopo},
	{XEN_SYSCTL_cpupool_op, sysctl_cpupool},
};

long sysctl_op(struct hypercall *hc)
{
	gva_t at = GVA(hc->arg[0]);
	struct xen_sysctl op;
	int err = access_check(current->domain, ACCESS_CONTROL, NULL);

	if (err)
		return err;
	if (hc->compat)
		return -ENOSYS;
	err = guest_read(&op, at, sizeof(op));
	if (err)
		return err;
	if (op.interface_version != XEN_SYSCTL_INTERFACE_VERSION)
		return -EACCES;
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		if (rows[i].cmd != op.cmd)
			continue;
		err = rows[i].fn(&op);
		return err ? err : guest_write(at, &op, sizeof(op));
	}
	err = arch_sysctl(&op);
	return err ? err : guest_write(at, &op, sizeof(op));
}

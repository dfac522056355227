/*
 * domctl (xen/domctl.h): the toolstack's operations on domains, one row each.
 * What a row does is in domctl_domain.c and domctl_vcpu.c; an operation that
 * is not here is the architecture's, or -ENOSYS.
 *
 * One lock for all: it is tried, never waited for, because its holder may wait
 * for a CPU (docs/LOCKING.md). Who does not get it starts over.
 */
#include <hv/access.h>
#include <hv/arch.h>
#include <hv/guest.h>
#include <hv/lib.h>

#include "domctl.h"

_Static_assert(sizeof(struct xen_domctl) == 144 &&
	       offsetof(struct xen_domctl, u) == 16, "domctl layout");

static spinlock_t domctl_lock;

static const struct domctl_row {
	uint32_t cmd;
	domctl_fn *fn;			/* on a domain, or ... */
	int (*fn_any)(struct xen_domctl *op);	/* ... not on a given one */
	bool copyback;
} rows[] = {
	{XEN_DOMCTL_createdomain, NULL, domctl_create, true},
	{XEN_DOMCTL_getdomaininfo, NULL, domctl_info, true},
	{XEN_DOMCTL_destroydomain, domctl_destroy, NULL, false},
	{XEN_DOMCTL_pausedomain, domctl_pause, NULL, false},
	{XEN_DOMCTL_unpausedomain, domctl_unpause, NULL, false},
	{XEN_DOMCTL_resumedomain, domctl_resume, NULL, false},
	{XEN_DOMCTL_max_mem, domctl_max_mem, NULL, false},
	{XEN_DOMCTL_max_vcpus, domctl_max_vcpus, NULL, false},
	{XEN_DOMCTL_get_paging_mempool_size, domctl_get_mempool, NULL, true},
	{XEN_DOMCTL_set_paging_mempool_size, domctl_set_mempool, NULL, false},
	{XEN_DOMCTL_shadow_op, domctl_shadow_op, NULL, true},
	{XEN_DOMCTL_setdomainhandle, domctl_set_handle, NULL, false},
	{XEN_DOMCTL_settimeoffset, domctl_set_time_offset, NULL, false},
	{XEN_DOMCTL_sendtrigger, domctl_send_trigger, NULL, false},
	{XEN_DOMCTL_getvcpuinfo, domctl_vcpu_info, NULL, true},
	{XEN_DOMCTL_setvcpuaffinity, domctl_set_affinity, NULL, true},
	{XEN_DOMCTL_getvcpuaffinity, domctl_get_affinity, NULL, true},
	{XEN_DOMCTL_setnodeaffinity, domctl_set_node_affinity, NULL, false},
	{XEN_DOMCTL_getnodeaffinity, domctl_get_node_affinity, NULL, true},
	{XEN_DOMCTL_scheduler_op, domctl_scheduler, NULL, true},
};

static const struct domctl_row *find_row(uint32_t cmd)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].cmd == cmd)
			return &rows[i];
	return NULL;
}

static int run_locked(struct xen_domctl *op, bool *copyback)
{
	const struct domctl_row *row = find_row(op->cmd);
	struct domain *d;
	int err;

	if (row && row->fn_any) {
		err = row->fn_any(op);
		*copyback = row->copyback && !err;
		return err;
	}
	err = domain_find_checked(op->domain, ACCESS_DOMAIN_CONTROL, &d);
	if (err)
		return err;
	if (row) {
		err = row->fn(d, op);
		*copyback = row->copyback && !err;
	} else {
		/* Some of these have an answer when they fail, too. */
		err = arch_domctl(d, op, copyback);
	}
	domain_put(d);
	return err;
}

long domctl_op(struct hypercall *hc)
{
	gva_t at = GVA(hc->arg[0]);
	bool copyback = false;
	struct xen_domctl op;
	int err = access_check(current->domain, ACCESS_CONTROL, NULL);

	if (err)
		return err;
	if (hc->compat)		/* no 32-bit toolstack */
		return -ENOSYS;
	err = guest_read(&op, at, sizeof(op));
	if (err)
		return err;
	if (op.interface_version != XEN_DOMCTL_INTERFACE_VERSION)
		return -EACCES;
	if (!spin_trylock(&domctl_lock))
		return hypercall_restart(hc);
	err = run_locked(&op, &copyback);
	spin_unlock(&domctl_lock);
	if (err == -ERESTART)
		return hypercall_restart(hc);
	if (copyback && guest_write(at, &op, sizeof(op)) && !err)
		err = -EFAULT;
	return err;
}

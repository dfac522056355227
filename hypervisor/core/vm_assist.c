/*
 * vm_assist (xen/xen.h): switches of the guest's own. The only one that means
 * anything without paravirtual paging is the update flag of runstate areas.
 */
#include <hv/domain.h>
#include <hv/hypercall.h>

long vm_assist_op(struct hypercall *hc)
{
	struct domain *d = current->domain;
	uint32_t bit = 1u << VMASST_TYPE_runstate_update_flag;

	if ((uint32_t)hc->arg[1] != VMASST_TYPE_runstate_update_flag)
		return -EINVAL;
	switch ((uint32_t)hc->arg[0]) {
	case VMASST_CMD_enable:
		__atomic_fetch_or(&d->vm_assist, bit, __ATOMIC_RELAXED);
		return 0;
	case VMASST_CMD_disable:
		__atomic_fetch_and(&d->vm_assist, ~bit, __ATOMIC_RELAXED);
		return 0;
	default:
		return -ENOSYS;
	}
}

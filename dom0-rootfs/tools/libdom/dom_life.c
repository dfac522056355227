/*
 * A VM's life after it was made: pause, orderly end, destruction, waiting.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "libdom/build.h"

#include <xen/hvm/params.h>
#include <xen/sched.h>

#define ACK_MS	60000
#define GONE_MS 60000

_Static_assert(VM_SHUTDOWN_POWEROFF == SHUTDOWN_poweroff &&
	       VM_SHUTDOWN_REBOOT == SHUTDOWN_reboot &&
	       VM_SHUTDOWN_CRASH == SHUTDOWN_crash &&
	       VM_SHUTDOWN_WATCHDOG == SHUTDOWN_watchdog &&
	       VM_SHUTDOWN_SOFT_RESET == SHUTDOWN_soft_reset, "xen/sched.h");

static int refuse_dom0(uint32_t domid, struct dom_error *err)
{
	return domid ? 0
		     : dom_fail(err, -EINVAL, "0: this is dom0, which no command can "
				"end: use poweroff or reboot");
}

/* --- pause ---------------------------------------------------------------- */

int dom_pause(struct dom *dom, uint32_t domid, struct dom_error *err)
{
	struct xen_domctl_getdomaininfo info;
	int ret = refuse_dom0(domid, err);

	if (ret == 0)
		ret = domain_state(dom, domid, &info, err);
	if (ret || (info.flags & XEN_DOMINF_paused))
		return ret; /* once is enough: pauses are counted */
	ret = hv_domain_pause(dom->hv, (uint16_t)domid);
	if (ret)
		return dom_fail_errno(err, ret, "%u: cannot be paused", domid);
	return 0;
}

int dom_unpause(struct dom *dom, uint32_t domid, struct dom_error *err)
{
	struct xen_domctl_getdomaininfo info;
	int ret = domain_state(dom, domid, &info, err);

	if (ret || !(info.flags & XEN_DOMINF_paused))
		return ret;
	ret = hv_domain_unpause(dom->hv, (uint16_t)domid);
	if (ret)
		return dom_fail_errno(err, ret, "%u: cannot be unpaused", domid);
	return 0;
}

/* --- orderly end ---------------------------------------------------------- */

static const struct {
	const char *word;
	const char *feature;
} requests[] = {
	[DOM_POWEROFF] = {"poweroff", "feature-poweroff"},
	[DOM_REBOOT] = {"reboot", "feature-reboot"},
	[DOM_HALT] = {"halt", "feature-poweroff"},
};

/* A guest listens if it says so, or if it has taken event delivery over, which
 * all kernels with such drivers do early. */
static bool guest_listens(struct dom *dom, uint32_t domid, const char *feature)
{
	uint64_t callback = 0, value = 0;
	char path[96];

	snprintf(path, sizeof(path), "/local/domain/%u/control/%s", domid, feature);
	if (xs_read_u64(dom->xs, XS_TX_NONE, path, &value) == 0 && value == 1)
		return true;
	return hv_param_get(dom->hv, (uint16_t)domid, HVM_PARAM_CALLBACK_IRQ,
			    &callback) == 0 && callback != 0;
}

/* Waits until the guest has emptied the node, or has ended without a word. */
static int wait_ack(struct dom *dom, uint32_t domid, const char *path,
		    const char *name, struct dom_error *err)
{
	int64_t until = wait_now_ms() + ACK_MS;
	struct xen_domctl_getdomaininfo info;
	unsigned int turn = 0;
	char value[32];
	int ret;

	for (;;) {
		ret = xs_read(dom->xs, XS_TX_NONE, path, value, sizeof(value));
		if (ret == 0 || ret == -ENOENT)
			return 0;
		if (hv_domain_info(dom->hv, (uint16_t)domid, &info) != 0 ||
		    (info.flags & (XEN_DOMINF_shutdown | XEN_DOMINF_dying)))
			return 0;
		if (wait_now_ms() > until) {
			/* or it would act on the request much later */
			xs_write(dom->xs, XS_TX_NONE, path, "", 0);
			return dom_fail(err, -ETIMEDOUT,
					"%s: the guest does not answer: it did not take "
					"the request in %d s: destroy it if it hangs",
					name, ACK_MS / 1000);
		}
		wait_pause(&turn);
	}
}

int dom_shutdown(struct dom *dom, uint32_t domid, enum dom_request how,
		 struct dom_error *err)
{
	char name[DOM_NAME_SIZE], path[96];
	struct xen_domctl_getdomaininfo info;
	int ret = refuse_dom0(domid, err);

	if (ret == 0)
		ret = domain_state(dom, domid, &info, err);
	if (ret)
		return ret;
	domain_name(dom, domid, name);
	if (!guest_listens(dom, domid, requests[how].feature))
		return dom_fail(err, -EOPNOTSUPP,
				"%s: the guest does not listen: it runs no driver for "
				"%s requests (or has not booted yet): end it from "
				"inside, or destroy it", name, requests[how].word);
	snprintf(path, sizeof(path), "/local/domain/%u/control/shutdown", domid);
	ret = xs_printf(dom->xs, XS_TX_NONE, path, "%s", requests[how].word);
	if (ret)
		return dom_fail_errno(err, ret, "%s: xenstore does not take the request",
				      name);
	return wait_ack(dom, domid, path, name, err);
}

/* --- destruction ---------------------------------------------------------- */

int destroy_domain(struct dom *dom, uint32_t domid, struct dom_error *err)
{
	struct xen_domctl_getdomaininfo info;
	int64_t until = wait_now_ms() + GONE_MS;
	unsigned int turn = 0;
	int ret = hv_domain_destroy(dom->hv, (uint16_t)domid);

	if (ret && ret != -ESRCH)
		return dom_fail_errno(err, ret, "%u: the hypervisor does not destroy it",
				      domid);
	while (hv_domain_info(dom->hv, (uint16_t)domid, &info) == 0) {
		if (wait_now_ms() > until)
			return dom_fail(err, -ETIMEDOUT,
					"%u: is dead, but %llu of its pages are still "
					"mapped by a program in dom0: are xenstored and "
					"xenconsoled alive", domid,
					(unsigned long long)info.tot_pages);
		wait_pause(&turn);
	}
	return 0;
}

/* Each device of one type that xenstore knows of. */
static void detach_all(struct dom *dom, uint32_t domid, const char *type,
		       void (*detach)(struct dom *, uint32_t, uint32_t))
{
	char path[STORE_PATH_MAX];
	struct xs_dir ids;
	size_t i;

	snprintf(path, sizeof(path), "/local/domain/%u/backend/%s/%u", BACKEND_DOMID,
		 type, domid);
	if (xs_directory(dom->xs, XS_TX_NONE, path, &ids) != 0)
		return;
	for (i = 0; i < ids.count; i++)
		detach(dom, domid, (uint32_t)strtoul(ids.name[i], NULL, 10));
	xs_dir_free(&ids);
}

void detach_devices(struct dom *dom, uint32_t domid)
{
	detach_all(dom, domid, "vbd", disk_detach);
	detach_all(dom, domid, "vif", vif_detach);
}

/*
 * Devices go first, so that back ends let go of the guest's memory; the nodes
 * go last, so that a process that died half-way can be repeated.
 */
int destroy_locked(struct dom *dom, uint32_t domid, struct dom_error *err)
{
	struct xen_domctl_getdomaininfo info;
	int ret = domain_state(dom, domid, &info, err);

	if (ret)
		return ret;
	hv_domain_pause(dom->hv, (uint16_t)domid);
	detach_devices(dom, domid);
	ret = destroy_domain(dom, domid, err);
	nodes_remove_domain(dom, domid, info.handle);
	record_remove(info.handle);
	return ret;
}

/*
 * Who is at it already may be destroying it too, which takes a while: that is waited
 * for, and -ESRCH then says that it is gone.
 */
int dom_destroy(struct dom *dom, uint32_t domid, struct dom_error *err)
{
	struct xen_domctl_getdomaininfo info;
	char name[DOM_NAME_SIZE];
	struct vm_lock lock;
	int ret = refuse_dom0(domid, err);

	if (ret == 0)
		ret = domain_state(dom, domid, &info, err);
	if (ret)
		return ret;
	domain_name(dom, domid, name);
	if (!name[0])
		snprintf(name, sizeof(name), "%u", domid);
	ret = vm_lock_wait(name, GONE_MS + ACK_MS, &lock, err);
	if (ret)
		return ret;
	ret = destroy_locked(dom, domid, err);
	vm_lock_drop(&lock);
	return ret;
}

/* --- waiting -------------------------------------------------------------- */

static int reason_of(const struct xen_domctl_getdomaininfo *info)
{
	if (!(info->flags & XEN_DOMINF_shutdown))
		return -1;
	return (int)(info->flags >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask);
}

int dom_wait(struct dom *dom, uint32_t domid, enum dom_until until, int timeout_ms,
	     int *reason, struct dom_error *err)
{
	int64_t end = wait_now_ms() + timeout_ms;
	struct xen_domctl_getdomaininfo info;
	unsigned int turn = 0;
	int ret;

	for (;;) {
		ret = hv_domain_info(dom->hv, (uint16_t)domid, &info);
		if (ret == -ESRCH)
			break;
		if (ret)
			return dom_fail_errno(err, ret, "%u: cannot be waited for", domid);
		if (until == DOM_UNTIL_SHUTDOWN &&
		    (info.flags & (XEN_DOMINF_shutdown | XEN_DOMINF_dying)))
			break;
		if (timeout_ms >= 0 && wait_now_ms() > end)
			return dom_fail(err, -ETIMEDOUT, "%u: still there after %d s",
					domid, timeout_ms / 1000);
		wait_pause(&turn);
	}
	if (reason)
		*reason = ret ? -1 : reason_of(&info);
	return 0;
}

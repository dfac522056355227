/*
 * What happens to a VM that has ended: on_poweroff, on_reboot, on_crash,
 * on_watchdog and on_soft_reset of its configuration.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "libdom/internal.h"

/* What is done for each action. Dumps and soft resets are not possible yet:
 * the nearest thing that loses nothing is done instead. */
static const struct {
	bool destroy, restart, rename;
} acts[] = {
	[VM_ACTION_DESTROY] = {true, false, false},
	[VM_ACTION_RESTART] = {true, true, false},
	[VM_ACTION_RENAME_RESTART] = {false, true, true},
	[VM_ACTION_PRESERVE] = {false, false, false},
	[VM_ACTION_COREDUMP_DESTROY] = {true, false, false},
	[VM_ACTION_COREDUMP_RESTART] = {true, true, false},
	[VM_ACTION_SOFT_RESET] = {true, true, false},
};

/*
 * The old domain steps aside as "web1-7" (its id), without its devices, which
 * the new one needs, and stays whatever it was configured for: it has had its
 * reaction. The new one gets a uuid of its own.
 */
static int step_aside(struct dom *dom, uint32_t domid, struct vm_config *cfg,
		      struct dom_error *err)
{
	char name[DOM_NAME_SIZE];

	snprintf(name, sizeof(name), "%.50s-%u", cfg->name, domid);
	detach_devices(dom, domid);
	cfg->has_uuid = false;
	return rename_locked(dom, domid, name, true, err);
}

/* Lock held. */
static int act(struct dom *dom, uint32_t domid, struct vm_config *cfg,
	       struct dom_outcome *out, struct dom_error *err)
{
	int ret = 0;

	if (acts[out->action].rename)
		ret = step_aside(dom, domid, cfg, err);
	if (acts[out->action].destroy)
		ret = destroy_locked(dom, domid, err);
	if (ret == 0 && acts[out->action].restart)
		ret = create_locked(dom, cfg, NULL, &out->domid, err);
	return ret;
}

static int react_locked(struct dom *dom, uint32_t domid, struct vm_config *cfg,
			struct dom_outcome *out, struct dom_error *err)
{
	struct xen_domctl_getdomaininfo info;
	int ret = domain_state(dom, domid, &info, err);

	if (ret)
		return ret;
	if (!(info.flags & XEN_DOMINF_shutdown))
		return dom_fail(err, -EAGAIN, "%s: has not ended", cfg->name);
	out->reason = (int)(info.flags >> XEN_DOMINF_shutdownshift &
			    XEN_DOMINF_shutdownmask);
	/* Suspended for migration or saving: whoever asked for it goes on. */
	if (out->reason == 2 || out->reason >= VM_SHUTDOWN_COUNT) {
		out->action = VM_ACTION_PRESERVE;
		return 0;
	}
	out->action = cfg->action[out->reason];
	return act(dom, domid, cfg, out, err);
}

int dom_react(struct dom *dom, uint32_t domid, struct dom_outcome *out,
	      struct dom_error *err)
{
	struct vm_config cfg;
	struct vm_lock lock;
	int ret = dom_config(dom, domid, &cfg, err);

	memset(out, 0, sizeof(*out));
	if (ret)
		return ret;
	snprintf(out->name, sizeof(out->name), "%s", cfg.name);
	ret = vm_lock_take(cfg.name, &lock, err);
	if (ret == 0) {
		ret = react_locked(dom, domid, &cfg, out, err);
		vm_lock_drop(&lock);
	}
	config_free(&cfg);
	return ret;
}

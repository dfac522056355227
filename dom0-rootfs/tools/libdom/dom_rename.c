/*
 * Renaming: a VM's name is in xenstore, twice, and in its kept configuration.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libdom/internal.h"

static int write_name(struct dom *dom, uint32_t domid, const uint8_t uuid[16],
		      const char *name)
{
	char path[96], text[DOM_UUID_TEXT_SIZE];
	xs_tx tx;
	int ret;

	dom_uuid_text(uuid, text);
	do {
		ret = xs_tx_start(dom->xs, &tx);
		if (ret)
			return ret;
		snprintf(path, sizeof(path), "/local/domain/%u/name", domid);
		ret = xs_printf(dom->xs, tx, path, "%s", name);
		snprintf(path, sizeof(path), "/vm/%s/name", text);
		if (ret == 0 && domid)
			ret = xs_printf(dom->xs, tx, path, "%s", name);
		ret = xs_tx_end(dom->xs, tx, ret);
	} while (ret == -EAGAIN);
	return ret;
}

/* Also in the kept configuration, if there is one. */
static int record_rename(const uint8_t uuid[16], const char *name, bool retire,
			 struct dom_error *err)
{
	struct vm_config cfg;
	char *copy;
	size_t i;
	int ret = record_load(uuid, &cfg, err);

	if (ret)
		return ret == -ENOENT ? 0 : ret;
	for (i = 0; retire && i < VM_SHUTDOWN_COUNT; i++)
		cfg.action[i] = VM_ACTION_PRESERVE;
	copy = strdup(name);
	if (copy) {
		free(cfg.name);
		cfg.name = copy;
		ret = record_save(&cfg, err);
	} else {
		ret = dom_fail_errno(err, -ENOMEM, "%s", name);
	}
	config_free(&cfg);
	return ret;
}

/*
 * xenstore first: killed between the two, a VM that retires is found again by its
 * record, under its own name, and retires once more.
 */
int rename_locked(struct dom *dom, uint32_t domid, const char *name, bool retire,
		  struct dom_error *err)
{
	struct xen_domctl_getdomaininfo info;
	char old[DOM_NAME_SIZE];
	uint32_t other;
	int ret = domain_state(dom, domid, &info, err);

	if (ret)
		return ret;
	if (dom_find(dom, name, &other, NULL) == 0 && other != domid)
		return dom_fail(err, -EEXIST, "%s: a VM of that name runs already (id "
				"%u): choose another name", name, other);
	domain_name(dom, domid, old);
	ret = write_name(dom, domid, info.handle, name);
	if (ret)
		return dom_fail_errno(err, ret, "%s: xenstore does not take the name",
				      name);
	ret = record_rename(info.handle, name, retire, err);
	if (ret)
		write_name(dom, domid, info.handle, old);
	return ret;
}

int dom_rename(struct dom *dom, uint32_t domid, const char *name,
	       struct dom_error *err)
{
	const char *problem = config_name_problem(name);
	struct vm_lock lock, new_lock;
	int ret;

	if (problem)
		return dom_fail(err, -EINVAL, "%s: not a name for a VM: %s", name,
				problem);
	ret = vm_lock_take_domain(dom, domid, &lock, err);
	if (ret)
		return ret;
	/* the new name, too: somebody may be creating a VM under it */
	ret = vm_lock_take(name, &new_lock, err);
	if (ret == 0) {
		ret = rename_locked(dom, domid, name, false, err);
		vm_lock_drop(&new_lock);
	}
	vm_lock_drop(&lock);
	return ret;
}

/* See changing.h. */
#include "libdom/changing.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int look(struct dom *dom, uint32_t domid, struct changing *c,
		struct dom_error *err)
{
	int ret = dom_get(dom, domid, &c->info, err);

	if (ret)
		return ret;
	if (c->info.shutdown || c->info.dying)
		return dom_fail(err, -EINVAL, "%s: has ended: nothing of it can be "
				"changed: destroy or restart it", c->name);
	ret = record_load(c->info.uuid, &c->cfg, err);
	c->recorded = ret == 0;
	if (ret != -ENOENT)
		return ret;
	c->cfg.name = strdup(c->name);
	return c->cfg.name ? 0 : dom_fail_errno(err, -ENOMEM, "%s", c->name);
}

int changing_begin(struct dom *dom, uint32_t domid, struct changing *c,
		   struct dom_error *err)
{
	int ret;

	memset(c, 0, sizeof(*c));
	if (domid == 0)
		return dom_fail(err, -EINVAL, "0: this is dom0: its memory, CPUs and "
				"devices are fixed at boot: see docs/COMMAND-LINE");
	ret = vm_lock_take_domain(dom, domid, &c->lock, err);
	if (ret)
		return ret;
	domain_name(dom, domid, c->name);
	if (!c->name[0])
		snprintf(c->name, sizeof(c->name), "%u", domid);
	ret = look(dom, domid, c, err);
	if (ret)
		changing_end(c);
	return ret;
}

int changing_begin_cpus(struct dom *dom, uint32_t domid, struct changing *c,
			struct dom_error *err)
{
	if (domid)
		return changing_begin(dom, domid, c, err);
	memset(c, 0, sizeof(*c));
	c->lock.fd = -1;
	snprintf(c->name, sizeof(c->name), "Domain-0");
	return dom_get(dom, 0, &c->info, err);
}

int changing_keep(const struct changing *c, struct dom_error *err)
{
	return c->recorded ? record_save(&c->cfg, err) : 0;
}

void changing_end(struct changing *c)
{
	config_free(&c->cfg);
	vm_lock_drop(&c->lock);
}

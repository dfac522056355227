/* Another configuration for a running VM's next life. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libdom/change.h"
#include "libdom/changing.h"

static int keep_update(const struct changing *c, const struct vm_config *cfg,
		       struct dom_error *err)
{
	struct vm_config copy;
	char *name;
	int ret = config_copy(cfg, &copy);

	if (ret)
		return dom_fail_errno(err, ret, "%s: its configuration cannot be copied",
				      c->name);
	name = strdup(c->name);
	if (name) {
		free(copy.name);
		copy.name = name;
		copy.has_uuid = true;
		memcpy(copy.uuid, c->info.uuid, sizeof(copy.uuid));
		ret = record_save(&copy, err);
	} else {
		ret = dom_fail_errno(err, -ENOMEM, "%s", c->name);
	}
	config_free(&copy);
	return ret;
}

int dom_config_update(struct dom *dom, uint32_t domid, const struct vm_config *cfg,
		      struct dom_error *err)
{
	struct changing c;
	int ret = changing_begin(dom, domid, &c, err);

	if (ret)
		return ret;
	if (c.recorded)
		ret = keep_update(&c, cfg, err);
	else
		ret = dom_fail(err, -ENOENT, "%s: no configuration is kept of this VM: "
			       "it was not made by this toolstack", c.name);
	changing_end(&c);
	return ret;
}

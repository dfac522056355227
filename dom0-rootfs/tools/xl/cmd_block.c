/* xl block-list, block-attach, block-detach: the disks of running VMs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "libdom/change.h"

static int list_one(struct xl *xl, const char *who)
{
	struct dom_disk *list;
	struct dom_error err;
	uint32_t domid;
	size_t n;

	if (xl_find(xl, who, &domid))
		return XL_FAILED;
	if (dom_disks(xl->dom, domid, &list, &n, &err)) {
		xl_error("%s", err.text);
		return XL_FAILED;
	}
	for (size_t i = 0; i < n; i++) {
		const struct dom_device *d = &list[i].dev;

		printf("%-5u %-3d %-6u %-5d %-6d %-8d %-30s\n", d->devid, 0, domid,
		       d->front_state, d->event_channel, d->ring_ref[0], d->back_path);
	}
	free(list);
	return XL_OK;
}

static int run_list(struct xl *xl, const struct xl_args *args)
{
	int status = XL_OK;

	printf("%-5s %-3s %-6s %-5s %-6s %-8s %-30s\n", "Vdev", "BE", "handle", "state",
	       "evt-ch", "ring-ref", "BE-path");
	for (unsigned int i = 0; i < args->noperands; i++)
		status |= list_one(xl, args->operand[i]);
	return status;
}

static int run_attach(struct xl *xl, const struct xl_args *args)
{
	char spec[4608], problem[200];
	struct dom_error err;
	struct vm_disk disk;
	uint32_t domid;
	int result;

	if (xl_join(args, 1, spec, sizeof(spec)) ||
	    config_parse_disk(spec, &disk, problem, sizeof(problem))) {
		xl_error("%s", spec[0] ? problem : "the description is too long");
		return XL_USAGE;
	}
	result = xl_find(xl, args->operand[0], &domid);
	if (!result && dom_disk_attach(xl->dom, domid, &disk, &err)) {
		xl_error("%s", err.text);
		result = XL_FAILED;
	}
	config_free_disk(&disk);
	return result;
}

/* By "xvdb" or by number. */
static int find_disk(struct xl *xl, uint32_t domid, const char *what, uint32_t *devid)
{
	struct dom_disk *list;
	struct dom_error err;
	bool found = false;
	char *end;
	size_t n;

	*devid = (uint32_t)strtoul(what, &end, 10);
	if (*what && !*end)
		return XL_OK;
	if (dom_disks(xl->dom, domid, &list, &n, &err)) {
		xl_error("%s", err.text);
		return XL_FAILED;
	}
	for (size_t i = 0; i < n && !found; i++) {
		found = !strcmp(list[i].vdev, what);
		*devid = list[i].dev.devid;
	}
	free(list);
	if (found)
		return XL_OK;
	xl_error("%s: has no disk %s: see xl block-list", xl_domain_word(xl, domid), what);
	return XL_FAILED;
}

static int run_detach(struct xl *xl, const struct xl_args *args)
{
	struct dom_error err;
	uint32_t domid, devid;

	if (xl_find(xl, args->operand[0], &domid) ||
	    find_disk(xl, domid, args->operand[1], &devid))
		return XL_FAILED;
	if (!dom_disk_detach(xl->dom, domid, devid, args->count['f'], &err))
		return XL_OK;
	xl_error("%s", err.text);
	return XL_FAILED;
}

const struct xl_cmd cmd_block_list = {
	.name = "block-list",
	.usage = "DOMAIN …",
	.summary = "List virtual block devices for a domain",
	.min_operands = 1,
	.max_operands = 1000,
	.run = run_list,
};

const struct xl_cmd cmd_block_attach = {
	.name = "block-attach",
	.usage = "DOMAIN DISK-SPEC …",
	.summary = "Create a new virtual block device",
	.min_operands = 2,
	.max_operands = 20,
	.run = run_attach,
};

const struct xl_cmd cmd_block_detach = {
	.name = "block-detach",
	.usage = "[--force] DOMAIN DEVICE",
	.summary = "Destroy a domain's virtual block device",
	.min_operands = 2,
	.max_operands = 2,
	.options = {
		{ 'f', "force", NULL, "Take it away though the guest does not let go." },
	},
	.run = run_detach,
};

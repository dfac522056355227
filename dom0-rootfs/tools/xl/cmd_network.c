/* xl network-list, network-attach, network-detach: the network interfaces of VMs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cmd.h"
#include "libdom/change.h"

static int list_one(struct xl *xl, const char *who)
{
	struct dom_vif *list;
	struct dom_error err;
	uint32_t domid;
	size_t n;

	if (xl_find(xl, who, &domid))
		return XL_FAILED;
	if (dom_vifs(xl->dom, domid, &list, &n, &err)) {
		xl_error("%s", err.text);
		return XL_FAILED;
	}
	for (size_t i = 0; i < n; i++) {
		const struct dom_device *d = &list[i].dev;

		printf("%-3u %-2d %-17s %-6u %-5d %-6d %5d/%-11d %-30s\n", d->devid, 0,
		       list[i].mac, d->devid, d->front_state, d->event_channel,
		       d->ring_ref[0], d->ring_ref[1], d->back_path);
	}
	free(list);
	return XL_OK;
}

static int run_list(struct xl *xl, const struct xl_args *args)
{
	int status = XL_OK;

	printf("%-3s %-2s %-17s %-6s %-5s %-6s %5s/%-11s %-30s\n", "Idx", "BE", "Mac Addr.",
	       "handle", "state", "evt-ch", "tx-", "rx-ring-ref", "BE-path");
	for (unsigned int i = 0; i < args->noperands; i++)
		status |= list_one(xl, args->operand[i]);
	return status;
}

static int run_attach(struct xl *xl, const struct xl_args *args)
{
	char spec[1024], problem[200];
	struct dom_error err;
	struct vm_vif vif;
	uint32_t domid;
	int result;

	if (xl_join(args, 1, spec, sizeof(spec)) ||
	    config_parse_vif(spec, &vif, problem, sizeof(problem))) {
		xl_error("%s", spec[0] ? problem : "the description is too long");
		return XL_USAGE;
	}
	if (!strstr(spec, "devid="))
		vif.devid = DOM_NEXT_DEVID;
	result = xl_find(xl, args->operand[0], &domid);
	if (!result && dom_vif_attach(xl->dom, domid, &vif, &err)) {
		xl_error("%s", err.text);
		result = XL_FAILED;
	}
	config_free_vif(&vif);
	return result;
}

/* By number or by MAC. */
static int find_vif(struct xl *xl, uint32_t domid, const char *what, uint32_t *devid)
{
	struct dom_error err;
	struct dom_vif *list;
	bool found = false;
	char *end;
	size_t n;

	*devid = (uint32_t)strtoul(what, &end, 10);
	if (*what && !*end)
		return XL_OK;
	if (dom_vifs(xl->dom, domid, &list, &n, &err)) {
		xl_error("%s", err.text);
		return XL_FAILED;
	}
	for (size_t i = 0; i < n && !found; i++) {
		found = !strcasecmp(list[i].mac, what);
		*devid = list[i].dev.devid;
	}
	free(list);
	if (found)
		return XL_OK;
	xl_error("%s: has no interface %s: see xl network-list", xl_domain_word(xl, domid),
		 what);
	return XL_FAILED;
}

static int run_detach(struct xl *xl, const struct xl_args *args)
{
	struct dom_error err;
	uint32_t domid, devid;

	if (xl_find(xl, args->operand[0], &domid) ||
	    find_vif(xl, domid, args->operand[1], &devid))
		return XL_FAILED;
	if (!dom_vif_detach(xl->dom, domid, devid, args->count['f'], &err))
		return XL_OK;
	xl_error("%s", err.text);
	return XL_FAILED;
}

const struct xl_cmd cmd_network_list = {
	.name = "network-list",
	.usage = "DOMAIN …",
	.summary = "List virtual network interfaces for a domain",
	.min_operands = 1,
	.max_operands = 1000,
	.run = run_list,
};

const struct xl_cmd cmd_network_attach = {
	.name = "network-attach",
	.usage = "DOMAIN [KEY=VALUE …]",
	.summary = "Create a new virtual network device",
	.min_operands = 1,
	.max_operands = 20,
	.run = run_attach,
};

const struct xl_cmd cmd_network_detach = {
	.name = "network-detach",
	.usage = "[--force] DOMAIN DEVICE|MAC",
	.summary = "Destroy a domain's virtual network device",
	.min_operands = 2,
	.max_operands = 2,
	.options = {
		{ 'f', "force", NULL, "Take it away though the guest does not let go." },
	},
	.run = run_detach,
};

/*
 * xl config-update: from its next restart on a running VM is what a configuration
 * says. Without a file: what its definition says.
 */
#include <stdio.h>

#include "cmd.h"
#include "config_args.h"
#include "libdom/change.h"
#include "libdom/define.h"

static int by_definition(struct xl *xl, uint32_t domid, struct vm_config *cfg)
{
	struct definition def;
	struct dom_error err;

	if (define_load(NULL, xl_domain_word(xl, domid), &def, &err)) {
		xl_error("%s", err.text);
		return XL_FAILED;
	}
	*cfg = def.cfg;
	def.cfg = (struct vm_config){ 0 };
	define_free(&def);
	return XL_OK;
}

static int run(struct xl *xl, const struct xl_args *args)
{
	struct vm_config cfg;
	struct dom_error err;
	uint32_t domid;
	int status;

	if (xl_find(xl, args->operand[0], &domid))
		return XL_FAILED;
	if (args->noperands > 1 || args->value['f'])
		status = config_args(args, 1, &cfg);
	else
		status = by_definition(xl, domid, &cfg);
	if (status)
		return status;
	if (dom_config_update(xl->dom, domid, &cfg, &err)) {
		xl_error("%s", err.text);
		status = XL_FAILED;
	}
	config_free(&cfg);
	return status;
}

const struct xl_cmd cmd_config_update = {
	.name = "config-update",
	.usage = "DOMAIN [FILE] [OPTIONS] [KEY=VALUE …]",
	.summary = "Update a running domain's saved configuration, used when rebooting",
	.min_operands = 1,
	.max_operands = 1000,
	.options = {
		{ 'f', "defconfig", "FILE", "Use the given configuration file." },
		{ 'q', "quiet", NULL, "Say nothing but errors." },
		{ 'd', "debug", NULL, "Taken for compatibility." },
	},
	.run = run,
};

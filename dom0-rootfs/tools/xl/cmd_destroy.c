/* xl destroy: pull the plug. */
#include "cmd.h"

static int run(struct xl *xl, const struct xl_args *args)
{
	return xl_on_domain(xl, args, dom_destroy);
}

const struct xl_cmd cmd_destroy = {
	.name = "destroy",
	.usage = "[OPTIONS] DOMAIN",
	.summary = "Terminate a domain immediately",
	.min_operands = 1,
	.max_operands = 1,
	.options = {
		{ 'f', NULL, NULL, "Taken for compatibility; domain 0 is always refused." },
	},
	.run = run,
};

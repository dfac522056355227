/* xl pause, xl unpause: take a domain off the CPUs, and put it back. */
#include "cmd.h"

static int run_pause(struct xl *xl, const struct xl_args *args)
{
	return xl_on_domain(xl, args, dom_pause);
}

static int run_unpause(struct xl *xl, const struct xl_args *args)
{
	return xl_on_domain(xl, args, dom_unpause);
}

const struct xl_cmd cmd_pause = {
	.name = "pause",
	.usage = "DOMAIN",
	.summary = "Pause execution of a domain",
	.min_operands = 1,
	.max_operands = 1,
	.run = run_pause,
};

const struct xl_cmd cmd_unpause = {
	.name = "unpause",
	.usage = "DOMAIN",
	.summary = "Unpause a paused domain",
	.min_operands = 1,
	.max_operands = 1,
	.run = run_unpause,
};

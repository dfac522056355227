/* xl dmesg: the hypervisor's own log; xl debug-keys: reports into it. */
#include <stdio.h>

#include "cmd.h"

static void write_chunk(void *ctx, const char *text, size_t len)
{
	fwrite(text, 1, len, ctx);
}

static int run(struct xl *xl, const struct xl_args *args)
{
	struct dom_error err;

	if (!xl_dom(xl))
		return XL_FAILED;
	if (!dom_dmesg(xl->dom, args->count['c'] > 0, write_chunk, stdout, &err))
		return XL_OK;
	xl_error("%s", err.text);
	return XL_FAILED;
}

static int run_keys(struct xl *xl, const struct xl_args *args)
{
	struct dom_error err;

	if (!xl_dom(xl))
		return XL_FAILED;
	if (!dom_debug_keys(xl->dom, args->operand[0], &err))
		return XL_OK;
	xl_error("%s", err.text);
	return XL_FAILED;
}

const struct xl_cmd cmd_debug_keys = {
	.name = "debug-keys",
	.usage = "KEYS",
	.summary = "Press the hypervisor's debug keys; xl dmesg shows what they tell",
	.min_operands = 1,
	.max_operands = 1,
	.run = run_keys,
};

const struct xl_cmd cmd_dmesg = {
	.name = "dmesg",
	.usage = "[-c]",
	.summary = "Read and/or clear the hypervisor's log",
	.options = {
		{ 'c', "clear", NULL, "Clear the log after printing it." },
	},
	.run = run,
};

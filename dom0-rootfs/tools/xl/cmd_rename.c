/* xl rename: another name for a running domain. */
#include "cmd.h"

static int run(struct xl *xl, const struct xl_args *args)
{
	struct dom_error err;
	uint32_t domid;

	if (xl_find(xl, args->operand[0], &domid))
		return XL_FAILED;
	if (!dom_rename(xl->dom, domid, args->operand[1], &err))
		return XL_OK;
	xl_error("%s", err.text);
	return XL_FAILED;
}

const struct xl_cmd cmd_rename = {
	.name = "rename",
	.usage = "DOMAIN NEW-NAME",
	.summary = "Rename a domain",
	.min_operands = 2,
	.max_operands = 2,
	.run = run,
};

/* xl destroy: pull the plug. */
#include <errno.h>
#include <string.h>

#include "cmd.h"

/*
 * Somebody else (another xl destroy, hostd's reaction to the guest's end) may be faster:
 * then it is gone, as was asked for, or lives again under its name and is destroyed.
 */
static int run(struct xl *xl, const struct xl_args *args)
{
	const char *who = args->operand[0];
	struct dom_error err;
	uint32_t domid;
	int result;

	if (xl_find(xl, who, &domid))
		return XL_FAILED;
	do
		result = dom_destroy(xl->dom, domid, &err);
	while (result == -ESRCH && who[strspn(who, "0123456789")] &&
	       !dom_find(xl->dom, who, &domid, NULL));
	if (!result || result == -ESRCH)
		return XL_OK;
	xl_error("%s", err.text);
	return XL_FAILED;
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

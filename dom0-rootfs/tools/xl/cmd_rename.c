/* xl rename: another name for a VM that runs, is defined, or both. */
#include <stdio.h>

#include "cmd.h"

#include "libdom/define.h"

static int run(struct xl *xl, const struct xl_args *args)
{
	const char *name = args->operand[0], *to = args->operand[1];
	char running[DOM_NAME_SIZE];
	struct definition def;
	struct dom_error err;
	uint32_t domid;
	int result;

	if (!xl_dom(xl))
		return XL_FAILED;
	/* by its number it can be meant, too */
	if (!dom_find(xl->dom, name, &domid, NULL)) {
		snprintf(running, sizeof(running), "%s", xl_domain_word(xl, domid));
		name = running;
	}
	if (!define_load(NULL, name, &def, NULL)) {
		define_free(&def);
		result = define_rename(xl->dom, NULL, name, to, &err);
	} else if (xl_find(xl, name, &domid)) {
		return XL_FAILED;
	} else {
		result = dom_rename(xl->dom, domid, to, &err);
	}
	if (!result)
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

/* xl domid NAME, xl domname ID: one to the other, for scripts. */
#include <stdio.h>
#include <string.h>

#include "cmd.h"

static int run_domid(struct xl *xl, const struct xl_args *args)
{
	uint32_t domid;

	if (xl_find(xl, args->operand[0], &domid))
		return XL_FAILED;
	printf("%u\n", domid);
	return XL_OK;
}

static int run_domname(struct xl *xl, const struct xl_args *args)
{
	const char *id = args->operand[0];
	struct dom_error err;
	struct dom_info info;
	uint32_t domid;

	if (!*id || id[strspn(id, "0123456789")]) {
		xl_error("\"%s\" is not a domain's number: xl domid tells it for a name",
			 id);
		return XL_FAILED;
	}
	if (xl_find(xl, id, &domid))
		return XL_FAILED;
	if (dom_get(xl->dom, domid, &info, &err)) {
		xl_error("%s", err.text);
		return XL_FAILED;
	}
	if (!*info.name) {
		xl_error("domain %u has no name", domid);
		return XL_FAILED;
	}
	puts(info.name);
	return XL_OK;
}

const struct xl_cmd cmd_domid = {
	.name = "domid",
	.usage = "DOMAIN-NAME",
	.summary = "Convert a domain name to domain id",
	.min_operands = 1,
	.max_operands = 1,
	.run = run_domid,
};

const struct xl_cmd cmd_domname = {
	.name = "domname",
	.usage = "DOMAIN-ID",
	.summary = "Convert a domain id to domain name",
	.min_operands = 1,
	.max_operands = 1,
	.run = run_domname,
};

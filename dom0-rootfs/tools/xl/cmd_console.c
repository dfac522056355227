/* xl console: the terminal joined to a guest's console. */
#include <string.h>

#include "cmd.h"
#include "console.h"

static int session(struct xl *xl, const struct xl_args *args, int escape)
{
	struct dom_error err;
	struct dom_info info;
	uint32_t domid;

	if (xl_find(xl, args->operand[0], &domid))
		return XL_FAILED;
	if (!domid) {
		xl_error("console: domain 0 is this system itself: it has no console here");
		return XL_FAILED;
	}
	if (dom_get(xl->dom, domid, &info, &err)) {
		xl_error("%s", err.text);
		return XL_FAILED;
	}
	return console_run(&(struct console_session){
		       .dom = xl->dom,
		       .domid = domid,
		       .name = *info.name ? info.name : args->operand[0],
		       .escape = (unsigned char)escape,
	       }) ? XL_FAILED : XL_OK;
}

static int run(struct xl *xl, const struct xl_args *args)
{
	const char *type = args->value['t'], *number = args->value['n'];
	int escape = CONSOLE_ESCAPE;

	if (type && strcmp(type, "pv")) {
		xl_error("console: there is no %s console: guests have a pv console only",
			 type);
		return XL_FAILED;
	}
	if (number && strcmp(number, "0")) {
		xl_error("console: there is no console %s: guests have console 0 only",
			 number);
		return XL_FAILED;
	}
	if (args->value['e'])
		escape = console_escape(args->value['e']);
	if (escape < 0) {
		xl_error("console: \"%s\" is no key: write one character, or ^] for "
			 "Ctrl-]", args->value['e']);
		return XL_USAGE;
	}
	return session(xl, args, escape);
}

const struct xl_cmd cmd_console = {
	.name = "console",
	.usage = "[OPTIONS] DOMAIN",
	.summary = "Attach to domain's console",
	.min_operands = 1,
	.max_operands = 1,
	.options = {
		{ 't', NULL, "TYPE", "Kind of console: pv, the only one." },
		{ 'n', NULL, "NUMBER", "Which console: 0, the only one." },
		{ 'e', NULL, "KEY", "The key that leaves it instead of ^]." },
	},
	.run = run,
};

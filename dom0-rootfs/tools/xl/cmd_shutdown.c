/*
 * xl shutdown, xl reboot: ask guests to end by themselves. What then happens is
 * on_poweroff's and on_reboot's business (hostd). Without -w they return as soon as
 * the guest has acknowledged.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "cmd.h"

static int ask(struct xl *xl, uint32_t domid, enum dom_request how)
{
	struct dom_error err;
	int result;

	fprintf(stderr, "%s domain %u\n",
		how == DOM_REBOOT ? "Rebooting" : "Shutting down", domid);
	result = dom_shutdown(xl->dom, domid, how, &err);
	if (!result)
		return XL_OK;
	xl_error("%s", err.text);
	return XL_FAILED;
}

/* waits: how often -w was given. Once: until it has ended; twice: until it is gone. */
static int wait_end(struct xl *xl, uint32_t domid, unsigned int waits)
{
	struct dom_error err;
	int reason;

	if (dom_wait(xl->dom, domid, waits > 1 ? DOM_UNTIL_GONE : DOM_UNTIL_SHUTDOWN, -1,
		     &reason, &err)) {
		xl_error("%s", err.text);
		return XL_FAILED;
	}
	if (reason < 0)
		fprintf(stderr, "Domain %u has been destroyed\n", domid);
	else
		fprintf(stderr, "Domain %u has been shut down, reason code %d\n", domid,
			reason);
	return XL_OK;
}

static bool wants_asking(const struct dom_info *info)
{
	return info->domid && !info->shutdown && !info->dying;
}

static int end_all(struct xl *xl, const struct xl_args *args, enum dom_request how)
{
	struct dom_info *list;
	int status = XL_OK;
	size_t n;

	if (xl_domains(xl, &list, &n))
		return XL_FAILED;
	for (size_t i = 0; i < n; i++) {
		if (!wants_asking(&list[i]))
			continue;
		if (ask(xl, list[i].domid, how)) {
			status = XL_FAILED;
			list[i].dying = true; /* not to be waited for */
		}
	}
	for (size_t i = 0; args->count['w'] && i < n; i++) {
		if (wants_asking(&list[i]))
			status |= wait_end(xl, list[i].domid, args->count['w']);
	}
	free(list);
	return status;
}

static int end(struct xl *xl, const struct xl_args *args, enum dom_request how)
{
	uint32_t domid;

	if (!args->count['a'] == !args->noperands) {
		xl_error("%s: give -a or a domain, one of the two",
			 how == DOM_REBOOT ? "reboot" : "shutdown");
		return XL_USAGE;
	}
	if (args->count['a'])
		return end_all(xl, args, how);
	if (xl_find(xl, args->operand[0], &domid) || ask(xl, domid, how))
		return XL_FAILED;
	return args->count['w'] ? wait_end(xl, domid, args->count['w']) : XL_OK;
}

static int run_shutdown(struct xl *xl, const struct xl_args *args)
{
	return end(xl, args, DOM_POWEROFF);
}

static int run_reboot(struct xl *xl, const struct xl_args *args)
{
	return end(xl, args, DOM_REBOOT);
}

#define END_OPTIONS(all_help, wait_help) { \
	{ 'a', "all", NULL, all_help }, \
	{ 'w', "wait", NULL, wait_help }, \
	{ 'F', NULL, NULL, "Taken for compatibility: guests here have no ACPI buttons." }, \
}

const struct xl_cmd cmd_shutdown = {
	.name = "shutdown",
	.usage = "[OPTIONS] -a|DOMAIN",
	.summary = "Issue a shutdown signal to a domain",
	.max_operands = 1,
	.options = END_OPTIONS("Shut down all guest domains.",
			       "Wait until it has ended; twice: until it is gone."),
	.run = run_shutdown,
};

const struct xl_cmd cmd_reboot = {
	.name = "reboot",
	.usage = "[OPTIONS] -a|DOMAIN",
	.summary = "Issue a reboot signal to a domain",
	.max_operands = 1,
	.options = END_OPTIONS("Reboot all guest domains.",
			       "Wait until it has ended; twice: until it is gone."),
	.run = run_reboot,
};

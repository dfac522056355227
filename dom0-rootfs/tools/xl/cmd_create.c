/*
 * xl create: a configuration file becomes a running VM. The command is done when the
 * VM runs (or is paused); nothing stays behind, since hostd reacts to its end. With
 * -F it stays and does that itself.
 */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "cmd.h"
#include "config_args.h"
#include "console.h"
#include "vm_json.h"

static void plan_line(void *ctx, const char *text)
{
	fprintf(ctx, "plan: %s\n", text);
}

/* -n: the configuration as JSON; unless -q, what would be done, too. */
static int show(struct xl *xl, struct vm_config *cfg, bool quiet)
{
	struct json j = { .out = stdout };
	struct dom_error err;

	vm_json(&j, NULL, cfg);
	if (quiet)
		return XL_OK;
	fflush(stdout);
	if (!xl_dom(xl))
		return XL_FAILED;
	if (!dom_plan(xl->dom, cfg, plan_line, stderr, &err))
		return XL_OK;
	xl_error("%s", err.text);
	return XL_FAILED;
}

/* After a guest's end somebody else (hostd) may have restarted it already. */
static int find_again(struct xl *xl, const char *name, uint32_t *domid)
{
	uint32_t found;

	if (dom_find(xl->dom, name, &found, NULL) || found == *domid)
		return -ESRCH;
	*domid = found;
	return 0;
}

/* -F: waits for the VM's end, does what its configuration asks for, and so on with
 * the next life until there is none. */
static int attend(struct xl *xl, const char *name, uint32_t domid)
{
	struct dom_outcome out;
	struct dom_error err;
	int result, reason;

	for (;;) {
		fprintf(stderr, "Waiting for domain %s (domid %u) to die [pid %ld]\n", name,
			domid, (long)getpid());
		result = dom_wait(xl->dom, domid, DOM_UNTIL_SHUTDOWN, -1, &reason, &err);
		if (!result)
			result = dom_react(xl->dom, domid, &out, &err);
		if (!result) {
			fprintf(stderr, "Domain %u has shut down, reason code %d: %s\n",
				domid, out.reason, config_action_name(out.action));
			if (!out.domid)
				return XL_OK;
			domid = out.domid;
		} else if (result == -EBUSY || result == -EAGAIN) {
			usleep(200000);
		} else if (result != -ESRCH) {
			xl_error("%s", err.text);
			return XL_FAILED;
		} else if (find_again(xl, name, &domid)) {
			fprintf(stderr, "Domain %s is gone\n", name);
			return XL_OK;
		}
	}
}

static int create(struct xl *xl, const struct xl_args *args, struct vm_config *cfg)
{
	bool paused = args->count['p'], console = args->count['c'];
	/* with -c it starts once the console is joined: its first line is seen */
	struct dom_create_opts opts = { .paused = paused || console };
	struct dom_error err;
	uint32_t domid;

	if (!xl_dom(xl))
		return XL_FAILED;
	if (dom_create(xl->dom, cfg, &opts, &domid, &err)) {
		xl_error("%s", err.text);
		return XL_FAILED;
	}
	if (console && console_run(&(struct console_session){
			       .dom = xl->dom,
			       .domid = domid,
			       .name = cfg->name,
			       .escape = CONSOLE_ESCAPE,
			       .started = paused ? NULL : dom_unpause,
		       }))
		return XL_FAILED;
	return args->count['F'] ? attend(xl, cfg->name, domid) : XL_OK;
}

static int run(struct xl *xl, const struct xl_args *args)
{
	struct vm_config cfg;
	int status = config_args(args, 0, &cfg);

	if (status)
		return status;
	if (args->count['n'] || xl->dry_run)
		status = show(xl, &cfg, args->count['q']);
	else
		status = create(xl, args, &cfg);
	config_free(&cfg);
	return status;
}

const struct xl_cmd cmd_create = {
	.name = "create",
	.usage = "FILE [OPTIONS] [KEY=VALUE …]",
	.summary = "Create a domain from config file",
	.max_operands = 1000,
	.options = {
		{ 'f', "defconfig", "FILE", "Use the given configuration file." },
		{ 'c', NULL, NULL, "Join its console before it starts." },
		{ 'p', NULL, NULL, "Leave it paused." },
		{ 'q', "quiet", NULL, "Say nothing but errors." },
		{ 'n', "dryrun", NULL, "Show the configuration and the plan; do nothing." },
		{ 'F', NULL, NULL, "Stay until it is gone, and restart it as configured." },
		{ 'd', NULL, NULL, "Taken for compatibility." },
		{ 'e', NULL, NULL, "Taken for compatibility: nothing ever waits behind." },
	},
	.run = run,
};

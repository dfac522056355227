/*
 * xl defined, define, undefine, start, autostart, template: VMs that are there while
 * they do not run, which is what files in /etc/xen are (libdom/define.h). Ours: xl(1)
 * has no such commands, and its own know nothing of them.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "config_args.h"
#include "console.h"
#include "libdom/define.h"

static int failed(const struct dom_error *err)
{
	xl_error("%s", err->text);
	return XL_FAILED;
}

/* --- list -------------------------------------------------------------------- */

static bool runs(const struct dom_info *list, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++) {
		if (!strcmp(list[i].name, name))
			return true;
	}
	return false;
}

static const char *state_word(const struct define_info *d, bool running)
{
	if (running)
		return "running";
	if (*d->problem)
		return "broken";
	return d->template ? "template" : "stopped";
}

static void print_defined(const struct define_info *d, bool running)
{
	printf("%-40s %-9s %-9s", d->name, state_word(d, running),
	       d->autostart ? "yes" : "no");
	if (*d->problem)
		printf(" %s\n", d->problem);
	else
		printf(" %5u %5u %s\n", d->memory_mib, d->vcpus, d->path);
}

static int run_defined(struct xl *xl, const struct xl_args *args)
{
	struct define_info *list;
	struct dom_info *live = NULL;
	struct dom_error err;
	size_t n, nlive = 0;

	(void)args;
	if (define_list(NULL, &list, &n, &err))
		return failed(&err);
	if (!xl_dom(xl) || dom_list(xl->dom, &live, &nlive, NULL))
		nlive = 0;
	printf("%-40s %-9s %-9s %5s %5s %s\n", "Name", "State", "Autostart", "Mem", "VCPUs",
	       "File");
	for (size_t i = 0; i < n; i++)
		print_defined(&list[i], runs(live, nlive, list[i].name));
	free(live);
	free(list);
	return XL_OK;
}

/* --- in and out --------------------------------------------------------------- */

static int run_define(struct xl *xl, const struct xl_args *args)
{
	bool quiet = args->count['q'];
	char name[DOM_NAME_SIZE];
	struct dom_error err;
	size_t len;
	char *text = config_file(args->operand[0], &len);
	int result;

	(void)xl;
	if (!text)
		return XL_FAILED;
	result = define_add(NULL, text, len, config_print, &quiet, name, &err);
	free(text);
	if (result)
		return failed(&err);
	if (!quiet)
		fprintf(stderr, "%s is defined: xl start %s\n", name, name);
	return XL_OK;
}

static int run_undefine(struct xl *xl, const struct xl_args *args)
{
	struct dom_error err;

	if (!xl_dom(xl))
		return XL_FAILED;
	if (!define_remove(xl->dom, NULL, args->operand[0], &err))
		return XL_OK;
	return failed(&err);
}

/* --- start -------------------------------------------------------------------- */

static int run_start(struct xl *xl, const struct xl_args *args)
{
	bool paused = args->count['p'], console = args->count['c'];
	struct dom_create_opts opts = { .paused = paused || console };
	struct dom_error err;
	uint32_t domid;

	if (!xl_dom(xl))
		return XL_FAILED;
	if (define_start(xl->dom, NULL, args->operand[0], &opts, &domid, &err))
		return failed(&err);
	if (console && console_run(&(struct console_session){
			       .dom = xl->dom,
			       .domid = domid,
			       .name = args->operand[0],
			       .escape = CONSOLE_ESCAPE,
			       .started = paused ? NULL : dom_unpause,
		       }))
		return XL_FAILED;
	return XL_OK;
}

/* --- marks -------------------------------------------------------------------- */

/* "on", "off" or nothing, which asks: 1, 0, -1; -2 for anything else, said. */
static int read_switch(const struct xl_args *args)
{
	const char *word = args->noperands > 1 ? args->operand[1] : NULL;

	if (!word)
		return -1;
	if (!strcmp(word, "on") || !strcmp(word, "off"))
		return word[1] == 'n';
	xl_error("\"%s\" is neither on nor off", word);
	return -2;
}

static int ask_mark(const char *name, size_t offset)
{
	struct definition def;
	struct dom_error err;

	if (define_load(NULL, name, &def, &err))
		return failed(&err);
	puts(*((bool *)&def + offset) ? "on" : "off");
	define_free(&def);
	return XL_OK;
}

static int run_autostart(struct xl *xl, const struct xl_args *args)
{
	const char *name = args->operand[0];
	int on = read_switch(args);
	struct dom_error err;

	(void)xl;
	if (on == -2)
		return XL_USAGE;
	if (on == -1)
		return ask_mark(name, offsetof(struct definition, autostart));
	return define_autostart(NULL, name, on, &err) ? failed(&err) : XL_OK;
}

static int run_template(struct xl *xl, const struct xl_args *args)
{
	const char *name = args->operand[0];
	int on = read_switch(args);
	struct dom_error err;

	if (on == -2)
		return XL_USAGE;
	if (on == -1)
		return ask_mark(name, offsetof(struct definition, template));
	if (!xl_dom(xl))
		return XL_FAILED;
	return define_template(xl->dom, NULL, name, on, &err) ? failed(&err) : XL_OK;
}

const struct xl_cmd cmd_defined = {
	.name = "defined",
	.usage = "",
	.summary = "List the defined VMs, whether they run or not",
	.run = run_defined,
};

const struct xl_cmd cmd_define = {
	.name = "define",
	.usage = "[-q] FILE",
	.summary = "Check a config file and keep it as a defined VM",
	.min_operands = 1,
	.max_operands = 1,
	.options = {
		{ 'q', "quiet", NULL, "Say nothing but errors." },
	},
	.run = run_define,
};

const struct xl_cmd cmd_undefine = {
	.name = "undefine",
	.usage = "NAME",
	.summary = "Forget a defined VM that does not run; its disks stay",
	.min_operands = 1,
	.max_operands = 1,
	.run = run_undefine,
};

const struct xl_cmd cmd_start = {
	.name = "start",
	.usage = "[OPTIONS] NAME",
	.summary = "Start a defined VM",
	.min_operands = 1,
	.max_operands = 1,
	.options = {
		{ 'c', NULL, NULL, "Join its console before it starts." },
		{ 'p', NULL, NULL, "Leave it paused." },
	},
	.run = run_start,
};

const struct xl_cmd cmd_autostart = {
	.name = "autostart",
	.usage = "NAME [on|off]",
	.summary = "Show or set whether a defined VM starts with the host",
	.min_operands = 1,
	.max_operands = 2,
	.run = run_autostart,
};

const struct xl_cmd cmd_template = {
	.name = "template",
	.usage = "NAME [on|off]",
	.summary = "Show or set whether a defined VM is a template, only to be cloned",
	.min_operands = 1,
	.max_operands = 2,
	.run = run_template,
};

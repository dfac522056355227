/*
 * The table of commands and what derives from it: look-up, argument parsing, help.
 * Pure but for the printing of help; unit-tested.
 */
#include "cmd.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "libdom/config_near.h"

const struct xl_cmd *const xl_cmds[] = {
	&cmd_create,
	&cmd_list,
	&cmd_console,
	&cmd_shutdown,
	&cmd_reboot,
	&cmd_destroy,
	&cmd_pause,
	&cmd_unpause,
	&cmd_rename,
	&cmd_domid,
	&cmd_domname,
	&cmd_vm_list,
	&cmd_uptime,
	&cmd_top,
	&cmd_info,
	&cmd_dmesg,
	&cmd_debug_keys,
	&cmd_mem_set,
	&cmd_mem_max,
	&cmd_vcpu_list,
	&cmd_vcpu_set,
	&cmd_vcpu_pin,
	&cmd_sched_credit2,
	&cmd_block_list,
	&cmd_block_attach,
	&cmd_block_detach,
	&cmd_network_list,
	&cmd_network_attach,
	&cmd_network_detach,
	&cmd_config_update,
	&cmd_defined,
	&cmd_define,
	&cmd_undefine,
	&cmd_start,
	&cmd_autostart,
	&cmd_template,
	&cmd_new,
	&cmd_clone,
	&cmd_seed,
};
const size_t xl_ncmds = sizeof(xl_cmds) / sizeof(xl_cmds[0]);

const struct xl_cmd *cmd_find(const char *name)
{
	const struct xl_cmd *found = NULL;

	for (size_t i = 0; i < xl_ncmds; i++) {
		if (!strcmp(xl_cmds[i]->name, name))
			return xl_cmds[i];
	}
	for (size_t i = 0; *name && i < xl_ncmds; i++) {
		if (strncmp(xl_cmds[i]->name, name, strlen(name)))
			continue;
		if (found)
			return NULL;
		found = xl_cmds[i];
	}
	return found;
}

const char *cmd_near(const char *name)
{
	const char *names[sizeof(xl_cmds) / sizeof(xl_cmds[0])];

	for (size_t i = 0; i < xl_ncmds; i++)
		names[i] = xl_cmds[i]->name;
	return near_word(name, names, xl_ncmds, sizeof(names[0]));
}

static const struct xl_option *option_by_letter(const struct xl_cmd *cmd, char letter)
{
	for (const struct xl_option *o = cmd->options; o->letter; o++) {
		if (o->letter == letter)
			return o;
	}
	return NULL;
}

static const struct xl_option *option_by_name(const struct xl_cmd *cmd, const char *name,
					      size_t len)
{
	for (const struct xl_option *o = cmd->options; o->letter; o++) {
		if (o->name && strlen(o->name) == len && !strncmp(o->name, name, len))
			return o;
	}
	return NULL;
}

struct arg_reader {
	const struct xl_cmd *cmd;
	struct xl_args *args;
	char **next, **end; /* arguments not looked at yet */
	char *problem;
	size_t size;
};

__attribute__((format(printf, 2, 3)))
static int wrong(struct arg_reader *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(r->problem, r->size, fmt, ap);
	va_end(ap);
	return -1;
}

/* attached: the text behind the option in the same argument, or NULL. */
static int take(struct arg_reader *r, const struct xl_option *o, const char *attached)
{
	unsigned char letter = (unsigned char)o->letter;

	r->args->count[letter]++;
	if (!o->value)
		return 0;
	if (!attached) {
		if (r->next == r->end)
			return wrong(r, "-%c needs a %s behind it", o->letter, o->value);
		attached = *r->next++;
	}
	r->args->value[letter] = attached;
	return 0;
}

static int read_long(struct arg_reader *r, const char *arg)
{
	const char *equals = strchr(arg, '=');
	size_t len = equals ? (size_t)(equals - arg) : strlen(arg);
	const struct xl_option *o = option_by_name(r->cmd, arg, len);

	if (!strcmp(arg, "help"))
		return 1;
	if (!o)
		return wrong(r, "there is no option --%.*s", (int)len, arg);
	if (equals && !o->value)
		return wrong(r, "--%s takes no value", o->name);
	return take(r, o, equals ? equals + 1 : NULL);
}

static int read_short(struct arg_reader *r, const char *arg)
{
	for (; *arg; arg++) {
		const struct xl_option *o = option_by_letter(r->cmd, *arg);

		if (!o && *arg == 'h')
			return 1;
		if (!o)
			return wrong(r, "there is no option -%c", *arg);
		if (o->value)
			return take(r, o, arg[1] ? arg + 1 : NULL);
		take(r, o, NULL);
	}
	return 0;
}

static int check_operands(struct arg_reader *r)
{
	unsigned int n = r->args->noperands;

	if (n < r->cmd->min_operands)
		return wrong(r, "too few arguments");
	if (n > r->cmd->max_operands)
		return wrong(r, "\"%s\" is one argument too many",
			     r->args->operand[r->cmd->max_operands]);
	return 0;
}

int cmd_parse(const struct xl_cmd *cmd, int argc, char **argv, struct xl_args *args,
	      char *problem, size_t size)
{
	struct arg_reader r = {
		.cmd = cmd, .args = args, .next = argv, .end = argv + argc,
		.problem = problem, .size = size,
	};
	bool options = true;

	memset(args, 0, sizeof(*args));
	args->operand = argv; /* filled from the front while being read */
	while (r.next < r.end) {
		char *arg = *r.next++;
		int result = 0;

		if (options && !strcmp(arg, "--"))
			options = false;
		else if (options && !strncmp(arg, "--", 2))
			result = read_long(&r, arg + 2);
		else if (options && arg[0] == '-' && arg[1])
			result = read_short(&r, arg + 1);
		else
			args->operand[args->noperands++] = arg;
		if (result)
			return result;
	}
	return check_operands(&r);
}

int xl_join(const struct xl_args *args, unsigned int first, char *text, size_t size)
{
	size_t used = 0;

	text[0] = '\0';
	for (unsigned int i = first; i < args->noperands; i++) {
		int n = snprintf(text + used, size - used, "%s%s", i > first ? "," : "",
				 args->operand[i]);

		if (n < 0 || (size_t)n >= size - used) {
			text[0] = '\0';
			return XL_USAGE;
		}
		used += (size_t)n;
	}
	return XL_OK;
}

void cmd_help(const struct xl_cmd *cmd, bool to_stderr)
{
	FILE *out = to_stderr ? stderr : stdout;
	char left[40];

	fprintf(out, "Usage: xl %s%s%s\n\n%s.\n", cmd->name, *cmd->usage ? " " : "",
		cmd->usage, cmd->summary);
	if (cmd->options[0].letter)
		fprintf(out, "\nOptions:\n\n");
	for (const struct xl_option *o = cmd->options; o->letter; o++) {
		snprintf(left, sizeof(left), "-%c%s%s%s%s%s%s", o->letter,
			 o->value ? " " : "", o->value ? o->value : "",
			 o->name ? ", --" : "", o->name ? o->name : "",
			 o->name && o->value ? "=" : "",
			 o->name && o->value ? o->value : "");
		fprintf(out, "%-28s %s\n", left, o->help);
	}
}

void cmd_help_all(bool to_stderr)
{
	FILE *out = to_stderr ? stderr : stdout;

	fprintf(out, "Usage: xl [-vfNtT] COMMAND [ARGUMENTS]\n\n"
		     "xl full list of subcommands:\n\n");
	for (size_t i = 0; i < xl_ncmds; i++)
		fprintf(out, " %-19s %s\n", xl_cmds[i]->name, xl_cmds[i]->summary);
	fprintf(out, "\nxl help COMMAND says more about one of them.\n");
}

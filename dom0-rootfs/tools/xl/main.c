/*
 * xl: the command line over libdom. Exit 0 done, 1 failed, 2 used wrongly; results
 * go to stdout, all else to stderr. Global options as xl(1) has them: -v and -N mean
 * something, -f -t -T are taken and have no effect here.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cmd.h"

void xl_error(const char *fmt, ...)
{
	va_list ap;

	fflush(stdout);
	fputs("xl: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

struct dom *xl_dom(struct xl *xl)
{
	struct dom_error err;

	if (!xl->dom && dom_open(&xl->dom, &err))
		xl_error("%s", err.text);
	return xl->dom;
}

int xl_domains(struct xl *xl, struct dom_info **list, size_t *n)
{
	struct dom_error err;

	if (!xl_dom(xl))
		return XL_FAILED;
	if (!dom_list(xl->dom, list, n, &err))
		return XL_OK;
	xl_error("%s", err.text);
	return XL_FAILED;
}

int xl_find(struct xl *xl, const char *who, uint32_t *domid)
{
	struct dom_error err;

	if (!xl_dom(xl))
		return XL_FAILED;
	if (!dom_find(xl->dom, who, domid, &err))
		return XL_OK;
	xl_error("%s", err.text);
	return XL_FAILED;
}

int xl_on_domain(struct xl *xl, const struct xl_args *args,
		 int (*fn)(struct dom *dom, uint32_t domid, struct dom_error *err))
{
	struct dom_error err;
	uint32_t domid;

	if (xl_find(xl, args->operand[0], &domid))
		return XL_FAILED;
	if (!fn(xl->dom, domid, &err))
		return XL_OK;
	xl_error("%s", err.text);
	return XL_FAILED;
}

const char *xl_name(const struct dom_info *info)
{
	return *info->name ? info->name : "(null)";
}

const char *xl_domain_word(struct xl *xl, uint32_t domid)
{
	struct dom_info info;

	if (dom_get(xl->dom, domid, &info, NULL) || !*info.name)
		snprintf(xl->word, sizeof(xl->word), "%u", domid);
	else
		snprintf(xl->word, sizeof(xl->word), "%s", info.name);
	return xl->word;
}

static int run_help(int argc, char **argv)
{
	const struct xl_cmd *cmd;

	if (!argc || !strcmp(argv[0], "--long")) {
		cmd_help_all(false);
		return XL_OK;
	}
	cmd = cmd_find(argv[0]);
	if (!cmd) {
		xl_error("there is no command \"%s\": xl help lists them", argv[0]);
		return XL_USAGE;
	}
	cmd_help(cmd, false);
	return XL_OK;
}

static int unknown_command(const char *name)
{
	const char *near = cmd_near(name);

	if (near)
		xl_error("there is no command \"%s\": did you mean %s?", name, near);
	else
		xl_error("there is no command \"%s\": xl help lists them", name);
	return XL_USAGE;
}

static int run_command(struct xl *xl, const struct xl_cmd *cmd, int argc, char **argv)
{
	struct xl_args args;
	char problem[160];
	int result = cmd_parse(cmd, argc, argv, &args, problem, sizeof(problem));

	if (result > 0) {
		cmd_help(cmd, false);
		return XL_OK;
	}
	if (result < 0) {
		xl_error("%s: %s: usage: xl %s%s%s", cmd->name, problem, cmd->name,
			 *cmd->usage ? " " : "", cmd->usage);
		return XL_USAGE;
	}
	return cmd->run(xl, &args);
}

/* Options before the command; the number of arguments they take, or -1. */
static int global_options(struct xl *xl, int argc, char **argv)
{
	int at = 1;

	for (; at < argc && argv[at][0] == '-' && argv[at][1]; at++) {
		for (const char *letter = argv[at] + 1; *letter; letter++) {
			if (*letter == 'v')
				xl->verbose = true;
			else if (*letter == 'N')
				xl->dry_run = true;
			else if (!strchr("ftT", *letter))
				return -1;
		}
	}
	return at;
}

static int dispatch(struct xl *xl, int argc, char **argv)
{
	const struct xl_cmd *cmd;
	int at;

	if (argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")))
		return run_help(0, NULL);
	at = global_options(xl, argc, argv);
	if (at < 0 || at >= argc) {
		cmd_help_all(true);
		return XL_USAGE;
	}
	if (!strcmp(argv[at], "help"))
		return run_help(argc - at - 1, argv + at + 1);
	cmd = cmd_find(argv[at]);
	if (!cmd)
		return unknown_command(argv[at]);
	return run_command(xl, cmd, argc - at - 1, argv + at + 1);
}

int main(int argc, char **argv)
{
	struct xl xl = { .dom = NULL };
	int status = dispatch(&xl, argc, argv);

	dom_close(xl.dom);
	if (fflush(stdout) || ferror(stdout)) {
		xl_error("the output could not be written: %s", strerror(errno));
		return XL_FAILED;
	}
	return status;
}

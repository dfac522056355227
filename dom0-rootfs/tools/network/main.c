/*
 * network: the host's network from the command line, over libnet. With --root DIR
 * its files are below DIR, for tests.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "network/network.h"

static int load(struct job *j, struct net_config *c)
{
	const char *path = j->argv[j->argc - 1];

	return net_load(c, strcmp(path, "-") ? path : "/dev/stdin", &j->err);
}

static int cmd_check(struct job *j)
{
	struct net_config c;

	if (load(j, &c))
		return command_failed(j);
	net_free(&c);
	return 0;
}

static int cmd_config(struct job *j)
{
	struct net_config c;
	char *text;

	if (net_current(&c, j->root, &j->err))
		return command_failed(j);
	text = net_text(&c);
	net_free(&c);
	fputs(text ? text : "", stdout);
	free(text);
	return 0;
}

static int cmd_try(struct job *j)
{
	struct net_config c;
	long seconds = NET_TRIAL_S;
	int result;

	if (j->argc == 2 || (j->argc == 3 && (strcmp(j->argv[0], "-t") ||
					      conf_number(j->argv[1], 5, 3600, &seconds)))) {
		fprintf(stderr, "usage: network try [-t SECONDS] FILE     (5 to 3600)\n");
		return EXIT_USAGE;
	}
	if (load(j, &c))
		return command_failed(j);
	/* The line that this was typed on may be cut by the change itself. */
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	result = net_try(&c, (unsigned int)seconds, j->root, &j->err);
	net_free(&c);
	if (result)
		return command_failed(j);
	printf("On trial for %ld s: `network confirm` keeps it, else it goes back.\n",
	       seconds);
	return 0;
}

static int cmd_confirm(struct job *j)
{
	return net_confirm(j->root, &j->err) ? command_failed(j) : 0;
}

static int cmd_revert(struct job *j)
{
	return net_revert(j->root, &j->err) ? command_failed(j) : 0;
}

static int cmd_apply(struct job *j)
{
	char missing[512];

	if (net_apply(j->root, missing, sizeof(missing), &j->err))
		return command_failed(j);
	if (*missing)
		fprintf(stderr, "network: not there yet: %s: applied when it comes\n",
			missing);
	return 0;
}

/*
 * A DHCP client has just started when it says "deconfig" for the first time:
 * what an earlier one got stays until the answer comes.
 */
static bool first_word(struct job *j, const char *name)
{
	char path[512], text[16], *old = NULL;
	bool first;

	snprintf(path, sizeof(path), "%s/run/net/client.%.40s", j->root, name);
	snprintf(text, sizeof(text), "%d", (int)getppid());
	first = file_read(path, 16, &old, NULL) || strcmp(old, text);
	free(old);
	if (first)
		file_write_atomic(path, text, strlen(text), 0644);
	return first;
}

/* Called by udhcpc, which puts what it was told into the environment. */
static int cmd_lease(struct job *j)
{
	const struct net_lease lease = {getenv("ip"), getenv("mask"), getenv("router"),
					getenv("dns"), getenv("domain")};
	const char *name = getenv("interface"), *event = j->argv[0];
	int result = 0;

	openlog("network", LOG_PID, LOG_DAEMON);
	if (!name || net_check_name(name, &j->err))
		return command_failed(j);
	if (!strcmp(event, "bound") || !strcmp(event, "renew")) {
		result = net_lease_take(name, &lease, j->root, &j->err);
		if (!result && !strcmp(event, "bound"))
			syslog(LOG_INFO, "%s has %s", name, lease.address);
	} else if (!strcmp(event, "deconfig") && !first_word(j, name)) {
		result = net_lease_drop(name, j->root, &j->err);
	}
	if (!result)
		return 0;
	syslog(LOG_ERR, "%s", j->err.text);
	return EXIT_FAILURE;
}

static const struct command commands[] = {
	{"show", "", "interfaces, addresses, routes", 0, 0, cmd_show},
	{"config", "", "print the configuration that holds", 0, 0, cmd_config},
	{"check", "FILE", "is it good? touches nothing", 1, 1, cmd_check},
	{"try", "[-t SECONDS] FILE", "apply; goes back unless confirmed", 1, 3, cmd_try},
	{"confirm", "", "keep what is on trial", 0, 0, cmd_confirm},
	{"revert", "", "go back now", 0, 0, cmd_revert},
	{"apply", "", "apply what is saved", 0, 0, cmd_apply},
	{"watch", "", "(init) end trials, keep DHCP running", 0, 0, cmd_watch},
	{"lease", "EVENT", "(udhcpc) a lease comes or goes", 1, 1, cmd_lease},
};

static void more_help(FILE *f)
{
	fputs("FILE is network.conf's kind; - is standard input.\n", f);
}

static const struct program program = {
	.name = "network",
	.commands = commands,
	.count = sizeof(commands) / sizeof(*commands),
	.name_width = 8,
	.arguments_width = 18,
	.more_help = more_help,
};

int main(int argc, char **argv)
{
	return command_main(&program, argc, argv);
}

/*
 * network watch: what init keeps running. It ends trials that nobody confirmed,
 * keeps the DHCP clients and the VMs' DHCP servers running, and applies again
 * what holds when a card comes or gets its link. All it knows it reads from
 * files and the kernel: killed at any moment it goes on from there.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <syslog.h>
#include <unistd.h>

#include "libnet/netlink.h"
#include "network/network.h"

#define SCRIPT "/usr/share/udhcpc/default.script"

struct watch {
	const char *root;
	struct children children;
	struct netlink links;
	int signals, files;
	char *cards; /* the cards there were, and which had a link */
};

enum { FD_SIGNALS, FD_FILES, FD_LINKS, FDS };

static void complain_log(const struct conf_error *err)
{
	syslog(LOG_ERR, "%s", err->text);
}

/* --- who gives and takes leases ----------------------------------------------- */

static void want_client(struct watch *w, const struct net_link *l)
{
	char key[64], name[256] = "", option[300];
	const char *argv[] = {"udhcpc", "-f", "-S", "-i", l->name, "-s", SCRIPT, "-x",
			      option, "-t", "5", "-T", "3", "-A", "10", NULL};

	gethostname(name, sizeof(name) - 1);
	snprintf(key, sizeof(key), "client %s", l->name);
	snprintf(option, sizeof(option), "hostname:%s", name);
	if (if_nametoindex(l->name))
		children_want(&w->children, key, argv);
}

/* The configuration of a bridge's DHCP server; its text. */
static char *server_text(const struct net_link *l, const char *root,
			 const struct net_status *now)
{
	char first[INET_ADDRSTRLEN], last[INET_ADDRSTRLEN], own[INET_ADDRSTRLEN];
	char mask[INET_ADDRSTRLEN], *text = NULL;
	struct in_addr bits = {htonl(~0u << (32 - l->prefix4))};
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		return NULL;
	inet_ntop(AF_INET, &l->dhcp_first, first, sizeof(first));
	inet_ntop(AF_INET, &l->dhcp_last, last, sizeof(last));
	inet_ntop(AF_INET, &l->addr4, own, sizeof(own));
	inet_ntop(AF_INET, &bits, mask, sizeof(mask));
	fprintf(f, "interface %s\nstart %s\nend %s\nmax_leases %u\n", l->name, first,
		last, ntohl(l->dhcp_last.s_addr) - ntohl(l->dhcp_first.s_addr) + 1);
	fprintf(f, "lease_file %s/run/net/guests.%s\npidfile %s/run/net/dhcpd.%s.pid\n",
		root, l->name, root, l->name);
	fprintf(f, "option subnet %s\noption router %s\noption lease 86400\n", mask, own);
	for (size_t i = 0; i < now->ndns; i++)
		if (!strchr(now->dns[i], ':'))
			fprintf(f, "option dns %s\n", now->dns[i]);
	return fclose(f) ? NULL : text;
}

/* A hash in the file's name: a changed text is another file, and a new start. */
static unsigned int hash(const char *text)
{
	unsigned int h = 5381;

	while (*text)
		h = h * 33 + (unsigned char)*text++;
	return h;
}

static void want_server(struct watch *w, const struct net_link *l,
			const struct net_status *now)
{
	char key[64], path[512], leases[512], *text = server_text(l, w->root, now), *old;
	const char *argv[] = {"udhcpd", "-f", "-S", path, NULL};

	if (!text)
		return;
	snprintf(key, sizeof(key), "server %s", l->name);
	snprintf(path, sizeof(path), "%s/run/net/dhcpd.%s.%08x", w->root, l->name,
		 hash(text));
	snprintf(leases, sizeof(leases), "%s/run/net/guests.%s", w->root, l->name);
	if (file_read(leases, 1 << 20, &old, NULL) == -ENOENT)
		file_write_atomic(leases, "", 0, 0644);
	else
		free(old);
	if (if_nametoindex(l->name) && (!access(path, F_OK) ||
	    !file_write_atomic(path, text, strlen(text), 0644)))
		children_want(&w->children, key, argv);
	free(text);
}

static void want_all(struct watch *w)
{
	struct net_config c;
	struct net_status now;

	if (net_active(&c, w->root, NULL))
		return;
	if (!net_status(&now, w->root, NULL)) {
		children_begin(&w->children);
		for (size_t i = 0; i < c.nlinks; i++) {
			if (c.links[i].ipv4 == NET4_DHCP)
				want_client(w, &c.links[i]);
			if (c.links[i].dhcp_first.s_addr)
				want_server(w, &c.links[i], &now);
		}
		net_status_free(&now);
	}
	net_free(&c);
}

/* --- cards that come, go, and get their link ------------------------------------ */

static char *list_cards(struct watch *w)
{
	struct net_status now;
	char *text = NULL;
	size_t len;
	FILE *f;

	if (net_status(&now, w->root, NULL))
		return NULL;
	f = open_memstream(&text, &len);
	for (size_t i = 0; f && i < now.nports; i++)
		if (!strcmp(now.ports[i].kind, "card"))
			fprintf(f, "%s %d\n", now.ports[i].name, now.ports[i].link);
	if (f && fclose(f))
		text = NULL;
	net_status_free(&now);
	return text;
}

/* Who has a link again, asks for its lease again: it may be another network. */
static void renew_leases(struct watch *w, const char *cards)
{
	char copy[8192], key[64], *rest = copy, *line;

	snprintf(copy, sizeof(copy), "%s", cards);
	while ((line = strsep(&rest, "\n"))) {
		char *blank = strchr(line, ' ');

		if (!blank || blank[1] != '1' || (w->cards && strstr(w->cards, line)))
			continue;
		*blank = '\0';
		snprintf(key, sizeof(key), "client %.40s", line);
		children_signal(&w->children, key, SIGUSR1);
	}
}

static void check_cards(struct watch *w)
{
	struct conf_error err;
	char *cards = list_cards(w);

	if (!cards || (w->cards && !strcmp(cards, w->cards))) {
		free(cards);
		return;
	}
	renew_leases(w, cards);
	free(w->cards);
	w->cards = cards;
	if (net_apply(w->root, NULL, 0, &err))
		complain_log(&err);
}

/* --- the loop ------------------------------------------------------------------- */

static int open_all(struct watch *w, struct job *j)
{
	char path[512];
	sigset_t set;

	snprintf(path, sizeof(path), "%s/run/net", w->root);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	w->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	w->files = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (dir_make(path, 0755) || w->signals < 0 ||
	    inotify_add_watch(w->files, path, IN_MOVED_TO | IN_DELETE) < 0 ||
	    netlink_open(&w->links, RTMGRP_LINK))
		return conf_fail(&j->err, -errno, "watch: %s: %s: are you root?", path,
				 strerror(errno));
	return 0;
}

static void end_trial(struct watch *w)
{
	struct conf_error err;

	if (net_trial_left(w->root) != 0)
		return;
	syslog(LOG_WARNING, "the change was not confirmed in time: the one before is "
	       "applied again");
	if (net_revert(w->root, &err))
		complain_log(&err);
}

/* False: asked to end. */
static bool take_signals(struct watch *w)
{
	struct signalfd_siginfo s;
	bool go_on = true;

	while (read(w->signals, &s, sizeof(s)) == (ssize_t)sizeof(s))
		go_on &= s.ssi_signo == SIGCHLD;
	children_reap(&w->children);
	return go_on;
}

static void drain(int fd)
{
	char buf[4096];

	while (read(fd, buf, sizeof(buf)) > 0)
		;
}

static int shortest(int a, int b)
{
	return a < 0 || (b >= 0 && b < a) ? b : a;
}

int cmd_watch(struct job *j)
{
	struct watch w = {.root = j->root};
	struct pollfd fds[FDS];
	bool go_on = true;

	openlog("network", LOG_PID, LOG_DAEMON);
	if (open_all(&w, j))
		return command_failed(j);
	while (go_on) {
		int left, wait_ms;

		end_trial(&w);
		want_all(&w);
		wait_ms = children_settle(&w.children);
		left = net_trial_left(w.root);
		wait_ms = shortest(wait_ms, left < 0 ? -1 : left * 1000 + 1000);
		fds[FD_SIGNALS] = (struct pollfd){w.signals, POLLIN, 0};
		fds[FD_FILES] = (struct pollfd){w.files, POLLIN, 0};
		fds[FD_LINKS] = (struct pollfd){w.links.fd, POLLIN, 0};
		if (poll(fds, FDS, wait_ms) < 0 && errno != EINTR)
			break;
		go_on = take_signals(&w);
		drain(w.files);
		netlink_events(&w.links);
		check_cards(&w);
	}
	children_end(&w.children);
	netlink_close(&w.links);
	free(w.cards);
	return 0;
}

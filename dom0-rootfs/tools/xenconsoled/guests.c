/*
 * All guests that have a console: see guests.h.
 *
 * Any event of the store leads to one look at everything: there is no state to
 * get out of step, and a restarted daemon begins with the same look. The
 * watches: domains coming and going, and each guest's console directory, for
 * the toolstack may fill that only after it has introduced the domain.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <syslog.h>
#include <unistd.h>

#include "guests.h"

#define NODE_SIZE 96

static void node_path(char path[NODE_SIZE], uint32_t domid, const char *name)
{
	snprintf(path, NODE_SIZE, "/local/domain/%u/%s", domid, name);
}

int guests_start(struct guests *gs)
{
	int err = xs_watch(gs->xs, "@introduceDomain", "");

	return err ? err : xs_watch(gs->xs, "@releaseDomain", "");
}

static struct guest *find(struct guests *gs, uint32_t domid)
{
	struct guest *g;

	for (g = gs->list; g && g->domid != domid; g = g->next)
		;
	return g;
}

static void add_watch(struct guests *gs, uint32_t domid, bool on)
{
	char path[NODE_SIZE];
	int err;

	node_path(path, domid, "console");
	err = on ? xs_watch(gs->xs, path, "") : xs_unwatch(gs->xs, path, "");
	/* The next look will come to the same place again. */
	(void)err;
}

static struct guest *add(struct guests *gs, uint32_t domid)
{
	char path[NODE_SIZE], name[GUEST_NAME];
	struct guest *g;
	int err;

	node_path(path, domid, "name");
	if (xs_read(gs->xs, XS_TX_NONE, path, name, sizeof(name)) <= 0)
		snprintf(name, sizeof(name), "%u", domid);
	g = guest_new(domid, name, gs->log_dir, &err);
	if (!g) {
		syslog(LOG_ERR,
		       "domain %u has no console: pty: %s: "
		       "is /dev/pts mounted?",
		       domid, strerror(-err));
		return NULL;
	}
	g->next = gs->list;
	gs->list = g;
	if (inotify_add_watch(gs->inotify, g->tty, IN_OPEN | IN_CLOSE) < 0)
		syslog(LOG_ERR,
		       "%s: cannot be watched: %s: nobody will see "
		       "the console of domain %u",
		       g->tty, strerror(errno), domid);
	add_watch(gs, domid, true);
	return g;
}

/* Where its ring is: -ENOENT while it has none that is ours to serve. */
static int read_place(struct guests *gs, uint32_t domid, uint64_t *gfn, uint64_t *port)
{
	char path[NODE_SIZE], type[32];
	int err;

	node_path(path, domid, "console/type");
	err = xs_read(gs->xs, XS_TX_NONE, path, type, sizeof(type));
	if (err >= 0 && strcmp(type, "xenconsoled"))
		return -ENOENT;
	node_path(path, domid, "console/ring-ref");
	err = xs_read_u64(gs->xs, XS_TX_NONE, path, gfn);
	if (err)
		return err;
	node_path(path, domid, "console/port");
	err = xs_read_u64(gs->xs, XS_TX_NONE, path, port);
	if (!err && (*port == 0 || *port > UINT32_MAX))
		err = -ENOENT;
	return err;
}

static void tell_tty(struct guests *gs, const struct guest *g)
{
	char path[NODE_SIZE], now[GUEST_TTY];
	int err;

	node_path(path, g->domid, "console/tty");
	if (xs_read(gs->xs, XS_TX_NONE, path, now, sizeof(now)) >= 0 &&
	    !strcmp(now, g->tty))
		return;
	err = xs_printf(gs->xs, XS_TX_NONE, path, "%s", g->tty);
	if (err)
		syslog(LOG_WARNING, "%s: %s: viewers will not find the console", path,
		       strerror(-err));
}

static void look_at(struct guests *gs, uint32_t domid)
{
	struct guest *g = find(gs, domid);
	uint64_t gfn, port;
	bool was;
	int err;

	if (!g)
		g = add(gs, domid);
	if (!g)
		return;
	g->seen = true;
	if (read_place(gs, domid, &gfn, &port))
		return;
	was = g->ring.page;
	err = guest_connect(g, gs->peer, gfn, (uint32_t)port);
	if (err && !g->ring_failed)
		syslog(LOG_WARNING,
		       "domain %u: console ring: %s: "
		       "its console is silent",
		       domid, strerror(-err));
	g->ring_failed = err != 0;
	if (!err && !was)
		tell_tty(gs, g);
}

static void drop(struct guests *gs, struct guest **at)
{
	struct guest *g = *at;

	*at = g->next;
	add_watch(gs, g->domid, false);
	guest_free(g, gs->peer);
}

static int scan(struct guests *gs)
{
	struct guest **at, *g;
	struct xs_dir dir;
	int err = xs_directory(gs->xs, XS_TX_NONE, "/local/domain", &dir);

	if (err)
		return err;
	for (g = gs->list; g; g = g->next)
		g->seen = false;
	for (size_t i = 0; i < dir.count; i++) {
		uint32_t domid = (uint32_t)strtoul(dir.name[i], NULL, 10);

		/* A name that is no number is taken for dom0, as it has none. */
		if (domid && xs_is_introduced(gs->xs, domid) == 1)
			look_at(gs, domid);
	}
	xs_dir_free(&dir);
	for (at = &gs->list; *at;) {
		g = *at;
		if (!g->seen && xs_is_introduced(gs->xs, g->domid) == 0)
			drop(gs, at);
		else
			at = &g->next;
	}
	return 0;
}

int guests_update(struct guests *gs)
{
	struct xs_event ev;
	bool any = false;
	int err;

	while ((err = xs_next_event(gs->xs, &ev)) == 0)
		any = true;
	if (err != -EAGAIN)
		return err;
	return any ? scan(gs) : 0;
}

void guests_check_viewed(struct guests *gs)
{
	char events[4096];

	while (read(gs->inotify, events, sizeof(events)) > 0)
		;
	for (struct guest *g = gs->list; g; g = g->next)
		guest_check_viewed(g);
}

void guests_free(struct guests *gs)
{
	while (gs->list) {
		struct guest *g = gs->list;

		gs->list = g->next;
		guest_free(g, gs->peer);
	}
}

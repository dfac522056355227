/*
 * The daemon as one object: see server.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#include "state.h"

#define RESUME_MS    20
#define RESUME_TRIES 50

void server_init(struct server *srv, struct hv *hv)
{
	*srv = (struct server){.hv = hv};
	store_init(&srv->store);
	journal_init(&srv->journal);
}

void server_free(struct server *srv)
{
	while (srv->domains)
		domain_free(srv->domains);
	while (srv->conns)
		conn_free(srv->conns);
	journal_close(&srv->journal);
	store_free(&srv->store);
}

void server_changed(struct server *srv, struct node *before, struct changes *ch)
{
	struct buf *b = &srv->journal.pending;

	for (size_t i = 0; i < ch->count; i++) {
		const char *path = ch->list[i].path;
		const struct node *n = tree_find(srv->store.root, path);

		if (ch->list[i].kind == CHANGE_REMOVED)
			state_remove(b, path);
		else if (n)
			state_node(b, path, n);
	}
	watch_fire(srv, before, ch);
	changes_free(ch);
	node_put(before);
}

void server_special_event(struct server *srv, const char *name)
{
	watch_fire_special(srv, name);
}

void server_add_client(struct server *srv, int fd)
{
	conn_new(srv, 0, fd, NULL);
}

static void make_first_nodes(struct server *srv)
{
	static const struct {
		const char *path, *value;
	} first[] = {
		{"/tool", ""},
		{"/tool/xenstored", ""},
		{"/vm", ""},
		{"/local", ""},
		{"/local/domain", ""},
		{"/local/domain/0", ""},
		{"/local/domain/0/name", "Domain-0"},
		{"/local/domain/0/domid", "0"},
		/* libxl asks for the name of the CPU pool of all domains. */
		{"/local/pool", ""},
		{"/local/pool/0", ""},
		{"/local/pool/0/name", "Pool-0"},
	};
	static const struct perm dom0 = {.domid = 0};
	struct view v;

	view_open(&v, &srv->store);
	for (size_t i = 0; i < sizeof(first) / sizeof(*first); i++)
		if (!tree_find(v.root, first[i].path))
			(void)view_put(&v, first[i].path, first[i].value,
				       strlen(first[i].value), &dom0, 1);
	view_commit(&v);
	view_close(&v);
}

/*
 * Our predecessor was killed, and its ports are free once the kernel has
 * finished with it, which may be a little later.
 */
static int resume_patiently(struct server *srv, struct domain *d)
{
	const struct timespec pause = {.tv_nsec = RESUME_MS * 1000000L};
	int err = domain_resume_ring(d);

	for (int i = 0; err && i < RESUME_TRIES; i++) {
		if (srv->hv->ops->state(srv->hv, d->domid) == DOMAIN_GONE)
			return 0;
		nanosleep(&pause, NULL);
		err = domain_resume_ring(d);
	}
	return err;
}

static void resume_domains(struct server *srv)
{
	for (struct domain *d = srv->domains; d; d = d->next) {
		int err = resume_patiently(srv, d);

		if (err)
			syslog(LOG_ERR,
			       "domain %u is cut off from the store: its ring "
			       "cannot be connected again: %s: introduce or "
			       "restart it",
			       d->domid, strerror(-err));
	}
}

int server_start(struct server *srv, const char *dir)
{
	int err = journal_open(&srv->journal, dir);

	if (err)
		return err;
	err = journal_load(&srv->journal, state_take, srv);
	if (err && err != -ENOENT)
		return err;
	/* Ahead of any generation that a client may have seen before. */
	srv->store.gen += 1ull << 32;
	make_first_nodes(srv);
	resume_domains(srv);
	err = domain_introduce_kernel(srv);
	if (err)
		return err;
	server_check_domains(srv);
	return server_save(srv);
}

int server_save(struct server *srv)
{
	struct buf state = {0};
	int err;

	state_all(&state, srv);
	err = journal_rewrite(&srv->journal, &state);
	buf_free(&state);
	return err;
}

void server_work(struct server *srv)
{
	for (struct conn *c = srv->conns; c; c = c->next)
		conn_work(c);
}

void server_commit(struct server *srv)
{
	bool failed = srv->journal.failed;
	int err = journal_commit(&srv->journal);

	if (err && !failed)
		syslog(LOG_ERR,
		       "the store goes on, but would not survive a restart: "
		       "its journal cannot be written: %s: make room in its "
		       "file system",
		       strerror(-err));
}

void server_flush(struct server *srv)
{
	struct conn *c, *next;

	for (c = srv->conns; c; c = next) {
		next = c->next;
		conn_flush(c);
		if (c->dead)
			conn_free(c);
	}
	if (journal_is_long(&srv->journal))
		(void)server_save(srv);
}

bool server_busy(const struct server *srv)
{
	for (const struct conn *c = srv->conns; c; c = c->next)
		if (conn_busy(c))
			return true;
	return false;
}

void server_check_domains(struct server *srv)
{
	struct domain *d, *next;

	for (d = srv->domains; d; d = next) {
		next = d->next;
		domain_check(d);
	}
}

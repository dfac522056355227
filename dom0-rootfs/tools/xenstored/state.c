/*
 * What the journal's records hold: see state.h. An entry is a byte that tells
 * its kind and then fields; a record is any number of entries.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "state.h"

enum entry {
	ENTRY_GEN,
	ENTRY_NODE,
	ENTRY_REMOVE,
	ENTRY_SPECIAL,
	ENTRY_DOMAIN,
	ENTRY_DOMAIN_ATTR,
	ENTRY_DOMAIN_GONE,
	ENTRY_RESET,
	ENTRY_INPUT,
	ENTRY_OUTPUT,
	ENTRY_WATCH,
	ENTRY_UNWATCH,
	ENTRY_TX_OPEN,
	ENTRY_TX_END,
	ENTRY_FORGET,
	ENTRY_COUNT
};

#define ATTR_SHUTDOWN 1u
#define ATTR_STOPPED  2u

static void put_str(struct buf *b, const char *s)
{
	buf_put_blob(b, s, strlen(s) + 1);
}

static void put_perms(struct buf *b, const struct node *n)
{
	buf_put_u32(b, n->perms);
	for (uint32_t i = 0; i < n->perms; i++) {
		buf_put_u32(b, n->perm[i].domid);
		buf_put_u8(b, n->perm[i].access);
	}
}

static void put_head(struct buf *b, enum entry kind, uint32_t domid)
{
	buf_put_u8(b, (uint8_t)kind);
	buf_put_u32(b, domid);
}

void state_node(struct buf *b, const char *path, const struct node *n)
{
	buf_put_u8(b, ENTRY_NODE);
	put_str(b, path);
	buf_put_blob(b, n->value, n->len);
	put_perms(b, n);
}

void state_remove(struct buf *b, const char *path)
{
	buf_put_u8(b, ENTRY_REMOVE);
	put_str(b, path);
}

void state_special(struct buf *b, const struct node *n)
{
	buf_put_u8(b, ENTRY_SPECIAL);
	put_str(b, n->name);
	put_perms(b, n);
}

void state_domain(struct buf *b, const struct domain *d)
{
	put_head(b, ENTRY_DOMAIN, d->domid);
	buf_put_u64(b, d->gfn);
	buf_put_u32(b, d->port);
	buf_put_u32(b, d->req_cons);
	buf_put_u32(b, d->rsp_prod);
}

void state_domain_attr(struct buf *b, const struct domain *d)
{
	put_head(b, ENTRY_DOMAIN_ATTR, d->domid);
	buf_put_u32(b, d->port);
	buf_put_u32(b, d->conn->who.target);
	buf_put_u32(b,
		    (d->shutdown ? ATTR_SHUTDOWN : 0) | (d->stopped ? ATTR_STOPPED : 0));
}

void state_domain_gone(struct buf *b, uint32_t domid)
{
	put_head(b, ENTRY_DOMAIN_GONE, domid);
}

void state_reset(struct buf *b, const struct domain *d)
{
	put_head(b, ENTRY_RESET, d->domid);
	buf_put_u32(b, d->req_cons);
	buf_put_u32(b, d->rsp_prod);
}

void state_input(struct buf *b, const struct domain *d)
{
	put_head(b, ENTRY_INPUT, d->domid);
	buf_put_u32(b, d->req_cons);
	buf_put_blob(b, d->conn->in, d->conn->in_len);
}

void state_output(struct buf *b, uint32_t domid, const void *data, size_t len)
{
	put_head(b, ENTRY_OUTPUT, domid);
	buf_put_blob(b, data, len);
}

void state_watch(struct buf *b, uint32_t domid, const struct watch *w)
{
	put_head(b, ENTRY_WATCH, domid);
	put_str(b, w->path);
	buf_put_u32(b, (uint32_t)w->base);
	buf_put_u32(b, w->depth);
	put_str(b, w->token);
}

void state_unwatch(struct buf *b, uint32_t domid, const char *path, const char *token)
{
	put_head(b, ENTRY_UNWATCH, domid);
	put_str(b, path);
	put_str(b, token);
}

void state_tx(struct buf *b, uint32_t domid, uint32_t id, bool open)
{
	put_head(b, open ? ENTRY_TX_OPEN : ENTRY_TX_END, domid);
	buf_put_u32(b, id);
}

void state_forget(struct buf *b, uint32_t domid)
{
	put_head(b, ENTRY_FORGET, domid);
}

struct all_nodes {
	struct buf *b;
	char path[PATH_SIZE];
};

static void put_below(struct all_nodes *a, const struct node *n)
{
	size_t len = strlen(a->path);

	state_node(a->b, len ? a->path : "/", n);
	for (uint32_t i = 0; i < n->children; i++) {
		a->path[len] = '/';
		strcpy(a->path + len + 1, n->child[i]->name);
		put_below(a, n->child[i]);
	}
	a->path[len] = 0;
}

static void put_domain(struct buf *b, const struct domain *d)
{
	const struct conn *c = d->conn;
	size_t skip = c->out_sent;

	state_domain(b, d);
	state_domain_attr(b, d);
	state_input(b, d);
	for (const struct msg *m = c->out; m; m = m->next, skip = 0)
		state_output(b, d->domid, m->data + skip, m->len - skip);
	for (const struct watch *w = c->watches; w; w = w->next)
		state_watch(b, d->domid, w);
	for (const struct tx *tx = c->txs; tx; tx = tx->next)
		state_tx(b, d->domid, tx->id, true);
}

void state_all(struct buf *b, const struct server *srv)
{
	struct all_nodes a = {.b = b};

	buf_put_u8(b, ENTRY_GEN);
	buf_put_u64(b, srv->store.gen);
	put_below(&a, srv->store.root);
	for (int i = 0; i < SPECIAL_COUNT; i++)
		state_special(b, srv->store.special[i]);
	for (const struct domain *d = srv->domains; d; d = d->next)
		put_domain(b, d);
}

static struct perm *take_perms(struct cursor *c, uint32_t *count)
{
	struct perm *perm;
	uint32_t n = cur_u32(c);

	if (!n || n > XENSTORE_PAYLOAD_MAX) {
		c->bad = 1;
		n = 0;
	}
	perm = mem_alloc(n * sizeof(*perm));
	for (uint32_t i = 0; i < n; i++) {
		perm[i].domid = (uint16_t)cur_u32(c);
		perm[i].access = cur_u8(c);
	}
	*count = n;
	return perm;
}

static int take_gen(struct server *srv, struct cursor *c)
{
	srv->store.gen = cur_u64(c);
	return 0;
}

static int take_node(struct server *srv, struct cursor *c)
{
	const char *path = cur_str(c);
	struct perm *perm;
	struct view v;
	uint32_t perms;
	size_t len;
	const void *value = cur_blob(c, &len);
	int err = -EINVAL;

	perm = take_perms(c, &perms);
	if (!c->bad) {
		view_open(&v, &srv->store);
		err = view_put(&v, path, value, len, perm, perms);
		view_commit(&v);
		view_close(&v);
	}
	free(perm);
	return err;
}

static int take_remove(struct server *srv, struct cursor *c)
{
	const char *path = cur_str(c);
	struct view v;

	if (c->bad)
		return -EINVAL;
	view_open(&v, &srv->store);
	view_remove(&v, path);
	view_commit(&v);
	view_close(&v);
	return 0;
}

static int take_special(struct server *srv, struct cursor *c)
{
	struct node **n = store_special(&srv->store, cur_str(c));
	uint32_t perms;
	struct perm *perm = take_perms(c, &perms);

	if (n && !c->bad)
		node_set_perms(*n, perm, perms);
	free(perm);
	return n ? 0 : -EINVAL;
}

static int take_domain(struct server *srv, struct cursor *c)
{
	uint32_t domid = cur_u32(c);
	uint64_t gfn = cur_u64(c);
	uint32_t port = cur_u32(c);
	struct domain *d;

	if (domid >= DOMID_LIMIT || domain_find(srv, domid))
		return -EINVAL;
	d = domain_new(srv, domid, gfn, port);
	d->req_cons = cur_u32(c);
	d->rsp_prod = cur_u32(c);
	return 0;
}

static struct domain *take_domid(struct server *srv, struct cursor *c)
{
	struct domain *d = domain_find(srv, cur_u32(c));

	if (!d)
		c->bad = 1;
	return d;
}

static int take_attr(struct server *srv, struct cursor *c)
{
	struct domain *d = take_domid(srv, c);
	uint32_t port = cur_u32(c), target = cur_u32(c), flags = cur_u32(c);

	if (c->bad)
		return -EINVAL;
	d->port = port;
	d->conn->who.target = target;
	d->shutdown = flags & ATTR_SHUTDOWN;
	d->stopped = flags & ATTR_STOPPED;
	return 0;
}

static int take_gone(struct server *srv, struct cursor *c)
{
	struct domain *d = take_domid(srv, c);

	if (!d)
		return -EINVAL;
	domain_free(d);
	return 0;
}

static int take_reset(struct server *srv, struct cursor *c)
{
	struct domain *d = take_domid(srv, c);

	if (!d)
		return -EINVAL;
	conn_reset(d->conn);
	d->req_cons = cur_u32(c);
	d->rsp_prod = cur_u32(c);
	return 0;
}

static int take_input(struct server *srv, struct cursor *c)
{
	struct domain *d = take_domid(srv, c);
	uint32_t cons = cur_u32(c);
	size_t len;
	const void *data = cur_blob(c, &len);

	if (c->bad || len > sizeof(d->conn->in))
		return -EINVAL;
	d->req_cons = cons;
	memcpy(d->conn->in, data, len);
	d->conn->in_len = len;
	return 0;
}

static int take_output(struct server *srv, struct cursor *c)
{
	struct domain *d = take_domid(srv, c);
	size_t len;
	const void *data = cur_blob(c, &len);

	if (c->bad)
		return -EINVAL;
	conn_send_bytes(d->conn, data, len);
	return 0;
}

static int take_watch(struct server *srv, struct cursor *c)
{
	struct domain *d = take_domid(srv, c);
	const char *path = cur_str(c), *token;
	uint32_t base = cur_u32(c), depth = cur_u32(c);

	token = cur_str(c);
	if (c->bad || base > strlen(path))
		return -EINVAL;
	return watch_add(d->conn, path, base, depth, token, NULL);
}

static int take_unwatch(struct server *srv, struct cursor *c)
{
	struct domain *d = take_domid(srv, c);
	const char *path = cur_str(c), *token = cur_str(c);

	return c->bad ? -EINVAL : watch_remove(d->conn, path, token);
}

static int take_tx_open(struct server *srv, struct cursor *c)
{
	struct domain *d = take_domid(srv, c);
	uint32_t id = cur_u32(c);

	if (c->bad || conn_find_tx(d->conn, id))
		return -EINVAL;
	conn_add_tx(d->conn, id)->doomed = true;
	return 0;
}

static int take_tx_end(struct server *srv, struct cursor *c)
{
	struct domain *d = take_domid(srv, c);
	uint32_t id = cur_u32(c);

	if (c->bad || !conn_find_tx(d->conn, id))
		return -EINVAL;
	conn_drop_tx(d->conn, id);
	return 0;
}

static int take_forget(struct server *srv, struct cursor *c)
{
	struct domain *d = take_domid(srv, c);

	if (!d)
		return -EINVAL;
	watch_remove_all(d->conn);
	while (d->conn->txs)
		conn_drop_tx(d->conn, d->conn->txs->id);
	return 0;
}

static int (*const take[ENTRY_COUNT])(struct server *, struct cursor *) = {
	[ENTRY_GEN] = take_gen,		 [ENTRY_NODE] = take_node,
	[ENTRY_REMOVE] = take_remove,	 [ENTRY_SPECIAL] = take_special,
	[ENTRY_DOMAIN] = take_domain,	 [ENTRY_DOMAIN_ATTR] = take_attr,
	[ENTRY_DOMAIN_GONE] = take_gone, [ENTRY_RESET] = take_reset,
	[ENTRY_INPUT] = take_input,	 [ENTRY_OUTPUT] = take_output,
	[ENTRY_WATCH] = take_watch,	 [ENTRY_UNWATCH] = take_unwatch,
	[ENTRY_TX_OPEN] = take_tx_open,	 [ENTRY_TX_END] = take_tx_end,
	[ENTRY_FORGET] = take_forget,
};

int state_take(void *arg, struct cursor *c)
{
	int err = 0;

	while (!err && c->at < c->end) {
		uint8_t kind = cur_u8(c);

		err = kind < ENTRY_COUNT ? take[kind](arg, c) : -EINVAL;
		if (c->bad)
			err = -EINVAL;
	}
	return err;
}

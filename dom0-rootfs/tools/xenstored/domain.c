/*
 * Domains that were introduced: see domain.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "domain.h"
#include "ring.h"
#include "state.h"

static struct buf *pending(const struct domain *d)
{
	return &d->srv->journal.pending;
}

struct domain *domain_find(const struct server *srv, uint32_t domid)
{
	struct domain *d;

	for (d = srv->domains; d && d->domid != domid; d = d->next)
		;
	return d;
}

struct domain *domain_new(struct server *srv, uint32_t domid, uint64_t gfn, uint32_t port)
{
	struct domain *d = mem_alloc(sizeof(*d)), **end = &srv->domains;

	d->srv = srv;
	d->domid = domid;
	d->gfn = gfn;
	d->port = port;
	d->conn = conn_new(srv, domid, -1, d);
	while (*end)
		end = &(*end)->next;
	*end = d;
	return d;
}

static void disconnect(struct domain *d)
{
	struct hv *hv = d->srv->hv;

	if (d->local_port)
		hv->ops->unbind(hv, d->local_port);
	if (d->ring)
		hv->ops->unmap(hv, d->ring);
	d->local_port = 0;
	d->ring = NULL;
}

void domain_free(struct domain *d)
{
	struct domain **at = &d->srv->domains;

	while (*at != d)
		at = &(*at)->next;
	*at = d->next;
	disconnect(d);
	/* Somebody may be walking the list of connections: it goes later. */
	conn_reset(d->conn);
	d->conn->domain = NULL;
	d->conn->dead = true;
	free(d);
}

static int bind_port(struct domain *d)
{
	struct hv *hv = d->srv->hv;
	int port;

	if (d->local_port)
		hv->ops->unbind(hv, d->local_port);
	d->local_port = 0;
	port = hv->ops->bind(hv, d->domid, d->port);
	if (port < 0)
		return port;
	d->local_port = (uint32_t)port;
	d->touched = true;
	return 0;
}

static int map_ring(struct domain *d)
{
	struct hv *hv = d->srv->hv;

	if (d->ring)
		return 0;
	if (d->domid == 0)
		return hv->ops->map_kernel(hv, &d->port, &d->ring);
	return hv->ops->map(hv, d->domid, d->gfn, &d->ring);
}

static int connect_ring(struct domain *d)
{
	int err = map_ring(d);

	if (!err)
		err = bind_port(d);
	if (err) {
		disconnect(d);
		return err;
	}
	d->ring->server_features =
		XENSTORE_SERVER_FEATURE_RECONNECTION | XENSTORE_SERVER_FEATURE_ERROR;
	return 0;
}

static int introduce_new(struct server *srv, uint32_t domid, uint64_t gfn, uint32_t port)
{
	struct domain *d = domain_new(srv, domid, gfn, port);
	int err = connect_ring(d);

	if (err) {
		domain_free(d);
		return err;
	}
	d->req_cons = d->ring->req_cons;
	d->rsp_prod = d->ring->rsp_prod;
	d->ring->error = XENSTORE_ERROR_NONE;
	state_domain(pending(d), d);
	state_domain_attr(pending(d), d);
	return 0;
}

int domain_introduce(struct server *srv, uint32_t domid, uint64_t gfn, uint32_t port)
{
	struct domain *d = domain_find(srv, domid);
	int err;

	if (!d) {
		err = introduce_new(srv, domid, gfn, port);
		if (!err)
			server_special_event(srv, "@introduceDomain");
		return err;
	}
	if (d->gfn != gfn)
		return -EINVAL;
	d->port = port;
	state_domain_attr(pending(d), d);
	return d->ring ? bind_port(d) : domain_resume_ring(d);
}

int domain_introduce_kernel(struct server *srv)
{
	return domain_find(srv, 0) ? 0 : introduce_new(srv, 0, 0, 0);
}

/*
 * What our predecessor had sent but not noted: its last index tells. The bytes
 * between are at the front of the queue, for it was the only one to move it.
 */
static void catch_up(struct domain *d)
{
	uint32_t sent = d->ring->rsp_prod - d->rsp_prod;

	if (d->stopped || d->ring->connection == XENSTORE_RECONNECT)
		return;
	if (sent > d->conn->out_bytes) {
		domain_stop(d, XENSTORE_ERROR_RINGIDX, "bad index of answers");
		return;
	}
	conn_sent(d->conn, sent);
	d->rsp_prod += sent;
}

int domain_resume_ring(struct domain *d)
{
	int err = connect_ring(d);

	if (err)
		return err;
	catch_up(d);
	/* Events that did not fit were not noted. */
	if (conn_blocked(d->conn))
		for (struct watch *w = d->conn->watches; w; w = w->next)
			w->put_off = true;
	return 0;
}

static void forget_target(struct server *srv, uint32_t domid)
{
	for (struct domain *d = srv->domains; d; d = d->next)
		if (d->conn->who.target == domid) {
			d->conn->who.target = NO_TARGET;
			state_domain_attr(pending(d), d);
		}
}

void domain_release(struct domain *d)
{
	struct server *srv = d->srv;
	struct node *before = node_get(srv->store.root);
	uint32_t domid = d->domid;
	struct changes ch = {0};
	struct view v;

	domain_free(d);
	state_domain_gone(&srv->journal.pending, domid);
	forget_target(srv, domid);
	view_open(&v, &srv->store);
	view_forget_domain(&v, domid, &ch);
	view_commit(&v);
	view_close(&v);
	server_changed(srv, before, &ch);
	server_special_event(srv, "@releaseDomain");
}

void domain_check(struct domain *d)
{
	struct server *srv = d->srv;
	enum domain_state state;

	if (d->domid == 0)
		return;
	state = srv->hv->ops->state(srv->hv, d->domid);
	if (state == DOMAIN_GONE) {
		domain_release(d);
	} else if (state == DOMAIN_SHUTDOWN && !d->shutdown) {
		d->shutdown = true;
		state_domain_attr(pending(d), d);
		server_special_event(srv, "@releaseDomain");
	}
}

void domain_stop(struct domain *d, uint32_t error, const char *why)
{
	struct hv *hv = d->srv->hv;

	if (d->complaints++ < DOMAIN_COMPLAINTS)
		syslog(LOG_WARNING,
		       "domain %u is ignored from here on: %s: its store driver "
		       "has to reset the ring",
		       d->domid, why);
	conn_reset(d->conn);
	d->stopped = true;
	state_reset(pending(d), d);
	state_domain_attr(pending(d), d);
	d->ring->error = error;
	hv->ops->notify(hv, d->local_port);
}

void domain_check_reset(struct domain *d)
{
	if (!d->ring || d->resetting ||
	    __atomic_load_n(&d->ring->connection, __ATOMIC_ACQUIRE) != XENSTORE_RECONNECT)
		return;
	conn_reset(d->conn);
	d->stopped = false;
	d->resetting = true;
	d->req_cons = d->rsp_prod = 0;
	state_reset(pending(d), d);
	state_domain_attr(pending(d), d);
}

static void finish_reset(struct domain *d)
{
	struct xenstore_domain_interface *ring = d->ring;

	ring->req_cons = ring->req_prod = 0;
	ring->rsp_cons = ring->rsp_prod = 0;
	ring->error = XENSTORE_ERROR_NONE;
	__atomic_store_n(&ring->connection, XENSTORE_CONNECTED, __ATOMIC_RELEASE);
	d->resetting = false;
	d->touched = true;
}

size_t domain_receive(struct domain *d, void *to, size_t max)
{
	int n = ring_take(d->ring, &d->req_cons, to, max);

	if (n < 0) {
		domain_stop(d, XENSTORE_ERROR_RINGIDX, "bad index of requests");
		return 0;
	}
	return (size_t)n;
}

bool domain_pending(const struct domain *d)
{
	return d->ring && !d->stopped && ring_pending(d->ring, d->req_cons);
}

static void flush_answers(struct domain *d)
{
	struct conn *c = d->conn;
	int n = 1;

	while (c->out && n > 0) {
		n = ring_put(d->ring, &d->rsp_prod, c->out->data + c->out_sent,
			     c->out->len - c->out_sent);
		if (n > 0) {
			conn_sent(c, (size_t)n);
			d->touched = true;
		}
	}
	if (n < 0)
		domain_stop(d, XENSTORE_ERROR_RINGIDX, "bad index of answers");
}

void domain_flush(struct domain *d)
{
	if (!d->ring)
		return;
	if (d->resetting)
		finish_reset(d);
	if (!d->stopped) {
		if (d->ring->req_cons != d->req_cons) {
			ring_publish_cons(d->ring, d->req_cons);
			d->touched = true;
		}
		flush_answers(d);
	}
	if (d->touched)
		d->srv->hv->ops->notify(d->srv->hv, d->local_port);
	d->touched = false;
}

/*
 * Clients and their queues: see conn.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "domain.h"
#include "state.h"

struct conn *conn_new(struct server *srv, uint32_t domid, int fd, struct domain *domain)
{
	struct conn *c = mem_alloc(sizeof(*c));

	c->srv = srv;
	c->who = (struct subject){domid, NO_TARGET};
	c->fd = fd;
	c->domain = domain;
	c->out_tail = &c->out;
	c->next = srv->conns;
	srv->conns = c;
	return c;
}

void conn_reset(struct conn *c)
{
	watch_remove_all(c);
	while (c->txs)
		conn_drop_tx(c, c->txs->id);
	conn_sent(c, c->out_bytes);
	c->in_len = 0;
}

void conn_free(struct conn *c)
{
	struct conn **at = &c->srv->conns;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	conn_reset(c);
	if (c->fd >= 0)
		close(c->fd);
	free(c);
}

static size_t out_limit(const struct conn *c)
{
	return subject_privileged(&c->who) ? CONN_OUT_LOCAL : CONN_OUT_GUEST;
}

bool conn_blocked(const struct conn *c)
{
	return c->out_bytes > out_limit(c);
}

static void queue(struct conn *c, struct msg *m)
{
	*c->out_tail = m;
	c->out_tail = &m->next;
	c->out_bytes += m->len;
	if (c->domain)
		state_output(&c->srv->journal.pending, c->domain->domid, m->data, m->len);
}

static struct msg *msg_new(const void *head, size_t head_len, const void *data,
			   size_t len)
{
	struct msg *m = mem_alloc(sizeof(*m) + head_len + len);

	m->len = head_len + len;
	memcpy(m->data, head, head_len);
	if (len)
		memcpy(m->data + head_len, data, len);
	return m;
}

void conn_send(struct conn *c, const struct xsd_sockmsg *hdr, const void *data)
{
	queue(c, msg_new(hdr, sizeof(*hdr), data, hdr->len));
}

void conn_send_bytes(struct conn *c, const void *data, size_t len)
{
	if (len)
		queue(c, msg_new(data, len, NULL, 0));
}

/* The first message may have gone out in part already, so it does not count. */
static bool queued(const struct conn *c, const struct msg *m)
{
	const struct msg *q = c->out ? c->out->next : NULL;

	for (; q; q = q->next)
		if (q->len == m->len && !memcmp(q->data, m->data, m->len))
			return true;
	return false;
}

void conn_event(struct conn *c, struct watch *w, const char *path)
{
	struct xsd_sockmsg hdr = {.type = XS_WATCH_EVENT};
	struct buf text = {0};
	struct msg *m;

	if (c->dead)
		return;
	if (conn_blocked(c)) {
		w->put_off = true;
		return;
	}
	buf_add_str(&text, path + w->base);
	buf_add_str(&text, w->token);
	hdr.len = (uint32_t)text.len;
	m = msg_new(&hdr, sizeof(hdr), text.data, text.len);
	buf_free(&text);
	if (queued(c, m))
		free(m);
	else
		queue(c, m);
}

void conn_sent(struct conn *c, size_t len)
{
	c->out_bytes -= len;
	len += c->out_sent;
	while (c->out && len >= c->out->len) {
		struct msg *m = c->out;

		len -= m->len;
		c->out = m->next;
		free(m);
	}
	c->out_sent = len;
	if (!c->out)
		c->out_tail = &c->out;
}

static bool have_put_off(const struct conn *c)
{
	for (const struct watch *w = c->watches; w; w = w->next)
		if (w->put_off)
			return true;
	return false;
}

static void send_put_off(struct conn *c)
{
	for (struct watch *w = c->watches; w && !conn_blocked(c); w = w->next)
		if (w->put_off) {
			w->put_off = false;
			conn_event(c, w, w->path);
		}
}

/* Bytes of the first message in the buffer, as far as that is known. */
static size_t message_size(const struct conn *c)
{
	struct xsd_sockmsg hdr;

	if (c->in_len < sizeof(hdr))
		return sizeof(hdr);
	memcpy(&hdr, c->in, sizeof(hdr));
	return sizeof(hdr) + hdr.len;
}

static bool message_complete(const struct conn *c)
{
	return c->in_len >= sizeof(struct xsd_sockmsg) && message_size(c) <= c->in_len;
}

static bool message_too_long(const struct conn *c)
{
	return message_size(c) > CONN_MESSAGE_MAX;
}

static void receive(struct conn *c)
{
	size_t room = sizeof(c->in) - c->in_len;
	ssize_t n;

	if (c->domain) {
		c->in_len += domain_receive(c->domain, c->in + c->in_len, room);
		return;
	}
	n = recv(c->fd, c->in + c->in_len, room, MSG_DONTWAIT);
	if (n > 0)
		c->in_len += (size_t)n;
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		c->dead = true;
}

static void take_message(struct conn *c)
{
	struct xsd_sockmsg hdr;
	size_t size = message_size(c);

	memcpy(&hdr, c->in, sizeof(hdr));
	conn_request(c, &hdr, c->in + sizeof(hdr));
	c->in_len -= size;
	memmove(c->in, c->in + size, c->in_len);
}

static bool ignored(const struct conn *c)
{
	return c->dead || (c->domain && (!c->domain->ring || c->domain->stopped ||
					 c->domain->resetting));
}

void conn_work(struct conn *c)
{
	uint32_t cons = c->domain ? c->domain->req_cons : 0;
	size_t len = c->in_len;
	int done = 0;

	if (c->domain)
		domain_check_reset(c->domain);
	send_put_off(c);
	for (; done < CONN_ROUND && !ignored(c) && !conn_blocked(c); done++) {
		if (!message_complete(c))
			receive(c);
		if (message_too_long(c)) {
			if (c->domain)
				domain_stop(c->domain, XENSTORE_ERROR_PROTO,
					    "message too long");
			else
				c->dead = true;
		}
		if (ignored(c) || !message_complete(c))
			break;
		take_message(c);
	}
	if (c->domain && !ignored(c) &&
	    (done || c->in_len != len || c->domain->req_cons != cons))
		state_input(&c->srv->journal.pending, c->domain);
}

bool conn_busy(const struct conn *c)
{
	if (c->domain && domain_pending(c->domain))
		return !conn_blocked(c);
	return !ignored(c) && !conn_blocked(c) &&
	       (message_complete(c) || have_put_off(c));
}

void conn_flush(struct conn *c)
{
	if (c->domain) {
		domain_flush(c->domain);
		return;
	}
	while (c->out && !c->dead) {
		ssize_t n = send(c->fd, c->out->data + c->out_sent,
				 c->out->len - c->out_sent, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n < 0)
			c->dead = true;
		else
			conn_sent(c, (size_t)n);
	}
}

struct tx *conn_find_tx(const struct conn *c, uint32_t id)
{
	struct tx *tx;

	for (tx = c->txs; tx && tx->id != id; tx = tx->next)
		;
	return tx;
}

struct tx *conn_add_tx(struct conn *c, uint32_t id)
{
	struct tx *tx = tx_new(&c->srv->store, id);

	tx->next = c->txs;
	c->txs = tx;
	c->tx_count++;
	c->last_tx = id;
	return tx;
}

void conn_drop_tx(struct conn *c, uint32_t id)
{
	struct tx **at = &c->txs, *tx;

	while ((*at)->id != id)
		at = &(*at)->next;
	tx = *at;
	*at = tx->next;
	c->tx_count--;
	tx_free(tx);
}

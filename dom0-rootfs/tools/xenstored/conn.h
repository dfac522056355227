/*
 * A client: on a socket, or a domain on its ring. A ring's client is durable:
 * it does not notice when the daemon is killed, so that its watches,
 * transactions, and the bytes under way in both directions are journalled.
 *
 * What a client does not read is bounded: beyond the limit no further request
 * of it is taken, and events are put off; a watch whose event was put off
 * fires (on its own path) once there is room again.
 */
#ifndef XENSTORED_CONN_H
#define XENSTORED_CONN_H

#include <time.h>

#include "server.h"
#include "transact.h"
#include "watch.h"

#define CONN_MESSAGE_MAX (sizeof(struct xsd_sockmsg) + XENSTORE_PAYLOAD_MAX)
#define CONN_OUT_GUEST	 65536	 /* bytes not read: limit of a guest */
#define CONN_OUT_LOCAL	 1048576 /* ... of dom0's kernel and of a socket */
#define CONN_ROUND	 16	 /* requests in a row, then others' turn */
#define CONN_CLIENTS	 512	 /* sockets at the same time */

struct msg {
	struct msg *next;
	size_t len;
	char data[];
};

struct conn {
	struct conn *next;
	struct server *srv;
	struct subject who;
	int fd;		       /* socket, or -1 */
	struct domain *domain; /* ring, or NULL */
	bool dead;	       /* socket to be closed; ring to be ignored */
	char in[CONN_MESSAGE_MAX];
	size_t in_len;
	struct msg *out, **out_tail;
	size_t out_sent;  /* of the first message */
	size_t out_bytes; /* not yet sent */
	struct watch *watches;
	unsigned int watch_count;
	struct tx *txs;
	unsigned int tx_count;
	uint32_t last_tx;
};

struct conn *conn_new(struct server *srv, uint32_t domid, int fd, struct domain *domain);
void conn_free(struct conn *c); /* closes fd */

/* Drop transactions, watches, and what is under way. Not journalled. */
void conn_reset(struct conn *c);

/* Queue a message. */
void conn_send(struct conn *c, const struct xsd_sockmsg *hdr, const void *data);
/* Queue bytes that are, or continue, messages. */
void conn_send_bytes(struct conn *c, const void *data, size_t len);
/* Queue an event for one of its watches. */
void conn_event(struct conn *c, struct watch *w, const char *path);

/* Forget the first len bytes of the queue: they were sent. */
void conn_sent(struct conn *c, size_t len);

/* Nothing more is done for it until it has read some of its answers. */
bool conn_blocked(const struct conn *c);

/* Receive and carry out up to CONN_ROUND requests; send events put off. */
void conn_work(struct conn *c);
void conn_flush(struct conn *c);
bool conn_busy(const struct conn *c); /* conn_work() has something to do */

/* Carry out one request and answer it (request.c). */
void conn_request(struct conn *c, const struct xsd_sockmsg *hdr, const char *data);

struct tx *conn_find_tx(const struct conn *c, uint32_t id);
struct tx *conn_add_tx(struct conn *c, uint32_t id);
void conn_drop_tx(struct conn *c, uint32_t id);

#endif

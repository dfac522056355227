/*
 * libxs, inside: the connection object and what its three files share.
 */
#ifndef LIBXS_XS_PRIV_H
#define LIBXS_XS_PRIV_H

#include <errno.h>
#include <stdint.h>
#include <sys/uio.h>

#include <xen/io/xs_wire.h>

#include "xs.h"

#define XS_ANSWER_MS	30000 /* longest wait for an answer */
#define XS_RECONNECT_MS 5000  /* longest wait for a restarted daemon */
#define XS_RETRY_MS	20    /* between two attempts to connect */
#define XS_QUEUE_MAX	16384 /* events not yet taken by the caller */

struct xs_watch {
	struct xs_watch *next;
	char *path;
	char *token;
};

/* An event that waits: path, NUL, token, NUL. */
struct xs_queued {
	struct xs_queued *next;
	size_t token_at;
	size_t len;
	char text[];
};

struct xs {
	int fd;	  /* connection, -1 when lost */
	int epfd; /* what the caller polls: fd and evfd */
	int evfd; /* readable while the queue is not empty */
	char *address;
	uint32_t generation; /* counts connections; upper half of an xs_tx */
	uint32_t req_id;
	struct xs_watch *watches;
	struct xs_queued *queue, **queue_tail, *taken;
	size_t queued;
	/* The message being received: have counts header and body bytes. */
	struct xsd_sockmsg hdr;
	size_t have;
	char body[XENSTORE_PAYLOAD_MAX + 1];
};

/* Payload of an answer: inside struct xs, NUL behind it, until the next call. */
struct xs_reply {
	char *data;
	size_t len;
};

/* Send a request, wait for its answer, reconnecting where that is right. */
int xs_talk(struct xs *x, uint32_t type, xs_tx tx, const struct iovec *iov, int count,
	    struct xs_reply *reply);

/* The same on the connection there is; -ECONNRESET when it is lost. */
int xs_talk_once(struct xs *x, uint32_t type, uint32_t tx_id, const struct iovec *iov,
		 int count, struct xs_reply *reply);

/*
 * Connect again and register all watches, trying for wait_ms (0: once).
 * -ENOTCONN, -ETIMEDOUT
 */
int xs_reconnect(struct xs *x, int wait_ms);

/*
 * Receive what is there without waiting. 1: a message is complete in
 * hdr and body; -EAGAIN: not yet; -ECONNRESET, -EPROTO: the connection is
 * lost or useless.
 */
int xs_receive(struct xs *x);

/* Queue the watch event in hdr and body. */
int xs_event_push(struct xs *x);

int xs_watches_renew(struct xs *x);
void xs_events_free(struct xs *x);

#endif

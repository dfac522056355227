/*
 * libxs: watches and their events. The list of watches is kept so that a new
 * connection can register them again; events that arrive while an answer is
 * awaited are queued, and evfd makes the queue visible to poll().
 */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "xs_priv.h"

static int talk_watch(struct xs *x, uint32_t type, const struct xs_watch *w,
		      int (*talk)(struct xs *, uint32_t, const struct iovec *))
{
	const struct iovec iov[2] = {
		{w->path, strlen(w->path) + 1},
		{w->token, strlen(w->token) + 1},
	};

	return talk(x, type, iov);
}

static int talk_retrying(struct xs *x, uint32_t type, const struct iovec *iov)
{
	return xs_talk(x, type, XS_TX_NONE, iov, 2, NULL);
}

static int talk_plain(struct xs *x, uint32_t type, const struct iovec *iov)
{
	return xs_talk_once(x, type, 0, iov, 2, NULL);
}

static struct xs_watch **watch_find(struct xs *x, const char *path, const char *token)
{
	struct xs_watch **w;

	for (w = &x->watches; *w; w = &(*w)->next)
		if (!strcmp((*w)->path, path) && !strcmp((*w)->token, token))
			break;
	return w;
}

static void watch_free(struct xs_watch *w)
{
	free(w->path);
	free(w->token);
	free(w);
}

int xs_watch(struct xs *x, const char *path, const char *token)
{
	struct xs_watch *w = calloc(1, sizeof(*w));
	int err;

	if (!w)
		return -ENOMEM;
	w->path = strdup(path);
	w->token = strdup(token);
	err = w->path && w->token ? 0 : -ENOMEM;
	if (!err)
		err = talk_watch(x, XS_WATCH, w, talk_retrying);
	if (err) {
		watch_free(w);
		return err;
	}
	w->next = x->watches;
	x->watches = w;
	return 0;
}

int xs_unwatch(struct xs *x, const char *path, const char *token)
{
	struct xs_watch **at = watch_find(x, path, token), *w = *at;
	int err;

	if (!w)
		return -ENOENT;
	err = talk_watch(x, XS_UNWATCH, w, talk_retrying);
	/* The list may have been walked, but never changed, meanwhile. */
	*at = w->next;
	watch_free(w);
	return err;
}

int xs_watches_renew(struct xs *x)
{
	for (const struct xs_watch *w = x->watches; w; w = w->next) {
		int err = talk_watch(x, XS_WATCH, w, talk_plain);

		if (err && err != -EEXIST)
			return err;
	}
	return 0;
}

static struct xs_queued *event_parse(const struct xs *x)
{
	size_t path_len = strlen(x->body);
	struct xs_queued *q;

	if (path_len + 1 >= x->hdr.len)
		return NULL;
	q = malloc(sizeof(*q) + x->hdr.len + 1);
	if (!q)
		return NULL;
	q->next = NULL;
	q->token_at = path_len + 1;
	q->len = x->hdr.len;
	memcpy(q->text, x->body, x->hdr.len + 1);
	return q;
}

int xs_event_push(struct xs *x)
{
	const uint64_t one = 1;
	struct xs_queued *q;

	for (q = x->queue; q; q = q->next)
		if (q->len == x->hdr.len && !memcmp(q->text, x->body, q->len))
			return 0;
	if (x->queued >= XS_QUEUE_MAX)
		return -ENOBUFS;
	q = event_parse(x);
	if (!q)
		return -EPROTO;
	*x->queue_tail = q;
	x->queue_tail = &q->next;
	if (x->queued++ == 0 && write(x->evfd, &one, sizeof(one)) < 0)
		return -errno;
	return 0;
}

static int event_pop(struct xs *x, struct xs_event *ev)
{
	struct xs_queued *q = x->queue;
	uint64_t count;

	if (!q)
		return -EAGAIN;
	x->queue = q->next;
	if (!x->queue)
		x->queue_tail = &x->queue;
	if (--x->queued == 0 && read(x->evfd, &count, sizeof(count)) < 0)
		return -errno;
	free(x->taken);
	x->taken = q;
	ev->path = q->text;
	ev->token = q->text + q->token_at;
	return 0;
}

int xs_next_event(struct xs *x, struct xs_event *ev)
{
	int err;

	while ((err = xs_receive(x)) == 1) {
		/* Anything else is the answer to a request given up. */
		if (x->hdr.type == XS_WATCH_EVENT) {
			err = xs_event_push(x);
			if (err)
				return err;
		}
		if (x->queued >= XS_QUEUE_MAX / 2)
			break;
	}
	if (x->queue)
		return event_pop(x, ev);
	if (err != -EAGAIN && err != 1) {
		err = xs_reconnect(x, 0);
		return err ? err : event_pop(x, ev);
	}
	return -EAGAIN;
}

int xs_wait_event(struct xs *x, struct xs_event *ev, int timeout_ms)
{
	struct pollfd pfd = {.fd = x->epfd, .events = POLLIN};
	struct timespec start, now;
	int left = timeout_ms, err;

	clock_gettime(CLOCK_MONOTONIC, &start);
	for (;;) {
		err = xs_next_event(x, ev);
		if (err == -ENOTCONN)
			err = xs_reconnect(x, XS_RECONNECT_MS) ? err : -EAGAIN;
		if (err != -EAGAIN || left == 0)
			return err;
		if (poll(&pfd, 1, left) < 0 && errno != EINTR)
			return -errno;
		if (timeout_ms < 0)
			continue;
		clock_gettime(CLOCK_MONOTONIC, &now);
		left = timeout_ms - (int)((now.tv_sec - start.tv_sec) * 1000 +
					  (now.tv_nsec - start.tv_nsec) / 1000000);
		if (left < 0)
			left = 0;
	}
}

void xs_events_free(struct xs *x)
{
	while (x->queue) {
		struct xs_queued *q = x->queue;

		x->queue = q->next;
		free(q);
	}
	free(x->taken);
	while (x->watches) {
		struct xs_watch *w = x->watches;

		x->watches = w->next;
		watch_free(w);
	}
}

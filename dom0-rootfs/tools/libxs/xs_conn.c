/*
 * libxs: the connection. Connecting, sending a request, receiving messages,
 * and doing it again when the daemon was restarted.
 *
 * The descriptor never blocks: while a request cannot be sent, messages are
 * received, so that neither side can wait for the other for ever.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "xs_priv.h"

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int open_socket(const char *path)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int fd, err;

	if (strlen(path) >= sizeof(sun.sun_path))
		return -EINVAL;
	strcpy(sun.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&sun, sizeof(sun)) == 0)
		return fd;
	err = -errno;
	close(fd);
	return err;
}

static int open_address(const char *path)
{
	struct stat st;
	int fd;

	if (stat(path, &st) < 0)
		return -errno;
	if (!S_ISCHR(st.st_mode))
		return open_socket(path);
	fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

static void disconnect(struct xs *x)
{
	if (x->fd < 0)
		return;
	close(x->fd);
	x->fd = -1;
	x->have = 0;
}

static int connect_once(struct xs *x)
{
	struct epoll_event ev = {.events = EPOLLIN};
	int fd = open_address(x->address);

	if (fd < 0)
		return fd;
	ev.data.fd = fd;
	if (epoll_ctl(x->epfd, EPOLL_CTL_ADD, fd, &ev) < 0) {
		int err = -errno;

		close(fd);
		return err;
	}
	x->fd = fd;
	x->have = 0;
	x->generation++;
	return 0;
}

static int connect_first(struct xs *x, const char *path)
{
	int err;

	x->address = strdup(path ? path : XS_SOCKET);
	if (!x->address)
		return -ENOMEM;
	err = connect_once(x);
	if (err == 0 || path || access(XS_DEVICE, F_OK) < 0)
		return err;
	free(x->address);
	x->address = strdup(XS_DEVICE);
	return x->address ? connect_once(x) : -ENOMEM;
}

int xs_open(struct xs **out, const char *path)
{
	struct epoll_event ev = {.events = EPOLLIN};
	struct xs *x = calloc(1, sizeof(*x));
	int err;

	if (!x)
		return -ENOMEM;
	x->fd = -1;
	x->queue_tail = &x->queue;
	x->epfd = epoll_create1(EPOLL_CLOEXEC);
	x->evfd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (x->epfd < 0 || x->evfd < 0 ||
	    epoll_ctl(x->epfd, EPOLL_CTL_ADD, x->evfd, &ev) < 0)
		err = -errno;
	else
		err = connect_first(x, path);
	if (err) {
		xs_close(x);
		if (err == -ENOENT || err == -ECONNREFUSED)
			err = -ENOTCONN;
		return err;
	}
	*out = x;
	return 0;
}

void xs_close(struct xs *x)
{
	if (!x)
		return;
	disconnect(x);
	if (x->epfd >= 0)
		close(x->epfd);
	if (x->evfd >= 0)
		close(x->evfd);
	xs_events_free(x);
	free(x->address);
	free(x);
}

int xs_fd(const struct xs *x)
{
	return x->epfd;
}

int xs_reconnect(struct xs *x, int wait_ms)
{
	const struct timespec pause = {.tv_nsec = XS_RETRY_MS * 1000000L};
	int64_t deadline = now_ms() + wait_ms;
	int err;

	for (;;) {
		disconnect(x);
		err = connect_once(x);
		if (err == 0)
			err = xs_watches_renew(x);
		if (err == 0)
			return 0;
		if (now_ms() >= deadline) {
			disconnect(x);
			return err == -ETIMEDOUT ? err : -ENOTCONN;
		}
		nanosleep(&pause, NULL);
	}
}

static int receive_some(struct xs *x, void *to, size_t len)
{
	ssize_t n = read(x->fd, to, len);

	if (n > 0) {
		x->have += (size_t)n;
		return 0;
	}
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return -EAGAIN;
	return -ECONNRESET;
}

int xs_receive(struct xs *x)
{
	const size_t head = sizeof(x->hdr);
	int err = 0;

	if (x->fd < 0)
		return -ECONNRESET;
	while (!err && x->have < head)
		err = receive_some(x, (char *)&x->hdr + x->have, head - x->have);
	if (!err && x->hdr.len > XENSTORE_PAYLOAD_MAX)
		return -EPROTO;
	while (!err && x->have < head + x->hdr.len)
		err = receive_some(x, x->body + (x->have - head),
				   head + x->hdr.len - x->have);
	if (err)
		return err;
	x->body[x->hdr.len] = 0;
	x->have = 0;
	return 1;
}

/* Receive until the answer to req_id is there (1) or nothing more is (0). */
static int receive_answer(struct xs *x, uint32_t req_id)
{
	int err;

	while ((err = xs_receive(x)) == 1) {
		if (x->hdr.type == XS_WATCH_EVENT) {
			err = xs_event_push(x);
			if (err)
				return err;
		} else if (x->hdr.req_id == req_id) {
			return 1;
		}
	}
	return err == -EAGAIN ? 0 : err;
}

static int wait_io(struct xs *x, short events, int64_t deadline)
{
	struct pollfd pfd = {.fd = x->fd, .events = events};
	int64_t left = deadline - now_ms();

	if (left <= 0)
		return -ETIMEDOUT;
	if (poll(&pfd, 1, (int)left) < 0 && errno != EINTR)
		return -errno;
	return 0;
}

static int error_number(const char *name)
{
	for (size_t i = 0; i < sizeof(xsd_errors) / sizeof(*xsd_errors); i++)
		if (!strcmp(name, xsd_errors[i].errstring))
			return -xsd_errors[i].errnum;
	return -EPROTO;
}

/* A daemon that went away is an error to return, not a signal. */
static ssize_t send_some(struct xs *x, const char *msg, size_t len)
{
	ssize_t n = send(x->fd, msg, len, MSG_NOSIGNAL);

	return n < 0 && errno == ENOTSOCK ? write(x->fd, msg, len) : n;
}

static int exchange(struct xs *x, const char *msg, size_t len)
{
	int64_t deadline = now_ms() + XS_ANSWER_MS;
	size_t sent = 0;
	int err;

	for (;;) {
		if (sent < len) {
			ssize_t n = send_some(x, msg + sent, len - sent);

			if (n < 0 && errno != EAGAIN && errno != EINTR)
				return -ECONNRESET;
			sent += n > 0 ? (size_t)n : 0;
		}
		err = receive_answer(x, x->req_id);
		if (err)
			return err;
		err = wait_io(x, sent < len ? POLLIN | POLLOUT : POLLIN, deadline);
		if (err)
			return err;
	}
}

int xs_talk_once(struct xs *x, uint32_t type, uint32_t tx_id, const struct iovec *iov,
		 int count, struct xs_reply *reply)
{
	struct xsd_sockmsg hdr = {.type = type, .req_id = ++x->req_id, .tx_id = tx_id};
	char msg[sizeof(hdr) + XENSTORE_PAYLOAD_MAX];
	int err;

	for (int i = 0; i < count; i++) {
		if (iov[i].iov_len > XENSTORE_PAYLOAD_MAX - hdr.len)
			return -E2BIG;
		if (iov[i].iov_len)
			memcpy(msg + sizeof(hdr) + hdr.len, iov[i].iov_base,
			       iov[i].iov_len);
		hdr.len += (uint32_t)iov[i].iov_len;
	}
	memcpy(msg, &hdr, sizeof(hdr));
	err = exchange(x, msg, sizeof(hdr) + hdr.len);
	if (err < 0) {
		disconnect(x);
		return err;
	}
	if (x->hdr.type == XS_ERROR)
		return error_number(x->body);
	if (x->hdr.type != type)
		return -EPROTO;
	if (reply)
		*reply = (struct xs_reply){x->body, x->hdr.len};
	return 0;
}

int xs_talk(struct xs *x, uint32_t type, xs_tx tx, const struct iovec *iov, int count,
	    struct xs_reply *reply)
{
	int err;

	for (int attempt = 0; attempt < 3; attempt++) {
		if (x->fd < 0) {
			err = xs_reconnect(x, XS_RECONNECT_MS);
			if (err)
				return err;
		}
		if (tx != XS_TX_NONE && (uint32_t)(tx >> 32) != x->generation)
			return -EAGAIN;
		err = xs_talk_once(x, type, (uint32_t)tx, iov, count, reply);
		if (err != -ECONNRESET)
			return err;
	}
	return -ENOTCONN;
}

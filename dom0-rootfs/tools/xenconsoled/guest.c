/*
 * One guest's console: see guest.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <termios.h>
#include <unistd.h>

#include <xen/xen.h>
#include <xen/grant_table.h>

#include "guest.h"

/*
 * A pty in raw mode. We keep only the master open, so that it tells (POLLHUP)
 * whether somebody has the other side.
 */
static int open_pty(struct guest *g)
{
	struct termios raw;
	int slave, err = 0;

	g->pty = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (g->pty < 0)
		return -errno;
	if (grantpt(g->pty) < 0 || unlockpt(g->pty) < 0)
		return -errno;
	err = ptsname_r(g->pty, g->tty, sizeof(g->tty));
	if (err)
		return -err;
	slave = open(g->tty, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0)
		return -errno;
	if (tcgetattr(slave, &raw) == 0) {
		cfmakeraw(&raw);
		if (tcsetattr(slave, TCSANOW, &raw) < 0)
			err = -errno;
	} else {
		err = -errno;
	}
	close(slave);
	return err;
}

static void log_trouble(struct guest *g, int err)
{
	if (!g->log_failed)
		syslog(LOG_ERR,
		       "%s: cannot be written: %s: the guest's output is not "
		       "logged until there is room",
		       g->log.path, strerror(-err));
	g->log_failed = true;
}

struct guest *guest_new(uint32_t domid, const char *name, const char *log_dir, int *err)
{
	struct guest *g = calloc(1, sizeof(*g));
	int log_err;

	*err = -ENOMEM;
	if (!g)
		return NULL;
	g->domid = domid;
	g->allowance = GUEST_BURST;
	*err = open_pty(g);
	if (*err) {
		if (g->pty >= 0)
			close(g->pty);
		free(g);
		return NULL;
	}
	log_err = logfile_open(&g->log, log_dir, name);
	if (log_err)
		log_trouble(g, log_err);
	return g;
}

static void disconnect(struct guest *g, struct peer *p)
{
	if (!g->ring.page)
		return;
	peer_unbind(p, g->local_port);
	peer_unmap(p, g->ring.page);
	g->ring.page = NULL;
}

int guest_connect(struct guest *g, struct peer *p, uint64_t gfn, uint32_t port)
{
	void *page;
	int err, ret;

	if (g->ring.page && g->gfn == gfn && g->port == port)
		return 0;
	disconnect(g, p);
	err = peer_map(p, g->domid, GNTTAB_RESERVED_CONSOLE, gfn, &page);
	if (err)
		return err;
	ret = peer_bind(p, g->domid, port);
	if (ret < 0) {
		peer_unmap(p, page);
		return ret;
	}
	g->gfn = gfn;
	g->port = port;
	g->local_port = (uint32_t)ret;
	cring_init(&g->ring, page);
	return 0;
}

static void allow(struct guest *g, int64_t now)
{
	int64_t more = (now - g->allowed_at) * GUEST_RATE / 1000;

	if (more <= 0)
		return;
	g->allowed_at = now;
	g->allowance += more;
	if (g->allowance > GUEST_BURST)
		g->allowance = GUEST_BURST;
}

/* Output of the guest to log and backlog. Returns the bytes taken. */
static size_t take_output(struct guest *g)
{
	char data[sizeof(g->ring.page->out)];
	size_t max = sizeof(data), len;
	int err;

	if (g->allowance <= 0)
		return 0;
	if ((int64_t)max > g->allowance)
		max = (size_t)g->allowance;
	len = cring_take(&g->ring, data, max);
	if (!len)
		return 0;
	g->allowance -= (int64_t)len;
	backlog_add(&g->backlog, data, len);
	err = logfile_write(&g->log, data, len);
	if (err)
		log_trouble(g, err);
	else
		g->log_failed = false;
	return len;
}

/* Backlog to the viewer, as far as it reads. */
static void show(struct guest *g)
{
	const char *data;
	size_t len;

	while (g->viewed && (len = backlog_unseen(&g->backlog, &data)) > 0) {
		ssize_t n = write(g->pty, data, len);

		if (n <= 0)
			return;
		backlog_saw(&g->backlog, (size_t)n);
	}
}

/* What the viewer types to the guest, as far as there is room. */
static size_t take_input(struct guest *g)
{
	char data[sizeof(g->ring.page->in)];
	size_t room = cring_room(&g->ring);
	ssize_t n;

	if (!g->viewed || !room)
		return 0;
	n = read(g->pty, data, room < sizeof(data) ? room : sizeof(data));
	if (n <= 0)
		return 0;
	cring_put(&g->ring, data, (size_t)n);
	return (size_t)n;
}

void guest_pump(struct guest *g, struct peer *p, int64_t now)
{
	size_t moved = 0;

	allow(g, now);
	if (g->ring.page) {
		moved = take_output(g);
		moved += take_input(g);
	}
	if (moved)
		peer_notify(p, g->local_port);
	show(g);
}

void guest_check_viewed(struct guest *g)
{
	struct pollfd fd = {.fd = g->pty};

	g->viewed = poll(&fd, 1, 0) >= 0 && !(fd.revents & POLLHUP);
}

short guest_poll_events(const struct guest *g)
{
	const char *data;
	short events = 0;

	if (!g->viewed)
		return 0;
	if (g->ring.page && cring_room(&g->ring))
		events |= POLLIN;
	if (backlog_unseen(&g->backlog, &data))
		events |= POLLOUT;
	return events;
}

bool guest_held_back(const struct guest *g)
{
	return g->ring.page && cring_waiting(&g->ring);
}

void guest_free(struct guest *g, struct peer *p)
{
	if (g->ring.page) {
		/* Its last words fit in the ring, so they are all there. */
		g->allowance = GUEST_BURST;
		take_output(g);
		show(g);
	}
	disconnect(g, p);
	logfile_close(&g->log);
	close(g->pty);
	free(g);
}

/*
 * xenstored: the store through which domains and tools find each other.
 *
 * This file: options, becoming a daemon, and the loop. Every wake-up is one
 * round over all clients (server.h tells why in three steps), so that no event
 * can be lost and none has to be matched with a client.
 */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "domain.h"
#include "libsvc/service.h"

#define STATE_DIR "/run/xenstored"
#define SOCKET	  STATE_DIR "/socket"
#define PID_FILE  "/run/xenstored.pid"

enum { EXIT_USAGE = 2 };

struct options {
	const char *socket, *state_dir, *pid_file;
	bool foreground, no_hypervisor;
};

struct daemon {
	struct service service;
	struct server srv;
	struct hv hv;
	int listener, signals;
	struct pollfd *fds;
};

enum { FD_LISTENER, FD_SIGNALS, FD_EVTCHN, FD_CLIENTS };

static const char usage[] =
	"usage: xenstored [-F] [--socket PATH] [--state-dir DIR] [--pid-file FILE]\n"
	"                 [--no-hypervisor]\n"
	"  -F, --foreground     stay in the foreground\n"
	"  --socket PATH        where clients connect (" SOCKET ")\n"
	"  --state-dir DIR      what a restarted xenstored goes on from (" STATE_DIR ")\n"
	"  --pid-file FILE      (" PID_FILE ")\n"
	"  --no-hypervisor      serve the socket only, for tests\n";

static int parse_options(int argc, char **argv, struct options *o)
{
	enum { OPT_SOCKET = 256, OPT_STATE, OPT_PID, OPT_NONE };
	static const struct option longs[] = {
		{"foreground", no_argument, NULL, 'F'},
		{"help", no_argument, NULL, 'h'},
		{"socket", required_argument, NULL, OPT_SOCKET},
		{"state-dir", required_argument, NULL, OPT_STATE},
		{"pid-file", required_argument, NULL, OPT_PID},
		{"no-hypervisor", no_argument, NULL, OPT_NONE},
		{0},
	};
	int c;

	*o = (struct options){SOCKET, STATE_DIR, PID_FILE, false, false};
	while ((c = getopt_long(argc, argv, "Fh", longs, NULL)) != -1) {
		switch (c) {
		case 'F':
			o->foreground = true;
			break;
		case OPT_SOCKET:
			o->socket = optarg;
			break;
		case OPT_STATE:
			o->state_dir = optarg;
			break;
		case OPT_PID:
			o->pid_file = optarg;
			break;
		case OPT_NONE:
			o->no_hypervisor = true;
			break;
		case 'h':
			fputs(usage, stdout);
			exit(EXIT_SUCCESS);
		default:
			return -EINVAL;
		}
	}
	return optind == argc ? 0 : -EINVAL;
}

static int open_listener(const struct service *s, const char *path)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	mode_t mask;
	int fd, err;

	if (strlen(path) >= sizeof(sun.sun_path))
		return service_complain(s, path, -ENAMETOOLONG, "choose a shorter one");
	strcpy(sun.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return service_complain(s, "socket", -errno, "is AF_UNIX in the kernel?");
	/* The state's lock says that nobody else uses it. */
	unlink(path);
	mask = umask(0177);
	err = bind(fd, (struct sockaddr *)&sun, sizeof(sun)) || listen(fd, 64) ? -errno
									       : 0;
	umask(mask);
	if (!err)
		return fd;
	close(fd);
	return service_complain(s, path, err, "is its directory there, and writable?");
}

static int open_hypervisor(const struct service *s, struct hv *hv,
			   const struct options *o)
{
	const char *what;
	int err;

	if (o->no_hypervisor) {
		hv_open_none(hv);
		return 0;
	}
	err = hv_open(hv, &what);
	if (err)
		service_complain(s, what, err,
				 "is this dom0, with xen-evtchn, xen-gntdev "
				 "and xen-privcmd loaded?");
	return err;
}

/* What to do about a state directory that cannot be used. */
static const char *state_cure(int err)
{
	switch (err) {
	case -EBUSY:
		return "xenstored runs already";
	case -EINVAL:
		return "the state in it is damaged: stop all guests, remove it";
	default:
		return "cannot take over the state or the rings";
	}
}

static int start(struct daemon *d, const struct options *o)
{
	struct rlimit files = {CONN_CLIENTS + 64, CONN_CLIENTS + 64};
	int err = open_hypervisor(&d->service, &d->hv, o);

	if (err)
		return err;
	/* A lower limit only means fewer clients. */
	(void)setrlimit(RLIMIT_NOFILE, &files);
	server_init(&d->srv, &d->hv);
	err = server_start(&d->srv, o->state_dir);
	if (err)
		return service_complain(&d->service, o->state_dir, err, state_cure(err));
	d->signals = service_signals(&d->service);
	if (d->signals < 0)
		return d->signals;
	d->listener = open_listener(&d->service, o->socket);
	return d->listener < 0 ? d->listener : service_ready(&d->service);
}

static size_t count_clients(const struct server *srv)
{
	size_t n = 0;

	for (const struct conn *c = srv->conns; c; c = c->next)
		n += c->fd >= 0;
	return n;
}

static size_t fill_fds(struct daemon *d)
{
	size_t clients = count_clients(&d->srv), n = FD_CLIENTS;

	d->fds = mem_resize(d->fds, (FD_CLIENTS + clients) * sizeof(*d->fds));
	d->fds[FD_LISTENER] =
		(struct pollfd){clients < CONN_CLIENTS ? d->listener : -1, POLLIN, 0};
	d->fds[FD_SIGNALS] = (struct pollfd){d->signals, POLLIN, 0};
	d->fds[FD_EVTCHN] = (struct pollfd){d->hv.peer.evtchn, POLLIN, 0};
	for (const struct conn *c = d->srv.conns; c; c = c->next) {
		short events = (conn_blocked(c) ? 0 : POLLIN) | (c->out ? POLLOUT : 0);

		if (c->fd >= 0)
			d->fds[n++] = (struct pollfd){c->fd, events, 0};
	}
	return n;
}

static void accept_clients(struct daemon *d)
{
	size_t room = CONN_CLIENTS - count_clients(&d->srv);
	int fd;

	for (; room; room--) {
		fd = accept4(d->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0)
			return;
		server_add_client(&d->srv, fd);
	}
}

/* One round. Returns false when asked to end. */
static bool turn(struct daemon *d)
{
	size_t n = fill_fds(d);
	int timeout = server_busy(&d->srv) ? 0 : -1;

	if (poll(d->fds, n, timeout) < 0 && errno != EINTR)
		return false;
	if (d->fds[FD_SIGNALS].revents)
		return false;
	if (d->fds[FD_LISTENER].revents)
		accept_clients(d);
	if (d->fds[FD_EVTCHN].revents && (d->hv.ops->read_events(&d->hv) & HV_DYING))
		server_check_domains(&d->srv);
	server_work(&d->srv);
	server_commit(&d->srv);
	server_flush(&d->srv);
	return true;
}

int main(int argc, char **argv)
{
	struct options o;
	struct daemon d = {.listener = -1, .signals = -1};

	if (parse_options(argc, argv, &o)) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	d.service = (struct service){"xenstored", o.pid_file, -1};
	if (service_start(&d.service, o.foreground) || start(&d, &o))
		return EXIT_FAILURE;
	while (turn(&d))
		;
	/* Whoever starts us again finds everything in the state directory. */
	(void)server_save(&d.srv);
	unlink(o.socket);
	service_end(&d.service);
	server_free(&d.srv);
	hv_close(&d.hv);
	free(d.fds);
	return EXIT_SUCCESS;
}

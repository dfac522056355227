/*
 * xenconsoled: the consoles of guests. Each has a pty to be opened by a viewer
 * (its name is in the store, console/tty) and a log file.
 *
 * Nothing has to be kept over a restart: the store tells which guests there
 * are, their rings tell how far they were read.
 */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "guests.h"
#include "libsvc/service.h"

#define LOG_DIR	   "/var/log/xen/console"
#define PID_FILE   "/run/xenconsoled.pid"
#define RATE_MS	   50  /* how often guests that are held back get more */
#define RETRY_MS   100 /* how often a store out of reach is tried */
#define PATIENCE   50  /* tries before that is worth a line in the log */
#define OPEN_TRIES 50  /* at start, RATE_MS apart: xenstored may start too */

enum { EXIT_USAGE = 2 };

struct daemon {
	struct service service;
	struct peer peer;
	struct guests guests;
	int signals;
	unsigned int cut_off; /* tries without reaching the store */
	struct pollfd *fds;
};

enum { FD_SIGNALS, FD_EVTCHN, FD_STORE, FD_INOTIFY, FD_GUESTS };

static const char usage[] =
	"usage: xenconsoled [-F] [--pid-file FILE] [--log-dir DIR]\n"
	"  -F, --foreground   stay in the foreground\n"
	"  --pid-file FILE    (" PID_FILE ")\n"
	"  --log-dir DIR      guests' logs (" LOG_DIR ")\n";

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int make_dirs(const char *path)
{
	char part[LOGFILE_PATH];
	size_t len = 0;

	while (path[len]) {
		len += strspn(path + len, "/");
		len += strcspn(path + len, "/");
		if (snprintf(part, sizeof(part), "%.*s", (int)len, path) >=
		    (int)sizeof(part))
			return -ENAMETOOLONG;
		if (mkdir(part, 0750) < 0 && errno != EEXIST)
			return -errno;
	}
	return 0;
}

static int open_store(struct xs **xs)
{
	const struct timespec pause = {.tv_nsec = RATE_MS * 1000000L};
	int err = xs_open(xs, NULL);

	for (int i = 0; err == -ENOTCONN && i < OPEN_TRIES; i++) {
		nanosleep(&pause, NULL);
		err = xs_open(xs, NULL);
	}
	return err;
}

static int start(struct daemon *d)
{
	struct service *s = &d->service;
	const char *what;
	int err = peer_open(&d->peer, &what);

	if (err)
		return service_complain(s, what, err,
					"is this dom0, with xen-evtchn, "
					"xen-gntdev and xen-privcmd loaded?");
	err = make_dirs(d->guests.log_dir);
	if (err)
		return service_complain(s, d->guests.log_dir, err,
					"choose a place to write to");
	d->guests.peer = &d->peer;
	d->guests.inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (d->guests.inotify < 0)
		return service_complain(s, "inotify", -errno, "is it in the kernel?");
	err = open_store(&d->guests.xs);
	if (!err)
		err = guests_start(&d->guests);
	if (err)
		return service_complain(s, "xenstore", err, "is xenstored running?");
	d->signals = service_signals(s);
	if (d->signals < 0)
		return d->signals;
	return service_ready(s);
}

static size_t fill_fds(struct daemon *d, int *timeout)
{
	size_t n = FD_GUESTS;
	const struct guest *g;

	for (g = d->guests.list; g; g = g->next)
		n++;
	d->fds = realloc(d->fds, n * sizeof(*d->fds));
	if (!d->fds)
		return 0;
	d->fds[FD_SIGNALS] = (struct pollfd){d->signals, POLLIN, 0};
	d->fds[FD_EVTCHN] = (struct pollfd){d->peer.evtchn, POLLIN, 0};
	d->fds[FD_STORE] =
		(struct pollfd){d->cut_off ? -1 : xs_fd(d->guests.xs), POLLIN, 0};
	d->fds[FD_INOTIFY] = (struct pollfd){d->guests.inotify, POLLIN, 0};
	*timeout = d->cut_off ? RETRY_MS : -1;
	n = FD_GUESTS;
	for (g = d->guests.list; g; g = g->next) {
		short events = guest_poll_events(g);

		d->fds[n++] = (struct pollfd){g->viewed ? g->pty : -1, events, 0};
		if (guest_held_back(g))
			*timeout = RATE_MS;
	}
	return n;
}

static void update(struct daemon *d)
{
	int err = guests_update(&d->guests);

	d->cut_off = err ? d->cut_off + 1 : 0;
	if (d->cut_off == PATIENCE)
		syslog(LOG_ERR,
		       "the store is out of reach: %s: no new guests until "
		       "xenstored is back",
		       strerror(-err));
}

/* One round over everything. Returns false when asked to end. */
static bool turn(struct daemon *d)
{
	uint32_t ports[64];
	bool hung_up = false;
	int timeout = -1, ret;
	size_t n = fill_fds(d, &timeout);

	ret = poll(d->fds, n, timeout);
	if (!n || (ret < 0 && errno != EINTR) || d->fds[FD_SIGNALS].revents)
		return false;
	if (d->fds[FD_EVTCHN].revents)
		while (peer_events(&d->peer, ports, 64) == 64)
			;
	for (size_t i = FD_GUESTS; i < n; i++)
		hung_up |= d->fds[i].revents & (POLLHUP | POLLERR);
	if (d->fds[FD_INOTIFY].revents || hung_up)
		guests_check_viewed(&d->guests);
	if (d->fds[FD_STORE].revents || d->cut_off)
		update(d);
	for (struct guest *g = d->guests.list; g; g = g->next)
		guest_pump(g, &d->peer, now_ms());
	return true;
}

static int parse_options(int argc, char **argv, struct daemon *d, int *foreground)
{
	enum { OPT_PID = 256, OPT_LOG };
	static const struct option longs[] = {
		{"foreground", no_argument, NULL, 'F'},
		{"help", no_argument, NULL, 'h'},
		{"pid-file", required_argument, NULL, OPT_PID},
		{"log-dir", required_argument, NULL, OPT_LOG},
		{0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "Fh", longs, NULL)) != -1) {
		switch (c) {
		case 'F':
			*foreground = 1;
			break;
		case OPT_PID:
			d->service.pid_file = optarg;
			break;
		case OPT_LOG:
			d->guests.log_dir = optarg;
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

int main(int argc, char **argv)
{
	struct daemon d = {
		.service = {"xenconsoled", PID_FILE, -1},
		.guests = {.log_dir = LOG_DIR, .inotify = -1},
	};
	int foreground = 0;

	if (parse_options(argc, argv, &d, &foreground)) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	if (service_start(&d.service, foreground) || start(&d))
		return EXIT_FAILURE;
	while (turn(&d))
		;
	service_end(&d.service);
	guests_free(&d.guests);
	xs_close(d.guests.xs);
	peer_close(&d.peer);
	free(d.fds);
	return EXIT_SUCCESS;
}

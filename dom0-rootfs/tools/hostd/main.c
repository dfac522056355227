/*
 * hostd: reacts to what happens to guests, and starts those that start with the
 * host. Nothing depends on it being there at a given moment: killed at any instant it
 * leaves whole files and, once started again, finds the domains that ended meanwhile.
 *
 * One loop: wake up on a domain's end (the @releaseDomain watch), on a due restart,
 * on a signal; look at all domains; sleep again. Once a second it also samples the
 * metrics that consoles show.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/signalfd.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "autostart.h"
#include "libxs/xs.h"
#include "log.h"
#include "react.h"
#include "sample.h"

#define PID_FILE "/run/hostd.pid"
#define LOCK_TRIES    40
#define LOCK_PAUSE_US 50000
#define CONNECT_TRIES 30 /* one a second: the store daemon may come up after us */

struct hostd {
	struct dom *dom;
	struct xs *xs;
	struct guests guests;
	struct log log;
	struct sampler sampler;
	int signals; /* signalfd */
	int pid_fd;  /* locked for as long as we live */
};

/*
 * Waits for the lock a little: a hostd that was killed a moment ago holds it until
 * the kernel has taken the process apart.
 */
static bool lock_pid_file(int fd)
{
	for (int tries = 0; tries < LOCK_TRIES; tries++) {
		if (!flock(fd, LOCK_EX | LOCK_NB))
			return true;
		usleep(LOCK_PAUSE_US);
	}
	return false;
}

/* Only one hostd at a time: 0, or -1 after saying why not. */
static int take_pid_file(struct hostd *h)
{
	char text[24] = "";

	h->pid_fd = open(PID_FILE, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (h->pid_fd < 0) {
		fprintf(stderr, "hostd: %s: %s\n", PID_FILE, strerror(errno));
		return -1;
	}
	if (lock_pid_file(h->pid_fd))
		return 0;
	if (read(h->pid_fd, text, sizeof(text) - 1) > 0)
		text[strcspn(text, "\n")] = '\0';
	fprintf(stderr, "hostd: it runs already (process %s)\n", text);
	return -1;
}

static void write_pid_file(struct hostd *h)
{
	char text[24];
	int n = snprintf(text, sizeof(text), "%ld\n", (long)getpid());

	if (ftruncate(h->pid_fd, 0) || pwrite(h->pid_fd, text, (size_t)n, 0) != n)
		log_line(&h->log, LOG_WARNING, "%s: %s", PID_FILE, strerror(errno));
}

static int connect_all(struct hostd *h)
{
	struct dom_error err = { .text = "" };
	int result = -ENOTCONN;

	for (int i = 0; result && i < CONNECT_TRIES; i++) {
		if (i)
			sleep(1);
		result = h->dom ? 0 : dom_open(&h->dom, &err);
		if (result)
			continue;
		result = xs_open(&h->xs, NULL);
		if (result)
			snprintf(err.text, sizeof(err.text), "xenstore: %s",
				 strerror(-result));
	}
	if (!result)
		result = xs_watch(h->xs, "@releaseDomain", "end");
	if (result)
		log_line(&h->log, LOG_ERR, "cannot start: %s: are xenstored and the "
			 "hypervisor there?", err.text);
	return result;
}

static int block_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC);
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* All events mean the same: look at the domains. True: there were some. */
static bool drain_events(struct hostd *h)
{
	struct xs_event ev;
	bool any = false;
	int err;

	do {
		err = xs_next_event(h->xs, &ev);
		any |= !err;
	} while (!err);
	if (err != -EAGAIN)
		log_line(&h->log, LOG_WARNING, "xenstore: %s", strerror(-err));
	return any;
}

/*
 * Domains are looked at when an event came or a restart is due; samples are taken in
 * their own time. A failing store is looked at again with the next sample.
 */
static void loop(struct hostd *h)
{
	int64_t react_ms = 0; /* when to look; -1: not before an event */

	for (;;) {
		struct pollfd p[2] = {
			{ .fd = h->signals, .events = POLLIN },
			{ .fd = xs_fd(h->xs), .events = POLLIN },
		};
		int wait_ms;

		if (react_ms >= 0 && react_ms <= now_ms()) {
			wait_ms = react_to_all(h->dom, &h->guests, &h->log);
			react_ms = wait_ms < 0 ? -1 : now_ms() + wait_ms;
		}
		wait_ms = sampler_run(&h->sampler, h->dom);
		if (react_ms >= 0 && react_ms - now_ms() < wait_ms)
			wait_ms = react_ms > now_ms() ? (int)(react_ms - now_ms()) : 0;
		if (poll(p, 2, wait_ms) < 0 && errno != EINTR)
			return;
		if (p[0].revents)
			return;
		if (drain_events(h))
			react_ms = 0;
	}
}

/* The parent of the daemon: waits until it is ready or has failed. */
static int wait_ready(int fd)
{
	char c;

	return read(fd, &c, 1) == 1 ? 0 : 1;
}

/* Detaches; *ready is the pipe to say so on. Returns in the child only. */
static void become_daemon(int *ready)
{
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC)) {
		fprintf(stderr, "hostd: pipe: %s\n", strerror(errno));
		exit(1);
	}
	pid = fork();
	if (pid < 0) {
		fprintf(stderr, "hostd: fork: %s\n", strerror(errno));
		exit(1);
	}
	close(ends[pid ? 1 : 0]);
	if (pid)
		_exit(wait_ready(ends[0]));
	setsid();
	*ready = ends[1];
}

static void say_ready(int ready)
{
	int null;

	if (ready < 0)
		return;
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null >= 0) {
		dup2(null, 0);
		dup2(null, 1);
		dup2(null, 2);
		close(null);
	}
	if (chdir("/") || write(ready, "1", 1) != 1)
		syslog(LOG_WARNING, "the starting process is gone");
	close(ready);
}

static int run(struct hostd *h, int ready)
{
	h->signals = block_signals();
	if (h->signals < 0 || connect_all(h))
		return 1;
	write_pid_file(h);
	say_ready(ready);
	log_line(&h->log, LOG_INFO, "started");
	autostart(h->dom, &h->log);
	loop(h);
	log_line(&h->log, LOG_INFO, "stopped");
	/* not removed: who waits for its lock would hold that of a file nobody sees */
	if (ftruncate(h->pid_fd, 0))
		log_line(&h->log, LOG_WARNING, "%s: %s", PID_FILE, strerror(errno));
	return 0;
}

int main(int argc, char **argv)
{
	struct hostd h = { .signals = -1, .pid_fd = -1,
			   .sampler = { .sys = "/sys", .dir = METRICS_DIR } };
	bool foreground = argc == 2 && !strcmp(argv[1], "-F");
	int ready = -1, status;

	if (argc > 1 && !foreground) {
		fprintf(stderr, "Usage: hostd [-F]\n"
				"Reacts to guests that end. -F: stay in the foreground.\n");
		return 2;
	}
	if (take_pid_file(&h))
		return 1;
	if (!foreground)
		become_daemon(&ready);
	/* until it is ready a daemon's errors go to whoever started it */
	log_open(&h.log, true);
	status = run(&h, ready);
	sampler_close(&h.sampler);
	xs_close(h.xs);
	dom_close(h.dom);
	log_close(&h.log);
	free(h.guests.list);
	return status;
}

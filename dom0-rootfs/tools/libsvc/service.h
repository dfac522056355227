/*
 * How a daemon starts: it goes to the background only when it is ready, so
 * that whoever started it may use it at once, and sees its exit status.
 *
 * These functions, unlike a library's, report on standard error: it is the
 * daemon's own voice until it is ready.
 */
#ifndef LIBSVC_SERVICE_H
#define LIBSVC_SERVICE_H

struct service {
	const char *name;
	const char *pid_file;
	int ready; /* -1: stays in the foreground */
};

/*
 * Say "name: what: why: cure" for err, a negative errno, on standard error and in
 * the system log; returns err.
 */
int service_complain(const struct service *s, const char *what, int err,
		     const char *cure);

/*
 * Open the system log. Unless foreground, fork; the parent never returns: it
 * ends with status 0 once service_ready() was called, with 1 if the child ends
 * before. To be called before anything is opened or mapped.
 */
int service_start(struct service *s, int foreground);

/* Write the pid file; in the background, let go of the terminal. */
int service_ready(struct service *s);

/* A descriptor that is readable once SIGTERM or SIGINT came. */
int service_signals(const struct service *s);

void service_end(const struct service *s);

#endif

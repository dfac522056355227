/*
 * How a daemon starts: see service.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "libsvc/service.h"

int service_complain(const struct service *s, const char *what, int err, const char *cure)
{
	fprintf(stderr, "%s: %s: %s: %s\n", s->name, what, strerror(-err), cure);
	/* In the foreground it is init that started us: nobody reads stderr. */
	syslog(LOG_ERR, "%s: %s: %s", what, strerror(-err), cure);
	return err;
}

int service_start(struct service *s, int foreground)
{
	int fds[2];
	char byte;
	pid_t pid;

	openlog(s->name, LOG_PID, LOG_DAEMON);
	s->ready = -1;
	if (foreground)
		return 0;
	if (pipe2(fds, O_CLOEXEC) < 0)
		return service_complain(s, "pipe", -errno, "are there free files?");
	pid = fork();
	if (pid < 0)
		return service_complain(s, "fork", -errno, "is there memory?");
	if (pid > 0) {
		close(fds[1]);
		_exit(read(fds[0], &byte, 1) == 1 ? EXIT_SUCCESS : EXIT_FAILURE);
	}
	close(fds[0]);
	s->ready = fds[1];
	setsid();
	return 0;
}

static int write_pid(const struct service *s)
{
	int fd = open(s->pid_file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	char text[16];
	int len = snprintf(text, sizeof(text), "%d\n", (int)getpid());

	if (fd < 0)
		return service_complain(s, s->pid_file, -errno,
					"choose a place to write to");
	if (write(fd, text, (size_t)len) != len) {
		close(fd);
		return service_complain(s, s->pid_file, -EIO, "is there room?");
	}
	close(fd);
	return 0;
}

int service_ready(struct service *s)
{
	int null, err = write_pid(s);

	if (err || s->ready < 0)
		return err;
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0)
		return service_complain(s, "/dev/null", -errno, "is /dev set up?");
	if (chdir("/") < 0)
		return service_complain(s, "/", -errno, "is the root mounted?");
	for (int fd = 0; fd < 3; fd++)
		dup2(null, fd);
	close(null);
	(void)!write(s->ready, "", 1);
	close(s->ready);
	s->ready = -1;
	return 0;
}

int service_signals(const struct service *s)
{
	sigset_t set;
	int fd;

	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? service_complain(s, "signalfd", -errno, "see the kernel's log")
		      : fd;
}

void service_end(const struct service *s)
{
	unlink(s->pid_file);
}

/*
 * Other people's commands (LVM, mke2fs, wipefs): run without a shell, their output
 * taken in, what they complain of made part of our messages.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libstore/internal.h"

#define OUT_MAX (4u << 20)
#define ERR_MAX 4096u

struct sink {
	int fd;
	char *data;
	size_t len, max;
};

/* false: it has ended. What is beyond max is read and dropped. */
static bool take(struct sink *k)
{
	char buf[4096];
	ssize_t n = read(k->fd, buf, sizeof(buf));
	size_t room = k->max - k->len;
	char *more;

	if (n <= 0)
		return n < 0 && errno == EINTR;
	if ((size_t)n > room)
		n = (ssize_t)room;
	more = realloc(k->data, k->len + (size_t)n + 1);
	if (!more)
		return true;
	memcpy(more + k->len, buf, (size_t)n);
	k->data = more;
	k->len += (size_t)n;
	k->data[k->len] = '\0';
	return true;
}

static void child(const char *const argv[], int out, int err)
{
	sigset_t none;
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	/* It must not be cut short in the middle by what ends us. */
	setpgid(0, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	dup2(null, 0);
	dup2(out, 1);
	dup2(err, 2);
	setenv("LVM_SUPPRESS_FD_WARNINGS", "1", 1);
	setenv("LC_ALL", "C", 1);
	execvp(argv[0], (char *const *)argv);
	dprintf(2, "%s cannot be run: %s\n", argv[0], strerror(errno));
	_exit(127);
}

/* The first line that is no warning, or else the last; without blanks around. */
static void choose_line(char *text, char *why, size_t size)
{
	char *next, *best = NULL;

	for (char *line = text; line && *line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		line += strspn(line, " \t");
		if (!*line)
			continue;
		if (!best || !strncasecmp(best, "warning", 7))
			best = line;
	}
	snprintf(why, size, "%s", best ? best : "it does not say why");
	for (char *c = why; *c; c++)
		if ((unsigned char)*c < ' ')
			*c = ' ';
	if (*why && why[strlen(why) - 1] == '.')
		why[strlen(why) - 1] = '\0';
}

static void gather(struct sink sinks[2])
{
	struct pollfd fds[2] = { { .fd = sinks[0].fd, .events = POLLIN },
				 { .fd = sinks[1].fd, .events = POLLIN } };

	while (fds[0].fd >= 0 || fds[1].fd >= 0) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			return;
		for (int i = 0; i < 2; i++)
			if (fds[i].revents && !take(&sinks[i]))
				fds[i].fd = -1;
	}
}

int run_argv(const char *const argv[], struct run_result *r)
{
	struct sink sinks[2] = { { .max = OUT_MAX }, { .max = ERR_MAX } };
	int out[2], err[2], status = 0;
	pid_t pid;

	*r = (struct run_result){ .status = 127 };
	if (pipe(out) < 0)
		return -errno;
	if (pipe(err) < 0) {
		close(out[0]);
		close(out[1]);
		return -errno;
	}
	pid = fork();
	if (pid == 0) {
		close(out[0]);
		close(err[0]);
		child(argv, out[1], err[1]);
	}
	close(out[1]);
	close(err[1]);
	sinks[0].fd = out[0];
	sinks[1].fd = err[0];
	if (pid > 0)
		gather(sinks);
	close(out[0]);
	close(err[0]);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (pid > 0)
		r->status = WIFEXITED(status) ? WEXITSTATUS(status)
					      : 128 + WTERMSIG(status);
	r->out = sinks[0].data ? sinks[0].data : strdup("");
	choose_line(sinks[1].data, r->why, sizeof(r->why));
	free(sinks[1].data);
	return pid < 0 || !r->out ? -ENOMEM : 0;
}

int run_or_fail(const char *const argv[], const char *what, const char *cure,
		struct store_error *err)
{
	struct run_result r;
	int ret = run_argv(argv, &r);

	free(r.out);
	if (ret)
		return store_fail(err, ret, "%s: %s cannot be started: memory is short: "
				  "end something", what, argv[0]);
	return r.status ? store_fail(err, -EIO, "%s: %s: %s", what, r.why, cure) : 0;
}

size_t run_fields(char *line, char *fields[], size_t max)
{
	size_t n = 0;

	line += strspn(line, " ");
	while (n < max) {
		char *bar = strchr(line, '|');

		fields[n++] = line;
		if (!bar)
			break;
		*bar = '\0';
		line = bar + 1;
	}
	return n;
}

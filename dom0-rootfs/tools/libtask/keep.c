/*
 * The keeper of a task: runs the command, sorts what it says into progress and
 * log, and writes the result. It holds the task's lock as long as it lives. If it
 * is killed, the kernel asks the command to end.
 */
#define _GNU_SOURCE /* pipe2() */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libconf/conf.h"
#include "libtask/internal.h"

struct keeper {
	const char *id;
	pid_t child;
	int out, signals, log;
	size_t logged;
	bool cancelled;
	char line[1024];
	size_t len;
};

static void say(struct keeper *k, const char *text, size_t len)
{
	if (k->logged + len + 1 > TASK_LOG_MAX)
		return;
	k->logged += len + 1;
	(void)!write(k->log, text, len);
	(void)!write(k->log, "\n", 1);
}

/* A reader sees the old line or the new one. */
static void put_progress(struct keeper *k, const char *line)
{
	char path[TASK_PATH_SIZE], tmp[TASK_PATH_SIZE];
	int fd;

	task_path(path, k->id, "progress");
	task_path(tmp, k->id, "progress.new");
	fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return;
	if (write(fd, line, strlen(line)) >= 0)
		rename(tmp, path);
	close(fd);
}

static void take_line(struct keeper *k)
{
	const char *text;
	int percent;

	k->line[k->len] = '\0';
	if (task_parse_progress(k->line, &percent, &text))
		put_progress(k, k->line);
	else
		say(k, k->line, k->len);
	k->len = 0;
}

/* false: nobody has the other end any more. */
static bool take_output(struct keeper *k)
{
	char buf[4096];
	ssize_t n = read(k->out, buf, sizeof(buf));

	if (n <= 0)
		return n < 0 && (errno == EINTR || errno == EAGAIN);
	for (ssize_t i = 0; i < n; i++) {
		if (buf[i] != '\n' && buf[i] != '\r')
			k->line[k->len++] = buf[i];
		if ((buf[i] == '\n' && k->len) || k->len == sizeof(k->line) - 1)
			take_line(k);
	}
	return true;
}

static void take_signal(struct keeper *k)
{
	struct signalfd_siginfo info;

	if (read(k->signals, &info, sizeof(info)) != sizeof(info) ||
	    info.ssi_signo == SIGCHLD)
		return;
	k->cancelled = true;
	kill(k->child, SIGTERM);
}

static int put_result(struct keeper *k, int status)
{
	char path[TASK_PATH_SIZE], text[128];
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	/* A command that was asked to end and had just finished, is done. */
	const char *state = code == 0 ? "done" : k->cancelled ? "cancelled" : "failed";
	int n = snprintf(text, sizeof(text), "state = %s\nstatus = %d\nended = %lld\n",
			 state, code, (long long)time(NULL));

	task_path(path, k->id, "result");
	return file_write_atomic(path, text, (size_t)n, 0600) ? 1 : code;
}

/* In the child. */
static void run_command(char *const argv[], int out, pid_t keeper)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != keeper)
		_exit(1);
	dup2(out, 1);
	dup2(out, 2);
	execvp(argv[0], argv);
	fprintf(stderr, "%s: cannot be run: %s: is it installed?\n", argv[0],
		strerror(errno));
	_exit(127);
}

static char **load_words(const char *id, char **words)
{
	static char *argv[512];
	char path[TASK_PATH_SIZE];
	size_t len, n = 0;

	task_path(path, id, "argv");
	if (file_read(path, 65536, words, &len) || !len || (*words)[len - 1])
		return NULL;
	for (size_t at = 0; at < len && n < 511; at += strlen(*words + at) + 1)
		argv[n++] = *words + at;
	argv[n] = NULL;
	return argv;
}

static int take_lock(const char *id)
{
	char path[TASK_PATH_SIZE];
	int fd;

	task_path(path, id, "lock");
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0)
		return -1;
	if (dprintf(fd, "%d\n", (int)getpid()) < 0)
		return -1;
	return fd;
}

static int begin(struct keeper *k, char **argv)
{
	char path[TASK_PATH_SIZE];
	pid_t self = getpid();
	sigset_t set;
	int fds[2];

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	k->signals = signalfd(-1, &set, SFD_CLOEXEC);
	task_path(path, k->id, "log");
	k->log = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (k->signals < 0 || k->log < 0 || pipe2(fds, O_CLOEXEC) < 0)
		return -1;
	k->child = fork();
	if (k->child == 0)
		run_command(argv, fds[1], self);
	close(fds[1]);
	k->out = fds[0];
	/* Only now: task_cancel() finds a keeper that passes it on. */
	task_path(path, k->id, "kept");
	close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	return k->child < 0 ? -1 : 0;
}

/* Until the command has ended; what it left in the pipe is taken too, but a
 * grandchild that keeps the pipe open is not waited for. */
static int attend(struct keeper *k)
{
	struct pollfd fds[] = { { .fd = k->out, .events = POLLIN },
				{ .fd = k->signals, .events = POLLIN } };
	int status = 0;
	pid_t gone = 0;

	while (!gone) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			break;
		if (fds[0].revents && !take_output(k))
			fds[0].fd = -1;
		if (fds[1].revents)
			take_signal(k);
		gone = waitpid(k->child, &status, WNOHANG);
	}
	fcntl(k->out, F_SETFL, O_NONBLOCK);
	while (fds[0].fd >= 0 && take_output(k) && poll(fds, 1, 0) > 0)
		;
	if (k->len)
		take_line(k);
	return status;
}

int task_keep(const char *id)
{
	struct keeper k = { .id = id };
	char **argv, *words = NULL;
	int lock, code = 1;

	if (!task_id_valid(id))
		return 2;
	lock = take_lock(id);
	argv = lock < 0 ? NULL : load_words(id, &words);
	if (argv && begin(&k, argv) == 0)
		code = put_result(&k, attend(&k));
	free(words);
	return code;
}

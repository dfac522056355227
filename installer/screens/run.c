/*
 * run: see run.h.
 */
#include "run.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "box.h"

/* --- small programs ------------------------------------------------------- */

static void become(const char *const argv[], int in, int out, int err)
{
	if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0)
		_exit(127);
	execvp(argv[0], (char *const *)(uintptr_t)argv);
	_exit(127);
}

static int exit_status(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return exit_status(status);
}

int run_capture(const char *const argv[], char *buf, size_t size)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC), fd[2];
	size_t used = 0;
	char rest[512];
	ssize_t n;
	pid_t pid;

	buf[0] = '\0';
	if (null < 0 || pipe2(fd, O_CLOEXEC))
		return -errno;
	pid = fork();
	if (pid == 0)
		become(argv, null, fd[1], fd[1]);
	close(fd[1]);
	close(null);
	/* What does not fit is read all the same: the program must not wait. */
	while (pid > 0) {
		n = used + 1 < size ? read(fd[0], buf + used, size - used - 1) :
				      read(fd[0], rest, sizeof(rest));
		if (n <= 0)
			break;
		if (used + 1 < size)
			used += (size_t)n;
	}
	buf[used] = '\0';
	close(fd[0]);
	return pid < 0 ? -EAGAIN : wait_for(pid);
}

void run_facts(struct setup *s)
{
	facts_collect(&s->facts, s->root);
	choices_look_again(&s->choices, &s->facts);
}

void run_keymap(const char *name)
{
	const char *const argv[] = {
		"sh", "-c", "loadkmap <\"/usr/share/keymaps/$0.bmap\"", name,
		NULL
	};
	char out[512];

	/* A machine without a screen has no keyboard: nothing to be said. */
	run_capture(argv, out, sizeof(out));
}

void run_shell(void)
{
	const char *const argv[] = { "/bin/sh", "-l", NULL };

	box_outside(argv);
}

bool run_fingerprint(const char *root, char *buf, size_t size)
{
	char path[256], out[4096], *at;
	const char *const argv[] = { "dropbearkey", "-y", "-f", path, NULL };

	snprintf(path, sizeof(path), "%s" HOST_KEY, root);
	if (run_capture(argv, out, sizeof(out)) != 0)
		return false;
	at = strstr(out, "Fingerprint: ");
	if (!at)
		return false;
	at += strlen("Fingerprint: ");
	snprintf(buf, size, "%.*s", (int)strcspn(at, "\n"), at);
	return true;
}

int run_write(const char *path, const char *text)
{
	size_t left = strlen(text);
	int fd, err = 0;
	ssize_t n;

	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	for (; left > 0 && !err; text += n, left -= (size_t)n) {
		n = write(fd, text, left);
		if (n < 0) {
			err = -errno;
			n = 0;
		}
	}
	if (fsync(fd) && errno != EINVAL && !err)
		err = -errno;
	if (close(fd) && !err)
		err = -errno;
	return err;
}

/* --- the engine ----------------------------------------------------------- */

int engine_start(struct engine *e, const char *engine, const char *file)
{
	const char *const argv[] = { engine, "--run", file, "--progress", NULL };
	int fd[2] = { -1, -1 }, log, null, err = 0;

	memset(e, 0, sizeof(*e));
	snprintf(e->text, sizeof(e->text), "Starting ...");
	null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	log = open(INSTALL_LOG, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (null < 0 || log < 0 || pipe2(fd, O_CLOEXEC))
		err = -errno;
	if (!err) {
		e->pid = fork();
		if (e->pid == 0) {
			/* Not ended by a line that hangs up half-way. */
			setsid();
			become(argv, null, fd[1], log);
		}
		if (e->pid < 0)
			err = -errno;
	}
	if (log >= 0)
		close(log);
	if (null >= 0)
		close(null);
	if (fd[1] >= 0)
		close(fd[1]);
	e->out = fd[0];
	if (err && e->out >= 0)
		close(e->out);
	else if (!err)
		fcntl(e->out, F_SETFL, O_NONBLOCK);
	return err;
}

bool engine_line(struct engine *e, const char *line)
{
	char *end;
	long n = strtol(line, &end, 10);

	if (end == line || *end != ' ' || n < 0 || n > 100)
		return false;
	e->percent = (int)n;
	snprintf(e->text, sizeof(e->text), "%s", end + 1);
	return true;
}

static bool take_line(struct engine *e, char c)
{
	bool changed = false;

	if (c == '\n') {
		e->line[e->used] = '\0';
		changed = engine_line(e, e->line);
		e->used = 0;
	} else if (e->used + 1 < sizeof(e->line)) {
		e->line[e->used++] = isprint((unsigned char)c) ? c : '?';
	}
	return changed;
}

bool engine_poll(struct engine *e)
{
	bool changed = false;
	char buf[512];
	ssize_t n;

	while ((n = read(e->out, buf, sizeof(buf))) > 0)
		for (ssize_t i = 0; i < n; i++)
			changed |= take_line(e, buf[i]);
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
		close(e->out);
		e->status = wait_for(e->pid);
		e->ended = true;
		return true;
	}
	return changed;
}

void engine_reason(const char *log, char *buf, size_t size)
{
	FILE *f = fopen(log, "re");
	char line[512];

	snprintf(buf, size, "It stopped without saying why: see the log.");
	while (f && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\r\n")] = '\0';
		if (line[strspn(line, " \t")])
			snprintf(buf, size, "%s", line);
	}
	if (f)
		fclose(f);
}

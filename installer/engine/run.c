/* See run.h. */
#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LAST_MAX 200

void log_line(const char *fmt, ...)
{
	struct timespec now;
	va_list ap;

	clock_gettime(CLOCK_MONOTONIC, &now);
	fprintf(stderr, "[%6ld.%01ld] ", (long)now.tv_sec, now.tv_nsec / 100000000);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

static void log_command(const char *const argv[])
{
	char line[512];
	size_t at = 0;

	for (int i = 0; argv[i] && at < sizeof(line); i++)
		at += (size_t)snprintf(line + at, sizeof(line) - at, "%s%s",
				       i ? " " : "", argv[i]);
	log_line("+ %s", line);
}

/* What a program is to read, as a file without a name. */
static int input_fd(const char *text)
{
	size_t n = strlen(text);
	int fd = memfd_create("input", MFD_CLOEXEC);

	if (fd >= 0 && (write(fd, text, n) != (ssize_t)n || lseek(fd, 0, SEEK_SET))) {
		close(fd);
		return -1;
	}
	return fd;
}

static void become(const char *const argv[], const struct run *r, int in, int out)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
	if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0 ||
	    (r && r->dir && chdir(r->dir)))
		_exit(127);
	execvp(argv[0], (char *const *)(uintptr_t)argv);
	_exit(127);
}

struct reader {
	char line[LAST_MAX], last[LAST_MAX];
	size_t used;
	const struct run *r;
	size_t taken;
};

static void take(struct reader *rd, char c)
{
	const struct run *r = rd->r;

	if (r && r->output && rd->taken + 1 < r->output_n) {
		r->output[rd->taken++] = c;
		r->output[rd->taken] = '\0';
	}
	if (c != '\n') {
		if (rd->used + 1 < sizeof(rd->line))
			rd->line[rd->used++] = c;
		return;
	}
	rd->line[rd->used] = '\0';
	rd->used = 0;
	if (rd->line[strspn(rd->line, " \t")]) {
		memcpy(rd->last, rd->line, sizeof(rd->last));
		log_line("  %s", rd->line);
	}
}

static void read_all(struct reader *rd, int fd)
{
	char buf[1024];
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) > 0 || (n < 0 && errno == EINTR))
		for (ssize_t i = 0; i < n; i++)
			take(rd, buf[i]);
	if (rd->used)
		take(rd, '\n');
}

static int wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int start(const char *const argv[], struct reader *rd, struct fault *f)
{
	const struct run *r = rd->r;
	int in, fd[2] = {-1, -1}, status = -1;
	pid_t pid = -1;

	in = r && r->input ? input_fd(r->input) : open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (in >= 0 && !pipe2(fd, O_CLOEXEC))
		pid = fork();
	if (pid == 0)
		become(argv, r, in, fd[1]);
	if (pid < 0)
		status = fault_set(f, -errno, "%s: cannot be started: %s", argv[0],
				   strerror(errno));
	if (in >= 0)
		close(in);
	if (fd[1] >= 0)
		close(fd[1]);
	if (pid > 0) {
		read_all(rd, fd[0]);
		status = wait_for(pid);
	}
	if (fd[0] >= 0)
		close(fd[0]);
	return status;
}

int run_status(const char *const argv[], const struct run *r, struct fault *f)
{
	struct reader rd = {.r = r};
	int status;

	if (r && r->output)
		r->output[0] = '\0';
	log_command(argv);
	status = start(argv, &rd, f);
	if (status > 0)
		fault_set(f, -EIO, "%s: %s (exit status %d): see the log", argv[0],
			  *rd.last ? rd.last : status == 127 ? "is not here" :
			  "said nothing", status);
	return status;
}

int run(const char *const argv[], const struct run *r, struct fault *f)
{
	int status = run_status(argv, r, f);

	return status > 0 ? -EIO : status;
}

/*
 * Copying an image into a new volume. The copying process is a child that has
 * given up root after opening both ends; it reports through a pipe. Its parent
 * shows progress, ends it when asked to, and says in words what went wrong.
 *
 * The volume reads as zeros, so blocks of zeros are not written: a sparse image
 * stays sparse.
 */
#define _GNU_SOURCE /* pipe2() */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libstore/internal.h"

#define CHUNK (1u << 20)
#define BLOCK (64u << 10)
#define FLUSH (16u << 20) /* keeps what is on its way to the disk small */
#define MEMORY_MAX (768ul << 20)
#define NOBODY 65534

/* What the child says through the pipe. */
struct report {
	enum { AT, READ_FAILED, WRITE_FAILED, REFUSED, DONE } what;
	int code;
	uint64_t at, size;
	char text[sizeof(((struct store_error *)0)->text)];
};

static _Noreturn void say(int fd, struct report *r)
{
	(void)!write(fd, r, sizeof(*r));
	_exit(r->what != DONE);
}

static bool all_zero(const char *p, size_t len)
{
	return p[0] == 0 && !memcmp(p, p + 1, len - 1);
}

static int write_all(int fd, const char *p, size_t len, uint64_t at)
{
	while (len) {
		ssize_t n = pwrite(fd, p, len, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		p += n;
		at += (uint64_t)n;
		len -= (size_t)n;
	}
	return 0;
}

static int write_chunk(int fd, const char *p, size_t len, uint64_t at)
{
	int ret = 0;

	for (size_t i = 0; i < len && !ret; i += BLOCK) {
		size_t n = len - i < BLOCK ? len - i : BLOCK;

		if (!all_zero(p + i, n))
			ret = write_all(fd, p + i, n, at + i);
	}
	return ret;
}

/*
 * From here on the image can only harm this process. EINVAL: a user namespace that
 * knows no other user, whose root is none.
 */
static int give_up_root(void)
{
	struct rlimit memory = { MEMORY_MAX, MEMORY_MAX }, core = { 0, 0 };

	setrlimit(RLIMIT_AS, &memory);
	setrlimit(RLIMIT_CORE, &core);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (geteuid() == 0 &&
	    ((setgroups(0, NULL) && errno != EPERM) || setresgid(NOBODY, NOBODY, NOBODY) ||
	     setresuid(NOBODY, NOBODY, NOBODY)) && errno != EINVAL)
		return -errno;
	/* Changing the user takes this back. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	return 0;
}

static _Noreturn void copy(struct image *img, int to, int pipe)
{
	static char buf[CHUNK];
	struct report r = { .what = AT, .size = img->size };
	uint64_t flushed = 0;

	for (r.at = 0; r.at < img->size && !r.code;) {
		size_t n = img->size - r.at < CHUNK ? (size_t)(img->size - r.at) : CHUNK;

		r.code = img->ops->read(img, buf, n, r.at);
		if (r.code)
			r.what = READ_FAILED;
		else if ((r.code = write_chunk(to, buf, n, r.at)))
			r.what = WRITE_FAILED;
		else if ((r.at += n) - flushed >= FLUSH && fdatasync(to) < 0)
			r.what = WRITE_FAILED, r.code = -errno;
		if (r.code)
			break;
		if (r.at - flushed >= FLUSH)
			flushed = r.at;
		(void)!write(pipe, &r, sizeof(r));
	}
	if (!r.code && fsync(to) < 0)
		r.what = WRITE_FAILED, r.code = -errno;
	if (!r.code)
		r.what = DONE;
	say(pipe, &r);
}

static _Noreturn void child(const char *from, const char *to, int pipe, pid_t parent)
{
	struct report r = { .what = REFUSED };
	struct store_error err;
	struct image img;
	int fd;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	signal(SIGPIPE, SIG_DFL);
	r.code = image_open(from, &img, &err);
	if (r.code) {
		memcpy(r.text, err.text, sizeof(r.text));
		say(pipe, &r);
	}
	fd = open(to, O_WRONLY | O_CLOEXEC);
	if (fd < 0) {
		r.code = -errno;
		snprintf(r.text, sizeof(r.text), "%s: cannot be written: %s: see the "
			 "kernel's log", to, strerror(errno));
		say(pipe, &r);
	}
	r.code = give_up_root();
	if (r.code) {
		snprintf(r.text, sizeof(r.text), "%s: root cannot be given up: %s: run "
			 "this as root", from, strerror(-r.code));
		say(pipe, &r);
	}
	copy(&img, fd, pipe);
}

static int explain(const struct report *r, const char *from, struct store_error *err)
{
	unsigned long long mib = r->at >> 20;

	switch (r->what) {
	case DONE:
		return 0;
	case REFUSED:
		return store_fail(err, r->code, "%s", r->text);
	case READ_FAILED:
		return store_fail(err, r->code, "%s: cannot be read at %llu MiB (%s): the "
				  "image is damaged, or its stick was pulled: try again, or "
				  "get another copy", from, mib, strerror(-r->code));
	case WRITE_FAILED:
		if (r->code == -ENOSPC || r->code == -EIO)
			return store_fail(err, r->code, "%s: it stopped at %llu MiB: the "
					  "pool is full or its disk is failing (%s): delete "
					  "something there, or see the kernel's log", from,
					  mib, strerror(-r->code));
		return store_fail(err, r->code, "%s: it stopped at %llu MiB: writing failed: "
				  "%s: see the kernel's log", from, mib,
				  strerror(-r->code));
	case AT:
		break;
	}
	return store_fail(err, -EINVAL, "%s: the image is damaged: reading it ended at "
			  "%llu MiB of %llu: get another copy", from, mib,
			  (unsigned long long)(r->size >> 20));
}

/* Shows progress until the child has closed its end; nonzero: asked to stop. */
static int attend(int fd, struct report *last, const struct store_progress *progress)
{
	struct pollfd poller = { .fd = fd, .events = POLLIN };
	char text[64];
	ssize_t n;

	for (;;) {
		unsigned int percent =
			last->size ? (unsigned int)(last->at * 100 / last->size) : 0;

		snprintf(text, sizeof(text), "%llu of %llu MiB",
			 (unsigned long long)(last->at >> 20),
			 (unsigned long long)((last->size + 1048575) >> 20));
		if (progress && progress->fn && progress->fn(progress->ctx, percent, text))
			return -ECANCELED;
		if (poll(&poller, 1, 250) <= 0)
			continue;
		n = read(fd, last, sizeof(*last));
		/* Reports are smaller than PIPE_BUF, so they come whole. */
		if (n == 0 || (n < 0 && errno != EINTR))
			return 0;
	}
}

int copy_image(const char *from, const char *to, const struct store_progress *progress,
	       struct store_error *err)
{
	struct report last = { .what = AT };
	pid_t self = getpid(), pid;
	int fds[2], ret;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return store_fail(err, -errno, "%s: no pipe: end something", from);
	pid = fork();
	if (pid == 0)
		child(from, to, fds[1], self);
	close(fds[1]);
	ret = pid < 0 ? -ENOMEM : attend(fds[0], &last, progress);
	close(fds[0]);
	if (ret && pid > 0)
		kill(pid, SIGKILL);
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	if (ret == -ECANCELED)
		return store_fail(err, ret, "%s: cancelled: nothing was left behind", from);
	return ret ? store_fail(err, ret, "%s: no process: end something", from)
		   : explain(&last, from, err);
}

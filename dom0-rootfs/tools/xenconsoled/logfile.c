/*
 * A guest's log file: see logfile.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "logfile.h"

#define NAME_CHARS                   \
	"abcdefghijklmnopqrstuvwxyz" \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZ" \
	"0123456789"                 \
	"._-+"

static int open_path(struct logfile *l)
{
	struct stat st;

	l->fd = open(l->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW,
		     0640);
	if (l->fd < 0)
		return -errno;
	l->size = fstat(l->fd, &st) == 0 ? (size_t)st.st_size : 0;
	return 0;
}

int logfile_open(struct logfile *l, const char *dir, const char *name)
{
	char safe[128];

	snprintf(safe, sizeof(safe), "%s", name);
	for (char *c = safe; *c; c++)
		if (!strchr(NAME_CHARS, *c))
			*c = '_';
	l->fd = -1;
	if (snprintf(l->path, sizeof(l->path), "%s/guest-%s.log", dir, safe) >=
	    (int)sizeof(l->path))
		return -ENAMETOOLONG;
	return open_path(l);
}

static int rotate(struct logfile *l)
{
	char old[LOGFILE_PATH + 2];

	snprintf(old, sizeof(old), "%s.1", l->path);
	/* If it cannot be kept it is not, for the bound is what matters. */
	if (rename(l->path, old) < 0)
		unlink(l->path);
	close(l->fd);
	return open_path(l);
}

int logfile_write(struct logfile *l, const void *data, size_t len)
{
	const char *at = data;

	if (l->fd < 0)
		return 0;
	if (l->size + len > LOGFILE_MAX) {
		int err = rotate(l);

		if (err)
			return err;
	}
	while (len) {
		ssize_t n = write(l->fd, at, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -ENOSPC;
		at += n;
		len -= (size_t)n;
		l->size += (size_t)n;
	}
	return 0;
}

void logfile_close(struct logfile *l)
{
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
}

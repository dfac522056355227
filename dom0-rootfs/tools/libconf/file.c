/*
 * Whole files, read and replaced: see conf.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libconf/conf.h"

static int write_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

/* The directory's own entry must reach the disk too, or the rename may not. */
static int sync_directory_of(const char *path)
{
	char dir[PATH_MAX];
	const char *slash = strrchr(path, '/');
	int fd, err;

	if (!slash)
		strcpy(dir, ".");
	else
		snprintf(dir, sizeof(dir), "%.*s", (int)(slash - path + 1), path);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = fsync(fd) < 0 ? -errno : 0;
	close(fd);
	/* Some file systems have no such thing: then there is nothing to lose. */
	return err == -EINVAL ? 0 : err;
}

static int write_temporary(const char *path, const void *data, size_t len, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int err;

	if (fd < 0)
		return -errno;
	err = fchmod(fd, mode) < 0 ? -errno : write_all(fd, data, len);
	if (!err && fsync(fd) < 0)
		err = -errno;
	if (close(fd) < 0 && !err)
		err = -errno;
	return err;
}

/* The file that path stands for: itself, or what a chain of links ends in. */
static int follow(const char *path, char real[PATH_MAX])
{
	char target[PATH_MAX];

	if (strlen(path) >= PATH_MAX)
		return -ENAMETOOLONG;
	strcpy(real, path);
	for (int depth = 0; depth < 8; depth++) {
		ssize_t n = readlink(real, target, sizeof(target) - 1);
		const char *slash = strrchr(real, '/');
		size_t dir;

		if (n < 0)
			return errno == EINVAL || errno == ENOENT ? 0 : -errno;
		target[n] = '\0';
		dir = target[0] == '/' || !slash ? 0 : (size_t)(slash - real) + 1;
		if (dir + (size_t)n >= PATH_MAX)
			return -ENAMETOOLONG;
		strcpy(real + dir, target);
	}
	return -ELOOP;
}

int file_write_atomic(const char *path, const void *data, size_t len, mode_t mode)
{
	char real[PATH_MAX], tmp[PATH_MAX];
	int err = follow(path, real);

	if (err)
		return err;
	if (snprintf(tmp, sizeof(tmp), "%s.tmp.%d", real, (int)getpid()) >=
	    (int)sizeof(tmp))
		return -ENAMETOOLONG;
	/* Left by a killed process that had our number. */
	unlink(tmp);
	err = write_temporary(tmp, data, len, mode);
	if (!err && rename(tmp, real) < 0)
		err = -errno;
	if (err) {
		unlink(tmp);
		return err;
	}
	return sync_directory_of(real);
}

int file_read(const char *path, size_t max, char **data, size_t *len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), err = 0;
	size_t have = 0, room = 4096;
	char *buf = NULL;

	*data = NULL;
	if (fd < 0)
		return -errno;
	/* Sizes told by stat() mean nothing for files of /proc and /sys. */
	for (ssize_t n = 1; n > 0 && !err; have += n > 0 ? (size_t)n : 0) {
		if (!buf || have == room) {
			char *bigger = realloc(buf, (room *= buf ? 2 : 1) + 1);

			if (!bigger) {
				err = -ENOMEM;
				break;
			}
			buf = bigger;
		}
		n = read(fd, buf + have, room - have);
		if (n < 0)
			err = -errno;
		else if (have + (size_t)n > max)
			err = -EFBIG;
	}
	close(fd);
	if (err) {
		free(buf);
		return err;
	}
	buf[have] = '\0';
	*data = buf;
	if (len)
		*len = have;
	return 0;
}

int dir_make(const char *path, mode_t mode)
{
	char part[PATH_MAX];
	size_t len = 0;

	while (path[len]) {
		len += strspn(path + len, "/");
		len += strcspn(path + len, "/");
		if (len >= sizeof(part))
			return -ENAMETOOLONG;
		memcpy(part, path, len);
		part[len] = '\0';
		if (mkdir(part, mode) < 0 && errno != EEXIST)
			return -errno;
	}
	return 0;
}

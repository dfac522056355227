/* A slot: an ISO copied whole to a partition, and read back. */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <unistd.h>

#include "job.h"
#include "libconf/conf.h"
#include "run.h"

#define CHUNK ((size_t)1 << 20)

/* Reads exactly @n octets at @at, or fails. */
static int read_chunk(int fd, char *buf, size_t n, uint64_t at)
{
	while (n) {
		ssize_t got = pread(fd, buf, n, (off_t)at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got ? -errno : -EIO;
		buf += got;
		n -= (size_t)got;
		at += (uint64_t)got;
	}
	return 0;
}

static int write_chunk(int fd, const char *buf, size_t n, uint64_t at)
{
	while (n) {
		ssize_t put = pwrite(fd, buf, n, (off_t)at);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return put ? -errno : -EIO;
		buf += put;
		n -= (size_t)put;
		at += (uint64_t)put;
	}
	return 0;
}

struct copy {
	struct job *j;
	const char *device;
	int fd;
	unsigned int from, to;	/* of the step's percentage */
	char *buf;
};

static int copy(struct copy *c, struct fault *f)
{
	uint64_t size = c->j->source.size;
	int err;

	for (uint64_t at = 0; at < size; at += CHUNK) {
		size_t n = size - at < CHUNK ? (size_t)(size - at) : CHUNK;

		err = read_chunk(c->j->source.fd, c->buf, n, at);
		if (err)
			return fault_set(f, err, "%.200s: reading failed: %s: is "
					 "the medium damaged?", c->j->source.path,
					 strerror(-err));
		err = write_chunk(c->fd, c->buf, n, at);
		if (err)
			return fault_set(f, err, "%s: writing failed: %s: is the "
					 "disk failing?", c->device, strerror(-err));
		err = job_progress(c->j, c->from + (unsigned int)(at *
				   (c->to - c->from) / size), f);
		if (err)
			return err;
	}
	if (fsync(c->fd))
		return fault_set(f, -errno, "%s: writing failed: %s: is the disk "
				 "failing?", c->device, strerror(errno));
	/* What is read back comes from the disk, not from memory. */
	ioctl(c->fd, BLKFLSBUF, 0);
	return 0;
}

int slot_write(struct job *j, const char *device, unsigned int from,
	       unsigned int to, struct fault *f)
{
	struct copy c = {j, device, -1, from, to, malloc(CHUNK)};
	int err;

	c.fd = open(device, O_WRONLY | O_EXCL | O_CLOEXEC);
	if (c.fd < 0 || !c.buf)
		err = fault_set(f, -errno, "%s: %s", device, strerror(errno));
	else
		err = copy(&c, f);
	if (c.fd >= 0)
		close(c.fd);
	free(c.buf);
	return err;
}

int slot_verify(const char *device, struct fault *f)
{
	const char *const argv[] = {"mount", "-t", "iso9660", "-o", "ro", device,
				    SLOT_DIR, NULL};
	int err = dir_make(SLOT_DIR, 0755);

	if (err)
		return fault_set(f, err, "%s: %s", SLOT_DIR, strerror(-err));
	err = run(argv, NULL, f);
	if (!err) {
		err = source_verify(SLOT_DIR, f);
		umount2(SLOT_DIR, MNT_DETACH);
	}
	return err;
}

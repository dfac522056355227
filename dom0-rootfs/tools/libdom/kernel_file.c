/*
 * From the name of a kernel file to an image that can be loaded.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "libdom/internal.h"
#include "libdom/kernel.h"

static int read_all(int fd, uint8_t *buf, size_t size)
{
	while (size) {
		ssize_t n = read(fd, buf, size);

		if (n < 0)
			return -errno;
		if (n == 0)
			return -EIO; /* it became shorter */
		buf += n;
		size -= (size_t)n;
	}
	return 0;
}

static int open_checked(const char *path, struct stat *st, struct dom_error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return dom_fail_file(err, -errno, path, "kernel");
	if (fstat(fd, st) == 0 && S_ISREG(st->st_mode) && st->st_size > 0 &&
	    st->st_size <= KERNEL_MAX_UNPACKED)
		return fd;
	close(fd);
	return dom_fail(err, -ENOEXEC,
			"%s: not a usable kernel: it is empty, too large or no "
			"ordinary file: give the path of a kernel image", path);
}

/*
 * What a file is known by in the cache: which file, when it was last changed,
 * and its first and last bytes, where packed kernels have their checksum.
 * Hashing all of it would take longer than loading it.
 */
struct identity {
	uint64_t dev, ino, size;
	struct timespec mtime, ctime;
	uint8_t head[4096], tail[16384];
};

static int make_key(int fd, const struct stat *st, uint8_t key[32])
{
	struct identity *id = calloc(1, sizeof(*id));
	off_t tail = st->st_size - (off_t)sizeof(id->tail);
	ssize_t got;

	if (!id)
		return -ENOMEM;
	id->dev = st->st_dev;
	id->ino = st->st_ino;
	id->size = (uint64_t)st->st_size;
	id->mtime = st->st_mtim;
	id->ctime = st->st_ctim;
	got = pread(fd, id->head, sizeof(id->head), 0);
	if (got >= 0)
		got = pread(fd, id->tail, sizeof(id->tail), tail < 0 ? 0 : tail);
	blake2b_256(id, sizeof(*id), key);
	free(id);
	return got < 0 ? -EIO : 0;
}

/* Two changes in one tick of the file system's clock leave the same times. */
static bool settled(const struct stat *st)
{
	return time(NULL) - st->st_ctim.tv_sec > 1;
}

/* Unpacks into a mapping of its own, which replaces the packed file in *k. */
static int unpack(const char *path, const uint8_t *key, struct kernel_file *k,
		  struct dom_error *err)
{
	const uint8_t *payload;
	uint8_t *file = k->data;
	int fd = -1, ret;
	size_t len;

	ret = kernel_find_payload(k->data, k->size, path, &payload, &len, err);
	if (ret == 0)
		ret = kernel_unpacked_size(payload, len, path, &k->size, err);
	if (ret)
		return ret;
	ret = kernel_cache_make(k->size, &k->data, &fd);
	if (ret)
		return dom_fail(err, ret, "%s: not enough memory in dom0 to unpack it "
				"(%zu MiB): raise dom0_mem", path, k->size >> 20);
	k->mapped = true;
	ret = kernel_unpack(payload, len, path, k->data, k->size, err);
	free(file);
	if (ret == 0)
		ret = kernel_parse_elf(k->data, k->size, path, &k->image, err);
	if (ret == 0 && key)
		kernel_cache_keep(key, fd, k->image.used);
	else if (fd >= 0)
		close(fd);
	return ret;
}

static int read_kernel(const char *path, int fd, const struct stat *st,
		       const uint8_t *key, struct kernel_file *k, struct dom_error *err)
{
	int ret;

	k->size = (size_t)st->st_size;
	k->data = malloc(k->size);
	ret = k->data ? read_all(fd, k->data, k->size) : -ENOMEM;
	if (ret)
		return dom_fail_errno(err, ret, "%s: kernel cannot be read", path);
	if (kernel_is_elf(k->data, k->size))
		return kernel_parse_elf(k->data, k->size, path, &k->image, err);
	return unpack(path, settled(st) ? key : NULL, k, err);
}

int kernel_open(const char *path, struct kernel_file *out, struct dom_error *err)
{
	struct stat st;
	uint8_t key[32];
	int fd, ret;

	memset(out, 0, sizeof(*out));
	fd = open_checked(path, &st, err);
	if (fd < 0)
		return fd;
	ret = make_key(fd, &st, key);
	if (ret)
		ret = dom_fail_errno(err, ret, "%s: kernel cannot be read", path);
	else if (kernel_cache_get(key, &out->data, &out->size) == 0) {
		out->mapped = true;
		ret = kernel_parse_elf(out->data, out->size, path, &out->image, err);
	} else
		ret = read_kernel(path, fd, &st, key, out, err);
	close(fd);
	if (ret)
		kernel_close(out);
	return ret;
}

void kernel_close(struct kernel_file *kernel)
{
	if (kernel->mapped)
		munmap(kernel->data, kernel->size);
	else
		free(kernel->data);
	memset(kernel, 0, sizeof(*kernel));
}

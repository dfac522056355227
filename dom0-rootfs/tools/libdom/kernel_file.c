/*
 * From the name of a kernel file to an image that can be loaded.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
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

static int open_checked(const char *path, size_t *size, struct dom_error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return dom_fail_file(err, -errno, path, "kernel");
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 &&
	    st.st_size <= KERNEL_MAX_UNPACKED) {
		*size = (size_t)st.st_size;
		return fd;
	}
	close(fd);
	return dom_fail(err, -ENOEXEC,
			"%s: not a usable kernel: it is empty, too large or no "
			"ordinary file: give the path of a kernel image", path);
}

static int read_file(const char *path, uint8_t **data, size_t *size,
		     struct dom_error *err)
{
	int fd = open_checked(path, size, err);
	int ret;

	if (fd < 0)
		return fd;
	*data = malloc(*size);
	ret = *data ? read_all(fd, *data, *size) : -ENOMEM;
	close(fd);
	if (ret == 0)
		return 0;
	free(*data);
	return dom_fail_errno(err, ret, "%s: kernel cannot be read", path);
}

/* Unpacks into a mapping of its own, which replaces the packed file in *k. */
static int unpack_payload(const char *path, const uint8_t *payload, size_t len,
			  const uint8_t key[32], struct kernel_file *k,
			  struct dom_error *err)
{
	uint8_t *file = k->data;
	int fd = -1, ret;

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
	if (ret == 0)
		kernel_cache_keep(key, fd, k->image.used);
	else if (fd >= 0)
		close(fd);
	return ret;
}

/* Replaces the packed file in *k by the kernel inside. */
static int unpack(const char *path, struct kernel_file *k, struct dom_error *err)
{
	const uint8_t *payload;
	uint8_t key[32], *file = k->data;
	size_t len;
	int ret = kernel_find_payload(k->data, k->size, path, &payload, &len, err);

	if (ret)
		return ret;
	blake2b_256(payload, len, key);
	if (kernel_cache_get(key, &k->data, &k->size) < 0)
		return unpack_payload(path, payload, len, key, k, err);
	k->mapped = true;
	free(file);
	return kernel_parse_elf(k->data, k->size, path, &k->image, err);
}

int kernel_open(const char *path, struct kernel_file *out, struct dom_error *err)
{
	int ret;

	memset(out, 0, sizeof(*out));
	ret = read_file(path, &out->data, &out->size, err);
	if (ret)
		return ret;
	if (kernel_is_elf(out->data, out->size))
		ret = kernel_parse_elf(out->data, out->size, path, &out->image, err);
	else
		ret = unpack(path, out, err);
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

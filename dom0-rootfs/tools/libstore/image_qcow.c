/*
 * qcow2 images, read by libqcow. An image with a base image is not complete by
 * itself and refused, as are an encrypted one and what qcow_check() finds.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <libqcow.h>

#include "libstore/internal.h"

static bool qcow_is(int fd, uint64_t size)
{
	char magic[4];

	return size > 4 && pread(fd, magic, 4, 0) == 4 && !memcmp(magic, "QFI\xfb", 4);
}

static void qcow_close(struct image *img)
{
	libqcow_file_t *file = img->handle;

	libqcow_file_close(file, NULL);
	libqcow_file_free(&file, NULL);
}

static int refuse(struct image *img, const char *path, const char *why,
		  struct store_error *err)
{
	qcow_close(img);
	return store_fail(err, -ENOTSUP, "%s: %s", path, why);
}

static int qcow_open(struct image *img, const char *path, struct store_error *err)
{
	libqcow_file_t *file = NULL;
	const char *why = qcow_check(img->fd, img->size);
	size64_t size = 0;
	size_t len = 0;

	if (why)
		return store_fail(err, -EINVAL, "%s: the qcow2 image cannot be read: %s: "
				  "convert it to raw (qemu-img convert), or get another "
				  "copy", path, why);
	if (libqcow_file_initialize(&file, NULL) != 1)
		return store_fail(err, -ENOMEM, "%s: memory is short", path);
	img->handle = file;
	if (libqcow_file_open(file, path, LIBQCOW_OPEN_READ, NULL) != 1) {
		libqcow_file_free(&file, NULL);
		return store_fail(err, -EINVAL, "%s: the qcow2 image cannot be read: it is "
				  "damaged, or uses what is not known here: convert it to "
				  "raw (qemu-img convert), or get another copy", path);
	}
	if (libqcow_file_get_utf8_backing_filename_size(file, &len, NULL) == 1 && len > 1)
		return refuse(img, path, "the image is only the difference to a base "
			      "image: join them (qemu-img convert) first", err);
	if (libqcow_file_is_locked(file, NULL) != 0)
		return refuse(img, path, "the image is encrypted: decrypt it (qemu-img "
			      "convert) first", err);
	if (libqcow_file_get_media_size(file, &size, NULL) != 1)
		return refuse(img, path, "the image is damaged: get another copy", err);
	img->size = size;
	return 0;
}

static int qcow_read(struct image *img, void *buf, size_t len, uint64_t offset)
{
	ssize_t n = libqcow_file_read_buffer_at_offset(img->handle, buf, len,
						       (off64_t)offset, NULL);

	return n == (ssize_t)len ? 0 : -EIO;
}

const struct image_ops qcow_image_ops = { qcow_is, qcow_open, qcow_read, qcow_close };

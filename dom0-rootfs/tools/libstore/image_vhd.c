/*
 * vhd and vhdx images, read by libvhdi. A differential image is refused.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <libvhdi.h>

#include "libstore/internal.h"

/* A dynamic disk begins with a copy of the footer; a fixed one has only that. */
static bool vhd_is(int fd, uint64_t size)
{
	char start[8] = "", end[8] = "";

	if (size < 1024 || pread(fd, start, 8, 0) != 8 ||
	    pread(fd, end, 8, (off_t)size - 512) != 8)
		return false;
	return !memcmp(start, "conectix", 8) || !memcmp(end, "conectix", 8) ||
	       !memcmp(start, "vhdxfile", 8);
}

static void vhd_close(struct image *img)
{
	libvhdi_file_t *file = img->handle;

	libvhdi_file_close(file, NULL);
	libvhdi_file_free(&file, NULL);
}

static int vhd_open(struct image *img, const char *path, struct store_error *err)
{
	libvhdi_file_t *file = NULL;
	size64_t size = 0;
	uint32_t type = 0;

	if (libvhdi_file_initialize(&file, NULL) != 1)
		return store_fail(err, -ENOMEM, "%s: memory is short", path);
	img->handle = file;
	if (libvhdi_file_open(file, path, LIBVHDI_OPEN_READ, NULL) != 1) {
		libvhdi_file_free(&file, NULL);
		return store_fail(err, -EINVAL, "%s: the vhd image cannot be read: it is "
				  "damaged, or uses what is not known here: convert it to "
				  "raw (qemu-img convert), or get another copy", path);
	}
	if (libvhdi_file_get_disk_type(file, &type, NULL) != 1 ||
	    libvhdi_file_get_media_size(file, &size, NULL) != 1 ||
	    type == LIBVHDI_DISK_TYPE_DIFFERENTIAL) {
		vhd_close(img);
		return store_fail(err, -ENOTSUP, "%s: the image is %s", path,
				  type == LIBVHDI_DISK_TYPE_DIFFERENTIAL
				  ? "only the difference to a base image: join them first"
				  : "damaged: get another copy");
	}
	img->size = size;
	return 0;
}

static int vhd_read(struct image *img, void *buf, size_t len, uint64_t offset)
{
	ssize_t n = libvhdi_file_read_buffer_at_offset(img->handle, buf, len,
						       (off64_t)offset, NULL);

	return n == (ssize_t)len ? 0 : -EIO;
}

const struct image_ops vhd_image_ops = { vhd_is, vhd_open, vhd_read, vhd_close };

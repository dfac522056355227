/*
 * vmdk images, read by libvmdk. A descriptor may name other files: only files
 * beside it are accepted, so that an image cannot reach for the host's own.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <libvmdk.h>

#include "libstore/internal.h"

static bool vmdk_is(int fd, uint64_t size)
{
	static const char text[] = "# Disk DescriptorFile";
	char start[sizeof(text)] = "";

	if (size < sizeof(start) || pread(fd, start, sizeof(text) - 1, 0) < 4)
		return false;
	return !memcmp(start, "KDMV", 4) || !memcmp(start, "COWD", 4) ||
	       !strcmp(start, text);
}

static void vmdk_close(struct image *img)
{
	libvmdk_handle_t *handle = img->handle;

	libvmdk_handle_close(handle, NULL);
	libvmdk_handle_free(&handle, NULL);
}

/* Is the n-th extent a plain file name? */
static bool extent_is_safe(libvmdk_handle_t *handle, int n)
{
	libvmdk_extent_descriptor_t *extent = NULL;
	uint8_t name[256] = "";
	size_t len = 0;
	bool safe = false;

	if (libvmdk_handle_get_extent_descriptor(handle, n, &extent, NULL) != 1)
		return false;
	switch (libvmdk_extent_descriptor_get_utf8_filename_size(extent, &len, NULL)) {
	case 0: /* zeros, no file */
		safe = true;
		break;
	case 1:
		safe = len <= sizeof(name) &&
		       libvmdk_extent_descriptor_get_utf8_filename(extent, name, len,
								   NULL) == 1 &&
		       !strpbrk((char *)name, "/\\");
		break;
	}
	libvmdk_extent_descriptor_free(&extent, NULL);
	return safe;
}

/* Why it cannot be used, or NULL. */
static const char *check(libvmdk_handle_t *handle)
{
	size_t len = 0;
	int n = 0;

	if (libvmdk_handle_get_utf8_parent_filename_size(handle, &len, NULL) == 1 &&
	    len > 1)
		return "the image is only the difference to a base image: join them first";
	if (libvmdk_handle_get_number_of_extents(handle, &n, NULL) != 1 || n < 1 ||
	    n > 1000)
		return "the image is damaged: get another copy";
	for (int i = 0; i < n; i++)
		if (!extent_is_safe(handle, i))
			return "the image names files elsewhere: put all its files into one "
			       "directory";
	if (libvmdk_handle_open_extent_data_files(handle, NULL) != 1)
		return "a file that belongs to the image is missing or damaged: copy all "
		       "its files beside it";
	return NULL;
}

static int vmdk_open(struct image *img, const char *path, struct store_error *err)
{
	libvmdk_handle_t *handle = NULL;
	size64_t size = 0;
	const char *why;

	if (libvmdk_handle_initialize(&handle, NULL) != 1)
		return store_fail(err, -ENOMEM, "%s: memory is short", path);
	img->handle = handle;
	if (libvmdk_handle_open(handle, path, LIBVMDK_OPEN_READ, NULL) != 1) {
		libvmdk_handle_free(&handle, NULL);
		return store_fail(err, -EINVAL, "%s: the vmdk image cannot be read: it is "
				  "damaged, or uses what is not known here: convert it to "
				  "raw (qemu-img convert), or get another copy", path);
	}
	why = check(handle);
	if (!why && libvmdk_handle_get_media_size(handle, &size, NULL) != 1)
		why = "the image is damaged: get another copy";
	if (why) {
		vmdk_close(img);
		return store_fail(err, -ENOTSUP, "%s: %s", path, why);
	}
	img->size = size;
	return 0;
}

static int vmdk_read(struct image *img, void *buf, size_t len, uint64_t offset)
{
	ssize_t n = libvmdk_handle_read_buffer_at_offset(img->handle, buf, len,
							 (off64_t)offset, NULL);

	return n == (ssize_t)len ? 0 : -EIO;
}

const struct image_ops vmdk_image_ops = { vmdk_is, vmdk_open, vmdk_read, vmdk_close };

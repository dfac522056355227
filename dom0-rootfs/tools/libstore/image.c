/*
 * Image files: which format, and reading them. The formats' own parsers are
 * libyal's; raw files and devices are read as they are.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/fs.h>

#include "libstore/internal.h"

static bool has(int fd, uint64_t at, const char *bytes, size_t len)
{
	char buf[32];

	return pread(fd, buf, len, (off_t)at) == (ssize_t)len && !memcmp(buf, bytes, len);
}

/* --- raw -------------------------------------------------------------------- */

static bool raw_is(int fd, uint64_t size)
{
	(void)fd;
	(void)size;
	return true;
}

static int raw_open(struct image *img, const char *path, struct store_error *err)
{
	if (img->size)
		return 0;
	return store_fail(err, -ENODATA, "%s: it is empty: choose another file", path);
}

static int raw_read(struct image *img, void *buf, size_t len, uint64_t offset)
{
	while (len) {
		ssize_t n = pread(img->fd, buf, len, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		buf = (char *)buf + n;
		len -= (size_t)n;
		offset += (uint64_t)n;
	}
	return 0;
}

static void raw_close(struct image *img)
{
	(void)img;
}

const struct image_ops raw_image_ops = { raw_is, raw_open, raw_read, raw_close };

/* --- all -------------------------------------------------------------------- */

static bool iso_is(int fd)
{
	return has(fd, 32769, "CD001", 5);
}

static const struct {
	enum store_format format;
	const struct image_ops *ops;
	const char *name;
} formats[] = {
	{ STORE_QCOW2, &qcow_image_ops, "qcow2" },
	{ STORE_VMDK, &vmdk_image_ops, "vmdk" },
	{ STORE_VHD, &vhd_image_ops, "vhd" },
	{ STORE_RAW, &raw_image_ops, "raw" },
};

const char *store_format_name(enum store_format format)
{
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
		if (formats[i].format == format)
			return formats[i].name;
	return "iso";
}

enum store_format image_format(int fd, uint64_t size)
{
	size_t i = 0;

	while (i < ARRAY_SIZE(formats) - 1 && !formats[i].ops->is(fd, size))
		i++;
	return formats[i].format == STORE_RAW && iso_is(fd) ? STORE_ISO
							    : formats[i].format;
}

static int open_file(const char *path, struct image *img, struct store_error *err)
{
	struct stat st;

	img->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (img->fd < 0 || fstat(img->fd, &st) < 0)
		return store_fail(err, -errno, "%s: the image cannot be opened: %s: "
				  "correct the path", path, strerror(errno));
	if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode))
		return store_fail(err, -EINVAL, "%s: it is no image: give a file or a "
				  "disk", path);
	img->size = (uint64_t)st.st_size;
	if (S_ISBLK(st.st_mode) && ioctl(img->fd, BLKGETSIZE64, &img->size) < 0)
		return store_fail(err, -errno, "%s: its size cannot be read: %s: is the "
				  "disk there?", path, strerror(errno));
	return 0;
}

int image_open(const char *path, struct image *img, struct store_error *err)
{
	int ret;

	*img = (struct image){ .fd = -1 };
	ret = open_file(path, img, err);
	if (!ret) {
		img->format = image_format(img->fd, img->size);
		img->ops = &raw_image_ops;
		for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
			if (formats[i].format == img->format)
				img->ops = formats[i].ops;
		ret = img->ops->open(img, path, err);
	}
	if (ret && img->fd >= 0)
		close(img->fd);
	return ret;
}

void image_close(struct image *img)
{
	img->ops->close(img);
	close(img->fd);
}

int store_image_info(const char *path, struct store_image_info *out,
		     struct store_error *err)
{
	struct image img;
	int ret = image_open(path, &img, err);

	if (ret)
		return ret;
	out->format = img.format;
	out->size = img.size;
	image_close(&img);
	if (!out->size || out->size > 1ull << 50)
		return store_fail(err, -EINVAL, "%s: the image is damaged: it says that its "
				  "disk has %llu bytes: get another copy", path,
				  (unsigned long long)out->size);
	return 0;
}

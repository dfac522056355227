/*
 * Loop devices for disks in files. A device is bound with "autoclear": it lives
 * as long as somebody has it open, first this process, then dom0's back end. So
 * a process killed half-way leaves none behind, and a VM's end frees its own.
 */
#define _GNU_SOURCE /* O_DIRECT */
#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libdom/build.h"

#define LOOP_TRIES 64 /* another process may snatch the free one each time */

static int try_one(int ctl, const struct loop_config *config, bool readonly, dev_t *dev)
{
	char path[32];
	struct stat st;
	int n = ioctl(ctl, LOOP_CTL_GET_FREE), fd, err;

	if (n < 0)
		return -errno;
	snprintf(path, sizeof(path), "/dev/loop%d", n);
	fd = open(path, (readonly ? O_RDONLY : O_RDWR) | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) == 0 && ioctl(fd, LOOP_CONFIGURE, config) == 0) {
		*dev = st.st_rdev;
		return fd;
	}
	err = -errno;
	close(fd);
	return err;
}

/*
 * Can the file be read past the page cache? The kernel takes a file on an overlay for
 * one that can, whatever lies below (memory cannot), and then fails every request.
 */
static bool takes_direct_io(int file)
{
	char path[40];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	fd = open(path, O_RDONLY | O_DIRECT | O_CLOEXEC);
	if (fd < 0)
		return false;
	close(fd);
	return true;
}

int loop_attach(const char *path, int file, bool readonly, int *loop_fd, dev_t *dev)
{
	struct loop_config config = {.fd = (uint32_t)file};
	int ctl = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	int i, ret = -EBUSY;

	if (ctl < 0)
		return -errno;
	config.info.lo_flags = LO_FLAGS_AUTOCLEAR | (readonly ? LO_FLAGS_READ_ONLY : 0) |
			       (takes_direct_io(file) ? LO_FLAGS_DIRECT_IO : 0);
	snprintf((char *)config.info.lo_file_name, LO_NAME_SIZE, "%s", path);
	for (i = 0; i < LOOP_TRIES && ret == -EBUSY; i++)
		ret = try_one(ctl, &config, readonly, dev);
	close(ctl);
	if (ret < 0)
		return ret;
	*loop_fd = ret;
	return 0;
}

/*
 * Disks: a raw file (through a loop device) or a block device, served by dom0's
 * xen-blkback.
 *
 * Who uses what: a file is in use where a loop device is bound to it, a block
 * device where the kernel holds it (mounted, part of a volume group) or where a
 * back end serves it. Two may share only when both just read.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "libdom/build.h"

#define LOOP_GONE_MS 30000

/* --- who has it ----------------------------------------------------------- */

struct user {
	dev_t dev;	 /* block device served or loop device bound */
	bool writes;
	uint32_t domid;	 /* 0: dom0 itself */
};

/* Does this back end serve dev? */
static bool serves(struct dom *dom, const char *dir, dev_t dev, bool *writes)
{
	char path[STORE_JOIN_MAX], value[32];
	unsigned int ma, mi;

	snprintf(path, sizeof(path), "%s/physical-device", dir);
	if (xs_read(dom->xs, XS_TX_NONE, path, value, sizeof(value)) < 0 ||
	    sscanf(value, "%x:%x", &ma, &mi) != 2 || makedev(ma, mi) != dev)
		return false;
	snprintf(path, sizeof(path), "%s/mode", dir);
	*writes = xs_read(dom->xs, XS_TX_NONE, path, value, sizeof(value)) < 0 ||
		  value[0] != 'r';
	return true;
}

static bool search_domain(struct dom *dom, const char *domid, struct user *u)
{
	char dir[STORE_PATH_MAX], path[STORE_PATH_MAX];
	struct xs_dir ids;
	bool found = false;
	size_t i;

	snprintf(dir, sizeof(dir), "/local/domain/0/backend/vbd/%.10s", domid);
	if (xs_directory(dom->xs, XS_TX_NONE, dir, &ids) != 0)
		return false;
	for (i = 0; i < ids.count && !found; i++) {
		snprintf(path, sizeof(path), "/local/domain/0/backend/vbd/%.10s/%.10s",
			 domid, ids.name[i]);
		found = serves(dom, path, u->dev, &u->writes);
		if (found && sscanf(domid, "%u", &u->domid) != 1)
			u->domid = 0;
	}
	xs_dir_free(&ids);
	return found;
}

/* The guest that u->dev is served to. */
static bool find_guest(struct dom *dom, struct user *u)
{
	struct xs_dir ids;
	bool found = false;
	size_t i;

	if (xs_directory(dom->xs, XS_TX_NONE, "/local/domain/0/backend/vbd", &ids) != 0)
		return false;
	for (i = 0; i < ids.count && !found; i++)
		found = search_domain(dom, ids.name[i], u);
	xs_dir_free(&ids);
	return found;
}

/* Is this loop device bound to that file? */
static bool loop_has(const char *name, const struct stat *file, struct user *u)
{
	struct loop_info64 info;
	char path[300];
	struct stat st;
	bool has = false;
	int fd;

	snprintf(path, sizeof(path), "/sys/block/%s/loop", name);
	if (access(path, F_OK) != 0)
		return false; /* not bound: opening it would only make work */
	snprintf(path, sizeof(path), "/dev/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	if (fstat(fd, &st) == 0 && ioctl(fd, LOOP_GET_STATUS64, &info) == 0 &&
	    info.lo_inode == file->st_ino && info.lo_device == file->st_dev) {
		u->dev = st.st_rdev;
		u->writes = !(info.lo_flags & LO_FLAGS_READ_ONLY);
		has = true;
	}
	close(fd);
	return has;
}

/* Tells a person who is in the way. */
static int refuse_used(struct dom *dom, const struct vm_disk *disk,
		       const struct user *u, struct dom_error *err)
{
	char name[DOM_NAME_SIZE];

	if (!u->domid)
		return dom_fail(err, -EBUSY,
				"%s: disk is in use in dom0 (/dev/loop%u): release it "
				"first", disk->target, minor(u->dev));
	domain_name(dom, u->domid, name);
	return dom_fail(err, -EBUSY,
			"%s: disk is in use by VM %s (id %u): stop it first, or give "
			"both the disk read-only", disk->target, name, u->domid);
}

static int check_loops(struct dom *dom, const struct vm_disk *disk,
		       const struct stat *file, struct dom_error *err)
{
	DIR *dir = opendir("/sys/block");
	struct user u = {0};
	struct dirent *e;
	int ret = 0;

	if (!dir)
		return 0;
	while (ret == 0 && (e = readdir(dir))) {
		if (strncmp(e->d_name, "loop", 4) != 0 || !loop_has(e->d_name, file, &u) ||
		    (disk->readonly && !u.writes))
			continue;
		find_guest(dom, &u);
		ret = refuse_used(dom, disk, &u, err);
	}
	closedir(dir);
	return ret;
}

static int check_device_users(struct dom *dom, const struct vm_disk *disk, dev_t dev,
			      struct dom_error *err)
{
	struct user u = {.dev = dev};

	if (!find_guest(dom, &u) || (disk->readonly && !u.writes))
		return 0;
	return refuse_used(dom, disk, &u, err);
}

/* --- what it is ----------------------------------------------------------- */

/* Opened the way it will be used; the file is the result, or -errno. */
static int open_target(const struct vm_disk *disk, struct stat *st,
		       struct dom_error *err)
{
	int flags = (disk->readonly ? O_RDONLY : O_RDWR) | O_CLOEXEC, fd;

	if (stat(disk->target, st) < 0)
		return dom_fail_file(err, -errno, disk->target, "disk");
	if (!S_ISREG(st->st_mode) && !S_ISBLK(st->st_mode))
		return dom_fail(err, -EINVAL,
				"%s: disk cannot be used: neither a file nor a block "
				"device: give the path of a raw image or a device",
				disk->target);
	/* Exclusive: dom0's own mounts and volume groups get in the way here. */
	if (S_ISBLK(st->st_mode) && !disk->readonly)
		flags |= O_EXCL;
	fd = open(disk->target, flags);
	if (fd < 0 && errno == EBUSY)
		return dom_fail(err, -EBUSY,
				"%s: disk is in use in dom0 (mounted, or part of a "
				"volume): release it first", disk->target);
	if ((fd < 0 && (errno == EROFS || errno == EACCES || errno == EPERM)) ||
	    (fd >= 0 && !disk->readonly && S_ISREG(st->st_mode) &&
	     !(st->st_mode & 0222))) {
		if (fd >= 0)
			close(fd);
		return dom_fail(err, -EROFS,
				"%s: disk is read-only: make it writable, or give it "
				"to the VM with mode r", disk->target);
	}
	if (fd < 0)
		return dom_fail_file(err, -errno, disk->target, "disk");
	return fd;
}

/* All checks; the open file is the result. */
static int open_checked(struct dom *dom, const struct vm_disk *disk, struct stat *st,
			struct dom_error *err)
{
	int fd = open_target(disk, st, err), ret;

	if (fd < 0)
		return fd;
	if (S_ISBLK(st->st_mode))
		ret = check_device_users(dom, disk, st->st_rdev, err);
	else if (st->st_size < 512)
		ret = dom_fail(err, -EINVAL,
			       "%s: disk is empty: make a raw image first (truncate -s "
			       "SIZE FILE)", disk->target);
	else
		ret = check_loops(dom, disk, st, err);
	if (ret) {
		close(fd);
		return ret;
	}
	return fd;
}

int disk_check(struct dom *dom, const struct vm_disk *disk, struct dom_error *err)
{
	struct stat st;
	int fd;

	if (!disk->target)
		return 0;
	fd = device_check_driver("vbd", err);
	if (fd)
		return fd;
	fd = open_checked(dom, disk, &st, err);
	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

/* --- attaching ------------------------------------------------------------ */

/* Between looking and taking nobody else may take. Freed when closed. */
static int lock_disks(void)
{
	int fd, ret = run_dir_make(NULL);

	if (ret)
		return ret;
	fd = open(RUN_DIR "/disks.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	while (flock(fd, LOCK_EX) < 0)
		if (errno != EINTR) {
			ret = -errno;
			close(fd);
			return ret;
		}
	return fd;
}

static int write_nodes(struct dom *dom, const struct device *d,
		       const struct vm_disk *disk, dev_t dev, bool loop,
		       struct dom_error *err)
{
	const char *type = disk->cdrom ? "cdrom" : "disk";
	struct node_list front = {0}, back = {0};
	int ret;

	node_put(&front, "virtual-device", "%u", d->id);
	node_put(&front, "device-type", "%s", type);
	node_put(&front, "trusted", "%d", !disk->untrusted);
	node_put(&back, "removable", "%d", disk->cdrom);
	node_put(&back, "bootable", "1");
	node_put(&back, "dev", "%s", disk->vdev);
	node_put(&back, "type", "phy");
	node_put(&back, "mode", "%s", disk->readonly ? "r" : "w");
	node_put(&back, "device-type", "%s", type);
	node_put(&back, "params", "%s", disk->target);
	node_put(&back, "physical-device", "%x:%x", major(dev), minor(dev));
	node_put(&back, "discard-enable", "%d", disk->discard);
	node_put(&back, "direct-io-safe", "%d", disk->direct_io_safe);
	if (loop)
		node_put(&back, "node", "/dev/loop%u", minor(dev));
	node_put(&back, "hotplug-status", "connected");
	ret = device_write(dom, d, &front, &back, err);
	node_list_free(&front);
	node_list_free(&back);
	return ret;
}

/* From an opened target to a back end that has it open itself. */
static int serve(struct dom *dom, const struct device *d, const struct vm_disk *disk,
		 const struct stat *st, int file, struct dom_error *err)
{
	dev_t dev = st->st_rdev;
	int loop = -1, ret;

	if (S_ISREG(st->st_mode)) {
		ret = loop_attach(disk->target, file, disk->readonly, &loop, &dev);
		if (ret)
			return dom_fail_errno(err, ret,
					      "%s: no loop device for the disk",
					      disk->target);
	}
	ret = write_nodes(dom, d, disk, dev, loop >= 0, err);
	if (ret == 0)
		ret = device_wait(dom, d, "physical_device", err);
	if (ret)
		device_remove(dom, d);
	if (loop >= 0)
		close(loop);
	return ret;
}

int disk_attach(struct dom *dom, uint32_t domid, const struct vm_disk *disk,
		struct dom_error *err)
{
	struct device d = {"vbd", domid, disk->devid};
	struct stat st;
	int lock, file, ret;

	if (!disk->target)
		return 0;
	lock = lock_disks();
	if (lock < 0)
		return dom_fail_errno(err, lock, RUN_DIR "/disks.lock: cannot be locked");
	file = open_checked(dom, disk, &st, err);
	ret = file < 0 ? file : serve(dom, &d, disk, &st, file, err);
	if (file >= 0)
		close(file);
	close(lock);
	return ret;
}

/* The back end lets go of its device a little after it is gone itself. */
static void wait_loop_free(const char *node)
{
	int64_t until = wait_now_ms() + LOOP_GONE_MS;
	unsigned int turn = 0, n;
	char path[64];

	if (sscanf(node, "/dev/loop%u", &n) != 1)
		return;
	snprintf(path, sizeof(path), "/sys/block/loop%u/loop", n);
	while (access(path, F_OK) == 0 && wait_now_ms() < until)
		wait_pause(&turn);
}

void disk_detach(struct dom *dom, uint32_t domid, uint32_t devid)
{
	struct device d = {"vbd", domid, devid};
	char front[STORE_PATH_MAX], back[STORE_PATH_MAX], path[STORE_JOIN_MAX];
	char node[64] = "";

	device_paths(&d, front, back);
	snprintf(path, sizeof(path), "%s/node", back);
	xs_read(dom->xs, XS_TX_NONE, path, node, sizeof(node));
	device_remove(dom, &d);
	wait_loop_free(node);
}

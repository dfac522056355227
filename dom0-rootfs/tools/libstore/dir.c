/*
 * Pools that are directories: a volume is the sparse raw file NAME.img, a snapshot
 * the file NAME.SNAPSHOT.snap. A pool on a device is an ext4 file system of its
 * own, labelled STORE_FS_LABEL (STORE_FS_LABEL_NEW as long as it is being made)
 * and holding its name in the file .basalt-pool.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "libstore/internal.h"

static bool on_device(const struct pool *p)
{
	return !strncmp(p->source, "uuid:", 5);
}

/* Is something mounted there? */
static bool mounted(const char *dir)
{
	char up[STORE_PATH_SIZE + 4];
	struct stat st, parent;

	snprintf(up, sizeof(up), "%s/..", dir);
	return stat(dir, &st) == 0 && stat(up, &parent) == 0 && st.st_dev != parent.st_dev;
}

static int sync_dir(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int ret = fd < 0 || fsync(fd) < 0 ? -errno : 0;

	if (fd >= 0)
		close(fd);
	return ret;
}

static const char *cure_for(int code)
{
	return code == -ENOSPC ? "delete something there" :
	       code == -EROFS ? "see the kernel's log: the disk may be failing" :
				"see the kernel's log";
}

static int fail_file(struct store_error *err, int code, const char *path,
		     const char *what)
{
	return store_fail(err, code, "%s: %s: %s: %s", path, what, strerror(-code),
			  cure_for(code));
}

/* --- the pool --------------------------------------------------------------- */

static int mount_at(const char *node, const char *dir, struct store_error *err)
{
	int ret = mounted(dir) ? 0 : dir_make(dir, 0711);

	if (ret || mounted(dir))
		return ret ? fail_file(err, ret, dir, "cannot be made") : 0;
	if (mount(node, dir, "ext4", MS_NOSUID | MS_NODEV | MS_NOATIME, NULL) == 0)
		return 0;
	ret = -errno;
	rmdir(dir);
	return store_fail(err, ret, "%s: cannot be mounted on %s: %s: check it with "
			  "fsck.ext4", node, dir, strerror(-ret));
}

static int random_uuid(char text[40])
{
	unsigned char b[16];
	int fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, b, sizeof(b));

	if (fd >= 0)
		close(fd);
	if (n != sizeof(b))
		return -EIO;
	b[6] = (b[6] & 15) | 0x40;
	b[8] = (b[8] & 63) | 0x80;
	snprintf(text, 40, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x"
		 "%02x%02x", b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9],
		 b[10], b[11], b[12], b[13], b[14], b[15]);
	return 0;
}

static int make_fs(struct store *s, struct pool *p, const char *device,
		   struct store_error *err)
{
	char uuid[40], mark[STORE_PATH_SIZE + 16], node[STORE_PATH_SIZE];
	const char *const mkfs[] = { "mke2fs", "-t", "ext4", "-F", "-q", "-m", "0", "-L",
		STORE_FS_LABEL_NEW, "-U", uuid, node, NULL };
	int ret = random_uuid(uuid);

	if (ret)
		return store_fail(err, ret, "%s: no random numbers: is /dev set up?",
				  device);
	store_path(s, node, "%s", device);
	snprintf(p->source, sizeof(p->source), "uuid:%s", uuid);
	ret = run_or_fail(mkfs, device, "is the disk good?", err);
	ret = ret ? ret : mount_at(node, p->dir, err);
	if (ret)
		return ret;
	snprintf(mark, sizeof(mark), "%s/.basalt-pool", p->dir);
	ret = file_write_atomic(mark, p->name, strlen(p->name), 0644);
	if (ret)
		fail_file(err, ret, mark, "cannot be written");
	if (ret)
		umount2(p->dir, MNT_DETACH);
	return ret;
}

static int dir_finish(struct store *s, const struct pool *p, struct store_error *err)
{
	char node[STORE_PATH_SIZE];
	const char *const label[] = { "tune2fs", "-L", STORE_FS_LABEL, node, NULL };

	if (!on_device(p) || store_find_uuid(s, p->source + 5, node))
		return 0;
	return run_or_fail(label, node, "is the disk good?", err);
}

/* It is not in pools.conf, so nothing can be using it. */
static void dir_clean(struct store *s, const struct pool *p)
{
	(void)s;
	if (mounted(p->dir))
		umount(p->dir);
}

static int dir_make_pool(struct store *s, struct pool *p,
			 const struct store_pool_spec *spec, struct store_error *err)
{
	struct stat st;
	char path[STORE_PATH_SIZE];

	if (!strncmp(spec->on, "/dev/", 5))
		return make_fs(s, p, spec->on, err);
	store_path(s, path, "%s", spec->on);
	if (spec->on[0] != '/' || stat(path, &st) < 0 || !S_ISDIR(st.st_mode))
		return store_fail(err, -ENOTDIR, "%s: it is no directory: make it, or "
				  "give a disk (/dev/...)", spec->on);
	if (access(path, W_OK) < 0)
		return fail_file(err, -errno, spec->on, "nothing can be written there");
	snprintf(p->source, sizeof(p->source), "path:%s", spec->on);
	snprintf(p->dir, sizeof(p->dir), "%s", path);
	return 0;
}

static int dir_destroy(struct store *s, const struct pool *p, struct store_error *err)
{
	char node[STORE_PATH_SIZE];
	const char *const wipe[] = { "wipefs", "-q", "-a", node, NULL };
	int ret;

	if (!on_device(p))
		return 0;
	if (mounted(p->dir) && umount(p->dir) < 0)
		return store_fail(err, -errno, "%s: it is in use: %s: stop what uses %s",
				  p->name, strerror(errno), p->dir);
	rmdir(p->dir);
	ret = store_find_uuid(s, p->source + 5, node);
	return ret ? 0 : run_or_fail(wipe, node, "is it in use?", err);
}

/* Looks into each file system that has the label. */
static int dir_adopt(struct store *s, struct pool *p, struct store_error *err)
{
	char node[STORE_PATH_SIZE], mark[STORE_PATH_SIZE + 16], *name = NULL;
	struct store_disk *list;
	bool found = false;
	size_t n;
	int ret = store_disks(s, &list, &n, err);

	for (size_t i = 0; i < n && !ret; i++)
		for (size_t j = 0; j < list[i].nparts && !found; j++) {
			struct store_part *part = &list[i].parts[j];

			if (strcmp(part->label, STORE_FS_LABEL) || *part->use)
				continue;
			store_path(s, node, "/dev/%s", part->name);
			if (mount_at(node, p->dir, NULL))
				continue;
			snprintf(mark, sizeof(mark), "%s/.basalt-pool", p->dir);
			found = !file_read(mark, 64, &name, NULL) &&
				!strcmp(name, p->name);
			free(name);
			name = NULL;
			if (found)
				snprintf(p->source, sizeof(p->source), "uuid:%s",
					 part->uuid);
			else
				umount(p->dir);
		}
	store_disks_free(list, n);
	return ret || found ? ret : store_fail(err, -ENOENT, "%s: no disk holds a pool of "
		"that name: storage disks shows what there is", p->name);
}

static int dir_start(struct store *s, const struct pool *p, struct store_error *err)
{
	char node[STORE_PATH_SIZE];
	struct stat st;

	if (!on_device(p))
		return stat(p->dir, &st) == 0 ? 0 : fail_file(err, -errno, p->dir,
							      "is not there");
	if (mounted(p->dir))
		return 0;
	if (store_find_uuid(s, p->source + 5, node))
		return store_fail(err, -ENODEV, "%s: its disk is not there: plug it in, "
				  "then run storage pool start %s", p->name, p->name);
	return mount_at(node, p->dir, err);
}

static int dir_stop(struct store *s, const struct pool *p, struct store_error *err)
{
	(void)s;
	if (!on_device(p) || !mounted(p->dir))
		return 0;
	if (umount(p->dir) < 0)
		return store_fail(err, -errno, "%s: it is in use: %s: stop the VMs that "
				  "use it", p->name, strerror(errno));
	rmdir(p->dir);
	return 0;
}

static void dir_stat(struct store *s, const struct pool *p, struct store_pool *out)
{
	char node[STORE_PATH_SIZE];
	struct statvfs v;

	if (!on_device(p))
		snprintf(out->on, sizeof(out->on), "%.159s", p->source + 5);
	else if (!store_find_uuid(s, p->source + 5, node))
		snprintf(out->on, sizeof(out->on), "%.159s", node + strlen(s->root));
	if ((on_device(p) && !mounted(p->dir)) || statvfs(p->dir, &v) < 0) {
		snprintf(out->problem, sizeof(out->problem), "%s", on_device(p) && *out->on
			 ? "not started" : "its disk is not there");
		return;
	}
	out->active = true;
	out->size = (uint64_t)v.f_blocks * v.f_frsize;
	out->used = out->size - (uint64_t)v.f_bavail * v.f_frsize;
}

/* --- volumes ---------------------------------------------------------------- */

/* "web1" -> web1.img, "web1.before" -> web1.before.snap, halves: .half */
static void file_name(const char *raw, char *buf, size_t size)
{
	const char *suffix = raw[0] == '_' ? "half" : strchr(raw, '.') ? "snap" : "img";

	snprintf(buf, size, "%s.%s", raw, suffix);
}

static void dir_path(const struct store *s, const struct pool *p, const char *raw,
		     char buf[STORE_PATH_SIZE])
{
	char name[STORE_FULL_SIZE + 8];
	(void)s;

	file_name(raw, name, sizeof(name));
	snprintf(buf, STORE_PATH_SIZE, "%.120s/%s", p->dir, name);
}

/* The raw name of a file; false: none of ours. */
static bool raw_of(const char *file, char raw[STORE_FULL_SIZE])
{
	char name[STORE_FULL_SIZE + 8];
	const char *dot = strrchr(file, '.');

	if (!dot || dot == file || (size_t)(dot - file) >= STORE_FULL_SIZE)
		return false;
	snprintf(raw, STORE_FULL_SIZE, "%.*s", (int)(dot - file), file);
	file_name(raw, name, sizeof(name));
	return !strcmp(name, file);
}

/* Is a loop device bound to it? Then a VM has it. */
static bool has_loop(const struct store *s, const char *path)
{
	char dir[STORE_PATH_SIZE], file[STORE_PATH_SIZE], bound[STORE_PATH_SIZE];
	struct dirent *e;
	bool has = false;
	DIR *d;

	store_path(s, dir, "/sys/block");
	d = opendir(dir);
	while (d && !has && (e = readdir(d))) {
		if (strncmp(e->d_name, "loop", 4))
			continue;
		store_path(s, file, "/sys/block/%s/loop/backing_file", e->d_name);
		store_read_line(file, bound, sizeof(bound));
		has = *bound && !strcmp(bound, path);
	}
	if (d)
		closedir(d);
	return has;
}

static int dir_list(struct store *s, const struct pool *p, struct raw_volume **list,
		    size_t *count, struct store_error *err)
{
	char raw[STORE_FULL_SIZE], path[STORE_PATH_SIZE];
	struct dirent *e;
	struct stat st;
	DIR *dir = on_device(p) && !mounted(p->dir) ? NULL : opendir(p->dir);

	if (!dir)
		return store_fail(err, -ENODEV, "%s: its disk is not there: plug it in, "
				  "then run storage pool start %s", p->name, p->name);
	while ((e = readdir(dir))) {
		struct raw_volume *v;

		if (!raw_of(e->d_name, raw))
			continue;
		dir_path(s, p, raw, path);
		if (lstat(path, &st) < 0 || !S_ISREG(st.st_mode))
			continue;
		v = store_grow((void **)list, count, sizeof(*v));
		if (!v) {
			closedir(dir);
			return store_fail(err, -ENOMEM, "%s: memory is short", p->name);
		}
		snprintf(v->raw, sizeof(v->raw), "%s", raw);
		v->size = (uint64_t)st.st_size;
		v->used = (uint64_t)st.st_blocks * 512;
		v->made = st.st_ctime;
		v->in_use = has_loop(s, path);
	}
	closedir(dir);
	return 0;
}

static int dir_create(struct store *s, const struct pool *p, const char *raw,
		      uint64_t size, struct store_error *err)
{
	char path[STORE_PATH_SIZE];
	int fd, ret = 0;

	dir_path(s, p, raw, path);
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return fail_file(err, -errno, path, "cannot be made");
	if (ftruncate(fd, (off_t)size) < 0 || fsync(fd) < 0)
		ret = -errno;
	close(fd);
	ret = ret ? ret : sync_dir(p->dir);
	if (ret)
		unlink(path);
	return ret ? fail_file(err, ret, path, "cannot be made") : 0;
}

static int dir_grow(struct store *s, const struct pool *p, const char *raw,
		    uint64_t size, struct store_error *err)
{
	char path[STORE_PATH_SIZE];
	int fd, ret = 0;

	dir_path(s, p, raw, path);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0 || ftruncate(fd, (off_t)size) < 0 || fsync(fd) < 0)
		ret = -errno;
	if (fd >= 0)
		close(fd);
	return ret ? fail_file(err, ret, path, "cannot be grown") : 0;
}

static int dir_remove(struct store *s, const struct pool *p, const char *raw,
		      struct store_error *err)
{
	char path[STORE_PATH_SIZE];

	dir_path(s, p, raw, path);
	if (unlink(path) < 0)
		return fail_file(err, -errno, path, "cannot be removed");
	return sync_dir(p->dir);
}

static int dir_rename(struct store *s, const struct pool *p, const char *from,
		      const char *to, bool replace, struct store_error *err)
{
	char old[STORE_PATH_SIZE], new[STORE_PATH_SIZE];
	(void)replace; /* rename(2) replaces in one step */

	dir_path(s, p, from, old);
	dir_path(s, p, to, new);
	/* A snapshot is not to be written to. */
	if (chmod(old, strchr(to, '.') ? 0400 : 0600) < 0 || rename(old, new) < 0)
		return fail_file(err, -errno, new, "cannot be put in place");
	return sync_dir(p->dir);
}

const struct pool_ops dir_ops = {
	.name = "dir", .scheme = "file:", .clean = dir_clean, .make = dir_make_pool,
	.finish = dir_finish, .destroy = dir_destroy,
	.adopt = dir_adopt, .start = dir_start, .stop = dir_stop, .stat = dir_stat,
	.list = dir_list, .path = dir_path, .create = dir_create, .grow = dir_grow,
	.remove = dir_remove, .rename = dir_rename,
};

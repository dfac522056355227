/*
 * USB sticks and CDs: mounted read-only while they are there; and the image files
 * on them, in directory pools and in the usual directories.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libstore/internal.h"

#define MEDIA "/run/basalt/media"
#define OWN_LABEL "BASALT"
#define DEPTH_MAX 4
#define IMAGES_MAX 2000

static const struct {
	const char *type, *options;
} filesystems[] = {
	{ "vfat", "iocharset=utf8" }, { "exfat", "" }, { "iso9660", "" }, { "udf", "" },
	/* Even a read-only mount would replay the journal. */
	{ "ext2", "noload" }, { "ext3", "noload" }, { "ext4", "noload" },
	{ "xfs", "norecovery" },
};

/* What the kernel calls it, and what to mount it with; NULL: not mountable. */
static const char *fs_options(const char *type, const char **driver)
{
	for (size_t i = 0; i < ARRAY_SIZE(filesystems); i++) {
		if (strcmp(type, filesystems[i].type))
			continue;
		*driver = strncmp(type, "ext", 3) ? type : "ext4";
		return filesystems[i].options;
	}
	return NULL;
}

static bool is_mounted(const char *dir)
{
	char up[STORE_PATH_SIZE + 4];
	struct stat st, parent;

	snprintf(up, sizeof(up), "%s/..", dir);
	return stat(dir, &st) == 0 && stat(up, &parent) == 0 && st.st_dev != parent.st_dev;
}

static int add_medium(struct store *s, struct store_medium **list, size_t *count,
		      const struct store_part *part)
{
	char node[STORE_PATH_SIZE], dir[STORE_PATH_SIZE];
	const char *driver, *options = fs_options(part->type, &driver);
	struct store_medium *m;

	store_path(s, dir, MEDIA "/%s", part->name);
	store_path(s, node, "/dev/%s", part->name);
	/* What is mounted elsewhere is left alone, and so is our own medium: it may
	 * be pulled at any time. */
	if (!options || (*part->use && !is_mounted(dir)) ||
	    !strcmp(part->label, OWN_LABEL))
		return 0;
	if (!is_mounted(dir) &&
	    (dir_make(dir, 0755) ||
	     mount(node, dir, driver, MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC,
		   options) < 0)) {
		rmdir(dir);
		return 0; /* damaged: storage disks shows it all the same */
	}
	m = store_grow((void **)list, count, sizeof(*m));
	if (!m)
		return -ENOMEM;
	snprintf(m->name, sizeof(m->name), "%s", part->name);
	snprintf(m->label, sizeof(m->label), "%s", part->label);
	snprintf(m->type, sizeof(m->type), "%s", part->type);
	snprintf(m->path, sizeof(m->path), "%s", dir);
	m->size = part->size;
	return 0;
}

/* What was pulled: its device is not there any more. */
static void let_go(struct store *s)
{
	char path[STORE_PATH_SIZE], node[STORE_PATH_SIZE];
	struct dirent *e;
	DIR *dir;

	store_path(s, path, MEDIA);
	dir = opendir(path);
	while (dir && (e = readdir(dir))) {
		store_path(s, node, "/dev/%s", e->d_name);
		store_path(s, path, MEDIA "/%s", e->d_name);
		if (e->d_name[0] == '.' || access(node, F_OK) == 0)
			continue;
		umount2(path, MNT_DETACH);
		rmdir(path);
	}
	if (dir)
		closedir(dir);
}

/* CD drives are no disks; their media are volumes all the same. */
static int add_cds(struct store *s, struct store_medium **list, size_t *count)
{
	char path[STORE_PATH_SIZE], text[32];
	struct store_part part;
	struct dirent *e;
	struct probe p;
	int ret = 0;
	DIR *dir;

	store_path(s, path, "/sys/block");
	dir = opendir(path);
	while (dir && ret == 0 && (e = readdir(dir))) {
		if (strncmp(e->d_name, "sr", 2))
			continue;
		store_path(s, path, "/dev/%s", e->d_name);
		if (probe_device(path, &p))
			continue; /* no medium */
		part = (struct store_part){ .size = 0 };
		store_path(s, path, "/sys/block/%s/size", e->d_name);
		store_read_line(path, text, sizeof(text));
		part.size = strtoull(text, NULL, 10) * 512;
		snprintf(part.name, sizeof(part.name), "%.31s", e->d_name);
		snprintf(part.type, sizeof(part.type), "%s", p.type);
		snprintf(part.label, sizeof(part.label), "%s", p.label);
		use_of(s, e->d_name, NULL, part.use, sizeof(part.use));
		ret = add_medium(s, list, count, &part);
	}
	if (dir)
		closedir(dir);
	return ret;
}

int store_media(struct store *s, struct store_medium **list, size_t *count,
		struct store_error *err)
{
	struct store_disk *disks;
	size_t n;
	int ret;

	*list = NULL;
	*count = 0;
	let_go(s);
	ret = store_disks(s, &disks, &n, err);
	if (ret)
		return ret;
	for (size_t i = 0; i < n && !ret; i++)
		for (size_t j = 0; j < disks[i].nparts && !ret; j++)
			if (disks[i].removable || !strcmp(disks[i].bus, "usb"))
				ret = add_medium(s, list, count, &disks[i].parts[j]);
	ret = ret ? ret : add_cds(s, list, count);
	store_disks_free(disks, n);
	return ret ? store_fail(err, ret, "media: memory is short") : 0;
}

int store_media_eject(struct store *s, const char *name, struct store_error *err)
{
	char dir[STORE_PATH_SIZE];

	store_path(s, dir, MEDIA "/%s", name);
	if (strchr(name, '/') || name[0] == '.' || !is_mounted(dir))
		return store_fail(err, -ENOENT, "%s: no such medium: storage media shows "
				  "them", name);
	if (umount(dir) < 0)
		return store_fail(err, -errno, "%s: it is in use: %s: wait until what reads "
				  "from it has ended", name, strerror(errno));
	rmdir(dir);
	return 0;
}

/* --- images ----------------------------------------------------------------- */

struct search {
	struct store_image **list;
	size_t *count;
	char where[64];
	dev_t dev;
};

static bool looks_like_image(const char *name)
{
	static const char *const endings[] = { ".iso", ".img", ".raw", ".qcow2", ".qcow",
					       ".vmdk", ".vhd", ".vhdx" };
	size_t len = strlen(name);

	for (size_t i = 0; i < ARRAY_SIZE(endings); i++)
		if (len > strlen(endings[i]) &&
		    !strcasecmp(name + len - strlen(endings[i]), endings[i]))
			return true;
	return false;
}

/* One extent of a vmdk that has a descriptor is no image by itself. */
static bool is_extent(const char *name)
{
	return strstr(name, "-flat.vmdk") || strstr(name, "-s001.vmdk");
}

static void add_image(struct search *f, const char *path, const char *name,
		      const struct stat *st)
{
	struct store_image *img;
	int fd;

	/* A pool may lie in one of the usual directories. */
	for (size_t i = 0; i < *f->count; i++)
		if (!strcmp((*f->list)[i].path, path))
			return;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return;
	img = store_grow((void **)f->list, f->count, sizeof(*img));
	if (img) {
		snprintf(img->path, sizeof(img->path), "%s", path);
		snprintf(img->name, sizeof(img->name), "%.95s", name);
		memcpy(img->where, f->where, sizeof(img->where));
		img->file_size = (uint64_t)st->st_size;
		img->format = image_format(fd, img->file_size);
	}
	close(fd);
}

static void search(struct search *f, const char *dir, int depth)
{
	char path[STORE_PATH_SIZE];
	struct dirent *e;
	struct stat st;
	DIR *d = opendir(dir);

	while (d && *f->count < IMAGES_MAX && (e = readdir(d))) {
		int n = snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);

		/* Longer than a path may be here: passed over. */
		if (e->d_name[0] == '.' || n >= (int)sizeof(path) ||
		    lstat(path, &st) < 0 || st.st_dev != f->dev)
			continue;
		if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX)
			search(f, path, depth + 1);
		else if (S_ISREG(st.st_mode) && looks_like_image(e->d_name) &&
			 !is_extent(e->d_name))
			add_image(f, path, e->d_name, &st);
	}
	if (d)
		closedir(d);
}

static void search_from(struct search *f, const char *dir)
{
	struct stat st;

	if (stat(dir, &st) < 0)
		return;
	f->dev = st.st_dev;
	search(f, dir, 0);
}

static int by_place(const void *a, const void *b)
{
	const struct store_image *x = a, *y = b;
	int order = strcmp(x->where, y->where);

	return order ? order : strcmp(x->path, y->path);
}

int store_images(struct store *s, struct store_image **list, size_t *count,
		 struct store_error *err)
{
	static const char *const usual[] = { "/state/images", "/mnt", "/root" };
	struct search f = { .list = list, .count = count };
	char dir[STORE_PATH_SIZE];
	struct store_medium *media;
	struct pool *pools;
	size_t n;
	int ret;

	*list = NULL;
	*count = 0;
	ret = store_media(s, &media, &n, err);
	if (ret)
		return ret;
	for (size_t i = 0; i < n; i++) {
		snprintf(f.where, sizeof(f.where), "%.30s (%.20s)",
			 *media[i].label ? media[i].label : "removable", media[i].name);
		search_from(&f, media[i].path);
	}
	free(media);
	ret = pools_load(s, &pools, &n, err);
	for (size_t i = 0; i < n && !ret; i++) {
		snprintf(f.where, sizeof(f.where), "pool %s", pools[i].name);
		if (pools[i].kind == STORE_DIR)
			search_from(&f, pools[i].dir);
	}
	free(pools);
	for (size_t i = 0; i < ARRAY_SIZE(usual); i++) {
		snprintf(f.where, sizeof(f.where), "%s", usual[i]);
		store_path(s, dir, "%s", usual[i]);
		search_from(&f, dir);
	}
	if (*count)
		qsort(*list, *count, sizeof(**list), by_place);
	return ret;
}

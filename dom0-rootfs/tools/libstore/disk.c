/*
 * Disks as sysfs shows them, and what is on each and what uses it. Nothing here
 * writes.
 */
#define _GNU_SOURCE /* asprintf-like helpers of string.h */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libstore/internal.h"

/* Names of block devices that are no disks of the machine. */
static const char *const not_disks[] = { "loop", "ram", "zram", "dm-", "sr", "fd",
					 "mtdblock", "nbd" };

static bool is_disk(const char *name)
{
	if (name[0] == '.')
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(not_disks); i++)
		if (!strncmp(name, not_disks[i], strlen(not_disks[i])))
			return false;
	/* NVMe's other ways to the same disk, and eMMC's boot areas. */
	return !(strstr(name, "nvme") == name && strchr(name + 4, 'c')) &&
	       !strstr(name, "boot") && !strstr(name, "rpmb");
}

/* The bus, from where the device hangs in the tree. */
static void find_bus(const char *link, const char *name, char bus[16])
{
	static const struct {
		const char *part, *bus;
	} table[] = {
		{ "/usb", "usb" },	{ "/nvme/", "nvme" },  { "/ata", "sata" },
		{ "/virtio", "virtio" }, { "/mmc_host", "mmc" }, { "/vbd-", "xen" },
		{ "/host", "sas" },
	};

	snprintf(bus, 16, "%s", strncmp(name, "md", 2) ? "" : "md");
	for (size_t i = 0; i < ARRAY_SIZE(table) && !*bus; i++)
		if (strstr(link, table[i].part))
			snprintf(bus, 16, "%s", table[i].bus);
}

static void attribute(const struct store *s, const char *name, const char *file,
		      char *buf, size_t size)
{
	char path[STORE_PATH_SIZE];

	store_path(s, path, "/sys/block/%s/%s", name, file);
	store_read_line(path, buf, size);
}

static unsigned long long number(const struct store *s, const char *name,
				 const char *file)
{
	char text[32];

	attribute(s, name, file, text, sizeof(text));
	return strtoull(text, NULL, 10);
}

/* The first holder (a dm or md device on top), in words. */
static void holder_of(const struct store *s, const char *dir, char *buf, size_t size)
{
	char path[STORE_PATH_SIZE], name[64];
	struct dirent *e;
	DIR *d;

	store_path(s, path, "/sys/block/%s/holders", dir);
	d = opendir(path);
	while (d && (e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%.32s/dm/name", e->d_name);
		attribute(s, e->d_name, "dm/name", name, sizeof(name));
		snprintf(buf, size, "part of %s", *name ? name : e->d_name);
		break;
	}
	if (d)
		closedir(d);
}

/* Do both name the same device? A mount may have been made through a link. */
static bool same_device(const struct store *s, const char *node, const char *other)
{
	char a[STORE_PATH_SIZE], b[STORE_PATH_SIZE];
	struct stat x, y;

	if (!strcmp(node, other) || strncmp(other, "/dev/", 5))
		return !strcmp(node, other);
	store_path(s, a, "%s", node);
	store_path(s, b, "%s", other);
	return stat(a, &x) == 0 && stat(b, &y) == 0 && S_ISBLK(x.st_mode) &&
	       S_ISBLK(y.st_mode) && x.st_rdev == y.st_rdev;
}

/* Is path the device of a line of /proc/mounts or /proc/swaps? */
static void mount_of(const struct store *s, const char *node, char *buf, size_t size)
{
	static const char *const lists[] = { "/proc/self/mounts", "/proc/swaps" };
	char path[STORE_PATH_SIZE], line[1024], device[256], on[256];

	for (size_t i = 0; i < ARRAY_SIZE(lists) && !*buf; i++) {
		FILE *f;

		store_path(s, path, "%s", lists[i]);
		f = fopen(path, "re");
		while (f && !*buf && fgets(line, sizeof(line), f)) {
			if (sscanf(line, "%255s %255s", device, on) != 2 ||
			    !same_device(s, node, device))
				continue;
			if (i)
				snprintf(buf, size, "used as swap");
			else
				snprintf(buf, size, "mounted on %s", on);
		}
		if (f)
			fclose(f);
	}
}

void use_of(const struct store *s, const char *disk, const char *part, char *buf,
	    size_t size)
{
	char dir[72], node[64];

	buf[0] = '\0';
	snprintf(dir, sizeof(dir), "%.32s%s%.32s", disk, part ? "/" : "",
		 part ? part : "");
	snprintf(node, sizeof(node), "/dev/%.32s", part ? part : disk);
	mount_of(s, node, buf, size);
	if (!*buf)
		holder_of(s, dir, buf, size);
}

/* In words: what it is to a person. */
static void describe(const char *node, const struct probe *p, char *buf, size_t size)
{
	static const struct {
		const char *type, *words;
	} known[] = {
		{ "linux_raid_member", "member of an md array" },
		{ "zfs_member", "member of a ZFS pool" },
		{ "crypto_LUKS", "encrypted (LUKS)" },
		{ "BitLocker", "encrypted (BitLocker)" },
		{ "VMFS_volume_member", "VMware VMFS" },
		{ "ddf_raid_member", "member of a RAID (DDF)" },
		{ "isw_raid_member", "member of a RAID (Intel)" },
		{ "ceph_bluestore", "Ceph storage" },
		{ "drbd", "DRBD" },
		{ "swap", "swap space" },
		{ "ambivalent", "several things at once" },
	};
	char group[128], tags[128];
	const char *words = p->type;
	unsigned int pvs;

	if (!*p->type) {
		snprintf(buf, size, "empty");
		return;
	}
	if (!strcmp(p->type, "LVM2_member")) {
		if (lvm_group_of(node, group, tags, &pvs) || !*group)
			snprintf(buf, size, "LVM without a group");
		else
			snprintf(buf, size, "LVM group '%.40s'%s", group,
				 pvs > 1 ? " (on several disks)" : "");
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (!strcmp(p->type, known[i].type))
			words = known[i].words;
	if (*p->label)
		snprintf(buf, size, "%s '%.60s'", words, p->label);
	else
		snprintf(buf, size, "%s", words);
}

static int add_part(struct store *s, struct store_disk *d, const char *name)
{
	struct store_part *part =
		store_grow((void **)&d->parts, &d->nparts, sizeof(*part));
	char node[STORE_PATH_SIZE], dir[80];
	struct probe p;
	int ret;

	if (!part)
		return -ENOMEM;
	snprintf(part->name, sizeof(part->name), "%.31s", name);
	snprintf(dir, sizeof(dir), "%.31s/size", name);
	if (strcmp(name, d->name))
		snprintf(dir, sizeof(dir), "%.31s/size", name);
	else
		snprintf(dir, sizeof(dir), "size");
	part->size = number(s, d->name, dir) * 512;
	use_of(s, d->name, strcmp(name, d->name) ? name : NULL, part->use,
	       sizeof(part->use));
	store_path(s, node, "/dev/%s", name);
	ret = probe_device(node, &p);
	if (ret) {
		snprintf(part->content, sizeof(part->content), "cannot be read: %s",
			 strerror(-ret));
		return 0;
	}
	snprintf(part->type, sizeof(part->type), "%s", p.type);
	snprintf(part->label, sizeof(part->label), "%s", p.label);
	snprintf(part->uuid, sizeof(part->uuid), "%s", p.uuid);
	describe(node, &p, part->content, sizeof(part->content));
	return 0;
}

static int by_part_number(const void *a, const void *b)
{
	const struct store_part *x = a, *y = b;
	size_t i = strlen(x->name), j = strlen(y->name);

	/* All begin alike, so a longer name has a longer number. */
	return i != j ? (i > j) - (i < j) : strcmp(x->name, y->name);
}

static int add_parts(struct store *s, struct store_disk *d)
{
	char path[STORE_PATH_SIZE];
	struct dirent *e;
	int ret = 0;
	DIR *dir;

	store_path(s, path, "/sys/block/%s", d->name);
	dir = opendir(path);
	while (dir && ret == 0 && (e = readdir(dir))) {
		store_path(s, path, "/sys/block/%s/%s/partition", d->name, e->d_name);
		if (e->d_name[0] != '.' && access(path, F_OK) == 0)
			ret = add_part(s, d, e->d_name);
	}
	if (dir)
		closedir(dir);
	if (ret == 0 && d->nparts == 0)
		ret = add_part(s, d, d->name);
	if (d->nparts > 1)
		qsort(d->parts, d->nparts, sizeof(*d->parts), by_part_number);
	return ret;
}

/* The disk's content and use are its parts' together. */
static void sum_up(struct store *s, struct store_disk *d)
{
	struct probe p = { .table = false };
	char node[STORE_PATH_SIZE];
	size_t at = 0;
	bool whole = d->nparts == 1 && !strcmp(d->parts[0].name, d->name);

	if (whole)
		snprintf(d->content, sizeof(d->content), "%s", d->parts[0].content);
	if (whole && !strcmp(d->content, "empty")) {
		store_path(s, node, "/dev/%s", d->name);
		if (!probe_device(node, &p) && p.table)
			snprintf(d->content, sizeof(d->content),
				 "an empty partition table");
	}
	for (size_t i = 0; !whole && i < d->nparts && at < sizeof(d->content); i++)
		at += (size_t)snprintf(d->content + at, sizeof(d->content) - at, "%s%s",
				       i ? ", " : "", d->parts[i].content);
	use_of(s, d->name, NULL, d->use, sizeof(d->use));
	for (size_t i = 0; i < d->nparts && !*d->use; i++)
		if (*d->parts[i].use)
			snprintf(d->use, sizeof(d->use), "%.31s %.60s",
				 whole ? "" : d->parts[i].name, d->parts[i].use);
	if (d->use[0] == ' ')
		memmove(d->use, d->use + 1, strlen(d->use));
}

static int fill(struct store *s, struct store_disk *d, const char *name)
{
	char path[STORE_PATH_SIZE], real[PATH_MAX];
	ssize_t n;
	int ret;

	snprintf(d->name, sizeof(d->name), "%.31s", name);
	snprintf(d->path, sizeof(d->path), "/dev/%.31s", name);
	d->size = number(s, name, "size") * 512;
	d->rotates = number(s, name, "queue/rotational");
	d->removable = number(s, name, "removable");
	d->readonly = number(s, name, "ro");
	attribute(s, name, "device/model", d->model, sizeof(d->model));
	attribute(s, name, "device/serial", d->serial, sizeof(d->serial));
	if (!*d->serial)
		attribute(s, name, "serial", d->serial, sizeof(d->serial));
	if (!*d->serial)
		attribute(s, name, "device/wwid", d->serial, sizeof(d->serial));
	store_path(s, path, "/sys/block/%s", name);
	n = readlink(path, real, sizeof(real) - 1);
	real[n < 0 ? 0 : n] = '\0';
	find_bus(real, name, d->bus);
	ret = add_parts(s, d);
	if (ret == 0)
		sum_up(s, d);
	return ret;
}

static int by_name(const void *a, const void *b)
{
	const struct store_disk *x = a, *y = b;

	return strverscmp(x->name, y->name);
}

int store_disks(struct store *s, struct store_disk **list, size_t *count,
		struct store_error *err)
{
	char path[STORE_PATH_SIZE];
	struct store_disk *d;
	struct dirent *e;
	int ret = 0;
	DIR *dir;

	*list = NULL;
	*count = 0;
	store_path(s, path, "/sys/block");
	dir = opendir(path);
	if (!dir)
		return store_fail(err, -errno, "%s: disks cannot be listed: %s: mount "
				  "sysfs", path, strerror(errno));
	while (ret == 0 && (e = readdir(dir))) {
		/* No size: an empty slot of a card reader, a stick just pulled. */
		if (!is_disk(e->d_name) || !number(s, e->d_name, "size"))
			continue;
		d = store_grow((void **)list, count, sizeof(*d));
		ret = d ? fill(s, d, e->d_name) : -ENOMEM;
	}
	closedir(dir);
	if (ret) {
		store_disks_free(*list, *count);
		return store_fail(err, ret, "disks: memory is short: end something");
	}
	if (*count)
		qsort(*list, *count, sizeof(**list), by_name);
	return 0;
}

void store_disks_free(struct store_disk *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(list[i].parts);
	free(list);
}

/* path is "/dev/nvme0n1" or "/dev/nvme0n1p2"; *part says which of it is meant. */
int store_disk_find(struct store *s, const char *path, struct store_disk *out,
		    struct store_part *part, struct store_error *err)
{
	const char *name = strncmp(path, "/dev/", 5) ? path : path + 5;
	char real[PATH_MAX];
	struct store_disk *list;
	size_t n;
	int ret = store_disks(s, &list, &n, err);

	if (ret)
		return ret;
	/* /dev/md/data and the like are links. */
	if (strchr(name, '/') && realpath(path, real) && !strncmp(real, "/dev/", 5))
		name = real + 5;
	ret = -ENOENT;
	for (size_t i = 0; i < n && ret; i++) {
		bool whole = !strcmp(list[i].name, name);

		for (size_t j = 0; j < list[i].nparts && ret; j++) {
			if (!whole && strcmp(list[i].parts[j].name, name))
				continue;
			*out = list[i];
			*part = list[i].parts[j];
			if (whole)
				snprintf(part->name, sizeof(part->name), "%s",
					 list[i].name);
			ret = 0;
		}
	}
	/* The list of parts is not handed out. */
	out->parts = NULL;
	store_disks_free(list, n);
	return ret ? store_fail(err, ret, "%s: there is no such disk: storage disks "
				"shows them", path) : 0;
}

int store_find_uuid(struct store *s, const char *uuid, char path[STORE_PATH_SIZE])
{
	struct store_disk *list;
	size_t n;
	int ret = store_disks(s, &list, &n, NULL);

	if (ret)
		return ret;
	ret = -ENOENT;
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < list[i].nparts; j++)
			if (ret && !strcasecmp(list[i].parts[j].uuid, uuid)) {
				store_path(s, path, "/dev/%s", list[i].parts[j].name);
				ret = 0;
			}
	store_disks_free(list, n);
	return ret;
}

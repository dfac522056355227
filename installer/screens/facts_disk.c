/*
 * facts_disk: which disks there are, what is on them, and which cannot be
 * installed to. sysfs says what there is, libblkid what is on it.
 */
#include "facts.h"

#include <blkid/blkid.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "text.h"

#define PATH_SIZE 512
#define MEDIUM_LABEL "BASALT"
#define STATE_LABEL "basalt-state"

/* --- what is on a disk ---------------------------------------------------- */

static const struct {
	const char *type, *words;
} kinds[] = {
	{ "LVM2_member", "LVM" },
	{ "linux_raid_member", "part of a RAID array" },
	{ "isw_raid_member", "part of a firmware RAID" },
	{ "ddf_raid_member", "part of a firmware RAID" },
	{ "zfs_member", "ZFS" },
	{ "crypto_LUKS", "an encrypted volume" },
	{ "VMFS_volume_member", "VMware's VMFS" },
	{ "VMFS", "VMware's VMFS" },
	{ "ntfs", "Windows (NTFS)" },
	{ "vfat", "FAT" },
	{ "swap", "swap space" },
	{ "iso9660", "a CD image" },
};

static const char *kind_words(const char *type)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(kinds[i].type, type))
			return kinds[i].words;
	return type;
}

struct content {
	char type[32], label[64], table[16];
};

static void value(blkid_probe pr, const char *name, char *buf, size_t size)
{
	const char *data;

	if (!blkid_probe_lookup_value(pr, name, &data, NULL))
		snprintf(buf, size, "%s", data);
}

/* What one device holds; all is "" when it cannot be read or is empty. */
static void probe(const char *root, const char *name, struct content *c)
{
	char path[PATH_SIZE];
	blkid_probe pr;

	memset(c, 0, sizeof(*c));
	snprintf(path, sizeof(path), "%s/dev/%s", root, name);
	pr = blkid_new_probe_from_filename(path);
	if (!pr)
		return;
	blkid_probe_enable_superblocks(pr, 1);
	blkid_probe_set_superblocks_flags(pr, BLKID_SUBLKS_TYPE |
					  BLKID_SUBLKS_LABEL);
	blkid_probe_enable_partitions(pr, 1);
	/* Not blkid_do_safeprobe(): two signatures are something, too. */
	while (!blkid_do_probe(pr)) {
		value(pr, "TYPE", c->type, sizeof(c->type));
		value(pr, "LABEL", c->label, sizeof(c->label));
		value(pr, "PTTYPE", c->table, sizeof(c->table));
	}
	blkid_free_probe(pr);
}

/* Adds "ext4 'data'" unless it stands there already. */
static void add_content(struct text *t, const struct content *c)
{
	char words[128];

	if (!c->type[0])
		return;
	snprintf(words, sizeof(words), c->label[0] ? "%s '%s'" : "%s",
		 kind_words(c->type), c->label);
	if (!strstr(t->buf, words))
		text_add(t, "%s%s", t->used ? ", " : "", words);
}

/* --- partitions ----------------------------------------------------------- */

static bool is_partition(const char *root, const char *disk, const char *name)
{
	char path[PATH_SIZE], line[16];

	if (strncmp(name, disk, strlen(disk)))
		return false;
	snprintf(path, sizeof(path), "/sys/block/%s/%s/partition", disk, name);
	return facts_line(root, path, line, sizeof(line));
}

static bool has_holders(const char *root, const char *path)
{
	char full[PATH_SIZE];
	struct dirent *e;
	bool found = false;
	DIR *d;

	snprintf(full, sizeof(full), "%s%s/holders", root, path);
	d = opendir(full);
	while (d && !found && (e = readdir(d)))
		found = e->d_name[0] != '.';
	if (d)
		closedir(d);
	return found;
}

/* Is a device named in the first column of that file of /proc? */
static bool named_in(const char *root, const char *file, const char *name)
{
	char path[PATH_SIZE], line[1024], device[64];
	bool found = false;
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), "%s%s", root, file);
	snprintf(device, sizeof(device), "/dev/%.50s", name);
	n = strlen(device);
	f = fopen(path, "re");
	while (f && !found && fgets(line, sizeof(line), f))
		found = !strncmp(line, device, n) &&
			(line[n] == ' ' || line[n] == '\t');
	if (f)
		fclose(f);
	return found;
}

static bool in_use(const char *root, const char *name, const char *sysfs)
{
	return has_holders(root, sysfs) ||
	       named_in(root, "/proc/mounts", name) ||
	       named_in(root, "/proc/swaps", name);
}

static void look_at(struct disk *d, struct text *holds, const char *root,
		    const char *name, const char *sysfs)
{
	struct content c;

	probe(root, name, &c);
	if (!strcmp(c.label, MEDIUM_LABEL) && !strcmp(c.type, "iso9660"))
		snprintf(d->why_not, sizeof(d->why_not),
			 "it is an installation medium");
	else if (!d->why_not[0] && in_use(root, name, sysfs))
		snprintf(d->why_not, sizeof(d->why_not), "it is in use");
	if (!strcmp(c.label, STATE_LABEL))
		d->installed = true;
	add_content(holds, &c);
	if (!strcmp(name, d->name) && !c.type[0] && c.table[0])
		text_add(holds, "a partition table");
}

static void read_contents(struct disk *d, const char *root)
{
	struct text holds = text_in(d->holds, sizeof(d->holds));
	char path[PATH_SIZE], sysfs[PATH_SIZE];
	struct dirent *e;
	DIR *dir;

	snprintf(sysfs, sizeof(sysfs), "/sys/block/%s", d->name);
	look_at(d, &holds, root, d->name, sysfs);
	snprintf(path, sizeof(path), "%s%s", root, sysfs);
	dir = opendir(path);
	while (dir && (e = readdir(dir))) {
		if (!is_partition(root, d->name, e->d_name))
			continue;
		snprintf(sysfs, sizeof(sysfs), "/sys/block/%s/%.200s", d->name,
			 e->d_name);
		look_at(d, &holds, root, e->d_name, sysfs);
	}
	if (dir)
		closedir(dir);
	if (d->installed)
		snprintf(d->holds, sizeof(d->holds), "a Basalt installation");
}

/* --- disks ---------------------------------------------------------------- */

/* Where in sysfs the disk hangs says how it is connected. */
static void read_bus(struct disk *d, const char *root)
{
	static const struct {
		const char *part, *bus;
	} buses[] = {
		{ "/nvme/", "nvme" }, { "/virtio", "virtio" },
		{ "/usb", "usb" }, { "/mmc_host/", "mmc" },
		{ "/ata", "sata" }, { "/host", "sas" },
	};
	char path[PATH_SIZE], target[PATH_SIZE];
	ssize_t n;

	snprintf(path, sizeof(path), "%s/sys/block/%s", root, d->name);
	n = readlink(path, target, sizeof(target) - 1);
	target[n > 0 ? n : 0] = '\0';
	for (size_t i = 0; i < sizeof(buses) / sizeof(buses[0]); i++)
		if (strstr(target, buses[i].part)) {
			snprintf(d->bus, sizeof(d->bus), "%s", buses[i].bus);
			return;
		}
}

/* The first of the files that says something. */
static void read_first(const char *root, const char *disk,
		       const char *const files[], char *buf, size_t size)
{
	char path[PATH_SIZE];

	for (int i = 0; files[i]; i++) {
		snprintf(path, sizeof(path), "/sys/block/%s/%s", disk, files[i]);
		if (facts_line(root, path, buf, size) && buf[0])
			return;
	}
}

static bool read_disk(struct disk *d, const char *root, const char *name)
{
	static const char *const model[] = { "device/model", "device/name",
					     NULL };
	static const char *const serial[] = { "device/serial", "serial",
					      "device/wwid", NULL };
	char path[PATH_SIZE], line[64];

	memset(d, 0, sizeof(*d));
	snprintf(d->name, sizeof(d->name), "%.31s", name);
	snprintf(path, sizeof(path), "/sys/block/%s/size", name);
	if (!facts_line(root, path, line, sizeof(line)))
		return false;
	d->size = strtoull(line, NULL, 10) * 512;
	if (!d->size)
		return false;
	read_bus(d, root);
	read_first(root, name, model, d->model, sizeof(d->model));
	read_first(root, name, serial, d->serial, sizeof(d->serial));
	snprintf(path, sizeof(path), "/sys/block/%s/ro", name);
	if (facts_line(root, path, line, sizeof(line)) && line[0] == '1')
		snprintf(d->why_not, sizeof(d->why_not), "it is read-only");
	read_contents(d, root);
	return true;
}

/* Neither disks of our own making, nor drives for media, nor floppies. */
static bool is_disk(const char *name)
{
	static const char *const others[] = { "loop", "ram", "zram", "sr", "fd",
					      "dm-", "md", "nbd", "xvd" };

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (!strncmp(name, others[i], strlen(others[i])))
			return false;
	return name[0] != '.' && !strstr(name, "boot");
}

static int by_disk_name(const void *a, const void *b)
{
	return strverscmp(((const struct disk *)a)->name,
			  ((const struct disk *)b)->name);
}

void facts_disks(struct facts *f, const char *root)
{
	char path[PATH_SIZE];
	struct dirent *e;
	DIR *d;

	f->ndisks = 0;
	snprintf(path, sizeof(path), "%s/sys/block", root);
	d = opendir(path);
	while (d && f->ndisks < DISKS_MAX && (e = readdir(d)))
		if (is_disk(e->d_name) &&
		    read_disk(&f->disk[f->ndisks], root, e->d_name))
			f->ndisks++;
	if (d)
		closedir(d);
	qsort(f->disk, (size_t)f->ndisks, sizeof(f->disk[0]), by_disk_name);
}

/* Disks from sysfs, and who uses them; see disk.h. */
#include "disk.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* One line of /sys/class/block/NAME/FILE, without blanks around it. */
static void attribute(const char *root, const char *name, const char *file,
		      char *to, size_t n)
{
	char path[PATH_MAX];
	FILE *f;
	size_t len;

	to[0] = '\0';
	snprintf(path, sizeof(path), "%s/sys/class/block/%s/%s", root, name, file);
	f = fopen(path, "re");
	if (!f)
		return;
	len = fread(to, 1, n - 1, f);
	fclose(f);
	to[len] = '\0';
	for (char *c = to; *c; c++)
		if (!isprint((unsigned char)*c))
			*c = ' ';
	len = strlen(to);
	while (len && to[len - 1] == ' ')
		to[--len] = '\0';
	memmove(to, to + strspn(to, " "), strlen(to + strspn(to, " ")) + 1);
}

static uint64_t number(const char *root, const char *name, const char *file)
{
	char text[32];

	attribute(root, name, file, text, sizeof(text));
	return strtoull(text, NULL, 10);
}

void disk_part(const char *disk, unsigned int nr, char *to, size_t n)
{
	size_t len = strlen(disk);

	snprintf(to, n, "%s%s%u", disk,
		 isdigit((unsigned char)disk[len - 1]) ? "p" : "", nr);
}

/* SCSI's unit serial number page: four octets of header. */
static void vpd_serial(const char *root, const char *name, char *to, size_t n)
{
	char path[PATH_MAX];
	unsigned char page[256];
	size_t len;
	FILE *f;

	snprintf(path, sizeof(path), "%s/sys/class/block/%s/device/vpd_pg80", root,
		 name);
	f = fopen(path, "re");
	if (!f)
		return;
	len = fread(page, 1, sizeof(page) - 1, f);
	fclose(f);
	page[len] = '\0';
	if (len <= 4)
		return;
	for (size_t i = 4, o = 0; i < len && o + 1 < n; i++) {
		if (!isprint(page[i]) || (page[i] == ' ' && !o))
			continue;
		to[o++] = (char)page[i];
		to[o] = '\0';
	}
	for (len = strlen(to); len && to[len - 1] == ' ';)
		to[--len] = '\0';
}

static void find_bus(const char *real, char *bus, size_t n)
{
	static const char *const kinds[][2] = {{"/usb", "usb"},
		{"/nvme", "nvme"}, {"/virtio", "virtio"}, {"/ata", "sata"},
		{"/mmc", "mmc"}, {"/host", "sas"}};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (strstr(real, kinds[i][0])) {
			snprintf(bus, n, "%s", kinds[i][1]);
			return;
		}
}

/* The stick's own serial number: three directories above its SCSI host. */
static void usb_serial(char *real, char *to, size_t n)
{
	char path[PATH_MAX + 16];
	char *slash;

	while (!*to && (slash = strrchr(real, '/')) && slash != real) {
		FILE *f;

		*slash = '\0';
		snprintf(path, sizeof(path), "%s/serial", real);
		f = fopen(path, "re");
		if (!f)
			continue;
		if (fgets(to, (int)n, f))
			to[strcspn(to, "\n")] = '\0';
		fclose(f);
	}
}

static void identify(const char *root, struct disk *d)
{
	char path[PATH_MAX], real[PATH_MAX];

	attribute(root, d->name, "device/model", d->model, sizeof(d->model));
	attribute(root, d->name, "serial", d->serial, sizeof(d->serial));
	if (!*d->serial)
		attribute(root, d->name, "device/serial", d->serial,
			  sizeof(d->serial));
	if (!*d->serial)
		vpd_serial(root, d->name, d->serial, sizeof(d->serial));
	attribute(root, d->name, "wwid", d->wwn, sizeof(d->wwn));
	if (!*d->wwn)
		attribute(root, d->name, "device/wwid", d->wwn, sizeof(d->wwn));
	snprintf(path, sizeof(path), "%s/sys/class/block/%s", root, d->name);
	if (!realpath(path, real))
		return;
	find_bus(real, d->bus, sizeof(d->bus));
	if (!strcmp(d->bus, "usb") && !*d->serial)
		usb_serial(real, d->serial, sizeof(d->serial));
}

/* Whether @path, as a mount's or swap's source, is @disk or a part of it. */
static bool is_of(const char *path, const char *disk)
{
	size_t n = strlen(disk);

	if (strncmp(path, "/dev/", 5) || strncmp(path + 5, disk, n))
		return false;
	for (path += 5 + n; *path; path++)
		if (!isdigit((unsigned char)*path) && *path != 'p')
			return false;
	return true;
}

static void find_mounts(const char *root, struct disk *d)
{
	char path[PATH_MAX], line[1024], source[256], where[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/proc/self/mounts", root);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%255s %255s", source, where) == 2 &&
		    is_of(source, d->name))
			snprintf(d->use, sizeof(d->use), "mounted on %.100s", where);
	if (f)
		fclose(f);
	snprintf(path, sizeof(path), "%s/proc/swaps", root);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%255s", source) == 1 && is_of(source, d->name))
			snprintf(d->use, sizeof(d->use), "used as swap");
	if (f)
		fclose(f);
}

/* What is stacked on a disk or partition: md, device mapper. */
static void find_holders(const char *root, const char *name, struct disk *d)
{
	char path[PATH_MAX], what[64], file[128];
	struct dirent *e;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/sys/class/block/%s/holders", root, name);
	dir = opendir(path);
	while (dir && (e = readdir(dir)))
		if (e->d_name[0] != '.') {
			snprintf(file, sizeof(file), "%.60s/dm/name", e->d_name);
			attribute(root, ".", file, what, sizeof(what));
			snprintf(d->use, sizeof(d->use), "part of the running %.60s",
				 *what ? what : e->d_name);
		}
	if (dir)
		closedir(dir);
}

static void find_users(const char *root, struct disk *d)
{
	char path[PATH_MAX];
	struct dirent *e;
	DIR *dir;

	find_mounts(root, d);
	find_holders(root, d->name, d);
	snprintf(path, sizeof(path), "%s/sys/class/block/%s", root, d->name);
	dir = opendir(path);
	while (dir && (e = readdir(dir)))
		if (!strncmp(e->d_name, d->name, strlen(d->name)))
			find_holders(root, e->d_name, d);
	if (dir)
		closedir(dir);
}

/* A whole disk that could be installed to: not a part, nothing virtual. */
static bool is_disk(const char *root, const char *name)
{
	static const char *const not[] = {"loop", "ram", "zram", "md", "dm-", "sr",
					  "fd", "nbd", "mtd"};
	char path[PATH_MAX];

	if (name[0] == '.')
		return false;
	for (size_t i = 0; i < sizeof(not) / sizeof(*not); i++)
		if (!strncmp(name, not[i], strlen(not[i])))
			return false;
	/* eMMC's boot areas and RPMB are disks of their own, and are not. */
	if (!strncmp(name, "mmcblk", 6) && (strstr(name, "boot") ||
					    strstr(name, "rpmb")))
		return false;
	snprintf(path, sizeof(path), "%s/sys/class/block/%s/partition", root, name);
	return access(path, F_OK) != 0 && number(root, name, "size") > 0;
}

static int by_name(const void *a, const void *b)
{
	const struct disk *x = a, *y = b;
	size_t nx = strlen(x->name), ny = strlen(y->name);

	return nx != ny ? (nx < ny ? -1 : 1) : strcmp(x->name, y->name);
}

static int add(const char *root, const char *name, struct disk **list, size_t *n)
{
	struct disk *grown = realloc(*list, (*n + 1) * sizeof(**list));
	struct disk *d;

	if (!grown)
		return -ENOMEM;
	*list = grown;
	d = &grown[(*n)++];
	memset(d, 0, sizeof(*d));
	snprintf(d->name, sizeof(d->name), "%.63s", name);
	snprintf(d->path, sizeof(d->path), "/dev/%s", d->name);
	/* The kernel's unit is 512 octets whatever the disk's is. */
	d->size = number(root, name, "size") * 512;
	d->sector = (unsigned int)number(root, name, "queue/logical_block_size");
	d->read_only = number(root, name, "ro") != 0;
	identify(root, d);
	find_users(root, d);
	return 0;
}

int disk_list(const char *root, struct disk **list, size_t *n, struct fault *f)
{
	char path[PATH_MAX];
	struct dirent *e;
	DIR *dir;
	int err = 0;

	*list = NULL;
	*n = 0;
	snprintf(path, sizeof(path), "%s/sys/class/block", root);
	dir = opendir(path);
	if (!dir)
		return fault_set(f, -errno, "%s: %s: is sysfs mounted?", path,
				 strerror(errno));
	while (!err && (e = readdir(dir)))
		if (is_disk(root, e->d_name))
			err = add(root, e->d_name, list, n);
	closedir(dir);
	if (err) {
		free(*list);
		*list = NULL;
		return fault_set(f, err, "disks: out of memory");
	}
	if (*n)
		qsort(*list, *n, sizeof(**list), by_name);
	return 0;
}

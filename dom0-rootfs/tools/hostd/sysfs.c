/* See sysfs.h. */
#include "sysfs.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECTOR	 512
#define PATH_SIZE 512

/* "a/b"; what is too long comes out as a path that is not there. */
static const char *join(char out[PATH_SIZE], const char *a, const char *b)
{
	if ((size_t)snprintf(out, PATH_SIZE, "%s/%s", a, b) >= PATH_SIZE)
		out[0] = '\0';
	return out;
}

static bool read_file(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return false;
	n = read(fd, buf, size - 1);
	close(fd);
	buf[n > 0 ? n : 0] = '\0';
	return n > 0;
}

static uint64_t read_number(const char *dir, const char *name)
{
	char path[PATH_SIZE], text[32];

	return read_file(join(path, dir, name), text, sizeof(text)) ? strtoull(text, NULL, 10) : 0;
}

static struct sysfs_counts *counts_of(struct sysfs_counts *list, size_t *n, size_t max,
				      uint32_t domid)
{
	for (size_t i = *n; i > 0; i--) { /* devices of one guest often lie together */
		if (list[i - 1].domid == domid)
			return &list[i - 1];
	}
	if (*n == max)
		return NULL;
	list[*n] = (struct sysfs_counts){ .domid = domid };
	return &list[(*n)++];
}

static void add_vbd(const char *device, struct sysfs_counts *c)
{
	char dir[PATH_SIZE];

	join(dir, device, "statistics");
	c->disk_read += read_number(dir, "rd_sect") * SECTOR;
	c->disk_written += read_number(dir, "wr_sect") * SECTOR;
}

/* The interface has another name when the configuration gave one. */
static bool own_name(const char *device, char *name, size_t size)
{
	char path[PATH_SIZE];
	struct dirent *e;
	bool found = false;
	DIR *dir = opendir(join(path, device, "net"));

	while (dir && !found && (e = readdir(dir))) {
		found = e->d_name[0] != '.';
		if (found)
			found = (size_t)snprintf(name, size, "%s", e->d_name) < size;
	}
	if (dir)
		closedir(dir);
	return found;
}

/* What dom0's end receives is what the guest has sent. */
static void add_vif(const char *root, const char *device, uint32_t domid, uint32_t id,
		    struct sysfs_counts *c)
{
	char cards[PATH_SIZE], card[PATH_SIZE], dir[PATH_SIZE], name[64];

	join(cards, root, "class/net");
	snprintf(name, sizeof(name), "vif%u.%u", domid, id);
	join(dir, join(card, cards, name), "statistics");
	if (access(dir, F_OK)) {
		if (!own_name(device, name, sizeof(name)))
			return;
		join(dir, join(card, cards, name), "statistics");
	}
	c->net_out += read_number(dir, "rx_bytes");
	c->net_in += read_number(dir, "tx_bytes");
}

static void read_guests(const char *root, struct sysfs_counts *list, size_t *n, size_t max)
{
	char path[PATH_SIZE], device[PATH_SIZE], type[8];
	struct sysfs_counts *c;
	unsigned int domid, id;
	struct dirent *e;
	DIR *dir;

	dir = opendir(join(path, root, "bus/xen-backend/devices"));
	while (dir && (e = readdir(dir))) {
		if (sscanf(e->d_name, "%7[a-z]-%u-%u", type, &domid, &id) != 3)
			continue;
		c = counts_of(list, n, max, domid);
		join(device, path, e->d_name);
		if (c && !strcmp(type, "vbd"))
			add_vbd(device, c);
		else if (c && !strcmp(type, "vif"))
			add_vif(root, device, domid, id, c);
	}
	if (dir)
		closedir(dir);
}

/* A device of the machine: not a bridge or a loop device, not a guest's. */
static bool physical(const char *dir)
{
	char path[PATH_SIZE], target[PATH_SIZE];
	const char *slash;
	ssize_t n = readlink(join(path, dir, "device/subsystem"), target,
			     sizeof(target) - 1);

	if (n < 0)
		return false;
	target[n] = '\0';
	slash = strrchr(target, '/');
	return strcmp(slash ? slash + 1 : target, "xen-backend") != 0;
}

static void add_block(const char *dir, struct sysfs_counts *c)
{
	unsigned long long read_sectors, written;
	char path[PATH_SIZE], text[256];

	if (read_file(join(path, dir, "stat"), text, sizeof(text)) &&
	    sscanf(text, "%*u %*u %llu %*u %*u %*u %llu", &read_sectors, &written) == 2) {
		c->disk_read += read_sectors * SECTOR;
		c->disk_written += written * SECTOR;
	}
}

static void add_card(const char *dir, struct sysfs_counts *c)
{
	char path[PATH_SIZE];

	join(path, dir, "statistics");
	c->net_in += read_number(path, "rx_bytes");
	c->net_out += read_number(path, "tx_bytes");
}

static void read_host(const char *root, const char *below, struct sysfs_counts *c,
		      void (*add)(const char *dir, struct sysfs_counts *c))
{
	char path[PATH_SIZE], entry[PATH_SIZE];
	struct dirent *e;
	DIR *dir = opendir(join(path, root, below));

	while (dir && (e = readdir(dir))) {
		join(entry, path, e->d_name);
		if (e->d_name[0] != '.' && physical(entry))
			add(entry, c);
	}
	if (dir)
		closedir(dir);
}

size_t sysfs_read(const char *root, struct sysfs_counts *list, size_t max)
{
	size_t n = 1;

	if (!max)
		return 0;
	list[0] = (struct sysfs_counts){ .domid = SYSFS_HOST };
	read_host(root, "block", &list[0], add_block);
	read_host(root, "class/net", &list[0], add_card);
	read_guests(root, list, &n, max);
	return n;
}

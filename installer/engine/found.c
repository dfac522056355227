/* See found.h. */
#include "found.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gpt.h"

static struct found *find_or_add(struct found *list, int *n, const char *id)
{
	for (int i = 0; i < *n; i++)
		if (!strcmp(list[i].id, id))
			return &list[i];
	if (*n == FOUND_MAX)
		return NULL;
	memset(&list[*n], 0, sizeof(*list));
	snprintf(list[*n].id, sizeof(list[*n].id), "%s", id);
	return &list[(*n)++];
}

static void take_part(struct found *list, int *n, const struct disk *d,
		      const struct gpt_part *part)
{
	struct part_id id;
	struct found *f;
	struct found_disk *fd;
	char name[80];

	if (!layout_parse_guid(part->guid, &id) || part->nr != (unsigned int)id.part)
		return;
	f = find_or_add(list, n, id.id);
	if (!f)
		return;
	f->total = id.total;
	f->raid |= id.raid;
	fd = &f->disk[id.disk];
	if (fd->there && strcmp(fd->name, d->name)) {
		f->twice = true;
		return;
	}
	fd->there = true;
	memcpy(fd->name, d->name, sizeof(fd->name));
	memcpy(fd->path, d->path, sizeof(fd->path));
	if (id.part == PART_BOOT)
		fd->boot_at = part->start;
	disk_part(d->name, part->nr, name, sizeof(name));
	snprintf(fd->part[id.part], sizeof(fd->part[0]), "/dev/%.74s", name);
	fd->size[id.part] = part->size;
}

int found_scan(const char *root, struct found list[FOUND_MAX], struct fault *f)
{
	static struct gpt_part parts[GPT_MAX];
	char path[256];
	struct disk *disks;
	size_t disks_n;
	int n = 0, err;

	err = disk_list(root, &disks, &disks_n, f);
	if (err)
		return err;
	for (size_t i = 0; i < disks_n; i++) {
		int fd, parts_n;

		snprintf(path, sizeof(path), "%s%s", root, disks[i].path);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			continue;
		parts_n = gpt_read(fd, disks[i].size, disks[i].sector, parts);
		close(fd);
		for (int k = 0; k < parts_n; k++)
			take_part(list, &n, &disks[i], &parts[k]);
	}
	free(disks);
	return n;
}

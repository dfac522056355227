/*
 * facts_disk: which disks there are, what is on them, and which cannot be
 * installed to. The engine's own code looks; here it is put into a person's
 * words, and the medium that was booted is told apart.
 */
#include "facts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/disk.h"
#include "engine/found.h"

#define MEDIUM "ISO 9660 \"BASALT\""

static void judge(struct drive *to, const struct disk *d)
{
	const char *why = "";

	if (d->read_only)
		why = "it is read-only";
	else if (strstr(d->holds, MEDIUM))
		why = "it is an installation medium";
	else if (*d->use)
		why = d->use;
	snprintf(to->why_not, sizeof(to->why_not), "%s", why);
}

/* @root: in a test the device lies below it, too. */
static void take(struct drive *to, struct disk *d, const char *root)
{
	snprintf(d->path, sizeof(d->path), "%.39s/dev/%.20s", root, d->name);
	disk_contents(d);
	memset(to, 0, sizeof(*to));
	snprintf(to->name, sizeof(to->name), "%.31s", d->name);
	snprintf(to->model, sizeof(to->model), "%s", d->model);
	snprintf(to->serial, sizeof(to->serial), "%s", d->serial);
	snprintf(to->bus, sizeof(to->bus), "%s", d->bus);
	snprintf(to->holds, sizeof(to->holds), "%.127s", d->holds);
	to->size = d->size;
	judge(to, d);
}

static void mark_installed(struct facts *f, const struct found *at)
{
	for (int k = 0; k < 2; k++)
		for (int i = 0; i < f->ndisks && at->disk[k].there; i++) {
			struct drive *d = &f->disk[i];

			if (strcmp(d->name, at->disk[k].name))
				continue;
			snprintf(d->holds, sizeof(d->holds),
				 "a Basalt installation");
			/* One installation, though on two disks. */
			d->installed = k == 0 || !at->disk[0].there;
		}
}

static int by_name(const void *a, const void *b)
{
	return strverscmp(((const struct drive *)a)->name,
			  ((const struct drive *)b)->name);
}

void facts_disks(struct facts *f, const char *root)
{
	static struct found found[FOUND_MAX];
	struct fault fault;
	struct disk *list;
	size_t n;
	int there;

	f->ndisks = 0;
	if (disk_list(root, &list, &n, &fault))
		return;
	for (size_t i = 0; i < n && f->ndisks < DISKS_MAX; i++)
		take(&f->disk[f->ndisks++], &list[i], root);
	free(list);
	qsort(f->disk, (size_t)f->ndisks, sizeof(f->disk[0]), by_name);
	there = found_scan(root, found, &fault);
	for (int i = 0; i < there && i < FOUND_MAX; i++)
		mark_installed(f, &found[i]);
}

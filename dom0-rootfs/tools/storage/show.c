/*
 * The commands that show. With --tabs each line is a record whose fields have tabs
 * between; their order is part of the command's interface (docs/STORAGE.md).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "storage.h"

static const char *size_text(uint64_t bytes, char buf[16])
{
	static const char units[] = "KMGTP";
	double value = (double)bytes / 1024;
	int i = 0;

	for (; value >= 1024 && units[i + 1]; i++)
		value /= 1024;
	snprintf(buf, 16, value < 10 ? "%.1f %ciB" : "%.0f %ciB", value, units[i]);
	return buf;
}

static void show_part(struct args *a, const struct store_disk *d,
		      const struct store_part *p)
{
	char size[16];

	if (a->tabs)
		printf("part\t%s\t%s\t%llu\t%s\t%s\t%s\n", p->name, d->name,
		       (unsigned long long)p->size, p->content, p->use, p->label);
	else
		printf("  %-12s %9s  %s%s%s%s\n", p->name, size_text(p->size, size),
		       p->content, *p->use ? " (" : "", p->use, *p->use ? ")" : "");
}

static void show_disk(struct args *a, const struct store_disk *d)
{
	char size[16];

	if (a->tabs)
		printf("disk\t%s\t%s\t%s\t%s\t%llu\t%s\t%s\t%s\n", d->name, d->model,
		       d->serial, d->bus, (unsigned long long)d->size, d->content, d->use,
		       d->readonly ? "ro" : d->removable ? "removable" : "");
	else
		printf("%-14s %9s  %s%s%s%s%s: %s%s%s%s\n", d->path,
		       size_text(d->size, size), d->bus, *d->bus ? " " : "", d->model,
		       *d->serial ? " " : "", d->serial, d->content, *d->use ? " (" : "",
		       d->use, *d->use ? ")" : "");
	for (size_t i = 0; i < d->nparts; i++)
		if (strcmp(d->parts[i].name, d->name))
			show_part(a, d, &d->parts[i]);
}

int run_disks(struct args *a)
{
	struct store_error err;
	struct store_disk *list;
	size_t n;

	if (store_disks(a->s, &list, &n, &err))
		return complain(&err);
	for (size_t i = 0; i < n; i++)
		show_disk(a, &list[i]);
	store_disks_free(list, n);
	return STORAGE_OK;
}

int run_pools(struct args *a)
{
	struct store_error err;
	struct store_pool *list;
	char size[16], used[16];
	size_t n;

	if (store_pools(a->s, &list, &n, &err))
		return complain(&err);
	if (!a->tabs)
		printf("%-16s %-4s %9s %9s %7s  %s\n", "Pool", "Kind", "Size", "Used",
		       "Volumes", "On");
	for (size_t i = 0; i < n; i++) {
		const struct store_pool *p = &list[i];
		const char *kind = p->kind == STORE_LVM ? "lvm" : "dir";

		if (a->tabs)
			printf("%s\t%s\t%llu\t%llu\t%.4f\t%zu\t%s\t%s\t%s\n", p->name, kind,
			       (unsigned long long)p->size, (unsigned long long)p->used,
			       p->used_meta, p->volumes, p->on, p->problem,
			       p->notice);
		else
			printf("%-16s %-4s %9s %9s %7zu  %s%s%s%s\n", p->name, kind,
			       size_text(p->size, size), size_text(p->used, used),
			       p->volumes, p->on, *p->problem || *p->notice ? ": " : "",
			       p->problem, p->notice);
	}
	free(list);
	return STORAGE_OK;
}

int run_list(struct args *a)
{
	struct store_error err;
	struct store_volume *list;
	char size[16], used[16], name[STORE_FULL_SIZE + 2], when[32];
	size_t n;

	if (store_volumes(a->s, a->operand[0], &list, &n, &err))
		return complain(&err);
	if (!a->tabs)
		printf("%-28s %9s %9s  %-16s %s\n", "Volume", "Size", "Used", "Made", "VM");
	for (size_t i = 0; i < n; i++) {
		const struct store_volume *v = &list[i];

		snprintf(name, sizeof(name), "%s/%s%s%s", v->pool, v->name,
			 *v->snapshot ? "." : "", v->snapshot);
		strftime(when, sizeof(when), "%F %R", localtime(&v->made));
		if (a->tabs)
			printf("%s\t%llu\t%llu\t%lld\t%s\t%s\t%s\n", name,
			       (unsigned long long)v->size, (unsigned long long)v->used,
			       (long long)v->made, v->in_use ? "in use" : "", v->vms,
			       v->target);
		else
			printf("%-28s %9s %9s  %-16s %s%s\n", name,
			       size_text(v->size, size), size_text(v->used, used), when,
			       v->vms, v->in_use ? " (in use)" : "");
	}
	free(list);
	return STORAGE_OK;
}

int run_images(struct args *a)
{
	struct store_error err;
	struct store_image *list;
	char size[16];
	size_t n;

	if (store_images(a->s, &list, &n, &err))
		return complain(&err);
	for (size_t i = 0; i < n; i++) {
		const struct store_image *img = &list[i];

		if (a->tabs)
			printf("%s\t%s\t%s\t%llu\t%s\n", img->path, img->name,
			       store_format_name(img->format),
			       (unsigned long long)img->file_size, img->where);
		else
			printf("%-5s %9s  %s  (%s)\n", store_format_name(img->format),
			       size_text(img->file_size, size), img->path, img->where);
	}
	free(list);
	return STORAGE_OK;
}

int run_media(struct args *a)
{
	struct store_error err;
	struct store_medium *list;
	char size[16];
	size_t n;

	if (store_media(a->s, &list, &n, &err))
		return complain(&err);
	for (size_t i = 0; i < n; i++) {
		const struct store_medium *m = &list[i];

		if (a->tabs)
			printf("%s\t%s\t%s\t%llu\t%s\n", m->name, m->label, m->type,
			       (unsigned long long)m->size, m->path);
		else
			printf("%-8s %9s  %-8s %-24s %s\n", m->name,
			       size_text(m->size, size), m->type, m->path, m->label);
	}
	free(list);
	return STORAGE_OK;
}

int run_info(struct args *a)
{
	struct store_image_info info;
	struct store_error err;
	char size[16];

	if (store_image_info(a->operand[0], &info, &err))
		return complain(&err);
	if (a->tabs)
		printf("%s\t%llu\n", store_format_name(info.format),
		       (unsigned long long)info.size);
	else
		printf("%s, disk of %s\n", store_format_name(info.format),
		       size_text(info.size, size));
	return STORAGE_OK;
}

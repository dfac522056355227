/*
 * The time zones and keyboard layouts that the system has: see settings.h.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "libsettings/priv.h"

struct list {
	char **names;
	size_t count;
};

static void list_add(struct list *l, const char *name, size_t len)
{
	char **more = realloc(l->names, (l->count + 2) * sizeof(*more));

	if (!more)
		return;
	l->names = more;
	more[l->count] = strndup(name, len);
	if (more[l->count])
		l->count++;
	more[l->count] = NULL;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static char **sorted(struct list *l)
{
	if (!l->names)
		return calloc(1, sizeof(*l->names));
	qsort(l->names, l->count, sizeof(*l->names), by_name);
	return l->names;
}

/* Zones are files whose names begin with a capital, up to three folders deep. */
static void find_zones(struct list *l, const char *top, const char *below, int depth)
{
	char path[512], name[256];
	struct dirent *e;
	struct stat st;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/%s", top, below);
	dir = opendir(path);
	if (!dir)
		return;
	while ((e = readdir(dir))) {
		if (e->d_name[0] < 'A' || e->d_name[0] > 'Z')
			continue;
		snprintf(name, sizeof(name), "%.80s%s%.80s", below, *below ? "/" : "",
			 e->d_name);
		snprintf(path, sizeof(path), "%s/%s", top, name);
		if (stat(path, &st))
			continue;
		if (S_ISREG(st.st_mode))
			list_add(l, name, strlen(name));
		else if (S_ISDIR(st.st_mode) && depth)
			find_zones(l, top, name, depth - 1);
	}
	closedir(dir);
}

char **settings_timezones(const char *root)
{
	struct list l = {0};
	char top[256];

	snprintf(top, sizeof(top), "%.200s" ZONES, root);
	find_zones(&l, top, "", 2);
	return sorted(&l);
}

char **settings_keyboards(const char *root)
{
	struct list l = {0};
	char path[256];
	struct dirent *e;
	DIR *dir;

	snprintf(path, sizeof(path), "%.200s" KEYMAPS, root);
	dir = opendir(path);
	while (dir && (e = readdir(dir))) {
		const char *end = strstr(e->d_name, ".bmap");

		if (end)
			list_add(&l, e->d_name, (size_t)(end - e->d_name));
	}
	if (dir)
		closedir(dir);
	return sorted(&l);
}

void settings_free_list(char **list)
{
	for (char **p = list; p && *p; p++)
		free(*p);
	free(list);
}

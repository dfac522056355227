/* See vm_disks.h. */
#include "screens/vm_disks.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- what there is ------------------------------------------------------------ */

/* Those that cannot be used are left out. */
static void keep_active(struct vm_storage *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->npools; i++) {
		if (s->pools[i].active)
			s->pools[n++] = s->pools[i];
	}
	s->npools = n;
}

static void name_pools(struct vm_storage *s)
{
	char room[16], text[96];

	s->pool_names = calloc(s->npools + 1, sizeof(*s->pool_names));
	for (size_t i = 0; s->pool_names && i < s->npools; i++) {
		const struct store_pool *p = &s->pools[i];

		snprintf(text, sizeof(text), "%s (%s free)", p->name,
			 ui_bytes(p->size > p->used ? p->size - p->used : 0, room));
		s->pool_names[i] = strdup(text);
	}
}

void vm_storage_open(struct vm_storage *s)
{
	memset(s, 0, sizeof(*s));
	if (store_open(&s->store, NULL, NULL)) {
		s->store = NULL;
	} else {
		if (store_pools(s->store, &s->pools, &s->npools, NULL))
			s->npools = 0;
		if (store_volumes(s->store, NULL, &s->volumes, &s->nvolumes, NULL))
			s->nvolumes = 0;
	}
	keep_active(s);
	name_pools(s);
}

void vm_storage_close(struct vm_storage *s)
{
	for (size_t i = 0; s->pool_names && i < s->npools; i++)
		free((char *)s->pool_names[i]);
	free(s->pool_names);
	free(s->pools);
	free(s->volumes);
	store_close(s->store);
}

const struct store_volume *vm_storage_find(const struct vm_storage *s, const char *target)
{
	for (size_t i = 0; target && i < s->nvolumes; i++) {
		if (!*s->volumes[i].snapshot && !strcmp(s->volumes[i].path, target))
			return &s->volumes[i];
	}
	return NULL;
}

bool vm_volume_shared(const struct store_volume *v, const char *vm)
{
	char names[sizeof(v->vms)], *save = NULL;

	snprintf(names, sizeof(names), "%s", v->vms);
	for (char *n = strtok_r(names, " ", &save); n; n = strtok_r(NULL, " ", &save)) {
		if (strcmp(n, vm))
			return true;
	}
	return false;
}

/* --- choosing ----------------------------------------------------------------- */

static const char another[] = "Another file …";

/* Lists images of one sort; the rest is looked for by hand. */
static void pick_image(struct ui *ui, struct ui_field *f, bool iso)
{
	const struct ui_files files = {
		.title = iso ? "Installation medium" : "Disk image",
		.suffixes = iso ? ".iso\0" : ".img\0.raw\0.qcow2\0.vmdk\0.vhd\0",
	};
	const char *items[66];
	struct store_image *list = NULL;
	struct store *store = NULL;
	size_t count = 0, n = 0, which[64];
	char *texts[64];
	int chosen;

	if (!store_open(&store, NULL, NULL) && store_images(store, &list, &count, NULL))
		count = 0;
	for (size_t i = 0; i < count && n < 64; i++) {
		size_t size = strlen(list[i].name) + strlen(list[i].where) + 8;

		texts[n] = (list[i].format == STORE_ISO) == iso ? malloc(size) : NULL;
		if (!texts[n])
			continue;
		snprintf(texts[n], size, "%s   %s", list[i].name, list[i].where);
		which[n] = i;
		items[n] = texts[n];
		n++;
	}
	items[n] = another;
	items[n + 1] = NULL;
	chosen = n ? ui_choose(ui, files.title, items, 0) : 0;
	if (chosen >= 0 && (size_t)chosen < n)
		snprintf(f->text, f->size, "%s", list[which[chosen]].path);
	else if (chosen >= 0)
		ui_choose_file(ui, &files, f->text, f->size);
	while (n--)
		free(texts[n]);
	free(list);
	store_close(store);
}

void vm_pick_image(struct ui *ui, void *ctx, struct ui_field *f)
{
	(void)ctx;
	pick_image(ui, f, false);
}

void vm_pick_iso(struct ui *ui, void *ctx, struct ui_field *f)
{
	(void)ctx;
	pick_image(ui, f, true);
}

void vm_pick_file(struct ui *ui, void *ctx, struct ui_field *f)
{
	(void)ctx;
	ui_choose_file(ui, &(struct ui_files){ .title = f->label }, f->text, f->size);
}

void vm_pick_volume(struct ui *ui, void *ctx, struct ui_field *f)
{
	const struct store_volume *free_ones[64];
	const char *items[66];
	char texts[64][96], size[16];
	struct vm_storage s;
	size_t n = 0;
	int chosen;

	(void)ctx;
	vm_storage_open(&s);
	for (size_t i = 0; i < s.nvolumes && n < 64; i++) {
		const struct store_volume *v = &s.volumes[i];

		if (*v->snapshot || *v->vms || v->in_use)
			continue;
		snprintf(texts[n], sizeof(texts[n]), "%s/%s   %s", v->pool, v->name,
			 ui_bytes(v->size, size));
		items[n] = texts[n];
		free_ones[n++] = v;
	}
	items[n] = another;
	items[n + 1] = NULL;
	chosen = n ? ui_choose(ui, "Volumes that no VM has", items, 0) : 0;
	if (chosen >= 0 && (size_t)chosen < n)
		snprintf(f->text, f->size, "%s", free_ones[chosen]->path);
	else if (chosen >= 0)
		ui_choose_file(ui, &(struct ui_files){ .title = "File or device" }, f->text,
			       f->size);
	vm_storage_close(&s);
}

/* --- bridges ------------------------------------------------------------------ */

static int is_bridge(const struct dirent *e)
{
	char path[300];

	snprintf(path, sizeof(path), "/sys/class/net/%s/bridge", e->d_name);
	return e->d_name[0] != '.' && !access(path, F_OK);
}

char **vm_bridges(void)
{
	struct dirent **found;
	int n = scandir("/sys/class/net", &found, is_bridge, alphasort);
	char **list = calloc(n > 0 ? (size_t)n + 1 : 1, sizeof(*list));

	for (int i = 0; i < n; i++) {
		if (list)
			list[i] = strdup(found[i]->d_name);
		free(found[i]);
	}
	if (n >= 0)
		free(found);
	return list;
}

void vm_bridges_free(char **list)
{
	for (size_t i = 0; list && list[i]; i++)
		free(list[i]);
	free(list);
}

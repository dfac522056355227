/*
 * Storage: pools, then disks with what is on them. Enter opens a pool.
 */
#include "screens/storage.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOOK_EVERY 15 /* seconds: looking at disks reads from them */

struct storage {
	struct records pools, disks;
	struct ui_run *looking[2];
	char problem[300];
	struct storage_clock clock;
	struct storage_tasks tasks;
	struct ui_table table;
};

enum { ROW_POOL, ROW_DISK, ROW_PART };
enum { COLUMN_NAME, COLUMN_KIND, COLUMN_SIZE, COLUMN_USED, COLUMN_WHAT };

static int row_of(const struct storage *s, size_t row, const struct record **r)
{
	if (row < s->pools.n) {
		*r = &s->pools.list[row];
		return ROW_POOL;
	}
	*r = &s->disks.list[row - s->pools.n];
	return strcmp((*r)->field[DISK_WHAT], "part") ? ROW_DISK : ROW_PART;
}

/* The row under the cursor when it is of that sort, or NULL. */
static const struct record *selected(struct storage *s, int sort)
{
	size_t row = ui_table_row(&s->table);
	const struct record *r;

	return row != SIZE_MAX && row_of(s, row, &r) == sort ? r : NULL;
}

/* --- the table -------------------------------------------------------------- */

static size_t count(void *ctx)
{
	const struct storage *s = ctx;

	return s->pools.n + s->disks.n;
}

static void pool_cell(const struct record *r, size_t column, char *buf, size_t size)
{
	char text[16];
	bool lvm = !strcmp(r->field[POOL_KIND], "lvm");

	switch (column) {
	case COLUMN_NAME:
		snprintf(buf, size, "%s", r->field[POOL_NAME]);
		break;
	case COLUMN_KIND:
		snprintf(buf, size, "%s", lvm ? "LVM pool" : "file pool");
		break;
	case COLUMN_SIZE:
		snprintf(buf, size, "%s", ui_bytes(record_number(r, POOL_SIZE), text));
		break;
	case COLUMN_USED:
		snprintf(buf, size, "%.0f%%", 100 * record_fraction(r, POOL_USED, POOL_SIZE));
		break;
	default:
		if (*r->field[POOL_PROBLEM])
			snprintf(buf, size, "%s", r->field[POOL_PROBLEM]);
		else
			snprintf(buf, size, "%s volumes, on %s", r->field[POOL_VOLUMES],
				 r->field[POOL_ON]);
	}
}

static void disk_cell(const struct record *r, bool part, size_t column, char *buf,
		      size_t size)
{
	const char *use = r->field[part ? PART_USE : DISK_USE];
	uint64_t bytes = record_number(r, part ? PART_SIZE : DISK_SIZE);
	char text[16];

	switch (column) {
	case COLUMN_NAME:
		snprintf(buf, size, "%s%s", part ? "  " : "", r->field[DISK_NAME]);
		break;
	case COLUMN_KIND:
		snprintf(buf, size, "%s%s", part ? "partition" : r->field[DISK_BUS],
			 part ? "" : " disk");
		break;
	case COLUMN_SIZE:
		snprintf(buf, size, "%s", ui_bytes(bytes, text));
		break;
	case COLUMN_USED:
		buf[0] = '\0';
		break;
	default:
		snprintf(buf, size, "%s%s%s%s", r->field[part ? PART_CONTENT : DISK_CONTENT],
			 *use ? " (" : "", use, *use ? ")" : "");
	}
}

static void cell(void *ctx, size_t row, size_t column, char *buf, size_t size)
{
	const struct record *r;
	int sort = row_of(ctx, row, &r);

	if (sort == ROW_POOL)
		pool_cell(r, column, buf, size);
	else
		disk_cell(r, sort == ROW_PART, column, buf, size);
}

static enum ui_style style(void *ctx, size_t row, size_t column)
{
	const struct record *r;
	int sort = row_of(ctx, row, &r);

	if (column == COLUMN_NAME)
		return sort == ROW_PART ? UI_PLAIN : UI_BOLD;
	if (sort == ROW_POOL && *r->field[POOL_PROBLEM])
		return UI_BAD;
	return column == COLUMN_KIND ? UI_DIM : UI_PLAIN;
}

static bool draw_cell(struct ui *ui, void *ctx, size_t row, size_t column, int y, int x,
		      int w, bool is_selected)
{
	const struct record *r;

	(void)is_selected;
	if (column != COLUMN_USED || row_of(ctx, row, &r) != ROW_POOL)
		return false;
	ui_meter(ui, y, x, w, record_fraction(r, POOL_USED, POOL_SIZE), UI_FULL_LIMITS);
	return true;
}

/* A pool and a disk may have the same name. */
static uint64_t id(void *ctx, size_t row)
{
	uint64_t hash = 14695981039346656037ull;
	const struct record *r;
	int sort = row_of(ctx, row, &r);

	hash = (hash ^ (uint64_t)(sort == ROW_POOL)) * 1099511628211ull;
	for (const char *c = r->field[sort == ROW_POOL ? POOL_NAME : DISK_NAME]; *c; c++)
		hash = (hash ^ (unsigned char)*c) * 1099511628211ull;
	return hash;
}

static const struct ui_table_model model = {
	.columns = (const struct ui_column[]){
		[COLUMN_NAME] = { .title = "Name", .width = 14, .weight = 1 },
		[COLUMN_KIND] = { .title = "Kind", .width = 11 },
		[COLUMN_SIZE] = { .title = "Size", .width = 9, .align = UI_RIGHT },
		[COLUMN_USED] = { .title = "Used", .width = 10, .importance = 1 },
		[COLUMN_WHAT] = { .title = "What is there", .width = 20, .weight = 4 },
		{ .title = NULL },
	},
	.count = count,
	.cell = cell,
	.style = style,
	.draw = draw_cell,
	.id = id,
	.empty = "No disks were found.",
};

/* --- looking ---------------------------------------------------------------- */

static void take(struct ui *ui, struct storage *s, int which, int status,
		 const char *output)
{
	struct records *r = which ? &s->disks : &s->pools;

	s->looking[which] = NULL;
	if (status)
		snprintf(s->problem, sizeof(s->problem), "%.*s",
			 (int)strcspn(output, "\n"), output);
	else if (!records_parse(r, output) && !which)
		s->problem[0] = '\0';
	ui_table_update(&s->table);
	(void)ui;
}

static void take_pools(struct ui *ui, void *ctx, int status, const char *output)
{
	take(ui, ctx, 0, status, output);
}

static void take_disks(struct ui *ui, void *ctx, int status, const char *output)
{
	take(ui, ctx, 1, status, output);
}

static void look(struct ui *ui, struct storage *s)
{
	static char storage[] = "storage", tabs[] = "--tabs", pools[] = "pools",
		    disks[] = "disks";
	char *const pools_argv[] = { storage, pools, tabs, NULL };
	char *const disks_argv[] = { storage, disks, tabs, NULL };

	if (!s->looking[0])
		s->looking[0] = ui_run_start(ui, pools_argv, take_pools, s);
	if (!s->looking[1])
		s->looking[1] = ui_run_start(ui, disks_argv, take_disks, s);
}

static bool open_storage(struct ui *ui, void *self, const void *arg)
{
	struct storage *s = self;

	(void)ui, (void)arg;
	ui_table_init(&s->table, &model, s, -1);
	return true;
}

static void close_storage(struct ui *ui, void *self)
{
	struct storage *s = self;

	for (int i = 0; i < 2; i++)
		ui_run_cancel(ui, s->looking[i]);
	ui_table_free(&s->table);
	records_free(&s->pools);
	records_free(&s->disks);
}

static void refresh(struct ui *ui, void *self)
{
	struct storage *s = self;

	bool ended = storage_tasks_look(ui, &s->tasks);

	if (storage_clock_due(&s->clock, LOOK_EVERY) || ended)
		look(ui, s);
}

static void draw(struct ui *ui, void *self, struct ui_rect area)
{
	struct storage *s = self;

	area = storage_tasks_draw(ui, &s->tasks, area);
	if (*s->problem) {
		ui_put(ui, area.y + area.h - 1, area.x + 1, area.w - 2, UI_BAD, s->problem);
		area.h--;
	}
	if (s->pools.text && !s->pools.n && s->disks.n) {
		ui_put(ui, area.y + area.h - 1, area.x + 1, area.w - 2, UI_WARN,
		       "There is no storage pool yet: choose a disk and press n.");
		area.h--;
	}
	for (size_t i = 0; i < s->pools.n && area.h > 5; i++) {
		const char *const *field = s->pools.list[i].field;

		if (!*field[POOL_NOTICE])
			continue;
		ui_putf(ui, area.y + --area.h, area.x + 1, area.w - 2, UI_BAD, "%s: %s",
			field[POOL_NAME], field[POOL_NOTICE]);
	}
	ui_table_draw(ui, &s->table, area);
}

/* --- doing ------------------------------------------------------------------ */

static void show_disk(struct ui *ui, const struct record *r)
{
	char text[900], size[16];

	snprintf(text, sizeof(text), "Disk     /dev/%s (%s)\nModel    %s\nSerial   %s\n"
		 "Size     %s\nContent  %s\nIn use   %s%s", r->field[DISK_NAME],
		 r->field[DISK_BUS], r->field[DISK_MODEL], r->field[DISK_SERIAL],
		 ui_bytes(record_number(r, DISK_SIZE), size), r->field[DISK_CONTENT],
		 *r->field[DISK_USE] ? r->field[DISK_USE] : "no",
		 strcmp(r->field[DISK_FLAGS], "ro") ? "" : "\nIt is read-only.");
	ui_message(ui, r->field[DISK_NAME], text);
}

static void do_open(struct ui *ui, void *self)
{
	const struct record *r = selected(self, ROW_POOL);

	if (r && *r->field[POOL_PROBLEM])
		ui_fail(ui, "%s: %s", r->field[POOL_NAME], r->field[POOL_PROBLEM]);
	else if (r)
		ui_push(ui, &screen_volumes, r->field[POOL_NAME]);
	else if ((r = selected(self, ROW_DISK)))
		show_disk(ui, r);
}

static void do_new(struct ui *ui, void *self)
{
	const struct record *r = selected(self, ROW_DISK);
	struct storage *s = self;

	r = r ? r : selected(self, ROW_PART);
	if (storage_form_pool(ui, &s->disks, r ? r->field[DISK_NAME] : NULL))
		look(ui, s);
}

static bool on_pool(struct ui *ui, void *self)
{
	(void)ui;
	return selected(self, ROW_POOL);
}

static void do_delete(struct ui *ui, void *self)
{
	const struct record *r = selected(self, ROW_POOL);
	char text[300], command[100], name[64];
	bool gone;

	if (!r)
		return;
	/* The records may be replaced while the question stands. */
	snprintf(name, sizeof(name), "%s", r->field[POOL_NAME]);
	gone = *r->field[POOL_PROBLEM];
	snprintf(command, sizeof(command), "storage pool delete %s --force", name);
	if (gone)
		snprintf(text, sizeof(text), "The pool's disk is not there: the pool is "
			 "only forgotten.");
	else
		snprintf(text, sizeof(text), "The pool on %s and its %s volumes will be "
			 "destroyed.", r->field[POOL_ON], r->field[POOL_VOLUMES]);
	if (ui_confirm_typed(ui, &(struct ui_question){
			.title = "Delete the pool?", .text = text, .command = command,
			.yes = "Delete it", .danger = true }, name) &&
	    storage_do(ui, "Deleting the pool", "pool", "delete", name, "--force", NULL))
		look(ui, self);
}

static void do_adopt(struct ui *ui, void *self)
{
	char name[64] = "";

	if (ui_input(ui, "Take up a pool", "Name of the pool on a disk", name, sizeof(name),
		     ui_check_filled, NULL) &&
	    storage_do(ui, "Looking for the pool", "pool", "adopt", name, NULL))
		look(ui, self);
}

static void do_import(struct ui *ui, void *self)
{
	const struct record *r = selected(self, ROW_POOL);
	struct storage *s = self;

	storage_form_import(ui, &s->tasks, &s->pools, r ? r->field[POOL_NAME] : NULL);
}

/* The mounted stick (or partition of one) under the cursor. */
static const struct record *removable(struct storage *s)
{
	const struct record *disk = selected(s, ROW_DISK);
	const struct record *r = disk ? disk : selected(s, ROW_PART);

	return r && strstr(r->field[disk ? DISK_USE : PART_USE], "/run/basalt/media")
		? r : NULL;
}

static bool can_eject(struct ui *ui, void *self)
{
	(void)ui;
	return removable(self);
}

static void do_eject(struct ui *ui, void *self)
{
	const struct record *r = removable(self);

	if (r && storage_do(ui, "Letting go of it", "eject", r->field[DISK_NAME], NULL)) {
		ui_say(ui, "It can be pulled now.");
		look(ui, self);
	}
}

static void do_cancel(struct ui *ui, void *self)
{
	storage_task_cancel(ui, &((struct storage *)self)->tasks);
}

static bool key(struct ui *ui, void *self, int k)
{
	return ui_table_key(ui, &((struct storage *)self)->table, k);
}

static const struct ui_action actions[] = {
	{ UI_KEY_ENTER, "Open", "volumes of a pool; details of a disk", do_open, NULL },
	{ 'n', "New pool", "make a storage pool on the disk under the cursor", do_new,
	  NULL },
	{ 'i', "Import", "make a volume from a raw, qcow2, vmdk or vhd image", do_import,
	  NULL },
	{ 'd', "Delete pool", "destroy the pool under the cursor", do_delete, on_pool },
	{ 'a', "Take up", "take up a pool that is on a disk, from before", do_adopt, NULL },
	{ 'e', "Eject", "let go of a stick before it is pulled", do_eject, can_eject },
	{ 'x', "Cancel", "cancel an import or copy", do_cancel, NULL },
	{ 0, NULL, NULL, NULL, NULL },
};

const struct ui_screen screen_storage = {
	.name = "storage",
	.title = "Storage",
	.help = "Pools, where VMs have their disks, then the disks of this server with "
		"what is on them. Work that takes long goes on when this screen is left.\n"
		UI_TABLE_HELP,
	.size = sizeof(struct storage),
	.refresh_ms = STORAGE_REFRESH_MS,
	.actions = actions,
	.open = open_storage,
	.close = close_storage,
	.refresh = refresh,
	.draw = draw,
	.key = key,
};

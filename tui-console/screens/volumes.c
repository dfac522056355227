/*
 * The volumes of one pool, each followed by its snapshots.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "screens/storage.h"

#define LOOK_EVERY 5 /* seconds */

struct volumes {
	char pool[64];
	struct records list, pools;
	struct ui_run *looking, *looking_pools;
	char problem[300];
	struct storage_clock clock;
	struct storage_tasks tasks;
	struct ui_table table;
};

enum { COLUMN_NAME, COLUMN_SIZE, COLUMN_TAKEN, COLUMN_MADE, COLUMN_BY };

static const struct record *selected(void *self)
{
	struct volumes *v = self;
	size_t row = ui_table_row(&v->table);

	return row == SIZE_MAX ? NULL : &v->list.list[row];
}

/* The part behind "POOL/"; *snapshot is the part behind the dot, or NULL. */
static const char *short_name(const struct record *r, const char **snapshot)
{
	const char *slash = strchr(r->field[VOLUME_NAME], '/');
	const char *name = slash ? slash + 1 : r->field[VOLUME_NAME];
	const char *dot = strchr(name, '.');

	*snapshot = dot ? dot + 1 : NULL;
	return name;
}

static size_t count(void *ctx)
{
	return ((struct volumes *)ctx)->list.n;
}

static void cell(void *ctx, size_t row, size_t column, char *buf, size_t size)
{
	const struct record *r = &((struct volumes *)ctx)->list.list[row];
	time_t made = (time_t)record_number(r, VOLUME_MADE);
	const char *snapshot, *name = short_name(r, &snapshot);
	char text[16];

	switch (column) {
	case COLUMN_NAME:
		if (snapshot)
			snprintf(buf, size, "  .%s", snapshot);
		else
			snprintf(buf, size, "%s", name);
		break;
	case COLUMN_SIZE:
		snprintf(buf, size, "%s", ui_bytes(record_number(r, VOLUME_SIZE), text));
		break;
	case COLUMN_TAKEN:
		snprintf(buf, size, "%s", ui_bytes(record_number(r, VOLUME_USED), text));
		break;
	case COLUMN_MADE:
		strftime(buf, size, "%F %R", localtime(&made));
		break;
	default:
		snprintf(buf, size, "%s%s%s", r->field[VOLUME_VMS],
			 *r->field[VOLUME_VMS] && *r->field[VOLUME_BUSY] ? ", " : "",
			 r->field[VOLUME_BUSY]);
	}
}

static enum ui_style style(void *ctx, size_t row, size_t column)
{
	const struct record *r = &((struct volumes *)ctx)->list.list[row];
	const char *snapshot;

	short_name(r, &snapshot);
	if (column == COLUMN_NAME)
		return snapshot ? UI_ACCENT : UI_BOLD;
	return column == COLUMN_BY && *r->field[VOLUME_BUSY] ? UI_GOOD : UI_PLAIN;
}

static uint64_t id(void *ctx, size_t row)
{
	uint64_t hash = 14695981039346656037ull;

	for (const char *c = ((struct volumes *)ctx)->list.list[row].field[0]; *c; c++)
		hash = (hash ^ (unsigned char)*c) * 1099511628211ull;
	return hash;
}

static const struct ui_table_model model = {
	.columns = (const struct ui_column[]){
		[COLUMN_NAME] = { .title = "Volume", .width = 20, .weight = 1 },
		[COLUMN_SIZE] = { .title = "Size", .width = 9, .align = UI_RIGHT },
		[COLUMN_TAKEN] = { .title = "Taken", .width = 9, .align = UI_RIGHT,
				   .importance = 1 },
		[COLUMN_MADE] = { .title = "Made", .width = 16, .importance = 2 },
		[COLUMN_BY] = { .title = "Belongs to", .width = 16, .weight = 1 },
		{ .title = NULL },
	},
	.count = count,
	.cell = cell,
	.style = style,
	.id = id,
	.empty = "This pool has no volumes yet: n makes one, i imports an image.",
};

/* --- looking ---------------------------------------------------------------- */

static void take_list(struct ui *ui, void *ctx, int status, const char *output)
{
	struct volumes *v = ctx;

	(void)ui;
	v->looking = NULL;
	v->problem[0] = '\0';
	if (status)
		snprintf(v->problem, sizeof(v->problem), "%.*s",
			 (int)strcspn(output, "\n"), output);
	records_parse(&v->list, status ? "" : output);
	ui_table_update(&v->table);
}

static void take_pools(struct ui *ui, void *ctx, int status, const char *output)
{
	struct volumes *v = ctx;

	(void)ui;
	v->looking_pools = NULL;
	if (!status)
		records_parse(&v->pools, output);
}

static void look(struct ui *ui, struct volumes *v)
{
	static char storage[] = "storage", tabs[] = "--tabs", list[] = "list",
		    pools[] = "pools";
	char *const argv[] = { storage, list, v->pool, tabs, NULL };
	char *const pools_argv[] = { storage, pools, tabs, NULL };

	if (!v->looking)
		v->looking = ui_run_start(ui, argv, take_list, v);
	if (!v->looking_pools)
		v->looking_pools = ui_run_start(ui, pools_argv, take_pools, v);
}

static bool open_volumes(struct ui *ui, void *self, const void *arg)
{
	struct volumes *v = self;

	(void)ui;
	snprintf(v->pool, sizeof(v->pool), "%s", (const char *)arg);
	ui_table_init(&v->table, &model, v, -1);
	return true;
}

static void close_volumes(struct ui *ui, void *self)
{
	struct volumes *v = self;

	ui_run_cancel(ui, v->looking);
	ui_run_cancel(ui, v->looking_pools);
	ui_table_free(&v->table);
	records_free(&v->list);
	records_free(&v->pools);
}

static void refresh(struct ui *ui, void *self)
{
	struct volumes *v = self;

	bool ended = storage_tasks_look(ui, &v->tasks);

	if (storage_clock_due(&v->clock, LOOK_EVERY) || ended)
		look(ui, v);
}

/* How full the pool is, above the table. */
static void draw_pool(struct ui *ui, const struct volumes *v, struct ui_rect area)
{
	char used[16], size[16];

	for (size_t i = 0; i < v->pools.n; i++) {
		const struct record *r = &v->pools.list[i];

		if (strcmp(r->field[POOL_NAME], v->pool))
			continue;
		ui_putf(ui, area.y, area.x + 1, 40, UI_PLAIN, "%s of %s used",
			ui_bytes(record_number(r, POOL_USED), used),
			ui_bytes(record_number(r, POOL_SIZE), size));
		ui_meter(ui, area.y, area.x + 34, area.w - 36,
			 record_fraction(r, POOL_USED, POOL_SIZE), UI_FULL_LIMITS);
	}
}

static void draw(struct ui *ui, void *self, struct ui_rect area)
{
	struct volumes *v = self;

	area = storage_tasks_draw(ui, &v->tasks, area);
	if (*v->problem)
		ui_put(ui, area.y, area.x + 1, area.w - 2, UI_BAD, v->problem);
	else
		draw_pool(ui, v, area);
	ui_table_draw(ui, &v->table, (struct ui_rect){ area.y + 1, area.x, area.h - 1,
						       area.w });
}

static const char *subtitle(struct ui *ui, void *self)
{
	(void)ui;
	return ((struct volumes *)self)->pool;
}

/* --- doing ------------------------------------------------------------------ */

/* Names are copied: the records may be replaced while a dialog stands. */
static bool copy_name(void *self, char name[160], bool *is_snapshot)
{
	const struct record *r = selected(self);
	const char *snapshot;

	if (!r)
		return false;
	short_name(r, &snapshot);
	snprintf(name, 160, "%s", r->field[VOLUME_NAME]);
	*is_snapshot = snapshot;
	return true;
}

static bool on_volume(struct ui *ui, void *self)
{
	bool snapshot;
	char name[160];

	(void)ui;
	return copy_name(self, name, &snapshot) && !snapshot;
}

static bool on_snapshot(struct ui *ui, void *self)
{
	bool snapshot;
	char name[160];

	(void)ui;
	return copy_name(self, name, &snapshot) && snapshot;
}

static bool on_any(struct ui *ui, void *self)
{
	(void)ui;
	return selected(self);
}

static void do_new(struct ui *ui, void *self)
{
	struct volumes *v = self;

	if (storage_form_create(ui, v->pool))
		look(ui, v);
}

static void do_import(struct ui *ui, void *self)
{
	struct volumes *v = self;

	storage_form_import(ui, &v->tasks, &v->pools, v->pool);
}

static void do_grow(struct ui *ui, void *self)
{
	const struct record *r = selected(self);
	char name[160];
	bool snapshot;

	if (copy_name(self, name, &snapshot) && !snapshot &&
	    storage_form_grow(ui, name, record_number(r, VOLUME_SIZE)))
		look(ui, self);
}

static void do_snapshot(struct ui *ui, void *self)
{
	char name[160];
	bool snapshot;

	if (copy_name(self, name, &snapshot) && !snapshot)
		storage_form_snapshot(ui, &((struct volumes *)self)->tasks, name);
}

static void do_clone(struct ui *ui, void *self)
{
	struct volumes *v = self;
	char name[160];
	bool snapshot;

	if (copy_name(self, name, &snapshot))
		storage_form_clone(ui, &v->tasks, &v->pools, name);
}

static void do_revert(struct ui *ui, void *self)
{
	char name[160], what[200], command[200], text[400];
	bool snapshot;
	char *argv[] = { (char[]){ "storage" }, (char[]){ "revert" }, name,
			 (char[]){ "--progress" }, NULL };

	if (!copy_name(self, name, &snapshot) || !snapshot)
		return;
	snprintf(what, sizeof(what), "Revert to %s", name);
	snprintf(command, sizeof(command), "storage revert %s", name);
	snprintf(text, sizeof(text), "%.*s becomes what it was at this snapshot. What was "
		 "written since is lost; the snapshot stays.", (int)strcspn(name, "."), name);
	if (ui_confirm(ui, &(struct ui_question){ .title = "Revert?", .text = text,
						  .command = command, .yes = "Revert",
						  .danger = true }))
		storage_task_start(ui, &((struct volumes *)self)->tasks, what, argv);
}

static void do_delete(struct ui *ui, void *self)
{
	const struct record *r = selected(self);
	char name[160], text[500], command[200], size[16];
	bool snapshot;

	if (!copy_name(self, name, &snapshot))
		return;
	snprintf(command, sizeof(command), "storage delete %s", name);
	snprintf(text, sizeof(text), "%s (%s)%s%s will be destroyed%s.", name,
		 ui_bytes(record_number(r, VOLUME_SIZE), size),
		 *r->field[VOLUME_VMS] ? ", which belongs to " : "", r->field[VOLUME_VMS],
		 snapshot ? "" : ", with its snapshots");
	if (ui_confirm_typed(ui, &(struct ui_question){
			.title = snapshot ? "Delete the snapshot?" : "Delete the volume?",
			.text = text, .command = command, .yes = "Delete it",
			.danger = true }, strchr(name, '/') + 1) &&
	    storage_do(ui, "Deleting", "delete", name, NULL))
		look(ui, self);
}

static void do_cancel(struct ui *ui, void *self)
{
	storage_task_cancel(ui, &((struct volumes *)self)->tasks);
}

static bool key(struct ui *ui, void *self, int k)
{
	return ui_table_key(ui, &((struct volumes *)self)->table, k);
}

static const struct ui_action actions[] = {
	{ 'n', "New", "make an empty volume", do_new, NULL },
	{ 'i', "Import", "make a volume from a raw, qcow2, vmdk or vhd image", do_import,
	  NULL },
	{ '+', "Grow", "make the volume larger", do_grow, on_volume },
	{ 's', "Snapshot", "keep what the volume holds now", do_snapshot, on_volume },
	{ 'r', "Revert", "make the volume what it was at this snapshot", do_revert,
	  on_snapshot },
	{ 'c', "Clone", "a volume of its own, alike", do_clone, on_any },
	{ 'd', "Delete", "destroy the volume or snapshot under the cursor", do_delete,
	  on_any },
	{ 'x', "Cancel", "cancel an import or copy", do_cancel, NULL },
	{ 0, NULL, NULL, NULL, NULL },
};

const struct ui_screen screen_volumes = {
	.name = "volumes",
	.title = "Volumes",
	.help = "The volumes of a pool, each followed by its snapshots. A VM that uses a "
		"volume must be shut down before it is changed.\n" UI_TABLE_HELP,
	.size = sizeof(struct volumes),
	.refresh_ms = STORAGE_REFRESH_MS,
	.actions = actions,
	.open = open_volumes,
	.close = close_volumes,
	.refresh = refresh,
	.draw = draw,
	.key = key,
	.subtitle = subtitle,
};

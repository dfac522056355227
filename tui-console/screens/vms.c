/* The dashboard: the host's bars and all VMs. */
#include <stdio.h>
#include <stdlib.h>

#include "app.h"
#include "screens/screens.h"

struct vms {
	struct dom_info *list;
	size_t n;
	struct ui_table table;
	char problem[256];
};

enum { COLUMN_NAME, COLUMN_ID, COLUMN_MEMORY, COLUMN_VCPUS };

static size_t count(void *ctx)
{
	return ((struct vms *)ctx)->n;
}

static void cell(void *ctx, size_t row, size_t column, char *buf, size_t size)
{
	const struct dom_info *d = &((struct vms *)ctx)->list[row];
	char text[16];

	switch (column) {
	case COLUMN_NAME:
		snprintf(buf, size, "%s", d->name);
		break;
	case COLUMN_ID:
		snprintf(buf, size, "%u", d->domid);
		break;
	case COLUMN_MEMORY:
		snprintf(buf, size, "%s", ui_bytes(d->mem_kib << 10, text));
		break;
	default:
		snprintf(buf, size, "%u", d->vcpus_online);
	}
}

static const struct ui_table_model model = {
	.columns = (const struct ui_column[]){
		[COLUMN_NAME] = { .title = "Name", .width = 20, .weight = 1 },
		[COLUMN_ID] = { .title = "Id", .width = 5, .align = UI_RIGHT },
		[COLUMN_MEMORY] = { .title = "Memory", .width = 10, .align = UI_RIGHT,
				    .descending = true },
		[COLUMN_VCPUS] = { .title = "CPUs", .width = 5, .align = UI_RIGHT,
				   .importance = 2 },
		{ .title = NULL },
	},
	.count = count,
	.cell = cell,
	.empty = "No VM is defined.",
};

static bool open_vms(struct ui *ui, void *self, const void *arg)
{
	struct vms *v = self;

	(void)ui, (void)arg;
	ui_table_init(&v->table, &model, v, COLUMN_NAME);
	return true;
}

static void close_vms(struct ui *ui, void *self)
{
	struct vms *v = self;

	(void)ui;
	ui_table_free(&v->table);
	free(v->list);
}

static void refresh_vms(struct ui *ui, void *self)
{
	struct vms *v = self;
	struct dom_error err = { .text = "" };
	struct dom *dom = app_dom(ui, &err);

	free(v->list);
	v->list = NULL;
	v->n = 0;
	if (!dom || dom_list(dom, &v->list, &v->n, &err))
		snprintf(v->problem, sizeof(v->problem), "%s", err.text);
	ui_table_update(&v->table);
}

static void draw_vms(struct ui *ui, void *self, struct ui_rect area)
{
	struct vms *v = self;

	ui_put(ui, area.y, area.x + 1, area.w - 2, UI_BAD, v->problem);
	ui_table_draw(ui, &v->table, (struct ui_rect){ area.y + 1, area.x, area.h - 1,
						       area.w });
}

static bool key_vms(struct ui *ui, void *self, int key)
{
	return ui_table_key(ui, &((struct vms *)self)->table, key);
}

const struct ui_screen screen_vms = {
	.name = "vms",
	.title = "VMs",
	.help = "All virtual machines.\n" UI_TABLE_HELP,
	.size = sizeof(struct vms),
	.refresh_ms = 1000,
	.open = open_vms,
	.close = close_vms,
	.refresh = refresh_vms,
	.draw = draw_vms,
	.key = key_vms,
};

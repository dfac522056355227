/* The dashboard: the host's bars and all VMs, refreshed every second. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app.h"
#include "model/vms.h"
#include "screens/host_panel.h"
#include "screens/screens.h"
#include "screens/vm_actions.h"
#include "screens/vm_define.h"

struct dashboard {
	struct vm_screen common;
	struct ui *ui; /* for words and colours of requests under way */
	struct vms vms;
	struct host host;
	struct ui_table table;
	char problem[256];
	struct ui_run *pools; /* asks for the room in the pools; or NULL */
	unsigned int age;     /* refreshes */
};

#define POOLS_EVERY 30 /* refreshes: to ask LVM takes its time */

/* What a column is ordered by; titles and widths below, in the same order. */
enum { COLUMN_NAME, COLUMN_STATE, COLUMN_CPU, COLUMN_PERCENT, COLUMN_MEMORY,
       COLUMN_MEMORY_METER, COLUMN_DISK, COLUMN_READ, COLUMN_WRITTEN, COLUMN_NET, COLUMN_IN,
       COLUMN_OUT, COLUMN_UPTIME, COLUMN_VCPUS, COLUMN_ID, COLUMN_AUTO, COLUMNS };

static const enum vm_order orders[COLUMNS] = {
	VM_BY_NAME, VM_BY_STATE, VM_BY_CPU, VM_BY_CPU, VM_BY_MEMORY, VM_BY_MEMORY,
	VM_BY_DISK, VM_BY_READ, VM_BY_WRITTEN, VM_BY_NET, VM_BY_IN, VM_BY_OUT,
	VM_BY_UPTIME, VM_BY_VCPUS, VM_BY_ID, VM_BY_AUTOSTART,
};

/* A column of numbers that is left out on narrow screens. */
#define NUMBERS(text, cells, less_important) \
	{ .title = text, .width = cells, .align = UI_RIGHT, .importance = less_important, \
	  .descending = true }

static const struct ui_column columns[COLUMNS + 1] = {
	[COLUMN_NAME] = { .title = "Name", .width = 12, .weight = 4 },
	[COLUMN_STATE] = { .title = "State", .width = 9 },
	[COLUMN_CPU] = { .title = "CPU", .width = 8, .weight = 2, .descending = true },
	[COLUMN_PERCENT] = NUMBERS("%", 4, 0),
	[COLUMN_MEMORY] = NUMBERS("Memory", 9, 0),
	[COLUMN_MEMORY_METER] = { .title = "of host", .width = 8, .importance = 9,
				  .descending = true },
	[COLUMN_DISK] = NUMBERS("Disk", 8, 0),
	[COLUMN_READ] = NUMBERS("read", 8, 6),
	[COLUMN_WRITTEN] = NUMBERS("written", 8, 6),
	[COLUMN_NET] = NUMBERS("Network", 8, 0),
	[COLUMN_IN] = NUMBERS("in", 8, 7),
	[COLUMN_OUT] = NUMBERS("out", 8, 7),
	[COLUMN_UPTIME] = NUMBERS("Uptime", 9, 1),
	[COLUMN_VCPUS] = NUMBERS("CPUs", 4, 3),
	[COLUMN_ID] = { .title = "Id", .width = 4, .align = UI_RIGHT, .importance = 4 },
	[COLUMN_AUTO] = { .title = "Auto", .width = 4, .importance = 5,
			  .descending = true },
};

static const struct vm *row_of(void *ctx, size_t row)
{
	return &((struct dashboard *)ctx)->vms.list[row];
}

static size_t count(void *ctx)
{
	return ((struct dashboard *)ctx)->vms.n;
}

static double rate_of(const struct vm *vm, enum vm_order order)
{
	const struct metrics_rate *r = &vm->rate;

	switch (order) {
	case VM_BY_DISK: return r->disk_read + r->disk_written;
	case VM_BY_READ: return r->disk_read;
	case VM_BY_WRITTEN: return r->disk_written;
	case VM_BY_NET: return r->net_in + r->net_out;
	case VM_BY_IN: return r->net_in;
	default: return r->net_out;
	}
}

/* What only a running VM has. */
static void running_cell(const struct vm *vm, size_t column, char *buf, size_t size)
{
	enum vm_order order = orders[column];
	char text[16];

	if (!vm_runs(vm))
		return;
	if (column == COLUMN_PERCENT)
		snprintf(buf, size, "%.0f", vm->rate.cpu * 100);
	else if (order == VM_BY_UPTIME && vm->started_s)
		snprintf(buf, size, "%s", ui_duration((uint64_t)(time(NULL) -
						      vm->started_s), text));
	else if (order == VM_BY_ID)
		snprintf(buf, size, "%u", vm->domid);
	else if (order == VM_BY_DISK || order == VM_BY_READ || order == VM_BY_WRITTEN ||
		 order == VM_BY_NET || order == VM_BY_IN || order == VM_BY_OUT)
		snprintf(buf, size, "%s", ui_rate(rate_of(vm, order), text));
}

static void cell(void *ctx, size_t row, size_t column, char *buf, size_t size)
{
	struct dashboard *d = ctx;
	const struct vm *vm = row_of(ctx, row);
	char text[16];

	if (column == COLUMN_NAME)
		snprintf(buf, size, "%s", vm->name);
	else if (column == COLUMN_STATE)
		snprintf(buf, size, "%s", vm_state_text(d->ui, vm));
	else if (column == COLUMN_MEMORY && vm->state != VM_BROKEN)
		snprintf(buf, size, "%s", ui_bytes(vm->mem_kib << 10, text));
	else if (orders[column] == VM_BY_VCPUS && vm->vcpus)
		snprintf(buf, size, "%u", vm->vcpus);
	else if (orders[column] == VM_BY_AUTOSTART)
		snprintf(buf, size, "%s", vm->autostart ? "yes" : "");
	else
		running_cell(vm, column, buf, size);
}

static int compare(void *ctx, size_t a, size_t b, size_t column)
{
	return vm_compare(row_of(ctx, a), row_of(ctx, b), orders[column]);
}

static uint64_t hash_of(const char *name)
{
	uint64_t hash = 14695981039346656037u; /* FNV-1a */

	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * 1099511628211u;
	return hash;
}

static uint64_t id(void *ctx, size_t row)
{
	return hash_of(row_of(ctx, row)->name);
}

static enum ui_style style(void *ctx, size_t row, size_t column)
{
	struct dashboard *d = ctx;
	const struct vm *vm = row_of(ctx, row);

	if (column == COLUMN_NAME)
		return vm_runs(vm) ? UI_BOLD : UI_PLAIN;
	if (column == COLUMN_STATE)
		return vm_state_style(d->ui, vm);
	return vm_runs(vm) ? UI_PLAIN : UI_DIM;
}

static bool draw_cell(struct ui *ui, void *ctx, size_t row, size_t column, int y, int x,
		      int w, bool selected)
{
	const struct vm *vm = row_of(ctx, row);
	const struct host *h = &((struct dashboard *)ctx)->host;
	double f;

	if (column == COLUMN_CPU)
		f = vm->vcpus ? vm->rate.cpu / vm->vcpus : 0;
	else if (column == COLUMN_MEMORY_METER)
		f = h->total_kib ? (double)vm->mem_kib / (double)h->total_kib : 0;
	else
		return false;
	if (!vm_runs(vm))
		return true;
	if (selected)
		ui_meter_styled(ui, y, x, w, f, UI_SELECTED);
	else
		ui_meter(ui, y, x, w, f, UI_LOAD_LIMITS);
	return true;
}

static const struct ui_table_model model = {
	.columns = columns,
	.count = count,
	.cell = cell,
	.compare = compare,
	.id = id,
	.style = style,
	.draw = draw_cell,
	.empty = "There is no virtual machine yet. Press n to make one.",
};

static const struct vm *selected(void *self)
{
	struct dashboard *d = self;
	size_t row = ui_table_row(&d->table);

	return row < d->vms.n ? &d->vms.list[row] : NULL;
}

static void renamed(void *self, const char *name)
{
	ui_table_select(&((struct dashboard *)self)->table, hash_of(name));
}

static bool open_vms(struct ui *ui, void *self, const void *arg)
{
	struct dashboard *d = self;

	(void)arg;
	d->common.vm = selected;
	d->common.renamed = renamed;
	d->ui = ui;
	d->host.storage = "/state/images";
	ui_table_init(&d->table, &model, d, COLUMN_NAME);
	return true;
}

static void close_vms(struct ui *ui, void *self)
{
	struct dashboard *d = self;

	ui_table_free(&d->table);
	vms_free(&d->vms);
	host_free(&d->host);
	ui_run_cancel(ui, d->pools);
}

static void take_pools(struct ui *ui, void *self, int status, const char *output)
{
	struct dashboard *d = self;

	(void)ui;
	d->pools = NULL;
	if (!status)
		host_take_pools(&d->host, output);
}

static void ask_pools(struct ui *ui, struct dashboard *d)
{
	char *const argv[] = { (char[]){ "storage" }, (char[]){ "pools" },
				      (char[]){ "--tabs" }, NULL };

	if (!d->pools && d->age++ % POOLS_EVERY == 0)
		d->pools = ui_run_start(ui, argv, take_pools, d);
}

static void refresh_vms(struct ui *ui, void *self)
{
	struct dashboard *d = self;
	struct dom_error err = { .text = "" };
	struct dom *dom = app_dom(ui, &err);

	if (vms_refresh(&d->vms, dom, &err) && dom) {
		app_lost(ui);
		dom = NULL;
	}
	host_refresh(&d->host, dom);
	ask_pools(ui, d);
	snprintf(d->problem, sizeof(d->problem), "%s", err.text);
	ui_table_update(&d->table);
}

/* "3 running, 1 paused, 12 stopped" */
static void draw_counts(struct ui *ui, const struct dashboard *d, struct ui_rect at)
{
	size_t n[VM_BROKEN + 1] = { 0 };
	char text[160] = "VMs: ";
	size_t len = strlen(text);

	for (size_t i = 0; i < d->vms.n; i++)
		n[d->vms.list[i].state]++;
	for (size_t s = 0; s <= VM_BROKEN; s++) {
		if (n[s])
			len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%zu %s",
						len > 5 ? ", " : "", n[s],
						vm_state_name((enum vm_state)s));
	}
	ui_heading(ui, at.y, at.x, at.w, d->vms.n ? text : "VMs");
}

static void draw_vms(struct ui *ui, void *self, struct ui_rect area)
{
	struct dashboard *d = self;
	int top = area.y, h = host_panel_height(area);
	size_t row = ui_table_row(&d->table);

	host_panel_draw(ui, &d->host, area);
	top += h;
	if (*d->problem)
		ui_put(ui, top, area.x + 1, area.w - 2, UI_BAD, d->problem);
	else
		draw_counts(ui, d, (struct ui_rect){ top, area.x + 1, 1, area.w - 2 });
	top++;
	if (row < d->vms.n && d->vms.list[row].state == VM_BROKEN) {
		area.h--;
		ui_put(ui, area.y + area.h, area.x + 1, area.w - 2, UI_BAD,
		       d->vms.list[row].problem);
	}
	ui_table_draw(ui, &d->table, (struct ui_rect){ top, area.x,
						       area.y + area.h - top, area.w });
}

static bool key_vms(struct ui *ui, void *self, int key)
{
	return ui_table_key(ui, &((struct dashboard *)self)->table, key);
}

static bool can_open(struct ui *ui, void *self)
{
	(void)ui;
	return selected(self);
}

static void do_open(struct ui *ui, void *self)
{
	ui_push(ui, &screen_vm, selected(self));
}

static void do_create(struct ui *ui, void *self)
{
	struct dashboard *d = self;
	char name[DOM_NAME_SIZE];
	bool made = vm_create(ui, name);

	ui_refresh(ui);
	if (made)
		ui_table_select(&d->table, hash_of(name));
}

static const struct ui_action actions[] = {
	{ UI_KEY_ENTER, "Open", "all about the VM", do_open, can_open },
	{ 'n', "New", "create a VM", do_create, NULL },
	VM_ACTION_ROWS,
	{ '/', "Search", NULL, NULL, NULL },
	{ 0 },
};

const struct ui_screen screen_vms = {
	.name = "vms",
	.title = "VMs",
	.help = "All virtual machines of this host, those that run and those that are "
		"stopped, and what they use now. The bars above are the host's.\n\n"
		"CPU: 100 % is one CPU kept busy; the bar is full when all CPUs of the VM "
		"are. Disk and Network are bytes a second.\n\n" UI_TABLE_HELP,
	.size = sizeof(struct dashboard),
	.refresh_ms = 1000,
	.actions = actions,
	.open = open_vms,
	.close = close_vms,
	.refresh = refresh_vms,
	.draw = draw_vms,
	.key = key_vms,
};

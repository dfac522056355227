/* One VM: its state, what it used in the last minutes, its devices, its events. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app.h"
#include "model/detail.h"
#include "screens/screens.h"
#include "screens/vm_actions.h"

#define CELLS_MAX 300
#define LABEL	  14
#define VALUE	  12

struct vm_view {
	struct vm_screen common;
	struct detail detail;
	char problem[256];
	bool all; /* the next refresh looks at everything */
	int scroll;
	int lines; /* of the lower part, as drawn last */
};

static const struct vm *vm_of(void *self)
{
	return ((struct vm_view *)self)->detail.vm;
}

static void renamed(void *self, const char *name)
{
	struct vm_view *v = self;

	snprintf(v->detail.name, sizeof(v->detail.name), "%s", name);
	v->all = true;
}

static bool open_vm(struct ui *ui, void *self, const void *arg)
{
	struct vm_view *v = self;

	(void)ui;
	v->common.vm = vm_of;
	v->common.renamed = renamed;
	detail_init(&v->detail, ((const struct vm *)arg)->name);
	v->all = true;
	return true;
}

static void close_vm(struct ui *ui, void *self)
{
	(void)ui;
	detail_free(&((struct vm_view *)self)->detail);
}

static void refresh_vm(struct ui *ui, void *self)
{
	struct vm_view *v = self;
	struct dom_error err = { .text = "" };
	struct dom *dom = app_dom(ui, &err);

	if (detail_refresh(&v->detail, dom, v->all, &err) && dom)
		app_lost(ui);
	v->all = false;
	snprintf(v->problem, sizeof(v->problem), "%s", err.text);
}

/* --- drawing: the upper part ------------------------------------------------- */

static void draw_state(struct ui *ui, const struct vm *vm, struct ui_rect at)
{
	char a[16], b[16], text[200];
	int x = at.x + ui_put(ui, at.y, at.x, at.w, vm_state_style(ui, vm),
			      vm_state_text(ui, vm));

	if (vm->started_s)
		snprintf(text, sizeof(text), ", up %s", ui_duration((uint64_t)
			 (time(NULL) - vm->started_s), a));
	else
		text[0] = '\0';
	x += ui_put(ui, at.y, x, at.x + at.w - x, UI_PLAIN, text);
	snprintf(text, sizeof(text), "   %u CPU%s   %s memory", vm->vcpus,
		 vm->vcpus == 1 ? "" : "s", ui_bytes(vm->mem_kib << 10, a));
	x += ui_put(ui, at.y, x, at.x + at.w - x, UI_PLAIN, text);
	snprintf(b, sizeof(b), "   id %u", vm->domid);
	if (vm->domid)
		x += ui_put(ui, at.y, x, at.x + at.w - x, UI_PLAIN, b);
	ui_put(ui, at.y, x, at.x + at.w - x, UI_PLAIN, vm->autostart
	       ? "   starts with the host" : "");
}

struct graph {
	const char *label;
	double *values;
	double max; /* 0: its largest */
	enum ui_style style;
	char value[16];
};

static void draw_graph(struct ui *ui, const struct graph *g, size_t n, struct ui_rect at)
{
	ui_put(ui, at.y, at.x, LABEL, UI_PLAIN, g->label);
	ui_put_right(ui, at.y, at.x + LABEL, VALUE - 2, UI_BOLD, g->value);
	ui_sparkline(ui, (struct ui_rect){ at.y, at.x + LABEL + VALUE, at.h,
					   at.w - LABEL - VALUE },
		     g->values, n, g->max, g->style);
}

/* Returns the lines used. */
static int draw_graphs(struct ui *ui, const struct detail *d, struct ui_rect area, int high)
{
	static const char *const labels[] = { "CPU", "Disk read", "Disk written",
					      "Network in", "Network out" };
	double values[DETAIL_SERIES][CELLS_MAX], *out[DETAIL_SERIES];
	const struct metrics_rate *r = &d->vm->rate;
	const double now[] = { r->cpu, r->disk_read, r->disk_written, r->net_in,
			       r->net_out };
	size_t cells = (size_t)(area.w - LABEL - VALUE), n;

	for (size_t i = 0; i < DETAIL_SERIES; i++)
		out[i] = values[i];
	n = detail_history(d, out, cells < CELLS_MAX ? cells : CELLS_MAX);
	for (size_t i = 0; i < DETAIL_SERIES; i++) {
		struct graph g = { .label = labels[i], .values = values[i],
				   .max = i ? 0 : d->vm->vcpus,
				   .style = i ? UI_ACCENT : UI_GOOD };

		if (i)
			ui_rate(now[i], g.value);
		else
			snprintf(g.value, sizeof(g.value), "%.0f %%", now[0] * 100);
		draw_graph(ui, &g, n, (struct ui_rect){ area.y + (int)i * high, area.x,
							high > 1 ? high - 1 : 1, area.w });
	}
	return DETAIL_SERIES * high;
}

/* --- drawing: the lower part, which scrolls ------------------------------------ */

struct lines {
	struct ui *ui;
	struct ui_rect area;
	int skip, n;
};

/* The screen's line for the next line of text, or -1 when it is scrolled away. */
static int next_line(struct lines *l)
{
	int y = l->n++ - l->skip;

	return y < 0 || y >= l->area.h ? -1 : l->area.y + y;
}

static void put_heading(struct lines *l, const char *title)
{
	int y;

	if (l->n)
		next_line(l);
	y = next_line(l);
	if (y >= 0)
		ui_heading(l->ui, y, l->area.x, l->area.w, title);
}

static void put_pair(struct lines *l, const char *label, const char *text)
{
	int y = *text ? next_line(l) : -1;

	if (y < 0)
		return;
	ui_put(l->ui, y, l->area.x, LABEL, UI_DIM, label);
	ui_put(l->ui, y, l->area.x + LABEL, l->area.w - LABEL, UI_PLAIN, text);
}

static void put_disk(struct lines *l, const struct detail_disk *d)
{
	int y = next_line(l), x = l->area.x, w = l->area.w;
	char size[16] = "";

	if (y < 0)
		return;
	ui_put(l->ui, y, x, 8, UI_BOLD, d->vdev);
	if (d->bytes)
		ui_bytes(d->bytes, size);
	ui_put_right(l->ui, y, x + 8, 9, UI_PLAIN, size);
	ui_put(l->ui, y, x + 19, w - 19 - 26, UI_PLAIN, d->target);
	ui_put(l->ui, y, x + w - 25, 10, UI_DIM, d->what);
	ui_put_right(l->ui, y, x + w - 14, 14, UI_DIM, d->state);
}

static void put_nic(struct lines *l, const struct detail_nic *n)
{
	int y = next_line(l), x = l->area.x, w = l->area.w;

	if (y < 0)
		return;
	ui_put(l->ui, y, x, 17, UI_PLAIN, *n->mac ? n->mac : "MAC when started");
	ui_put(l->ui, y, x + 19, 12, UI_PLAIN, n->bridge);
	ui_put(l->ui, y, x + 32, w - 32 - 15, UI_BOLD, n->addresses);
	ui_put_right(l->ui, y, x + w - 14, 14, UI_DIM, n->state);
}

static void draw_lower(struct ui *ui, struct vm_view *v, struct ui_rect area)
{
	const struct detail *d = &v->detail;
	struct lines l = { .ui = ui, .area = area, .skip = v->scroll };

	put_heading(&l, "Disks");
	for (size_t i = 0; i < d->ndisks; i++)
		put_disk(&l, &d->disks[i]);
	if (!d->ndisks)
		put_pair(&l, "none", " ");
	put_heading(&l, "Network");
	for (size_t i = 0; i < d->nnics; i++)
		put_nic(&l, &d->nics[i]);
	if (!d->nnics)
		put_pair(&l, "none", " ");
	put_heading(&l, "Events, newest first");
	for (size_t i = 0; i < d->nevents; i++) {
		int y = next_line(&l);

		if (y >= 0)
			ui_put(ui, y, area.x, area.w, UI_PLAIN, d->events[i]);
	}
	if (!d->nevents)
		put_pair(&l, "none", " ");
	put_heading(&l, "Definition");
	put_pair(&l, "File", d->vm->path);
	put_pair(&l, "Kernel", d->kernel);
	put_pair(&l, "Command line", d->cmdline);
	put_pair(&l, "UUID", d->vm->uuid_text);
	v->lines = l.n;
	if (l.n > v->scroll + area.h)
		ui_put_right(ui, area.y + area.h, area.x, area.w, UI_ACCENT,
			     "more: Down");
}

static void draw_vm(struct ui *ui, void *self, struct ui_rect area)
{
	struct vm_view *v = self;
	const struct vm *vm = v->detail.vm;
	struct ui_rect in = { area.y + 1, area.x + 1, area.h - 1, area.w - 2 };
	int used = 2;

	if (*v->problem)
		ui_put(ui, area.y, in.x, in.w, UI_BAD, v->problem);
	if (!vm) {
		ui_put(ui, in.y, in.x, in.w, UI_PLAIN, "This VM is gone. Esc goes back.");
		return;
	}
	draw_state(ui, vm, in);
	if (*vm->problem)
		used += ui_put_wrapped(ui, (struct ui_rect){ in.y + 1, in.x, 2, in.w },
				       UI_BAD, vm->problem);
	if (vm_runs(vm)) {
		ui_heading(ui, in.y + used - 1, in.x, in.w, "Last five minutes");
		used += draw_graphs(ui, &v->detail, (struct ui_rect){ in.y + used, in.x, 0,
				    in.w }, area.h > 40 ? 4 : 1) + 1;
	}
	draw_lower(ui, v, (struct ui_rect){ in.y + used, in.x, in.h - used - 1, in.w });
}

static bool key_vm(struct ui *ui, void *self, int key)
{
	struct vm_view *v = self;

	(void)ui;
	if (key == UI_KEY_DOWN || key == 'j')
		v->scroll++;
	else if (key == UI_KEY_UP || key == 'k')
		v->scroll--;
	else if (key == UI_KEY_PAGE_DOWN)
		v->scroll += 8;
	else if (key == UI_KEY_PAGE_UP)
		v->scroll -= 8;
	else if (key == UI_KEY_F5)
		v->all = true;
	else
		return false;
	if (v->scroll > v->lines - 3)
		v->scroll = v->lines - 3;
	if (v->scroll < 0)
		v->scroll = 0;
	return key != UI_KEY_F5;
}

static const char *subtitle(struct ui *ui, void *self)
{
	(void)ui;
	return ((struct vm_view *)self)->detail.name;
}

static const struct ui_action actions[] = {
	VM_ACTION_ROWS,
	{ UI_KEY_DOWN, NULL, "scroll to what lies below", NULL, NULL },
	{ UI_KEY_ESC, "Back", NULL, NULL, NULL },
	{ 0 },
};

const struct ui_screen screen_vm = {
	.name = "vm",
	.title = "VM",
	.help = "One virtual machine. The lines show the last five minutes, now is at the "
		"right; hostd keeps them whether a console is open or not. The number is "
		"what it is now. 100 % of CPU is one CPU kept busy.\n\n"
		"Addresses are what an agent in the guest tells, or what this host has "
		"seen on the network.",
	.size = sizeof(struct vm_view),
	.refresh_ms = 1000,
	.actions = actions,
	.open = open_vm,
	.close = close_vm,
	.refresh = refresh_vm,
	.draw = draw_vm,
	.key = key_vm,
	.subtitle = subtitle,
};

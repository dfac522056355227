/* The header, the message line and the key line. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "ui/priv.h"

static void draw_clock(struct ui *ui)
{
	time_t now = time(NULL);
	struct tm tm;
	char text[16];

	if (!localtime_r(&now, &tm))
		return;
	strftime(text, sizeof(text), "%H:%M", &tm);
	ui_put_right(ui, 0, ui->columns - 7, 6, UI_BAR, text);
}

/* The tab one is on. Without colours: a hole in the bar. */
static int tab_attr(struct ui *ui)
{
	return ui->colours ? ui->attr[UI_SELECTED] | (int)A_BOLD : (int)A_BOLD;
}

/* The tabs, each with its number key. */
static void draw_tabs(struct ui *ui, int x)
{
	for (size_t i = 0; i < ui_nmain_screens && x < ui->columns - 8; i++) {
		bool here = ui->frames[0].screen == ui_main_screens[i];
		char text[48];
		int used = snprintf(text, sizeof(text), " %zu %s ", i + 1,
				    ui_main_screens[i]->title);

		put_cells(ui, 0, x, here ? tab_attr(ui) : ui->attr[UI_BAR], text,
			  ui->columns - 8 - x);
		x += used;
	}
}

static int draw_step(struct ui *ui, int x, const char *text, bool first)
{
	if (!first)
		x += ui_put(ui, 0, x, ui->columns - 8 - x, UI_BAR, " > ");
	put_cells(ui, 0, x, ui->attr[UI_BAR] | (int)A_BOLD, text, ui->columns - 8 - x);
	return x + ui_width(text);
}

/* Where one is: "VMs > web1 > Console". */
static void draw_path(struct ui *ui, int x, const char *last)
{
	for (size_t i = 0; i < ui->n; i++) {
		struct frame *f = &ui->frames[i];
		const char *sub = f->screen->subtitle ? f->screen->subtitle(ui, f->self)
						      : NULL;

		if (f->closing)
			continue;
		x = draw_step(ui, x, f->screen->title, i == 0);
		if (sub && *sub)
			x = draw_step(ui, x, sub, false);
	}
	if (last)
		draw_step(ui, x, last, ui->n == 0);
}

static int tabs_width(void)
{
	int w = 0;

	for (size_t i = 0; i < ui_nmain_screens; i++)
		w += ui_width(ui_main_screens[i]->title) + 4;
	return w;
}

/* The host's name gives way where the tabs need the room. */
static int draw_host(struct ui *ui, bool tabs)
{
	const char *host = ui->options.host;
	int w = host ? ui_width(host) : 0;

	w = w < 14 ? w : 14;
	if (!w || (tabs && 1 + w + 1 + tabs_width() > ui->columns - 8))
		return 0;
	put_cells(ui, 0, 1, ui->attr[UI_BAR], host, w);
	return 1 + w + 1;
}

static void draw_header(struct ui *ui)
{
	struct overlay *o = ui->overlays;
	bool tabs;

	while (o && !o->whole)
		o = o->below;
	tabs = !o && ui->n == 1;
	ui_fill(ui, (struct ui_rect){ 0, 0, 1, ui->columns }, UI_BAR);
	if (tabs)
		draw_tabs(ui, draw_host(ui, true));
	else
		draw_path(ui, draw_host(ui, false) + 1, o ? o->title : NULL);
	draw_clock(ui);
}

/* Returns the column behind it, or -1 when it does not fit. */
static int draw_key(struct ui *ui, int x, int end, const char *key, const char *label)
{
	int need = ui_width(key) + 1 + ui_width(label), y = ui->rows - 1;

	if (x + need > end)
		return -1;
	put_cells(ui, y, x, ui->attr[UI_BAR] | (int)A_BOLD, key, need);
	put_cells(ui, y, x + ui_width(key) + 1, ui->attr[UI_BAR], label, need);
	return x + need + 2;
}

void draw_keys(struct ui *ui, const char *const *pairs)
{
	int x = 1;

	ui_fill(ui, (struct ui_rect){ ui->rows - 1, 0, 1, ui->columns }, UI_BAR);
	for (; *pairs && x >= 0; pairs += 2)
		x = draw_key(ui, x, ui->columns, pairs[0], pairs[1]);
}

static void draw_actions(struct ui *ui, struct frame *top, int end)
{
	const struct ui_action *a = top->screen->actions;
	char name[16];
	int x = 1;

	for (; a && a->key && x >= 0; a++) {
		if (a->label && (!a->can || a->can(ui, top->self)))
			x = draw_key(ui, x, end, ui_key_name(a->key, name), a->label);
	}
}

static void draw_message(struct ui *ui)
{
	int y = ui->rows - 2, x = 1;

	if (*ui->message)
		x += ui_put(ui, y, x, ui->columns - 2, ui->message_style, ui->message) + 2;
	if (*ui->command && x + 6 < ui->columns)
		ui_putf(ui, y, x, ui->columns - 1 - x, UI_DIM, "$ %s", ui->command);
}

static void draw_key_line(struct ui *ui, struct frame *top)
{
	static const char globals[] = "F1 Help  F10 Quit";
	int end = ui->columns - 1, y = ui->rows - 1;

	ui_fill(ui, (struct ui_rect){ y, 0, 1, ui->columns }, UI_BAR);
	if (!top || !top->screen->whole) {
		end -= (int)strlen(globals);
		draw_key(ui, end, ui->columns, "F1", "Help");
		draw_key(ui, end + 9, ui->columns, "F10", "Quit");
	}
	if (top)
		draw_actions(ui, top, end);
}

void draw_bars(struct ui *ui)
{
	struct frame *top = top_frame(ui);

	draw_key_line(ui, top);
	if (top && top->screen->whole && !ui->overlays)
		return;
	draw_message(ui);
	draw_header(ui);
}

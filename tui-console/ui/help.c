/* Help and other texts to read: F1 is made of a screen's own words and its actions. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ui/priv.h"
#include "ui/text.h"

struct reader {
	const char *title, *text;
	enum ui_style style;
	int top, lines, page, w;
};

static int count_lines(const char *text, int w)
{
	int n = 0;
	size_t next;

	for (; *text; text += next, n++)
		text_line(text, w, &next);
	return n;
}

/* As wide as its longest line, but not wider than is good to read. */
static int best_width(struct ui *ui, const char *text)
{
	int most = ui->columns - 10 < 92 ? ui->columns - 10 : 92, widest = 30;

	while (*text) {
		size_t n = strcspn(text, "\n");
		char *line = strndup(text, n);
		int w = line ? ui_width(line) : 0;

		free(line);
		widest = w > widest ? w : widest;
		text += n + (text[n] == '\n');
	}
	return widest < most ? widest : most;
}

static void draw_reader(struct ui *ui, void *ctx)
{
	static const char *const keys[] = { "Enter", "Close", "Arrows", "Scroll", NULL };
	struct reader *r = ctx;
	const char *text = r->text;
	struct ui_rect in;
	size_t next;

	r->w = best_width(ui, text);
	r->lines = count_lines(text, r->w);
	in = ui_box(ui, centred(ui, r->lines + 4, r->w + 4), r->title);
	r->page = in.h - 2 > 1 ? in.h - 2 : 1;
	if (r->top > r->lines - r->page)
		r->top = r->lines - r->page;
	if (r->top < 0)
		r->top = 0;
	for (int i = 0; i < r->top && *text; i++) {
		text_line(text, r->w, &next);
		text += next;
	}
	ui_put_wrapped(ui, (struct ui_rect){ in.y + 1, in.x, r->page, r->w }, r->style, text);
	if (r->lines > r->page)
		ui_putf(ui, in.y + in.h, in.x + in.w - 12, 12, UI_DIM, " %d-%d of %d ",
			r->top + 1, r->top + r->page < r->lines ? r->top + r->page
								: r->lines, r->lines);
	draw_keys(ui, keys);
}

static bool scroll_key(struct reader *r, int key)
{
	switch (key) {
	case UI_KEY_UP: case 'k':
		r->top--;
		return true;
	case UI_KEY_DOWN: case 'j':
		r->top++;
		return true;
	case UI_KEY_PAGE_UP: case UI_CTRL('u'):
		r->top -= r->page;
		return true;
	case UI_KEY_PAGE_DOWN: case UI_KEY_SPACE: case UI_CTRL('d'):
		r->top += r->page;
		return true;
	case UI_KEY_HOME: case 'g':
		r->top = 0;
		return true;
	case UI_KEY_END: case 'G':
		r->top = r->lines;
		return true;
	default:
		return false;
	}
}

void show_text(struct ui *ui, const char *title, const char *text, enum ui_style style)
{
	struct reader r = { .title = title, .text = text, .style = style };
	struct overlay o = { .draw = draw_reader, .ctx = &r };

	push_overlay(ui, &o);
	while (!ui->quit) {
		int key = step(ui);

		if (key == UI_KEY_ENTER || key == UI_KEY_ESC || key == 'q' ||
		    key == UI_KEY_F1 || key == UI_KEY_F10)
			break;
		scroll_key(&r, key);
	}
	pop_overlay(ui, &o);
}

void ui_message(struct ui *ui, const char *title, const char *text)
{
	show_text(ui, title, text, UI_PLAIN);
}

void ui_error(struct ui *ui, const char *title, const char *text)
{
	show_text(ui, title, text, UI_BAD);
}

static void add_keys(FILE *out, const struct ui_action *a)
{
	char name[16];

	for (; a && a->key; a++) {
		if (a->help)
			fprintf(out, "  %-10s %s\n", ui_key_name(a->key, name), a->help);
	}
}

void show_help(struct ui *ui)
{
	struct frame *top = top_frame(ui);
	char *text = NULL, title[64];
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out || !top)
		return;
	if (top->screen->help)
		fprintf(out, "%s\n", top->screen->help);
	fputs("\nKeys of this screen\n", out);
	add_keys(out, top->screen->actions);
	fprintf(out, "\nKeys everywhere\n"
		"  F1 ?       help\n"
		"  F5         fetch anew what is shown\n"
		"  Esc q      back\n"
		"  1..%zu Tab   the main screens\n"
		"  !          a shell; \"exit\" comes back\n"
		"  F9         lock the console\n"
		"  ^L         draw the screen anew\n"
		"  F10        leave the console\n", ui_nmain_screens);
	fclose(out);
	snprintf(title, sizeof(title), "Help: %s", top->screen->title);
	if (text)
		show_text(ui, title, text, UI_PLAIN);
	free(text);
}

/* Dialogs that ask: yes or no, a word to be typed, one of several, one line. */
#include <stdio.h>
#include <string.h>

#include "ui/priv.h"
#include "ui/text.h"

#define DIALOG_WIDTH 64

static int text_height(const char *text, int w)
{
	int n = 0;
	size_t next;

	for (; text && *text; text += next, n++)
		text_line(text, w, &next);
	return n;
}

static int draw_button(struct ui *ui, int y, int x, const char *label, bool focus)
{
	return x + ui_putf(ui, y, x, -1, focus ? UI_SELECTED : UI_FIELD, "  %s  ", label) + 2;
}

/* --- yes or no, and the word to be typed ------------------------------------ */

struct asking {
	const struct ui_question *q;
	const char *word; /* NULL: none to be typed */
	char typed[128];
	struct edit edit;
	bool on_yes;
	bool refused;
};

static int draw_question(struct ui *ui, struct asking *a, struct ui_rect in)
{
	int y = in.y + 1;

	y += ui_put_wrapped(ui, (struct ui_rect){ y, in.x, in.h, in.w },
			    a->q->danger ? UI_WARN : UI_PLAIN, a->q->text);
	if (a->q->command) {
		y++;
		ui_putf(ui, y++, in.x, in.w, UI_DIM, "$ %s", a->q->command);
	}
	return y + 1;
}

static void draw_asking(struct ui *ui, void *ctx)
{
	static const char *const keys[] = { "y", "Yes", "n Esc", "No", "Tab", "Other button",
					    NULL };
	static const char *const typed_keys[] = { "Enter", "Confirm", "Esc", "Cancel",
						  NULL };
	struct asking *a = ctx;
	int w = DIALOG_WIDTH - 4, y, x;
	int h = text_height(a->q->text, w) + (a->q->command ? 2 : 0) + (a->word ? 3 : 2) + 3;
	struct ui_rect in = ui_box(ui, centred(ui, h, DIALOG_WIDTH), a->q->title);

	y = draw_question(ui, a, in);
	if (a->word) {
		x = in.x + ui_putf(ui, y, in.x, in.w, UI_BOLD, "Type %s to go on: ", a->word);
		edit_draw(ui, &a->edit, (struct ui_rect){ y, x, 1, in.x + in.w - x },
			  UI_FIELD, true);
		if (a->refused)
			ui_put(ui, y + 1, in.x, in.w, UI_BAD, "That is another name.");
		draw_keys(ui, typed_keys);
		return;
	}
	x = draw_button(ui, y, in.x, a->q->yes ? a->q->yes : "Yes", a->on_yes);
	draw_button(ui, y, x, "Cancel", !a->on_yes);
	draw_keys(ui, keys);
}

/* 1 yes, 0 no, -1 not yet */
static int asking_key(struct asking *a, int key)
{
	switch (key) {
	case UI_KEY_ESC: case UI_KEY_F10: case 'n': case 'N': case UI_CTRL('c'): case 'q':
		return 0;
	case 'y': case 'Y':
		return 1;
	case UI_KEY_ENTER: case UI_KEY_SPACE:
		return a->on_yes;
	case UI_KEY_TAB: case UI_KEY_BACKTAB: case UI_KEY_LEFT: case UI_KEY_RIGHT:
	case 'h': case 'l':
		a->on_yes = !a->on_yes;
		return -1;
	default:
		return -1;
	}
}

static int typed_key(struct asking *a, int key)
{
	if (key == UI_KEY_ESC || key == UI_KEY_F10 || key == UI_CTRL('c'))
		return 0;
	if (key == UI_KEY_ENTER) {
		a->refused = strcmp(a->typed, a->word) != 0;
		return a->refused ? -1 : 1;
	}
	if (edit_key(&a->edit, key))
		a->refused = false;
	return -1;
}

static bool ask_question(struct ui *ui, struct asking *a)
{
	struct overlay o = { .draw = draw_asking, .ctx = a };
	int answer = -1;

	push_overlay(ui, &o);
	while (answer < 0 && !ui->quit) {
		int key = step(ui);

		if (key != UI_KEY_NONE)
			answer = a->word ? typed_key(a, key) : asking_key(a, key);
	}
	pop_overlay(ui, &o);
	return answer == 1;
}

bool ui_confirm(struct ui *ui, const struct ui_question *q)
{
	struct asking a = { .q = q, .on_yes = !q->danger };

	return ask_question(ui, &a);
}

bool ui_confirm_typed(struct ui *ui, const struct ui_question *q, const char *word)
{
	struct asking a = { .q = q, .word = word };

	edit_start(&a.edit, a.typed, sizeof(a.typed));
	return ask_question(ui, &a);
}

/* --- one of several ---------------------------------------------------------- */

struct choosing {
	const char *title;
	const char *const *items;
	int n, at, top, page;
};

static void draw_choosing(struct ui *ui, void *ctx)
{
	static const char *const keys[] = { "Enter", "Choose", "Esc", "Cancel", NULL };
	struct choosing *c = ctx;
	int widest = ui_width(c->title) + 4;
	struct ui_rect in;

	for (int i = 0; i < c->n; i++) {
		int w = ui_width(c->items[i]);

		widest = w > widest ? w : widest;
	}
	in = ui_box(ui, centred(ui, c->n + 2, widest + 6), c->title);
	c->page = in.h;
	if (c->at < c->top)
		c->top = c->at;
	if (c->at >= c->top + c->page)
		c->top = c->at - c->page + 1;
	for (int i = 0; i < c->page && c->top + i < c->n; i++) {
		bool here = c->top + i == c->at;

		if (here)
			ui_fill(ui, (struct ui_rect){ in.y + i, in.x - 1, 1, in.w + 2 },
				UI_SELECTED);
		ui_put(ui, in.y + i, in.x, in.w, here ? UI_SELECTED : UI_PLAIN,
		       c->items[c->top + i]);
	}
	draw_keys(ui, keys);
}

static void choosing_key(struct choosing *c, int key)
{
	if (key == UI_KEY_UP || key == 'k')
		c->at--;
	else if (key == UI_KEY_DOWN || key == 'j')
		c->at++;
	else if (key == UI_KEY_PAGE_UP)
		c->at -= c->page;
	else if (key == UI_KEY_PAGE_DOWN)
		c->at += c->page;
	else if (key == UI_KEY_HOME || key == 'g')
		c->at = 0;
	else if (key == UI_KEY_END || key == 'G')
		c->at = c->n - 1;
	if (c->at >= c->n)
		c->at = c->n - 1;
	if (c->at < 0)
		c->at = 0;
}

int ui_choose(struct ui *ui, const char *title, const char *const *items, int preset)
{
	struct choosing c = { .title = title, .items = items };
	struct overlay o = { .draw = draw_choosing, .ctx = &c };
	int result = -2;

	while (items[c.n])
		c.n++;
	if (!c.n)
		return -1;
	c.at = preset > 0 && preset < c.n ? preset : 0;
	push_overlay(ui, &o);
	while (result == -2 && !ui->quit) {
		int key = step(ui);

		if (key == UI_KEY_ENTER || key == UI_KEY_SPACE)
			result = c.at;
		else if (key == UI_KEY_ESC || key == UI_KEY_F10 || key == 'q')
			result = -1;
		else
			choosing_key(&c, key);
	}
	pop_overlay(ui, &o);
	return result == -2 ? -1 : result;
}

/* --- one line ---------------------------------------------------------------- */

struct line {
	const char *title, *label;
	struct edit edit;
	char problem[160];
};

static void draw_line(struct ui *ui, void *ctx)
{
	static const char *const keys[] = { "Enter", "OK", "Esc", "Cancel", NULL };
	struct line *l = ctx;
	struct ui_rect in = ui_box(ui, centred(ui, 7, DIALOG_WIDTH), l->title);

	ui_put(ui, in.y + 1, in.x, in.w, UI_PLAIN, l->label);
	edit_draw(ui, &l->edit, (struct ui_rect){ in.y + 2, in.x, 1, in.w }, UI_FIELD, true);
	ui_put_wrapped(ui, (struct ui_rect){ in.y + 3, in.x, 2, in.w }, UI_BAD, l->problem);
	draw_keys(ui, keys);
}

bool ui_input(struct ui *ui, const char *title, const char *label, char *text, size_t size,
	      bool (*check)(void *ctx, const struct ui_field *f, char *problem, size_t size),
	      void *ctx)
{
	struct line l = { .title = title, .label = label };
	struct ui_field field = { .kind = UI_TEXT, .label = label, .text = text,
				  .size = size };
	struct overlay o = { .draw = draw_line, .ctx = &l };
	int answer = -1;

	edit_start(&l.edit, text, size);
	push_overlay(ui, &o);
	while (answer < 0 && !ui->quit) {
		int key = step(ui);

		if (key == UI_KEY_ESC || key == UI_KEY_F10 || key == UI_CTRL('c'))
			answer = 0;
		else if (key == UI_KEY_ENTER)
			answer = !check || check(ctx, &field, l.problem, sizeof(l.problem))
					 ? 1 : -1;
		else if (key != UI_KEY_NONE && edit_key(&l.edit, key))
			l.problem[0] = '\0';
	}
	pop_overlay(ui, &o);
	return answer == 1;
}

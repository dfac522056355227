/*
 * Forms: see ui.h. The cursor walks over the fields and then over the buttons. A
 * field is checked when it is left; the form ends well only when all are right.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ui/priv.h"
#include "ui/text.h"

#define PROBLEM_MAX 200

struct run {
	const struct ui_form *form;
	struct edit *edits;  /* one per field */
	size_t at;	     /* field, or n + button */
	size_t blamed;	     /* the field problem is about; SIZE_MAX: none */
	char problem[PROBLEM_MAX];
	int top;	     /* first line of the fields that is shown */
	bool changed;
};

enum button { BUTTON_OK, BUTTON_BACK, BUTTON_CANCEL, BUTTONS };

static bool has_button(const struct ui_form *form, size_t button)
{
	return button != BUTTON_BACK || form->back;
}

static const char *button_label(const struct ui_form *form, size_t button)
{
	if (button == BUTTON_OK)
		return form->ok ? form->ok : "OK";
	return button == BUTTON_BACK ? form->back : "Cancel";
}

static bool hidden(const struct run *r, size_t i)
{
	const struct ui_field *f = &r->form->fields[i];

	return f->hidden && f->hidden(r->form->ctx, f);
}

static bool can_stop(const struct run *r, size_t i)
{
	if (i >= r->form->n)
		return has_button(r->form, i - r->form->n);
	return !hidden(r, i) && r->form->fields[i].kind != UI_NOTE &&
	       r->form->fields[i].kind != UI_HEADING;
}

static bool editable(const struct ui_field *f)
{
	return f->kind == UI_TEXT || f->kind == UI_NUMBER || f->kind == UI_PASSWORD;
}

static bool check_field(struct run *r, size_t i)
{
	const struct ui_field *f = &r->form->fields[i];

	if (!f->check || hidden(r, i))
		return true;
	r->problem[0] = '\0';
	if (f->check(r->form->ctx, f, r->problem, sizeof(r->problem)))
		return true;
	r->blamed = i;
	return false;
}

static bool check_all(struct run *r)
{
	size_t blamed = 0;

	r->blamed = SIZE_MAX;
	for (size_t i = 0; i < r->form->n; i++) {
		if (!check_field(r, i)) {
			r->at = i;
			return false;
		}
	}
	if (!r->form->check)
		return true;
	r->problem[0] = '\0';
	if (r->form->check(r->form->ctx, &blamed, r->problem, sizeof(r->problem)))
		return true;
	r->blamed = blamed < r->form->n ? blamed : 0;
	if (can_stop(r, r->blamed))
		r->at = r->blamed;
	return false;
}

/* --- drawing --------------------------------------------------------------- */

static int label_width(const struct run *r)
{
	int widest = 8;

	for (size_t i = 0; i < r->form->n; i++) {
		const struct ui_field *f = &r->form->fields[i];
		int w = f->kind == UI_NOTE || f->kind == UI_HEADING || f->kind == UI_BUTTON
				? 0 : ui_width(f->label);

		if (!hidden(r, i) && w > widest)
			widest = w;
	}
	return widest < 30 ? widest : 30;
}

static const char *choice(const struct ui_field *f)
{
	int n = 0;

	while (f->choices[n])
		n++;
	if (*f->value < 0 || *f->value >= n)
		*f->value = 0;
	return n ? f->choices[*f->value] : "";
}

static void draw_input(struct ui *ui, struct run *r, size_t i, struct ui_rect at)
{
	const struct ui_field *f = &r->form->fields[i];
	bool focus = r->at == i;
	enum ui_style style = focus ? UI_SELECTED : UI_FIELD;
	int room = f->size + 1 < 50 ? (int)f->size + 1 : 50;

	if (editable(f)) {
		at.w = at.w < room ? at.w : room;
		edit_draw(ui, &r->edits[i], at, style, focus);
	} else if (f->kind == UI_CHOICE) {
		ui_putf(ui, at.y, at.x, at.w, style, "< %s >", choice(f));
	} else if (f->kind == UI_CHECK) {
		ui_putf(ui, at.y, at.x, at.w, style, "[%c]", *f->flag ? 'x' : ' ');
	} else if (f->kind == UI_BUTTON) {
		ui_putf(ui, at.y, at.x, at.w, style, " %s ", f->label);
	}
}

/* One field at line y (as if all were shown); returns the lines it takes. */
static int draw_field(struct ui *ui, struct run *r, size_t i, int y, struct ui_rect area)
{
	const struct ui_field *f = &r->form->fields[i];
	int lw = label_width(r) + 2, lines = 1, at = area.y + y - r->top;
	bool problem = r->blamed == i;
	struct ui_rect input = { at, area.x + lw, 1, area.w - lw };

	if (f->kind == UI_HEADING)
		lines = y ? 2 : 1;
	if (problem)
		lines++;
	if (y < r->top || y + lines > r->top + area.h)
		return lines;
	if (f->kind == UI_HEADING) {
		ui_heading(ui, at + lines - 1, area.x, area.w, f->label);
		return lines;
	}
	if (f->kind == UI_NOTE) {
		ui_put(ui, at, area.x, area.w, UI_DIM, f->label);
		return lines;
	}
	if (f->kind != UI_BUTTON)
		ui_put(ui, at, area.x, lw - 1, r->at == i ? UI_BOLD : UI_PLAIN, f->label);
	draw_input(ui, r, i, input);
	if (problem)
		ui_put(ui, at + 1, area.x + lw, area.w - lw, UI_BAD, r->problem);
	return lines;
}

static int field_lines(const struct run *r, size_t i, int y)
{
	return (r->form->fields[i].kind == UI_HEADING && y ? 2 : 1) + (r->blamed == i);
}

/* Scrolls so that the field with the cursor is among the lines shown. */
static void scroll_to_cursor(struct run *r, int h)
{
	int y = 0, first = 0, last = 0;

	for (size_t i = 0; i < r->form->n; i++) {
		int lines = hidden(r, i) ? 0 : field_lines(r, i, y);

		if (i == r->at) {
			first = y;
			last = y + lines;
		}
		y += lines;
	}
	if (r->at >= r->form->n)
		first = last = y;
	if (r->top > first)
		r->top = first;
	if (r->top < last - h)
		r->top = last - h;
	if (first == 1 || (first == 2 && r->top == 2))
		r->top = 0; /* the heading above the first field */
}

static void draw_buttons(struct ui *ui, const struct run *r, int y, int x)
{
	for (size_t b = 0; b < BUTTONS; b++) {
		if (has_button(r->form, b))
			x += ui_putf(ui, y, x, -1, r->at == r->form->n + b ? UI_SELECTED
				     : UI_FIELD, "  %s  ", button_label(r->form, b)) + 2;
	}
}

static void draw_hint(struct ui *ui, const struct run *r, int y, int x, int w)
{
	const struct ui_field *f = r->at < r->form->n ? &r->form->fields[r->at] : NULL;

	if (f && f->hint)
		ui_put(ui, y, x, w, UI_DIM, f->hint);
}

static void draw_form_keys(struct ui *ui, const struct run *r)
{
	const struct ui_field *f = r->at < r->form->n ? &r->form->fields[r->at] : NULL;
	const char *keys[16];
	size_t n = 0;

	if (f && f->kind == UI_TEXT && f->pick) {
		keys[n++] = "F4";
		keys[n++] = "Choose";
	}
	if (f && f->kind == UI_CHOICE) {
		keys[n++] = "Space";
		keys[n++] = "Next value";
		keys[n++] = "F4";
		keys[n++] = "List";
	}
	if (f && f->kind == UI_CHECK) {
		keys[n++] = "Space";
		keys[n++] = "Change";
	}
	keys[n++] = "Tab";
	keys[n++] = "Next field";
	keys[n++] = "F2";
	keys[n++] = button_label(r->form, BUTTON_OK);
	if (r->form->back) {
		keys[n++] = "F3";
		keys[n++] = r->form->back;
	}
	keys[n++] = "Esc";
	keys[n++] = "Cancel";
	keys[n] = NULL;
	draw_keys(ui, keys);
}

static void draw_form(struct ui *ui, void *ctx)
{
	struct run *r = ctx;
	const struct ui_form *form = r->form;
	struct ui_rect all = body(ui);
	struct ui_rect area = { all.y + 1, all.x + 2, all.h - 5, all.w - 4 };
	char command[512] = "";
	int y = 0, used = 0;

	if (form->intro) {
		used = ui_put_wrapped(ui, area, UI_PLAIN, form->intro) + 1;
		area.y += used;
		area.h -= used;
	}
	scroll_to_cursor(r, area.h);
	for (size_t i = 0; i < form->n; i++) {
		if (!hidden(r, i))
			y += draw_field(ui, r, i, y, area);
	}
	if (r->top)
		ui_put(ui, area.y, all.x + all.w - 1, 1, UI_ACCENT, "^");
	if (y > r->top + area.h)
		ui_put(ui, area.y + area.h - 1, all.x + all.w - 1, 1, UI_ACCENT, "v");
	draw_hint(ui, r, all.y + all.h - 4, area.x, area.w);
	draw_buttons(ui, r, all.y + all.h - 2, area.x);
	if (form->command)
		form->command(form->ctx, command, sizeof(command));
	if (*command)
		ui_putf(ui, all.y + all.h - 1, area.x, area.w, UI_DIM, "$ %s", command);
	draw_form_keys(ui, r);
}

/* --- keys ------------------------------------------------------------------ */

static void walk(struct run *r, int step_by)
{
	size_t stops = r->form->n + BUTTONS, left = r->at;

	if (left < r->form->n) {
		if (r->blamed == left)
			r->blamed = SIZE_MAX;
		if (!check_field(r, left) && step_by > 0)
			r->blamed = left; /* said, but one may go on and come back */
	}
	do {
		r->at = (r->at + stops + (size_t)step_by) % stops;
	} while (!can_stop(r, r->at));
	if (r->at < r->form->n && editable(&r->form->fields[r->at]))
		r->edits[r->at].at = strlen(r->form->fields[r->at].text);
}

static void turn(const struct ui_field *f, int by)
{
	int n = 0;

	while (f->choices[n])
		n++;
	if (n)
		*f->value = (*f->value + by + n) % n;
}

static void pick(struct ui *ui, struct run *r, struct ui_field *f)
{
	int got;

	if (f->kind == UI_CHOICE) {
		got = ui_choose(ui, f->label, f->choices, *f->value);
		if (got >= 0)
			*f->value = got;
		r->changed |= got >= 0;
	} else if (f->pick) {
		f->pick(ui, r->form->ctx, f);
		r->changed = true;
		if (f->text)
			edit_start(&r->edits[r->at], f->text, f->size);
		r->edits[r->at].digits = f->kind == UI_NUMBER;
	}
	r->blamed = SIZE_MAX;
}

/* Keys that mean something for the kind of field under the cursor. */
static bool field_key(struct ui *ui, struct run *r, int key)
{
	struct ui_field *f = &r->form->fields[r->at];

	if (editable(f) && key != UI_KEY_ENTER && edit_key(&r->edits[r->at], key)) {
		r->changed = true;
		if (r->blamed == r->at)
			r->blamed = SIZE_MAX;
		return true;
	}
	if (key == UI_KEY_F0 + 4 || (f->kind == UI_BUTTON && key == UI_KEY_ENTER)) {
		pick(ui, r, f);
		return true;
	}
	if (f->kind == UI_CHECK && key == UI_KEY_SPACE) {
		*f->flag = !*f->flag;
	} else if (f->kind == UI_CHOICE && (key == UI_KEY_SPACE || key == UI_KEY_RIGHT)) {
		turn(f, 1);
	} else if (f->kind == UI_CHOICE && key == UI_KEY_LEFT) {
		turn(f, -1);
	} else {
		return false;
	}
	r->changed = true;
	if (r->blamed == r->at)
		r->blamed = SIZE_MAX;
	return true;
}

static bool really_cancel(struct ui *ui, const struct run *r)
{
	static const struct ui_question q = {
		.title = "Leave without doing it?",
		.text = "What was entered here will be lost.",
		.yes = "Leave",
	};

	return !r->changed || ui_confirm(ui, &q);
}

static int press(struct ui *ui, struct run *r, size_t button)
{
	if (button == BUTTON_OK)
		return check_all(r) ? UI_OK : -1;
	if (button == BUTTON_BACK)
		return UI_BACK;
	return really_cancel(ui, r) ? UI_CANCEL : -1;
}

static int form_key(struct ui *ui, struct run *r, int key)
{
	if (r->at < r->form->n && field_key(ui, r, key))
		return -1;
	switch (key) {
	case UI_KEY_TAB: case UI_KEY_DOWN:
		walk(r, 1);
		return -1;
	case UI_KEY_BACKTAB: case UI_KEY_UP:
		walk(r, -1);
		return -1;
	case UI_KEY_RIGHT: case UI_KEY_LEFT:
		if (r->at >= r->form->n)
			walk(r, key == UI_KEY_RIGHT ? 1 : -1);
		return -1;
	case UI_KEY_F0 + 2:
		return press(ui, r, BUTTON_OK);
	case UI_KEY_F0 + 3:
		return r->form->back ? press(ui, r, BUTTON_BACK) : -1;
	case UI_KEY_ESC: case UI_KEY_F10: case UI_CTRL('c'):
		return press(ui, r, BUTTON_CANCEL);
	case UI_KEY_ENTER: case UI_KEY_SPACE:
		if (r->at >= r->form->n)
			return press(ui, r, r->at - r->form->n);
		walk(r, 1);
		return -1;
	default:
		return -1;
	}
}

enum ui_end ui_form_run(struct ui *ui, const struct ui_form *form)
{
	struct run r = { .form = form, .blamed = SIZE_MAX };
	struct overlay o = { .draw = draw_form, .ctx = &r, .whole = true,
			     .title = form->title };
	int end = -1;

	r.edits = calloc(form->n + 1, sizeof(*r.edits));
	if (!r.edits)
		return UI_CANCEL;
	for (size_t i = 0; i < form->n; i++) {
		struct ui_field *f = &form->fields[i];

		if (!editable(f))
			continue;
		edit_start(&r.edits[i], f->text, f->size);
		r.edits[i].digits = f->kind == UI_NUMBER;
		r.edits[i].secret = f->kind == UI_PASSWORD;
	}
	while (r.at < form->n && !can_stop(&r, r.at))
		r.at++;
	push_overlay(ui, &o);
	while (end < 0 && !ui->quit) {
		int key = step(ui);

		if (key != UI_KEY_NONE)
			end = form_key(ui, &r, key);
	}
	pop_overlay(ui, &o);
	free(r.edits);
	return end < 0 ? UI_CANCEL : (enum ui_end)end;
}

bool ui_check_filled(void *ctx, const struct ui_field *f, char *problem, size_t size)
{
	(void)ctx;
	if (f->text[strspn(f->text, " ")])
		return true;
	snprintf(problem, size, "This must be filled in.");
	return false;
}

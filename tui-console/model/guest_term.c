/* See guest_term.h. */
#include "model/guest_term.h"

#include <stdlib.h>
#include <string.h>
#include <vterm.h>

#include "ui/text.h"
#include "ui/ui.h"

struct line {
	struct term_cell *cells;
	int n;
};

struct guest_term {
	VTerm *vt;
	VTermScreen *screen;
	void (*out)(void *ctx, const char *bytes, size_t len);
	void *ctx;
	struct line history[TERM_HISTORY]; /* a ring */
	int first, n;
	bool cursor_hidden, written;
};

static int16_t colour(const VTermColor *c, bool background)
{
	if (background ? VTERM_COLOR_IS_DEFAULT_BG(c) : VTERM_COLOR_IS_DEFAULT_FG(c))
		return -1;
	if (VTERM_COLOR_IS_INDEXED(c))
		return c->indexed.idx;
	/* the nearest of the 6x6x6 cube of the 256 colours */
	return (int16_t)(16 + 36 * ((c->rgb.red * 5 + 127) / 255) +
			 6 * ((c->rgb.green * 5 + 127) / 255) +
			 (c->rgb.blue * 5 + 127) / 255);
}

static void convert(const VTermScreenCell *in, struct term_cell *out)
{
	*out = (struct term_cell){
		.c = in->chars[0] == (uint32_t)-1 ? 0 : in->chars[0] ? in->chars[0] : ' ',
		.fg = colour(&in->fg, false), .bg = colour(&in->bg, true),
		.bold = in->attrs.bold, .underline = in->attrs.underline != 0,
		.reverse = in->attrs.reverse,
	};
}

static bool blank(const VTermScreenCell *c)
{
	return (!c->chars[0] || c->chars[0] == ' ') && !c->attrs.reverse &&
	       VTERM_COLOR_IS_DEFAULT_BG(&c->bg);
}

static int on_push(int columns, const VTermScreenCell *cells, void *user)
{
	struct guest_term *t = user;
	struct line *l;

	while (columns > 0 && blank(&cells[columns - 1]))
		columns--;
	if (t->n == TERM_HISTORY) {
		free(t->history[t->first].cells);
		t->first = (t->first + 1) % TERM_HISTORY;
		t->n--;
	}
	l = &t->history[(t->first + t->n) % TERM_HISTORY];
	*l = (struct line){ .cells = calloc((size_t)columns + 1, sizeof(*l->cells)) };
	if (!l->cells)
		return 0;
	for (l->n = 0; l->n < columns; l->n++)
		convert(&cells[l->n], &l->cells[l->n]);
	t->n++;
	return 1;
}

static int on_property(VTermProp property, VTermValue *value, void *user)
{
	struct guest_term *t = user;

	if (property == VTERM_PROP_CURSORVISIBLE)
		t->cursor_hidden = !value->boolean;
	return 1;
}

static void on_output(const char *bytes, size_t len, void *user)
{
	struct guest_term *t = user;

	if (t->ctx)
		t->out(t->ctx, bytes, len);
}

struct guest_term *gterm_new(int rows, int columns,
			    void (*out)(void *ctx, const char *bytes, size_t len))
{
	static const VTermScreenCallbacks callbacks = { .sb_pushline = on_push,
							.settermprop = on_property };
	struct guest_term *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->vt = vterm_new(rows, columns);
	if (!t->vt) {
		free(t);
		return NULL;
	}
	t->out = out;
	vterm_set_utf8(t->vt, 1);
	vterm_output_set_callback(t->vt, on_output, t);
	t->screen = vterm_obtain_screen(t->vt);
	vterm_screen_enable_altscreen(t->screen, 1);
	vterm_screen_set_callbacks(t->screen, &callbacks, t);
	vterm_screen_reset(t->screen, 1);
	return t;
}

void gterm_free(struct guest_term *t)
{
	if (!t)
		return;
	vterm_free(t->vt);
	for (int i = 0; i < t->n; i++)
		free(t->history[(t->first + i) % TERM_HISTORY].cells);
	free(t);
}

void gterm_connect(struct guest_term *t, void *ctx)
{
	t->ctx = ctx;
}

void gterm_resize(struct guest_term *t, int rows, int columns)
{
	int r, c;

	vterm_get_size(t->vt, &r, &c);
	if (r != rows || c != columns)
		vterm_set_size(t->vt, rows, columns);
}

void gterm_write(struct guest_term *t, const char *bytes, size_t len)
{
	t->written |= len > 0;
	vterm_input_write(t->vt, bytes, len);
}

bool gterm_empty(const struct guest_term *t)
{
	return !t->written;
}

void gterm_size(const struct guest_term *t, int *rows, int *columns)
{
	vterm_get_size(t->vt, rows, columns);
}

int gterm_history(const struct guest_term *t)
{
	return t->n;
}

void gterm_get(const struct guest_term *t, int row, int column, struct term_cell *out)
{
	VTermScreenCell cell;
	const struct line *l;
	int rows, columns;

	*out = (struct term_cell){ .c = ' ', .fg = -1, .bg = -1 };
	vterm_get_size(t->vt, &rows, &columns);
	if (row >= rows || row < -t->n || column < 0)
		return;
	if (row >= 0) {
		VTermPos pos = { .row = row, .col = column };

		if (column < columns && vterm_screen_get_cell(t->screen, pos, &cell))
			convert(&cell, out);
		return;
	}
	l = &t->history[(t->first + t->n + row) % TERM_HISTORY];
	if (column < l->n)
		*out = l->cells[column];
}

void gterm_cursor(const struct guest_term *t, int *row, int *column, bool *visible)
{
	VTermPos pos;

	vterm_state_get_cursorpos(vterm_obtain_state(t->vt), &pos);
	*row = pos.row;
	*column = pos.col;
	*visible = !t->cursor_hidden;
}

static void row_text(const struct guest_term *t, int row, char *buf, size_t size)
{
	struct term_cell cell;
	int rows, columns;
	size_t len = 0;

	vterm_get_size(t->vt, &rows, &columns);
	for (int i = 0; i < columns && len + 5 < size; i++) {
		gterm_get(t, row, i, &cell);
		if (cell.c)
			len += text_encode(cell.c, buf + len);
	}
	buf[len] = '\0';
}

bool gterm_find(const struct guest_term *t, const char *text, int from, bool up, int *row)
{
	char buf[2048];
	int rows, columns;

	vterm_get_size(t->vt, &rows, &columns);
	for (int i = from; i >= -t->n && i < rows; i += up ? -1 : 1) {
		row_text(t, i, buf, sizeof(buf));
		if (text_contains(buf, text)) {
			*row = i;
			return true;
		}
	}
	return false;
}

void gterm_key(struct guest_term *t, int key)
{
	static const struct {
		int key;
		VTermKey to;
	} keys[] = {
		{ UI_KEY_ENTER, VTERM_KEY_ENTER }, { UI_KEY_TAB, VTERM_KEY_TAB },
		{ UI_KEY_BACKSPACE, VTERM_KEY_BACKSPACE }, { UI_KEY_ESC, VTERM_KEY_ESCAPE },
		{ UI_KEY_UP, VTERM_KEY_UP }, { UI_KEY_DOWN, VTERM_KEY_DOWN },
		{ UI_KEY_LEFT, VTERM_KEY_LEFT }, { UI_KEY_RIGHT, VTERM_KEY_RIGHT },
		{ UI_KEY_INSERT, VTERM_KEY_INS }, { UI_KEY_DELETE, VTERM_KEY_DEL },
		{ UI_KEY_HOME, VTERM_KEY_HOME }, { UI_KEY_END, VTERM_KEY_END },
		{ UI_KEY_PAGE_UP, VTERM_KEY_PAGEUP },
		{ UI_KEY_PAGE_DOWN, VTERM_KEY_PAGEDOWN },
	};
	char control;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (keys[i].key == key) {
			vterm_keyboard_key(t->vt, keys[i].to, VTERM_MOD_NONE);
			return;
		}
	}
	if (key > UI_KEY_F0 && key <= UI_KEY_F12) {
		vterm_keyboard_key(t->vt, (VTermKey)VTERM_KEY_FUNCTION(key - UI_KEY_F0),
				   VTERM_MOD_NONE);
	} else if (key == UI_KEY_BACKTAB) {
		vterm_keyboard_key(t->vt, VTERM_KEY_TAB, VTERM_MOD_SHIFT);
	} else if (key >= 0 && key < 32) {
		control = (char)key;
		on_output(&control, 1, t);
	} else if (key >= 32 && key < 0x110000) {
		vterm_keyboard_unichar(t->vt, (uint32_t)key, VTERM_MOD_NONE);
	}
}

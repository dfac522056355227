/*
 * Tables: see ui.h. `order` holds the rows that pass the filter, in their order; the
 * cursor is an index into it, the selected row's id is what survives an update.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ui/priv.h"
#include "ui/text.h"

#define CELL_MAX 256
#define COLUMNS_MAX 24

void ui_table_init(struct ui_table *t, const struct ui_table_model *model, void *ctx,
		   int sort_column)
{
	*t = (struct ui_table){ .model = model, .ctx = ctx, .sort_column = sort_column };
	if (sort_column >= 0)
		t->reverse = model->columns[sort_column].descending;
}

void ui_table_free(struct ui_table *t)
{
	free(t->order);
	t->order = NULL;
	t->n = t->room = 0;
}

static size_t columns(const struct ui_table *t)
{
	size_t n = 0;

	while (t->model->columns[n].title)
		n++;
	return n;
}

static void cell(const struct ui_table *t, size_t row, size_t column, char *buf)
{
	buf[0] = '\0';
	t->model->cell(t->ctx, row, column, buf, CELL_MAX);
}

static uint64_t row_id(const struct ui_table *t, size_t row)
{
	char text[CELL_MAX];
	uint64_t hash = 14695981039346656037u; /* FNV-1a */

	if (t->model->id)
		return t->model->id(t->ctx, row);
	cell(t, row, 0, text);
	for (const char *s = text; *s; s++)
		hash = (hash ^ (unsigned char)*s) * 1099511628211u;
	return hash;
}

static bool passes(const struct ui_table *t, size_t row, size_t ncolumns)
{
	char text[CELL_MAX];

	if (!t->filter[0])
		return true;
	for (size_t c = 0; c < ncolumns; c++) {
		cell(t, row, c, text);
		if (text_contains(text, t->filter))
			return true;
	}
	return false;
}

/* Runs of digits by their value, the rest by its letters. */
static int compare_texts(const char *a, const char *b)
{
	while (*a && *b) {
		if (isdigit((unsigned char)*a) && isdigit((unsigned char)*b)) {
			char *end_a, *end_b;
			unsigned long long x = strtoull(a, &end_a, 10);
			unsigned long long y = strtoull(b, &end_b, 10);

			if (x != y)
				return x < y ? -1 : 1;
			a = end_a;
			b = end_b;
			continue;
		}
		if (tolower((unsigned char)*a) != tolower((unsigned char)*b))
			break;
		a++;
		b++;
	}
	return tolower((unsigned char)*a) - tolower((unsigned char)*b);
}

static int compare_rows(const void *pa, const void *pb, void *ctx)
{
	const struct ui_table *t = ctx;
	uint32_t a = *(const uint32_t *)pa, b = *(const uint32_t *)pb;
	size_t column = (size_t)t->sort_column;
	char x[CELL_MAX], y[CELL_MAX];
	int c;

	if (t->model->compare) {
		c = t->model->compare(t->ctx, a, b, column);
	} else {
		cell(t, a, column, x);
		cell(t, b, column, y);
		c = compare_texts(x, y);
	}
	if (c)
		return t->reverse ? -c : c;
	return a < b ? -1 : a > b;
}

/* A merge sort: qsort_r() is not in every C library, and equal rows must not dance. */
static void sort(struct ui_table *t, uint32_t *v, size_t n, uint32_t *tmp)
{
	size_t half = n / 2, i = 0, j = half, k = 0;

	if (n < 2)
		return;
	sort(t, v, half, tmp);
	sort(t, v + half, n - half, tmp);
	while (i < half && j < n)
		tmp[k++] = compare_rows(&v[j], &v[i], t) < 0 ? v[j++] : v[i++];
	while (i < half)
		tmp[k++] = v[i++];
	while (j < n)
		tmp[k++] = v[j++];
	memcpy(v, tmp, n * sizeof(*v));
}

static bool make_room(struct ui_table *t, size_t n)
{
	uint32_t *p;

	if (n <= t->room)
		return true;
	p = realloc(t->order, 2 * n * sizeof(*p)); /* the second half: for sorting */
	if (!p)
		return false;
	t->order = p;
	t->room = n;
	return true;
}

static void remember(struct ui_table *t)
{
	t->has_selected = t->cursor < t->n;
	if (t->has_selected)
		t->selected_id = row_id(t, t->order[t->cursor]);
}

static void find_selected(struct ui_table *t)
{
	for (size_t i = 0; t->has_selected && i < t->n; i++) {
		if (row_id(t, t->order[i]) == t->selected_id) {
			t->cursor = i;
			return;
		}
	}
	if (t->cursor >= t->n)
		t->cursor = t->n ? t->n - 1 : 0;
	remember(t);
}

void ui_table_update(struct ui_table *t)
{
	size_t count = t->model->count(t->ctx), ncolumns = columns(t);

	t->n = 0;
	if (!make_room(t, count))
		return;
	for (size_t row = 0; row < count; row++) {
		if (passes(t, row, ncolumns))
			t->order[t->n++] = (uint32_t)row;
	}
	if (t->sort_column >= 0)
		sort(t, t->order, t->n, t->order + t->room);
	find_selected(t);
}

size_t ui_table_row(struct ui_table *t)
{
	return t->cursor < t->n ? t->order[t->cursor] : SIZE_MAX;
}

void ui_table_select(struct ui_table *t, uint64_t id)
{
	t->selected_id = id;
	t->has_selected = true;
	find_selected(t);
}

/* --- drawing --------------------------------------------------------------- */

struct layout {
	int x[COLUMNS_MAX], w[COLUMNS_MAX]; /* w 0: left out */
	size_t n;
};

static int total(const struct ui_table *t, const bool *out, size_t n)
{
	int sum = -1;

	for (size_t i = 0; i < n; i++)
		sum += out[i] ? 0 : t->model->columns[i].width + 1;
	return sum;
}

/* Leaves columns out until the rest fits, then hands out what is left over. */
static void lay_out(const struct ui_table *t, int w, struct layout *l)
{
	const struct ui_column *c = t->model->columns;
	bool out[COLUMNS_MAX] = { false };
	int weights = 0, left, x = 0;

	l->n = columns(t) < COLUMNS_MAX ? columns(t) : COLUMNS_MAX;
	while (total(t, out, l->n) > w) {
		size_t worst = l->n;

		for (size_t i = 0; i < l->n; i++) {
			if (!out[i] && c[i].importance &&
			    (worst == l->n || c[i].importance >= c[worst].importance))
				worst = i;
		}
		if (worst == l->n)
			break;
		out[worst] = true;
	}
	left = w - total(t, out, l->n);
	for (size_t i = 0; i < l->n; i++)
		weights += out[i] ? 0 : c[i].weight;
	for (size_t i = 0; i < l->n; i++) {
		int extra = weights && left > 0 ? left * c[i].weight / weights : 0;

		l->x[i] = x;
		l->w[i] = out[i] ? 0 : c[i].width + extra;
		if (l->x[i] + l->w[i] > w)
			l->w[i] = w > x ? w - x : 0;
		x += l->w[i] ? l->w[i] + 1 : 0;
	}
}

static void draw_title(struct ui *ui, const struct ui_table *t, size_t i, int y, int x,
		       int w)
{
	const struct ui_column *c = &t->model->columns[i];
	bool sorted = (int)i == t->sort_column;
	enum ui_style style = sorted ? UI_TITLE : UI_DIM;
	char text[64];

	snprintf(text, sizeof(text), "%s%s", c->title,
		 !sorted ? "" : ui->utf8 ? (t->reverse ? "▾" : "▴") : t->reverse ? "v" : "^");
	if (c->align == UI_RIGHT)
		ui_put_right(ui, y, x, w, style, text);
	else
		ui_put(ui, y, x, w, style, text);
}

static void draw_cell(struct ui *ui, const struct ui_table *t, size_t row, size_t i,
		      struct ui_rect at, bool selected)
{
	const struct ui_table_model *m = t->model;
	enum ui_style style = m->style ? m->style(t->ctx, row, i) : UI_PLAIN;
	char text[CELL_MAX];

	if (m->draw && m->draw(ui, t->ctx, row, i, at.y, at.x, at.w, selected))
		return;
	cell(t, row, i, text);
	if (selected)
		style = UI_SELECTED;
	if (m->columns[i].align == UI_RIGHT)
		ui_put_right(ui, at.y, at.x, at.w, style, text);
	else
		ui_put(ui, at.y, at.x, at.w, style, text);
}

static void draw_row(struct ui *ui, const struct ui_table *t, const struct layout *l,
		     size_t index, struct ui_rect at)
{
	bool selected = index == t->cursor;

	if (selected)
		ui_fill(ui, at, UI_SELECTED);
	for (size_t i = 0; i < l->n; i++) {
		if (l->w[i])
			draw_cell(ui, t, t->order[index], i,
				  (struct ui_rect){ at.y, at.x + 1 + l->x[i], 1, l->w[i] },
				  selected);
	}
}

static void draw_filter(struct ui *ui, struct ui_table *t, int y, int x, int w)
{
	int used = ui_putf(ui, y, x, w, UI_ACCENT, " /%s", t->filter);

	if (t->filtering) {
		ui->cursor_y = y;
		ui->cursor_x = x + used;
	}
	ui_putf(ui, y, x + used + 2, w - used - 2, UI_DIM, "%zu found; %s", t->n,
		t->filtering ? "Enter keeps, Esc clears" : "Esc shows all");
}

void ui_table_draw(struct ui *ui, struct ui_table *t, struct ui_rect area)
{
	struct layout l;
	int rows = area.h - 1;

	if (area.h < 2 || area.w < 4)
		return;
	lay_out(t, area.w - 2, &l);
	for (size_t i = 0; i < l.n; i++) {
		if (l.w[i])
			draw_title(ui, t, i, area.y, area.x + 1 + l.x[i], l.w[i]);
	}
	if (t->filter[0] || t->filtering)
		draw_filter(ui, t, area.y + rows--, area.x, area.w);
	t->page = rows > 1 ? rows : 1;
	if (t->cursor < t->top)
		t->top = t->cursor;
	if (t->cursor >= t->top + (size_t)t->page)
		t->top = t->cursor - (size_t)t->page + 1;
	if (t->top && t->top + (size_t)t->page > t->n)
		t->top = t->n > (size_t)t->page ? t->n - (size_t)t->page : 0;
	for (int i = 0; i < rows && t->top + (size_t)i < t->n; i++)
		draw_row(ui, t, &l, t->top + (size_t)i,
			 (struct ui_rect){ area.y + 1 + i, area.x, 1, area.w });
	if (!t->n && t->model->empty && !t->filter[0])
		ui_put_wrapped(ui, (struct ui_rect){ area.y + 2, area.x + 2, rows - 1,
			       area.w - 4 }, UI_DIM, t->model->empty);
}

/* --- keys ------------------------------------------------------------------ */

static void move_to(struct ui_table *t, long to)
{
	if (to >= (long)t->n)
		to = (long)t->n - 1;
	t->cursor = to < 0 ? 0 : (size_t)to;
	remember(t);
}

static bool move_key(struct ui_table *t, int key)
{
	long at = (long)t->cursor, page = t->page ? t->page : 1;

	switch (key) {
	case UI_KEY_UP: case 'k':
		move_to(t, at - 1);
		return true;
	case UI_KEY_DOWN: case 'j':
		move_to(t, at + 1);
		return true;
	case UI_KEY_PAGE_UP: case UI_CTRL('u'): case UI_CTRL('b'):
		move_to(t, at - page);
		return true;
	case UI_KEY_PAGE_DOWN: case UI_CTRL('d'): case UI_CTRL('f'):
		move_to(t, at + page);
		return true;
	case UI_KEY_HOME: case 'g':
		move_to(t, 0);
		return true;
	case UI_KEY_END: case 'G':
		move_to(t, (long)t->n - 1);
		return true;
	default:
		return false;
	}
}

static void sort_by(struct ui_table *t, int step_by)
{
	int n = (int)columns(t);

	t->sort_column = t->sort_column < 0 ? (step_by > 0 ? 0 : n - 1)
					    : (t->sort_column + step_by + n) % n;
	t->reverse = t->model->columns[t->sort_column].descending;
	ui_table_update(t);
}

static bool filter_key(struct ui_table *t, int key)
{
	struct edit e;

	if (key == UI_KEY_ENTER || key == UI_KEY_ESC) {
		t->filtering = false;
		if (key == UI_KEY_ESC)
			t->filter[0] = '\0';
	} else {
		edit_start(&e, t->filter, sizeof(t->filter));
		if (!edit_key(&e, key))
			return move_key(t, key);
	}
	ui_table_update(t);
	return true;
}

bool ui_table_key(struct ui *ui, struct ui_table *t, int key)
{
	(void)ui;
	if (t->filtering)
		return filter_key(t, key);
	switch (key) {
	case '/':
		t->filtering = true;
		return true;
	case UI_KEY_ESC:
		if (!t->filter[0])
			return false;
		t->filter[0] = '\0';
		ui_table_update(t);
		return true;
	case '<': case '>':
		sort_by(t, key == '<' ? -1 : 1);
		return true;
	case '=':
		t->reverse = !t->reverse;
		ui_table_update(t);
		return true;
	default:
		return move_key(t, key);
	}
}

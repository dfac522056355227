/* Drawing: texts, boxes, meters, sparklines. Everything ends in put_cells(). */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ui/priv.h"
#include "ui/text.h"

bool ui_utf8(struct ui *ui)
{
	return ui->utf8;
}

bool ui_colours(struct ui *ui)
{
	return ui->colours;
}

/* What of a text may reach the terminal: no control characters, no characters that
 * it would take for bytes. */
static uint32_t harmless(struct ui *ui, uint32_t c)
{
	if (c < 0x20 || (c >= 0x7f && c < 0xa0) || (c > 0x7e && !ui->utf8))
		return '?';
	return c;
}

void put_cells(struct ui *ui, int y, int x, int attr, const char *text, int cells)
{
	uint32_t c;
	char out[5];

	if (y < 0 || y >= ui->rows || x < 0)
		return;
	attrset(attr);
	move(y, x);
	for (size_t n; *text && cells > 0; text += n) {
		n = text_next(text, &c);
		c = harmless(ui, c);
		cells -= text_cells(c);
		x += text_cells(c);
		if (cells < 0 || x > ui->columns)
			break;
		addnstr(out, (int)text_encode(c, out));
	}
	attrset(A_NORMAL);
}

/* The pair of two colours; pair 0 when the terminal has no more of them. */
static int pair_of(struct ui *ui, int fg, int bg)
{
	int room = COLOR_PAIRS - UI_STYLES - 1;

	if (!ui->colours || (fg < 0 && bg < 0))
		return 0;
	if (COLORS < 256) { /* the bright ones are the same, in bold */
		fg = fg < 0 ? fg : fg < 16 ? fg % 8 : 7;
		bg = bg < 0 ? bg : bg < 16 ? bg % 8 : 0;
	}
	for (int i = 0; i < ui->npairs; i++) {
		if (ui->pairs[i].fg == fg && ui->pairs[i].bg == bg)
			return UI_STYLES + 1 + i;
	}
	if (ui->npairs >= (room < PAIRS_MAX ? room : PAIRS_MAX))
		return 0;
	ui->pairs[ui->npairs] = (struct colour_pair){ (short)fg, (short)bg };
	init_pair((short)(UI_STYLES + 1 + ui->npairs), (short)fg, (short)bg);
	return UI_STYLES + 1 + ui->npairs++;
}

void ui_put_cell(struct ui *ui, int y, int x, const struct ui_cell *cell)
{
	attr_t attr = (attr_t)COLOR_PAIR(pair_of(ui, cell->fg, cell->bg));
	char out[5];

	if (!cell->c)
		return;
	attr |= (cell->bold || (COLORS < 256 && cell->fg >= 8) ? A_BOLD : 0) |
		(cell->underline ? A_UNDERLINE : 0) | (cell->reverse ? A_REVERSE : 0);
	text_encode(cell->c < 0x110000 ? cell->c : '?', out);
	put_cells(ui, y, x, (int)attr, out, 2);
}

void ui_cursor(struct ui *ui, int y, int x)
{
	ui->cursor_y = y;
	ui->cursor_x = x;
}

int ui_put(struct ui *ui, int y, int x, int w, enum ui_style style, const char *text)
{
	int width = ui_width(text), room = ui->columns - x;

	if (w < 0 || w > room)
		w = room;
	if (w <= 0)
		return 0;
	if (width <= w) {
		put_cells(ui, y, x, ui->attr[style], text, w);
		return width;
	}
	put_cells(ui, y, x, ui->attr[style], text, w - 1);
	put_cells(ui, y, x + w - 1, ui->attr[style], "~", 1);
	return w;
}

int ui_putf(struct ui *ui, int y, int x, int w, enum ui_style style, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return ui_put(ui, y, x, w, style, text);
}

void ui_put_right(struct ui *ui, int y, int x, int w, enum ui_style style,
		  const char *text)
{
	int width = ui_width(text);

	if (width < w)
		ui_put(ui, y, x + w - width, width, style, text);
	else
		ui_put(ui, y, x, w, style, text);
}

int ui_put_wrapped(struct ui *ui, struct ui_rect area, enum ui_style style,
		   const char *text)
{
	int line = 0;

	for (; *text && line < area.h && area.w > 0; line++) {
		size_t next, n = text_line(text, area.w, &next);
		char *copy = strndup(text, n);

		if (copy)
			put_cells(ui, area.y + line, area.x, ui->attr[style], copy, area.w);
		free(copy);
		text += next;
	}
	return line;
}

void ui_fill(struct ui *ui, struct ui_rect a, enum ui_style style)
{
	attrset(ui->attr[style]);
	for (int y = a.y; y < a.y + a.h && y < ui->rows; y++)
		mvhline(y, a.x, ' ', a.x + a.w > ui->columns ? ui->columns - a.x : a.w);
	attrset(A_NORMAL);
}

/* Line drawing: in UTF-8 by its own characters, else as the terminal knows it. */
enum piece { ACROSS, DOWN, TOP_LEFT, TOP_RIGHT, BOTTOM_LEFT, BOTTOM_RIGHT };

static void draw_piece(struct ui *ui, int y, int x, enum piece piece)
{
	static const char *const utf8[] = { "─", "│", "┌", "┐", "└", "┘" };
	static const char names[] = "qxlkmj"; /* the VT100's */

	if (y < 0 || y >= ui->rows || x < 0 || x >= ui->columns)
		return;
	if (ui->utf8) {
		put_cells(ui, y, x, ui->attr[UI_DIM], utf8[piece], 1);
		return;
	}
	attrset(ui->attr[UI_DIM]);
	mvaddch(y, x, acs_map[(unsigned char)names[piece]]);
	attrset(A_NORMAL);
}

static void rule(struct ui *ui, int y, int x, int w)
{
	for (int i = 0; i < w; i++)
		draw_piece(ui, y, x + i, ACROSS);
}

void ui_heading(struct ui *ui, int y, int x, int w, const char *title)
{
	int used = ui_put(ui, y, x, w, UI_TITLE, title);

	rule(ui, y, x + used + 1, w - used - 1);
}

struct ui_rect ui_box(struct ui *ui, struct ui_rect a, const char *title)
{
	int bottom = a.y + a.h - 1, right = a.x + a.w - 1;

	ui_fill(ui, a, UI_PLAIN);
	rule(ui, a.y, a.x + 1, a.w - 2);
	rule(ui, bottom, a.x + 1, a.w - 2);
	for (int y = a.y + 1; y < bottom; y++) {
		draw_piece(ui, y, a.x, DOWN);
		draw_piece(ui, y, right, DOWN);
	}
	draw_piece(ui, a.y, a.x, TOP_LEFT);
	draw_piece(ui, a.y, right, TOP_RIGHT);
	draw_piece(ui, bottom, a.x, BOTTOM_LEFT);
	draw_piece(ui, bottom, right, BOTTOM_RIGHT);
	if (title && *title) {
		put_cells(ui, a.y, a.x + 2, ui->attr[UI_TITLE], " ", 1);
		int used = ui_put(ui, a.y, a.x + 3, a.w - 6, UI_TITLE, title);

		put_cells(ui, a.y, a.x + 3 + used, ui->attr[UI_TITLE], " ", 1);
	}
	return (struct ui_rect){ a.y + 1, a.x + 2, a.h - 2, a.w - 4 };
}

struct ui_rect centred(struct ui *ui, int h, int w)
{
	if (h > ui->rows - 2)
		h = ui->rows - 2;
	if (w > ui->columns - 4)
		w = ui->columns - 4;
	return (struct ui_rect){ (ui->rows - h) / 2, (ui->columns - w) / 2, h, w };
}

static enum ui_style meter_style(double fraction, struct ui_limits limits)
{
	if (fraction >= limits.bad)
		return UI_BAD;
	return fraction >= limits.warn ? UI_WARN : UI_GOOD;
}

/* Eighths of a cell where there are characters for that; else '#' in brackets. */
static void draw_meter(struct ui *ui, struct ui_rect at, double f, int full, int empty)
{
	static const char *const part[] = { " ", "▏", "▎", "▍", "▌", "▋", "▊", "▉" };
	int eighths = (int)lround(f * at.w * 8);

	if (!ui->utf8) {
		put_cells(ui, at.y, at.x, empty, "[", 1);
		for (int i = 0; i < at.w - 2; i++) {
			bool on = f * (at.w - 2) > i + 0.25;

			put_cells(ui, at.y, at.x + 1 + i, on ? full : empty, on ? "#" : ".",
				  1);
		}
		put_cells(ui, at.y, at.x + at.w - 1, empty, "]", 1);
		return;
	}
	if (!eighths && f > 0)
		eighths = 1;
	for (int i = 0; i < at.w; i++, eighths -= 8) {
		if (eighths >= 8)
			put_cells(ui, at.y, at.x + i, full, "█", 1);
		else if (eighths > 0)
			put_cells(ui, at.y, at.x + i, full, part[eighths], 1);
		else
			put_cells(ui, at.y, at.x + i, empty, "·", 1);
	}
}

static double bounded(double f)
{
	return isnan(f) || f < 0 ? 0 : f > 1 ? 1 : f;
}

void ui_meter(struct ui *ui, int y, int x, int w, double fraction,
	      struct ui_limits limits)
{
	enum ui_style style = isnan(fraction) ? UI_DIM : meter_style(fraction, limits);

	if (w >= 3)
		draw_meter(ui, (struct ui_rect){ y, x, 1, w }, bounded(fraction),
			   ui->attr[style], ui->attr[UI_DIM]);
}

void ui_meter_styled(struct ui *ui, int y, int x, int w, double fraction,
		     enum ui_style style)
{
	if (w >= 3)
		draw_meter(ui, (struct ui_rect){ y, x, 1, w }, bounded(fraction),
			   ui->attr[style], ui->attr[style]);
}

/* A value's cell in one row of the graph; level: eighths (or thirds) of that row. */
static const char *spark_cell(struct ui *ui, int level)
{
	static const char *const blocks[] = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
	static const char *const plain[] = { "_", ".", "-", "-", "=", "=", "#", "#" };

	return ui->utf8 ? blocks[level] : plain[level];
}

static double largest(const double *values, size_t n)
{
	double max = 0;

	for (size_t i = 0; i < n; i++) {
		if (!isnan(values[i]) && values[i] > max)
			max = values[i];
	}
	return max;
}

void ui_sparkline(struct ui *ui, struct ui_rect a, const double *values, size_t n,
		  double max, enum ui_style style)
{
	size_t shown = n < (size_t)(a.w > 0 ? a.w : 0) ? n : (size_t)a.w;
	int x = a.x + a.w - (int)shown;

	if (a.w <= 0)
		return;
	if (max <= 0)
		max = largest(values + (n - shown), shown);
	for (size_t i = n - shown; i < n; i++, x++) {
		double f = max > 0 ? values[i] / max : 0;
		int level = isnan(values[i]) ? -1 : (int)lround((f > 1 ? 1 : f) * 8 * a.h);

		for (int row = 0; row < a.h; row++) {
			int here = level - 8 * (a.h - 1 - row);
			bool base = row == a.h - 1;

			if (here > 0)
				put_cells(ui, a.y + row, x, ui->attr[style],
					  spark_cell(ui, here > 8 ? 7 : here - 1), 1);
			else if (base && level >= 0)
				put_cells(ui, a.y + row, x, ui->attr[UI_DIM],
					  spark_cell(ui, 0), 1);
		}
	}
}

/* A line of text being edited: the cursor is a byte offset at a character's start. */
#include <stdio.h>
#include <string.h>

#include "ui/priv.h"
#include "ui/text.h"

void edit_start(struct edit *e, char *text, size_t size)
{
	*e = (struct edit){ .text = text, .size = size, .at = strlen(text) };
}

static size_t before(const struct edit *e)
{
	size_t at = e->at;

	while (at > 0 && ((unsigned char)e->text[--at] & 0xc0) == 0x80)
		;
	return at;
}

static size_t after(const struct edit *e)
{
	uint32_t c;
	size_t left = strlen(e->text + e->at), n;

	if (!left)
		return e->at;
	n = text_next(e->text + e->at, &c);
	return e->at + (n < left ? n : left);
}

static void cut(struct edit *e, size_t from, size_t to)
{
	memmove(e->text + from, e->text + to, strlen(e->text + to) + 1);
	e->at = from;
}

static bool insert(struct edit *e, int key)
{
	char c[5];
	size_t n, len = strlen(e->text);

	if (key < 32 || key == 127 || key >= 0x110000)
		return false;
	if (e->digits && (key < '0' || key > '9'))
		return true;
	n = text_encode((uint32_t)key, c);
	if (len + n + 1 > e->size)
		return true;
	memmove(e->text + e->at + n, e->text + e->at, len - e->at + 1);
	memcpy(e->text + e->at, c, n);
	e->at += n;
	return true;
}

bool edit_key(struct edit *e, int key)
{
	if (e->at > strlen(e->text))
		e->at = strlen(e->text); /* it was changed behind our back */
	switch (key) {
	case UI_KEY_LEFT:
		e->at = before(e);
		return true;
	case UI_KEY_RIGHT:
		e->at = after(e);
		return true;
	case UI_KEY_HOME:
	case UI_CTRL('a'):
		e->at = 0;
		return true;
	case UI_KEY_END:
	case UI_CTRL('e'):
		e->at = strlen(e->text);
		return true;
	case UI_KEY_BACKSPACE:
		cut(e, before(e), e->at);
		return true;
	case UI_KEY_DELETE:
		cut(e, e->at, after(e));
		return true;
	case UI_CTRL('u'):
		cut(e, 0, e->at);
		return true;
	case UI_CTRL('k'):
		e->text[e->at] = '\0';
		return true;
	default:
		return insert(e, key);
	}
}

static void draw_secret(struct ui *ui, struct edit *e, struct ui_rect at, int attr)
{
	uint32_t c;
	int cells = 0;

	for (const char *s = e->text; *s && cells < at.w - 1; s += text_next(s, &c))
		put_cells(ui, at.y, at.x + cells++, attr, "*", 1);
	ui->cursor_x = at.x + cells;
}

void edit_draw(struct ui *ui, struct edit *e, struct ui_rect at, enum ui_style style,
	       bool focus)
{
	int attr = ui->attr[style], cursor = 0;
	int old_y = ui->cursor_y, old_x = ui->cursor_x;
	const char *from = e->text;
	uint32_t c;

	ui_fill(ui, (struct ui_rect){ at.y, at.x, 1, at.w }, style);
	if (e->at > strlen(e->text))
		e->at = strlen(e->text);
	ui->cursor_y = at.y;
	if (e->secret) {
		draw_secret(ui, e, at, attr);
	} else {
		for (size_t i = 0; i < e->at; i += text_next(e->text + i, &c)) {
			text_next(e->text + i, &c);
			cursor += text_cells(c);
		}
		if (!focus)
			cursor = 0;
		while (cursor >= at.w && *from) { /* show what is around the cursor */
			size_t n = text_next(from, &c);

			cursor -= text_cells(c);
			from += n;
		}
		put_cells(ui, at.y, at.x, attr, from, at.w);
		ui->cursor_x = at.x + cursor;
	}
	if (!focus) {
		ui->cursor_y = old_y;
		ui->cursor_x = old_x;
	}
}

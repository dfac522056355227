/* The wall: covers everything until the right password is typed. */
#include <stdio.h>
#include <string.h>

#include "ui/priv.h"

struct wall {
	const char *title, *text;
	char typed[256];
	struct edit edit;
	bool refused;
};

static void draw_wall(struct ui *ui, void *ctx)
{
	static const char *const keys[] = { "Enter", "Unlock", NULL };
	struct wall *w = ctx;
	struct ui_rect in = ui_box(ui, centred(ui, 9, 56), w->title);

	ui_put_wrapped(ui, (struct ui_rect){ in.y + 1, in.x, 2, in.w }, UI_PLAIN, w->text);
	ui_put(ui, in.y + 4, in.x, 10, UI_PLAIN, "Password");
	edit_draw(ui, &w->edit, (struct ui_rect){ in.y + 4, in.x + 10, 1, in.w - 10 },
		  UI_FIELD, true);
	if (w->refused)
		ui_put(ui, in.y + 5, in.x + 10, in.w - 10, UI_BAD, "That is not it.");
	draw_keys(ui, keys);
}

void ui_wall(struct ui *ui, const char *title, const char *text,
	     bool (*check)(void *ctx, const char *password), void *ctx)
{
	struct wall w = { .title = title, .text = text };
	struct overlay o = { .draw = draw_wall, .ctx = &w, .whole = true, .title = title };
	bool open = false;

	edit_start(&w.edit, w.typed, sizeof(w.typed));
	w.edit.secret = true;
	push_overlay(ui, &o);
	while (!open && !ui->quit) {
		int key = step(ui);

		if (key == UI_KEY_ENTER) {
			open = check(ctx, w.typed);
			w.refused = !open;
			explicit_bzero(w.typed, sizeof(w.typed));
			edit_start(&w.edit, w.typed, sizeof(w.typed));
			w.edit.secret = true;
		} else if (key != UI_KEY_NONE) {
			edit_key(&w.edit, key);
		}
	}
	pop_overlay(ui, &o);
}

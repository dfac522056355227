/*
 * ui's inside: what its files share. Nobody else includes it.
 *
 * One loop for all: step() waits for a key, a descriptor or a due refresh, serves
 * the latter two, redraws what has changed and returns the key. The main loop hands
 * keys to the screen on top; a dialog calls step() itself and so runs above it.
 */
#ifndef UI_PRIV_H
#define UI_PRIV_H

#include <wchar.h>

#define NCURSES_NOMACROS
#define NCURSES_WIDECHAR 1
#include <curses.h>
#include <poll.h>

#include "ui/main.h"
#include "ui/ui.h"

#define FRAMES_MAX 16
#define WATCHES_MAX 32
#define PAIRS_MAX 200
#define MIN_ROWS 24
#define MIN_COLUMNS 80

struct frame {
	const struct ui_screen *screen;
	void *self;
	int64_t due_ms; /* of its next refresh; -1: never */
	bool closing;
};

/* What is drawn over the screen: dialogs and forms, the newest first. */
struct overlay {
	void (*draw)(struct ui *ui, void *ctx);
	void *ctx;
	struct overlay *below;
	bool whole; /* covers the body: what is below need not be drawn */
	const char *title; /* of a whole one, for the header */
};

struct watch {
	int fd;
	void (*fn)(struct ui *ui, void *ctx);
	void *ctx;
};

struct ui {
	struct ui_options options;
	SCREEN *term;
	bool utf8, colours;
	int attr[UI_STYLES];
	struct colour_pair {
		short fg, bg;
	} pairs[PAIRS_MAX]; /* of ui_put_cell(), numbered from UI_STYLES + 1 on */
	int npairs;
	int rows, columns;

	struct frame frames[FRAMES_MAX];
	size_t n;
	struct overlay *overlays;
	struct watch watches[WATCHES_MAX];
	size_t nwatches;
	struct ui_run *runs;

	char message[256];
	enum ui_style message_style;
	char command[256];
	int64_t message_until_ms;
	bool message_fresh; /* set by the key that is being served */

	bool dirty;	  /* something is to be redrawn */
	bool quit;
	bool serving_idle;
	int status;
	unsigned long turns; /* of the loop, those inside dialogs too */
	int64_t last_key_ms, idle_due_ms;
	int cursor_y, cursor_x; /* -1: hidden */
};

int64_t now_ms(void);

/* term.c */
bool term_start(struct ui *ui, char *problem, size_t size);
void term_end(struct ui *ui);
void term_suspend(struct ui *ui);
void term_resume(struct ui *ui);
/* The next key or UI_KEY_NONE, without waiting. */
int term_key(struct ui *ui);

/* loop.c */
int step(struct ui *ui);
void push_overlay(struct ui *ui, struct overlay *o);
void pop_overlay(struct ui *ui, struct overlay *o);
struct ui_rect body(struct ui *ui);
struct frame *top_frame(struct ui *ui);
void forget_message(struct ui *ui);

/* draw.c */
void put_cells(struct ui *ui, int y, int x, int attr, const char *text, int cells);
struct ui_rect centred(struct ui *ui, int h, int w);

/* bars.c: header and key line */
void draw_bars(struct ui *ui);
/* Instead of the screen's keys while a dialog is up: pairs "Esc", "Cancel", NULL. */
void draw_keys(struct ui *ui, const char *const *pairs);

/* help.c */
void show_help(struct ui *ui);
/* Scrolling text in a box; keys are handled inside. */
void show_text(struct ui *ui, const char *title, const char *text, enum ui_style style);

/* edit.c: a line of text being edited */
struct edit {
	char *text;
	size_t size;
	size_t at;   /* byte offset of the cursor */
	bool digits; /* only these can be typed */
	bool secret;
};
void edit_start(struct edit *e, char *text, size_t size);
/* true: it was a key of the line. */
bool edit_key(struct edit *e, int key);
void edit_draw(struct ui *ui, struct edit *e, struct ui_rect at, enum ui_style style,
	       bool focus);

/* run.c */
void runs_end(struct ui *ui);

#endif

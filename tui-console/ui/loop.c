/*
 * The loop and the stack of screens. See priv.h for how dialogs run inside it.
 *
 * A screen that closes itself (or is closed from a dialog it has opened) is only
 * marked: its struct is freed when the loop is back at its bottom, where none of its
 * callbacks is running any more.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ui/priv.h"

#define MESSAGE_MS 10000
#define IDLE_MS	   60000

int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

struct ui *ui_start(const struct ui_options *options, char *problem, size_t size)
{
	struct ui *ui = calloc(1, sizeof(*ui));

	if (!ui) {
		snprintf(problem, size, "out of memory");
		return NULL;
	}
	ui->options = *options;
	ui->last_key_ms = now_ms();
	ui->idle_due_ms = ui->last_key_ms + IDLE_MS;
	signal(SIGPIPE, SIG_IGN);
	if (!term_start(ui, problem, size)) {
		free(ui);
		return NULL;
	}
	ui->dirty = true;
	return ui;
}

void *ui_app(struct ui *ui)
{
	return ui->options.app;
}

void ui_quit(struct ui *ui, int status)
{
	ui->quit = true;
	ui->status = status;
}

/* --- what is shown --------------------------------------------------------- */

struct ui_rect body(struct ui *ui)
{
	return (struct ui_rect){ 1, 0, ui->rows - 3, ui->columns };
}

struct frame *top_frame(struct ui *ui)
{
	for (size_t i = ui->n; i > 0; i--) {
		if (!ui->frames[i - 1].closing)
			return &ui->frames[i - 1];
	}
	return NULL;
}

static void draw_overlays(struct ui *ui, struct overlay *o)
{
	struct frame *top = top_frame(ui);

	if (!o) {
		if (top)
			top->screen->draw(ui, top->self, top->screen->whole ?
					  (struct ui_rect){ 0, 0, ui->rows - 1, ui->columns } :
					  body(ui));
		return;
	}
	if (!o->whole)
		draw_overlays(ui, o->below);
	o->draw(ui, o->ctx);
}

static void draw_all(struct ui *ui)
{
	ui->dirty = false;
	ui->cursor_y = -1;
	erase();
	if (ui->rows < MIN_ROWS || ui->columns < MIN_COLUMNS) {
		ui_putf(ui, 0, 0, -1, UI_BOLD, "This terminal has %d x %d characters.",
			ui->columns, ui->rows);
		ui_putf(ui, 1, 0, -1, UI_PLAIN, "%d x %d are needed: make it larger.",
			MIN_COLUMNS, MIN_ROWS);
		refresh();
		return;
	}
	draw_bars(ui);
	draw_overlays(ui, ui->overlays);
	if (ui->cursor_y >= 0) {
		curs_set(1);
		move(ui->cursor_y, ui->cursor_x);
	} else {
		curs_set(0);
		move(ui->rows - 1, ui->columns - 1);
	}
	refresh();
}

void push_overlay(struct ui *ui, struct overlay *o)
{
	o->below = ui->overlays;
	ui->overlays = o;
	ui->dirty = true;
}

void pop_overlay(struct ui *ui, struct overlay *o)
{
	ui->overlays = o->below;
	ui->dirty = true;
}

static void tell(struct ui *ui, enum ui_style style, const char *fmt, va_list ap)
{
	vsnprintf(ui->message, sizeof(ui->message), fmt, ap);
	ui->message_style = style;
	ui->message_until_ms = now_ms() + MESSAGE_MS;
	ui->message_fresh = true;
	ui->dirty = true;
}

void ui_say(struct ui *ui, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	tell(ui, UI_BOLD, fmt, ap);
	va_end(ap);
}

void ui_fail(struct ui *ui, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	tell(ui, UI_BAD, fmt, ap);
	va_end(ap);
}

void ui_command(struct ui *ui, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(ui->command, sizeof(ui->command), fmt, ap);
	va_end(ap);
	ui->message_until_ms = now_ms() + MESSAGE_MS;
	ui->message_fresh = true;
	ui->dirty = true;
}

void forget_message(struct ui *ui)
{
	ui->message[0] = ui->command[0] = '\0';
	ui->dirty = true;
}

/* --- waiting --------------------------------------------------------------- */

void ui_watch(struct ui *ui, int fd, void (*fn)(struct ui *ui, void *ctx), void *ctx)
{
	ui_unwatch(ui, fd);
	if (ui->nwatches < WATCHES_MAX)
		ui->watches[ui->nwatches++] = (struct watch){ fd, fn, ctx };
}

void ui_unwatch(struct ui *ui, int fd)
{
	for (size_t i = 0; i < ui->nwatches; i++) {
		if (ui->watches[i].fd == fd) {
			ui->watches[i] = ui->watches[--ui->nwatches];
			return;
		}
	}
}

static int sooner(int64_t at_ms, int64_t now, int wait)
{
	int left = at_ms <= now ? 0 : at_ms - now > 60000 ? 60000 : (int)(at_ms - now);

	return wait < 0 || left < wait ? left : wait;
}

static int wait_ms(struct ui *ui)
{
	struct frame *top = top_frame(ui);
	int64_t now = now_ms();
	int wait = -1;

	if (top && top->due_ms >= 0)
		wait = sooner(top->due_ms, now, wait);
	if (*ui->message || *ui->command)
		wait = sooner(ui->message_until_ms, now, wait);
	if (ui->options.idle && !ui->serving_idle)
		wait = sooner(ui->idle_due_ms, now, wait);
	return wait;
}

static void refresh_top(struct ui *ui)
{
	struct frame *top = top_frame(ui);

	if (!top)
		return;
	top->due_ms = top->screen->refresh_ms ? now_ms() + top->screen->refresh_ms : -1;
	if (top->screen->refresh)
		top->screen->refresh(ui, top->self);
	ui->dirty = true;
}

void ui_refresh(struct ui *ui)
{
	refresh_top(ui);
}

static void serve_idle(struct ui *ui)
{
	int64_t now = now_ms();

	if (!ui->options.idle || ui->serving_idle || now < ui->idle_due_ms)
		return;
	ui->idle_due_ms = now + IDLE_MS;
	ui->serving_idle = true;
	ui->options.idle(ui, now - ui->last_key_ms);
	ui->serving_idle = false;
}

static void serve_timers(struct ui *ui)
{
	struct frame *top = top_frame(ui);

	if (top && top->due_ms >= 0 && top->due_ms <= now_ms())
		refresh_top(ui);
	if ((*ui->message || *ui->command) && ui->message_until_ms <= now_ms())
		forget_message(ui);
	serve_idle(ui);
}

/* A callback may run a dialog, and so this loop, inside itself: what poll() said is
 * then out of date. */
static void serve_watches(struct ui *ui, const struct pollfd *p, size_t n)
{
	unsigned long turn = ui->turns;

	for (size_t i = 1; i < n && turn == ui->turns; i++) {
		if (!p[i].revents)
			continue;
		for (size_t w = 0; w < ui->nwatches; w++) {
			if (ui->watches[w].fd == p[i].fd) {
				ui->watches[w].fn(ui, ui->watches[w].ctx);
				ui->dirty = true;
				break;
			}
		}
	}
}

/* The terminal is gone (the line hung up): nobody is there any more. */
static void hung_up(struct ui *ui)
{
	ui_quit(ui, 0);
}

int step(struct ui *ui)
{
	struct pollfd p[WATCHES_MAX + 1] = { { .fd = STDIN_FILENO, .events = POLLIN } };
	size_t n = 1;
	int key = term_key(ui);

	ui->turns++;
	if (key == UI_KEY_NONE) {
		if (ui->dirty)
			draw_all(ui);
		for (size_t i = 0; i < ui->nwatches; i++)
			p[n++] = (struct pollfd){ .fd = ui->watches[i].fd, .events = POLLIN };
		if (poll(p, (nfds_t)n, wait_ms(ui)) < 0 && errno != EINTR)
			hung_up(ui);
		if (p[0].revents & (POLLHUP | POLLERR | POLLNVAL) &&
		    !(p[0].revents & POLLIN))
			hung_up(ui);
		serve_watches(ui, p, n);
		key = term_key(ui);
		if (key == UI_KEY_NONE && p[0].revents & POLLHUP)
			hung_up(ui);
		serve_timers(ui);
	}
	if (key != UI_KEY_NONE) {
		ui->last_key_ms = now_ms();
		ui->idle_due_ms = ui->last_key_ms + IDLE_MS;
		ui->dirty = true;
	}
	if (key == UI_CTRL('l'))
		clearok(stdscr, TRUE);
	return key;
}

/* --- the stack ------------------------------------------------------------- */

bool ui_push(struct ui *ui, const struct ui_screen *screen, const void *arg)
{
	struct frame *f = &ui->frames[ui->n];

	if (ui->n == FRAMES_MAX) {
		ui_fail(ui, "Too many screens are open: close some with Esc");
		return false;
	}
	*f = (struct frame){ .screen = screen, .self = calloc(1, screen->size + 1) };
	if (!f->self || (screen->open && !screen->open(ui, f->self, arg))) {
		free(f->self);
		return false;
	}
	ui->n++;
	refresh_top(ui);
	return true;
}

void ui_pop(struct ui *ui)
{
	struct frame *top = top_frame(ui);

	if (top)
		top->closing = true;
	ui->dirty = true;
}

void ui_switch(struct ui *ui, const struct ui_screen *screen)
{
	size_t old = ui->n;

	if (ui_push(ui, screen, NULL)) {
		for (size_t i = 0; i < old; i++)
			ui->frames[i].closing = true;
	}
}

/* Frees what was closed. What lies below is shown anew, so it is fetched anew. */
static void sweep(struct ui *ui)
{
	size_t kept = 0;
	bool swept = false;

	for (size_t i = 0; i < ui->n; i++) {
		struct frame *f = &ui->frames[i];

		if (!f->closing) {
			ui->frames[kept++] = *f;
			continue;
		}
		if (f->screen->close)
			f->screen->close(ui, f->self);
		free(f->self);
		swept = true;
	}
	ui->n = kept;
	if (swept && kept && !ui->quit)
		refresh_top(ui);
}

static bool main_screen_key(struct ui *ui, int key)
{
	size_t i = (size_t)(key - '1');

	if (key < '1' || key > '9' || i >= ui_nmain_screens)
		return false;
	ui_switch(ui, ui_main_screens[i]);
	return true;
}

/* Tab and Shift-Tab walk along the main screens. */
static bool tab_key(struct ui *ui, int key)
{
	size_t at = 0;

	if ((key != UI_KEY_TAB && key != UI_KEY_BACKTAB) || ui->n != 1)
		return false;
	while (at < ui_nmain_screens && ui_main_screens[at] != ui->frames[0].screen)
		at++;
	at += key == UI_KEY_TAB ? 1 : ui_nmain_screens - 1;
	ui_switch(ui, ui_main_screens[at % ui_nmain_screens]);
	return true;
}

static void back(struct ui *ui)
{
	if (ui->n > 1)
		ui_pop(ui);
	else
		ui_say(ui, "F10 leaves the console");
}

static bool global_key(struct ui *ui, int key)
{
	switch (key) {
	case UI_KEY_F1:
	case '?':
		show_help(ui);
		return true;
	case UI_KEY_F5:
		refresh_top(ui);
		return true;
	case UI_KEY_F0 + 9:
		if (ui->options.lock)
			ui->options.lock(ui);
		return true;
	case UI_KEY_F10:
	case UI_CTRL('c'):
		if (!ui->options.may_quit || ui->options.may_quit(ui))
			ui_quit(ui, 0);
		return true;
	case UI_KEY_ESC:
	case 'q':
		back(ui);
		return true;
	case '!':
		if (ui->options.shell)
			ui->options.shell(ui);
		return true;
	default:
		return main_screen_key(ui, key) || tab_key(ui, key);
	}
}

/* Rows may share a key (pause, resume): the first one that is possible is meant. */
static bool action_key(struct ui *ui, struct frame *top, int key)
{
	const struct ui_action *a = top->screen->actions;
	bool known = false;

	for (; a && a->key; a++) {
		if (a->key != key || !a->run)
			continue;
		known = true;
		if (!a->can || a->can(ui, top->self)) {
			a->run(ui, top->self);
			return true;
		}
	}
	if (known)
		ui_say(ui, "That is not possible here now");
	return known;
}

/* The screen is asked first, so that a search can take letters and Esc. */
static void dispatch(struct ui *ui, int key)
{
	struct frame *top = top_frame(ui);

	ui->message_fresh = false;
	if (!(top && top->screen->key && top->screen->key(ui, top->self, key)) &&
	    !(top && action_key(ui, top, key)))
		global_key(ui, key);
	if (!ui->message_fresh)
		forget_message(ui);
}

int ui_main(struct ui *ui, const struct ui_screen *first)
{
	if (!ui->n)
		ui_push(ui, first, NULL);
	while (!ui->quit && top_frame(ui)) {
		int key = step(ui);

		if (key != UI_KEY_NONE && key != UI_KEY_RESIZE && !ui->quit)
			dispatch(ui, key);
		sweep(ui);
	}
	for (size_t i = 0; i < ui->n; i++)
		ui->frames[i].closing = true;
	sweep(ui);
	return ui->status;
}

void ui_end(struct ui *ui)
{
	runs_end(ui);
	term_end(ui);
	free(ui);
}

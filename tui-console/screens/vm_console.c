/*
 * A guest's console inside the screen. All keys go to the guest, except the two that
 * the key line shows: one leaves, one scrolls back. What was on the screen is kept when
 * one leaves, so that coming back shows it again (app.h).
 *
 * The guest's side is a screen of at least 80x24, as guests on a serial line believe;
 * when ours is smaller, the part around the cursor is shown.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <termios.h>
#include <unistd.h>

#include "app.h"
#include "model/guest_term.h"
#include "model/vms.h"
#include "screens/screens.h"

#define KEY_LEAVE  UI_CTRL(']')
#define KEY_SCROLL (UI_KEY_F0 + 12)
#define LOG_DIR	   "/var/log/xen/console"
#define LOG_TAIL   65536
#define READ_MAX   65536 /* per turn of the loop */

struct vm_tty {
	struct guest_term *term;
	char name[DOM_NAME_SIZE];
	uint32_t domid;
	int fd; /* -1: not there (yet, or any more) */
	char problem[200];
	bool over;	 /* the guest is gone */
	bool scrolling;
	int top;	 /* row at the top of the screen while scrolling */
	char search[48];
	unsigned int quiet; /* refreshes without output since it was opened */
};

/* --- what is kept ------------------------------------------------------------ */

static void to_guest(void *ctx, const char *bytes, size_t len)
{
	struct vm_tty *v = ctx;

	/* what the pty does not take is lost, as on a serial line */
	if (v->fd >= 0 && write(v->fd, bytes, len) < 0 && errno != EAGAIN)
		snprintf(v->problem, sizeof(v->problem), "The console takes nothing: %s",
			 strerror(errno));
}

/* The kept screen of that domain, or a new one in the place of the oldest. */
static struct guest_term *take_term(struct ui *ui, const struct vm *vm)
{
	struct app *app = ui_app(ui);
	struct kept_term *k = app->terms;

	for (size_t i = 0; i < APP_TERMS; i++) {
		if (app->terms[i].term && app->terms[i].domid == vm->domid &&
		    !memcmp(app->terms[i].uuid, vm->uuid, 16)) {
			app->terms[i].used = ++app->terms_used;
			return app->terms[i].term;
		}
		if (app->terms[i].used < k->used)
			k = &app->terms[i];
	}
	gterm_free(k->term);
	*k = (struct kept_term){ .domid = vm->domid, .used = ++app->terms_used };
	memcpy(k->uuid, vm->uuid, 16);
	k->term = gterm_new(24, 80, to_guest);
	return k->term;
}

/* --- the line ---------------------------------------------------------------- */

static void hang_up(struct ui *ui, struct vm_tty *v)
{
	if (v->fd < 0)
		return;
	ui_unwatch(ui, v->fd);
	close(v->fd);
	v->fd = -1;
}

static void on_readable(struct ui *ui, void *ctx)
{
	struct vm_tty *v = ctx;
	char buf[4096];
	size_t got = 0;
	ssize_t n;

	do {
		n = read(v->fd, buf, sizeof(buf));
		if (n > 0) {
			gterm_write(v->term, buf, (size_t)n);
			got += (size_t)n;
			v->quiet = 0;
		}
	} while (n > 0 && got < READ_MAX);
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		hang_up(ui, v); /* it ended, or xenconsoled was started anew */
}

static int open_tty(const char *path, char *problem, size_t size)
{
	struct termios raw;
	int fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0) {
		snprintf(problem, size, "%s: %s", path, strerror(errno));
		return -1;
	}
	if (flock(fd, LOCK_EX | LOCK_NB)) {
		snprintf(problem, size, "It is in use by another session: leave that one "
			 "first.");
		close(fd);
		return -1;
	}
	if (!tcgetattr(fd, &raw)) {
		cfmakeraw(&raw);
		tcsetattr(fd, TCSANOW, &raw);
	}
	return fd;
}

/* Tries until there is a pty: the guest may just be starting, xenconsoled too. */
static void dial(struct ui *ui, struct vm_tty *v)
{
	struct dom *dom = app_dom(ui, NULL);
	struct dom_info info;
	char path[64];

	if (v->fd >= 0 || v->over || !dom)
		return;
	if (dom_get(dom, v->domid, &info, NULL) || strcmp(info.name, v->name)) {
		v->over = true;
		snprintf(v->problem, sizeof(v->problem), "The guest has ended.");
		return;
	}
	if (dom_console(dom, v->domid, path, sizeof(path), NULL)) {
		snprintf(v->problem, sizeof(v->problem), "Waiting for its console.");
		return;
	}
	v->fd = open_tty(path, v->problem, sizeof(v->problem));
	if (v->fd < 0)
		return;
	v->problem[0] = '\0';
	ui_watch(ui, v->fd, on_readable, v);
}

/* Somebody else has seen what the guest said so far: its log has it too. */
static void show_log(struct vm_tty *v)
{
	char path[sizeof(LOG_DIR) + DOM_NAME_SIZE + 16], *buf = malloc(LOG_TAIL);
	off_t size;
	ssize_t n = 0;
	int fd;

	snprintf(path, sizeof(path), LOG_DIR "/guest-%s.log", v->name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0 && buf) {
		size = lseek(fd, 0, SEEK_END);
		n = pread(fd, buf, LOG_TAIL, size > LOG_TAIL ? size - LOG_TAIL : 0);
	}
	for (ssize_t i = 0; i < n; i++) {
		if (buf[i] == '\n') /* a log may lack what a terminal wants */
			gterm_write(v->term, "\r", 1);
		gterm_write(v->term, buf + i, 1);
	}
	if (fd >= 0)
		close(fd);
	free(buf);
}

static bool open_console(struct ui *ui, void *self, const void *arg)
{
	const struct vm *vm = arg;
	struct vm_tty *v = self;

	v->fd = -1;
	v->domid = vm->domid;
	memcpy(v->name, vm->name, sizeof(v->name));
	v->term = take_term(ui, vm);
	if (!v->term) {
		ui_fail(ui, "The console cannot be shown: out of memory");
		return false;
	}
	gterm_connect(v->term, v);
	return true;
}

static void close_console(struct ui *ui, void *self)
{
	struct vm_tty *v = self;

	hang_up(ui, v);
	gterm_connect(v->term, NULL);
}

static void refresh_console(struct ui *ui, void *self)
{
	struct vm_tty *v = self;

	dial(ui, v);
	if (v->fd >= 0 && ++v->quiet == 2 && gterm_empty(v->term))
		show_log(v);
}

/* --- the screen ---------------------------------------------------------------- */

static void draw_rows(struct ui *ui, struct vm_tty *v, struct ui_rect area, int top)
{
	struct term_cell cell;

	for (int y = 0; y < area.h; y++) {
		for (int x = 0; x < area.w; x++) {
			gterm_get(v->term, top + y, x, &cell);
			ui_put_cell(ui, area.y + y, area.x + x, &(struct ui_cell){
				    .c = cell.c, .fg = cell.fg, .bg = cell.bg,
				    .bold = cell.bold, .underline = cell.underline,
				    .reverse = cell.reverse });
		}
	}
}

static void draw_console(struct ui *ui, void *self, struct ui_rect area)
{
	struct vm_tty *v = self;
	int rows = area.h > 24 ? area.h : 24, columns = area.w > 80 ? area.w : 80;
	int row, column, top = 0;
	bool visible;

	if (*v->problem)
		ui_put(ui, area.y + --area.h, area.x + 1, area.w - 2, UI_WARN, v->problem);
	gterm_resize(v->term, rows, columns);
	gterm_cursor(v->term, &row, &column, &visible);
	if (row >= area.h)
		top = row - area.h + 1;
	if (v->scrolling) {
		int last = rows - area.h;

		v->top = v->top > last ? last : v->top;
		v->top = v->top < -gterm_history(v->term) ? -gterm_history(v->term) : v->top;
		top = v->top;
	}
	draw_rows(ui, v, area, top);
	if (visible && !v->scrolling && v->fd >= 0)
		ui_cursor(ui, area.y + row - top, area.x + column);
}

/* --- keys ---------------------------------------------------------------------- */

static void search(struct ui *ui, struct vm_tty *v, bool again)
{
	int row;

	if (!again && !ui_input(ui, "Search back", "Text:", v->search, sizeof(v->search),
				NULL, NULL))
		return;
	if (gterm_find(v->term, v->search, v->top - 1, true, &row))
		v->top = row;
	else
		ui_fail(ui, "\"%s\" does not occur further up", v->search);
}

static bool scroll_key(struct ui *ui, struct vm_tty *v, int key)
{
	switch (key) {
	case UI_KEY_UP: case 'k':
		v->top--;
		return true;
	case UI_KEY_DOWN: case 'j':
		v->top++;
		return true;
	case UI_KEY_PAGE_UP: case UI_CTRL('u'): case UI_CTRL('b'):
		v->top -= 20;
		return true;
	case UI_KEY_PAGE_DOWN: case UI_CTRL('d'): case UI_CTRL('f'): case UI_KEY_SPACE:
		v->top += 20;
		return true;
	case UI_KEY_HOME: case 'g':
		v->top = -gterm_history(v->term);
		return true;
	case UI_KEY_END: case 'G':
		v->top = 1 << 20;
		return true;
	case '/': case 'n':
		search(ui, v, key == 'n' && *v->search);
		return true;
	case UI_KEY_ESC: case 'q': case KEY_SCROLL: case UI_KEY_ENTER:
		v->scrolling = false;
		return true;
	default:
		return false;
	}
}

static bool key_console(struct ui *ui, void *self, int key)
{
	struct vm_tty *v = self;

	if (key == KEY_LEAVE || (v->over && !v->scrolling && key == UI_KEY_ESC)) {
		ui_pop(ui);
		ui_command(ui, "xl console %s", v->name);
		return true;
	}
	if (v->scrolling)
		return scroll_key(ui, v, key) || key != UI_KEY_F1;
	if (key == KEY_SCROLL) {
		v->scrolling = true;
		v->top = 0;
		return true;
	}
	if (v->fd >= 0)
		gterm_key(v->term, key);
	return true;
}

static bool not_scrolling(struct ui *ui, void *self)
{
	(void)ui;
	return !((struct vm_tty *)self)->scrolling;
}

static bool is_scrolling(struct ui *ui, void *self)
{
	return !not_scrolling(ui, self);
}

static const char *subtitle(struct ui *ui, void *self)
{
	(void)ui;
	return ((struct vm_tty *)self)->name;
}

static const struct ui_action actions[] = {
	{ KEY_LEAVE, "Leave", "leave the console; the guest goes on", NULL, NULL },
	{ KEY_SCROLL, "Scroll back", "look at what has left the screen", NULL,
	  not_scrolling },
	{ UI_KEY_UP, "PgUp g G", "move", NULL, is_scrolling },
	{ '/', "Search", "search upwards while scrolling; n: again", NULL, is_scrolling },
	{ UI_KEY_ESC, "Back to now", "end scrolling", NULL, is_scrolling },
	{ 0 },
};

const struct ui_screen screen_vm_console = {
	.name = "console",
	.title = "Console",
	.help = "The console of a virtual machine. Every key goes to the guest, but those "
		"that the last line shows.",
	.size = sizeof(struct vm_tty),
	.refresh_ms = 500,
	.actions = actions,
	.whole = true,
	.open = open_console,
	.close = close_console,
	.refresh = refresh_console,
	.draw = draw_console,
	.key = key_console,
	.subtitle = subtitle,
};

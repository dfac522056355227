/*
 * box: see box.h. The only file that knows libdialog. libdialog takes char *
 * where it only reads; copies are made where it might write.
 */
#include "box.h"

#include <dialog.h>

#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <termios.h>

#include "text.h"

#define WIDTH_MAX 100
#define HELP_COLUMNS 70

static const char *head_line;
static const struct box *status_of;

static int box_width(void)
{
	int w = COLS - 4;

	return w > WIDTH_MAX ? WIDTH_MAX : w;
}

int box_columns(void)
{
	return box_width() - 4;
}

/* Lines that libdialog makes of a text. */
static int text_height(const char *text)
{
	int lines = 1, at = 0, n;

	for (const char *p = text; *p; p += n) {
		n = (int)strcspn(p, " \n");
		if (at > 0 && at + n > box_columns()) {
			lines++;
			at = 0;
		}
		at += n;
		if (p[n] == '\n') {
			lines++;
			at = 0;
		}
		if (p[n]) {
			at += p[n] == ' ';
			n++;
		}
	}
	return lines - (at == 0);
}

/* Height of a box with @more lines besides its text, as far as there is room. */
static int box_height(const char *text, int more)
{
	int h = text_height(text) + more + 4;

	return h > LINES - 5 ? LINES - 5 : h;
}

/* Lines of a list that fit below the text. */
static int list_height(const char *text, int n)
{
	int room = LINES - 5 - 6 - text_height(text);

	return n < room ? n : room;
}

static char *text_of(const char *text)
{
	return (char *)(uintptr_t)text;
}

/*
 * Does the terminal take UTF-8? It is asked where the cursor is behind a letter
 * of two octets. One that does not answer gets its own line-drawing characters.
 */
static bool takes_utf8(void)
{
	static const char ask[] = "\r\xc3\xa4\x1b[6n", clear[] = "\r\x1b[K";
	struct pollfd in = { .fd = 0, .events = POLLIN };
	struct termios old, raw;
	char answer[32] = "";
	size_t n = 0;

	if (tcgetattr(0, &old))
		return false;
	raw = old;
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	tcsetattr(0, TCSANOW, &raw);
	if (write(1, ask, sizeof(ask) - 1) > 0)
		while (n + 1 < sizeof(answer) && !strchr(answer, 'R') &&
		       poll(&in, 1, 500) > 0 && read(0, answer + n, 1) == 1)
			answer[++n] = '\0';
	tcsetattr(0, TCSANOW, &old);
	if (write(1, clear, sizeof(clear) - 1) < 0)
		return false;
	return strstr(answer, ";2R") != NULL;
}

void box_start(const char *head)
{
	/* libdialog looks at the environment itself. */
	unsetenv("LC_ALL");
	unsetenv("LANG");
	setenv("LC_CTYPE", takes_utf8() ? "C.UTF-8" : "C", 1);
	init_dialog(stdin, stdout);
	dialog_state.use_shadow = FALSE;
	dialog_state.no_mouse = TRUE;
	head_line = head;
	dialog_vars.backtitle = text_of(head);
	dlg_put_backtitle();
}

void box_stop(void)
{
	dlg_clear();
	refresh();
	end_dialog();
}

/* --- the bottom line ------------------------------------------------------ */

static void status_draw(void)
{
	char text[256];
	int y = 0, x = 0;

	status_of->status(status_of->ctx, text, sizeof(text));
	attrset(screen_attr);
	getsyx(y, x);
	mvprintw(LINES - 1, 1, "%-*.*s", COLS - 3, COLS - 3, text);
	/* Only this line: the box lies above the rest of the screen. */
	untouchwin(stdscr);
	touchline(stdscr, LINES - 1, 1);
	wnoutrefresh(stdscr);
	setsyx(y, x);
	doupdate();
}

/*
 * All keys of libdialog come through this function (build.mk: --wrap): while it
 * waits for one, the bottom line is kept up to date. libdialog's own way, a
 * callback in the background, takes the Tab key away from the box.
 */
int __real_wget_wch(WINDOW *win, wint_t *key);
int __wrap_wget_wch(WINDOW *win, wint_t *key);

int __wrap_wget_wch(WINDOW *win, wint_t *key)
{
	int got;

	if (!status_of)
		return __real_wget_wch(win, key);
	wtimeout(win, 1000);
	while ((got = __real_wget_wch(win, key)) == ERR) {
		/* A terminal that is gone never gives a key. */
		if (!isatty(0))
			break;
		status_draw();
	}
	wtimeout(win, -1);
	return got;
}

static void status_start(const struct box *b)
{
	if (!b->status)
		return;
	status_of = b;
	status_draw();
}

static void status_stop(void)
{
	if (!status_of)
		return;
	status_of = NULL;
	move(LINES - 1, 0);
	attrset(screen_attr);
	clrtoeol();
}

/* --- before and after each box -------------------------------------------- */

/* The help text as a file that libdialog can open; -1: none. */
static int help_start(const struct box *b, char *path, size_t size)
{
	char text[2048], line[1024];
	struct text t;
	int fd;

	if (!b->help)
		return -1;
	fd = memfd_create("help", MFD_CLOEXEC);
	if (fd < 0)
		return -1;
	t = text_in(text, sizeof(text));
	for (const char *p = b->help; *p; p += strcspn(p, "\n"), p += *p == '\n') {
		snprintf(line, sizeof(line), "%.*s", (int)strcspn(p, "\n"), p);
		text_wrap(&t, 0, HELP_COLUMNS, line);
		text_add(&t, "\n");
	}
	if (write(fd, text, t.used) < 0) {
		close(fd);
		return -1;
	}
	snprintf(path, size, "/proc/self/fd/%d", fd);
	dialog_vars.help_file = path;
	dialog_vars.help_line = text_of("F1 explains this page");
	return fd;
}

struct shown {
	DIALOG_VARS saved;
	char help[32];
	int help_fd;
};

static void show(struct shown *s, const struct box *b)
{
	dlg_save_vars(&s->saved);
	dlg_clear();
	dlg_put_backtitle();
	s->help_fd = help_start(b, s->help, sizeof(s->help));
	dialog_vars.ok_label = text_of(b->next ? b->next : "Next");
	dialog_vars.yes_label = dialog_vars.ok_label;
	dialog_vars.cancel_label = text_of(b->back ? b->back : "Back");
	dialog_vars.no_label = dialog_vars.cancel_label;
	dialog_vars.nocancel = b->back && !*b->back;
	/* -1: in a form, the first field is marked. */
	dialog_vars.default_button = b->preset_back ? DLG_EXIT_CANCEL : -1;
	dialog_vars.defaultno = b->preset_back;
	status_start(b);
}

static enum box_end unshow(struct shown *s, int code)
{
	status_stop();
	if (s->help_fd >= 0)
		close(s->help_fd);
	dlg_restore_vars(&s->saved);
	switch (code) {
	case DLG_EXIT_OK:
		return BOX_NEXT;
	case DLG_EXIT_CANCEL:
		return BOX_BACK;
	case DLG_EXIT_EXTRA:
		return BOX_CHANGE;
	default:
		return BOX_ESC;
	}
}

/* Between the box's frames: the list's own, a check box, the gap behind a tag. */
#define LIST_FRAME 12

/* A line that the list cuts off is shown in full at the screen's bottom. */
static bool is_cut(const struct box_item *item)
{
	return (int)(strlen(item->tag) + strlen(item->text)) + LIST_FRAME >
	       box_columns();
}

static DIALOG_LISTITEM *list_of(const struct box *b, const struct box_item *items,
				int n)
{
	DIALOG_LISTITEM *list = calloc((size_t)n + 1, sizeof(*list));

	for (int i = 0; list && i < n; i++) {
		list[i].name = text_of(items[i].tag);
		list[i].text = text_of(items[i].text);
		list[i].help = text_of("");
		if (!b->status && is_cut(&items[i])) {
			list[i].help = list[i].text;
			dialog_vars.item_help = TRUE;
		}
		list[i].state = items[i].on;
	}
	return list;
}

static int run_menu(const struct box *b, const struct box_item *items, int n,
		    int *current)
{
	DIALOG_LISTITEM *list = list_of(b, items, n);
	int code, height = list_height(b->text, n);

	if (!list)
		return DLG_EXIT_ERROR;
	if (*current >= 0 && *current < n)
		dialog_vars.default_item = list[*current].name;
	code = dlg_menu(b->title, b->text, box_height(b->text, height + 2),
			box_width(), height, n, list, current,
			dlg_dummy_menutext);
	free(list);
	return code;
}

enum box_end box_menu(const struct box *b, const struct box_item *items, int n,
		      int *current)
{
	struct shown s;

	show(&s, b);
	return unshow(&s, run_menu(b, items, n, current));
}

enum box_end box_settings(const struct box *b, const struct box_item *items,
			  int n, int *current)
{
	struct shown s;
	enum box_end end;

	/* Enter on a line is libdialog's "OK": the roles change places. */
	show(&s, b);
	dialog_vars.extra_button = TRUE;
	dialog_vars.extra_label = dialog_vars.ok_label;
	dialog_vars.ok_label = text_of("Change");
	end = unshow(&s, run_menu(b, items, n, current));
	if (end == BOX_NEXT)
		return BOX_CHANGE;
	return end == BOX_CHANGE ? BOX_NEXT : end;
}

enum box_end box_check(const struct box *b, struct box_item *items, int n)
{
	DIALOG_LISTITEM *list;
	struct shown s;
	int code = DLG_EXIT_ERROR, current = 0;
	int height = list_height(b->text, n);

	show(&s, b);
	list = list_of(b, items, n);
	if (list)
		code = dlg_checklist(b->title, b->text,
				     box_height(b->text, height + 2),
				     box_width(), height, n, list, " *",
				     FLAG_CHECK, &current);
	for (int i = 0; list && i < n; i++)
		items[i].on = list[i].state;
	free(list);
	return unshow(&s, code);
}

/* --- forms ---------------------------------------------------------------- */

static void form_item(DIALOG_FORMITEM *item, const struct box_field *f, int y,
		      int column)
{
	int width = box_width() - column - 8;

	item->type = f->secret ? 1 : 0;
	item->name = text_of(f->label);
	item->name_len = (int)strlen(f->label);
	item->name_y = y;
	item->name_x = 1;
	item->text = strdup(f->text);
	item->text_free = TRUE;
	item->text_len = (int)strlen(f->text);
	item->text_y = y;
	item->text_x = column;
	item->text_flen = width;
	item->text_ilen = BOX_VALUE_MAX - 1;
	item->help = text_of("");
}

enum box_end box_form(const struct box *b, const struct box_field *fields,
		      int n)
{
	DIALOG_FORMITEM *items = calloc((size_t)n + 1, sizeof(*items));
	struct shown s;
	int code = DLG_EXIT_ERROR, column = 0, current = 0;

	show(&s, b);
	dialog_vars.insecure = TRUE;
	for (int i = 0; i < n; i++)
		if ((int)strlen(fields[i].label) + 3 > column)
			column = (int)strlen(fields[i].label) + 3;
	for (int i = 0; items && i < n; i++)
		form_item(&items[i], &fields[i], i, column);
	if (items)
		code = dlg_form(b->title, b->text, box_height(b->text, n + 2),
				box_width(), n, n, items, &current);
	/* What was typed is kept on the way back, too. */
	for (int i = 0; items && i < n; i++)
		snprintf(fields[i].text, BOX_VALUE_MAX, "%s",
			 items[i].text ? items[i].text : "");
	if (items)
		dlg_free_formitems(items);
	return unshow(&s, code);
}

enum box_end box_input(const struct box *b, char *text)
{
	struct shown s;
	int code;

	show(&s, b);
	dialog_vars.max_input = BOX_VALUE_MAX - 1;
	dlg_clr_result();
	code = dialog_inputbox(b->title, b->text, box_height(b->text, 3),
			       box_width(), text, 0);
	if (code == DLG_EXIT_OK && dialog_vars.input_result)
		snprintf(text, BOX_VALUE_MAX, "%s", dialog_vars.input_result);
	dlg_clr_result();
	return unshow(&s, code);
}

/* --- texts ---------------------------------------------------------------- */

enum box_end box_ask(const struct box *b)
{
	struct shown s;

	show(&s, b);
	dialog_vars.extra_button = b->third != NULL;
	dialog_vars.extra_label = text_of(b->third);
	return unshow(&s, dialog_yesno(b->title, b->text,
				       box_height(b->text, 0), box_width()));
}

void box_say(const char *title, const char *text)
{
	const struct box b = { .title = title, .text = text };
	struct shown s;

	show(&s, &b);
	dialog_vars.ok_label = text_of("OK");
	unshow(&s, dialog_msgbox(title, text, box_height(text, 0), box_width(),
				 1));
}

void box_file(const char *title, const char *path)
{
	const struct box b = { .title = title };
	struct shown s;

	show(&s, &b);
	dialog_vars.exit_label = text_of("Close");
	unshow(&s, dialog_textbox(title, path, LINES - 3, COLS - 4));
}

void box_wait(const char *title, const char *text)
{
	const struct box b = { .title = title };
	struct shown s;

	show(&s, &b);
	unshow(&s, dialog_msgbox(title, text, box_height(text, 0), box_width(),
				 0));
}

/* --- progress ------------------------------------------------------------- */

/* The last @rows lines of the file, each cut to @width. */
static void draw_tail(WINDOW *win, const char *path, int rows, int width)
{
	char line[512];
	char *last[200] = { NULL };
	size_t n = 0, room = (size_t)(rows < 200 ? rows : 200);
	FILE *f = fopen(path, "re");

	while (f && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\r\n")] = '\0';
		free(last[n % room]);
		last[n++ % room] = strdup(line);
	}
	if (f)
		fclose(f);
	for (size_t i = 0; i < room; i++) {
		size_t at = n > room ? (n + i) % room : i;

		mvwprintw(win, (int)i + 2, 2, "%-*.*s", width, width,
			  last[at] ? last[at] : "");
	}
	for (size_t i = 0; i < room; i++)
		free(last[i]);
}

static void draw_bar(WINDOW *win, int y, int width, int percent)
{
	int full = width * percent / 100;

	for (int x = 0; x < width; x++) {
		(void)wattrset(win, x < full ? gauge_attr | A_REVERSE :
						 gauge_attr);
		mvwaddch(win, y, 4 + x, ' ');
	}
	(void)wattrset(win, dialog_attr);
	mvwprintw(win, y + 2, 4, "%d %%", percent);
}

void box_progress_draw(const struct box_progress *p)
{
	int h = p->show_log ? LINES - 4 : 11, w = box_width();
	WINDOW *win;

	dlg_clear();
	dlg_put_backtitle();
	win = dlg_new_window(h, w, (LINES - h) / 2, (COLS - w) / 2);
	if (!win)
		return;
	dlg_draw_box2(win, 0, 0, h, w, dialog_attr, border_attr, border2_attr);
	(void)wattrset(win, dialog_attr);
	dlg_draw_title(win, p->show_log ? "Log" : p->title);
	if (p->show_log) {
		draw_tail(win, p->log, h - 5, w - 4);
		mvwprintw(win, h - 2, 2, "%3d %%   Tab: back to the bar",
			  p->percent);
	} else {
		mvwprintw(win, 2, 4, "%-*.*s", w - 8, w - 8, p->text);
		draw_bar(win, 4, w - 8, p->percent);
		mvwprintw(win, h - 2, 4, "Tab: what is being done (log)");
	}
	wmove(win, h - 1, w - 1);
	wrefresh(win);
	dlg_del_window(win);
}

bool box_progress_key(int ms)
{
	int key;

	timeout(ms);
	key = getch();
	timeout(-1);
	return key == '\t';
}

void box_outside(const char *const argv[])
{
	pid_t pid;

	box_stop();
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		execvp(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	while (pid > 0 && waitpid(pid, NULL, 0) < 0)
		continue;
	box_start(head_line);
}

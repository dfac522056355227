/*
 * The terminal: what it can do, its keys. ncurses does the drawing; asked by escape
 * sequences, before ncurses starts, are only the two things that no description
 * knows: whether it takes UTF-8, and the size of a screen behind a serial line.
 */
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "ui/priv.h"
#include "ui/terminfo.h"
#include "ui/text.h"

#define ANSWER_MS 400

static ssize_t read_byte(char *c, int64_t until)
{
	struct pollfd p = { .fd = STDIN_FILENO, .events = POLLIN };
	int64_t left = until - now_ms();

	if (left <= 0 || poll(&p, 1, (int)left) <= 0)
		return 0;
	return read(STDIN_FILENO, c, 1);
}

/* The answer to "where is the cursor": ESC [ row ; column R. */
static bool read_position(int *row, int *column)
{
	int64_t until = now_ms() + ANSWER_MS;
	char text[32];
	size_t n = 0;

	while (n < sizeof(text) - 1 && read_byte(&text[n], until) == 1) {
		if (n == 0 && text[0] != 27)
			continue;
		if (text[n++] == 'R') {
			text[n] = '\0';
			return sscanf(text + 1, "[%d;%dR", row, column) == 2;
		}
	}
	return false;
}

static bool ask(const char *sequence, int *row, int *column)
{
	size_t n = strlen(sequence);

	return write(STDOUT_FILENO, sequence, n) == (ssize_t)n && read_position(row, column);
}

static bool locale_says_utf8(void)
{
	static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };

	for (size_t i = 0; i < 3; i++) {
		const char *value = getenv(names[i]);

		if (value && *value)
			return text_contains(value, "utf-8") || text_contains(value, "utf8");
	}
	return false;
}

/* Two bytes that are one character in UTF-8: one cell or two? */
static bool find_utf8(bool answers)
{
	int row, column;

	if (!answers)
		return locale_says_utf8();
	answers = ask("\r\xc3\xa9\033[6n", &row, &column);
	if (write(STDOUT_FILENO, "\r  \r", 4) != 4)
		return false;
	return answers && column == 2;
}

/* A serial line has no size: ask, and keep the answer for all who come later. */
static void find_size(bool answers)
{
	struct winsize size = { .ws_row = 0 };
	int rows = 24, columns = 80;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || (size.ws_row && size.ws_col))
		return;
	if (answers && !ask("\0337\033[999;999H\033[6n", &rows, &columns)) {
		rows = 24;
		columns = 80;
	}
	if (answers && write(STDOUT_FILENO, "\0338", 2) != 2)
		return;
	size.ws_row = (unsigned short)rows;
	size.ws_col = (unsigned short)columns;
	ioctl(STDOUT_FILENO, TIOCSWINSZ, &size);
}

static bool probe(const char *name)
{
	struct termios saved, raw;
	bool utf8, answers;
	int row, column;

	if (tcgetattr(STDIN_FILENO, &saved))
		return locale_says_utf8();
	raw = saved;
	cfmakeraw(&raw);
	tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	answers = strcmp(name, "dumb") && ask("\033[6n", &row, &column);
	utf8 = find_utf8(answers);
	find_size(answers);
	tcsetattr(STDIN_FILENO, TCSANOW, &saved);
	return utf8;
}

/* Keys that terminals send whatever their description says. */
static void define_keys(void)
{
	static const struct {
		const char *sequence;
		int key;
	} keys[] = {
		{ "\033[A", KEY_UP }, { "\033[B", KEY_DOWN }, { "\033[C", KEY_RIGHT },
		{ "\033[D", KEY_LEFT }, { "\033OA", KEY_UP }, { "\033OB", KEY_DOWN },
		{ "\033OC", KEY_RIGHT }, { "\033OD", KEY_LEFT }, { "\033[H", KEY_HOME },
		{ "\033[F", KEY_END }, { "\033OH", KEY_HOME }, { "\033OF", KEY_END },
		{ "\033[1~", KEY_HOME }, { "\033[4~", KEY_END }, { "\033[7~", KEY_HOME },
		{ "\033[8~", KEY_END }, { "\033[2~", KEY_IC }, { "\033[3~", KEY_DC },
		{ "\033[5~", KEY_PPAGE }, { "\033[6~", KEY_NPAGE }, { "\033[Z", KEY_BTAB },
		{ "\033OP", KEY_F(1) }, { "\033OQ", KEY_F(2) }, { "\033OR", KEY_F(3) },
		{ "\033OS", KEY_F(4) }, { "\033[11~", KEY_F(1) }, { "\033[12~", KEY_F(2) },
		{ "\033[13~", KEY_F(3) }, { "\033[14~", KEY_F(4) }, { "\033[15~", KEY_F(5) },
		{ "\033[[A", KEY_F(1) }, { "\033[[B", KEY_F(2) }, { "\033[[C", KEY_F(3) },
		{ "\033[[D", KEY_F(4) }, { "\033[[E", KEY_F(5) }, { "\033[17~", KEY_F(6) },
		{ "\033[18~", KEY_F(7) }, { "\033[19~", KEY_F(8) }, { "\033[20~", KEY_F(9) },
		{ "\033[21~", KEY_F(10) }, { "\033[23~", KEY_F(11) },
		{ "\033[24~", KEY_F(12) },
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		define_key(keys[i].sequence, keys[i].key);
}

struct colour {
	short fg, bg;	      /* of 8 colours; -1: the terminal's own */
	short fg256, bg256;   /* of 256 */
	attr_t attr;	      /* with colours */
	attr_t mono;	      /* without */
};

static const struct colour colours[UI_STYLES] = {
	[UI_PLAIN] = { -1, -1, -1, -1, A_NORMAL, A_NORMAL },
	[UI_DIM] = { COLOR_CYAN, -1, 245, -1, A_NORMAL, A_NORMAL },
	[UI_BOLD] = { -1, -1, -1, -1, A_BOLD, A_BOLD },
	[UI_TITLE] = { COLOR_CYAN, -1, 80, -1, A_BOLD, A_BOLD },
	[UI_GOOD] = { COLOR_GREEN, -1, 71, -1, A_NORMAL, A_NORMAL },
	[UI_WARN] = { COLOR_YELLOW, -1, 179, -1, A_NORMAL, A_BOLD },
	[UI_BAD] = { COLOR_RED, -1, 167, -1, A_BOLD, A_BOLD },
	[UI_ACCENT] = { COLOR_CYAN, -1, 110, -1, A_NORMAL, A_BOLD },
	[UI_SELECTED] = { COLOR_BLACK, COLOR_CYAN, 231, 24, A_NORMAL, A_REVERSE },
	[UI_BAR] = { COLOR_WHITE, COLOR_BLUE, 252, 236, A_NORMAL, A_REVERSE },
	[UI_FIELD] = { COLOR_WHITE, COLOR_BLUE, 255, 238, A_NORMAL, A_UNDERLINE },
};

static void start_styles(struct ui *ui)
{
	bool many;

	ui->colours = has_colors() && !getenv("NO_COLOR");
	if (ui->colours) {
		start_color();
		use_default_colors();
	}
	many = COLORS >= 256;
	for (short i = 0; i < UI_STYLES; i++) {
		const struct colour *c = &colours[i];

		ui->attr[i] = (int)c->mono;
		if (!ui->colours)
			continue;
		init_pair((short)(i + 1), many ? c->fg256 : c->fg, many ? c->bg256 : c->bg);
		ui->attr[i] = (int)(c->attr | (attr_t)COLOR_PAIR(i + 1));
	}
}

static void set_modes(void)
{
	raw();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	set_escdelay(80);
	curs_set(0);
}

bool term_start(struct ui *ui, char *problem, size_t size)
{
	const char *name = getenv("TERM");

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
		snprintf(problem, size, "there is no terminal: start it on a screen, a "
			 "serial line or by ssh -t");
		return false;
	}
	if (!name || !*name)
		name = "vt100";
	ui->utf8 = probe(name);
	setlocale(LC_ALL, ui->utf8 ? "C.UTF-8" : "C");
	ui->term = newterm(name, stdout, stdin);
	if (!ui->term) { /* a terminal that we have no description of */
		name = "vt100";
		ui->term = newterm(name, stdout, stdin);
	}
	if (!ui->term) {
		snprintf(problem, size, "no terminal description: /usr/share/terminfo is "
			 "missing");
		return false;
	}
	if (!term_can_place()) {
		term_end(ui);
		snprintf(problem, size, "this terminal (%s) cannot place characters: set "
			 "TERM to what it is, vt100 say", name);
		return false;
	}
	set_modes();
	term_no_repeat();
	define_keys();
	start_styles(ui);
	getmaxyx(stdscr, ui->rows, ui->columns);
	return true;
}

void term_end(struct ui *ui)
{
	if (!ui->term)
		return;
	endwin();
	delscreen(ui->term);
	ui->term = NULL;
}

void term_suspend(struct ui *ui)
{
	(void)ui;
	erase();
	refresh();
	endwin();
}

void term_resume(struct ui *ui)
{
	refresh();
	set_modes();
	clearok(stdscr, TRUE);
	getmaxyx(stdscr, ui->rows, ui->columns);
	ui->dirty = true;
}

static int translate(int key)
{
	static const struct {
		int from, to;
	} table[] = {
		{ KEY_UP, UI_KEY_UP }, { KEY_DOWN, UI_KEY_DOWN }, { KEY_LEFT, UI_KEY_LEFT },
		{ KEY_RIGHT, UI_KEY_RIGHT }, { KEY_HOME, UI_KEY_HOME },
		{ KEY_END, UI_KEY_END }, { KEY_PPAGE, UI_KEY_PAGE_UP },
		{ KEY_NPAGE, UI_KEY_PAGE_DOWN }, { KEY_IC, UI_KEY_INSERT },
		{ KEY_DC, UI_KEY_DELETE }, { KEY_BACKSPACE, UI_KEY_BACKSPACE },
		{ KEY_BTAB, UI_KEY_BACKTAB }, { KEY_ENTER, UI_KEY_ENTER },
		{ KEY_RESIZE, UI_KEY_RESIZE },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (table[i].from == key)
			return table[i].to;
	}
	if (key >= KEY_F(1) && key <= KEY_F(12))
		return UI_KEY_F0 + key - KEY_F0;
	return UI_KEY_NONE;
}

/* Behind an Escape that begins no sequence we know: swallows one that we do not. */
static void swallow_sequence(void)
{
	wint_t c;

	if (get_wch(&c) == ERR)
		return;
	if (c != '[' && c != 'O') {
		unget_wch((wchar_t)c);
		return;
	}
	while (get_wch(&c) != ERR && (c < 0x40 || c > 0x7e))
		;
}

int term_key(struct ui *ui)
{
	wint_t c;
	int kind = get_wch(&c);

	if (kind == ERR)
		return UI_KEY_NONE;
	if (kind == KEY_CODE_YES) {
		if (c == KEY_RESIZE) {
			getmaxyx(stdscr, ui->rows, ui->columns);
			ui->dirty = true;
		}
		return translate((int)c);
	}
	if (c == 27)
		swallow_sequence();
	if (c == 8 || c == 127)
		return UI_KEY_BACKSPACE;
	return c == '\n' ? UI_KEY_ENTER : (int)c;
}

const char *ui_key_name(int key, char buf[16])
{
	static const struct {
		int key;
		const char *name;
	} names[] = {
		{ UI_KEY_TAB, "Tab" }, { UI_KEY_ENTER, "Enter" }, { UI_KEY_ESC, "Esc" },
		{ UI_KEY_SPACE, "Space" }, { UI_KEY_UP, "Up" }, { UI_KEY_DOWN, "Down" },
		{ UI_KEY_LEFT, "Left" }, { UI_KEY_RIGHT, "Right" },
		{ UI_KEY_HOME, "Home" }, { UI_KEY_END, "End" },
		{ UI_KEY_PAGE_UP, "PgUp" }, { UI_KEY_PAGE_DOWN, "PgDn" },
		{ UI_KEY_INSERT, "Ins" }, { UI_KEY_DELETE, "Del" },
		{ UI_KEY_BACKSPACE, "Backspace" }, { UI_KEY_BACKTAB, "Shift-Tab" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i].key == key)
			return strcpy(buf, names[i].name);
	}
	if (key > UI_KEY_F0 && key <= UI_KEY_F12)
		snprintf(buf, 16, "F%d", key - UI_KEY_F0);
	else if (key > 0 && key < 32)
		snprintf(buf, 16, "^%c", key + 64);
	else
		text_encode(key > 0 && key < 0x110000 ? (uint32_t)key : '?', buf);
	return buf;
}

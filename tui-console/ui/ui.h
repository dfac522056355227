/*
 * ui: the thin layer between the console's screens and ncurses. A screen never
 * calls ncurses; it draws with ui_put() and its friends, and lives in a struct
 * ui_screen. What is here: the screen stack and its loop, keys, tables, forms,
 * meters, sparklines, dialogs, commands in the background.
 *
 * Rules:
 *  - One thread, one struct ui. Callbacks are called from the loop; a dialog or
 *    form runs the loop inside itself (screens below go on being refreshed and
 *    redrawn), so its caller reads as a straight line. Behind a dialog the screen's
 *    data may therefore be other data: copy names out before asking.
 *  - Callbacks must not block for more than some 50 ms: run slow commands by
 *    ui_run_start() (in the background) or ui_progress() (with a bar).
 *  - Texts are UTF-8. On a terminal without UTF-8 other characters than ASCII
 *    come out as '?', so keep fixed texts to ASCII. Control characters in a
 *    text are shown as '?': nothing a guest wrote can reach the terminal.
 *  - Everything drawn is clipped to what is there. The least size is 80x24.
 */
#ifndef UI_UI_H
#define UI_UI_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct ui;

struct ui_rect {
	int y, x, h, w;
};

/* Colours where the terminal has them; bold, reverse and plain where not. */
enum ui_style {
	UI_PLAIN,
	UI_DIM,	     /* secondary: units, hints, headings of columns */
	UI_BOLD,     /* names, values one looks for */
	UI_TITLE,    /* heading of a box or a section */
	UI_GOOD,     /* running, done, link up */
	UI_WARN,     /* paused, nearly full */
	UI_BAD,	     /* crashed, failed, full */
	UI_ACCENT,   /* keys, the second kind of a thing */
	UI_SELECTED, /* the line under the cursor */
	UI_BAR,	     /* header and key line */
	UI_FIELD,    /* where one types */
	UI_STYLES
};

/* --- keys ----------------------------------------------------------------- */
/* A key is a Unicode character, or one of these. */
enum ui_key {
	UI_KEY_NONE = 0,
	UI_KEY_TAB = 9,
	UI_KEY_ENTER = 13,
	UI_KEY_ESC = 27,
	UI_KEY_SPACE = 32,
	UI_KEY_UP = 0x200000,
	UI_KEY_DOWN,
	UI_KEY_LEFT,
	UI_KEY_RIGHT,
	UI_KEY_HOME,
	UI_KEY_END,
	UI_KEY_PAGE_UP,
	UI_KEY_PAGE_DOWN,
	UI_KEY_INSERT,
	UI_KEY_DELETE,
	UI_KEY_BACKSPACE,
	UI_KEY_BACKTAB,
	UI_KEY_F0, /* UI_KEY_F0 + n is Fn */
	UI_KEY_F1,
	UI_KEY_F5 = UI_KEY_F0 + 5,
	UI_KEY_F10 = UI_KEY_F0 + 10,
	UI_KEY_F12 = UI_KEY_F0 + 12,
	UI_KEY_RESIZE, /* the terminal has another size; screens are redrawn anyway */
};
#define UI_CTRL(c) ((c) & 31)
/* "F5", "Enter", "x", "^X": for showing. */
const char *ui_key_name(int key, char buf[16]);

/* --- screens -------------------------------------------------------------- */

/*
 * What can be done on a screen: dispatch, key line and F1 help derive from it.
 * A table of these ends with a row whose key is 0.
 * Keys the console takes first, on every screen: F1 ? help, F5 refresh, F10 quit,
 * F9 lock, Esc q back, 1..9 the main screens, ! shell, ^L redraw. A table also takes
 * arrows, j k g G ^D ^U, PgUp PgDn Home End, / < > =. So use other letters.
 */
struct ui_action {
	int key;
	const char *label; /* one or two words for the key line; NULL: not shown there */
	const char *help;  /* one line for F1; NULL: not shown there */
	/* NULL: a key that the screen or its table takes; shown, not dispatched */
	void (*run)(struct ui *ui, void *self);
	bool (*can)(struct ui *ui, void *self); /* NULL: always; false: greyed, refused */
};

struct ui_screen {
	const char *name;  /* "storage": unique, also for `basalt --screen NAME` */
	const char *title; /* "Storage": the tab's and the header's text */
	const char *help;  /* some lines of text for F1, above the keys */
	size_t size;	   /* of its own struct, which is zeroed before open() */
	unsigned int refresh_ms; /* 0: only by F5 and by ui_refresh() */
	const struct ui_action *actions; /* may be NULL */
	bool whole; /* draws over all but the key line, and gets all keys first: F1, F10 */

	/* arg is what ui_push() was given (NULL for a main screen). false: it does
	 * not open (say why with ui_fail() or ui_error()). May be NULL. */
	bool (*open)(struct ui *ui, void *self, const void *arg);
	void (*close)(struct ui *ui, void *self);		/* may be NULL */
	/* Fetch anew what is shown. Called after open(), each refresh_ms, by F5. */
	void (*refresh)(struct ui *ui, void *self);		/* may be NULL */
	void (*draw)(struct ui *ui, void *self, struct ui_rect area);
	/* A key that is no action. true: it was used. May be NULL. */
	bool (*key)(struct ui *ui, void *self, int key);
	/* The text behind the title ("web1"); may be NULL. */
	const char *(*subtitle)(struct ui *ui, void *self);
};

/*
 * The main screens, in the order of their tabs and number keys: the table is in
 * main.c. A screen that is reached from another one needs no row there.
 */
extern const struct ui_screen *const ui_main_screens[];
extern const size_t ui_nmain_screens;

/* Puts a screen on top. arg is handed to its open() and need not live longer.
 * false: it did not open. */
bool ui_push(struct ui *ui, const struct ui_screen *screen, const void *arg);
/* Closes the screen on top once its callback has returned. */
void ui_pop(struct ui *ui);
/* Closes all and shows that main screen. */
void ui_switch(struct ui *ui, const struct ui_screen *screen);
/* Refreshes the screen on top at once. */
void ui_refresh(struct ui *ui);
/* What main.c keeps for all screens: see app.h. */
void *ui_app(struct ui *ui);

/* --- telling -------------------------------------------------------------- */
/* The message line: gone at the next key press that does something, or after
 * 10 s. */
void ui_say(struct ui *ui, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The same for what went wrong: "what: why: what to do". */
void ui_fail(struct ui *ui, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The command that does the same as what was just done, on the message line:
 * ui_command(ui, "xl pause %s", name). */
void ui_command(struct ui *ui, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* --- drawing: all in screen cells, all clipped ----------------------------- */
bool ui_utf8(struct ui *ui);
bool ui_colours(struct ui *ui);
/* Width of a text in cells. */
int ui_width(const char *text);
/* At most w cells (w < 0: as many as there are); returns the cells used. A text
 * that is too long ends in '~'. */
int ui_put(struct ui *ui, int y, int x, int w, enum ui_style style, const char *text);
int ui_putf(struct ui *ui, int y, int x, int w, enum ui_style style, const char *fmt,
	    ...) __attribute__((format(printf, 6, 7)));
/* The same, ending at column x + w - 1. */
void ui_put_right(struct ui *ui, int y, int x, int w, enum ui_style style,
		  const char *text);
/* Text with line breaks at blanks; returns the lines used (at most area.h). */
int ui_put_wrapped(struct ui *ui, struct ui_rect area, enum ui_style style,
		   const char *text);
void ui_fill(struct ui *ui, struct ui_rect area, enum ui_style style);
/* A thin line with a heading: "Disks -----------"; h is 1. */
void ui_heading(struct ui *ui, int y, int x, int w, const char *title);
/* A frame with a title; returns the room inside. */
struct ui_rect ui_box(struct ui *ui, struct ui_rect area, const char *title);
/* A bar of w cells for 0..1 (more is cut, NAN is "unknown"); it turns UI_WARN from
 * warn on and UI_BAD from bad on (2 for never). */
struct ui_limits {
	double warn, bad;
};
#define UI_FULL_LIMITS ((struct ui_limits){ 0.80, 0.95 }) /* what should not fill */
#define UI_LOAD_LIMITS ((struct ui_limits){ 2, 2 })	  /* what may be busy */
void ui_meter(struct ui *ui, int y, int x, int w, double fraction,
	      struct ui_limits limits);
/* The same all in one style: for the line under the cursor. */
void ui_meter_styled(struct ui *ui, int y, int x, int w, double fraction,
		     enum ui_style style);
/* One cell in any colours: for showing another terminal's screen. Colours -1 (the
 * usual one) or 0..255; c 0: the second half of a wide character. */
struct ui_cell {
	uint32_t c;
	int fg, bg;
	bool bold, underline, reverse;
};
void ui_put_cell(struct ui *ui, int y, int x, const struct ui_cell *cell);
/* Shows the terminal's cursor there until the next drawing. */
void ui_cursor(struct ui *ui, int y, int x);
/* n values, the newest last, at the right edge; max: the value of a full column (0:
 * the largest there is). Several rows high when area.h > 1. NAN leaves a gap. */
void ui_sparkline(struct ui *ui, struct ui_rect area, const double *values, size_t n,
		  double max, enum ui_style style);
/* "1.5 GiB", "12.0 K/s": short, at most 9 characters; a rate of nothing is "-". */
const char *ui_bytes(uint64_t bytes, char buf[16]);
const char *ui_rate(double bytes_per_s, char buf[16]);
/* "3d 04:05", "04:05:06": at most 9 characters. */
const char *ui_duration(uint64_t seconds, char buf[16]);

/* --- tables ---------------------------------------------------------------- */
/*
 * Rows and cells come from callbacks; the table keeps cursor, scroll position,
 * order and filter. The cursor stays on the same row (by id) when rows come, go
 * or change places. Columns that do not fit are left out from the right, lowest
 * importance first.
 */
enum ui_align { UI_LEFT, UI_RIGHT };

struct ui_column {
	const char *title; /* NULL ends the list */
	int width;	   /* least cells, without the blank between columns */
	int weight;	   /* share of the room left over; 0: stays at width */
	enum ui_align align;
	int importance;	   /* 0: never left out; higher goes first */
	bool descending;   /* sorts largest first at first */
};

struct ui_table;
struct ui_table_model {
	const struct ui_column *columns;
	size_t (*count)(void *ctx);
	/* Text of a cell. Also what the search looks at. */
	void (*cell)(void *ctx, size_t row, size_t column, char *buf, size_t size);
	/* < 0, 0, > 0; NULL: by the cells' texts, numbers by value */
	int (*compare)(void *ctx, size_t a, size_t b, size_t column);
	/* What the row is, whatever its place: NULL: the text of column 0 */
	uint64_t (*id)(void *ctx, size_t row);
	enum ui_style (*style)(void *ctx, size_t row, size_t column); /* may be NULL */
	/* Draws the cell itself (a meter) and returns true, or leaves it. May be NULL */
	bool (*draw)(struct ui *ui, void *ctx, size_t row, size_t column, int y, int x,
		     int w, bool selected);
	const char *empty; /* shown when there are no rows */
};

/* Zeroed, then model and ctx set; sort_column -1 for the model's own order. */
struct ui_table {
	const struct ui_table_model *model;
	void *ctx;
	int sort_column;
	bool reverse;
	/* private from here on */
	uint64_t selected_id;
	bool has_selected;
	size_t cursor, top;
	int page;
	char filter[48];
	bool filtering;
	uint32_t *order;
	size_t n, room;
};

void ui_table_init(struct ui_table *t, const struct ui_table_model *model, void *ctx,
		   int sort_column);
void ui_table_free(struct ui_table *t);
/* To be called when the rows have changed. */
void ui_table_update(struct ui_table *t);
void ui_table_draw(struct ui *ui, struct ui_table *t, struct ui_rect area);
/* true: it was a key of the table. */
bool ui_table_key(struct ui *ui, struct ui_table *t, int key);
/* Row under the cursor, as the model counts; SIZE_MAX when there is none. */
size_t ui_table_row(struct ui_table *t);
void ui_table_select(struct ui_table *t, uint64_t id);
/* The lines for F1. */
#define UI_TABLE_HELP "Arrows, j k, PgUp PgDn, g G move. / searches. < > choose the " \
	"column to sort by, = turns the order round."

/* --- forms ----------------------------------------------------------------- */
/*
 * A column of fields with labels, for a page of a wizard or a dialog. Each field
 * is checked when it is left and all of them at the end; what is wrong stands
 * below the field in words, and the form does not end well before it is mended.
 */
enum ui_field_kind {
	UI_TEXT,
	UI_NUMBER,   /* text buffer; digits only can be typed */
	UI_PASSWORD, /* text buffer, not shown */
	UI_CHOICE,   /* *value is the index into choices: Left, Right, Space, Enter: list */
	UI_CHECK,    /* *flag: Space */
	UI_NOTE,     /* label only: a line of text, no input */
	UI_HEADING,
	UI_BUTTON,   /* Enter calls pick() */
};

struct ui_form;
struct ui_field {
	enum ui_field_kind kind;
	const char *label;
	const char *hint; /* one line, shown while the cursor is here; may be NULL */
	char *text;	  /* UI_TEXT, UI_NUMBER, UI_PASSWORD: NUL-terminated, edited */
	size_t size;	  /* of text */
	const char *const *choices; /* UI_CHOICE: NULL-terminated, may change in between */
	int *value;
	bool *flag;
	/* false: put into problem (one line) why not. May be NULL. */
	bool (*check)(void *ctx, const struct ui_field *f, char *problem, size_t size);
	/* UI_TEXT: called by F4 (shown as "F4 choose"); UI_BUTTON: by Enter. */
	void (*pick)(struct ui *ui, void *ctx, struct ui_field *f);
	/* true: not shown, not checked. May be NULL. */
	bool (*hidden)(void *ctx, const struct ui_field *f);
};

enum ui_end { UI_CANCEL, UI_OK, UI_BACK };

struct ui_form {
	const char *title;
	const char *intro;	  /* some lines above; may be NULL */
	struct ui_field *fields;
	size_t n;
	void *ctx;		  /* for the callbacks */
	const char *ok;		  /* "Create", "Next"; NULL: "OK" */
	const char *back;	  /* NULL: there is no page before */
	/* Checks that concern several fields; puts the blame on *field. May be NULL */
	bool (*check)(void *ctx, size_t *field, char *problem, size_t size);
	/* The command that will be run, shown live below; may be NULL. */
	void (*command)(void *ctx, char *buf, size_t size);
};
/* Runs it as a page over the whole body. UI_CANCEL by Esc (asks first when
 * something was changed), UI_OK when all is right, UI_BACK by F3 or its button. */
enum ui_end ui_form_run(struct ui *ui, const struct ui_form *form);

/* Usual checks. */
bool ui_check_filled(void *ctx, const struct ui_field *f, char *problem, size_t size);

/* --- dialogs --------------------------------------------------------------- */
/* A text to be read; any of Enter, Esc closes it. Long texts scroll. */
void ui_message(struct ui *ui, const char *title, const char *text);
/* The same in the colours of trouble. */
void ui_error(struct ui *ui, const char *title, const char *text);
/* Asks; command (may be NULL) is shown as what would do the same; yes is the word
 * on the button ("Shut down"). danger: red, and "no" is preset. */
struct ui_question {
	const char *title, *text, *command, *yes;
	bool danger;
};
bool ui_confirm(struct ui *ui, const struct ui_question *q);
/* The same for what cannot be taken back: word (a name) must be typed. */
bool ui_confirm_typed(struct ui *ui, const struct ui_question *q, const char *word);
/* One of several; returns the index, or -1 for Esc. items ends with NULL. */
int ui_choose(struct ui *ui, const char *title, const char *const *items, int preset);
/* One line. true: text (preset with what it holds) was confirmed and check said
 * yes; check and hint may be NULL. */
bool ui_input(struct ui *ui, const char *title, const char *label, char *text,
	      size_t size,
	      bool (*check)(void *ctx, const struct ui_field *f, char *problem,
			    size_t size), void *ctx);
/* Covers everything until check() says that the password is right. */
void ui_wall(struct ui *ui, const char *title, const char *text,
	     bool (*check)(void *ctx, const char *password), void *ctx);
/* A file or directory on this host, from *path on; true: path is the choice.
 * suffixes: ".iso\0.img\0" or NULL for all; directories: a directory is chosen. */
struct ui_files {
	const char *title;
	const char *suffixes;
	bool directories;
};
bool ui_choose_file(struct ui *ui, const struct ui_files *f, char *path, size_t size);

/* --- other programs -------------------------------------------------------- */
/*
 * Runs argv in the background (no shell; stdin /dev/null) and calls done() from
 * the loop with its exit status (128 + n for a signal, 127: not started) and all
 * it wrote on stdout and stderr (at most 1 MiB, NUL-terminated, freed afterwards).
 * NULL: could not be started (done() is not called).
 */
struct ui_run;
typedef void ui_run_done(struct ui *ui, void *ctx, int status, const char *output);
struct ui_run *ui_run_start(struct ui *ui, char *const argv[], ui_run_done *done,
			    void *ctx);
/* Forgets about it: done() will not be called; the program gets SIGTERM. For
 * close(). NULL is fine. */
void ui_run_cancel(struct ui *ui, struct ui_run *run);

/*
 * Runs argv and shows a dialog until it ends; lines "NN text" on its stdout move
 * the bar ("-- text": no percentage known). Esc asks whether to stop it (SIGTERM;
 * the program cleans up behind itself). Returns its exit status, -1 when it was
 * stopped; what it wrote on stderr is shown when it failed.
 */
int ui_progress(struct ui *ui, const char *title, char *const argv[]);
/* Runs argv quietly with a "working" dialog after 300 ms; shows stderr when it
 * fails. Returns the exit status. For what takes a moment and cannot be stopped. */
int ui_work(struct ui *ui, const char *title, char *const argv[]);
/* Gives the terminal to argv until it ends; title is printed first. */
int ui_outside(struct ui *ui, const char *title, char *const argv[]);

/* Calls fn from the loop whenever fd is readable, until ui_unwatch(). */
void ui_watch(struct ui *ui, int fd, void (*fn)(struct ui *ui, void *ctx), void *ctx);
void ui_unwatch(struct ui *ui, int fd);

/* Leaves the console's loop with that exit status. */
void ui_quit(struct ui *ui, int status);

#endif

/*
 * box: the pages' way to the terminal, on libdialog. Each call shows one box
 * and returns when the person has left it by a key.
 *
 * One look for all: "Next" leads on, "Back" leads back, Esc asks whether to
 * leave the installer, F1 explains. Texts are kept to what 80x24 can show.
 */
#ifndef SCREENS_BOX_H
#define SCREENS_BOX_H

#include <stdbool.h>
#include <stddef.h>

/* How a box was left. */
enum box_end {
	BOX_NEXT,
	BOX_BACK,
	BOX_CHANGE,	/* box_settings(): the current line is to be changed;
			 * elsewhere: the third button */
	BOX_ESC,
};

struct box {
	const char *title;
	const char *text;	/* above the lines */
	const char *help;	/* F1; may be NULL */
	const char *next;	/* label; NULL: "Next" */
	const char *back;	/* label; NULL: "Back"; "": no such button */
	const char *third;	/* label of box_ask()'s third button; may be NULL */
	bool preset_back;	/* "Back" is marked at first */
	/* Text for the bottom line, asked for every second; may be NULL. */
	void (*status)(void *ctx, char *buf, size_t size);
	void *ctx;
};

struct box_item {
	const char *tag;
	const char *text;
	bool on;		/* box_check() */
};

#define BOX_VALUE_MAX 1024

struct box_field {
	const char *label;
	char *text;		/* BOX_VALUE_MAX octets */
	bool secret;
};

/* @head stands on the top line. The terminal is put back by box_stop(). */
void box_start(const char *head);
void box_stop(void);
/* How long a line of a box's text can be. */
int box_columns(void);

/* One of @n lines; @current is the marked one, before and after. */
enum box_end box_menu(const struct box *b, const struct box_item *items, int n,
		      int *current);
/* The same with a third button: "Change" (and Enter), "Next", "Back". */
enum box_end box_settings(const struct box *b, const struct box_item *items,
			  int n, int *current);
/* Any of @n lines: their .on. */
enum box_end box_check(const struct box *b, struct box_item *items, int n);
/* Some fields to be filled in. */
enum box_end box_form(const struct box *b, const struct box_field *fields,
		      int n);
/* One field, below the text. */
enum box_end box_input(const struct box *b, char *text);
/* A question with two answers. */
enum box_end box_ask(const struct box *b);
/* Something to be read; Enter goes on. */
void box_say(const char *title, const char *text);
/* A file to be read, scrolled to its end or beginning. */
void box_file(const char *title, const char *path);
/* What is shown while something takes a moment; the next box covers it. */
void box_wait(const char *title, const char *text);

/*
 * Progress: a bar with a text, or the last lines of a file. box_progress_key()
 * waits at most @ms for a key: true when Tab was pressed.
 */
struct box_progress {
	const char *title;
	const char *text;
	const char *log;	/* path */
	int percent;
	bool show_log;
};
void box_progress_draw(const struct box_progress *p);
bool box_progress_key(int ms);

/* Gives the terminal to a program until it ends. */
void box_outside(const char *const argv[]);

#endif

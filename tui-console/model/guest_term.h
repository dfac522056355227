/*
 * A guest's console as a screen with its history: libvterm keeps the screen, this
 * file the lines that have left it. No terminal here, no file descriptor.
 */
#ifndef MODEL_GUEST_TERM_H
#define MODEL_GUEST_TERM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TERM_HISTORY 5000 /* lines kept */

struct term_cell {
	uint32_t c;	   /* 0: nothing here (the second half of a wide one) */
	int16_t fg, bg;	   /* -1: default, 0..255 */
	bool bold, underline, reverse;
};

struct guest_term;

/* What the guest's terminal answers and what is typed goes to out(). */
struct guest_term *gterm_new(int rows, int columns,
			    void (*out)(void *ctx, const char *bytes, size_t len));
void gterm_free(struct guest_term *t); /* NULL is fine */
/* Whom out() is called with; NULL: what is to be sent is dropped. */
void gterm_connect(struct guest_term *t, void *ctx);
void gterm_resize(struct guest_term *t, int rows, int columns);
void gterm_write(struct guest_term *t, const char *bytes, size_t len);
bool gterm_empty(const struct guest_term *t); /* nothing was ever written */

void gterm_size(const struct guest_term *t, int *rows, int *columns);
int gterm_history(const struct guest_term *t);
/* row 0 is the screen's first line, -1 the newest of the history. */
void gterm_get(const struct guest_term *t, int row, int column, struct term_cell *out);
void gterm_cursor(const struct guest_term *t, int *row, int *column, bool *visible);
/* The row at or above (up) or below from in which text occurs; false: none. */
bool gterm_find(const struct guest_term *t, const char *text, int from, bool up, int *row);

/* A key of ui.h is typed. */
void gterm_key(struct guest_term *t, int key);

#endif

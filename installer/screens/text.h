/*
 * text: building texts in fixed buffers. What does not fit is cut and
 * remembered, so that only the end needs a check.
 */
#ifndef SCREENS_TEXT_H
#define SCREENS_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct text {
	char *buf;
	size_t size, used;
	bool cut;
};

static inline struct text text_in(char *buf, size_t size)
{
	buf[0] = '\0';
	return (struct text){ .buf = buf, .size = size };
}

__attribute__((format(printf, 2, 3)))
static inline void text_add(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(t->buf + t->used, t->size - t->used, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= t->size - t->used) {
		t->cut = true;
		t->used = t->size - 1;
	} else {
		t->used += (size_t)n;
	}
}

/* Adds @words behind what stands on the line, broken at blanks at @width
 * columns, with @indent blanks before each further line. */
void text_wrap(struct text *t, int indent, int width, const char *words);

#endif

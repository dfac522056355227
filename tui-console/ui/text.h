/* Texts without a terminal: what ui's files share. */
#ifndef UI_TEXT_H
#define UI_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The character at text (not at its end) and the bytes it takes; what is no UTF-8
 * comes out as '?'. */
size_t text_next(const char *text, uint32_t *out);
/* The UTF-8 of c with a NUL; returns the bytes without it. */
size_t text_encode(uint32_t c, char out[5]);
int text_cells(uint32_t c);
/* The bytes at the beginning of text that fit into so many cells. */
size_t text_fit(const char *text, int cells);
/* The bytes of the first line when text is broken at blanks and line ends into lines
 * of so many cells; *next: where the line after it begins. */
size_t text_line(const char *text, int cells, size_t *next);
/* Without regard to the case of ASCII letters. */
bool text_contains(const char *text, const char *part);

#endif

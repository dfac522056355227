/* See terminfo.c. Both are for after newterm(). */
#ifndef UI_TERMINFO_H
#define UI_TERMINFO_H

#include <stdbool.h>

/* Never uses the terminal's "repeat character". */
void term_no_repeat(void);
/* false: it can only write line after line. */
bool term_can_place(void);

#endif

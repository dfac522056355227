/* See repeat.c. */
#ifndef UI_REPEAT_H
#define UI_REPEAT_H

/* After newterm(): never uses the terminal's "repeat character". */
void term_no_repeat(void);

#endif

/*
 * Alone in a file because <term.h> makes macros of common words.
 *
 * Descriptions of xterm promise "repeat this character"; many programs that call
 * themselves xterm (terminals of serial lines among them) do not know it and would
 * show rubbish.
 */
#include <curses.h>
#include <term.h>

#include "ui/repeat.h"

void term_no_repeat(void)
{
	if (cur_term)
		repeat_char = NULL;
}

/*
 * What is asked of the terminal's description itself; alone in a file because <term.h>
 * makes macros of common words.
 *
 * Descriptions of xterm promise "repeat this character"; many programs that call
 * themselves xterm (terminals of serial lines among them) do not know it and would
 * show rubbish.
 */
#include <curses.h>
#include <term.h>

#include "ui/terminfo.h"

void term_no_repeat(void)
{
	if (cur_term)
		repeat_char = NULL;
}

bool term_can_place(void)
{
	return cur_term && cursor_address;
}

/* How the program around it starts and ends the ui. */
#ifndef UI_MAIN_H
#define UI_MAIN_H

#include "ui/ui.h"

struct ui_options {
	void *app;	      /* for ui_app() */
	const char *host;     /* shown in the header; may change in place */
	void (*idle)(struct ui *ui, int64_t idle_ms); /* each minute without a key */
	void (*lock)(struct ui *ui);  /* the key F9 */
	void (*shell)(struct ui *ui); /* the key '!' */
	bool (*may_quit)(struct ui *ui); /* asked before F10 ends it; NULL: always */
};

/* Takes the terminal over. NULL with a line in problem when it cannot. */
struct ui *ui_start(const struct ui_options *options, char *problem, size_t size);
/* Shows the screen and runs until ui_quit(): its status. */
int ui_main(struct ui *ui, const struct ui_screen *first);
/* Gives the terminal back. */
void ui_end(struct ui *ui);

#endif

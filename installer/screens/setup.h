/*
 * setup: what all pages share, and the pages themselves.
 */
#ifndef SCREENS_SETUP_H
#define SCREENS_SETUP_H

#include "pages.h"

struct setup {
	const char *root;	/* "" or a prepared tree, for tests */
	const char *engine;	/* the program that carries answer files out */
	struct facts facts;
	struct choices choices;
	char again[TEXT_MAX];	/* the password, typed a second time */
	char reason[512];	/* why the engine failed */
};

#define INSTALL_LOG "/run/basalt/install.log"

/* One function per page: shows it until it is left. */
typedef enum page_end page_show(struct setup *s, const char *title);

page_show page_keyboard, page_action, page_hardware, page_target, page_disk,
	page_storage, page_along, page_network, page_host, page_access,
	page_options, page_summary, page_progress, page_done;

/* Asks whether to leave; for Esc. */
bool page_sure_to_leave(const struct setup *s);

/*
 * Where a box's end leads when nothing is to be checked: Next, Back, or (Esc)
 * the question whether to leave. *end is only set when it returns true.
 */
bool page_left(const struct setup *s, int box_end, enum page_end *end);

#endif

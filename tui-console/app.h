/* What all screens share, besides the ui: ui_app() returns it. */
#ifndef CONSOLE_APP_H
#define CONSOLE_APP_H

#include "libdom/libdom.h"
#include "ui/ui.h"

struct app {
	struct dom *dom;     /* use app_dom() */
	char host[65];	     /* the host's name, for the header */
};

/*
 * The connection to the hypervisor and xenstore, opened at first use and again after
 * it was lost. NULL: not there; the reason is in err (may be NULL).
 */
struct dom *app_dom(struct ui *ui, struct dom_error *err);

#endif

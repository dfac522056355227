/* What all screens share, besides the ui: ui_app() returns it. */
#ifndef CONSOLE_APP_H
#define CONSOLE_APP_H

#include "libdom/libdom.h"
#include "ui/ui.h"

#define APP_REQUESTS 32

/* A command at work on a VM; run is NULL when the slot is free. */
struct vm_request {
	char name[DOM_NAME_SIZE];
	const char *word;    /* "stopping" */
	const char *failure; /* "was not shut down" */
	struct ui_run *run;
};

/* The screen of a guest's console that was left: shown again when one comes back. */
#define APP_TERMS 8
struct kept_term {
	struct guest_term *term; /* NULL: free */
	uint32_t domid;
	uint8_t uuid[16];
	unsigned int used; /* larger: more recently */
};

struct app {
	struct dom *dom;     /* use app_dom() */
	char host[65];	     /* the host's name, for the header */
	struct vm_request requests[APP_REQUESTS];
	struct kept_term terms[APP_TERMS];
	unsigned int terms_used;
};

/*
 * The connection to the hypervisor and xenstore, opened at first use and again after
 * it was lost. NULL: not there; the reason is in err (may be NULL).
 */
struct dom *app_dom(struct ui *ui, struct dom_error *err);
/* The connection has failed: the next app_dom() makes a new one. */
void app_lost(struct ui *ui);

#endif

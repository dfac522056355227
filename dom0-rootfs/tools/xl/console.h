/* The terminal joined to a guest's console, for xl console and xl create -c. */
#ifndef XL_CONSOLE_H
#define XL_CONSOLE_H

#include "libdom/libdom.h"

#define CONSOLE_ESCAPE 0x1d /* Ctrl-] */

/*
 * Waits for the guest's pty and joins it with the terminal in raw mode until the
 * person types the escape, the guest has ended or its domain is gone: 0 then. What
 * the guest said last is still shown. started() is called once joined, before the
 * first byte is read; an error of it ends the session. Prints how to leave, and
 * errors. Other than 0: it could not be done (already said why).
 *
 * xenconsoled may be restarted meanwhile: the session then joins its new pty.
 */
struct console_session {
	struct dom *dom;
	uint32_t domid;
	const char *name; /* to call it by */
	unsigned char escape;
	int (*started)(struct dom *dom, uint32_t domid, struct dom_error *err); /* or NULL */
};
int console_run(const struct console_session *s);

/* "^]" or "x" to the character; -1 when it is neither. */
int console_escape(const char *text);

#endif

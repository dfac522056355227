/*
 * pages: the order of the installer's pages. Pure: which page follows and
 * precedes which, for what was chosen; what a page shows is in page_*.c.
 */
#ifndef SCREENS_PAGES_H
#define SCREENS_PAGES_H

#include "choices.h"

enum page {
	PAGE_KEYBOARD,
	PAGE_ACTION,
	PAGE_HARDWARE,
	PAGE_TARGET,	/* upgrade, restore: which installation */
	PAGE_DISK,
	PAGE_STORAGE,
	PAGE_ALONG,
	PAGE_NETWORK,
	PAGE_HOST,
	PAGE_ACCESS,
	PAGE_OPTIONS,
	PAGE_SUMMARY,
	PAGE_PROGRESS,
	PAGE_DONE,
	PAGES,
	PAGE_NONE = -1,
};

/* How a page was left. */
enum page_end {
	PAGE_NEXT,
	PAGE_BACK,
	PAGE_LEAVE,	/* the installer ends; nothing more is asked */
};

/* Is the page shown, for these choices on this machine? */
bool page_needed(enum page page, const struct choices *c,
		 const struct facts *f);
/* The one behind or before; PAGE_NONE: there is none. Nothing leads back from
 * "done", and back from the progress (it failed) is the summary. */
enum page page_after(enum page page, const struct choices *c,
		     const struct facts *f);
enum page page_before(enum page page, const struct choices *c,
		      const struct facts *f);

/* "Step 4 of 11": of the pages that are shown. */
void page_step(enum page page, const struct choices *c, const struct facts *f,
	       char *buf, size_t size);

/* How many disks hold an installation. */
int installations(const struct facts *f);

#endif

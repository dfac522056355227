/*
 * pages: see pages.h.
 */
#include "pages.h"

#include <stdio.h>

static bool always(const struct choices *c, const struct facts *f)
{
	(void)c, (void)f;
	return true;
}

static bool installing(const struct choices *c, const struct facts *f)
{
	(void)f;
	return c->action == ACT_INSTALL;
}

static bool something_live(const struct choices *c, const struct facts *f)
{
	const struct live *l = &f->live;

	return c->action == ACT_INSTALL &&
	       (l->vms || l->network || l->settings || l->keys);
}

static bool which_installation(const struct choices *c, const struct facts *f)
{
	return (c->action == ACT_UPGRADE || c->action == ACT_RESTORE) &&
	       installations(f) > 1;
}

static bool (*const needed[PAGES])(const struct choices *c,
				   const struct facts *f) = {
	[PAGE_KEYBOARD] = always,
	[PAGE_ACTION] = always,
	[PAGE_HARDWARE] = always,
	[PAGE_TARGET] = which_installation,
	[PAGE_DISK] = installing,
	[PAGE_STORAGE] = installing,
	[PAGE_ALONG] = something_live,
	[PAGE_NETWORK] = installing,
	[PAGE_HOST] = installing,
	[PAGE_ACCESS] = installing,
	[PAGE_OPTIONS] = installing,
	[PAGE_SUMMARY] = always,
	[PAGE_PROGRESS] = always,
	[PAGE_DONE] = always,
};

bool page_needed(enum page page, const struct choices *c,
		 const struct facts *f)
{
	return needed[page](c, f);
}

enum page page_after(enum page page, const struct choices *c,
		     const struct facts *f)
{
	for (int p = (int)page + 1; p < PAGES; p++)
		if (needed[p](c, f))
			return (enum page)p;
	return PAGE_NONE;
}

enum page page_before(enum page page, const struct choices *c,
		      const struct facts *f)
{
	if (page == PAGE_DONE)
		return PAGE_NONE;
	for (int p = (int)page - 1; p >= 0; p--)
		if (needed[p](c, f))
			return (enum page)p;
	return PAGE_NONE;
}

void page_step(enum page page, const struct choices *c, const struct facts *f,
	       char *buf, size_t size)
{
	int step = 0, all = 0;

	for (int p = 0; p < PAGES; p++) {
		all += needed[p](c, f);
		if (p <= (int)page)
			step = all;
	}
	snprintf(buf, size, "Step %d of %d", step, all);
}

int installations(const struct facts *f)
{
	int n = 0;

	for (int i = 0; i < f->ndisks; i++)
		n += f->disk[i].installed;
	return n;
}

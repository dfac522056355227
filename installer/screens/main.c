/*
 * The installer's screens: `setup`. They only make an answer file and start the
 * engine with it; nothing here writes to a disk.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "box.h"
#include "repair.h"
#include "run.h"
#include "setup.h"

static const struct {
	const char *title;
	page_show *show;
} pages[PAGES] = {
	[PAGE_KEYBOARD] = { "Keyboard", page_keyboard },
	[PAGE_ACTION] = { "What to do", page_action },
	[PAGE_HARDWARE] = { "Hardware check", page_hardware },
	[PAGE_TARGET] = { "Which installation", page_target },
	[PAGE_DISK] = { "System disk", page_disk },
	[PAGE_STORAGE] = { "VM storage", page_storage },
	[PAGE_ALONG] = { "Take along", page_along },
	[PAGE_NETWORK] = { "Network", page_network },
	[PAGE_HOST] = { "Name and time", page_host },
	[PAGE_ACCESS] = { "Log-in", page_access },
	[PAGE_OPTIONS] = { "Options", page_options },
	[PAGE_SUMMARY] = { "Summary", page_summary },
	[PAGE_PROGRESS] = { "At work", page_progress },
	[PAGE_DONE] = { "Done", page_done },
};

static void run_pages(struct setup *s)
{
	enum page page = PAGE_KEYBOARD;
	char title[96], step[32];

	while (page != PAGE_NONE) {
		page_step(page, &s->choices, &s->facts, step, sizeof(step));
		snprintf(title, sizeof(title), "%s - %s", pages[page].title,
			 step);
		switch (pages[page].show(s, title)) {
		case PAGE_NEXT:
			page = page_after(page, &s->choices, &s->facts);
			break;
		case PAGE_BACK:
			page = page_before(page, &s->choices, &s->facts);
			break;
		default:
			page = PAGE_NONE;
		}
	}
}

static int usage(void)
{
	fputs("usage: setup [--repair] [--root DIR] [--engine PROGRAM]\n"
	      "The installer's screens. --root and --engine are for tests.\n",
	      stderr);
	return 2;
}

int main(int argc, char **argv)
{
	static struct setup s = { .root = "", .engine = "installer" };
	bool repairing = false;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--repair"))
			repairing = true;
		else if (!strcmp(argv[i], "--root") && i + 1 < argc)
			s.root = argv[++i];
		else if (!strcmp(argv[i], "--engine") && i + 1 < argc)
			s.engine = argv[++i];
		else
			return usage();
	}
	if (!isatty(0) || !isatty(1)) {
		fputs("setup: needs a terminal: for an installation without "
		      "one, see `installer --run FILE`\n", stderr);
		return 1;
	}
	if (mkdir("/run/basalt", 0755) && errno != EEXIST) {
		fprintf(stderr, "setup: /run/basalt: %s\n", strerror(errno));
		return 1;
	}
	signal(SIGPIPE, SIG_IGN);
	facts_collect(&s.facts, s.root);
	choices_preset(&s.choices, &s.facts);
	box_start(repairing ? "Basalt: repair an installed system" :
			      "Basalt installer");
	if (repairing)
		repair(&s);
	else
		run_pages(&s);
	box_stop();
	return 0;
}

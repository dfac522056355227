/*
 * repair: see repair.h. What is done lies in small programs (installer/repair),
 * which can also be called from a shell; the screens choose and ask.
 */
#include "repair.h"

#include <string.h>

#include "box.h"
#include "run.h"

#define REPAIR "repair-system"

enum job { JOB_RESTORE, JOB_LOADER, JOB_PASSWORD, JOB_SHELL, JOB_RESTART, JOBS };

/* Runs one job of the program and shows what it said. */
static void run_job(const char *title, const char *const argv[])
{
	char out[4096];

	box_wait(title, "\nWorking ...\n");
	if (run_capture(argv, out, sizeof(out)) == 0)
		box_say(title, out[0] ? out : "\nDone.\n");
	else
		box_say("It did not work", out);
}

static bool ask(const char *title, const char *text)
{
	const struct box b = { .title = title, .text = text, .next = "Go on",
			       .preset_back = true };

	return box_ask(&b) == BOX_NEXT;
}

static void restore(struct setup *s)
{
	enum page page = installations(&s->facts) > 1 ? PAGE_TARGET :
							PAGE_SUMMARY;

	s->choices.action = ACT_RESTORE;
	if (page == PAGE_TARGET &&
	    page_target(s, "Which installation") != PAGE_NEXT)
		return;
	do
		if (page_summary(s, "Restore the previous version") != PAGE_NEXT)
			return;
	while (page_progress(s, "Restoring") != PAGE_NEXT);
	page_done(s, "Done");
}

static void loader(struct setup *s)
{
	const char *const argv[] = { "installer", "--loader", NULL };

	(void)s;
	if (ask("Boot loader", "\nThe boot loader is written anew to every disk "
		"of the installed system. Systems, settings and VMs on it are "
		"left alone.\n"))
		run_job("Boot loader", argv);
}

static void password(struct setup *s)
{
	const char *const argv[] = { REPAIR, "password", NULL };

	(void)s;
	if (ask("Passwords", "\nThe passwords of the installed system (root's and "
		"operator's) are taken away: at its next start nobody is asked "
		"for one on the server's own screen. Set a new one there at "
		"once.\n"))
		run_job("Passwords", argv);
}

static void shell(struct setup *s)
{
	const char *const argv[] = { REPAIR, "shell", NULL };

	(void)s;
	box_outside(argv);
}

static void restart(struct setup *s)
{
	const char *const argv[] = { "reboot", NULL };
	char out[256];

	(void)s;
	run_capture(argv, out, sizeof(out));
}

static void (*const jobs[JOBS])(struct setup *s) = {
	restore, loader, password, shell, restart,
};

void repair(struct setup *s)
{
	static const struct box_item items[JOBS] = {
		{ "Restore", "the version before the last upgrade", false },
		{ "Boot loader", "write it anew to the system disks", false },
		{ "Password", "take the passwords away, when they are forgotten", false },
		{ "Shell", "with the installed system's state at /mnt/state", false },
		{ "Restart", "the machine", false },
	};
	const struct box b = {
		.title = "Repair an installed system",
		.text = "\nWhat shall be done?\n",
		.next = "Choose",
		.back = "Leave",
		.help = "Restore: makes the other of the two system slots the "
			"one that starts.\n\nShell: \"exit\" comes back here.",
	};
	int current = 0;
	enum box_end left;

	for (;;) {
		left = box_menu(&b, items, JOBS, &current);
		if (left == BOX_NEXT)
			jobs[current](s);
		else if (left == BOX_BACK || page_sure_to_leave(s))
			return;
	}
}

/*
 * page_run: summary, confirmation by name, progress, done.
 */
#include "setup.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "box.h"
#include "run.h"
#include "save.h"
#include "text.h"

#define ANSWER_FILE "/run/basalt/install-answers.txt"
#define ANSWERS_SIZE 16384

static const char *const verbs[] = {
	[ACT_INSTALL] = "Install",
	[ACT_UPGRADE] = "Upgrade",
	[ACT_RESTORE] = "Restore",
};

/* --- summary -------------------------------------------------------------- */

/* The answer file for a run; false: said why not. */
static bool write_answers(struct setup *s)
{
	char text[ANSWERS_SIZE];
	int err = answers_text(&s->choices, &s->facts, false, text,
			       sizeof(text));

	if (!err)
		err = run_write(ANSWER_FILE, text);
	if (!err)
		return true;
	snprintf(text, sizeof(text), "\nThe answer file %s could not be made: "
		 "%s.\n", ANSWER_FILE, strerror(-err));
	box_say("Not possible", text);
	return false;
}

/* Asks the engine; shows what it finds wrong. */
static bool engine_agrees(struct setup *s)
{
	const char *const argv[] = { s->engine, "--check", ANSWER_FILE, NULL };
	char out[4096];

	box_wait(verbs[s->choices.action], "\nChecking ...\n");
	if (run_capture(argv, out, sizeof(out)) == 0)
		return true;
	box_say("Not possible", out);
	return false;
}

/* Every disk that loses something is to be named by its name. */
static bool confirmed_by_name(const struct setup *s)
{
	const struct choices *c = &s->choices;
	char line[400], text[1024], typed[BOX_VALUE_MAX];
	const struct box b = { .title = "Erase?", .text = text, .next = "Erase" };

	for (int i = 0; i < s->facts.ndisks; i++) {
		const struct drive *d = &s->facts.disk[i];

		if ((!c->disk[i] && !c->storage_disk[i]) || !d->holds[0])
			continue;
		disk_line(d, line, sizeof(line));
		snprintf(text, sizeof(text), "\nerase %s\n\nAll that is on it "
			 "will be lost. Type its name to go on: %s\n", line,
			 d->name);
		for (;;) {
			typed[0] = '\0';
			if (box_input(&b, typed) != BOX_NEXT)
				return false;
			if (!strcmp(typed, d->name))
				break;
			box_say("Erase?", "\nThat is not the disk's name. "
				"Nothing has been written.\n");
		}
	}
	return true;
}

/* The last question before something is written. */
static bool confirmed(const struct setup *s)
{
	struct box b = {
		.title = "Begin?",
		.text = "\nFrom here on the chosen disks are written. Begin?\n",
		.next = verbs[s->choices.action],
		.preset_back = true,
	};

	if (s->choices.action != ACT_INSTALL)
		b.text = "\nFrom here on the installed system's disk is written. "
			 "Begin?\n";
	else if (choices_erases(&s->choices, &s->facts))
		return confirmed_by_name(s);
	return box_ask(&b) == BOX_NEXT;
}

enum page_end page_summary(struct setup *s, const char *title)
{
	char text[4096] = "\n";
	struct box b = {
		.title = title,
		.text = text,
		.help = "Nothing has been written yet. Save keeps the answers as "
			"a file, for machines like this one; it does not hold "
			"the password, only its hash.",
		.next = verbs[s->choices.action],
		.third = "Save as answer file",
	};
	enum box_end left;
	enum page_end end;

	summary_text(&s->choices, &s->facts, text + 1, sizeof(text) - 1);
	for (;;) {
		left = box_ask(&b);
		if (left == BOX_CHANGE)
			save_answers(&s->choices, &s->facts);
		if (!page_left(s, left, &end))
			continue;
		if (end != PAGE_NEXT)
			return end;
		if (write_answers(s) && engine_agrees(s) && confirmed(s))
			return PAGE_NEXT;
	}
}

/* --- progress ------------------------------------------------------------- */

static bool run_engine(struct setup *s, const char *title)
{
	struct engine e;
	struct box_progress p = { .title = title, .log = INSTALL_LOG };
	int err = engine_start(&e, s->engine, ANSWER_FILE);

	if (err) {
		snprintf(s->reason, sizeof(s->reason), "%s: %s", s->engine,
			 strerror(-err));
		return false;
	}
	p.text = e.text;
	for (;;) {
		p.percent = e.percent;
		box_progress_draw(&p);
		if (e.ended)
			break;
		for (int i = 0; i < 10 && !engine_poll(&e); i++)
			if (box_progress_key(100)) {
				p.show_log = !p.show_log;
				break;
			}
	}
	unlink(ANSWER_FILE);
	if (e.status == 0)
		return true;
	engine_reason(INSTALL_LOG, s->reason, sizeof(s->reason));
	return false;
}

/* What went wrong, the log, a shell, the way back. */
static enum page_end failed(const struct setup *s)
{
	static const struct box_item items[] = {
		{ "Back", "to the summary: change something, try again", false },
		{ "Log", "all that was done", false },
		{ "Shell", "a command line; \"exit\" comes back here", false },
	};
	char text[1024];
	const struct box b = {
		.title = "It did not work",
		.text = text,
		.next = "Choose",
		.back = "",
	};
	int current = 0;

	snprintf(text, sizeof(text), "\n%s\n\n%s It can simply be done again. "
		 "Other disks were not touched.\n", s->reason,
		 s->choices.action == ACT_INSTALL ?
		 "Nothing half-made can start from the chosen disk." :
		 "The installed system starts as before.");
	for (;;) {
		if (box_menu(&b, items, 3, &current) != BOX_NEXT)
			continue;
		if (current == 0)
			return PAGE_BACK;
		if (current == 1)
			box_file("Log", INSTALL_LOG);
		else
			run_shell();
	}
}

enum page_end page_progress(struct setup *s, const char *title)
{
	return run_engine(s, title) ? PAGE_NEXT : failed(s);
}

/* --- done ----------------------------------------------------------------- */

static void done_text(const struct setup *s, char *buf, size_t size)
{
	const struct choices *c = &s->choices;
	struct text t = text_in(buf, size);
	char out[2048];

	text_add(&t, "\nIt is done. Remove the installation medium now.\n\n");
	if (c->action != ACT_INSTALL)
		return;
	text_add(&t, "Name      %s\n", c->hostname);
	if (!c->keep_network && c->ip4 == IP_STATIC)
		text_add(&t, "Address   %s\n", c->addr4);
	else
		text_add(&t, "Address   shown on the console after the start\n");
	if (c->along_keys && run_fingerprint(s->root, out, sizeof(out)))
		text_add(&t, "SSH key   %s\n", out);
	text_add(&t, "Console   on the server's screen%s\n",
		 c->serial == SERIAL_NONE ? "" : " and its serial line");
}

enum page_end page_done(struct setup *s, const char *title)
{
	char text[4096];
	const bool off = s->choices.end == FINISH_POWEROFF;
	const struct box b = {
		.title = title,
		.text = text,
		.next = off ? "Power off" : "Restart",
		.back = "Shell",
	};
	const char *const end[] = { off ? "poweroff" : "reboot", NULL };

	done_text(s, text, sizeof(text));
	for (;;) {
		enum box_end left = box_ask(&b);

		if (left == BOX_BACK)
			run_shell();
		if (left != BOX_NEXT)
			continue;
		run_capture(end, text, sizeof(text));
		return PAGE_LEAVE;
	}
}

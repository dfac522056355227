/*
 * page_start: keyboard, what to do, hardware check, which installation.
 */
#include "setup.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "box.h"
#include "run.h"
#include "text.h"
#include "verdict.h"

#define KEYMAPS "/usr/share/keymaps"
#define KEYMAPS_MAX 200

bool page_sure_to_leave(const struct setup *s)
{
	const struct box b = {
		.title = "Leave the installer?",
		.text = "\nNothing has been written to a disk. What you have "
			"entered is forgotten; the system goes on running live "
			"from memory.\n",
		.next = "Leave",
		.back = "Stay",
		.preset_back = true,
	};

	(void)s;
	return box_ask(&b) == BOX_NEXT;
}

bool page_left(const struct setup *s, int box_end, enum page_end *end)
{
	switch (box_end) {
	case BOX_NEXT:
		*end = PAGE_NEXT;
		return true;
	case BOX_BACK:
		*end = PAGE_BACK;
		return true;
	case BOX_ESC:
		*end = PAGE_LEAVE;
		return page_sure_to_leave(s);
	default:
		return false;
	}
}

/* --- keyboard ------------------------------------------------------------- */

/* What the maps' names mean; a map without a row is shown by its name alone. */
static const struct {
	const char *tag, *text;
} keymap_names[] = {
	{ "be", "Belgian" },
	{ "bg", "Bulgarian" },
	{ "br", "Portuguese (Brazil)" },
	{ "ca", "Canadian" },
	{ "ch-de", "Swiss (German)" },
	{ "ch-fr", "Swiss (French)" },
	{ "cz", "Czech" },
	{ "de", "German" },
	{ "de-nodeadkeys", "German, no dead keys" },
	{ "dk", "Danish" },
	{ "dvorak", "English (Dvorak)" },
	{ "ee", "Estonian" },
	{ "es", "Spanish" },
	{ "fi", "Finnish" },
	{ "fr", "French" },
	{ "fr-bepo", "French (BEPO)" },
	{ "gr", "Greek" },
	{ "hr", "Croatian" },
	{ "hu", "Hungarian" },
	{ "is", "Icelandic" },
	{ "it", "Italian" },
	{ "jp", "Japanese" },
	{ "la", "Spanish (Latin America)" },
	{ "lt", "Lithuanian" },
	{ "lv", "Latvian" },
	{ "nl", "Dutch" },
	{ "no", "Norwegian" },
	{ "pl", "Polish" },
	{ "pt", "Portuguese" },
	{ "ro", "Romanian" },
	{ "rs", "Serbian" },
	{ "ru", "Russian" },
	{ "se", "Swedish" },
	{ "si", "Slovene" },
	{ "sk", "Slovak" },
	{ "tr", "Turkish" },
	{ "ua", "Ukrainian" },
	{ "uk", "English (United Kingdom)" },
	{ "us", "English (United States)" },
	{ "us-intl", "English (US, international)" },
};

static const char *keymap_name(const char *tag)
{
	for (size_t i = 0; i < sizeof(keymap_names) / sizeof(keymap_names[0]);
	     i++)
		if (!strcmp(keymap_names[i].tag, tag))
			return keymap_names[i].text;
	return "";
}

static int by_tag(const void *a, const void *b)
{
	return strcmp(((const struct box_item *)a)->tag,
		      ((const struct box_item *)b)->tag);
}

/* The maps that are there, each file's name up to its first dot. */
static int read_keymaps(const char *root, struct box_item *items)
{
	char path[512];
	struct dirent *e;
	int n = 0;
	DIR *d;

	snprintf(path, sizeof(path), "%s" KEYMAPS, root);
	d = opendir(path);
	while (d && n < KEYMAPS_MAX && (e = readdir(d))) {
		char *tag = strndup(e->d_name, strcspn(e->d_name, "."));

		if (!tag || !*tag) {
			free(tag);
			continue;
		}
		items[n++] = (struct box_item){ tag, keymap_name(tag), false };
	}
	if (d)
		closedir(d);
	qsort(items, (size_t)n, sizeof(items[0]), by_tag);
	return n;
}

enum page_end page_keyboard(struct setup *s, const char *title)
{
	const struct box b = {
		.title = title,
		.text = "\nWhich keyboard is this? It counts for the server's "
			"own screen; on a serial line or over SSH your own "
			"terminal's counts.\n",
		.help = "Arrow keys mark a line, Enter takes it. Tab goes to "
			"the buttons below.\n\nThe choice takes effect at once, "
			"and in the installed system.\n\nEsc leaves the "
			"installer, on every page before the installation "
			"starts.",
		.back = "",
	};
	static struct box_item items[KEYMAPS_MAX];
	static const struct box_item only[] = {
		{ "us", "English (United States)", false },
	};
	const struct box_item *list = items;
	int n = read_keymaps(s->root, items), current = 0;
	enum page_end end;

	if (n == 0) {
		list = only;
		n = 1;
	}
	for (int i = 0; i < n; i++)
		if (!strcmp(list[i].tag, s->choices.keyboard))
			current = i;
	while (!page_left(s, box_menu(&b, list, n, &current), &end))
		continue;
	if (end == PAGE_NEXT) {
		snprintf(s->choices.keyboard, TEXT_MAX, "%s", list[current].tag);
		run_keymap(s->choices.keyboard);
	}
	for (int i = 0; i < n && list == items; i++)
		free((char *)items[i].tag);
	return end;
}

/* --- what to do ----------------------------------------------------------- */

/* Upgrade and Restore want an installation; a disk may have come meanwhile. */
static bool nothing_installed(struct setup *s)
{
	if (!installations(&s->facts))
		run_facts(s);
	if (installations(&s->facts))
		return false;
	box_say("Nothing is installed", "\nNo disk of this machine holds an "
		"installed Basalt, so there is nothing to upgrade or to restore. "
		"Choose Install; or plug its disk in and choose this again.\n");
	return true;
}

enum page_end page_action(struct setup *s, const char *title)
{
	static const struct box_item items[] = {
		[ACT_TRY] = { "Try", "go on live, leave the disks alone", false },
		[ACT_INSTALL] = { "Install", "onto a disk of this machine",
				  false },
		[ACT_UPGRADE] = { "Upgrade", "an installed system; keeps VMs "
				  "and settings", false },
		[ACT_RESTORE] = { "Restore", "the version before the last "
				  "upgrade", false },
		[ACT_SHELL] = { "Shell", "a command line; \"exit\" comes back "
				"here", false },
	};
	const struct box b = {
		.title = title,
		.text = "\nWhat shall be done? Nothing is written to a disk "
			"before you have confirmed the summary.\n",
		.help = "Try: leaves the installer.\n\nInstall: asks for disks, "
			"network, name and password, shows a summary, and only "
			"then writes.\n\nUpgrade: puts the version of this "
			"medium into the free one of the two system slots. If "
			"it does not come up, the old one starts by itself."
			"\n\nRestore: makes the other slot the one that "
			"starts.",
	};
	int current = (int)s->choices.action;
	enum page_end end;

	for (;;) {
		if (!page_left(s, box_menu(&b, items, 5, &current), &end))
			continue;
		if (s->choices.action != (enum action)current)
			memset(s->choices.disk, 0, sizeof(s->choices.disk));
		s->choices.action = (enum action)current;
		if (end != PAGE_NEXT)
			return end;
		if (current == ACT_TRY)
			return PAGE_LEAVE;
		if (current == ACT_SHELL) {
			run_shell();
			run_facts(s);
		} else if (current == ACT_INSTALL || !nothing_installed(s)) {
			return end;
		}
	}
}

/* --- hardware check ------------------------------------------------------- */

static const struct box hardware_stop = {
	.title = "This will not work",
	.text = "\nWhat is marked PROBLEM must be solved first: an installed "
		"system could not run here.\n\nYou can go back, solve it and "
		"look again.\n",
	.next = "Look again",
};

static const struct box hardware_warn = {
	.title = "Continue anyway?",
	.text = "\nWhat is marked WARNING may keep the installed system from "
		"being of use. Nothing is harmed by going on.\n",
	.next = "Continue",
	.preset_back = true,
};

enum page_end page_hardware(struct setup *s, const char *title)
{
	struct verdict v[VERDICTS];
	char buf[4096];
	struct box b = {
		.title = title,
		.text = buf,
		.help = "ok: nothing to do.\nnote: works, with something to "
			"know.\nWARNING: you may continue anyway.\nPROBLEM: an "
			"installed system could not run.",
	};
	enum level worst;
	enum page_end end;

	for (;;) {
		struct text t = text_in(buf, sizeof(buf));

		worst = verdicts(&s->facts, v);
		text_add(&t, "\n");
		for (int i = 0; i < VERDICTS; i++) {
			text_add(&t, "%-8s %-15s ", verdict_word(v[i].level),
				 v[i].what);
			text_wrap(&t, 25, box_columns(), v[i].words);
			text_add(&t, "\n");
		}
		text_add(&t, " ");
		b.preset_back = worst >= LEVEL_WARN;
		if (!page_left(s, box_ask(&b), &end))
			continue;
		if (end != PAGE_NEXT || worst < LEVEL_WARN)
			return end;
		if (worst == LEVEL_WARN && box_ask(&hardware_warn) == BOX_NEXT)
			return PAGE_NEXT;
		if (worst == LEVEL_STOP) {
			if (box_ask(&hardware_stop) == BOX_BACK)
				return PAGE_BACK;
			run_facts(s);
		}
	}
}

/* --- which installation --------------------------------------------------- */

enum page_end page_target(struct setup *s, const char *title)
{
	static char text[DISKS_MAX][512];
	struct box_item items[DISKS_MAX];
	int at[DISKS_MAX], n = 0, current = 0;
	const struct box b = {
		.title = title,
		.text = "\nMore than one disk holds an installation. Which one "
			"is meant? The others are left alone.\n",
	};
	enum page_end end;

	for (int i = 0; i < s->facts.ndisks; i++) {
		if (!s->facts.disk[i].installed)
			continue;
		disk_line(&s->facts.disk[i], text[n], sizeof(text[n]));
		if (s->choices.disk[i])
			current = n;
		items[n] = (struct box_item){ s->facts.disk[i].name, text[n],
					      false };
		at[n++] = i;
	}
	while (!page_left(s, box_menu(&b, items, n, &current), &end))
		continue;
	memset(s->choices.disk, 0, sizeof(s->choices.disk));
	s->choices.disk[at[current]] = true;
	return end;
}

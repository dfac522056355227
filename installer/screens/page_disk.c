/*
 * page_disk: system disks, VM storage, what is taken along from the live system.
 */
#include "setup.h"

#include <string.h>

#include "box.h"
#include "run.h"
#include "text.h"

/* "1.8 TB  Samsung SSD 970, S4EV…: holds LVM 'data'" */
static void disk_text(const struct drive *d, char *buf, size_t size)
{
	struct text t = text_in(buf, size);
	char n[16];

	text_add(&t, "%7s ", facts_size(d->size, n));
	if (d->model[0])
		text_add(&t, " %s", d->model);
	if (d->serial[0])
		text_add(&t, " (%s)", d->serial);
	if (d->why_not[0])
		text_add(&t, ": not possible: %s", d->why_not);
	else
		text_add(&t, ": %s%s", d->holds[0] ? "holds " : "empty",
			 d->holds);
}

static enum box_end mark_disks(struct setup *s, const struct box *b)
{
	static char text[DISKS_MAX][400];
	struct box_item items[DISKS_MAX];
	enum box_end end;

	for (int i = 0; i < s->facts.ndisks; i++) {
		const struct drive *d = &s->facts.disk[i];

		disk_text(d, text[i], sizeof(text[i]));
		items[i] = (struct box_item){ d->name, text[i],
					      s->choices.disk[i] };
	}
	end = box_check(b, items, s->facts.ndisks);
	for (int i = 0; i < s->facts.ndisks; i++)
		s->choices.disk[i] = items[i].on;
	return end;
}

enum page_end page_disk(struct setup *s, const char *title)
{
	const struct box b = {
		.title = title,
		.text = "\nOn which disk shall the system lie? Mark one with the "
			"space bar, or two for a mirror (RAID 1), from each of "
			"which the machine can start.\n",
		.help = "Everything on a marked disk is erased, after you have "
			"confirmed the summary; disks that are not marked are "
			"not touched.\n\nThe system itself takes little; the "
			"rest of the disk can hold the VMs (next page).\n\nA "
			"disk that is in use, read-only, or the medium that was "
			"booted cannot be marked.",
	};
	char why[512];
	enum page_end end;

	for (;;) {
		if (!page_left(s, mark_disks(s, &b), &end))
			continue;
		if (end != PAGE_NEXT ||
		    !disks_wrong(&s->choices, &s->facts, why, sizeof(why)))
			return end;
		box_say("System disk", why);
	}
}

/* --- VM storage ----------------------------------------------------------- */

static void storage_kind(struct setup *s)
{
	static const struct box_item items[] = {
		[STORE_LVM] = { "LVM", "thin pool: instant snapshots and clones",
				false },
		[STORE_DIRECTORY] = { "Directory", "plain image files on ext4",
				      false },
		[STORE_NONE] = { "None", "set up later, on the console", false },
	};
	const struct box b = {
		.title = "Kind of storage",
		.text = "\nHow shall the VMs' disks be kept?\n",
		.next = "Choose",
	};
	int current = (int)s->choices.storage;

	if (box_menu(&b, items, 3, &current) == BOX_NEXT)
		s->choices.storage = (enum storage)current;
}

static void storage_disk(struct setup *s)
{
	static char text[DISKS_MAX][400];
	struct box_item items[DISKS_MAX + 1] = {
		{ "rest", "of the system disk", false },
	};
	const struct box b = {
		.title = "Disk for VMs",
		.text = "\nThe rest of the system disk, or another disk, which "
			"then holds nothing else. More disks can be added later, "
			"on the console.\n",
		.next = "Choose",
	};
	int at[DISKS_MAX + 1] = { -1 }, n = 1, current = 0;

	for (int i = 0; i < s->facts.ndisks; i++) {
		if (s->choices.disk[i])
			continue;
		disk_text(&s->facts.disk[i], text[i], sizeof(text[i]));
		items[n] = (struct box_item){ s->facts.disk[i].name, text[i],
					      false };
		if (s->choices.storage_disk[i])
			current = n;
		at[n++] = i;
	}
	if (box_menu(&b, items, n, &current) != BOX_NEXT)
		return;
	memset(s->choices.storage_disk, 0, sizeof(s->choices.storage_disk));
	if (current > 0)
		s->choices.storage_disk[at[current]] = true;
}

static void storage_where(const struct setup *s, char *buf, size_t size)
{
	struct text t = text_in(buf, size);
	const char *sep = "";

	for (int i = 0; i < s->facts.ndisks; i++)
		if (s->choices.storage_disk[i]) {
			text_add(&t, "%s/dev/%s", sep, s->facts.disk[i].name);
			sep = ", ";
		}
	if (!t.used)
		text_add(&t, "the rest of the system disk");
}

/* A disk chosen for the system cannot also be for VMs only. */
static void drop_system_disks(struct choices *c)
{
	for (int i = 0; i < DISKS_MAX; i++)
		if (c->disk[i])
			c->storage_disk[i] = false;
}

enum page_end page_storage(struct setup *s, const char *title)
{
	static const char *const kind[] = { "LVM thin pool",
					    "directory on ext4", "none" };
	const struct box b = {
		.title = title,
		.text = "\nWhere shall the disks of VMs lie? Enter changes a "
			"line; Next goes on.\n",
		.help = "LVM thin pool: each VM disk is a volume; snapshots and "
			"clones are instant. The default.\n\nDirectory: each VM "
			"disk is a file on ext4.\n\nAnother disk than the system "
			"disk is used whole: everything on it is erased.",
	};
	int current = 0, n;
	char where[256], why[512];
	enum page_end end;

	drop_system_disks(&s->choices);
	for (;;) {
		struct box_item items[] = {
			{ "Kind", kind[s->choices.storage], false },
			{ "Where", where, false },
		};
		enum box_end left;

		storage_where(s, where, sizeof(where));
		n = s->choices.storage == STORE_NONE ? 1 : 2;
		left = box_settings(&b, items, n, &current);
		if (left == BOX_CHANGE && current == 0)
			storage_kind(s);
		if (left == BOX_CHANGE && current == 1)
			storage_disk(s);
		if (!page_left(s, left, &end))
			continue;
		if (end != PAGE_NEXT ||
		    !storage_wrong(&s->choices, &s->facts, why, sizeof(why)))
			return end;
		box_say("VM storage", why);
	}
}

/* --- take along ----------------------------------------------------------- */

enum page_end page_along(struct setup *s, const char *title)
{
	const struct live *l = &s->facts.live;
	struct choices *c = &s->choices;
	const struct box b = {
		.title = title,
		.text = "\nThe live system holds things that you have made. What "
			"is marked is taken along into the installed system.\n",
		.help = "VMs: their definitions, and their disk images that lie "
			"in memory.\n\nNetwork, settings, keys: what was set on "
			"the console. What you answer on the following pages "
			"wins over what is taken along.",
	};
	char vms[400];
	const struct {
		struct box_item item;
		bool there, *chosen;
	} rows[] = {
		{ { "VMs", vms, false }, l->vms > 0, &c->along_vms },
		{ { "Network", "network.conf, as it is now", false },
		  l->network, &c->along_network },
		{ { "Settings", "name, time zone, passwords, ...", false },
		  l->settings, &c->along_settings },
		{ { "Keys", "SSH keys of this host and its users", false },
		  l->keys, &c->along_keys },
	};
	struct box_item items[4];
	bool *chosen[4];
	int n = 0;
	enum box_end left;
	enum page_end end;

	snprintf(vms, sizeof(vms), "%d: %s", l->vms, l->vm_names);
	for (int i = 0; i < 4; i++)
		if (rows[i].there) {
			items[n] = rows[i].item;
			items[n].on = *rows[i].chosen;
			chosen[n++] = rows[i].chosen;
		}
	do
		left = box_check(&b, items, n);
	while (!page_left(s, left, &end));
	for (int i = 0; i < n; i++)
		*chosen[i] = items[i].on;
	c->keep_network = c->along_network || !s->facts.nnics;
	return end;
}

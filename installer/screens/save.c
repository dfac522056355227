/*
 * save: see save.h. The volume is mounted only for the moment of writing.
 */
#include "save.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "box.h"
#include "run.h"

#define VOLUMES_MAX 20
#define SAVE_DIR "/run/basalt/save"
#define SAVE_NAME "answers.txt"

/* The value of KEY="value" in a line of blkid. */
static bool field(const char *line, const char *key, char *buf, size_t size)
{
	char pattern[32];
	const char *at;

	buf[0] = '\0';
	snprintf(pattern, sizeof(pattern), " %s=\"", key);
	at = strstr(line, pattern);
	if (!at)
		return false;
	at += strlen(pattern);
	snprintf(buf, size, "%.*s", (int)strcspn(at, "\"\n"), at);
	return true;
}

bool volume_line(struct volume *v, const char *line)
{
	static const char *const types[] = { "vfat", "exfat", "ext4", "ext3",
					     "ext2" };
	size_t n = strcspn(line, ":");

	if (line[n] != ':' || n >= sizeof(v->device))
		return false;
	snprintf(v->device, sizeof(v->device), "%.*s", (int)n, line);
	field(line, "LABEL", v->label, sizeof(v->label));
	if (!field(line, "TYPE", v->type, sizeof(v->type)))
		return false;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (!strcmp(v->type, types[i]))
			return true;
	return false;
}

static int read_volumes(struct volume *v)
{
	const char *const argv[] = { "blkid", NULL };
	char out[16384], *save = NULL;
	int n = 0;

	if (run_capture(argv, out, sizeof(out)) != 0)
		return 0;
	for (char *line = strtok_r(out, "\n", &save); line && n < VOLUMES_MAX;
	     line = strtok_r(NULL, "\n", &save))
		n += volume_line(&v[n], line);
	return n;
}

static int write_to(const struct volume *v, const char *text)
{
	int err;

	if (mkdir(SAVE_DIR, 0700) && errno != EEXIST)
		return -errno;
	if (mount(v->device, SAVE_DIR, v->type,
		  MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL))
		return -errno;
	err = run_write(SAVE_DIR "/" SAVE_NAME, text);
	if (umount(SAVE_DIR) && !err)
		err = -errno;
	return err;
}

void save_answers(const struct choices *c, const struct facts *f)
{
	static char text[VOLUMES_MAX][96];
	struct volume v[VOLUMES_MAX];
	struct box_item items[VOLUMES_MAX];
	const struct box b = {
		.title = "Save as answer file",
		.text = "\nOn which volume? The file " SAVE_NAME " is written "
			"there. A volume labelled BASALT-ANSWERS is found by "
			"itself when a machine starts with \"Install from "
			"answer file\".\n",
		.next = "Save",
	};
	char answers[16384], said[512];
	int n = read_volumes(v), current = 0, err;

	for (int i = 0; i < n; i++) {
		snprintf(text[i], sizeof(text[i]), "%s  %s", v[i].type,
			 v[i].label);
		items[i] = (struct box_item){ v[i].device, text[i], false };
	}
	if (n == 0) {
		box_say("Save as answer file", "\nNo volume that could be "
			"written was found: plug in a USB stick with a FAT or "
			"ext4 file system, and choose this again.\n");
		return;
	}
	if (box_menu(&b, items, n, &current) != BOX_NEXT)
		return;
	err = answers_text(c, f, true, answers, sizeof(answers));
	if (!err)
		err = write_to(&v[current], answers);
	if (err)
		snprintf(said, sizeof(said), "\n%s: not saved: %s.\n",
			 v[current].device, strerror(-err));
	else
		snprintf(said, sizeof(said), "\nSaved as %s on %s. You can "
			 "unplug it now.\n", SAVE_NAME, v[current].device);
	box_say("Save as answer file", said);
}

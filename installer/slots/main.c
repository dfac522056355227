/*
 * slots: the two versions of an installed system, from inside it. The
 * initramfs asks where they are; when the console has come up, the running one
 * is marked as proven; a person goes back to the version before.
 *
 *   slots find ID|any    device names, as assignments for a shell
 *   slots status         for people
 *   slots good [--wait]  the running slot has reached its console
 *   slots previous       start the other version from now on
 *   slots watch SECONDS  restart unless `good` comes in time
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/bootenv.h"
#include "engine/found.h"
#include "libconf/conf.h"

#define CONSOLE		"basalt"
#define TTY2		0x402u	/* the spare terminal, as /proc tells it */
#define SETTLED_S	5		/* how long it must have lived */
#define WAIT_S		900
#define GOOD_MARK	"basalt/slot-good"	/* below /run */

/* Value of a word NAME=… on the kernel command line, or "". */
static void argument(const char *name, char *to, size_t n)
{
	char *text = NULL, *save = NULL;
	size_t len = strlen(name);

	to[0] = '\0';
	if (file_read("/proc/cmdline", 65536, &text, NULL))
		return;
	for (char *w = strtok_r(text, " \n", &save); w;
	     w = strtok_r(NULL, " \n", &save))
		if (!strncmp(w, name, len) && w[len] == '=')
			snprintf(to, n, "%s", w + len + 1);
	free(text);
}

/* The installation with this id ("any": the only one), or NULL with a message. */
static struct found *find(struct found *list, const char *id)
{
	struct fault f = {.text = ""};
	struct found *hit = NULL;
	int n = found_scan("", list, &f), hits = 0;

	for (int i = 0; i < n; i++)
		if (!strcmp(id, "any") || !strcmp(id, list[i].id)) {
			hit = &list[i];
			hits++;
		}
	if (hits == 1 && !hit->twice)
		return hit;
	if (n < 0)
		fprintf(stderr, "slots: %s\n", f.text);
	else if (!hits)
		fprintf(stderr, "slots: no disk of installation %s is there\n", id);
	else
		fprintf(stderr, "slots: several disks say that they are "
			"installation %s: unplug all but one\n", id);
	return NULL;
}

static struct found *find_running(struct found *list, char *slot)
{
	char id[32], word[8];

	argument("basalt.id", id, sizeof(id));
	argument("basalt.slot", word, sizeof(word));
	if (!*id || (strcmp(word, "a") && strcmp(word, "b"))) {
		fprintf(stderr, "slots: this system was not started from an "
			"installation\n");
		return NULL;
	}
	*slot = word[0];
	return find(list, id);
}

static void print_parts(const struct found *f, const char *name, enum part part)
{
	const char *blank = "";

	printf("%s='", name);
	for (int i = 0; i < 2; i++)
		if (f->disk[i].there && *f->disk[i].part[part]) {
			printf("%s%s", blank, f->disk[i].part[part]);
			blank = " ";
		}
	printf("'\n");
}

static int cmd_find(const char *id)
{
	struct found list[FOUND_MAX];
	const struct found *f = find(list, id);

	if (!f)
		return 1;
	print_parts(f, "slot_a", PART_A);
	print_parts(f, "slot_b", PART_B);
	print_parts(f, "state", PART_STATE);
	printf("raid=%d\ntotal=%u\nhere=%d\n", f->raid, f->total,
	       f->disk[0].there + f->disk[1].there);
	return 0;
}

static void print_env(const struct found_disk *d, char running)
{
	struct bootenv e;
	struct fault f;

	if (bootenv_load(&e, d->path, d->boot_at, &f)) {
		printf("  %s: %s\n", d->path, f.text);
		return;
	}
	printf("  %s: starts slot %c", d->path, e.active);
	if (e.trial >= 0)
		printf(" (on trial, %d left)", e.trial);
	printf("; a: version %s%s; b: version %s%s; %s\n",
	       *e.name_a ? e.name_a : "none", running == 'a' ? " (running)" : "",
	       *e.name_b ? e.name_b : "none", running == 'b' ? " (running)" : "",
	       e.other_good ? "the other can be gone back to" :
	       "no version to go back to");
}

static int cmd_status(void)
{
	struct found list[FOUND_MAX];
	struct fault f;
	char id[32], slot[8];
	int n = found_scan("", list, &f);

	if (n < 0) {
		fprintf(stderr, "slots: %s\n", f.text);
		return 1;
	}
	argument("basalt.id", id, sizeof(id));
	argument("basalt.slot", slot, sizeof(slot));
	for (int i = 0; i < n; i++) {
		printf("installation %s: %d of %u disks%s\n", list[i].id,
		       list[i].disk[0].there + list[i].disk[1].there, list[i].total,
		       list[i].twice ? ", one of them twice" : "");
		for (int k = 0; k < 2; k++)
			if (list[i].disk[k].there)
				print_env(&list[i].disk[k],
					  strcmp(id, list[i].id) ? '\0' : slot[0]);
	}
	return 0;
}

/*
 * Whether process @pid is what a person sees on tty1 or a serial line: the
 * console, or init's own child (a log-in) once /sbin/session has become it.
 */
static bool is_console(const char *pid)
{
	char path[64], comm[32] = "", *text, *p;
	unsigned int tty = 0;
	int parent = 0;

	snprintf(path, sizeof(path), "/proc/%.16s/stat", pid);
	if (file_read(path, 4096, &text, NULL))
		return false;
	p = strrchr(text, ')');
	sscanf(text, "%*d (%31[^)])", comm);
	if (p)
		sscanf(p + 1, " %*c %d %*d %*d %u", &parent, &tty);
	free(text);
	if (!tty || tty == TTY2)
		return false;
	return !strcmp(comm, CONSOLE) || (parent == 1 && strcmp(comm, "session"));
}

/* The number of such a process; 0: there is none. */
static int find_console(void)
{
	DIR *dir = opendir("/proc");
	struct dirent *e;
	int pid = 0;

	while (dir && !pid && (e = readdir(dir)))
		if (isdigit((unsigned char)e->d_name[0]) && is_console(e->d_name))
			pid = atoi(e->d_name);
	if (dir)
		closedir(dir);
	return pid;
}

/* Waits for a console that stays: one that dies at once has not come up. */
static bool wait_for_console(void)
{
	int pid = 0, same = 0;

	for (int i = 0; i < WAIT_S; i++) {
		int now = find_console();

		same = now && now == pid ? same + 1 : 0;
		if (same == SETTLED_S)
			return true;
		pid = now;
		sleep(1);
	}
	return false;
}

static bool state_is_mounted(void)
{
	struct stat state, root;

	return !stat("/state", &state) && !stat("/", &root) &&
	       state.st_dev != root.st_dev;
}

/* Marks the running slot on every disk that starts it. */
static int mark_good(void)
{
	struct found list[FOUND_MAX];
	const struct found *found;
	struct fault f;
	char slot;
	int err = 0;

	found = find_running(list, &slot);
	if (!found)
		return 1;
	for (int i = 0; i < 2; i++) {
		const struct found_disk *d = &found->disk[i];
		struct bootenv e;

		if (!d->there)
			continue;
		if (bootenv_load(&e, d->path, d->boot_at, &f) ||
		    (bootenv_good(&e, slot) &&
		     bootenv_save(&e, d->path, d->boot_at, &f))) {
			fprintf(stderr, "slots: %s\n", f.text);
			err = 1;
		}
	}
	return err;
}

static int cmd_good(bool wait)
{
	if (wait && !wait_for_console()) {
		fprintf(stderr, "slots: the console has not come up\n");
		return 1;
	}
	if (!state_is_mounted()) {
		fprintf(stderr, "slots: the state partition is not mounted: this "
			"slot is not good\n");
		return 1;
	}
	if (mark_good())
		return 1;
	return file_write_atomic("/run/" GOOD_MARK, "", 0, 0644) ? 1 : 0;
}

static int cmd_previous(void)
{
	struct found list[FOUND_MAX];
	const struct found *found;
	struct fault f = {.text = ""};
	char slot;
	int done = 0, err = 0;

	found = find_running(list, &slot);
	for (int i = 0; found && i < 2 && !err; i++) {
		const struct found_disk *d = &found->disk[i];
		struct bootenv e;

		if (!d->there)
			continue;
		err = bootenv_load(&e, d->path, d->boot_at, &f);
		if (!err && e.active != slot)
			continue;	/* it starts the other one already */
		if (!err && bootenv_restore(&e))
			err = fault_set(&f, -ENOENT, "%s: there is no version "
					"before this one", d->path);
		if (!err)
			err = bootenv_save(&e, d->path, d->boot_at, &f);
		done += !err;
	}
	if (err)
		fprintf(stderr, "slots: %s\n", f.text);
	else if (found)
		puts(done ? "The version before is started from now on." :
		     "The other version is started from now on already.");
	return err || !found;
}

#define CONSOLES_MAX 4

/* All that the kernel writes to; how many. */
static int open_consoles(int fd[CONSOLES_MAX])
{
	char *text = NULL, *save = NULL, path[64];
	int n = 0;

	if (file_read("/sys/class/tty/console/active", 4096, &text, NULL))
		return 0;
	for (char *w = strtok_r(text, " \n", &save); w && n < CONSOLES_MAX;
	     w = strtok_r(NULL, " \n", &save)) {
		snprintf(path, sizeof(path), "/dev/%.32s", w);
		fd[n] = open(path, O_WRONLY | O_NOCTTY | O_CLOEXEC);
		n += fd[n] >= 0;
	}
	free(text);
	return n;
}

/*
 * Started by the initramfs, so that even a system that never gets to its
 * services is given up. /run moves with the root, and /dev is out of reach
 * then: the descriptors follow.
 */
static int cmd_watch(const char *seconds)
{
	long n;
	static const char last[] = "\r\nslots: the console has not come up: "
				   "restarting\r\n";
	int run = open("/run", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd[CONSOLES_MAX], consoles = open_consoles(fd);

	if (run < 0 || conf_number(seconds, 1, 86400, &n)) {
		fprintf(stderr, "slots: watch: a number of seconds is wanted\n");
		return 2;
	}
	while (n-- > 0) {
		sleep(1);
		if (!faccessat(run, GOOD_MARK, F_OK, 0))
			return 0;
	}
	for (int i = 0; i < consoles; i++)
		if (write(fd[i], last, sizeof(last) - 1) < 0)
			continue;
	sync();
	reboot(RB_AUTOBOOT);
	return 1;
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "";

	if (!strcmp(how, "find") && argc == 3)
		return cmd_find(argv[2]);
	if (!strcmp(how, "status") && argc == 2)
		return cmd_status();
	if (!strcmp(how, "good") && argc == 2)
		return cmd_good(false);
	if (!strcmp(how, "good") && argc == 3 && !strcmp(argv[2], "--wait"))
		return cmd_good(true);
	if (!strcmp(how, "previous") && argc == 2)
		return cmd_previous();
	if (!strcmp(how, "watch") && argc == 3)
		return cmd_watch(argv[2]);
	fputs("usage: slots find ID|any | status | good [--wait] | previous | "
	      "watch SECONDS\n", stderr);
	return 2;
}

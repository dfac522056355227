/*
 * From answers to a plan: which disks are meant, whether it is possible.
 * Reads; the one exception is that chosen disks are opened for writing, to
 * know whether they can be written, and closed again.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "job.h"
#include "libconf/conf.h"
#include "libnet/net.h"
#include "libsettings/settings.h"
#include "match.h"
#include "run.h"

struct check {
	struct job *j;
	struct disk *disks;
	size_t n;
	int problems;
	void (*report)(const char *text);
};

static void problem(struct check *c, const char *text)
{
	c->problems++;
	c->report(text);
}

__attribute__((format(printf, 2, 3)))
static void complain(struct check *c, const char *fmt, ...)
{
	struct fault f;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(f.text, sizeof(f.text), fmt, ap);
	va_end(ap);
	problem(c, f.text);
}

/* Why a disk is out of the question; NULL: it is not. */
static const char *out(const struct check *c, const struct disk *d)
{
	if (*c->j->source.disk && !strcmp(d->name, c->j->source.disk))
		return "is the installation medium";
	if (d->read_only)
		return "is read-only";
	return *d->use ? d->use : NULL;
}

/* The one disk that @text selects, or NULL with a problem reported. */
static struct disk *choose(struct check *c, const char *key, const char *text)
{
	char why[200], path[PATH_MAX], names[256] = "";
	struct disk *chosen = NULL, *excluded = NULL;
	struct match m;
	unsigned int n = 0;
	const char *real;

	if (match_parse(&m, text, why, sizeof(why))) {
		complain(c, "%s: %s", key, why);
		return NULL;
	}
	real = *m.path ? realpath(m.path, path) : NULL;
	for (size_t i = 0; i < c->n; i++) {
		struct disk *d = &c->disks[i];
		size_t at = strlen(names);

		if (!match_disk(&m, real, d))
			continue;
		if (out(c, d)) {
			excluded = d;
			continue;
		}
		chosen = d;
		n++;
		snprintf(names + at, sizeof(names) - at, " %s", d->path);
	}
	if (n == 1)
		return chosen;
	if (n > 1)
		complain(c, "%s: \"%s\" selects %u disks:%s: add words until it "
			 "selects one", key, text, n, names);
	else if (excluded)
		complain(c, "%s: \"%s\" selects %s, which cannot be used: %s",
			 key, text, excluded->path, out(c, excluded));
	else
		complain(c, "%s: \"%s\" selects no disk: `installer --disks` lists "
			 "those there are", key, text);
	return NULL;
}

static void check_writable(struct check *c, const struct disk *d)
{
	int fd = open(d->path, O_RDWR | O_EXCL | O_CLOEXEC);

	if (fd < 0)
		complain(c, "%s: cannot be written: %s: choose another disk",
			 d->path, strerror(errno));
	else
		close(fd);
}

/* A disk that is to be overwritten. */
static void take(struct check *c, struct disk *d, struct disk *to)
{
	disk_contents(d);
	*to = *d;
	if (*d->holds && c->j->a->existing == EXISTING_REFUSE)
		complain(c, "%s: holds %s: to destroy that, give existing = wipe",
			 d->path, d->holds);
	check_writable(c, d);
}

static void choose_system(struct check *c)
{
	struct job *j = c->j;

	for (size_t i = 0; i < j->a->disk.n && i < 2; i++) {
		struct disk *d = choose(c, "disk", j->a->disk.text[i]);

		if (!d)
			continue;
		if (j->disks && !strcmp(j->disk[0].name, d->name)) {
			complain(c, "disk: %s is selected twice: RAID 1 wants two "
				 "disks", d->path);
			continue;
		}
		if (d->sector != 512)
			complain(c, "%s: has sectors of %u octets: a BIOS cannot "
				 "start from it: choose another disk", d->path,
				 d->sector);
		take(c, d, &j->disk[j->disks++]);
	}
}

static void choose_storage(struct check *c)
{
	struct job *j = c->j;
	struct disk *d;

	if (j->a->storage == STORAGE_NONE || !strcmp(j->a->storage_disk, "rest"))
		return;
	d = choose(c, "storage_disk", j->a->storage_disk);
	if (!d)
		return;
	for (unsigned int i = 0; i < j->disks; i++)
		if (!strcmp(j->disk[i].name, d->name)) {
			complain(c, "storage_disk: %s is the system disk: give "
				 "\"rest\" for what it has left", d->path);
			return;
		}
	if (d->size < ((uint64_t)64 << 20))
		complain(c, "%s: is too small to hold VMs", d->path);
	take(c, d, &j->vms_disk);
}

static void make_layout(struct check *c)
{
	struct job *j = c->j;
	uint64_t size = j->disk[0].size;
	struct fault f;
	unsigned char random[ID_LEN / 2];

	if (j->disks == 2 && j->disk[1].size < size)
		size = j->disk[1].size;
	if (layout_make(&j->layout, size, j->source.size,
			j->a->storage != STORAGE_NONE && !*j->vms_disk.name, &f))
		complain(c, "%s: %s", j->disk[0].path, f.text);
	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		complain(c, "random numbers: %s", strerror(errno));
	for (size_t i = 0; i < sizeof(random); i++)
		snprintf(j->id + 2 * i, 3, "%02x", random[i]);
}

static void check_settings(struct check *c)
{
	const struct answers *a = c->j->a;
	struct net_config net;
	struct conf_error e;
	const char *values[][2] = {{"hostname", a->hostname},
		{"timezone", a->timezone}, {"keyboard", a->keyboard}};
	size_t n = 1;
	char *text;

	for (size_t i = 0; i < 3; i++)
		if (settings_check(values[i][0], values[i][1], "", &e))
			problem(c, e.text);
	if (a->ntp.n > SETTINGS_NTP)
		complain(c, "ntp: %zu servers: at most %d are used", a->ntp.n,
			 SETTINGS_NTP);
	for (size_t i = 0; i < a->net.n; i++)
		n += strlen(a->net.text[i]) + 1;
	text = calloc(1, n);
	for (size_t i = 0; text && i < a->net.n; i++)
		strcat(strcat(text, a->net.text[i]), "\n");
	if (!text) {
		problem(c, "out of memory");
	} else if (a->net.n) {
		if (net_parse(&net, text, strlen(text), "net", &e))
			problem(c, e.text);
		net_free(&net);
	}
	free(text);
}

/* Whether /dev/… is one of the disks that are overwritten, or a part of one. */
static bool is_chosen(const struct job *j, const char *device)
{
	for (unsigned int i = 0; i < j->disks; i++)
		if (!strncmp(device, j->disk[i].path, strlen(j->disk[i].path)))
			return true;
	return *j->vms_disk.path &&
	       !strncmp(device, j->vms_disk.path, strlen(j->vms_disk.path));
}

/* A volume group of this name on a disk that stays. */
static bool is_group(const struct job *j, const char *name)
{
	static const char *const argv[] = {"lvm", "vgs", "--noheadings", "-o",
					   "vg_name,pv_name", NULL};
	char text[8192], vg[128], pv[256], *save = NULL;
	struct run r = {.output = text, .output_n = sizeof(text)};
	struct fault f;

	if (run(argv, &r, &f))
		return false;
	for (char *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save))
		if (sscanf(l, "%127s %255s", vg, pv) == 2 && !strcmp(vg, name) &&
		    !is_chosen(j, pv))
			return true;
	return false;
}

/* A pool of this name that was made live. */
static bool is_live_pool(const char *name)
{
	const struct conf_line *l;
	size_t at = 0, n = strlen(name);
	struct conf c;
	bool is = false;

	if (conf_load(&c, "/state/etc/pools.conf", NULL))
		return false;
	while ((l = conf_next(&c, "pool", &at)))
		is |= !strncmp(l->value, name, n) && l->value[n] == ' ';
	conf_free(&c);
	return is;
}

static void name_pool(struct job *j)
{
	strcpy(j->pool, "vms");
	if (is_group(j, j->pool) || is_live_pool(j->pool))
		snprintf(j->pool, sizeof(j->pool), "vms-%.4s", j->id);
}

static void plan_install(struct check *c)
{
	choose_system(c);
	choose_storage(c);
	if (!c->problems)
		make_layout(c);
	check_settings(c);
	if (!c->problems)
		name_pool(c->j);
}

static bool has_disk(const struct found *f, const struct disk *d)
{
	return !strcmp(f->disk[0].name, d->name) || !strcmp(f->disk[1].name, d->name);
}

static struct found *choose_found(struct check *c)
{
	struct job *j = c->j;
	struct match m;
	char why[200], path[PATH_MAX];
	struct found *chosen = NULL;
	const char *real = NULL;
	int n = 0;

	if (match_parse(&m, j->a->disk.n ? j->a->disk.text[0] : "any", why,
			sizeof(why))) {
		complain(c, "disk: %s", why);
		return NULL;
	}
	if (*m.path)
		real = realpath(m.path, path);
	for (int i = 0; i < j->found_n; i++) {
		bool matches = false;

		for (size_t k = 0; k < c->n; k++)
			matches |= has_disk(&j->found[i], &c->disks[k]) &&
				   match_disk(&m, real, &c->disks[k]);
		if (matches) {
			chosen = &j->found[i];
			n++;
		}
	}
	if (n == 1)
		return chosen;
	complain(c, n ? "%d installations are meant: give disk = …, one of its disks"
		 : "no installation is there that could be changed: install first, "
		 "or plug its disk in", n);
	return NULL;
}

/* Is it this installation that runs, and from which slot; '\0': it is not. */
static char running_slot(const char *id)
{
	char line[4096] = "", word[32];
	FILE *f = fopen("/proc/cmdline", "re");
	const char *slot;

	if (f) {
		if (!fgets(line, sizeof(line), f))
			line[0] = '\0';
		fclose(f);
	}
	snprintf(word, sizeof(word), "basalt.id=%s", id);
	slot = strstr(line, "basalt.slot=");
	return strstr(line, word) && slot ? slot[strlen("basalt.slot=")] : '\0';
}

static int load_env(struct job *j, struct bootenv *e, struct fault *f)
{
	int err = -ENOENT;

	for (int i = 0; i < 2 && err; i++)
		if (j->target->disk[i].there)
			err = bootenv_load(e, j->target->disk[i].path,
					   j->target->disk[i].boot_at, f);
	return err;
}

static void plan_change(struct check *c)
{
	struct job *j = c->j;
	struct bootenv e;
	struct fault f;
	char running;

	j->target = choose_found(c);
	if (!j->target)
		return;
	if (j->target->twice) {
		complain(c, "two disks say that they are the same one of "
			 "installation %s: is one a copy? unplug it",
			 j->target->id);
		return;
	}
	if (load_env(j, &e, &f)) {
		problem(c, f.text);
		return;
	}
	running = running_slot(j->target->id);
	j->keep = e.active;
	if (running == 'a' || running == 'b')
		j->keep = running;
	else if (e.trial >= 0 && e.other_good)
		j->keep = bootenv_other(e.active);
	if (j->a->action == ACTION_RESTORE && !e.other_good)
		complain(c, "installation %s: has no version before this one that "
			 "could be started", e.id);
	for (int i = 0; i < 2; i++)
		if (j->target->disk[i].there && j->a->action == ACTION_UPGRADE &&
		    j->target->disk[i].size[PART_A] < j->source.size)
			complain(c, "%s: its slots are too small for this version: "
				 "install anew", j->target->disk[i].path);
}

int plan(struct job *j, void (*report)(const char *text))
{
	struct check c = {.j = j, .report = report};
	struct fault f;

	j->source.fd = -1;
	j->found_n = found_scan("", j->found, &f);
	if (j->found_n < 0 || disk_list("", &c.disks, &c.n, &f)) {
		problem(&c, f.text);
		return c.problems;
	}
	if (j->a->action != ACTION_RESTORE &&
	    source_open(&j->source, j->a->source, j->found, j->found_n, &f))
		problem(&c, f.text);
	if (j->a->action == ACTION_INSTALL)
		plan_install(&c);
	else
		plan_change(&c);
	free(c.disks);
	return c.problems;
}

__attribute__((format(printf, 2, 3)))
static void tell_line(void (*tell)(const char *), const char *fmt, ...)
{
	char text[768];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	tell(text);
}

static void tell_disk(const struct disk *d, const char *use,
		      void (*tell)(const char *))
{
	tell_line(tell, "erase %s, %s, serial %s, %" PRIu64 " MiB, holds %s: %s",
		  d->path, *d->model ? d->model : "no model",
		  *d->serial ? d->serial : "none", d->size >> 20,
		  *d->holds ? d->holds : "nothing", use);
}

void plan_tell(const struct job *j, void (*tell)(const char *text))
{
	char note[300];

	if (answers_plain(j->a, note, sizeof(note)))
		tell(note);
	if (j->a->action == ACTION_INSTALL) {
		for (unsigned int i = 0; i < j->disks; i++)
			tell_disk(&j->disk[i], j->disks == 2 ?
				  "system, mirrored" : "system", tell);
		if (*j->vms_disk.name)
			tell_disk(&j->vms_disk, "virtual machines", tell);
		tell_line(tell, "install version %s from %s", j->source.version,
			  j->source.path);
	} else if (j->a->action == ACTION_UPGRADE) {
		tell_line(tell, "upgrade installation %s: slot %c becomes version "
			  "%s from %s, slot %c stays", j->target->id,
			  bootenv_other(j->keep), j->source.version,
			  j->source.path, j->keep);
	} else {
		tell_line(tell, "restore installation %s: the version before is "
			  "started from now on", j->target->id);
	}
}

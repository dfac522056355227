/*
 * Pools on LVM: a volume group with one thin pool, STORE_THIN, that takes all of
 * it. A volume is a thin volume; so is a snapshot, read-only and not active until
 * somebody reads it. All by running `lvm`; its settings are in /etc/lvm/lvm.conf.
 *
 * A group is ours when it has the tag STORE_TAG; STORE_TAG_NEW says that its
 * making was cut short. Somebody else's groups are shown and never touched.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "libstore/internal.h"

#define FORMAT "--noheadings", "--nosuffix", "--units", "b", "--separator", "|"

static bool has_tag(const char *tags, const char *tag)
{
	size_t len = strlen(tag);

	for (const char *at = tags; (at = strstr(at, tag)); at += len)
		if ((at == tags || at[-1] == ',') && (!at[len] || at[len] == ','))
			return true;
	return false;
}

/* Calls fn with the fields of each line; "lvm" as such not there: -ENOENT. */
static int report(const char *const argv[], size_t nfields,
		  int (*fn)(void *ctx, char *fields[]), void *ctx)
{
	char *fields[12], *next;
	struct run_result r;
	int ret = run_argv(argv, &r);

	if (!ret && r.status)
		ret = -ENOENT;
	for (char *line = r.out; !ret && line && *line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (run_fields(line, fields, ARRAY_SIZE(fields)) == nfields)
			ret = fn(ctx, fields);
	}
	free(r.out);
	return ret;
}

/* --- groups ----------------------------------------------------------------- */

struct group {
	const char *device; /* wanted: this device's group */
	const char *name;   /* or the group of this name */
	char vg[128], tags[128], pv[STORE_PATH_SIZE];
	unsigned int pvs;
	bool found;
};

static int take_group(void *ctx, char *fields[])
{
	struct group *g = ctx;

	if (g->device ? strcmp(fields[0], g->device) != 0 : strcmp(fields[1], g->name) != 0)
		return 0;
	g->found = true;
	snprintf(g->pv, sizeof(g->pv), "%s", fields[0]);
	snprintf(g->vg, sizeof(g->vg), "%s", fields[1]);
	snprintf(g->tags, sizeof(g->tags), "%s", fields[2]);
	g->pvs = (unsigned int)strtoul(fields[3], NULL, 10);
	return 0;
}

static int find_group(struct group *g)
{
	static const char *const argv[] = { "lvm", "pvs", FORMAT, "-o",
		"pv_name,vg_name,vg_tags,pv_count", NULL };

	return report(argv, 4, take_group, g);
}

int lvm_group_of(const char *device, char group[128], char tags[128], unsigned int *pvs)
{
	struct group g = { .device = device };
	int ret = find_group(&g);

	memcpy(group, g.vg, sizeof(g.vg));
	memcpy(tags, g.tags, sizeof(g.tags));
	*pvs = g.pvs;
	return ret ? ret : g.found ? 0 : -ENOENT;
}

/* --- the pool --------------------------------------------------------------- */

#define SEE_LVM "look at it with lvs and vgs"

static int create_thin_pool(const char *name, struct store_error *err)
{
	char thin[STORE_FULL_SIZE];
	const char *const argv[] = { "lvm", "lvcreate", "-qq", "-y", "--type", "thin-pool",
		"-l", "100%FREE", "-n", STORE_THIN, "-Zy", "--poolmetadataspare", "n",
		name, NULL };
	/* What does not fit fails at once, instead of making VMs hang. */
	const char *const full[] = { "lvm", "lvchange", "-qq", "--errorwhenfull", "y",
		thin, NULL };
	int ret = run_or_fail(argv, name, "choose a disk of 64 MiB or more", err);

	snprintf(thin, sizeof(thin), "%s/" STORE_THIN, name);
	return ret ? ret : run_or_fail(full, name, SEE_LVM, err);
}

static int remove_group(const char *name, struct store_error *err)
{
	const char *const argv[] = { "lvm", "vgremove", "-qq", "-ff", "-y", name, NULL };

	return run_or_fail(argv, name, SEE_LVM, err);
}

static void lvm_clean(struct store *s, const struct pool *p)
{
	struct group g = { .name = p->name };
	(void)s;

	find_group(&g);
	if (g.found && has_tag(g.tags, STORE_TAG_NEW))
		remove_group(p->name, NULL);
}

static int lvm_make(struct store *s, struct pool *p, const struct store_pool_spec *spec,
		    struct store_error *err)
{
	const char *const create[] = { "lvm", "vgcreate", "-qq", "-y", "--addtag",
		STORE_TAG_NEW, p->name, spec->on, NULL };
	struct group g = { .name = p->name };
	int ret;
	(void)s;

	find_group(&g);
	if (g.found)
		return store_fail(err, -EEXIST, "%s: there is an LVM group of that name "
				  "already: choose another name%s", p->name,
				  has_tag(g.tags, STORE_TAG) ? ", or take it up with "
				  "storage pool adopt" : "");
	ret = run_or_fail(create, spec->on, "is something using the disk? " SEE_LVM, err);
	if (ret)
		return ret;
	ret = create_thin_pool(p->name, err);
	if (ret)
		remove_group(p->name, NULL);
	return ret;
}

static int lvm_finish(struct store *s, const struct pool *p, struct store_error *err)
{
	const char *const argv[] = { "lvm", "vgchange", "-qq", "--addtag", STORE_TAG,
		"--deltag", STORE_TAG_NEW, p->name, NULL };
	(void)s;

	return run_or_fail(argv, p->name, SEE_LVM, err);
}

static int lvm_destroy(struct store *s, const struct pool *p, struct store_error *err)
{
	struct group g = { .name = p->name };
	const char *const wipe[] = { "lvm", "pvremove", "-qq", "-y", g.pv, NULL };
	int ret;
	(void)s;

	find_group(&g);
	if (!g.found)
		return 0;
	ret = remove_group(p->name, err);
	/* Only with one disk is this its name; the others keep an empty label. */
	return ret ? ret : run_or_fail(wipe, g.pv, SEE_LVM, err);
}

static int lvm_adopt(struct store *s, struct pool *p, struct store_error *err)
{
	struct group g = { .name = p->name };
	(void)s;

	find_group(&g);
	if (g.found && has_tag(g.tags, STORE_TAG))
		return 0;
	return store_fail(err, -ENOENT, g.found
			  ? "%s: this LVM group is no pool: it was not made here; attach "
			    "its volumes to VMs by their paths"
			  : "%s: no disk holds a pool of that name: storage disks shows what "
			    "there is", p->name);
}

static int lvm_start(struct store *s, const struct pool *p, struct store_error *err)
{
	const char *const argv[] = { "lvm", "vgchange", "-qq", "-y", "-ay", p->name, NULL };
	(void)s;

	return run_or_fail(argv, p->name, "is its disk there? storage disks shows them",
			   err);
}

static int lvm_stop(struct store *s, const struct pool *p, struct store_error *err)
{
	const char *const argv[] = { "lvm", "vgchange", "-qq", "-an", p->name, NULL };
	(void)s;

	return run_or_fail(argv, p->name, "stop the VMs that use it", err);
}

static int take_stat(void *ctx, char *fields[])
{
	struct store_pool *out = ctx;

	out->size = strtoull(fields[0], NULL, 10);
	out->used = (uint64_t)((double)out->size * atof(fields[1]) / 100);
	out->used_meta = atof(fields[2]) / 100;
	out->active = !strcmp(fields[3], "active");
	return 0;
}

static void lvm_stat(struct store *s, const struct pool *p, struct store_pool *out)
{
	struct group g = { .name = p->name };
	char thin[STORE_FULL_SIZE];
	const char *const argv[] = { "lvm", "lvs", FORMAT, "-o",
		"lv_size,data_percent,metadata_percent,lv_active", thin, NULL };
	(void)s;

	snprintf(thin, sizeof(thin), "%s/" STORE_THIN, p->name);
	find_group(&g);
	snprintf(out->on, sizeof(out->on), "%.100s%s", g.pv, g.pvs > 1 ? " ..." : "");
	if (report(argv, 4, take_stat, out))
		snprintf(out->problem, sizeof(out->problem), "%s", g.found
			 ? "its thin pool is missing" : "its disk is not there");
	else if (!out->active)
		snprintf(out->problem, sizeof(out->problem), "not started");
}

/* --- volumes ---------------------------------------------------------------- */

struct listing {
	struct raw_volume **list;
	size_t *count;
};

static int take_volume(void *ctx, char *fields[])
{
	struct listing *l = ctx;
	struct raw_volume *v;

	/* Only what lies in the thin pool: not the pool itself, not its parts. */
	if (strcmp(fields[6], STORE_THIN))
		return 0;
	v = store_grow((void **)l->list, l->count, sizeof(*v));
	if (!v)
		return -ENOMEM;
	snprintf(v->raw, sizeof(v->raw), "%s", fields[0]);
	v->size = strtoull(fields[1], NULL, 10);
	v->used = (uint64_t)((double)v->size * atof(fields[2]) / 100);
	v->made = strtoll(fields[3], NULL, 10);
	v->in_use = !strcmp(fields[5], "open");
	return 0;
}

static int lvm_list(struct store *s, const struct pool *p, struct raw_volume **list,
		    size_t *count, struct store_error *err)
{
	const char *const argv[] = { "lvm", "lvs", FORMAT, "--config",
		"report{time_format=\"%s\"}", "-o",
		"lv_name,lv_size,data_percent,lv_time,lv_active,lv_device_open,pool_lv",
		p->name, NULL };
	struct listing l = { list, count };
	int ret;
	(void)s;

	ret = report(argv, 7, take_volume, &l);
	return ret ? store_fail(err, ret, "%s: its volumes cannot be listed: its disk is "
				"not there, or LVM refuses: %s", p->name, SEE_LVM) : 0;
}

static void lvm_path(const struct store *s, const struct pool *p, const char *raw,
		     char buf[STORE_PATH_SIZE])
{
	store_path(s, buf, "/dev/%s/%s", p->name, raw);
}

static int lvm_create(struct store *s, const struct pool *p, const char *raw,
		      uint64_t size, struct store_error *err)
{
	char bytes[32];
	const char *const argv[] = { "lvm", "lvcreate", "-qq", "-y", "-V", bytes,
		"--thinpool", STORE_THIN, "-n", raw, p->name, NULL };
	(void)s;

	snprintf(bytes, sizeof(bytes), "%llub", (unsigned long long)size);
	return run_or_fail(argv, raw, SEE_LVM, err);
}

static int lvm_grow(struct store *s, const struct pool *p, const char *raw,
		    uint64_t size, struct store_error *err)
{
	char bytes[32], full[STORE_FULL_SIZE * 2];
	const char *const argv[] = { "lvm", "lvextend", "-qq", "-y", "-L", bytes, full,
		NULL };
	(void)s;

	snprintf(bytes, sizeof(bytes), "%llub", (unsigned long long)size);
	snprintf(full, sizeof(full), "%s/%s", p->name, raw);
	return run_or_fail(argv, raw, SEE_LVM, err);
}

static int lvm_remove(struct store *s, const struct pool *p, const char *raw,
		      struct store_error *err)
{
	char full[STORE_FULL_SIZE * 2];
	const char *const argv[] = { "lvm", "lvremove", "-qq", "-f", "-y", full, NULL };
	(void)s;

	snprintf(full, sizeof(full), "%s/%s", p->name, raw);
	return run_or_fail(argv, raw, "is it in use? " SEE_LVM, err);
}

static int lvm_twin(struct store *s, const struct pool *p, const char *from,
		    const char *to, bool writable, struct store_error *err)
{
	char full[STORE_FULL_SIZE * 2];
	const char *const argv[] = { "lvm", "lvcreate", "-qq", "-y", "-s", "-n", to,
		writable ? "-kn" : "-ky", writable ? "-prw" : "-pr", full, NULL };
	(void)s;

	snprintf(full, sizeof(full), "%s/%s", p->name, from);
	return run_or_fail(argv, to, SEE_LVM, err);
}

static int lvm_rename(struct store *s, const struct pool *p, const char *from,
		      const char *to, bool replace, struct store_error *err)
{
	const char *const argv[] = { "lvm", "lvrename", "-qq", p->name, from, to, NULL };
	int ret = replace ? lvm_remove(s, p, to, err) : 0;

	return ret ? ret : run_or_fail(argv, from, SEE_LVM, err);
}

static int lvm_open(struct store *s, const struct pool *p, const char *raw, bool open,
		    struct store_error *err)
{
	char full[STORE_FULL_SIZE * 2];
	const char *const argv[] = { "lvm", "lvchange", "-qq", "-K", open ? "-ay" : "-an",
		full, NULL };
	(void)s;

	snprintf(full, sizeof(full), "%s/%s", p->name, raw);
	return run_or_fail(argv, raw, SEE_LVM, err);
}

const struct pool_ops lvm_ops = {
	.name = "lvm", .scheme = "phy:", .clean = lvm_clean, .make = lvm_make,
	.finish = lvm_finish, .destroy = lvm_destroy,
	.adopt = lvm_adopt, .start = lvm_start, .stop = lvm_stop, .stat = lvm_stat,
	.list = lvm_list, .path = lvm_path, .create = lvm_create, .grow = lvm_grow,
	.remove = lvm_remove, .twin = lvm_twin, .rename = lvm_rename, .open = lvm_open,
};

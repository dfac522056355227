/*
 * The VMs' storage of a new installation, and the VMs made live that move into
 * it: a pool of libstore's, noted in the target's pools.conf.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "job.h"
#include "libconf/conf.h"
#include "libstore/libstore.h"
#include "run.h"

#define POOLS		TARGET_DIR "/etc/pools.conf"
#define VMS		TARGET_DIR "/xen"
#define LIVE_VMS	"/state/xen"
#define LIVE_IMAGES	"/state/images/"
#define CONFIG_MAX	65536
#define POOL_NOTE	WORK_DIR "/pool"	/* name of the pool being made */

static int open_store(struct store **s, struct fault *f)
{
	static const struct store_where where = {.pools_conf = POOLS, .vms = VMS};
	struct store_error e = {.text = ""};
	int err = store_open(s, &where, &e);

	return err ? fault_set(f, err, "%.500s", e.text) : 0;
}

/* The array below the pool, so that it is put together at each start. */
static int note_array(const struct job *j, struct fault *f)
{
	const char *const argv[] = {"mdadm", "--detail", "--export", j->vms_dev, NULL};
	char text[2048], line[128], *uuid;
	struct run r = {.output = text, .output_n = sizeof(text)};
	struct conf_error e = {.text = ""};
	struct conf c;
	int err = run(argv, &r, f);

	if (err)
		return err;
	uuid = strstr(text, "MD_UUID=");
	if (!uuid)
		return fault_set(f, -EIO, "%s: mdadm does not tell its UUID",
				 j->vms_dev);
	uuid += strlen("MD_UUID=");
	uuid[strcspn(uuid, "\n")] = '\0';
	snprintf(line, sizeof(line), "basalt-vms %.80s", uuid);
	err = conf_load(&c, POOLS, &e);
	if (!err || err == -ENOENT)
		err = conf_add(&c, "array", line);
	if (!err)
		err = conf_save(&c, POOLS, 0644, &e);
	conf_free(&c);
	return err ? fault_set(f, err, "%s: %.300s", POOLS, e.text) : 0;
}

int step_storage(struct job *j, struct fault *f)
{
	const char *on = *j->vms_disk.name ? j->vms_disk.path : j->vms_dev;
	struct store_pool_spec spec = {.name = j->pool, .erase = true,
		.kind = j->a->storage == STORAGE_LVM ? STORE_LVM : STORE_DIR};
	struct store_error e = {.text = ""};
	char real[PATH_MAX];
	struct store *s;
	int err;

	if (j->a->storage == STORAGE_NONE)
		return 0;
	if (!realpath(on, real))
		return fault_set(f, -errno, "%s: %s", on, strerror(errno));
	spec.on = real;
	if (file_write_atomic(POOL_NOTE, j->pool, strlen(j->pool), 0600))
		return fault_set(f, -EIO, "%s: cannot be written", POOL_NOTE);
	err = j->disks > 1 && !*j->vms_disk.name ? note_array(j, f) : 0;
	if (!err)
		err = open_store(&s, f);
	if (err)
		return err;
	err = store_pool_create(s, &spec, &e);
	if (err)
		fault_set(f, err, "%.500s", e.text);
	store_close(s);
	return err;
}

/* Also what a failed or killed making of the pool has left running. */
void storage_release(void)
{
	const char *argv[] = {"lvm", "vgchange", "-an", NULL, NULL};
	char *name, dir[128];
	struct fault f;

	if (file_read(POOL_NOTE, STORE_NAME_MAX, &name, NULL))
		return;
	argv[3] = name;
	snprintf(dir, sizeof(dir), "/storage/%s", name);
	umount2(dir, 0);
	snprintf(dir, sizeof(dir), "/dev/%s", name);
	if (!access(dir, F_OK) && run(argv, NULL, &f))
		log_line("%s", f.text);
	unlink(POOL_NOTE);
	free(name);
}

/* --- VMs that are taken along --------------------------------------------- */

/* A volume's name from an image's: what names may hold, without the ending. */
static void volume_name(const char *path, char *to, size_t n)
{
	const char *base = strrchr(path, '/') + 1;
	const char *dot = strrchr(base, '.');
	size_t len = dot && dot != base ? (size_t)(dot - base) : strlen(base);
	size_t o = 0;

	for (size_t i = 0; i < len && o + 1 < n; i++) {
		bool good = isalnum((unsigned char)base[i]) ||
			    (o && strchr("-_", base[i]));

		if (good || o)
			to[o++] = good ? base[i] : '-';
	}
	to[o] = '\0';
	if (!o)
		snprintf(to, n, "image");
}

static int report_progress(void *ctx, unsigned int percent, const char *text)
{
	struct fault ignored;

	(void)text;
	return job_progress(ctx, percent, &ignored);
}

/* An image becomes a volume of the pool; its name in a configuration: @target. */
static int move_image(struct job *j, const char *path, char *target, size_t n,
		      struct fault *f)
{
	const struct store_progress progress = {report_progress, j};
	char name[STORE_NAME_SIZE - 4], full[STORE_FULL_SIZE];
	struct store_error e = {.text = ""};
	struct store_volume v;
	struct store *s;
	int err = open_store(&s, f);

	if (err)
		return err;
	volume_name(path, name, sizeof(name));
	snprintf(full, sizeof(full), "%s/%s", j->pool, name);
	for (int i = 2; i < 100 && !store_volume_get(s, full, &v, &e); i++)
		snprintf(full, sizeof(full), "%s/%s-%d", j->pool, name, i);
	err = store_import(s, path, full, 0, &progress, &e);
	if (!err)
		err = store_volume_get(s, full, &v, &e);
	if (!err)
		snprintf(target, n, "%s", v.target);
	else
		fault_set(f, err, "%.500s", e.text);
	store_close(s);
	return err;
}

/* Without a pool the image lies on the state partition, under the same name. */
static int copy_image(const char *path, char *target, size_t n, struct fault *f)
{
	const char *const argv[] = {"cp", path, TARGET_DIR "/images/", NULL};

	snprintf(target, n, "file:%s", path);
	return run(argv, NULL, f);
}

/* Images that were moved already: two VMs may share one. */
struct moved {
	char path[256], target[300];
};
struct moves {
	struct moved list[256];
	int n;
};

static int move_once(struct job *j, struct moves *m, const char *path,
		     const char **target, struct fault *f)
{
	struct moved *new;
	int err;

	for (int i = 0; i < m->n; i++)
		if (!strcmp(m->list[i].path, path)) {
			*target = m->list[i].target;
			return 0;
		}
	if (m->n == (int)(sizeof(m->list) / sizeof(*m->list)))
		return fault_set(f, -ENOSPC, "over %d images are to be taken along: "
				 "take along fewer VMs", m->n);
	new = &m->list[m->n];
	err = *j->pool && j->a->storage != STORAGE_NONE ?
	      move_image(j, path, new->target, sizeof(new->target), f) :
	      copy_image(path, new->target, sizeof(new->target), f);
	if (err)
		return err;
	snprintf(new->path, sizeof(new->path), "%s", path);
	m->n++;
	*target = new->target;
	return 0;
}

/* Appends @n octets to the text in @out. */
static int append(char *out, const char *text, size_t n)
{
	size_t at = strlen(out);

	if (at + n >= CONFIG_MAX)
		return -EFBIG;
	memcpy(out + at, text, n);
	out[at + n] = '\0';
	return 0;
}

/*
 * A target as it stands for what was written at @out's end: "file:" before the
 * path takes the target's own prefix; a bare path takes none.
 */
static int append_target(char *out, const char *target)
{
	size_t at = strlen(out);
	const char *bare = strchr(target, ':');

	if (at >= 5 && !strcmp(out + at - 5, "file:"))
		out[at - 5] = '\0';
	else if (bare)
		target = bare + 1;
	return append(out, target, strlen(target));
}

/* Rewrites a configuration: each image below LIVE_IMAGES is moved. */
static int move_images(struct job *j, struct moves *m, const char *text, char *out,
		       struct fault *f)
{
	int err = 0;

	out[0] = '\0';
	while (*text && !err) {
		const char *hit = strstr(text, LIVE_IMAGES), *target = "";
		char path[256];
		size_t n;

		if (!hit) {
			err = append(out, text, strlen(text));
			break;
		}
		n = strcspn(hit, "',\"\n ");
		if (n >= sizeof(path))
			return fault_set(f, -ENAMETOOLONG, "%.80s…: too long a name",
					 hit);
		memcpy(path, hit, n);
		path[n] = '\0';
		err = append(out, text, (size_t)(hit - text));
		if (!err && access(path, F_OK)) {
			err = append(out, path, n);
		} else if (!err) {
			err = move_once(j, m, path, &target, f);
			if (!err)
				err = append_target(out, target);
		}
		text = hit + n;
	}
	return err == -EFBIG ? fault_set(f, err, "a configuration is too long") : err;
}

static int take_vm(struct job *j, struct moves *m, const char *file, struct fault *f)
{
	static char out[CONFIG_MAX];
	char from[512], to[512], *text;
	size_t n;
	int err;

	snprintf(from, sizeof(from), "%s/%.250s", LIVE_VMS, file);
	snprintf(to, sizeof(to), "%s/%.250s", VMS, file);
	err = file_read(from, CONFIG_MAX - 1, &text, &n);
	if (err)
		return fault_set(f, err, "%.300s: %s", from, strerror(-err));
	err = move_images(j, m, text, out, f);
	free(text);
	if (!err) {
		err = file_write_atomic(to, out, strlen(out), 0644);
		if (err)
			fault_set(f, err, "%.300s: %s", to, strerror(-err));
	}
	return err;
}

static bool is_config(const char *name)
{
	size_t n = strlen(name);

	return n > 4 && name[0] != '.' && !strcmp(name + n - 4, ".cfg");
}

/* What is kept beside the configurations: marks, and the volumes for cloud-init. */
static int take_marks(struct fault *f)
{
	static const char *const dirs[] = {"auto", "template", "seed"};
	int err = 0;

	for (size_t i = 0; i < sizeof(dirs) / sizeof(*dirs) && !err; i++) {
		char from[64];
		const char *const argv[] = {"cp", "-a", from, VMS "/", NULL};

		snprintf(from, sizeof(from), LIVE_VMS "/%s", dirs[i]);
		err = access(from, F_OK) ? 0 : run(argv, NULL, f);
	}
	return err;
}

int step_take_along(struct job *j, struct fault *f)
{
	static struct moves moves;
	struct dirent *e;
	DIR *dir;
	int err = 0;

	if (!(j->a->take_along & TAKE_VMS))
		return 0;
	dir = opendir(LIVE_VMS);
	if (!dir)
		return 0;
	moves.n = 0;
	while (!err && (e = readdir(dir)))
		if (is_config(e->d_name))
			err = take_vm(j, &moves, e->d_name, f);
	closedir(dir);
	return err ? err : take_marks(f);
}

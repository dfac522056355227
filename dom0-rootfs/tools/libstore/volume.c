/*
 * Volumes, whatever the pool's kind: names, checks, who uses one, and the order of
 * steps that lets any of them be cut short.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libstore/internal.h"

/* --- names ------------------------------------------------------------------ */

int volume_name_parse(const char *full, struct volume_name *n, struct store_error *err)
{
	const char *slash = strchr(full, '/');
	const char *dot = slash ? strchr(slash, '.') : NULL;
	size_t pool = slash ? (size_t)(slash - full) : 0;
	size_t volume = slash ? dot ? (size_t)(dot - slash - 1) : strlen(slash + 1) : 0;

	*n = (struct volume_name){ .pool = "" };
	if (pool && pool < STORE_NAME_SIZE && volume < STORE_NAME_SIZE) {
		memcpy(n->pool, full, pool);
		memcpy(n->volume, slash + 1, volume);
		if (dot)
			snprintf(n->snapshot, sizeof(n->snapshot), "%.*s", STORE_NAME_MAX,
				 dot + 1);
		snprintf(n->raw, sizeof(n->raw), "%s", slash + 1);
	}
	if (!store_name_valid(n->pool) || !store_name_valid(n->volume) ||
	    (dot && (!store_name_valid(dot + 1))))
		return store_fail(err, -EINVAL, "\"%.100s\": no name of a volume: write "
				  "POOL/VOLUME or POOL/VOLUME.SNAPSHOT, each up to %d "
				  "letters, digits, - and _", full, STORE_NAME_MAX);
	return 0;
}

static int find_pool(struct store *s, const char *full, bool snapshot,
		     struct volume_name *n, struct pool *p, struct store_error *err)
{
	int ret = volume_name_parse(full, n, err);

	if (!ret && snapshot != (*n->snapshot != '\0'))
		ret = store_fail(err, -EINVAL, "%s: %s", full, snapshot
				 ? "name a snapshot here: POOL/VOLUME.SNAPSHOT"
				 : "name a volume here, not a snapshot: POOL/VOLUME");
	return ret ? ret : pools_find(s, n->pool, p, err);
}

int volume_lock(struct store *s, const struct pool *p, const char *volume,
		struct store_error *err)
{
	char name[STORE_FULL_SIZE * 2];
	int lock;

	snprintf(name, sizeof(name), "%s-%s", p->name, volume);
	lock = store_lock(s, name, false);
	return lock < 0 ? store_fail(err, lock, "%s/%s: somebody is making it just now: "
				     "wait until that has ended", p->name, volume) : lock;
}

/* --- looking ---------------------------------------------------------------- */

int volume_find(struct store *s, const struct pool *p, const char *raw,
		struct raw_volume *out, struct store_error *err)
{
	struct raw_volume *list = NULL;
	size_t n = 0;
	int ret = p->ops->list(s, p, &list, &n, err);

	if (!ret)
		ret = -ENOENT;
	else
		n = 0;
	for (size_t i = 0; i < n; i++)
		if (!strcmp(list[i].raw, raw)) {
			*out = list[i];
			free(list);
			return 0;
		}
	free(list);
	if (ret == -ENOENT)
		store_fail(err, ret, "%s/%s: there is none of that name: storage list "
			   "shows what there is", p->name, raw);
	return ret;
}

/* Does this text name the path as a whole word? */
static bool names(const char *text, const char *path)
{
	size_t len = strlen(path);

	for (const char *at = text; (at = strstr(at, path)); at += len)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			    "0123456789-_.", at[len]) || !at[len])
			return true;
	return false;
}

/* The defined VMs whose configuration names the path. */
static void find_vms(struct store *s, const char *path, char *buf, size_t size)
{
	char file[STORE_PATH_SIZE * 2], *text;
	DIR *dir = opendir(s->vms);
	struct dirent *e;
	size_t at = 0;

	buf[0] = '\0';
	while (dir && (e = readdir(dir))) {
		size_t len = strlen(e->d_name);

		if (len < 5 || strcmp(e->d_name + len - 4, ".cfg"))
			continue;
		snprintf(file, sizeof(file), "%.250s/%.250s", s->vms, e->d_name);
		if (file_read(file, 256 * 1024, &text, NULL))
			continue;
		if (names(text, path) && at < size)
			at += (size_t)snprintf(buf + at, size - at, "%s%.*s", at ? " " : "",
					       (int)(len - 4), e->d_name);
		free(text);
	}
	if (dir)
		closedir(dir);
}

/* false: a file or LV that is no volume of ours. */
static bool describe(struct store *s, const struct pool *p, const struct raw_volume *raw,
		     struct store_volume *out)
{
	struct volume_name n;
	char full[STORE_FULL_SIZE * 2];

	snprintf(full, sizeof(full), "%s/%s", p->name, raw->raw);
	if (volume_name_parse(full, &n, NULL))
		return false;
	memcpy(out->pool, n.pool, sizeof(n.pool));
	memcpy(out->name, n.volume, sizeof(n.volume));
	memcpy(out->snapshot, n.snapshot, sizeof(n.snapshot));
	p->ops->path(s, p, raw->raw, out->path);
	snprintf(out->target, sizeof(out->target), "%s%.*s", p->ops->scheme,
		 STORE_PATH_SIZE - 8, out->path);
	out->size = raw->size;
	out->used = raw->used;
	out->made = raw->made;
	out->in_use = raw->in_use;
	find_vms(s, out->path, out->vms, sizeof(out->vms));
	return true;
}

static int by_name(const void *a, const void *b)
{
	const struct store_volume *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order ? order : strcmp(x->snapshot, y->snapshot);
}

static int add_volumes(struct store *s, const struct pool *p, struct store_volume **list,
		       size_t *count, struct store_error *err)
{
	struct raw_volume *raw = NULL;
	size_t n = 0, first = *count;
	int ret = p->ops->list(s, p, &raw, &n, err);

	for (size_t i = 0; i < n && !ret; i++) {
		struct store_volume v;

		if (!describe(s, p, &raw[i], &v))
			continue;
		if (store_grow((void **)list, count, sizeof(v)))
			(*list)[*count - 1] = v;
		else
			ret = store_fail(err, -ENOMEM, "volumes: memory is short");
	}
	free(raw);
	if (!ret && *count > first)
		qsort(*list + first, *count - first, sizeof(**list), by_name);
	return ret;
}

int store_volumes(struct store *s, const char *pool, struct store_volume **list,
		  size_t *count, struct store_error *err)
{
	struct pool *pools;
	size_t n;
	bool found = false;
	int ret = pools_load(s, &pools, &n, err);

	*list = NULL;
	*count = 0;
	for (size_t i = 0; i < n && !ret; i++) {
		if (pool && strcmp(pools[i].name, pool))
			continue;
		found = true;
		ret = add_volumes(s, &pools[i], list, count, err);
		/* One pool that is not there does not hide the others. */
		if (!pool && ret != -ENOMEM)
			ret = 0;
	}
	free(pools);
	if (!ret && pool && !found)
		ret = store_fail(err, -ENOENT, "%s: there is no such pool: storage pools "
				 "shows them", pool);
	if (ret) {
		free(*list);
		*list = NULL;
		*count = 0;
	}
	return ret;
}

int store_volume_get(struct store *s, const char *full, struct store_volume *out,
		     struct store_error *err)
{
	struct volume_name n;
	struct raw_volume raw;
	struct pool p;
	int ret = volume_name_parse(full, &n, err);

	ret = ret ? ret : pools_find(s, n.pool, &p, err);
	ret = ret ? ret : volume_find(s, &p, n.raw, &raw, err);
	if (!ret)
		describe(s, &p, &raw, out);
	return ret;
}

/* --- checks ----------------------------------------------------------------- */

int volume_check_new(struct store *s, const struct pool *p, const char *raw,
		     uint64_t size, struct store_error *err)
{
	struct store_pool stat = { .active = false };
	struct raw_volume v;
	int ret = volume_find(s, p, raw, &v, err);

	if (ret == 0)
		return store_fail(err, -EEXIST, "%s/%s: there is one of that name: choose "
				  "another", p->name, raw);
	if (ret != -ENOENT)
		return ret;
	p->ops->stat(s, p, &stat);
	if (size > stat.size)
		return store_fail(err, -ENOSPC, "%s/%s: the pool is too small (%llu MiB): "
				  "choose another pool or a smaller size", p->name, raw,
				  (unsigned long long)(stat.size >> 20));
	if (stat.size - stat.used < 4096 || stat.used_meta > 0.95)
		return store_fail(err, -ENOSPC, "%s: the pool is full: delete something "
				  "there", p->name);
	return 0;
}

/* It is there, and nothing has it open. */
static int check_idle(struct store *s, const struct pool *p, const struct volume_name *n,
		      struct raw_volume *out, struct store_error *err)
{
	int ret = volume_find(s, p, n->raw, out, err);

	if (!ret && out->in_use)
		ret = store_fail(err, -EBUSY, "%s/%s: it is in use: shut the VM down first",
				 n->pool, n->raw);
	return ret;
}

/* --- changes ---------------------------------------------------------------- */

int store_volume_create(struct store *s, const char *full, uint64_t size,
			struct store_error *err)
{
	struct volume_name n;
	struct pool p;
	int lock, ret = find_pool(s, full, false, &n, &p, err);

	if (ret)
		return ret;
	if (size < 4096 || size % 512)
		return store_fail(err, -EINVAL, "%s: no size for a volume: give whole "
				  "sectors of 512 bytes, 4 KiB or more", full);
	lock = pool_lock(s, &p, err);
	if (lock < 0)
		return lock;
	ret = volume_check_new(s, &p, n.raw, size, err);
	ret = ret ? ret : p.ops->create(s, &p, n.raw, size, err);
	store_unlock(lock);
	return ret;
}

int store_volume_grow(struct store *s, const char *full, uint64_t size,
		      struct store_error *err)
{
	struct store_pool stat = { .active = false };
	struct volume_name n;
	struct raw_volume v;
	struct pool p;
	int lock, ret = find_pool(s, full, false, &n, &p, err);

	lock = ret ? ret : pool_lock(s, &p, err);
	if (lock < 0)
		return lock;
	ret = check_idle(s, &p, &n, &v, err);
	p.ops->stat(s, &p, &stat);
	if (!ret && (size <= v.size || size % 512))
		ret = store_fail(err, -EINVAL, "%s: it has %llu MiB: give a larger size (a "
				 "volume cannot shrink)", full,
				 (unsigned long long)(v.size >> 20));
	if (!ret && size > stat.size)
		ret = store_fail(err, -ENOSPC, "%s: the pool is too small (%llu MiB): "
				 "choose a smaller size", full,
				 (unsigned long long)(stat.size >> 20));
	ret = ret ? ret : p.ops->grow(s, &p, n.raw, size, err);
	store_unlock(lock);
	return ret;
}

/* Snapshots first, so that what is left after a kill is a volume with some. */
static int remove_all(struct store *s, const struct pool *p, const struct volume_name *n,
		      struct store_error *err)
{
	struct raw_volume *list = NULL;
	size_t count = 0, len = strlen(n->raw);
	int ret = p->ops->list(s, p, &list, &count, err);

	for (size_t i = 0; i < count && !ret; i++)
		if (!*n->snapshot && !strncmp(list[i].raw, n->raw, len) &&
		    list[i].raw[len] == '.')
			ret = p->ops->remove(s, p, list[i].raw, err);
	free(list);
	return ret ? ret : p->ops->remove(s, p, n->raw, err);
}

int store_volume_delete(struct store *s, const char *full, bool force,
			struct store_error *err)
{
	struct store_volume v;
	struct volume_name n;
	struct raw_volume raw;
	struct pool p;
	int lock, ret = volume_name_parse(full, &n, err);

	ret = ret ? ret : pools_find(s, n.pool, &p, err);
	lock = ret ? ret : pool_lock(s, &p, err);
	if (lock < 0)
		return lock;
	ret = check_idle(s, &p, &n, &raw, err);
	if (!ret && describe(s, &p, &raw, &v) && *v.vms && !force)
		ret = store_fail(err, -EBUSY, "%s: it belongs to the VM %s: take it out of "
				 "its configuration first, or say --force", full, v.vms);
	ret = ret ? ret : remove_all(s, &p, &n, err);
	store_unlock(lock);
	return ret;
}

/* --- copies ----------------------------------------------------------------- */

/* Fills STORE_HALF name from a node or image, and puts it in place. */
static int fill_half(struct store *s, const struct pool *p, const char *from,
		     const char *raw, bool replace, const struct store_progress *progress,
		     struct store_error *err)
{
	char half[STORE_FULL_SIZE + 8], path[STORE_PATH_SIZE];
	int lock, ret;

	snprintf(half, sizeof(half), STORE_HALF "%s", raw);
	p->ops->path(s, p, half, path);
	ret = copy_image(from, path, progress, err);
	lock = store_lock(s, p->name, true);
	if (!ret)
		ret = p->ops->rename(s, p, half, raw, replace, err);
	if (ret)
		p->ops->remove(s, p, half, NULL);
	store_unlock(lock);
	return ret;
}

static int begin_half(struct store *s, const struct pool *p, const char *raw,
		      uint64_t size, bool replace, struct store_error *err)
{
	char half[STORE_FULL_SIZE + 8];
	int lock, keep, ret;

	lock = pool_lock(s, p, err);
	if (lock < 0)
		return lock;
	/* Held until the volume is in place; see settle_one(). */
	keep = volume_lock(s, p, raw, err);
	ret = keep < 0 ? keep : 0;
	snprintf(half, sizeof(half), STORE_HALF "%s", raw);
	if (!ret && !replace)
		ret = volume_check_new(s, p, raw, size, err);
	ret = ret ? ret : p->ops->create(s, p, half, size, err);
	store_unlock(lock);
	if (ret)
		store_unlock(keep);
	return ret ? ret : keep;
}

int store_import(struct store *s, const char *file, const char *full, uint64_t size,
		 const struct store_progress *progress, struct store_error *err)
{
	struct store_image_info info;
	struct volume_name n;
	struct pool p;
	int keep, ret = find_pool(s, full, false, &n, &p, err);

	ret = ret ? ret : store_image_info(file, &info, err);
	if (ret)
		return ret;
	if (size && (size < info.size || size % 512))
		return store_fail(err, -EINVAL, "%s: the image holds %llu MiB: give that "
				  "size or more", full,
				  (unsigned long long)((info.size + 1048575) >> 20));
	size = size ? size : (info.size + 511) & ~511ull;
	keep = begin_half(s, &p, n.raw, size, false, err);
	ret = keep < 0 ? keep : fill_half(s, &p, file, n.raw, false, progress, err);
	store_unlock(keep);
	return ret;
}

/* A copy of `from` (in pool fp) as `to`, byte by byte. */
static int copy_volume(struct store *s, const struct pool *fp,
		       const struct volume_name *from, const struct pool *tp,
		       const char *to, bool replace, uint64_t size,
		       const struct store_progress *progress, struct store_error *err)
{
	char path[STORE_PATH_SIZE];
	bool open = fp->ops->open && *from->snapshot;
	int keep, ret = open ? fp->ops->open(s, fp, from->raw, true, err) : 0;

	fp->ops->path(s, fp, from->raw, path);
	keep = ret ? ret : begin_half(s, tp, to, size, replace, err);
	ret = keep < 0 ? keep : fill_half(s, tp, path, to, replace, progress, err);
	store_unlock(keep);
	if (open)
		fp->ops->open(s, fp, from->raw, false, NULL);
	return ret;
}

/* The snapshot named, the volume it is of, their pool: locked. */
static int lock_snapshot(struct store *s, const char *full, struct volume_name *n,
			 struct volume_name *of, struct pool *p, struct store_error *err)
{
	int ret = find_pool(s, full, true, n, p, err);

	if (ret)
		return ret;
	*of = *n;
	of->snapshot[0] = '\0';
	snprintf(of->raw, sizeof(of->raw), "%s", n->volume);
	return pool_lock(s, p, err);
}

int store_snapshot_create(struct store *s, const char *full,
			  const struct store_progress *progress, struct store_error *err)
{
	struct volume_name n, of;
	struct raw_volume v;
	struct pool p;
	int ret, lock = lock_snapshot(s, full, &n, &of, &p, err);

	if (lock < 0)
		return lock;
	ret = check_idle(s, &p, &of, &v, err);
	ret = ret ? ret : volume_check_new(s, &p, n.raw, 0, err);
	if (!ret && p.ops->twin)
		ret = p.ops->twin(s, &p, of.raw, n.raw, false, err);
	store_unlock(lock);
	if (!ret && !p.ops->twin)
		ret = copy_volume(s, &p, &of, &p, n.raw, false, v.size, progress, err);
	return ret;
}

/* LVM: a writable twin takes the volume's place; pool_lock() knows how to go on. */
static int revert_twin(struct store *s, const struct pool *p, const struct volume_name *n,
		       struct store_error *err)
{
	char back[STORE_FULL_SIZE + 8];
	int ret;

	snprintf(back, sizeof(back), STORE_BACK "%s", n->volume);
	ret = p->ops->twin(s, p, n->raw, back, true, err);
	return ret ? ret : p->ops->rename(s, p, back, n->volume, true, err);
}

int store_snapshot_revert(struct store *s, const char *full,
			  const struct store_progress *progress, struct store_error *err)
{
	struct volume_name n, of;
	struct raw_volume v, snap;
	struct pool p;
	int ret, lock = lock_snapshot(s, full, &n, &of, &p, err);

	if (lock < 0)
		return lock;
	ret = volume_find(s, &p, n.raw, &snap, err);
	ret = ret ? ret : check_idle(s, &p, &of, &v, err);
	if (!ret && p.ops->twin)
		ret = revert_twin(s, &p, &n, err);
	store_unlock(lock);
	if (!ret && !p.ops->twin)
		ret = copy_volume(s, &p, &n, &p, of.raw, true, snap.size, progress, err);
	return ret;
}

int store_volume_clone(struct store *s, const char *from, const char *to,
		       const struct store_progress *progress, struct store_error *err)
{
	struct volume_name n, m;
	struct raw_volume v;
	struct pool fp, tp;
	int lock, ret = volume_name_parse(from, &n, err);
	bool twin;

	ret = ret ? ret : pools_find(s, n.pool, &fp, err);
	ret = ret ? ret : find_pool(s, to, false, &m, &tp, err);
	ret = ret ? ret : check_idle(s, &fp, &n, &v, err);
	if (ret)
		return ret;
	twin = fp.ops->twin && !strcmp(fp.name, tp.name);
	if (!twin)
		return copy_volume(s, &fp, &n, &tp, m.raw, false, v.size, progress, err);
	lock = pool_lock(s, &tp, err);
	if (lock < 0)
		return lock;
	ret = volume_check_new(s, &tp, m.raw, v.size, err);
	ret = ret ? ret : tp.ops->twin(s, &tp, n.raw, m.raw, true, err);
	store_unlock(lock);
	return ret;
}

/*
 * Pools, whatever their kind: checks, the lock, half-made volumes, pools.conf.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/fs.h>

#include "libstore/internal.h"

/* --- the lock --------------------------------------------------------------- */

/* Complete what can be completed, take away the rest, unless somebody fills it. */
static void settle_one(struct store *s, const struct pool *p, const char *raw)
{
	bool back = !strncmp(raw, STORE_BACK, strlen(STORE_BACK));
	const char *name = raw + strlen(STORE_HALF);
	struct raw_volume v;
	int lock;

	if (!back && strncmp(raw, STORE_HALF, strlen(STORE_HALF)))
		return;
	lock = volume_lock(s, p, name, NULL);
	if (lock < 0)
		return;
	if (back && volume_find(s, p, name, &v, NULL) == -ENOENT)
		p->ops->rename(s, p, raw, name, false, NULL);
	else
		p->ops->remove(s, p, raw, NULL);
	store_unlock(lock);
}

int pool_lock(struct store *s, const struct pool *p, struct store_error *err)
{
	struct raw_volume *list = NULL;
	size_t n = 0;
	int lock = store_lock(s, p->name, true), ret;

	if (lock < 0)
		return store_fail(err, lock, "%s: the pool cannot be locked: %s: is /run "
				  "writable?", p->name, strerror(-lock));
	ret = p->ops->list(s, p, &list, &n, err);
	for (size_t i = 0; i < n && !ret; i++)
		settle_one(s, p, list[i].raw);
	free(list);
	if (ret)
		store_unlock(lock);
	return ret ? ret : lock;
}

/* --- looking ---------------------------------------------------------------- */

#define NEARLY 0.95 /* of room or metadata: time to tell */
#define FULL 0.995

/* Writes to what has no room yet fail in a full pool; what is there stays good. */
static void notice(struct store_pool *p)
{
	double room = p->size ? (double)p->used / (double)p->size : 0;
	double most = room > p->used_meta ? room : p->used_meta;

	if (p->active && most >= FULL)
		snprintf(p->notice, sizeof(p->notice), "it is full%s: what VMs write there "
			 "fails: delete volumes or snapshots",
			 room < FULL ? " (its metadata)" : "");
	else if (p->active && most >= NEARLY)
		snprintf(p->notice, sizeof(p->notice), "it is nearly full (%.0f %%%s): "
			 "delete volumes or snapshots before writes fail", 100 * most,
			 room < NEARLY ? " of its metadata" : "");
}

int store_pools(struct store *s, struct store_pool **list, size_t *count,
		struct store_error *err)
{
	struct pool *pools;
	size_t n;
	int ret = pools_load(s, &pools, &n, err);

	*list = NULL;
	*count = 0;
	for (size_t i = 0; i < n && !ret; i++) {
		struct store_pool *out = store_grow((void **)list, count, sizeof(*out));
		struct raw_volume *volumes = NULL;
		size_t nvolumes = 0;

		if (!out) {
			ret = store_fail(err, -ENOMEM, "pools: memory is short");
			break;
		}
		snprintf(out->name, sizeof(out->name), "%s", pools[i].name);
		out->kind = pools[i].kind;
		pools[i].ops->stat(s, &pools[i], out);
		notice(out);
		if (out->active)
			pools[i].ops->list(s, &pools[i], &volumes, &nvolumes, NULL);
		for (size_t v = 0; v < nvolumes; v++)
			out->volumes += store_name_valid(volumes[v].raw);
		free(volumes);
	}
	free(pools);
	return ret;
}

/* --- making ----------------------------------------------------------------- */

/* What may be overwritten without asking: nothing, or a making cut short. */
static bool is_free(const struct store *s, const struct store_disk *d,
		    const struct store_part *part)
{
	char group[128], tags[128], node[STORE_PATH_SIZE];
	unsigned int pvs;

	if (!strcmp(part->name, d->name) && strcmp(d->content, part->content) &&
	    strcmp(d->content, "an empty partition table"))
		return false; /* a whole disk with partitions */
	if (!strcmp(part->content, "empty"))
		return true;
	if (!strcmp(part->label, STORE_FS_LABEL_NEW))
		return true;
	if (strcmp(part->type, "LVM2_member"))
		return false;
	store_path(s, node, "/dev/%s", part->name);
	return lvm_group_of(node, group, tags, &pvs) || !*group ||
	       !strcmp(tags, STORE_TAG_NEW);
}

/* Signatures of all that is on it; the kernel reads the (now empty) table again. */
static int erase(struct store *s, const struct store_disk *d,
		 const struct store_part *part, struct store_error *err)
{
	char node[STORE_PATH_SIZE], sub[STORE_PATH_SIZE];
	const char *const wipe[] = { "wipefs", "-q", "-a", "-f", node, NULL };
	struct store_disk *list;
	size_t n;
	int fd, ret = store_disks(s, &list, &n, err);
	bool whole = !strcmp(part->name, d->name);

	if (ret)
		return ret;
	for (size_t i = 0; i < n && !ret; i++)
		for (size_t j = 0; j < list[i].nparts && whole && !ret; j++) {
			const char *const wipe_sub[] = { "wipefs", "-q", "-a", "-f", sub,
				NULL };

			store_path(s, sub, "/dev/%s", list[i].parts[j].name);
			if (!strcmp(list[i].name, d->name) &&
			    strcmp(list[i].parts[j].name, d->name))
				ret = run_or_fail(wipe_sub, sub, "is it in use?", err);
		}
	store_disks_free(list, n);
	store_path(s, node, "/dev/%s", part->name);
	ret = ret ? ret : run_or_fail(wipe, node, "is it in use?", err);
	fd = ret || !whole ? -1 : open(node, O_RDWR | O_CLOEXEC);
	if (fd >= 0) {
		ioctl(fd, BLKRRPART); /* fails for a disk that never had a table */
		close(fd);
	}
	return ret;
}

/* Does the kernel hold it or a part of it, whatever for? */
static bool is_held(const struct store *s, const struct store_part *part)
{
	char node[STORE_PATH_SIZE];
	int fd;

	store_path(s, node, "/dev/%s", part->name);
	fd = open(node, O_RDONLY | O_EXCL | O_CLOEXEC);
	if (fd >= 0)
		close(fd);
	return fd < 0 && errno == EBUSY;
}

/* May the device be taken? Then its old contents are erased. */
static int check_device(struct store *s, const struct store_pool_spec *spec,
			struct store_error *err)
{
	struct store_part part;
	struct store_disk d;
	char use[96];
	bool whole;
	int ret = store_disk_find(s, spec->on, &d, &part, err);

	if (ret)
		return ret;
	whole = !strcmp(part.name, d.name);
	snprintf(use, sizeof(use), "%s", whole ? d.use : part.use);
	if (!*use && is_held(s, &part))
		snprintf(use, sizeof(use), "by the system");
	if (*use)
		return store_fail(err, -EBUSY, "%s: it is in use (%s): release it first, "
				  "or choose another disk", spec->on, use);
	if (d.readonly)
		return store_fail(err, -EROFS, "%s: it is read-only: choose another disk",
				  spec->on);
	if (is_free(s, &d, &part))
		return erase(s, &d, &part, err);
	if (!spec->erase)
		return store_fail(err, -EEXIST, "%s: it is not empty (%.160s): choose "
				  "another, or say that it may be erased", spec->on,
				  whole ? d.content : part.content);
	return erase(s, &d, &part, err);
}

int store_pool_create(struct store *s, const struct store_pool_spec *spec,
		      struct store_error *err)
{
	struct pool p = { .kind = spec->kind };
	bool device = !strncmp(spec->on, "/dev/", 5);
	int lock, ret;

	if (!store_name_valid(spec->name))
		return store_fail(err, -EINVAL, "\"%.60s\": no name for a pool: use up to "
				  "%d letters, digits, - and _", spec->name,
				  STORE_NAME_MAX);
	if (spec->kind == STORE_LVM && !device)
		return store_fail(err, -EINVAL, "%s: LVM needs a disk: give one "
				  "(/dev/...), or make a directory pool", spec->on);
	lock = store_lock(s, spec->name, true);
	if (lock < 0)
		return store_fail(err, lock, "%s: the pool cannot be locked: %s: is /run "
				  "writable?", spec->name, strerror(-lock));
	pool_init(s, &p, spec->name, "");
	ret = pools_find(s, spec->name, &p, err);
	if (!ret)
		ret = store_fail(err, -EEXIST, "%s: there is a pool of that name: choose "
				 "another", spec->name);
	else if (ret == -ENOENT)
		ret = 0;
	if (!ret)
		p.ops->clean(s, &p);
	ret = ret || !device ? ret : check_device(s, spec, err);
	ret = ret ? ret : p.ops->make(s, &p, spec, err);
	ret = ret ? ret : pools_add(s, &p, err);
	ret = ret ? ret : p.ops->finish(s, &p, err);
	store_unlock(lock);
	return ret;
}

int store_pool_adopt(struct store *s, const char *name, struct store_error *err)
{
	struct pool p = { .kind = STORE_LVM };
	int ret;

	if (!store_name_valid(name))
		return store_fail(err, -EINVAL, "\"%.60s\": no name of a pool", name);
	if (!pools_find(s, name, &p, NULL))
		return store_fail(err, -EEXIST, "%s: this pool is in use already", name);
	pool_init(s, &p, name, "");
	ret = p.ops->adopt(s, &p, err);
	if (ret == -ENOENT) {
		struct store_error none;

		p.kind = STORE_DIR;
		pool_init(s, &p, name, "");
		ret = p.ops->adopt(s, &p, &none);
	}
	ret = ret ? ret : p.ops->start(s, &p, err);
	return ret ? ret : pools_add(s, &p, err);
}

/* --- ending ----------------------------------------------------------------- */

static int delete_volumes(struct store *s, const struct pool *p, bool force,
			  struct store_error *err)
{
	struct raw_volume *list = NULL;
	size_t n = 0, mine = 0;
	int ret = p->ops->list(s, p, &list, &n, err);

	for (size_t i = 0; i < n && !ret; i++) {
		mine += list[i].raw[0] != '_';
		if (list[i].in_use)
			ret = store_fail(err, -EBUSY, "%s: volume %s is in use: stop what "
					 "uses it", p->name, list[i].raw);
	}
	if (!ret && mine && !force)
		ret = store_fail(err, -ENOTEMPTY, "%s: it holds %zu volumes: delete them "
				 "first, or say --force", p->name, mine);
	/* An LVM group goes as a whole; files of a directory one by one. */
	for (size_t i = 0; i < n && !ret && p->kind == STORE_DIR && force; i++)
		ret = p->ops->remove(s, p, list[i].raw, err);
	free(list);
	return ret;
}

int store_pool_delete(struct store *s, const char *name, bool force,
		      struct store_error *err)
{
	struct store_pool stat = { .active = false };
	struct pool p;
	int lock, ret = pools_find(s, name, &p, err);

	if (ret)
		return ret;
	lock = store_lock(s, name, true);
	if (lock < 0)
		return store_fail(err, lock, "%s: the pool cannot be locked: %s: is /run "
				  "writable?", name, strerror(-lock));
	p.ops->stat(s, &p, &stat);
	/* A pool whose disk is gone is only forgotten. */
	ret = stat.active ? delete_volumes(s, &p, force, err) : 0;
	ret = ret || !stat.active ? ret : p.ops->destroy(s, &p, err);
	ret = ret ? ret : pools_remove(s, name, err);
	store_unlock(lock);
	return ret;
}

/* --- start and stop --------------------------------------------------------- */

/* "array = NAME UUID": put together before the pools on them are looked for. */
static int assemble_arrays(struct store *s, struct store_error *err)
{
	char name[64], uuid[64], node[STORE_PATH_SIZE], id[80];
	const char *const argv[] = { "mdadm", "--assemble", "--run", "--quiet", node, id,
		NULL };
	const struct conf_line *line;
	struct conf c;
	size_t at = 0;
	int ret = 0, one;

	if (conf_load(&c, s->pools_conf, NULL))
		return 0;
	while ((line = conf_next(&c, "array", &at))) {
		if (sscanf(line->value, "%63s %63s", name, uuid) != 2 ||
		    !store_name_valid(name))
			continue;
		store_path(s, node, "/dev/md/%s", name);
		if (access(node, F_OK) == 0)
			continue;
		snprintf(id, sizeof(id), "--uuid=%s", uuid);
		one = run_or_fail(argv, node, "are its disks there?", ret ? NULL : err);
		ret = ret ? ret : one;
	}
	conf_free(&c);
	return ret;
}

static int for_pools(struct store *s, const char *name, bool start,
		     struct store_error *err)
{
	struct pool *list;
	size_t n;
	bool found = false;
	int ret = pools_load(s, &list, &n, err), first = 0;

	for (size_t i = 0; i < n && !ret; i++) {
		const struct pool *p = &list[i];
		/* The first failure is the one that is told. */
		struct store_error *to = first ? NULL : err;
		int lock, one;

		if (name && strcmp(p->name, name))
			continue;
		found = true;
		one = (start ? p->ops->start : p->ops->stop)(s, p, to);
		one = one || !start ? one : p->ops->finish(s, p, to);
		lock = one || !start ? -1 : pool_lock(s, p, to);
		store_unlock(lock);
		first = first ? first : one;
	}
	free(list);
	if (!ret && name && !found)
		return store_fail(err, -ENOENT, "%s: there is no such pool: storage pools "
				  "shows them", name);
	return ret ? ret : first;
}

int store_pool_start(struct store *s, const char *name, struct store_error *err)
{
	int arrays = assemble_arrays(s, err);
	int pools = for_pools(s, name, true, arrays ? NULL : err);

	return arrays ? arrays : pools;
}

int store_pool_stop(struct store *s, const char *name, struct store_error *err)
{
	return for_pools(s, name, false, err);
}

/*
 * Marks of definitions (autostart, template): links beside them; and what moves with
 * a definition's name.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libconf/conf.h"
#include "libdom/build.h"
#include "libdom/config_edit.h"
#include "libdom/define_internal.h"

int define_sync_dir(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), ret = 0;

	if (fd < 0)
		return -errno;
	if (fsync(fd) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static int set_link(const char *link, const char *base, bool on)
{
	char target[DEFINE_PATH_MAX];

	snprintf(target, sizeof(target), "../%.500s", base);
	if (on)
		return symlink(target, link) < 0 && errno != EEXIST ? -errno : 0;
	return unlink(link) < 0 && errno != ENOENT && errno != ENOTDIR ? -errno : 0;
}

int define_mark(const char *dir, const char *mark, const char *path, bool on,
		struct dom_error *err)
{
	char marks[DEFINE_PATH_MAX], link[DEFINE_PATH_MAX];
	int ret = 0;

	if (define_marked(dir, mark, path) == on)
		return 0;
	snprintf(marks, sizeof(marks), "%s/%s", define_dir(dir), mark);
	if (snprintf(link, sizeof(link), "%s/%s/%s", define_dir(dir), mark,
		     base_of(path)) >= (int)sizeof(link))
		ret = -ENAMETOOLONG;
	if (ret == 0 && on)
		ret = dir_make(marks, 0755);
	if (ret == 0)
		ret = set_link(link, base_of(path), on);
	if (ret == 0)
		ret = define_sync_dir(marks);
	if (ret)
		return dom_fail_errno(err, ret, "%s: cannot be changed", marks);
	return 0;
}

int define_autostart(const char *dir, const char *name, bool on, struct dom_error *err)
{
	struct definition def;
	int ret = define_load(dir, name, &def, err);

	if (ret)
		return ret;
	if (on && def.template)
		ret = dom_fail(err, -EINVAL, "%s: is a template, which never starts: "
			       "clone it", name);
	else
		ret = define_mark(dir, DEFINE_AUTO, def.path, on, err);
	define_free(&def);
	return ret;
}

static int set_template(struct dom *dom, const char *dir, const struct definition *def,
			bool on, struct dom_error *err)
{
	int ret = on ? define_check_stopped(dom, def->cfg.name, err) : 0;

	if (ret == 0 && on)
		ret = define_mark(dir, DEFINE_AUTO, def->path, false, err);
	if (ret == 0)
		ret = define_mark(dir, DEFINE_TEMPLATE, def->path, on, err);
	return ret;
}

int define_template(struct dom *dom, const char *dir, const char *name, bool on,
		    struct dom_error *err)
{
	struct definition def;
	struct vm_lock lock;
	int ret = vm_lock_take(name, &lock, err);

	if (ret)
		return ret;
	ret = define_load(dir, name, &def, err);
	if (ret == 0) {
		ret = set_template(dom, dir, &def, on, err);
		define_free(&def);
	}
	vm_lock_drop(&lock);
	return ret;
}

/* --- renaming ---------------------------------------------------------------- */

/* The MACs it would have been given by its old name stay its MACs. */
static void keep_macs(struct vm_config *cfg)
{
	struct vm_vif *v;

	for (v = cfg->vifs; v < cfg->vifs + cfg->nvifs; v++) {
		if (v->has_mac)
			continue;
		vif_pick_mac(cfg->name, v->devid, 0, v->mac);
		v->has_mac = true;
	}
}

/* The text with the new name, in the file that has its final name already. */
static int rewrite_name(struct definition *def, const char *path, const char *to,
			struct dom_error *err)
{
	struct vm_config cfg;
	char *text = NULL, *name = strdup(to);
	size_t len;
	int ret = name ? config_copy(&def->cfg, &cfg) : -ENOMEM;

	if (ret == 0) {
		keep_macs(&cfg);
		free(cfg.name);
		cfg.name = name;
		name = NULL;
		ret = config_edit(def->text, def->len, &def->cfg, &cfg, &text, &len);
		config_free(&cfg);
	}
	if (ret == 0)
		ret = file_write_atomic(path, text, len, 0644);
	free(text);
	free(name);
	if (ret)
		return dom_fail_errno(err, ret, "%s: cannot be changed", path);
	return 0;
}

/* Marks of a file that is there no more. */
static void drop_dangling(const char *dir, const char *path)
{
	struct stat st;

	if (lstat(path, &st) == 0)
		return;
	define_mark(dir, DEFINE_AUTO, path, false, NULL);
	define_mark(dir, DEFINE_TEMPLATE, path, false, NULL);
}

/*
 * Marks for the new file name, the file's name, the name in it, and the old marks. In
 * between the VM has its old name and all its marks: a dangling one is harmless.
 */
static int rename_files(const char *dir, struct definition *def, const char *to,
			struct dom_error *err)
{
	char path[DEFINE_PATH_MAX];
	struct stat st;
	int ret = 0;

	if (snprintf(path, sizeof(path), "%s/%s.cfg", define_dir(dir), to) >=
	    (int)sizeof(path))
		return dom_fail_errno(err, -ENAMETOOLONG, "%s", to);
	if (strcmp(path, def->path) != 0 && lstat(path, &st) == 0)
		return dom_fail(err, -EEXIST, "%s: is there already: rename or remove it, "
				"or choose another name", path);
	if (def->autostart)
		ret = define_mark(dir, DEFINE_AUTO, path, true, err);
	if (ret == 0 && def->template)
		ret = define_mark(dir, DEFINE_TEMPLATE, path, true, err);
	if (ret)
		return ret;
	if (rename(def->path, path) < 0)
		return dom_fail_errno(err, -errno, "%s: cannot be renamed", def->path);
	ret = rewrite_name(def, path, to, err);
	if (ret)
		return ret;
	drop_dangling(dir, def->path);
	/* of a renaming that was cut short after the file had its new name */
	snprintf(path, sizeof(path), "%s/%s.cfg", define_dir(dir), def->cfg.name);
	drop_dangling(dir, path);
	return 0;
}

static int rename_both(struct dom *dom, const char *dir, struct definition *def,
		       const char *to, struct dom_error *err)
{
	char path[DEFINE_PATH_MAX];
	uint32_t domid, other;
	int ret = 0;

	if (define_find(dir, to, path) == 0)
		return dom_fail(err, -EEXIST, "%s: a VM of that name is defined already "
				"(%s): choose another name", to, path);
	if (dom && dom_find(dom, to, &other, NULL) == 0)
		return dom_fail(err, -EEXIST, "%s: a VM of that name runs already (id "
				"%u): choose another name", to, other);
	if (dom && dom_find(dom, def->cfg.name, &domid, NULL) == 0)
		ret = rename_locked(dom, domid, to, false, err);
	else
		domid = 0;
	if (ret)
		return ret;
	ret = rename_files(dir, def, to, err);
	if (ret && domid)
		rename_locked(dom, domid, def->cfg.name, false, NULL);
	return ret;
}

int define_rename(struct dom *dom, const char *dir, const char *name, const char *to,
		  struct dom_error *err)
{
	const char *problem = config_name_problem(to);
	struct vm_lock lock, to_lock;
	struct definition def;
	int ret;

	if (problem)
		return dom_fail(err, -EINVAL, "%s: not a name for a VM: %s", to, problem);
	if (strcmp(name, to) == 0)
		return 0;
	ret = vm_lock_take(name, &lock, err);
	if (ret)
		return ret;
	ret = vm_lock_take(to, &to_lock, err);
	if (ret == 0) {
		ret = define_load(dir, name, &def, err);
		if (ret == 0) {
			ret = rename_both(dom, dir, &def, to, err);
			define_free(&def);
		}
		vm_lock_drop(&to_lock);
	}
	vm_lock_drop(&lock);
	return ret;
}

/* --- clones and starts ------------------------------------------------------- */

static int change_for_clone(struct vm_config *to, const char *name,
			    const char *const *targets)
{
	size_t i;

	free(to->name);
	to->name = strdup(name);
	if (!to->name)
		return -ENOMEM;
	to->has_uuid = false;
	for (i = 0; i < to->nvifs; i++) {
		to->vifs[i].has_mac = false;
		free(to->vifs[i].vifname);
		free(to->vifs[i].ip);
		to->vifs[i].vifname = to->vifs[i].ip = NULL;
	}
	for (i = 0; i < to->ndisks; i++) {
		if (!targets[i])
			continue;
		free(to->disks[i].target);
		to->disks[i].target = strdup(targets[i]);
		if (!to->disks[i].target)
			return -ENOMEM;
	}
	return 0;
}

int define_clone(const struct vm_config *from, const char *name,
		 const char *const *targets, struct vm_config *to, struct dom_error *err)
{
	const char *problem = config_name_problem(name);
	int ret;

	memset(to, 0, sizeof(*to));
	if (problem)
		return dom_fail(err, -EINVAL, "%s: not a name for a VM: %s", name,
				problem);
	ret = config_copy(from, to);
	if (ret == 0)
		ret = change_for_clone(to, name, targets);
	if (ret) {
		config_free(to);
		return dom_fail_errno(err, ret, "%s", name);
	}
	return uuid_fill(to, err);
}

int define_start(struct dom *dom, const char *dir, const char *name,
		 const struct dom_create_opts *opts, uint32_t *domid,
		 struct dom_error *err)
{
	struct definition def;
	int ret = define_load(dir, name, &def, err);

	if (ret)
		return ret;
	if (def.template)
		ret = dom_fail(err, -EPERM, "%s: is a template, which never starts: "
			       "clone it", name);
	else
		ret = dom_create(dom, &def.cfg, opts, domid, err);
	define_free(&def);
	return ret;
}

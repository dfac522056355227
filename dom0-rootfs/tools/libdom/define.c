/* Making, changing and removing definitions. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libconf/conf.h"
#include "libdom/build.h"
#include "libdom/config_edit.h"
#include "libdom/define_internal.h"

#define MAC_TURNS 100

static int write_file(const char *path, const char *text, size_t len,
		      struct dom_error *err)
{
	int ret = file_write_atomic(path, text, len, 0644);

	if (ret)
		return dom_fail_errno(err, ret, "%s: cannot be written", path);
	return 0;
}

int define_check_stopped(struct dom *dom, const char *name, struct dom_error *err)
{
	uint32_t domid;

	if (!dom || dom_find(dom, name, &domid, NULL))
		return 0;
	return dom_fail(err, -EBUSY, "%s: it runs (id %u): shut it down first", name,
			domid);
}

/* --- uuid and MACs ----------------------------------------------------------- */

static bool has_mac(const struct vm_config *cfg, const uint8_t mac[6])
{
	size_t i;

	for (i = 0; i < cfg->nvifs; i++)
		if (cfg->vifs[i].has_mac && memcmp(cfg->vifs[i].mac, mac, 6) == 0)
			return true;
	return false;
}

static bool mac_defined(const char *dir, char *const *files, int n,
			const uint8_t mac[6])
{
	struct definition def;
	bool found = false;
	int i;

	for (i = 0; i < n && !found; i++) {
		if (define_read(dir, files[i], &def, NULL))
			continue;
		found = has_mac(&def.cfg, mac);
		define_free(&def);
	}
	return found;
}

int define_complete(const char *dir, struct vm_config *cfg, struct dom_error *err)
{
	struct vm_vif *v;
	unsigned int turn;
	uint8_t mac[6];
	char **files;
	int n, ret = uuid_fill(cfg, err);

	if (ret)
		return ret;
	n = define_files(dir, &files);
	if (n < 0)
		return dom_fail_errno(err, n, "%s: cannot be read", define_dir(dir));
	for (v = cfg->vifs; v < cfg->vifs + cfg->nvifs && ret == 0; v++) {
		for (turn = 0; !v->has_mac && turn < MAC_TURNS; turn++) {
			vif_pick_mac(cfg->name, v->devid, turn, mac);
			if (has_mac(cfg, mac) || mac_defined(dir, files, n, mac))
				continue;
			memcpy(v->mac, mac, sizeof(mac));
			v->has_mac = true;
		}
		if (!v->has_mac)
			ret = dom_fail(err, -EADDRINUSE, "%s: no free MAC for vif %u: "
				       "give it one with mac=", cfg->name, v->devid);
	}
	define_files_free(files, n);
	return ret;
}

/* --- new ones ---------------------------------------------------------------- */

/* Of a name that nobody has: lock held. */
static int put_new(const char *dir, const char *name, const char *text, size_t len,
		   struct dom_error *err)
{
	char path[DEFINE_PATH_MAX];
	struct stat st;
	int ret;

	if (define_find(dir, name, path) == 0)
		return dom_fail(err, -EEXIST, "%s: a VM of that name is defined already "
				"(%s): choose another name", name, path);
	if (snprintf(path, sizeof(path), "%s/%s.cfg", define_dir(dir), name) >=
	    (int)sizeof(path))
		return dom_fail_errno(err, -ENAMETOOLONG, "%s", define_dir(dir));
	if (lstat(path, &st) == 0)
		return dom_fail(err, -EEXIST, "%s: is there already, though it is no "
				"VM of that name: rename or remove it", path);
	ret = dir_make(define_dir(dir), 0755);
	if (ret)
		return dom_fail_errno(err, ret, "%s: cannot be made", define_dir(dir));
	return write_file(path, text, len, err);
}

static int add_locked(const char *dir, const char *name, const char *text, size_t len,
		      struct dom_error *err)
{
	struct vm_lock lock;
	int ret = vm_lock_take(name, &lock, err);

	if (ret)
		return ret;
	ret = put_new(dir, name, text, len, err);
	vm_lock_drop(&lock);
	return ret;
}

static int edit_failed(struct dom_error *err, int ret, const char *name)
{
	if (ret == -EILSEQ)
		return dom_fail(err, ret, "%s: its file is written in a way that cannot "
				"be changed key by key: edit it by hand", name);
	return dom_fail_errno(err, ret, "%s: its text cannot be made", name);
}

int define_add(const char *dir, const char *text, size_t len, config_report_fn *report,
	       void *ctx, char name[DOM_NAME_SIZE], struct dom_error *err)
{
	struct config_input in = {
		.file = "configuration", .text = text, .len = len, .report = report,
		.ctx = ctx,
	};
	struct vm_config cfg, full;
	char *out = NULL;
	size_t out_len;
	int ret = config_parse(&in, &cfg);

	if (ret)
		return dom_fail(err, ret, "the configuration has mistakes: mend them");
	if (name)
		snprintf(name, DOM_NAME_SIZE, "%s", cfg.name);
	ret = config_copy(&cfg, &full);
	if (ret) {
		config_free(&cfg);
		return dom_fail_errno(err, ret, "configuration");
	}
	ret = define_complete(dir, &full, err);
	if (ret == 0) {
		ret = config_edit(text, len, &cfg, &full, &out, &out_len);
		if (ret)
			edit_failed(err, ret, cfg.name);
	}
	if (ret == 0)
		ret = add_locked(dir, cfg.name, out, out_len, err);
	free(out);
	config_free(&cfg);
	config_free(&full);
	return ret;
}

int define_text(struct vm_config *cfg, char **text, size_t *len, struct dom_error *err)
{
	/* what the parser makes of a file that says only what has no default */
	const struct vm_config base = {
		.name = (char *)"-", .cmdline = (char *)"", .from_disk = true,
		.vcpus = cfg->vcpus + 1, .maxvcpus = cfg->vcpus,
		.memory_mib = cfg->memory_mib + 1, .maxmem_mib = cfg->memory_mib,
		.max_grant_frames = -1, .max_maptrack_frames = -1,
		.action = {
			[VM_SHUTDOWN_REBOOT] = VM_ACTION_RESTART,
			[VM_SHUTDOWN_SOFT_RESET] = VM_ACTION_SOFT_RESET,
		},
	};
	int ret = config_edit("", 0, &base, cfg, text, len);

	return ret ? edit_failed(err, ret, cfg->name) : 0;
}

int define_new(const char *dir, struct vm_config *cfg, struct dom_error *err)
{
	char *text;
	size_t len;
	int ret = define_complete(dir, cfg, err);

	if (ret == 0)
		ret = define_text(cfg, &text, &len, err);
	if (ret)
		return ret;
	ret = add_locked(dir, cfg->name, text, len, err);
	free(text);
	return ret;
}

/* --- changing one ------------------------------------------------------------ */

/* Is the file still what was loaded? */
static int check_same(const struct definition *def, struct dom_error *err)
{
	char *text;
	size_t len;
	bool same;
	int ret = file_read(def->path, DEFINE_TEXT_MAX, &text, &len);

	if (ret)
		return dom_fail_errno(err, ret, "%s: cannot be read", def->path);
	same = len == def->len && memcmp(text, def->text, len) == 0;
	free(text);
	if (same)
		return 0;
	return dom_fail(err, -ESTALE, "%s: somebody else has changed it meanwhile: begin "
			"again with what it says now", def->path);
}

static int save_locked(struct definition *def, const struct vm_config *cfg,
		       struct dom_error *err)
{
	struct vm_config copy;
	char *text;
	size_t len;
	int ret = check_same(def, err);

	if (ret)
		return ret;
	ret = config_edit(def->text, def->len, &def->cfg, cfg, &text, &len);
	if (ret)
		return edit_failed(err, ret, cfg->name);
	ret = config_copy(cfg, &copy);
	if (ret)
		dom_fail_errno(err, ret, "%s", cfg->name);
	else
		ret = write_file(def->path, text, len, err);
	if (ret) {
		free(text);
		return ret;
	}
	config_free(&def->cfg);
	free(def->text);
	def->cfg = copy;
	def->text = text;
	def->len = len;
	return 0;
}

int define_save(struct definition *def, const struct vm_config *cfg,
		struct dom_error *err)
{
	struct vm_lock lock;
	int ret;

	if (strcmp(def->cfg.name, cfg->name) != 0)
		return dom_fail(err, -EINVAL, "%s: its name cannot be changed so: rename "
				"it", def->cfg.name);
	ret = vm_lock_take(cfg->name, &lock, err);
	if (ret)
		return ret;
	ret = save_locked(def, cfg, err);
	vm_lock_drop(&lock);
	return ret;
}

/* --- removing one ------------------------------------------------------------ */

void define_seed_path(const char *dir, const uint8_t uuid[16],
		      char path[DEFINE_PATH_MAX])
{
	char text[DOM_UUID_TEXT_SIZE];

	dom_uuid_text(uuid, text);
	snprintf(path, DEFINE_PATH_MAX, "%s/" DEFINE_SEED "/%s.img", define_dir(dir), text);
}

bool define_is_seed(const char *dir, const struct vm_config *cfg,
		    const struct vm_disk *disk)
{
	char path[DEFINE_PATH_MAX];

	if (!cfg->has_uuid || !disk->target)
		return false;
	define_seed_path(dir, cfg->uuid, path);
	return strcmp(path, disk->target) == 0;
}

/* The first of xvda, xvdb … that no disk has. */
static int free_vdev(const struct vm_config *cfg, char vdev[8], uint32_t *devid)
{
	char letter;
	size_t i;

	for (letter = 'a'; letter <= 'z'; letter++) {
		snprintf(vdev, 8, "xvd%c", letter);
		if (config_vdev_number(vdev, devid))
			continue;
		for (i = 0; i < cfg->ndisks; i++)
			if (cfg->disks[i].devid == *devid)
				break;
		if (i == cfg->ndisks)
			return 0;
	}
	return -ENOSPC;
}

static int add_seed(struct vm_config *cfg, const char *path)
{
	struct vm_disk *grown, disk = {.readonly = true};
	char vdev[8];
	int ret = free_vdev(cfg, vdev, &disk.devid);

	if (ret)
		return ret;
	grown = realloc(cfg->disks, (cfg->ndisks + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	cfg->disks = grown;
	disk.target = strdup(path);
	disk.vdev = strdup(vdev);
	grown[cfg->ndisks++] = disk;
	return disk.target && disk.vdev ? 0 : -ENOMEM;
}

int define_seed_disk(const char *dir, struct vm_config *cfg, char path[DEFINE_PATH_MAX],
		     struct dom_error *err)
{
	size_t i;
	int ret = uuid_fill(cfg, err);

	if (ret)
		return ret;
	define_seed_path(dir, cfg->uuid, path);
	for (i = 0; i < cfg->ndisks; i++)
		if (define_is_seed(dir, cfg, &cfg->disks[i]))
			return 0;
	ret = add_seed(cfg, path);
	return ret ? dom_fail_errno(err, ret, "%s: no room for a seed volume", cfg->name)
		   : 0;
}

/* The definition goes last: until then it can all be done again. */
static int remove_locked(const char *dir, const struct definition *def,
			 struct dom_error *err)
{
	char seed[DEFINE_PATH_MAX];
	int ret = define_mark(dir, DEFINE_AUTO, def->path, false, err);

	if (ret == 0)
		ret = define_mark(dir, DEFINE_TEMPLATE, def->path, false, err);
	if (ret)
		return ret;
	if (def->cfg.has_uuid) {
		define_seed_path(dir, def->cfg.uuid, seed);
		if (unlink(seed) < 0 && errno != ENOENT && errno != ENOTDIR)
			return dom_fail_errno(err, -errno, "%s: cannot be removed", seed);
	}
	if (unlink(def->path) < 0)
		return dom_fail_errno(err, -errno, "%s: cannot be removed", def->path);
	ret = define_sync_dir(define_dir(dir));
	if (ret)
		return dom_fail_errno(err, ret, "%s: cannot be synced", define_dir(dir));
	return 0;
}

/* A file with mistakes can be removed, too: by its name. */
static int load_any(const char *dir, const char *name, struct definition *def,
		    struct dom_error *err)
{
	char path[DEFINE_PATH_MAX];
	struct stat st;
	int ret = define_load(dir, name, def, err);

	if (ret != -EINVAL)
		return ret;
	snprintf(path, sizeof(path), "%s/%s.cfg", define_dir(dir), name);
	if (lstat(path, &st) < 0)
		return ret;
	snprintf(def->path, sizeof(def->path), "%s", path);
	return 0;
}

int define_remove(struct dom *dom, const char *dir, const char *name,
		  struct dom_error *err)
{
	struct definition def;
	struct vm_lock lock;
	int ret = vm_lock_take(name, &lock, err);

	if (ret)
		return ret;
	ret = define_check_stopped(dom, name, err);
	if (ret == 0)
		ret = load_any(dir, name, &def, err);
	if (ret == 0) {
		ret = remove_locked(dir, &def, err);
		define_free(&def);
	}
	vm_lock_drop(&lock);
	return ret;
}

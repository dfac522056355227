/*
 * xl clone: a defined VM once more, under another name, with copies of the disks it
 * writes to. They lie in storage pools, whose command `storage` makes the copies; what
 * it only reads is shared. The clone gets a cloud-init volume of its own where the
 * original has one, so that it takes its own name and keys.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "libdom/define.h"
#include "libdom/seed.h"
#include "run.h"
#include "volumes.h"

#define DISKS_MAX 32

struct clone {
	const char *name, *to;
	struct definition def;
	struct vm_config cfg;		 /* the clone's */
	char from[DISKS_MAX][VOLUMES_NAME_SIZE]; /* by disk; "": is not copied */
	char full[DISKS_MAX][VOLUMES_NAME_SIZE]; /* the copy's */
	char *path[DISKS_MAX];
	size_t made; /* disks below this one have been copied */
	char seed[DEFINE_PATH_MAX];
};

static int failed(const struct dom_error *err)
{
	xl_error("%s", err->text);
	return XL_FAILED;
}

/* --- what is copied to where -------------------------------------------------------- */

/* POOL/NEW, or POOL/NEW-2 for its second disk and so on; letters that volumes cannot
 * have become hyphens. */
static void name_copy(struct clone *c, size_t disk, unsigned int nth)
{
	char name[41], pool[VOLUMES_NAME_SIZE], suffix[16] = "";
	size_t n = 0;

	for (const char *at = c->to; *at && n < 34; at++) {
		bool fine = strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "0123456789_-", *at);

		if (n || (fine && *at != '-' && *at != '_'))
			name[n++] = fine ? *at : '-';
	}
	name[n] = '\0';
	if (nth)
		snprintf(suffix, sizeof(suffix), "-%u", nth + 1);
	snprintf(pool, sizeof(pool), "%.*s", (int)strcspn(c->from[disk], "/"),
		 c->from[disk]);
	snprintf(c->full[disk], VOLUMES_NAME_SIZE, "%.60s/%s%s", pool, n ? name : "vm", suffix);
}

/* What is copied, and to where. */
static int plan(struct clone *c, const char *list)
{
	const struct vm_config *cfg = &c->def.cfg;
	unsigned int nth = 0;
	char taken[VOLUMES_NAME_SIZE], *target;

	if (cfg->ndisks > DISKS_MAX) {
		xl_error("%s has more than %d disks", c->name, DISKS_MAX);
		return XL_FAILED;
	}
	for (size_t i = 0; i < cfg->ndisks; i++) {
		const struct vm_disk *d = &cfg->disks[i];

		if (d->readonly || !d->target)
			continue;
		if (!volumes_find(list, d->target, NULL, c->from[i], &target)) {
			xl_error("%s: its disk %s (%s) is no volume of a storage pool, so "
				 "it cannot be copied: import it into one (storage "
				 "import), or make it read-only", c->name, d->vdev,
				 d->target);
			return XL_FAILED;
		}
		free(target);
		name_copy(c, i, nth++);
		while (volumes_find(list, NULL, c->full[i], taken, &target)) {
			free(target);
			name_copy(c, i, nth++);
		}
	}
	return XL_OK;
}

/* --- doing ------------------------------------------------------------------------ */

static int copy_disks(struct clone *c, bool progress)
{
	char name[VOLUMES_NAME_SIZE], *list;

	for (size_t i = 0; i < c->def.cfg.ndisks; i++) {
		char *const argv[] = { "storage", "clone", c->from[i], c->full[i],
				       progress ? "--progress" : NULL, NULL };

		if (!c->from[i][0])
			continue;
		if (run_stopped() || run_command(argv))
			return XL_FAILED;
		c->made = i + 1;
		if (volumes_list(&list))
			return XL_FAILED;
		if (!volumes_find(list, NULL, c->full[i], name, &c->path[i]))
			c->path[i] = NULL;
		free(list);
		if (!c->path[i]) {
			xl_error("%s was made, and is not there", c->full[i]);
			return XL_FAILED;
		}
	}
	return XL_OK;
}

static int copy_seed(struct clone *c, struct vm_disk *disk)
{
	char uuid[DOM_UUID_TEXT_SIZE], *data, *path;
	struct seed seed = { .instance_id = uuid, .hostname = c->to };
	struct dom_error err;
	int result = seed_read(disk->target, &data, &err);

	if (result)
		return failed(&err);
	define_seed_path(NULL, c->cfg.uuid, c->seed);
	dom_uuid_text(c->cfg.uuid, uuid);
	seed.user_data = data;
	result = seed_write(&seed, c->seed, &err);
	free(data);
	path = result ? NULL : strdup(c->seed);
	if (!path)
		return failed(&err);
	free(disk->target);
	disk->target = path;
	return XL_OK;
}

static int define(struct clone *c)
{
	struct dom_error err = { .text = "not enough memory" };
	int status = XL_OK;

	if (define_clone(&c->def.cfg, c->to, (const char *const *)c->path, &c->cfg, &err))
		return failed(&err);
	for (size_t i = 0; i < c->cfg.ndisks && !status; i++) {
		if (define_is_seed(NULL, &c->def.cfg, &c->cfg.disks[i]))
			status = copy_seed(c, &c->cfg.disks[i]);
	}
	if (!status && run_stopped()) {
		xl_error("stopped");
		status = XL_FAILED;
	}
	if (!status && define_new(NULL, &c->cfg, &err))
		status = failed(&err);
	config_free(&c->cfg);
	return status;
}

static void take_back(struct clone *c)
{
	for (size_t i = 0; i < c->made; i++) {
		char *const argv[] = { "storage", "delete", c->full[i], NULL };

		if (c->from[i][0])
			run_command(argv);
	}
	if (*c->seed)
		unlink(c->seed);
}

/* -EEXIST and -EBUSY before anything is copied. */
static int check(struct xl *xl, const struct clone *c)
{
	const char *problem = config_name_problem(c->to);
	struct definition other;
	uint32_t domid;
	int found;

	if (problem) {
		xl_error("%s: not a name for a VM: %s", c->to, problem);
		return XL_USAGE;
	}
	found = define_load(NULL, c->to, &other, NULL);
	define_free(&other);
	if (found != -ENOENT) {
		xl_error("%s: a VM of that name is defined already: choose another name",
			 c->to);
		return XL_FAILED;
	}
	if (!xl_dom(xl))
		return XL_FAILED;
	if (!dom_find(xl->dom, c->name, &domid, NULL)) {
		xl_error("%s: it runs (id %u): shut it down first, so that its disks are "
			 "whole", c->name, domid);
		return XL_FAILED;
	}
	return XL_OK;
}

static int run(struct xl *xl, const struct xl_args *args)
{
	struct clone c = { .name = args->operand[0], .to = args->operand[1] };
	struct dom_error err;
	char *list = NULL;
	int status = check(xl, &c);

	if (status)
		return status;
	if (define_load(NULL, c.name, &c.def, &err))
		return failed(&err);
	run_keep_signals();
	status = volumes_list(&list);
	if (!status) {
		status = plan(&c, list);
		free(list);
	}
	if (!status)
		status = copy_disks(&c, args->count['P']);
	if (!status)
		status = define(&c);
	if (status)
		take_back(&c);
	for (size_t i = 0; i < DISKS_MAX; i++)
		free(c.path[i]);
	define_free(&c.def);
	return status;
}

const struct xl_cmd cmd_clone = {
	.name = "clone",
	.usage = "[--progress] NAME NEW-NAME",
	.summary = "Define a VM like another one, with copies of its disks",
	.min_operands = 2,
	.max_operands = 2,
	.options = {
		{ 'P', "progress", NULL, "Lines \"NN text\" on stdout while it copies." },
	},
	.run = run,
};

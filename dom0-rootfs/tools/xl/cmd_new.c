/*
 * xl new: makes a VM with what it needs, as one step that can be cancelled: its disk is
 * imported from an image, its cloud-init volume is written, it is defined, marked and
 * started. What fails or is stopped before it is defined leaves nothing.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "config_args.h"
#include "libdom/define.h"
#include "libdom/seed.h"
#include "run.h"
#include "volumes.h"

struct making {
	const struct xl_args *args;
	struct vm_config cfg;
	bool imported;
	char seed[DEFINE_PATH_MAX]; /* "": none was written */
};

static int failed(const struct dom_error *err)
{
	xl_error("%s", err->text);
	return XL_FAILED;
}

static int check(const struct making *m)
{
	const struct vm_config *cfg = &m->cfg;
	struct definition other;
	int found;

	if (!m->args->value['i'] != !m->args->value['V']) {
		xl_error("new: --image and --volume belong together");
		return XL_USAGE;
	}
	if (m->args->value['i'] && (!cfg->ndisks || cfg->disks[0].readonly)) {
		xl_error("%s: there is no disk in its file that the image could become",
			 cfg->name);
		return XL_FAILED;
	}
	found = define_load(NULL, cfg->name, &other, NULL);
	define_free(&other);
	if (found == -ENOENT)
		return XL_OK;
	xl_error("%s: a VM of that name is defined already: choose another name",
		 cfg->name);
	return XL_FAILED;
}

/* The configuration gets the new volume's path as the storage knows it. */
static int take_volume(struct making *m)
{
	char name[VOLUMES_NAME_SIZE], *list, *path;
	int status = volumes_list(&list);

	if (status)
		return status;
	if (volumes_find(list, NULL, m->args->value['V'], name, &path)) {
		free(m->cfg.disks[0].target);
		m->cfg.disks[0].target = path;
	} else {
		xl_error("%s was made, and is not there", m->args->value['V']);
		status = XL_FAILED;
	}
	free(list);
	return status;
}

static int import(struct making *m)
{
	const struct xl_args *a = m->args;
	char *const argv[] = { "storage", "import", "--progress", (char *)a->value['i'],
			       (char *)a->value['V'], (char *)a->value['s'], NULL };

	if (!a->value['i'])
		return XL_OK;
	if (run_command(argv))
		return XL_FAILED;
	m->imported = true;
	return take_volume(m);
}

static int write_seed(struct making *m)
{
	const char *file = m->args->value['k'];
	char uuid[DOM_UUID_TEXT_SIZE], *key = NULL;
	struct seed seed = { .instance_id = uuid, .hostname = m->cfg.name,
			     .user = m->args->value['u'] };
	struct dom_error err;
	size_t len;
	int result;

	if (!seed.user && !file)
		return XL_OK;
	if (file) {
		key = config_file(file, &len);
		if (!key)
			return XL_FAILED;
		key[len] = '\0'; /* it has room for one more than the largest */
		seed.ssh_key = key;
	}
	result = define_seed_disk(NULL, &m->cfg, m->seed, &err);
	if (!result) {
		dom_uuid_text(m->cfg.uuid, uuid);
		result = seed_write(&seed, m->seed, &err);
	}
	free(key);
	return result ? failed(&err) : XL_OK;
}

static int define(struct making *m)
{
	struct dom_error err;

	if (run_stopped()) {
		xl_error("stopped: nothing was made");
		return XL_FAILED;
	}
	return define_new(NULL, &m->cfg, &err) ? failed(&err) : XL_OK;
}

static void take_back(struct making *m)
{
	char *const argv[] = { "storage", "delete", (char *)m->args->value['V'], NULL };

	if (*m->seed)
		unlink(m->seed);
	if (m->imported)
		run_command(argv);
}

/* It is there; what fails now can be done again by hand. */
static int conclude(struct xl *xl, const struct making *m)
{
	struct dom_create_opts opts = { .paused = false };
	struct dom_error err;
	uint32_t domid;

	if (m->args->count['a'] && define_autostart(NULL, m->cfg.name, true, &err)) {
		xl_error("%s is made, but will not start with the host: %s", m->cfg.name,
			 err.text);
		return XL_FAILED;
	}
	if (!m->args->count['b'])
		return XL_OK;
	if (m->args->count['P'])
		puts("100 starting it");
	fflush(stdout);
	if (!xl_dom(xl))
		return XL_FAILED;
	if (!define_start(xl->dom, NULL, m->cfg.name, &opts, &domid, &err))
		return XL_OK;
	xl_error("%s is made, but does not start: %s", m->cfg.name, err.text);
	return XL_FAILED;
}

static int run(struct xl *xl, const struct xl_args *args)
{
	struct making m = { .args = args };
	int status = config_args(args, 0, &m.cfg);

	if (status)
		return status;
	run_keep_signals();
	status = check(&m);
	if (!status) {
		status = import(&m);
		if (!status)
			status = write_seed(&m);
		if (!status)
			status = define(&m);
		if (status)
			take_back(&m);
		else
			status = conclude(xl, &m);
	}
	config_free(&m.cfg);
	return status;
}

const struct xl_cmd cmd_new = {
	.name = "new",
	.usage = "[OPTIONS] FILE",
	.summary = "Define a VM, its first disk made from an image",
	.min_operands = 1,
	.max_operands = 1,
	.options = {
		{ 'i', "image", "IMAGE", "Disk image that becomes its first disk ..." },
		{ 'V', "volume", "POOL/NAME", "... as this new volume" },
		{ 's', "size", "SIZE", "... of this size; else as large as the image." },
		{ 'u', "user", "USER", "cloud-init makes this user, with sudo." },
		{ 'k', "key", "FILE", "Public SSH keys that may log in." },
		{ 'a', "autostart", NULL, "It starts with the host." },
		{ 'b', "boot", NULL, "Start it now." },
		{ 'P', "progress", NULL, "Lines \"NN text\" on stdout while it copies." },
		{ 'q', "quiet", NULL, "Say nothing but errors." },
	},
	.run = run,
};

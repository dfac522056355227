/*
 * Single entries of the configuration's lists, as commands take them (xl
 * block-attach), and copies of the whole. The handlers are those of the file's keys,
 * so that both read the same language.
 */
#include "config_internal.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct problem {
	char *text;
	size_t size;
	bool said;
};

/* The first error counts. Without a file's name the text begins with ": ". */
static void keep_first(void *ctx, enum config_level level, const char *text)
{
	struct problem *p = ctx;

	if (level != CONFIG_ERROR || p->said)
		return;
	p->said = true;
	snprintf(p->text, p->size, "%s", strncmp(text, ": ", 2) ? text : text + 2);
}

/* Runs a list key's handler on a list of one. */
static int parse_one(const char *spec, struct vm_config *cfg,
		     void (*set)(struct config_parser *, const struct config_value *),
		     char *problem, size_t size)
{
	struct problem keep = { .text = problem, .size = size };
	const struct config_input in = { .file = "", .report = keep_first, .ctx = &keep };
	struct config_parser p = { .in = &in, .cfg = cfg };
	struct config_value item = { .type = VALUE_STRING, .file = "" };
	const struct config_value list = {
		.type = VALUE_LIST, .file = "", .items = &item, .nitems = 1,
	};

	snprintf(problem, size, "a control character is in it");
	for (const char *c = spec; *c; c++) {
		if (iscntrl((unsigned char)*c))
			return -EINVAL;
	}
	item.text = strdup(spec);
	if (!item.text)
		return -ENOMEM;
	set(&p, &list);
	free(item.text);
	if (p.nomem)
		return -ENOMEM;
	return p.errors ? -EINVAL : 0;
}

void config_free_disk(struct vm_disk *disk)
{
	free(disk->target);
	free(disk->vdev);
	*disk = (struct vm_disk){ 0 };
}

void config_free_vif(struct vm_vif *vif)
{
	free(vif->bridge);
	free(vif->vifname);
	free(vif->ip);
	*vif = (struct vm_vif){ 0 };
}

int config_parse_disk(const char *spec, struct vm_disk *out, char *problem, size_t size)
{
	struct vm_config cfg = { 0 };
	int err = parse_one(spec, &cfg, config_set_disks, problem, size);

	*out = (struct vm_disk){ 0 };
	if (!err) {
		*out = cfg.disks[0];
		cfg.ndisks = 0;
	}
	config_free(&cfg);
	return err;
}

int config_parse_vif(const char *spec, struct vm_vif *out, char *problem, size_t size)
{
	struct vm_config cfg = { 0 };
	int err = parse_one(spec, &cfg, config_set_vifs, problem, size);

	*out = (struct vm_vif){ 0 };
	if (!err) {
		*out = cfg.vifs[0];
		cfg.nvifs = 0;
	}
	config_free(&cfg);
	return err;
}

int config_parse_cpuset(const char *text, struct vm_cpuset *out, char *problem,
			size_t size)
{
	struct vm_config cfg = { .vcpus = 1, .maxvcpus = 1 };
	int err = parse_one(text, &cfg, config_set_cpus, problem, size);

	memset(out, 0, sizeof(*out));
	if (!err && !cfg.nhard) {
		snprintf(problem, size, "\"%s\": NUMA nodes are not known here: name CPUs",
			 text);
		err = -EINVAL;
	}
	if (!err)
		*out = cfg.hard[0];
	config_free(&cfg);
	return err;
}

int config_copy(const struct vm_config *from, struct vm_config *to)
{
	struct config_input in = { .file = "copy" };
	char *text = NULL;
	FILE *f = open_memstream(&text, &in.len);
	int err;

	*to = (struct vm_config){ 0 };
	if (!f)
		return -ENOMEM;
	err = config_write(from, f);
	if (fclose(f) || err)
		err = -ENOMEM;
	in.text = text;
	if (!err)
		err = config_parse(&in, to);
	free(text);
	return err;
}

/*
 * The last stage: what must be there, defaults for what need not, how the guest
 * boots, and contradictions between keys. Also config_free().
 */
#include "config_internal.h"

#include <stdlib.h>
#include <string.h>

/* The text of a key, or NULL when it is absent, empty or (already blamed) a list. */
static const char *text_of(const struct config_parser *p, const char *key)
{
	const struct config_value *v = config_find(p, key);

	return v && v->type != VALUE_LIST && *v->text ? v->text : NULL;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void check_required(struct config_parser *p)
{
	if (!config_find(p, "name"))
		config_say(p, CONFIG_ERROR, NULL, "name is missing: write name = \"NAME\"");
	if (!config_find(p, "memory") && !config_find(p, "maxmem"))
		config_say(p, CONFIG_ERROR, NULL,
			   "memory is missing: write memory = MIB, such as 512");
}

static const char pv_warning[] =
	"%s: there are no PV guests here: it is started as PVH, which its kernel must "
	"support (Linux 4.20 or later)";
static const char hvm_error[] =
	"%s: guests with emulated hardware are not run here: use type = \"pvh\" with a "
	"Linux or BSD guest";

static void check_type(struct config_parser *p)
{
	static const struct {
		const char *key, *value;
		bool pv;
	} old[] = {
		{ "type", "pv", true },
		{ "type", "hvm", false },
		{ "builder", "generic", true },
		{ "builder", "linux", true },
		{ "builder", "hvm", false },
	};
	const char *type = text_of(p, "type"), *builder = text_of(p, "builder");
	const char *key = type ? "type" : "builder", *value = type ? type : builder;
	char what[32];

	if (!value || (type && !strcmp(type, "pvh")))
		return;
	for (size_t i = 0; i < sizeof(old) / sizeof(old[0]); i++) {
		if (strcmp(old[i].key, key) || strcmp(old[i].value, value))
			continue;
		snprintf(what, sizeof(what), "%s = \"%s\"", key, value);
		config_say(p, old[i].pv ? CONFIG_WARNING : CONFIG_ERROR,
			   config_find(p, key), old[i].pv ? pv_warning : hvm_error, what);
		return;
	}
	config_say(p, CONFIG_ERROR, config_find(p, key), "%s: there is no type \"%s\": "
		   "use \"pvh\"", key, value);
}

/* Boot loaders of other toolstacks whose work GRUB for PVH does here. */
static bool is_known_loader(const char *path)
{
	static const char *const loaders[] = {
		"pygrub", "pvgrub", "pvgrub32", "pvgrub64", "grub-i386-xen_pvh.bin",
	};

	for (size_t i = 0; i < sizeof(loaders) / sizeof(loaders[0]); i++) {
		if (!strcmp(base_name(path), loaders[i]))
			return true;
	}
	return false;
}

/* GRUB built for PV, given as a kernel: it cannot run as PVH, its brother can. */
static bool is_pv_grub(const char *path)
{
	static const char *const grubs[] = {
		"grub-x86_64-xen.bin", "grub-i386-xen.bin", "pv-grub-x86_64.gz",
		"pv-grub-x86_32.gz", "pvgrub32.bin", "pvgrub64.bin",
	};

	for (size_t i = 0; i < sizeof(grubs) / sizeof(grubs[0]); i++) {
		if (!strcmp(base_name(path), grubs[i]))
			return true;
	}
	return false;
}

static void boot_from_disk(struct config_parser *p, const struct config_value *at,
			   const char *why)
{
	struct vm_config *cfg = p->cfg;

	const struct config_value *disk = config_find(p, "disk");

	if (!disk || (disk->type == VALUE_LIST && !disk->nitems)) {
		config_say(p, CONFIG_ERROR, at, "kernel is missing, and there is no disk to "
			   "boot from: write kernel = \"PATH\", or disk = [ "
			   "'PATH,raw,xvda,rw' ] with a system on it");
		return;
	}
	if (cfg->ramdisk && !at) {
		config_say(p, CONFIG_ERROR, config_find(p, "ramdisk"), "ramdisk: kernel is "
			   "missing: write kernel = \"PATH\" too");
		return;
	}
	if (cfg->ramdisk)
		config_say(p, CONFIG_WARNING, config_find(p, "ramdisk"),
			   "ramdisk: ignored: GRUB loads the one on the disk");
	if (!p->errors)
		config_say(p, CONFIG_NOTE, at, "%s: it boots through GRUB for PVH from "
			   "its own disk", why);
	cfg->from_disk = true;
	free(cfg->kernel);
	cfg->kernel = config_strdup(p, CONFIG_GRUB_PATH);
	free(cfg->ramdisk);
	cfg->ramdisk = NULL;
}

/* bootloader= or firmware=, which win over kernel= as xl.cfg(5) has it. */
static void check_loader(struct config_parser *p, const char *key, const char *loader)
{
	const struct config_value *at = config_find(p, key);
	char why[64];

	if (!is_known_loader(loader)) {
		config_say(p, CONFIG_ERROR, at, "%s: \"%s\" is not run here: leave it out to "
			   "boot from the guest's disk, or write kernel = \"PATH\"", key,
			   loader);
		return;
	}
	if (p->cfg->kernel)
		config_say(p, CONFIG_WARNING, config_find(p, "kernel"),
			   "kernel: ignored, since %s is given", key);
	snprintf(why, sizeof(why), "%s = \"%.32s\"", key, base_name(loader));
	boot_from_disk(p, at, why);
}

static void check_boot(struct config_parser *p)
{
	struct vm_config *cfg = p->cfg;
	const char *bootloader = text_of(p, "bootloader");
	const char *firmware = text_of(p, "firmware");

	if (bootloader) {
		check_loader(p, "bootloader", bootloader);
	} else if (firmware) {
		check_loader(p, "firmware", firmware);
	} else if (!cfg->kernel) {
		boot_from_disk(p, NULL, "no kernel given");
	} else if (is_pv_grub(cfg->kernel)) {
		boot_from_disk(p, config_find(p, "kernel"), "kernel is GRUB for PV");
	} else {
		cfg->from_disk = !strcmp(cfg->kernel, CONFIG_GRUB_PATH);
	}
	if (text_of(p, "bootloader_args"))
		config_say(p, CONFIG_WARNING, config_find(p, "bootloader_args"),
			   "bootloader_args: ignored: GRUB's own configuration decides");
}

/* cmdline, or "root=ROOT EXTRA". */
static void join_cmdline(struct config_parser *p)
{
	const char *cmdline = text_of(p, "cmdline");
	const char *root = text_of(p, "root"), *extra = text_of(p, "extra");
	size_t n;

	if (cmdline) {
		if (root || extra)
			config_say(p, CONFIG_WARNING, config_find(p, root ? "root" : "extra"),
				   "%s: ignored, since cmdline is given",
				   root && extra ? "root and extra" : root ? "root" : "extra");
		p->cfg->cmdline = config_strdup(p, cmdline);
		return;
	}
	root = root ? root : "";
	extra = extra ? extra : "";
	n = strlen(root) + strlen(extra) + sizeof("root= ");
	p->cfg->cmdline = malloc(n);
	if (!p->cfg->cmdline)
		p->nomem = true;
	else
		snprintf(p->cfg->cmdline, n, "%s%s%s%s", *root ? "root=" : "", root,
			 *root && *extra ? " " : "", extra);
}

static void check_numbers(struct config_parser *p)
{
	struct vm_config *cfg = p->cfg;

	if (!cfg->memory_mib)
		cfg->memory_mib = cfg->maxmem_mib;
	if (!cfg->maxmem_mib)
		cfg->maxmem_mib = cfg->memory_mib;
	if (cfg->memory_mib > cfg->maxmem_mib)
		config_say(p, CONFIG_ERROR, config_find(p, "memory"), "memory (%u) is more "
			   "than maxmem (%u): lower one or raise the other",
			   cfg->memory_mib, cfg->maxmem_mib);
	if (!cfg->vcpus)
		cfg->vcpus = cfg->maxvcpus ? cfg->maxvcpus : 1;
	if (!cfg->maxvcpus)
		cfg->maxvcpus = cfg->vcpus;
	if (cfg->vcpus > cfg->maxvcpus)
		config_say(p, CONFIG_ERROR, config_find(p, "vcpus"), "vcpus (%u) is more "
			   "than maxvcpus (%u): lower one or raise the other",
			   cfg->vcpus, cfg->maxvcpus);
}

void config_check(struct config_parser *p)
{
	check_required(p);
	check_type(p);
	check_boot(p);
	join_cmdline(p);
	check_numbers(p);
}

void config_free(struct vm_config *cfg)
{
	for (size_t i = 0; i < cfg->ndisks; i++) {
		free(cfg->disks[i].target);
		free(cfg->disks[i].vdev);
	}
	for (size_t i = 0; i < cfg->nvifs; i++) {
		free(cfg->vifs[i].bridge);
		free(cfg->vifs[i].vifname);
		free(cfg->vifs[i].ip);
	}
	free(cfg->disks);
	free(cfg->vifs);
	free(cfg->hard);
	free(cfg->soft);
	free(cfg->name);
	free(cfg->kernel);
	free(cfg->ramdisk);
	free(cfg->cmdline);
	*cfg = (struct vm_config){ 0 };
}

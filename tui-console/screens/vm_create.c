/*
 * The create wizard: four pages of a form, each of which can be gone back to. This file
 * asks; vm_make.c has the last page, and makes what was asked for.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app.h"
#include "libdom/define.h"
#include "libdom/seed.h"
#include "screens/vm_define.h"
#include "screens/vm_wizard.h"

/* --- checks of single fields ---------------------------------------------------- */

static bool say(char *problem, size_t size, const char *why)
{
	if (why)
		snprintf(problem, size, "%s", why);
	return !why;
}

static bool check_name(void *ctx, const struct ui_field *f, char *problem, size_t size)
{
	struct wizard *w = ctx;
	struct dom *dom = app_dom(w->ui, NULL);
	struct definition def;
	uint32_t domid;
	int found;

	if (!say(problem, size, config_name_problem(f->text)))
		return false;
	found = define_load(NULL, f->text, &def, NULL);
	define_free(&def);
	if (found != -ENOENT)
		return say(problem, size, "there is a VM of that name already");
	if (dom && !dom_find(dom, f->text, &domid, NULL))
		return say(problem, size, "a VM of that name runs");
	return true;
}

static bool check_vcpus(void *ctx, const struct ui_field *f, char *problem, size_t size)
{
	char buf[80];

	(void)ctx;
	return say(problem, size, vm_check_count(f->text, 1, CONFIG_VCPUS_MAX, buf));
}

static bool check_memory(void *ctx, const struct ui_field *f, char *problem, size_t size)
{
	const struct wizard *w = ctx;
	char buf[80];

	if (!say(problem, size, vm_check_count(f->text, CONFIG_MEM_MIN_MIB,
					       CONFIG_MEM_MAX_MIB, buf)))
		return false;
	if (!w->host_mib || strtoull(f->text, NULL, 10) <= w->host_mib)
		return true;
	snprintf(problem, size, "the whole host has %llu MiB",
		 (unsigned long long)w->host_mib);
	return false;
}

static bool check_file(void *ctx, const struct ui_field *f, char *problem, size_t size)
{
	struct stat st;
	char buf[80];

	(void)ctx;
	if (!say(problem, size, vm_check_path(f->text, buf)))
		return false;
	if (stat(f->text, &st) || (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode)))
		return say(problem, size, "there is no such file or device");
	return true;
}

static bool check_file_or_none(void *ctx, const struct ui_field *f, char *problem,
			       size_t size)
{
	return !*f->text || check_file(ctx, f, problem, size);
}

static bool check_image(void *ctx, const struct ui_field *f, char *problem, size_t size)
{
	struct store_image_info info;
	struct store_error err;

	if (!check_file(ctx, f, problem, size))
		return false;
	if (!store_image_info(f->text, &info, &err))
		return true;
	return say(problem, size, err.text);
}

static bool check_size(void *ctx, const struct ui_field *f, char *problem, size_t size)
{
	const struct wizard *w = ctx;
	struct store_image_info info;
	uint64_t bytes;
	char text[16];

	if (!*f->text && w->form.source != VM_FROM_ISO)
		return true;
	if (vm_size(f->text, &bytes))
		return say(problem, size, "a size such as 20 (GiB), 512M or 1.5T");
	if (!bytes && w->form.source == VM_FROM_ISO)
		return say(problem, size, "an installation needs a disk: give it a size");
	if (w->form.source == VM_FROM_IMAGE && bytes &&
	    !store_image_info(w->form.path, &info, NULL) && bytes < info.size) {
		snprintf(problem, size, "the image needs %s; empty: as large as it",
			 ui_bytes(info.size, text));
		return false;
	}
	return true;
}

static bool check_user(void *ctx, const struct ui_field *f, char *problem, size_t size)
{
	(void)ctx;
	return !*f->text || say(problem, size, seed_user_problem(f->text));
}

static bool check_key(void *ctx, const struct ui_field *f, char *problem, size_t size)
{
	(void)ctx;
	return !*f->text || say(problem, size, seed_key_problem(f->text));
}

/* --- page 1 --------------------------------------------------------------------- */

static const char *const sources[] = {
	[VM_FROM_IMAGE] = "a disk image (raw, qcow2, vmdk, vhd)",
	[VM_FROM_TEMPLATE] = "a template",
	[VM_FROM_ISO] = "an installation medium (ISO) and an empty disk",
	[VM_FROM_VOLUME] = "a volume, device or raw file that is there",
	[VM_FROM_KERNEL] = "a kernel and a ramdisk",
	NULL,
};

static bool check_basics(void *ctx, size_t *field, char *problem, size_t size)
{
	struct wizard *w = ctx;

	*field = 1;
	if (w->form.source == VM_FROM_TEMPLATE && !w->templates[0])
		return say(problem, size, "there is no template: make a VM one first");
	if ((w->form.source == VM_FROM_IMAGE || w->form.source == VM_FROM_ISO) &&
	    !w->storage.npools)
		return say(problem, size, "there is no storage pool for a new disk: make "
					  "one on the Storage screen first");
	return true;
}

static bool not_network(void *ctx, const struct ui_field *f)
{
	(void)f;
	return ((struct wizard *)ctx)->form.source == VM_FROM_TEMPLATE;
}

static enum ui_end ask_basics(struct wizard *w)
{
	struct vm_form *f = &w->form;
	char cpus[96], memory[96];
	struct ui_field fields[] = {
		{ .kind = UI_TEXT, .label = "Name", .text = f->name, .size = sizeof(f->name),
		  .check = check_name, .hint = "What it is called here, for example web1." },
		{ .kind = UI_CHOICE, .label = "Made from", .choices = sources,
		  .value = &f->source, .hint = "Left, Right or Enter choose." },
		{ .kind = UI_NUMBER, .label = "CPUs", .text = f->vcpus,
		  .size = sizeof(f->vcpus), .check = check_vcpus, .hint = cpus },
		{ .kind = UI_NUMBER, .label = "Memory (MiB)", .text = f->memory,
		  .size = sizeof(f->memory), .check = check_memory, .hint = memory },
		{ .kind = UI_CHOICE, .label = "Network", .choices = w->bridge_choices,
		  .value = &w->bridge, .hidden = not_network,
		  .hint = "The bridge its network card is plugged into." },
	};

	snprintf(cpus, sizeof(cpus), "The host has %u. Several VMs may share them.",
		 w->host_cpus);
	snprintf(memory, sizeof(memory), "Free now: %llu MiB of %llu.",
		 (unsigned long long)w->free_mib, (unsigned long long)w->host_mib);
	return ui_form_run(w->ui, &(struct ui_form){
					  .title = "New VM (1 of 4)",
					  .intro = "What shall it be?",
					  .fields = fields,
					  .n = sizeof(fields) / sizeof(fields[0]),
					  .ctx = w,
					  .ok = "Next",
					  .check = check_basics,
				  });
}

/* --- page 2 --------------------------------------------------------------------- */

/* Is the field asked for with this source? A bit for each. */
#define FOR(source) (1u << (source))

static const unsigned int shown[] = {
	FOR(VM_FROM_TEMPLATE),
	FOR(VM_FROM_IMAGE),
	FOR(VM_FROM_ISO),
	FOR(VM_FROM_VOLUME),
	FOR(VM_FROM_KERNEL),
	FOR(VM_FROM_KERNEL),
	FOR(VM_FROM_KERNEL),
	FOR(VM_FROM_IMAGE) | FOR(VM_FROM_ISO) | FOR(VM_FROM_KERNEL),
	FOR(VM_FROM_IMAGE) | FOR(VM_FROM_ISO) | FOR(VM_FROM_KERNEL),
};

enum { FIELD_TEMPLATE, FIELD_IMAGE, FIELD_ISO, FIELD_VOLUME, FIELD_KERNEL, FIELD_RAMDISK,
       FIELD_CMDLINE, FIELD_SIZE, FIELD_POOL, SOURCE_FIELDS };

struct source_page {
	struct wizard *w;
	struct ui_field fields[SOURCE_FIELDS];
};

static bool not_asked(void *ctx, const struct ui_field *f)
{
	const struct source_page *p = ctx;

	if (f == &p->fields[FIELD_POOL] && !vm_makes_disk(&p->w->form))
		return true;
	return !(shown[f - p->fields] & FOR(p->w->form.source));
}

/* The fields' checks want the wizard, the form's ctx is the page. */
#define ON_PAGE(fn) \
	static bool page_##fn(void *ctx, const struct ui_field *f, char *problem, \
			      size_t size) \
	{ \
		return fn(((struct source_page *)ctx)->w, f, problem, size); \
	}
ON_PAGE(check_image)
ON_PAGE(check_file)
ON_PAGE(check_file_or_none)
ON_PAGE(check_size)

/* Thin volumes may be larger than what is free, but not than the pool. */
static bool fits_pool(const struct wizard *w, char *problem, size_t size)
{
	const struct store_pool *pool = &w->storage.pools[w->pool];
	uint64_t bytes;
	char room[16];

	if (vm_size(w->form.size, &bytes) || bytes <= pool->size)
		return true;
	snprintf(problem, size, "the pool %s has %s: choose another one or a smaller size",
		 pool->name, ui_bytes(pool->size, room));
	return false;
}

static bool check_source(void *ctx, size_t *field, char *problem, size_t size)
{
	const struct wizard *w = ((struct source_page *)ctx)->w;

	*field = FIELD_SIZE;
	if (!vm_makes_disk(&w->form))
		return true;
	if (w->storage.npools)
		return fits_pool(w, problem, size);
	return say(problem, size, "there is no storage pool for a new disk: make one on the "
				  "Storage screen, or take size 0");
}

static void fill_source(struct source_page *p)
{
	struct wizard *w = p->w;
	struct vm_form *f = &w->form;

#define PATH_FIELD(what, room, check_fn, pick_fn, text_of_hint) \
	(struct ui_field){ .kind = UI_TEXT, .label = what, .text = f->room, \
			   .size = sizeof(f->room), .check = check_fn, .pick = pick_fn, \
			   .hint = text_of_hint }
	p->fields[FIELD_TEMPLATE] = (struct ui_field){
		.kind = UI_CHOICE, .label = "Template", .value = &w->template,
		.choices = (const char *const *)w->templates,
		.hint = "Its disks are copied; CPUs and memory are yours." };
	p->fields[FIELD_IMAGE] = PATH_FIELD("Disk image", path, page_check_image,
		vm_pick_image, "F4 lists the images on this host and on USB sticks.");
	p->fields[FIELD_ISO] = PATH_FIELD("ISO file", path, page_check_file, vm_pick_iso,
		"F4 lists the ISO files on this host and on USB sticks.");
	p->fields[FIELD_VOLUME] = PATH_FIELD("Volume or file", path, page_check_file,
		vm_pick_volume, "F4 lists volumes that no VM has. It is used as it is.");
	p->fields[FIELD_KERNEL] = PATH_FIELD("Kernel", kernel, page_check_file,
		vm_pick_file, "A Linux kernel (bzImage or ELF) on this host.");
	p->fields[FIELD_RAMDISK] = PATH_FIELD("Ramdisk", ramdisk, page_check_file_or_none,
		vm_pick_file, "Its initramfs; may be empty.");
	p->fields[FIELD_CMDLINE] = (struct ui_field){
		.kind = UI_TEXT, .label = "Kernel options", .text = f->cmdline,
		.size = sizeof(f->cmdline),
		.hint = "console=hvc0 shows it on the VM's console; root=/dev/xvda …" };
	p->fields[FIELD_SIZE] = (struct ui_field){
		.kind = UI_TEXT, .label = "Size of its disk", .text = f->size,
		.size = sizeof(f->size), .check = page_check_size,
		.hint = "GiB, or with a letter: 512M, 1.5T." };
	p->fields[FIELD_POOL] = (struct ui_field){
		.kind = UI_CHOICE, .label = "In storage pool", .value = &w->pool,
		.choices = w->storage.pool_names, .hint = "Where the new disk lies." };
#undef PATH_FIELD
	for (size_t i = 0; i < SOURCE_FIELDS; i++)
		p->fields[i].hidden = not_asked;
}

static enum ui_end ask_source(struct wizard *w)
{
	struct source_page page = { .w = w };
	char intro[128];

	fill_source(&page);
	snprintf(intro, sizeof(intro), "%s is made from %s.", w->form.name,
		 sources[w->form.source]);
	return ui_form_run(w->ui, &(struct ui_form){
					  .title = "New VM (2 of 4)",
					  .intro = intro,
					  .fields = page.fields,
					  .n = SOURCE_FIELDS,
					  .ctx = &page,
					  .ok = "Next",
					  .back = "Back",
					  .check = check_source,
				  });
}

/* --- page 3 --------------------------------------------------------------------- */

static bool no_seed(void *ctx, const struct ui_field *f)
{
	(void)f;
	return !((struct wizard *)ctx)->form.seed;
}

/* A template's clone gets a seed like the template's. */
static bool no_choice_of_seed(void *ctx, const struct ui_field *f)
{
	(void)f;
	return ((struct wizard *)ctx)->form.source == VM_FROM_TEMPLATE;
}

/* The first lines of a file, as the key. */
static void pick_key(struct ui *ui, void *ctx, struct ui_field *f)
{
	char path[512] = "/root", text[2048];
	ssize_t n = -1;
	int fd;

	(void)ctx;
	if (!ui_choose_file(ui, &(struct ui_files){ .title = "Public SSH key",
						    .suffixes = ".pub\0" },
			    path, sizeof(path)))
		return;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, text, sizeof(text) - 1);
		close(fd);
	}
	if (n < 0) {
		ui_fail(ui, "%s: %s", path, strerror(errno));
		return;
	}
	text[n] = '\0';
	text[strcspn(text, "\n")] = '\0';
	snprintf(f->text, f->size, "%s", text);
}

static bool check_access(void *ctx, size_t *field, char *problem, size_t size)
{
	const struct wizard *w = ctx;
	const struct vm_form *f = &w->form;

	*field = 1;
	if (f->seed && f->source != VM_FROM_TEMPLATE && !*f->user && !*f->key)
		return say(problem, size, "cloud-init needs a user's name, a key, or both");
	*field = 4;
	if (!f->start || !w->free_mib || strtoull(f->memory, NULL, 10) <= w->free_mib)
		return true;
	snprintf(problem, size, "only %llu MiB are free now: give it less memory, or start "
		 "it later", (unsigned long long)w->free_mib);
	return false;
}

static enum ui_end ask_access(struct wizard *w)
{
	struct vm_form *f = &w->form;
	struct ui_field fields[] = {
		{ .kind = UI_CHECK, .label = "Set up by cloud-init", .flag = &f->seed,
		  .hidden = no_choice_of_seed,
		  .hint = "Space. For cloud images: makes a user and a host name inside." },
		{ .kind = UI_TEXT, .label = "User", .text = f->user, .size = sizeof(f->user),
		  .check = check_user, .hidden = no_seed,
		  .hint = "Who is made, and may use sudo. Empty: the image's own." },
		{ .kind = UI_TEXT, .label = "SSH key", .text = f->key,
		  .size = sizeof(f->key), .check = check_key, .hidden = no_seed,
		  .pick = pick_key, .hint = "Public key that may log in; F4 reads a file." },
		{ .kind = UI_CHECK, .label = "Starts with the host", .flag = &f->autostart,
		  .hint = "Space. It is started whenever the host has booted." },
		{ .kind = UI_CHECK, .label = "Start it now", .flag = &f->start,
		  .hint = "Space." },
	};

	return ui_form_run(w->ui, &(struct ui_form){
					  .title = "New VM (3 of 4)",
					  .intro = "Who gets in, and when does it start?",
					  .fields = fields,
					  .n = sizeof(fields) / sizeof(fields[0]),
					  .ctx = w,
					  .ok = "Next",
					  .back = "Back",
					  .check = check_access,
				  });
}

/* --- the pages in their order ----------------------------------------------------- */

static bool run_pages(struct wizard *w)
{
	static enum ui_end (*const pages[])(struct wizard *) = {
		ask_basics, ask_source, ask_access, vm_wizard_conclude,
	};
	size_t at = 0;

	while (at < sizeof(pages) / sizeof(pages[0])) {
		enum ui_end end = pages[at](w);

		if (end == UI_CANCEL)
			return false;
		at += end == UI_OK ? 1 : (size_t)-1;
	}
	vm_wizard_finish(w);
	return true;
}

/* --- what the host has -------------------------------------------------------------- */

static void learn_host(struct wizard *w)
{
	struct dom *dom = app_dom(w->ui, NULL);
	struct dom_host host;

	if (!dom || dom_host(dom, &host, NULL))
		return;
	w->host_cpus = host.nr_cpus;
	w->host_mib = host.total_kib >> 10;
	w->free_mib = host.free_kib >> 10;
}

static bool learn_bridges(struct wizard *w)
{
	size_t n = 0;

	w->bridges = vm_bridges();
	while (w->bridges && w->bridges[n])
		n++;
	w->bridge_choices = calloc(n + 2, sizeof(*w->bridge_choices));
	if (!w->bridges || !w->bridge_choices)
		return false;
	for (size_t i = 0; i < n; i++) {
		w->bridge_choices[i] = w->bridges[i];
		if (!strcmp(w->bridges[i], CONFIG_DEFAULT_BRIDGE))
			w->bridge = (int)i;
	}
	w->bridge_choices[n] = VM_NO_NETWORK;
	return true;
}

static bool learn_templates(struct wizard *w)
{
	struct define_info *list = NULL;
	size_t count = 0, n = 0;

	define_list(NULL, &list, &count, NULL);
	w->templates = calloc(count + 1, sizeof(*w->templates));
	for (size_t i = 0; w->templates && i < count; i++) {
		if (list[i].template && !*list[i].problem)
			w->templates[n++] = strdup(list[i].name);
	}
	free(list);
	return w->templates != NULL;
}

static void wizard_free(struct wizard *w)
{
	for (size_t i = 0; w->templates && w->templates[i]; i++)
		free(w->templates[i]);
	free(w->templates);
	vm_bridges_free(w->bridges);
	free(w->bridge_choices);
	vm_storage_close(&w->storage);
}

bool vm_create(struct ui *ui, char name[DOM_NAME_SIZE])
{
	struct wizard w = { .ui = ui };
	bool made = false;

	vm_form_defaults(&w.form);
	vm_storage_open(&w.storage);
	learn_host(&w);
	if (learn_bridges(&w) && learn_templates(&w))
		made = run_pages(&w);
	if (made)
		snprintf(name, DOM_NAME_SIZE, "%s", w.form.name);
	wizard_free(&w);
	return made;
}

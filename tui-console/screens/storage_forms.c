/*
 * The forms of the storage screens. Each ends in one command of `storage`, which
 * makes the checks; what it refuses it says in words.
 */
#include "screens/storage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libstore/libstore.h"
#include "screens/vm_disks.h"

#define CHOICES_MAX 64

/* --- helpers ---------------------------------------------------------------- */

bool storage_do(struct ui *ui, const char *title, ...)
{
	char *argv[12] = { (char[]){ "storage" } }, text[400];
	size_t n = 1, at;
	va_list ap;

	va_start(ap, title);
	while (n < 11 && (argv[n] = va_arg(ap, char *)))
		n++;
	va_end(ap);
	argv[n] = NULL;
	at = (size_t)snprintf(text, sizeof(text), "storage");
	for (size_t i = 1; i < n && at < sizeof(text); i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, " %s", argv[i]);
	if (ui_work(ui, title, argv))
		return false;
	ui_command(ui, "%s", text);
	return true;
}

static bool check_name(void *ctx, const struct ui_field *f, char *problem, size_t size)
{
	(void)ctx;
	if (store_name_valid(f->text))
		return true;
	snprintf(problem, size, "Use up to %d letters, digits, - and _.", STORE_NAME_MAX);
	return false;
}

static bool check_size(void *ctx, const struct ui_field *f, char *problem, size_t size)
{
	uint64_t bytes;

	(void)ctx;
	if (!store_parse_size(f->text, &bytes) && bytes >= 4096)
		return true;
	snprintf(problem, size, "Write a size: 512M, 20G, 1.5T.");
	return false;
}

static bool check_size_or_none(void *ctx, const struct ui_field *f, char *problem,
			       size_t size)
{
	return !*f->text || check_size(ctx, f, problem, size);
}

/* Names of the pools for a choice; *at is the one that is named. */
static void pool_choices(const struct records *pools, const char *name,
			 const char *choices[CHOICES_MAX + 1], int *at)
{
	size_t n = 0;

	*at = 0;
	for (size_t i = 0; i < pools->n && n < CHOICES_MAX; i++) {
		if (name && !strcmp(pools->list[i].field[POOL_NAME], name))
			*at = (int)n;
		choices[n++] = pools->list[i].field[POOL_NAME];
	}
	choices[n] = NULL;
}

/* --- a new pool ------------------------------------------------------------- */

struct pool_form {
	char name[STORE_NAME_SIZE], directory[STORE_PATH_SIZE];
	const char *disks[CHOICES_MAX + 1];
	const char *contents[CHOICES_MAX], *uses[CHOICES_MAX];
	char *texts[CHOICES_MAX];
	int kind, disk;
};

enum { KIND_LVM, KIND_FS, KIND_DIRECTORY };

static const char *const kinds[] = { "LVM, thin volumes (snapshots at once)",
				     "files on a disk of its own (ext4)",
				     "files in a directory that is there", NULL };

static bool no_disk(void *ctx, const struct ui_field *f)
{
	(void)f;
	return ((struct pool_form *)ctx)->kind == KIND_DIRECTORY;
}

static bool no_directory(void *ctx, const struct ui_field *f)
{
	return !no_disk(ctx, f);
}

static void pick_directory(struct ui *ui, void *ctx, struct ui_field *f)
{
	(void)ctx;
	ui_choose_file(ui, &(struct ui_files){ .title = "Directory", .directories = true },
		       f->text, f->size);
}

static bool check_disk(void *ctx, const struct ui_field *f, char *problem, size_t size)
{
	const struct pool_form *p = ctx;

	(void)f;
	if (!p->disks[0])
		snprintf(problem, size, "There is no disk here.");
	else if (*p->uses[p->disk])
		snprintf(problem, size, "It is in use: %s.", p->uses[p->disk]);
	else
		return true;
	return false;
}

static void pool_words(const struct pool_form *p, char on[STORE_PATH_SIZE])
{
	if (p->kind == KIND_DIRECTORY)
		snprintf(on, STORE_PATH_SIZE, "%s", p->directory);
	else
		snprintf(on, STORE_PATH_SIZE, "/dev/%.*s",
			 (int)strcspn(p->disks[p->disk], " "), p->disks[p->disk]);
}

static void pool_command(void *ctx, char *buf, size_t size)
{
	const struct pool_form *p = ctx;
	char on[STORE_PATH_SIZE] = "";

	if (p->kind == KIND_DIRECTORY || p->disks[0])
		pool_words(p, on);
	snprintf(buf, size, "storage pool create %s %s %s", p->name,
		 p->kind == KIND_LVM ? "--lvm" : "--dir", on);
}

static void disk_choices(struct pool_form *p, const struct records *disks,
			 const char *disk)
{
	size_t n = 0;
	char size[16];

	for (size_t i = 0; i < disks->n && n < CHOICES_MAX; i++) {
		const struct record *r = &disks->list[i];
		bool part = !strcmp(r->field[DISK_WHAT], "part");
		const char *content = r->field[part ? PART_CONTENT : DISK_CONTENT];
		uint64_t bytes = record_number(r, part ? PART_SIZE : DISK_SIZE);

		p->texts[n] = malloc(200);
		if (!p->texts[n])
			break;
		snprintf(p->texts[n], 200, "%.31s  %s  %.100s", r->field[DISK_NAME],
			 ui_bytes(bytes, size), content);
		if (disk && !strcmp(disk, r->field[DISK_NAME]))
			p->disk = (int)n;
		p->contents[n] = content;
		p->uses[n] = r->field[part ? PART_USE : DISK_USE];
		p->disks[n] = p->texts[n];
		n++;
	}
	p->disks[n] = NULL;
}

static bool is_empty(const char *content)
{
	return !strcmp(content, "empty") || !strcmp(content, "an empty partition table");
}

/* What is destroyed is named, and the disk's name must be typed. */
static bool confirm_erase(struct ui *ui, const char *on, const char *content)
{
	char text[400], command[300];

	snprintf(text, sizeof(text), "%s is not empty: %s.\nAll that is on it will be "
		 "destroyed.", on, content);
	snprintf(command, sizeof(command), "storage pool create ... %s --erase", on);
	return ui_confirm_typed(ui, &(struct ui_question){
		.title = "Erase the disk?", .text = text, .command = command,
		.yes = "Erase it", .danger = true }, on + strlen("/dev/"));
}

static bool make_pool(struct ui *ui, const struct pool_form *p)
{
	const char *kind = p->kind == KIND_LVM ? "--lvm" : "--dir";
	char on[STORE_PATH_SIZE];
	bool erase = p->kind != KIND_DIRECTORY && !is_empty(p->contents[p->disk]);

	pool_words(p, on);
	if (erase && !confirm_erase(ui, on, p->contents[p->disk]))
		return false;
	return storage_do(ui, "Making the pool", "pool", "create", p->name, kind, on,
			  erase ? "--erase" : NULL, NULL);
}

bool storage_form_pool(struct ui *ui, const struct records *disks, const char *disk)
{
	struct pool_form p = { .kind = KIND_LVM };
	struct ui_field fields[] = {
		{ .kind = UI_TEXT, .label = "Name", .text = p.name,
		  .size = sizeof(p.name), .check = check_name,
		  .hint = "A VM's disk is then called /dev/NAME/VOLUME or /storage/NAME/..." },
		{ .kind = UI_CHOICE, .label = "Kind", .choices = kinds, .value = &p.kind },
		{ .kind = UI_CHOICE, .label = "Disk", .choices = p.disks, .value = &p.disk,
		  .hidden = no_disk, .check = check_disk },
		{ .kind = UI_TEXT, .label = "Directory", .text = p.directory,
		  .size = sizeof(p.directory), .hidden = no_directory,
		  .check = ui_check_filled, .pick = pick_directory },
	};
	struct ui_form form = {
		.title = "New storage pool", .fields = fields,
		.n = sizeof(fields) / sizeof(fields[0]), .ctx = &p, .ok = "Make it",
		.command = pool_command,
		.intro = "A pool is where VMs have their disks. A disk that is not empty "
			 "is erased only after you have typed its name.",
	};
	bool made = false;

	disk_choices(&p, disks, disk);
	while (!made && ui_form_run(ui, &form) == UI_OK)
		made = make_pool(ui, &p);
	for (size_t i = 0; i < CHOICES_MAX; i++)
		free(p.texts[i]);
	return made;
}

/* --- volumes ---------------------------------------------------------------- */

struct volume_form {
	const char *pool, *from; /* the verb's first words */
	char name[STORE_NAME_SIZE], size[24], full[STORE_FULL_SIZE];
};

static void create_command(void *ctx, char *buf, size_t size)
{
	const struct volume_form *v = ctx;

	snprintf(buf, size, "storage create %s/%s %s", v->pool, v->name, v->size);
}

bool storage_form_create(struct ui *ui, const char *pool)
{
	struct volume_form v = { .pool = pool, .size = "20G" };
	struct ui_field fields[] = {
		{ .kind = UI_TEXT, .label = "Name", .text = v.name,
		  .size = sizeof(v.name), .check = check_name },
		{ .kind = UI_TEXT, .label = "Size", .text = v.size,
		  .size = sizeof(v.size), .check = check_size,
		  .hint = "512M, 20G, 1.5T. Room in the pool is taken as it is written to." },
	};
	struct ui_form form = { .title = "New volume", .fields = fields, .n = 2,
				.ctx = &v, .ok = "Make it", .command = create_command };

	while (ui_form_run(ui, &form) == UI_OK) {
		snprintf(v.full, sizeof(v.full), "%s/%s", pool, v.name);
		if (storage_do(ui, "Making the volume", "create", v.full, v.size, NULL))
			return true;
	}
	return false;
}

bool storage_form_grow(struct ui *ui, const char *volume, uint64_t size)
{
	char text[24], label[80], now[16];

	snprintf(label, sizeof(label), "New size (now %s)", ui_bytes(size, now));
	snprintf(text, sizeof(text), "%lluM", (unsigned long long)(size >> 20));
	if (!ui_input(ui, volume, label, text, sizeof(text), check_size, NULL))
		return false;
	return storage_do(ui, "Growing the volume", "grow", volume, text, NULL);
}

void storage_form_snapshot(struct ui *ui, struct storage_tasks *t, const char *volume)
{
	char name[STORE_NAME_SIZE] = "", what[160];
	char *argv[] = { (char[]){ "storage" }, (char[]){ "snapshot" }, (char *)volume,
			 name, (char[]){ "--progress" }, NULL };

	if (!ui_input(ui, volume, "Name of the snapshot", name, sizeof(name), check_name,
		      NULL))
		return;
	snprintf(what, sizeof(what), "Snapshot %s.%s", volume, name);
	storage_task_start(ui, t, what, argv);
}

struct copy_form {
	const char *verb, *from;
	const char *pools[CHOICES_MAX + 1];
	int pool;
	char file[STORE_PATH_SIZE], name[STORE_NAME_SIZE], size[24];
	char full[STORE_FULL_SIZE];
};

static void copy_command(void *ctx, char *buf, size_t size)
{
	const struct copy_form *c = ctx;

	snprintf(buf, size, "storage %s %s %s/%s %s", c->verb, c->from ? c->from : c->file,
		 c->pools[c->pool], c->name, c->size);
}

static void start_copy(struct ui *ui, struct storage_tasks *t, struct copy_form *c)
{
	const char *from = c->from ? c->from : c->file;
	const char *short_name = strrchr(from, '/');
	char what[256];
	char *argv[] = { (char[]){ "storage" }, (char *)c->verb, (char *)from, c->full,
			 (char[]){ "--progress" }, *c->size ? c->size : NULL, NULL };

	snprintf(c->full, sizeof(c->full), "%s/%s", c->pools[c->pool], c->name);
	snprintf(what, sizeof(what), "%s %.80s as %s", c->from ? "Clone" : "Import",
		 !c->from && short_name ? short_name + 1 : from, c->full);
	storage_task_start(ui, t, what, argv);
}

void storage_form_clone(struct ui *ui, struct storage_tasks *t,
			const struct records *pools, const char *volume)
{
	struct copy_form c = { .verb = "clone", .from = volume };
	struct ui_field fields[] = {
		{ .kind = UI_CHOICE, .label = "Pool", .choices = c.pools,
		  .value = &c.pool },
		{ .kind = UI_TEXT, .label = "Name", .text = c.name,
		  .size = sizeof(c.name), .check = check_name },
	};
	struct ui_form form = { .title = "Clone", .fields = fields, .n = 2, .ctx = &c,
				.ok = "Clone", .command = copy_command };

	pool_choices(pools, NULL, c.pools, &c.pool);
	for (size_t i = 0; c.pools[i]; i++) {
		size_t len = strlen(c.pools[i]);

		if (!strncmp(volume, c.pools[i], len) && volume[len] == '/')
			c.pool = (int)i;
	}
	if (ui_form_run(ui, &form) == UI_OK)
		start_copy(ui, t, &c);
}

static bool check_image(void *ctx, const struct ui_field *f, char *problem, size_t size)
{
	struct store_image_info info;
	struct store_error err;

	(void)ctx;
	if (!store_image_info(f->text, &info, &err))
		return true;
	snprintf(problem, size, "%s", err.text);
	return false;
}

void storage_form_import(struct ui *ui, struct storage_tasks *t,
			 const struct records *pools, const char *pool)
{
	struct copy_form c = { .verb = "import" };
	struct ui_field fields[] = {
		{ .kind = UI_TEXT, .label = "Image", .text = c.file,
		  .size = sizeof(c.file), .check = check_image, .pick = vm_pick_image,
		  .hint = "raw, qcow2, vmdk or vhd; F4 shows what is on sticks and disks" },
		{ .kind = UI_CHOICE, .label = "Pool", .choices = c.pools,
		  .value = &c.pool },
		{ .kind = UI_TEXT, .label = "Name", .text = c.name,
		  .size = sizeof(c.name), .check = check_name,
		  .hint = "of the new volume" },
		{ .kind = UI_TEXT, .label = "Size", .text = c.size,
		  .size = sizeof(c.size), .check = check_size_or_none,
		  .hint = "nothing: as large as the image" },
	};
	struct ui_form form = {
		.title = "Import an image", .fields = fields,
		.n = sizeof(fields) / sizeof(fields[0]), .ctx = &c, .ok = "Import",
		.command = copy_command,
		.intro = "The image is copied into a new volume, as a task: you can "
			 "leave this screen meanwhile.",
	};

	if (!pools->n) {
		ui_fail(ui, "There is no pool: make one first (n on the screen Storage).");
		return;
	}
	pool_choices(pools, pool, c.pools, &c.pool);
	if (ui_form_run(ui, &form) == UI_OK)
		start_copy(ui, t, &c);
}

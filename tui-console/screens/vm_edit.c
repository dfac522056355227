/*
 * The screen on which a defined VM is changed: a row for each setting, disk and network
 * interface. A change is written to the definition at once; where a running VM can take
 * it, it is made there first. The disks and interfaces are vm_edit_devices.c's.
 */
#include "screens/vm_edit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app.h"
#include "model/vm_form.h"
#include "screens/vm_define.h"
#include "screens/vm_disks.h"

/* --- one change ------------------------------------------------------------------ */

bool vm_change_begin(struct vm_edit *e, struct vm_change *c)
{
	*c = (struct vm_change){ .e = e };
	if (e->loaded && !config_copy(&e->def.cfg, &c->cfg))
		return true;
	ui_fail(e->ui, "%s cannot be changed: %s", e->name,
		e->loaded ? "not enough memory" : e->problem);
	return false;
}

bool vm_change_live(struct vm_change *c, const char *title, char *const argv[])
{
	return !c->e->running || !ui_work(c->e->ui, title, argv);
}

bool vm_change_keep(struct vm_change *c, bool live, const char *command)
{
	struct vm_edit *e = c->e;
	char *const update[] = { "xl", "config-update", e->name, NULL };
	struct dom_error err;

	if (define_save(&e->def, &c->cfg, &err)) {
		ui_error(e->ui, "The definition was not changed", err.text);
		return false;
	}
	if (e->running && !live) {
		if (!ui_work(e->ui, "Keeping it for the next start", update))
			ui_say(e->ui, "%s runs: this takes effect when it starts next",
			       e->name);
	} else {
		ui_command(e->ui, "%s", command);
	}
	ui_refresh(e->ui);
	return true;
}

void vm_change_end(struct vm_change *c)
{
	config_free(&c->cfg);
}

/* --- what is shown and changed in one row ------------------------------------------ */

static bool say(char *problem, size_t size, const char *why)
{
	if (why)
		snprintf(problem, size, "%s", why);
	return !why;
}

static void show_name(const struct vm_edit *e, char *buf, size_t size)
{
	snprintf(buf, size, "%s", e->name);
}

static void change_name(struct vm_edit *e)
{
	char to[DOM_NAME_SIZE];

	if (!vm_rename(e->ui, e->name, to))
		return;
	snprintf(e->name, sizeof(e->name), "%s", to);
	ui_refresh(e->ui);
}

static void show_cpus(const struct vm_edit *e, char *buf, size_t size)
{
	const struct vm_config *cfg = &e->def.cfg;

	if (cfg->maxvcpus > cfg->vcpus)
		snprintf(buf, size, "%u of at most %u", cfg->vcpus, cfg->maxvcpus);
	else
		snprintf(buf, size, "%u", cfg->vcpus);
}

/* Two numbers of which the first is not above the second. */
struct pair {
	char now[12], most[12];
	unsigned int min, max;
};

static bool check_number(void *ctx, const struct ui_field *f, char *problem, size_t size)
{
	const struct pair *p = ctx;
	char buf[80];

	return say(problem, size, vm_check_count(f->text, p->min, p->max, buf));
}

static bool check_pair(void *ctx, size_t *field, char *problem, size_t size)
{
	const struct pair *p = ctx;

	*field = 1;
	return strtoul(p->now, NULL, 10) <= strtoul(p->most, NULL, 10) ||
	       say(problem, size, "it is less than what it starts with");
}

static bool ask_pair(struct vm_edit *e, const char *title, const char *now_label,
		     const char *hint, struct pair *p)
{
	struct ui_field fields[] = {
		{ .kind = UI_NUMBER, .label = now_label, .text = p->now,
		  .size = sizeof(p->now), .check = check_number, .hint = hint },
		{ .kind = UI_NUMBER, .label = "At most", .text = p->most,
		  .size = sizeof(p->most), .check = check_number,
		  .hint = "How far it can be raised while it runs." },
	};

	return ui_form_run(e->ui, &(struct ui_form){ .title = title, .fields = fields,
						     .n = 2, .ctx = p, .ok = "Change",
						     .check = check_pair }) == UI_OK;
}

static void change_cpus(struct vm_edit *e)
{
	struct pair p = { .min = 1, .max = CONFIG_VCPUS_MAX };
	char *const set[] = { "xl", "vcpu-set", "-i", e->name, p.now, NULL };
	struct vm_change c;
	char command[128];
	bool live;

	if (!vm_change_begin(e, &c))
		return;
	snprintf(p.now, sizeof(p.now), "%u", c.cfg.vcpus);
	snprintf(p.most, sizeof(p.most), "%u", c.cfg.maxvcpus);
	if (ask_pair(e, "CPUs", "CPUs", "A guest that runs is asked at once.", &p)) {
		c.cfg.vcpus = (unsigned int)strtoul(p.now, NULL, 10);
		c.cfg.maxvcpus = (unsigned int)strtoul(p.most, NULL, 10);
		live = e->running && c.cfg.vcpus <= e->info.vcpus_max;
		snprintf(command, sizeof(command), "xl vcpu-set %s %s", e->name, p.now);
		if (!live || vm_change_live(&c, "CPUs", set))
			vm_change_keep(&c, live && c.cfg.maxvcpus == e->info.vcpus_max,
				       command);
	}
	vm_change_end(&c);
}

static void show_memory(const struct vm_edit *e, char *buf, size_t size)
{
	const struct vm_config *cfg = &e->def.cfg;

	if (cfg->maxmem_mib > cfg->memory_mib)
		snprintf(buf, size, "%u MiB of at most %u", cfg->memory_mib,
			 cfg->maxmem_mib);
	else
		snprintf(buf, size, "%u MiB", cfg->memory_mib);
}

/* The maximum goes up before what it uses does, and down after it. */
static bool set_memory(struct vm_change *c, struct pair *p)
{
	char *const set[] = { "xl", "mem-set", c->e->name, p->now, NULL };
	char *const max[] = { "xl", "mem-max", c->e->name, p->most, NULL };
	bool up = c->cfg.maxmem_mib > c->e->def.cfg.maxmem_mib;

	return vm_change_live(c, "Memory", up ? max : set) &&
	       vm_change_live(c, "Memory", up ? set : max);
}

static void change_memory(struct vm_edit *e)
{
	struct pair p = { .min = CONFIG_MEM_MIN_MIB, .max = CONFIG_MEM_MAX_MIB };
	struct vm_change c;
	char command[128];

	if (!vm_change_begin(e, &c))
		return;
	snprintf(p.now, sizeof(p.now), "%u", c.cfg.memory_mib);
	snprintf(p.most, sizeof(p.most), "%u", c.cfg.maxmem_mib);
	if (ask_pair(e, "Memory", "MiB",
		     "A guest that runs is asked to give memory back, or gets more.", &p)) {
		c.cfg.memory_mib = (unsigned int)strtoul(p.now, NULL, 10);
		c.cfg.maxmem_mib = (unsigned int)strtoul(p.most, NULL, 10);
		snprintf(command, sizeof(command), "xl mem-set %s %s", e->name, p.now);
		if (set_memory(&c, &p))
			vm_change_keep(&c, true, command);
	}
	vm_change_end(&c);
}

static void show_share(const struct vm_edit *e, char *buf, size_t size)
{
	const struct vm_config *cfg = &e->def.cfg;
	int n = snprintf(buf, size, "weight %u", cfg->cpu_weight ? cfg->cpu_weight : 256);

	if (cfg->cap && n > 0 && (size_t)n < size)
		snprintf(buf + n, size - (size_t)n, ", at most %u %% of one CPU", cfg->cap);
}

static bool check_weight(void *ctx, const struct ui_field *f, char *problem, size_t size)
{
	char buf[80];

	(void)ctx;
	return say(problem, size, vm_check_count(f->text, 1, 65535, buf));
}

/* ctx: the VM's configuration */
static bool check_cap(void *ctx, const struct ui_field *f, char *problem, size_t size)
{
	const struct vm_config *cfg = ctx;
	char buf[80];

	return say(problem, size, vm_check_count(f->text, 0, 100 * cfg->maxvcpus, buf));
}

static void change_share(struct vm_edit *e)
{
	char weight[12], cap[12], command[160];
	char *const set[] = { "xl", "sched-credit2", "-d", e->name, "-w", weight, "-c", cap,
			      NULL };
	struct vm_change c;
	struct ui_field fields[] = {
		{ .kind = UI_NUMBER, .label = "Weight", .text = weight,
		  .size = sizeof(weight), .check = check_weight,
		  .hint = "Twice the weight: twice the CPU time when CPUs are short." },
		{ .kind = UI_NUMBER, .label = "Cap (%)", .text = cap, .size = sizeof(cap),
		  .check = check_cap, .hint = "100 is one whole CPU; 0: no cap." },
	};

	if (!vm_change_begin(e, &c))
		return;
	snprintf(weight, sizeof(weight), "%u", c.cfg.cpu_weight ? c.cfg.cpu_weight : 256);
	snprintf(cap, sizeof(cap), "%u", c.cfg.cap);
	if (ui_form_run(e->ui, &(struct ui_form){ .title = "Share of the CPUs",
						  .fields = fields, .n = 2,
						  .ctx = &c.cfg, .ok = "Change" }) == UI_OK) {
		c.cfg.cpu_weight = (unsigned int)strtoul(weight, NULL, 10);
		c.cfg.cap = (unsigned int)strtoul(cap, NULL, 10);
		snprintf(command, sizeof(command), "xl sched-credit2 -d %s -w %s -c %s",
			 e->name, weight, cap);
		if (vm_change_live(&c, "Share", set))
			vm_change_keep(&c, true, command);
	}
	vm_change_end(&c);
}

static void show_autostart(const struct vm_edit *e, char *buf, size_t size)
{
	snprintf(buf, size, "%s", e->def.template	 ? "no: it is a template"
				  : e->def.autostart ? "yes" : "no");
}

static void change_autostart(struct vm_edit *e)
{
	if (vm_autostart(e->ui, e->name))
		ui_refresh(e->ui);
}

static void show_boot(const struct vm_edit *e, char *buf, size_t size)
{
	const struct vm_config *cfg = &e->def.cfg;

	if (cfg->from_disk)
		snprintf(buf, size, "its own disk");
	else
		snprintf(buf, size, "%s %s", cfg->kernel, cfg->cmdline);
}

struct boot {
	int own; /* index of from[] */
	char kernel[512], ramdisk[512], cmdline[512];
};

static bool own_disk(void *ctx, const struct ui_field *f)
{
	(void)f;
	return ((struct boot *)ctx)->own == 0;
}

static bool check_kernel(void *ctx, const struct ui_field *f, char *problem, size_t size)
{
	char buf[80];

	(void)ctx;
	return say(problem, size, vm_check_path(f->text, buf));
}

static bool check_ramdisk(void *ctx, const struct ui_field *f, char *problem, size_t size)
{
	return !*f->text || check_kernel(ctx, f, problem, size);
}

static bool set_text(char **field, const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		return false;
	free(*field);
	*field = copy;
	return true;
}

static void keep_boot(struct vm_change *c, const struct boot *b)
{
	struct vm_config *cfg = &c->cfg;
	char command[128];
	bool fine = set_text(&cfg->kernel, b->own ? b->kernel : CONFIG_GRUB_PATH) &&
		    set_text(&cfg->cmdline, b->own ? b->cmdline : "");

	free(cfg->ramdisk);
	cfg->ramdisk = b->own && *b->ramdisk ? strdup(b->ramdisk) : NULL;
	cfg->from_disk = !b->own;
	if (!b->own && !cfg->ndisks) {
		ui_fail(c->e->ui, "%s has no disk to start from: add one first", cfg->name);
		return;
	}
	snprintf(command, sizeof(command), "edit %.100s", c->e->def.path);
	if (fine)
		vm_change_keep(c, false, command);
}

static void change_boot(struct vm_edit *e)
{
	static const char *const from[] = { "its own disk (GRUB)", "a kernel file", NULL };
	struct boot b = { 0 };
	struct vm_change c;
	struct ui_field fields[] = {
		{ .kind = UI_CHOICE, .label = "Starts from", .choices = from,
		  .value = &b.own, .hint = "An ordinary disk image starts from its disk." },
		{ .kind = UI_TEXT, .label = "Kernel", .text = b.kernel,
		  .size = sizeof(b.kernel), .check = check_kernel, .pick = vm_pick_file,
		  .hidden = own_disk, .hint = "bzImage or ELF, on this host." },
		{ .kind = UI_TEXT, .label = "Ramdisk", .text = b.ramdisk,
		  .size = sizeof(b.ramdisk), .check = check_ramdisk, .pick = vm_pick_file,
		  .hidden = own_disk, .hint = "Its initramfs; may be empty." },
		{ .kind = UI_TEXT, .label = "Kernel options", .text = b.cmdline,
		  .size = sizeof(b.cmdline), .hidden = own_disk,
		  .hint = "console=hvc0 shows it on the VM's console." },
	};

	if (!vm_change_begin(e, &c))
		return;
	b.own = !c.cfg.from_disk;
	if (b.own) {
		snprintf(b.kernel, sizeof(b.kernel), "%s", c.cfg.kernel);
		snprintf(b.ramdisk, sizeof(b.ramdisk), "%s",
			 c.cfg.ramdisk ? c.cfg.ramdisk : "");
		snprintf(b.cmdline, sizeof(b.cmdline), "%s", c.cfg.cmdline);
	}
	if (ui_form_run(e->ui, &(struct ui_form){ .title = "What it starts from",
						  .fields = fields, .n = 4, .ctx = &b,
						  .ok = "Change" }) == UI_OK)
		keep_boot(&c, &b);
	vm_change_end(&c);
}

/* --- when it ends ------------------------------------------------------------------- */

static const enum vm_action endings[] = {
	VM_ACTION_DESTROY, VM_ACTION_RESTART, VM_ACTION_RENAME_RESTART, VM_ACTION_PRESERVE,
};
static const char *const ending_words[] = {
	"stays off", "is started again", "is kept aside and started anew",
	"is kept as it was, dead", NULL,
};

static const char *ending_word(enum vm_action action)
{
	for (size_t i = 0; i < 4; i++) {
		if (endings[i] == action)
			return ending_words[i];
	}
	return config_action_name(action);
}

static int ending_index(enum vm_action action)
{
	for (int i = 0; i < 4; i++) {
		if (endings[i] == action)
			return i;
	}
	return action == VM_ACTION_COREDUMP_DESTROY ? 0 : 1;
}

static void show_endings(const struct vm_edit *e, char *buf, size_t size)
{
	const enum vm_action *a = e->def.cfg.action;

	snprintf(buf, size, "off: %s; reboot: %s; crash: %s",
		 ending_word(a[VM_SHUTDOWN_POWEROFF]), ending_word(a[VM_SHUTDOWN_REBOOT]),
		 ending_word(a[VM_SHUTDOWN_CRASH]));
}

static void change_endings(struct vm_edit *e)
{
	static const enum vm_shutdown reasons[] = {
		VM_SHUTDOWN_POWEROFF, VM_SHUTDOWN_REBOOT, VM_SHUTDOWN_CRASH,
	};
	static const char *const labels[] = {
		"Switched off from inside", "Rebooted from inside", "Crashed",
	};
	struct ui_field fields[3];
	struct vm_change c;
	char command[128];
	int chosen[3];

	if (!vm_change_begin(e, &c))
		return;
	for (int i = 0; i < 3; i++) {
		chosen[i] = ending_index(c.cfg.action[reasons[i]]);
		fields[i] = (struct ui_field){ .kind = UI_CHOICE, .label = labels[i],
					       .choices = ending_words, .value = &chosen[i],
					       .hint = "What becomes of the VM then." };
	}
	if (ui_form_run(e->ui, &(struct ui_form){ .title = "When it ends",
						  .fields = fields, .n = 3,
						  .ok = "Change" }) == UI_OK) {
		for (int i = 0; i < 3; i++)
			c.cfg.action[reasons[i]] = endings[chosen[i]];
		snprintf(command, sizeof(command), "edit %.100s", e->def.path);
		vm_change_keep(&c, false, command);
	}
	vm_change_end(&c);
}

static const struct setting {
	const char *label;
	void (*show)(const struct vm_edit *e, char *buf, size_t size);
	void (*change)(struct vm_edit *e);
} settings[] = {
	{ "Name", show_name, change_name },
	{ "CPUs", show_cpus, change_cpus },
	{ "Memory", show_memory, change_memory },
	{ "CPU share", show_share, change_share },
	{ "Starts with host", show_autostart, change_autostart },
	{ "Starts from", show_boot, change_boot },
	{ "When it ends", show_endings, change_endings },
};
#define NSETTINGS (sizeof(settings) / sizeof(settings[0]))

size_t vm_edit_settings(void)
{
	return NSETTINGS;
}

/* --- the table ------------------------------------------------------------------------ */

static size_t count_rows(void *ctx)
{
	const struct vm_edit *e = ctx;

	return e->loaded ? NSETTINGS + e->def.cfg.ndisks + e->def.cfg.nvifs : 0;
}

/* Which disk or interface a row is; SIZE_MAX: it is none. */
static size_t disk_of(const struct vm_edit *e, size_t row)
{
	return row >= NSETTINGS && row - NSETTINGS < e->def.cfg.ndisks ? row - NSETTINGS
									: SIZE_MAX;
}

static size_t vif_of(const struct vm_edit *e, size_t row)
{
	size_t first = NSETTINGS + e->def.cfg.ndisks;

	return row >= first && row - first < e->def.cfg.nvifs ? row - first : SIZE_MAX;
}

static void cell(void *ctx, size_t row, size_t column, char *buf, size_t size)
{
	const struct vm_edit *e = ctx;
	size_t disk = disk_of(e, row), vif = vif_of(e, row);

	*buf = '\0';
	if (disk != SIZE_MAX && column == 0)
		snprintf(buf, size, "Disk %s", e->def.cfg.disks[disk].vdev);
	else if (disk != SIZE_MAX &&
		 define_is_seed(NULL, &e->def.cfg, &e->def.cfg.disks[disk]))
		snprintf(buf, size, "cloud-init seed volume");
	else if (disk != SIZE_MAX)
		vm_edit_disk_text(&e->def.cfg.disks[disk], buf, size);
	else if (vif != SIZE_MAX && column == 0)
		snprintf(buf, size, "Network %u", e->def.cfg.vifs[vif].devid);
	else if (vif != SIZE_MAX)
		vm_edit_vif_text(&e->def.cfg.vifs[vif], buf, size);
	else if (row < NSETTINGS && column == 0)
		snprintf(buf, size, "%s", settings[row].label);
	else if (row < NSETTINGS)
		settings[row].show(e, buf, size);
}

static const struct ui_table_model model = {
	.columns = (const struct ui_column[]){
		{ .title = "What", .width = 16 },
		{ .title = "Value", .width = 40, .weight = 1 },
		{ .title = NULL },
	},
	.count = count_rows,
	.cell = cell,
	.empty = "",
};

/* --- the screen ------------------------------------------------------------------------ */

static bool open_edit(struct ui *ui, void *self, const void *arg)
{
	struct vm_edit *e = self;

	e->ui = ui;
	snprintf(e->name, sizeof(e->name), "%s", (const char *)arg);
	ui_table_init(&e->table, &model, e, -1);
	return true;
}

static void close_edit(struct ui *ui, void *self)
{
	struct vm_edit *e = self;

	(void)ui;
	ui_table_free(&e->table);
	define_free(&e->def);
}

static void refresh_edit(struct ui *ui, void *self)
{
	struct vm_edit *e = self;
	struct dom *dom = app_dom(ui, NULL);
	struct dom_error err;
	uint32_t domid;

	define_free(&e->def);
	e->loaded = !define_load(NULL, e->name, &e->def, &err);
	snprintf(e->problem, sizeof(e->problem), "%s", e->loaded ? "" : err.text);
	e->running = dom && !dom_find(dom, e->name, &domid, NULL) &&
		     !dom_get(dom, domid, &e->info, NULL) && !e->info.shutdown;
	ui_table_update(&e->table);
}

static void draw_edit(struct ui *ui, void *self, struct ui_rect area)
{
	struct vm_edit *e = self;

	if (!e->loaded)
		ui_put_wrapped(ui, area, UI_BAD, e->problem);
	else
		ui_put(ui, area.y, area.x + 1, area.w - 2, UI_DIM,
		       e->running ? "It runs: CPUs, memory, disks and network change at "
				    "once, the rest when it starts next."
				  : "It does not run: all can be changed.");
	area.y++;
	area.h--;
	if (e->loaded)
		ui_table_draw(ui, &e->table, area);
}

static void act_change(struct ui *ui, void *self)
{
	struct vm_edit *e = self;
	size_t row = ui_table_row(&e->table);

	(void)ui;
	if (row < NSETTINGS)
		settings[row].change(e);
	else if (disk_of(e, row) != SIZE_MAX)
		vm_edit_disk(e, disk_of(e, row));
	else if (vif_of(e, row) != SIZE_MAX)
		vm_edit_vif(e, vif_of(e, row));
}

static void act_add_disk(struct ui *ui, void *self)
{
	(void)ui;
	vm_edit_add_disk(self);
}

static void act_add_vif(struct ui *ui, void *self)
{
	(void)ui;
	vm_edit_add_vif(self);
}

static bool on_device(struct ui *ui, void *self)
{
	struct vm_edit *e = self;
	size_t row = ui_table_row(&e->table);

	(void)ui;
	return row != SIZE_MAX && row >= NSETTINGS;
}

static void act_drop(struct ui *ui, void *self)
{
	struct vm_edit *e = self;
	size_t row = ui_table_row(&e->table);

	(void)ui;
	if (disk_of(e, row) != SIZE_MAX)
		vm_edit_drop_disk(e, disk_of(e, row));
	else if (vif_of(e, row) != SIZE_MAX)
		vm_edit_drop_vif(e, vif_of(e, row));
}

static void act_file(struct ui *ui, void *self)
{
	struct vm_edit *e = self;

	if (e->loaded)
		ui_message(ui, e->def.path, e->def.text);
}

static bool key_edit(struct ui *ui, void *self, int key)
{
	struct vm_edit *e = self;

	if (key != UI_KEY_ENTER)
		return ui_table_key(ui, &e->table, key);
	act_change(ui, self);
	return true;
}

static const char *name_of(struct ui *ui, void *self)
{
	(void)ui;
	return ((struct vm_edit *)self)->name;
}

static const struct ui_action actions[] = {
	{ 'e', "Change", "Change the setting, disk or interface under the cursor (Enter).",
	  act_change, NULL },
	{ 'a', "Add disk", "Add a disk: a new volume, or one that is there.", act_add_disk,
	  NULL },
	{ 'n', "Add network", "Add a network interface.", act_add_vif, NULL },
	{ 'd', "Remove", "Take the disk or interface under the cursor away.", act_drop,
	  on_device },
	{ 'f', "File", "Show the definition as the file it is.", act_file, NULL },
	{ .key = 0 },
};

static const struct ui_screen screen_edit = {
	.name = "edit",
	.title = "Edit",
	.help = "All that a VM is. Each change is written to its definition at once. While "
		"the VM runs, CPUs, memory, disks and network interfaces change there, too; "
		"the rest takes effect when it starts next.",
	.size = sizeof(struct vm_edit),
	.refresh_ms = 2000,
	.actions = actions,
	.open = open_edit,
	.close = close_edit,
	.refresh = refresh_edit,
	.draw = draw_edit,
	.key = key_edit,
	.subtitle = name_of,
};

/* A VM that only runs: its configuration becomes a definition, if the person likes. */
static bool define_running(struct ui *ui, const char *name)
{
	struct dom *dom = app_dom(ui, NULL);
	struct vm_config cfg;
	struct dom_error err;
	uint32_t domid;
	char text[256];
	int result;

	if (!dom || dom_find(dom, name, &domid, &err) || dom_config(dom, domid, &cfg, &err)) {
		ui_fail(ui, "%s cannot be changed: it is not defined, and it was not made "
			"by this toolstack", name);
		return false;
	}
	snprintf(text, sizeof(text), "%s runs, but is not defined: it would be gone once it "
		 "ends. Shall it be kept as it is now?", name);
	result = ui_confirm(ui, &(struct ui_question){ .title = "Define VM", .text = text,
						       .command = "xl define FILE",
						       .yes = "Keep" })
			 ? define_new(NULL, &cfg, &err) : -ECANCELED;
	config_free(&cfg);
	if (result && result != -ECANCELED)
		ui_fail(ui, "%s", err.text);
	return !result;
}

bool vm_edit(struct ui *ui, const char *name)
{
	struct definition def;
	int found = define_load(NULL, name, &def, NULL);

	define_free(&def);
	if (found == -ENOENT && !define_running(ui, name))
		return false;
	return ui_push(ui, &screen_edit, name);
}

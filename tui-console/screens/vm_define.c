/* Delete, rename, clone, template, autostart: see vm_define.h. */
#include "screens/vm_define.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app.h"
#include "libdom/define.h"
#include "screens/vm_disks.h"

#define DISKS_MAX 16 /* that are offered to be destroyed with their VM */

/* --- delete ------------------------------------------------------------------- */

struct doomed {
	const struct store_volume *volume;
	char full[STORE_FULL_SIZE], label[160];
	bool go;
};

/* The volumes of its own that it writes to. */
static size_t find_doomed(const struct vm_storage *s, const struct definition *def,
			  struct doomed *list)
{
	char size[16];
	size_t n = 0;

	for (size_t i = 0; i < def->cfg.ndisks && n < DISKS_MAX; i++) {
		const struct vm_disk *disk = &def->cfg.disks[i];
		const struct store_volume *v = vm_storage_find(s, disk->target);

		if (!v || disk->readonly || vm_volume_shared(v, def->cfg.name))
			continue;
		list[n] = (struct doomed){ .volume = v };
		snprintf(list[n].full, sizeof(list[n].full), "%s/%s", v->pool, v->name);
		snprintf(list[n].label, sizeof(list[n].label), "%s, %s", list[n].full,
			 ui_bytes(v->size, size));
		n++;
	}
	return n;
}

/* Which disks are to go, too. */
static bool ask_disks(struct ui *ui, const char *name, struct doomed *list, size_t n)
{
	struct ui_field fields[DISKS_MAX];
	char title[96];

	memset(fields, 0, sizeof(fields));
	for (size_t i = 0; i < n; i++) {
		fields[i].kind = UI_CHECK;
		fields[i].label = list[i].label;
		fields[i].flag = &list[i].go;
		fields[i].hint = "Space: destroy this disk with all data on it.";
	}
	snprintf(title, sizeof(title), "Delete %s: and its disks?", name);
	return ui_form_run(ui, &(struct ui_form){
				       .title = title,
				       .intro = "Chosen disks are destroyed with the VM; "
						"the others stay and can be given to "
						"another VM.",
				       .fields = fields,
				       .n = n,
				       .ok = "Next",
			       }) == UI_OK;
}

static void add_line(char *text, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static void add_line(char *text, size_t size, const char *fmt, ...)
{
	size_t used = strlen(text);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text + used, size - used, fmt, ap);
	va_end(ap);
}

/* Everything that will be gone, in words, and the name typed. */
static bool confirm_delete(struct ui *ui, const struct definition *def,
			   const struct doomed *list, size_t n)
{
	char text[2048], command[512];
	size_t kept = 0;

	snprintf(text, sizeof(text), "This is destroyed and cannot be brought back:\n"
		 "  definition %s\n", def->path);
	snprintf(command, sizeof(command), "xl undefine %s", def->cfg.name);
	for (size_t i = 0; i < def->cfg.ndisks; i++) {
		if (define_is_seed(NULL, &def->cfg, &def->cfg.disks[i]))
			add_line(text, sizeof(text), "  its cloud-init seed volume\n");
	}
	for (size_t i = 0; i < n; i++) {
		if (!list[i].go) {
			kept++;
			continue;
		}
		add_line(text, sizeof(text), "  disk %s, with all data on it\n",
			 list[i].label);
		add_line(command, sizeof(command), "; storage delete %s", list[i].full);
	}
	if (kept)
		add_line(text, sizeof(text), "Disks that stay: %zu.\n", kept);
	return ui_confirm_typed(ui, &(struct ui_question){
					    .title = "Delete VM",
					    .text = text,
					    .command = command,
					    .yes = "Delete",
					    .danger = true,
				    },
				def->cfg.name);
}

static bool delete_loaded(struct ui *ui, const struct definition *def,
			  const struct vm_storage *storage)
{
	struct doomed list[DISKS_MAX];
	size_t n = find_doomed(storage, def, list);
	const char *name = def->cfg.name;
	int failures = 0;

	if ((n && !ask_disks(ui, name, list, n)) || !confirm_delete(ui, def, list, n))
		return false;
	/* the definition first: a disk that is left over is seen, a VM without its
	 * disk would only fail to start */
	char *const undefine[] = { "xl", "undefine", (char *)name, NULL };

	if (ui_work(ui, "Deleting", undefine))
		return false;
	for (size_t i = 0; i < n; i++) {
		char *const argv[] = { "storage", "delete", list[i].full, NULL };

		if (list[i].go && ui_work(ui, "Destroying a disk", argv))
			failures++;
	}
	if (!failures)
		ui_command(ui, "xl undefine %s", name);
	return true;
}

/* Loads it and refuses in words; dom is there only for asking whether it runs. */
static bool load_stopped(struct ui *ui, const char *name, const char *doing,
			 struct definition *def)
{
	struct dom *dom = app_dom(ui, NULL);
	struct dom_error err;
	uint32_t domid;

	if (define_load(NULL, name, def, &err)) {
		ui_fail(ui, "%s", err.text);
		return false;
	}
	if (!dom || dom_find(dom, name, &domid, NULL))
		return true;
	ui_fail(ui, "%s: it runs: shut it down before %s it", name, doing);
	define_free(def);
	return false;
}

/* A file with mistakes in it stands for no VM, but it can be removed. */
static bool delete_broken(struct ui *ui, const char *name, const char *problem)
{
	char text[600];
	char *const argv[] = { "xl", "undefine", (char *)name, NULL };

	snprintf(text, sizeof(text), "Its definition has a mistake:\n%s\nWhat its disks are "
		 "is not known: they stay.", problem);
	return ui_confirm_typed(ui, &(struct ui_question){
					    .title = "Delete definition",
					    .text = text,
					    .command = "xl undefine",
					    .yes = "Delete",
					    .danger = true,
				    }, name) &&
	       !ui_work(ui, "Deleting", argv);
}

bool vm_delete(struct ui *ui, const char *name)
{
	struct vm_storage storage;
	struct definition def;
	struct dom_error err;
	bool done;

	if (define_load(NULL, name, &def, &err) == -EINVAL)
		return delete_broken(ui, name, err.text);
	define_free(&def);
	if (!load_stopped(ui, name, "deleting", &def))
		return false;
	vm_storage_open(&storage);
	done = delete_loaded(ui, &def, &storage);
	vm_storage_close(&storage);
	define_free(&def);
	return done;
}

/* --- rename ------------------------------------------------------------------- */

/* ctx: the name it has now, which is always allowed, or NULL */
static bool check_name(void *ctx, const struct ui_field *f, char *problem, size_t size)
{
	const char *why = config_name_problem(f->text);
	struct definition def;
	int found;

	if (why) {
		snprintf(problem, size, "%s", why);
		return false;
	}
	if (ctx && !strcmp(f->text, ctx))
		return true;
	found = define_load(NULL, f->text, &def, NULL);
	define_free(&def);
	if (found == -ENOENT)
		return true;
	snprintf(problem, size, "there is a VM of that name already");
	return false;
}

bool vm_rename(struct ui *ui, const char *name, char to[DOM_NAME_SIZE])
{
	char *const argv[] = { "xl", "rename", (char *)name, to, NULL };
	char title[96];

	snprintf(title, sizeof(title), "Rename %s", name);
	snprintf(to, DOM_NAME_SIZE, "%s", name);
	if (!ui_input(ui, title, "New name", to, DOM_NAME_SIZE, check_name, (void *)name) ||
	    !strcmp(to, name) || ui_work(ui, "Renaming", argv))
		return false;
	ui_command(ui, "xl rename %s %s", name, to);
	return true;
}

/* --- clone -------------------------------------------------------------------- */

bool vm_clone(struct ui *ui, const char *name, char to[DOM_NAME_SIZE])
{
	char *const argv[] = { "xl", "clone", "--progress", (char *)name, to, NULL };
	struct definition def;
	char title[96];
	bool done;

	if (!load_stopped(ui, name, "cloning", &def))
		return false;
	define_free(&def);
	snprintf(title, sizeof(title), "Clone %s", name);
	snprintf(to, DOM_NAME_SIZE, "%.55s-2", name);
	done = ui_input(ui, title, "Name of the clone", to, DOM_NAME_SIZE, check_name,
			NULL) &&
	       !ui_progress(ui, title, argv);
	if (done)
		ui_command(ui, "xl clone %s %s", name, to);
	return done;
}

/* --- marks -------------------------------------------------------------------- */

bool vm_template(struct ui *ui, const char *name)
{
	struct dom *dom = app_dom(ui, NULL);
	struct definition def;
	struct dom_error err;
	bool on;

	if (define_load(NULL, name, &def, &err)) {
		ui_fail(ui, "%s", err.text);
		return false;
	}
	on = !def.template;
	define_free(&def);
	if (define_template(dom, NULL, name, on, &err)) {
		ui_fail(ui, "%s", err.text);
		return false;
	}
	ui_command(ui, "xl template %s %s", name, on ? "on" : "off");
	return true;
}

bool vm_autostart(struct ui *ui, const char *name)
{
	struct definition def;
	struct dom_error err;
	bool on;

	if (define_load(NULL, name, &def, &err)) {
		ui_fail(ui, "%s", err.text);
		return false;
	}
	on = !def.autostart;
	define_free(&def);
	if (define_autostart(NULL, name, on, &err)) {
		ui_fail(ui, "%s", err.text);
		return false;
	}
	ui_command(ui, "xl autostart %s %s", name, on ? "on" : "off");
	return true;
}

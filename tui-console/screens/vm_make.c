/*
 * The create wizard's last page, which shows the configuration file and the commands,
 * and what comes of it. Nothing is made before; what then fails takes back what was
 * made. A disk image takes long to import: then all of the making is one task, which
 * goes on when its screen, or the console, is left.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libdom/define.h"
#include "libconf/conf.h"
#include "libdom/seed.h"
#include "screens/tasks.h"
#include "screens/vm_wizard.h"

#define NEW_DIR "/run/basalt/new" /* what a task reads that makes a VM */

/* --- what is to be made ---------------------------------------------------------- */

struct making {
	struct vm_config cfg;
	char volume[STORE_FULL_SIZE]; /* "data/web1"; "": none is made */
	char disk[STORE_PATH_SIZE];   /* what the first disk is made of; "" */
	uint64_t bytes;		      /* of the new volume; 0: as large as the image */
	char seed[DEFINE_PATH_MAX];   /* "": none */
	char *text;		      /* of the definition */
	size_t len;
};

static void making_free(struct making *m)
{
	config_free(&m->cfg);
	free(m->text);
	memset(m, 0, sizeof(*m));
}

/* A name in the pool that is not taken. */
static void choose_volume(const struct wizard *w, struct making *m)
{
	const struct store_pool *pool = &w->storage.pools[w->pool];
	char name[41];
	bool taken = true;

	for (unsigned int n = 0; taken && n < 1000; n++) {
		vm_volume_name(w->form.name, n, name);
		taken = false;
		for (size_t i = 0; i < w->storage.nvolumes; i++)
			taken |= !strcmp(w->storage.volumes[i].pool, pool->name) &&
				 !strcmp(w->storage.volumes[i].name, name);
	}
	snprintf(m->volume, sizeof(m->volume), "%s/%s", pool->name, name);
	/* where it will be; once it is there the storage is asked */
	if (pool->kind == STORE_LVM)
		snprintf(m->disk, sizeof(m->disk), "/dev/%s/%s", pool->name, name);
	else if (pool->on[0] == '/')
		snprintf(m->disk, sizeof(m->disk), "%s/%s.img", pool->on, name);
	else
		snprintf(m->disk, sizeof(m->disk), "/storage/%s/%s.img", pool->name, name);
	vm_size(w->form.size, &m->bytes);
}

/* The clone's configuration is made by xl clone; here only CPUs and memory are. */
static bool plan_template(struct wizard *w, struct making *m)
{
	struct definition def;
	struct dom_error err;
	const char *name = w->templates[w->template];
	int result = define_load(NULL, name, &def, &err);

	if (!result) {
		result = config_copy(&def.cfg, &m->cfg);
		define_free(&def);
	}
	if (result) {
		ui_fail(w->ui, "%s: %s", name, err.text);
		return false;
	}
	vm_form_resize(&w->form, &m->cfg);
	return true;
}

static bool plan(struct wizard *w, struct making *m)
{
	const struct vm_form *f = &w->form;
	struct dom_error err;
	char problem[256];

	memset(m, 0, sizeof(*m));
	if (f->source == VM_FROM_TEMPLATE)
		return plan_template(w, m);
	if (vm_makes_disk(f))
		choose_volume(w, m);
	else if (f->source == VM_FROM_VOLUME)
		snprintf(m->disk, sizeof(m->disk), "%.255s", f->path);
	if (vm_form_config(f, m->disk, &m->cfg, problem, sizeof(problem))) {
		ui_fail(w->ui, "%s", problem);
		return false;
	}
	if ((!f->seed || !define_seed_disk(NULL, &m->cfg, m->seed, &err)) &&
	    !define_complete(NULL, &m->cfg, &err) &&
	    !define_text(&m->cfg, &m->text, &m->len, &err))
		return true;
	ui_fail(w->ui, "%s", err.text);
	making_free(m);
	return false;
}

/* --- page 4 --------------------------------------------------------------------- */

struct summary {
	struct ui_field fields[40];
	char lines[40][200];
	size_t n;
	const struct making *m;
};

__attribute__((format(printf, 3, 4)))
static void note(struct summary *s, enum ui_field_kind kind, const char *fmt, ...)
{
	va_list ap;

	if (s->n == sizeof(s->fields) / sizeof(s->fields[0]))
		return;
	va_start(ap, fmt);
	vsnprintf(s->lines[s->n], sizeof(s->lines[0]), fmt, ap);
	va_end(ap);
	s->fields[s->n] = (struct ui_field){ .kind = kind, .label = s->lines[s->n] };
	s->n++;
}

static void note_commands(struct summary *s, const struct wizard *w,
			  const struct making *m)
{
	const struct vm_form *f = &w->form;
	char size[32] = "";

	note(s, UI_HEADING, "What does the same");
	if (m->bytes)
		snprintf(size, sizeof(size), "%lluM", (unsigned long long)(m->bytes >> 20));
	if (f->source == VM_FROM_TEMPLATE)
		note(s, UI_NOTE, "xl clone %s %s", w->templates[w->template], f->name);
	else if (*m->volume && f->source == VM_FROM_IMAGE)
		note(s, UI_NOTE, "storage import %s %s %s", f->path, m->volume, size);
	else if (*m->volume)
		note(s, UI_NOTE, "storage create %s %s", m->volume, size);
	if (f->source != VM_FROM_TEMPLATE)
		note(s, UI_NOTE, "xl define %s.cfg", f->name);
	if (*m->seed)
		note(s, UI_NOTE, "xl seed %s%s%s%s", f->name, *f->user ? " -u " : "",
		     f->user, *f->key ? " -k KEY.pub" : "");
	if (f->autostart)
		note(s, UI_NOTE, "xl autostart %s on", f->name);
	if (f->start)
		note(s, UI_NOTE, "xl start %s", f->name);
}

static void show_file(struct ui *ui, void *ctx, struct ui_field *f)
{
	const struct summary *s = ctx;

	(void)f;
	ui_message(ui, "The configuration file", s->m->text);
}

/* As much of the file as a small screen has room for; a button shows all of it. */
static void note_file(struct summary *s, const struct wizard *w, const struct making *m)
{
	const char *at = m->text;

	if (w->form.source == VM_FROM_TEMPLATE) {
		note(s, UI_HEADING, "The clone");
		note(s, UI_NOTE, "%s, with copies of its disks; %u CPUs, %u MiB",
		     w->templates[w->template], m->cfg.vcpus, m->cfg.memory_mib);
		return;
	}
	note(s, UI_HEADING, DEFINE_DIR "/%s.cfg", w->form.name);
	for (int lines = 0; *at && lines < 8; lines++) {
		size_t len = strcspn(at, "\n");

		note(s, UI_NOTE, "%.*s", (int)len, at[0] == '\t' ? "" : at);
		if (at[0] == '\t') /* a tab has no width of its own on a form */
			snprintf(s->lines[s->n - 1], sizeof(s->lines[0]), "    %.*s",
				 (int)len - 1, at + 1);
		at += len + (at[len] == '\n');
	}
	note(s, UI_BUTTON, "Show the whole file");
	s->fields[s->n - 1].pick = show_file;
}

static enum ui_end ask_summary(struct wizard *w, const struct making *m)
{
	struct summary s = { .m = m };

	note_commands(&s, w, m);
	note_file(&s, w, m);
	return ui_form_run(w->ui, &(struct ui_form){
					  .title = "New VM (4 of 4)",
					  .fields = s.fields,
					  .n = s.n,
					  .ctx = &s,
					  .ok = "Create",
					  .back = "Back",
				  });
}

/* --- making it ------------------------------------------------------------------- */

/* The configuration gets the new volume's path as the storage knows it. */
static int take_volume(struct wizard *w, struct making *m, struct dom_error *err)
{
	struct store_volume v;
	struct store_error store_err;
	char *path;
	int result;

	if (!*m->volume)
		return 0;
	result = store_volume_get(w->storage.store, m->volume, &v, &store_err);
	if (result) {
		snprintf(err->text, sizeof(err->text), "%.255s", store_err.text);
		return result;
	}
	path = strdup(v.path);
	if (!path)
		return -ENOMEM;
	free(m->cfg.disks[0].target);
	m->cfg.disks[0].target = path;
	return 0;
}

static bool make_disk(struct wizard *w, struct making *m)
{
	char size[32], title[128];
	char *const argv[] = { "storage", "create", m->volume, size, NULL };

	snprintf(size, sizeof(size), "%llu", (unsigned long long)m->bytes);
	snprintf(title, sizeof(title), "Disk of %s", w->form.name);
	return !*m->volume || !ui_work(w->ui, title, argv);
}

static void drop_disk(struct wizard *w, struct making *m)
{
	char *const argv[] = { "storage", "delete", m->volume, NULL };

	if (*m->volume)
		ui_work(w->ui, "Taking the disk back", argv);
}

static int write_seed(struct wizard *w, struct making *m, struct dom_error *err)
{
	const struct vm_form *f = &w->form;
	char uuid[DOM_UUID_TEXT_SIZE];
	const struct seed seed = {
		.instance_id = uuid,
		.hostname = f->name,
		.user = *f->user ? f->user : NULL,
		.ssh_key = *f->key ? f->key : NULL,
	};

	if (!*m->seed)
		return 0;
	dom_uuid_text(m->cfg.uuid, uuid);
	return seed_write(&seed, m->seed, err);
}

static bool make_new(struct wizard *w, struct making *m)
{
	struct dom_error err = { .text = "not enough memory" };

	if (!make_disk(w, m))
		return false;
	if (!take_volume(w, m, &err) && !write_seed(w, m, &err) &&
	    !define_new(NULL, &m->cfg, &err))
		return true;
	if (*m->seed)
		unlink(m->seed);
	drop_disk(w, m);
	ui_error(w->ui, "The VM was not made", err.text);
	return false;
}

/* A file for the task; path is where it is. */
static bool hand_over(struct wizard *w, const char *ending, const char *text,
		      char path[160])
{
	int err = dir_make(NEW_DIR, 0700);

	snprintf(path, 160, NEW_DIR "/%.120s.%s", w->form.name, ending);
	if (!err)
		err = file_write_atomic(path, text, strlen(text), 0600);
	if (err)
		ui_error(w->ui, "The VM was not made", strerror(-err));
	return !err;
}

/* xl new does it all: as a task, whose screen opens when the wizard is gone. */
static bool make_from_image(struct wizard *w, struct making *m)
{
	struct vm_form *f = &w->form;
	char config[160], key[160], size[32], what[128];
	char *argv[20] = { "xl", "new", "--progress", "-q", "-i", f->path, "-V",
			   m->volume };
	size_t n = 8;

	if (!hand_over(w, "cfg", m->text, config) ||
	    (f->seed && *f->key && !hand_over(w, "pub", f->key, key)))
		return false;
	snprintf(size, sizeof(size), "%llu", (unsigned long long)m->bytes);
	if (m->bytes) {
		argv[n++] = "-s";
		argv[n++] = size;
	}
	if (f->seed && *f->user) {
		argv[n++] = "-u";
		argv[n++] = f->user;
	}
	if (f->seed && *f->key) {
		argv[n++] = "-k";
		argv[n++] = key;
	}
	if (f->autostart)
		argv[n++] = "-a";
	if (f->start)
		argv[n++] = "-b";
	argv[n] = config;
	snprintf(what, sizeof(what), "New VM %s", f->name);
	return task_run(w->ui, what, argv);
}

static bool make_clone(struct wizard *w)
{
	char *const argv[] = { "xl", "clone", "--progress", w->templates[w->template],
			       w->form.name, NULL };
	struct definition def;
	struct vm_config cfg;
	struct dom_error err;
	int result;

	if (ui_progress(w->ui, "Cloning the template", argv))
		return false;
	result = define_load(NULL, w->form.name, &def, &err);
	if (!result) {
		result = config_copy(&def.cfg, &cfg);
		if (!result) {
			vm_form_resize(&w->form, &cfg);
			result = define_save(&def, &cfg, &err);
			config_free(&cfg);
		}
		define_free(&def);
	}
	if (result)
		ui_error(w->ui, "CPUs and memory are as the template's", err.text);
	return true;
}

/* It is there; what fails now is said, and can be done again by hand. */
void vm_wizard_finish(struct wizard *w)
{
	char *const argv[] = { "xl", "start", w->form.name, NULL };
	struct dom_error err;

	if (w->form.source == VM_FROM_IMAGE)
		return; /* its task does */
	if (w->form.autostart && define_autostart(NULL, w->form.name, true, &err))
		ui_error(w->ui, "It will not start with the host", err.text);
	if (w->form.start && !ui_work(w->ui, "Starting", argv))
		ui_command(w->ui, "xl start %s", w->form.name);
	else
		ui_say(w->ui, "%s is made", w->form.name);
}

/* --- the whole ------------------------------------------------------------------- */

static const char *chosen_bridge(const struct wizard *w)
{
	const char *name = w->bridge_choices[w->bridge];

	return strcmp(name, VM_NO_NETWORK) ? name : "";
}

static bool make(struct wizard *w, struct making *m)
{
	switch (w->form.source) {
	case VM_FROM_TEMPLATE:
		return make_clone(w);
	case VM_FROM_IMAGE:
		return make_from_image(w, m);
	default:
		return make_new(w, m);
	}
}

enum ui_end vm_wizard_conclude(struct wizard *w)
{
	struct making m;
	enum ui_end end;

	snprintf(w->form.bridge, sizeof(w->form.bridge), "%s", chosen_bridge(w));
	if (!plan(w, &m))
		return UI_BACK;
	end = ask_summary(w, &m);
	if (end == UI_OK && !make(w, &m))
		end = UI_BACK;
	making_free(&m);
	return end;
}

/* See vm_actions.h. */
#include "screens/vm_actions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app.h"
#include "screens/screens.h"
#include "screens/vm_define.h"

static struct vm_request *find_request(struct ui *ui, const char *name)
{
	struct app *app = ui_app(ui);

	for (size_t i = 0; i < APP_REQUESTS; i++) {
		if (app->requests[i].run && !strcmp(app->requests[i].name, name))
			return &app->requests[i];
	}
	return NULL;
}

const char *vm_state_text(struct ui *ui, const struct vm *vm)
{
	struct vm_request *r = find_request(ui, vm->name);

	return r ? r->word : vm_state_name(vm->state);
}

enum ui_style vm_state_style(struct ui *ui, const struct vm *vm)
{
	static const enum ui_style styles[] = {
		[VM_RUNNING] = UI_GOOD, [VM_PAUSED] = UI_WARN, [VM_ENDED] = UI_WARN,
		[VM_CRASHED] = UI_BAD, [VM_DYING] = UI_WARN, [VM_STOPPED] = UI_DIM,
		[VM_TEMPLATE] = UI_ACCENT, [VM_UNKNOWN] = UI_WARN, [VM_BROKEN] = UI_BAD,
	};

	return find_request(ui, vm->name) ? UI_WARN : styles[vm->state];
}

/* The command has ended: said when it failed, seen in the table when not. */
static void ended(struct ui *ui, void *ctx, int status, const char *output)
{
	struct vm_request *r = ctx;
	char title[128];

	r->run = NULL;
	if (status) {
		snprintf(title, sizeof(title), "%s: %s", r->name, r->failure);
		ui_error(ui, title, *output ? output : "The command said nothing.");
	}
	ui_refresh(ui);
}

struct command {
	const char *word, *failure; /* "stopping", "was not shut down" */
	const char *argv[5];
};

static void text_of(const struct command *c, char *buf, size_t size)
{
	size_t len = 0;

	buf[0] = '\0';
	for (size_t i = 0; c->argv[i] && len < size; i++)
		len += (size_t)snprintf(buf + len, size - len, "%s%s", i ? " " : "",
					c->argv[i]);
}

static void run(struct ui *ui, const char *name, const struct command *c)
{
	struct app *app = ui_app(ui);
	struct vm_request *r = app->requests;
	char text[DEFINE_PATH_MAX + 64];
	char *argv[5];

	if (find_request(ui, name)) {
		ui_fail(ui, "%s: another command is at work on it: wait until it is done",
			name);
		return;
	}
	while (r < app->requests + APP_REQUESTS && r->run)
		r++;
	if (r == app->requests + APP_REQUESTS) {
		ui_fail(ui, "Too many commands run at once: wait until one is done");
		return;
	}
	snprintf(r->name, sizeof(r->name), "%s", name);
	r->word = c->word;
	r->failure = c->failure;
	for (size_t i = 0; i < 5; i++)
		argv[i] = (char *)(uintptr_t)c->argv[i];
	r->run = ui_run_start(ui, argv, ended, r);
	text_of(c, text, sizeof(text));
	if (r->run)
		ui_command(ui, "%s", text);
	else
		ui_fail(ui, "%s: cannot be run: is there memory left", text);
}

/* A copy of what is needed: behind a dialog the row may be another one. */
static bool confirmed(struct ui *ui, const char *name, const struct command *c,
		      const char *text, const char *yes, bool danger)
{
	char title[96], command[160];
	struct ui_question q = { .title = title, .text = text, .command = command,
				 .yes = yes, .danger = danger };

	snprintf(title, sizeof(title), "%s %s", yes, name);
	text_of(c, command, sizeof(command));
	return ui_confirm(ui, &q);
}

static const struct vm *vm_of(void *self)
{
	return ((struct vm_screen *)self)->vm(self);
}

static bool in_state(void *self, enum vm_state a, enum vm_state b)
{
	const struct vm *vm = vm_of(self);

	return vm && (vm->state == a || vm->state == b);
}

bool vm_can_start(struct ui *ui, void *self)
{
	(void)ui;
	return in_state(self, VM_STOPPED, VM_STOPPED);
}

void vm_start(struct ui *ui, void *self)
{
	char name[DOM_NAME_SIZE];
	struct command c = { "starting", "was not started", { "xl", "start", name } };

	memcpy(name, vm_of(self)->name, sizeof(name));
	run(ui, name, &c);
}

bool vm_can_end(struct ui *ui, void *self)
{
	(void)ui;
	return in_state(self, VM_RUNNING, VM_RUNNING);
}

void vm_shut_down(struct ui *ui, void *self)
{
	char name[DOM_NAME_SIZE];
	struct command c = { "stopping", "was not shut down", { "xl", "shutdown", name } };

	memcpy(name, vm_of(self)->name, sizeof(name));
	if (confirmed(ui, name, &c, "Its guest is asked to shut down, as by its power "
		      "button.", "Shut down", false))
		run(ui, name, &c);
}

void vm_reboot(struct ui *ui, void *self)
{
	char name[DOM_NAME_SIZE];
	struct command c = { "reboots", "was not rebooted", { "xl", "reboot", name } };

	memcpy(name, vm_of(self)->name, sizeof(name));
	if (confirmed(ui, name, &c, "Its guest is asked to start again.", "Reboot", false))
		run(ui, name, &c);
}

bool vm_can_force(struct ui *ui, void *self)
{
	(void)ui;
	return vm_of(self) && vm_runs(vm_of(self));
}

void vm_force_off(struct ui *ui, void *self)
{
	char name[DOM_NAME_SIZE];
	struct command c = { "stopping", "was not switched off",
			     { "xl", "destroy", name } };

	memcpy(name, vm_of(self)->name, sizeof(name));
	if (confirmed(ui, name, &c, "As if its plug were pulled: what the guest has not "
		      "written to its disks yet is lost.", "Force off", true))
		run(ui, name, &c);
}

bool vm_can_pause(struct ui *ui, void *self)
{
	(void)ui;
	return in_state(self, VM_RUNNING, VM_RUNNING);
}

void vm_pause(struct ui *ui, void *self)
{
	char name[DOM_NAME_SIZE];
	struct command c = { "pausing", "was not paused", { "xl", "pause", name } };

	memcpy(name, vm_of(self)->name, sizeof(name));
	run(ui, name, &c);
}

bool vm_can_resume(struct ui *ui, void *self)
{
	(void)ui;
	return in_state(self, VM_PAUSED, VM_PAUSED);
}

void vm_resume(struct ui *ui, void *self)
{
	char name[DOM_NAME_SIZE];
	struct command c = { "resuming", "was not resumed", { "xl", "unpause", name } };

	memcpy(name, vm_of(self)->name, sizeof(name));
	run(ui, name, &c);
}

bool vm_has_console(struct ui *ui, void *self)
{
	return vm_can_force(ui, self);
}

void vm_console(struct ui *ui, void *self)
{
	ui_push(ui, &screen_vm_console, vm_of(self));
}

/* --- the definition: vm_define.h -------------------------------------------- */

bool vm_selected(struct ui *ui, void *self)
{
	(void)ui;
	return vm_of(self);
}

bool vm_is_defined(struct ui *ui, void *self)
{
	(void)ui;
	return vm_of(self) && vm_of(self)->defined;
}

bool vm_is_stopped(struct ui *ui, void *self)
{
	return vm_is_defined(ui, self) && !vm_runs(vm_of(self));
}

void vm_do_edit(struct ui *ui, void *self)
{
	char name[DOM_NAME_SIZE];

	memcpy(name, vm_of(self)->name, sizeof(name));
	vm_edit(ui, name);
	ui_refresh(ui);
}

void vm_do_autostart(struct ui *ui, void *self)
{
	char name[DOM_NAME_SIZE];

	memcpy(name, vm_of(self)->name, sizeof(name));
	vm_autostart(ui, name);
	ui_refresh(ui);
}

void vm_do_rename(struct ui *ui, void *self)
{
	char name[DOM_NAME_SIZE], to[DOM_NAME_SIZE];

	memcpy(name, vm_of(self)->name, sizeof(name));
	if (vm_rename(ui, name, to))
		((struct vm_screen *)self)->renamed(self, to);
	ui_refresh(ui);
}

void vm_do_clone(struct ui *ui, void *self)
{
	char name[DOM_NAME_SIZE], to[DOM_NAME_SIZE];

	memcpy(name, vm_of(self)->name, sizeof(name));
	vm_clone(ui, name, to);
	ui_refresh(ui);
}

void vm_do_template(struct ui *ui, void *self)
{
	char name[DOM_NAME_SIZE];

	memcpy(name, vm_of(self)->name, sizeof(name));
	vm_template(ui, name);
	ui_refresh(ui);
}

void vm_do_delete(struct ui *ui, void *self)
{
	char name[DOM_NAME_SIZE];

	memcpy(name, vm_of(self)->name, sizeof(name));
	vm_delete(ui, name);
	ui_refresh(ui);
}

/*
 * What can be done with a VM as it is: start, end, pause, its console. Each runs the
 * xl command that it shows, in the background; the state on screen follows by itself.
 */
#ifndef SCREENS_VM_ACTIONS_H
#define SCREENS_VM_ACTIONS_H

#include "model/vms.h"
#include "ui/ui.h"

/*
 * A screen whose struct begins with this can have VM_ACTION_ROWS in its table of
 * actions: they are about the VM that vm() gives (NULL: none is selected now).
 */
struct vm_screen {
	const struct vm *(*vm)(void *self);
	void (*renamed)(void *self, const char *name); /* the VM has another name now */
};

#define VM_ACTION_ROWS \
	{ 's', "Start", "start the VM", vm_start, vm_can_start }, \
	{ 'c', "Console", "the VM's console", vm_console, vm_has_console }, \
	{ 'd', "Shut down", "ask the guest to shut down", vm_shut_down, vm_can_end }, \
	{ 'p', "Pause", "pause the VM", vm_pause, vm_can_pause }, \
	{ 'p', "Resume", "let a paused VM go on", vm_resume, vm_can_resume }, \
	{ 'e', "Edit", "change the VM, live where that is possible", vm_do_edit, \
	  vm_selected }, \
	{ 'r', "Reboot", "ask the guest to start again", vm_reboot, vm_can_end }, \
	{ 'x', "Force off", "end the VM at once", vm_force_off, vm_can_force }, \
	{ 'a', NULL, "start it with the host, or no longer", vm_do_autostart, \
	  vm_is_defined }, \
	{ 'R', NULL, "give it another name", vm_do_rename, vm_is_defined }, \
	{ 'C', NULL, "clone it: another VM with copies of its disks", vm_do_clone, \
	  vm_is_stopped }, \
	{ 't', NULL, "make it a template, or a VM again", vm_do_template, vm_is_stopped }, \
	{ 'D', "Delete", "delete it", vm_do_delete, vm_is_stopped }

void vm_start(struct ui *ui, void *self);
void vm_shut_down(struct ui *ui, void *self);
void vm_reboot(struct ui *ui, void *self);
void vm_force_off(struct ui *ui, void *self);
void vm_pause(struct ui *ui, void *self);
void vm_resume(struct ui *ui, void *self);
void vm_console(struct ui *ui, void *self);
/* the dialogs of vm_define.h */
void vm_do_edit(struct ui *ui, void *self);
void vm_do_autostart(struct ui *ui, void *self);
void vm_do_rename(struct ui *ui, void *self);
void vm_do_clone(struct ui *ui, void *self);
void vm_do_template(struct ui *ui, void *self);
void vm_do_delete(struct ui *ui, void *self);

bool vm_selected(struct ui *ui, void *self);
bool vm_is_defined(struct ui *ui, void *self);
bool vm_is_stopped(struct ui *ui, void *self); /* and defined */
bool vm_can_start(struct ui *ui, void *self);
bool vm_can_end(struct ui *ui, void *self);
bool vm_can_force(struct ui *ui, void *self);
bool vm_can_pause(struct ui *ui, void *self);
bool vm_can_resume(struct ui *ui, void *self);
bool vm_has_console(struct ui *ui, void *self);

/* The word for a VM's state ("running"), or for what is being done to it
 * ("stopping"), and its colour. */
const char *vm_state_text(struct ui *ui, const struct vm *vm);
enum ui_style vm_state_style(struct ui *ui, const struct vm *vm);

#endif

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
};

#define VM_ACTION_ROWS \
	{ 's', "Start", "start the VM", vm_start, vm_can_start }, \
	{ 'c', "Console", "the VM's console", vm_console, vm_has_console }, \
	{ 'd', "Shut down", "ask the guest to shut down", vm_shut_down, vm_can_end }, \
	{ 'r', "Reboot", "ask the guest to start again", vm_reboot, vm_can_end }, \
	{ 'p', "Pause", "pause the VM", vm_pause, vm_can_pause }, \
	{ 'p', "Resume", "let a paused VM go on", vm_resume, vm_can_resume }, \
	{ 'x', "Force off", "end the VM at once", vm_force_off, vm_can_force }

void vm_start(struct ui *ui, void *self);
void vm_shut_down(struct ui *ui, void *self);
void vm_reboot(struct ui *ui, void *self);
void vm_force_off(struct ui *ui, void *self);
void vm_pause(struct ui *ui, void *self);
void vm_resume(struct ui *ui, void *self);
void vm_console(struct ui *ui, void *self);

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

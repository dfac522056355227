/*
 * What is done with defined VMs: wizard and dialogs, each of which runs to its end and
 * is called from an action of the dashboard and of a VM's detail screen. true: something
 * was changed. Each says what it did, with the command that does the same.
 */
#ifndef SCREENS_VM_DEFINE_H
#define SCREENS_VM_DEFINE_H

#include "libdom/libdom.h"
#include "ui/ui.h"

/* The wizard; name is the new VM's. */
bool vm_create(struct ui *ui, char name[DOM_NAME_SIZE]);

/* Opens the screen on which all of a VM is changed, live where that is possible. One
 * that runs without being defined is defined first, if the person likes. */
bool vm_edit(struct ui *ui, const char *name);

/* Names what is destroyed (definition, seed volume, disks that are chosen) and asks for
 * the VM's name. */
bool vm_delete(struct ui *ui, const char *name);
/* to: its name afterwards */
bool vm_rename(struct ui *ui, const char *name, char to[DOM_NAME_SIZE]);
/* Of a template or any VM that does not run; with copies of its disks. */
bool vm_clone(struct ui *ui, const char *name, char to[DOM_NAME_SIZE]);
/* Makes it a template, or an ordinary VM again. */
bool vm_template(struct ui *ui, const char *name);
bool vm_autostart(struct ui *ui, const char *name);

#endif

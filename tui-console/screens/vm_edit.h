/* The edit screen's inside: what its files share. */
#ifndef SCREENS_VM_EDIT_H
#define SCREENS_VM_EDIT_H

#include "libdom/define.h"
#include "ui/ui.h"

struct vm_edit {
	struct ui *ui;
	char name[DOM_NAME_SIZE];
	struct definition def;
	bool loaded;	    /* def holds something; else problem says why not */
	char problem[256];
	bool running;
	struct dom_info info; /* while it runs */
	struct ui_table table;
};

/* How many rows the settings have; disks and interfaces follow. */
size_t vm_edit_settings(void);

/*
 * One change: a copy of the configuration to be altered, then kept. While the VM runs
 * the live commands come first, each with ui_work(): one that fails ends it.
 */
struct vm_change {
	struct vm_edit *e;
	struct vm_config cfg;
};
bool vm_change_begin(struct vm_edit *e, struct vm_change *c);
/* Runs argv while the VM runs; true: it was done, or there was nothing to do. */
bool vm_change_live(struct vm_change *c, const char *title, char *const argv[]);
/* Writes the definition; command is shown as what did the same. live: the running VM
 * has changed already; else its next life is told, and the person is. */
bool vm_change_keep(struct vm_change *c, bool live, const char *command);
void vm_change_end(struct vm_change *c);

/* --- vm_edit_devices.c --------------------------------------------------------- */
void vm_edit_disk_text(const struct vm_disk *disk, char *buf, size_t size);
void vm_edit_vif_text(const struct vm_vif *vif, char *buf, size_t size);
void vm_edit_disk(struct vm_edit *e, size_t i);
void vm_edit_vif(struct vm_edit *e, size_t i);
void vm_edit_add_disk(struct vm_edit *e);
void vm_edit_add_vif(struct vm_edit *e);
void vm_edit_drop_disk(struct vm_edit *e, size_t i);
void vm_edit_drop_vif(struct vm_edit *e, size_t i);

#endif

/* The create wizard's inside: what its two files share. */
#ifndef SCREENS_VM_WIZARD_H
#define SCREENS_VM_WIZARD_H

#include "model/vm_form.h"
#include "screens/vm_disks.h"
#include "ui/ui.h"

#define VM_NO_NETWORK "none" /* the last of bridge_choices */

struct wizard {
	struct ui *ui;
	struct vm_form form;
	struct vm_storage storage;
	int pool; /* index */
	char **bridges;
	const char **bridge_choices; /* those and "none" */
	int bridge;
	char **templates; /* names */
	int template;
	unsigned int host_cpus;
	uint64_t host_mib, free_mib; /* 0: not known */
};

/* The last page, and the making (vm_make.c). UI_OK: the VM is there. */
enum ui_end vm_wizard_conclude(struct wizard *w);
/* Marks and starts it; what fails is said. */
void vm_wizard_finish(struct wizard *w);

#endif

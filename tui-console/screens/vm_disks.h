/* What screens of VMs ask the storage: which volumes and pools there are. */
#ifndef SCREENS_VM_DISKS_H
#define SCREENS_VM_DISKS_H

#include "libdom/config.h"
#include "libstore/libstore.h"
#include "ui/ui.h"

/* All that the storage has, asked once. */
struct vm_storage {
	struct store *store;
	struct store_pool *pools; /* those that can be used */
	size_t npools;
	struct store_volume *volumes;
	size_t nvolumes;
	const char **pool_names; /* for a UI_CHOICE: names and free room */
};

/* What cannot be asked is missing: then the lists are empty. */
void vm_storage_open(struct vm_storage *s);
void vm_storage_close(struct vm_storage *s);

/* The volume a disk is made of, or NULL: it is a file or device outside of pools. */
const struct store_volume *vm_storage_find(const struct vm_storage *s, const char *target);
/* True when another defined VM names the volume, too. */
bool vm_volume_shared(const struct store_volume *v, const char *vm);

/*
 * Dialogs for a field (ui_field.pick): an image, an ISO, or a volume that no VM has;
 * each puts the path into f->text.
 */
void vm_pick_image(struct ui *ui, void *ctx, struct ui_field *f);
void vm_pick_iso(struct ui *ui, void *ctx, struct ui_field *f);
void vm_pick_volume(struct ui *ui, void *ctx, struct ui_field *f);
void vm_pick_file(struct ui *ui, void *ctx, struct ui_field *f);

/* Bridges of the host, by name, ending with NULL; free() the list and each name. */
char **vm_bridges(void);
void vm_bridges_free(char **list);

#endif

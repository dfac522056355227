/*
 * Defined VMs: those that a configuration file in /etc/xen stands for, whether they
 * run or not. /etc/xen/NAME.cfg is xl.cfg(5) text, by whatever hand it was written;
 * a link in auto/ makes it start with the host, one in template/ makes it a template,
 * which is cloned and never started; seed/NAME.img is its cloud-init volume if it has
 * one of ours. There is no other state: people and scripts may do the same with an
 * editor and ln.
 *
 * A VM's name is what its file says with name=; the file is found whatever it is
 * called. Edits change the keys that changed and leave all else as it stands, with
 * comments and keys that mean nothing here.
 *
 * Rules as in libdom.h. All files are replaced whole (temporary name, fsync, rename,
 * fsync of the directory): killed at any moment, the old or the new one is there.
 * dir: where the definitions are; NULL: DEFINE_DIR.
 */
#ifndef LIBDOM_DEFINE_H
#define LIBDOM_DEFINE_H

#include "libdom/libdom.h"

#define DEFINE_DIR	    "/etc/xen"
#define DEFINE_AUTO	    "auto"	 /* below it: NAME.cfg -> ../NAME.cfg */
#define DEFINE_TEMPLATE	    "template"	 /* likewise */
#define DEFINE_SEED	    "seed"
#define DEFINE_PATH_MAX	    512

/* --- looking -------------------------------------------------------------- */

/* One defined VM in a list. */
struct define_info {
	char name[DOM_NAME_SIZE];
	char path[DEFINE_PATH_MAX];
	char problem[256]; /* "": it can be started; else the first thing wrong: then
			      the name is the file's and the numbers are 0 */
	bool autostart, template;
	bool has_uuid;
	uint8_t uuid[16];
	unsigned int vcpus, maxvcpus, memory_mib, maxmem_mib;
	size_t ndisks, nvifs;
};

/* All of them, by name; free() the list. No directory: an empty list. */
int define_list(const char *dir, struct define_info **list, size_t *count,
		struct dom_error *err);

/*
 * A number that changes when a definition, autostart or template mark does: what the
 * console looks at each second instead of reading all files. 0 when there is none.
 */
uint64_t define_stamp(const char *dir);

/* One of them, read. */
struct definition {
	char path[DEFINE_PATH_MAX];
	char *text; /* the file as it is */
	size_t len;
	struct vm_config cfg;
	bool autostart, template;
};

/* -ENOENT: none of that name; -EINVAL: its file has a mistake (err names it). */
int define_load(const char *dir, const char *name, struct definition *def,
		struct dom_error *err);
void define_free(struct definition *def); /* harmless on a zeroed one */

/* --- changing ------------------------------------------------------------- */

/*
 * The text of a configuration is checked and becomes a new definition. uuid and MACs
 * that it lacks are added, so that the VM stays the same one for its guest. report
 * (may be NULL) gets every error and warning. name (may be NULL) gets what it is
 * called. -EEXIST: the name is taken by another.
 */
int define_add(const char *dir, const char *text, size_t len, config_report_fn *report,
	       void *ctx, char name[DOM_NAME_SIZE], struct dom_error *err);

/* uuid and MACs where they are missing, other than those of all definitions. */
int define_complete(const char *dir, struct vm_config *cfg, struct dom_error *err);

/*
 * The same from a struct, which gets uuid and MACs. What the file will be:
 * define_text(), to be freed.
 */
int define_new(const char *dir, struct vm_config *cfg, struct dom_error *err);
int define_text(struct vm_config *cfg, char **text, size_t *len, struct dom_error *err);

/*
 * Writes what differs between def->cfg and cfg into the file and refreshes *def. The
 * name must be the same: define_rename(). -ESTALE: the file was changed by another
 * since define_load().
 */
int define_save(struct definition *def, const struct vm_config *cfg,
		struct dom_error *err);

/* Idempotent. A template cannot start with the host: -EINVAL. */
int define_autostart(const char *dir, const char *name, bool on, struct dom_error *err);
/* Making it a template takes its autostart away. dom: refused while it runs (-EBUSY). */
int define_template(struct dom *dom, const char *dir, const char *name, bool on,
		    struct dom_error *err);

/*
 * Another name, for its definition, its marks and, when it runs, its domain. Killed
 * half-way it has the old name and can be renamed again. dom may be NULL when there
 * is no hypervisor.
 */
int define_rename(struct dom *dom, const char *dir, const char *name, const char *to,
		  struct dom_error *err);

/* Where its cloud-init volume is, if it has one of ours. */
void define_seed_path(const char *dir, const uint8_t uuid[16],
		      char path[DEFINE_PATH_MAX]);

/*
 * cfg gets a uuid and its seed volume as a disk, where it has none yet; path is where
 * the volume is to be written (seed_write()) before the definition is saved.
 */
int define_seed_disk(const char *dir, struct vm_config *cfg, char path[DEFINE_PATH_MAX],
		     struct dom_error *err);

/* Definition, marks and seed volume go; its disks are not touched. -EBUSY: it runs. */
int define_remove(struct dom *dom, const char *dir, const char *name,
		  struct dom_error *err);

/*
 * What a clone is: the same VM with another name, uuid and MACs, and other disks.
 * *to is a new struct. targets[i] (NULL: the same, for what is only read) is disk i's
 * new target: to be made before define_new() is called on *to.
 */
int define_clone(const struct vm_config *from, const char *name,
		 const char *const *targets, struct vm_config *to, struct dom_error *err);
/* True: the disk is the VM's own seed volume, which its clone gets a new one of. */
bool define_is_seed(const char *dir, const struct vm_config *cfg,
		    const struct vm_disk *disk);

/* --- starting ------------------------------------------------------------- */

/* dom_create() from its definition. -EPERM: it is a template. */
int define_start(struct dom *dom, const char *dir, const char *name,
		 const struct dom_create_opts *opts, uint32_t *domid,
		 struct dom_error *err);

#endif

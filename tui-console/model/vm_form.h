/*
 * What the create wizard asks for, as typed, and the configuration that comes of it.
 * Pure: no terminal, no host; what exists on the host is the screen's to ask.
 */
#ifndef MODEL_VM_FORM_H
#define MODEL_VM_FORM_H

#include "libdom/config.h"

enum vm_source {
	VM_FROM_IMAGE,	  /* a disk image is imported into a new volume */
	VM_FROM_TEMPLATE, /* a template is cloned */
	VM_FROM_ISO,	  /* an empty volume and an installation medium */
	VM_FROM_VOLUME,	  /* a volume, device or raw file that is there */
	VM_FROM_KERNEL,	  /* a kernel file, with or without a disk */
};

struct vm_form {
	char name[CONFIG_NAME_MAX + 1];
	int source; /* enum vm_source */
	char vcpus[8];
	char memory[12]; /* MiB */
	char bridge[16]; /* "": no network */
	char path[512];	 /* image, ISO or volume */
	char kernel[512], ramdisk[512], cmdline[512];
	char size[12];	 /* of the new disk: GiB, or with M, G, T; "0" or "": none */
	bool seed;	 /* a seed volume for cloud-init */
	char user[33], key[2048];
	bool autostart, start;
};

/* What a new wizard shows. */
void vm_form_defaults(struct vm_form *f);

/* NULL when fine, otherwise why not, without the value. */
const char *vm_check_count(const char *text, unsigned int min, unsigned int max,
			   char buf[80]);
const char *vm_check_path(const char *text, char buf[80]);
/* "20", "512M", "1.5T" -> bytes; without a letter GiB. 0 or -EINVAL. */
int vm_size(const char *text, uint64_t *bytes);
/* Does this source make a new disk of its own, if any size is given? */
bool vm_makes_disk(const struct vm_form *f);
/* The name of a new volume for it: letters, digits, - and _; n: of its n-th disk. */
void vm_volume_name(const char *vm, unsigned int n, char out[41]);

/*
 * The configuration; disk: what its first disk is made of ("" or NULL: it has none).
 * Not for VM_FROM_TEMPLATE. 0 and *cfg is to be freed; -EINVAL: why is in problem.
 */
int vm_form_config(const struct vm_form *f, const char *disk, struct vm_config *cfg,
		   char *problem, size_t size);
/* CPUs and memory as typed, into a clone's configuration. */
void vm_form_resize(const struct vm_form *f, struct vm_config *cfg);

#endif

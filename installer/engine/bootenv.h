/*
 * The boot loader's environment block: which slot is started, and how often an
 * unproven one may still be tried. loader/boot/grub/grub.cfg is the reader.
 *
 * It is the one file of a tar archive that lies at the start of the BIOS boot
 * partition: GRUB can rewrite it there, and no file system has to be kept
 * whole. All that changes is one sector, so that a power cut leaves the old
 * block or the new one.
 */
#ifndef INSTALLER_BOOTENV_H
#define INSTALLER_BOOTENV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fault.h"
#include "layout.h"

#define BOOTENV_SECTOR	512
#define BOOTENV_TRIES	2	/* starts in which a new slot must come up */

struct bootenv {
	char id[ID_LEN + 1];
	char active;		/* 'a' or 'b' */
	int trial;		/* starts left; -1: proven */
	bool other_good;	/* the slot that is not active can be started */
	char name_a[24], name_b[24];	/* versions, for people */
	char hv[96], dom0[96];	/* arguments on top of the slot's own */
	char port[8];		/* com1, com2 or none */
};

static inline char bootenv_other(char slot)
{
	return slot == 'a' ? 'b' : 'a';
}

/* Pure: text to struct and back. -EINVAL for what is no block of ours. */
__attribute__((warn_unused_result))
int bootenv_parse(struct bootenv *e, const char *block, struct fault *f);
__attribute__((warn_unused_result))
int bootenv_format(const struct bootenv *e, char *block, struct fault *f);

/* The archive's header, which goes into the sector before the block. */
void bootenv_header(char *sector);

/*
 * @disk: /dev/NAME; @at: where the BIOS boot partition begins, in octets.
 * bootenv_save() returns when the block is on the disk.
 */
__attribute__((warn_unused_result))
int bootenv_load(struct bootenv *e, const char *disk, uint64_t at,
		 struct fault *f);
__attribute__((warn_unused_result))
int bootenv_save(const struct bootenv *e, const char *disk, uint64_t at,
		 struct fault *f);

/* Changes, in memory only. */
/* Before the slot that is not @keep is overwritten. */
void bootenv_begin(struct bootenv *e, char keep);
/* After it was written and read back; @name is its version. */
void bootenv_switch(struct bootenv *e, const char *name);
/* Back to the version before: -ENOENT when there is none that is good. */
__attribute__((warn_unused_result))
int bootenv_restore(struct bootenv *e);
/* @slot has reached its console; true if that is news. */
bool bootenv_good(struct bootenv *e, char slot);

#endif

/*
 * The boot loader on one disk: the environment block and GRUB's core image in
 * the BIOS boot partition, and last of all the boot sector, without which
 * nothing of it is ever started.
 */
#ifndef INSTALLER_LOADER_H
#define INSTALLER_LOADER_H

#include <stdint.h>

#include "bootenv.h"
#include "fault.h"

/* Where GRUB's images lie. */
#define LOADER_DIR "/usr/lib/basalt/boot"

/* Wipes the boot sector and all else in the disk's first and last MiB. */
__attribute__((warn_unused_result))
int loader_clear(const char *disk, uint64_t size, struct fault *f);

/*
 * Puts a program into the boot sector that says that the installation was not
 * finished, before the partition table makes the BIOS start what is there.
 */
__attribute__((warn_unused_result))
int loader_mark_unfinished(const char *disk, struct fault *f);

/*
 * Writes core image and environment block into the partition at @at (octets,
 * 1 MiB long). @e NULL: the block that is there stays.
 */
__attribute__((warn_unused_result))
int loader_write(const char *disk, const char *dir, uint64_t at,
		 const struct bootenv *e, struct fault *f);

/* Makes the disk bootable: one sector, the last thing that is written. */
__attribute__((warn_unused_result))
int loader_arm(const char *disk, const char *dir, uint64_t at, struct fault *f);

#endif

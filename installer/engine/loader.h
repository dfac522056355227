/*
 * The boot loader on one disk: the environment block and GRUB's core image in
 * the BIOS boot partition, the same GRUB as a program in the EFI partition for
 * UEFI, and last of all the boot sector, without which no BIOS starts it.
 */
#ifndef INSTALLER_LOADER_H
#define INSTALLER_LOADER_H

#include <stdint.h>

#include "bootenv.h"
#include "fault.h"

/* Where GRUB's images lie. */
#define LOADER_DIR "/usr/lib/basalt/boot"

/*
 * Wipes what starts: the disk's first and last MiB, and the first one of where
 * the EFI partition is going to be, in which an older one may be.
 */
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

/*
 * Puts the loader into the EFI system partition @part (/dev/NAME, FAT), which
 * is mounted at @at meanwhile: UEFI starts it once its name is there.
 */
__attribute__((warn_unused_result))
int loader_write_esp(const char *part, const char *at, const char *dir,
		     struct fault *f);
/* The part of it that needs no mount: into the file system at @root. */
__attribute__((warn_unused_result))
int loader_write_efi(const char *root, const char *dir, struct fault *f);

/* Makes the disk bootable by a BIOS: one sector, the last thing that is written. */
__attribute__((warn_unused_result))
int loader_arm(const char *disk, const char *dir, uint64_t at, struct fault *f);

#endif

/*
 * See loader.h. Offsets are GRUB's interface between its images and their
 * installer (grub 2.06, include/grub/offsets.h and i386/pc/boot.h):
 * boot.img: 0x5c the sector of the core image, 0x64 the drive, 0x66 a jump
 * that is made void for hard disks; core.img: its first sector ends with the
 * list of blocks that hold the others, downwards from 0x1f4.
 */
#include "loader.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "libconf/conf.h"

#define SECTOR		512u
#define MIB		(1u << 20)
#define ESP_AT		(2u * MIB)	/* layout.c puts it there */
#define CORE_AT		4096u	/* in the partition, behind the block */
#define BOOT_CODE	440u	/* what of the first sector is ours */
#define BOOT_CORE	0x5c
#define BOOT_DRIVE_CHECK 0x66
#define CORE_LIST	(SECTOR - 12)
#define CORE_SEGMENT	0x820

static int write_all(int fd, const void *data, size_t n, uint64_t at)
{
	const char *p = data;

	while (n) {
		ssize_t done = pwrite(fd, p, n, (off_t)at);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return done ? -errno : -EIO;
		p += done;
		n -= (size_t)done;
		at += (uint64_t)done;
	}
	return 0;
}

/* Ends a series of writes: on the disk, or an error. */
static int finish(int fd, int err, const char *disk, struct fault *f)
{
	if (!err && fsync(fd))
		err = -errno;
	if (close(fd) && !err)
		err = -errno;
	if (err)
		fault_set(f, err, "%s: writing failed: %s: is the disk failing or "
			  "write-protected?", disk, strerror(-err));
	return err;
}

static int open_disk(const char *disk, struct fault *f)
{
	int fd = open(disk, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return fault_set(f, -errno, "%s: %s: is it write-protected?", disk,
				 strerror(errno));
	return fd;
}

int loader_clear(const char *disk, uint64_t size, struct fault *f)
{
	static const char zeroes[MIB];
	int fd = open_disk(disk, f), err;

	if (fd < 0)
		return fd;
	/*
	 * First, by themselves, the boot sector and the start of the EFI partition
	 * of an older installation: from here on nothing starts.
	 */
	err = write_all(fd, zeroes, SECTOR, 0);
	if (!err && size >= ESP_AT + MIB)
		err = write_all(fd, zeroes, MIB, ESP_AT);
	if (!err && fsync(fd))
		err = -errno;
	if (!err)
		err = write_all(fd, zeroes, size < MIB ? size : MIB, 0);
	if (!err && size > MIB)
		err = write_all(fd, zeroes, MIB, size - MIB);
	return finish(fd, err, disk, f);
}

/*
 * What the BIOS starts from a disk that an installation was not finished on: says
 * so, and lets the BIOS try its next device. It runs at 0x7c00, in real mode. A
 * partition table's signature with nothing before it would hang the BIOS.
 */
static const unsigned char unfinished[] = {
	0xfc,			/* cld */
	0x31, 0xc0,		/* xor ax, ax */
	0x8e, 0xd8,		/* mov ds, ax */
	0xbe, 0x1b, 0x7c,	/* mov si, the text behind */
	0xac,			/* next: lodsb */
	0x84, 0xc0,		/* test al, al */
	0x74, 0x09,		/* jz over */
	0xb4, 0x0e,		/* mov ah, 14 (teletype) */
	0xbb, 0x07, 0x00,	/* mov bx, 7 (page 0, grey) */
	0xcd, 0x10,		/* int 0x10 */
	0xeb, 0xf2,		/* jmp next */
	0xcd, 0x18,		/* over: int 0x18 (no boot possible) */
	0xf4,			/* hlt */
	0xeb, 0xfd,		/* jmp hlt */
};
static const char unfinished_text[] = "Basalt: the installation on this disk was not "
	"finished. Start the medium and\r\ninstall again.\r\n";
_Static_assert(sizeof(unfinished) == 0x1b, "where the code says that its text is");
_Static_assert(sizeof(unfinished) + sizeof(unfinished_text) <= BOOT_CODE, "too long");

int loader_mark_unfinished(const char *disk, struct fault *f)
{
	char sector[SECTOR];
	int fd = open_disk(disk, f), err = 0;

	if (fd < 0)
		return fd;
	if (pread(fd, sector, SECTOR, 0) != (ssize_t)SECTOR)
		err = -EIO;
	memset(sector, 0, BOOT_CODE);
	memcpy(sector, unfinished, sizeof(unfinished));
	memcpy(sector + sizeof(unfinished), unfinished_text, sizeof(unfinished_text));
	if (!err)
		err = write_all(fd, sector, SECTOR, 0);
	return finish(fd, err, disk, f);
}

static int load(const char *dir, const char *name, char **data, size_t *n,
		struct fault *f)
{
	char path[256];
	int err;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	err = file_read(path, MIB - CORE_AT - SECTOR, data, n);
	if (err)
		return fault_set(f, err, "%s: %s: this system is incomplete", path,
				 strerror(-err));
	if (*n < SECTOR) {
		free(*data);
		return fault_set(f, -EINVAL, "%s: too short: this system is "
				 "incomplete", path);
	}
	return 0;
}

static void put16(char *to, uint16_t v)
{
	v = htole16(v);
	memcpy(to, &v, sizeof(v));
}

static void put64(char *to, uint64_t v)
{
	v = htole64(v);
	memcpy(to, &v, sizeof(v));
}

int loader_write(const char *disk, const char *dir, uint64_t at,
		 const struct bootenv *e, struct fault *f)
{
	char head[2 * SECTOR];
	size_t n, sectors;
	char *core;
	int fd, err;

	err = load(dir, "core.img", &core, &n, f);
	if (err)
		return err;
	sectors = (n + SECTOR - 1) / SECTOR;
	put64(core + CORE_LIST, (at + CORE_AT) / SECTOR + 1);
	put16(core + CORE_LIST + 8, (uint16_t)(sectors - 1));
	put16(core + CORE_LIST + 10, CORE_SEGMENT);
	if (e) {
		bootenv_header(head);
		err = bootenv_format(e, head + SECTOR, f);
	}
	fd = err ? err : open_disk(disk, f);
	if (fd < 0) {
		free(core);
		return fd;
	}
	err = e ? write_all(fd, head, sizeof(head), at) : 0;
	if (!err)
		err = write_all(fd, core, n, at + CORE_AT);
	free(core);
	return finish(fd, err, disk, f);
}

int loader_write_efi(const char *root, const char *dir, struct fault *f)
{
	char path[256];
	char *data;
	size_t n;
	int err = load(dir, "bootx64.efi", &data, &n, f);

	if (err)
		return err;
	/* Where UEFI looks when nobody has told it of a system. */
	snprintf(path, sizeof(path), "%s/EFI/BOOT", root);
	err = dir_make(path, 0755);
	strcat(path, "/BOOTX64.EFI");
	if (!err)
		err = file_write_atomic(path, data, n, 0755);
	free(data);
	return err ? fault_set(f, err, "%s: writing failed: %s: is the disk failing?",
			       path, strerror(-err)) : 0;
}

int loader_write_esp(const char *part, const char *at, const char *dir, struct fault *f)
{
	int err = dir_make(at, 0755);

	/* quiet: FAT has no modes to change. */
	if (!err && mount(part, at, "vfat", MS_NOATIME, "quiet"))
		err = -errno;
	if (err)
		return fault_set(f, err, "%s: the EFI partition cannot be mounted: %s: "
				 "make it anew with mkfs.vfat %s", part,
				 strerror(-err), part);
	err = loader_write_efi(at, dir, f);
	if (umount(at) && !err)
		err = fault_set(f, -errno, "%s: cannot be unmounted: %s", part,
				strerror(errno));
	return err;
}

int loader_arm(const char *disk, const char *dir, uint64_t at, struct fault *f)
{
	char sector[SECTOR];
	char *boot;
	size_t n;
	int fd, err = load(dir, "boot.img", &boot, &n, f);

	if (err)
		return err;
	put64(boot + BOOT_CORE, (at + CORE_AT) / SECTOR);
	memcpy(boot + BOOT_DRIVE_CHECK, "\x90\x90", 2);
	fd = open_disk(disk, f);
	if (fd < 0) {
		free(boot);
		return fd;
	}
	/* The rest of the sector is the partition table's. */
	if (pread(fd, sector, SECTOR, 0) != (ssize_t)SECTOR)
		err = -EIO;
	memcpy(sector, boot, BOOT_CODE);
	free(boot);
	if (!err)
		err = write_all(fd, sector, SECTOR, 0);
	return finish(fd, err, disk, f);
}

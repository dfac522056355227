/*
 * The machine's disks, as far as choosing one needs it: read from sysfs and,
 * for what they hold, by libblkid. Opens disks for reading only.
 */
#ifndef INSTALLER_DISK_H
#define INSTALLER_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fault.h"

struct disk {
	char name[64];		/* nvme0n1 */
	char path[72];		/* /dev/nvme0n1 */
	char model[64], serial[64], wwn[64];
	char bus[16];		/* nvme, sata, sas, virtio, usb, mmc */
	uint64_t size;		/* octets */
	unsigned int sector;	/* octets of a logical sector */
	bool read_only;
	char use[128];		/* who uses it; "": nobody */
	char holds[256];	/* what is on it, in words; "": nothing */
};

/*
 * All whole disks with a medium, sorted by name; free(*list). @root is put
 * before /sys and /proc ("" but in tests). disk.holds is left empty.
 */
__attribute__((warn_unused_result))
int disk_list(const char *root, struct disk **list, size_t *n, struct fault *f);

/* Name of partition @nr of @disk, as sda3 or nvme0n1p3. */
void disk_part(const char *disk, unsigned int nr, char *to, size_t n);

/* Fills in d->holds. A disk that cannot be read holds "…cannot be read". */
void disk_contents(struct disk *d);

#endif

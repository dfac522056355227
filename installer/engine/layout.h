/*
 * How a system disk is divided, and how an installation is recognised by it.
 * Pure.
 *
 *   1 basalt-boot   1 MiB: environment block (bootenv.h) and boot loader
 *   2 basalt-esp    FAT: the boot loader for UEFI
 *   3 basalt-a, 4 basalt-b   the slots: each an ISO image, as on the medium
 *   5 basalt-state  ext4: settings and VM definitions
 *   6 basalt-vms    the rest, when the VMs' disks are to lie there
 *
 * Every partition's GUID carries the installation's identity:
 *   IIIIIIII-IIII-4ba5-8a5a-17ba5aDTPPRR: its id (I), which disk of how many
 *   (D, T), which partition (P), whether it is one of a mirror (R)
 */
#ifndef INSTALLER_LAYOUT_H
#define INSTALLER_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fault.h"

enum part { PART_BOOT = 1, PART_ESP, PART_A, PART_B, PART_STATE, PART_VMS };
#define PARTS		6
#define ID_LEN		12	/* hexadecimal digits of an installation's id */
#define GUID_TEXT	37	/* with its NUL */

struct layout {
	struct { uint64_t start, size; } part[PARTS + 1]; /* octets; size 0: none */
	uint64_t need;	/* the least a disk must have */
};

/* What a partition's GUID says. */
struct part_id {
	char id[ID_LEN + 1];
	unsigned int disk, total;	/* which of the installation's disks */
	enum part part;
	bool raid;
};

/*
 * Divides a disk of @disk octets for a system image of @image octets; @vms:
 * whether the rest is for VMs. -ENOSPC with a message when it is too small.
 */
__attribute__((warn_unused_result))
int layout_make(struct layout *l, uint64_t disk, uint64_t image, bool vms,
		struct fault *f);

void layout_guid(const struct part_id *p, char guid[GUID_TEXT]);

/* Whether a GUID (text, lower or upper case) is one of ours; fills in @p. */
bool layout_parse_guid(const char *guid, struct part_id *p);

/* The script that makes sfdisk write the table. */
void layout_script(const struct layout *l, const struct part_id *who,
		   unsigned int sector, char *to, size_t n);

#endif

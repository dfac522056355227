/*
 * Installations found on the machine's disks, by their partitions' GUIDs.
 * Reads only.
 */
#ifndef INSTALLER_FOUND_H
#define INSTALLER_FOUND_H

#include "disk.h"
#include "layout.h"

#define FOUND_MAX 16

struct found_disk {
	bool there;
	char name[64], path[72];
	uint64_t boot_at;		/* where PART_BOOT begins, in octets */
	char part[PARTS + 1][80];	/* /dev/sda3; "": none */
	uint64_t size[PARTS + 1];
};

struct found {
	char id[ID_LEN + 1];
	unsigned int total;	/* disks that belong to it */
	bool raid;
	bool twice;		/* two disks say that they are the same one */
	struct found_disk disk[2];
};

/* How many; at most FOUND_MAX are looked at. A negative errno with @f. */
__attribute__((warn_unused_result))
int found_scan(const char *root, struct found list[FOUND_MAX], struct fault *f);

#endif

/*
 * The partitions of a disk, read from its GUID partition table (UEFI
 * specification 2.10, section 5.3). Reads only; sums are checked, the copy at
 * the end is used when the first table is damaged.
 */
#ifndef INSTALLER_GPT_H
#define INSTALLER_GPT_H

#include <stdint.h>

#include "fault.h"
#include "layout.h"

#define GPT_MAX 128

struct gpt_part {
	unsigned int nr;
	char guid[GUID_TEXT];		/* lower case */
	uint64_t start, size;		/* octets */
};

/* Number of partitions, or -ENOENT: there is no such table. */
__attribute__((warn_unused_result))
int gpt_read(int fd, uint64_t disk, unsigned int sector,
	     struct gpt_part parts[GPT_MAX]);

#endif

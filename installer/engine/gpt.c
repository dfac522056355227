/* See gpt.h. */
#include "gpt.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ENTRY_SIZE 128

struct header {
	char signature[8];
	uint32_t revision, size, crc, zero;
	uint64_t self, other, first, last;
	uint8_t guid[16];
	uint64_t entries;
	uint32_t entries_n, entry_size, entries_crc;
} __attribute__((packed));
_Static_assert(sizeof(struct header) == 92, "UEFI 2.10, table 5-5");

struct entry {
	uint8_t type[16], guid[16];
	uint64_t first, last, flags;
	uint16_t name[36];
} __attribute__((packed));
_Static_assert(sizeof(struct entry) == ENTRY_SIZE, "UEFI 2.10, table 5-6");

static uint32_t crc32(const void *data, size_t n)
{
	const uint8_t *p = data;
	uint32_t crc = 0xffffffff;

	while (n--) {
		crc ^= *p++;
		for (int i = 0; i < 8; i++)
			crc = (crc >> 1) ^ (0xedb88320 & -(crc & 1));
	}
	return ~crc;
}

/* The first three fields are little-endian numbers, the others are not. */
static void guid_text(const uint8_t *g, char *to)
{
	static const uint8_t order[16] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12,
					  13, 14, 15};

	for (int i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*to++ = '-';
		to += sprintf(to, "%02x", g[order[i]]);
	}
}

static bool read_header(int fd, uint64_t at, struct header *h)
{
	uint32_t crc;
	struct header copy;

	if (pread(fd, h, sizeof(*h), (off_t)at) != sizeof(*h) ||
	    memcmp(h->signature, "EFI PART", 8) || h->size != sizeof(*h) ||
	    h->entry_size != ENTRY_SIZE || !h->entries_n || h->entries_n > GPT_MAX)
		return false;
	copy = *h;
	crc = copy.crc;
	copy.crc = 0;
	return crc32(&copy, sizeof(copy)) == crc;
}

static int read_entries(int fd, const struct header *h, uint64_t disk,
			unsigned int sector, struct gpt_part *parts)
{
	static const uint8_t unused[16];
	struct entry e[GPT_MAX];
	size_t size = h->entries_n * ENTRY_SIZE;
	int n = 0;

	if (h->entries > disk / sector ||
	    pread(fd, e, size, (off_t)(h->entries * sector)) != (ssize_t)size ||
	    crc32(e, size) != h->entries_crc)
		return -ENOENT;
	for (unsigned int i = 0; i < h->entries_n; i++) {
		if (!memcmp(e[i].type, unused, 16) || e[i].last < e[i].first ||
		    e[i].last >= disk / sector)
			continue;
		parts[n].nr = i + 1;
		guid_text(e[i].guid, parts[n].guid);
		parts[n].start = e[i].first * sector;
		parts[n].size = (e[i].last - e[i].first + 1) * sector;
		n++;
	}
	return n;
}

int gpt_read(int fd, uint64_t disk, unsigned int sector,
	     struct gpt_part parts[GPT_MAX])
{
	struct header h;
	int n = -ENOENT;

	if (sector < 512 || disk < 3ull * sector)
		return -ENOENT;
	if (read_header(fd, sector, &h))
		n = read_entries(fd, &h, disk, sector, parts);
	if (n < 0 && read_header(fd, (disk / sector - 1) * sector, &h))
		n = read_entries(fd, &h, disk, sector, parts);
	return n;
}

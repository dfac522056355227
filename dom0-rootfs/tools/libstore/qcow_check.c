/*
 * Looks through a qcow2 image's tables before libqcow reads it: libqcow (20201213)
 * takes no notice of feature bits, and reads beyond its buffers where a cluster lies
 * beyond the end of a file that was cut short. Header, L1 and L2 tables only, as in
 * QEMU's docs/interop/qcow2.txt.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libstore/internal.h"

#define OFFSET_MASK 0x00fffffffffffe00ull
#define COMPRESSED (1ull << 62)
#define FEATURE_DIRTY 1ull /* only its counts of references may be wrong */
#define L1_MAX (4u << 20)  /* entries: 2 PiB with clusters of 64 KiB */

struct qcow {
	int fd;
	uint64_t file_size, disk_size, l1_offset;
	unsigned int cluster_bits, l1_size;
};

static uint64_t be(const uint8_t *p, int bytes)
{
	uint64_t value = 0;

	while (bytes--)
		value = value << 8 | *p++;
	return value;
}

static const char *read_header(struct qcow *q)
{
	uint8_t h[104] = { 0 };
	uint64_t version;

	if (pread(q->fd, h, sizeof(h), 0) < 72)
		return "it is cut short";
	version = be(h + 4, 4);
	q->cluster_bits = (unsigned int)be(h + 20, 4);
	q->disk_size = be(h + 24, 8);
	q->l1_size = (unsigned int)be(h + 36, 4);
	q->l1_offset = be(h + 40, 8);
	if (version != 2 && version != 3)
		return "it is of a version that is not known here";
	if (version == 3 && be(h + 72, 8) & ~FEATURE_DIRTY)
		return "it uses features that are not known here";
	if (q->cluster_bits < 9 || q->cluster_bits > 21 || q->l1_size > L1_MAX ||
	    q->l1_offset > q->file_size || q->l1_size * 8ull > q->file_size - q->l1_offset)
		return "its tables are damaged";
	/* A table entry stands for (cluster / 8) clusters. */
	if ((q->disk_size >> q->cluster_bits >> (q->cluster_bits - 3)) > q->l1_size)
		return "its tables are damaged";
	return NULL;
}

/* Does the cluster lie inside the file? */
static bool cluster_is_there(const struct qcow *q, uint64_t entry)
{
	unsigned int shift = 62 - (q->cluster_bits - 8);
	uint64_t at, len;

	if (entry & COMPRESSED) {
		at = entry & ((1ull << shift) - 1);
		/* Its last sector may be cut by the end of the file. */
		len = (entry & ~(3ull << 62)) >> shift << 9;
		return at < q->file_size && len <= q->file_size - at + 511;
	}
	at = entry & OFFSET_MASK;
	len = 1ull << q->cluster_bits;
	return at % 512 == 0 && len <= q->file_size && at <= q->file_size - len;
}

static const char *check_l2(const struct qcow *q, uint64_t offset, uint8_t *l2)
{
	size_t size = (size_t)1 << q->cluster_bits;

	if (offset > q->file_size ||
	    pread(q->fd, l2, size, (off_t)offset) != (ssize_t)size)
		return "it is cut short";
	for (size_t i = 0; i < size; i += 8) {
		uint64_t entry = be(l2 + i, 8);

		if (entry & (OFFSET_MASK | COMPRESSED) && !cluster_is_there(q, entry))
			return "it is cut short, or its tables are damaged";
	}
	return NULL;
}

const char *qcow_check(int fd, uint64_t size)
{
	struct qcow q = { .fd = fd, .file_size = size };
	const char *why = read_header(&q);
	uint8_t *l1, *l2;

	if (why)
		return why;
	l1 = malloc(q.l1_size * 8ull + 1);
	l2 = malloc((size_t)1 << q.cluster_bits);
	if (!l1 || !l2)
		why = "memory is short";
	else if (pread(fd, l1, q.l1_size * 8ull, (off_t)q.l1_offset) !=
		 (ssize_t)(q.l1_size * 8ull))
		why = "it is cut short";
	for (unsigned int i = 0; !why && i < q.l1_size; i++) {
		uint64_t offset = be(l1 + i * 8ull, 8) & OFFSET_MASK;

		if (offset)
			why = check_l2(&q, offset, l2);
	}
	free(l1);
	free(l2);
	return why;
}

/*
 * lz4 as Linux' build packs kernels: the legacy frame, blocks of at most 8 MiB,
 * each preceded by its packed length. Pure. Format: lz4_Frame_format.md and
 * lz4_Block_format.md of the lz4 project.
 */
#include <errno.h>
#include <string.h>

#include "libdom/kernel.h"

#define LZ4_LEGACY_MAGIC 0x184c2102u
#define LZ4_BLOCK_MAX	 (8u << 20)

struct cursor {
	const uint8_t *p, *end;
};

/* A length whose first 15 units came with the token: goes on while 255. */
static int more_length(struct cursor *in, size_t *len)
{
	uint8_t b;

	if (*len != 15)
		return 0;
	do {
		if (in->p == in->end)
			return -EINVAL;
		b = *in->p++;
		*len += b;
		if (*len > LZ4_BLOCK_MAX)
			return -EINVAL;
	} while (b == 255);
	return 0;
}

/* Copies from before: source and target may overlap, and then repeat. */
static int copy_match(uint8_t *start, uint8_t **to, const uint8_t *end,
		      size_t offset, size_t len)
{
	uint8_t *p = *to;

	if (offset == 0 || offset > (size_t)(p - start) || len > (size_t)(end - p))
		return -EINVAL;
	while (len--) {
		*p = *(p - offset);
		p++;
	}
	*to = p;
	return 0;
}

static int unpack_block(struct cursor in, uint8_t *out, size_t room, size_t *done)
{
	uint8_t *p = out, *end = out + room;
	size_t literals, match, offset;
	uint8_t token;

	while (in.p < in.end) {
		token = *in.p++;
		literals = token >> 4;
		match = token & 15;
		if (more_length(&in, &literals) ||
		    literals > (size_t)(in.end - in.p) ||
		    literals > (size_t)(end - p))
			return -EINVAL;
		memcpy(p, in.p, literals);
		p += literals;
		in.p += literals;
		if (in.p == in.end)
			break; /* the last sequence has no match */
		if (in.end - in.p < 2)
			return -EINVAL;
		offset = in.p[0] | (size_t)in.p[1] << 8;
		in.p += 2;
		if (more_length(&in, &match) ||
		    copy_match(out, &p, end, offset, match + 4))
			return -EINVAL;
	}
	*done = (size_t)(p - out);
	return 0;
}

int lz4_unpack(const uint8_t *in, size_t in_len, uint8_t *out, size_t out_len,
	       size_t *done)
{
	size_t pos = 4, n, room;
	uint32_t len;

	*done = 0;
	while (in_len - pos >= 4) {
		memcpy(&len, in + pos, 4);
		pos += 4;
		if (len == LZ4_LEGACY_MAGIC)
			continue; /* frames may follow each other */
		if (len == 0 || len > in_len - pos)
			return -EINVAL;
		room = out_len - *done;
		if (room > LZ4_BLOCK_MAX)
			room = LZ4_BLOCK_MAX;
		if (unpack_block((struct cursor){in + pos, in + pos + len},
				 out + *done, room, &n))
			return -EINVAL;
		*done += n;
		pos += len;
	}
	return pos == in_len ? 0 : -EINVAL;
}

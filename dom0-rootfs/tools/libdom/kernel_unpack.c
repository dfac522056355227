/*
 * Unpacking a kernel. Pure; the decoders are liblzma, zlib and libzstd, and our
 * own for lz4.
 *
 * Linux appends the unpacked length to the payload (gzip ends with it anyway),
 * so the result's size is known before: a payload that yields more or less is
 * damaged.
 */
#include <errno.h>
#include <lzma.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "libdom/internal.h"
#include "libdom/kernel.h"

#define XZ_MEMORY_LIMIT (256u << 20) /* Linux uses a 32 MiB dictionary */

/* Fills out completely. -EINVAL: damaged; -ENOMEM. */
typedef int unpack_fn(const uint8_t *in, size_t in_len, uint8_t *out,
		      size_t out_len, size_t *done);

static int xz_unpack(const uint8_t *in, size_t in_len, uint8_t *out,
		     size_t out_len, size_t *done)
{
	uint64_t limit = XZ_MEMORY_LIMIT;
	size_t in_pos = 0;
	lzma_ret ret = lzma_stream_buffer_decode(&limit, 0, NULL, in, &in_pos,
						 in_len, out, done, out_len);

	if (ret == LZMA_MEM_ERROR || ret == LZMA_MEMLIMIT_ERROR)
		return -ENOMEM;
	return ret == LZMA_OK ? 0 : -EINVAL;
}

static int gzip_unpack(const uint8_t *in, size_t in_len, uint8_t *out,
		       size_t out_len, size_t *done)
{
	z_stream z = {.next_in = (Bytef *)in, .avail_in = (uInt)in_len,
		      .next_out = out, .avail_out = (uInt)out_len};
	int ret;

	if (inflateInit2(&z, 16 + MAX_WBITS) != Z_OK)
		return -ENOMEM;
	ret = inflate(&z, Z_FINISH);
	*done = z.total_out;
	inflateEnd(&z);
	if (ret == Z_MEM_ERROR)
		return -ENOMEM;
	return ret == Z_STREAM_END ? 0 : -EINVAL;
}

static int zstd_unpack(const uint8_t *in, size_t in_len, uint8_t *out,
		       size_t out_len, size_t *done)
{
	size_t frame = ZSTD_findFrameCompressedSize(in, in_len);
	size_t n;

	if (ZSTD_isError(frame))
		return -EINVAL;
	n = ZSTD_decompress(out, out_len, in, frame);
	if (ZSTD_isError(n))
		return -EINVAL;
	*done = n;
	return 0;
}

static const struct format {
	const char *name;
	uint8_t magic[6];
	size_t magic_len;
	unpack_fn *unpack; /* NULL: known by name, not supported */
	bool own_length;   /* the length is part of the stream, not behind it */
} formats[] = {
	{"xz", {0xfd, '7', 'z', 'X', 'Z', 0}, 6, xz_unpack, false},
	{"gzip", {0x1f, 0x8b}, 2, gzip_unpack, true},
	{"zstd", {0x28, 0xb5, 0x2f, 0xfd}, 4, zstd_unpack, false},
	{"lz4", {0x02, 0x21, 0x4c, 0x18}, 4, lz4_unpack, false},
	{"lzma", {0x5d, 0, 0}, 3, NULL, false},
	{"bzip2", {'B', 'Z', 'h'}, 3, NULL, false},
	{"lzo", {0x89, 'L', 'Z', 'O'}, 4, NULL, false},
};

static const struct format *find_format(const uint8_t *in, size_t len)
{
	size_t i;

	for (i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (len >= formats[i].magic_len &&
		    memcmp(in, formats[i].magic, formats[i].magic_len) == 0)
			return &formats[i];
	return NULL;
}

static int refuse_format(const struct format *f, const char *name,
			 struct dom_error *err)
{
	if (!f)
		return dom_fail(err, -ENOEXEC,
				"%s: not a usable kernel: its payload is of no known "
				"format: copy the file again", name);
	return dom_fail(err, -ENOEXEC,
			"%s: kernel is packed with %s: not supported: use xz, gzip, "
			"zstd or lz4", name, f->name);
}

int kernel_unpacked_size(const uint8_t *payload, size_t len, const char *name,
			 size_t *size, struct dom_error *err)
{
	const struct format *f = find_format(payload, len);
	uint32_t told;

	if (!f || !f->unpack)
		return refuse_format(f, name, err);
	if (len < 8)
		return dom_fail(err, -ENOEXEC, "%s: not a usable kernel: its payload "
				"is truncated: copy the file again", name);
	memcpy(&told, payload + len - 4, 4);
	if (told == 0 || told > KERNEL_MAX_UNPACKED)
		return dom_fail(err, -ENOEXEC,
				"%s: not a usable kernel: unpacked it would have %u "
				"bytes (at most %u): copy the file again",
				name, told, KERNEL_MAX_UNPACKED);
	*size = told;
	return 0;
}

int kernel_unpack(const uint8_t *payload, size_t len, const char *name,
		  uint8_t *out, size_t size, struct dom_error *err)
{
	const struct format *f = find_format(payload, len);
	size_t done = 0;
	int ret;

	if (!f || !f->unpack)
		return refuse_format(f, name, err);
	ret = f->unpack(payload, f->own_length ? len : len - 4, out, size, &done);
	if (ret == -ENOMEM)
		return dom_fail(err, ret,
				"%s: not enough memory in dom0 to unpack it (%zu MiB): "
				"raise dom0_mem", name, size >> 20);
	if (ret < 0 || done != size)
		return dom_fail(err, -ENOEXEC,
				"%s: not a usable kernel: its %s data is damaged: copy "
				"the file again", name, f->name);
	return 0;
}

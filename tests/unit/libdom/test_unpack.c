/*
 * Packed kernels: each format comes out as it went in, and damage of any kind
 * is refused without touching memory that is not ours.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <errno.h>
#include <lzma.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "kernel_maker.h"
#include "libdom/kernel.h"

#define PLAIN (200 * 1024)
#define ROOM  (2 * PLAIN)

static uint8_t plain[PLAIN];

/* Something that packs: text with repetitions, and x86 calls for the BCJ. */
static void make_plain(void)
{
	size_t i;

	srand(7);
	for (i = 0; i < PLAIN; i++)
		plain[i] = i % 97 < 60 ? (uint8_t)(i % 13) : (uint8_t)rand();
	for (i = 100; i + 5 < PLAIN; i += 1000)
		plain[i] = 0xe8;
}

static size_t append_length(uint8_t *p, size_t n)
{
	uint32_t len = PLAIN;

	memcpy(p + n, &len, 4);
	return n + 4;
}

/* As Linux' build does it: x86 BCJ, LZMA2, CRC32. */
static size_t pack_xz(uint8_t *out)
{
	lzma_options_lzma opt;
	lzma_filter filters[] = {{LZMA_FILTER_X86, NULL},
				 {LZMA_FILTER_LZMA2, &opt},
				 {LZMA_VLI_UNKNOWN, NULL}};
	size_t n = 0;

	assert_false(lzma_lzma_preset(&opt, 6));
	opt.dict_size = 32 << 20;
	assert_int_equal(lzma_stream_buffer_encode(filters, LZMA_CHECK_CRC32, NULL,
						   plain, PLAIN, out, &n, ROOM),
			 LZMA_OK);
	return append_length(out, n);
}

static size_t pack_gzip(uint8_t *out)
{
	z_stream z = {.next_in = plain, .avail_in = PLAIN, .next_out = out,
		      .avail_out = ROOM};

	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 16 + MAX_WBITS, 8,
				      Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	deflateEnd(&z);
	return z.total_out;
}

static size_t pack_zstd(uint8_t *out)
{
	size_t n = ZSTD_compress(out, ROOM, plain, PLAIN, 19);

	assert_false(ZSTD_isError(n));
	return append_length(out, n);
}

/* One block: a run of literals, then copies of what lies 97 bytes back. */
static size_t pack_lz4(uint8_t *out)
{
	uint8_t *p = out + 8, *start = p;
	size_t i, left;
	uint32_t len;

	for (i = 97; i < PLAIN; i++)
		plain[i] = plain[i - 97];
	memcpy(out, "\x02\x21\x4c\x18", 4);
	*p++ = 15 << 4 | 15; /* 97 literals, a long match */
	*p++ = 97 - 15;
	memcpy(p, plain, 97);
	p += 97;
	*p++ = 97;
	*p++ = 0;
	left = PLAIN - 97 - 5 - 4 - 15; /* the last five bytes are literals */
	for (; left >= 255; left -= 255)
		*p++ = 255;
	*p++ = (uint8_t)left;
	*p++ = 5 << 4;
	memcpy(p, plain + PLAIN - 5, 5);
	p += 5;
	len = (uint32_t)(p - start);
	memcpy(out + 4, &len, 4);
	return append_length(out, (size_t)(p - out));
}

static const struct {
	const char *name;
	size_t (*pack)(uint8_t *out);
} formats[] = {
	{"xz", pack_xz}, {"gzip", pack_gzip}, {"zstd", pack_zstd}, {"lz4", pack_lz4},
};

/* Unpacks from a heap buffer of exactly n bytes. */
static int unpack(const uint8_t *in, size_t n, uint8_t **out, size_t *len,
		  struct dom_error *err)
{
	uint8_t *copy = malloc(n ? n : 1);
	int ret;

	memcpy(copy, in, n);
	ret = kernel_unpacked_size(copy, n, "k", len, err);
	if (ret == 0) {
		*out = malloc(*len);
		ret = kernel_unpack(copy, n, "k", *out, *len, err);
		if (ret)
			free(*out);
	}
	free(copy);
	return ret;
}

static void every_format_comes_out_as_it_went_in(void **state)
{
	static uint8_t packed[ROOM];
	unsigned int i;

	(void)state;
	for (i = 0; i < 4; i++) {
		struct dom_error err = {""};
		size_t n, len;
		uint8_t *out;

		make_plain();
		n = formats[i].pack(packed);
		if (unpack(packed, n, &out, &len, &err) != 0)
			fail_msg("%s: %s", formats[i].name, err.text);
		assert_int_equal(len, PLAIN);
		assert_memory_equal(out, plain, PLAIN);
		free(out);
	}
}

static void damage_is_refused_or_at_least_survived(void **state)
{
	static uint8_t packed[ROOM], hurt[ROOM];
	unsigned int i, round;

	(void)state;
	srand(3);
	for (i = 0; i < 4; i++) {
		size_t n, len;
		uint8_t *out;

		make_plain();
		n = formats[i].pack(packed);
		/* the length at the end stays sane, or the work would be endless */
		for (round = 0; round < 300; round++) {
			size_t cut = n;

			memcpy(hurt, packed, n);
			if (round % 3 == 0)
				cut = 1 + (size_t)rand() % n;
			else
				hurt[(size_t)rand() % (n - 4)] ^= (uint8_t)(1 + rand() % 255);
			memcpy(hurt + (cut > 4 ? cut - 4 : 0), packed + n - 4, 4);
			if (unpack(hurt, cut, &out, &len, NULL) == 0) {
				assert_int_equal(len, PLAIN);
				free(out);
			}
		}
	}
}

static void a_wrong_length_is_refused(void **state)
{
	static uint8_t packed[ROOM];
	struct dom_error err;
	uint32_t len;
	size_t n, got;
	uint8_t *out;

	(void)state;
	make_plain();
	n = pack_zstd(packed);
	len = PLAIN + 1;
	memcpy(packed + n - 4, &len, 4);
	assert_int_equal(unpack(packed, n, &out, &got, &err), -ENOEXEC);
	len = PLAIN - 1;
	memcpy(packed + n - 4, &len, 4);
	assert_int_equal(unpack(packed, n, &out, &got, &err), -ENOEXEC);
	len = KERNEL_MAX_UNPACKED + 1;
	memcpy(packed + n - 4, &len, 4);
	assert_int_equal(unpack(packed, n, &out, &got, &err), -ENOEXEC);
	assert_non_null(strstr(err.text, "at most"));
}

static void other_formats_are_named(void **state)
{
	uint8_t *out;
	size_t len;
	struct dom_error err;

	(void)state;
	assert_int_equal(unpack((const uint8_t *)"BZh91AY&SY..", 12, &out, &len, &err),
			 -ENOEXEC);
	assert_non_null(strstr(err.text, "bzip2"));
	assert_int_equal(unpack((const uint8_t *)"garbage!", 8, &out, &len, &err),
			 -ENOEXEC);
	assert_int_equal(unpack((const uint8_t *)"", 0, &out, &len, &err), -ENOEXEC);
	assert_int_equal(unpack((const uint8_t *)"\x1f\x8b", 2, &out, &len, &err),
			 -ENOEXEC);
}

static void a_bzimage_gives_its_payload(void **state)
{
	static const uint8_t inside[] = "payload of some kind";
	uint8_t image[4096];
	const uint8_t *payload;
	size_t n = maker_bzimage(image, inside, sizeof(inside)), len, i;

	(void)state;
	assert_true(kernel_is_bzimage(image, n));
	assert_int_equal(kernel_find_payload(image, n, "k", &payload, &len, NULL), 0);
	assert_int_equal(len, sizeof(inside));
	assert_memory_equal(payload, inside, len);
	for (i = 0; i < n; i++)
		assert_int_equal(kernel_find_payload(image, i, "k", &payload, &len, NULL),
				 -ENOEXEC);
	image[0x206] = 7; /* protocol 2.07 */
	assert_int_equal(kernel_find_payload(image, n, "k", &payload, &len, NULL),
			 -ENOEXEC);
}

static void a_bzimage_that_points_outside_is_refused(void **state)
{
	uint8_t image[4096];
	const uint8_t *payload;
	size_t n = maker_bzimage(image, (const uint8_t *)"0123456789", 10), len;

	(void)state;
	memset(image + 0x248, 0xff, 4);
	assert_int_equal(kernel_find_payload(image, n, "k", &payload, &len, NULL),
			 -ENOEXEC);
	maker_bzimage(image, (const uint8_t *)"0123456789", 10);
	memset(image + 0x24c, 0xff, 4);
	assert_int_equal(kernel_find_payload(image, n, "k", &payload, &len, NULL),
			 -ENOEXEC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_format_comes_out_as_it_went_in),
		cmocka_unit_test(damage_is_refused_or_at_least_survived),
		cmocka_unit_test(a_wrong_length_is_refused),
		cmocka_unit_test(other_formats_are_named),
		cmocka_unit_test(a_bzimage_gives_its_payload),
		cmocka_unit_test(a_bzimage_that_points_outside_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * BLAKE2b with a 256-bit result and no key, after RFC 7693. Names unpacked
 * kernels by content: no guest owner can make a kernel that takes another's
 * name.
 */
#include <string.h>

#include "libdom/kernel.h"

#define BLOCK 128

static const uint64_t iv[8] = {
	0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b,
	0xa54ff53a5f1d36f1, 0x510e527fade682d1, 0x9b05688c2b3e6c1f,
	0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
};

static const uint8_t sigma[10][16] = {
	{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
	{14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
	{11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4},
	{7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
	{9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13},
	{2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
	{12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11},
	{13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
	{6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5},
	{10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0},
};

static uint64_t ror(uint64_t x, unsigned int n)
{
	return x >> n | x << (64 - n);
}

static void mix(uint64_t *a, uint64_t *b, uint64_t *c, uint64_t *d, uint64_t x,
		uint64_t y)
{
	*a += *b + x;
	*d = ror(*d ^ *a, 32);
	*c += *d;
	*b = ror(*b ^ *c, 24);
	*a += *b + y;
	*d = ror(*d ^ *a, 16);
	*c += *d;
	*b = ror(*b ^ *c, 63);
}

/* total: bytes hashed so far, this block included. */
static void compress(uint64_t h[8], const uint8_t *block, uint64_t total, bool last)
{
	uint64_t v[16], m[16];
	unsigned int r, i;

	memcpy(v, h, 64);
	memcpy(v + 8, iv, 64);
	memcpy(m, block, BLOCK);
	v[12] ^= total;
	if (last)
		v[14] = ~v[14];
	for (r = 0; r < 12; r++) {
		const uint8_t *s = sigma[r % 10];

		for (i = 0; i < 4; i++)
			mix(&v[i], &v[4 + i], &v[8 + i], &v[12 + i],
			    m[s[2 * i]], m[s[2 * i + 1]]);
		for (i = 0; i < 4; i++)
			mix(&v[i], &v[4 + (i + 1) % 4], &v[8 + (i + 2) % 4],
			    &v[12 + (i + 3) % 4], m[s[8 + 2 * i]], m[s[9 + 2 * i]]);
	}
	for (i = 0; i < 8; i++)
		h[i] ^= v[i] ^ v[i + 8];
}

void blake2b_256(const void *data, size_t len, uint8_t out[32])
{
	const uint8_t *p = data;
	uint8_t block[BLOCK] = {0};
	uint64_t h[8], total = 0;

	memcpy(h, iv, sizeof(h));
	h[0] ^= 0x01010000 ^ 32;
	while (len > BLOCK) {
		total += BLOCK;
		compress(h, p, total, false);
		p += BLOCK;
		len -= BLOCK;
	}
	if (len)
		memcpy(block, p, len);
	compress(h, block, total + len, true);
	memcpy(out, h, 32);
}

/*
 * Bit operations on arrays of 64-bit words. The locked ones are full barriers
 * and are the only ones allowed on memory that a guest can write.
 */
#ifndef HV_BITOPS_H
#define HV_BITOPS_H

#include <hv/types.h>

#define BITS_PER_WORD	64u
#define BITMAP_WORDS(n)	(((n) + BITS_PER_WORD - 1) / BITS_PER_WORD)

static inline bool bit_test(const uint64_t *map, unsigned int n)
{
	return (__atomic_load_n(&map[n / 64], __ATOMIC_RELAXED) >> (n % 64)) & 1;
}

static inline bool bit_test_and_set_locked(uint64_t *map, unsigned int n)
{
	uint64_t m = 1ull << (n % 64);

	return __atomic_fetch_or(&map[n / 64], m, __ATOMIC_SEQ_CST) & m;
}

static inline bool bit_test_and_clear_locked(uint64_t *map, unsigned int n)
{
	uint64_t m = 1ull << (n % 64);

	return __atomic_fetch_and(&map[n / 64], ~m, __ATOMIC_SEQ_CST) & m;
}

static inline void bit_set(uint64_t *map, unsigned int n)
{
	map[n / 64] |= 1ull << (n % 64);
}

static inline void bit_clear(uint64_t *map, unsigned int n)
{
	map[n / 64] &= ~(1ull << (n % 64));
}

/* First set bit below @nr, or @nr. */
static inline unsigned int bit_find_first(const uint64_t *map, unsigned int nr)
{
	for (unsigned int i = 0; i < BITMAP_WORDS(nr); i++)
		if (map[i])
			return MIN(nr, i * 64 + (unsigned int)__builtin_ctzll(map[i]));
	return nr;
}

static inline unsigned int bit_highest(uint64_t word)
{
	return 63u - (unsigned int)__builtin_clzll(word);
}

#endif

/* Word distance for suggestions; see config_near.h. Pure. */
#include "config_near.h"

#include <limits.h>
#include <string.h>

#define WORD_MAX 31

static unsigned int min3(unsigned int a, unsigned int b, unsigned int c)
{
	unsigned int m = a < b ? a : b;

	return m < c ? m : c;
}

unsigned int near_distance(const char *a, const char *b)
{
	size_t na = strlen(a), nb = strlen(b);
	unsigned int d[WORD_MAX + 1][WORD_MAX + 1];

	if (na > WORD_MAX || nb > WORD_MAX)
		return UINT_MAX;
	for (size_t i = 0; i <= na; i++)
		d[i][0] = (unsigned int)i;
	for (size_t j = 0; j <= nb; j++)
		d[0][j] = (unsigned int)j;
	for (size_t i = 1; i <= na; i++) {
		for (size_t j = 1; j <= nb; j++) {
			unsigned int change = a[i - 1] != b[j - 1];

			d[i][j] = min3(d[i - 1][j] + 1, d[i][j - 1] + 1,
				       d[i - 1][j - 1] + change);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1] && d[i - 2][j - 2] + 1 < d[i][j])
				d[i][j] = d[i - 2][j - 2] + 1;
		}
	}
	return d[na][nb];
}

int near_enough(const char *a, const char *b)
{
	size_t na = strlen(a), nb = strlen(b);
	size_t shorter = na < nb ? na : nb;

	if (shorter < 2)
		return 0;
	return near_distance(a, b) <= (shorter < 5 ? 1u : 2u);
}

const char *near_word(const char *typed, const char *const *words, size_t n,
		      size_t stride)
{
	const char *best = NULL;
	unsigned int best_distance = UINT_MAX;

	for (size_t i = 0; i < n; i++) {
		const char *const *word =
			(const char *const *)((const char *)words + i * stride);
		unsigned int distance = near_distance(typed, *word);

		if (distance < best_distance && near_enough(typed, *word)) {
			best = *word;
			best_distance = distance;
		}
	}
	return best;
}

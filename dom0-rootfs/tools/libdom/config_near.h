/* The known word nearest to a misspelt one, for "did you mean". */
#ifndef LIBDOM_CONFIG_NEAR_H
#define LIBDOM_CONFIG_NEAR_H

#include <stddef.h>

/*
 * Steps that turn a into b, where a step inserts, drops or changes a letter or
 * swaps two neighbours (optimal string alignment). Words over 31 letters are as
 * far as can be.
 */
unsigned int near_distance(const char *a, const char *b);

/*
 * Is b what somebody who typed a could have meant? One step in a short word, two
 * in one of five letters or more.
 */
int near_enough(const char *a, const char *b);

/*
 * The nearest of n words that is near enough, or NULL. The words lie stride bytes
 * apart, the first pointer at *words: any table with a name in its rows will do.
 */
const char *near_word(const char *typed, const char *const *words, size_t n,
		      size_t stride);

#endif

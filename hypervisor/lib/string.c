/*
 * Memory and string functions of hv/lib.h, with the meaning the C standard
 * gives them. The compiler calls the mem* ones by itself.
 */
#include <hv/lib.h>

typedef uint64_t aligned(1) any64;
typedef uint32_t aligned(1) any32;

/* Up to 16 bytes: first and last word of them, which may overlap. */
static void copy_short(char *d, const char *s, size_t n)
{
	if (n >= 8) {
		uint64_t first = *(const any64 *)s, last = *(const any64 *)(s + n - 8);

		*(any64 *)d = first;
		*(any64 *)(d + n - 8) = last;
	} else if (n >= 4) {
		uint32_t first = *(const any32 *)s, last = *(const any32 *)(s + n - 4);

		*(any32 *)d = first;
		*(any32 *)(d + n - 4) = last;
	} else {
		for (size_t i = 0; i < n; i++) {
			d[i] = s[i];
			asm volatile("" : : : "memory"); /* not a call to memcpy */
		}
	}
}

void *memcpy(void *dst, const void *src, size_t n)
{
	void *d = dst;
	size_t words = n / 8;

	if (n <= 16) {
		copy_short(dst, src, n);
		return dst;
	}

	asm volatile("rep movsq\n\t"
		     "mov %3, %%rcx\n\t"
		     "rep movsb"
		     : "+D"(d), "+S"(src), "+c"(words)
		     : "r"(n % 8)
		     : "memory");
	return dst;
}

void *memmove(void *dst, const void *src, size_t n)
{
	char *d = (char *)dst + n;
	const char *s = (const char *)src + n;

	if ((uintptr_t)dst - (uintptr_t)src >= n)
		return memcpy(dst, src, n);
	for (; n % 8; n--) {
		*--d = *--s;
		asm volatile("" : : : "memory"); /* not a call to memmove */
	}
	for (; n; n -= 8) {
		uint64_t word;

		d -= 8;
		s -= 8;
		__builtin_memcpy(&word, s, 8);
		__builtin_memcpy(d, &word, 8);
		asm volatile("" : : : "memory");
	}
	return dst;
}

void *memset(void *dst, int c, size_t n)
{
	void *d = dst;
	size_t words = n / 8;

	asm volatile("rep stosq\n\t"
		     "mov %3, %%rcx\n\t"
		     "rep stosb"
		     : "+D"(d), "+c"(words)
		     : "a"((unsigned char)c * 0x0101010101010101ul), "r"(n % 8)
		     : "memory");
	return dst;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const unsigned char *p = a, *q = b;

	for (; n; n--, p++, q++)
		if (*p != *q)
			return *p - *q;
	return 0;
}

size_t strlen(const char *s)
{
	size_t n = 0;

	while (s[n]) {
		n++;
		asm volatile("" : : : "memory"); /* not a call to strlen */
	}
	return n;
}

int strcmp(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return (unsigned char)*a - (unsigned char)*b;
}

int strncmp(const char *a, const char *b, size_t n)
{
	for (; n; n--, a++, b++) {
		if (*a != *b)
			return (unsigned char)*a - (unsigned char)*b;
		if (!*a)
			break;
	}
	return 0;
}

char *strchr(const char *s, int c)
{
	for (;; s++) {
		if (*s == (char)c)
			return (char *)(uintptr_t)s;
		if (!*s)
			return NULL;
	}
}

char *strstr(const char *s, const char *what)
{
	size_t n = strlen(what);

	for (;; s++) {
		if (!strncmp(s, what, n))
			return (char *)(uintptr_t)s;
		if (!*s)
			return NULL;
	}
}

size_t strlcpy(char *dst, const char *src, size_t n)
{
	size_t len = strlen(src);

	if (n) {
		size_t take = MIN(len, n - 1);

		memcpy(dst, src, take);
		dst[take] = '\0';
	}
	return len;
}

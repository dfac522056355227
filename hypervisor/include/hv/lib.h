/* The small part of a C library the hypervisor needs, and its failure words. */
#ifndef HV_LIB_H
#define HV_LIB_H

#include <stdarg.h>

#include <hv/types.h>

void *memcpy(void *dst, const void *src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
void *memset(void *dst, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
char *strchr(const char *s, int c);
char *strstr(const char *s, const char *what);
/* Copies at most n-1 bytes and always terminates; returns strlen(src). */
size_t strlcpy(char *dst, const char *src, size_t n);

/* %d %i %u %x %X %p %s %c %% with 0, -, width, precision, l, ll, z. */
int vsnprintf(char *buf, size_t n, const char *fmt, va_list ap) printf_like(3, 0);
int snprintf(char *buf, size_t n, const char *fmt, ...) printf_like(3, 4);

/*
 * Host configuration or hardware makes going on impossible. Prints "what;
 * what to do", a backtrace, and stops or reboots the machine.
 */
void panic(const char *fmt, ...) printf_like(1, 2) noreturn;

/* Our own bug, always checked. Nothing a guest chooses may get here. */
#define BUG_ON(x)                                                            \
	do {                                                                 \
		if (__builtin_expect(!!(x), 0))                              \
			panic("BUG at %s:%d: %s", __FILE__, __LINE__, #x);   \
	} while (0)

/* Our own bug, checked in debug builds only (hv_debug is a constant). */
extern const bool hv_debug;
#define ASSERT(x)                                                            \
	do {                                                                 \
		if (hv_debug)                                                \
			BUG_ON(!(x));                                        \
	} while (0)

#endif

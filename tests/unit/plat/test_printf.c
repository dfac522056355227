/* lib/printf.c against the C library, and what it does with odd formats. */
#include <stdio.h>

#include "fakes.h"

/* The build renames the hypervisor's functions to these. */
int hv_snprintf(char *buf, size_t n, const char *fmt, ...);

#define same(...)                                                            \
	do {                                                                 \
		char a[128], b[128];                                         \
		int la = snprintf(a, sizeof(a), __VA_ARGS__);                \
		int lb = hv_snprintf(b, sizeof(b), __VA_ARGS__);             \
		assert_string_equal(a, b);                                   \
		assert_int_equal(la, lb);                                    \
	} while (0)

static void numbers(void **state)
{
	(void)state;
	same("%d %i %u", -1, 0, 4000000000u);
	same("%ld %lu %zu", INT64_MIN, UINT64_MAX, (size_t)7);
	same("%d", INT32_MIN);
	same("%x %X %#x %#lx", 255u, 255u, 255u, 0xdeadbeeful);
	same("%#x", 0u);
	same("%5d|%-5d|%05d|%5u", -42, -42, -42, 42u);
	same("%08x|%8x|%-8x|", 0xabcu, 0xabcu, 0xabcu);
	same("%.3d|%8.3d|%-8.3d", 7, 7, 7);
	same("%*d|%-*d|", 6, 1, 6, 2);
	same("%#018lx", 0x1234ul);
}

static void strings(void **state)
{
	(void)state;
	same("%s|%10s|%-10s|", "abc", "abc", "abc");
	same("%.2s|%.*s|%5.1s|", "abc", 3, "abcdef", "xyz");
	same("%c|%3c|%-3c|", 'x', 'y', 'z');
	same("100%%");
	same("%s", "");
}

static void too_long(void **state)
{
	char b[4] = "zzz";

	(void)state;
	assert_int_equal(hv_snprintf(b, sizeof(b), "%s", "abcdef"), 6);
	assert_string_equal(b, "abc");
	assert_int_equal(hv_snprintf(b, 1, "%d", 12345), 5);
	assert_string_equal(b, "");
	assert_int_equal(hv_snprintf(NULL, 0, "%d", 12345), 5);
}

/* A format that ends in the middle, an unknown conversion: no reading on. */
static void odd_formats(void **state)
{
	static const char *const unknown = "a%qb", *const half = "a%", *const
		long_half = "a%08l";
	char b[32];

	(void)state;
	hv_snprintf(b, sizeof(b), unknown);
	assert_string_equal(b, "a%?b");
	hv_snprintf(b, sizeof(b), half);
	assert_string_equal(b, "a");
	hv_snprintf(b, sizeof(b), long_half);
	assert_string_equal(b, "a");
	hv_snprintf(b, sizeof(b), "%s", (char *)NULL);
	assert_string_equal(b, "(null)");
	hv_snprintf(b, sizeof(b), "%p", (void *)0x1000);
	assert_string_equal(b, "0000000000001000");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers),
		cmocka_unit_test(strings),
		cmocka_unit_test(too_long),
		cmocka_unit_test(odd_formats),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* core/cmdline.c: which word counts, and what a number may look like. */
#include "fakes.h"

#include <hv/boot.h>

struct boot_info boot_info;

static void words(void **state)
{
	char v[8];

	(void)state;
	strlcpy(boot_info.cmdline, "  com1=115200 xcom1=1 noreboot com1x  a=b=c "
				   "com1=9600",
		sizeof(boot_info.cmdline));
	assert_string_equal(cmdline_get("com1", v, sizeof(v)), "9600");
	assert_string_equal(cmdline_get("noreboot", v, sizeof(v)), "");
	assert_string_equal(cmdline_get("a", v, sizeof(v)), "b=c");
	assert_null(cmdline_get("com", v, sizeof(v)));
	assert_null(cmdline_get("reboot", v, sizeof(v)));
	strlcpy(boot_info.cmdline, "a=0123456789", sizeof(boot_info.cmdline));
	assert_string_equal(cmdline_get("a", v, sizeof(v)), "0123456");
	strlcpy(boot_info.cmdline, "", sizeof(boot_info.cmdline));
	assert_null(cmdline_get("a", v, sizeof(v)));
}

static void booleans(void **state)
{
	(void)state;
	strlcpy(boot_info.cmdline, "a b=0 c=no d=off e=false f=1 g=yes",
		sizeof(boot_info.cmdline));
	assert_true(cmdline_bool("a", false));
	assert_false(cmdline_bool("b", true));
	assert_false(cmdline_bool("c", true));
	assert_false(cmdline_bool("d", true));
	assert_false(cmdline_bool("e", true));
	assert_true(cmdline_bool("f", false));
	assert_true(cmdline_bool("g", false));
	assert_true(cmdline_bool("h", true));
	assert_false(cmdline_bool("h", false));
}

static void sizes(void **state)
{
	static const struct {
		const char *text;
		uint64_t value;
	} rows[] = {
		{"m=512M", 512ul << 20},
		{"m=2g", 2ul << 30},
		{"m=1T", 1ul << 40},
		{"m=4K", 4096},
		{"m=0x10", 16},
		{"m=0xffM", 255ul << 20},
		{"m=18446744073709551615", 99},	/* we stop a little below */
		{"m=17179869184G", 99},
		{"m=", 99},
		{"m=x", 99},
		{"m=5Q", 99},
		{"m=5MB", 99},
		{"m=-1", 99},
		{"m", 99},
		{"", 99},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		strlcpy(boot_info.cmdline, rows[i].text,
			sizeof(boot_info.cmdline));
		assert_int_equal(cmdline_size("m", 99), rows[i].value);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words),
		cmocka_unit_test(booleans),
		cmocka_unit_test(sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* x86/boot/e820.c and memory.c: firmware maps as they come, and who gets what. */
#include "fakes.h"

#include <hv/boot.h>
#include <x86/platform.h>

#include "../../../hypervisor/x86/boot/boot.h"

#define MIB (1ul << 20)

struct boot_info boot_info;

static void check_map(const struct e820_entry *e, unsigned int n,
		      const struct e820_entry *want, unsigned int want_n)
{
	assert_int_equal(n, want_n);
	for (unsigned int i = 0; i < n; i++) {
		assert_int_equal(e[i].addr, want[i].addr);
		assert_int_equal(e[i].size, want[i].size);
		assert_int_equal(e[i].type, want[i].type);
	}
}

/* Unsorted, overlapping, adjacent, ragged: the stricter type wins. */
static void sanitise(void **state)
{
	struct e820_entry in[] = {
		{0x100000, 0x700000, E820_RAM},
		{0, 0x9fc00, E820_RAM},
		{0x9fc00, 0x400, E820_RESERVED},
		{0x300000, 0x1000, E820_ACPI},
		{0x300800, 0x1000, E820_NVS},
		{0x800000, 0x800000, E820_RAM},
		{0x900000, 0, E820_RESERVED},
		{0xfffff000, 0x2000, 77},
	};
	const struct e820_entry want[] = {
		{0, 0x9f000, E820_RAM},
		{0x9f000, 0x1000, E820_RESERVED},
		{0x100000, 0x200000, E820_RAM},
		{0x300000, 0x2000, E820_NVS},
		{0x302000, 0xcfe000, E820_RAM},
		{0xfffff000, 0x2000, 77},
	};
	struct e820_entry out[16];
	unsigned int n = e820_sanitise(in, ARRAY_SIZE(in), out, 16);

	(void)state;
	check_map(out, n, want, ARRAY_SIZE(want));
}

static void sanitise_extremes(void **state)
{
	struct e820_entry out[4];
	struct e820_entry wraps[] = {{0x1000, UINT64_MAX, E820_RAM},
				     {UINT64_MAX - 10, 5, E820_RAM}};
	struct e820_entry many[] = {{0x1000, 0x1000, 1}, {0x3000, 0x1000, 1},
				    {0x5000, 0x1000, 1}};
	struct e820_entry tiny[] = {{0x1800, 0x1000, E820_RAM}};

	(void)state;
	assert_int_equal(e820_sanitise(wraps, 2, out, 4), 1);
	assert_int_equal(out[0].addr, 0x1000);
	assert_int_equal(e820_sanitise(many, 3, out, 2), 0);
	assert_int_equal(e820_sanitise(tiny, 1, out, 4), 0);
	assert_int_equal(e820_sanitise(NULL, 0, out, 4), 0);
}

static uint64_t added;
static uint64_t ranges[16][2];
static unsigned int range_nr;

static void add(mfn_t start, mfn_t end)
{
	assert_true(start.v < end.v);
	ranges[range_nr][0] = mfn_to_addr(start);
	ranges[range_nr++][1] = mfn_to_addr(end);
	added += end.v - start.v;
}

/* Everything that is RAM is either handed out once or kept, never both. */
static void take_and_free(void **state)
{
	uint64_t a, b, c;

	(void)state;
	boot_info.e820_nr = 3;
	boot_info.e820[0] = (struct e820_entry){0, 0x9f000, E820_RAM};
	boot_info.e820[1] = (struct e820_entry){MIB, 31 * MIB, E820_RAM};
	boot_info.e820[2] = (struct e820_entry){64 * MIB, 4 * MIB, E820_RAM};
	boot_reserve(0, MIB);
	boot_reserve(MIB, 2 * MIB);		/* the image */
	boot_reserve(2 * MIB, 3 * MIB);		/* modules behind it */
	boot_reserve(3 * MIB, 3 * MIB + 4096);

	a = boot_alloc(4096, 4096, 0);
	assert_int_equal(a, 68 * MIB - 4096);
	b = boot_alloc(10, 2 * MIB, 0);
	assert_int_equal(b, 66 * MIB);
	c = boot_alloc(5 * MIB, 4096, 64 * MIB);
	assert_int_equal(c, 27 * MIB);
	boot_unreserve(2 * MIB, 3 * MIB);

	boot_free_ram(add);
	assert_int_equal(added, (31 + 4) * 256 - 256 - 1 - 1 - 1 - 5 * 256);
	for (unsigned int i = 1; i < range_nr; i++)
		assert_true(ranges[i - 1][1] <= ranges[i][0]);
	assert_int_equal(ranges[0][0], 2 * MIB);
	expect_panic("no 40960 KiB", boot_alloc(40 * MIB, 4096, 0));
	expect_panic("was not reserved", boot_unreserve(1, 2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sanitise),
		cmocka_unit_test(sanitise_extremes),
		cmocka_unit_test(take_and_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

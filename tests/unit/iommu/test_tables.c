/*
 * The parsers of DMAR and IVRS: tables as firmware makes them, and lies. What is
 * wrong in any length is refused as a whole. The table lies at the end of a block
 * of memory, so that the address sanitizer sees a read beyond it.
 */
#include <stdlib.h>

#include "../plat/fakes.h"

#include <x86/iommu.h>

unsigned int host_phys_bits = 40;

static uint8_t bytes[4096];
static unsigned int len;

/* @v, and zeroes up to @size bytes. */
static void put(uint64_t v, unsigned int size)
{
	memset(bytes + len, 0, size);
	memcpy(bytes + len, &v, MIN(size, 8u));
	len += size;
}

static void begin(void)
{
	memset(bytes, 0, sizeof(bytes));
	len = 36;
	put(38, 1);
	put(0, 11);
}

/* What the parser makes of the first @n bytes. */
static void parse(void (*fn)(const struct acpi_header *h), unsigned int n)
{
	struct acpi_header *h = malloc(n);

	memcpy(bytes + 4, &n, 4);
	memcpy(h, bytes, n);
	memset(&iommu_tables, 0, sizeof(iommu_tables));
	fn(h);
	free(h);
}

static void drhd(uint8_t flags, uint16_t segment, uint64_t regs, unsigned int scopes)
{
	put(0, 2);
	put(16 + 8 * scopes, 2);
	put(flags, 2);
	put(segment, 2);
	put(regs, 8);
	while (scopes--) {
		put(1, 1);
		put(8, 1);
		put(0, 4);
		put(2 | 1 << 8, 2);	/* device 2, function 1 of bus 0 */
	}
}

static void rmrr(uint64_t first, uint64_t last)
{
	put(1, 2);
	put(32, 2);
	put(0, 4);
	put(first, 8);
	put(last, 8);
	put(1 | 8 << 8, 8);
}

static void good_dmar(void **state)
{
	begin();
	drhd(0, 0, 0xfed90000, 1);
	drhd(1, 0, 0xfed91000, 3);
	put(2, 2);		/* ATSR: passed over */
	put(8, 2);
	put(0, 4);
	rmrr(0x7b000000, 0x7b7fffff);
	parse(dmar_parse, len);
	assert_null(iommu_tables.wrong);
	assert_false(iommu_tables.amd);
	assert_int_equal(iommu_tables.unit_nr, 2);
	assert_int_equal(iommu_tables.unit[0].regs, 0xfed90000);
	assert_false(iommu_tables.unit[0].all);
	assert_true(iommu_tables.unit[1].all);
	assert_int_equal(iommu_tables.scope_nr, 4);
	assert_int_equal(iommu_tables.scope[3].hops, 1);
	assert_int_equal(iommu_tables.scope[3].devfn[0], 2 << 3 | 1);
	assert_int_equal(iommu_tables.range_nr, 1);
	assert_int_equal(iommu_tables.range[0].start, 0x7b000000);
	assert_int_equal(iommu_tables.range[0].end, 0x7b800000);
}

static void dmar_cut_anywhere(void **state)
{
	unsigned int whole;

	begin();
	drhd(1, 0, 0xfed90000, 2);
	whole = len;
	rmrr(0x7b000000, 0x7b7fffff);
	for (unsigned int n = 36; n < len; n++) {
		parse(dmar_parse, n);
		if (n != whole && n != 48)
			assert_non_null(iommu_tables.wrong);
	}
}

static void expect_wrong(void (*fn)(const struct acpi_header *h))
{
	parse(fn, len);
	assert_non_null(iommu_tables.wrong);
}

static void dmar_lies(void **state)
{
	static const struct {
		unsigned int at;
		uint8_t val;
	} rows[] = {
		{50, 0}, {50, 3}, {50, 15}, {50, 200},		/* length of the unit */
		{51, 0xff},
		{65, 0}, {65, 6}, {65, 7}, {65, 9}, {65, 255},	/* of its scope */
		{56, 1}, {61, 0xff}, {63, 0x80},			/* its registers */
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		begin();
		drhd(1, 0, 0xfed90000, 1);
		bytes[rows[i].at] = rows[i].val;
		expect_wrong(dmar_parse);
	}
	begin();
	drhd(1, 0, 0xfed90000, 0);
	drhd(0, 1, 0xfed90000, 0);		/* the same registers */
	expect_wrong(dmar_parse);
	begin();
	rmrr(0x8000, 0x7fff);
	expect_wrong(dmar_parse);
	begin();
	rmrr(0, UINT64_MAX);
	expect_wrong(dmar_parse);
	begin();
	rmrr(1ull << 39, (1ull << 39) + (1ull << 30));	/* over a GiB */
	expect_wrong(dmar_parse);
	begin();
	for (unsigned int i = 0; i <= IOMMU_UNITS_MAX; i++)
		drhd(0, 0, 0xfe000000 + i * 0x1000, 0);
	expect_wrong(dmar_parse);
	assert_int_equal(iommu_tables.unit_nr, IOMMU_UNITS_MAX);
	begin();
	for (unsigned int i = 0; i <= IOMMU_RANGES_MAX; i++)
		rmrr(0x1000, 0x1fff);
	expect_wrong(dmar_parse);
}

static void ivhd(uint8_t type, uint64_t regs, const void *devices, unsigned int n)
{
	put(type, 1);
	put(1, 1);
	put((type == 0x10 ? 24 : 40) + n, 2);
	put(0x10, 2);
	put(0x40, 2);
	put(regs, 8);
	put(0, type == 0x10 ? 8 : 24);
	memcpy(bytes + len, devices, n);
	len += n;
}

static void ivmd(uint8_t flags, uint64_t start, uint64_t size)
{
	put(0x20, 1);
	put(flags, 1);
	put(32, 2);
	put(0, 12);
	put(start, 8);
	put(size, 8);
}

static const uint8_t devices[] = {
	3, 8, 0, 0, 4, 0xff, 0xff, 0,			/* a range */
	0x48, 0, 0, 0, 0, 0xa0, 0, 2,			/* 8 bytes: an IO-APIC */
	240, 0, 0, 0, 'A', 'M', 'D', 'I', '0', '0', '2', '0', 0, 0, 0, 0, 0, 0, 0, 0, 2, 3,
	'a', 'b', 'c',					/* by its name */
};

static void good_ivrs(void **state)
{
	begin();
	ivhd(0x10, 0xfeb80000, devices, 16);
	ivhd(0x11, 0xfeb80000, devices, 16);
	ivhd(0x40, 0xfeb80000, devices, sizeof(devices));
	ivmd(7, 0x1000, 0x1800);
	ivmd(0, 0x9000, 0x1000);		/* neither unity nor exclusion */
	ivmd(3, 0x5000, 0x1000);
	parse(ivrs_parse, len);
	assert_null(iommu_tables.wrong);
	assert_true(iommu_tables.amd);
	assert_int_equal(iommu_tables.unit_nr, 1);
	assert_int_equal(iommu_tables.unit[0].function, 0x10);
	assert_int_equal(iommu_tables.unit[0].cap, 0x40);
	assert_int_equal(iommu_tables.unit[0].flags, 1);
	assert_int_equal(iommu_tables.range_nr, 2);
	assert_int_equal(iommu_tables.range[0].end, 0x3000);
	assert_true(iommu_tables.range[0].write);
	assert_false(iommu_tables.range[1].write);
}

static void ivrs_cut_anywhere(void **state)
{
	unsigned int first;

	begin();
	ivhd(0x40, 0xfeb80000, devices, sizeof(devices));
	first = len;
	ivmd(7, 0x1000, 0x1000);
	for (unsigned int n = 36; n < len; n++) {
		parse(ivrs_parse, n);
		if (n != first && n != 48)
			assert_non_null(iommu_tables.wrong);
	}
	/* The same with the unit's own length cut: inside one of its devices. */
	for (unsigned int n = 1; n < sizeof(devices); n++) {
		begin();
		ivhd(0x40, 0xfeb80000, devices, n);
		parse(ivrs_parse, len);
		if (n != 4 && n != 8 && n != 16)
			assert_non_null(iommu_tables.wrong);
	}
}

static void ivrs_lies(void **state)
{
	begin();
	ivhd(0x10, 0xfeb80000, devices, 8);
	ivhd(0x10, 0xfeb80000, devices, 8);	/* twice */
	expect_wrong(ivrs_parse);
	begin();
	ivhd(0x10, 0xfeb80000, (const uint8_t[4]){241}, 4);	/* no such entry */
	expect_wrong(ivrs_parse);
	begin();
	ivmd(1, 0x1000, 0);
	expect_wrong(ivrs_parse);
	begin();
	ivmd(1, UINT64_MAX - 0xfff, 0x1000);
	expect_wrong(ivrs_parse);
}

/* One machine has one kind. */
static void both(void **state)
{
	begin();
	drhd(1, 0, 0xfed90000, 0);
	parse(dmar_parse, len);
	assert_null(iommu_tables.wrong);
	ivrs_parse((const struct acpi_header *)bytes);
	assert_non_null(iommu_tables.wrong);
}

static void random_bytes(void **state)
{
	srand(7);
	for (unsigned int n = 0; n < 20000; n++) {
		unsigned int size = 36 + (unsigned int)rand() % 300;

		begin();
		drhd(1, 0, 0xfed90000, 2);
		ivhd(0x11, 0xfeb80000, devices, sizeof(devices));
		for (unsigned int i = 0; i < 12; i++)
			bytes[48 + rand() % 200] = (uint8_t)rand();
		parse(n % 2 ? dmar_parse : ivrs_parse, size);
		assert_true(iommu_tables.unit_nr <= IOMMU_UNITS_MAX);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_dmar),
		cmocka_unit_test(dmar_cut_anywhere),
		cmocka_unit_test(dmar_lies),
		cmocka_unit_test(good_ivrs),
		cmocka_unit_test(ivrs_cut_anywhere),
		cmocka_unit_test(ivrs_lies),
		cmocka_unit_test(both),
		cmocka_unit_test(random_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

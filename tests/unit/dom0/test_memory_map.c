/*
 * The memory map given to the control domain (guest-abi A6). Its story: Linux
 * takes the first unlisted stretch of the map for its grant mappings. When that
 * was the PCI hole, devices lost their registers to it. So: every byte below
 * the scratch window is listed, nothing from the window on is, RAM that is not
 * the control domain's is never called RAM, and holes are never "busy" types.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include <hv/boot.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/page.h>

#include <x86/dom0.h>
#include <x86/platform.h>

#define MIB (1ul << 20)
#define GIB (1ul << 30)

/* --- what memory.c needs of the rest ------------------------------------- */

struct boot_info boot_info;
unsigned int host_phys_bits = 40;
static uint64_t pci_top;

uint64_t pci_highest_address(void)
{
	return pci_top;
}

void panic(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	fail();
	abort();
}

void machine_refuse(const char *what, const char *why, const char *todo)
{
	print_error("%s: %s: %s\n", what, why, todo);
	fail();
	abort();
}

struct page *mfn_to_page(mfn_t mfn)
{
	(void)mfn;
	return NULL;
}

int page_alloc_reserve(mfn_t start, uint64_t nr, domid_t owner)
{
	(void)start;
	(void)nr;
	(void)owner;
	return -EBUSY;
}

void page_alloc_adopt(mfn_t start, uint64_t nr, domid_t owner)
{
	(void)start;
	(void)nr;
	(void)owner;
}

uint64_t page_nr_total(void)
{
	return 0;
}

uint64_t cmdline_size(const char *name, uint64_t dflt)
{
	(void)name;
	return dflt;
}

/* --- the properties --------------------------------------------------------- */

static uint32_t type_at(const struct e820_entry *m, unsigned int nr, uint64_t a)
{
	for (unsigned int i = 0; i < nr; i++)
		if (a >= m[i].addr && a - m[i].addr < m[i].size)
			return m[i].type;
	return 0;
}

static bool in_ranges(const struct dom0_plan *p, uint64_t a)
{
	for (unsigned int i = 0; i < p->ram_nr; i++)
		if (a >= p->ram[i].start && a < p->ram[i].end)
			return true;
	return false;
}

static void check_point(const struct e820_entry *host, unsigned int host_nr,
			const struct dom0_plan *p, const struct e820_entry *out,
			unsigned int nr, uint64_t a)
{
	uint32_t h = type_at(host, host_nr, a), got = type_at(out, nr, a);

	if (a >= p->scratch) {
		assert_int_equal(got, 0);
		return;
	}
	if (a < MIB || (a >= 0xfec00000 && a < 4 * GIB)) {
		if (h && h != E820_RAM)
			assert_int_equal(got, h);
		return;
	}
	if (a >= p->acpi && a < p->acpi + p->acpi_size)
		assert_int_equal(got, E820_ACPI);
	else if (in_ranges(p, a))
		assert_int_equal(got, E820_RAM);
	else if (h == E820_RAM)
		assert_int_equal(got, E820_UNUSABLE);
	else if (h)
		assert_int_equal(got, h);
	else
		assert_int_equal(got, E820_RESERVED);
}

static void check_map(const struct e820_entry *host, unsigned int host_nr,
		      const struct dom0_plan *p)
{
	struct e820_entry out[E820_MAX];
	unsigned int nr = dom0_make_e820(host, host_nr, p, out, E820_MAX - 1);

	assert_true(nr < E820_MAX);
	for (unsigned int i = 0; i < nr; i++) {
		if (i)
			assert_true(out[i].addr >=
				    out[i - 1].addr + out[i - 1].size);
		check_point(host, host_nr, p, out, nr, out[i].addr);
		if (out[i].size)
			check_point(host, host_nr, p, out, nr,
				    out[i].addr + out[i].size - 1);
		check_point(host, host_nr, p, out, nr,
			    out[i].addr + out[i].size);
	}
	for (uint64_t a = 0; a < p->scratch; a += 64 * MIB + PAGE_SIZE)
		check_point(host, host_nr, p, out, nr, a);
	check_point(host, host_nr, p, out, nr, p->scratch);
}

/* QEMU q35 with 3 GiB, as SeaBIOS tells it. */
static const struct e820_entry q35[] = {
	{0, 0x9fc00, E820_RAM},
	{0x9fc00, 0x400, E820_RESERVED},
	{0xf0000, 0x10000, E820_RESERVED},
	{0x100000, 0x7fedf000, E820_RAM},
	{0x7ffdf000, 0x21000, E820_RESERVED},
	{0xb0000000, 0x10000000, E820_RESERVED},
	{0xfed1c000, 0x4000, E820_RESERVED},
	{0xfffc0000, 0x40000, E820_RESERVED},
	{0x100000000, 0x40000000, E820_RAM},
	{0xfd00000000, 0x300000000, E820_RESERVED},
};

static void test_q35(void **state)
{
	struct dom0_plan p = {
		.ram = {{0, 0x9f000},
			{0x400000, 0x20000000},
			{0x100000000, 0x110000000}},
		.ram_nr = 3,
		.acpi = 0x5000000,
		.acpi_size = 0x2000,
	};

	(void)state;
	boot_info.e820_nr = ARRAY_SIZE(q35);
	memcpy(boot_info.e820, q35, sizeof(q35));
	p.scratch = dom0_scratch_base(host_phys_bits);
	assert_int_equal(p.scratch, 512 * GIB);
	check_map(q35, ARRAY_SIZE(q35), &p);
}

static void test_window_lies_above_pci(void **state)
{
	(void)state;
	boot_info.e820_nr = ARRAY_SIZE(q35);
	memcpy(boot_info.e820, q35, sizeof(q35));
	host_phys_bits = 46;
	pci_top = 600 * GIB + 12345;
	assert_int_equal(dom0_scratch_base(host_phys_bits), 601 * GIB);
	pci_top = 0;
	/* An IOMMU of 39 bits: lower; memory that leaves no room there: nothing. */
	assert_int_equal(dom0_scratch_base(39), 256 * GIB);
	pci_top = 500 * GIB;
	assert_int_equal(dom0_scratch_base(39), 0);
	pci_top = 0;
	host_phys_bits = 36;
	assert_int_equal(dom0_scratch_base(host_phys_bits), 32 * GIB);
	host_phys_bits = 40;
}

/* A map without holes in the low part, RAM ends unaligned. */
static void test_unaligned_ram(void **state)
{
	static const struct e820_entry host[] = {
		{0, 0x9f400, E820_RAM},
		{0x100000, 0x1ff00123, E820_RAM},
		{0x20100000, 0x1000, E820_NVS},
	};
	struct dom0_plan p = {
		.ram = {{0, 0x9f000}, {0x1000000, 0x10000000}},
		.ram_nr = 2,
		.acpi = 0x2000000,
		.acpi_size = 0x1000,
		.scratch = 64 * GIB,
	};
	struct e820_entry out[E820_MAX];
	unsigned int nr;

	(void)state;
	nr = dom0_make_e820(host, ARRAY_SIZE(host), &p, out, E820_MAX - 1);
	assert_int_equal(type_at(out, nr, 0x1fffffff), E820_UNUSABLE);
	assert_int_equal(type_at(out, nr, 0x20000000), E820_RESERVED);
	assert_int_equal(type_at(out, nr, 0x20100000), E820_NVS);
	assert_int_equal(type_at(out, nr, 0x2000000), E820_ACPI);
	assert_int_equal(type_at(out, nr, 64 * GIB), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_q35),
		cmocka_unit_test(test_window_lies_above_pci),
		cmocka_unit_test(test_unaligned_ram),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * x86/acpi.c with tables made here: good ones, and what broken firmware shows.
 * map_firmware() of the fakes panics outside the memory, so a read that
 * follows a bad length is seen.
 */
#include <stdlib.h>

#include "fakes.h"

#include <hv/boot.h>
#include <x86/acpi.h>

#define MEMORY_BITS 21u
#define MEMORY	(1u << MEMORY_BITS)
#define RSDP	0xe0040u
#define XSDT	0x100000u
#define MADT	0x110000u
#define FADT	0x120000u
#define DSDT	0x130000u
#define MCFG	0x140000u
#define SPCR	0x150000u

struct boot_info boot_info;

static unsigned int xsdt_nr;
unsigned int host_phys_bits;

static void checksum(uint32_t at, uint32_t len, uint32_t field)
{
	uint8_t sum = 0;

	fake_ram[at + field] = 0;
	for (uint32_t i = 0; i < len; i++)
		sum = (uint8_t)(sum + (uint8_t)fake_ram[at + i]);
	fake_ram[at + field] = (char)-sum;
}

static void put(uint32_t at, uint64_t v, unsigned int size)
{
	memcpy(fake_ram + at, &v, size);
}

static void seal(uint32_t at)
{
	uint32_t len;

	memcpy(&len, fake_ram + at + 4, 4);
	checksum(at, len, 9);
}

static void table(uint32_t at, const char *sig, uint32_t len)
{
	memcpy(fake_ram + at, sig, 4);
	put(at + 4, len, 4);
	seal(at);
}

static void list_table(uint32_t at)
{
	put(XSDT + 36 + xsdt_nr++ * 8, at, 8);
	put(XSDT + 4, 36 + xsdt_nr * 8, 4);
	seal(XSDT);
}

/* Appends @n bytes to the table at @at. */
static void append(uint32_t at, const void *p, uint32_t n)
{
	uint32_t len;

	memcpy(&len, fake_ram + at + 4, 4);
	memcpy(fake_ram + at + len, p, n);
	put(at + 4, len + n, 4);
	seal(at);
}

static void append_cpu(uint8_t id, uint8_t flags)
{
	uint8_t e[8] = {0, 8, id, id, flags};

	append(MADT, e, 8);
}

static void append_ioapic(uint32_t addr, uint32_t gsi)
{
	uint8_t e[12] = {1, 12, 0};

	memcpy(e + 4, &addr, 4);
	memcpy(e + 8, &gsi, 4);
	append(MADT, e, 12);
}

static int setup(void **state)
{
	(void)state;
	host_phys_bits = 40;
	fake_memory(MEMORY);
	memcpy(fake_ram + RSDP, "RSD PTR ", 8);
	fake_ram[RSDP + 15] = 2;
	put(RSDP + 20, 36, 4);
	put(RSDP + 24, XSDT, 8);
	checksum(RSDP, 20, 8);
	checksum(RSDP, 36, 32);
	xsdt_nr = 0;
	table(XSDT, "XSDT", 36);
	table(MADT, "APIC", 44);
	put(MADT + 36, 0xfee00000, 4);
	seal(MADT);
	append_cpu(0, 1);
	append_cpu(1, 1);
	append_cpu(2, 0);
	append_ioapic(0xfec00000, 0);
	append(MADT, (uint8_t[]){2, 10, 0, 0, 2, 0, 0, 0, 0, 0}, 10);
	list_table(MADT);
	table(FADT, "FACP", 244);
	put(FADT + 40, DSDT, 4);
	put(FADT + 46, 9, 2);
	put(FADT + 64, 0x604, 4);
	put(FADT + 76, 0x608, 4);
	fake_ram[FADT + 91] = 4;
	put(FADT + 112, 1u << 10, 4);
	put(FADT + 116, 0x0801, 2);
	put(FADT + 120, 0xcf9, 8);
	fake_ram[FADT + 128] = 0xf;
	seal(FADT);
	list_table(FADT);
	table(DSDT, "DSDT", 36);
	append(DSDT, "\x08\\_S5_\x12\x0a\x04\x0a\x05\x0a\x06\x00\x00", 14);
	log_lines = 0;
	return 0;
}

static void good(void **state)
{
	static const uint8_t mcfg[24] = {[11] = 0xe0, [19] = 255};

	(void)state;
	table(MCFG, "MCFG", 36);
	append(MCFG, mcfg, 24);
	list_table(MCFG);
	acpi_init();
	assert_int_equal(acpi.cpu_nr, 2);
	assert_int_equal(acpi.cpu_apic_id[1], 1);
	assert_int_equal(acpi.ioapic_nr, 1);
	assert_int_equal(acpi.ioapic[0].addr, 0xfec00000);
	assert_int_equal(acpi.iso_nr, 1);
	assert_int_equal(acpi.iso[0].gsi, 2);
	assert_int_equal(acpi.lapic_addr, 0xfee00000);
	assert_int_equal(acpi.pm_tmr, 0x608);
	assert_int_equal(acpi.pm1a_cnt, 0x604);
	assert_int_equal(acpi.reset_reg.address, 0xcf9);
	assert_int_equal(acpi.reset_value, 0xf);
	assert_int_equal(acpi.dsdt, DSDT);
	assert_true(acpi.s5_valid);
	assert_int_equal(acpi.s5_typ_a, 5);
	assert_int_equal(acpi.s5_typ_b, 6);
	assert_int_equal(acpi.mcfg_nr, 1);
	assert_int_equal(acpi.mcfg[0].base, 0xe0000000);
	assert_int_equal(acpi.mcfg[0].end_bus, 255);
}

/* UEFI: no BIOS area holds the root pointer, the boot loader gives a copy. */
static void given_by_the_loader(void **state)
{
	(void)state;
	memcpy(boot_info.rsdp, fake_ram + RSDP, sizeof(boot_info.rsdp));
	fake_ram[RSDP] = 'X';
	acpi_init();
	assert_int_equal(acpi.cpu_nr, 2);
	boot_info.rsdp[30] ^= 1;
	expect_panic("no ACPI tables", acpi_init());
	memset(boot_info.rsdp, 0, sizeof(boot_info.rsdp));
}

static void no_tables(void **state)
{
	(void)state;
	fake_ram[RSDP] = 'X';
	expect_panic("no ACPI tables", acpi_init());
}

static void bad_rsdp_checksum(void **state)
{
	(void)state;
	fake_ram[RSDP + 30] ^= 1;
	expect_panic("no ACPI tables", acpi_init());
}

static void bad_table_checksum(void **state)
{
	(void)state;
	fake_ram[MADT + 20] ^= 1;
	expect_panic("no usable interrupt controllers", acpi_init());
	seal(MADT);
	fake_ram[FADT + 20] ^= 1;
	acpi_init();
	assert_false(acpi.s5_valid);
	assert_int_equal(acpi.pm_tmr, 0);
}

static void bad_lengths(void **state)
{
	static const uint32_t lengths[] = {0, 35, 0x80000000, 0xffffffff};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		put(FADT + 4, lengths[i], 4);
		acpi_init();
		assert_int_equal(acpi.dsdt, 0);
	}
	put(XSDT + 4, 40, 4);	/* half an entry */
	seal(XSDT);
	expect_panic("no usable interrupt controllers", acpi_init());
}

static void bad_madt_entries(void **state)
{
	(void)state;
	append(MADT, (uint8_t[]){0, 2}, 2);		/* too short for a CPU */
	append(MADT, (uint8_t[]){77, 3, 0}, 3);		/* unknown: skipped */
	append_cpu(7, 1);
	append(MADT, (uint8_t[]){0, 0}, 2);		/* would never end */
	append_cpu(8, 1);
	acpi_init();
	assert_int_equal(acpi.cpu_nr, 3);
	assert_int_equal(acpi.cpu_apic_id[2], 7);
}

static void entry_beyond_the_end(void **state)
{
	(void)state;
	append(MADT, (uint8_t[]){0, 8, 9, 9}, 4);
	acpi_init();
	assert_int_equal(acpi.cpu_nr, 2);
}

static void doubles_and_floods(void **state)
{
	(void)state;
	append_cpu(1, 1);
	append_ioapic(0xfec00000, 24);
	append_ioapic(0xfec01000, 0);	/* the first one's interrupts */
	append(MADT, (uint8_t[]){2, 10, 0, 0, 5, 0, 0, 0, 0, 0}, 10);
	append(MADT, (uint8_t[]){2, 10, 0, 99, 5, 0, 0, 0, 0, 0}, 10);
	for (unsigned int i = 0; i < 30; i++)
		append_ioapic(0xfec10000 + i * 0x1000, 24 + i);
	for (uint32_t i = 0; i < 2 * MAX_CPUS; i++) {
		uint32_t e[4] = {0x1009, 1000 + i, 1, 0};

		append(MADT, e, 16);
	}
	list_table(MADT);
	list_table(FADT);
	acpi_init();
	assert_int_equal(acpi.cpu_nr, MAX_CPUS);
	assert_int_equal(acpi.ioapic_nr, ACPI_IOAPIC_MAX);
	assert_int_equal(acpi.iso_nr, 1);
	assert_int_equal(acpi.iso[0].gsi, 2);
}

static void s5_shapes(void **state)
{
	static const struct {
		const char *aml;
		uint32_t len;
		int valid, a, b;
	} rows[] = {
		{"\x08_S5_\x12\x06\x04\x00\x00\x00\x00", 12, 1, 0, 0},
		{"\x08_S5_\x12\x06\x04\x01\x01\x00\x00", 12, 1, 1, 1},
		{"\x08_S5_\x12\x08\x01\x0a\x07", 10, 1, 7, 7},
		{"\x08_S5_\x12\x46\x00\x04\x0b\x03\x00\x0c\x02\x00\x00\x00",
		 17, 1, 3, 2},
		{"\x08_S5_\x12\x06\x04\x0a\x08\x00", 11, 0, 0, 0},
		{"\x08_S5_\x12\x06\x04\x0a", 9, 0, 0, 0},
		{"\x08_S5_\x12", 6, 0, 0, 0},
		{"\x08_S5_\x12\xff", 7, 0, 0, 0},
		{"\x08_S5_", 5, 0, 0, 0},
		{"\x10_S5_\x12\x06\x04\x00\x00", 10, 0, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		table(DSDT, "DSDT", 36);
		append(DSDT, rows[i].aml, rows[i].len);
		acpi_init();
		assert_int_equal(acpi.s5_valid, rows[i].valid);
		assert_int_equal(acpi.s5_typ_a, rows[i].a);
		assert_int_equal(acpi.s5_typ_b, rows[i].b);
	}
}

/* Any byte of any table changed, checksum made good again: no stray read. */
static void random_damage(void **state)
{
	static const uint32_t at[] = {MADT, FADT, DSDT, XSDT};

	static unsigned int i;	/* these survive longjmp() */
	static uint32_t t;

	srand(3);
	for (i = 0; i < 3000; i++) {
		t = at[i % 4];
		setup(state);
		for (int k = 0; k < 4; k++)
			fake_ram[t + 36 + (uint32_t)rand() % 100] = (char)rand();
		seal(t);
		host_phys_bits = MEMORY_BITS;
		panic_expected = 1;
		if (!setjmp(panic_env)) {
			acpi_init();
			panic_expected = 0;
		} else {
			assert_null(strstr(panic_text, "map_firmware"));
		}
	}
}

/*
 * Pointers to where nothing can be, and a table that leads out of there. Mapping
 * such an address would be a fault of the hypervisor's own.
 */
static void wild_pointers(void **state)
{
	static const uint64_t wild[] = {UINT64_MAX, UINT64_MAX - 36, 1ull << 63,
					MEMORY, MEMORY - 8};
	static const uint8_t mcfg[48] = {[15] = 0x80, [24 + 3] = 0xe0, [24 + 11] = 255};

	(void)state;
	host_phys_bits = MEMORY_BITS;
	for (size_t i = 0; i < ARRAY_SIZE(wild); i++)
		list_table(0);
	for (size_t i = 0; i < ARRAY_SIZE(wild); i++) {
		for (size_t n = 0; n < ARRAY_SIZE(wild); n++)
			put(XSDT + 36 + (2 + n) * 8, wild[n], 8);
		seal(XSDT);
		put(FADT + 140, wild[i], 8);
		seal(FADT);
		acpi_init();
		assert_int_equal(acpi.cpu_nr, 2);
		assert_false(acpi.s5_valid);
	}
	memcpy(fake_ram + MEMORY - 36, "SSDT\xff\0\0", 8);
	put(XSDT + 36 + 2 * 8, MEMORY - 36, 8);
	table(MCFG, "MCFG", 36);
	append(MCFG, mcfg, 48);
	list_table(MCFG);
	fake_ram[FADT + 116] = 0;		/* reset by memory ... */
	put(FADT + 120, 1ull << 40, 8);		/* ... that there is not */
	seal(FADT);
	acpi_init();
	assert_int_equal(acpi.mcfg_nr, 0);
	assert_int_equal(acpi.reset_reg.address, 0);
	put(RSDP + 24, 1ull << 40, 8);
	checksum(RSDP, 36, 32);
	expect_panic("no usable interrupt controllers", acpi_init());
}

/* One inside the other, or the same twice: read as they are, nothing counted double. */
static void overlapping_tables(void **state)
{
	(void)state;
	append(DSDT, fake_ram + MADT, 80);	/* a MADT, sealed, inside the DSDT */
	list_table(DSDT + 50);
	list_table(MADT);
	acpi_init();
	assert_int_equal(acpi.cpu_nr, 2);
	assert_int_equal(acpi.ioapic_nr, 1);
	assert_true(acpi.s5_valid);
}

static void append_mcfg(uint64_t base, uint16_t segment, uint8_t first, uint8_t last)
{
	uint8_t e[16] = {[10] = first, [11] = last};

	memcpy(e, &base, 8);
	memcpy(e + 8, &segment, 2);
	append(MCFG, e, 16);
}

/* Segments of a large machine; and windows that are each other, RAM, or nowhere. */
static void pci_segments(void **state)
{
	(void)state;
	boot_info.e820[0] = (struct e820_entry){0, MEMORY, E820_RAM};
	boot_info.e820_nr = 1;
	table(MCFG, "MCFG", 44);
	append_mcfg(0xe0000000, 0, 0, 127);
	append_mcfg(0x8000000000, 1, 0, 255);
	append_mcfg(0x8010000000, 2, 16, 31);
	append_mcfg(0x8010000000, 3, 0, 15);	/* the free part below */
	append_mcfg(0x9000000000, 1, 200, 210);	/* buses that have one */
	append_mcfg(0x8011800000, 4, 0, 8);	/* inside segment 2's */
	append_mcfg(0x9000000800, 5, 0, 255);	/* not aligned */
	append_mcfg(0x9000000000, 6, 9, 8);	/* last before first */
	append_mcfg(0x100000, 7, 0, 0);		/* in RAM */
	append_mcfg(0xfff0000000, 8, 0, 255);	/* the last there can be */
	append_mcfg(0xfff8000000, 9, 0, 255);	/* beyond */
	append_mcfg(UINT64_MAX << 20, 10, 0, 255);
	append_mcfg(0xd0000000, 0, 128, 128);	/* segment 0 goes on elsewhere */
	list_table(MCFG);
	acpi_init();
	boot_info.e820_nr = 0;
	assert_int_equal(acpi.mcfg_nr, 6);
	for (unsigned int i = 0; i < 4; i++)
		assert_int_equal(acpi.mcfg[i].segment, i);
	assert_int_equal(acpi.mcfg[4].segment, 8);
	assert_int_equal(acpi.mcfg[5].start_bus, 128);
	assert_int_equal(log_lines, 8);	/* the others, and the summary */
	for (uint16_t i = 0; i < 20; i++)
		append_mcfg(0xa000000000 + (0x10000000ull * i), 100 + i, 0, 255);
	acpi_init();
	assert_int_equal(acpi.mcfg_nr, ACPI_MCFG_MAX);
}

/* Ids with gaps, beyond eight bits, one CPU told in both ways; several IO-APICs. */
static void large_machine(void **state)
{
	(void)state;
	boot_info.e820[0] = (struct e820_entry){0, MEMORY, E820_RAM};
	boot_info.e820_nr = 1;
	for (uint32_t i = 0; i < 600; i++) {
		uint32_t e[4] = {0x1009, i * 3 + 1, 1, i};

		append(MADT, e, 16);	/* 1 was there as a local APIC */
	}
	append(MADT, (uint32_t[]){0x1009, 0xffffffff, 1, 600}, 16);
	append(MADT, (uint32_t[]){0x1009, 5000, 0, 601}, 16);
	for (uint32_t i = 1; i < 9; i++)
		append_ioapic(0xfec00000 + i * 0x1000, i * 24);
	append_ioapic(0x100000, 500);	/* in RAM */
	append_ioapic(0xfed00000, 24 * 8);
	acpi_init();
	boot_info.e820_nr = 0;
	assert_int_equal(acpi.cpu_nr, MIN(601, MAX_CPUS));
	assert_int_equal(acpi.cpu_apic_id[0], 0);
	assert_int_equal(acpi.cpu_apic_id[1], 1);
	for (unsigned int i = 2; i < acpi.cpu_nr; i++)
		assert_int_equal(acpi.cpu_apic_id[i], (i - 1) * 3 + 1);
	assert_int_equal(acpi.ioapic_nr, 9);
	assert_int_equal(acpi.ioapic[8].gsi_base, 192);
}

/* A firmware's serial console is used when it is a 16550 on ports. */
static void serial_console(void **state)
{
	(void)state;
	table(SPCR, "SPCR", 80);
	fake_ram[SPCR + 40] = 1;		/* ports */
	put(SPCR + 44, 0x2f8, 8);
	fake_ram[SPCR + 52] = 3;		/* 8259A and IO-APIC */
	fake_ram[SPCR + 53] = 3;
	fake_ram[SPCR + 58] = 6;		/* 57600 */
	seal(SPCR);
	list_table(SPCR);
	acpi_init();
	assert_int_equal(acpi.serial_port, 0x2f8);
	assert_int_equal(acpi.serial_baud, 57600);
	assert_int_equal(acpi.serial_irq, 3);
	fake_ram[SPCR + 53] = 40;		/* no ISA IRQ */
	fake_ram[SPCR + 58] = 99;		/* no speed */
	seal(SPCR);
	acpi_init();
	assert_int_equal(acpi.serial_port, 0x2f8);
	assert_int_equal(acpi.serial_baud, 0);
	assert_int_equal(acpi.serial_irq, 0);
	put(SPCR + 44, 0xfffc, 8);		/* its registers end past all ports */
	seal(SPCR);
	acpi_init();
	assert_int_equal(acpi.serial_port, 0);
	put(SPCR + 44, 0x2f8, 8);
	fake_ram[SPCR + 40] = 0;		/* in memory */
	seal(SPCR);
	acpi_init();
	assert_int_equal(acpi.serial_port, 0);
	fake_ram[SPCR + 40] = 1;
	fake_ram[SPCR + 36] = 3;		/* a PL011 */
	seal(SPCR);
	acpi_init();
	assert_int_equal(acpi.serial_port, 0);
	fake_ram[SPCR + 36] = 0;
	put(SPCR + 4, 79, 4);			/* cut short */
	seal(SPCR);
	acpi_init();
	assert_int_equal(acpi.serial_port, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(good, setup),
		cmocka_unit_test_setup(pci_segments, setup),
		cmocka_unit_test_setup(large_machine, setup),
		cmocka_unit_test_setup(given_by_the_loader, setup),
		cmocka_unit_test_setup(no_tables, setup),
		cmocka_unit_test_setup(bad_rsdp_checksum, setup),
		cmocka_unit_test_setup(bad_table_checksum, setup),
		cmocka_unit_test_setup(bad_lengths, setup),
		cmocka_unit_test_setup(bad_madt_entries, setup),
		cmocka_unit_test_setup(entry_beyond_the_end, setup),
		cmocka_unit_test_setup(doubles_and_floods, setup),
		cmocka_unit_test_setup(s5_shapes, setup),
		cmocka_unit_test_setup(serial_console, setup),
		cmocka_unit_test_setup(random_damage, setup),
		cmocka_unit_test_setup(wild_pointers, setup),
		cmocka_unit_test_setup(overlapping_tables, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

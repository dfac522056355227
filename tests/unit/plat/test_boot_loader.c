/*
 * x86/boot/info.c, multiboot.c, multiboot2.c: what a boot loader says, as it
 * should be and as it should not.
 */
#include <sys/mman.h>

#include "fakes.h"

#include <hv/boot.h>
#include <hv/page.h>
#include <x86/platform.h>

#include "../../../hypervisor/x86/boot/memory.c"	/* its list is emptied here */

#define INFO	0x10000u	/* where the loader's tables lie */

enum { CMDLINE = 1, LOADER, MODULE, MMAP = 6, SCREEN = 8, RSDP1 = 14, RSDP2 };

uint64_t boot_entry_tsc = 42;

uint64_t hv_image_start(void)
{
	return 0x100000;
}

uint64_t hv_image_end(void)
{
	return 0x160000;
}

static char *at(uint32_t pa)
{
	return phys_to_virt(pa);
}

static void put(uint32_t pa, const void *data, size_t n)
{
	memcpy(at(pa), data, n);
}

static void put32(uint32_t pa, uint32_t v)
{
	put(pa, &v, sizeof(v));
}

static uint32_t total;

/* Appends a tag, padded; @size is what it says of itself. */
static uint32_t tag_of_size(uint32_t type, uint32_t size, const void *data, size_t n)
{
	uint32_t pa = INFO + total;

	put32(pa, type);
	put32(pa + 4, size);
	put(pa + 8, data, n);
	total += (uint32_t)ROUNDUP(8 + n, 8);
	put32(INFO, total);
	return pa;
}

static uint32_t tag(uint32_t type, const void *data, size_t n)
{
	return tag_of_size(type, (uint32_t)n + 8, data, n);
}

struct map_entry {
	uint64_t addr, len;
	uint32_t type, reserved;
};

static uint32_t map(const struct map_entry *r, unsigned int n)
{
	char data[8 + 200 * sizeof(*r)] = {sizeof(*r)};

	memcpy(data + 8, r, n * sizeof(*r));
	return tag(MMAP, data, 8 + n * sizeof(*r));
}

static const struct map_entry plain[] = {{0, 0xa0000, 1, 0}, {MIB, 63 * MIB, 1, 0}};

static uint32_t module(uint32_t start, uint32_t end, const char *text, size_t n)
{
	char data[2048];

	memcpy(data, &start, 4);
	memcpy(data + 4, &end, 4);
	memcpy(data + 8, text, n);
	return tag(MODULE, data, 8 + n);
}

static const struct {
	uint64_t addr;
	uint32_t pitch, width, height;
	uint8_t bits, type;
	uint16_t reserved;
	uint8_t colours[6];
} packed good_screen = {0xc0000000, 4096, 1024, 768, 32, 1, 0, {16, 8, 8, 8, 0, 8}};

static uint32_t screen(size_t field, const void *v, size_t n)
{
	char data[sizeof(good_screen)];

	memcpy(data, &good_screen, sizeof(data));
	memcpy(data + field, v, n);
	return tag(SCREEN, data, sizeof(data));
}

static void ignore(mfn_t start, mfn_t end)
{
	(void)start;
	(void)end;
}

static void load(void)
{
	boot_init(MULTIBOOT2_MAGIC, INFO);
	boot_free_ram(ignore);
}

static int set_up(void **state)
{
	static bool mapped;

	(void)state;
	if (!mapped)	/* 4 GiB are there, as boot.S maps them */
		mapped = mmap(at(0), 4ul << 30, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE,
			      -1, 0) == at(0);
	assert_true(mapped);
	memset(at(0), 0, 2 * MIB);
	memset(&boot_info, 0, sizeof(boot_info));
	reserved_nr = 0;
	total = 8;
	put32(INFO, total);
	return 0;
}

static void all_of_it(void **state)
{
	static const char v1[] = "RSD PTR 1abcdef0ghij", v2[] =
		"RSD PTR 2abcdef2ghijklmnopqrstuvwxyz";

	(void)state;
	tag(CMDLINE, "com1=115200 dom0_mem=1G", 24);
	tag(LOADER, "GRUB 2.06", 10);
	module(0x200000, 0x345678, "quiet", 6);
	module(0x400000, 0x400010, "", 1);
	tag(77, "nobody knows", 13);
	map(plain, 2);
	tag(SCREEN, &good_screen, sizeof(good_screen));
	tag(RSDP1, v1, 20);
	tag(RSDP2, v2, 36);
	tag(0, "", 0);
	tag(CMDLINE, "behind the end", 15);
	load();
	assert_string_equal(boot_info.cmdline, "com1=115200 dom0_mem=1G");
	assert_string_equal(boot_info.loader, "GRUB 2.06");
	assert_int_equal(boot_info.entry_tsc, 42);
	assert_int_equal(boot_info.module_nr, 2);
	assert_int_equal(boot_info.module[0].start, 0x200000);
	assert_int_equal(boot_info.module[0].size, 0x145678);
	assert_string_equal(boot_info.module[0].cmdline, "quiet");
	assert_string_equal(boot_info.module[1].cmdline, "");
	assert_int_equal(boot_info.e820_nr, 2);
	assert_int_equal(boot_info.e820[1].size, 63 * MIB);
	assert_int_equal(boot_info.screen.addr, 0xc0000000);
	assert_int_equal(boot_info.screen.width, 1024);
	assert_int_equal(boot_info.screen.red.pos, 16);
	assert_int_equal(boot_info.screen.blue.size, 8);
	assert_memory_equal(boot_info.rsdp, v2, 36);
}

/* Overlaps, a hole, ragged ends, types that no BIOS has, an empty range. */
static void hostile_map(void **state)
{
	static const struct map_entry r[] = {
		{0x900000, 0x100000, 4, 0}, {0x100000, 0x8ff800, 1, 0},
		{0x0, 0x9fc00, 1, 0},	    {0x300000, 0x2000, 20, 0},
		{0x301000, 0x2000, 0, 0},   {0x700000, 0, 2, 0},
		{0xa00000, 0x100000, 1, 0}, {UINT64_MAX - 4095, 0x9000, 1, 0},
	};
	static const struct map_entry want[] = {
		{0, 0x9f000, 1, 0},	    {0x100000, 0x200000, 1, 0},
		{0x300000, 0x3000, 2, 0},   {0x303000, 0x5fd000, 1, 0},
		{0x900000, 0x100000, 4, 0}, {0xa00000, 0x100000, 1, 0},
	};

	(void)state;
	map(r, ARRAY_SIZE(r));
	load();
	assert_int_equal(boot_info.e820_nr, ARRAY_SIZE(want));
	for (unsigned int i = 0; i < ARRAY_SIZE(want); i++) {
		assert_int_equal(boot_info.e820[i].addr, want[i].addr);
		assert_int_equal(boot_info.e820[i].size, want[i].len);
		assert_int_equal(boot_info.e820[i].type, want[i].type);
	}
}

/* A later version's entries may be longer; shorter ones cannot be. */
static void map_entry_size(void **state)
{
	char data[8 + 32 * 2 + 16] = {32};
	uint32_t pa;

	(void)state;
	memcpy(data + 8, &plain[0], 24);
	memcpy(data + 40, &plain[1], 24);
	pa = tag(MMAP, data, sizeof(data));	/* and half an entry */
	load();
	assert_int_equal(boot_info.e820_nr, 2);
	put32(pa + 8, 0);
	expect_panic("entries of 0 bytes", load());
	put32(pa + 8, 23);
	expect_panic("entries of 23 bytes", load());
	put32(pa + 8, UINT32_MAX);
	expect_panic("no memory map", load());
}

static void map_too_long(void **state)
{
	struct map_entry r[E820_MAX + 1];

	(void)state;
	for (unsigned int i = 0; i <= E820_MAX; i++)
		r[i] = (struct map_entry){i * 0x2000, 0x1000, 1, 0};
	map(r, E820_MAX + 1);
	expect_panic("over 128 entries", load());
}

static void no_map(void **state)
{
	(void)state;
	tag(LOADER, "GRUB 2.06", 10);
	expect_panic("no memory map", load());
	put32(INFO + 8, MMAP);	/* too short to be one */
	expect_panic("no memory map", load());
}

static void sizes_that_lie(void **state)
{
	uint32_t pa;

	(void)state;
	map(plain, 2);
	pa = tag(CMDLINE, "x", 2);
	put32(pa + 4, 7);
	expect_panic("tag 1 has 7 bytes", load());
	put32(pa + 4, 0);
	expect_panic("tag 1 has 0 bytes", load());
	put32(pa + 4, 25);
	expect_panic("tag 1 has 25 bytes", load());
	put32(pa + 4, UINT32_MAX);
	expect_panic("tag 1 has", load());
	put32(INFO, 2 * MIB);
	expect_panic("has 2097152 bytes", load());
	expect_panic("information at", boot_init(MULTIBOOT2_MAGIC, INFO + 4));
	put32(0xfffffff8, 64);
	expect_panic("information at", boot_init(MULTIBOOT2_MAGIC, 0xfffffff8));
	expect_panic("magic 0x12345678", boot_init(0x12345678, INFO));
}

static void texts(void **state)
{
	char longest[1100];
	uint32_t pa;

	(void)state;
	map(plain, 2);
	pa = tag(CMDLINE, "no end", 6);
	expect_panic("text without an end (tag 1)", load());
	put32(pa, 77);
	memset(longest, 'a', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	pa = tag(CMDLINE, longest, sizeof(longest));
	expect_panic("command line has over 1023", load());
	put32(pa, LOADER);	/* a name may be cut */
	load();
	assert_int_equal(strlen(boot_info.loader), sizeof(boot_info.loader) - 1);
}

static void modules(void **state)
{
	uint32_t pa;

	(void)state;
	map(plain, 2);
	pa = module(0x200010, 0x300000, "", 1);
	expect_panic("not on pages", load());
	put32(pa + 8, 0x400000);
	expect_panic("not on pages", load());
	put32(pa, 77);
	for (unsigned int i = 0; i <= BOOT_MODULES_MAX; i++)
		module(0x200000, 0x201000, "", 1);
	boot_info.module_nr = 0;
	expect_panic("more than 8 modules", load());
}

static void screens(void **state)
{
	static const struct {
		size_t field, size;
		uint64_t v;
	} wrong[] = {
		{0, 8, UINT64_MAX - 4095}, {8, 4, 4095}, {12, 4, 1025},
		{16, 4, 0}, {20, 1, 15}, {20, 1, 64}, {20, 1, 8}, {21, 1, 2},
	};
	uint32_t pa;

	(void)state;
	map(plain, 2);
	for (unsigned int i = 0; i < ARRAY_SIZE(wrong); i++) {
		pa = screen(wrong[i].field, &wrong[i].v, wrong[i].size);
		reserved_nr = 0;
		load();
		if (boot_info.screen.width)
			fail_msg("screen %u was taken", i);
		put32(pa, 77);
	}
}

/* A root pointer that is too short for its kind does not count. */
static void short_rsdp(void **state)
{
	(void)state;
	map(plain, 2);
	tag(RSDP1, "RSD PTR 1abcdef0ghij", 20);
	tag(RSDP2, "RSD PTR 2abcdef2", 16);
	load();
	assert_memory_equal(boot_info.rsdp, "RSD PTR 1", 9);
}

/* Multiboot 1, as a BIOS's loader gives it. */
static void multiboot1(void **state)
{
	struct {
		uint32_t flags, lower, upper, device, cmdline, mods, mods_at, syms[4];
		uint32_t mmap_len, mmap_at, drives[2], config, loader;
	} packed info = {0x24c, 0, 0, 0, 0x11000, 1, 0x12000, {0}, 24, 0x13000, {0}, 0,
			 0x14000};
	uint32_t mod[4] = {0x200000, 0x201800, 0x11020, 0};
	struct {
		uint32_t size;
		uint64_t addr, len;
		uint32_t type;
	} packed entry = {20, MIB, 63 * MIB, 1};

	(void)state;
	put(INFO, &info, sizeof(info));
	put(0x11000, "/boot/basalt.elf com1=9600", 27);
	put(0x11020, "/boot/vmlinux.gz quiet", 23);
	put(0x12000, mod, sizeof(mod));
	put(0x13000, &entry, sizeof(entry));
	put(0x14000, "ISOLINUX", 9);
	boot_init(MULTIBOOT_MAGIC, INFO);
	assert_string_equal(boot_info.cmdline, "com1=9600");
	assert_string_equal(boot_info.module[0].cmdline, "quiet");
	assert_int_equal(boot_info.module[0].size, 0x1800);
	assert_int_equal(boot_info.e820_nr, 1);
	assert_int_equal(boot_info.screen.width, 0);
	put32(0x13000, UINT32_MAX);	/* an entry that ends somewhere else */
	boot_info.module_nr = 0;
	boot_init(MULTIBOOT_MAGIC, INFO);
	put(0x14000, "GRUB 2.06", 10);	/* gives arguments only */
	boot_info.module_nr = 0;
	boot_init(MULTIBOOT_MAGIC, INFO);
	assert_string_equal(boot_info.cmdline, "/boot/basalt.elf com1=9600");
	put32(INFO, 0x20c);
	expect_panic("no memory map", boot_init(MULTIBOOT_MAGIC, INFO));
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(all_of_it), TEST(hostile_map), TEST(map_entry_size),
		TEST(map_too_long), TEST(no_map), TEST(sizes_that_lie),
		TEST(texts), TEST(modules), TEST(screens), TEST(short_rsdp),
		TEST(multiboot1),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

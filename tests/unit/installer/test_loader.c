/*
 * The boot loader on a disk that is a file: nothing starts before
 * loader_arm(), which changes one sector, and of that not the partition table.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "loader.h"

#define MIB	(1u << 20)
#define SIZE	(5u * MIB)
#define AT	MIB

static char dir[64], disk[80];

static void put(const char *name, const char *data, size_t n)
{
	char path[96];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
}

static char *get(void)
{
	char *data = malloc(SIZE);
	int fd = open(disk, O_RDONLY);

	assert_int_equal(pread(fd, data, SIZE, 0), SIZE);
	close(fd);
	return data;
}

static int set_up(void **state)
{
	static char image[3000];
	char *old = malloc(SIZE);

	(void)state;
	strcpy(dir, "/tmp/loader-XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(disk, sizeof(disk), "%s/disk", dir);
	memset(image, 0xc3, sizeof(image));
	put("core.img", image, sizeof(image));
	put("boot.img", image, 512);
	put("bootx64.efi", image, sizeof(image));
	memset(old, 0xee, SIZE);
	put("disk", old, SIZE);
	free(old);
	return 0;
}

static int tear_down(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

static void clear_takes_both_ends(void **state)
{
	struct fault f;
	char *d;

	(void)state;
	assert_int_equal(loader_clear(disk, SIZE, &f), 0);
	d = get();
	for (unsigned int i = 0; i < SIZE; i++)
		if ((d[i] == 0) != (i < MIB || i / MIB == 2 || i >= SIZE - MIB))
			fail_msg("octet %u is %#x", i, d[i]);
	free(d);
}

/* It ends in "no boot possible", and the partition table stays. */
static void unfinished_is_said(void **state)
{
	static const char words[] = "was not finished";
	struct fault f;
	char *before = get(), *after;

	(void)state;
	assert_int_equal(loader_mark_unfinished(disk, &f), 0);
	after = get();
	assert_memory_equal(before + 440, after + 440, SIZE - 440);
	assert_non_null(memmem(after, 440, words, sizeof(words) - 1));
	assert_non_null(memmem(after, 440, "\xcd\x18", 2));
	free(before);
	free(after);
}

static void write_stays_in_its_partition(void **state)
{
	struct bootenv e = {.active = 'a', .trial = -1, .id = "0123456789ab"}, back;
	struct fault f;
	char *d;
	uint64_t lba;
	uint16_t n;

	(void)state;
	assert_int_equal(loader_write(disk, dir, AT, &e, &f), 0);
	d = get();
	for (unsigned int i = 0; i < SIZE; i++)
		if ((i < AT || i >= AT + MIB) && (unsigned char)d[i] != 0xee)
			fail_msg("octet %u changed", i);
	memcpy(&lba, d + AT + 4096 + 500, 8);
	memcpy(&n, d + AT + 4096 + 508, 2);
	assert_int_equal(lba, (AT + 4096) / 512 + 1);
	assert_int_equal(n, 5);
	free(d);
	assert_int_equal(bootenv_load(&back, disk, AT, &f), 0);
	assert_string_equal(back.id, e.id);
	/* Written anew without a block: the one that is there stays. */
	back.trial = 1;
	assert_int_equal(bootenv_save(&back, disk, AT, &f), 0);
	assert_int_equal(loader_write(disk, dir, AT, NULL, &f), 0);
	assert_int_equal(bootenv_load(&back, disk, AT, &f), 0);
	assert_int_equal(back.trial, 1);
}

static void arm_is_one_sector(void **state)
{
	struct fault f;
	char *before = get(), *after;
	uint64_t lba;

	(void)state;
	assert_int_equal(loader_arm(disk, dir, AT, &f), 0);
	after = get();
	assert_memory_equal(before + 440, after + 440, SIZE - 440);
	memcpy(&lba, after + 0x5c, 8);
	assert_int_equal(lba, (AT + 4096) / 512);
	assert_memory_equal(after + 0x66, "\x90\x90", 2);
	free(before);
	free(after);
}

/* UEFI's loader is there whole or not at all, also over an older one. */
static void efi_program(void **state)
{
	char root[80], path[128], data[4000];
	struct fault f;
	FILE *file;

	(void)state;
	snprintf(root, sizeof(root), "%s/esp", dir);
	assert_int_equal(loader_write_efi(root, dir, &f), 0);
	snprintf(path, sizeof(path), "%s/EFI/BOOT/BOOTX64.EFI", root);
	memset(data, 0x5a, sizeof(data));
	put("bootx64.efi", data, sizeof(data));
	assert_int_equal(loader_write_efi(root, dir, &f), 0);
	file = fopen(path, "r");
	assert_non_null(file);
	assert_int_equal(fread(data, 1, sizeof(data), file), sizeof(data));
	assert_int_equal(fgetc(file), EOF);
	fclose(file);
	assert_int_equal(data[3999], 0x5a);
	assert_int_not_equal(loader_write_efi("/proc", dir, &f), 0);
	assert_non_null(strstr(f.text, "writing failed"));
	snprintf(path, sizeof(path), "%s/bootx64.efi", dir);
	unlink(path);
	assert_int_not_equal(loader_write_efi(root, dir, &f), 0);
	assert_non_null(strstr(f.text, "incomplete"));
}

static void failures_are_told(void **state)
{
	struct fault f;
	char path[96];

	(void)state;
	assert_int_not_equal(loader_clear("/nonexistent/disk", SIZE, &f), 0);
	assert_non_null(strstr(f.text, "/nonexistent/disk"));
	assert_int_not_equal(loader_clear("/dev/full", SIZE, &f), 0);
	snprintf(path, sizeof(path), "%s/core.img", dir);
	unlink(path);
	assert_int_not_equal(loader_write(disk, dir, AT, NULL, &f), 0);
	assert_non_null(strstr(f.text, "incomplete"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(clear_takes_both_ends, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(unfinished_is_said, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(write_stays_in_its_partition, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(arm_is_one_sector, set_up, tear_down),
		cmocka_unit_test_setup_teardown(efi_program, set_up, tear_down),
		cmocka_unit_test_setup_teardown(failures_are_told, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

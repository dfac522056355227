/*
 * What a disk holds, in a person's words: whoever chooses a disk is told whose
 * data are on it. The disks are files with real signatures.
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

#include "disk.h"

#define MIB (1 << 20)

static char path[64];

static int set_up(void **state)
{
	int fd;

	(void)state;
	strcpy(path, "/tmp/contents-XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 64 * MIB), 0);
	close(fd);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	return unlink(path);
}

static void put(off_t at, const void *data, size_t n)
{
	int fd = open(path, O_WRONLY);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, data, n, at), n);
	close(fd);
}

static void sh(const char *fmt, ...)
{
	char command[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);
	assert_int_equal(system(command), 0);
}

/* @words are among what the disk is said to hold; "" is an empty disk. */
static void holds(const char *words)
{
	struct disk d = {.size = 64 * MIB};

	strcpy(d.path, path);
	disk_contents(&d);
	if (!*words)
		assert_string_equal(d.holds, "");
	else if (!strstr(d.holds, words))
		fail_msg("\"%s\" is not in \"%s\"", words, d.holds);
}

static void nothing(void **state)
{
	(void)state;
	holds("");
	put(4096, "hello", 5);
	holds("data of an unknown kind");
}

static void file_systems(void **state)
{
	(void)state;
	sh("/sbin/mke2fs -q -F -L photos %s", path);
	holds("ext2 \"photos\"");
	sh("/sbin/mkfs.vfat -n STICK %s >/dev/null", path);
	holds("vfat \"STICK\"");
}

static void partitioned(void **state)
{
	(void)state;
	sh("printf ',16M\\n,\\n' | /sbin/sfdisk -q %s", path);
	holds("2 partitions (dos)");
	sh("/sbin/mke2fs -q -F -L home -E offset=1048576 %s 12M 2>/dev/null", path);
	holds("2 partitions (dos), ext2 \"home\"");
}

/* An LVM physical volume's label, in the second sector. */
static void lvm(void **state)
{
	unsigned char label[512] = "LABELONE";
	uint32_t crc = 0xf597a6cf, n = 32;

	(void)state;
	label[8] = 1;
	memcpy(label + 20, &n, sizeof(n));
	memcpy(label + 24, "LVM2 001", 8);
	memset(label + 32, 'A', 32);
	for (int i = 20; i < 512; i++) {
		crc ^= label[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	memcpy(label + 16, &crc, sizeof(crc));
	put(512, label, sizeof(label));
	holds("LVM");
}

/* A member of an md array, superblock 1.2: 4 KiB from the start. */
static void software_raid(void **state)
{
	unsigned char sb[256] = {0xfc, 0x4e, 0x2b, 0xa9, 1};
	uint32_t sum = 0, word;

	(void)state;
	sb[144] = 8;	/* where it lies, in sectors */
	memcpy(sb + 32, "host:data", 9);
	for (size_t i = 0; i < sizeof(sb); i += 4) {
		memcpy(&word, sb + i, 4);
		sum += word;
	}
	memcpy(sb + 216, &sum, sizeof(sum));
	put(4096, sb, sizeof(sb));
	holds("software RAID");
}

/* Uberblocks of a ZFS label: blkid wants to see several. */
static void zfs(void **state)
{
	static const uint64_t magic = 0x00bab10c;

	(void)state;
	for (int i = 0; i < 32; i++)
		put(128 * 1024 + i * 1024, &magic, sizeof(magic));
	holds("ZFS");
}

static void luks(void **state)
{
	static const unsigned char header[] = "LUKS\xba\xbe\0\1";

	(void)state;
	put(0, header, sizeof(header));
	holds("LUKS");
}

static void unreadable(void **state)
{
	struct disk d = {.path = "/nonexistent"};

	(void)state;
	disk_contents(&d);
	assert_string_equal(d.holds, "something that cannot be read");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(file_systems, set_up, tear_down),
		cmocka_unit_test_setup_teardown(partitioned, set_up, tear_down),
		cmocka_unit_test_setup_teardown(lvm, set_up, tear_down),
		cmocka_unit_test_setup_teardown(software_raid, set_up, tear_down),
		cmocka_unit_test_setup_teardown(zfs, set_up, tear_down),
		cmocka_unit_test_setup_teardown(luks, set_up, tear_down),
		cmocka_unit_test(unreadable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Disks in a prepared sysfs, which of them a match selects, and installations
 * found by their partition tables (made by sfdisk, as the installer does).
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "answers.h"
#include "disk.h"
#include "found.h"
#include "gpt.h"
#include "match.h"
#include "settle.h"

static char root[64];

static void sh(const char *fmt, ...)
{
	char command[2048];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);
	assert_int_equal(system(command), 0);
}

/* A disk below a device of the given path, as sysfs shows it. */
static void add_disk(const char *name, const char *device, unsigned long long mib)
{
	sh("mkdir -p %s/sys/devices/%s/block/%s/queue %s/sys/devices/%s/block/%s/holders",
	   root, device, name, root, device, name);
	sh("ln -s ../../.. %s/sys/devices/%s/block/%s/device", root, device, name);
	sh("ln -s ../../devices/%s/block/%s %s/sys/class/block/%s", device, name,
	   root, name);
	sh("cd %s/sys/class/block/%s; echo %llu >size; echo 0 >ro; "
	   "echo 512 >queue/logical_block_size", root, name, mib * 2048);
}

static int set_up(void **state)
{
	(void)state;
	strcpy(root, "/tmp/disk-XXXXXX");
	assert_non_null(mkdtemp(root));
	sh("mkdir -p %s/sys/class/block %s/proc/self %s/dev; :>%s/proc/swaps; "
	   ":>%s/proc/self/mounts", root, root, root, root, root);
	add_disk("nvme0n1", "pci0/nvme/nvme0", 100000);
	sh("cd %s/sys/class/block/nvme0n1; echo 'Fast disk ' >device/model; "
	   "echo S1 >device/serial; echo eui.1 >wwid", root);
	add_disk("sda", "pci0/ata1/host0/target0", 2000);
	sh("cd %s/sys/class/block/sda; echo WD Blue >device/model; "
	   "printf '\\0\\200\\0\\10  SN-2   ' >device/vpd_pg80", root);
	add_disk("sdb", "pci0/usb1/1-1/host3/target3", 500);
	sh("echo STICK7 >%s/sys/devices/pci0/usb1/1-1/serial", root);
	add_disk("loop0", "virtual", 10);
	add_disk("sr0", "pci0/ata2/host1/target1", 100);
	add_disk("sdz", "pci0/ata9/host9/target9", 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	sh("rm -rf %s", root);
	return 0;
}

static const char *selected(const char *text)
{
	static char name[64];
	struct disk *list;
	struct fault f;
	struct match m;
	char why[200];
	size_t n, hits = 0;

	assert_int_equal(match_parse(&m, text, why, sizeof(why)), 0);
	assert_int_equal(disk_list(root, &list, &n, &f), 0);
	for (size_t i = 0; i < n; i++)
		if (match_disk(&m, m.path, &list[i])) {
			strcpy(name, list[i].name);
			hits++;
		}
	free(list);
	return hits == 1 ? name : hits ? "several" : "none";
}

static void listing(void **state)
{
	struct disk *list;
	struct fault f;
	size_t n;

	(void)state;
	assert_int_equal(disk_list(root, &list, &n, &f), 0);
	assert_int_equal(n, 3);
	assert_string_equal(list[0].name, "sda");
	assert_string_equal(list[0].serial, "SN-2");
	assert_string_equal(list[0].bus, "sata");
	assert_string_equal(list[1].bus, "usb");
	assert_string_equal(list[1].serial, "STICK7");
	assert_string_equal(list[2].bus, "nvme");
	assert_string_equal(list[2].model, "Fast disk");
	assert_string_equal(list[2].wwn, "eui.1");
	assert_int_equal(list[2].size, 100000ull << 20);
	free(list);
}

static void matching(void **state)
{
	(void)state;
	assert_string_equal(selected("any"), "several");
	assert_string_equal(selected("bus=nvme"), "nvme0n1");
	assert_string_equal(selected("model=Fast_disk"), "nvme0n1");
	assert_string_equal(selected("model=WD*"), "sda");
	assert_string_equal(selected("serial=SN-2 bus=sata"), "sda");
	assert_string_equal(selected("serial=SN-2 bus=usb"), "none");
	assert_string_equal(selected("size>=1G"), "several");
	assert_string_equal(selected("size>=1G size<=3G"), "sda");
	assert_string_equal(selected("/dev/sdb"), "sdb");
	assert_string_equal(selected("/dev/sd"), "none");
}

static const char *use_of(const char *name)
{
	static char use[128];
	struct disk *list;
	struct fault f;
	size_t n;

	assert_int_equal(disk_list(root, &list, &n, &f), 0);
	use[0] = '\0';
	for (size_t i = 0; i < n; i++)
		if (!strcmp(list[i].name, name))
			strcpy(use, list[i].use);
	free(list);
	return use;
}

static void in_use(void **state)
{
	(void)state;
	assert_string_equal(use_of("sda"), "");
	sh("echo '/dev/sda1 /data ext4 rw 0 0' >%s/proc/self/mounts", root);
	assert_string_equal(use_of("sda"), "mounted on /data");
	assert_string_equal(use_of("sdb"), "");
	sh("echo '/dev/sdaa1 /data ext4 rw 0 0' >%s/proc/self/mounts", root);
	assert_string_equal(use_of("sda"), "");
	sh("echo '/dev/nvme0n1p3 partition 1 0 -2' >%s/proc/swaps", root);
	assert_string_equal(use_of("nvme0n1"), "used as swap");
	sh("mkdir -p %s/sys/class/block/sdb/sdb1/holders/dm-0 "
	   "%s/sys/class/block/dm-0/dm; echo vg-data >%s/sys/class/block/dm-0/dm/name; "
	   "ln -s sdb/sdb1 %s/sys/class/block/sdb1; "
	   "echo 1 >%s/sys/class/block/sdb/sdb1/partition", root, root, root, root,
	   root);
	assert_string_equal(use_of("sdb"), "part of the running vg-data");
}

/* A disk of 500 MiB with our table, as disk @nr of an installation of two. */
static void make_table(const char *name, unsigned int nr)
{
	struct part_id who = {.id = "00c0ffee0042", .total = 2, .disk = nr,
			      .raid = true};
	char script[2048], path[128];
	struct layout l;
	struct fault f;
	FILE *in;

	assert_int_equal(layout_make(&l, 500ull << 20, 60 << 20, true, &f), 0);
	layout_script(&l, &who, 512, script, sizeof(script));
	snprintf(path, sizeof(path), "/sbin/sfdisk -q %s/dev/%s", root, name);
	sh("truncate -s 500M %s/dev/%s", root, name);
	in = popen(path, "w");
	assert_non_null(in);
	fputs(script, in);
	assert_int_equal(pclose(in), 0);
}

static void finding(void **state)
{
	struct found list[FOUND_MAX];
	struct fault f;

	(void)state;
	add_disk("vda", "pci0/virtio1", 500);
	add_disk("vdb", "pci0/virtio2", 500);
	assert_int_equal(found_scan(root, list, &f), 0);
	make_table("vda", 0);
	make_table("vdb", 1);
	assert_int_equal(found_scan(root, list, &f), 1);
	assert_string_equal(list[0].id, "00c0ffee0042");
	assert_true(list[0].raid && !list[0].twice);
	assert_int_equal(list[0].total, 2);
	assert_string_equal(list[0].disk[1].part[PART_STATE], "/dev/vdb5");
	assert_int_equal(list[0].disk[0].boot_at, 1 << 20);
	/* The first table damaged: the copy at the end does. */
	sh("dd if=/dev/zero of=%s/dev/vda bs=512 seek=1 count=8 conv=notrunc "
	   "status=none", root);
	assert_int_equal(found_scan(root, list, &f), 1);
	assert_true(list[0].disk[0].there);
	/* A copy of a disk is no second disk. */
	sh("cp %s/dev/vdb %s/dev/vda", root, root);
	assert_int_equal(found_scan(root, list, &f), 1);
	assert_true(list[0].twice);
}

static bool there(const char *answers)
{
	struct answer_problem p;
	struct disk *disks;
	struct answers a;
	struct fault f;
	size_t n;
	bool all;

	assert_int_equal(answers_parse(&a, answers, strlen(answers), &p, 1), 0);
	assert_int_equal(disk_list(root, &disks, &n, &f), 0);
	all = settle_there(&a, disks, n);
	free(disks);
	answers_free(&a);
	return all;
}

/* A disk that comes late is waited for, whichever key names it. */
static void late_disks(void **state)
{
	static const char pair[] = "action = install\nraid = raid1\n"
		"disk = bus=nvme\ndisk = bus=virtio\n";
	static const char two[] = "action = install\ndisk = bus=sata\n"
		"storage_disk = bus=virtio size>=1G\n";
	struct answers none = {.storage_disk = NULL};

	(void)state;
	none.storage_disk = strdup("rest");
	assert_false(settle_there(&none, NULL, 0));
	answers_free(&none);
	assert_true(there("action = upgrade\n"));
	assert_true(there("action = install\ndisk = any\n"));
	assert_false(there("action = install\ndisk = /dev/nowhere\n"));
	assert_false(there(pair));
	assert_false(there(two));
	add_disk("vda", "pci0/virtio1", 500);
	assert_true(there(pair));
	assert_false(there(two));
	add_disk("vdb", "pci0/virtio2", 5000);
	assert_true(there(two));
}

/* Any damage: fewer partitions or none, never a read outside. */
static void hostile_tables(void **state)
{
	static struct gpt_part parts[GPT_MAX];
	char path[128];
	unsigned int seed = 7;
	int fd;

	(void)state;
	make_table("vdx", 0);
	snprintf(path, sizeof(path), "%s/dev/vdx", root);
	fd = open(path, O_RDWR);
	assert_true(fd >= 0);
	assert_int_equal(gpt_read(fd, 500ull << 20, 512, parts), 6);
	for (int i = 0; i < 500; i++) {
		char c;

		seed = seed * 1103515245 + 12345;
		c = (char)(seed >> 24);
		assert_int_equal(pwrite(fd, &c, 1, 512 + (seed >> 4) % 17000), 1);
		assert_int_equal(pwrite(fd, &c, 1, (500 << 20) - 1 -
					(seed >> 5) % 17000), 1);
		assert_true(gpt_read(fd, 500ull << 20, 512, parts) <= 6);
	}
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(listing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(matching, set_up, tear_down),
		cmocka_unit_test_setup_teardown(in_use, set_up, tear_down),
		cmocka_unit_test_setup_teardown(finding, set_up, tear_down),
		cmocka_unit_test_setup_teardown(late_disks, set_up, tear_down),
		cmocka_unit_test_setup_teardown(hostile_tables, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

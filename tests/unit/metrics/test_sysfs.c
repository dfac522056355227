/* What is counted for whom, on a small made-up /sys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "hostd/sysfs.h"

static char root[] = "/tmp/sysfs-test.XXXXXX";

/* A file, with the directories it lies in. */
static void put(const char *path, const char *text)
{
	char full[256];
	FILE *f;

	snprintf(full, sizeof(full), "%s/%s", root, path);
	for (char *s = full + strlen(root) + 1; (s = strchr(s, '/')); s++) {
		*s = '\0';
		mkdir(full, 0755);
		*s = '/';
	}
	f = fopen(full, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void device(const char *path, const char *subsystem)
{
	char full[256];

	snprintf(full, sizeof(full), "%s/device/x", path);
	put(full, "");
	snprintf(full, sizeof(full), "%s/%s/device/subsystem", root, path);
	assert_int_equal(symlink(subsystem, full), 0);
}

static int furnish(void **state)
{
	(void)state;
	if (!mkdtemp(root))
		return -1;
	put("block/sda/stat", "  10 0 8 0 20 0 16 0 0 0 0\n");
	device("block/sda", "../../../../bus/scsi");
	put("block/loop0/stat", "  10 0 1000 0 20 0 1000 0 0 0 0\n");
	put("class/net/eth0/statistics/rx_bytes", "700\n");
	put("class/net/eth0/statistics/tx_bytes", "30\n");
	device("class/net/eth0", "../../../../bus/pci");
	put("class/net/xenbr0/statistics/rx_bytes", "5000\n");
	put("class/net/vif3.0/statistics/rx_bytes", "11\n");
	put("class/net/vif3.0/statistics/tx_bytes", "22\n");
	device("class/net/vif3.0", "../../../../bus/xen-backend");
	put("class/net/web/statistics/rx_bytes", "100\n");
	put("class/net/web/statistics/tx_bytes", "200\n");
	device("class/net/web", "../../../../bus/xen-backend");
	put("bus/xen-backend/devices/vif-3-0/nodename", "x");
	put("bus/xen-backend/devices/vif-3-1/net/web/x", "x");
	put("bus/xen-backend/devices/vbd-3-51712/statistics/rd_sect", "2\n");
	put("bus/xen-backend/devices/vbd-3-51712/statistics/wr_sect", "4\n");
	put("bus/xen-backend/devices/vbd-3-51728/statistics/wr_sect", "1\n");
	put("bus/xen-backend/devices/vbd-7-51712/statistics/rd_sect", "nonsense\n");
	put("bus/xen-backend/devices/other", "x");
	return 0;
}

static int clean(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", root);
	return system(command);
}

static void test_counts(void **state)
{
	struct sysfs_counts c[8], *guest;
	size_t n = sysfs_read(root, c, 8);

	(void)state;
	assert_int_equal(n, 3);
	assert_int_equal(c[0].domid, SYSFS_HOST);
	assert_int_equal(c[0].disk_read, 8 * 512);
	assert_int_equal(c[0].disk_written, 16 * 512);
	assert_int_equal(c[0].net_in, 700);
	assert_int_equal(c[0].net_out, 30);
	guest = c[1].domid == 3 ? &c[1] : &c[2];
	assert_int_equal(guest->domid, 3);
	assert_int_equal(guest->disk_read, 2 * 512);
	assert_int_equal(guest->disk_written, 5 * 512);
	assert_int_equal(guest->net_out, 111); /* what dom0's end received */
	assert_int_equal(guest->net_in, 222);
	guest = c[1].domid == 3 ? &c[2] : &c[1];
	assert_int_equal(guest->domid, 7);
	assert_int_equal(guest->disk_read, 0);
}

static void test_no_room(void **state)
{
	struct sysfs_counts c[2];

	(void)state;
	assert_int_equal(sysfs_read(root, c, 0), 0);
	assert_int_equal(sysfs_read(root, c, 1), 1);
	assert_int_equal(sysfs_read(root, c, 2), 2);
	assert_int_equal(sysfs_read("/nowhere", c, 2), 1);
	assert_int_equal(c[0].net_in, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counts), cmocka_unit_test(test_no_room),
	};

	return cmocka_run_group_tests(tests, furnish, clean);
}

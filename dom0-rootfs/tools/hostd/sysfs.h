/*
 * What dom0's kernel counts, from /sys: devices of guests and of the host. Bytes since
 * the devices came to be.
 */
#ifndef HOSTD_SYSFS_H
#define HOSTD_SYSFS_H

#include <stddef.h>
#include <stdint.h>

struct sysfs_counts {
	uint32_t domid; /* SYSFS_HOST: the host's own disks and network cards */
	uint64_t disk_read, disk_written;
	uint64_t net_in, net_out; /* as the guest (or host) sees it */
};

#define SYSFS_HOST UINT32_MAX

/*
 * Fills list[0] with the host's and then one entry for each guest that has a device;
 * at most max. root: "/sys", or a test's. Returns how many. What cannot be read
 * counts 0: a device may go at any moment.
 */
size_t sysfs_read(const char *root, struct sysfs_counts *list, size_t max);

#endif

/*
 * What a disk holds, in words, by libblkid: the file systems and members on
 * the disk and on its partitions. A disk without any known signature whose
 * first MiB is not all zeroes holds "data of an unknown kind".
 */
#include "disk.h"

#include <blkid/blkid.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void say(struct disk *d, const char *text)
{
	size_t n = strlen(d->holds);

	if (n + 4 < sizeof(d->holds))
		snprintf(d->holds + n, sizeof(d->holds) - n, "%s%s", n ? ", " : "",
			 text);
}

/* What people call it. */
static const char *kind(const char *type)
{
	static const char *const names[][2] = {{"LVM2_member", "LVM"},
		{"linux_raid_member", "software RAID"}, {"zfs_member", "ZFS"},
		{"crypto_LUKS", "LUKS"}, {"iso9660", "ISO 9660"}};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(type, names[i][0]))
			return names[i][1];
	return type;
}

/* The signature in one device or part of it; false: none. */
static bool signature(blkid_probe pr, struct disk *d)
{
	const char *type = NULL, *label = NULL;
	char text[128];
	int found;

	blkid_probe_enable_superblocks(pr, 1);
	blkid_probe_set_superblocks_flags(pr, BLKID_SUBLKS_TYPE |
					  BLKID_SUBLKS_LABEL);
	found = blkid_do_safeprobe(pr);
	if (found == -2) {
		say(d, "several signatures");
		return true;
	}
	if (found || blkid_probe_lookup_value(pr, "TYPE", &type, NULL))
		return false;
	blkid_probe_lookup_value(pr, "LABEL", &label, NULL);
	snprintf(text, sizeof(text), label ? "%s \"%.40s\"" : "%s", kind(type),
		 label);
	say(d, text);
	return true;
}

static void partitions(struct disk *d, blkid_probe pr)
{
	blkid_partlist list = blkid_probe_get_partitions(pr);
	int n = list ? blkid_partlist_numof_partitions(list) : 0;
	blkid_parttable table = list ? blkid_partlist_get_table(list) : NULL;
	char text[64];

	if (!table)
		return;
	snprintf(text, sizeof(text), "%d partition%s (%s)", n, n == 1 ? "" : "s",
		 blkid_parttable_get_type(table));
	say(d, text);
	for (int i = 0; i < n; i++) {
		blkid_partition p = blkid_partlist_get_partition(list, i);
		blkid_probe part = blkid_new_probe();
		int fd = open(d->path, O_RDONLY | O_CLOEXEC);

		if (part && fd >= 0 &&
		    !blkid_probe_set_device(part, fd,
					    blkid_partition_get_start(p) * 512,
					    blkid_partition_get_size(p) * 512))
			signature(part, d);
		blkid_free_probe(part);
		if (fd >= 0)
			close(fd);
	}
}

static void unknown(struct disk *d)
{
	static char buf[1 << 20];
	int fd = open(d->path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : pread(fd, buf, sizeof(buf), 0);

	if (fd >= 0)
		close(fd);
	if (n <= 0) {
		say(d, "something that cannot be read");
		return;
	}
	for (ssize_t i = 0; i < n; i++)
		if (buf[i]) {
			say(d, "data of an unknown kind");
			return;
		}
}

void disk_contents(struct disk *d)
{
	blkid_probe pr = blkid_new_probe_from_filename(d->path);

	d->holds[0] = '\0';
	if (pr) {
		signature(pr, d);
		blkid_probe_enable_superblocks(pr, 0);
		blkid_probe_enable_partitions(pr, 1);
		partitions(d, pr);
		blkid_free_probe(pr);
	}
	if (!*d->holds)
		unknown(d);
}

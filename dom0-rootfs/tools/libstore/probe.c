/*
 * What is on a device, as libblkid knows it. Read only; a device that cannot be
 * read or on which two things are found at once is said to be just that.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <blkid/blkid.h>

#include "libstore/internal.h"

static void value(blkid_probe pr, const char *name, char *buf, size_t size)
{
	const char *data;

	buf[0] = '\0';
	if (blkid_probe_lookup_value(pr, name, &data, NULL))
		return;
	snprintf(buf, size, "%s", data);
	for (char *c = buf; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 127)
			*c = '?';
}

int probe_device(const char *path, struct probe *p)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), ret;
	blkid_probe pr;

	*p = (struct probe){ .table = false };
	if (fd < 0)
		return -errno;
	pr = blkid_new_probe();
	if (!pr || blkid_probe_set_device(pr, fd, 0, 0)) {
		ret = -EIO;
		goto out;
	}
	blkid_probe_enable_partitions(pr, 1);
	blkid_probe_set_superblocks_flags(pr, BLKID_SUBLKS_LABEL | BLKID_SUBLKS_UUID |
					  BLKID_SUBLKS_TYPE | BLKID_SUBLKS_USAGE);
	ret = blkid_do_safeprobe(pr);
	if (ret == -2)
		snprintf(p->type, sizeof(p->type), "ambivalent");
	value(pr, "PTTYPE", p->table_type, sizeof(p->table_type));
	p->table = p->table_type[0] != '\0';
	if (ret == 0) {
		value(pr, "TYPE", p->type, sizeof(p->type));
		value(pr, "LABEL", p->label, sizeof(p->label));
		value(pr, "UUID", p->uuid, sizeof(p->uuid));
		value(pr, "USAGE", p->usage, sizeof(p->usage));
	}
	ret = ret == -1 ? -EIO : 0;
out:
	blkid_free_probe(pr);
	close(fd);
	return ret;
}

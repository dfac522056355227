/*
 * Everything that can be found wrong with a VM before anything is changed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libdom/build.h"

static int check_names(struct build *b, struct dom_error *err)
{
	struct dom_info *list;
	size_t count, i;
	int ret = dom_list(b->dom, &list, &count, err);

	if (ret)
		return ret;
	for (i = 0; ret == 0 && i < count; i++) {
		if (strcmp(list[i].name, b->cfg->name) == 0)
			ret = dom_fail(err, -EEXIST,
				       "%s: a VM of that name runs already (id %u): "
				       "choose another name or stop that one",
				       b->cfg->name, list[i].domid);
		else if (list[i].domid && b->cfg->has_uuid &&
			 memcmp(list[i].uuid, b->cfg->uuid, 16) == 0)
			ret = dom_fail(err, -EEXIST,
				       "%s: its uuid is taken by VM %s (id %u): remove "
				       "uuid from the configuration or change it",
				       b->cfg->name, list[i].name, list[i].domid);
	}
	free(list);
	return ret;
}

static int open_ramdisk(struct build *b, uint64_t *size, struct dom_error *err)
{
	struct stat st;

	*size = 0;
	if (!b->cfg->ramdisk)
		return 0;
	b->ramdisk = open(b->cfg->ramdisk, O_RDONLY | O_CLOEXEC);
	if (b->ramdisk < 0)
		return dom_fail_file(err, -errno, b->cfg->ramdisk, "ramdisk");
	if (fstat(b->ramdisk, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size == 0)
		return dom_fail(err, -EINVAL,
				"%s: ramdisk cannot be used: it is empty or no ordinary "
				"file: give the path of an initramfs", b->cfg->ramdisk);
	*size = (uint64_t)st.st_size;
	return 0;
}

static int check_memory(struct build *b, struct dom_error *err)
{
	struct xen_sysctl_physinfo info;
	uint64_t have, want = b->cfg->memory_mib;
	int ret = hv_physinfo(b->dom->hv, &info);

	if (ret)
		return dom_fail_errno(err, ret, "free memory cannot be asked for");
	have = info.free_pages + info.scrub_pages;
	have = have > info.outstanding_pages ? have - info.outstanding_pages : 0;
	if (have >> 8 >= want)
		return 0;
	return dom_fail(err, -ENOMEM,
			"%s: not enough memory: it wants %llu MiB, %llu are free: stop "
			"another VM or give this one less", b->cfg->name,
			(unsigned long long)want, (unsigned long long)(have >> 8));
}

static int check_devices(struct build *b, struct dom_error *err)
{
	const struct vm_config *cfg = b->cfg;
	size_t i;
	int ret = 0;

	for (i = 0; i < cfg->ndisks && ret == 0; i++)
		ret = disk_check(b->dom, &cfg->disks[i], err);
	for (i = 0; i < cfg->nvifs && ret == 0; i++)
		ret = vif_check(&cfg->vifs[i], err);
	return ret;
}

int build_check(struct build *b, struct dom_error *err)
{
	uint64_t ramdisk;
	int ret = check_names(b, err);

	if (ret == 0)
		ret = uuid_fill(b->cfg, err);
	if (ret == 0)
		ret = vif_fill_macs(b->dom, b->cfg, err);
	if (ret == 0)
		ret = kernel_open(b->cfg->kernel, &b->kernel, err);
	if (ret == 0)
		ret = open_ramdisk(b, &ramdisk, err);
	if (ret == 0)
		ret = guest_layout(b->cfg, &b->kernel.image, ramdisk, &b->layout, err);
	if (ret == 0)
		ret = check_devices(b, err);
	if (ret == 0)
		ret = check_memory(b, err);
	return ret;
}

/*
 * Other domains' frames in our address space, through dom0's privcmd driver.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "libhv/priv.h"

static void *reserve(struct hv *hv, unsigned int count)
{
	void *p = mmap(NULL, (size_t)count * HV_PAGE_SIZE, PROT_READ | PROT_WRITE,
		       MAP_SHARED, hv->privcmd, 0);

	return p == MAP_FAILED ? NULL : p;
}

/* The first frame that could not be had decides the result. */
static int first_error(const int *err, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		if (err[i])
			return err[i];
	return 0;
}

int hv_map(struct hv *hv, uint16_t domid, uint64_t gfn, unsigned int count,
	   void **out)
{
	struct privcmd_mmapbatch_v2 batch = {.num = count, .dom = domid};
	xen_pfn_t *gfns = calloc(count, sizeof(*gfns));
	int *errs = calloc(count, sizeof(*errs));
	void *p = NULL;
	unsigned int i;
	int ret = -ENOMEM;

	if (!gfns || !errs)
		goto out;
	p = reserve(hv, count);
	if (!p) {
		ret = -errno;
		goto out;
	}
	for (i = 0; i < count; i++)
		gfns[i] = gfn + i;
	batch.addr = (uintptr_t)p;
	batch.arr = gfns;
	batch.err = errs;
	ret = ioctl(hv->privcmd, PRIVCMD_MMAPBATCH_V2, &batch);
	ret = ret < 0 ? -errno : first_error(errs, count);
	if (ret)
		hv_unmap(p, count);
	else
		*out = p;
out:
	free(gfns);
	free(errs);
	return ret;
}

void hv_unmap(void *addr, unsigned int count)
{
	munmap(addr, (size_t)count * HV_PAGE_SIZE);
}

int hv_map_grant_table(struct hv *hv, uint16_t domid, void **out)
{
	struct privcmd_mmap_resource res = {
		.dom = domid,
		.type = XENMEM_resource_grant_table,
		.id = XENMEM_resource_grant_table_id_shared,
		.num = 1,
	};
	void *p = reserve(hv, 1);
	int err;

	if (!p)
		return -errno;
	res.addr = (uintptr_t)p;
	if (ioctl(hv->privcmd, PRIVCMD_MMAP_RESOURCE, &res) < 0) {
		err = -errno;
		hv_unmap(p, 1);
		return err;
	}
	*out = p;
	return 0;
}

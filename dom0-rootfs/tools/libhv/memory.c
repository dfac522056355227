/*
 * Memory of other domains: giving, taking, and the map they are told.
 */
#include <errno.h>
#include <string.h>

#include "libhv/priv.h"

#define POPULATE_BATCH 1024u /* extents for one hypercall: 8 KiB of gfns */

_Static_assert(sizeof(struct hv_e820) == 20, "E820 entry of the public ABI");

static int memory_op(struct hv *hv, unsigned int cmd, void *arg, size_t len)
{
	return hv_call_struct(hv, __HYPERVISOR_memory_op, cmd, arg, len);
}

static int populate_batch(struct hv *hv, uint16_t domid, uint64_t first,
			  unsigned int count, unsigned int order)
{
	struct xen_memory_reservation arg = {
		.nr_extents = count,
		.extent_order = order,
		.domid = domid,
	};
	struct hv_buf b;
	xen_pfn_t *gfn;
	unsigned int i;
	int ret = hv_buf_get(hv, count * sizeof(*gfn), &b);

	if (ret)
		return ret;
	gfn = b.p;
	for (i = 0; i < count; i++)
		gfn[i] = first + ((uint64_t)i << order);
	set_xen_guest_handle(arg.extent_start, gfn);
	ret = memory_op(hv, XENMEM_populate_physmap, &arg, sizeof(arg));
	hv_buf_put(hv, &b);
	return ret;
}

int hv_populate(struct hv *hv, uint16_t domid, uint64_t first,
		unsigned int count, unsigned int order)
{
	unsigned int done = 0;

	while (done < count) {
		unsigned int n = count - done;
		int ret;

		if (n > POPULATE_BATCH)
			n = POPULATE_BATCH;
		ret = populate_batch(hv, domid, first + ((uint64_t)done << order),
				     n, order);
		if (ret < 0)
			return ret;
		done += (unsigned int)ret;
		if ((unsigned int)ret < n)
			break;
	}
	return (int)done;
}

int hv_unpopulate(struct hv *hv, uint16_t domid, uint64_t gfn)
{
	struct xen_memory_reservation arg = {.nr_extents = 1, .domid = domid};
	struct hv_buf b;
	int ret = hv_buf_get(hv, sizeof(gfn), &b);

	if (ret)
		return ret;
	memcpy(b.p, &gfn, sizeof(gfn));
	set_xen_guest_handle(arg.extent_start, (xen_pfn_t *)b.p);
	ret = memory_op(hv, XENMEM_decrease_reservation, &arg, sizeof(arg));
	hv_buf_put(hv, &b);
	if (ret < 0)
		return ret;
	return ret == 1 ? 0 : -EINVAL;
}

int hv_set_memory_map(struct hv *hv, uint16_t domid, const struct hv_e820 *map,
		      unsigned int count)
{
	struct xen_foreign_memory_map arg = {.domid = domid};
	struct hv_buf b;
	int ret;

	if (count > HV_E820_MAX)
		return -E2BIG;
	ret = hv_buf_get(hv, count * sizeof(*map), &b);
	if (ret)
		return ret;
	memcpy(b.p, map, count * sizeof(*map));
	arg.map.nr_entries = count;
	set_xen_guest_handle(arg.map.buffer, b.p);
	ret = memory_op(hv, XENMEM_set_memory_map, &arg, sizeof(arg));
	hv_buf_put(hv, &b);
	return ret;
}

int hv_claim(struct hv *hv, uint16_t domid, uint64_t pages)
{
	struct xen_memory_reservation arg = {.nr_extents = pages, .domid = domid};

	return memory_op(hv, XENMEM_claim_pages, &arg, sizeof(arg));
}

int hv_add_to_physmap(struct hv *hv, uint16_t domid, unsigned int space,
		      uint64_t idx, uint64_t gfn)
{
	struct xen_add_to_physmap arg = {
		.domid = domid,
		.space = space,
		.idx = idx,
		.gpfn = gfn,
	};

	return memory_op(hv, XENMEM_add_to_physmap, &arg, sizeof(arg));
}

int hv_remove_from_physmap(struct hv *hv, uint16_t domid, uint64_t gfn)
{
	struct xen_remove_from_physmap arg = {.domid = domid, .gpfn = gfn};

	return memory_op(hv, XENMEM_remove_from_physmap, &arg, sizeof(arg));
}

/*
 * The two rings every guest has from the start: xenstore's and the console's.
 * Their ports, their pages, the parameters that name both to the guest, and
 * entries 0 and 1 of its grant table, by which dom0's daemons may map them.
 */
#include <string.h>

#include "libdom/build.h"

#include <xen/grant_table.h>
#include <xen/hvm/params.h>

_Static_assert(sizeof(struct grant_entry_v1) == 8, "grant table v1");
_Static_assert(GNTTAB_RESERVED_CONSOLE == 0 && GNTTAB_RESERVED_XENSTORE == 1,
	       "well-known grants");

static int clear_page(struct build *b, uint64_t gfn)
{
	void *p;
	int ret = hv_map(b->dom->hv, b->domid, gfn, 1, &p);

	if (ret)
		return ret;
	memset(p, 0, HV_PAGE_SIZE);
	hv_unmap(p, 1);
	return 0;
}

static void write_grants(struct grant_entry_v1 *table)
{
	table[GNTTAB_RESERVED_CONSOLE] = (struct grant_entry_v1){
		.flags = GTF_permit_access,
		.domid = BACKEND_DOMID,
		.frame = GUEST_CONSOLE_GFN,
	};
	table[GNTTAB_RESERVED_XENSTORE] = (struct grant_entry_v1){
		.flags = GTF_permit_access,
		.domid = BACKEND_DOMID,
		.frame = GUEST_STORE_GFN,
	};
}

/* Without acquire_resource: the table shows up in the guest for a moment. */
static int seed_grants_by_physmap(struct build *b)
{
	struct hv *hv = b->dom->hv;
	void *table;
	int ret = hv_add_to_physmap(hv, b->domid, XENMAPSPACE_grant_table, 0,
				    GUEST_SCRATCH_GFN);

	if (ret)
		return ret;
	ret = hv_map(hv, b->domid, GUEST_SCRATCH_GFN, 1, &table);
	if (ret == 0) {
		write_grants(table);
		hv_unmap(table, 1);
	}
	hv_remove_from_physmap(hv, b->domid, GUEST_SCRATCH_GFN);
	return ret;
}

static int seed_grants(struct build *b)
{
	void *table;

	if (hv_map_grant_table(b->dom->hv, b->domid, &table) != 0)
		return seed_grants_by_physmap(b);
	write_grants(table);
	hv_unmap(table, 1);
	return 0;
}

static int set_params(struct build *b)
{
	const struct {
		uint32_t index;
		uint64_t value;
	} params[] = {
		{HVM_PARAM_STORE_PFN, GUEST_STORE_GFN},
		{HVM_PARAM_STORE_EVTCHN, b->store_port},
		{HVM_PARAM_CONSOLE_PFN, GUEST_CONSOLE_GFN},
		{HVM_PARAM_CONSOLE_EVTCHN, b->console_port},
	};
	unsigned int i;
	int ret = 0;

	for (i = 0; i < 4 && ret == 0; i++)
		ret = hv_param_set(b->dom->hv, b->domid, params[i].index,
				   params[i].value);
	return ret;
}

int rings_open(struct build *b, struct dom_error *err)
{
	struct hv *hv = b->dom->hv;
	int ret = hv_event_alloc_unbound(hv, b->domid, BACKEND_DOMID, &b->store_port);

	if (ret == 0)
		ret = hv_event_alloc_unbound(hv, b->domid, BACKEND_DOMID,
					     &b->console_port);
	if (ret == 0)
		ret = clear_page(b, GUEST_STORE_GFN);
	if (ret == 0)
		ret = clear_page(b, GUEST_CONSOLE_GFN);
	if (ret == 0)
		ret = set_params(b);
	if (ret == 0)
		ret = seed_grants(b);
	if (ret)
		return dom_fail_errno(err, ret, "%s: console and xenstore rings cannot "
				      "be set up", b->cfg->name);
	return 0;
}

/*
 * The hypercall page, the choice of the bare instruction, and wrappers that
 * are too long for the header.
 */
#include "guest.h"

unsigned char hypercall_page[4096] PAGE_ALIGNED;
void (*hv_bare)(void) = hypercall_vmmcall;
bool hv_by_page;

bool hv_use_page(bool page)
{
	uint32_t r[4];

	hv_by_page = false;
	if (!page)
		return true;
	cpuid(hv_base + 2, 0, r);
	if (wrmsr_safe(r[1], (unsigned long)hypercall_page) != NO_FAULT)
		return false;
	hv_by_page = true;
	return true;
}

long hv_event_alloc(domid_t dom, domid_t remote)
{
	struct evtchn_alloc_unbound a = {.dom = dom, .remote_dom = remote};
	long rc = hv_event_op(EVTCHNOP_alloc_unbound, &a);

	return rc ? rc : (long)a.port;
}

long hv_event_bind(domid_t remote, evtchn_port_t port)
{
	struct evtchn_bind_interdomain b = {.remote_dom = remote, .remote_port = port};
	long rc = hv_event_op(EVTCHNOP_bind_interdomain, &b);

	return rc ? rc : (long)b.local_port;
}

long hv_event_bind_ipi(unsigned int vcpu)
{
	struct evtchn_bind_ipi b = {.vcpu = vcpu};
	long rc = hv_event_op(EVTCHNOP_bind_ipi, &b);

	return rc ? rc : (long)b.port;
}

long hv_event_bind_virq(unsigned int virq, unsigned int vcpu)
{
	struct evtchn_bind_virq b = {.virq = virq, .vcpu = vcpu};
	long rc = hv_event_op(EVTCHNOP_bind_virq, &b);

	return rc ? rc : (long)b.port;
}

long hv_event_status(domid_t dom, evtchn_port_t port)
{
	struct evtchn_status s = {.dom = dom, .port = port};
	long rc = hv_event_op(EVTCHNOP_status, &s);

	return rc ? rc : (long)s.status;
}

long hv_get_param(domid_t dom, unsigned int index, uint64_t *val)
{
	struct xen_hvm_param p = {.domid = dom, .index = index};
	long rc = hv_hvm_op(HVMOP_get_param, &p);

	*val = p.value;
	return rc;
}

long hv_set_param(domid_t dom, unsigned int index, uint64_t val)
{
	struct xen_hvm_param p = {.domid = dom, .index = index, .value = val};

	return hv_hvm_op(HVMOP_set_param, &p);
}

long hv_populate(unsigned long gfn, unsigned long nr, unsigned int order)
{
	xen_pfn_t list[64];
	struct xen_memory_reservation r = {
		.nr_extents = nr, .extent_order = order, .domid = DOMID_SELF};
	unsigned long i;

	for (i = 0; i < nr && i < ARRAY_SIZE(list); i++)
		list[i] = gfn + (i << order);
	set_xen_guest_handle(r.extent_start, list);
	return hv_memory_op(XENMEM_populate_physmap, &r);
}

long hv_decrease(unsigned long gfn)
{
	xen_pfn_t list[1] = {gfn};
	struct xen_memory_reservation r = {.nr_extents = 1, .domid = DOMID_SELF};

	set_xen_guest_handle(r.extent_start, list);
	return hv_memory_op(XENMEM_decrease_reservation, &r);
}

long hv_add_to_physmap(domid_t dom, unsigned int space, unsigned long idx,
		       unsigned long gfn)
{
	struct xen_add_to_physmap a = {
		.domid = dom, .space = space, .idx = idx, .gpfn = gfn};

	return hv_memory_op(XENMEM_add_to_physmap, &a);
}

long hv_remove_from_physmap(domid_t dom, unsigned long gfn)
{
	struct xen_remove_from_physmap r = {.domid = dom, .gpfn = gfn};

	return hv_memory_op(XENMEM_remove_from_physmap, &r);
}

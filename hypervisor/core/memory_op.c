/*
 * memory_op (xen/memory.h): the table of operations, and those that only ask or
 * keep the memory map. Frames come and go in memory_op_ram.c and memory_op_map.c.
 * A row says how the argument is laid out and which domain it is about, so a
 * handler starts with both at hand.
 */
#include <hv/access.h>
#include <hv/guest.h>
#include <hv/lib.h>
#include <hv/page.h>

#include "memory_op.h"

#define CMD_MASK	((1u << MEMORY_CMD_BITS) - 1)	/* progress is above it */

_Static_assert(sizeof(struct xen_memory_reservation) == 32 &&
	       sizeof(struct xen_add_to_physmap) == 24 &&
	       sizeof(struct xen_add_to_physmap_batch) == 32 &&
	       sizeof(struct xen_remove_from_physmap) == 16 &&
	       sizeof(struct xen_memory_map) == 16 &&
	       sizeof(struct xen_foreign_memory_map) == 24 &&
	       sizeof(struct xen_pod_target) == 40 &&
	       sizeof(struct xen_mem_acquire_resource) == 32, "64-bit layouts");

/* --- questions ------------------------------------------------------------ */

static long current_reservation(struct memory_call *c)
{
	return c->d->tot_pages;
}

static long maximum_reservation(struct memory_call *c)
{
	return c->d->max_pages;
}

static long maximum_gpfn(struct memory_call *c)
{
	return (long)p2m_max_gfn(c->d).v;
}

static long maximum_ram_page(struct memory_call *c)
{
	return (long)page_max_mfn().v;
}

/* Frames without a place in the guest's memory: nothing is given. */
static long increase_reservation(struct memory_call *c)
{
	return 0;
}

/* NUMA for guests is not offered; this answer, not -ENOSYS, is understood. */
static long get_vnumainfo(struct memory_call *c)
{
	return -EOPNOTSUPP;
}

/* --- the memory map ------------------------------------------------------- */

static long get_memory_map(struct memory_call *c)
{
	struct domain *d = current->domain;
	struct e820_entry map[E820_MAX];
	uint32_t nr;
	int err;

	spin_lock(&d->lock);
	nr = MIN(d->e820_nr, c->a.map.nr_entries);
	memcpy(map, d->e820, nr * sizeof(map[0]));
	spin_unlock(&d->lock);
	if (!d->e820_nr)
		return -ENOSYS;
	err = guest_write(HANDLE_GVA(c->a.map.buffer), map, nr * sizeof(map[0]));
	return err ? err : guest_write(c->at, &nr, sizeof(nr));
}

static long set_memory_map(struct memory_call *c)
{
	const struct xen_memory_map *m = &c->a.foreign_map.map;
	struct e820_entry map[E820_MAX];

	if (m->nr_entries > E820_MAX)
		return -E2BIG;
	if (guest_read(map, HANDLE_GVA(m->buffer), m->nr_entries * sizeof(map[0])))
		return -EFAULT;
	LOCKED(&c->d->lock);
	memcpy(c->d->e820, map, m->nr_entries * sizeof(map[0]));
	c->d->e820_nr = m->nr_entries;
	return 0;
}

/* --- the table ------------------------------------------------------------ */

#define NO_DOMAIN	0xff
#define ABOUT(member)	offsetof(union memory_arg, member)

static const struct memory_row {
	memory_fn *fn;
	const char *fields;	/* of the argument: hv/guest.h */
	uint8_t domain;		/* where its domid is */
	enum access_op access;	/* what the caller needs to be to that domain */
} rows[CMD_MASK + 1] = {
#define ROW(op, ...) [XENMEM_##op] = {__VA_ARGS__}
	ROW(increase_reservation, increase_reservation, "LLIIH",
	    ABOUT(reservation.domid), ACCESS_TARGET),
	ROW(decrease_reservation, memory_decrease, "LLIIH",
	    ABOUT(reservation.domid), ACCESS_TARGET),
	ROW(populate_physmap, memory_populate, "LLIIH",
	    ABOUT(reservation.domid), ACCESS_TARGET),
	ROW(claim_pages, memory_claim, "LLIIH",
	    ABOUT(reservation.domid), ACCESS_DOMAIN_CONTROL),
	ROW(add_to_physmap, memory_add, "HHILL", ABOUT(add.domid), ACCESS_TARGET),
	ROW(add_to_physmap_batch, memory_add_batch, "HHHHLLL", ABOUT(batch.domid),
	    ACCESS_TARGET),
	ROW(remove_from_physmap, memory_remove, "HL", ABOUT(remove.domid), ACCESS_TARGET),
	ROW(acquire_resource, memory_acquire, "HHIIIQL", NO_DOMAIN, ACCESS_SELF),
	ROW(memory_map, get_memory_map, "IL", NO_DOMAIN, ACCESS_SELF),
	ROW(set_memory_map, set_memory_map, "H+IL", ABOUT(foreign_map.domid),
	    ACCESS_TARGET),
	ROW(current_reservation, current_reservation, "H", ABOUT(domain.domid),
	    ACCESS_TARGET),
	ROW(maximum_reservation, maximum_reservation, "H", ABOUT(domain.domid),
	    ACCESS_TARGET),
	ROW(maximum_gpfn, maximum_gpfn, "H", ABOUT(domain.domid), ACCESS_TARGET),
	ROW(maximum_ram_page, maximum_ram_page, "", NO_DOMAIN, ACCESS_SELF),
	ROW(get_vnumainfo, get_vnumainfo, "", NO_DOMAIN, ACCESS_SELF),
	ROW(set_pod_target, memory_pod, "QQQQH", ABOUT(pod.domid), ACCESS_DOMAIN_CONTROL),
	ROW(get_pod_target, memory_pod, "QQQQH", ABOUT(pod.domid), ACCESS_DOMAIN_CONTROL),
};

static int find_domain(struct memory_call *c, const struct memory_row *row)
{
	domid_t id;

	if (row->domain == NO_DOMAIN)
		return 0;
	memcpy(&id, (const char *)&c->a + row->domain, sizeof(id));
	return domain_find_checked(id, row->access, &c->d);
}

long memory_op(struct hypercall *hc)
{
	const struct memory_row *row = &rows[hc->arg[0] & CMD_MASK];
	struct memory_call c = {
		.hc = hc,
		.at = GVA(hc->arg[1]),
		.start = hc->arg[0] >> MEMORY_CMD_BITS,
	};
	long ret;

	if (!row->fn)
		return -ENOSYS;
	ret = guest_read_fields(&c.a, c.at, row->fields, hc->compat);
	if (!ret)
		ret = find_domain(&c, row);
	if (!ret)
		ret = row->fn(&c);
	if (c.fd)
		domain_put(c.fd);
	if (c.d)
		domain_put(c.d);
	return ret;
}

/* --- for the other files -------------------------------------------------- */

long memory_restart(struct memory_call *c, uint64_t done)
{
	c->hc->arg[0] = (c->hc->arg[0] & CMD_MASK) | done << MEMORY_CMD_BITS;
	return hypercall_restart(c->hc);
}

long memory_each(struct memory_call *c, uint64_t nr,
		 int (*one)(struct memory_call *c, uint64_t i))
{
	int err = 0;

	for (uint64_t i = c->start; i < nr && !err; i++) {
		if (i > c->start && i % MEMORY_PREEMPT_EVERY == 0 &&
		    hypercall_preempt_check())
			return memory_restart(c, i);
		err = one(c, i);
	}
	return err;
}

void memory_removed_finish(struct domain *d, struct memory_removed *r)
{
	if (r->n)
		p2m_flush(d);
	for (unsigned int i = 0; i < r->n; i++)
		p2m_drop(d, r->e[i]);
	r->n = 0;
}

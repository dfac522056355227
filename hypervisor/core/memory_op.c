/*
 * memory_op (xen/memory.h): the table of operations, the translation of 32-bit
 * arguments, and the operations that only ask or keep the memory map. Frames
 * come and go in memory_op_ram.c and memory_op_map.c.
 */
#include <hv/access.h>
#include <hv/guest.h>
#include <hv/lib.h>
#include <hv/page.h>

#include "memory_op.h"

#define CMD_BITS	6	/* progress of a restart is above them */
#define CMD_MASK	((1u << CMD_BITS) - 1)

/* --- 32-bit layouts ------------------------------------------------------- */

union compat_memory_arg {
	struct {
		uint32_t extent_start, nr_extents, extent_order, mem_flags;
		domid_t domid;
	} reservation;
	struct {
		domid_t domid;
		uint16_t size;
		uint32_t space, idx, gpfn;
	} add;
	struct {
		domid_t domid;
		uint32_t gpfn;
	} remove;
	struct compat_map {
		uint32_t nr_entries, buffer;
	} map;
	struct {
		domid_t domid;
		struct compat_map map;
	} foreign_map;
};
#define COMPAT_SIZE(member) sizeof(((union compat_memory_arg *)0)->member)
_Static_assert(COMPAT_SIZE(reservation) == 20 && COMPAT_SIZE(add) == 16 &&
	       COMPAT_SIZE(remove) == 8 && COMPAT_SIZE(map) == 8 &&
	       COMPAT_SIZE(foreign_map) == 12, "32-bit layouts");
_Static_assert(sizeof(struct xen_memory_reservation) == 32 &&
	       sizeof(struct xen_add_to_physmap) == 24 &&
	       sizeof(struct xen_add_to_physmap_batch) == 32 &&
	       sizeof(struct xen_remove_from_physmap) == 16 &&
	       sizeof(struct xen_memory_map) == 16 &&
	       sizeof(struct xen_foreign_memory_map) == 24 &&
	       sizeof(struct xen_pod_target) == 40 &&
	       sizeof(struct xen_mem_acquire_resource) == 32, "64-bit layouts");

#define COMPAT_HANDLE(h, value) ((h).p = (void *)(uintptr_t)(value))

static void reservation_in(union memory_arg *a, const union compat_memory_arg *c)
{
	COMPAT_HANDLE(a->reservation.extent_start, c->reservation.extent_start);
	a->reservation.nr_extents = c->reservation.nr_extents;
	a->reservation.extent_order = c->reservation.extent_order;
	a->reservation.mem_flags = c->reservation.mem_flags;
	a->reservation.domid = c->reservation.domid;
}

static void add_in(union memory_arg *a, const union compat_memory_arg *c)
{
	a->add.domid = c->add.domid;
	a->add.size = c->add.size;
	a->add.space = c->add.space;
	a->add.idx = c->add.idx;
	a->add.gpfn = c->add.gpfn;
}

static void remove_in(union memory_arg *a, const union compat_memory_arg *c)
{
	a->remove.domid = c->remove.domid;
	a->remove.gpfn = c->remove.gpfn;
}

static void map_in(union memory_arg *a, const union compat_memory_arg *c)
{
	a->map.nr_entries = c->map.nr_entries;
	COMPAT_HANDLE(a->map.buffer, c->map.buffer);
}

static void foreign_map_in(union memory_arg *a, const union compat_memory_arg *c)
{
	a->foreign_map.domid = c->foreign_map.domid;
	a->foreign_map.map.nr_entries = c->foreign_map.map.nr_entries;
	COMPAT_HANDLE(a->foreign_map.map.buffer, c->foreign_map.map.buffer);
}

/* --- questions ------------------------------------------------------------ */

static long ask_domain(struct memory_call *c, uint64_t (*answer)(struct domain *d))
{
	struct domain *d;
	long ret;
	int err = domain_find_checked(c->a.domain.domid, ACCESS_TARGET, &d);

	if (err)
		return err;
	ret = (long)answer(d);
	domain_put(d);
	return ret;
}

static uint64_t tot_pages(struct domain *d)
{
	return d->tot_pages;
}

static uint64_t max_pages(struct domain *d)
{
	return d->max_pages;
}

static uint64_t max_gfn(struct domain *d)
{
	return p2m_max_gfn(d).v;
}

static long current_reservation(struct memory_call *c)
{
	return ask_domain(c, tot_pages);
}

static long maximum_reservation(struct memory_call *c)
{
	return ask_domain(c, max_pages);
}

static long maximum_gpfn(struct memory_call *c)
{
	return ask_domain(c, max_gfn);
}

static long maximum_ram_page(struct memory_call *c)
{
	return (long)page_max_mfn().v;
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
	if (!err)
		err = guest_write(c->at, &nr, sizeof(nr));
	return err;
}

static long set_memory_map(struct memory_call *c)
{
	const struct xen_memory_map *m = &c->a.foreign_map.map;
	struct e820_entry map[E820_MAX];
	struct domain *d;
	int err;

	if (m->nr_entries > E820_MAX)
		return -E2BIG;
	err = domain_find_checked(c->a.foreign_map.domid, ACCESS_TARGET, &d);
	if (err)
		return err;
	err = guest_read(map, HANDLE_GVA(m->buffer), m->nr_entries * sizeof(map[0]));
	if (!err) {
		spin_lock(&d->lock);
		memcpy(d->e820, map, m->nr_entries * sizeof(map[0]));
		d->e820_nr = m->nr_entries;
		spin_unlock(&d->lock);
	}
	domain_put(d);
	return err;
}

/* NUMA for guests is not offered; this answer, not -ENOSYS, is understood. */
static long get_vnumainfo(struct memory_call *c)
{
	return -EOPNOTSUPP;
}

/* --- the table ------------------------------------------------------------ */

#define ARG(member) sizeof(((union memory_arg *)0)->member)

/* An operation without compat_in reads the same in both modes if it is marked
 * so, and is not offered to 32-bit callers otherwise. */
static const struct memory_row {
	memory_fn *fn;
	uint8_t size, compat_size;
	void (*compat_in)(union memory_arg *a, const union compat_memory_arg *c);
	bool same;
} rows[CMD_MASK + 1] = {
	[XENMEM_increase_reservation] = {memory_increase, ARG(reservation),
		COMPAT_SIZE(reservation), reservation_in, false},
	[XENMEM_decrease_reservation] = {memory_decrease, ARG(reservation),
		COMPAT_SIZE(reservation), reservation_in, false},
	[XENMEM_populate_physmap] = {memory_populate, ARG(reservation),
		COMPAT_SIZE(reservation), reservation_in, false},
	[XENMEM_claim_pages] = {memory_claim, ARG(reservation),
		COMPAT_SIZE(reservation), reservation_in, false},
	[XENMEM_add_to_physmap] = {memory_add, ARG(add), COMPAT_SIZE(add), add_in, false},
	[XENMEM_remove_from_physmap] = {memory_remove, ARG(remove),
		COMPAT_SIZE(remove), remove_in, false},
	[XENMEM_memory_map] = {get_memory_map, ARG(map), COMPAT_SIZE(map), map_in, false},
	[XENMEM_set_memory_map] = {set_memory_map, ARG(foreign_map),
		COMPAT_SIZE(foreign_map), foreign_map_in, false},
	[XENMEM_current_reservation] = {current_reservation, ARG(domain), 0, NULL, true},
	[XENMEM_maximum_reservation] = {maximum_reservation, ARG(domain), 0, NULL, true},
	[XENMEM_maximum_gpfn] = {maximum_gpfn, ARG(domain), 0, NULL, true},
	[XENMEM_maximum_ram_page] = {maximum_ram_page, 0, 0, NULL, true},
	[XENMEM_get_vnumainfo] = {get_vnumainfo, 0, 0, NULL, true},
	[XENMEM_add_to_physmap_batch] = {memory_add_batch, ARG(batch), 0, NULL, false},
	[XENMEM_acquire_resource] = {memory_acquire, ARG(resource), 0, NULL, false},
	[XENMEM_set_pod_target] = {memory_set_pod, ARG(pod), 0, NULL, false},
	[XENMEM_get_pod_target] = {memory_get_pod, ARG(pod), 0, NULL, false},
};

static int arg_in(struct memory_call *c, const struct memory_row *row)
{
	union compat_memory_arg ca;
	int err;

	if (!c->hc->compat || row->same)
		return guest_read(&c->a, c->at, row->size);
	if (!row->compat_in)
		return -ENOSYS;
	err = guest_read(&ca, c->at, row->compat_size);
	if (!err)
		row->compat_in(&c->a, &ca);
	return err;
}

long memory_op(struct hypercall *hc)
{
	const struct memory_row *row = &rows[hc->arg[0] & CMD_MASK];
	struct memory_call c = {
		.hc = hc,
		.at = GVA(hc->arg[1]),
		.start = hc->arg[0] >> CMD_BITS,
	};
	int err;

	if (!row->fn)
		return -ENOSYS;
	err = arg_in(&c, row);
	return err ? err : row->fn(&c);
}

long memory_restart(struct memory_call *c, uint64_t done)
{
	c->hc->arg[0] = (c->hc->arg[0] & CMD_MASK) | done << CMD_BITS;
	return hypercall_restart(c->hc);
}

void memory_removed_finish(struct domain *d, struct memory_removed *r)
{
	if (r->n)
		p2m_flush(d);
	for (unsigned int i = 0; i < r->n; i++)
		p2m_drop(d, r->e[i]);
	r->n = 0;
}

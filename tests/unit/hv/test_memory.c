/*
 * memory_op and the p2m: who owns which frame, when it is freed, special and
 * foreign pages, the hardware domain's parked frames, and hostile arguments.
 */
#include "fake.h"

#include <hv/p2m.h>

#include <xen/grant_table.h>
#include <xen/memory.h>

#define ARG	0x1000ul
#define DOM0_ARG (FAKE_DOM0_START * PAGE_SIZE)
#define PAGES	64u

static struct domain *a;

static int setup(void **state)
{
	(void)state;
	a = fake_domain(PAGES, 1);
	a->max_pages = PAGES + 1024;
	fake_run(a, 0);
	return 0;
}

static int teardown(void **state)
{
	fake_destroy(a);
	return fake_check_clean(state);
}

static uint64_t arg_addr(void)
{
	return current->domain == hardware_domain ? DOM0_ARG : ARG;
}

static long op(unsigned int cmd, void *arg, size_t size)
{
	void *mem = fake_mem(current->domain, arg_addr());
	long ret;

	memcpy(mem, arg, size);
	ret = fake_call(__HYPERVISOR_memory_op, cmd, arg_addr(), 0);
	memcpy(arg, mem, size);
	return ret;
}
#define OP(cmd, arg) op(XENMEM_##cmd, &(arg), sizeof(arg))

/* The list of gfns stands in the caller's second page. */
static long reserve(unsigned int cmd, domid_t dom, const uint64_t *gfns,
		    uint64_t nr, unsigned int order)
{
	struct xen_memory_reservation r = {
		.nr_extents = nr, .extent_order = order, .domid = dom,
	};
	uint64_t *list = fake_mem(current->domain, arg_addr() + PAGE_SIZE);

	memcpy(list, gfns, (nr <= 512 ? nr : 1) * 8);
	r.extent_start.p = (void *)(arg_addr() + PAGE_SIZE);
	return op(cmd, &r, sizeof(r));
}

static long populate(uint64_t gfn, unsigned int order)
{
	return reserve(XENMEM_populate_physmap, DOMID_SELF, &gfn, 1, order);
}

static long decrease(uint64_t gfn, unsigned int order)
{
	return reserve(XENMEM_decrease_reservation, DOMID_SELF, &gfn, 1, order);
}

static long add(unsigned int space, uint64_t idx, uint64_t gfn)
{
	struct xen_add_to_physmap x = {
		.domid = DOMID_SELF, .space = space, .idx = idx, .gpfn = gfn,
	};

	return OP(add_to_physmap, x);
}

static long take_out(domid_t dom, uint64_t gfn)
{
	struct xen_remove_from_physmap x = {.domid = dom, .gpfn = gfn};

	return OP(remove_from_physmap, x);
}

static enum p2m_type type_at(struct domain *d, uint64_t gfn)
{
	return p2m_get(d, GFN(gfn)).type;
}

/* --- own memory ----------------------------------------------------------- */

static void balloon(void **state)
{
	uint64_t before = page_nr_free();

	(void)state;
	memset(fake_mem(a, 0x5000), 0xaa, 4096);
	assert_int_equal(decrease(5, 0), 1);
	assert_int_equal(a->tot_pages, PAGES - 1);
	assert_int_equal(page_nr_free(), before + 1);
	assert_int_equal(type_at(a, 5), P2M_HOLE);
	assert_int_equal(decrease(5, 0), 0);
	assert_int_equal(populate(5, 0), 1);
	assert_int_equal(*(uint64_t *)fake_mem(a, 0x5000), 0);
	assert_int_equal(populate(5, 0), 0);	/* there is something */
	assert_int_equal(page_nr_free(), before);
	assert_int_equal(a->tot_pages, PAGES);
}

static void superpages(void **state)
{
	struct p2m_entry e;

	(void)state;
	assert_int_equal(populate(0x400, 9), 1);
	e = p2m_get(a, GFN(0x4ff));
	assert_int_equal(e.order, 9);
	assert_int_equal(e.mfn.v, p2m_get(a, GFN(0x400)).mfn.v + 0xff);
	/* One frame out of the middle splits it. */
	assert_int_equal(decrease(0x4ff, 0), 1);
	assert_int_equal(p2m_get(a, GFN(0x4fe)).order, 0);
	assert_int_equal(p2m_get(a, GFN(0x4fe)).mfn.v, e.mfn.v - 1);
	assert_int_equal(a->tot_pages, PAGES + 511);
	/* All of another one, at once. */
	assert_int_equal(populate(0x600, 9), 1);
	assert_int_equal(decrease(0x600, 9), 1);
	assert_int_equal(a->tot_pages, PAGES + 511);
	/* Not where something is, not unaligned, not larger than 2 MiB. */
	assert_int_equal(populate(0x400, 9), 0);
	assert_int_equal(populate(0x601, 9), 0);
	assert_int_equal(populate(0x40000 - 512, 9), 1);
	assert_int_equal(populate(0x40000, 9), 0);
	assert_int_equal(populate(0, 18), 0);
	assert_int_equal(populate(0, ~0u), 0);
}

static void split_without_memory(void **state)
{
	(void)state;
	assert_int_equal(populate(0x400, 9), 1);
	fake.fail_p2m_set = 1;
	assert_int_equal(decrease(0x4ff, 0), 0);
	assert_int_equal(type_at(a, 0x4ff), P2M_RAM_RW);
	fake.fail_p2m_set = 1;
	assert_int_equal(populate(0x900, 0), 0);
	assert_int_equal(a->tot_pages, PAGES + 512);
}

static void limits(void **state)
{
	domid_t self = DOMID_SELF;
	uint64_t n = 0;

	(void)state;
	a->max_pages = PAGES + 100;
	while (populate(0x100 + n, 0) == 1)
		n++;
	assert_int_equal(n, 100);
	assert_int_equal(op(XENMEM_current_reservation, &self, sizeof(self)),
			 PAGES + 100);
	assert_int_equal(op(XENMEM_maximum_reservation, &self, sizeof(self)),
			 PAGES + 100);
	assert_int_equal(op(XENMEM_maximum_gpfn, &self, sizeof(self)),
			 0x100 + 99);
	a->max_pages = 10;	/* below what it has: nothing more */
	assert_int_equal(decrease(0x100, 0), 1);
	assert_int_equal(populate(0x100, 0), 0);
	assert_true(fake_call(__HYPERVISOR_memory_op, XENMEM_maximum_ram_page,
			      0, 0) == FAKE_FRAMES - 1);
}

static void many_extents_in_pieces(void **state)
{
	uint64_t gfns[300];

	(void)state;
	for (unsigned int i = 0; i < 300; i++)
		gfns[i] = 0x1000 + 2 * i;
	gfns[299] = 0x1000;	/* the last one fails */
	fake.preempt_every = 1;
	fake.restarts = 0;
	assert_int_equal(reserve(XENMEM_populate_physmap, DOMID_SELF, gfns, 300,
				 0), 299);
	assert_int_equal(fake.restarts, 37);
	assert_int_equal(reserve(XENMEM_decrease_reservation, DOMID_SELF, gfns,
				 300, 0), 299);
	assert_int_equal(a->tot_pages, PAGES);
}

/* One execution of the instruction; true: it is to be executed again. */
static bool populate_once(uint64_t gfn, unsigned int order)
{
	struct xen_memory_reservation r = {
		.nr_extents = 1, .extent_order = order, .domid = DOMID_SELF,
		.extent_start.p = (void *)(ARG + PAGE_SIZE),
	};
	struct hypercall hc = {
		.nr = __HYPERVISOR_memory_op, .arg = {XENMEM_populate_physmap, ARG},
	};

	memcpy(fake_mem(a, ARG), &r, sizeof(r));
	*(uint64_t *)fake_mem(a, ARG + PAGE_SIZE) = gfn;
	hypercall_dispatch(&hc);
	return hc.restart;
}

static void superpage_in_pieces(void **state)
{
	uint64_t free = page_nr_free();

	(void)state;
	fake.preempt_every = 1;
	fake.restarts = 0;
	assert_int_equal(populate(0x400, 9), 1);
	assert_int_equal(fake.restarts, 512 / 8);
	assert_int_equal(p2m_get(a, GFN(0x400)).order, 9);
	for (uint64_t i = 0; i < 512 * PAGE_SIZE; i += 1000)
		assert_int_equal(*(char *)fake_mem(a, 0x400 * PAGE_SIZE + i), 0);
	/* What cannot be put where it is wanted is given back in pieces, too. */
	fake.restarts = 0;
	assert_int_equal(populate(0x400, 9), 0);
	assert_int_equal(fake.restarts, 2 * 512 / 8);
	assert_int_equal(a->tot_pages, PAGES + 512);
	assert_int_equal(page_nr_free(), free - 512);
	/* And so is one of whose frames some are gone. */
	assert_int_equal(decrease(0x4ff, 0), 1);
	fake.restarts = 0;
	assert_int_equal(decrease(0x400, 9), 0);
	assert_int_equal(a->tot_pages, PAGES + 512 - 256);
	assert_int_equal(decrease(0x500, 8), 1);
	assert_int_equal(fake.restarts, 31 + 31);
	assert_int_equal(a->tot_pages, PAGES);
	assert_int_equal(page_nr_free(), free);
}

/* A guest that does not execute the instruction again, or another one then. */
static void superpage_abandoned(void **state)
{
	(void)state;
	fake.preempt_every = 1;
	assert_true(populate_once(0x400, 9));
	assert_int_equal(a->tot_pages, PAGES + 512);
	/* Somebody else gets what was begun ... */
	assert_int_equal(populate(0x600, 9), 1);
	assert_int_equal(type_at(a, 0x400), P2M_HOLE);
	assert_int_equal(a->tot_pages, PAGES + 512);
	/* ... unless it has another size. */
	assert_true(populate_once(0x400, 9));
	assert_int_equal(populate(0x400, 3), 0);	/* the p2m knows no such size */
	assert_int_equal(a->tot_pages, PAGES + 512);
	/* Frames do not wait for it; it counts all the same. */
	assert_true(populate_once(0x400, 9));
	assert_int_equal(populate(0x300, 0), 0);
	/* While another vCPU is at it, this one comes again. */
	spin_lock(&a->arriving_lock);
	assert_true(populate_once(0x400, 9));
	spin_unlock(&a->arriving_lock);
	/* At the end of the domain half of it is clear; nothing is left. */
	for (unsigned int i = 0; i < 30; i++)
		assert_true(populate_once(0x400, 9));
}

/* The same when what is begun is being given back. */
static void superpage_refused_at_the_end(void **state)
{
	(void)state;
	assert_int_equal(populate(0x400, 9), 1);
	fake.preempt_every = 1;
	for (unsigned int i = 0; i < 512 / 8 + 30; i++)
		assert_true(populate_once(0x400, 9));
	assert_true(a->tot_pages < PAGES + 1024);
}

static void hostile_reservations(void **state)
{
	uint64_t gfn = 0x100, bad[] = {FAKE_GFN_LIMIT + 1, 1ull << 40,
				       1ull << 52, ~0ull, 1ull << 63};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(populate(bad[i], 0), 0);
		assert_int_equal(decrease(bad[i], 0), 0);
		assert_int_equal(decrease(bad[i], 9), 0);
		assert_int_equal(take_out(DOMID_SELF, bad[i]), -ENOENT);
		assert_true(add(XENMAPSPACE_shared_info, 0, bad[i]) < 0);
	}
	assert_int_equal(reserve(XENMEM_populate_physmap, DOMID_SELF, &gfn,
				 1ull << 58, 0), -EINVAL);
	assert_int_equal(reserve(XENMEM_populate_physmap, DOMID_SELF, &gfn,
				 ~0ull, 0), -EINVAL);
	assert_int_equal(reserve(XENMEM_populate_physmap, 0, &gfn, 1, 0),
			 -EPERM);
	assert_int_equal(reserve(XENMEM_populate_physmap, 4242, &gfn, 1, 0),
			 -ESRCH);
	assert_int_equal(reserve(XENMEM_increase_reservation, DOMID_SELF, &gfn,
				 1, 0), 0);
	/* Progress that the guest made up. */
	assert_int_equal(fake_call(__HYPERVISOR_memory_op,
				   XENMEM_populate_physmap | 77 << 6, ARG, 0),
			 -EINVAL);
	for (unsigned int cmd = 0; cmd < 64; cmd++) {
		long ret = fake_call(__HYPERVISOR_memory_op, cmd, FAKE_NOWHERE,
				     0);

		assert_true(ret == -EFAULT || ret == -ENOSYS ||
			    ret == -EOPNOTSUPP ||
			    cmd == XENMEM_maximum_ram_page);
	}
}

/* --- claims --------------------------------------------------------------- */

static long claim(struct domain *d, uint64_t nr)
{
	struct xen_memory_reservation r = {.nr_extents = nr, .domid = d->id};

	return OP(claim_pages, r);
}

static void claims(void **state)
{
	struct domain *greedy = fake_domain(1, 1);
	uint64_t gfn = 0x800, free = page_nr_free();

	(void)state;
	assert_int_equal(claim(a, 500), -EPERM);
	fake_run(hardware_domain, 0);
	a->max_pages = FAKE_FRAMES;
	greedy->max_pages = FAKE_FRAMES;
	assert_int_equal(claim(a, PAGES), -EINVAL);
	assert_int_equal(claim(a, FAKE_FRAMES), -ENOMEM);
	assert_int_equal(claim(a, PAGES + free - 500), 0);
	assert_int_equal(claim(a, PAGES + 1000), -EINVAL);
	assert_int_equal(page_nr_claimed(), free - 500);
	/* Nobody else gets at it; the one it is for does. */
	assert_int_equal(reserve(XENMEM_populate_physmap, greedy->id, &gfn, 1,
				 9), 0);
	assert_int_equal(reserve(XENMEM_populate_physmap, a->id, &gfn, 1, 9), 1);
	assert_int_equal(page_nr_claimed(), free - 500 - 512);
	assert_int_equal(claim(a, 0), 0);
	assert_int_equal(page_nr_claimed(), 0);
	assert_int_equal(reserve(XENMEM_populate_physmap, greedy->id, &gfn, 1,
				 9), 1);
	/* It dies with a promise open. */
	assert_int_equal(claim(greedy, 1000), 0);
	fake_destroy(greedy);
}

static void pod_is_not_done(void **state)
{
	struct xen_pod_target p = {.target_pages = 7, .domid = a->id};

	(void)state;
	assert_int_equal(OP(set_pod_target, p), -EPERM);
	fake_run(hardware_domain, 0);
	assert_int_equal(OP(set_pod_target, p), 0);
	assert_int_equal(p.tot_pages, PAGES);
	assert_int_equal(p.pod_cache_pages, 0);
}

/* --- special pages -------------------------------------------------------- */

static void shared_info_moves(void **state)
{
	struct shared_info *s;
	uint32_t version = a->shared_info->wc_version;

	(void)state;
	a->shared_info->evtchn_mask[63] = 0x1234;
	assert_int_equal(add(XENMAPSPACE_shared_info, 0, 0x200), 0);
	s = fake_mem(a, 0x200000);
	assert_int_equal(s->evtchn_mask[63], 0x1234);
	assert_true(s->wc_version != version && s->vcpu_info[0].time.version);
	assert_int_equal(a->shared_info_gfn.v, 0x200);
	/* Over RAM: that is given up. The old place is a hole. */
	assert_int_equal(add(XENMAPSPACE_shared_info, 0, 9), 0);
	assert_int_equal(a->tot_pages, PAGES - 1);
	assert_int_equal(type_at(a, 0x200), P2M_HOLE);
	assert_int_equal(type_at(a, 9), P2M_SPECIAL);
	/* Again at the same place. */
	assert_int_equal(add(XENMAPSPACE_shared_info, 0, 9), 0);
	assert_int_equal(type_at(a, 9), P2M_SPECIAL);
	assert_int_equal(a->shared_info_gfn.v, 9);
	assert_int_equal(add(XENMAPSPACE_shared_info, 1, 9), -EINVAL);
	assert_int_equal(take_out(DOMID_SELF, 9), 0);
	assert_int_equal(a->shared_info_gfn.v, INVALID_GFN.v);
	assert_int_equal(take_out(DOMID_SELF, 9), -ENOENT);
}

static void grant_frames(void **state)
{
	(void)state;
	assert_int_equal(add(XENMAPSPACE_grant_table, 3, 0x203), 0);
	assert_int_equal(add(XENMAPSPACE_grant_table, 0, 0x200), 0);
	assert_int_equal(grants_frame_gfn(a, 3).v, 0x203);
	assert_int_equal(add(XENMAPSPACE_grant_table, 3, 0x210), 0);
	assert_int_equal(type_at(a, 0x203), P2M_HOLE);
	assert_int_equal(add(XENMAPSPACE_grant_table, 4, 0x211), -EINVAL);
	assert_int_equal(add(XENMAPSPACE_grant_table, 0x80000000, 0x211),
			 -EINVAL);
	assert_int_equal(add(XENMAPSPACE_grant_table, 1ull << 40, 0x211),
			 -EINVAL);
	/* One special page over another unhooks that one. */
	assert_int_equal(add(XENMAPSPACE_shared_info, 0, 0x210), 0);
	assert_int_equal(grants_frame_gfn(a, 3).v, INVALID_GFN.v);
	assert_int_equal(add(XENMAPSPACE_grant_table, 0, 0x210), 0);
	assert_int_equal(a->shared_info_gfn.v, INVALID_GFN.v);
	assert_int_equal(grants_frame_gfn(a, 0).v, 0x210);
	assert_int_equal(type_at(a, 0x200), P2M_HOLE);
}

static void own_frames_move(void **state)
{
	uint64_t mfn = p2m_get(a, GFN(7)).mfn.v;
	struct xen_add_to_physmap range = {
		.domid = DOMID_SELF, .space = XENMAPSPACE_gmfn_range,
		.size = 40, .idx = 8, .gpfn = 0x500,
	};

	(void)state;
	assert_int_equal(add(XENMAPSPACE_gmfn, 7, 0x300), 0);
	assert_int_equal(p2m_get(a, GFN(0x300)).mfn.v, mfn);
	assert_int_equal(type_at(a, 7), P2M_HOLE);
	assert_int_equal(add(XENMAPSPACE_gmfn, 7, 0x301), -EINVAL);
	assert_int_equal(add(XENMAPSPACE_gmfn, ~0ull, 0x300), -EINVAL);
	assert_int_equal(type_at(a, 0x300), P2M_RAM_RW);	/* not lost */
	assert_int_equal(add(XENMAPSPACE_gmfn, 0x300, 0x300), 0);
	/* Where there is no room for it, it stays. */
	assert_int_equal(add(XENMAPSPACE_gmfn, 0x300, 1ull << 40), -EINVAL);
	assert_int_equal(type_at(a, 0x300), P2M_RAM_RW);
	assert_int_equal(a->tot_pages, PAGES);
	/* Over another one of its own. */
	assert_int_equal(add(XENMAPSPACE_gmfn, 0x300, 6), 0);
	assert_int_equal(a->tot_pages, PAGES - 1);
	/* A range, in pieces. */
	fake.preempt_every = 1;
	fake.restarts = 0;
	assert_int_equal(OP(add_to_physmap, range), 0);
	assert_int_equal(fake.restarts, 4);
	for (unsigned int i = 0; i < 40; i++) {
		assert_int_equal(type_at(a, 8 + i), P2M_HOLE);
		assert_int_equal(type_at(a, 0x500 + i), P2M_RAM_RW);
	}
}

static void spaces_refused(void **state)
{
	struct xen_add_to_physmap x = {.domid = 0, .gpfn = 5};

	(void)state;
	assert_int_equal(add(XENMAPSPACE_gmfn_foreign, 1, 5), -ENOSYS);
	assert_int_equal(add(XENMAPSPACE_dev_mmio, 1, 5), -EOPNOTSUPP);
	assert_int_equal(add(6, 1, 5), -ENOSYS);
	assert_int_equal(add(~0u, 1, 5), -ENOSYS);
	assert_int_equal(OP(add_to_physmap, x), -EPERM);
	assert_int_equal(take_out(0, FAKE_DOM0_START), -EPERM);
	assert_int_equal(take_out(DOMID_XEN, 1), -ESRCH);
}

/* --- foreign frames ------------------------------------------------------- */

static long batch(domid_t from, unsigned int nr, const uint64_t *idxs,
		  const uint64_t *gfns, int *errs)
{
	struct xen_add_to_physmap_batch b = {
		.domid = DOMID_SELF, .space = XENMAPSPACE_gmfn_foreign,
		.size = (uint16_t)nr, .u.foreign_domid = from,
	};
	uint64_t at = arg_addr();
	long ret;

	memcpy(fake_mem(current->domain, at + 0x1000), idxs, nr * 8);
	memcpy(fake_mem(current->domain, at + 0x2000), gfns, nr * 8);
	memset(fake_mem(current->domain, at + 0x3000), 0x55, nr * sizeof(int));
	b.idxs.p = (void *)(at + 0x1000);
	b.gpfns.p = (void *)(at + 0x2000);
	b.errs.p = (void *)(at + 0x3000);
	ret = OP(add_to_physmap_batch, b);
	memcpy(errs, fake_mem(current->domain, at + 0x3000), nr * sizeof(int));
	return ret;
}

static int map_foreign(domid_t from, uint64_t fgfn, uint64_t gfn)
{
	int err;
	long ret = batch(from, 1, &fgfn, &gfn, &err);

	return ret ? (int)ret : err;
}

static void foreign(void **state)
{
	uint64_t idxs[50], gfns[50];
	int errs[50];

	(void)state;
	assert_int_equal(map_foreign(0, FAKE_DOM0_START, 0x200), -EPERM);
	fake_run(hardware_domain, 0);
	memset(fake_mem(a, 0x5000), 0x5a, 4096);
	assert_int_equal(map_foreign(a->id, 5, FAKE_SCRATCH), 0);
	assert_int_equal(type_at(hardware_domain, FAKE_SCRATCH), P2M_FOREIGN_RW);
	assert_int_equal(*(uint8_t *)fake_mem(hardware_domain,
					      FAKE_SCRATCH * PAGE_SIZE), 0x5a);
	assert_int_equal(map_foreign(DOMID_SELF, 5, FAKE_SCRATCH + 1), -EINVAL);
	assert_int_equal(map_foreign(0, 300, FAKE_SCRATCH + 1), -EINVAL);
	assert_int_equal(map_foreign(4242, 5, FAKE_SCRATCH + 1), -ESRCH);
	assert_int_equal(map_foreign(DOMID_IO, 5, FAKE_SCRATCH + 1), -ESRCH);
	assert_int_equal(map_foreign(a->id, 999, FAKE_SCRATCH + 1), -EINVAL);
	assert_int_equal(map_foreign(a->id, ~0ull, FAKE_SCRATCH + 1), -EINVAL);
	/* Occupied, and not where the machine has RAM. */
	assert_int_equal(map_foreign(a->id, 6, FAKE_SCRATCH), -EPERM);
	assert_int_equal(map_foreign(a->id, 6, 0x2000), -EINVAL);
	assert_int_equal(map_foreign(a->id, 6, FAKE_DOM0_START + 9), -EINVAL);
	/* Read-only there is read-only here. */
	a->arch->table[7].type = P2M_RAM_RO;
	assert_int_equal(map_foreign(a->id, 7, FAKE_SCRATCH + 1), 0);
	assert_int_equal(type_at(hardware_domain, FAKE_SCRATCH + 1),
			 P2M_FOREIGN_RO);
	a->arch->table[7].type = P2M_RAM_RW;
	/* A batch; its bad entries do not stop it. */
	for (unsigned int i = 0; i < 50; i++) {
		idxs[i] = i == 20 ? 4000 : i;
		gfns[i] = FAKE_SCRATCH + 10 + i;
	}
	fake.preempt_every = 1;
	assert_int_equal(batch(a->id, 50, idxs, gfns, errs), 0);
	for (unsigned int i = 0; i < 50; i++)
		assert_int_equal(errs[i], i == 20 ? -EINVAL : 0);
	for (unsigned int i = 0; i < 60; i++)
		assert_int_equal(take_out(DOMID_SELF, FAKE_SCRATCH + i),
				 (i > 1 && i < 10) || i == 30 ? -ENOENT : 0);
}

/* The frame stays as long as it is mapped, whatever its owner does. */
static void foreign_outlives_owner(void **state)
{
	struct domain *c = fake_domain(8, 1);
	domid_t id = c->id;
	struct domain *d;

	(void)state;
	fake_run(hardware_domain, 0);
	memset(fake_mem(c, 0x5000), 0x5a, 4096);
	assert_int_equal(map_foreign(id, 5, FAKE_SCRATCH), 0);
	fake_destroy(c);
	d = domain_find(id);
	assert_non_null(d);
	domain_put(d);
	assert_int_equal(*(uint8_t *)fake_mem(hardware_domain,
					      FAKE_SCRATCH * PAGE_SIZE), 0x5a);
	assert_int_equal(map_foreign(id, 5, FAKE_SCRATCH + 1), -EINVAL);
	assert_int_equal(take_out(DOMID_SELF, FAKE_SCRATCH), 0);
	assert_null(domain_find(id));
}

static long acquire(struct domain *d, uint32_t nr, uint64_t frame,
		    uint64_t list)
{
	struct xen_mem_acquire_resource r = {
		.domid = d->id, .type = XENMEM_resource_grant_table,
		.nr_frames = nr, .frame = frame,
	};
	long ret;

	r.frame_list.p = (void *)list;
	ret = OP(acquire_resource, r);
	return ret ? ret : (long)r.nr_frames;
}

static void acquire_grant_table(void **state)
{
	struct domain *c = fake_domain(8, 1);
	uint64_t *list = fake_mem(hardware_domain, DOM0_ARG + 0x1000);
	struct grant_entry_v1 *e;
	domid_t id = c->id;

	(void)state;
	assert_int_equal(acquire(c, 1, 0, 0x2000), -EPERM);
	fake_run(hardware_domain, 0);
	assert_int_equal(acquire(c, 0, 0, 0), 4);
	list[0] = FAKE_SCRATCH;
	list[1] = FAKE_SCRATCH + 1;
	assert_int_equal(acquire(c, 2, 0, DOM0_ARG + 0x1000), 2);
	assert_int_equal(acquire(c, 1, 4, DOM0_ARG + 0x1000), -EINVAL);
	assert_int_equal(acquire(c, 1, 1ull << 40, DOM0_ARG + 0x1000), -EINVAL);
	assert_int_equal(acquire(c, 1, 0, DOM0_ARG + 0x1000), -EPERM);
	assert_int_equal(acquire(c, 1, 0, FAKE_NOWHERE), -EFAULT);
	list[2] = 0x2000;
	assert_int_equal(acquire(c, 1, 0, DOM0_ARG + 0x1010), -EINVAL);
	/* The toolstack seeds the reserved entries this way. */
	e = fake_mem(hardware_domain, FAKE_SCRATCH * PAGE_SIZE);
	e[1].flags = GTF_permit_access;
	fake_run(c, 0);
	assert_int_equal(add(XENMAPSPACE_grant_table, 0, 0x300), 0);
	assert_int_equal(((struct grant_entry_v1 *)fake_mem(c, 0x300000))[1]
				 .flags, GTF_permit_access);
	/* The table is mapped here when its domain is long gone. */
	fake_destroy(c);
	assert_null(domain_find(id));
	e[1].flags = 0;
	assert_int_equal(take_out(DOMID_SELF, FAKE_SCRATCH), 0);
	assert_int_equal(take_out(DOMID_SELF, FAKE_SCRATCH + 1), 0);
}

/* --- the hardware domain's own frames ------------------------------------- */

static void parked_frames(void **state)
{
	uint64_t free = page_nr_free(), gfn = FAKE_DOM0_START + 100;
	struct xen_add_to_physmap x = {
		.domid = DOMID_SELF, .space = XENMAPSPACE_shared_info,
		.gpfn = gfn,
	};

	(void)state;
	fake_run(hardware_domain, 0);
	assert_int_equal(OP(add_to_physmap, x), 0);
	assert_int_equal(type_at(hardware_domain, gfn), P2M_SPECIAL);
	assert_int_equal(page_nr_free(), free);
	assert_int_equal(hardware_domain->tot_pages, FAKE_DOM0_PAGES);
	assert_int_equal(take_out(DOMID_SELF, gfn), 0);
	/* It comes back with its own number, and only there. */
	assert_int_equal(populate(FAKE_SCRATCH, 0), 0);
	assert_int_equal(populate(gfn, 0), 1);
	assert_int_equal(p2m_get(hardware_domain, GFN(gfn)).mfn.v, gfn);
	assert_int_equal(populate(gfn, 0), 0);
	/* The balloon: it shrinks for the guest, nobody else gets the frame. */
	assert_int_equal(decrease(gfn, 0), 1);
	assert_int_equal(page_nr_free(), free);
	assert_int_equal(populate(0x2000, 0), 0);	/* not its own */
	assert_int_equal(populate(gfn, 0), 1);
	assert_int_equal(add(XENMAPSPACE_gmfn, gfn, FAKE_SCRATCH), -EINVAL);
}

/* --- the memory map ------------------------------------------------------- */

static void memory_map(void **state)
{
	struct xen_foreign_memory_map f = {.domid = DOMID_SELF};
	struct xen_memory_map m = {.nr_entries = 128};
	struct e820_entry *list = fake_mem(a, 0x2000);
	struct e820_entry *out = fake_mem(a, 0x4000);

	(void)state;
	m.buffer.p = (void *)0x4000;
	assert_int_equal(OP(memory_map, m), -ENOSYS);
	list[0] = (struct e820_entry){0, 0x9f000, E820_RAM};
	list[1] = (struct e820_entry){0x100000, 0x700000, E820_RAM};
	f.map.nr_entries = 2;
	f.map.buffer.p = (void *)0x2000;
	assert_int_equal(OP(set_memory_map, f), 0);
	assert_int_equal(OP(memory_map, m), 0);
	assert_int_equal(m.nr_entries, 2);
	assert_memory_equal(out, list, 40);
	m.nr_entries = 1;
	assert_int_equal(OP(memory_map, m), 0);
	assert_int_equal(m.nr_entries, 1);
	f.map.nr_entries = 129;
	assert_int_equal(OP(set_memory_map, f), -E2BIG);
	f.map.nr_entries = 2;
	f.map.buffer.p = (void *)FAKE_NOWHERE;
	assert_int_equal(OP(set_memory_map, f), -EFAULT);
	f.domid = 0;
	assert_int_equal(OP(set_memory_map, f), -EPERM);
	assert_int_equal(a->e820_nr, 2);
}

/* --- 32-bit callers ------------------------------------------------------- */

static long compat_op(unsigned int cmd, const uint32_t *words, unsigned int n)
{
	uint32_t *mem = fake_mem(a, ARG);

	memcpy(mem, words, n * 4);
	mem[n] = 0xdeadbeef;	/* whoever reads too far */
	return fake_call(__HYPERVISOR_memory_op, cmd, ARG, 0);
}

static void compat(void **state)
{
	const uint32_t shared[] = {DOMID_SELF, XENMAPSPACE_shared_info, 0, 0x300};
	const uint32_t gone[] = {DOMID_SELF, 0x300};
	const uint32_t set[] = {DOMID_SELF, 1, 0x2000};
	const uint32_t get[] = {1, 0x4000};
	const uint32_t extents[] = {0x2000, 40, 0, 0, DOMID_SELF};
	const uint32_t batch[] = {DOMID_SELF | XENMAPSPACE_grant_table << 16, 2, 0x2000,
				  0x2008, 0x2010};
	const uint32_t acquire[] = {XENMEM_resource_grant_table << 16, 0, 1, 0, 0, 0,
				    0x2000};
	uint32_t *list = fake_mem(a, 0x2000);

	(void)state;
	fake.compat = true;
	assert_int_equal(compat_op(XENMEM_add_to_physmap, shared, 4), 0);
	assert_int_equal(a->shared_info_gfn.v, 0x300);
	assert_int_equal(compat_op(XENMEM_remove_from_physmap, gone, 2), 0);
	*(struct e820_entry *)fake_mem(a, 0x2000) =
		(struct e820_entry){0, 0x9f000, E820_RAM};
	assert_int_equal(compat_op(XENMEM_set_memory_map, set, 3), 0);
	assert_int_equal(compat_op(XENMEM_memory_map, get, 2), 0);
	assert_int_equal(*(uint32_t *)fake_mem(a, ARG), 1);
	assert_int_equal(((struct e820_entry *)fake_mem(a, 0x4000))->size,
			 0x9f000);
	for (unsigned int i = 0; i < 40; i++)
		list[i] = 0x600 + i;
	fake.preempt_every = 1;
	assert_int_equal(compat_op(XENMEM_populate_physmap, extents, 5), 40);
	assert_int_equal(compat_op(XENMEM_decrease_reservation, extents, 5), 40);
	/* Two frames of the grant table, named by arrays of 32-bit numbers. */
	memcpy(list, (const uint32_t[]){0, 1, 0x310, 0x311, 9, 9}, 24);
	assert_int_equal(compat_op(XENMEM_add_to_physmap_batch, batch, 5), 0);
	assert_int_equal(list[4] | list[5], 0);
	assert_int_equal(p2m_get(a, GFN(0x311)).type, P2M_SPECIAL);
	/* A domU may not map another's. */
	assert_int_equal(compat_op(XENMEM_acquire_resource, acquire, 7), -EPERM);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(balloon), CASE(superpages), CASE(split_without_memory),
		CASE(superpage_in_pieces), CASE(superpage_abandoned),
		CASE(superpage_refused_at_the_end),
		CASE(limits), CASE(many_extents_in_pieces),
		CASE(hostile_reservations), CASE(claims), CASE(pod_is_not_done),
		CASE(shared_info_moves), CASE(grant_frames),
		CASE(own_frames_move), CASE(spaces_refused), CASE(foreign),
		CASE(foreign_outlives_owner), CASE(acquire_grant_table),
		CASE(parked_frames), CASE(memory_map), CASE(compat),
	};

	return cmocka_run_group_tests(tests, fake_machine, NULL);
}

/*
 * Grant tables: pins and their flags, mapping, unmapping, copying, limits, and
 * what hostile granters and mappers try.
 */
#include "fake.h"

#include <hv/p2m.h>

#include <xen/grant_table.h>

#define ARG	0x1000ul
#define DOM0_ARG (FAKE_DOM0_START * PAGE_SIZE)
#define SCRATCH(n) (((uint64_t)FAKE_SCRATCH + (n)) * PAGE_SIZE)

static struct domain *a, *b;	/* granters; dom0 maps, sometimes b */

static struct grant_entry_v1 *entry(struct domain *d, unsigned int ref)
{
	mfn_t mfn;

	assert_int_equal(grants_frame(d, ref / 512, &mfn), 0);
	return (struct grant_entry_v1 *)map_frame(mfn) + ref % 512;
}

static void grant(struct domain *d, unsigned int ref, domid_t to, uint32_t gfn,
		  bool readonly)
{
	struct grant_entry_v1 *e = entry(d, ref);

	e->domid = to;
	e->frame = gfn;
	e->flags = GTF_permit_access | (readonly ? GTF_readonly : 0);
}

static uint64_t arg_addr(void)
{
	return current->domain == hardware_domain ? DOM0_ARG : ARG;
}

static long op(unsigned int cmd, void *arg, size_t size, uint64_t count)
{
	void *mem = fake_mem(current->domain, arg_addr());
	long ret;

	memcpy(mem, arg, size);
	ret = fake_call(__HYPERVISOR_grant_table_op, cmd, arg_addr(), count);
	memcpy(arg, mem, size);
	return ret;
}

static struct gnttab_map_grant_ref map(domid_t dom, uint32_t ref,
				       uint32_t flags, uint64_t addr)
{
	struct gnttab_map_grant_ref m = {
		.host_addr = addr, .flags = flags, .ref = ref, .dom = dom,
		.status = 99,
	};

	assert_int_equal(op(GNTTABOP_map_grant_ref, &m, sizeof(m), 1), 0);
	return m;
}

static int map_rw(domid_t dom, uint32_t ref, uint64_t addr, uint32_t *handle)
{
	struct gnttab_map_grant_ref m = map(dom, ref, GNTMAP_host_map, addr);

	*handle = m.handle;
	return m.status;
}

static int map_ro(domid_t dom, uint32_t ref, uint64_t addr, uint32_t *handle)
{
	struct gnttab_map_grant_ref m =
		map(dom, ref, GNTMAP_host_map | GNTMAP_readonly, addr);

	*handle = m.handle;
	return m.status;
}

static int unmap(uint32_t handle, uint64_t addr)
{
	struct gnttab_unmap_grant_ref u = {
		.host_addr = addr, .handle = handle, .status = 99,
	};

	assert_int_equal(op(GNTTABOP_unmap_grant_ref, &u, sizeof(u), 1), 0);
	return u.status;
}

static int copy(struct gnttab_copy c)
{
	c.status = 99;
	assert_int_equal(op(GNTTABOP_copy, &c, sizeof(c), 1), 0);
	return c.status;
}

/* dom0's first page of handles is kept for good: have it before counting. */
static int machine(void **state)
{
	uint32_t handle;

	fake_machine(state);
	a = fake_domain(4, 1);
	fake_run(hardware_domain, 0);
	grant(a, 8, 0, 1, false);
	assert_int_equal(map_rw(a->id, 8, SCRATCH(0), &handle), GNTST_okay);
	assert_int_equal(unmap(handle, SCRATCH(0)), GNTST_okay);
	fake_destroy(a);
	fake.free_at_start = page_nr_free();
	return 0;
}

static int setup(void **state)
{
	(void)state;
	a = fake_domain(32, 1);
	b = fake_domain(32, 1);
	fake_run(hardware_domain, 0);
	return 0;
}

static int teardown(void **state)
{
	fake_destroy(a);
	fake_destroy(b);
	return fake_check_clean(state);
}

/* --- mapping -------------------------------------------------------------- */

static void map_and_unmap(void **state)
{
	struct grant_entry_v1 *e = entry(a, 8);
	uint32_t h;

	(void)state;
	memset(fake_mem(a, 0x5000), 0x42, 4096);
	grant(a, 8, 0, 5, false);
	assert_int_equal(map_rw(a->id, 8, SCRATCH(1), &h), GNTST_okay);
	assert_int_equal(e->flags, GTF_permit_access | GTF_reading | GTF_writing);
	assert_int_equal(*(uint8_t *)fake_mem(hardware_domain, SCRATCH(1)), 0x42);
	assert_int_equal(p2m_get(hardware_domain, GFN(FAKE_SCRATCH + 1)).type,
			 P2M_GRANT_RW);
	assert_int_equal(grants_active(a), 1);
	assert_int_equal(unmap(h, SCRATCH(2)), GNTST_general_error);
	assert_int_equal(unmap(h, SCRATCH(1)), GNTST_okay);
	assert_int_equal(e->flags, GTF_permit_access);
	assert_int_equal(p2m_get(hardware_domain, GFN(FAKE_SCRATCH + 1)).type,
			 P2M_HOLE);
	assert_int_equal(unmap(h, SCRATCH(1)), GNTST_bad_handle);
	assert_int_equal(grants_active(a), 0);
}

static void readonly(void **state)
{
	struct grant_entry_v1 *e = entry(a, 9);
	uint32_t h, w;

	(void)state;
	grant(a, 9, 0, 6, true);
	assert_int_equal(map_rw(a->id, 9, SCRATCH(1), &w), GNTST_general_error);
	assert_int_equal(e->flags, GTF_permit_access | GTF_readonly);
	assert_int_equal(map_ro(a->id, 9, SCRATCH(1), &h), GNTST_okay);
	assert_int_equal(e->flags,
			 GTF_permit_access | GTF_readonly | GTF_reading);
	assert_int_equal(p2m_get(hardware_domain, GFN(FAKE_SCRATCH + 1)).type,
			 P2M_GRANT_RO);
	/* Read pins do not become write pins. */
	assert_int_equal(map_rw(a->id, 9, SCRATCH(2), &w), GNTST_general_error);
	assert_int_equal(e->flags,
			 GTF_permit_access | GTF_readonly | GTF_reading);
	assert_int_equal(unmap(h, SCRATCH(1)), GNTST_okay);
	assert_int_equal(e->flags, GTF_permit_access | GTF_readonly);
}

static void pins_add_up(void **state)
{
	struct grant_entry_v1 *e = entry(a, 10);
	uint32_t r, w;

	(void)state;
	grant(a, 10, 0, 7, false);
	assert_int_equal(map_ro(a->id, 10, SCRATCH(1), &r), GNTST_okay);
	assert_int_equal(e->flags, GTF_permit_access | GTF_reading);
	assert_int_equal(map_rw(a->id, 10, SCRATCH(2), &w), GNTST_okay);
	assert_int_equal(e->flags, GTF_permit_access | GTF_reading | GTF_writing);
	assert_int_equal(unmap(w, SCRATCH(2)), GNTST_okay);
	assert_int_equal(e->flags, GTF_permit_access | GTF_reading);
	assert_int_equal(unmap(r, SCRATCH(1)), GNTST_okay);
	assert_int_equal(e->flags, GTF_permit_access);
}

static void refused(void **state)
{
	uint32_t h;

	(void)state;
	grant(a, 8, 0, 5, false);
	assert_int_equal(map_rw(4242, 8, SCRATCH(1), &h), GNTST_bad_domain);
	assert_int_equal(map_rw(DOMID_XEN, 8, SCRATCH(1), &h), GNTST_bad_domain);
	assert_int_equal(map_rw(a->id, 512, SCRATCH(1), &h), GNTST_bad_gntref);
	assert_int_equal(map_rw(a->id, ~0u, SCRATCH(1), &h), GNTST_bad_gntref);
	assert_int_equal(map_rw(a->id, 11, SCRATCH(1), &h), GNTST_general_error);
	for (uint32_t flags = 0; flags < 32; flags++)
		if ((flags & ~(uint32_t)GNTMAP_readonly) != GNTMAP_host_map)
			assert_int_equal(map(a->id, 8, flags, SCRATCH(1)).status,
					 GNTST_general_error);
	/* Places: unaligned, beyond the address width, not a hole. */
	assert_int_equal(map_rw(a->id, 8, SCRATCH(1) + 8, &h),
			 GNTST_general_error);
	assert_int_equal(map_rw(a->id, 8, ~0xfffull, &h), GNTST_general_error);
	assert_int_equal(map_rw(a->id, 8, DOM0_ARG, &h), GNTST_general_error);
	/* Not at a number that is a frame of the machine. */
	assert_int_equal(map_rw(a->id, 8, 0x2000 * PAGE_SIZE, &h),
			 GNTST_general_error);
	assert_int_equal(entry(a, 8)->flags, GTF_permit_access);
	assert_int_equal(grants_active(a) + grants_active(hardware_domain), 0);
	/* For somebody else. */
	grant(a, 8, b->id, 5, false);
	assert_int_equal(map_rw(a->id, 8, SCRATCH(1), &h), GNTST_general_error);
}

static void bad_frames(void **state)
{
	const uint32_t frames[] = {32, 0xfffff, FAKE_GFN_LIMIT + 1, ~0u};
	uint32_t h, h2;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(frames); i++) {
		grant(a, 8, 0, frames[i], false);
		assert_int_equal(map_rw(a->id, 8, SCRATCH(1), &h),
				 GNTST_bad_page);
		assert_int_equal(entry(a, 8)->flags, GTF_permit_access);
	}
	/* Not its own grant mapping: b maps a's page, offers it on. */
	grant(a, 8, b->id, 5, false);
	fake_run(b, 0);
	assert_int_equal(map_rw(a->id, 8, 100 * PAGE_SIZE, &h), GNTST_okay);
	grant(b, 8, 0, 100, false);
	fake_run(hardware_domain, 0);
	assert_int_equal(map_rw(b->id, 8, SCRATCH(1), &h2), GNTST_bad_page);
	/* Not its shared_info. */
	a->arch->table[20].type = P2M_SPECIAL;
	grant(a, 9, 0, 20, false);
	assert_int_equal(map_rw(a->id, 9, SCRATCH(1), &h2), GNTST_bad_page);
	a->arch->table[20].type = P2M_RAM_RW;
	/* Read-only memory for reading only. */
	a->arch->table[21].type = P2M_RAM_RO;
	grant(a, 9, 0, 21, false);
	assert_int_equal(map_rw(a->id, 9, SCRATCH(1), &h2), GNTST_bad_page);
	assert_int_equal(entry(a, 9)->flags, GTF_permit_access);
	assert_int_equal(map_ro(a->id, 9, SCRATCH(1), &h2), GNTST_okay);
	assert_int_equal(unmap(h2, SCRATCH(1)), GNTST_okay);
	a->arch->table[21].type = P2M_RAM_RW;
}

/* The granter changes entry and memory under the mapping; it only hurts itself. */
static void granter_changes_its_mind(void **state)
{
	unsigned int before = a->tot_pages;
	struct p2m_entry old;
	uint32_t h, h2;

	(void)state;
	memset(fake_mem(a, 0x5000), 0x11, 4096);
	grant(a, 8, 0, 5, false);
	assert_int_equal(map_rw(a->id, 8, SCRATCH(1), &h), GNTST_okay);
	entry(a, 8)->frame = 6;
	/* A second mapping gets the same frame: it was found once. */
	assert_int_equal(map_ro(a->id, 8, SCRATCH(2), &h2), GNTST_okay);
	assert_int_equal(*(uint8_t *)fake_mem(hardware_domain, SCRATCH(2)), 0x11);
	entry(a, 8)->flags = 0;
	assert_int_equal(p2m_remove(a, GFN(5), P2M_BITS_RAM, &old), 0);
	p2m_flush(a);
	p2m_drop(a, old);
	assert_int_equal(a->tot_pages, before);		/* it still exists */
	assert_int_equal(*(uint8_t *)fake_mem(hardware_domain, SCRATCH(1)), 0x11);
	assert_int_equal(unmap(h, SCRATCH(1)), GNTST_okay);
	assert_int_equal(a->tot_pages, before);
	assert_int_equal(unmap(h2, SCRATCH(2)), GNTST_okay);
	assert_int_equal(a->tot_pages, before - 1);
	assert_int_equal(entry(a, 8)->flags, 0);
}

/* The mapper may not take the mapping away but by its handle. */
static void mapping_is_held_by_its_handle(void **state)
{
	struct p2m_entry old;
	uint32_t h;

	(void)state;
	grant(a, 8, b->id, 5, false);
	fake_run(b, 0);
	assert_int_equal(map_rw(a->id, 8, 100 * PAGE_SIZE, &h), GNTST_okay);
	assert_int_equal(p2m_remove(b, GFN(100), P2M_BITS_RAM |
				    P2M_BITS_FOREIGN | P2M_BIT(P2M_SPECIAL),
				    &old), -EPERM);
	assert_int_equal(unmap(h, 100 * PAGE_SIZE), GNTST_okay);
}

/* --- arrays --------------------------------------------------------------- */

#define MANY 70u

static void arrays(void **state)
{
	struct gnttab_map_grant_ref *m = fake_mem(b, 0x1000);
	struct gnttab_unmap_grant_ref *u = fake_mem(b, 0x1000);
	uint32_t handles[MANY];
	unsigned int flushes;

	(void)state;
	fake_run(b, 0);
	for (unsigned int i = 0; i < MANY; i++) {
		grant(a, 8 + i, b->id, i % 32, false);
		m[i] = (struct gnttab_map_grant_ref){
			.host_addr = (100 + i) * PAGE_SIZE, .ref = 8 + i,
			.flags = GNTMAP_host_map, .dom = a->id,
		};
	}
	m[33].ref = 7000;
	fake.preempt_every = 1;
	fake.restarts = 0;
	assert_int_equal(fake_call(__HYPERVISOR_grant_table_op,
				   GNTTABOP_map_grant_ref, 0x1000, MANY), 0);
	assert_int_equal(fake.restarts, 4);
	for (unsigned int i = 0; i < MANY; i++) {
		assert_int_equal(m[i].status,
				 i == 33 ? GNTST_bad_gntref : GNTST_okay);
		handles[i] = m[i].handle;
	}
	for (unsigned int i = 0; i < MANY; i++)
		u[i] = (struct gnttab_unmap_grant_ref){
			.host_addr = (100 + i) * PAGE_SIZE,
			.handle = i == 33 ? 1 << 20 : handles[i],
		};
	u[40] = u[39];		/* the same twice */
	flushes = b->arch->flushes;
	assert_int_equal(fake_call(__HYPERVISOR_grant_table_op,
				   GNTTABOP_unmap_grant_ref, 0x1000, MANY), 0);
	assert_int_equal(b->arch->flushes, flushes + 3);	/* one per 32 */
	for (unsigned int i = 0; i < MANY; i++)
		assert_int_equal(u[i].status, i == 33 || i == 40 ?
				 GNTST_bad_handle : GNTST_okay);
	assert_int_equal(grants_active(b), 1);
	assert_int_equal(grants_active(a), 1);
}

static void limit_of_handles(void **state)
{
	unsigned int n = 0;
	uint32_t h;

	(void)state;
	fake_run(b, 0);
	grant(a, 8, b->id, 5, false);
	while (map_rw(a->id, 8, (1000 + n) * PAGE_SIZE, &h) == GNTST_okay)
		n++;
	/* 4 frames of 256 handles, rounded up to our own pages. */
	assert_in_range(n, 1024, 1024 + 170);
	assert_int_equal(map_rw(a->id, 8, 90 * PAGE_SIZE, &h),
			 GNTST_no_device_space);
	assert_int_equal(unmap(77, 1077 * PAGE_SIZE), GNTST_okay);
	assert_int_equal(map_rw(a->id, 8, 90 * PAGE_SIZE, &h), GNTST_okay);
	assert_int_equal(h, 77);
	/* b dies with all of them mapped. */
}

static void counts_and_pointers(void **state)
{
	(void)state;
	fake_run(b, 0);
	for (unsigned int cmd = 0; cmd < 16; cmd++) {
		long ret = fake_call(__HYPERVISOR_grant_table_op, cmd,
				     FAKE_NOWHERE, 1);

		assert_true(ret == -EFAULT || ret == -ENOSYS);
		ret = fake_call(__HYPERVISOR_grant_table_op, cmd, FAKE_NOWHERE,
				0xffffffff);
		assert_true(ret == -EINVAL || ret == -ENOSYS);
	}
	assert_int_equal(fake_call(__HYPERVISOR_grant_table_op,
				   GNTTABOP_copy, ARG, 0), 0);
	assert_int_equal(fake_call(__HYPERVISOR_grant_table_op,
				   GNTTABOP_query_size, ARG, 2), -EINVAL);
	assert_int_equal(fake_call(__HYPERVISOR_grant_table_op, ~0ull, ARG, 1),
			 -ENOSYS);
}

/* Results that cannot be stored undo what they would have told of. */
static void map_results_are_lost(void **state)
{
	struct gnttab_map_grant_ref *m = fake_mem(b, 0x3000);

	(void)state;
	fake_run(b, 0);
	grant(a, 8, b->id, 5, false);
	*m = (struct gnttab_map_grant_ref){
		.host_addr = 100 * PAGE_SIZE, .ref = 8,
		.flags = GNTMAP_host_map, .dom = a->id,
	};
	b->arch->table[3].type = P2M_RAM_RO;
	assert_int_equal(fake_call(__HYPERVISOR_grant_table_op,
				   GNTTABOP_map_grant_ref, 0x3000, 1), -EFAULT);
	b->arch->table[3].type = P2M_RAM_RW;
	assert_int_equal(grants_active(a) + grants_active(b), 0);
	assert_int_equal(p2m_get(b, GFN(100)).type, P2M_HOLE);
}

static void no_memory_for_tables(void **state)
{
	uint32_t h;

	(void)state;
	fake_run(b, 0);
	grant(a, 8, b->id, 5, false);
	fake.fail_p2m_set = 1;
	assert_int_equal(map_rw(a->id, 8, 100 * PAGE_SIZE, &h),
			 GNTST_no_device_space);
	assert_int_equal(grants_active(a) + grants_active(b), 0);
	assert_int_equal(entry(a, 8)->flags, GTF_permit_access);
}

/* --- copying -------------------------------------------------------------- */

static void copies(void **state)
{
	struct gnttab_copy c = {
		.source = {.u.ref = 8, .domid = a->id, .offset = 100},
		.dest = {.u.gmfn = 7, .domid = DOMID_SELF, .offset = 200},
		.len = 1000, .flags = GNTCOPY_source_gref,
	};
	uint8_t *from = fake_mem(a, 0x5000), *to = fake_mem(b, 0x7000);

	(void)state;
	fake_run(b, 0);
	memset(from, 0x77, 4096);
	memset(to, 0, 4096);
	grant(a, 8, b->id, 5, true);
	assert_int_equal(copy(c), GNTST_okay);
	assert_int_equal(to[199], 0);
	assert_int_equal(to[200], 0x77);
	assert_int_equal(to[1199], 0x77);
	assert_int_equal(to[1200], 0);
	assert_int_equal(entry(a, 8)->flags, GTF_permit_access | GTF_readonly);
	assert_int_equal(grants_active(a), 0);
	/* The other way: the grant is read-only. */
	c.source = (struct gnttab_copy_ptr){.u.gmfn = 7, .domid = b->id};
	c.dest = (struct gnttab_copy_ptr){.u.ref = 8, .domid = a->id};
	c.flags = GNTCOPY_dest_gref;
	assert_int_equal(copy(c), GNTST_general_error);
	entry(a, 8)->flags = GTF_permit_access;
	assert_int_equal(copy(c), GNTST_okay);
	assert_int_equal(from[200], 0x77);
	assert_int_equal(from[0], 0);
	/* Grant to grant, and a whole page. */
	grant(a, 9, b->id, 6, false);
	c.source = (struct gnttab_copy_ptr){.u.ref = 8, .domid = a->id};
	c.dest = (struct gnttab_copy_ptr){.u.ref = 9, .domid = a->id};
	c.flags = GNTCOPY_source_gref | GNTCOPY_dest_gref;
	c.len = 4096;
	assert_int_equal(copy(c), GNTST_okay);
	assert_memory_equal(fake_mem(a, 0x6000), from, 4096);
	/* Onto itself. */
	c.dest = c.source;
	c.dest.offset = 1;
	c.len = 4095;
	assert_int_equal(copy(c), GNTST_okay);
	assert_int_equal(entry(a, 8)->flags, GTF_permit_access);
}

static void copies_refused(void **state)
{
	struct gnttab_copy good = {
		.source = {.u.gmfn = 6, .domid = DOMID_SELF},
		.dest = {.u.gmfn = 7, .domid = DOMID_SELF}, .len = 8,
	}, c = good;

	(void)state;
	fake_run(b, 0);
	assert_int_equal(copy(c), GNTST_okay);
	c.source.offset = 4089;
	assert_int_equal(copy(c), GNTST_bad_copy_arg);
	c = good, c.len = 65535, c.dest.offset = 65535;
	assert_int_equal(copy(c), GNTST_bad_copy_arg);
	c = good, c.source.domid = a->id;
	assert_int_equal(copy(c), GNTST_permission_denied);
	c = good, c.dest.domid = 0;
	assert_int_equal(copy(c), GNTST_permission_denied);
	c = good, c.source.u.gmfn = 999;
	assert_int_equal(copy(c), GNTST_bad_page);
	c = good, c.dest.u.gmfn = ~0ul;
	assert_int_equal(copy(c), GNTST_bad_page);
	c = good, c.flags = GNTCOPY_dest_gref, c.dest.domid = a->id;
	c.dest.u.ref = 0xffffff;
	assert_int_equal(copy(c), GNTST_bad_gntref);
	c.dest.domid = 4242;
	assert_int_equal(copy(c), GNTST_bad_domain);
	c = good, c.flags = 4;
	assert_int_equal(copy(c), GNTST_general_error);
	assert_int_equal(grants_active(a) + grants_active(b), 0);
}

/* Many in one call keep the page pinned between them, and let go at the end. */
static void copies_in_a_row(void **state)
{
	struct gnttab_copy *c = fake_mem(b, 0x1000);

	(void)state;
	fake_run(b, 0);
	grant(a, 8, b->id, 5, false);
	for (unsigned int i = 0; i < 100; i++)
		c[i] = (struct gnttab_copy){
			.source = {.u.gmfn = 6 + i % 3, .domid = DOMID_SELF},
			.dest = {.u.ref = i == 50 ? 9 : 8, .domid = a->id},
			.len = 16, .flags = GNTCOPY_dest_gref,
		};
	fake.preempt_every = 2;
	assert_int_equal(fake_call(__HYPERVISOR_grant_table_op, GNTTABOP_copy,
				   0x1000, 100), 0);
	for (unsigned int i = 0; i < 100; i++)
		assert_int_equal(c[i].status, i == 50 ? GNTST_general_error :
							GNTST_okay);
	assert_int_equal(grants_active(a), 0);
}

/* --- deaths --------------------------------------------------------------- */

/* A granter dies while it is mapped: a zombie until the mapper lets go. */
static void granter_dies(void **state)
{
	struct domain *c = fake_domain(8, 1);
	domid_t id = c->id;
	struct domain *found;
	uint32_t h, h2;

	(void)state;
	grant(c, 8, 0, 5, false);
	memset(fake_mem(c, 0x5000), 0x66, 4096);
	assert_int_equal(map_rw(id, 8, SCRATCH(1), &h), GNTST_okay);
	fake_destroy(c);
	found = domain_find(id);
	assert_non_null(found);
	assert_int_equal(found->dying, DOMAIN_DEAD);
	assert_int_equal(found->tot_pages, 1);
	domain_put(found);
	assert_int_equal(*(uint8_t *)fake_mem(hardware_domain, SCRATCH(1)), 0x66);
	assert_int_equal(map_rw(id, 8, SCRATCH(2), &h2), GNTST_bad_domain);
	assert_int_equal(unmap(h, SCRATCH(1)), GNTST_okay);
	assert_null(domain_find(id));
}

static void mapper_dies(void **state)
{
	struct domain *c = fake_domain(8, 1);
	uint32_t h;

	(void)state;
	fake_run(c, 0);
	for (unsigned int i = 0; i < 100; i++) {
		grant(a, 8 + i, c->id, i % 32, i % 2);
		assert_int_equal((i % 2 ? map_ro : map_rw)
				 (a->id, 8 + i, (100 + i) * PAGE_SIZE, &h),
				 GNTST_okay);
	}
	assert_int_equal(grants_active(a), 100);
	fake.preempt_every = 1;
	fake_destroy(c);
	assert_int_equal(grants_active(a), 0);
	for (unsigned int i = 0; i < 100; i++)
		assert_int_equal(entry(a, 8 + i)->flags & 0x18, 0);
}

/* --- the table itself ----------------------------------------------------- */

static void unmap_and_replace(void **state)
{
	struct gnttab_unmap_and_replace u = {.host_addr = SCRATCH(0)};

	(void)state;
	fake_run(hardware_domain, 0);
	grant(a, 8, 0, 1, false);
	assert_int_equal(map_rw(a->id, 8, SCRATCH(0), &u.handle), GNTST_okay);
	u.new_addr = SCRATCH(1);	/* has a meaning with paravirtual paging only */
	assert_int_equal(op(GNTTABOP_unmap_and_replace, &u, sizeof(u), 1), 0);
	assert_int_equal(u.status, GNTST_general_error);
	u.new_addr = 0;
	u.host_addr = SCRATCH(2);
	assert_int_equal(op(GNTTABOP_unmap_and_replace, &u, sizeof(u), 1), 0);
	assert_int_equal(u.status, GNTST_general_error);
	u.host_addr = SCRATCH(0);
	assert_int_equal(op(GNTTABOP_unmap_and_replace, &u, sizeof(u), 1), 0);
	assert_int_equal(u.status, GNTST_okay);
	assert_int_equal(op(GNTTABOP_unmap_and_replace, &u, sizeof(u), 1), 0);
	assert_int_equal(u.status, GNTST_bad_handle);
}

static void swapping(void **state)
{
	struct gnttab_swap_grant_ref s = {.ref_a = 8, .ref_b = 9};
	uint32_t handle;

	(void)state;
	grant(a, 8, 0, 1, false);
	grant(a, 9, 7, 2, true);
	fake_run(a, 0);
	assert_int_equal(op(GNTTABOP_swap_grant_ref, &s, sizeof(s), 1), 0);
	assert_int_equal(s.status, GNTST_okay);
	assert_int_equal(entry(a, 8)->domid, 7);
	assert_int_equal(entry(a, 8)->frame, 2);
	assert_int_equal(entry(a, 9)->flags, GTF_permit_access);
	fake_run(hardware_domain, 0);
	assert_int_equal(map_rw(a->id, 9, SCRATCH(0), &handle), GNTST_okay);
	fake_run(a, 0);
	assert_int_equal(op(GNTTABOP_swap_grant_ref, &s, sizeof(s), 1), 0);
	assert_int_equal(s.status, GNTST_eagain);
	s.ref_b = 512;
	assert_int_equal(op(GNTTABOP_swap_grant_ref, &s, sizeof(s), 1), 0);
	assert_int_equal(s.status, GNTST_bad_gntref);
	s.ref_a = ~0u;
	assert_int_equal(op(GNTTABOP_swap_grant_ref, &s, sizeof(s), 1), 0);
	assert_int_equal(s.status, GNTST_bad_gntref);
	fake_run(hardware_domain, 0);
	assert_int_equal(unmap(handle, SCRATCH(0)), GNTST_okay);
}

static long flush(uint64_t addr, uint16_t offset, uint16_t length, uint32_t what)
{
	struct gnttab_cache_flush f = {
		.a.dev_bus_addr = addr, .offset = offset, .length = length, .op = what,
	};

	return op(GNTTABOP_cache_flush, &f, sizeof(f), 1);
}

static void cache_flush(void **state)
{
	struct gnttab_cache_flush many[100];
	uint32_t handle;

	(void)state;
	fake_run(hardware_domain, 0);
	grant(a, 8, 0, 1, true);
	assert_int_equal(map_ro(a->id, 8, SCRATCH(0), &handle), GNTST_okay);
	fake.flushed = 0;
	assert_int_equal(flush(SCRATCH(0), 100, 200, GNTTAB_CACHE_CLEAN), 0);
	assert_int_equal(fake.flushed, 200);
	assert_ptr_equal(fake.flushed_at, (char *)fake_mem(a, PAGE_SIZE) + 100);
	assert_int_equal(flush(SCRATCH(0), 4095, 1, GNTTAB_CACHE_INVAL), 0);
	assert_int_equal(flush(SCRATCH(0), 0, 4096, GNTTAB_CACHE_CLEAN | GNTTAB_CACHE_INVAL), 0);
	assert_int_equal(fake.flushed, 4297);
	/* Nothing to do. */
	assert_int_equal(flush(SCRATCH(0), 0, 0, GNTTAB_CACHE_CLEAN), 0);
	assert_int_equal(flush(SCRATCH(0), 0, 8, 0), 0);
	/* Beyond the page; unknown bits; by reference. */
	assert_int_equal(flush(SCRATCH(0), 4096, 0, GNTTAB_CACHE_CLEAN), -EINVAL);
	assert_int_equal(flush(SCRATCH(0), 1, 4096, GNTTAB_CACHE_CLEAN), -EINVAL);
	assert_int_equal(flush(SCRATCH(0), 65535, 65535, GNTTAB_CACHE_CLEAN), -EINVAL);
	assert_int_equal(flush(SCRATCH(0), 0, 8, 4), -EOPNOTSUPP);
	assert_int_equal(flush(8, 0, 8, GNTTAB_CACHE_CLEAN | GNTTAB_CACHE_SOURCE_GREF),
			 -EOPNOTSUPP);
	/* What is no grant of another's. */
	assert_int_equal(flush(SCRATCH(1), 0, 8, GNTTAB_CACHE_CLEAN), -EPERM);
	assert_int_equal(flush(DOM0_ARG, 0, 8, GNTTAB_CACHE_CLEAN), -EPERM);
	assert_int_equal(flush(~0ull, 0, 8, GNTTAB_CACHE_CLEAN), -EPERM);
	/* Many, in pieces, up to the first bad one. */
	for (unsigned int i = 0; i < 100; i++)
		many[i] = (struct gnttab_cache_flush){
			.a.dev_bus_addr = i == 99 ? 0 : SCRATCH(0),
			.length = 10, .op = GNTTAB_CACHE_CLEAN,
		};
	fake.flushed = 0;
	fake.restarts = 0;
	fake.preempt_every = 1;
	assert_int_equal(op(GNTTABOP_cache_flush, many, sizeof(many), 100), -EPERM);
	assert_int_equal(fake.flushed, 990);
	assert_int_equal(fake.restarts, 3);
	assert_int_equal(unmap(handle, SCRATCH(0)), GNTST_okay);
	assert_int_equal(flush(SCRATCH(0), 0, 8, GNTTAB_CACHE_CLEAN), -EPERM);
}

/* The layout that 32-bit callers have. */
static void copies_compat(void **state)
{
	struct {
		uint32_t from;
		uint16_t from_dom, from_offset;
		uint32_t to;
		uint16_t to_dom, to_offset, len, flags;
		int16_t status, pad;
	} c[3] = {
		{2, DOMID_SELF, 8, 3, DOMID_SELF, 4092, 4, 0, 99, 0},
		{8, a->id, 8, 3, DOMID_SELF, 0, 4, GNTCOPY_source_gref, 99, 0},
		{2, DOMID_SELF, 4000, 3, DOMID_SELF, 0, 97, 0, 99, 0},
	};

	(void)state;
	fake_run(a, 0);
	fake.compat = true;
	grant(a, 8, a->id, 2, true);
	memcpy(fake_mem(a, 2 * PAGE_SIZE + 8), "text", 4);
	assert_int_equal(op(GNTTABOP_copy, c, sizeof(c), 3), 0);
	assert_int_equal(c[0].status, GNTST_okay);
	assert_int_equal(c[1].status, GNTST_okay);
	assert_int_equal(c[2].status, GNTST_bad_copy_arg);
	assert_memory_equal(fake_mem(a, 3 * PAGE_SIZE + 4092), "text", 4);
	assert_memory_equal(fake_mem(a, 3 * PAGE_SIZE), "text", 4);
}

static void sizes_and_versions(void **state)
{
	struct gnttab_query_size q = {.dom = DOMID_SELF};
	struct gnttab_set_version v = {.version = 1};
	struct gnttab_get_version g = {.dom = DOMID_SELF};

	(void)state;
	fake_run(a, 0);
	assert_int_equal(op(GNTTABOP_query_size, &q, sizeof(q), 1), 0);
	assert_int_equal(q.status, GNTST_okay);
	assert_int_equal(q.nr_frames, 1);
	assert_int_equal(q.max_nr_frames, 4);
	q.dom = 0;
	assert_int_equal(op(GNTTABOP_query_size, &q, sizeof(q), 1), 0);
	assert_int_equal(q.status, GNTST_permission_denied);
	assert_int_equal(op(GNTTABOP_set_version, &v, sizeof(v), 1), 0);
	v.version = 2;
	assert_int_equal(op(GNTTABOP_set_version, &v, sizeof(v), 1), -ENOSYS);
	v.version = 3;
	assert_int_equal(op(GNTTABOP_set_version, &v, sizeof(v), 1), -EINVAL);
	assert_int_equal(op(GNTTABOP_get_version, &g, sizeof(g), 1), 0);
	assert_int_equal(g.version, 1);
	g.dom = 0;
	assert_int_equal(op(GNTTABOP_get_version, &g, sizeof(g), 1), -EPERM);
}

static void setup_table(void **state)
{
	struct gnttab_setup_table s = {.dom = DOMID_SELF, .nr_frames = 3};
	struct gnttab_query_size q = {.dom = DOMID_SELF};
	uint32_t *compat = fake_mem(a, 0x1000);

	(void)state;
	fake_run(a, 0);
	s.frame_list.p = (void *)0x2000;
	assert_int_equal(op(GNTTABOP_setup_table, &s, sizeof(s), 1), 0);
	assert_int_equal(s.status, GNTST_okay);
	assert_int_equal(op(GNTTABOP_query_size, &q, sizeof(q), 1), 0);
	assert_int_equal(q.nr_frames, 3);
	s.nr_frames = 5;
	assert_int_equal(op(GNTTABOP_setup_table, &s, sizeof(s), 1), 0);
	assert_int_equal(s.status, GNTST_general_error);
	s.nr_frames = 1;
	s.frame_list.p = (void *)FAKE_NOWHERE;
	assert_int_equal(op(GNTTABOP_setup_table, &s, sizeof(s), 1), -EFAULT);
	/* As GRUB lays it out. */
	fake.compat = true;
	compat[0] = DOMID_SELF;
	compat[1] = 1;
	compat[2] = 0x55;
	compat[3] = 0x2000;
	assert_int_equal(fake_call(__HYPERVISOR_grant_table_op,
				   GNTTABOP_setup_table, 0x1000, 1), 0);
	assert_int_equal(compat[2] & 0xffff, 0);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(map_and_unmap), CASE(readonly), CASE(pins_add_up),
		CASE(refused), CASE(bad_frames), CASE(granter_changes_its_mind),
		CASE(mapping_is_held_by_its_handle), CASE(arrays),
		CASE(limit_of_handles), CASE(counts_and_pointers),
		CASE(map_results_are_lost), CASE(no_memory_for_tables),
		CASE(copies), CASE(copies_refused), CASE(copies_in_a_row),
		CASE(granter_dies), CASE(mapper_dies), CASE(unmap_and_replace), CASE(swapping),
		CASE(cache_flush), CASE(copies_compat), CASE(sizes_and_versions),
		CASE(setup_table),
	};

	return cmocka_run_group_tests(tests, machine, NULL);
}

/*
 * Frames, grants and foreign mappings against a reference model. Domains and
 * dom0 do random things to each other's memory; each frame carries a number
 * that nobody else has, and whoever maps a frame must read that number for as
 * long as the mapping lives, whatever its owner does meanwhile. A fresh frame
 * must be empty. At the end everybody dies, and every frame is back.
 * MODEL_SEED=n repeats a run.
 */
#include "fake.h"

#include <hv/p2m.h>

#include <xen/grant_table.h>
#include <xen/memory.h>

#define DOMS	3
#define GFNS	24u
#define FIRST	4u		/* gfns below are for arguments */
#define REFS	16u
#define MAPS	40u
#define STEPS	30000
#define ARG	0x1000ul

struct mapping {
	enum { NONE, GRANT, FOREIGN } kind;
	int mapper;		/* DOMS: dom0 */
	uint64_t gfn, token;
	uint32_t handle;
	bool write;
};

static struct domain *doms[DOMS];
static uint64_t token[DOMS][GFNS];	/* in the frame there; 0: a hole */
static struct {
	int to;
	uint64_t gfn;
	bool readonly;
} offer[DOMS][REFS];
static struct mapping maps[MAPS];
static uint64_t seed, next_token = 1;

static unsigned int pick(unsigned int n)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (unsigned int)((seed >> 33) % n);
}

static struct domain *dom(int i)
{
	return i == DOMS ? hardware_domain : doms[i];
}

static uint64_t arg_of(int i)
{
	return i == DOMS ? FAKE_DOM0_START * PAGE_SIZE : ARG;
}

static long call(int who, unsigned int nr, unsigned int cmd, void *arg,
		 size_t size)
{
	void *mem = fake_mem(dom(who), arg_of(who));
	long ret;

	fake_run(dom(who), 0);
	memcpy(mem, arg, size);
	ret = fake_call(nr, cmd, arg_of(who), 1);
	memcpy(arg, mem, size);
	return ret;
}

static uint64_t *frame_at(int who, uint64_t gfn)
{
	return fake_mem(dom(who), gfn * PAGE_SIZE);
}

static struct grant_entry_v1 *entry(int who, unsigned int ref)
{
	mfn_t mfn;

	assert_int_equal(grants_frame(doms[who], 0, &mfn), 0);
	return (struct grant_entry_v1 *)map_frame(mfn) + ref;
}

static void be_born(int i)
{
	doms[i] = fake_domain(GFNS, 1);
	for (uint64_t g = 0; g < GFNS; g++)
		*frame_at(i, g) = token[i][g] = next_token++;
	memset(offer[i], -1, sizeof(offer[i]));
}

static struct mapping *free_mapping(void)
{
	for (unsigned int i = 0; i < MAPS; i++)
		if (maps[i].kind == NONE)
			return &maps[i];
	return NULL;
}

/* Each slot of the list has its own place in the mapper's memory. */
static uint64_t place_of(const struct mapping *m)
{
	return FAKE_SCRATCH + (uint64_t)(m - maps);
}

/* --- own memory ----------------------------------------------------------- */

static long reserve(int who, unsigned int cmd, uint64_t gfn)
{
	struct {
		struct xen_memory_reservation r;
		uint64_t gfn;
	} a = {.r = {.nr_extents = 1, .domid = DOMID_SELF}, .gfn = gfn};

	a.r.extent_start.p = (void *)(arg_of(who) + sizeof(a.r));
	return call(who, __HYPERVISOR_memory_op, cmd, &a, sizeof(a));
}

static void step_decrease(int who)
{
	uint64_t g = FIRST + pick(GFNS - FIRST);

	assert_int_equal(reserve(who, XENMEM_decrease_reservation, g),
			 token[who][g] != 0);
	token[who][g] = 0;
}

static void step_populate(int who)
{
	uint64_t g = FIRST + pick(GFNS - FIRST);
	struct domain *d = doms[who];
	/* Frames that others still hold count, too. */
	bool room = !token[who][g] && d->tot_pages < d->max_pages;

	assert_int_equal(reserve(who, XENMEM_populate_physmap, g), room);
	if (!room)
		return;
	assert_int_equal(*frame_at(who, g), 0);
	*frame_at(who, g) = token[who][g] = next_token++;
}

/* --- grants --------------------------------------------------------------- */

static void step_offer(int who)
{
	unsigned int ref = pick(REFS);
	struct grant_entry_v1 *e = entry(who, ref);

	/* Only an entry that is not in use may be changed. */
	if (e->flags & (GTF_reading | GTF_writing))
		return;
	offer[who][ref].to = (int)pick(DOMS + 1);
	offer[who][ref].gfn = FIRST + pick(GFNS - FIRST + 2);
	offer[who][ref].readonly = pick(3) == 0;
	e->domid = dom(offer[who][ref].to)->id;
	e->frame = (uint32_t)offer[who][ref].gfn;
	e->flags = GTF_permit_access |
		   (offer[who][ref].readonly ? GTF_readonly : 0);
}

static void step_map(int who)
{
	int from = (int)pick(DOMS), mapper = pick(2) ? DOMS : who;
	unsigned int ref = pick(REFS);
	struct mapping *m = free_mapping();
	struct gnttab_map_grant_ref op = {
		.flags = GNTMAP_host_map | (pick(2) ? GNTMAP_readonly : 0),
		.ref = ref, .dom = doms[from]->id,
	};
	bool write = !(op.flags & GNTMAP_readonly);
	uint64_t g = offer[from][ref].gfn;
	bool in_use, allowed;

	if (!m)
		return;
	op.host_addr = place_of(m) * PAGE_SIZE;
	in_use = entry(from, ref)->flags & (GTF_reading | GTF_writing);
	allowed = offer[from][ref].to == mapper &&
		  !(write && offer[from][ref].readonly);
	assert_int_equal(call(mapper, __HYPERVISOR_grant_table_op,
			      GNTTABOP_map_grant_ref, &op, sizeof(op)), 0);
	if (!allowed) {
		assert_int_not_equal(op.status, GNTST_okay);
		return;
	}
	/* In use already: the frame that was found first, perhaps gone since. */
	if (!in_use && (g >= GFNS || !token[from][g])) {
		assert_int_equal(op.status, GNTST_bad_page);
		return;
	}
	assert_int_equal(op.status, GNTST_okay);
	*m = (struct mapping){
		.kind = GRANT, .mapper = mapper, .gfn = place_of(m),
		.handle = op.handle, .write = write,
	};
	m->token = *frame_at(mapper, m->gfn);
	if (!in_use)
		assert_int_equal(m->token, token[from][g]);
}

static void unmap(struct mapping *m)
{
	struct gnttab_unmap_grant_ref u = {
		.host_addr = m->gfn * PAGE_SIZE, .handle = m->handle,
	};
	struct xen_remove_from_physmap r = {.domid = DOMID_SELF,
					    .gpfn = m->gfn};
	long ret = call(m->mapper, __HYPERVISOR_memory_op,
			XENMEM_remove_from_physmap, &r, sizeof(r));

	/* A grant mapping goes by its handle only. */
	assert_int_equal(ret, m->kind == GRANT ? -EPERM : 0);
	if (m->kind == GRANT) {
		assert_int_equal(call(m->mapper, __HYPERVISOR_grant_table_op,
				      GNTTABOP_unmap_grant_ref, &u, sizeof(u)),
				 0);
		assert_int_equal(u.status, GNTST_okay);
	}
	m->kind = NONE;
}

static void step_unmap(int who)
{
	struct mapping *m = &maps[pick(MAPS)];

	(void)who;
	if (m->kind != NONE)
		unmap(m);
}

static void step_copy(int who)
{
	int from = (int)pick(DOMS);
	unsigned int ref = pick(REFS);
	struct gnttab_copy c = {
		.source = {.u.ref = ref, .domid = doms[from]->id},
		.dest = {.u.gmfn = 2, .domid = DOMID_SELF},
		.len = 8, .flags = GNTCOPY_source_gref,
	};
	uint64_t g = offer[from][ref].gfn;
	bool in_use = entry(from, ref)->flags & (GTF_reading | GTF_writing);

	assert_int_equal(call(who, __HYPERVISOR_grant_table_op, GNTTABOP_copy,
			      &c, sizeof(c)), 0);
	if (offer[from][ref].to != who)
		assert_int_not_equal(c.status, GNTST_okay);
	else if (in_use)
		assert_int_equal(c.status, GNTST_okay);
	else if (g >= GFNS || !token[from][g])
		assert_int_equal(c.status, GNTST_bad_page);
	else
		assert_int_equal(*frame_at(who, 2), token[from][g]);
}

/* --- foreign mappings by dom0 --------------------------------------------- */

static void step_foreign(int who)
{
	uint64_t g = FIRST + pick(GFNS - FIRST + 2);
	struct mapping *m = free_mapping();
	struct {
		struct xen_add_to_physmap_batch b;
		uint64_t idx, gfn;
		int err;
	} a = {.b = {.domid = DOMID_SELF, .space = XENMAPSPACE_gmfn_foreign,
		     .size = 1, .u.foreign_domid = doms[who]->id}, .idx = g};
	uint64_t at = arg_of(DOMS);

	if (!m)
		return;
	a.gfn = place_of(m);
	a.b.idxs.p = (void *)(at + ((char *)&a.idx - (char *)&a));
	a.b.gpfns.p = (void *)(at + ((char *)&a.gfn - (char *)&a));
	a.b.errs.p = (void *)(at + ((char *)&a.err - (char *)&a));
	assert_int_equal(call(DOMS, __HYPERVISOR_memory_op,
			      XENMEM_add_to_physmap_batch, &a, sizeof(a)), 0);
	if (g >= GFNS || !token[who][g]) {
		assert_int_equal(a.err, -EINVAL);
		return;
	}
	assert_int_equal(a.err, 0);
	*m = (struct mapping){.kind = FOREIGN, .mapper = DOMS,
			      .gfn = place_of(m), .token = token[who][g]};
}

/* --- death ---------------------------------------------------------------- */

static void step_die(int who)
{
	if (pick(50))
		return;
	fake.preempt_every = pick(3);
	fake_destroy(doms[who]);
	fake.preempt_every = 0;
	for (unsigned int i = 0; i < MAPS; i++)
		if (maps[i].mapper == who)
			maps[i].kind = NONE;
	/* Offers to it name an id that does not come back. */
	for (int d = 0; d < DOMS; d++)
		for (unsigned int r = 0; r < REFS; r++)
			if (offer[d][r].to == who)
				offer[d][r].to = -1;
	be_born(who);
}

/* --- comparing ------------------------------------------------------------ */

static void compare(void)
{
	unsigned int held[DOMS + 1] = {0};

	for (int d = 0; d < DOMS; d++) {
		unsigned int present = 0;

		for (uint64_t g = FIRST; g < GFNS; g++) {
			assert_int_equal(p2m_get(doms[d], GFN(g)).type,
					 token[d][g] ? P2M_RAM_RW : P2M_HOLE);
			if (token[d][g]) {
				assert_int_equal(*frame_at(d, g), token[d][g]);
				present++;
			}
		}
		assert_true(doms[d]->tot_pages >= present + FIRST);
		assert_true(doms[d]->tot_pages <= doms[d]->max_pages);
	}
	for (unsigned int i = 0; i < MAPS; i++) {
		const struct mapping *m = &maps[i];

		if (m->kind == NONE)
			continue;
		held[m->mapper] += m->kind == GRANT;
		assert_int_equal(*frame_at(m->mapper, m->gfn), m->token);
		if (m->kind == GRANT)
			assert_int_equal(p2m_get(dom(m->mapper),
						 GFN(m->gfn)).type,
					 m->write ? P2M_GRANT_RW : P2M_GRANT_RO);
	}
	assert_int_equal(grants_active(hardware_domain), held[DOMS]);
}

static void random_walk(void **state)
{
	void (*const steps[])(int) = {
		step_decrease, step_populate, step_populate, step_offer,
		step_offer, step_map, step_map, step_map, step_unmap,
		step_copy, step_foreign, step_die,
	};
	const char *given = getenv("MODEL_SEED");

	(void)state;
	seed = given ? strtoull(given, NULL, 0) : 4711;
	for (int i = 0; i < DOMS; i++)
		be_born(i);
	for (unsigned int n = 0; n < STEPS; n++) {
		steps[pick(ARRAY_SIZE(steps))]((int)pick(DOMS));
		if (n % 11 == 0)
			compare();
	}
	for (int i = 0; i < DOMS; i++)
		fake_destroy(doms[i]);
	for (unsigned int i = 0; i < MAPS; i++)
		if (maps[i].kind != NONE && maps[i].mapper == DOMS)
			unmap(&maps[i]);
}

/* dom0's handles stay once made: have them before frames are counted. */
static int machine(void **state)
{
	int ret = fake_machine(state);

	random_walk(state);
	fake_run(hardware_domain, 0);
	fake.free_at_start = page_nr_free();
	memset(maps, 0, sizeof(maps));
	return ret;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(random_walk, fake_check_clean),
	};

	return cmocka_run_group_tests(tests, machine, NULL);
}

/* The nested page table as a p2m: what is set is found, in every size. */
#include "fakes.h"

#include <hv/arch.h>
#include <x86/npt.h>

static void expect(struct domain *d, uint64_t gfn, uint64_t mfn,
		   enum p2m_type type, unsigned int order)
{
	struct p2m_entry e = arch_p2m_get(d, GFN(gfn));

	assert_int_equal(e.mfn.v, mfn);
	assert_int_equal(e.type, type);
	assert_int_equal(e.order, order);
}

static void expect_hole(struct domain *d, uint64_t gfn)
{
	expect(d, gfn, ~0ull, P2M_HOLE, 0);
}

static void test_sizes(void **state)
{
	struct domain *d = fake_domain(false);

	(void)state;
	expect_hole(d, 0);
	assert_int_equal(arch_p2m_set(d, GFN(5), MFN(77), 0, P2M_RAM_RW), 0);
	assert_int_equal(arch_p2m_set(d, GFN(0x400), MFN(0x800), 9, P2M_RAM_RO),
			 0);
	assert_int_equal(arch_p2m_set(d, GFN(0x40000), MFN(0x80000), 18,
				      P2M_MMIO), 0);
	expect(d, 5, 77, P2M_RAM_RW, 0);
	expect(d, 0x5ff, 0x9ff, P2M_RAM_RO, 9);
	expect(d, 0x45678, 0x85678, P2M_MMIO, 18);
	expect_hole(d, 6);
	expect_hole(d, 0x600);
	expect_hole(d, 0x80000);
	assert_int_equal(arch_p2m_set(d, GFN(5), INVALID_MFN, 0, P2M_HOLE), 0);
	expect_hole(d, 5);
	/* inside a superpage, beyond the width, odd sizes */
	assert_int_equal(arch_p2m_set(d, GFN(0x401), MFN(1), 0, P2M_RAM_RW),
			 -EEXIST);
	assert_int_equal(arch_p2m_set(d, GFN(1ull << 28), MFN(1), 0,
				      P2M_RAM_RW), -EINVAL);
	assert_int_equal(arch_p2m_set(d, GFN(0), MFN(1), 27, P2M_RAM_RW),
			 -EINVAL);
	expect_hole(d, ~0ull);
}

static void test_entry_bits(void **state)
{
	struct domain *d = fake_domain(false);
	const uint64_t *root = fake_at(d->arch->npt_root);
	const uint64_t *l3, *l2, *l1;

	(void)state;
	assert_int_equal(arch_p2m_set(d, GFN(0), MFN(9), 0, P2M_GRANT_RO), 0);
	assert_int_equal(arch_p2m_set(d, GFN(1), MFN(9), 0, P2M_RAM_RW), 0);
	l3 = fake_at(addr_to_mfn(root[0] & NPT_ADDR));
	l2 = fake_at(addr_to_mfn(l3[0] & NPT_ADDR));
	l1 = fake_at(addr_to_mfn(l2[0] & NPT_ADDR));
	assert_int_equal(root[0] & 7, 7);
	assert_int_equal(l1[0] & 7, NPT_P | NPT_U);
	assert_int_equal(l1[1] & 7, NPT_P | NPT_W | NPT_U);
	assert_int_equal(d->arch->npt_frames, 3);
}

static void test_split(void **state)
{
	struct domain *d = fake_domain(false);

	(void)state;
	assert_int_equal(arch_p2m_set(d, GFN(0x40000), MFN(0x40000), 18,
				      P2M_RAM_RW), 0);
	assert_int_equal(arch_p2m_split(d, GFN(0x41234)), 0);
	expect(d, 0x41234, 0x41234, P2M_RAM_RW, 9);
	expect(d, 0x7ffff, 0x7ffff, P2M_RAM_RW, 9);
	assert_int_equal(arch_p2m_split(d, GFN(0x41234)), 0);
	expect(d, 0x41234, 0x41234, P2M_RAM_RW, 0);
	expect(d, 0x41400, 0x41400, P2M_RAM_RW, 9);
	assert_int_equal(arch_p2m_split(d, GFN(0x41234)), 0);	/* is small */
	assert_int_equal(arch_p2m_set(d, GFN(0x41234), INVALID_MFN, 0,
				      P2M_HOLE), 0);
	expect_hole(d, 0x41234);
	expect(d, 0x41235, 0x41235, P2M_RAM_RW, 0);
}

/* A superpage goes where a table stands only when the table is empty. */
static void test_replace_table(void **state)
{
	struct domain *d = fake_domain(false);
	unsigned int frames;

	(void)state;
	assert_int_equal(arch_p2m_set(d, GFN(0x200), MFN(1), 0, P2M_RAM_RW), 0);
	frames = d->arch->npt_frames;
	assert_int_equal(arch_p2m_set(d, GFN(0x200), MFN(0x200), 9, P2M_RAM_RW),
			 -EEXIST);
	assert_int_equal(arch_p2m_set(d, GFN(0x200), INVALID_MFN, 0, P2M_HOLE),
			 0);
	assert_int_equal(arch_p2m_set(d, GFN(0x200), MFN(0x200), 9, P2M_RAM_RW),
			 0);
	expect(d, 0x3ff, 0x3ff, P2M_RAM_RW, 9);
	assert_int_equal(d->arch->npt_frames, frames - 1);
	for (unsigned int i = 0; i < VCPUS; i++)
		assert_true(d->vcpu[i]->arch->flush_tlb);
}

static void test_walk_and_free(void **state)
{
	static const struct {
		uint64_t gfn;
		unsigned int order;
	} put[] = {{3, 0}, {4, 0}, {0x1ff, 0}, {0x200, 9}, {0x40000, 18},
		   {0x100000, 0}, {0xfffffff, 0}};
	struct domain *d = fake_domain(false);
	struct p2m_entry e;
	gfn_t gfn = GFN(0);

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(put); i++)
		assert_int_equal(arch_p2m_set(d, GFN(put[i].gfn),
					      MFN(put[i].gfn), put[i].order,
					      P2M_RAM_RW), 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(put); i++) {
		assert_true(arch_p2m_next(d, &gfn, &e));
		assert_int_equal(gfn.v, put[i].gfn);
		assert_int_equal(e.order, put[i].order);
		gfn = gfn_add(gfn, 1ull << put[i].order);
	}
	assert_false(arch_p2m_next(d, &gfn, &e));
	gfn = GFN(0x12345);
	assert_true(arch_p2m_next(d, &gfn, &e));
	assert_int_equal(gfn.v, 0x40000);
	gfn = GFN(0x50000);	/* in the middle of one */
	assert_true(arch_p2m_next(d, &gfn, &e));
	assert_int_equal(gfn.v, 0x50000);
	assert_int_equal(e.mfn.v, 0x50000);
	for (unsigned int i = 0; i < ARRAY_SIZE(put); i++)
		assert_int_equal(arch_p2m_set(d, GFN(put[i].gfn), INVALID_MFN, put[i].order,
					      P2M_HOLE), 0);
	for (unsigned int n = d->arch->npt_frames; n; n--) {
		assert_int_equal(d->arch->npt_frames, n);
		assert_true(arch_p2m_free(d));
	}
	assert_false(arch_p2m_free(d));
	gfn = GFN(0);
	assert_false(arch_p2m_next(d, &gfn, &e));
}

/*
 * Many tables without an entry, as a guest leaves them that moves a page about: one
 * search once went through all of them, a million instructions with interrupts off.
 */
static void test_long_way(void **state)
{
	struct domain *d = fake_domain(false);
	unsigned int calls = 0;
	struct p2m_entry e;
	gfn_t gfn = GFN(0);

	(void)state;
	for (uint64_t at = 0; at < 100 * 512; at += 512) {
		assert_int_equal(arch_p2m_set(d, GFN(at), MFN(9), 0, P2M_RAM_RW), 0);
		assert_int_equal(arch_p2m_set(d, GFN(at), INVALID_MFN, 0, P2M_HOLE), 0);
	}
	assert_int_equal(arch_p2m_set(d, GFN(100 * 512 + 7), MFN(9), 0, P2M_RAM_RW), 0);
	do {
		gfn_t before = gfn;

		assert_true(arch_p2m_next(d, &gfn, &e));
		assert_true(gfn.v > before.v && gfn.v <= before.v + 5 * 512);
		calls++;
	} while (e.type == P2M_HOLE);
	assert_int_equal(gfn.v, 100 * 512 + 7);
	assert_true(calls > 20 && calls < 60);
}

/* Against the simplest possible model, in one small region. */
static void test_model(void **state)
{
	static uint64_t model[2048];
	struct domain *d = fake_domain(false);

	(void)state;
	memset(model, 0xff, sizeof(model));
	srand(3);
	for (unsigned int n = 0; n < 20000; n++) {
		unsigned int g = (unsigned int)rand() % ARRAY_SIZE(model);
		uint64_t mfn = rand() % 3 ? (uint64_t)rand() % 5000 : ~0ull;
		struct p2m_entry e = arch_p2m_get(d, GFN(g));

		assert_int_equal(e.mfn.v, model[g]);
		if (e.order == 9)
			assert_int_equal(arch_p2m_split(d, GFN(g)), 0);
		if (rand() % 50 == 0) {
			g &= ~511u;
			mfn = 512 * ((uint64_t)rand() % 9);
			if (arch_p2m_set(d, GFN(g), MFN(mfn), 9, P2M_RAM_RW))
				continue;
			for (unsigned int i = 0; i < 512; i++)
				model[g + i] = mfn + i;
			continue;
		}
		assert_int_equal(arch_p2m_set(d, GFN(g), MFN(mfn), 0,
					      mfn == ~0ull ? P2M_HOLE :
							     P2M_RAM_RW), 0);
		model[g] = mfn;
	}
}

/* A view that goes on where its last look-up ended finds what a fresh one does. */
static void test_view(void **state)
{
	const uint64_t near[] = {0, 1, 511, 512, 0x400, 0x5ff, 0x600, 0x3ffff, 0x40000,
				 0x45678, 0x7ffff, 0x80000, 1ull << 27, 1ull << 36, ~0ull};
	struct domain *d = fake_domain(false);
	struct npt_view w = NPT_VIEW(d);

	(void)state;
	assert_int_equal(arch_p2m_set(d, GFN(1), MFN(77), 0, P2M_RAM_RW), 0);
	assert_int_equal(arch_p2m_set(d, GFN(512), MFN(78), 0, P2M_GRANT_RO), 0);
	assert_int_equal(arch_p2m_set(d, GFN(0x400), MFN(0x800), 9, P2M_RAM_RO), 0);
	assert_int_equal(arch_p2m_set(d, GFN(0x40000), MFN(0x80000), 18, P2M_MMIO), 0);
	srand(4);
	for (unsigned int n = 0; n < 20000; n++) {
		gfn_t gfn = GFN(near[(unsigned int)rand() % ARRAY_SIZE(near)]);
		struct p2m_entry e = arch_p2m_get(d, gfn), via = npt_look_locked(&w, gfn);

		assert_int_equal(via.mfn.v, e.mfn.v);
		assert_int_equal(via.type, e.type);
		assert_int_equal(via.order, e.order);
	}
}

/* What devices reach follows the hardware domain's memory, and nobody else's. */
static void test_mirror(void **state)
{
	struct domain *d = fake_domain(false);
	unsigned int frames;

	assert_int_equal(arch_p2m_set(d, GFN(5), MFN(77), 0, P2M_RAM_RW), 0);
	arch_p2m_flush(d);
	assert_int_equal(fake.mirror_sets + fake.mirror_flushes, 0);
	d = fake_domain(true);
	assert_int_equal(arch_p2m_set(d, GFN(0x40000), MFN(0x40000), 18, P2M_RAM_RW), 0);
	assert_int_equal(fake.mirror_order, 18);
	assert_int_equal(arch_p2m_split(d, GFN(0x41234)), 0);
	assert_int_equal(fake.mirror_order, 9);
	/* Without room in the mirror nothing changes here either. */
	fake.mirror_err = -ENOMEM;
	frames = d->arch->npt_frames;
	assert_int_equal(arch_p2m_split(d, GFN(0x41234)), -ENOMEM);
	assert_int_equal(fake.mirror_order, 0);
	assert_int_equal(d->arch->npt_frames, frames);
	expect(d, 0x41234, 0x41234, P2M_RAM_RW, 9);
	assert_int_equal(arch_p2m_set(d, GFN(5), MFN(77), 0, P2M_GRANT_RW), -ENOMEM);
	expect_hole(d, 5);
	fake.mirror_sets = 0;
	assert_int_equal(arch_p2m_set(d, GFN(0x40000), INVALID_MFN, 9, P2M_HOLE), 0);
	assert_int_equal(fake.mirror_sets, 1);
	arch_p2m_flush(d);
	assert_int_equal(fake.mirror_flushes, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_entry_bits),
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_replace_table),
		cmocka_unit_test(test_walk_and_free),
		cmocka_unit_test(test_long_way),
		cmocka_unit_test(test_model),
		cmocka_unit_test(test_view),
		cmocka_unit_test(test_mirror),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * x86/iommu/table.c against a model: an array that says of each frame where it is
 * mapped. Both vendors' formats, all page sizes, memory that runs out.
 */
#include <stdlib.h>

#include "../plat/fakes.h"

#include <hv/page.h>

#include "iommu.h"

#define FRAMES	4096u			/* of the tables' memory */
#define SPACE	(1u << 20)		/* I/O frames that the model knows */

static const struct iopt_format intel = {
	.present = 1, .leaf = 1, .write = 2, .table = 3,
	.kind_mask = 1u << 7, .kind_leaf = 1u << 7,
};
static const struct iopt_format amd = {
	.present = 1, .leaf = 1 | 3ull << 60, .write = 1ull << 62,
	.table = 1 | 3ull << 61, .kind_mask = 7u << 9, .next_shift = 9,
};

static uint64_t model[SPACE];		/* frame << 1 | writable, + 2; 0: none */
static struct iopt table;

static void start(const struct iopt_format *f, unsigned int levels, unsigned int max_leaf)
{
	static struct page frames[FRAMES];

	fake_memory(FRAMES * PAGE_SIZE);
	memset(frames, 0, sizeof(frames));
	page_alloc_init(frames, FRAMES);
	page_alloc_add(MFN(1), MFN(FRAMES));
	memset(model, 0, sizeof(model));
	table = (struct iopt){.format = f, .levels = levels, .max_leaf = max_leaf};
	assert_int_equal(iopt_init(&table), 0);
}

static void model_set(uint64_t gfn, uint64_t mfn, unsigned int order, bool write)
{
	for (uint64_t i = 0; i < 1ull << order; i++)
		model[gfn + i] = mfn == ~0ull ? 0 : ((mfn + i) << 1 | write) + 2;
}

static void check_one(uint64_t gfn)
{
	unsigned int order = 99;
	bool write = false;
	mfn_t mfn = iopt_look(&table, GFN(gfn), &write, &order);
	uint64_t is = mfn_valid_value(mfn) ? (mfn.v << 1 | write) + 2 : 0;

	assert_int_equal(is, model[gfn]);
	if (is)
		assert_true(order % 9 == 0 && order / 9 < table.max_leaf);
}

static void check_around(uint64_t gfn, unsigned int order)
{
	uint64_t end = gfn + (1ull << order);

	for (uint64_t i = 0; i < 1ull << order; i += 1 + (1ull << order) / 64)
		check_one(gfn + i);
	check_one(end - 1);
	if (gfn)
		check_one(gfn - 1);
	if (end < SPACE)
		check_one(end);
}

/* Nothing in [gfn, +2^order) may belong to a leaf that is larger. */
static void take_out(uint64_t gfn, unsigned int order)
{
	assert_int_equal(iopt_split(&table, GFN(gfn), order), 0);
	check_around(gfn, order);
	iopt_unmap(&table, GFN(gfn), order);
	model_set(gfn, ~0ull, order, false);
	check_around(gfn, order);
}

static void random_changes(const struct iopt_format *f, unsigned int levels,
			   unsigned int max_leaf)
{
	static const unsigned int orders[] = {0, 0, 0, 9, 9, 18};

	start(f, levels, max_leaf);
	srand(max_leaf * 100 + levels);
	for (unsigned int n = 0; n < 1500; n++) {
		unsigned int order = orders[rand() % 6];
		uint64_t size = 1ull << order;
		/* Few places, so that the sizes meet. */
		uint64_t gfn = ((uint64_t)rand() % 2 << 18 | (uint64_t)rand() % 3 << 9 |
				(uint64_t)rand() % 3) & ~(size - 1);
		uint64_t mfn = ((uint64_t)rand() << 4) & 0xffffffffffull & ~(size - 1);
		bool write = rand() % 2;

		if (max_leaf < 2 && order > 9)
			continue;	/* 262144 small ones each: too slow */
		if (rand() % 3 == 0) {
			take_out(gfn, order);
			continue;
		}
		assert_int_equal(iopt_map(&table, GFN(gfn), MFN(mfn), order, write), 0);
		model_set(gfn, mfn, order, write);
		check_around(gfn, order);
	}
	for (uint64_t gfn = 0; gfn < SPACE; gfn += 7)
		check_one(gfn);
}

static void intel_all_sizes(void **state)
{
	random_changes(&intel, 4, 3);
	random_changes(&intel, 3, 2);
	random_changes(&intel, 3, 1);
}

static void amd_all_sizes(void **state)
{
	random_changes(&amd, 4, 3);
	random_changes(&amd, 4, 2);
}

static uint64_t word(mfn_t mfn, unsigned int i)
{
	return ((uint64_t *)map_frame(mfn))[i];
}

/* What hardware reads, by the manuals' own numbers. */
static void intel_bits(void **state)
{
	mfn_t t;

	start(&intel, 3, 2);
	assert_int_equal(iopt_map(&table, GFN(0x200), MFN(0x12400), 9, true), 0);
	assert_int_equal(iopt_map(&table, GFN(3), MFN(0x77), 0, false), 0);
	t = addr_to_mfn(word(table.root, 0));
	assert_int_equal(word(table.root, 0), mfn_to_addr(t) | 3);
	assert_int_equal(word(t, 1), 0x12400083);
	assert_int_equal(word(t, 2), 0);
	t = addr_to_mfn(word(t, 0));
	assert_int_equal(word(t, 3), 0x77001);
}

static void amd_bits(void **state)
{
	mfn_t t;

	start(&amd, 4, 3);
	assert_int_equal(iopt_map(&table, GFN(0x200), MFN(0x12400), 9, true), 0);
	assert_int_equal(word(table.root, 0) & 0xfff, 3 << 9 | 1);
	assert_int_equal(word(table.root, 0) >> 60, 6);
	assert_int_equal(word(table.root, 1), 0);
	t = addr_to_mfn(word(table.root, 0) & ~(15ull << 60));
	t = addr_to_mfn(word(t, 0) & ~(15ull << 60));
	assert_int_equal(word(t, 1), 0x12400001 | 7ull << 60);
	assert_int_equal(iopt_split(&table, GFN(0x200), 0), 0);
	assert_int_equal(word(t, 1) & 0xfff, 1 << 9 | 1);
	t = addr_to_mfn(word(t, 1) & ~(15ull << 60));
	assert_int_equal(word(t, 511), (0x12400000 + 511 * PAGE_SIZE) | 1 | 7ull << 60);
}

/* However far the memory reaches: what failed has left nothing behind. */
static void memory_runs_out(void **state)
{
	for (unsigned int give = 0; give < 12; give++) {
		mfn_t last = INVALID_MFN, m;
		int err;

		start(&intel, 4, 1);
		assert_int_equal(iopt_map(&table, GFN(0), MFN(5), 0, true), 0);
		model_set(0, 5, 0, true);
		while (mfn_valid_value(m = page_alloc(0, 0))) {
			*(uint64_t *)map_frame(m) = last.v;
			last = m;
		}
		for (unsigned int i = 0; i < give; i++) {
			m = last;
			last = MFN(*(uint64_t *)map_frame(m));
			page_free(m, 0);
		}
		/* 1 GiB of small pages wants 512 tables; 2 MiB one, where one is. */
		assert_int_equal(iopt_map(&table, GFN(1 << 18), MFN(0), 18, true), -ENOMEM);
		check_around(1 << 18, 18);
		err = iopt_map(&table, GFN(512), MFN(512), 9, true);
		if (!err)
			model_set(512, 512, 9, true);
		check_around(512, 9);
		check_one(0);
	}
}

static void split_without_memory(void **state)
{
	start(&amd, 4, 3);
	assert_int_equal(iopt_map(&table, GFN(0), MFN(0), 18, true), 0);
	model_set(0, 0, 18, true);
	while (mfn_valid_value(page_alloc(0, 0)))
		;
	assert_int_equal(iopt_split(&table, GFN(5), 0), -ENOMEM);
	check_around(0, 18);
}

static void blocks(void **state)
{
	assert_int_equal(iommu_block_order(GFN(7), GFN(7)), 0);
	assert_int_equal(iommu_block_order(GFN(6), GFN(7)), 1);
	assert_int_equal(iommu_block_order(GFN(7), GFN(8)), 4);
	assert_int_equal(iommu_block_order(GFN(0), GFN(0x3ffff)), 18);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(intel_all_sizes),
		cmocka_unit_test(amd_all_sizes),
		cmocka_unit_test(intel_bits),
		cmocka_unit_test(amd_bits),
		cmocka_unit_test(memory_runs_out),
		cmocka_unit_test(split_without_memory),
		cmocka_unit_test(blocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

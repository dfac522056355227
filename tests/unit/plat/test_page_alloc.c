/* mm/page_alloc.c and heap.c: nothing is handed out twice, nothing is lost. */
#include <stdlib.h>

#include "fakes.h"

#include <hv/page.h>

#define FRAMES	(160u << 8)	/* 160 MiB: both sides of the 128 MiB zone edge */
#define HOLE	5000u

static struct page table[FRAMES];

static int setup(void **state)
{
	(void)state;
	fake_memory((size_t)FRAMES * PAGE_SIZE);
	memset(table, 0, sizeof(table));
	page_alloc_init(table, FRAMES);
	page_alloc_add(MFN(256), MFN(HOLE));
	page_alloc_add(MFN(HOLE + 1), MFN(FRAMES));
	return 0;
}

static void basics(void **state)
{
	mfn_t a, b;

	(void)state;
	assert_int_equal(page_nr_total(), FRAMES - 256 - 1);
	assert_int_equal(page_nr_free(), page_nr_total());
	assert_null(mfn_to_page(MFN(0)));
	assert_null(mfn_to_page(MFN(HOLE)));
	assert_null(mfn_to_page(MFN(FRAMES)));
	a = page_alloc(0, 0);
	assert_true(a.v >= 128u << 8);		/* low memory goes last */
	assert_int_equal(mfn_to_page(a)->refs, 1);
	assert_int_equal(mfn_to_page(a)->owner, DOMID_XEN);
	assert_int_equal(page_to_mfn(mfn_to_page(a)).v, a.v);
	b = page_alloc(3, 4096);
	assert_true(b.v + 8 <= 4096);
	assert_int_equal(b.v % 8, 0);
	b = page_alloc(0, 257);
	assert_int_equal(b.v, 256);
	assert_false(mfn_valid_value(page_alloc(0, 256)));
	assert_false(mfn_valid_value(page_alloc(PAGE_MAX_ORDER, 0)));
	assert_false(mfn_valid_value(page_alloc(PAGE_MAX_ORDER + 1, 0)));
}

/* The highest frame of RAM, with frames above it that are none; it is not searched for. */
static void highest_frame(void **state)
{
	(void)state;
	assert_int_equal(page_max_mfn().v, FRAMES - 1);
	memset(table, 0, sizeof(table));
	page_alloc_init(table, FRAMES);
	assert_int_equal(page_max_mfn().v, 0);
	page_alloc_add(MFN(256), MFN(HOLE));
	assert_int_equal(page_max_mfn().v, HOLE - 1);
	page_alloc_add(MFN(16), MFN(32));
	assert_int_equal(page_max_mfn().v, HOLE - 1);
	page_alloc_adopt(MFN(HOLE + 7), 3, DOMID_XEN);
	assert_int_equal(page_max_mfn().v, HOLE + 9);
	page_alloc_add(MFN(FRAMES - 5), MFN(FRAMES + 100));
	assert_int_equal(page_max_mfn().v, FRAMES - 1);
}

static void misuse(void **state)
{
	static mfn_t a;	/* survives longjmp() */

	(void)state;
	a = page_alloc(1, 0);
	page_free(a, 1);
	expect_panic("PAGE_INUSE", page_free(a, 1));
	a = page_alloc(1, 4096);
	expect_panic("nr - 1", page_free(mfn_add(a, 1), 1));
	expect_panic("frame_count", page_free(MFN(FRAMES), 0));
}

static void junk(void **state)
{
	mfn_t a = page_alloc(0, 0);
	unsigned char *p = map_frame(a);

	(void)state;
	memset(p, 1, PAGE_SIZE);
	page_free(a, 0);
	assert_int_equal(p[0], 0xa5);
	assert_int_equal(p[PAGE_SIZE - 1], 0xa5);
}

static void reserve(void **state)
{
	(void)state;
	assert_int_equal(page_alloc_reserve(MFN(1000), 3000, 0), 0);
	assert_int_equal(mfn_to_page(MFN(1000))->owner, 0);
	assert_int_equal(mfn_to_page(MFN(3999))->refs, 1);
	assert_int_equal(mfn_to_page(MFN(4000))->state, PAGE_FREE);
	assert_int_equal(page_alloc_reserve(MFN(3999), 2, 0), -EBUSY);
	assert_int_equal(page_alloc_reserve(MFN(HOLE), 1, 0), -EBUSY);
	assert_int_equal(page_alloc_reserve(MFN(FRAMES - 1), 2, 0), -EINVAL);
	assert_int_equal(page_alloc_reserve(MFN(UINT64_MAX), 2, 0), -EINVAL);
	for (unsigned int i = 1000; i < 4000; i++)
		page_free(MFN(i), 0);
	assert_int_equal(page_nr_free(), page_nr_total());
	/* All joined again: the largest block of this memory can be had. */
	assert_int_equal(page_alloc(14, 0).v, 64u << 8);
}

/* Random allocations against a map of who has what. */
static void random_walk(void **state)
{
	static unsigned char used[FRAMES];
	static struct {
		mfn_t mfn;
		unsigned int order;
	} held[300];
	uint64_t taken = 0;

	(void)state;
	srand(1);
	memset(used, 0, sizeof(used));
	for (unsigned int i = 0; i < 300; i++)
		held[i].mfn = INVALID_MFN;
	for (unsigned int n = 0; n < 20000; n++) {
		unsigned int i = (unsigned int)rand() % 300;

		if (mfn_valid_value(held[i].mfn)) {
			uint64_t nr = 1ul << held[i].order;

			memset(&used[held[i].mfn.v], 0, nr);
			page_free(held[i].mfn, held[i].order);
			held[i].mfn = INVALID_MFN;
			taken -= nr;
		} else {
			unsigned int order = (unsigned int)rand() % 8;
			mfn_t m = page_alloc(order, rand() % 4 ? 0 : 20000);

			if (!mfn_valid_value(m))
				continue;
			assert_int_equal(m.v & ((1u << order) - 1), 0);
			for (uint64_t k = m.v; k < m.v + (1u << order); k++) {
				assert_false(used[k]);
				assert_int_not_equal(k, HOLE);
				used[k] = 1;
			}
			held[i].mfn = m;
			held[i].order = order;
			taken += 1ul << order;
		}
		assert_int_equal(page_nr_free() + taken, page_nr_total());
	}
}

static void exhaustion(void **state)
{
	uint64_t n = 0;

	(void)state;
	while (mfn_valid_value(page_alloc(0, 0)))
		n++;
	assert_int_equal(n, page_nr_total());
	assert_int_equal(page_nr_free(), 0);
	assert_null(heap_alloc(10));
	assert_null(heap_alloc(10000));
	assert_null(heap_alloc_page());
}

static void heap(void **state)
{
	static struct {
		unsigned char *p;
		size_t size;
	} held[400];
	uint64_t before = page_nr_free();

	(void)state;
	srand(2);
	memset(held, 0, sizeof(held));
	for (unsigned int n = 0; n < 40000; n++) {
		unsigned int i = (unsigned int)rand() % 400;
		size_t size = (size_t)rand() % (rand() % 8 ? 600 : 9000);

		if (held[i].p) {
			for (size_t k = 0; k < held[i].size; k++)
				assert_int_equal(held[i].p[k], i & 0xff);
			heap_free(held[i].p);
			held[i].p = NULL;
			continue;
		}
		held[i].p = heap_alloc(size);
		held[i].size = size;
		assert_non_null(held[i].p);
		assert_int_equal((uintptr_t)held[i].p % (size > 32 ? 64 : 16), 0);
		for (size_t k = 0; k < size; k++)
			assert_int_equal(held[i].p[k], 0);
		memset(held[i].p, (int)(i & 0xff), size);
	}
	for (unsigned int i = 0; i < 400; i++)
		heap_free(held[i].p);
	assert_int_equal(page_nr_free(), before);
	heap_free(NULL);
	heap_free_page(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(basics, setup),
		cmocka_unit_test_setup(highest_frame, setup),
		cmocka_unit_test_setup(misuse, setup),
		cmocka_unit_test_setup(junk, setup),
		cmocka_unit_test_setup(reserve, setup),
		cmocka_unit_test_setup(random_walk, setup),
		cmocka_unit_test_setup(heap, setup),
		cmocka_unit_test_setup(exhaustion, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

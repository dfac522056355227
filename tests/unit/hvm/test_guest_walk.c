/* The walk of guest page tables in every paging mode, and reads through it. */
#include "fakes.h"

#include <hv/arch.h>
#include <hv/guest.h>

#define P 1ull
#define W 2ull
#define PS 0x80ull
#define GUEST_FRAMES 1024u

static struct vcpu *v;
static uint64_t next_table;

/* Guest frame n is some machine frame; the guest has 4 MiB. */
static void start(void)
{
	struct domain *d = fake_domain(false);

	for (unsigned int i = 0; i < GUEST_FRAMES; i++)
		assert_int_equal(arch_p2m_set(d, GFN(i), fake_frame(), 0,
					      P2M_RAM_RW), 0);
	v = fake_vcpu(0);
	next_table = 16;
	fake.state[0].cr0 = CR0_PE | CR0_PG | CR0_WP;
}

static void *guest_at(uint64_t gpa)
{
	struct p2m_entry e = arch_p2m_get(v->domain, addr_to_gfn(gpa));

	return (char *)fake_at(e.mfn) + (gpa & ~PAGE_MASK);
}

static uint64_t new_table(void)
{
	return next_table++ << PAGE_SHIFT;
}

static void put(uint64_t table, unsigned int i, uint64_t e, unsigned int size)
{
	memcpy(guest_at(table + i * size), &e, size);
}

/* The guest frame that @va leads to, -1: refused. */
static int64_t walk(uint64_t va, bool write)
{
	struct page *pg = arch_guest_page(GVA(va), write);
	mfn_t mfn;

	if (!pg)
		return -1;
	assert_int_equal(pg->refs, 1);
	page_put(pg);
	mfn = page_to_mfn(pg);
	for (unsigned int i = 0; i < GUEST_FRAMES; i++)
		if (mfn_eq(arch_p2m_get(v->domain, GFN(i)).mfn, mfn))
			return i;
	return -1;
}

static void test_no_paging(void **state)
{
	(void)state;
	start();
	fake.state[0].cr0 = CR0_PE;
	assert_int_equal(walk(0x5123, true), 5);
	assert_int_equal(walk(0x100005123, true), 5);	/* 32 bits */
	assert_int_equal(walk((uint64_t)GUEST_FRAMES << 12, false), -1);
}

static void test_2_level(void **state)
{
	uint64_t root, table;

	(void)state;
	start();
	root = new_table();
	table = new_table();
	fake.state[0].cr3 = root;
	put(root, 0x300, table | P | W, 4);
	put(table, 5, 7u << 12 | P, 4);
	put(table, 6, 8u << 12 | P | W, 4);
	put(root, 0x301, PS | P | W, 4);
	assert_int_equal(walk(0xc0005000, false), 7);
	assert_int_equal(walk(0xc0005000, true), -1);
	assert_int_equal(walk(0xc0006fff, true), 8);
	assert_int_equal(walk(0xc0007000, false), -1);
	/* without PSE the bit means nothing: frame 0 is a table */
	assert_int_equal(walk(0xc0400000, false), -1);
	fake.state[0].cr4 = CR4_PSE;
	assert_int_equal(walk(0xc0409000, true), 9);
	/* CR0.WP off: the kernel writes read-only pages */
	fake.state[0].cr0 &= ~CR0_WP;
	assert_int_equal(walk(0xc0005000, true), 7);
}

static void test_pae(void **state)
{
	uint64_t root, dir, table;

	(void)state;
	start();
	root = new_table() + 0x20;	/* 32-byte aligned */
	dir = new_table();
	table = new_table();
	fake.state[0].cr3 = root;
	fake.state[0].cr4 = CR4_PAE;
	put(root, 3, dir | P, 8);	/* no writable bit at this level */
	put(dir, 1, table | P | W, 8);
	put(dir, 2, 0x200000 | PS | P | W, 8);
	put(table, 0x1ff, 10u << 12 | P | W, 8);
	assert_int_equal(walk(0xc03ff123, true), 10);
	assert_int_equal(walk(0xc0403000, true), 0x203);
	assert_int_equal(walk(0x80000000, false), -1);
}

static uint64_t long_root(void)
{
	struct hvm_state *s = &fake.state[0];

	s->cr4 = CR4_PAE;
	s->efer = EFER_LME | EFER_LMA;
	s->cr3 = new_table();
	return s->cr3;
}

static void test_4_level(void **state)
{
	uint64_t root, l3, l2, l1;

	(void)state;
	start();
	root = long_root();
	l3 = new_table();
	l2 = new_table();
	l1 = new_table();
	put(root, 0x1ff, l3 | P | W, 8);
	put(l3, 0x1fe, l2 | P | W, 8);
	put(l3, 0x1ff, PS | P, 8);	/* 1 GiB, read-only */
	put(l2, 0, l1 | P | W, 8);
	put(l2, 1, 0x200000 | PS | P | W | 1u << 12, 8);	/* with PAT */
	put(l1, 3, 11u << 12 | P | W | 1ull << 63, 8);
	assert_int_equal(walk(0xffffffff80003000, true), 11);
	assert_int_equal(walk(0xffffffff80205000, true), 0x205);
	assert_int_equal(walk(0xffffffffc0006000, false), 6);
	assert_int_equal(walk(0xffffffffc0006000, true), -1);
	assert_int_equal(walk(0x0000ffff80003000, false), -1);	/* not canonical */
	assert_int_equal(walk(0x8000000000000000, false), -1);
	/* a read-only level above makes all below so */
	put(root, 0x1ff, l3 | P, 8);
	assert_int_equal(walk(0xffffffff80003000, true), -1);
	/* a table where there is no memory */
	put(l3, 0x1fe, 0xfffff000 | P | W, 8);
	assert_int_equal(walk(0xffffffff80003000, false), -1);
	put(root, 0x1ff, ~0ull & ~PS, 8);
	assert_int_equal(walk(0xffffffff80003000, false), -1);
}

/* Types of the p2m count too: grants that may only be read, MMIO. */
static void test_types(void **state)
{
	(void)state;
	start();
	fake.state[0].cr0 = CR0_PE;
	assert_int_equal(arch_p2m_set(v->domain, GFN(5), MFN(30), 0,
				      P2M_GRANT_RO), 0);
	assert_int_equal(arch_p2m_set(v->domain, GFN(6), MFN(31), 0, P2M_MMIO),
			 0);
	assert_int_equal(walk(0x5000, true), -1);
	assert_true(walk(0x5000, false) >= 0);
	assert_int_equal(walk(0x6000, false), -1);
}

static void test_fetch(void **state)
{
	uint8_t b[15];

	(void)state;
	start();
	fake.state[0].cr0 = CR0_PE;
	fake.mode.width = 4;
	for (unsigned int i = 0; i < 16; i++)
		*(uint8_t *)guest_at(0x5ff8 + i) = (uint8_t)i;
	fake.state[0].seg[SEG_CS].base = 0x1000;
	v->arch->regs.rip = 0x4ffa;
	assert_int_equal(hvm_fetch(v, b, 15), 15);
	for (unsigned int i = 0; i < 14; i++)
		assert_int_equal(b[i], i + 2);
	/* the next page is not there: what there is */
	v->arch->regs.rip = (GUEST_FRAMES << 12) - 0x1000 - 4;
	assert_int_equal(hvm_fetch(v, b, 15), 4);
	v->arch->regs.rip = 0xff000000;
	assert_int_equal(hvm_fetch(v, b, 15), 0);
}

/* Random tables never lead out of the guest. */
static void test_random(void **state)
{
	uint64_t root;

	(void)state;
	start();
	root = long_root();
	srand(4);
	for (unsigned int i = 0; i < 200000; i++) {
		uint64_t va = (uint64_t)rand() << 30 ^ (unsigned int)rand();
		uint64_t e = (uint64_t)rand() << 33 ^ (uint64_t)rand() << 12 ^
			     (unsigned int)rand();

		if (i % 2)
			e = (e & 0xff) | ((uint64_t)rand() % 64) << 12 | 3;
		put(root + (uint64_t)(rand() % 8) * 4096, (unsigned int)rand() % 512,
		    e, 8);
		va = (uint64_t)((int64_t)(va << 16) >> 16);
		walk(va, i & 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_paging),
		cmocka_unit_test(test_2_level),
		cmocka_unit_test(test_pae),
		cmocka_unit_test(test_4_level),
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_fetch),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Memory types by MTRRs: ranges, overlaps, pages that lie in two of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <x86/asm.h>
#include <x86/platform.h>

#include "mtrr.h"

#define WC	1u
#define WP	5u
#define MIB	0x100000ull
#define GIB	(1024 * MIB)
#define KIB4	0x1000ull
#define ADDR	0xfffffffff000ull
#define VALID	0x800ull

unsigned int host_phys_bits = 48;

/* The CPU, as mtrrs_read() asks it. */
static bool cpu_has_mtrr;

struct cpuid_regs cpuid(uint32_t leaf, uint32_t subleaf)
{
	(void)leaf;
	(void)subleaf;
	return (struct cpuid_regs){.d = cpu_has_mtrr ? 1u << 12 : 0};
}

/* Its values are its numbers, but for capabilities and default type. */
uint64_t rdmsr(uint32_t msr)
{
	if (msr == 0xfe)
		return 0xff;	/* as many pairs as there can be; no fixed ones */
	return msr == 0x2ff ? 0xc06 : msr;
}

static struct host_mtrrs m;

static void range(unsigned int i, uint64_t base, uint64_t size, unsigned int type)
{
	m.var[i].base = base | type;
	m.var[i].mask = (~(size - 1) & ADDR) | VALID;
	m.pairs = i + 1;
}

/* Write-back RAM up to 3 GiB, devices above, as firmware does it. */
static void usual(void)
{
	m = (struct host_mtrrs){.def_type = 0xc06, .addr_mask = ADDR};
	range(0, 3 * GIB, GIB, MEMORY_UC);
}

static void test_off(void **state)
{
	(void)state;
	usual();
	m.def_type = MEMORY_WB;
	assert_int_equal(mtrrs_type(&m, 0x200000, KIB4), MEMORY_UC);
}

static void test_variable(void **state)
{
	(void)state;
	usual();
	assert_int_equal(mtrrs_type(&m, 3 * GIB - KIB4, KIB4), MEMORY_WB);
	assert_int_equal(mtrrs_type(&m, 3 * GIB, KIB4), MEMORY_UC);
	assert_int_equal(mtrrs_type(&m, 4 * GIB - KIB4, KIB4), MEMORY_UC);
	assert_int_equal(mtrrs_type(&m, 4 * GIB, KIB4), MEMORY_WB);
	assert_int_equal(mtrrs_type(&m, 3 * GIB, GIB), MEMORY_UC);
	m.var[0].mask &= ~VALID;
	assert_int_equal(mtrrs_type(&m, 3 * GIB, KIB4), MEMORY_WB);
}

static void test_overlap(void **state)
{
	(void)state;
	usual();
	m.def_type = 0xc00;
	range(0, 0, 4 * GIB, MEMORY_WB);
	range(1, GIB, GIB, MEMORY_WT);
	range(2, 2 * GIB, GIB, MEMORY_UC);
	range(3, 3 * GIB, GIB, WC);
	assert_int_equal(mtrrs_type(&m, 0x200000, KIB4), MEMORY_WB);
	assert_int_equal(mtrrs_type(&m, GIB, KIB4), MEMORY_WT);
	assert_int_equal(mtrrs_type(&m, 2 * GIB, KIB4), MEMORY_UC);
	/* not defined: the one that harms nobody */
	assert_int_equal(mtrrs_type(&m, 3 * GIB, KIB4), MEMORY_UC);
	assert_int_equal(mtrrs_type(&m, 5 * GIB, KIB4), MEMORY_UC);
}

/* A superpage of which a range covers a part is as careful as both. */
static void test_superpage(void **state)
{
	(void)state;
	usual();
	range(1, 64 * MIB, MIB, MEMORY_UC);
	assert_int_equal(mtrrs_type(&m, 64 * MIB, KIB4), MEMORY_UC);
	assert_int_equal(mtrrs_type(&m, 65 * MIB, KIB4), MEMORY_WB);
	assert_int_equal(mtrrs_type(&m, 64 * MIB, 2 * MIB), MEMORY_UC);
	assert_int_equal(mtrrs_type(&m, 66 * MIB, 2 * MIB), MEMORY_WB);
	assert_int_equal(mtrrs_type(&m, 0, GIB), MEMORY_UC);
	assert_int_equal(mtrrs_type(&m, GIB, GIB), MEMORY_WB);
}

static void test_fixed(void **state)
{
	(void)state;
	usual();
	m.fixed[0] = 0x0006060606060606;	/* last of eight 64 KiB */
	m.fixed[1] = 0x0606060606060605;	/* 0x80000, 16 KiB each */
	m.fixed[2] = 0x0101010101010101;	/* 0xa0000 */
	m.fixed[3] = 0x0505050505050500;	/* 0xc0000, 4 KiB each */
	m.fixed[10] = 0x0406060606060606;	/* 0xf8000 */
	assert_int_equal(mtrrs_type(&m, 0, KIB4), MEMORY_WB);
	assert_int_equal(mtrrs_type(&m, 0x70000, KIB4), MEMORY_UC);
	assert_int_equal(mtrrs_type(&m, 0x80000, KIB4), WP);
	assert_int_equal(mtrrs_type(&m, 0x84000, KIB4), MEMORY_WB);
	assert_int_equal(mtrrs_type(&m, 0xa0000, KIB4), WC);
	assert_int_equal(mtrrs_type(&m, 0xc0000, KIB4), MEMORY_UC);
	assert_int_equal(mtrrs_type(&m, 0xc1000, KIB4), WP);
	assert_int_equal(mtrrs_type(&m, 0xff000, KIB4), MEMORY_WT);
	assert_int_equal(mtrrs_type(&m, 0, 2 * MIB), MEMORY_UC);
	m.def_type &= ~0x400ull;	/* fixed ranges off */
	assert_int_equal(mtrrs_type(&m, 0xa0000, KIB4), MEMORY_WB);
}

static void test_read(void **state)
{
	(void)state;
	cpu_has_mtrr = false;
	mtrrs_read(&m);
	assert_int_equal(mtrrs_type(&m, 0x200000, KIB4), MEMORY_UC);
	cpu_has_mtrr = true;
	mtrrs_read(&m);
	assert_int_equal(m.pairs, MTRR_PAIRS_MAX);
	assert_int_equal(m.var[3].base, 0x206);
	assert_int_equal(m.var[3].mask, 0x207);
	assert_int_equal(m.def_type, 0x806);	/* the CPU has no fixed ranges */
	assert_int_equal(m.fixed[0], 0);
	assert_int_equal(m.addr_mask, ADDR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_off),
		cmocka_unit_test(test_variable),
		cmocka_unit_test(test_overlap),
		cmocka_unit_test(test_superpage),
		cmocka_unit_test(test_fixed),
		cmocka_unit_test(test_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

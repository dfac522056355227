/* From capability MSRs to control fields, and what a CPU may not lack. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "caps.h"
#include "vmcs.h"

/* The MSRs of a Skylake server: what must be 1 below, what may be 1 above. */
static const struct vmx_caps skylake = {
	.basic = 0x00da040000000004,
	.word = {
		[VMX_PIN] = 0x0000007f00000016,
		[VMX_PROC] = 0xfff9fffe04006172,
		[VMX_EXIT] = 0x01ffffff00036dfb,
		[VMX_ENTRY] = 0x0003ffff000011fb,
		[VMX_PROC2] = 0x00553cfe00000000,
	},
	.misc = 0x7004c1e7,
	.ept_vpid = 0x00000f0106734141,
	.cr0_fixed0 = 0x80000021,
	.cr4_fixed0 = 0x2000,
};

static struct vmx_config config;

static void test_all_there(void **state)
{
	(void)state;
	assert_null(vmx_configure(&skylake, &config));
	assert_int_equal(config.revision, 4);
	assert_int_equal(config.timer_shift, 7);
	for (unsigned int w = 0; w < VMX_WORDS; w++) {
		uint32_t zero = (uint32_t)skylake.word[w];
		uint32_t one = (uint32_t)(skylake.word[w] >> 32);

		assert_int_equal(config.control[w] & zero, zero);
		assert_int_equal(config.control[w] & ~one, 0);
	}
	assert_true(config.control[VMX_PIN] & PIN_INTERRUPT);
	assert_true(config.control[VMX_PIN] & PIN_TIMER);
	assert_true(config.control[VMX_PROC2] & PROC2_EPT);
	assert_true(config.control[VMX_PROC2] & PROC2_INVPCID);
	/* exact capabilities do not force it, but DR7 needs it */
	assert_true(config.control[VMX_ENTRY] & ENTRY_LOAD_DEBUG);
	assert_true(config.control[VMX_EXIT] & EXIT_SAVE_DEBUG);
	/* nothing that nobody asked for */
	assert_false(config.control[VMX_PROC] & PROC_IRQ_WINDOW);
	assert_false(config.control[VMX_PROC] & (1u << 12));	/* RDTSC exits */
	assert_int_equal(config.control[VMX_PROC2] & ~0xeau, 0x1000);
}

/* An unrestricted guest may clear PE and PG, but never NE. */
static void test_fixed_bits(void **state)
{
	(void)state;
	assert_null(vmx_configure(&skylake, &config));
	assert_int_equal(config.cr0_fixed, 0x20);
	assert_int_equal(config.cr4_fixed, 0x2000);
}

static void test_revision_without_reserved_bit(void **state)
{
	struct vmx_caps c = skylake;

	(void)state;
	c.basic |= 0xffffffff;
	assert_null(vmx_configure(&c, &config));
	assert_int_equal(config.revision, 0x7fffffff);
}

static void test_missing(void **state)
{
	static const struct {
		enum vmx_word word;
		uint32_t bit;
		const char *says;
	} cases[] = {
		{VMX_PIN, PIN_VIRTUAL_NMI, "virtual NMIs"},
		{VMX_PROC, PROC_SECONDARY, "EPT"},
		{VMX_PROC, PROC_MSR_BITMAPS, "MSR bitmaps"},
		{VMX_PROC2, PROC2_EPT, "EPT"},
		{VMX_PROC2, PROC2_UNRESTRICTED, "unrestricted"},
		{VMX_PROC2, PROC2_VPID, "VPID"},
		{VMX_ENTRY, ENTRY_LOAD_EFER, "EFER"},
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		struct vmx_caps c = skylake;
		const char *what;

		c.word[cases[i].word] &= ~((uint64_t)cases[i].bit << 32);
		what = vmx_configure(&c, &config);
		assert_non_null(what);
		assert_non_null(strstr(what, cases[i].says));
	}
}

/* Old CPUs without exact capability MSRs make every move of CR3 exit. */
static void test_forced(void **state)
{
	struct vmx_caps c = skylake;

	(void)state;
	c.word[VMX_PROC] |= PROC_CR3_LOAD;
	assert_string_equal(vmx_configure(&c, &config), "free use of CR3");
}

static void test_optional(void **state)
{
	struct vmx_caps c = skylake;

	(void)state;
	c.word[VMX_PIN] &= ~((uint64_t)PIN_TIMER << 32);
	c.word[VMX_PROC2] &= ~((uint64_t)PROC2_INVPCID << 32);
	assert_null(vmx_configure(&c, &config));
	assert_false(config.control[VMX_PIN] & PIN_TIMER);
	assert_false(config.control[VMX_PROC2] & PROC2_INVPCID);
}

static void test_ept(void **state)
{
	static const unsigned int bits[] = {6, 14, 16, 17, 20, 25};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(bits); i++) {
		struct vmx_caps c = skylake;

		c.ept_vpid &= ~(1ull << bits[i]);
		assert_non_null(vmx_configure(&c, &config));
	}
}

static void test_switch(void **state)
{
	(void)state;
	assert_int_equal(vmx_switch_of(0), VMX_UNLOCKED);
	assert_int_equal(vmx_switch_of(4), VMX_UNLOCKED);
	assert_int_equal(vmx_switch_of(1), VMX_OFF);
	assert_int_equal(vmx_switch_of(3), VMX_OFF);	/* inside SMX only */
	assert_int_equal(vmx_switch_of(5), VMX_ON);
	assert_int_equal(vmx_switch_of(vmx_switch_on(0)), VMX_ON);
	assert_int_equal(vmx_switch_on(0x20000), 0x20005);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_there),
		cmocka_unit_test(test_fixed_bits),
		cmocka_unit_test(test_revision_without_reserved_bit),
		cmocka_unit_test(test_missing),
		cmocka_unit_test(test_forced),
		cmocka_unit_test(test_optional),
		cmocka_unit_test(test_ept),
		cmocka_unit_test(test_switch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

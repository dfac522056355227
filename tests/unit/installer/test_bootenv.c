/*
 * The environment block: text and back, hostile text, and the life of two
 * slots: what grub.cfg does between our changes is played by grub_start().
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bootenv.h"

static struct bootenv fresh(void)
{
	struct bootenv e = {.id = "0123456789ab", .active = 'a', .trial = -1,
			    .name_a = "1.0", .port = "com1",
			    .hv = "dom0_mem=512M console=com1,vga"};

	return e;
}

/* Which slot a power-on starts; the block after it. */
static char grub_start(struct bootenv *e)
{
	if (e->trial == 0 && e->other_good) {
		e->active = bootenv_other(e->active);
		e->trial = -1;
		e->other_good = false;
	}
	if (e->trial > 0)
		e->trial--;
	return e->active;
}

static void there_and_back(void **state)
{
	struct bootenv e = fresh(), back;
	char block[BOOTENV_SECTOR];
	struct fault f;

	(void)state;
	for (int trial = -1; trial <= 2; trial++) {
		e.trial = trial;
		e.other_good = trial == 1;
		assert_int_equal(bootenv_format(&e, block, &f), 0);
		assert_memory_equal(block, "# GRUB Environment Block\n", 25);
		assert_int_equal(block[BOOTENV_SECTOR - 1], '#');
		assert_int_equal(bootenv_parse(&back, block, &f), 0);
		assert_int_equal(back.active, 'a');
		assert_int_equal(back.trial, trial);
		assert_int_equal(back.other_good, e.other_good);
		assert_string_equal(back.id, e.id);
		assert_string_equal(back.hv, e.hv);
		assert_string_equal(back.name_a, "1.0");
	}
}

static void too_much(void **state)
{
	struct bootenv e = fresh();
	char block[BOOTENV_SECTOR];
	struct fault f;

	(void)state;
	strcpy(e.dom0, "a\nb");
	assert_int_not_equal(bootenv_format(&e, block, &f), 0);
	/* All fields at their longest still leave the block's end free. */
	memset(e.hv, 'x', sizeof(e.hv) - 1);
	memset(e.dom0, 'x', sizeof(e.dom0) - 1);
	memset(e.name_a, 'x', sizeof(e.name_a) - 1);
	memset(e.name_b, 'x', sizeof(e.name_b) - 1);
	assert_int_equal(bootenv_format(&e, block, &f), 0);
}

static void hostile(void **state)
{
	struct bootenv e = fresh(), back;
	char block[BOOTENV_SECTOR], bad[BOOTENV_SECTOR];
	struct fault f;
	unsigned int seed = 1;

	(void)state;
	assert_int_equal(bootenv_format(&e, block, &f), 0);
	memset(bad, 0, sizeof(bad));
	assert_int_not_equal(bootenv_parse(&back, bad, &f), 0);
	for (int i = 0; i < 20000; i++) {
		int at;

		memcpy(bad, block, sizeof(bad));
		for (int k = 0; k < 3; k++) {
			seed = seed * 1103515245 + 12345;
			at = (int)(seed >> 8) % BOOTENV_SECTOR;
			bad[at] = (char)(seed >> 3);
		}
		if (!bootenv_parse(&back, bad, &f))
			assert_true(back.active == 'a' || back.active == 'b');
	}
	/* No '#' and no line's end in all of it. */
	memset(bad + 25, 'x', sizeof(bad) - 25);
	assert_int_not_equal(bootenv_parse(&back, bad, &f), 0);
}

static void upgrade_that_works(void **state)
{
	struct bootenv e = fresh();

	(void)state;
	bootenv_begin(&e, 'a');
	/* Power cut while b is written: a, and nothing to fall back to. */
	assert_int_equal(grub_start(&e), 'a');
	assert_false(e.other_good);
	bootenv_switch(&e, "2.0");
	assert_string_equal(e.name_b, "2.0");
	assert_int_equal(grub_start(&e), 'b');
	assert_true(bootenv_good(&e, 'b'));
	assert_false(bootenv_good(&e, 'b'));
	for (int i = 0; i < 5; i++)
		assert_int_equal(grub_start(&e), 'b');
	assert_int_equal(bootenv_restore(&e), 0);
	assert_int_equal(grub_start(&e), 'a');
	assert_true(bootenv_good(&e, 'a'));
}

/* Twice it may fail to reach its console; the third start is the old one. */
static void upgrade_that_fails(void **state)
{
	struct bootenv e = fresh();

	(void)state;
	bootenv_begin(&e, 'a');
	bootenv_switch(&e, "2.0");
	assert_int_equal(grub_start(&e), 'b');
	assert_int_equal(grub_start(&e), 'b');
	assert_int_equal(grub_start(&e), 'a');
	assert_int_equal(grub_start(&e), 'a');
	/* The failed one is not offered. */
	assert_int_not_equal(bootenv_restore(&e), 0);
	assert_false(bootenv_good(&e, 'a'));
}

/* Started from the old slot by hand: that does not prove the new one. */
static void the_other_proves_nothing(void **state)
{
	struct bootenv e = fresh();

	(void)state;
	bootenv_begin(&e, 'a');
	bootenv_switch(&e, "2.0");
	assert_false(bootenv_good(&e, 'a'));
	assert_int_equal(e.trial, BOOTENV_TRIES);
}

static void header_is_a_tar(void **state)
{
	char h[BOOTENV_SECTOR];
	unsigned int sum = 0;

	(void)state;
	bootenv_header(h);
	for (int i = 0; i < BOOTENV_SECTOR; i++)
		sum += i >= 148 && i < 156 ? ' ' : (unsigned char)h[i];
	assert_int_equal(strtoul(h + 148, NULL, 8), sum);
	assert_int_equal(strtoul(h + 124, NULL, 8), BOOTENV_SECTOR);
	assert_memory_equal(h + 257, "ustar", 6);
	assert_string_equal(h, "env");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_and_back), cmocka_unit_test(too_much),
		cmocka_unit_test(hostile), cmocka_unit_test(upgrade_that_works),
		cmocka_unit_test(upgrade_that_fails),
		cmocka_unit_test(the_other_proves_nothing),
		cmocka_unit_test(header_is_a_tar),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

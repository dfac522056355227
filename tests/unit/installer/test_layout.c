/* How a disk is divided, and the identity in its partitions' GUIDs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "layout.h"

#define MIB ((uint64_t)1 << 20)
#define GIB ((uint64_t)1 << 30)

/* Whole MiB, in order, without gaps, inside the disk, all that is asked for. */
static void check(uint64_t disk, uint64_t image, bool vms)
{
	struct layout l;
	struct fault f;
	uint64_t at = MIB;

	assert_int_equal(layout_make(&l, disk, image, vms, &f), 0);
	for (int i = PART_BOOT; i <= PARTS; i++) {
		if (i == PART_VMS && !vms) {
			assert_int_equal(l.part[i].size, 0);
			continue;
		}
		assert_int_equal(l.part[i].start, at);
		assert_int_equal(l.part[i].size % MIB, 0);
		assert_true(l.part[i].size >= MIB);
		at += l.part[i].size;
	}
	/* The table's copy: 33 sectors at the end. */
	assert_true(at + 33 * 512 <= disk);
	assert_true(at + 3 * MIB > disk);
	assert_true(l.part[PART_A].size >= image + 16 * MIB);
	assert_int_equal(l.part[PART_A].size, l.part[PART_B].size);
	assert_true(l.part[PART_ESP].size >= 34 * MIB);
	/* loader_clear() knows it. */
	assert_int_equal(l.part[PART_ESP].start, 2 * MIB);
}

static void sizes(void **state)
{
	(void)state;
	check(GIB, 64 * MIB, true);
	check(GIB, 64 * MIB, false);
	check(1000000000, 60 * MIB + 1, true);
	check(4 * GIB, 60 * MIB, true);
	check(16 * GIB + 512, 300 * MIB, true);
	check(20 * 1000 * GIB, 60 * MIB, false);
}

static void too_small(void **state)
{
	static const uint64_t small[] = {0, 512, MIB, 100 * MIB, 300 * MIB};
	struct layout l;
	struct fault f;

	(void)state;
	for (size_t i = 0; i < sizeof(small) / sizeof(*small); i++) {
		assert_int_not_equal(layout_make(&l, small[i], 60 * MIB, true, &f), 0);
		assert_non_null(strstr(f.text, "too small"));
	}
	/* What is said to be needed is enough. */
	assert_int_equal(layout_make(&l, l.need + MIB, 60 * MIB, true, &f), 0);
}

static void guids(void **state)
{
	struct part_id in = {.id = "0123456789ab", .total = 2, .raid = true}, out;
	char guid[GUID_TEXT];

	(void)state;
	for (unsigned int disk = 0; disk < 2; disk++)
		for (int part = PART_BOOT; part <= PARTS; part++) {
			in.disk = disk;
			in.part = (enum part)part;
			layout_guid(&in, guid);
			assert_int_equal(strlen(guid), 36);
			assert_true(layout_parse_guid(guid, &out));
			assert_string_equal(out.id, in.id);
			assert_int_equal(out.disk, disk);
			assert_int_equal(out.total, 2);
			assert_int_equal(out.part, part);
			assert_true(out.raid);
		}
	guid[0] = 'A';
	assert_true(layout_parse_guid(guid, &out));
	assert_string_equal(out.id, "a123456789ab");
}

static void foreign_guids(void **state)
{
	static const char *const foreign[] = {"",
		"0fc63daf-8483-4772-8e79-3d69d8477de4",
		"01234567-89ab-4ba5-8a5a-17ba5a210100",
		"01234567-89ab-4ba5-8a5a-17ba5a010900",
		"01234567-89ab-4ba5-8a5a-17ba5a010100x",
		"zz234567-89ab-4ba5-8a5a-17ba5a010100"};
	struct part_id out;

	(void)state;
	assert_true(layout_parse_guid("01234567-89ab-4ba5-8a5a-17ba5a020100", &out));
	for (size_t i = 0; i < sizeof(foreign) / sizeof(*foreign); i++)
		assert_false(layout_parse_guid(foreign[i], &out));
}

static void script(void **state)
{
	struct part_id who = {.id = "0123456789ab", .total = 1};
	struct layout l;
	struct fault f;
	char text[2048];

	(void)state;
	assert_int_equal(layout_make(&l, GIB, 60 * MIB, true, &f), 0);
	layout_script(&l, &who, 512, text, sizeof(text));
	assert_non_null(strstr(text, "label: gpt\n"));
	assert_non_null(strstr(text, "1 : start=2048, size=2048, "
		"type=21686148-6449-6E6F-744E-656564454649, "
		"uuid=01234567-89ab-4ba5-8a5a-17ba5a010100, name=basalt-boot\n"));
	assert_non_null(strstr(text, "name=basalt-vms\n"));
	assert_null(strstr(text, "A19D880F"));
	who.raid = true;
	layout_script(&l, &who, 512, text, sizeof(text));
	assert_non_null(strstr(text, "type=A19D880F-05FC-4D3B-A006-743F0F84911E"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes), cmocka_unit_test(too_small),
		cmocka_unit_test(guids), cmocka_unit_test(foreign_guids),
		cmocka_unit_test(script),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

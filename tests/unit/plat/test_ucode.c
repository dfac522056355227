/*
 * Microcode files made here, in the layouts that the makers tell: which update is
 * chosen, and files that lie. Each lies at the end of its own memory, so that the
 * address sanitizer sees a read beyond it.
 */
#include <stdlib.h>

#include "fakes.h"

#include <x86/ucode.h>

#define INTEL	"kernel/x86/microcode/GenuineIntel.bin"
#define AMD	"kernel/x86/microcode/AuthenticAMD.bin"

static const struct ucode_cpu cpu = {
	.signature = 0x306a9, .platform = 0x10, .revision = 0x15,
};
static unsigned char buffer[16384];
static size_t used;

static void put(const void *p, size_t n)
{
	memcpy(buffer + used, p, n);
	used += n;
}

static void put32(uint32_t v)
{
	put(&v, sizeof(v));
}

static void set32(size_t at, uint32_t v)
{
	memcpy(buffer + at, &v, sizeof(v));
}

static uint32_t get32(size_t at)
{
	uint32_t v;

	memcpy(&v, buffer + at, sizeof(v));
	return v;
}

static void pad(size_t to)
{
	while (used % to)
		buffer[used++] = 0;
}

/* What was put, in memory of exactly its size. */
static struct ucode exact(void)
{
	static void *last;

	free(last);
	last = malloc(used ? used : 1);
	memcpy(last, buffer, used);
	return (struct ucode){.data = last, .size = used};
}

static int start(void **state)
{
	(void)state;
	memset(buffer, 0, sizeof(buffer));
	used = 0;
	return 0;
}

/* --- the archive ------------------------------------------------------------------ */

static void put_file(const char *name, const void *data, size_t n)
{
	char head[128];

	snprintf(head, sizeof(head), "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x"
		 "%08x%08x", 1, 0100644, 0, 0, 1, 0, (unsigned int)n, 0, 0, 0, 0,
		 (unsigned int)strlen(name) + 1, 0);
	put(head, 110);
	put(name, strlen(name) + 1);
	pad(4);
	put(data, n);
	pad(4);
}

static void file_in_archive(void **state)
{
	struct ucode all, found;

	(void)state;
	put_file("kernel", "", 0);
	put_file("kernel/x86/microcode/GenuineIntel.bin.old", "zzz", 3);
	put_file(AMD, "hello", 5);
	put_file(INTEL, "world!", 6);
	put_file("TRAILER!!!", "", 0);
	put_file("late", "x", 1);
	all = exact();
	assert_true(cpio_find(all.data, all.size, INTEL, &found));
	assert_int_equal(found.size, 6);
	assert_memory_equal(found.data, "world!", 6);
	assert_true(cpio_find(all.data, all.size, AMD, &found));
	assert_int_equal(found.size, 5);
	assert_false(cpio_find(all.data, all.size, "late", &found));
	assert_false(cpio_find(all.data, all.size, "kernel/x86/microcode", &found));
}

/* Cut short anywhere, and no archive at all. */
static void broken_archive(void **state)
{
	struct ucode all, found;
	size_t whole;

	(void)state;
	put_file(AMD, "hello", 5);
	whole = used;
	for (used = 0; used < whole - 3; used++) {	/* three bytes of padding */
		all = exact();
		assert_false(cpio_find(all.data, all.size, AMD, &found));
	}
	used = whole;
	memcpy(buffer + 54, "fffffffe", 8);
	all = exact();
	assert_false(cpio_find(all.data, all.size, AMD, &found));
	memcpy(buffer + 54, "0000000g", 8);
	all = exact();
	assert_false(cpio_find(all.data, all.size, AMD, &found));
	assert_false(cpio_find("\x28\xb5\x2f\xfd", 4, AMD, &found));
}

/* --- Intel ------------------------------------------------------------------------ */

/* Of @size bytes in all; the checksum at @at + 16 makes the sum 0. */
static size_t put_update(uint32_t revision, uint32_t signature, uint32_t platforms,
			 uint32_t size)
{
	size_t at = used;
	const uint32_t head[12] = {1, revision, 0x01022020, signature, 0, 1, platforms,
				   size - 48, size};
	uint32_t sum = 0;

	put(head, sizeof(head));
	while (used < at + size)
		put32((uint32_t)used * 2654435761u);
	for (size_t i = at; i < used; i += 4)
		sum += get32(i);
	set32(at + 16, -sum);
	return at;
}

static const char *pick(struct ucode *best)
{
	struct ucode file = exact();
	const char *wrong = ucode_pick_intel(&file, &cpu, best);

	if (best->data) {
		assert_true((const char *)best->data >= (const char *)file.data);
		assert_true((const char *)best->data + best->size <=
			    (const char *)file.data + file.size);
	}
	return wrong;
}

static void intel_newest(void **state)
{
	struct ucode best;

	(void)state;
	put_update(0x20, 0x306a9, 0x10, 2048);
	put_update(0x22, 0x306a9, 0x12, 3072);
	put_update(0x21, 0x306a9, 0xff, 1024);
	put_update(0x30, 0x306a9, 0x20, 1024);		/* another platform */
	put_update(0x31, 0x306a8, 0x10, 1024);		/* another CPU */
	put_update(0x80000001, 0x306a9, 0x10, 1024);	/* a maker's test: older */
	assert_null(pick(&best));
	assert_int_equal(best.revision, 0x22);
	assert_int_equal(best.size, 3072);
}

static void intel_nothing_newer(void **state)
{
	struct ucode best;

	(void)state;
	assert_null(pick(&best));
	assert_null(best.data);
	put_update(0x15, 0x306a9, 0x10, 1024);
	assert_null(pick(&best));
	assert_null(best.data);
}

/* Sizes of 0 stand for 2000 bytes of data. */
static void intel_old_sizes(void **state)
{
	size_t at = put_update(0x20, 0x306a9, 0x10, 2048);
	struct ucode best;

	(void)state;
	set32(at + 16, get32(at + 16) + get32(at + 28) + get32(at + 32));
	set32(at + 28, 0);
	set32(at + 32, 0);
	assert_null(pick(&best));
	assert_int_equal(best.size, 2048);
}

/* An update for another CPU, whose table names this one as well. */
static size_t put_extended(void)
{
	size_t at = put_update(0x20, 0x306a8, 0x10, 1024), table = at + 1024 - 44;
	uint32_t sum = 0;

	set32(at + 28, 1024 - 48 - 44);
	memset(buffer + table, 0, 44);
	set32(table, 2);
	set32(table + 20, 0x306a7);
	set32(table + 24, 0x10);
	set32(table + 32, 0x306a9);
	set32(table + 36, 0x30);
	for (size_t i = table; i < table + 44; i += 4)
		sum += get32(i);
	set32(table + 4, -sum);
	set32(at + 16, 0);
	sum = 0;
	for (size_t i = at; i < table; i += 4)
		sum += get32(i);
	set32(at + 16, -sum);
	return table;
}

static void intel_extended_signatures(void **state)
{
	size_t table = put_extended();
	struct ucode best;

	(void)state;
	assert_null(pick(&best));
	assert_int_equal(best.revision, 0x20);
	set32(table + 36, 0x20);	/* the sum is wrong now */
	assert_non_null(pick(&best));
	assert_null(best.data);
	set32(table, 0x20000000);
	assert_non_null(strstr(pick(&best), "extended"));
}

/* Each word of a good update, changed: it is never taken, nor read beyond. */
static void intel_damaged(void **state)
{
	static const uint32_t words[] = {0, 1, 47, 0x7fffffff, 0xffffffff, 0xfffffff0};
	struct ucode best;
	size_t whole;

	(void)state;
	put_update(0x20, 0x306a9, 0x10, 2048);
	whole = used;
	for (size_t at = 0; at < whole; at += 4) {
		for (size_t w = 0; w < sizeof(words) / 4; w++) {
			uint32_t was = get32(at);

			set32(at, words[w]);
			if (was != words[w] && at < 36) {
				const char *wrong = pick(&best);

				assert_true(wrong || !best.data);
			}
			set32(at, was);
		}
	}
	for (used = 1; used < whole; used += used < 64 ? 1 : 61)
		assert_non_null(pick(&best));
}

/* --- AMD -------------------------------------------------------------------------- */

static void put_container(uint32_t signature, uint16_t number)
{
	const uint32_t head[3] = {0x00414d44, 0, 48};
	const uint32_t rows[12] = {0x00100f22, 0, 0, 0x1022, signature, 0, 0, number};

	put(head, sizeof(head));
	put(rows, sizeof(rows));
}

static void put_patch(uint32_t revision, uint16_t number, uint32_t chipset, uint32_t size)
{
	uint32_t head[16] = {0x20200101, revision, 0x8004, 0, chipset, 0, number};

	put32(1);
	put32(size);
	put(head, sizeof(head));
	for (uint32_t i = sizeof(head); i < size; i++)
		buffer[used++] = (unsigned char)i;
}

static const char *pick_amd(struct ucode *best)
{
	struct ucode file = exact();
	const char *wrong = ucode_pick_amd(&file, &cpu, best);

	if (best->data)
		assert_true((const char *)best->data + best->size <=
			    (const char *)file.data + file.size);
	return wrong;
}

static void amd_newest(void **state)
{
	struct ucode best;

	(void)state;
	put_container(0x500f20, 0x5020);	/* another family first */
	put_patch(0x99, 0x5020, 0, 128);
	put_container(0x306a9, 0x3069);
	put_patch(0x16, 0x3069, 0, 960);
	put_patch(0x18, 0x3069, 0, 1824);
	put_patch(0x17, 0x3069, 0, 64);
	put_patch(0x40, 0x3070, 0, 64);
	put_patch(0x41, 0x3069, 0x10229600, 64);	/* for one chipset */
	assert_null(pick_amd(&best));
	assert_int_equal(best.revision, 0x18);
	assert_int_equal(best.size, 1824);
}

static void amd_not_for_us(void **state)
{
	struct ucode best;

	(void)state;
	put_container(0x500f20, 0x5020);
	put_patch(0x99, 0x5020, 0, 128);
	put_patch(0x99, 0, 0, 128);
	assert_null(pick_amd(&best));
	assert_null(best.data);
}

static void amd_damaged(void **state)
{
	struct ucode best;
	size_t whole;

	(void)state;
	put_container(0x306a9, 0x3069);
	put_patch(0x16, 0x3069, 0, 128);
	whole = used;
	for (used = 1; used < whole; used++) {
		pick_amd(&best);
		assert_null(best.data);
	}
	for (size_t at = 0; at < 76; at += 4) {
		uint32_t was = get32(at);

		set32(at, 0xffffffff);
		pick_amd(&best);
		set32(at, was);
	}
	set32(8, 0xfffffff0);
	assert_non_null(pick_amd(&best));
	assert_null(best.data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(file_in_archive, start),
		cmocka_unit_test_setup(broken_archive, start),
		cmocka_unit_test_setup(intel_newest, start),
		cmocka_unit_test_setup(intel_nothing_newer, start),
		cmocka_unit_test_setup(intel_old_sizes, start),
		cmocka_unit_test_setup(intel_extended_signatures, start),
		cmocka_unit_test_setup(intel_damaged, start),
		cmocka_unit_test_setup(amd_newest, start),
		cmocka_unit_test_setup(amd_not_for_us, start),
		cmocka_unit_test_setup(amd_damaged, start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

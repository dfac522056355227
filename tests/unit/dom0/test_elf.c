/*
 * The reader of PVH kernels (lib/elf.c): good images of both classes, every
 * way of being wrong, and random damage, which must never read outside.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <hv/elf.h>
#include <hv/lib.h>

struct image {
	uint8_t b[4096];
};

static void put(struct image *m, unsigned int at, uint64_t v, unsigned int n)
{
	memcpy(m->b + at, &v, n);
}

/* ELF64: headers, a note segment at 0x200, a load segment at 0x400. */
static void make64(struct image *m)
{
	memset(m, 0, sizeof(*m));
	memcpy(m->b, "\x7f" "ELF\2\1\1", 7);
	put(m, 32, 64, 8);	/* phoff */
	put(m, 54, 56, 2);
	put(m, 56, 2, 2);
	put(m, 64, 4, 4);	/* PT_NOTE */
	put(m, 64 + 8, 0x200, 8);
	put(m, 64 + 32, 24, 8);
	put(m, 64 + 40, 24, 8);
	put(m, 120, 1, 4);	/* PT_LOAD */
	put(m, 120 + 8, 0x400, 8);
	put(m, 120 + 24, 0x1000000, 8);
	put(m, 120 + 32, 0x800, 8);
	put(m, 120 + 40, 0x2000, 8);
	put(m, 0x200, 4, 4);	/* namesz */
	put(m, 0x204, 8, 4);	/* descsz */
	put(m, 0x208, 18, 4);	/* PHYS32_ENTRY */
	memcpy(m->b + 0x20c, "Xen", 4);
	put(m, 0x210, 0x1000040, 8);
}

/* ELF32 like GRUB's: the note segment has neither address nor memory size. */
static void make32(struct image *m)
{
	memset(m, 0, sizeof(*m));
	memcpy(m->b, "\x7f" "ELF\1\1\1", 7);
	put(m, 28, 52, 4);
	put(m, 42, 32, 2);
	put(m, 44, 2, 2);
	put(m, 52, 1, 4);
	put(m, 56, 0x400, 4);
	put(m, 64, 0x100000, 4);
	put(m, 68, 0x100, 4);
	put(m, 72, 0x100, 4);
	put(m, 84, 4, 4);
	put(m, 88, 0x200, 4);
	put(m, 100, 20, 4);
	put(m, 0x200, 4, 4);
	put(m, 0x204, 4, 4);
	put(m, 0x208, 18, 4);
	memcpy(m->b + 0x20c, "Xen", 4);
	put(m, 0x210, 0x100000, 4);
}

static void test_good(void **state)
{
	struct elf_image e;
	struct image m;

	(void)state;
	make64(&m);
	assert_null(elf_parse(&m, sizeof(m), &e));
	assert_int_equal(e.entry, 0x1000040);
	assert_int_equal(e.seg_nr, 1);
	assert_int_equal(e.start, 0x1000000);
	assert_int_equal(e.end, 0x1002000);
	make32(&m);
	assert_null(elf_parse(&m, sizeof(m), &e));
	assert_int_equal(e.entry, 0x100000);
	assert_int_equal(e.seg[0].filesz, 0x100);
}

static void refused(struct image *m, size_t size, const char *what)
{
	struct elf_image e;
	const char *err = elf_parse(m, size, &e);

	assert_non_null(err);
	assert_non_null(strstr(err, what));
}

static void test_wrong(void **state)
{
	struct image m;

	(void)state;
	make64(&m);
	refused(&m, 10, "not an ELF");
	refused(&m, 0x500, "truncated");
	m.b[5] = 2;
	refused(&m, sizeof(m), "little-endian");
	make64(&m);
	put(&m, 32, 1ull << 60, 8);
	refused(&m, sizeof(m), "outside");
	make64(&m);
	put(&m, 120 + 40, 0x10, 8);
	refused(&m, sizeof(m), "outside");
	make64(&m);
	put(&m, 120 + 24, UINT64_MAX - 5, 8);
	refused(&m, sizeof(m), "wraps");
	make64(&m);
	put(&m, 0x208, 17, 4);
	refused(&m, sizeof(m), "no PVH entry");
	make64(&m);
	put(&m, 0x210, 0x2000000, 8);
	refused(&m, sizeof(m), "entry lies outside");
	make64(&m);
	put(&m, 0x204, 0xfffffff0, 4);
	refused(&m, sizeof(m), "no PVH entry");
}

static void test_damage(void **state)
{
	struct elf_image e;

	(void)state;
	srandom(1);
	for (unsigned int i = 0; i < 200000; i++) {
		struct image *m = malloc(sizeof(*m));
		size_t size = (size_t)random() % sizeof(*m);
		const char *err;

		if (i & 1)
			make64(m);
		else
			make32(m);
		for (unsigned int k = 0; k < 4; k++)
			m->b[random() % 0x230] = (uint8_t)random();
		/* Exactly as long as it claims, for the sanitizer. */
		m = realloc(m, size ? size : 1);
		err = elf_parse(m, size, &e);
		if (!err)
			assert_true(e.start < e.end);
		free(m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

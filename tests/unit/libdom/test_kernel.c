/*
 * Guest kernels are hostile input. A good ELF of either class yields its
 * segments and entry; everything else one clear refusal; and whatever bytes come,
 * nothing outside the buffer is read (the sanitizers watch).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include <errno.h>

#include "kernel_maker.h"
#include "libdom/kernel.h"

/* A copy of exactly that size on the heap, so that an overrun is seen. */
static int parse(const uint8_t *data, size_t size, struct kernel_image *out,
		 struct dom_error *err)
{
	uint8_t *copy = malloc(size ? size : 1);
	int ret;

	memcpy(copy, data, size);
	ret = kernel_parse_elf(copy, size, "k", out, err);
	free(copy);
	return ret;
}

static void assert_refused(const struct maker *m, const char *why)
{
	uint8_t elf[MAKER_SIZE];
	struct kernel_image k;
	struct dom_error err = {""};

	maker_elf(m, elf);
	assert_int_equal(parse(elf, sizeof(elf), &k, &err), -ENOEXEC);
	if (!strstr(err.text, why))
		fail_msg("'%s' does not say '%s'", err.text, why);
}

static void good_kernels_are_understood(void **state)
{
	int is64;

	(void)state;
	for (is64 = 0; is64 < 2; is64++) {
		struct maker m = maker_good(is64);
		uint8_t elf[MAKER_SIZE];
		struct kernel_image k;

		maker_elf(&m, elf);
		assert_int_equal(parse(elf, sizeof(elf), &k, NULL), 0);
		assert_int_equal(k.nseg, 3);
		assert_int_equal(k.seg[1].paddr, 0x1000200); /* sorted */
		assert_int_equal(k.seg[1].memsz, 4096);
		assert_int_equal(k.seg[2].filesz, 300);
		assert_int_equal(k.low, 0x1000000);
		assert_int_equal(k.high, 0x1205000);
		assert_int_equal(k.entry, 0x1000010);
		assert_true(k.used <= MAKER_SIZE && k.used > 4096);
		/* that much of it suffices */
		assert_int_equal(parse(elf, k.used, &k, NULL), 0);
	}
}

static void a_64_bit_kernel_may_have_a_4_byte_note(void **state)
{
	struct maker m = maker_good(true);
	uint8_t elf[MAKER_SIZE];
	struct kernel_image k;

	(void)state;
	m.descsz = 4;
	maker_elf(&m, elf);
	assert_int_equal(parse(elf, sizeof(elf), &k, NULL), 0);
	assert_int_equal(k.entry, 0x1000010);
}

/* Kernels without PT_NOTE have their notes in a section. */
static void notes_are_also_found_in_sections(void **state)
{
	struct maker m = maker_good(true);
	Elf64_Shdr s = {.sh_type = SHT_NOTE, .sh_offset = 4096, .sh_size = 64};
	Elf64_Ehdr h;
	uint8_t elf[MAKER_SIZE];
	struct kernel_image k;

	(void)state;
	maker_elf(&m, elf);
	memcpy(&h, elf, sizeof(h));
	h.e_phnum = 3;
	h.e_shoff = 6000;
	h.e_shnum = 1;
	h.e_shentsize = sizeof(s);
	memcpy(elf, &h, sizeof(h));
	memcpy(elf + 6000, &s, sizeof(s));
	assert_int_equal(parse(elf, sizeof(elf), &k, NULL), 0);
	assert_int_equal(k.entry, 0x1000010);
	assert_int_equal(k.used, MAKER_SIZE);
}

static void bad_kernels_are_refused_with_a_reason(void **state)
{
	struct maker m;

	(void)state;
	m = maker_good(true);
	m.descsz = 0;
	assert_refused(&m, "no PVH entry");
	m = maker_good(true);
	m.nseg = 0;
	assert_refused(&m, "nothing to load");
	m = maker_good(true);
	m.seg[2].paddr = 0x10001ff;
	assert_refused(&m, "overlap");
	m = maker_good(true);
	m.seg[0].offset = MAKER_SIZE - 100;
	assert_refused(&m, "truncated");
	m = maker_good(true);
	m.seg[0].offset = UINT64_MAX - 10;
	assert_refused(&m, "truncated");
	m = maker_good(true);
	m.seg[0].filesz = 513;
	assert_refused(&m, "larger in the file");
	m = maker_good(true);
	m.seg[1].memsz = UINT64_MAX - 0x1000;
	assert_refused(&m, "4 GiB");
	m = maker_good(true);
	m.seg[1].paddr = UINT64_C(1) << 40;
	assert_refused(&m, "4 GiB");
	m = maker_good(true);
	m.entry = 0x1001200;
	assert_refused(&m, "entry point");
	m = maker_good(false);
	m.entry = 0xffffff;
	assert_refused(&m, "entry point");
}

static void other_files_are_refused(void **state)
{
	static const char text[] = "#!/bin/sh\n";
	struct kernel_image k;
	struct dom_error err;
	uint8_t elf[MAKER_SIZE];
	struct maker m = maker_good(true);

	(void)state;
	assert_int_equal(parse((const uint8_t *)text, sizeof(text), &k, &err), -ENOEXEC);
	assert_non_null(strstr(err.text, "neither ELF nor bzImage"));
	assert_int_equal(parse((const uint8_t *)"", 0, &k, &err), -ENOEXEC);
	maker_elf(&m, elf);
	elf[EI_DATA] = ELFDATA2MSB;
	assert_int_equal(parse(elf, sizeof(elf), &k, &err), -ENOEXEC);
	maker_elf(&m, elf);
	elf[18] = EM_AARCH64;
	assert_int_equal(parse(elf, sizeof(elf), &k, &err), -ENOEXEC);
	assert_non_null(strstr(err.text, "x86-64"));
}

static void every_truncation_is_survived(void **state)
{
	int is64;
	size_t n;

	(void)state;
	for (is64 = 0; is64 < 2; is64++) {
		struct maker m = maker_good(is64);
		uint8_t elf[MAKER_SIZE];
		struct kernel_image k;

		maker_elf(&m, elf);
		for (n = 0; n < sizeof(elf); n++)
			if (parse(elf, n, &k, NULL) == 0)
				assert_true(k.used <= n);
	}
}

/* What is accepted must be loadable, whatever was changed. */
static void assert_sound(const struct kernel_image *k, size_t size)
{
	unsigned int i;

	for (i = 0; i < k->nseg; i++) {
		const struct kernel_segment *s = &k->seg[i];

		assert_true(s->filesz <= s->memsz);
		assert_true(s->offset + s->filesz <= size);
		assert_true(s->paddr + s->memsz <= UINT64_C(1) << 32);
		assert_true(i == 0 || s->paddr >= s[-1].paddr + s[-1].memsz);
	}
	assert_true(k->used <= size);
}

static void random_damage_is_survived(void **state)
{
	unsigned int round, hits, accepted = 0;

	(void)state;
	srand(1);
	for (round = 0; round < 100000; round++) {
		struct maker m = maker_good(round & 1);
		uint8_t elf[MAKER_SIZE];
		struct kernel_image k;

		maker_elf(&m, elf);
		for (hits = 1 + (unsigned int)rand() % 4; hits; hits--) {
			/* headers and notes are where it matters */
			unsigned int at = (unsigned int)rand() % 400;

			elf[at < 300 ? at : 4096 + at - 300] = (uint8_t)rand();
		}
		if (kernel_parse_elf(elf, sizeof(elf), "k", &k, NULL) == 0) {
			assert_sound(&k, sizeof(elf));
			accepted++;
		}
	}
	assert_true(accepted > 0);
}

static void blake2b_matches_its_rfc_length_by_length(void **state)
{
	/* made with Python's hashlib.blake2b(digest_size=32) */
	static const struct {
		const char *in;
		size_t len;
		uint8_t first[4];
	} known[] = {
		{"", 0, {0x0e, 0x57, 0x51, 0xc0}},
		{"abc", 3, {0xbd, 0xdd, 0x81, 0x3c}},
	};
	uint8_t big[300], out[32];
	unsigned int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		blake2b_256(known[i].in, known[i].len, out);
		assert_memory_equal(out, known[i].first, 4);
	}
	for (i = 0; i < sizeof(big); i++)
		big[i] = (uint8_t)i;
	blake2b_256(big, 128, out);
	assert_memory_equal(out, ((uint8_t[4]){0xc3, 0x58, 0x2f, 0x71}), 4);
	blake2b_256(big, 300, out);
	assert_memory_equal(out, ((uint8_t[4]){0x3a, 0x48, 0x6e, 0x3f}), 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_kernels_are_understood),
		cmocka_unit_test(a_64_bit_kernel_may_have_a_4_byte_note),
		cmocka_unit_test(notes_are_also_found_in_sections),
		cmocka_unit_test(bad_kernels_are_refused_with_a_reason),
		cmocka_unit_test(other_files_are_refused),
		cmocka_unit_test(every_truncation_is_survived),
		cmocka_unit_test(random_damage_is_survived),
		cmocka_unit_test(blake2b_matches_its_rfc_length_by_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

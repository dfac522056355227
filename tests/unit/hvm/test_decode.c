/*
 * The MMIO decoder: known encodings, cut and random bytes, and its arithmetic
 * against the CPU that the test runs on.
 */
#include "fakes.h"

#include <x86/decode.h>

struct row {
	uint8_t b[16];
	uint8_t n, width;
	struct mmio_insn want;
};

#define MOV_TO(sz, r) .op = MMIO_MOV, .size = sz, .reg_size = sz, .reg = r, \
	.to_mem = true
#define MOV_FROM(sz, r) .op = MMIO_MOV, .size = sz, .reg_size = sz, .reg = r
#define IMM(o, sz, v) .op = o, .size = sz, .reg_size = sz, .to_mem = true, \
	.is_imm = true, .imm = v

static const struct row rows[] = {
	/* mov %eax, (%rdi) */
	{{0x89, 0x07}, 2, 8, {MOV_TO(4, 0)}},
	/* mov (%rdi), %ecx */
	{{0x8b, 0x0f}, 2, 8, {MOV_FROM(4, 1)}},
	/* mov %r9, 0x10(%r8) */
	{{0x4d, 0x89, 0x48, 0x10}, 4, 8, {MOV_TO(8, 9)}},
	/* mov %dx, 0x12345678(%rax,%rbx,4) */
	{{0x66, 0x89, 0x94, 0x98, 0x78, 0x56, 0x34, 0x12}, 8, 8, {MOV_TO(2, 2)}},
	/* mov %ah, (%rax); mov %spl, (%rax) */
	{{0x88, 0x20}, 2, 8, {MOV_TO(1, 0), .high_byte = true}},
	{{0x40, 0x88, 0x20}, 3, 8, {MOV_TO(1, 4)}},
	/* mov 0x5(%rip), %eax: mod 0 rm 5 */
	{{0x8b, 0x05, 5, 0, 0, 0}, 6, 8, {MOV_FROM(4, 0)}},
	/* mov 0x11223344(,%riz,1), %eax: SIB without base */
	{{0x8b, 0x04, 0x25, 0x44, 0x33, 0x22, 0x11}, 7, 8, {MOV_FROM(4, 0)}},
	/* movl $0xb0, 0xfee00310: absolute in 32-bit code */
	{{0xc7, 0x05, 0x10, 0x03, 0xe0, 0xfe, 0xb0, 0, 0, 0}, 10, 4,
	 {IMM(MMIO_MOV, 4, 0xb0)}},
	/* movq $-1, (%rax): sign-extended */
	{{0x48, 0xc7, 0x00, 0xff, 0xff, 0xff, 0xff}, 7, 8,
	 {IMM(MMIO_MOV, 8, ~0ull)}},
	{{0xc6, 0x00, 0x7f}, 3, 8, {IMM(MMIO_MOV, 1, 0x7f)}},
	/* 16-bit addressing: mov %al, 0x1234; mov (%bx,%si), %eax with 66 */
	{{0x88, 0x06, 0x34, 0x12}, 4, 2, {MOV_TO(1, 0)}},
	{{0x66, 0x8b, 0x00}, 3, 2, {MOV_FROM(4, 0)}},
	/* 67 in 16-bit code: 32-bit address */
	{{0x67, 0x66, 0x8b, 0x05, 1, 2, 3, 4}, 8, 2, {MOV_FROM(4, 0)}},
	/* moffs: 8, 4 and 2 address bytes */
	{{0xa1, 1, 2, 3, 4, 5, 6, 7, 8}, 9, 8, {MOV_FROM(4, 0)}},
	{{0x67, 0xa3, 1, 2, 3, 4}, 6, 8, {MOV_TO(4, 0)}},
	{{0xa2, 1, 2}, 3, 2, {MOV_TO(1, 0)}},
	/* movzbl, movswq, movslq */
	{{0x0f, 0xb6, 0x18}, 3, 8, {.size = 1, .reg_size = 4, .reg = 3}},
	{{0x48, 0x0f, 0xbf, 0x18}, 4, 8,
	 {.size = 2, .reg_size = 8, .reg = 3, .sign_extend = true}},
	{{0x48, 0x63, 0x18}, 3, 8,
	 {.size = 4, .reg_size = 8, .reg = 3, .sign_extend = true}},
	/* or $1, (%rax) both ways; and %ecx, (%rax); add (%rax), %ecx */
	{{0x83, 0x08, 0x01}, 3, 8, {IMM(MMIO_OR, 4, 1)}},
	{{0x81, 0x08, 1, 0, 0, 0}, 6, 8, {IMM(MMIO_OR, 4, 1)}},
	{{0x80, 0x08, 0xff}, 3, 8, {IMM(MMIO_OR, 1, ~0ull)}},
	{{0x21, 0x08}, 2, 8, {.op = MMIO_AND, .size = 4, .reg_size = 4,
			      .reg = 1, .to_mem = true}},
	{{0x03, 0x08}, 2, 8, {.op = MMIO_ADD, .size = 4, .reg_size = 4,
			      .reg = 1}},
	/* testl $4, (%rax); cmp; xchg */
	{{0xf7, 0x00, 4, 0, 0, 0}, 6, 8, {IMM(MMIO_TEST, 4, 4)}},
	{{0x83, 0x38, 0x00}, 3, 8, {IMM(MMIO_CMP, 4, 0)}},
	{{0xf0, 0x87, 0x08}, 3, 8, {.op = MMIO_XCHG, .size = 4, .reg_size = 4,
				    .reg = 1, .to_mem = true}},
};

/* Exactly @n bytes, so that the sanitizer sees a read past them. */
static int decode(const uint8_t *b, unsigned int n, unsigned int width,
		  struct mmio_insn *out)
{
	uint8_t *copy = malloc(n ? n : 1);
	int err;

	memcpy(copy, b, n);
	err = mmio_decode(copy, n, width, out);
	free(copy);
	return err;
}

static void test_known(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *r = &rows[i];
		struct mmio_insn got, want = r->want;

		want.length = r->n;
		assert_int_equal(decode(r->b, r->n, r->width, &got), 0);
		if (memcmp(&got, &want, sizeof(got)))
			fail_msg("row %u: op %u len %u size %u/%u reg %u", i,
				 got.op, got.length, got.size, got.reg_size,
				 got.reg);
		/* More bytes behind change nothing; fewer are refused. */
		assert_int_equal(decode(r->b, 15, r->width, &got), 0);
		assert_int_equal(got.length, r->n);
		for (unsigned int n = 0; n < r->n; n++)
			assert_int_equal(decode(r->b, n, r->width, &got),
					 -EINVAL);
	}
}

static void test_refused(void **state)
{
	static const uint8_t bad[][4] = {
		{0x89, 0xc0},		/* register operand */
		{0x0f, 0x11, 0x00},	/* SSE store */
		{0xf7, 0x18},		/* neg */
		{0x83, 0x10, 0x01},	/* adc */
		{0xc7, 0x08},		/* C7 /1 */
		{0xff, 0x10},		/* call */
		{0x48, 0x66, 0x89, 0x00},	/* a prefix after REX */
	};
	struct mmio_insn got;
	uint8_t b[15];

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		memset(b, 0, sizeof(b));
		memcpy(b, bad[i], 4);
		assert_int_equal(decode(b, 15, 8, &got), -EINVAL);
	}
	memset(b, 0x66, sizeof(b));	/* prefixes to the very end */
	assert_int_equal(decode(b, 15, 8, &got), -EINVAL);
}

static void test_random(void **state)
{
	static const uint8_t widths[] = {2, 4, 8};
	struct mmio_insn got;
	uint8_t b[15];

	(void)state;
	srand(1);
	for (unsigned int i = 0; i < 300000; i++) {
		unsigned int n = (unsigned int)rand() % 16;

		for (unsigned int j = 0; j < sizeof(b); j++)
			b[j] = (uint8_t)rand();
		if (decode(b, n, widths[i % 3], &got))
			continue;
		assert_true(got.length >= 2 && got.length <= n);
		assert_true(got.reg < 16);
		assert_true(got.size == 1 || got.size == 2 || got.size == 4 ||
			    got.size == 8);
	}
}

/* --- arithmetic --------------------------------------------------------------- */

#define FLAGS 0x8d5ull	/* CF PF AF ZF SF OF */

#define RUN(insn, type)                                                      \
	do {                                                                 \
		type r_ = (type)a;                                           \
		asm volatile(insn " %2, %0; pushf; pop %1"                   \
			     : "+q"(r_), "=r"(f)                             \
			     : "q"((type)b)                                  \
			     : "cc");                                        \
		*flags = f & FLAGS;                                          \
		return r_;                                                   \
	} while (0)

#define CPU_OP(name, insn)                                                   \
	static uint64_t name(uint64_t a, uint64_t b, unsigned int size,      \
			     uint64_t *flags)                                \
	{                                                                    \
		uint64_t f;                                                  \
		switch (size) {                                              \
		case 1:                                                      \
			RUN(insn "b", uint8_t);                              \
		case 2:                                                      \
			RUN(insn "w", uint16_t);                             \
		case 4:                                                      \
			RUN(insn "l", uint32_t);                             \
		default:                                                     \
			RUN(insn "q", uint64_t);                             \
		}                                                            \
	}
CPU_OP(cpu_add, "add")
CPU_OP(cpu_sub, "sub")
CPU_OP(cpu_and, "and")
CPU_OP(cpu_or, "or")
CPU_OP(cpu_xor, "xor")

static void test_compute(void **state)
{
	static const struct {
		enum mmio_op op;
		uint64_t (*cpu)(uint64_t a, uint64_t b, unsigned int size,
				uint64_t *flags);
		uint64_t mask;	/* AF is undefined after logic */
	} ops[] = {
		{MMIO_ADD, cpu_add, FLAGS},	   {MMIO_SUB, cpu_sub, FLAGS},
		{MMIO_CMP, cpu_sub, FLAGS},	   {MMIO_AND, cpu_and, 0x8c5},
		{MMIO_TEST, cpu_and, 0x8c5},	   {MMIO_OR, cpu_or, 0x8c5},
		{MMIO_XOR, cpu_xor, 0x8c5},
	};
	static const uint64_t edge[] = {0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000,
					0x7fffffff, 0x80000000, 0xffffffff,
					~0ull, 1ull << 63, 0x123456789abcdef0};

	(void)state;
	for (unsigned int o = 0; o < ARRAY_SIZE(ops); o++)
		for (unsigned int i = 0; i < ARRAY_SIZE(edge); i++)
			for (unsigned int j = 0; j < ARRAY_SIZE(edge); j++)
				for (unsigned int size = 1; size <= 8;
				     size *= 2) {
					uint64_t f, g = 0x202, r, s;

					r = ops[o].cpu(edge[i], edge[j], size,
						       &f);
					s = mmio_compute(ops[o].op, edge[i],
							 edge[j], size, &g);
					assert_int_equal(r, s);
					assert_int_equal(f & ops[o].mask,
							 g & ops[o].mask);
					assert_int_equal(g & ~FLAGS, 0x202);
				}
}

static void test_mov_keeps_flags(void **state)
{
	uint64_t f = 0x247;

	(void)state;
	assert_int_equal(mmio_compute(MMIO_MOV, 1, 0x1234, 1, &f), 0x34);
	assert_int_equal(mmio_compute(MMIO_XCHG, 1, 0x1234, 2, &f), 0x1234);
	assert_int_equal(f, 0x247);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_compute),
		cmocka_unit_test(test_mov_keeps_flags),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

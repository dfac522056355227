/*
 * Decoder of the instructions with which kernels touch device registers: moves
 * and simple arithmetic between memory and a register or immediate. Pure: bytes
 * in, description out. The memory operand's address is not computed, the nested
 * page fault has told it. AMD APM vol. 3.
 */
#ifndef X86_DECODE_H
#define X86_DECODE_H

#include <hv/types.h>

#define INSN_MAX 15u

enum mmio_op {
	MMIO_MOV, MMIO_ADD, MMIO_OR, MMIO_AND, MMIO_SUB, MMIO_XOR, MMIO_CMP,
	MMIO_TEST, MMIO_XCHG,
};

struct mmio_insn {
	enum mmio_op op;
	uint8_t length;
	uint8_t size;		/* of the memory operand: 1, 2, 4, 8 */
	uint8_t reg_size;	/* of the register; wider for MOVZX, MOVSX */
	bool to_mem;		/* the destination is memory */
	bool sign_extend;	/* memory to reg_size; else zeroes */
	bool is_imm;		/* the other operand is @imm, not a register */
	bool high_byte;		/* register is AH, CH, DH or BH of @reg */
	uint8_t reg;		/* 0 = rax ... 15 = r15 */
	uint64_t imm;		/* sign-extended */
};

/*
 * Decodes the @n bytes at @b, in code of @width 2, 4 or 8 (bytes of an
 * address). -EINVAL: not one of ours, or cut short.
 */
int mmio_decode(const uint8_t *b, unsigned int n, unsigned int width,
		struct mmio_insn *out) must_check;

/*
 * Result of @op on @a and @b of @size bytes; RFLAGS arithmetic bits in *flags
 * are replaced (left alone by MOV and XCHG).
 */
uint64_t mmio_compute(enum mmio_op op, uint64_t a, uint64_t b,
		      unsigned int size, uint64_t *flags);

#endif

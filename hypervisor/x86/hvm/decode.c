/* Instruction decoder for MMIO (x86/decode.h). Knows no vCPU. */
#include <x86/decode.h>

/* Where an instruction is read; running off the end is remembered. */
struct cursor {
	const uint8_t *b;
	unsigned int at, n;
	bool overrun;
};

struct prefixes {
	bool opsize, addrsize;
	uint8_t rex;	/* 0: none */
	unsigned int width;
};

#define REX_W 8
#define REX_R 4
#define REX_B 1

static uint8_t next(struct cursor *c)
{
	if (c->at < c->n)
		return c->b[c->at++];
	c->overrun = true;
	return 0;
}

static uint64_t next_imm(struct cursor *c, unsigned int bytes)
{
	uint64_t v = 0;

	for (unsigned int i = 0; i < bytes; i++)
		v |= (uint64_t)next(c) << (8 * i);
	return v;
}

static uint64_t sign_extend(uint64_t v, unsigned int bytes)
{
	unsigned int shift = 64 - 8 * bytes;

	return (uint64_t)((int64_t)(v << shift) >> shift);
}

/* Legacy prefixes in any order, then REX right before the opcode. */
static uint8_t skip_prefixes(struct cursor *c, struct prefixes *p)
{
	for (;;) {
		uint8_t b = next(c);

		switch (b) {
		case 0x66:
			p->opsize = true;
			break;
		case 0x67:
			p->addrsize = true;
			break;
		case 0xf0: case 0xf2: case 0xf3: case 0x26: case 0x2e:
		case 0x36: case 0x3e: case 0x64: case 0x65:
			break;
		default:
			if (p->width == 8 && (b & 0xf0) == 0x40) {
				p->rex = b;
				b = next(c);
			}
			return b;
		}
	}
}

static unsigned int operand_size(const struct prefixes *p)
{
	if (p->rex & REX_W)
		return 8;
	if (p->width == 2)
		return p->opsize ? 4 : 2;
	return p->opsize ? 2 : 4;
}

static unsigned int address_size(const struct prefixes *p)
{
	if (p->width == 8)
		return p->addrsize ? 4 : 8;
	if (p->width == 4)
		return p->addrsize ? 2 : 4;
	return p->addrsize ? 4 : 2;
}

/* Steps over SIB and displacement; -EINVAL for a register operand. */
static int skip_modrm(struct cursor *c, const struct prefixes *p, uint8_t modrm)
{
	unsigned int mod = modrm >> 6, rm = modrm & 7, disp = 0;

	if (mod == 3)
		return -EINVAL;
	if (address_size(p) == 2) {
		if (mod == 2 || (mod == 0 && rm == 6))
			disp = 2;
		else if (mod == 1)
			disp = 1;
	} else {
		if (rm == 4) {
			uint8_t sib = next(c);

			if (mod == 0 && (sib & 7) == 5)
				disp = 4;
		} else if (mod == 0 && rm == 5) {
			disp = 4;
		}
		if (mod == 1)
			disp = 1;
		else if (mod == 2)
			disp = 4;
	}
	next_imm(c, disp);
	return 0;
}

/* The register field; without REX byte registers 4 to 7 are AH to BH. */
static void set_reg(struct mmio_insn *o, const struct prefixes *p, uint8_t modrm)
{
	o->reg = (modrm >> 3 & 7) | (p->rex & REX_R ? 8 : 0);
	if (o->reg_size == 1 && !p->rex && o->reg >= 4) {
		o->high_byte = true;
		o->reg -= 4;
	}
}

/* What an opcode is; everything else follows from its bits. */
enum form { NONE, RM_REG, REG_RM, RM_IMM, RM_IMM8, MOFFS, EXTEND, GROUP1,
	    GROUP1_IMM8, GROUP3 };

struct opcode {
	enum form form;
	enum mmio_op op;
};

#define ALU(base, name)                                                      \
	[base] = {RM_REG, name}, [(base) + 1] = {RM_REG, name},              \
	[(base) + 2] = {REG_RM, name}, [(base) + 3] = {REG_RM, name}

static const struct opcode one_byte[256] = {
	ALU(0x00, MMIO_ADD), ALU(0x08, MMIO_OR), ALU(0x20, MMIO_AND),
	ALU(0x28, MMIO_SUB), ALU(0x30, MMIO_XOR), ALU(0x38, MMIO_CMP),
	[0x63] = {EXTEND, MMIO_MOV},
	[0x80] = {GROUP1, MMIO_MOV}, [0x81] = {GROUP1, MMIO_MOV},
	[0x83] = {GROUP1_IMM8, MMIO_MOV},
	[0x84] = {RM_REG, MMIO_TEST}, [0x85] = {RM_REG, MMIO_TEST},
	[0x86] = {RM_REG, MMIO_XCHG}, [0x87] = {RM_REG, MMIO_XCHG},
	[0x88] = {RM_REG, MMIO_MOV}, [0x89] = {RM_REG, MMIO_MOV},
	[0x8a] = {REG_RM, MMIO_MOV}, [0x8b] = {REG_RM, MMIO_MOV},
	[0xa0] = {MOFFS, MMIO_MOV}, [0xa1] = {MOFFS, MMIO_MOV},
	[0xa2] = {MOFFS, MMIO_MOV}, [0xa3] = {MOFFS, MMIO_MOV},
	[0xc6] = {RM_IMM, MMIO_MOV}, [0xc7] = {RM_IMM, MMIO_MOV},
	[0xf6] = {GROUP3, MMIO_TEST}, [0xf7] = {GROUP3, MMIO_TEST},
};

/* Operation by the register field of group 1; ADC and SBB are not ours. */
static const int8_t group1[8] = {MMIO_ADD, MMIO_OR, -1, -1,
				 MMIO_AND, MMIO_SUB, MMIO_XOR, MMIO_CMP};

static int decode_moffs(struct cursor *c, const struct prefixes *p,
			uint8_t opcode, struct mmio_insn *o)
{
	o->to_mem = opcode & 2;
	next_imm(c, address_size(p));
	return 0;
}

static void decode_imm(struct cursor *c, unsigned int bytes, struct mmio_insn *o)
{
	bytes = MIN(bytes, 4u);
	o->is_imm = true;
	o->to_mem = true;
	o->imm = sign_extend(next_imm(c, bytes), bytes);
}

static int decode_group(struct cursor *c, enum form form, uint8_t modrm,
			struct mmio_insn *o)
{
	unsigned int field = modrm >> 3 & 7;

	if (form == GROUP3 && field > 1)
		return -EINVAL;
	if (form == RM_IMM && field)
		return -EINVAL;
	if (form == GROUP1 || form == GROUP1_IMM8) {
		if (group1[field] < 0)
			return -EINVAL;
		o->op = (enum mmio_op)group1[field];
	}
	decode_imm(c, form == GROUP1_IMM8 ? 1 : o->size, o);
	return 0;
}

static int decode_modrm_form(struct cursor *c, const struct prefixes *p,
			     enum form form, struct mmio_insn *o)
{
	uint8_t modrm = next(c);
	int err = skip_modrm(c, p, modrm);

	if (err)
		return err;
	switch (form) {
	case RM_REG:
	case REG_RM:
	case EXTEND:
		o->to_mem = form == RM_REG;
		set_reg(o, p, modrm);
		return 0;
	default:
		return decode_group(c, form, modrm, o);
	}
}

/* 0F B6, B7, BE, BF: MOVZX and MOVSX of a byte or word. */
static int decode_two_byte(struct cursor *c, const struct prefixes *p,
			   struct mmio_insn *o)
{
	uint8_t opcode = next(c);

	if ((opcode & 0xf6) != 0xb6)
		return -EINVAL;
	o->size = opcode & 1 ? 2 : 1;
	o->sign_extend = opcode & 8;
	return decode_modrm_form(c, p, EXTEND, o);
}

static int decode_one_byte(struct cursor *c, const struct prefixes *p,
			   uint8_t opcode, struct mmio_insn *o)
{
	const struct opcode *row = &one_byte[opcode];

	o->op = row->op;
	if (row->form == NONE)
		return -EINVAL;
	if (row->form == EXTEND) {	/* MOVSXD */
		if (p->width != 8)
			return -EINVAL;
		o->size = MIN(o->reg_size, 4);
		o->sign_extend = true;
	} else if (!(opcode & 1) && row->form != GROUP1_IMM8) {
		o->size = o->reg_size = 1;
	}
	if (row->form == MOFFS)
		return decode_moffs(c, p, opcode, o);
	return decode_modrm_form(c, p, row->form, o);
}

int mmio_decode(const uint8_t *b, unsigned int n, unsigned int width,
		struct mmio_insn *out)
{
	struct cursor c = {.b = b, .n = MIN(n, INSN_MAX)};
	struct prefixes p = {.width = width};
	uint8_t opcode;
	int err;

	*out = (struct mmio_insn){.op = MMIO_MOV};
	opcode = skip_prefixes(&c, &p);
	out->size = out->reg_size = (uint8_t)operand_size(&p);
	if (opcode == 0x0f)
		err = decode_two_byte(&c, &p, out);
	else
		err = decode_one_byte(&c, &p, opcode, out);
	if (err || c.overrun)
		return -EINVAL;
	out->length = (uint8_t)c.at;
	return 0;
}

/* --- arithmetic ----------------------------------------------------------- */

#define CF (1u << 0)
#define PF (1u << 2)
#define AF (1u << 4)
#define ZF (1u << 6)
#define SF (1u << 7)
#define OF (1u << 11)

static uint64_t result_of(enum mmio_op op, uint64_t a, uint64_t b)
{
	switch (op) {
	case MMIO_ADD:
		return a + b;
	case MMIO_OR:
		return a | b;
	case MMIO_AND:
	case MMIO_TEST:
		return a & b;
	case MMIO_SUB:
	case MMIO_CMP:
		return a - b;
	case MMIO_XOR:
		return a ^ b;
	default:
		return b;
	}
}

uint64_t mmio_compute(enum mmio_op op, uint64_t a, uint64_t b,
		      unsigned int size, uint64_t *flags)
{
	uint64_t mask = size == 8 ? ~0ull : (1ull << (8 * size)) - 1;
	uint64_t top = 1ull << (8 * size - 1);
	bool sub = op == MMIO_SUB || op == MMIO_CMP;
	uint64_t r, f = 0;

	a &= mask;
	b &= mask;
	r = result_of(op, a, b) & mask;
	if (op == MMIO_MOV || op == MMIO_XCHG)
		return r;
	if (op == MMIO_ADD)
		f |= (r < a ? CF : 0) | (~(a ^ b) & (a ^ r) & top ? OF : 0);
	if (sub)
		f |= (a < b ? CF : 0) | ((a ^ b) & (a ^ r) & top ? OF : 0);
	if (sub || op == MMIO_ADD)
		f |= (a ^ b ^ r) & AF;
	f |= r ? 0 : ZF;
	f |= r & top ? SF : 0;
	f |= __builtin_parity((unsigned int)(r & 0xff)) ? 0 : PF;
	*flags = (*flags & ~(uint64_t)(CF | PF | AF | ZF | SF | OF)) | f;
	return r;
}

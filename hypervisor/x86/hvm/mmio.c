/*
 * Nested page faults: the local APIC's page, what x86/hvm/io.c maps or
 * emulates, and holes. Emulation is: fetch the instruction, decode it, carry
 * it out against the one address that faulted.
 */
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/p2m.h>

#include <x86/decode.h>
#include <x86/hvm_ops.h>

/* What stands behind the address. */
enum target { AT_LAPIC, AT_DEVICE, AT_NOTHING };

static uint64_t lapic_read(struct vcpu *v, unsigned int off, unsigned int size)
{
	uint64_t val = vlapic_mmio_read(v, off);

	/* Registers are 32 bits wide, 16 bytes apart. */
	return (off & 0xf) + size <= 4 ? val >> (8 * (off & 3)) : 0;
}

static void access(struct vcpu *v, enum target t, uint64_t gpa,
		   unsigned int size, bool write, uint64_t *val)
{
	unsigned int off = (unsigned int)(gpa & ~PAGE_MASK);

	switch (t) {
	case AT_LAPIC:
		if (!write)
			*val = lapic_read(v, off, size);
		else if (size == 4)
			vlapic_mmio_write(v, off, (uint32_t)*val);
		break;
	case AT_DEVICE:
		hvm_mmio_access(v, gpa, size, write, val);
		break;
	case AT_NOTHING:
		if (!write)
			*val = ~0ull;
		break;
	}
}

static uint64_t reg_read(struct vcpu *v, const struct mmio_insn *in)
{
	uint64_t r = *regs_gpr(&v->arch->regs, in->reg);

	if (in->is_imm)
		return in->imm;
	return in->high_byte ? r >> 8 : r;
}

/* 32-bit results clear the upper half, narrower ones leave it alone. */
static void reg_write(struct vcpu *v, const struct mmio_insn *in, uint64_t val)
{
	uint64_t *r = regs_gpr(&v->arch->regs, in->reg);

	if (in->high_byte)
		*r = (*r & ~0xff00ull) | (val & 0xff) << 8;
	else if (in->reg_size == 1)
		*r = (*r & ~0xffull) | (val & 0xff);
	else if (in->reg_size == 2)
		*r = (*r & ~0xffffull) | (val & 0xffff);
	else
		*r = in->reg_size == 4 ? (uint32_t)val : val;
}

static uint64_t extend(const struct mmio_insn *in, uint64_t val)
{
	unsigned int shift = 64 - 8 * in->size;

	if (in->sign_extend)
		return (uint64_t)((int64_t)(val << shift) >> shift);
	return val << shift >> shift;
}

static void execute(struct vcpu *v, const struct mmio_insn *in, enum target t,
		    uint64_t gpa)
{
	uint64_t mem = 0, other = reg_read(v, in), r;
	uint64_t *flags = &v->arch->regs.rflags;

	if (in->op != MMIO_MOV || !in->to_mem) {
		access(v, t, gpa, in->size, false, &mem);
		mem = extend(in, mem);
	}
	if (in->to_mem)
		r = mmio_compute(in->op, mem, other, in->size, flags);
	else
		r = mmio_compute(in->op, other, mem, in->reg_size, flags);
	if (in->op == MMIO_CMP || in->op == MMIO_TEST)
		return;
	if (in->to_mem)
		access(v, t, gpa, in->size, true, &r);
	else
		reg_write(v, in, r);
	if (in->op == MMIO_XCHG)
		reg_write(v, in, mem);
}

static void emulate(struct vcpu *v, enum target t, uint64_t gpa)
{
	struct mmio_insn in;
	uint8_t b[INSN_MAX];
	unsigned int n = hvm_fetch(v, b, sizeof(b));

	if (mmio_decode(b, n, hvm_ops->get_mode(v).width, &in) ||
	    (gpa & ~PAGE_MASK) + in.size > PAGE_SIZE) {
		guest_log(v->domain, "domain %u: instruction at %#lx on address %#lx "
			  "is not one we emulate\n",
			  v->domain->id, v->arch->regs.rip, gpa);
		hvm_inject_gp(v);
		return;
	}
	execute(v, &in, t, gpa);
	hvm_advance(v, in.length);
}

static bool is_lapic(const struct vcpu *v, uint64_t gpa)
{
	uint64_t base = v->arch->vlapic.base;

	return (gpa & PAGE_MASK) == APIC_BASE_DEFAULT &&
	       (base & (APIC_BASE_ENABLE | APIC_BASE_X2APIC)) ==
		       APIC_BASE_ENABLE;
}

/* Another vCPU made the entry meanwhile: just try again. */
static bool allowed_now(struct vcpu *v, uint64_t gpa, bool write)
{
	struct p2m_entry pe = p2m_get(v->domain, addr_to_gfn(gpa));

	return pe.type != P2M_HOLE && (!write || p2m_is_writable(pe.type));
}

void hvm_nested_fault(struct vcpu *v, struct hvm_exit *e)
{
	uint64_t gpa = e->npt.gpa;
	enum target t = AT_LAPIC;

	if (!is_lapic(v, gpa)) {
		enum io_fault f;

		if (allowed_now(v, gpa, e->npt.write))
			return;
		f = hvm_npt_fault(v, gpa, e->npt.write);
		if (f == IO_MAPPED)
			return;
		t = f == IO_EMULATE ? AT_DEVICE : AT_NOTHING;
	}
	if (!e->delivering && !e->npt.fetch && !e->npt.walk) {
		emulate(v, t, gpa);
		return;
	}
	hvm_ops->dump(v);
	domain_crash(v->domain, "vCPU %u: code, stack or page table at %#lx, where there "
		     "is no memory (%#lx)",
		     v->id, gpa, e->info1);
}

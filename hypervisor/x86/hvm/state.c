/*
 * A vCPU's registers as a whole: read, checked and loaded; and the states in
 * which a vCPU starts (reset and SIPI, PVH, VCPUOP_initialise).
 */
#include <hv/guest.h>
#include <hv/lib.h>

#include <x86/asm.h>
#include <x86/hvm_ops.h>
#include <x86/platform.h>

#include <xen/hvm/hvm_vcpu.h>

#include "cpuid.h"

#define RFLAGS_FIXED	(1ull << 1)
#define RFLAGS_VM	(1ull << 17)
#define RFLAGS_VALID	0x3f7fd7ull
#define DR6_RESET	0xffff0ff0ull
#define DR7_RESET	0x400ull

#define ATTR_CODE16	0x09b
#define ATTR_DATA16	0x093
#define ATTR_CODE32	0xc9b
#define ATTR_DATA32	0xc93
#define ATTR_CODE64	0xa9b
#define ATTR_TSS_BUSY	0x08b
#define ATTR_MASK	0xfffu

/* --- read and load ---------------------------------------------------------- */

void hvm_get_state(struct vcpu *v, struct hvm_state *s)
{
	hvm_ops->get_state(v, s);
	s->regs = v->arch->regs;
	s->pat = v->arch->pat;
	s->tsc_aux = v->arch->tsc_aux;
}

static bool canonical(uint64_t a)
{
	return (uint64_t)((int64_t)(a << 16) >> 16) == a;
}

static bool bases_canonical(const struct hvm_state *s)
{
	const uint64_t addr[] = {s->lstar, s->cstar, s->kernel_gs_base,
				 s->sysenter_esp, s->sysenter_eip};

	for (unsigned int i = 0; i < ARRAY_SIZE(addr); i++)
		if (!canonical(addr[i]))
			return false;
	for (unsigned int i = 0; i < SEG_NR; i++)
		if (!canonical(s->seg[i].base))
			return false;
	return true;
}

/* The mode's parts must fit together: APM vol. 2 15.5.1, 14.4. */
static bool mode_valid(const struct hvm_state *s)
{
	bool pg = s->cr0 & CR0_PG, lma = s->efer & EFER_LMA;
	uint16_t cs = s->seg[SEG_CS].attr;

	if (pg && !(s->cr0 & CR0_PE))
		return false;
	if ((s->cr0 & CR0_NW) && !(s->cr0 & CR0_CD))
		return false;
	if (lma != (pg && (s->efer & EFER_LME)))
		return false;
	if (!lma)
		return true;
	return (s->cr4 & CR4_PAE) && !(s->regs.rflags & RFLAGS_VM) &&
	       !((cs & SEG_ATTR_L) && (cs & SEG_ATTR_D)) &&
	       canonical(s->regs.rip);
}

static bool state_valid(const struct vcpu *v, const struct hvm_state *s)
{
	return !(s->cr0 & ~CR0_MASK) && !(s->cr4 & ~hvm_cr4_allowed(v)) &&
	       !(s->efer & ~hvm_efer_allowed(v)) &&
	       !(s->cr3 >> MIN(host_phys_bits, 52u)) &&
	       !(s->dr6 >> 32) && !(s->dr7 >> 32) &&
	       !(s->regs.rflags & ~RFLAGS_VALID) && hvm_pat_valid(s->pat) &&
	       !(s->tsc_aux >> 32) && mode_valid(s) && bases_canonical(s);
}

static void state_load(struct vcpu *v, const struct hvm_state *s)
{
	struct arch_vcpu *a = v->arch;
	struct hvm_state clean = *s;

	for (unsigned int i = 0; i < SEG_NR; i++)
		clean.seg[i].attr &= ATTR_MASK;
	clean.regs.rflags |= RFLAGS_FIXED;
	a->regs = clean.regs;
	a->pat = s->pat;
	a->tsc_aux = s->tsc_aux;
	a->int_shadow = false;
	a->event_valid = false;
	a->nmi_blocked = false;
	hvm_ops->set_state(v, &clean);
}

int hvm_state_check(const struct vcpu *v, const struct hvm_state *s)
{
	return state_valid(v, s) ? 0 : -EINVAL;
}

int hvm_set_state(struct vcpu *v, const struct hvm_state *s)
{
	int err = hvm_state_check(v, s);

	if (!err)
		state_load(v, s);
	return err;
}

/* --- start states -------------------------------------------------------------- */

/* What no start state says otherwise: APM vol. 2 table 14-1. */
static void state_reset(const struct vcpu *v, struct hvm_state *s)
{
	memset(s, 0, sizeof(*s));
	s->dr6 = DR6_RESET;
	s->dr7 = DR7_RESET;
	s->pat = v->arch->pat;
	s->tsc_aux = v->arch->tsc_aux;
	s->cr0 = CR0_ET;
	s->regs.rflags = RFLAGS_FIXED;
	for (unsigned int i = 0; i < SEG_NR; i++)
		s->seg[i] = (struct segment){.limit = 0xffff};
	for (enum seg i = SEG_ES; i <= SEG_GS; i++)
		s->seg[i].attr = ATTR_DATA16;
	s->seg[SEG_CS].attr = ATTR_CODE16;
	s->seg[SEG_LDTR].attr = 0x082;
	s->seg[SEG_TR].attr = ATTR_TSS_BUSY;
}

void hvm_set_sipi_state(struct vcpu *v, uint8_t vector)
{
	struct hvm_state s;

	state_reset(v, &s);
	s.regs.rdx = v->domain->arch->cpuid->basic[1].a;
	s.seg[SEG_CS].sel = (uint16_t)(vector << 8);
	s.seg[SEG_CS].base = (uint64_t)vector << 12;
	state_load(v, &s);
	v->arch->initialised = true;
}

static void set_flat(struct hvm_state *s, uint16_t code)
{
	for (enum seg i = SEG_ES; i <= SEG_GS; i++)
		s->seg[i] = (struct segment){.attr = ATTR_DATA32, .limit = ~0u};
	s->seg[SEG_CS].attr = code;
	s->seg[SEG_TR].limit = 0x67;
	s->seg[SEG_LDTR] = (struct segment){0};
}

void hvm_set_pvh_state(struct vcpu *v, uint64_t entry, uint64_t start_info)
{
	struct hvm_state s;

	state_reset(v, &s);
	set_flat(&s, ATTR_CODE32);
	s.cr0 = CR0_PE | CR0_ET;
	s.regs.rip = entry;
	s.regs.rbx = start_info;
	state_load(v, &s);
	v->arch->initialised = true;
}

/* --- VCPUOP_initialise: xen/hvm/hvm_vcpu.h ----------------------------------------- */

static struct segment ctx_segment(uint32_t base, uint32_t limit, uint16_t ar)
{
	return (struct segment){.attr = ar, .limit = limit, .base = base};
}

static int from_ctx_32(struct hvm_state *s, const struct vcpu_hvm_x86_32 *c)
{
	const uint16_t ars = c->cs_ar | c->ds_ar | c->ss_ar | c->es_ar | c->tr_ar;

	if (ars & ~ATTR_MASK)
		return -EINVAL;
	s->regs = (struct cpu_regs){
		.rax = c->eax, .rcx = c->ecx, .rdx = c->edx, .rbx = c->ebx,
		.rsp = c->esp, .rbp = c->ebp, .rsi = c->esi, .rdi = c->edi,
		.rip = c->eip, .rflags = c->eflags,
	};
	s->cr0 = c->cr0 | CR0_ET;
	s->cr3 = c->cr3;
	s->cr4 = c->cr4;
	s->efer = c->efer;
	s->seg[SEG_CS] = ctx_segment(c->cs_base, c->cs_limit, c->cs_ar);
	s->seg[SEG_DS] = ctx_segment(c->ds_base, c->ds_limit, c->ds_ar);
	s->seg[SEG_SS] = ctx_segment(c->ss_base, c->ss_limit, c->ss_ar);
	s->seg[SEG_ES] = ctx_segment(c->es_base, c->es_limit, c->es_ar);
	s->seg[SEG_TR] = ctx_segment(c->tr_base, c->tr_limit, c->tr_ar);
	return 0;
}

static void from_ctx_64(struct hvm_state *s, const struct vcpu_hvm_x86_64 *c)
{
	s->regs = (struct cpu_regs){
		.rax = c->rax, .rcx = c->rcx, .rdx = c->rdx, .rbx = c->rbx,
		.rsp = c->rsp, .rbp = c->rbp, .rsi = c->rsi, .rdi = c->rdi,
		.rip = c->rip, .rflags = c->rflags,
	};
	s->cr0 = c->cr0 | CR0_ET;
	s->cr3 = c->cr3;
	s->cr4 = c->cr4;
	s->efer = c->efer;
	set_flat(s, ATTR_CODE64);
}

int arch_vcpu_initialise(struct vcpu *v, gva_t arg)
{
	struct vcpu_hvm_context ctx;
	struct hvm_state s;
	int err;

	if (guest_read(&ctx, arg, sizeof(ctx)))
		return -EFAULT;
	if (ctx.pad || ctx.mode > VCPU_HVM_MODE_64B)
		return -EINVAL;
	state_reset(v, &s);
	if (ctx.mode == VCPU_HVM_MODE_64B) {
		from_ctx_64(&s, &ctx.cpu_regs.x86_64);
	} else {
		err = from_ctx_32(&s, &ctx.cpu_regs.x86_32);
		if (err)
			return err;
	}
	/* LMA is the CPU's: it follows from LME and paging. */
	if ((s.efer & EFER_LME) && (s.cr0 & CR0_PG))
		s.efer |= EFER_LMA;
	if (!state_valid(v, &s))
		return -EINVAL;
	if (__atomic_exchange_n(&v->arch->initialised, true, __ATOMIC_SEQ_CST))
		return -EEXIST;
	state_load(v, &s);
	__atomic_store_n(&v->arch->vlapic.wait_sipi, false, __ATOMIC_SEQ_CST);
	return 0;
}

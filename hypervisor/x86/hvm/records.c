/*
 * The records of the context stream: between xen/arch-x86/hvm/save.h and a
 * vCPU. Every value comes from outside and is checked before it is used.
 */
#include <hv/lib.h>

#include <x86/asm.h>
#include <x86/hvm_ops.h>

#include "context.h"
#include "vlapic_priv.h"

_Static_assert(HVM_SAVE_LENGTH(CPU) == 1032, "arch-x86/hvm/save.h");
_Static_assert(HVM_SAVE_LENGTH(LAPIC_REGS) == 1024, "arch-x86/hvm/save.h");
_Static_assert(HVM_SAVE_LENGTH(MTRR) == 8 * 30, "arch-x86/hvm/save.h");

size_t record_scratch_size(void)
{
	return sizeof(struct hvm_hw_cpu_xsave) + xstate_size + sizeof(struct hvm_hw_cpu);
}

/* --- CPU ------------------------------------------------------------------------ */

/* One row a segment: where its four fields are in the record. */
static const struct seg_row {
	enum seg seg;
	uint16_t sel, limit, base, attr;	/* offsets; 0: none */
} seg_rows[] = {
#define SEG(s, n) {SEG_##s, offsetof(struct hvm_hw_cpu, n##_sel),	\
	offsetof(struct hvm_hw_cpu, n##_limit),				\
	offsetof(struct hvm_hw_cpu, n##_base),				\
	offsetof(struct hvm_hw_cpu, n##_arbytes)}
	SEG(ES, es), SEG(CS, cs), SEG(SS, ss), SEG(DS, ds), SEG(FS, fs),
	SEG(GS, gs), SEG(LDTR, ldtr), SEG(TR, tr),
	{SEG_GDTR, 0, offsetof(struct hvm_hw_cpu, gdtr_limit),
	 offsetof(struct hvm_hw_cpu, gdtr_base), 0},
	{SEG_IDTR, 0, offsetof(struct hvm_hw_cpu, idtr_limit),
	 offsetof(struct hvm_hw_cpu, idtr_base), 0},
};

static void put32(void *rec, uint16_t at, uint32_t v)
{
	if (at)
		memcpy((char *)rec + at, &v, sizeof(v));
}

static uint32_t get32(const void *rec, uint16_t at)
{
	uint32_t v = 0;

	if (at)
		memcpy(&v, (const char *)rec + at, sizeof(v));
	return v;
}

static void segments_to(struct hvm_hw_cpu *h, const struct hvm_state *s)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(seg_rows); i++) {
		const struct seg_row *r = &seg_rows[i];
		const struct segment *seg = &s->seg[r->seg];

		put32(h, r->sel, seg->sel);
		put32(h, r->limit, seg->limit);
		put32(h, r->attr, seg->attr);
		memcpy((char *)h + r->base, &seg->base, sizeof(seg->base));
	}
}

static void segments_from(struct hvm_state *s, const struct hvm_hw_cpu *h)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(seg_rows); i++) {
		const struct seg_row *r = &seg_rows[i];
		struct segment *seg = &s->seg[r->seg];

		seg->sel = (uint16_t)get32(h, r->sel);
		seg->limit = get32(h, r->limit);
		seg->attr = (uint16_t)get32(h, r->attr);
		memcpy(&seg->base, (const char *)h + r->base, sizeof(seg->base));
	}
}

/* Fields that are the same on both sides, under two names. */
#define CPU_FIELDS(X)							\
	X(rax, regs.rax) X(rbx, regs.rbx) X(rcx, regs.rcx)		\
	X(rdx, regs.rdx) X(rbp, regs.rbp) X(rsi, regs.rsi)		\
	X(rdi, regs.rdi) X(rsp, regs.rsp) X(r8, regs.r8) X(r9, regs.r9)	\
	X(r10, regs.r10) X(r11, regs.r11) X(r12, regs.r12)		\
	X(r13, regs.r13) X(r14, regs.r14) X(r15, regs.r15)		\
	X(rip, regs.rip) X(rflags, regs.rflags)				\
	X(cr0, cr0) X(cr2, cr2) X(cr3, cr3) X(cr4, cr4)			\
	X(dr6, dr6) X(dr7, dr7)						\
	X(sysenter_cs, sysenter_cs) X(sysenter_esp, sysenter_esp)	\
	X(sysenter_eip, sysenter_eip) X(shadow_gs, kernel_gs_base)	\
	X(msr_lstar, lstar) X(msr_star, star) X(msr_cstar, cstar)	\
	X(msr_syscall_mask, sfmask) X(msr_efer, efer)			\
	X(msr_tsc_aux, tsc_aux)

uint32_t cpu_save(struct vcpu *v, void *out)
{
	struct arch_vcpu *a = v->arch;
	struct hvm_hw_cpu *h = out;
	struct hvm_state s;

	if (!a->initialised)
		return 0;
	hvm_get_state(v, &s);
	memset(h, 0, sizeof(*h));
#define X(theirs, ours) h->theirs = s.ours;
	CPU_FIELDS(X)
#undef X
	segments_to(h, &s);
	h->dr0 = a->dr[0];
	h->dr1 = a->dr[1];
	h->dr2 = a->dr[2];
	h->dr3 = a->dr[3];
	h->tsc = rdtsc() + (uint64_t)a->tsc_offset;
	memcpy(h->fpu_regs, a->xsave, sizeof(h->fpu_regs));
	h->flags = XEN_X86_FPU_INITIALISED;
	if (a->event_valid) {
		h->pending_vector = a->event.vector;
		h->pending_type = a->event.type;
		h->pending_error_valid = a->event.has_error;
		h->pending_valid = 1;
		h->error_code = a->event.error;
	}
	return sizeof(*h);
}

static void state_from(struct vcpu *v, const struct hvm_hw_cpu *h, struct hvm_state *s)
{
	memset(s, 0, sizeof(*s));
#define X(theirs, ours) s->ours = h->theirs;
	CPU_FIELDS(X)
#undef X
	segments_from(s, h);
	s->pat = v->arch->pat;
}

static bool event_valid(const struct hvm_hw_cpu *h)
{
	if (!h->pending_valid)
		return true;
	if (h->pending_type == EVENT_EXCEPTION)
		return h->pending_vector < 31 && h->pending_vector != 2;
	return h->pending_type == EVENT_NMI ? h->pending_vector == 2 :
					      h->pending_type == EVENT_IRQ;
}

int cpu_load(struct vcpu *v, const void *in, uint32_t len, bool check)
{
	struct arch_vcpu *a = v->arch;
	struct hvm_hw_cpu h;
	struct hvm_state s;
	int err;

	memcpy(&h, in, len);
	state_from(v, &h, &s);
	if (!event_valid(&h))
		return -EINVAL;
	if (check)
		return hvm_state_check(v, &s);
	err = hvm_set_state(v, &s);
	if (!err && (h.flags & XEN_X86_FPU_INITIALISED))
		err = xstate_set(v, 1, h.fpu_regs, sizeof(h.fpu_regs));
	if (err)
		return err;
	memcpy(a->dr, &(const uint64_t[4]){h.dr0, h.dr1, h.dr2, h.dr3}, sizeof(a->dr));
	if (h.tsc)
		a->tsc_offset = (int64_t)(h.tsc - rdtsc());
	hvm_ops->sync_misc(v);
	arch_update_vcpu_time(v);
	if (h.pending_valid) {
		a->event = (struct hvm_event){
			.vector = h.pending_vector,
			.type = h.pending_type,
			.has_error = h.pending_error_valid,
			.error = h.error_code,
		};
		a->event_valid = true;
	}
	a->initialised = true;
	a->vlapic.wait_sipi = false;
	v->down = false;
	return 0;
}

/* --- local APIC --------------------------------------------------------------------- */

uint32_t lapic_save(struct vcpu *v, void *out)
{
	const struct vlapic *l = &v->arch->vlapic;
	struct hvm_hw_lapic *h = out;

	*h = (struct hvm_hw_lapic){
		.apic_base_msr = l->base,
		.disabled = (l->base & APIC_BASE_ENABLE ? 0u : 1u) |
			    (vlapic_enabled(l) ? 0u : 2u),
		.timer_divisor = vlapic_timer_divisor(l),
	};
	return sizeof(*h);
}

int lapic_load(struct vcpu *v, const void *in, uint32_t len, bool check)
{
	const uint64_t mode = APIC_BASE_ENABLE | APIC_BASE_X2APIC;
	struct vlapic *l = &v->arch->vlapic;
	struct hvm_hw_lapic h;

	memcpy(&h, in, len);
	if ((h.apic_base_msr & ~(mode | APIC_BASE_BSP)) != APIC_BASE_DEFAULT ||
	    (h.apic_base_msr & mode) == APIC_BASE_X2APIC)
		return -EINVAL;
	if (check)
		return 0;
	l->base = h.apic_base_msr;
	vlapic_set_mode_ids(l);
	return 0;
}

/* The record is the xAPIC page; ISR, TMR and IRR are eight words each. */
static void bitmap_to(uint8_t *page, unsigned int off, const uint64_t *map)
{
	for (unsigned int i = 0; i < 8; i++)
		memcpy(page + off + i * 16, (const uint32_t *)map + i, 4);
}

static void bitmap_from(uint64_t *map, const uint8_t *page, unsigned int off)
{
	for (unsigned int i = 0; i < 8; i++)
		memcpy((uint32_t *)map + i, page + off + i * 16, 4);
	map[0] &= ~0xffffull;	/* vectors below 16 do not exist */
}

uint32_t lapic_regs_save(struct vcpu *v, void *out)
{
	const struct vlapic *l = &v->arch->vlapic;
	uint8_t *page = out;

	memset(page, 0, HVM_SAVE_LENGTH(LAPIC_REGS));
	for (unsigned int i = 0; i < 64; i++)
		memcpy(page + i * 16, &l->reg[i], 4);
	bitmap_to(page, APIC_ISR, l->isr);
	bitmap_to(page, APIC_TMR, l->tmr);
	bitmap_to(page, APIC_IRR, l->irr);
	return HVM_SAVE_LENGTH(LAPIC_REGS);
}

int lapic_regs_load(struct vcpu *v, const void *in, uint32_t len, bool check)
{
	struct vlapic *l = &v->arch->vlapic;
	const uint8_t *page = in;

	if (check)
		return 0;
	for (unsigned int i = 0; i < 64; i++)
		memcpy(&l->reg[i], page + i * 16, 4);
	bitmap_from(l->isr, page, APIC_ISR);
	bitmap_from(l->tmr, page, APIC_TMR);
	bitmap_from(l->irr, page, APIC_IRR);
	l->reg[APIC_VERSION >> 4] = VLAPIC_VERSION;
	vlapic_set_mode_ids(l);
	vlapic_timer_start(v);
	return 0;
}

/* --- the small ones -------------------------------------------------------------------- */

uint32_t mtrr_save(struct vcpu *v, void *out)
{
	const struct mtrr_state *m = &v->arch->mtrr;
	struct hvm_hw_mtrr *h = out;

	memset(h, 0, sizeof(*h));
	h->msr_pat_cr = v->arch->pat;
	h->msr_mtrr_cap = MTRR_CAP;
	h->msr_mtrr_def_type = m->def_type;
	memcpy(h->msr_mtrr_var, m->var, sizeof(m->var));
	memcpy(h->msr_mtrr_fixed, m->fixed, sizeof(m->fixed));
	return sizeof(*h);
}

int mtrr_load(struct vcpu *v, const void *in, uint32_t len, bool check)
{
	struct mtrr_state *m = &v->arch->mtrr;
	struct hvm_hw_mtrr h;

	memcpy(&h, in, len);
	if (!hvm_pat_valid(h.msr_pat_cr))
		return -EINVAL;
	if (check)
		return 0;
	v->arch->pat = h.msr_pat_cr;
	m->def_type = h.msr_mtrr_def_type;
	memcpy(m->var, h.msr_mtrr_var, sizeof(m->var));
	memcpy(m->fixed, h.msr_mtrr_fixed, sizeof(m->fixed));
	hvm_ops->sync_misc(v);
	return 0;
}

uint32_t xsave_save(struct vcpu *v, void *out)
{
	struct hvm_hw_cpu_xsave *h = out;

	if (!xstate_mask || !v->arch->initialised)
		return 0;
	h->xfeature_mask = xstate_mask;
	h->xcr0 = h->xcr0_accum = v->arch->xcr0;
	memcpy(&h->save_area, v->arch->xsave, xstate_size);
	return (uint32_t)offsetof(struct hvm_hw_cpu_xsave, save_area) + xstate_size;
}

int xsave_load(struct vcpu *v, const void *in, uint32_t len, bool check)
{
	const size_t at = offsetof(struct hvm_hw_cpu_xsave, save_area);
	struct hvm_hw_cpu_xsave h;

	memcpy(&h, in, sizeof(h));
	if (!xstate_mask || !xstate_xcr0_valid(h.xcr0))
		return -EINVAL;
	if (check)
		return 0;
	return xstate_set(v, h.xcr0, (const uint8_t *)in + at, len - at);
}

/* No machine check banks here: accepted from elsewhere, without effect. */
int vmce_load(struct vcpu *v, const void *in, uint32_t len, bool check)
{
	return 0;
}

uint32_t tsc_adjust_save(struct vcpu *v, void *out)
{
	memset(out, 0, sizeof(struct hvm_tsc_adjust));
	return sizeof(struct hvm_tsc_adjust);
}

int tsc_adjust_load(struct vcpu *v, const void *in, uint32_t len, bool check)
{
	struct hvm_tsc_adjust h;

	memcpy(&h, in, len);
	return h.tsc_adjust ? -EINVAL : 0;	/* TSC_ADJUST is hidden */
}

int msr_load(struct vcpu *v, const void *in, uint32_t len, bool check)
{
	const uint32_t head = offsetof(struct hvm_msr, msr);
	struct hvm_one_msr one;
	uint32_t count;

	memcpy(&count, in, sizeof(count));
	if (count > (len - head) / sizeof(one))
		return -EINVAL;
	for (uint32_t i = 0; i < count; i++) {
		memcpy(&one, (const char *)in + head + i * sizeof(one), sizeof(one));
		if (one._rsvd)
			return -EINVAL;
		if (!check && one.val && !hvm_msr_write(v, one.index, one.val))
			return -EINVAL;
	}
	return 0;
}

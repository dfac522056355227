/*
 * The guest's access to its local APIC: the xAPIC page, x2APIC MSRs and
 * IA32_APIC_BASE. One table says what each register allows; the few with an
 * effect have their own function (AMD APM vol. 2 16.3, 16.11).
 */
#include <hv/arch.h>

#include <x86/hvm.h>

#include "vlapic_priv.h"

#define MSR_X2APIC	0x800u
#define REGS		64u

typedef void reg_write(struct vcpu *v, unsigned int off, uint32_t val);

enum { R = 1, W = 2, RW = 3, ZERO = 4 /* x2APIC: only 0 may be written */ };

struct reg_row {
	uint8_t xapic, x2apic;	/* access in each mode */
	uint32_t mask;		/* bits that can be written */
	reg_write *write;	/* NULL: stored as it is */
};

static void write_eoi(struct vcpu *v, unsigned int off, uint32_t val)
{
	vlapic_eoi(v);
}

/* Switching the APIC off masks every LVT entry (APM 16.3.2). */
static void write_svr(struct vcpu *v, unsigned int off, uint32_t val)
{
	struct vlapic *l = &v->arch->vlapic;

	l->reg[off >> 4] = val;
	if (val & SVR_ENABLE)
		return;
	for (off = APIC_LVT_TIMER; off <= APIC_LVT_ERROR; off += 0x10)
		l->reg[off >> 4] |= LVT_MASKED;
}

/* Writing ESR makes the errors since the last write visible: none. */
static void write_esr(struct vcpu *v, unsigned int off, uint32_t val)
{
	v->arch->vlapic.reg[off >> 4] = 0;
}

static void write_icr(struct vcpu *v, unsigned int off, uint32_t val)
{
	struct vlapic *l = &v->arch->vlapic;

	l->reg[off >> 4] = val;
	vlapic_send_ipi(v, val, l->reg[APIC_ICR2 >> 4] >> 24);
}

static void write_lvt(struct vcpu *v, unsigned int off, uint32_t val)
{
	struct vlapic *l = &v->arch->vlapic;

	if (!(l->reg[APIC_SVR >> 4] & SVR_ENABLE))
		val |= LVT_MASKED;
	l->reg[off >> 4] = val;
}

/* A change between one-shot and periodic starts the count anew. */
static void write_lvt_timer(struct vcpu *v, unsigned int off, uint32_t val)
{
	struct vlapic *l = &v->arch->vlapic;
	bool mode_changed = (l->reg[off >> 4] ^ val) & (3u << 17);

	write_lvt(v, off, val);
	if (mode_changed)
		vlapic_timer_start(v);
}

static void write_timer(struct vcpu *v, unsigned int off, uint32_t val)
{
	v->arch->vlapic.reg[off >> 4] = val;
	vlapic_timer_start(v);
}

static void write_self_ipi(struct vcpu *v, unsigned int off, uint32_t val)
{
	vlapic_set_irq(v, (uint8_t)val, false);
}

#define ROW(reg) [APIC_##reg >> 4]
static const struct reg_row rows[REGS] = {
	ROW(ID) = {R, R, 0, NULL},
	ROW(VERSION) = {R, R, 0, NULL},
	ROW(TPR) = {RW, RW, 0xff, NULL},
	ROW(PPR) = {R, R, 0, NULL},
	ROW(EOI) = {W, W | ZERO, ~0u, write_eoi},
	ROW(LDR) = {RW, R, 0xff000000, NULL},
	ROW(DFR) = {RW, 0, ~0u, NULL},
	ROW(SVR) = {RW, RW, 0x3ff, write_svr},
	[APIC_ISR >> 4 ... (APIC_ESR >> 4) - 1] = {R, R, 0, NULL},
	ROW(ESR) = {RW, RW | ZERO, ~0u, write_esr},
	ROW(ICR) = {RW, R, 0xccfff, write_icr},	/* x2APIC: 64 bits, below */
	ROW(ICR2) = {RW, 0, 0xff000000, NULL},
	ROW(LVT_TIMER) = {RW, RW, 0x300ff, write_lvt_timer},
	ROW(LVT_THERM) = {RW, RW, 0x107ff, write_lvt},
	ROW(LVT_PERF) = {RW, RW, 0x107ff, write_lvt},
	ROW(LVT_LINT0) = {RW, RW, 0x1a7ff, write_lvt},
	ROW(LVT_LINT1) = {RW, RW, 0x1a7ff, write_lvt},
	ROW(LVT_ERROR) = {RW, RW, 0x100ff, write_lvt},
	ROW(TMICT) = {RW, RW, ~0u, write_timer},
	ROW(TMCCT) = {R, R, 0, NULL},
	ROW(TDCR) = {RW, RW, 0xb, NULL},
	ROW(SELF_IPI) = {0, W, 0xff, write_self_ipi},
};

/* --- registers ------------------------------------------------------------------ */

static uint32_t bitmap_word(const uint64_t *map, unsigned int off)
{
	unsigned int n = (off >> 4) & 7;

	return (uint32_t)(__atomic_load_n(&map[n / 2], __ATOMIC_RELAXED) >>
			  (n % 2 * 32));
}

static uint32_t reg_value(const struct vlapic *l, unsigned int off)
{
	if (off == APIC_PPR)
		return vlapic_ppr(l);
	if (off == APIC_TMCCT)
		return vlapic_timer_count(l);
	if (off >= APIC_ISR && off < APIC_TMR)
		return bitmap_word(l->isr, off);
	if (off >= APIC_TMR && off < APIC_IRR)
		return bitmap_word(l->tmr, off);
	if (off >= APIC_IRR && off < APIC_ESR)
		return bitmap_word(l->irr, off);
	return l->reg[off >> 4];
}

static void reg_store(struct vcpu *v, const struct reg_row *row,
		      unsigned int off, uint32_t val)
{
	val &= row->mask;
	if (row->write)
		row->write(v, off, val);
	else
		v->arch->vlapic.reg[off >> 4] = val;
}

/* --- xAPIC page ------------------------------------------------------------------- */

uint32_t vlapic_mmio_read(struct vcpu *v, unsigned int off)
{
	off &= ~0xfu;
	if (off >> 4 >= REGS || !(rows[off >> 4].xapic & R))
		return 0;
	return reg_value(&v->arch->vlapic, off);
}

void vlapic_mmio_write(struct vcpu *v, unsigned int off, uint32_t val)
{
	if ((off & 0xf) || off >> 4 >= REGS || !(rows[off >> 4].xapic & W))
		return;
	reg_store(v, &rows[off >> 4], off, val);
}

/* --- x2APIC MSRs ---------------------------------------------------------------------- */

bool vlapic_msr_read(struct vcpu *v, uint32_t msr, uint64_t *val)
{
	const struct vlapic *l = &v->arch->vlapic;
	unsigned int i = msr - MSR_X2APIC;

	if (!vlapic_is_x2apic(l) || i >= REGS || !(rows[i].x2apic & R))
		return false;
	*val = reg_value(l, i << 4);
	if (i == APIC_ICR >> 4)
		*val |= (uint64_t)l->reg[APIC_ICR2 >> 4] << 32;
	return true;
}

static bool write_x2apic_icr(struct vcpu *v, uint64_t val)
{
	struct vlapic *l = &v->arch->vlapic;
	const uint32_t mask = rows[APIC_ICR >> 4].mask;

	/* Bit 12, delivery status, is not there in x2APIC mode but harmless. */
	if ((uint32_t)val & ~(mask | 1u << 12))
		return false;
	l->reg[APIC_ICR >> 4] = (uint32_t)val & mask;
	l->reg[APIC_ICR2 >> 4] = (uint32_t)(val >> 32);
	vlapic_send_ipi(v, (uint32_t)val, (uint32_t)(val >> 32));
	return true;
}

bool vlapic_msr_write(struct vcpu *v, uint32_t msr, uint64_t val)
{
	unsigned int i = msr - MSR_X2APIC;
	const struct reg_row *row;

	if (!vlapic_is_x2apic(&v->arch->vlapic) || i >= REGS)
		return false;
	if (i == APIC_ICR >> 4)
		return write_x2apic_icr(v, val);
	row = &rows[i];
	if (!(row->x2apic & W) || ((row->x2apic & ZERO) && val) ||
	    (val & ~(uint64_t)row->mask))
		return false;
	reg_store(v, row, i << 4, (uint32_t)val);
	return true;
}

/* --- IA32_APIC_BASE --------------------------------------------------------------------- */

/*
 * The page stays at its default place. From x2APIC mode only off is reachable,
 * from off only xAPIC mode (APM vol. 2 16.9).
 */
bool vlapic_base_write(struct vcpu *v, uint64_t val)
{
	const uint64_t mode = APIC_BASE_ENABLE | APIC_BASE_X2APIC;
	struct vlapic *l = &v->arch->vlapic;
	uint64_t from = l->base & mode, to = val & mode;

	if ((val & ~(mode | APIC_BASE_BSP)) != APIC_BASE_DEFAULT ||
	    to == APIC_BASE_X2APIC ||
	    (from == mode && to == APIC_BASE_ENABLE) || (!from && to == mode))
		return false;
	l->base = (l->base & ~mode) | to;
	if (from == to)
		return true;
	if (!to)
		vlapic_reset(v);
	vlapic_set_mode_ids(l);
	return true;
}

/*
 * RDMSR and WRMSR that exit: one table (guest-abi B3). An MSR without a row
 * does not exist: #GP, or, for a domain made "msr_relaxed", zero. Rows differ
 * for the hardware domain only where it may read the machine's own value.
 */
#include <hv/lib.h>

#include <x86/asm.h>
#include <x86/hvm_ops.h>

#include <xen/arch-x86/cpuid.h>

typedef bool msr_read(struct vcpu *v, uint32_t msr, uint64_t *val);
typedef bool msr_write(struct vcpu *v, uint32_t msr, uint64_t val);

#define MSR_TSC		0x10u
#define MSR_EFER	0xc0000080u
#define MSR_X2APIC	0x800u
#define MSR_X2APIC_LAST	0x83fu
#define MSR_HYPERCALL	0x40000000u

static bool read_zero(struct vcpu *v, uint32_t msr, uint64_t *val)
{
	*val = 0;
	return true;
}

static bool write_ignore(struct vcpu *v, uint32_t msr, uint64_t val)
{
	return true;
}

static bool write_zero(struct vcpu *v, uint32_t msr, uint64_t val)
{
	return !val;
}

/* --- time, EFER, APIC -------------------------------------------------------- */

static bool read_tsc(struct vcpu *v, uint32_t msr, uint64_t *val)
{
	*val = rdtsc() + (uint64_t)v->arch->tsc_offset;
	return true;
}

static bool write_tsc(struct vcpu *v, uint32_t msr, uint64_t val)
{
	v->arch->tsc_offset = (int64_t)(val - rdtsc());
	hvm_ops->sync_misc(v);
	arch_update_vcpu_time(v);
	return true;
}

static bool read_efer(struct vcpu *v, uint32_t msr, uint64_t *val)
{
	struct hvm_paging p;

	hvm_ops->get_paging(v, &p);
	*val = p.efer & ~EFER_SVME;
	return true;
}

/* LMA follows LME and paging; LME is fixed while paging is on (APM 3.1.7). */
static bool write_efer(struct vcpu *v, uint32_t msr, uint64_t val)
{
	struct hvm_paging p;

	hvm_ops->get_paging(v, &p);
	if ((val & ~hvm_efer_allowed(v)) ||
	    ((p.cr0 & CR0_PG) && ((val ^ p.efer) & EFER_LME)))
		return false;
	hvm_ops->set_efer(v, (val & ~EFER_LMA) | (p.efer & EFER_LMA));
	if ((val ^ p.efer) & EFER_NXE)
		hvm_ops->flush_tlb(v);
	return true;
}

static bool read_apic_base(struct vcpu *v, uint32_t msr, uint64_t *val)
{
	*val = v->arch->vlapic.base;
	return true;
}

static bool write_apic_base(struct vcpu *v, uint32_t msr, uint64_t val)
{
	return vlapic_base_write(v, val);
}

/* --- memory types -------------------------------------------------------------- */

bool hvm_pat_valid(uint64_t pat)
{
	for (unsigned int i = 0; i < 8; i++, pat >>= 8)
		if ((pat & 0xff) > 7 || (pat & 0xfe) == 2)
			return false;
	return true;
}

static bool read_pat(struct vcpu *v, uint32_t msr, uint64_t *val)
{
	*val = v->arch->pat;
	return true;
}

static bool write_pat(struct vcpu *v, uint32_t msr, uint64_t val)
{
	if (!hvm_pat_valid(val))
		return false;
	v->arch->pat = val;
	hvm_ops->sync_misc(v);
	return true;
}

static bool read_mtrr_cap(struct vcpu *v, uint32_t msr, uint64_t *val)
{
	*val = MTRR_CAP;
	return true;
}

/* The eleven fixed-range MSRs lie apart. */
static uint64_t *mtrr_slot(struct vcpu *v, uint32_t msr)
{
	struct mtrr_state *m = &v->arch->mtrr;

	if (msr == 0x2ff)
		return &m->def_type;
	if (msr >= 0x200 && msr < 0x200 + ARRAY_SIZE(m->var))
		return &m->var[msr - 0x200];
	if (msr == 0x250)
		return &m->fixed[0];
	if (msr == 0x258 || msr == 0x259)
		return &m->fixed[1 + msr - 0x258];
	if (msr >= 0x268 && msr <= 0x26f)
		return &m->fixed[3 + msr - 0x268];
	return NULL;
}

static bool read_mtrr(struct vcpu *v, uint32_t msr, uint64_t *val)
{
	const uint64_t *slot = mtrr_slot(v, msr);

	if (slot)
		*val = *slot;
	return slot;
}

static bool mtrr_type_valid(uint8_t t)
{
	return t < 7 && t != 2 && t != 3;
}

static bool mtrr_valid(uint32_t msr, uint64_t val)
{
	if (msr == 0x2ff)
		return !(val & ~0xcffull) && mtrr_type_valid((uint8_t)val);
	if (msr < 0x250)
		return (msr & 1) ? !(val & 0x7ff) :
				   !(val & 0xf00) && mtrr_type_valid((uint8_t)val);
	for (unsigned int i = 0; i < 8; i++, val >>= 8)
		if (!mtrr_type_valid((uint8_t)val))
			return false;
	return true;
}

static bool write_mtrr(struct vcpu *v, uint32_t msr, uint64_t val)
{
	uint64_t *slot = mtrr_slot(v, msr);

	if (!slot || !mtrr_valid(msr, val))
		return false;
	*slot = val;
	return true;
}

/* --- the machine's own ----------------------------------------------------------- */

static bool read_host(struct vcpu *v, uint32_t msr, uint64_t *val)
{
	*val = rdmsr(msr);
	return true;
}

/* SYSCFG: the DRAM and top-of-memory bits, 18 to 22. */
static bool read_syscfg(struct vcpu *v, uint32_t msr, uint64_t *val)
{
	*val = v->domain->hardware ? rdmsr(msr) & (0x1full << 18) : 0;
	return true;
}

static bool read_top_mem(struct vcpu *v, uint32_t msr, uint64_t *val)
{
	*val = v->domain->hardware ? rdmsr(msr) : 0;
	return true;
}

/* TscFreqSel: Linux calls the firmware broken without it. */
static bool read_hwcr(struct vcpu *v, uint32_t msr, uint64_t *val)
{
	*val = 1ull << 24;
	return true;
}

/* LFENCE is serialising. */
static bool read_de_cfg(struct vcpu *v, uint32_t msr, uint64_t *val)
{
	*val = 1ull << 1;
	return true;
}

static bool write_hypercall_page(struct vcpu *v, uint32_t msr, uint64_t val)
{
	return hvm_write_hypercall_page(v, val);
}

/* --- the table ---------------------------------------------------------------------- */

static const struct msr_row {
	uint32_t first, last;
	msr_read *read;		/* NULL: #GP */
	msr_write *write;
} rows[] = {
	{MSR_X2APIC, MSR_X2APIC_LAST, vlapic_msr_read, vlapic_msr_write},
	{MSR_TSC, MSR_TSC, read_tsc, write_tsc},
	{0x1b, 0x1b, read_apic_base, write_apic_base},
	{0x8b, 0x8b, read_host, NULL},			/* PATCH_LEVEL */
	{0xfe, 0xfe, read_mtrr_cap, NULL},
	{0x1d9, 0x1d9, read_zero, write_zero},		/* DEBUGCTL */
	{0x1db, 0x1de, read_zero, NULL},		/* last branch */
	{0x200, 0x26f, read_mtrr, write_mtrr},
	{0x277, 0x277, read_pat, write_pat},
	{0x2ff, 0x2ff, read_mtrr, write_mtrr},
	{0xda0, 0xda0, read_zero, write_zero},		/* XSS */
	{MSR_HYPERCALL, MSR_HYPERCALL, read_zero, write_hypercall_page},
	{MSR_EFER, MSR_EFER, read_efer, write_efer},
	{0xc0010000, 0xc0010007, read_zero, write_ignore}, /* counters */
	{0xc0010010, 0xc0010010, read_syscfg, write_ignore},
	{0xc0010015, 0xc0010015, read_hwcr, write_ignore},
	{0xc001001a, 0xc001001a, read_top_mem, NULL},
	{0xc001001d, 0xc001001d, read_top_mem, NULL},
	{0xc001001f, 0xc001001f, read_zero, write_ignore}, /* NB_CFG */
	{0xc0010020, 0xc0010020, NULL, write_ignore},	/* patch loader */
	{0xc0010055, 0xc0010055, read_zero, write_ignore}, /* INT_PENDING */
	{0xc0010114, 0xc0010114, read_zero, NULL},	/* VM_CR */
	{0xc0010200, 0xc001020b, read_zero, write_ignore}, /* counters */
	{0xc0011029, 0xc0011029, read_de_cfg, write_ignore},
};

static const struct msr_row *find(uint32_t msr)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++)
		if (msr >= rows[i].first && msr <= rows[i].last)
			return &rows[i];
	return NULL;
}

bool hvm_msr_read(struct vcpu *v, uint32_t msr, uint64_t *val)
{
	const struct msr_row *r = find(msr);

	*val = 0;
	if (!r)
		return v->domain->arch->msr_relaxed;
	return r->read && r->read(v, msr, val);
}

bool hvm_msr_write(struct vcpu *v, uint32_t msr, uint64_t val)
{
	const struct msr_row *r = find(msr);

	if (!r)
		return v->domain->arch->msr_relaxed;
	return r->write && r->write(v, msr, val);
}

void hvm_rdmsr(struct vcpu *v, struct hvm_exit *e)
{
	struct cpu_regs *r = &v->arch->regs;
	uint64_t val;

	if (!hvm_msr_read(v, (uint32_t)r->rcx, &val)) {
		hvm_inject_gp(v);
		return;
	}
	r->rax = (uint32_t)val;
	r->rdx = val >> 32;
	hvm_advance(v, e->len);
}

void hvm_wrmsr(struct vcpu *v, struct hvm_exit *e)
{
	struct cpu_regs *r = &v->arch->regs;
	uint64_t val = (uint32_t)r->rax | r->rdx << 32;

	if (hvm_msr_write(v, (uint32_t)r->rcx, val))
		hvm_advance(v, e->len);
	else
		hvm_inject_gp(v);
}

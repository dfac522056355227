/*
 * RDMSR and WRMSR that exit: one table here, and one of the vendor's own. An MSR
 * without a row does not exist: #GP, or, for a domain made "msr_relaxed", zero.
 */
#include <hv/lib.h>

#include <x86/asm.h>
#include <x86/hvm_ops.h>

#include <xen/arch-x86/cpuid.h>

#define MSR_TSC		0x10u
#define MSR_EFER	0xc0000080u
#define MSR_X2APIC	0x800u
#define MSR_X2APIC_LAST	0x83fu
#define MSR_HYPERCALL	0x40000000u

bool hvm_msr_zero(struct vcpu *v, uint32_t msr, uint64_t *val)
{
	*val = 0;
	return true;
}

bool hvm_msr_ignore(struct vcpu *v, uint32_t msr, uint64_t val)
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
	if ((val ^ p.efer) & EFER_NXE)
		hvm_ops->flush_tlb(v);
	p.efer = (val & ~EFER_LMA) | (p.efer & EFER_LMA);
	hvm_ops->set_paging(v, &p);
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

/* --- others ----------------------------------------------------------- */

bool hvm_msr_host(struct vcpu *v, uint32_t msr, uint64_t *val)
{
	*val = rdmsr(msr);
	return true;
}

static bool write_hypercall_page(struct vcpu *v, uint32_t msr, uint64_t val)
{
	return hvm_write_hypercall_page(v, val);
}

/* MCG_CAP, MCG_STATUS: the hardware domain has machine checks, without a bank. */
static bool read_mcg(struct vcpu *v, uint32_t msr, uint64_t *val)
{
	*val = 0;
	return v->domain->hardware || v->domain->arch->msr_relaxed;
}

static bool write_mcg(struct vcpu *v, uint32_t msr, uint64_t val)
{
	return v->domain->hardware ? !val : v->domain->arch->msr_relaxed;
}

/* --- the table ---------------------------------------------------------------------- */

static const struct hvm_msr_row rows[] = {
	{MSR_X2APIC, MSR_X2APIC_LAST, vlapic_msr_read, vlapic_msr_write},
	{MSR_TSC, MSR_TSC, read_tsc, write_tsc},
	{0x1b, 0x1b, read_apic_base, write_apic_base},
	{0xfe, 0xfe, read_mtrr_cap, NULL},
	{0x179, 0x17a, read_mcg, write_mcg},
	{0x1d9, 0x1d9, hvm_msr_zero, write_zero},		/* DEBUGCTL */
	{0x1db, 0x1de, hvm_msr_zero, NULL},		/* last branch */
	{0x200, 0x26f, read_mtrr, write_mtrr},
	{0x277, 0x277, read_pat, write_pat},
	{0x2ff, 0x2ff, read_mtrr, write_mtrr},
	{0xda0, 0xda0, hvm_msr_zero, write_zero},		/* XSS */
	{MSR_HYPERCALL, MSR_HYPERCALL, hvm_msr_zero, write_hypercall_page},
	{MSR_EFER, MSR_EFER, read_efer, write_efer},
};

static const struct hvm_msr_row *find_in(const struct hvm_msr_row *row,
					 unsigned int n, uint32_t msr)
{
	for (unsigned int i = 0; i < n; i++)
		if (msr >= row[i].first && msr <= row[i].last)
			return &row[i];
	return NULL;
}

static const struct hvm_msr_row *find(uint32_t msr)
{
	const struct hvm_msr_row *r = find_in(rows, ARRAY_SIZE(rows), msr);

	return r ? r : find_in(hvm_ops->msrs, *hvm_ops->msr_nr, msr);
}

bool hvm_msr_read(struct vcpu *v, uint32_t msr, uint64_t *val)
{
	const struct hvm_msr_row *r = find(msr);

	*val = 0;
	if (!r)
		return v->domain->arch->msr_relaxed;
	return r->read && r->read(v, msr, val);
}

bool hvm_msr_write(struct vcpu *v, uint32_t msr, uint64_t val)
{
	const struct hvm_msr_row *r = find(msr);

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

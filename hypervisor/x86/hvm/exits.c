/*
 * What is done about each reason for which a guest was left: one table, one
 * small function a row. Nothing here knows the vendor.
 */
#include <hv/arch.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/sched.h>

#include <x86/hvm_ops.h>
#include <x86/mce.h>
#include <x86/platform.h>

typedef void exit_handler(struct vcpu *v, struct hvm_exit *e);

/* Taken by irq_window() on the next round. */
static void exit_interrupt(struct vcpu *v, struct hvm_exit *e)
{
}

static void exit_irq_window(struct vcpu *v, struct hvm_exit *e)
{
	hvm_ops->irq_window(v, IRQ_WINDOW_OFF);
}

static void exit_nmi_window(struct vcpu *v, struct hvm_exit *e)
{
	hvm_end_nmi(v, e->at_iret);
}

/*
 * With interrupts off only an NMI could end it: that is how a PVH guest
 * switches a CPU, and with the last one itself, off.
 */
static void exit_hlt(struct vcpu *v, struct hvm_exit *e)
{
	hvm_advance(v, e->len);
	if ((v->arch->regs.rflags & RFLAGS_IF) || arch_vcpu_event_pending(v))
		sched_block();
	else
		vcpu_set_down(v);
}

/* --- control registers --------------------------------------------------------- */

/*
 * MOV CRn, r64: [REX] 0F 22 /n; LMSW r16: 0F 01 /6 (APM vol. 3). LMSW from
 * memory, and CR8 named by a LOCK prefix, are not used by our guests. *lmsw
 * tells the one from the other.
 */
static bool decode_cr_write(struct vcpu *v, struct hvm_exit *e, bool *lmsw)
{
	uint8_t b[4], modrm, rex = 0;
	unsigned int n = hvm_fetch(v, b, sizeof(b)), at = 0;

	if (n >= 1 && (b[0] & 0xf0) == 0x40)
		rex = b[at++];
	if (n < at + 3 || b[at] != 0x0f)
		return false;
	modrm = b[at + 2];
	*lmsw = b[at + 1] == 0x01 && modrm >> 6 == 3 && (modrm >> 3 & 7) == 6;
	if (b[at + 1] != 0x22 && !*lmsw)
		return false;
	e->cr.gpr = (modrm & 7) | (rex & 1 ? 8 : 0);
	e->len = at + 3;
	return true;
}

/* Leaving or entering paging moves LMA: APM vol. 2 14.6. */
static bool cr0_valid(struct vcpu *v, const struct hvm_paging *p, uint64_t val)
{
	bool cs_l = hvm_ops->get_segment(v, SEG_CS).attr & SEG_ATTR_L;

	if (val >> 32 || ((val & CR0_PG) && !(val & CR0_PE)) ||
	    ((val & CR0_NW) && !(val & CR0_CD)))
		return false;
	if (!((val ^ p->cr0) & CR0_PG) || !(p->efer & EFER_LME))
		return true;
	if (val & CR0_PG)
		return (p->cr4 & CR4_PAE) && !cs_l;
	return !cs_l && !(p->cr4 & CR4_PCIDE);
}

static void write_cr0(struct vcpu *v, struct hvm_exit *e, uint64_t val)
{
	struct hvm_paging p;

	hvm_ops->get_paging(v, &p);
	if (!cr0_valid(v, &p, val)) {
		hvm_inject_gp(v);
		return;
	}
	val = (val & CR0_MASK) | CR0_ET;
	if (((val ^ p.cr0) & CR0_PG) && (p.efer & EFER_LME))
		p.efer = val & CR0_PG ? p.efer | EFER_LMA : p.efer & ~EFER_LMA;
	p.cr0 = val;
	hvm_ops->set_paging(v, &p);
	hvm_ops->flush_tlb(v);
	hvm_advance(v, e->len);
}

/* LMSW: the low four bits; PE can be set but not cleared. */
static uint64_t lmsw_value(struct vcpu *v, uint64_t msw)
{
	struct hvm_paging p;

	hvm_ops->get_paging(v, &p);
	return (p.cr0 & ~0xeull) | (msw & 0xf);
}

static void write_cr4(struct vcpu *v, struct hvm_exit *e, uint64_t val)
{
	struct hvm_paging p;
	uint64_t changed;

	hvm_ops->get_paging(v, &p);
	changed = p.cr4 ^ val;
	if ((changed & val & ~hvm_cr4_allowed(v)) ||
	    ((p.efer & EFER_LMA) && !(val & CR4_PAE))) {
		hvm_inject_gp(v);
		return;
	}
	p.cr4 = val;
	hvm_ops->set_paging(v, &p);
	if (changed)
		hvm_ops->flush_tlb(v);
	hvm_advance(v, e->len);
}

static void exit_cr_write(struct vcpu *v, struct hvm_exit *e)
{
	bool lmsw = false;
	uint64_t val;

	if (e->cr.gpr == REG_UNKNOWN && !decode_cr_write(v, e, &lmsw)) {
		domain_crash(v->domain, "vCPU %u: cannot read its write of CR%u at %#lx",
			     v->id, e->cr.nr, v->arch->regs.rip);
		return;
	}
	val = *regs_gpr(&v->arch->regs, e->cr.gpr);
	if (hvm_ops->get_mode(v).width != 8)
		val = (uint32_t)val;
	if (lmsw)
		val = lmsw_value(v, val);
	if (e->cr.nr == 0) {
		write_cr0(v, e, val);
	} else if (e->cr.nr == 4) {
		write_cr4(v, e, val);
	} else if (val > 15) {
		hvm_inject_gp(v);
	} else {
		vlapic_set_tpr_of(&v->arch->vlapic, (uint8_t)(val << 4));
		hvm_advance(v, e->len);
	}
}

/* --- refusals and ends ------------------------------------------------------------ */

/* INVD must not happen, WBINVD need not: memory is coherent. */
static void exit_cache(struct vcpu *v, struct hvm_exit *e)
{
	hvm_advance(v, e->len);
}

static void exit_ud(struct vcpu *v, struct hvm_exit *e)
{
	hvm_inject_ud(v);
}

static void exit_gp(struct vcpu *v, struct hvm_exit *e)
{
	hvm_inject_gp(v);
}

static void exit_exception(struct vcpu *v, struct hvm_exit *e)
{
	v->arch->event = e->exception;
	v->arch->event_valid = true;
}

static void exit_machine_check(struct vcpu *v, struct hvm_exit *e)
{
	mce_show();
	panic("machine check while domain %u ran; "
	      "look for failing memory or CPU", v->domain->id);
}

/* HVM_PARAM_TRIPLE_FAULT_REASON: 0 stands for the default, a reboot. */
static void exit_shutdown(struct vcpu *v, struct hvm_exit *e)
{
	uint64_t reason = v->domain->hvm_params[HVM_PARAM_TRIPLE_FAULT_REASON];

	guest_log(v->domain, "domain %u: vCPU %u: triple fault at %#lx\n",
		  v->domain->id, v->id, v->arch->regs.rip);
	domain_shutdown(v->domain, reason ? (unsigned int)reason : SHUTDOWN_reboot);
}

static void exit_invalid(struct vcpu *v, struct hvm_exit *e)
{
	hvm_ops->dump(v);
	domain_crash(v->domain, "vCPU %u: the CPU refused its state (%#lx)",
		     v->id, e->code);
}

static void exit_unknown(struct vcpu *v, struct hvm_exit *e)
{
	domain_crash(v->domain, "vCPU %u: exit %#lx (%#lx, %#lx) at %#lx",
		     v->id, e->code, e->info1, e->info2, v->arch->regs.rip);
}

static const struct {
	exit_handler *handle;
	const char *name;
} exits[HVM_EXIT_NR] = {
	[HVM_EXIT_UNKNOWN] = {exit_unknown, "unknown"},
	[HVM_EXIT_INTERRUPT] = {exit_interrupt, "interrupt"},
	[HVM_EXIT_IRQ_WINDOW] = {exit_irq_window, "irq window"},
	[HVM_EXIT_NMI_WINDOW] = {exit_nmi_window, "nmi window"},
	[HVM_EXIT_HYPERCALL] = {hvm_hypercall, "hypercall"},
	[HVM_EXIT_CPUID] = {hvm_cpuid, "cpuid"},
	[HVM_EXIT_HLT] = {exit_hlt, "hlt"},
	[HVM_EXIT_PORT] = {hvm_port, "port"},
	[HVM_EXIT_RDMSR] = {hvm_rdmsr, "rdmsr"},
	[HVM_EXIT_WRMSR] = {hvm_wrmsr, "wrmsr"},
	[HVM_EXIT_CR_WRITE] = {exit_cr_write, "cr write"},
	[HVM_EXIT_NPT] = {hvm_nested_fault, "nested fault"},
	[HVM_EXIT_CACHE] = {exit_cache, "cache"},
	[HVM_EXIT_UD] = {exit_ud, "ud"},
	[HVM_EXIT_GP] = {exit_gp, "gp"},
	[HVM_EXIT_SHUTDOWN] = {exit_shutdown, "shutdown"},
	[HVM_EXIT_INVALID] = {exit_invalid, "invalid"},
	[HVM_EXIT_EXCEPTION] = {exit_exception, "exception"},
	[HVM_EXIT_MACHINE_CHECK] = {exit_machine_check, "machine check"},
	[HVM_EXIT_XSETBV] = {hvm_xsetbv, "xsetbv"},
};

const char *arch_exit_counter(unsigned int i, uint64_t *count)
{
	*count = 0;
	if (i == HVM_EXIT_NR)
		*count = mce_nmi_count();
	if (i >= HVM_EXIT_NR)
		return i == HVM_EXIT_NR ? "NMI of unknown cause" : NULL;
	for_each_cpu(cpu)
		*count += cpus[cpu]->arch->exits[i];
	return exits[i].name;
}

void hvm_handle_exit(struct vcpu *v, struct hvm_exit *e)
{
	exits[e->reason].handle(v, e);
}

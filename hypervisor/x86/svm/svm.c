/*
 * AMD SVM behind x86/hvm_ops.h: entry and exit of a guest, translated to and
 * from the VMCB (APM vol. 2 ch. 15). Decides nothing about guests.
 *
 * Without next-RIP save the lengths of the few instructions that exit are
 * taken from the table below: prefixes before them fool only the guest.
 *
 * A TLB flush is a fresh address space id; when the ids of a CPU are used up
 * it flushes everything and starts a new generation (APM vol. 2 15.16).
 */
#include <hv/lib.h>

#include <x86/npt.h>

#include "svm.h"

#define REG_IS(name, n) \
	_Static_assert(offsetof(struct cpu_regs, name) == (n) * 8, \
		       "entry.S: " #name)
REG_IS(rcx, 1);
REG_IS(rdx, 2);
REG_IS(rbx, 3);
REG_IS(rbp, 5);
REG_IS(rsi, 6);
REG_IS(rdi, 7);
REG_IS(r8, 8);
REG_IS(r15, 15);

static struct hvm_mode svm_get_mode(struct vcpu *v)
{
	const struct vmcb *vmcb = v->arch->vmcb;
	uint16_t attr = vmcb->seg[SEG_CS].attr;
	struct hvm_mode m = {.cpl = vmcb->cpl};

	if ((vmcb->efer & EFER_LMA) && (attr & SEG_ATTR_L))
		m.width = 8;
	else
		m.width = attr & SEG_ATTR_D ? 4 : 2;
	return m;
}

/* --- exits --------------------------------------------------------------- */

/* EXITINFO1 and 2 of IOIO: APM vol. 2 15.10.2. */
static void decode_port(struct vcpu *v, struct hvm_exit *e)
{
	uint64_t info = e->info1;

	e->io.in = info & 1;
	e->io.string = info & 4;
	e->io.rep = info & 8;
	e->io.size = (info >> 4) & 7;
	e->io.addr_size = (uint8_t)(((info >> 7) & 7) * 2);
	if (!e->io.addr_size)	/* not every CPU tells it */
		e->io.addr_size = svm_get_mode(v).width;
	/* Without decode assists an override of OUTS is not told. */
	e->io.seg = svm_has_decode_assist ? (info >> 10) & 7 : SEG_DS;
	e->io.port = (uint16_t)(info >> 16);
	e->len = (unsigned int)(e->info2 - v->arch->regs.rip);
}

/* EXITINFO1 of a nested page fault: APM vol. 2 15.25.6. */
static void decode_npt(struct hvm_exit *e)
{
	e->reason = HVM_EXIT_NPT;
	e->npt.gpa = e->info2;
	e->npt.write = e->info1 & 2;
	e->npt.fetch = e->info1 & 0x10;
	e->npt.walk = e->info1 >> 33 & 1;
}

/*
 * Decode assists name the register of MOV (bit 63), not that of LMSW (APM vol.
 * 2 15.33.1). Without next RIP the length is wanted too, so they do not help.
 */
static void decode_cr(struct vcpu *v, struct hvm_exit *e)
{
	bool told = svm_has_decode_assist && svm_has_next_rip && (e->info1 >> 63);

	e->cr.nr = 0;
	if (e->code != SVM_EXIT_CR0_SEL_WRITE)
		e->cr.nr = (uint8_t)(e->code - SVM_EXIT_CR0_WRITE);
	e->cr.gpr = told ? e->info1 & 0xf : REG_UNKNOWN;
}

static void decode_iret(struct vcpu *v, struct hvm_exit *e)
{
	e->at_iret = true;
}

static void decode_msr(struct vcpu *v, struct hvm_exit *e)
{
	if (e->info1)
		e->reason = HVM_EXIT_WRMSR;
}

static void decode_exception(struct vcpu *v, struct hvm_exit *e)
{
	e->exception = (struct hvm_event){
		.vector = (uint8_t)(e->code - SVM_EXIT_EXCEPTION0),
		.type = EVENT_EXCEPTION,
		.has_error = e->code == SVM_EXIT_AC,
		.error = (uint32_t)e->info1,
	};
}

struct exit_row {
	uint8_t reason, len;
	void (*decode)(struct vcpu *v, struct hvm_exit *e);	/* what else is told */
};

#define ROW(code, r, ...) [SVM_EXIT_##code] = {HVM_EXIT_##r, __VA_ARGS__}
static const struct exit_row exit_rows[SVM_EXIT_TABLE_NR] = {
	ROW(CR0_SEL_WRITE, CR_WRITE, 0, decode_cr),
	ROW(CR4_WRITE, CR_WRITE, 0, decode_cr),
	ROW(CR8_WRITE, CR_WRITE, 0, decode_cr),
	ROW(DB, EXCEPTION, 0, decode_exception),
	ROW(AC, EXCEPTION, 0, decode_exception),
	ROW(MC, MACHINE_CHECK, 0),
	ROW(INTR, INTERRUPT, 0),
	ROW(NMI, INTERRUPT, 0),
	ROW(SMI, INTERRUPT, 0),
	ROW(INIT, INTERRUPT, 0),
	ROW(VINTR, IRQ_WINDOW, 0),
	ROW(RDPMC, GP, 0),
	ROW(CPUID, CPUID, 2),
	ROW(IRET, NMI_WINDOW, 0, decode_iret),
	ROW(INVD, CACHE, 2),
	ROW(HLT, HLT, 1),
	ROW(INVLPGA, UD, 0),
	ROW(IOIO, PORT, 0, decode_port),
	ROW(MSR, RDMSR, 2, decode_msr),
	ROW(SHUTDOWN, SHUTDOWN, 0),
	ROW(VMRUN, UD, 0),
	ROW(VMMCALL, HYPERCALL, 3),
	ROW(VMLOAD, UD, 0),
	ROW(VMSAVE, UD, 0),
	ROW(STGI, UD, 0),
	ROW(CLGI, UD, 0),
	ROW(SKINIT, UD, 0),
	ROW(WBINVD, CACHE, 2),
	ROW(MONITOR, UD, 0),
	ROW(MWAIT, UD, 0),
	ROW(MWAIT_COND, UD, 0),
};

static void decode_exit(struct vcpu *v, struct hvm_exit *e)
{
	const struct arch_vcpu *a = v->arch;
	const struct exit_row *row;

	if (e->code >= SVM_EXIT_TABLE_NR) {
		if (e->code == SVM_EXIT_NPF)
			decode_npt(e);
		else
			/* -1; not every CPU writes all 64 bits of it */
			e->reason = (int32_t)e->code == -1 ? HVM_EXIT_INVALID :
							     HVM_EXIT_UNKNOWN;
		return;
	}
	row = &exit_rows[e->code];
	e->reason = row->reason;
	e->len = row->len;
	if (svm_has_next_rip)
		e->len = (unsigned int)(a->vmcb->next_rip - a->regs.rip);
	if (row->decode)
		row->decode(v, e);
}

/*
 * An event whose delivery was interrupted is delivered again by the next
 * entry. Software interrupts, INT3 and INTO are not: RIP is still at the
 * instruction, which will be executed again.
 */
static void recover_event(struct arch_vcpu *a, struct hvm_exit *e)
{
	uint64_t info = a->vmcb->exit_int_info;
	uint8_t vector = (uint8_t)info, type = (info >> 8) & 7;

	e->delivering = true;
	if (type == EVENT_SOFT || (type == EVENT_EXCEPTION &&
				   (vector == VEC_BP || vector == VEC_OF)))
		return;
	/* QEMU calls an interrupt that it gave by V_IRQ an exception here. */
	if (type == EVENT_EXCEPTION && vector >= 32)
		type = EVENT_IRQ;
	a->event = (struct hvm_event){
		.vector = vector,
		.type = type,
		.has_error = info & EVENT_HAS_ERROR,
		.error = (uint32_t)(info >> 32),
	};
	a->event_valid = true;
}

/* --- entry --------------------------------------------------------------- */

static void take_asid(struct vcpu *v, struct svm_cpu *sc)
{
	struct arch_vcpu *a = v->arch;

	if (sc->next_asid >= svm_asids) {
		sc->next_asid = 1;
		sc->generation++;
		a->vmcb->tlb_control = TLB_FLUSH_ALL;
	}
	a->vmcb->asid = sc->next_asid++;
	a->vmcb->clean &= ~CLEAN_ASID;
	a->asid_generation = sc->generation;
}

static uint64_t encode_event(const struct hvm_event *ev)
{
	uint64_t event = ev->vector | (uint64_t)ev->type << 8 | EVENT_VALID;

	if (ev->has_error)
		event |= EVENT_HAS_ERROR | (uint64_t)ev->error << 32;
	return event;
}

/*
 * An interrupt is given as a virtual interrupt (V_IRQ, APM vol. 2 15.21.4),
 * which the CPU takes before the next instruction; everything else by EVENTINJ.
 * EVENTINJ would do for interrupts too, but QEMU delivers such a one twice when
 * its own thread is asked to stop in that moment (docs/DECISIONS.md).
 */
static void load_event(struct arch_vcpu *a, struct vmcb *vmcb)
{
	a->event_valid = false;
	if (a->event.type == EVENT_IRQ) {
		ASSERT(a->irq_window != IRQ_WINDOW_IF);
		vmcb->v_irq = 1;
		vmcb->v_intr_vector = a->event.vector;
		vmcb->v_intr_prio = V_IGN_TPR;
		vmcb->clean &= ~CLEAN_TPR;
		a->irq_given = true;
	} else {
		vmcb->event_inject = encode_event(&a->event);
	}
}

/* Not taken yet, as a physical interrupt came first: it is due again. */
static void save_event(struct arch_vcpu *a, struct vmcb *vmcb)
{
	a->irq_given = false;
	a->event_valid = vmcb->v_irq;
	vmcb->v_irq = 0;
}

static void load_guest(struct arch_vcpu *a, struct vmcb *vmcb, uint8_t tpr)
{
	if (a->event_valid)
		load_event(a, vmcb);
	vmcb->rax = a->regs.rax;
	vmcb->rsp = a->regs.rsp;
	vmcb->rip = a->regs.rip;
	vmcb->rflags = a->regs.rflags;
	vmcb->int_state = a->int_shadow;
	if (vmcb->v_tpr != tpr) {
		vmcb->v_tpr = tpr;
		vmcb->clean &= ~CLEAN_TPR;
	}
}

static void save_guest(struct arch_vcpu *a, struct vmcb *vmcb)
{
	vmcb->event_inject = 0;
	vmcb->tlb_control = TLB_FLUSH_NONE;
	vmcb->clean = ~0u;
	if (a->irq_given)
		save_event(a, vmcb);
	a->regs.rax = vmcb->rax;
	a->regs.rsp = vmcb->rsp;
	a->regs.rip = vmcb->rip;
	a->regs.rflags = vmcb->rflags;
	a->int_shadow = vmcb->int_state & 1;
}

static void svm_run(struct vcpu *v, struct hvm_exit *e)
{
	struct arch_vcpu *a = v->arch;
	struct svm_cpu *sc = &svm_cpus[a->asid_cpu];
	struct vmcb *vmcb = a->vmcb;
	uint8_t tpr = vlapic_tpr_of(&a->vlapic) >> 4;

	if (a->asid_generation != sc->generation)
		take_asid(v, sc);
	load_guest(a, vmcb, tpr);
	svm_enter(&a->regs, a->vmcb_pa, sc->host_pa);
	save_guest(a, vmcb);
	if (vmcb->v_tpr != tpr)
		vlapic_set_tpr_of(&a->vlapic, (uint8_t)(vmcb->v_tpr << 4));

	e->code = vmcb->exit_code;
	e->info1 = vmcb->exit_info1;
	e->info2 = vmcb->exit_info2;
	e->delivering = false;
	decode_exit(v, e);
	if (vmcb->exit_int_info & EVENT_VALID)
		recover_event(a, e);
}

static void svm_vcpu_load(struct vcpu *v)
{
	unsigned int cpu = this_cpu()->id;

	v->arch->vmcb->clean = 0;
	if (v->arch->asid_cpu != cpu) {
		v->arch->asid_cpu = cpu;
		v->arch->asid_generation = 0;
	}
}

/* All of it is in the VMCB already. */
static void svm_vcpu_save(struct vcpu *v)
{
}

static void svm_flush_tlb(struct vcpu *v)
{
	v->arch->asid_generation = 0;
}

/* --- windows --------------------------------------------------------------- */

static void svm_irq_window(struct vcpu *v, enum irq_window window)
{
	struct vmcb *vmcb = v->arch->vmcb;

	vmcb->intercept1 &= ~INTERCEPT1_VINTR;
	vmcb->intercept_cr &= ~INTERCEPT_CR_WRITE(8);
	vmcb->v_irq = window == IRQ_WINDOW_IF;
	vmcb->v_intr_prio = V_IGN_TPR;
	if (window == IRQ_WINDOW_IF)
		vmcb->intercept1 |= INTERCEPT1_VINTR;
	if (window == IRQ_WINDOW_TPR)
		vmcb->intercept_cr |= INTERCEPT_CR_WRITE(8);
	vmcb->clean &= ~(CLEAN_INTERCEPTS | CLEAN_TPR);
	v->arch->irq_window = window;
}

static void svm_nmi_window(struct vcpu *v, bool on)
{
	struct vmcb *vmcb = v->arch->vmcb;

	vmcb->intercept1 &= ~INTERCEPT1_IRET;
	if (on)
		vmcb->intercept1 |= INTERCEPT1_IRET;
	vmcb->clean &= ~CLEAN_INTERCEPTS;
}

/* --- registers --------------------------------------------------------------- */

static void svm_get_paging(struct vcpu *v, struct hvm_paging *p)
{
	const struct vmcb *vmcb = v->arch->vmcb;

	p->cr0 = vmcb->cr0;
	p->cr3 = vmcb->cr3;
	p->cr4 = vmcb->cr4;
	p->efer = vmcb->efer;
}

static struct segment svm_get_segment(struct vcpu *v, enum seg seg)
{
	return v->arch->vmcb->seg[seg];
}

static void svm_set_paging(struct vcpu *v, const struct hvm_paging *p)
{
	struct vmcb *vmcb = v->arch->vmcb;

	vmcb->cr0 = p->cr0;
	vmcb->cr3 = p->cr3;
	vmcb->cr4 = p->cr4;
	vmcb->efer = p->efer | EFER_SVME;
	vmcb->clean &= ~CLEAN_CR;
}

static void svm_sync_misc(struct vcpu *v)
{
	v->arch->vmcb->g_pat = v->arch->pat;
	v->arch->vmcb->tsc_offset = (uint64_t)v->arch->tsc_offset;
	v->arch->vmcb->clean &= ~(CLEAN_NP | CLEAN_INTERCEPTS);
}

/* Accessed and dirty; memory types are the host's MTRRs' and the guest's. */
static uint64_t svm_p2m_leaf(mfn_t mfn, enum p2m_type type, unsigned int order)
{
	return NPT_A | NPT_D;
}

const struct hvm_ops svm_ops = {
	.name = "AMD SVM",
	.hypercall_insn = {0x0f, 0x01, 0xd9},	/* vmmcall */
	.msrs = svm_msrs,
	.msr_nr = &svm_msr_nr,
	.present = svm_present,
	.cpu_init = svm_cpu_init,
	.vcpu_create = svm_vcpu_create,
	.vcpu_destroy = svm_vcpu_destroy,
	.vcpu_load = svm_vcpu_load,
	.vcpu_save = svm_vcpu_save,
	.run = svm_run,
	.irq_window = svm_irq_window,
	.nmi_window = svm_nmi_window,
	.flush_tlb = svm_flush_tlb,
	.get_state = svm_get_state,
	.set_state = svm_set_state,
	.get_paging = svm_get_paging,
	.set_paging = svm_set_paging,
	.get_mode = svm_get_mode,
	.get_segment = svm_get_segment,
	.sync_misc = svm_sync_misc,
	.p2m_leaf = svm_p2m_leaf,
	.dump = svm_dump,
};

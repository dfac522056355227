/*
 * Intel VMX behind x86/hvm_ops.h: entry and exit of a guest, translated to and
 * from the VMCS (Intel SDM vol. 3 ch. 26 to 28). Decides nothing about guests.
 *
 * The control fields are written once; a guest's CR0, CR3 and CR4 are its own
 * but for the bits that VMX or the CPUID policy forbids. CR2, DR6 and the MSRs
 * of SYSCALL stay in the CPU as long as the vCPU is on it.
 */
#include <hv/page.h>

#include <x86/asm.h>

#include "vmx.h"

#define VAPIC_TPR	0x80

/* RIP may rest on an instruction that ended the guest: its length is told. */
struct exit_row {
	uint8_t reason;
	bool len;
	void (*decode)(struct vcpu *v, struct hvm_exit *e);
};

/* --- exits ------------------------------------------------------------------ */

static struct hvm_mode vmx_get_mode(struct vcpu *v)
{
	uint32_t cs = (uint32_t)vmread(VMCS_GUEST_AR(SEG_CS));
	uint32_t ss = (uint32_t)vmread(VMCS_GUEST_AR(SEG_SS));
	struct hvm_mode m = {.cpl = SEG_ATTR_DPL(ss), .width = 2};

	if ((cs & SEG_ATTR_L << 4) && (vmread(VMCS_GUEST_EFER) & EFER_LMA))
		m.width = 8;
	else if (cs & SEG_ATTR_D << 4)
		m.width = 4;
	return m;
}

/* The IRET that exits had already let NMIs in again: SDM vol. 3 28.2.3. */
static void block_nmi_again(struct vmx_vcpu *x, uint64_t info)
{
	if (!(info & EVENT_NMI_UNBLOCKED) ||
	    (vmread(VMCS_IDT_EVENT) & EVENT_VALID))
		return;
	x->shadow |= SHADOW_NMI;
}

/* What #DB would have put into DR6 is told instead: SDM vol. 3 28.2.1. */
static void take_debug_status(void)
{
	uint64_t dr6;

	asm volatile("mov %%db6, %0" : "=r"(dr6));
	dr6 = (dr6 & ~0xfull) | vmread(VMCS_QUALIFICATION);
	asm volatile("mov %0, %%db6" : : "r"(dr6));
}

/* An NMI is the host's own; the exit has taken it and blocks the next. */
static void decode_exception(struct vcpu *v, struct hvm_exit *e)
{
	uint32_t info = (uint32_t)vmread(VMCS_EXIT_EVENT);
	uint8_t vector = (uint8_t)info;

	e->info1 = info;
	if ((info >> 8 & 7) == EVENT_NMI) {
		asm volatile("int $2" : : : "memory");
		e->reason = HVM_EXIT_INTERRUPT;
		return;
	}
	if (vector == VEC_MC) {
		e->reason = HVM_EXIT_MACHINE_CHECK;
		return;
	}
	block_nmi_again(v->arch->vmx, info);
	if (vector == VEC_DB)
		take_debug_status();
	e->exception = (struct hvm_event){
		.vector = vector,
		.type = EVENT_EXCEPTION,
		.has_error = info & EVENT_HAS_ERROR,
		.error = (uint32_t)vmread(VMCS_EXIT_ERROR),
	};
}

/* SDM vol. 3 tables 28-5 and 28-10. */
static void decode_port(struct vcpu *v, struct hvm_exit *e)
{
	uint64_t q = vmread(VMCS_QUALIFICATION);

	e->io.size = (uint8_t)((q & 7) + 1);
	e->io.in = q & 8;
	e->io.string = q & 0x10;
	e->io.rep = q & 0x20;
	e->io.port = (uint16_t)(q >> 16);
	if (e->io.string) {
		uint64_t info = vmread(VMCS_INSN_INFO);

		e->io.addr_size = (uint8_t)(2u << (info >> 7 & 7));
		e->io.seg = info >> 15 & 7;
	}
}

/*
 * SDM vol. 3 table 28-3. Only MOV to a control register can come: LMSW and CLTS
 * reach no bit that is ours, and what they have in common is told as MOV's.
 */
static void decode_cr(struct vcpu *v, struct hvm_exit *e)
{
	uint64_t q = vmread(VMCS_QUALIFICATION);

	e->info1 = q;
	if (q & 0x30)
		e->reason = HVM_EXIT_UNKNOWN;
	e->cr.nr = q & 0xf;
	e->cr.gpr = q >> 8 & 0xf;
}

/* SDM vol. 3 table 28-7. */
static void decode_ept(struct vcpu *v, struct hvm_exit *e)
{
	uint64_t q = vmread(VMCS_QUALIFICATION);

	block_nmi_again(v->arch->vmx, q);
	e->info1 = q;
	e->npt.gpa = vmread(VMCS_GPA);
	e->npt.write = q & 2;
	e->npt.fetch = q & 4;
	e->npt.walk = (q & 0x180) == 0x80;
}

#define ROW(code, r) [VMX_EXIT_##code] = {HVM_EXIT_##r, false, NULL}
#define INSN(code, r) [VMX_EXIT_##code] = {HVM_EXIT_##r, true, NULL}
static const struct exit_row exit_rows[VMX_EXIT_TABLE_NR] = {
	[VMX_EXIT_EXCEPTION] = {HVM_EXIT_EXCEPTION, false, decode_exception},
	ROW(INTERRUPT, INTERRUPT),
	ROW(TRIPLE_FAULT, SHUTDOWN),
	ROW(INIT, INTERRUPT),
	ROW(IRQ_WINDOW, IRQ_WINDOW),
	ROW(NMI_WINDOW, NMI_WINDOW),
	INSN(CPUID, CPUID),
	ROW(GETSEC, UD),
	INSN(HLT, HLT),
	INSN(INVD, CACHE),
	ROW(RDPMC, GP),
	INSN(VMCALL, HYPERCALL),
	ROW(VMCLEAR, UD),
	ROW(VMLAUNCH, UD),
	ROW(VMPTRLD, UD),
	ROW(VMPTRST, UD),
	ROW(VMREAD, UD),
	ROW(VMRESUME, UD),
	ROW(VMWRITE, UD),
	ROW(VMXOFF, UD),
	ROW(VMXON, UD),
	[VMX_EXIT_CR] = {HVM_EXIT_CR_WRITE, true, decode_cr},
	[VMX_EXIT_IO] = {HVM_EXIT_PORT, true, decode_port},
	INSN(RDMSR, RDMSR),
	INSN(WRMSR, WRMSR),
	ROW(MWAIT, UD),
	ROW(MONITOR, UD),
	[VMX_EXIT_EPT_VIOLATION] = {HVM_EXIT_NPT, false, decode_ept},
	ROW(INVEPT, UD),
	ROW(TIMER, INTERRUPT),
	ROW(INVVPID, UD),
	INSN(WBINVD, CACHE),
	INSN(XSETBV, XSETBV),
	ROW(VMFUNC, UD),
};

static void decode_exit(struct vcpu *v, struct hvm_exit *e)
{
	const struct exit_row *r;

	e->reason = HVM_EXIT_UNKNOWN;
	if (e->code & VMX_EXIT_FAILED)
		e->reason = HVM_EXIT_INVALID;
	if (e->code >= VMX_EXIT_TABLE_NR)
		return;
	r = &exit_rows[e->code];
	e->reason = r->reason;
	if (r->len)
		e->len = (unsigned int)vmread(VMCS_INSN_LEN);
	if (r->decode)
		r->decode(v, e);
	else if (!r->reason)
		e->info1 = vmread(VMCS_QUALIFICATION);
}

/*
 * An event whose delivery was interrupted is delivered again by the next
 * entry. Software interrupts, INT3 and INTO (types above 3) are not: RIP is
 * still at the instruction, which will be executed again.
 */
static void recover_event(struct vcpu *v, struct hvm_exit *e)
{
	struct arch_vcpu *a = v->arch;
	uint32_t info = (uint32_t)vmread(VMCS_IDT_EVENT);
	uint8_t type = info >> 8 & 7;

	e->delivering = info & EVENT_VALID;
	if (!e->delivering || type > EVENT_EXCEPTION)
		return;
	if (type == EVENT_NMI)	/* it blocks itself when it is given again */
		a->vmx->shadow &= ~SHADOW_NMI;
	a->event = (struct hvm_event){
		.vector = (uint8_t)info,
		.type = type,
		.has_error = info & EVENT_HAS_ERROR,
		.error = (uint32_t)vmread(VMCS_IDT_ERROR),
	};
	a->event_valid = true;
}

/* --- entry ------------------------------------------------------------------- */

/* In real mode exceptions have no error code, and VMX wants none. */
static void load_event(struct arch_vcpu *a)
{
	uint32_t info = a->event.vector | (uint32_t)a->event.type << 8 |
			EVENT_VALID;

	a->event_valid = false;
	if (a->event.has_error && (vmread(VMCS_GUEST_CR0) & CR0_PE)) {
		info |= EVENT_HAS_ERROR;
		vmwrite(VMCS_ENTRY_ERROR, a->event.error);
	}
	vmwrite(VMCS_ENTRY_EVENT, info);
}

static void flush_now(const struct vmx_vcpu *x)
{
	const uint64_t what[2] = {x->eptp, 0};

	asm volatile("invept %0, %1"
		     :
		     : "m"(what), "r"(INVEPT_ONE)
		     : "cc", "memory");
}

static void load_guest(struct arch_vcpu *a, struct vmx_vcpu *x, uint8_t tpr)
{
	uint32_t shadow = x->shadow;

	if (x->flush)
		flush_now(x);
	x->flush = false;
	if (a->event_valid)
		load_event(a);
	if (!a->int_shadow)
		shadow &= ~SHADOW_INSN;
	vmwrite(VMCS_GUEST_SHADOW, shadow);
	vmwrite(VMCS_GUEST_RIP, a->regs.rip);
	vmwrite(VMCS_GUEST_RSP, a->regs.rsp);
	vmwrite(VMCS_GUEST_RFLAGS, a->regs.rflags);
	((uint32_t *)x->vapic)[VAPIC_TPR / 4] = tpr;
}

static void save_guest(struct arch_vcpu *a, struct vmx_vcpu *x, uint8_t tpr)
{
	uint8_t now = (uint8_t)((uint32_t *)x->vapic)[VAPIC_TPR / 4];

	x->launched = true;
	a->regs.rip = vmread(VMCS_GUEST_RIP);
	a->regs.rsp = vmread(VMCS_GUEST_RSP);
	a->regs.rflags = vmread(VMCS_GUEST_RFLAGS);
	x->shadow = (uint32_t)vmread(VMCS_GUEST_SHADOW);
	a->int_shadow = x->shadow & SHADOW_INSN;
	if (now != tpr)
		vlapic_set_tpr_of(&a->vlapic, now);
}

static void vmx_run(struct vcpu *v, struct hvm_exit *e)
{
	struct arch_vcpu *a = v->arch;
	struct vmx_vcpu *x = a->vmx;
	uint8_t tpr = vlapic_tpr_of(&a->vlapic);

	*e = (struct hvm_exit){.reason = HVM_EXIT_INVALID};
	load_guest(a, x, tpr);
	if (vmx_enter(&a->regs, x->launched)) {
		e->code = vmread(VMCS_INSN_ERROR);
		return;
	}
	save_guest(a, x, tpr);
	e->code = vmread(VMCS_EXIT_REASON);
	decode_exit(v, e);
	recover_event(v, e);
}

static void vmx_flush_tlb(struct vcpu *v)
{
	v->arch->vmx->flush = true;
}

/* --- windows -------------------------------------------------------------------- */

static void set_proc(struct vmx_vcpu *x, uint32_t bits, bool on)
{
	uint32_t proc = on ? x->proc | bits : x->proc & ~bits;

	if (proc != x->proc)
		vmwrite(VMCS_PROC, proc);
	x->proc = proc;
}

static void vmx_irq_window(struct vcpu *v, enum irq_window window)
{
	set_proc(v->arch->vmx, PROC_IRQ_WINDOW, window == IRQ_WINDOW_IF);
	set_proc(v->arch->vmx, PROC_CR8_LOAD, window == IRQ_WINDOW_TPR);
	v->arch->irq_window = window;
}

static void vmx_nmi_window(struct vcpu *v, bool on)
{
	set_proc(v->arch->vmx, PROC_NMI_WINDOW, on);
}

/* --- EPT: SDM vol. 3 29.3.2 ------------------------------------------------------- */

/* Device memory has the type the machine gives it, RAM is write-back. */
static uint64_t vmx_p2m_leaf(mfn_t mfn, enum p2m_type type, unsigned int order)
{
	unsigned int memory = MEMORY_WB;

	if (type == P2M_MMIO)
		memory = mtrrs_type(&vmx_mtrrs, mfn_to_addr(mfn),
				    PAGE_SIZE << order);
	return (uint64_t)memory << 3;
}

const struct hvm_ops vmx_ops = {
	.name = "Intel VMX",
	.hypercall_insn = {0x0f, 0x01, 0xc1},	/* vmcall */
	.irq_and_window = true,
	.msrs = vmx_msrs,
	.msr_nr = &vmx_msr_nr,
	.present = vmx_present,
	.cpu_init = vmx_cpu_init,
	.vcpu_create = vmx_vcpu_create,
	.vcpu_destroy = vmx_vcpu_destroy,
	.vcpu_save = vmx_vcpu_save,
	.vcpu_load = vmx_vcpu_load,
	.run = vmx_run,
	.irq_window = vmx_irq_window,
	.nmi_window = vmx_nmi_window,
	.flush_tlb = vmx_flush_tlb,
	.get_state = vmx_get_state,
	.set_state = vmx_set_state,
	.get_paging = vmx_get_paging,
	.set_paging = vmx_set_paging,
	.get_mode = vmx_get_mode,
	.get_segment = vmx_get_segment,
	.sync_misc = vmx_sync_misc,
	.p2m_leaf = vmx_p2m_leaf,
	.dump = vmx_dump,
};

/*
 * A vCPU's VMCB: made, read and loaded as a whole. Which events end the guest
 * is decided here, once.
 */
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/page.h>

#include <x86/irq.h>

#include "svm.h"

/*
 * INVD must never be executed, the SVM instructions are not the guest's. #DB
 * and #AC are taken and given back, as their delivery can recur without end
 * and without letting an interrupt in.
 */
static void set_intercepts(struct vmcb *vmcb)
{
	vmcb->intercept_cr = INTERCEPT_CR_WRITE(4);
	vmcb->intercept_exception = 1u << VEC_DB | 1u << VEC_AC | 1u << VEC_MC;
	vmcb->intercept1 = INTERCEPT1_INTR | INTERCEPT1_NMI | INTERCEPT1_SMI |
			   INTERCEPT1_INIT | INTERCEPT1_CR0_SEL |
			   INTERCEPT1_RDPMC | INTERCEPT1_CPUID |
			   INTERCEPT1_INVD | INTERCEPT1_HLT |
			   INTERCEPT1_INVLPGA | INTERCEPT1_IOIO |
			   INTERCEPT1_MSR | INTERCEPT1_SHUTDOWN;
	vmcb->intercept2 = INTERCEPT2_VMRUN | INTERCEPT2_VMMCALL |
			   INTERCEPT2_VMLOAD | INTERCEPT2_VMSAVE |
			   INTERCEPT2_STGI | INTERCEPT2_CLGI |
			   INTERCEPT2_SKINIT | INTERCEPT2_WBINVD |
			   INTERCEPT2_MONITOR | INTERCEPT2_MWAIT;
}

int svm_vcpu_create(struct vcpu *v)
{
	struct arch_vcpu *a = v->arch;
	struct vmcb *vmcb = heap_alloc_page();

	if (!vmcb)
		return -ENOMEM;
	set_intercepts(vmcb);
	vmcb->iopm_base = mfn_to_addr(virt_to_mfn(hvm_port_bitmap(v->domain)));
	vmcb->msrpm_base = svm_msrpm_pa;
	vmcb->v_intr_masking = 1;
	vmcb->np_control = 1;
	vmcb->nested_cr3 = mfn_to_addr(v->domain->arch->npt_root);
	a->vmcb = vmcb;
	a->vmcb_pa = mfn_to_addr(virt_to_mfn(vmcb));
	return 0;
}

void svm_vcpu_destroy(struct vcpu *v)
{
	if (v->arch->vmcb)
		heap_free_page(v->arch->vmcb);
	v->arch->vmcb = NULL;
}

void svm_get_state(struct vcpu *v, struct hvm_state *s)
{
	const struct vmcb *vmcb = v->arch->vmcb;

	memcpy(s->seg, vmcb->seg, sizeof(s->seg));
	s->cr0 = vmcb->cr0;
	s->cr2 = vmcb->cr2;
	s->cr3 = vmcb->cr3;
	s->cr4 = vmcb->cr4;
	s->efer = vmcb->efer & ~EFER_SVME;
	s->dr6 = vmcb->dr6;
	s->dr7 = vmcb->dr7;
	s->star = vmcb->star;
	s->lstar = vmcb->lstar;
	s->cstar = vmcb->cstar;
	s->sfmask = vmcb->sfmask;
	s->kernel_gs_base = vmcb->kernel_gs_base;
	s->sysenter_cs = vmcb->sysenter_cs;
	s->sysenter_esp = vmcb->sysenter_esp;
	s->sysenter_eip = vmcb->sysenter_eip;
}

void svm_set_state(struct vcpu *v, const struct hvm_state *s)
{
	struct vmcb *vmcb = v->arch->vmcb;

	memcpy(vmcb->seg, s->seg, sizeof(s->seg));
	vmcb->cpl = SEG_ATTR_DPL(s->seg[SEG_SS].attr);
	vmcb->cr0 = s->cr0;
	vmcb->cr2 = s->cr2;
	vmcb->cr3 = s->cr3;
	vmcb->cr4 = s->cr4;
	vmcb->efer = s->efer | EFER_SVME;
	vmcb->dr6 = s->dr6;
	vmcb->dr7 = s->dr7;
	vmcb->star = s->star;
	vmcb->lstar = s->lstar;
	vmcb->cstar = s->cstar;
	vmcb->sfmask = s->sfmask;
	vmcb->kernel_gs_base = s->kernel_gs_base;
	vmcb->sysenter_cs = s->sysenter_cs;
	vmcb->sysenter_esp = s->sysenter_esp;
	vmcb->sysenter_eip = s->sysenter_eip;
	vmcb->g_pat = v->arch->pat;
	vmcb->tsc_offset = (uint64_t)v->arch->tsc_offset;
	vmcb->clean = 0;
	v->arch->asid_generation = 0;
}

void svm_dump(struct vcpu *v)
{
	const struct vmcb *b = v->arch->vmcb;
	static const char *const names[SEG_NR] = {"es", "cs", "ss", "ds", "fs",
						  "gs", "gdtr", "ldtr", "idtr",
						  "tr"};

	guest_log(v->domain, "cr0 %lx cr3 %lx cr4 %lx efer %lx\n", b->cr0,
		  b->cr3, b->cr4, b->efer);
	guest_log(v->domain, "rip %lx rsp %lx rflags %lx dr6 %lx dr7 %lx\n",
		  b->rip, b->rsp, b->rflags, b->dr6, b->dr7);
	guest_log(v->domain, "asid %u event %lx npt %lx cpl %u\n", b->asid,
		  b->event_inject, b->nested_cr3, b->cpl);
	for (unsigned int i = 0; i < SEG_NR; i++) {
		irq_window();
		guest_log(v->domain, "%s %04x attr %03x limit %08x base %lx\n",
			  names[i], b->seg[i].sel, b->seg[i].attr,
			  b->seg[i].limit, b->seg[i].base);
	}
}

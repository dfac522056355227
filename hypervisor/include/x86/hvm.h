/*
 * Hardware-virtualized vCPUs: shared state, and the table by which shared code
 * drives SVM (later VMX). Vendor code translates, shared code decides.
 */
#ifndef X86_HVM_H
#define X86_HVM_H

#include <hv/arch.h>
#include <hv/domain.h>

#include <x86/vlapic.h>

/* General registers, in the order of the instruction encoding. */
struct cpu_regs {
	uint64_t rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi;
	uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
	uint64_t rip, rflags;
};

enum seg { SEG_ES, SEG_CS, SEG_SS, SEG_DS, SEG_FS, SEG_GS, SEG_GDTR,
	   SEG_LDTR, SEG_IDTR, SEG_TR, SEG_NR };

/* @attr as in the VMCB: type, S, DPL, P, AVL, L, D, G packed in 12 bits. */
struct segment {
	uint16_t sel, attr;
	uint32_t limit;
	uint64_t base;
};

/* Everything about a vCPU's registers that may be saved, set or restored. */
struct hvm_state {
	struct cpu_regs regs;
	struct segment seg[SEG_NR];
	uint64_t cr0, cr2, cr3, cr4, efer, dr6, dr7;
	uint64_t star, lstar, cstar, sfmask, kernel_gs_base;
	uint64_t sysenter_cs, sysenter_esp, sysenter_eip;
	uint64_t pat, tsc_aux;
};

#define MTRR_VAR_MAX	8
struct mtrr_state {	/* virtual MTRRs: stored, no effect */
	uint64_t def_type, fixed[11], var[MTRR_VAR_MAX * 2];
};

struct arch_vcpu {
	struct cpu_regs regs;	/* rax, rsp, rip, rflags live in the VMCB too;
				 * vendor code keeps both in step at exits */
	struct vmcb *vmcb;
	uint64_t vmcb_pa;
	struct vlapic vlapic;
	void *xsave;		/* host_xsave_size bytes, aligned 64 */
	uint64_t xcr0;
	uint64_t dr[4];
	uint64_t tsc_aux;
	struct mtrr_state mtrr;
	uint64_t pat;
	bool initialised;	/* has a start state (SIPI, context, INIT op) */
	bool nmi_pending;
	bool inject_valid;	/* exception to inject at the next entry */
	uint8_t inject_vector;
	uint32_t inject_error;
	bool inject_has_error;
	bool flush_tlb;		/* set by arch_p2m_flush(), atomic */
	bool hlt;		/* blocked by HLT (IF as it was) */
};

struct arch_domain {
	mfn_t npt_root;
	unsigned int npt_frames;
	spinlock_t p2m_alloc_lock;
	bool io_passthrough;	/* hardware domain: opens the I/O bitmap */
	bool x2apic_start;	/* vCPUs start in x2APIC mode */
	bool msr_relaxed;
	uint64_t hypercall_page_gfn;
	bool compat_latched;	/* shared_info in the 32-bit layout */
	uint64_t cf8;		/* PCI config address latch (hardware domain) */
};

/* --- driving a vCPU (x86/hvm) -------------------------------------------- */

/* #GP(0), #UD, #PF(code, cr2) ... delivered at the next entry. */
void hvm_inject_exception(struct vcpu *v, uint8_t vector, bool has_error,
			  uint32_t error);
/* Reads / loads registers of a vCPU that does not run (or is current). */
void hvm_get_state(struct vcpu *v, struct hvm_state *s);
/* -EINVAL when the CPU would refuse it (reserved bits, bad mode mix). */
int hvm_set_state(struct vcpu *v, const struct hvm_state *s) must_check;
/* INIT-SIPI: real mode at @vector << 12, everything else at reset values. */
void hvm_set_sipi_state(struct vcpu *v, uint8_t vector);
/* PVH entry state of guest-abi A1 for vCPU 0. */
void hvm_set_pvh_state(struct vcpu *v, uint64_t entry, uint64_t start_info);
/* APIC id of vCPU @id of @d: 2*id, or the CPU's own for the hardware domain. */
uint32_t hvm_apic_id(const struct domain *d, unsigned int id);

/* --- what the exit handlers ask of others (x86/hvm/io.c, x86/dom0) -------- */

/*
 * Port access of 1, 2 or 4 bytes that was intercepted. Reads fill *val.
 * Unclaimed ports read all-ones and drop writes.
 */
void hvm_port_access(struct vcpu *v, uint16_t port, unsigned int size,
		     bool write, uint32_t *val);
/*
 * Nested page fault at @gpa on a page that is a hole or forbids the access.
 * IO_MAPPED: an entry was made, retry. IO_EMULATE: decode the instruction and
 * call hvm_mmio_access(). IO_NONE: nothing there: reads all-ones, writes drop
 * (also by emulation).
 */
enum io_fault { IO_MAPPED, IO_EMULATE, IO_NONE };
enum io_fault hvm_npt_fault(struct vcpu *v, uint64_t gpa, bool write);
/* 1, 2, 4 or 8 bytes, never crossing a page; reads fill *val. */
void hvm_mmio_access(struct vcpu *v, uint64_t gpa, unsigned int size,
		     bool write, uint64_t *val);
/* The vLAPIC retired a level-triggered vector of the hardware domain. */
void hwdom_eoi(struct vcpu *v, uint8_t vector);

#endif

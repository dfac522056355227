/*
 * The virtual machine control block: AMD APM vol. 2, appendix B, and the exit
 * codes of appendix C. Layout only.
 */
#ifndef SVM_VMCB_H
#define SVM_VMCB_H

#include <x86/hvm.h>

/* Order of the segment registers in the save area is that of enum seg. */
struct vmcb {
	/* control area */
	uint32_t intercept_cr;		/* reads 0..15, writes 16..31 */
	uint32_t intercept_dr;
	uint32_t intercept_exception;
	uint32_t intercept1;		/* vector 3: INTERCEPT1_* */
	uint32_t intercept2;		/* vector 4: INTERCEPT2_* */
	uint32_t intercept3;
	uint8_t reserved_018[0x03c - 0x018];
	uint16_t pause_threshold, pause_count;
	uint64_t iopm_base, msrpm_base;
	uint64_t tsc_offset;
	uint32_t asid;
	uint8_t tlb_control, reserved_05d[3];
	uint8_t v_tpr;
	uint8_t v_irq;			/* bit 0 V_IRQ */
	uint8_t v_intr_prio;		/* 3:0 priority, bit 4 V_IGN_TPR */
	uint8_t v_intr_masking;		/* bit 0 */
	uint8_t v_intr_vector, reserved_065[3];
	uint64_t int_state;		/* bit 0 interrupt shadow */
	uint64_t exit_code, exit_info1, exit_info2, exit_int_info;
	uint64_t np_control;		/* bit 0 nested paging */
	uint64_t avic_bar, ghcb;
	uint64_t event_inject;
	uint64_t nested_cr3;
	uint64_t virt_ext;
	uint32_t clean, reserved_0c4;
	uint64_t next_rip;
	uint8_t insn_len, insn_bytes[15];
	uint8_t reserved_0e0[0x400 - 0x0e0];

	/* state save area */
	struct segment seg[SEG_NR];
	uint8_t reserved_4a0[0x4cb - 0x4a0];
	uint8_t cpl;
	uint32_t reserved_4cc;
	uint64_t efer;
	uint8_t reserved_4d8[0x548 - 0x4d8];
	uint64_t cr4, cr3, cr0, dr7, dr6, rflags, rip;
	uint8_t reserved_580[0x5d8 - 0x580];
	uint64_t rsp;
	uint64_t s_cet, ssp, isst_addr;
	uint64_t rax;
	uint64_t star, lstar, cstar, sfmask, kernel_gs_base;
	uint64_t sysenter_cs, sysenter_esp, sysenter_eip;
	uint64_t cr2;
	uint8_t reserved_648[0x668 - 0x648];
	uint64_t g_pat;
	uint64_t dbgctl, br_from, br_to, last_exc_from, last_exc_to;
	uint8_t reserved_698[0x1000 - 0x698];
};

#define VMCB_AT(field, offset) \
	_Static_assert(offsetof(struct vmcb, field) == (offset), \
		       "APM vol. 2 app. B: " #field)
VMCB_AT(intercept1, 0x00c);
VMCB_AT(pause_threshold, 0x03c);
VMCB_AT(iopm_base, 0x040);
VMCB_AT(tsc_offset, 0x050);
VMCB_AT(tlb_control, 0x05c);
VMCB_AT(v_tpr, 0x060);
VMCB_AT(int_state, 0x068);
VMCB_AT(exit_code, 0x070);
VMCB_AT(exit_int_info, 0x088);
VMCB_AT(np_control, 0x090);
VMCB_AT(event_inject, 0x0a8);
VMCB_AT(nested_cr3, 0x0b0);
VMCB_AT(clean, 0x0c0);
VMCB_AT(next_rip, 0x0c8);
VMCB_AT(insn_len, 0x0d0);
VMCB_AT(seg, 0x400);
VMCB_AT(seg[SEG_GDTR], 0x460);
VMCB_AT(seg[SEG_TR], 0x490);
VMCB_AT(cpl, 0x4cb);
VMCB_AT(efer, 0x4d0);
VMCB_AT(cr4, 0x548);
VMCB_AT(rip, 0x578);
VMCB_AT(rsp, 0x5d8);
VMCB_AT(rax, 0x5f8);
VMCB_AT(star, 0x600);
VMCB_AT(cr2, 0x640);
VMCB_AT(g_pat, 0x668);
VMCB_AT(last_exc_to, 0x690);
_Static_assert(sizeof(struct vmcb) == 0x1000, "APM vol. 2 app. B: one page");
_Static_assert(sizeof(struct segment) == 16, "APM vol. 2 app. B: segments");

#define INTERCEPT_CR_WRITE(n)	(1u << (16 + (n)))

#define INTERCEPT1_INTR		(1u << 0)
#define INTERCEPT1_NMI		(1u << 1)
#define INTERCEPT1_SMI		(1u << 2)
#define INTERCEPT1_INIT		(1u << 3)
#define INTERCEPT1_VINTR	(1u << 4)
#define INTERCEPT1_CR0_SEL	(1u << 5)
#define INTERCEPT1_RDPMC	(1u << 15)
#define INTERCEPT1_CPUID	(1u << 18)
#define INTERCEPT1_IRET		(1u << 20)
#define INTERCEPT1_INVD		(1u << 22)
#define INTERCEPT1_HLT		(1u << 24)
#define INTERCEPT1_INVLPGA	(1u << 26)
#define INTERCEPT1_IOIO		(1u << 27)
#define INTERCEPT1_MSR		(1u << 28)
#define INTERCEPT1_SHUTDOWN	(1u << 31)

#define INTERCEPT2_VMRUN	(1u << 0)
#define INTERCEPT2_VMMCALL	(1u << 1)
#define INTERCEPT2_VMLOAD	(1u << 2)
#define INTERCEPT2_VMSAVE	(1u << 3)
#define INTERCEPT2_STGI		(1u << 4)
#define INTERCEPT2_CLGI		(1u << 5)
#define INTERCEPT2_SKINIT	(1u << 6)
#define INTERCEPT2_WBINVD	(1u << 9)
#define INTERCEPT2_MONITOR	(1u << 10)
#define INTERCEPT2_MWAIT	(1u << 11)

#define TLB_FLUSH_NONE		0
#define TLB_FLUSH_ALL		1

#define V_IGN_TPR		(1u << 4)

/* event_inject and exit_int_info: vector, type 10:8, then */
#define EVENT_HAS_ERROR		(1ull << 11)
#define EVENT_VALID		(1ull << 31)

/* VMCB clean bits, APM vol. 2 15.15.3: what the CPU may keep cached */
#define CLEAN_INTERCEPTS	(1u << 0)	/* and tsc_offset */
#define CLEAN_ASID		(1u << 2)
#define CLEAN_TPR		(1u << 3)
#define CLEAN_NP		(1u << 4)	/* and g_pat */
#define CLEAN_CR		(1u << 5)	/* CR0, CR3, CR4, EFER */

/* Exit codes, APM vol. 2 app. C */
enum {
	SVM_EXIT_CR0_WRITE = 0x10,
	SVM_EXIT_CR4_WRITE = 0x14,
	SVM_EXIT_CR8_WRITE = 0x18,
	SVM_EXIT_EXCEPTION0 = 0x40,
	SVM_EXIT_DB = 0x41,
	SVM_EXIT_AC = 0x51,
	SVM_EXIT_MC = 0x52,
	SVM_EXIT_INTR = 0x60,
	SVM_EXIT_NMI = 0x61,
	SVM_EXIT_SMI = 0x62,
	SVM_EXIT_INIT = 0x63,
	SVM_EXIT_VINTR = 0x64,
	SVM_EXIT_CR0_SEL_WRITE = 0x65,
	SVM_EXIT_RDPMC = 0x6f,
	SVM_EXIT_CPUID = 0x72,
	SVM_EXIT_IRET = 0x74,
	SVM_EXIT_INVD = 0x76,
	SVM_EXIT_HLT = 0x78,
	SVM_EXIT_INVLPGA = 0x7a,
	SVM_EXIT_IOIO = 0x7b,
	SVM_EXIT_MSR = 0x7c,
	SVM_EXIT_SHUTDOWN = 0x7f,
	SVM_EXIT_VMRUN = 0x80,
	SVM_EXIT_VMMCALL = 0x81,
	SVM_EXIT_VMLOAD = 0x82,
	SVM_EXIT_VMSAVE = 0x83,
	SVM_EXIT_STGI = 0x84,
	SVM_EXIT_CLGI = 0x85,
	SVM_EXIT_SKINIT = 0x86,
	SVM_EXIT_WBINVD = 0x89,
	SVM_EXIT_MONITOR = 0x8a,
	SVM_EXIT_MWAIT = 0x8b,
	SVM_EXIT_MWAIT_COND = 0x8c,
	SVM_EXIT_TABLE_NR = 0x90,
	SVM_EXIT_NPF = 0x400,
};

#endif

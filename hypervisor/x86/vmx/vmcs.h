/*
 * The virtual machine control structure: field encodings (Intel SDM vol. 3
 * app. B), bits of the control fields (25.6 to 25.8), exit reasons (app. C).
 * Layout only.
 */
#ifndef VMX_VMCS_H
#define VMX_VMCS_H

#define VMCS_VPID		0x0000
#define VMCS_GUEST_SEL(i)	(0x0800 + 2 * (i))	/* ES CS SS DS FS GS */
#define VMCS_HOST_SEL(i)	(0x0c00 + 2 * (i))	/* ES .. GS, TR */
#define VMCS_IO_BITMAP_A	0x2000
#define VMCS_IO_BITMAP_B	0x2002
#define VMCS_MSR_BITMAP		0x2004
#define VMCS_TSC_OFFSET		0x2010
#define VMCS_VIRTUAL_APIC	0x2012
#define VMCS_EPTP		0x201a
#define VMCS_GPA		0x2400
#define VMCS_LINK		0x2800
#define VMCS_GUEST_PAT		0x2804
#define VMCS_GUEST_EFER		0x2806
#define VMCS_GUEST_PDPTE(i)	(0x280a + 2 * (i))
#define VMCS_HOST_PAT		0x2c00
#define VMCS_HOST_EFER		0x2c02
#define VMCS_PIN		0x4000
#define VMCS_PROC		0x4002
#define VMCS_EXCEPTIONS		0x4004
#define VMCS_EXIT		0x400c
#define VMCS_ENTRY		0x4012
#define VMCS_ENTRY_EVENT	0x4016
#define VMCS_ENTRY_ERROR	0x4018
#define VMCS_PROC2		0x401e
#define VMCS_INSN_ERROR		0x4400
#define VMCS_EXIT_REASON	0x4402
#define VMCS_EXIT_EVENT		0x4404
#define VMCS_EXIT_ERROR		0x4406
#define VMCS_IDT_EVENT		0x4408
#define VMCS_IDT_ERROR		0x440a
#define VMCS_INSN_LEN		0x440c
#define VMCS_INSN_INFO		0x440e
#define VMCS_GUEST_LIMIT(i)	(0x4800 + 2 * (i))	/* .. LDTR TR GDTR IDTR */
#define VMCS_GUEST_AR(i)	(0x4814 + 2 * (i))
#define VMCS_GUEST_SHADOW	0x4824		/* interruptibility */
#define VMCS_GUEST_SYSENTER_CS	0x482a
#define VMCS_GUEST_TIMER	0x482e		/* VMX-preemption timer */
#define VMCS_CR0_MASK		0x6000
#define VMCS_CR4_MASK		0x6002
#define VMCS_CR0_SHADOW		0x6004
#define VMCS_CR4_SHADOW		0x6006
#define VMCS_QUALIFICATION	0x6400
#define VMCS_GUEST_CR0		0x6800
#define VMCS_GUEST_CR3		0x6802
#define VMCS_GUEST_CR4		0x6804
#define VMCS_GUEST_BASE(i)	(0x6806 + 2 * (i))
#define VMCS_GUEST_DR7		0x681a
#define VMCS_GUEST_RSP		0x681c
#define VMCS_GUEST_RIP		0x681e
#define VMCS_GUEST_RFLAGS	0x6820
#define VMCS_GUEST_PENDING_DB	0x6822
#define VMCS_GUEST_SYSENTER_ESP	0x6824
#define VMCS_GUEST_SYSENTER_EIP	0x6826
#define VMCS_HOST_CR0		0x6c00
#define VMCS_HOST_CR3		0x6c02
#define VMCS_HOST_CR4		0x6c04
#define VMCS_HOST_TR_BASE	0x6c0a
#define VMCS_HOST_GDTR_BASE	0x6c0c
#define VMCS_HOST_IDTR_BASE	0x6c0e
#define VMCS_HOST_RSP		0x6c14	/* written by entry.S */
#define VMCS_HOST_RIP		0x6c16

#define PIN_INTERRUPT		(1u << 0)
#define PIN_NMI			(1u << 3)
#define PIN_VIRTUAL_NMI		(1u << 5)

#define PIN_TIMER		(1u << 6)

#define PROC_IRQ_WINDOW		(1u << 2)
#define PROC_TSC_OFFSET		(1u << 3)
#define PROC_HLT		(1u << 7)
#define PROC_MWAIT		(1u << 10)
#define PROC_RDPMC		(1u << 11)
#define PROC_CR3_LOAD		(1u << 15)
#define PROC_CR3_STORE		(1u << 16)
#define PROC_CR8_LOAD		(1u << 19)
#define PROC_TPR_SHADOW		(1u << 21)
#define PROC_NMI_WINDOW		(1u << 22)
#define PROC_IO_BITMAPS		(1u << 25)
#define PROC_MSR_BITMAPS	(1u << 28)
#define PROC_MONITOR		(1u << 29)
#define PROC_SECONDARY		(1u << 31)

#define PROC2_EPT		(1u << 1)
#define PROC2_RDTSCP		(1u << 3)
#define PROC2_VPID		(1u << 5)
#define PROC2_WBINVD		(1u << 6)
#define PROC2_UNRESTRICTED	(1u << 7)
#define PROC2_INVPCID		(1u << 12)

#define EXIT_SAVE_DEBUG		(1u << 2)
#define EXIT_HOST_64		(1u << 9)
#define EXIT_LOAD_PAT		(1u << 19)
#define EXIT_SAVE_EFER		(1u << 20)
#define EXIT_LOAD_EFER		(1u << 21)

#define ENTRY_LOAD_DEBUG	(1u << 2)
#define ENTRY_GUEST_64		(1u << 9)
#define ENTRY_LOAD_PAT		(1u << 14)
#define ENTRY_LOAD_EFER		(1u << 15)

/* Events: vector, type 10:8 as enum EVENT_*, then */
#define EVENT_HAS_ERROR		(1u << 11)
#define EVENT_NMI_UNBLOCKED	(1u << 12)	/* by the IRET that exited */
#define EVENT_VALID		(1u << 31)

/* Interruptibility state */
#define SHADOW_INSN		3u		/* STI, MOV SS */
#define SHADOW_NMI		(1u << 3)

#define AR_UNUSABLE		(1u << 16)

#define EPTP_WB_4_LEVELS	(6u | 3u << 3)
#define INVEPT_ONE		1ul

#ifndef __ASSEMBLY__
enum {
	VMX_EXIT_EXCEPTION = 0,
	VMX_EXIT_INTERRUPT = 1,
	VMX_EXIT_TRIPLE_FAULT = 2,
	VMX_EXIT_INIT = 3,
	VMX_EXIT_IRQ_WINDOW = 7,
	VMX_EXIT_NMI_WINDOW = 8,
	VMX_EXIT_CPUID = 10,
	VMX_EXIT_GETSEC = 11,
	VMX_EXIT_HLT = 12,
	VMX_EXIT_INVD = 13,
	VMX_EXIT_RDPMC = 15,
	VMX_EXIT_VMCALL = 18,
	VMX_EXIT_VMCLEAR = 19,
	VMX_EXIT_VMLAUNCH = 20,
	VMX_EXIT_VMPTRLD = 21,
	VMX_EXIT_VMPTRST = 22,
	VMX_EXIT_VMREAD = 23,
	VMX_EXIT_VMRESUME = 24,
	VMX_EXIT_VMWRITE = 25,
	VMX_EXIT_VMXOFF = 26,
	VMX_EXIT_VMXON = 27,
	VMX_EXIT_CR = 28,
	VMX_EXIT_IO = 30,
	VMX_EXIT_RDMSR = 31,
	VMX_EXIT_WRMSR = 32,
	VMX_EXIT_MWAIT = 36,
	VMX_EXIT_MONITOR = 39,
	VMX_EXIT_EPT_VIOLATION = 48,
	VMX_EXIT_INVEPT = 50,
	VMX_EXIT_TIMER = 52,
	VMX_EXIT_INVVPID = 53,
	VMX_EXIT_WBINVD = 54,
	VMX_EXIT_XSETBV = 55,
	VMX_EXIT_VMFUNC = 59,
	VMX_EXIT_TABLE_NR = 64,
};
#endif
#define VMX_EXIT_FAILED		(1u << 31)	/* the entry was refused */

#endif

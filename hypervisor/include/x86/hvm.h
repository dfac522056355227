/*
 * Hardware-virtualized vCPUs: shared state and what shared code offers. The
 * table by which it drives SVM or VMX is in x86/hvm_ops.h. Vendor code
 * translates, shared code decides.
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

/* Register @n by its number in an instruction (0 = rax). */
static inline uint64_t *regs_gpr(struct cpu_regs *r, unsigned int n)
{
	return &r->rax + n;
}
_Static_assert(offsetof(struct cpu_regs, r15) == 15 * 8, "encoding order");

enum seg { SEG_ES, SEG_CS, SEG_SS, SEG_DS, SEG_FS, SEG_GS, SEG_GDTR,
	   SEG_LDTR, SEG_IDTR, SEG_TR, SEG_NR };

/* @attr as in the VMCB: type, S, DPL, P, AVL, L, D, G packed in 12 bits. */
struct segment {
	uint16_t sel, attr;
	uint32_t limit;
	uint64_t base;
};

#define SEG_ATTR_P	(1u << 7)
#define SEG_ATTR_L	(1u << 9)
#define SEG_ATTR_D	(1u << 10)
#define SEG_ATTR_DPL(a)	(((a) >> 5) & 3u)

/* Everything about a vCPU's registers that may be saved, set or restored. */
struct hvm_state {
	struct cpu_regs regs;
	struct segment seg[SEG_NR];
	uint64_t cr0, cr2, cr3, cr4, efer, dr6, dr7;
	uint64_t star, lstar, cstar, sfmask, kernel_gs_base;
	uint64_t sysenter_cs, sysenter_esp, sysenter_eip;
	uint64_t pat, tsc_aux;
};

#define PAT_DEFAULT	0x0007040600070406ull

#define MTRR_VAR_MAX	8
#define MTRR_FIXED_MAX	11
#define MTRR_CAP	0x508ull	/* WC, fixed, 8 variable */
#define MTRR_DEF_TYPE	0x806ull	/* enabled, all write-back */
struct mtrr_state {	/* virtual MTRRs: stored, no effect */
	uint64_t def_type, fixed[MTRR_FIXED_MAX], var[MTRR_VAR_MAX * 2];
};

/* Types of an event on its way into the guest, as both vendors number them. */
enum { EVENT_IRQ = 0, EVENT_NMI = 2, EVENT_EXCEPTION = 3, EVENT_SOFT = 4 };

struct hvm_event {
	uint8_t vector, type;
	bool has_error;
	uint32_t error;
};

struct arch_vcpu {
	struct cpu_regs regs;	/* the truth between exit and entry; vendor
				 * code moves what the hardware keeps */
	struct vmcb *vmcb;	/* SVM's */
	uint64_t vmcb_pa;
	struct vmx_vcpu *vmx;	/* VMX's */
	bool int_shadow;	/* STI or MOV SS shadow covers the next insn */
	bool flush_tlb;		/* set by arch_p2m_flush(), atomic */
	bool event_valid;	/* @event is delivered by the next entry */
	struct hvm_event event;
	bool irq_given;		/* the event went to the CPU as interrupt */
	bool nmi_pending;	/* atomic */
	bool nmi_blocked;	/* from delivery to IRET */
	uint8_t irq_window;	/* enum irq_window, as the hardware is set */
	uint64_t shadow_rip;	/* where an exit last fell into a shadow */
	uint64_t iret_rip;	/* IRET seen here ends NMI blocking */

	unsigned int asid;	/* vendor: address space id ... */
	uint64_t asid_generation;	/* ... valid in this generation ... */
	unsigned int asid_cpu;	/* ... of this CPU */

	struct vlapic vlapic;
	void *xsave;		/* xstate_size bytes, aligned 64 */
	uint64_t xcr0;
	uint64_t dr[4];
	uint64_t tsc_aux;
	int64_t tsc_offset;	/* guest TSC - host TSC */
	struct mtrr_state mtrr;
	uint64_t pat;
	bool initialised;	/* has a start state (SIPI, context, INIT op) */
};

struct cpuid_policy;

struct arch_domain {
	mfn_t npt_root;
	unsigned int npt_frames;	/* table frames, without the root */
	bool io_passthrough;	/* hardware domain: opens the I/O bitmap */
	bool x2apic_start;	/* vCPUs start in x2APIC mode */
	bool msr_relaxed;
	uint64_t hypercall_page_gfn;
	bool compat_latched;	/* shared_info in the 32-bit layout */
	struct cpuid_policy *cpuid;
	uint32_t tsc_mode, tsc_incarnation;	/* as the toolstack set them */
};

/* --- set-up ----------------------------------------------------------------- */

/*
 * Once at boot, before any domain: chooses the vendor and panics with what is
 * missing. Each CPU then enables it at the start of cpu_main().
 */
void hvm_init(void);
/* Until all other CPUs have done so: what is wrong with one shows before dom0 starts. */
void hvm_wait_cpus(void);
/*
 * Ports [first, last] of the hardware domain exit to hvm_port_access(); it
 * reaches all others itself. At boot, before its vCPUs run.
 */
void hvm_intercept_ports(uint16_t first, uint16_t last);

/* --- driving a vCPU (x86/hvm) -------------------------------------------- */

/* #GP(0), #UD ... delivered at the next entry. */
void hvm_inject_exception(struct vcpu *v, uint8_t vector, bool has_error, uint32_t error);
void hvm_inject_gp(struct vcpu *v);
void hvm_inject_ud(struct vcpu *v);
/* The instruction at RIP, @len bytes, has been carried out. */
void hvm_advance(struct vcpu *v, unsigned int len);
/* Reads up to @n bytes of code at RIP of current; returns how many. */
unsigned int hvm_fetch(struct vcpu *v, uint8_t *buf, unsigned int n);
/* Reads / loads registers of a vCPU that does not run (or is current). */
void hvm_get_state(struct vcpu *v, struct hvm_state *s);
/* -EINVAL when the CPU would refuse it (reserved bits, bad mode mix). */
int hvm_set_state(struct vcpu *v, const struct hvm_state *s) must_check;
int hvm_state_check(const struct vcpu *v, const struct hvm_state *s) must_check;
/* INIT-SIPI: real mode at @vector << 12, everything else at reset values. */
void hvm_set_sipi_state(struct vcpu *v, uint8_t vector);
/* PVH entry state of guest-abi A1 for vCPU 0. */
void hvm_set_pvh_state(struct vcpu *v, uint64_t entry, uint64_t start_info);
/* APIC id of vCPU @id. */
static inline uint32_t hvm_apic_id(unsigned int id)
{
	return 2 * id;
}
/* CR4 bits this vCPU may set, by its CPUID policy. */
uint64_t hvm_cr4_allowed(const struct vcpu *v);
/* EFER bits this vCPU may set (SVME never). */
uint64_t hvm_efer_allowed(const struct vcpu *v);
/* XCR0 bits it may set. */
uint64_t hvm_xcr0_allowed(const struct vcpu *v);

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

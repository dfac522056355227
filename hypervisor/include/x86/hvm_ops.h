/*
 * Between the vendor files (x86/svm, x86/vmx) and the shared ones (x86/hvm): the table
 * of operations, chosen once at boot, and the record of an exit in neutral
 * words. Included by those two folders only.
 */
#ifndef X86_HVM_OPS_H
#define X86_HVM_OPS_H

#include <x86/hvm.h>

/* Why the guest was left. Counted per CPU in arch_cpu.exits[]. */
enum hvm_exit_reason {
	HVM_EXIT_UNKNOWN,
	HVM_EXIT_INTERRUPT,	/* physical interrupt, NMI, SMI, INIT */
	HVM_EXIT_IRQ_WINDOW,	/* the guest can take an interrupt now */
	HVM_EXIT_NMI_WINDOW,	/* it is about to end its NMI handler */
	HVM_EXIT_HYPERCALL,
	HVM_EXIT_CPUID,
	HVM_EXIT_HLT,
	HVM_EXIT_PORT,
	HVM_EXIT_RDMSR,
	HVM_EXIT_WRMSR,
	HVM_EXIT_CR_WRITE,	/* CR0 (MOV, LMSW), CR4, CR8 in a TPR window */
	HVM_EXIT_NPT,		/* nested page fault */
	HVM_EXIT_CACHE,		/* INVD, WBINVD: nothing is done */
	HVM_EXIT_UD,		/* an instruction the guest has not got */
	HVM_EXIT_GP,		/* ... or may not use */
	HVM_EXIT_SHUTDOWN,	/* triple fault */
	HVM_EXIT_INVALID,	/* the CPU refused the guest's state */
	HVM_EXIT_EXCEPTION,	/* the guest's own, to be given back to it */
	HVM_EXIT_MACHINE_CHECK,
	HVM_EXIT_XSETBV,
	HVM_EXIT_NR
};

struct hvm_exit {
	enum hvm_exit_reason reason;
	unsigned int len;	/* of the instruction, where it is known */
	uint64_t code, info1, info2;	/* the vendor's own, for dumps */
	bool delivering;	/* fell into the delivery of an event, which
				 * is in v->arch->event again */
	union {
		struct {
			uint16_t port;
			uint8_t size;		/* 1, 2, 4 */
			uint8_t addr_size;	/* 2, 4, 8 for strings */
			uint8_t seg;		/* enum seg, for OUTS */
			bool in, string, rep;
		} io;
		struct {
			uint8_t nr;
			uint8_t gpr;		/* source, REG_UNKNOWN: decode */
		} cr;
		struct hvm_event exception;
		bool at_iret;	/* NMI window: IRET is yet to be executed */
		struct {
			uint64_t gpa;
			bool write, fetch;
			bool walk;	/* by the guest's own page walk */
		} npt;
	};
};

#define REG_UNKNOWN 0xff

struct hvm_paging {
	uint64_t cr0, cr3, cr4, efer;
};

/* Bytes of an address in the current code segment (2, 4, 8), and the CPL. */
struct hvm_mode {
	uint8_t width, cpl;
};

enum irq_window {
	IRQ_WINDOW_OFF,
	IRQ_WINDOW_IF,		/* exit when IF = 1 and no shadow */
	IRQ_WINDOW_TPR,		/* exit when the guest writes CR8 */
};

/* An MSR, or several alike, that exit. NULL or false: #GP. */
struct hvm_msr_row {
	uint32_t first, last;
	bool (*read)(struct vcpu *v, uint32_t msr, uint64_t *val);
	bool (*write)(struct vcpu *v, uint32_t msr, uint64_t val);
};

struct hvm_ops {
	const char *name;
	uint8_t hypercall_insn[3];
	bool irq_and_window;	/* an entry can give an interrupt and have the
				 * guest exit when it can take the next */
	const struct hvm_msr_row *msrs;	/* the vendor's own */
	const unsigned int *msr_nr;

	/* Has this CPU got it at all? */
	bool (*present)(void);
	/* Refuses the machine when this CPU cannot do it. On each CPU. */
	void (*cpu_init)(void);

	int (*vcpu_create)(struct vcpu *v);
	void (*vcpu_destroy)(struct vcpu *v);
	/* @v is about to run on this CPU after something else did; and the end. */
	void (*vcpu_load)(struct vcpu *v);
	void (*vcpu_save)(struct vcpu *v);

	/*
	 * Enters the guest, delivering v->arch->event if there is one, and
	 * comes back with why it was left.
	 */
	void (*run)(struct vcpu *v, struct hvm_exit *e);
	void (*irq_window)(struct vcpu *v, enum irq_window window);
	/* Exit when the guest executes the IRET that ends an NMI handler. */
	void (*nmi_window)(struct vcpu *v, bool on);
	/* No translation used before is used by the next entry. */
	void (*flush_tlb)(struct vcpu *v);

	void (*get_state)(struct vcpu *v, struct hvm_state *s);
	void (*set_state)(struct vcpu *v, const struct hvm_state *s);
	/* These four: of current only. */
	void (*get_paging)(struct vcpu *v, struct hvm_paging *p);
	void (*set_paging)(struct vcpu *v, const struct hvm_paging *p);
	struct hvm_mode (*get_mode)(struct vcpu *v);
	struct segment (*get_segment)(struct vcpu *v, enum seg seg);
	/* v->arch->pat or ->tsc_offset changed. */
	void (*sync_misc)(struct vcpu *v);

	/* What a nested page table's leaf has beside x86/npt.h's common bits. */
	uint64_t (*p2m_leaf)(mfn_t mfn, enum p2m_type type, unsigned int order);

	/*
	 * Prints the hardware's view of a vCPU that it refused to run, and takes
	 * interrupts between the lines: no lock is held.
	 */
	void (*dump)(struct vcpu *v);
};

extern const struct hvm_ops *hvm_ops;	/* x86/hvm/setup.c */
extern const struct hvm_ops svm_ops, vmx_ops;

/* --- between the shared files ------------------------------------------------ */

#define RFLAGS_IF	(1ull << 9)
#define CR0_PE		(1ull << 0)
#define CR0_MASK	0xe005003full	/* bits that are defined */
#define CR0_ET		(1ull << 4)
#define CR0_WP		(1ull << 16)
#define CR0_NW		(1ull << 29)
#define CR0_CD		(1ull << 30)
#define CR0_PG		(1ull << 31)
#define CR4_PSE		(1ull << 4)
#define CR4_PAE		(1ull << 5)
#define CR4_PGE		(1ull << 7)
#define CR4_OSFXSR	(1ull << 9)
#define CR4_OSXMMEXCPT	(1ull << 10)
#define CR4_LA57	(1ull << 12)
#define CR4_PCIDE	(1ull << 17)
#define CR4_OSXSAVE	(1ull << 18)
#define EFER_SCE	(1ull << 0)
#define EFER_LME	(1ull << 8)
#define EFER_LMA	(1ull << 10)
#define EFER_NXE	(1ull << 11)
#define EFER_SVME	(1ull << 12)
#define EFER_FFXSR	(1ull << 14)

#define VEC_DB	1
#define VEC_BP	3
#define VEC_OF	4
#define VEC_UD	6
#define VEC_GP	13
#define VEC_PF	14
#define VEC_AC	17
#define VEC_MC	18

/* setup.c: waits for hvm_init() and enables virtualization on this CPU. */
void hvm_cpu_init(void);

/* exits.c: does what exit @e of current @v asks for. */
void hvm_handle_exit(struct vcpu *v, struct hvm_exit *e);

/* inject.c: chooses what the next entry delivers. */
void hvm_prepare_events(struct vcpu *v);
void hvm_end_nmi(struct vcpu *v, bool at_iret);

/* hypercall.c */
void hvm_hypercall(struct vcpu *v, struct hvm_exit *e);
/* MSR 0x40000000. false: #GP. Latches the guest's data layout. */
bool hvm_write_hypercall_page(struct vcpu *v, uint64_t val);

/* cpuid.c, msr.c */
void hvm_cpuid(struct vcpu *v, struct hvm_exit *e);
void hvm_rdmsr(struct vcpu *v, struct hvm_exit *e);
void hvm_wrmsr(struct vcpu *v, struct hvm_exit *e);
/* false: no such MSR in this domain, or not this value. */
bool hvm_msr_read(struct vcpu *v, uint32_t msr, uint64_t *val);
bool hvm_msr_write(struct vcpu *v, uint32_t msr, uint64_t val);
bool hvm_pat_valid(uint64_t pat);
/* For rows of MSRs: zero, the machine's own value; writes without effect. */
bool hvm_msr_zero(struct vcpu *v, uint32_t msr, uint64_t *val);
bool hvm_msr_host(struct vcpu *v, uint32_t msr, uint64_t *val);
bool hvm_msr_ignore(struct vcpu *v, uint32_t msr, uint64_t val);
int cpuid_policy_create(struct domain *d) must_check;
void cpuid_policy_destroy(struct domain *d);

/* mmio.c, ports.c */
void hvm_nested_fault(struct vcpu *v, struct hvm_exit *e);
void hvm_port(struct vcpu *v, struct hvm_exit *e);
void hvm_ports_init(void);	/* once */
/* 64 Ki bits, 1 = exit; what the hardware reads for a vCPU of @d. */
const void *hvm_port_bitmap(const struct domain *d);

/* xstate.c */
extern unsigned int xstate_size;
extern uint64_t xstate_mask;	/* XCR0 bits of this machine, 0: no XSAVE */
void xstate_init(void);		/* once */
void xstate_cpu_init(void);	/* each CPU */
void xstate_reset(struct vcpu *v);
void xstate_save(struct vcpu *v);
void xstate_load(struct vcpu *v);
bool xstate_xcr0_valid(uint64_t xcr0);
void hvm_xsetbv(struct vcpu *v, struct hvm_exit *e);
/* Takes @area of @size bytes over; -EINVAL if the CPU would refuse it. */
int xstate_set(struct vcpu *v, uint64_t xcr0, const void *area, size_t size) must_check;

/* context.c: XEN_DOMCTL_{get,set}hvmcontext */
struct xen_domctl_hvmcontext;
struct xen_domctl_hvmcontext_partial;
int hvm_context_get(struct domain *d, struct xen_domctl_hvmcontext *c) must_check;
int hvm_context_get_partial(struct domain *d,
			    struct xen_domctl_hvmcontext_partial *c) must_check;
int hvm_context_set(struct domain *d, const struct xen_domctl_hvmcontext *c) must_check;

#endif

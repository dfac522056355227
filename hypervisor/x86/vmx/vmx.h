/* Between the files of x86/vmx. */
#ifndef VMX_VMX_H
#define VMX_VMX_H

#include <hv/lib.h>

#include <x86/hvm_ops.h>

#include "caps.h"
#include "mtrr.h"
#include "vmcs.h"

/* MSRs of SYSCALL and SWAPGS: the guest's while its vCPU is on a CPU. */
#define VMX_MSRS	5

struct vmx_vcpu {
	void *vmcs, *vapic;	/* a page each */
	uint32_t proc;		/* VMCS_PROC, as it was last written */
	uint32_t shadow;	/* VMCS_GUEST_SHADOW, as the exit left it */
	bool launched;
	bool flush;		/* INVEPT before the next entry */
	uint64_t eptp;
	/* The guest's while the vCPU is on no CPU; then they are in the CPU. */
	uint64_t msr[VMX_MSRS], cr2, dr6;
};

struct vmx_cpu {
	void *vmxon;
	struct vcpu *loaded;	/* whose VMCS is the current one, or NULL */
};

extern struct vmx_cpu vmx_cpus[MAX_CPUS];
extern struct vmx_config vmx_config;
extern struct host_mtrrs vmx_mtrrs;
extern uint64_t vmx_msr_bitmap;	/* machine address */

extern const struct hvm_msr_row vmx_msrs[];
extern const unsigned int vmx_msr_nr;

/* setup.c */
bool vmx_present(void);
void vmx_cpu_init(void);

/* vmcs.c */
int vmx_vcpu_create(struct vcpu *v);
void vmx_vcpu_destroy(struct vcpu *v);
void vmx_vcpu_save(struct vcpu *v);
void vmx_vcpu_load(struct vcpu *v);
void vmx_get_state(struct vcpu *v, struct hvm_state *s);
void vmx_set_state(struct vcpu *v, const struct hvm_state *s);
void vmx_get_paging(struct vcpu *v, struct hvm_paging *p);
void vmx_set_paging(struct vcpu *v, const struct hvm_paging *p);
struct segment vmx_get_segment(struct vcpu *v, enum seg seg);
void vmx_sync_misc(struct vcpu *v);
void vmx_dump(struct vcpu *v);

/* entry.S: see there. */
bool vmx_enter(struct cpu_regs *regs, bool launched);
extern const char vmx_exit[];

/* Of the VMCS that is current on this CPU. */
static inline uint64_t vmread(uint32_t field)
{
	uint64_t v;

	asm volatile("vmread %1, %0" : "=r"(v) : "r"((uint64_t)field) : "cc");
	return v;
}

static inline void vmwrite(uint32_t field, uint64_t v)
{
	bool failed;

	asm volatile("vmwrite %1, %2; setbe %0"
		     : "=qm"(failed)
		     : "r"(v), "r"((uint64_t)field)
		     : "cc", "memory");
	BUG_ON(failed);
}

#endif

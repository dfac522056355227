/* Between the files of x86/svm. */
#ifndef SVM_SVM_H
#define SVM_SVM_H

#include <x86/hvm_ops.h>

#include "vmcb.h"

struct svm_cpu {
	uint64_t host_pa;	/* VMLOAD/VMSAVE page of the host */
	uint64_t generation;	/* of address space ids; never 0 */
	uint32_t next_asid;
};

extern struct svm_cpu svm_cpus[MAX_CPUS];
extern uint32_t svm_asids;	/* ids 1 .. svm_asids - 1 are usable */
extern bool svm_has_next_rip;
extern bool svm_has_decode_assist;
extern uint64_t svm_msrpm_pa;

extern const struct hvm_msr_row svm_msrs[];
extern const unsigned int svm_msr_nr;

/* setup.c */
bool svm_present(void);
void svm_cpu_init(void);

/* vmcb.c */
int svm_vcpu_create(struct vcpu *v);
void svm_vcpu_destroy(struct vcpu *v);
void svm_get_state(struct vcpu *v, struct hvm_state *s);
void svm_set_state(struct vcpu *v, const struct hvm_state *s);
void svm_dump(struct vcpu *v);

/* entry.S: see there. */
void svm_enter(struct cpu_regs *regs, uint64_t vmcb_pa, uint64_t host_pa);

#endif

/* Between the files of the context stream: one record each way. */
#ifndef HVM_CONTEXT_H
#define HVM_CONTEXT_H

#include <hv/domain.h>

#include <xen/hvm/save.h>

/* Fills @out, returns its length; 0: nothing to save. */
typedef uint32_t record_save(struct vcpu *v, void *out);
/* Takes @len bytes over; with @check only says whether it would. */
typedef int record_load(struct vcpu *v, const void *in, uint32_t len, bool check);

#define XSAVE_RECORD_MIN						\
	((uint32_t)offsetof(struct hvm_hw_cpu_xsave, save_area) + 512u + 64u)

record_save cpu_save, lapic_save, lapic_regs_save, mtrr_save, xsave_save, tsc_adjust_save;
record_load cpu_load, lapic_load, lapic_regs_load, mtrr_load, xsave_load,
	vmce_load, tsc_adjust_load, msr_load;

/* Enough for the longest record. */
size_t record_scratch_size(void);

#endif

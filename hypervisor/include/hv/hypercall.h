/*
 * One hypercall in flight, and how it is restarted.
 *
 * A handler gets the arguments as a struct and returns the result (negative
 * errno on failure). A long operation calls hypercall_preempt_check() every few
 * items, at most 50,000 instructions from the last time; when it says true the
 * handler stores its progress in hc->arg[] (and, for structures, in guest memory),
 * and returns hypercall_restart(hc): the instruction is then executed again with
 * those arguments, after interrupts and the scheduler had their turn.
 */
#ifndef HV_HYPERCALL_H
#define HV_HYPERCALL_H

#include <hv/types.h>

struct hypercall {
	unsigned int nr;
	uint64_t arg[6];
	bool compat;	/* called in 32-bit mode: 32-bit layouts */
	bool restart;	/* set by hypercall_restart() */
};

typedef long hypercall_fn(struct hypercall *hc);

/* Runs the handler of hc->nr for the current vCPU; -ENOSYS without a row. */
long hypercall_dispatch(struct hypercall *hc);

/* Rows of the table by number: name (NULL: no row) and calls on all CPUs. */
#define HYPERCALLS_MAX 64
const char *hypercall_name(unsigned int nr);
uint64_t hypercall_count(unsigned int nr);

/* Time for something else to run here (interrupt, timer, other vCPU). */
bool hypercall_preempt_check(void);

static inline long hypercall_restart(struct hypercall *hc)
{
	hc->restart = true;
	return 0;
}

/* The handlers; each stands in the file of its name. */
hypercall_fn memory_op, multicall_op, set_timer_op, version_op, console_io_op,
	grant_table_op, vm_assist_op, vcpu_op, sched_op, event_channel_op,
	hvm_op, sysctl_op, domctl_op;
/* Architecture's own (x86/platform_op.c, physdev_op.c, mca_op.c). */
hypercall_fn platform_op, physdev_op, mca_op;

#endif

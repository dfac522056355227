/*
 * The scheduler (docs/SCHEDULER.md): one run queue per physical CPU, weighted fair by
 * virtual time, caps, hard and soft affinity, a wake-up boost bounded by one slice;
 * CPUs with nothing to do, or ahead of others, take over who waits elsewhere.
 * Hypervisor context is never preempted: a vCPU leaves its CPU only in schedule().
 */
#ifndef HV_SCHED_H
#define HV_SCHED_H

#include <hv/domain.h>

#define SCHED_SLICE_NS		5000000ull	/* longest run while others wait */
#define SCHED_CAP_PERIOD_NS	10000000ull
#define SCHED_WEIGHT_DEFAULT	256u
#define SCHED_RATELIMIT_MAX_US	500000u

/* No vCPU is displaced before it ran that long (XEN_SYSCTL_SCHEDOP_putinfo). */
extern uint32_t sched_ratelimit_us;

void sched_init_cpu(struct cpu *c);
void sched_init_domain(struct domain *d);
void sched_init_vcpu(struct vcpu *v);
/* The vCPU must not run any more; takes it off its queue. */
void sched_destroy_vcpu(struct vcpu *v);

/* Runnable again (or perhaps): queues it if nothing forbids it to run. */
void sched_wake(struct vcpu *v);
/* Takes it off the queue if something now forbids; kicks its CPU. */
void sched_sleep(struct vcpu *v);
/* sched_sleep() and waits until its state is saved. Not on current. */
void sched_sleep_sync(struct vcpu *v);
/* Current gives way to its equals. */
void sched_yield(void);
/* Current sleeps until an event or interrupt; no-op if one is pending. */
void sched_block(void);
/*
 * Ends sleep of a blocked vCPU, or kicks the CPU a running one is on so that
 * it looks for events. From any CPU, any context.
 */
void vcpu_kick(struct vcpu *v);

/* May it run at all now? */
bool vcpu_runnable(const struct vcpu *v);

/*
 * Picks the next vCPU for this CPU, switches the architecture's state to it
 * and returns it (the idle vCPU when there is nothing). Only from the CPU's
 * main loop.
 */
struct vcpu *schedule(void);

/* -EINVAL when no online CPU is in @mask. */
int sched_set_affinity(struct vcpu *v, const struct cpumask *mask) must_check;
void sched_set_soft_affinity(struct vcpu *v, const struct cpumask *mask);
/* Weight 1 and up; cap in percent of a CPU, 0: none. -EINVAL. */
int sched_set_params(struct domain *d, unsigned int weight, unsigned int cap) must_check;
uint64_t vcpu_cpu_time(const struct vcpu *v);	/* ns in RUNSTATE_running */
void vcpu_runstate_get(const struct vcpu *v, struct vcpu_runstate_info *out);

#endif

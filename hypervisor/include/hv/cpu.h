/* A physical CPU and what runs on it. */
#ifndef HV_CPU_H
#define HV_CPU_H

#include <hv/hypercall.h>
#include <hv/list.h>
#include <hv/spinlock.h>

#define MAX_CPUS	512
#define CPUMASK_WORDS	(MAX_CPUS / 64)

struct vcpu;

struct cpumask {
	uint64_t w[CPUMASK_WORDS];
};

struct cpu {
	unsigned int id;		/* dense, 0 = boot CPU */
	bool online;
	bool need_resched;		/* set from anywhere; see cpu_kick() */
	struct vcpu *vcpu;		/* runs here now; never NULL once up */
	struct vcpu *idle;
	struct runqueue *rq;		/* sched.c */
	spinlock_t timer_lock;		/* covers timers */
	struct list timers;
	struct timer *timer_running;
	uint64_t timer_programmed;	/* deadline the hardware is set to */
	uint32_t hypercalls[HYPERCALLS_MAX];	/* made here, by number */
	struct arch_cpu *arch;
};

extern struct cpu *cpus[MAX_CPUS];
extern unsigned int nr_cpus;	/* online; ids 0..nr_cpus-1 */

#define for_each_cpu(i) for (unsigned int i = 0; i < nr_cpus; i++)

/* --- from the architecture --------------------------------------------- */
struct cpu *this_cpu(void);
/*
 * Makes @cpu leave the guest or its idle sleep soon and look at need_resched,
 * timers and its vCPU's pending events. Harmless when it is not needed; does
 * not wait.
 */
void cpu_kick(unsigned int cpu);

static inline struct vcpu *current_vcpu(void)
{
	return this_cpu()->vcpu;
}
#define current current_vcpu()

#endif

/* Between the scheduler's files: core/sched.c, sched_cap.c, runstate.c. */
#ifndef CORE_SCHED_PRIV_H
#define CORE_SCHED_PRIV_H

#include <hv/sched.h>

/* runstate.c: from now on @v is in @state; what the guest may see of it. */
void runstate_set(struct vcpu *v, uint32_t state, uint64_t now);
void runstate_publish(struct vcpu *v);

/*
 * sched_cap.c. May @v run, as far as its domain's cap is concerned? False: it is
 * throttled, and woken when the next period begins. With its run queue's lock held.
 */
bool cap_take_locked(struct vcpu *v);
/* @v ran for @ns; it gives back what it took and did not use. */
void cap_charge(struct vcpu *v, uint64_t ns);
void cap_return(struct vcpu *v);

#endif

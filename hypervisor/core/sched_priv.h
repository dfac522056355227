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
/* Has its domain used more than it should by now? */
bool cap_ahead(struct vcpu *v);
/* @v waits and is ahead: sched_requeue() follows when it is not any more. */
void cap_await_even(struct vcpu *v);
/*
 * @v ran for @ns. What it took and did not use it gives back when it stops; others may
 * have been throttled for that, and are woken when no lock is held.
 */
void cap_charge(struct vcpu *v, uint64_t ns);
void cap_return_locked(struct vcpu *v);
void cap_returned(struct domain *d);
/* sched_share.c: every now and then, what each domain weighs. */
#define SHARE_ONE 256u
void shares_update(uint64_t now);
void shares_join(struct domain *d);
void shares_leave(struct domain *d);

/* sched.c: @v's domain may not be ahead of its cap any more. */
void sched_requeue(struct vcpu *v);

#endif

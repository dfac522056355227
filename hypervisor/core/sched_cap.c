/*
 * Caps: a domain with a cap of n percent has n percent of a CPU's time for all its
 * vCPUs together in each period of SCHED_CAP_PERIOD_NS. A vCPU takes its share in
 * quanta before it runs; with nothing left it is throttled until the period ends.
 * What it ran too long (an interrupt comes when it comes) is a debt that its next
 * quantum pays first, so a cap holds on average to the nanosecond.
 *
 * A domain that has used more than the part of the period that is over is *ahead*: its
 * vCPUs run only where nobody else wants to. If they all used up their time at the
 * beginning of each period, whoever is entitled to a whole CPU would lose it for that
 * time, and could not make up for it when they are throttled and CPUs stand idle.
 *
 * The timer runs only while the domain does, and before the period's end only when one
 * that is ahead waits. Lock: d->cap_lock covers the budget; taken inside run queue locks.
 */
#include <hv/lib.h>

#include "sched_priv.h"

#define QUANTUM_NS	500000ll
#define PERIOD_NS	((int64_t)SCHED_CAP_PERIOD_NS)

static int64_t cap_ns(const struct domain *d)
{
	return PERIOD_NS / 100 * d->cap;
}

/* What one period may carry over is no more than a quantum. */
static void period_begin_locked(struct domain *d, uint64_t now)
{
	d->cap_budget = MIN(d->cap_budget + cap_ns(d), cap_ns(d) + QUANTUM_NS);
	d->cap_used = false;
	d->cap_end = now + SCHED_CAP_PERIOD_NS;
	timer_set(&d->cap_timer, d->cap_end);
}

/* From when on the domain is not ahead any more, if it uses nothing until then. */
static uint64_t even_at_locked(const struct domain *d)
{
	if (!d->cap)
		return 0;
	return d->cap_end - (uint64_t)(MAX(d->cap_budget, 0) * PERIOD_NS / cap_ns(d));
}

bool cap_ahead(struct vcpu *v)
{
	struct domain *d = v->domain;
	uint64_t now = now_ns();

	if (!d->cap)
		return false;
	LOCKED(&d->cap_lock);
	return now < d->cap_end && now < even_at_locked(d);
}

void cap_await_even(struct vcpu *v)
{
	struct domain *d = v->domain;
	uint64_t even;

	LOCKED(&d->cap_lock);
	even = even_at_locked(d);
	if (!d->cap_timer.armed || d->cap_timer.expires > even)
		timer_set(&d->cap_timer, even);
}

static void unthrottle(struct domain *d)
{
	for_each_vcpu(d, v)
		if (__atomic_exchange_n(&v->throttled, false, __ATOMIC_SEQ_CST))
			sched_wake(v);
}

void cap_returned(struct domain *d)
{
	if (d->cap && d->cap_budget > 0)
		unthrottle(d);
}

static void cap_timer_over(void *data)
{
	struct domain *d = data;
	uint64_t now = now_ns();

	spin_lock(&d->cap_lock);
	if (d->cap && now < d->cap_end)
		timer_set(&d->cap_timer, d->cap_end);
	else if (d->cap && d->cap_used)
		period_begin_locked(d, now);
	spin_unlock(&d->cap_lock);
	cap_returned(d);
	for_each_vcpu(d, v)
		if (v->ahead)
			sched_requeue(v);
}

bool cap_take_locked(struct vcpu *v)
{
	struct domain *d = v->domain;
	uint64_t now;
	int64_t take;

	if (!d->cap || v->cap_left > 0)
		return true;
	now = now_ns();
	LOCKED(&d->cap_lock);
	/* When the timer is due, who is throttled must be woken by it. */
	if (now >= d->cap_end && !d->cap_timer.armed)
		period_begin_locked(d, now);
	d->cap_used = true;
	take = MIN(d->cap_budget, QUANTUM_NS - v->cap_left);
	if (take > 0) {
		d->cap_budget -= take;
		v->cap_left += take;
	}
	__atomic_store_n(&v->throttled, v->cap_left <= 0, __ATOMIC_SEQ_CST);
	return v->cap_left > 0;
}

void cap_charge(struct vcpu *v, uint64_t ns)
{
	if (v->domain->cap)
		v->cap_left -= (int64_t)ns;
}

void cap_return_locked(struct vcpu *v)
{
	struct domain *d = v->domain;

	if (v->cap_left <= 0)
		return;
	LOCKED(&d->cap_lock);
	d->cap_budget += v->cap_left;
	v->cap_left = 0;
}

void sched_init_domain(struct domain *d)
{
	d->weight = SCHED_WEIGHT_DEFAULT;
	d->share = d->weight * SHARE_ONE;
	list_init(&d->shared_link);
	timer_init(&d->cap_timer, cap_timer_over, d);
}

int sched_set_params(struct domain *d, unsigned int weight, unsigned int cap)
{
	if (!weight || cap > 100 * d->max_vcpus)
		return -EINVAL;
	spin_lock(&d->cap_lock);
	d->weight = weight;
	d->share = weight * SHARE_ONE;
	d->cap = cap;
	d->cap_budget = 0;
	d->cap_end = 0;
	spin_unlock(&d->cap_lock);
	unthrottle(d);
	return 0;
}

/*
 * Caps: a domain with a cap of n percent has n percent of a CPU's time for all its
 * vCPUs together in each period of SCHED_CAP_PERIOD_NS. A vCPU takes its share in
 * quanta before it runs; with nothing left it is throttled until the period ends.
 * What it ran too long (an interrupt comes when it comes) is a debt that its next
 * quantum pays first, so a cap holds on average to the nanosecond.
 *
 * No more of its vCPUs run at once than the cap needs. If all of them began each
 * period together, whoever is entitled to a whole CPU would lose it for that time,
 * and could not make up for it when they are throttled and CPUs stand idle.
 *
 * The period's timer runs only while the domain does. Lock: d->cap_lock covers the
 * budget; taken inside run queue locks.
 */
#include <hv/lib.h>

#include "sched_priv.h"

#define QUANTUM_NS	500000ll

static int64_t cap_ns(const struct domain *d)
{
	return (int64_t)(SCHED_CAP_PERIOD_NS / 100 * d->cap);
}

/* What one period may carry over is no more than a quantum. */
static void period_begin_locked(struct domain *d)
{
	d->cap_budget = MIN(d->cap_budget + cap_ns(d), cap_ns(d) + QUANTUM_NS);
	d->cap_used = false;
	timer_set(&d->cap_timer, now_ns() + SCHED_CAP_PERIOD_NS);
}

/* How many of its vCPUs may run at once. */
static unsigned int places(const struct domain *d)
{
	return d->cap ? d->cap / 100 + 1 : d->max_vcpus;
}

/* Of those that are throttled and nothing else, the one that ran least, or NULL. */
static struct vcpu *next_throttled(struct domain *d)
{
	struct vcpu *next = NULL;

	for_each_vcpu(d, v)
		if (v->throttled && !v->blocked && !v->down && !v->pause_count &&
		    (!next || v->vtime < next->vtime))
			next = v;
	return next;
}

static void unthrottle(struct domain *d, unsigned int nr)
{
	struct vcpu *v;

	while (nr-- && (v = next_throttled(d)))
		if (__atomic_exchange_n(&v->throttled, false, __ATOMIC_SEQ_CST))
			sched_wake(v);
}

static void period_over(void *data)
{
	struct domain *d = data;
	unsigned int nr;

	spin_lock(&d->cap_lock);
	if (d->cap && d->cap_used && !d->cap_timer.armed)
		period_begin_locked(d);
	nr = places(d) - MIN(places(d), d->cap_running);
	spin_unlock(&d->cap_lock);
	unthrottle(d, nr);
}

bool cap_take_locked(struct vcpu *v)
{
	struct domain *d = v->domain;
	int64_t take;

	if (!d->cap || v->cap_left > 0)
		return true;
	LOCKED(&d->cap_lock);
	if (!d->cap_timer.armed)
		period_begin_locked(d);
	d->cap_used = true;
	take = MIN(d->cap_budget, QUANTUM_NS - v->cap_left);
	if (!v->cap_place && d->cap_running >= places(d))
		take = 0;
	if (take > 0) {
		d->cap_running += !v->cap_place;
		v->cap_place = true;
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

void cap_return(struct vcpu *v)
{
	struct domain *d = v->domain;
	bool more;

	if (!v->cap_place)
		return;
	spin_lock(&d->cap_lock);
	d->cap_budget += MAX(v->cap_left, 0);
	v->cap_left = MIN(v->cap_left, 0);
	v->cap_place = false;
	d->cap_running--;
	more = d->cap_budget > 0;
	spin_unlock(&d->cap_lock);
	if (more)
		unthrottle(d, 1);
}

void sched_init_domain(struct domain *d)
{
	d->weight = SCHED_WEIGHT_DEFAULT;
	timer_init(&d->cap_timer, period_over, d);
}

int sched_set_params(struct domain *d, unsigned int weight, unsigned int cap)
{
	if (!weight || cap > 100 * d->max_vcpus)
		return -EINVAL;
	spin_lock(&d->cap_lock);
	d->weight = weight;
	d->cap = cap;
	d->cap_budget = 0;
	spin_unlock(&d->cap_lock);
	unthrottle(d, d->max_vcpus);
	return 0;
}

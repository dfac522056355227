/*
 * What each domain has a right to. By weight alone, a vCPU that is entitled to more
 * than one CPU, or to more than its domain's cap, would fall behind for ever, and all
 * who compare themselves with it would be wrong. So weights are brought down to what
 * can be had: every SHARES_NS, while somebody waits, the machine's time is given out
 * like water: to all by weight, but to nobody more than it asks for or may have.
 *
 * What it asks for is how long it ran or waited since the last time. A vCPU that may not
 * run everywhere keeps its weight, and what it used is left out of the sharing.
 *
 * Lock: shares_lock covers the list and what is worked out on the way; schedule() only
 * tries it. Nothing is taken inside.
 */
#include <hv/lib.h>

#include "sched_priv.h"

#define SHARES_NS	20000000ull
/* A CPU has so many parts; a level is in parts for each weight, in fixed point. */
#define WHOLE		1024u
#define LEVEL_SHIFT	36
/* What was measured over a longer time than that says nothing of now. */
#define STALE_NS	(5 * SHARES_NS)

static spinlock_t shares_lock;
static struct list shared = {&shared, &shared};
static uint64_t shared_at;	/* when it was done last */

/* How much of the time since then the vCPU wanted to run, in parts of WHOLE. */
static unsigned int wanted(struct vcpu *v, uint64_t elapsed, unsigned int *used)
{
	struct vcpu_runstate_info info;
	uint64_t ran, wants, part;

	vcpu_runstate_get(v, &info);
	ran = info.time[RUNSTATE_running];
	wants = ran + info.time[RUNSTATE_runnable];
	*used = (unsigned int)(MIN(ran - v->ran_before, elapsed) * WHOLE / elapsed);
	part = MIN(wants - v->wanted_before, elapsed) * WHOLE / elapsed;
	v->ran_before = ran;
	v->wanted_before = wants;
	return (unsigned int)part;
}

static void ask(struct domain *d, uint64_t elapsed, uint64_t *capacity)
{
	uint64_t most = d->cap ? (uint64_t)d->cap * WHOLE / 100 : UINT64_MAX;

	d->asked = 0;
	for_each_vcpu(d, v) {
		unsigned int used, want = wanted(v, elapsed, &used);

		if (!v->bound)
			d->asked += want;
		else
			*capacity -= MIN(*capacity, used);
	}
	d->gets = MIN(d->asked, most);
	/* The level of water at which it has all that it may have. */
	d->full_at = 0;
	if (d->asked)
		d->full_at = ((uint64_t)d->gets << LEVEL_SHIFT) /
			     ((uint64_t)d->weight * d->asked);
	d->full = !d->asked;
}

/* How high @capacity fills all: who is full goes out, the rest goes to the others. */
static uint64_t level_of(uint64_t capacity)
{
	uint64_t level = 0, highest = 1;
	bool again;

	do {
		uint64_t weights = 0;

		again = false;
		list_for_each(p, &shared) {
			struct domain *d = list_entry(p, struct domain, shared_link);

			if (!d->full)
				weights += (uint64_t)d->weight * d->asked;
			highest = MAX(highest, d->full_at);
		}
		if (!weights)
			return highest;
		level = (capacity << LEVEL_SHIFT) / weights;
		list_for_each(p, &shared) {
			struct domain *d = list_entry(p, struct domain, shared_link);

			if (d->full || d->full_at > level)
				continue;
			d->full = again = true;
			capacity -= MIN(capacity, d->gets);
		}
	} while (again);
	return level;
}

static void set_weight(struct domain *d, uint64_t level)
{
	uint64_t full_at = d->full_at;

	d->share = (uint64_t)d->weight * SHARE_ONE;
	if (!d->asked || full_at >= level)
		return;
	while (level >> 38) {
		level >>= 1;
		full_at >>= 1;
	}
	d->share = MAX(d->share * full_at / level, 1);
}

void shares_update(uint64_t now)
{
	uint64_t elapsed = now - shared_at, capacity = (uint64_t)nr_cpus * WHOLE, level;

	if (elapsed < SHARES_NS || !spin_trylock(&shares_lock))
		return;
	list_for_each(p, &shared)
		ask(list_entry(p, struct domain, shared_link), elapsed, &capacity);
	if (elapsed < STALE_NS) {
		level = level_of(capacity);
		list_for_each(p, &shared)
			set_weight(list_entry(p, struct domain, shared_link), level);
	}
	shared_at = now;
	spin_unlock(&shares_lock);
}

void shares_join(struct domain *d)
{
	LOCKED(&shares_lock);
	if (list_empty(&d->shared_link))
		list_add_before(&shared, &d->shared_link);
}

void shares_leave(struct domain *d)
{
	LOCKED(&shares_lock);
	list_del(&d->shared_link);
}

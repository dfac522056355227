/*
 * The scheduler (hv/sched.h, docs/SCHEDULER.md): weighted fair by virtual time, one
 * queue per CPU.
 *
 * A vCPU is in exactly one of these states: on a queue (queued), on a CPU (running),
 * or neither. `running` stays true until the architecture has saved its registers, so
 * nobody takes it up half-switched; it is also true while a vCPU moves between two
 * queues. A wake-up that meets a running vCPU leaves it alone; whoever clears `running`
 * looks again (the two accesses are sequentially consistent on both sides, so one of
 * them always sees the other).
 *
 * Virtual time: a vCPU's grows by (ns run) * 256 / weight. The smallest goes first.
 * It is comparable across queues, within the window that place_locked() enforces.
 */
#include <hv/arch.h>
#include <hv/bitops.h>
#include <hv/lib.h>
#include <hv/page.h>
#include <hv/trace.h>

#include "sched_priv.h"

/* A running vCPU is not displaced by one less than this behind it. */
#define GRANULARITY_NS 500000ull
/* How long one that woke up may go before all others. */
#define BOOST_NS 1000000ull
/* How much longer than all others together those may run in a row. */
#define BOOST_TOTAL_NS 10000000ll

/* Added to the virtual time of who is ahead of its cap. */
#define AHEAD (1ull << 63)

/* How far virtual time may lie apart on two CPUs, in slices of who moves between them. */
#define LAG_SLICES 4u

/* Who ran longer than that is charged no more. */
#define LONGEST_NS (1ull << 46)

struct runqueue {
	spinlock_t lock;
	struct list queue;	/* boosted ones first, then by vtime, smallest first */
	unsigned int nr;	/* queued */
	uint64_t clock;		/* virtual time of the queue; 0: nobody is here */
	uint64_t running_vtime;	/* of who is on the CPU; UINT64_MAX: nobody */
	unsigned int running_share;
	int64_t boost_left;	/* ns in which boosts are still given */
	uint64_t next_pull;	/* not before it is looked who is behind elsewhere */
	uint64_t accounted;	/* ns up to which current was charged */
	struct timer tick;	/* armed while somebody waits here, or a quantum runs out */
};

uint32_t sched_ratelimit_us;

static unsigned int waiting;	/* queued, on all CPUs; atomic */
static uint64_t vclock;		/* the highest base of any queue so far; atomic */

/* --- small questions --------------------------------------------------------- */

static bool allowed(const struct vcpu *v, unsigned int cpu)
{
	return bit_test(v->affinity.w, cpu);
}

static bool likes(const struct vcpu *v, unsigned int cpu)
{
	return allowed(v, cpu) && bit_test(v->soft_affinity.w, cpu);
}

bool vcpu_runnable(const struct vcpu *v)
{
	return !__atomic_load_n(&v->blocked, __ATOMIC_SEQ_CST) && !v->down &&
	       !__atomic_load_n(&v->pause_count, __ATOMIC_SEQ_CST) &&
	       !__atomic_load_n(&v->domain->pause_count, __ATOMIC_SEQ_CST) &&
	       !__atomic_load_n(&v->throttled, __ATOMIC_SEQ_CST);
}

static bool is_idle(const struct vcpu *v)
{
	return v->domain == idle_domain;
}

/* Throttled counts as waiting: it would run if it might. */
static uint32_t resting_state(const struct vcpu *v)
{
	if (v->blocked)
		return RUNSTATE_blocked;
	return v->throttled || vcpu_runnable(v) ? RUNSTATE_runnable : RUNSTATE_offline;
}

static uint64_t weighted(const struct vcpu *v, uint64_t ns)
{
	return MIN(ns, LONGEST_NS) * SCHED_WEIGHT_DEFAULT * SHARE_ONE / v->domain->share;
}

/* --- queues ------------------------------------------------------------------- */

static struct runqueue *lock_queue_of(struct vcpu *v)
{
	for (;;) {
		unsigned int cpu = __atomic_load_n(&v->cpu, __ATOMIC_RELAXED);
		struct runqueue *rq = cpus[cpu]->rq;

		spin_lock(&rq->lock);
		if (cpu == __atomic_load_n(&v->cpu, __ATOMIC_RELAXED))
			return rq;
		spin_unlock(&rq->lock);
	}
}

static struct vcpu *first_of(const struct runqueue *rq)
{
	return list_empty(&rq->queue) ? NULL :
					list_first(&rq->queue, struct vcpu, rq_link);
}

/* Where it stands among others: who is ahead of its cap comes after all who are not. */
static uint64_t rank(const struct vcpu *v)
{
	return v->ahead ? v->vtime + AHEAD : v->vtime;
}

static bool goes_before(const struct vcpu *a, const struct vcpu *b)
{
	return a->boosted == b->boosted ? rank(a) < rank(b) : a->boosted;
}

static void enqueue_locked(struct runqueue *rq, struct vcpu *v)
{
	struct list *at = &rq->queue;

	v->ahead = cap_ahead(v);
	if (v->ahead) {
		v->boosted = false;
		cap_await_even(v);
	}
	list_for_each(p, &rq->queue) {
		if (goes_before(v, list_entry(p, struct vcpu, rq_link))) {
			at = p;
			break;
		}
	}
	list_add_before(at, &v->rq_link);
	v->queued = true;
	rq->nr++;
	__atomic_fetch_add(&waiting, 1, __ATOMIC_SEQ_CST);
}

static void dequeue_locked(struct runqueue *rq, struct vcpu *v)
{
	list_del(&v->rq_link);
	v->queued = false;
	rq->nr--;
	__atomic_fetch_sub(&waiting, 1, __ATOMIC_SEQ_CST);
}

/* Virtual time of who runs on the CPU, which may not have been charged for long. */
static uint64_t running_locked(const struct runqueue *rq, uint64_t now)
{
	if (rq->running_vtime == UINT64_MAX || now < rq->accounted)
		return rq->running_vtime;
	return rq->running_vtime +
	       MIN(now - rq->accounted, LONGEST_NS) * SCHED_WEIGHT_DEFAULT * SHARE_ONE /
	       rq->running_share;
}

/* The least virtual time on CPU and queue, UINT64_MAX when there is nobody. */
static uint64_t base_locked(const struct runqueue *rq, uint64_t now)
{
	uint64_t base = running_locked(rq, now);

	list_for_each(p, &rq->queue) {
		const struct vcpu *v = list_entry(p, struct vcpu, rq_link);

		base = MIN(base, rank(v));
		if (!v->boosted)
			break;
	}
	return base;
}

/* What virtual time on @rq is measured against: with nobody there, the others'. */
static uint64_t reference_locked(const struct runqueue *rq)
{
	return rq->clock ? rq->clock : __atomic_load_n(&vclock, __ATOMIC_RELAXED);
}

/*
 * The clock of a queue is the highest base it has seen, as one of those on it may be
 * behind for good: it has a right to more than its cap, or than one CPU.
 */
static void clock_locked(struct runqueue *rq, uint64_t now)
{
	uint64_t base = base_locked(rq, now);

	if (base == UINT64_MAX)
		rq->clock = 0;
	else if (base < AHEAD)
		rq->clock = MAX(rq->clock, base);
	if (rq->clock > __atomic_load_n(&vclock, __ATOMIC_RELAXED))
		__atomic_store_n(&vclock, rq->clock, __ATOMIC_RELAXED);
}

/*
 * Makes @v's virtual time one that can compete in @rq. Who slept may be one slice of its
 * own behind the others, which is the bound of what a sleeper can make up for; who was
 * waiting may be further behind, as it has a right to that time, and more so if it may
 * run everywhere. Nobody is further ahead of the first one than some slices of its own
 * may have put it, whatever the others on its last CPU did.
 */
static void place_locked(const struct runqueue *rq, struct vcpu *v, bool slept)
{
	uint64_t slice = weighted(v, SCHED_SLICE_NS), reference = reference_locked(rq);
	uint64_t base = base_locked(rq, now_ns()), lag = slept ? slice : LAG_SLICES * slice;

	if (!slept && !v->bound)
		lag = MAX(2 * lag, LAG_SLICES * SCHED_SLICE_NS);
	if (base < AHEAD)
		v->vtime = MIN(v->vtime, base + LAG_SLICES * slice);
	if (reference > lag)
		v->vtime = MAX(v->vtime, reference - lag);
}

/*
 * Who sleeps more than its share may go first when it wakes, for BOOST_NS; all of those
 * on one CPU for no longer than the others on average, give or take BOOST_TOTAL_NS.
 */
static void boost_locked(const struct runqueue *rq, struct vcpu *v)
{
	uint64_t slice = weighted(v, SCHED_SLICE_NS);
	uint64_t limit = MIN(__atomic_load_n(&vclock, __ATOMIC_RELAXED),
			     reference_locked(rq) + LAG_SLICES * slice);

	v->boosted = v->runstate.state == RUNSTATE_blocked && rq->boost_left > 0 &&
		     v->vtime <= limit + slice;
}

static void kick_resched(struct cpu *c)
{
	__atomic_store_n(&c->need_resched, true, __ATOMIC_SEQ_CST);
	if (c != this_cpu())
		cpu_kick(c->id);
}

/* Charges the current vCPU of @c for what it ran since the last time. */
static void charge_locked(struct cpu *c, uint64_t now)
{
	struct runqueue *rq = c->rq;
	struct vcpu *v = c->vcpu;
	uint64_t ns = now > rq->accounted ? now - rq->accounted : 0;

	rq->accounted = now;
	if (is_idle(v)) {
		clock_locked(rq, now);
		return;
	}
	v->vtime += weighted(v, ns);
	cap_charge(v, ns);
	rq->boost_left = MIN(rq->boost_left + (int64_t)(v->boosted ? -ns : ns),
			     BOOST_TOTAL_NS);
	rq->running_vtime = rank(v);
	clock_locked(rq, now);
}

/* --- where to run --------------------------------------------------------------- */

static bool cpu_is_free(unsigned int cpu)
{
	return is_idle(cpus[cpu]->vcpu) && !cpus[cpu]->rq->nr;
}

/* Lower is better: free before busy, liked before allowed, short queue before long. */
static unsigned int cpu_cost(const struct vcpu *v, unsigned int cpu)
{
	unsigned int cost = cpu_is_free(cpu) ? 0 : 4 + 4 * cpus[cpu]->rq->nr;

	return cost + (likes(v, cpu) ? 0 : 2) + (cpu == v->cpu ? 0 : 1);
}

static unsigned int pick_cpu(const struct vcpu *v)
{
	unsigned int best = nr_cpus, best_cost = ~0u;

	for_each_cpu(cpu) {
		unsigned int cost = allowed(v, cpu) ? cpu_cost(v, cpu) : ~0u;

		if (cost < best_cost) {
			best = cpu;
			best_cost = cost;
		}
	}
	BUG_ON(best == nr_cpus);
	return best;
}

/*
 * Where who runs is furthest ahead, free CPUs before all: the first to make room for @v,
 * who has a right to run now. Those that it likes, if it comes to run there.
 */
static unsigned int most_ahead_cpu(const struct vcpu *v)
{
	uint64_t most[2] = {0, 0}, now = now_ns();
	unsigned int best[2] = {v->cpu, v->cpu};

	for_each_cpu(cpu) {
		bool liked = likes(v, cpu);
		uint64_t at;

		if (!allowed(v, cpu))
			continue;
		LOCKED(&cpus[cpu]->rq->lock);
		at = running_locked(cpus[cpu]->rq, now);
		if (at > most[liked] || (at == most[liked] && cpu == v->cpu)) {
			best[liked] = cpu;
			most[liked] = at;
		}
	}
	return best[most[1] > rank(v) || most[1] >= most[0]];
}

/* Moves a vCPU that is neither queued nor running; its queue is locked. */
static struct runqueue *move_locked(struct runqueue *from, struct vcpu *v,
				    unsigned int cpu)
{
	struct runqueue *to = cpus[cpu]->rq;

	if (to == from)
		return from;
	__atomic_store_n(&v->cpu, cpu, __ATOMIC_RELAXED);
	spin_unlock(&from->lock);
	spin_lock(&to->lock);
	return to;
}

void sched_wake(struct vcpu *v)
{
	bool slept = v->runstate.state != RUNSTATE_runnable;
	unsigned int due_at = slept ? v->cpu : most_ahead_cpu(v);
	struct runqueue *rq = lock_queue_of(v);
	unsigned int cpu = v->cpu;
	bool wanted = !v->queued && !__atomic_load_n(&v->running, __ATOMIC_SEQ_CST) &&
		      vcpu_runnable(v);

	if (wanted) {
		cpu = slept ? pick_cpu(v) : allowed(v, due_at) ? due_at : v->cpu;
		rq = move_locked(rq, v, cpu);
		/* Somebody may have woken and moved it between the two locks. */
		wanted = v->cpu == cpu && !v->queued && !v->running;
	}
	if (wanted) {
		place_locked(rq, v, slept);
		boost_locked(rq, v);
		runstate_set(v, RUNSTATE_runnable, now_ns());
		enqueue_locked(rq, v);
		trace(TRACE_WAKE, trace_vcpu(v), cpu);
	}
	spin_unlock(&rq->lock);
	if (wanted)
		kick_resched(cpus[cpu]);
}

/*
 * @v, which was marked running to be moved, is where it shall be; its new queue is
 * locked. False: it may not run there any more, so sched_wake() it without the lock.
 */
static bool arrive_locked(struct runqueue *rq, struct vcpu *v)
{
	__atomic_store_n(&v->running, false, __ATOMIC_SEQ_CST);
	if (!vcpu_runnable(v) || !allowed(v, v->cpu)) {
		runstate_set(v, resting_state(v), now_ns());
		return false;
	}
	place_locked(rq, v, false);
	enqueue_locked(rq, v);
	return true;
}

/* One that was just displaced stays: its registers are still in its CPU. */
void sched_requeue(struct vcpu *v)
{
	struct runqueue *rq = lock_queue_of(v);
	unsigned int cpu = v->cpu;
	bool arrived = true;

	if (v->queued && v->running) {
		dequeue_locked(rq, v);
		enqueue_locked(rq, v);
		kick_resched(cpus[cpu]);
	} else if (v->queued) {
		dequeue_locked(rq, v);
		v->running = true;	/* on its way; see the top of the file */
		spin_unlock(&rq->lock);
		cpu = most_ahead_cpu(v);
		spin_lock(&rq->lock);
		rq = move_locked(rq, v, cpu);
		arrived = arrive_locked(rq, v);
		kick_resched(cpus[cpu]);
	}
	spin_unlock(&rq->lock);
	if (!arrived)
		sched_wake(v);
}

void sched_sleep(struct vcpu *v)
{
	struct runqueue *rq = lock_queue_of(v);

	if (!vcpu_runnable(v)) {
		if (v->queued) {
			dequeue_locked(rq, v);
			runstate_set(v, resting_state(v), now_ns());
		} else if (v->running) {
			kick_resched(cpus[v->cpu]);
		}
	}
	spin_unlock(&rq->lock);
}

void sched_sleep_sync(struct vcpu *v)
{
	sched_sleep(v);
	while (__atomic_load_n(&v->running, __ATOMIC_ACQUIRE))
		arch_relax();
}

void sched_yield(void)
{
	struct vcpu *v = current;
	struct runqueue *rq = this_cpu()->rq;

	LOCKED(&rq->lock);
	if (rq->nr) {
		v->vtime = MAX(v->vtime, first_of(rq)->vtime + GRANULARITY_NS);
		v->boosted = false;
		this_cpu()->need_resched = true;
	}
}

void sched_block(void)
{
	struct vcpu *v = current;

	__atomic_store_n(&v->blocked, true, __ATOMIC_SEQ_CST);
	/* Pairs with vcpu_kick(): event first, then blocked is looked at. */
	if (arch_vcpu_event_pending(v)) {
		__atomic_store_n(&v->blocked, false, __ATOMIC_SEQ_CST);
		return;
	}
	this_cpu()->need_resched = true;
}

void vcpu_kick(struct vcpu *v)
{
	if (__atomic_exchange_n(&v->blocked, false, __ATOMIC_SEQ_CST)) {
		sched_wake(v);
		return;
	}
	if (v != current && __atomic_load_n(&v->running, __ATOMIC_SEQ_CST))
		cpu_kick(__atomic_load_n(&v->cpu, __ATOMIC_RELAXED));
}

/* @to is one of its two masks. Who waits may find a better place by the new one. */
static void change_affinity(struct vcpu *v, struct cpumask *to, const struct cpumask *mask)
{
	struct runqueue *rq = lock_queue_of(v);
	bool queued = v->queued;

	*to = *mask;
	if (queued)
		dequeue_locked(rq, v);
	else if (!allowed(v, v->cpu) && v->running)
		kick_resched(cpus[v->cpu]);
	spin_unlock(&rq->lock);
	if (queued)
		sched_wake(v);
}

int sched_set_affinity(struct vcpu *v, const struct cpumask *mask)
{
	if (bit_find_first(mask->w, nr_cpus) == nr_cpus)
		return -EINVAL;
	change_affinity(v, &v->affinity, mask);
	v->bound = false;
	for_each_cpu(cpu)
		v->bound |= !allowed(v, cpu);
	return 0;
}

void sched_set_soft_affinity(struct vcpu *v, const struct cpumask *mask)
{
	change_affinity(v, &v->soft_affinity, mask);
}

/* --- taking over who waits elsewhere ---------------------------------------------- */

/*
 * Of @rq's waiting vCPUs that may run on @cpu the first, those that like it before. One
 * that was just displaced is not to be had before its registers are saved.
 */
static struct vcpu *first_for_locked(const struct runqueue *rq, unsigned int cpu)
{
	struct vcpu *found = NULL;

	list_for_each(p, &rq->queue) {
		struct vcpu *v = list_entry(p, struct vcpu, rq_link);

		if (__atomic_load_n(&v->running, __ATOMIC_ACQUIRE))
			continue;
		if (likes(v, cpu))
			return v;
		if (!found && allowed(v, cpu))
			found = v;
	}
	return found;
}

/* Is it so far behind @than that it is better off with us? */
static bool is_behind(const struct vcpu *v, uint64_t than)
{
	return than == UINT64_MAX || rank(v) + weighted(v, SCHED_SLICE_NS) < than;
}

static unsigned int most_behind_queue(const struct cpu *c, uint64_t than)
{
	unsigned int best = nr_cpus;
	uint64_t least = UINT64_MAX;

	for (unsigned int i = 1; i < nr_cpus; i++) {
		unsigned int cpu = (c->id + i) % nr_cpus;
		struct runqueue *rq = cpus[cpu]->rq;
		const struct vcpu *v;

		if (!__atomic_load_n(&rq->nr, __ATOMIC_RELAXED))
			continue;
		LOCKED(&rq->lock);
		v = first_for_locked(rq, c->id);
		if (v && rank(v) < least && is_behind(v, than)) {
			best = cpu;
			least = rank(v);
		}
	}
	return best;
}

/* Brings the waiting vCPU that is furthest behind @than to this CPU's queue. */
static bool pull(struct cpu *c, uint64_t than)
{
	unsigned int cpu = most_behind_queue(c, than);
	struct runqueue *rq;
	struct vcpu *v;
	bool arrived;

	if (cpu == nr_cpus)
		return false;
	rq = cpus[cpu]->rq;
	spin_lock(&rq->lock);
	v = first_for_locked(rq, c->id);
	if (v) {
		dequeue_locked(rq, v);
		v->running = true;	/* on its way; see the top of the file */
		__atomic_store_n(&v->cpu, c->id, __ATOMIC_RELAXED);
	}
	spin_unlock(&rq->lock);
	if (!v)
		return false;
	spin_lock(&c->rq->lock);
	arrived = arrive_locked(c->rq, v);
	spin_unlock(&c->rq->lock);
	if (!arrived)	/* its affinity may have changed on the way */
		sched_wake(v);
	return true;
}

/*
 * Who waits here may be better off elsewhere: on a free CPU, or on one whose vCPU is
 * alone there and far ahead. Neither has a tick of its own, so it is told to look.
 */
static void offer(struct cpu *c, uint64_t now)
{
	unsigned int best = nr_cpus;
	uint64_t most = 0;

	for_each_cpu(cpu) {
		const struct vcpu *v;
		uint64_t than;
		bool behind;

		if (cpu == c->id)
			continue;
		spin_lock(&cpus[cpu]->rq->lock);
		than = base_locked(cpus[cpu]->rq, now);
		spin_unlock(&cpus[cpu]->rq->lock);
		spin_lock(&c->rq->lock);
		v = first_for_locked(c->rq, cpu);
		behind = v && is_behind(v, than);
		spin_unlock(&c->rq->lock);
		if (behind && than == UINT64_MAX)
			kick_resched(cpus[cpu]);
		else if (behind && than > most) {
			most = than;
			best = cpu;
		}
	}
	if (best != nr_cpus)
		kick_resched(cpus[best]);
}

/* --- switching -------------------------------------------------------------------- */

/* Is nobody due before @prev, which may go on? */
static bool is_due_locked(const struct cpu *c, struct vcpu *prev, uint64_t now)
{
	const struct vcpu *first = first_of(c->rq);

	if (now >= prev->started + BOOST_NS)
		prev->boosted = false;
	if (!first || now < prev->started + sched_ratelimit_us * 1000ull)
		return true;
	if (first->boosted != prev->boosted)
		return prev->boosted;
	if (now >= prev->slice_end)
		return rank(prev) < rank(first);
	return rank(prev) <= rank(first) + weighted(prev, GRANULARITY_NS);
}

/* The current vCPU goes on unless it may not, or somebody is due before it. */
static bool keeps_cpu_locked(const struct cpu *c, struct vcpu *prev, uint64_t now)
{
	if (is_idle(prev) || !vcpu_runnable(prev) || !allowed(prev, c->id))
		return false;
	prev->ahead = prev->cap_left <= 0 && cap_ahead(prev);
	return is_due_locked(c, prev, now) && cap_take_locked(prev);
}

/* Takes the next one off the queue; those whose domain may run no more stay away. */
static struct vcpu *choose_locked(struct cpu *c, struct vcpu *prev, uint64_t now)
{
	struct runqueue *rq = c->rq;
	struct vcpu *next = prev;

	if (!keeps_cpu_locked(c, prev, now)) {
		cap_return_locked(prev);
		if (!is_idle(prev) && vcpu_runnable(prev) && allowed(prev, c->id))
			enqueue_locked(rq, prev);
		while ((next = first_of(rq))) {
			dequeue_locked(rq, next);
			if (!next->ahead && cap_ahead(next))
				enqueue_locked(rq, next);
			else if (cap_take_locked(next))
				break;
		}
		if (!next)
			next = c->idle;
	}
	next->running = true;
	if (now >= next->slice_end || next != prev)
		next->slice_end = now + SCHED_SLICE_NS;
	rq->running_vtime = is_idle(next) ? UINT64_MAX : rank(next);
	rq->running_share = next->domain->share;
	return next;
}

/* Wakes the CPU when a slice or a quantum ends; not at all when neither matters. */
static void arm_tick(struct cpu *c, uint64_t now)
{
	const struct vcpu *v = c->vcpu;
	uint64_t at = UINT64_MAX;

	if (!is_idle(v) && c->rq->nr)
		at = v->boosted ? v->started + BOOST_NS : v->slice_end;
	if (v->domain->cap)
		at = MIN(at, now + (uint64_t)MAX(v->cap_left, 0));
	if (at == UINT64_MAX)
		timer_stop(&c->rq->tick);
	else if (!c->rq->tick.armed || c->rq->tick.expires != at)
		timer_set(&c->rq->tick, MAX(at, now + 1));
}

/* Gives the CPU from @prev to @next; both are marked running. */
static void switch_to(struct cpu *c, struct vcpu *prev, struct vcpu *next, uint64_t now)
{
	runstate_set(prev, is_idle(prev) ? RUNSTATE_runnable : resting_state(prev), now);
	if (!is_idle(prev)) {
		cap_returned(prev->domain);
		arch_vcpu_save(prev);
	}
	c->vcpu = next;
	next->started = now;
	trace(TRACE_SWITCH, trace_vcpu(prev), 0);
	runstate_set(next, RUNSTATE_running, now);
	if (!is_idle(next)) {
		arch_vcpu_load(next);
		runstate_publish(next);
	}
	if (is_idle(prev))
		return;
	__atomic_store_n(&prev->running, false, __ATOMIC_SEQ_CST);
	if (!prev->queued && vcpu_runnable(prev))
		sched_wake(prev);
}

/* Has this CPU nothing to do, or is it time to look who waits elsewhere? */
static bool pull_wanted_locked(const struct cpu *c, const struct vcpu *prev, uint64_t now,
			       uint64_t *than)
{
	bool stays = !is_idle(prev) && vcpu_runnable(prev) && allowed(prev, c->id);

	if (__atomic_load_n(&waiting, __ATOMIC_RELAXED) == c->rq->nr)
		return false;
	*than = stays || c->rq->nr ? base_locked(c->rq, now) : UINT64_MAX;
	if (*than == UINT64_MAX)
		return true;
	return now >= c->rq->next_pull;
}

struct vcpu *schedule(void)
{
	struct cpu *c = this_cpu();
	struct vcpu *prev = c->vcpu, *next;
	uint64_t now = now_ns(), than = UINT64_MAX;
	bool wanted, pulled;

	__atomic_store_n(&c->need_resched, false, __ATOMIC_SEQ_CST);
	spin_lock(&c->rq->lock);
	charge_locked(c, now);
	wanted = pull_wanted_locked(c, prev, now, &than);
	spin_unlock(&c->rq->lock);
	if (__atomic_load_n(&waiting, __ATOMIC_RELAXED))
		shares_update(now);
	pulled = wanted && pull(c, than);
	spin_lock(&c->rq->lock);
	if (wanted)
		c->rq->next_pull = now + GRANULARITY_NS / 4;
	pulled |= c->rq->nr != 0;
	next = choose_locked(c, prev, now);
	spin_unlock(&c->rq->lock);
	if (next != prev)
		switch_to(c, prev, next, now);
	/* Nobody offered this CPU anything as long as it still looked busy. */
	if (next == c->idle && (prev != next || pulled) &&
	    __atomic_load_n(&waiting, __ATOMIC_SEQ_CST))
		c->need_resched = true;
	arm_tick(c, now);
	if (c->rq->nr)
		offer(c, now);
	return next;
}

/* --- set-up --------------------------------------------------------------------------- */

static void tick_over(void *data)
{
	struct cpu *c = data;

	c->need_resched = true;
}

void sched_init_cpu(struct cpu *c)
{
	c->rq = heap_alloc(sizeof(*c->rq));
	if (!c->rq)
		panic("no memory for CPU %u's run queue; add memory", c->id);
	list_init(&c->rq->queue);
	timer_init(&c->rq->tick, tick_over, c);
	c->rq->accounted = c->idle->runstate.entry = now_ns();
	c->rq->running_vtime = UINT64_MAX;
}

void sched_init_vcpu(struct vcpu *v)
{
	shares_join(v->domain);
	for (unsigned int i = 0; i < CPUMASK_WORDS; i++)
		v->affinity.w[i] = v->soft_affinity.w[i] = ~0ull;
	v->cpu = (v->domain->id + v->id) % nr_cpus;
	v->vtime = __atomic_load_n(&vclock, __ATOMIC_RELAXED);
	v->runstate.state = RUNSTATE_offline;
	v->runstate.entry = now_ns();
}

void sched_destroy_vcpu(struct vcpu *v)
{
	struct runqueue *rq = lock_queue_of(v);

	if (v->queued)
		dequeue_locked(rq, v);
	spin_unlock(&rq->lock);
	BUG_ON(v->running);
	shares_leave(v->domain);
}

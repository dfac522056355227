/*
 * The scheduler (hv/sched.h): weighted fair by virtual time, one queue per CPU.
 *
 * A vCPU is in exactly one of these states: on a queue (queued), on a CPU
 * (running), or neither. `running` stays true until the architecture has saved
 * its registers, so nobody takes it up half-switched. A wake-up that meets a
 * running vCPU leaves it alone; schedule() looks again once it has cleared
 * `running` (the two accesses are sequentially consistent on both sides, so
 * one of them always sees the other).
 *
 * Virtual time: a vCPU's grows by (ns run) * 256 / weight. The smallest goes
 * first. A waking vCPU is given at most one slice of credit against its queue,
 * which is the bound of the wake-up boost.
 */
#include <hv/arch.h>
#include <hv/bitops.h>
#include <hv/lib.h>
#include <hv/page.h>
#include <hv/sched.h>

/* A running vCPU is not displaced by one less than this behind it. */
#define GRANULARITY_NS 500000ull

struct runqueue {
	spinlock_t lock;
	struct list queue;	/* by vtime, smallest first */
	unsigned int nr;	/* queued */
	uint64_t min_vtime;	/* never goes back */
	uint64_t accounted;	/* ns up to which current was charged */
	struct timer slice;	/* armed while somebody waits */
};

/* --- masks ------------------------------------------------------------------ */

static bool allowed(const struct vcpu *v, unsigned int cpu)
{
	return bit_test(v->affinity.w, cpu);
}

bool vcpu_runnable(const struct vcpu *v)
{
	return !__atomic_load_n(&v->blocked, __ATOMIC_SEQ_CST) && !v->down &&
	       !__atomic_load_n(&v->pause_count, __ATOMIC_SEQ_CST) &&
	       !__atomic_load_n(&v->domain->pause_count, __ATOMIC_SEQ_CST);
}

static bool is_idle(const struct vcpu *v)
{
	return v->domain == idle_domain;
}

/* --- runstates --------------------------------------------------------------- */

static void runstate_set(struct vcpu *v, uint32_t state, uint64_t now)
{
	v->runstate.time[v->runstate.state] += now - v->runstate.entry;
	v->runstate.entry = now;
	v->runstate.state = state;
}

static uint32_t resting_state(const struct vcpu *v)
{
	if (v->blocked)
		return RUNSTATE_blocked;
	return vcpu_runnable(v) ? RUNSTATE_runnable : RUNSTATE_offline;
}

void vcpu_runstate_get(const struct vcpu *v, struct vcpu_runstate_info *out)
{
	uint64_t now = now_ns();

	out->state = (int)v->runstate.state;
	out->state_entry_time = v->runstate.entry;
	memcpy(out->time, v->runstate.time, sizeof(out->time));
	if (now > v->runstate.entry)
		out->time[v->runstate.state] += now - v->runstate.entry;
}

uint64_t vcpu_cpu_time(const struct vcpu *v)
{
	struct vcpu_runstate_info info;

	vcpu_runstate_get(v, &info);
	return info.time[RUNSTATE_running];
}

/*
 * The guest reads its area without a lock: with the update flag of vm_assist
 * the top bit of state_entry_time says "being written" (xen/vcpu.h).
 */
static void runstate_publish(struct vcpu *v)
{
	const unsigned int entry_off =
		offsetof(struct vcpu_runstate_info, state_entry_time);
	struct vcpu_runstate_info info;
	bool flag = v->domain->vm_assist & (1u << VMASST_TYPE_runstate_update_flag);
	uint64_t entry;

	if (!v->runstate_area.page[0])
		return;
	info.state = (int)v->runstate.state;
	info.state_entry_time = v->runstate.entry;
	memcpy(info.time, v->runstate.time, sizeof(info.time));
	entry = info.state_entry_time;
	if (flag) {
		info.state_entry_time |= XEN_RUNSTATE_UPDATE;
		area_write(&v->runstate_area, entry_off, &info.state_entry_time,
			   sizeof(uint64_t));
		__atomic_thread_fence(__ATOMIC_RELEASE);
	}
	area_write(&v->runstate_area, 0, &info, sizeof(info));
	if (flag) {
		__atomic_thread_fence(__ATOMIC_RELEASE);
		area_write(&v->runstate_area, entry_off, &entry, sizeof(uint64_t));
	}
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

static void enqueue_locked(struct runqueue *rq, struct vcpu *v)
{
	struct list *at = &rq->queue;

	list_for_each(p, &rq->queue) {
		if (list_entry(p, struct vcpu, rq_link)->vtime > v->vtime) {
			at = p;
			break;
		}
	}
	list_add_before(at, &v->rq_link);
	v->queued = true;
	rq->nr++;
}

static void dequeue_locked(struct runqueue *rq, struct vcpu *v)
{
	list_del(&v->rq_link);
	v->queued = false;
	rq->nr--;
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
	uint64_t least;

	if (!is_idle(v) && now > rq->accounted)
		v->vtime += (now - rq->accounted) * 256 / v->domain->weight;
	rq->accounted = now;

	least = is_idle(v) ? UINT64_MAX : v->vtime;
	if (!list_empty(&rq->queue))
		least = MIN(least, list_first(&rq->queue, struct vcpu, rq_link)->vtime);
	if (least != UINT64_MAX && least > rq->min_vtime)
		rq->min_vtime = least;
}

/* --- where to run --------------------------------------------------------------- */

static bool cpu_is_free(unsigned int cpu)
{
	return is_idle(cpus[cpu]->vcpu) && !cpus[cpu]->rq->nr;
}

/* Its own CPU when that is free, then any free one, then the shortest queue. */
static unsigned int pick_cpu(const struct vcpu *v)
{
	unsigned int best = nr_cpus;

	if (allowed(v, v->cpu) && cpu_is_free(v->cpu))
		return v->cpu;
	for_each_cpu(cpu) {
		if (!allowed(v, cpu))
			continue;
		if (cpu_is_free(cpu))
			return cpu;
		if (best == nr_cpus || cpus[cpu]->rq->nr < cpus[best]->rq->nr)
			best = cpu;
	}
	BUG_ON(best == nr_cpus);
	return best;
}

/* Moves a vCPU that is neither queued nor running; its queue is locked. */
static struct runqueue *move_locked(struct runqueue *from, struct vcpu *v,
				    unsigned int cpu)
{
	struct runqueue *to = cpus[cpu]->rq;
	uint64_t lead;

	if (to == from)
		return from;
	lead = v->vtime > from->min_vtime ? v->vtime - from->min_vtime : 0;
	__atomic_store_n(&v->cpu, cpu, __ATOMIC_RELAXED);
	spin_unlock(&from->lock);
	spin_lock(&to->lock);
	/* Somebody may have woken and moved it between the two locks. */
	if (v->cpu == cpu && !v->queued && !v->running)
		v->vtime = to->min_vtime + lead;
	return to;
}

void sched_wake(struct vcpu *v)
{
	struct runqueue *rq = lock_queue_of(v);
	unsigned int cpu;

	if (v->queued || __atomic_load_n(&v->running, __ATOMIC_SEQ_CST) ||
	    !vcpu_runnable(v)) {
		spin_unlock(&rq->lock);
		return;
	}
	cpu = pick_cpu(v);
	rq = move_locked(rq, v, cpu);
	if (v->cpu != cpu || v->queued || v->running) {
		spin_unlock(&rq->lock);
		return;
	}
	if (v->vtime + SCHED_SLICE_NS < rq->min_vtime)
		v->vtime = rq->min_vtime - SCHED_SLICE_NS;
	runstate_set(v, RUNSTATE_runnable, now_ns());
	enqueue_locked(rq, v);
	spin_unlock(&rq->lock);
	kick_resched(cpus[cpu]);
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
		struct vcpu *next = list_first(&rq->queue, struct vcpu, rq_link);

		v->vtime = MAX(v->vtime, next->vtime + GRANULARITY_NS);
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

int sched_set_affinity(struct vcpu *v, const struct cpumask *mask)
{
	struct runqueue *rq;
	bool move = false;

	if (bit_find_first(mask->w, nr_cpus) == nr_cpus)
		return -EINVAL;
	rq = lock_queue_of(v);
	v->affinity = *mask;
	if (!allowed(v, v->cpu)) {
		if (v->queued) {
			dequeue_locked(rq, v);
			move = true;
		} else if (v->running) {
			kick_resched(cpus[v->cpu]);
		}
	}
	spin_unlock(&rq->lock);
	if (move)
		sched_wake(v);
	return 0;
}

/* --- switching -------------------------------------------------------------------- */

/* Another CPU's waiting vCPU that may run here, taken off its queue. */
static struct vcpu *steal_from(struct runqueue *rq, struct cpu *c)
{
	list_for_each(p, &rq->queue) {
		struct vcpu *v = list_entry(p, struct vcpu, rq_link);

		if (v->running || !allowed(v, c->id))
			continue;
		dequeue_locked(rq, v);
		v->vtime = c->rq->min_vtime;
		v->running = true;
		__atomic_store_n(&v->cpu, c->id, __ATOMIC_RELAXED);
		return v;
	}
	return NULL;
}

static struct vcpu *steal(struct cpu *c)
{
	for (unsigned int i = 1; i < nr_cpus; i++) {
		struct runqueue *rq = cpus[(c->id + i) % nr_cpus]->rq;
		struct vcpu *v = NULL;

		if (!rq->nr || !spin_trylock(&rq->lock))
			continue;
		v = steal_from(rq, c);
		spin_unlock(&rq->lock);
		if (v)
			return v;
	}
	return NULL;
}

/* The current vCPU goes on unless it may not, or somebody is due before it. */
static bool keeps_cpu(const struct cpu *c, const struct vcpu *prev, uint64_t now)
{
	const struct vcpu *first;

	if (is_idle(prev) || !vcpu_runnable(prev) || !allowed(prev, c->id))
		return false;
	if (list_empty(&c->rq->queue))
		return true;
	first = list_first(&c->rq->queue, struct vcpu, rq_link);
	if (now >= prev->slice_end)
		return prev->vtime < first->vtime;
	return prev->vtime <= first->vtime + GRANULARITY_NS;
}

static struct vcpu *pick_next_locked(struct cpu *c, struct vcpu *prev)
{
	struct runqueue *rq = c->rq;
	struct vcpu *next;

	if (!is_idle(prev) && vcpu_runnable(prev) && allowed(prev, c->id))
		enqueue_locked(rq, prev);
	if (list_empty(&rq->queue))
		return c->idle;
	next = list_first(&rq->queue, struct vcpu, rq_link);
	dequeue_locked(rq, next);
	next->running = true;
	return next;
}

static void arm_slice(struct cpu *c, uint64_t now)
{
	struct runqueue *rq = c->rq;

	if (!rq->nr || is_idle(c->vcpu)) {
		timer_stop(&rq->slice);
		return;
	}
	if (!rq->slice.armed)
		timer_set(&rq->slice, MAX(c->vcpu->slice_end, now + 1));
}

/* Gives the CPU from @prev to @next; both are marked running. */
static void switch_to(struct cpu *c, struct vcpu *prev, struct vcpu *next, uint64_t now)
{
	if (!is_idle(prev)) {
		runstate_set(prev, resting_state(prev), now);
		arch_vcpu_save(prev);
	}
	c->vcpu = next;
	next->slice_end = now + SCHED_SLICE_NS;
	timer_stop(&c->rq->slice);
	if (!is_idle(next)) {
		runstate_set(next, RUNSTATE_running, now);
		arch_vcpu_load(next);
		runstate_publish(next);
	}
	if (is_idle(prev))
		return;
	__atomic_store_n(&prev->running, false, __ATOMIC_SEQ_CST);
	if (!prev->queued && vcpu_runnable(prev))
		sched_wake(prev);
}

struct vcpu *schedule(void)
{
	struct cpu *c = this_cpu();
	struct vcpu *prev = c->vcpu, *next;
	uint64_t now = now_ns();

	__atomic_store_n(&c->need_resched, false, __ATOMIC_SEQ_CST);
	spin_lock(&c->rq->lock);
	charge_locked(c, now);
	if (keeps_cpu(c, prev, now)) {
		if (now >= prev->slice_end)
			prev->slice_end = now + SCHED_SLICE_NS;
		next = prev;
	} else {
		next = pick_next_locked(c, prev);
	}
	spin_unlock(&c->rq->lock);
	if (next == c->idle) {
		struct vcpu *stolen = steal(c);

		if (stolen)
			next = stolen;
	}
	if (next != prev)
		switch_to(c, prev, next, now);
	arm_slice(c, now);
	return next;
}

/* --- set-up --------------------------------------------------------------------------- */

static void slice_over(void *data)
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
	timer_init(&c->rq->slice, slice_over, c);
	c->rq->accounted = now_ns();
}

void sched_init_vcpu(struct vcpu *v)
{
	for (unsigned int i = 0; i < CPUMASK_WORDS; i++)
		v->affinity.w[i] = v->soft_affinity.w[i] = ~0ull;
	v->cpu = (v->domain->id + v->id) % nr_cpus;
	v->vtime = cpus[v->cpu]->rq->min_vtime;
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
}

/*
 * Timers in one sorted list per CPU. The hardware is set to the first expiry;
 * its interrupt only marks the CPU (timer_programmed = TIMER_DUE), the work is
 * done by timer_run() in the CPU's loop. Lock: cpu->timer_lock.
 */
#include <hv/arch.h>
#include <hv/lib.h>
#include <hv/timer.h>

void timer_init(struct timer *t, void (*fn)(void *data), void *data)
{
	*t = (struct timer){.fn = fn, .data = data};
	list_init(&t->link);
}

static uint64_t first_expiry(const struct cpu *c)
{
	if (list_empty(&c->timers))
		return UINT64_MAX;
	return list_first(&c->timers, struct timer, link)->expires;
}

static void program_locked(struct cpu *c)
{
	uint64_t next = first_expiry(c);

	ASSERT(spin_is_locked(&c->timer_lock));
	if (next == c->timer_programmed)
		return;
	c->timer_programmed = next;
	arch_timer_program(next);
}

static void insert_locked(struct cpu *c, struct timer *t)
{
	struct list *at = &c->timers;

	/* After those that expire at the same time: first come, first run. */
	for (at = c->timers.next; at != &c->timers; at = at->next)
		if (list_entry(at, struct timer, link)->expires > t->expires)
			break;
	list_add_before(at, &t->link);
}

void timer_set(struct timer *t, uint64_t expires)
{
	struct cpu *c = this_cpu();

	timer_stop(t);
	LOCKED(&c->timer_lock);
	t->expires = expires;
	t->cpu = c->id;
	t->armed = true;
	insert_locked(c, t);
	if (c->timer_programmed != TIMER_DUE)
		program_locked(c);
}

void timer_stop(struct timer *t)
{
	while (__atomic_load_n(&t->armed, __ATOMIC_ACQUIRE)) {
		unsigned int cpu = __atomic_load_n(&t->cpu, __ATOMIC_RELAXED);
		struct cpu *c = cpus[cpu];

		spin_lock(&c->timer_lock);
		/* It may have fired, and been armed elsewhere, meanwhile. */
		if (t->armed && t->cpu == cpu) {
			list_del(&t->link);
			t->armed = false;
		}
		spin_unlock(&c->timer_lock);
	}
}

void timer_kill(struct timer *t)
{
	do {
		struct cpu *c = cpus[t->cpu];

		timer_stop(t);
		while (c && c != this_cpu() &&
		       __atomic_load_n(&c->timer_running, __ATOMIC_ACQUIRE) == t)
			arch_relax();
	} while (__atomic_load_n(&t->armed, __ATOMIC_ACQUIRE));
}

/* Takes the first timer that is due off the list. */
static struct timer *take_due_locked(struct cpu *c, uint64_t now)
{
	struct timer *t;

	if (first_expiry(c) > now)
		return NULL;
	t = list_first(&c->timers, struct timer, link);
	list_del(&t->link);
	__atomic_store_n(&c->timer_running, t, __ATOMIC_RELAXED);
	/* After timer_running, so that timer_kill() sees one or the other. */
	__atomic_store_n(&t->armed, false, __ATOMIC_RELEASE);
	return t;
}

static void run_due(struct cpu *c)
{
	uint64_t now = now_ns();
	struct timer *t;

	spin_lock(&c->timer_lock);
	while ((t = take_due_locked(c, now))) {
		void (*fn)(void *) = t->fn;
		void *data = t->data;

		spin_unlock(&c->timer_lock);
		fn(data);
		__atomic_store_n(&c->timer_running, NULL, __ATOMIC_RELEASE);
		spin_lock(&c->timer_lock);
	}
	program_locked(c);
	spin_unlock(&c->timer_lock);
}

/* On every exit: so the look is all that an exit pays for. */
void timer_run(void)
{
	struct cpu *c = this_cpu();

	if (c->timer_programmed == TIMER_DUE)
		run_due(c);
}

uint64_t timer_next(void)
{
	struct cpu *c = this_cpu();
	uint64_t next;

	LOCKED(&c->timer_lock);
	next = first_expiry(c);
	return next;
}

/*
 * The scheduler's own source (core/sched.c, sched_cap.c, sched_share.c, timer.c) in a simulated
 * machine: CPUs that run in turn, time that jumps to the next thing that happens,
 * vCPUs that compute, sleep and wake. Random and hand-made loads; after every step and
 * at the end properties that docs/SCHEDULER.md promises are checked:
 *   sane             a vCPU is on one queue, on one CPU, or nowhere; queues are sorted
 *   work-conserving  no CPU is idle while somebody who may run there waits
 *   weight-fair      CPU time is that of the weighted ideal under the caps, to 2 % of it
 *   capped           no domain gets more than its cap, nor under 98 % of it if it wants
 *   not starving     who wants to run does so within the time its weight gives it
 *   told             a CPU's idle time is the time in which nobody ran on it
 *   quick            who sleeps most of the time runs soon after it wakes
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <hv/arch.h>
#include <hv/bitops.h>
#include <hv/lib.h>
#include <hv/page.h>
#include <hv/sched.h>
#include <hv/trace.h>

#define MS		1000000ull
#define S		1000000000ull
#define CPUS_MAX	8u
#define VCPUS_MAX	4u
#define DOMAINS_MAX	8u
#define FOREVER		UINT64_MAX

struct arch_vcpu {
	uint64_t burst, sleep;		/* computes so long, sleeps so long */
	bool random;			/* each time another length up to that */
	uint64_t left;			/* of this burst */
	uint64_t wake_at;		/* FOREVER: awake */
	uint64_t ran, woken, wants_since, latency, gap;
	bool wants;			/* awake and not on a CPU */
	bool loaded;			/* its registers are in a CPU */
};

static struct cpu machine[CPUS_MAX];
static struct domain *doms[DOMAINS_MAX];
static unsigned int doms_nr, cur;
static uint64_t idled[CPUS_MAX];
static uint64_t now = S, window_start[DOMAINS_MAX], window_ran[DOMAINS_MAX];
static uint32_t seed;

struct domain *idle_domain;
struct cpu *cpus[MAX_CPUS];
unsigned int nr_cpus;

/* --- what the scheduler needs of the rest ----------------------------- */

uint32_t trace_mask;

void trace_record(enum trace_event event, uint64_t a, uint64_t b)
{
}

struct cpu *this_cpu(void)
{
	return &machine[cur];
}

void cpu_kick(unsigned int cpu)
{
}

uint64_t now_ns(void)
{
	return now;
}

void arch_timer_program(uint64_t deadline_ns)
{
}

void arch_relax(void)
{
	fail_msg("a lock is waited for");
}

static uint32_t rnd(uint32_t below)
{
	seed = seed * 1664525 + 1013904223;
	return (uint32_t)((uint64_t)seed * below >> 32);
}

/* Switching takes time, in which other CPUs go on. */
static void meanwhile(void)
{
	static bool nested;
	unsigned int me = cur;

	if (nested || rnd(2))
		return;
	nested = true;
	cur = rnd(nr_cpus);
	if (cur != me)
		schedule();
	cur = me;
	nested = false;
}

void arch_vcpu_save(struct vcpu *v)
{
	assert_true(v->arch->loaded);
	meanwhile();
	v->arch->loaded = false;
}

void arch_vcpu_load(struct vcpu *v)
{
	assert_false(v->arch->loaded);
	v->arch->loaded = true;
	meanwhile();
}

bool arch_vcpu_event_pending(struct vcpu *v)
{
	return false;
}

void area_write(struct guest_area *a, unsigned int offset, const void *src,
		unsigned int len)
{
}

void *heap_alloc(size_t size)
{
	return calloc(1, size);
}

void panic(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	abort();
}

/* --- the machine ------------------------------------------------------ */

static void make_machine(unsigned int n)
{
	nr_cpus = n;
	cur = doms_nr = 0;
	memset(machine, 0, sizeof(machine));
	memset(idled, 0, sizeof(idled));
	idle_domain = calloc(1, sizeof(*idle_domain));
	idle_domain->weight = idle_domain->share = 1;
	for (unsigned int i = 0; i < n; i++) {
		struct cpu *c = cpus[i] = &machine[i];
		struct vcpu *v = calloc(1, sizeof(*v));

		c->id = v->id = v->cpu = i;
		c->timer_programmed = UINT64_MAX;
		list_init(&c->timers);
		v->domain = idle_domain;
		v->running = true;
		c->idle = c->vcpu = v;
		sched_init_cpu(c);
	}
}

static void end_machine(void)
{
	for (unsigned int i = 0; i < doms_nr; i++) {
		doms[i]->pause_count = 1;
		for_each_vcpu(doms[i], v)
			sched_sleep(v);
	}
	for (cur = 0; cur < nr_cpus; cur++)
		schedule();
	cur = 0;
	for (unsigned int i = 0; i < doms_nr; i++) {
		timer_kill(&doms[i]->cap_timer);
		for_each_vcpu(doms[i], v) {
			sched_destroy_vcpu(v);
			free(v->arch);
			free(v);
		}
		free(doms[i]->vcpu);
		free(doms[i]);
	}
	for (unsigned int i = 0; i < nr_cpus; i++) {
		free(machine[i].idle);
		free(machine[i].rq);
	}
	free(idle_domain);
}

static uint64_t length(const struct arch_vcpu *a, uint64_t of)
{
	return a->random ? 1 + of / 1000 * rnd(1000) : of;
}

/* All its vCPUs do the same: compute @burst, sleep @sleep (0: never). */
static struct domain *add(unsigned int vcpus, unsigned int weight, unsigned int cap,
			  uint64_t burst, uint64_t sleep)
{
	struct domain *d = calloc(1, sizeof(*d));

	d->id = (domid_t)(doms_nr + 1);
	d->max_vcpus = vcpus;
	d->vcpu = calloc(vcpus, sizeof(*d->vcpu));
	sched_init_domain(d);
	assert_int_equal(sched_set_params(d, weight, cap), 0);
	for (unsigned int i = 0; i < vcpus; i++) {
		struct vcpu *v = d->vcpu[i] = calloc(1, sizeof(*v));

		v->id = i;
		v->domain = d;
		list_init(&v->rq_link);
		v->arch = calloc(1, sizeof(*v->arch));
		v->arch->burst = burst;
		v->arch->sleep = sleep;
		v->arch->left = sleep ? burst : FOREVER;
		v->arch->wake_at = now + rnd(3000000);
		v->blocked = true;
		sched_init_vcpu(v);
	}
	window_start[doms_nr] = now;
	window_ran[doms_nr] = 0;
	doms[doms_nr++] = d;
	return d;
}

static void pin(struct domain *d, uint64_t mask)
{
	for_each_vcpu(d, v) {
		struct cpumask m = {{mask}};

		assert_int_equal(sched_set_affinity(v, &m), 0);
	}
}

/* --- properties at every moment --------------------------------------- */

struct queue_head {		/* the beginning of sched.c's struct runqueue */
	spinlock_t lock;
	struct list queue;
	unsigned int nr;
};

static void check_queue(const struct cpu *c)
{
	struct queue_head *rq = (struct queue_head *)c->rq;
	unsigned int n = 0;
	bool was_boosted = true, was_ahead = false;
	uint64_t last = 0;

	assert_false(spin_is_locked(&rq->lock));
	list_for_each(p, &rq->queue) {
		struct vcpu *v = list_entry(p, struct vcpu, rq_link);

		assert_true(v->queued && !v->running && v->cpu == c->id);
		assert_true(vcpu_runnable(v) && bit_test(v->affinity.w, c->id));
		assert_true(v->vtime >= last || was_boosted || (v->ahead && !was_ahead));
		assert_true(!v->boosted || was_boosted);
		assert_true(v->ahead || !was_ahead);
		was_boosted = v->boosted;
		was_ahead = v->ahead;
		last = v->vtime;
		n++;
		/* Work-conserving. */
		for_each_cpu(i)
			if (machine[i].vcpu == machine[i].idle &&
			    bit_test(v->affinity.w, i))
				fail_msg("CPU %u is idle, d%uv%u waits on %u (seed %u)", i,
					 v->domain->id, v->id, c->id, seed);
	}
	assert_int_equal(n, rq->nr);
}

static void check_now(void)
{
	for_each_cpu(i) {
		const struct vcpu *v = machine[i].vcpu;

		check_queue(&machine[i]);
		assert_int_equal(vcpu_cpu_time(machine[i].idle), idled[i]);
		if (v != machine[i].idle)
			assert_true(v->running && !v->queued && v->cpu == i &&
				    bit_test(v->affinity.w, i));
	}
	for (unsigned int i = 0; i < doms_nr; i++)
		for_each_vcpu(doms[i], v)
			assert_int_equal(v->queued || v->running, vcpu_runnable(v));
}

/* --- running it ------------------------------------------------------- */

static uint64_t timer_due(const struct cpu *c)
{
	return list_empty(&c->timers) ? FOREVER :
	       list_entry(c->timers.next, struct timer, link)->expires;
}

static uint64_t next_moment(void)
{
	uint64_t t = FOREVER;

	for_each_cpu(i) {
		const struct vcpu *v = machine[i].vcpu;

		t = MIN(t, timer_due(&machine[i]));
		if (v != machine[i].idle && v->arch->left != FOREVER)
			t = MIN(t, now + v->arch->left);
	}
	for (unsigned int i = 0; i < doms_nr; i++)
		for_each_vcpu(doms[i], v)
			t = MIN(t, v->arch->wake_at);
	return MAX(t, now);
}

/* A cap holds in each period: a whole one, and what may be carried into it. */
static void check_window(unsigned int i)
{
	struct domain *d = doms[i];
	uint64_t limit = SCHED_CAP_PERIOD_NS / 100 * d->cap;

	if (now - window_start[i] < 100 * MS)
		return;
	if (d->cap)
		assert_true(window_ran[i] <= limit * 11 + MS * d->max_vcpus);
	window_start[i] = now;
	window_ran[i] = 0;
}

static void pass(uint64_t ns)
{
	now += ns;
	for_each_cpu(i) {
		struct vcpu *v = machine[i].vcpu;

		if (v == machine[i].idle) {
			idled[i] += ns;
			continue;
		}
		v->arch->ran += ns;
		window_ran[v->domain->id - 1] += ns;
		if (v->arch->left != FOREVER)
			v->arch->left -= ns;
	}
	for (unsigned int i = 0; i < doms_nr; i++)
		check_window(i);
}

static void end_bursts(void)
{
	for (cur = 0; cur < nr_cpus; cur++) {
		struct vcpu *v = machine[cur].vcpu;

		if (v == machine[cur].idle || v->arch->left)
			continue;
		sched_block();
		v->arch->wake_at = now + length(v->arch, v->arch->sleep);
	}
	cur = 0;
}

static void wake_ups(void)
{
	for (unsigned int i = 0; i < doms_nr; i++) {
		for_each_vcpu(doms[i], v) {
			if (v->arch->wake_at > now)
				continue;
			v->arch->wake_at = FOREVER;
			if (v->arch->sleep)
				v->arch->left = 1 + length(v->arch, v->arch->burst);
			v->arch->woken = now;
			cur = rnd(nr_cpus);
			vcpu_kick(v);
		}
	}
	cur = 0;
}

/* Every CPU goes through its loop until none wants to any more. */
static void settle(void)
{
	unsigned int rounds = 0;
	bool again;

	do {
		again = false;
		assert_true(++rounds < 1000);
		for (cur = 0; cur < nr_cpus; cur++) {
			struct cpu *c = &machine[cur];
			bool due = timer_due(c) <= now;

			again |= due || c->need_resched;
			if (due) {
				c->timer_programmed = TIMER_DUE;
				timer_run();
			}
			if (c->need_resched)
				schedule();
		}
	} while (again);
	cur = 0;
}

static void measure(struct vcpu *v)
{
	struct arch_vcpu *a = v->arch;
	bool wants = vcpu_runnable(v) && !v->running;

	if (v->running && a->woken) {
		a->latency = MAX(a->latency, now - a->woken);
		a->woken = 0;
	}
	if (wants && !a->wants)
		a->wants_since = now;
	if (!wants && a->wants)
		a->gap = MAX(a->gap, now - a->wants_since);
	a->wants = wants;
}

static void run(uint64_t ns)
{
	uint64_t end = now + ns, step = 0;

	while (now < end) {
		pass(MIN(next_moment(), end) - now);
		end_bursts();
		wake_ups();
		settle();
		check_now();
		for (unsigned int i = 0; i < doms_nr; i++)
			for_each_vcpu(doms[i], v)
				measure(v);
		assert_true(++step < 50000000);
	}
}

static uint64_t ran(const struct domain *d)
{
	uint64_t sum = 0;

	for_each_vcpu(d, v)
		sum += v->arch->ran;
	return sum;
}

static void forget(void)
{
	for (unsigned int i = 0; i < doms_nr; i++)
		for_each_vcpu(doms[i], v)
			v->arch->ran = v->arch->latency = v->arch->gap = 0;
}

/* --- the ideal: weighted max-min shares, nobody over one CPU, nor over the cap --- */

static void ideal(double *share)
{
	bool fixed[DOMAINS_MAX] = {false};
	double cpu_left = nr_cpus;

	for (;;) {
		double weights = 0, level;
		bool changed = false;

		for (unsigned int i = 0; i < doms_nr; i++)
			if (!fixed[i])
				weights += (double)doms[i]->weight * doms[i]->max_vcpus;
		level = weights > 0 ? cpu_left / weights : 0;
		for (unsigned int i = 0; i < doms_nr; i++) {
			double most = doms[i]->max_vcpus;
			double w = (double)doms[i]->weight * doms[i]->max_vcpus;

			if (doms[i]->cap)
				most = MIN(most, doms[i]->cap / 100.0);
			if (fixed[i] || w * level < most)
				continue;
			share[i] = most;
			fixed[i] = changed = true;
			cpu_left -= most;
		}
		if (changed)
			continue;
		for (unsigned int i = 0; i < doms_nr; i++)
			if (!fixed[i])
				share[i] = (double)doms[i]->weight *
					   doms[i]->max_vcpus * level;
		return;
	}
}

/* Off by no more than @percent of the share, and @slices. */
static void check_near(uint64_t ns, double percent, unsigned int slices)
{
	double share[DOMAINS_MAX], slack = (double)(slices * SCHED_SLICE_NS) / (double)ns;

	ideal(share);
	for (unsigned int i = 0; i < doms_nr; i++) {
		double got = (double)ran(doms[i]) / (double)ns;
		double tolerance = share[i] * percent / 100 + slack;

		if (got < share[i] - tolerance || got > share[i] + tolerance)
			fail_msg("domain %u of %u on %u CPUs: weight %u, cap %u, %u vCPUs: "
				 "got %.4f, ideal %.4f (seed %u)", i, doms_nr, nr_cpus,
				 doms[i]->weight, doms[i]->cap, doms[i]->max_vcpus, got,
				 share[i], seed);
	}
}

/* --- hand-made loads --- */

static void three_on_two(void **state)
{
	make_machine(2);
	for (int i = 0; i < 3; i++)
		add(1, 256, 0, 0, 0);
	run(S);
	forget();
	run(10 * S);
	check_near(10 * S, 1, 2);
	end_machine();
}

static void weights(void **state)
{
	make_machine(1);
	add(1, 256, 0, 0, 0);
	add(1, 512, 0, 0, 0);
	add(1, 1024, 0, 0, 0);
	add(1, 64, 0, 0, 0);
	run(10 * S);
	check_near(10 * S, 1, 2);
	end_machine();
}

/* One weight that cannot be satisfied must not upset the others. */
static void infeasible_weight(void **state)
{
	make_machine(2);
	add(1, 60000, 0, 0, 0);
	add(1, 256, 0, 0, 0);
	add(1, 128, 0, 0, 0);
	add(1, 128, 0, 0, 0);
	run(2 * S);
	forget();
	run(10 * S);
	check_near(10 * S, 2, 2);
	end_machine();
}

static void caps(void **state)
{
	static const unsigned int values[] = {1, 5, 10, 33, 50, 99};

	for (unsigned int i = 0; i < ARRAY_SIZE(values); i++) {
		struct domain *d;

		make_machine(2);
		d = add(1 + i % 2, 256, values[i], 0, 0);
		add(1, 256, 0, 0, 0);
		run(100 * MS);
		forget();
		run(10 * S);
		/* 2 % of the cap, as the bench wants it. */
		assert_true(ran(d) <= S / 10 * values[i] * 102 / 100);
		assert_true(ran(d) >= S / 10 * values[i] * 98 / 100);
		end_machine();
	}
}

/* There is room for each if no more of the capped ones run at once than must. */
static void caps_leave_whole_cpus(void **state)
{
	make_machine(5);
	for (int i = 0; i < 3; i++)
		add(1, 400, 0, 0, 0);
	add(2, 663, 86, 0, 0);
	add(1, 760, 48, 0, 0);
	run(S);
	forget();
	run(10 * S);
	check_near(10 * S, 2, 2);
	end_machine();
}

/* Off again: the domain takes what there is. And nothing ticks for who is alone. */
static void cap_removed_and_no_tick(void **state)
{
	struct domain *d;

	make_machine(1);
	d = add(1, 256, 10, 0, 0);
	run(S);
	assert_int_equal(sched_set_params(d, 256, 0), 0);
	settle();
	forget();
	run(S);
	assert_int_equal(ran(d), S);
	assert_int_equal(timer_due(&machine[0]), FOREVER);
	assert_int_equal(sched_set_params(d, 0, 0), -EINVAL);
	assert_int_equal(sched_set_params(d, 256, 101), -EINVAL);
	end_machine();
}

/* An I/O vCPU (3 % of a CPU) among hogs runs within the granularity of its wake-up. */
static void wake_up_latency(void **state)
{
	struct domain *io[3];

	make_machine(2);
	for (int i = 0; i < 4; i++)
		add(1, 256, 0, 0, 0);
	for (int i = 0; i < 3; i++)
		io[i] = add(1, 256, 0, MS / 10, 3 * MS + (uint64_t)i * MS / 7);
	run(S);
	forget();
	run(10 * S);
	for (int i = 0; i < 3; i++) {
		assert_true(ran(io[i]) > S / 4);
		if (io[i]->vcpu[0]->arch->latency > MS)
			fail_msg("latency %lu us", io[i]->vcpu[0]->arch->latency / 1000);
	}
	end_machine();
}

/* However it sleeps and wakes, nobody gets more than a share and a slice. */
static void boost_is_bounded(void **state)
{
	for (uint64_t burst = MS / 4; burst <= 16 * MS; burst *= 2) {
		struct domain *hog, *cheat;

		make_machine(1);
		hog = add(1, 256, 0, 0, 0);
		cheat = add(1, 256, 0, burst, MS / 100);
		run(S);
		forget();
		run(10 * S);
		assert_true(ran(hog) >= 10 * S * 47 / 100);
		assert_true(ran(cheat) <= 10 * S * 53 / 100);
		assert_true(hog->vcpu[0]->arch->gap <= 2 * SCHED_SLICE_NS + MS);
		end_machine();
	}
}

static void soft_affinity(void **state)
{
	struct domain *a, *b;

	make_machine(4);
	a = add(1, 256, 0, 2 * MS, 5 * MS);
	b = add(1, 256, 0, 2 * MS, 7 * MS);
	memset(a->vcpu[0]->soft_affinity.w, 0, sizeof(struct cpumask));
	memset(b->vcpu[0]->soft_affinity.w, 0, sizeof(struct cpumask));
	bit_set(a->vcpu[0]->soft_affinity.w, 2);
	bit_set(b->vcpu[0]->soft_affinity.w, 3);
	for (int i = 0; i < 200; i++) {
		run(MS);
		for_each_cpu(cpu)
			assert_false((machine[cpu].vcpu == a->vcpu[0] && cpu != 2) ||
				     (machine[cpu].vcpu == b->vcpu[0] && cpu != 3));
	}
	end_machine();
}

/* --- random loads ----------------------------------------------------- */

static void random_hogs(void **state)
{
	for (uint32_t n = 0; n < 60; n++) {
		unsigned int domains;

		seed = n * 7919 + 1;
		make_machine(1 + rnd(6));
		domains = 1 + rnd(DOMAINS_MAX - 1);
		for (unsigned int i = 0; i < domains; i++) {
			unsigned int vcpus = 1 + rnd(VCPUS_MAX);

			add(vcpus, 64 + rnd(1000), 0, 0, 0);
		}
		run(2 * S);
		forget();
		run(10 * S);
		check_near(10 * S, 2, 2);
		end_machine();
	}
}

/*
 * Whatever the weights and caps: to 2 % over 10 s, and two slices, which is what counts
 * for who has next to nothing.
 */
static void random_shares(void **state)
{
	for (uint32_t n = 0; n < 100; n++) {
		unsigned int domains;

		seed = n * 7919 + 1;
		make_machine(1 + rnd(6));
		domains = 2 + rnd(DOMAINS_MAX - 2);
		for (unsigned int i = 0; i < domains; i++) {
			unsigned int vcpus = 1 + rnd(VCPUS_MAX);

			add(vcpus, 64 + rnd(1000),
			    rnd(2) ? 0 : 10 + rnd(100 * vcpus - 10), 0, 0);
		}
		run(2 * S);
		forget();
		run(10 * S);
		check_near(10 * S, 2, 2);
		end_machine();
	}
}

static void show_domains(void)
{
	printf("%u CPUs\n", nr_cpus);
	for (unsigned int i = 0; i < doms_nr; i++)
		for_each_vcpu(doms[i], v)
			printf("d%uv%u: weight %u, cap %u, burst %lu us, sleep %lu us, "
			       "affinity %lx, ran %llu ms\n", i, v->id, doms[i]->weight,
			       doms[i]->cap, v->arch->burst / 1000, v->arch->sleep / 1000,
			       v->affinity.w[0] & ((1u << nr_cpus) - 1), v->arch->ran / MS);
}

/* Nobody waits longer than the others' slices, or its cap, make it. */
static void check_starvation(void)
{
	for (unsigned int i = 0; i < doms_nr; i++) {
		for_each_vcpu(doms[i], v) {
			uint64_t weight = 0, bound;

			for (unsigned int j = 0; j < doms_nr; j++)
				weight += doms[j]->weight * doms[j]->max_vcpus;
			bound = (4 + 4 * weight / doms[i]->weight) * SCHED_SLICE_NS;
			if (v->arch->wants)
				v->arch->gap = MAX(v->arch->gap, now - v->arch->wants_since);
			if (v->arch->gap <= bound)
				continue;
			show_domains();
			fail_msg("d%uv%u waited %llu ms, bound %llu ms (seed %u)", i, v->id,
				 v->arch->gap / MS, bound / MS, seed);
		}
	}
}

static void random_everything(void **state)
{
	for (uint32_t n = 0; n < 150; n++) {
		unsigned int domains;

		seed = n * 104729 + 3;
		make_machine(1 + rnd(CPUS_MAX));
		domains = 1 + rnd(DOMAINS_MAX);
		for (unsigned int i = 0; i < domains; i++) {
			struct domain *d = add(1 + rnd(VCPUS_MAX), 32 + rnd(2000),
					       rnd(4) ? 0 : 10 + rnd(90),
					       MS / 20 + rnd(20000000),
					       rnd(3) ? MS / 20 + rnd(20000000) : 0);

			for_each_vcpu(d, v)
				v->arch->random = rnd(2);
			if (!rnd(3))
				pin(d, 1 + rnd((1u << nr_cpus) - 1));
		}
		for (int i = 0; i < 20; i++) {
			struct domain *d = doms[rnd(doms_nr)];

			run(100 * MS);
			if (!rnd(4))
				pin(d, 1 + rnd((1u << nr_cpus) - 1));
		}
		check_starvation();
		end_machine();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(three_on_two), cmocka_unit_test(weights),
		cmocka_unit_test(infeasible_weight), cmocka_unit_test(caps),
		cmocka_unit_test(caps_leave_whole_cpus),
		cmocka_unit_test(cap_removed_and_no_tick),
		cmocka_unit_test(wake_up_latency), cmocka_unit_test(boost_is_bounded),
		cmocka_unit_test(soft_affinity), cmocka_unit_test(random_hogs),
		cmocka_unit_test(random_everything), cmocka_unit_test(random_shares),
	};

	return cmocka_run_group_tests_name("scheduler", tests, NULL, NULL);
}

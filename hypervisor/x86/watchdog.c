/*
 * watchdog on the command line: each CPU watches its neighbour. A CPU that does not get
 * round its loop for LIMIT_NS, though it was kicked, is stuck in the hypervisor: an NMI
 * makes it say where (smp_nmi()), and the machine restarts. A CPU alone is not watched.
 */
#include <hv/boot.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/timer.h>

#include <x86/apic.h>
#include <x86/platform.h>
#include <x86/watchdog.h>

#define CHECK_NS	2000000000ull
#define LIMIT_NS	10000000000ull

static struct watch {
	struct timer timer;
	uint64_t beat, since;	/* of the neighbour: as last seen, when that was new */
} watches[MAX_CPUS];

static unsigned int victim = MAX_CPUS;

static void check(void *data)
{
	struct watch *w = data;
	const struct cpu *c = cpus[(this_cpu()->id + 1) % nr_cpus];
	uint64_t beat = __atomic_load_n(&c->arch->heartbeat, __ATOMIC_RELAXED);
	uint64_t now = now_ns();

	if (beat != w->beat) {
		w->beat = beat;
		w->since = now;
	}
	if (now - w->since > LIMIT_NS) {
		__atomic_store_n(&victim, c->id, __ATOMIC_SEQ_CST);
		lapic_nmi(c->arch->apic_id);
	}
	cpu_kick(c->id);	/* out of the guest, or out of sleep: one round */
	timer_set(&w->timer, now + CHECK_NS);
}

bool watchdog_is_stuck(void)
{
	return __atomic_load_n(&victim, __ATOMIC_SEQ_CST) == this_cpu()->id;
}

void watchdog_cpu_init(void)
{
	struct watch *w = &watches[this_cpu()->id];

	if (nr_cpus < 2 || !cmdline_bool("watchdog", false))
		return;
	w->since = now_ns();
	timer_init(&w->timer, check, w);
	timer_set(&w->timer, w->since + CHECK_NS);
}

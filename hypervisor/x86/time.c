/*
 * One linear clock for all CPUs: now_ns() is the TSC since entry, scaled as a
 * pvclock guest scales it. Where the TSC is not known to be invariant and equal
 * on all CPUs, a global maximum keeps time from running backwards. Each CPU's
 * local APIC timer wakes it for its first timer.
 */
#include <hv/arch.h>
#include <hv/boot.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/timer.h>

#include <x86/apic.h>
#include <x86/asm.h>
#include <x86/irq.h>
#include <x86/mce.h>
#include <x86/platform.h>
#include <x86/rtc.h>
#include <x86/smp.h>

#define NS_PER_S	1000000000ull
#define CPUID_POWER	0x80000007u
#define INVARIANT_TSC	(1u << 8)
#define PIT_CH0		0x40
#define PIT_CMD		0x43
#define PIT_CH0_MODE0	0x30	/* counts down once, then is silent */
#define DELAY_PORT	0x80	/* a read takes about 1 us on any machine */
#define TIMER_MAX_NS	4000000000ull
#define SYNC_ROUNDS	10000u

uint64_t tsc_khz;
bool tsc_reliable;
uint64_t lapic_timer_khz;
uint64_t wallclock_base_ns;

static uint32_t scale_mul;
static int8_t scale_shift;

/* scale_mul in [2^31, 2^32), so that no precision is given away. */
static void set_scale(void)
{
	uint64_t hz = tsc_khz * 1000;

	for (; hz > 2 * NS_PER_S; hz >>= 1)
		scale_shift--;
	for (; hz <= NS_PER_S; hz <<= 1)
		scale_shift++;
	scale_mul = (uint32_t)((NS_PER_S << 32) / hz);
}

void time_scale(uint32_t *mul, int8_t *shift)
{
	*mul = scale_mul;
	*shift = scale_shift;
}

uint64_t tsc_to_ns(uint64_t tsc)
{
	uint64_t delta = tsc - boot_info.entry_tsc;

	if ((int64_t)delta < 0)
		return 0;
	delta = scale_shift < 0 ? delta >> -scale_shift : delta << scale_shift;
	return (uint64_t)((unsigned __int128)delta * scale_mul >> 32);
}

/* The latest time any CPU was told, or @ns if that is later. */
static uint64_t never_back(uint64_t ns)
{
	static uint64_t latest;
	uint64_t seen = __atomic_load_n(&latest, __ATOMIC_RELAXED);

	while (seen < ns)
		if (__atomic_compare_exchange_n(&latest, &seen, ns, true,
						__ATOMIC_RELAXED,
						__ATOMIC_RELAXED))
			return ns;
	return seen;
}

uint64_t now_ns(void)
{
	uint64_t ns = tsc_to_ns(rdtsc());

	return tsc_reliable ? ns : never_back(ns);
}

void delay_us(unsigned int us)
{
	uint64_t start = rdtsc(), ticks = us * tsc_khz / 1000;

	if (!tsc_khz) {
		while (us--)
			inb(DELAY_PORT);
		return;
	}
	/* No PAUSE: on one emulated core it would cost a turn of every CPU. */
	while (rdtsc() - start < ticks)
		;
}

void arch_delay_ms(unsigned int ms)
{
	while (ms--)
		delay_us(1000);
}

void arch_timer_program(uint64_t deadline_ns)
{
	uint64_t now = now_ns();
	uint64_t ns = deadline_ns > now ? deadline_ns - now : 0;

	if (deadline_ns == UINT64_MAX) {
		lapic_timer_set(0);
		return;
	}
	ns = MIN(ns, TIMER_MAX_NS);	/* early: timer_run() sets it again */
	ns = ns * lapic_timer_khz / 1000000 + 1;
	lapic_timer_set((uint32_t)MIN(ns, UINT32_MAX));
}

static void timer_interrupt(unsigned int vector)
{
	this_cpu()->timer_programmed = TIMER_DUE;
	mce_report_nmis();
}

static void stop_pit(void)
{
	outb(PIT_CMD, PIT_CH0_MODE0);
	outb(PIT_CH0, 0xff);
	outb(PIT_CH0, 0xff);
}

void time_init(void)
{
	uint64_t now;

	stop_pit();
	clock_calibrate(&tsc_khz, &lapic_timer_khz);
	set_scale();
	tsc_reliable = cpuid(0x80000000, 0).a >= CPUID_POWER &&
		       (cpuid(CPUID_POWER, 0).d & INVARIANT_TSC);
	now = now_ns();
	wallclock_base_ns = rtc_read() * NS_PER_S;
	wallclock_base_ns -= MIN(wallclock_base_ns, now);
	irq_set_handler(VEC_TIMER, timer_interrupt);
}

/* --- are the TSCs of two CPUs the same? ------------------------------------- */

static struct {
	unsigned int arrived, left;
	uint64_t last;		/* some CPU's TSC, a moment ago */
	uint64_t behind;	/* largest step back that was seen */
} sync;

/*
 * Both CPUs of a pair wait until the other is here too. The counters only grow:
 * cleared between pairs, one could be cleared before the slower CPU saw it.
 */
static void meet(unsigned int *counter)
{
	unsigned int n = __atomic_add_fetch(counter, 1, __ATOMIC_SEQ_CST);
	unsigned int both = (n + 1) & ~1u;

	while (__atomic_load_n(counter, __ATOMIC_ACQUIRE) < both)
		arch_relax();
}

static void compare_tsc(void)
{
	meet(&sync.arrived);
	for (unsigned int i = 0; i < SYNC_ROUNDS; i++) {
		uint64_t seen = __atomic_load_n(&sync.last, __ATOMIC_ACQUIRE);
		uint64_t tsc;

		asm volatile("lfence" : : : "memory");
		tsc = rdtsc();
		if (tsc < seen && seen - tsc > sync.behind)
			sync.behind = seen - tsc;
		__atomic_store_n(&sync.last, tsc, __ATOMIC_RELEASE);
	}
	meet(&sync.left);
}

void tsc_sync_new_cpu(void)
{
	compare_tsc();
}

void tsc_sync_boot_cpu(void)
{
	compare_tsc();
	if (sync.behind) {
		log_warn("TSCs of the CPUs differ by %lu ticks; "
			 "time is read more slowly",
			 sync.behind);
		tsc_reliable = false;
	}
	sync.last = sync.behind = 0;
}

/*
 * How fast TSC and local APIC timer run, measured against a clock of known
 * frequency. A reading is the tightest of several, TSC on both sides, so that
 * an SMI or a busy emulator in between does not count.
 */
#include <hv/lib.h>
#include <hv/log.h>

#include <x86/acpi.h>
#include <x86/apic.h>
#include <x86/asm.h>
#include <x86/platform.h>
#include <x86/rtc.h>

#define PM_HZ	    3579545ull
#define PIT_HZ	    1193182ull
#define PIT_CH2	    0x42
#define PIT_CMD	    0x43
#define PIT_CH2_MODE0 0xb0	/* channel 2, 16 bits, count down once */
#define PIT_CH2_LATCH 0x80
#define PIT_GATE    0x61
#define GATE_ON	    0x01
#define GATE_SPEAKER 0x02

#define HPET_PERIOD  0x04
#define HPET_CONFIG  0x10
#define HPET_COUNTER 0xf0
#define HPET_ENABLE  1u
#define FS_PER_S     1000000000000000ull

#define READ_TRIES   8
#define DEAD_READS   100000u
#define PARTS_OF_S   25		/* measure for 40 ms: PIT wraps after 55 */

struct reading {
	uint64_t tsc, ref;
	uint32_t lapic;
};

static volatile uint8_t *hpet;

static uint64_t pm_start(void)
{
	return acpi.pm_tmr ? PM_HZ : 0;
}

static uint64_t pm_read(void)
{
	return inl(acpi.pm_tmr);
}

static uint64_t hpet_start(void)
{
	uint32_t period;

	if (!acpi.hpet_base)
		return 0;
	hpet = map_mmio(acpi.hpet_base, 0x400);
	period = *(volatile uint32_t *)(hpet + HPET_PERIOD);
	if (!period || period > 100000000)	/* HPET 1.0a 2.3.4 */
		return 0;
	*(volatile uint32_t *)(hpet + HPET_CONFIG) = HPET_ENABLE;
	return FS_PER_S / period;
}

static uint64_t hpet_read(void)
{
	return *(volatile uint32_t *)(hpet + HPET_COUNTER);
}

static uint64_t pit_start(void)
{
	outb(PIT_GATE, (uint8_t)((inb(PIT_GATE) & ~GATE_SPEAKER) | GATE_ON));
	outb(PIT_CMD, PIT_CH2_MODE0);
	outb(PIT_CH2, 0xff);
	outb(PIT_CH2, 0xff);
	return PIT_HZ;
}

static uint64_t pit_read(void)
{
	unsigned int lo;

	outb(PIT_CMD, PIT_CH2_LATCH);
	lo = inb(PIT_CH2);
	return 0xffff - (lo | (unsigned int)inb(PIT_CH2) << 8);
}

static const struct clock {
	const char *name;
	uint64_t mask;
	uint64_t (*start)(void);	/* its frequency; 0: not there */
	uint64_t (*read)(void);
} clocks[] = {
	{"PM timer", 0xffffff, pm_start, pm_read},
	{"HPET", 0xffffffff, hpet_start, hpet_read},
	{"PIT", 0xffff, pit_start, pit_read},
};

static struct reading read_best(const struct clock *c)
{
	struct reading best = {0};
	uint64_t width = UINT64_MAX;

	for (int i = 0; i < READ_TRIES; i++) {
		uint64_t before = rdtsc(), ref = c->read();
		uint32_t lapic = lapic_timer_count();
		uint64_t after = rdtsc();

		if (after - before < width) {
			width = after - before;
			best = (struct reading){before + width / 2, ref, lapic};
		}
	}
	return best;
}

static bool runs(const struct clock *c)
{
	uint64_t first = c->read();

	for (unsigned int i = 0; i < DEAD_READS; i++)
		if (c->read() != first)
			return true;
	return false;
}

static void measure(const struct clock *c, uint64_t hz, uint64_t *tsc, uint64_t *lapic)
{
	struct reading a, b;
	uint64_t ref;

	lapic_timer_set(UINT32_MAX);
	a = read_best(c);
	do {
		b = read_best(c);
		ref = (b.ref - a.ref) & c->mask;
	} while (ref < hz / PARTS_OF_S);
	lapic_timer_set(0);
	*tsc = (b.tsc - a.tsc) * hz / (ref * 1000);
	*lapic = (uint64_t)(a.lapic - b.lapic) * hz / (ref * 1000);
}

void clock_calibrate(uint64_t *tsc, uint64_t *lapic)
{
	for (size_t i = 0; i < ARRAY_SIZE(clocks); i++) {
		const struct clock *c = &clocks[i];
		uint64_t hz = c->start();

		if (!hz)
			continue;
		if (!runs(c)) {
			log_warn("%s stands still; not used", c->name);
			continue;
		}
		measure(c, hz, tsc, lapic);
		log_info("TSC %lu.%03lu MHz, local APIC timer %lu.%03lu MHz "
			 "(by %s)",
			 *tsc / 1000, *tsc % 1000, *lapic / 1000, *lapic % 1000,
			 c->name);
		if (*tsc && *lapic)
			return;
	}
	machine_refuse("no clock to measure time with",
		       "PM timer, HPET and PIT do not run",
		       "enable HPET in the firmware's set-up");
}

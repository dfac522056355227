/*
 * The second vCPU by INIT-SIPI-SIPI: real-mode start, its own ids, IPIs both
 * ways, INIT while it runs, start again. Stray STARTUP messages do nothing.
 */
#include "guest.h"

#define VECTOR 0x60

static volatile unsigned int ipis[MAX_CPUS];
static volatile uint32_t seen_id, seen_vcpu;
static volatile bool go;

static void on_ipi(struct trap_frame *f)
{
	(void)f;
	ipis[this_cpu()->id]++;
	apic_eoi();
}

static void tell_ids(void *arg)
{
	uint32_t r[4];

	(void)arg;
	cpuid(1, 0, r);
	seen_id = r[1] >> 24;
	cpuid(hv_base + 4, 0, r);
	seen_vcpu = r[1];
}

/* Takes one IPI, sends one back. */
static void ping_pong(void *arg)
{
	(void)arg;
	apic_write(0xf0, 0x1ff);
	go = true;
	while (!ipis[1])
		irq_wait();
	apic_icr(0, 0x4000 | VECTOR);
}

static void spin(void *arg)
{
	(void)arg;
	go = true;
	for (;;)
		cpu_pause();
}

static void test_ids(void)
{
	CHECK(cpu_start(1, tell_ids, NULL));
	CHECK(WAIT_FOR(cpu_done(1), 2000));
	EXPECT(seen_id, 2);
	EXPECT(seen_vcpu, 1);
}

static void test_ipi(void)
{
	go = false;
	irq_set(VECTOR, on_ipi);
	apic_write(0xf0, 0x1ff);
	CHECK(cpu_start(1, ping_pong, NULL));
	CHECK(WAIT_FOR(go, 2000));
	apic_icr(apic_is_x2() ? 2 : 2 << 24, 0x4000 | VECTOR);
	irq_enable();
	CHECK(WAIT_FOR(ipis[0], 2000));
	irq_disable();
	EXPECT(ipis[1], 1);
}

/* INIT stops a running vCPU; it can be started anew. */
static void test_init_running(void)
{
	go = false;
	CHECK(cpu_start(1, spin, NULL));
	CHECK(WAIT_FOR(go, 2000));
	CHECK(cpu_start(1, tell_ids, NULL));
	CHECK(WAIT_FOR(cpu_done(1), 2000));
}

static void test_stray(void)
{
	unsigned int i;

	for (i = 3; i < 255; i++) {
		uint32_t dest = apic_is_x2() ? i : i << 24;

		apic_icr(dest, 0x4600 | 0x99); /* STARTUP */
		apic_icr(dest, 0x4400);	       /* NMI */
		apic_icr(dest, 0x4000 | VECTOR);
	}
	apic_icr(0, 0x4600 | 0x99); /* STARTUP to ourselves: we run, so nothing */
}

static void ignore(struct trap_frame *f)
{
	(void)f;
}

void test_main(void)
{
	irq_set(2, ignore);
	RUN(test_ids);
	RUN(test_ipi);
	RUN(test_init_running);
	RUN(test_stray);
}

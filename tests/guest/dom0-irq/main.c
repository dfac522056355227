/*
 * Interrupts of devices as the control domain programs them: MSI and INTx of QEMU's
 * "edu" device, MSI-X of an e1000e. What was written reads back, each interrupt is the
 * vector that was asked for on the vCPU that was asked for, a level comes again until
 * the device is quiet, a mask holds, and a storm is held back (irq_limit=2000) without
 * its last interrupt being lost. Skipped where there is no such device.
 */
#include "guest.h"

#define EDU	  0x11e81234
#define E1000E	  0x10d38086
#define EDU_RAISE (0x60 / 4)
#define EDU_ACK	  (0x64 / 4)
#define VECTOR	  0x71
#define IOAPIC	  ((volatile uint32_t *)0xfec00000)

static volatile unsigned int hits[MAX_CPUS], last_vector;
static volatile uint32_t *edu, *nic;
static uint32_t edu_fn, nic_fn;
static bool quiet_in_handler;

static uint32_t cfg_read(uint32_t fn, unsigned int reg)
{
	outl(0xcf8, 0x80000000 | fn << 8 | reg);
	return inl(0xcfc);
}

static void cfg_write(uint32_t fn, unsigned int reg, uint32_t val)
{
	outl(0xcf8, 0x80000000 | fn << 8 | reg);
	outl(0xcfc, val);
}

/* The function on bus 0 with this id, its registers mapped, bus mastering on. */
static volatile uint32_t *find(uint32_t id, uint32_t *fn)
{
	for (*fn = 0; *fn < 256; *fn += 8) {
		if (cfg_read(*fn, 0) != id)
			continue;
		cfg_write(*fn, 4, 6);
		return (volatile uint32_t *)(uint64_t)(cfg_read(*fn, 0x10) & ~15u);
	}
	return NULL;
}

static unsigned int capability(uint32_t fn, uint8_t id)
{
	unsigned int at = cfg_read(fn, 0x34) & 0xfc;

	while (at && (cfg_read(fn, at) & 0xff) != id)
		at = cfg_read(fn, at) >> 8 & 0xfc;
	return at;
}

static void on_irq(struct trap_frame *f)
{
	hits[this_cpu()->id]++;
	last_vector = (unsigned int)f->vector;
	if (quiet_in_handler)
		edu[EDU_ACK] = ~0u;
	apic_eoi();
}

static void take(void)
{
	irq_enable();
	cpu_pause();
	irq_disable();
}

/* One more on vCPU 0, by this vector, within a second; and no second one. */
static void expect_one(unsigned int vector)
{
	unsigned int before = hits[0];

	CHECK(WAIT_FOR((take(), hits[0] != before), 1000));
	EXPECT(hits[0], before + 1);
	EXPECT(last_vector, vector);
	take();
	EXPECT(hits[0], before + 1);
}

static void expect_none(void)
{
	unsigned int before = hits[0];
	uint64_t end = now_ns() + 20000000;

	while (now_ns() < end)
		take();
	EXPECT(hits[0], before);
}

static void raise(void)
{
	edu[EDU_RAISE] = 1;
}

static void serve(void *arg)
{
	apic_write(0xf0, 0x1ff);
	while (!hits[1])
		irq_wait();
}

/* --- MSI ------------------------------------------------------------------------- */

static void msi_set(unsigned int cap, uint32_t dest, uint32_t vector)
{
	cfg_write(edu_fn, cap + 4, 0xfee00000 | dest << 12);
	cfg_write(edu_fn, cap + 8, 0);
	cfg_write(edu_fn, cap + 12, vector);
	cfg_write(edu_fn, cap, cfg_read(edu_fn, cap) | 0x10000);
}

static void test_msi(void)
{
	unsigned int cap = capability(edu_fn, 5);

	msi_set(cap, 0, VECTOR);
	EXPECT(cfg_read(edu_fn, cap + 4), 0xfee00000);
	EXPECT(cfg_read(edu_fn, cap + 12) & 0xffff, VECTOR);
	raise();
	expect_one(VECTOR);
	cfg_write(edu_fn, cap + 12, VECTOR + 1);
	raise();
	expect_one(VECTOR + 1);
	CHECK(cpu_start(1, serve, NULL));
	cfg_write(edu_fn, cap + 4, 0xfee02000);
	/* It may not listen yet: until then nothing takes it. */
	CHECK(WAIT_FOR((raise(), hits[1] != 0), 2000));
	CHECK(WAIT_FOR(cpu_done(1), 2000));
	expect_none();
	cfg_write(edu_fn, cap + 12, 0x400 | VECTOR);	/* an NMI: not let through */
	raise();
	expect_none();
	msi_set(cap, 0, VECTOR);
	raise();
	expect_one(VECTOR);
}

static void test_storm(void)
{
	unsigned int before = hits[0], i;

	/* The last test's interrupts are not to count here: 20 in 10 ms are let through. */
	WAIT_FOR((take(), false), 20);
	for (i = 0; i < 300; i++) {
		raise();
		take();
	}
	CHECK(hits[0] - before < 300);
	CHECK(WAIT_FOR((take(), hits[0] - before > 20), 1000));
	WAIT_FOR((take(), false), 50);
	raise();
	expect_one(VECTOR);
	cfg_write(edu_fn, capability(edu_fn, 5),
		  cfg_read(edu_fn, capability(edu_fn, 5)) & ~0x10000u);
}

/* --- IO-APIC ------------------------------------------------------------------------ */

static void rte_write(unsigned int pin, uint64_t rte)
{
	IOAPIC[0] = 0x10 + 2 * pin + 1;
	IOAPIC[4] = (uint32_t)(rte >> 32);
	IOAPIC[0] = 0x10 + 2 * pin;
	IOAPIC[4] = (uint32_t)rte;
}

static uint32_t rte_read(unsigned int pin)
{
	IOAPIC[0] = 0x10 + 2 * pin;
	return IOAPIC[4];
}

#define LEVEL 0xa000u	/* active low, level */

static void test_level(void)
{
	unsigned int pin;

	edu[EDU_ACK] = ~0u;
	for (pin = 16; pin < 24; pin++)
		rte_write(pin, LEVEL | (0x80 + pin));
	quiet_in_handler = true;
	raise();
	CHECK(WAIT_FOR((take(), last_vector >= 0x90), 1000));
	pin = last_vector - 0x80;
	EXPECT(rte_read(pin), LEVEL | last_vector);
	raise();
	expect_one(0x80 + pin);
	/* The device stays loud: at each end of service it comes again. */
	quiet_in_handler = false;
	hits[0] = 0;
	raise();
	CHECK(WAIT_FOR((take(), hits[0] >= 5), 1000));
	rte_write(pin, LEVEL | 0x10000 | (0x80 + pin));
	WAIT_FOR((take(), false), 20);	/* one may have been held back */
	expect_none();
	quiet_in_handler = true;
	rte_write(pin, LEVEL | (0x80 + pin));
	expect_one(0x80 + pin);
	for (pin = 16; pin < 24; pin++)
		rte_write(pin, 0x10000);
}

/* --- MSI-X ------------------------------------------------------------------------- */

static void cause(void)
{
	nic[0xc0 / 4] = ~0u;	/* ICR: nothing is pending */
	nic[0xc8 / 4] = 4;	/* ICS: the link changed */
}

static void entry_write(volatile uint32_t *table, uint32_t vector, uint32_t control)
{
	table[0] = 0xfee00000;
	table[1] = 0;
	table[2] = vector;
	table[3] = control;
}

static void test_msix(void)
{
	unsigned int cap = capability(nic_fn, 0x11);
	uint32_t bar = cfg_read(nic_fn, 0x10 + 4 * (cfg_read(nic_fn, cap + 4) & 7)) & ~15u;
	volatile uint32_t *table = (void *)(uint64_t)
		(bar + (cfg_read(nic_fn, cap + 4) & ~7u) + 16);

	CHECK(table[3] & 1);
	cfg_write(nic_fn, cap, cfg_read(nic_fn, cap) | 0xc0000000);
	entry_write(table, VECTOR, 0);
	cfg_write(nic_fn, cap, cfg_read(nic_fn, cap) & ~0x40000000u);
	EXPECT(table[0], 0xfee00000);
	EXPECT(table[2], VECTOR);
	nic[0xe4 / 4] = 9 << 16;	/* IVAR: other causes are message 1 */
	nic[0xd0 / 4] = 0x01000004;	/* IMS */
	cause();
	expect_one(VECTOR);
	table[3] = 1;
	cause();
	expect_none();
	table[2] = VECTOR + 2;
	table[3] = 0;			/* it was pending */
	expect_one(VECTOR + 2);
	cfg_write(nic_fn, cap, cfg_read(nic_fn, cap) & ~0x80000000u);
	nic[0xd8 / 4] = ~0u;		/* IMC */
	expect_none();
}

void test_main(void)
{
	unsigned int v;

	edu = find(EDU, &edu_fn);
	nic = find(E1000E, &nic_fn);
	if (!edu || !nic) {
		test_skip("no edu and e1000e devices in this machine");
		return;
	}
	for (v = 0x60; v < 0xa0; v++)
		irq_set(v, on_irq);
	apic_write(0xf0, 0x1ff);
	RUN(test_msi);
	RUN(test_storm);
	RUN(test_level);
	RUN(test_msix);
}

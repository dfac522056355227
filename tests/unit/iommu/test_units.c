/*
 * Units that exist in this file only, one of each vendor: they do what is written to
 * their registers and queues, by the manuals. What the hypervisor tells them is
 * checked, what they tell it is logged, and one that is broken is gone without.
 */
#include <stdio.h>
#include <stdlib.h>

#include "../plat/fakes.h"

#include "../../../hypervisor/x86/iommu/iommu.c"	/* its state is made new */

#include <x86/asm.h>
#include <x86/platform.h>

#define FRAMES	16384u
#define DOM0	100u		/* frames: the control domain's, another's, ours */
#define OTHER	5000u
#define OURS	6000u

unsigned int host_phys_bits = 40;
struct acpi_info acpi;
struct domain *hardware_domain;

static struct domain dom0;
static struct page frames[FRAMES];
static bool off;			/* iommu=off */
static void (*poll)(void *data);

/* The unit: its registers, what stands in its way, and what it was told. */
static uint64_t regs[0x4000 / 8];
static enum { FINE, MUTE, STUCK_ENABLE, DEAD_QUEUE } fault;
static uint64_t told[64][2];
static unsigned int told_nr, head;

static uint32_t *reg32(unsigned int at)
{
	return (uint32_t *)regs + at / 4;
}

/* --- the units' behaviour ------------------------------------------------------------ */

static void take_command(const uint64_t *c)
{
	bool intel = !iommu_tables.amd;

	if (told_nr < ARRAY_SIZE(told)) {
		told[told_nr][0] = c[0];
		told[told_nr++][1] = c[1];
	}
	if (intel && (c[0] & 0xf) == 5 && (c[0] & 1 << 5))
		*(uint32_t *)c[1] = (uint32_t)(c[0] >> 32);
	if (!intel && c[0] >> 60 == 1 && (c[0] & 1))
		*(uint64_t *)(c[0] & 0xffffffffffff8ull) = c[1];
}

static void run_queue(uint64_t base, unsigned int tail)
{
	for (; fault != DEAD_QUEUE && head != tail; head = (head + 16) % 4096)
		take_command((const uint64_t *)((base & 0xffffffffff000ull) + head));
}

static void intel_write(unsigned int at)
{
	if (at == 0x18 && fault != STUCK_ENABLE) {	/* GCMD */
		uint32_t c = *reg32(0x18);

		*reg32(0x1c) = (*reg32(0x1c) & 1u << 30) | c;
		if (c & 1u << 30)
			*reg32(0x1c) |= 1u << 30;
	}
	if (at == 0x88 && (*reg32(0x1c) & 1u << 26))
		run_queue(regs[0x90 / 8], *reg32(0x88));
	if (at == 0x90)
		head = 0;
}

static void amd_write(unsigned int at)
{
	if (at == 0x2000)
		head = *reg32(0x2000);
	if (at == 0x2008 && (regs[0x18 / 8] & 0x1001) == 0x1001)
		run_queue(regs[0x08 / 8], *reg32(0x2008));
}

uint64_t mmio_read(const volatile void *p, unsigned int size)
{
	uint64_t v = 0;

	memcpy(&v, (const void *)(uintptr_t)p, size);
	fake_now += 1000;
	return fault == MUTE ? ~0ull : v;
}

void mmio_write(volatile void *p, unsigned int size, uint64_t val)
{
	unsigned int at = (unsigned int)((const volatile char *)p - (const char *)regs);

	if (!iommu_tables.amd && at == 0x22c) {		/* fault record: write 1 to clear */
		*reg32(at) &= ~(uint32_t)val;
		return;
	}
	if (iommu_tables.amd && at == 0x2020) {
		regs[at / 8] &= ~val;
		return;
	}
	memcpy((void *)(uintptr_t)p, &val, size);
	if (iommu_tables.amd)
		amd_write(at);
	else
		intel_write(at);
}

/* --- the rest of the hypervisor --------------------------------------------------------- */

static unsigned int serials;

void serial_enable_rx(void)
{
	serials++;
}

void *map_mmio(uint64_t pa, size_t len)
{
	assert_true(len <= sizeof(regs));
	return regs;
}

bool cmdline_bool(const char *name, bool dflt)
{
	return !off || strcmp(name, "iommu");
}

bool host_ram_overlaps(uint64_t start, uint64_t end)
{
	return start < FRAMES * PAGE_SIZE;
}

bool hwdom_trap(struct mmio_trap *t)
{
	return t->start == 0xfed90000 && t->end > t->start;
}

void pci_name(uint32_t fn, char name[PCI_NAME_MAX])
{
	sprintf(name, "PCI device %x:%02x.%u", fn >> 8, fn >> 3 & 31, fn & 7);
}

uint32_t pci_read(uint32_t fn, unsigned int reg, unsigned int size)
{
	if (size == 4)
		return 1u << 27;	/* AMD's capability: there are feature bits */
	return reg == 0x19 ? 2 : 4;	/* a bridge to the buses 2 to 4 */
}

/* 00:00.0, and 03:00.0 behind the bridge 00:01.0. */
bool pci_find_function(uint32_t *fn, uint32_t *id)
{
	static const uint32_t there[] = {0, 8, 0x300};

	for (size_t i = 0; i < ARRAY_SIZE(there); i++) {
		if (there[i] < *fn)
			continue;
		*fn = there[i];
		return true;
	}
	return false;
}

void timer_init(struct timer *t, void (*fn)(void *data), void *data)
{
	poll = fn;
}

void timer_set(struct timer *t, uint64_t expires)
{
	assert_true(expires > fake_now);
}

/* --- making a machine ---------------------------------------------------------------------- */

static void new_machine(bool amd)
{
	fake_memory(FRAMES * PAGE_SIZE);
	memset(frames, 0, sizeof(frames));
	page_alloc_init(frames, FRAMES);
	page_alloc_add(MFN(8192), MFN(FRAMES));
	for (unsigned int i = DOM0; i < OURS + 600; i++) {
		frames[i].state = PAGE_INUSE;
		frames[i].refs = 1;
		frames[i].owner = i < OTHER ? 0 : i < OURS ? 7 : DOMID_XEN;
	}
	memset(&dom0, 0, sizeof(dom0));
	hardware_domain = &dom0;
	memset(regs, 0, sizeof(regs));
	told_nr = head = 0;
	fault = FINE;
	off = false;
	ops = NULL;
	enabled = remaps_interrupts = false;
	memset(&caps, 0, sizeof(caps));
	stale_first = GFN(~0ull);
	stale_last = GFN(0);
	lines = LINES_AT_ONCE;
	polls = untold = 0;
	iommu_tables = (struct iommu_tables){
		.amd = amd, .unit_nr = 1,
		.unit[0] = {.regs = 0xfed90000, .all = true},
	};
	*reg32(0) = 0x10;
	/* Intel: 39 bits, 3 levels, 2 MiB, pages, drains, one record at 0x220 */
	regs[1] = 1 << 9 | 38ull << 16 | 0x22ull << 24 | 1ull << 34 | 1ull << 39 |
		  9ull << 48 | 3ull << 54;
	regs[2] = 2;	/* a queue; not coherent */
	if (amd) {
		memset(regs, 0, sizeof(regs));
		regs[0x30 / 8] = 1 << 6;
	}
}

static void come_up(bool amd)
{
	new_machine(amd);
	iommu_init();
	iommu_enable();
	assert_true(iommu_active());
	told_nr = 0;
}

static void expect_given_up(const char *why)
{
	iommu_init();
	iommu_enable();
	assert_false(iommu_active());
	assert_int_equal(iommu_bits(), 64);
	assert_non_null(strstr(log_text, why));
	/* The mirror lets everything pass. */
	assert_int_equal(iommu_p2m_set(GFN(1ull << 40), MFN(OTHER), 0, P2M_GRANT_RW), 0);
	iommu_p2m_flush();
}

static void expect_mapped(uint64_t gfn, uint64_t mfn, bool writable)
{
	unsigned int order;
	bool write = false;
	mfn_t m = iopt_look(&table, GFN(gfn), &write, &order);

	assert_int_equal(m.v, mfn);
	if (mfn != ~0ull)
		assert_int_equal(write, writable);
}

static int set(uint64_t gfn, uint64_t mfn, enum p2m_type type)
{
	return iommu_p2m_set(GFN(gfn), MFN(mfn), 0, type);
}

/* --- tests ----------------------------------------------------------------------------------- */

static void intel_comes_up(void **state)
{
	const uint64_t *root, *context;

	come_up(false);
	assert_int_equal(iommu_bits(), 39);
	assert_int_equal(*reg32(0x1c), 1u << 31 | 1u << 30 | 1u << 26);
	root = (const uint64_t *)(regs[0x20 / 8] & ~1ull);
	context = (const uint64_t *)(root[2 * 255] & ~1ull);
	assert_int_equal(root[0], root[2 * 255]);
	assert_int_equal(root[0] & 1, 1);
	assert_int_equal(context[0], mfn_to_addr(table.root) | 1);
	assert_int_equal(context[2 * 255 + 1], 1 << 8 | 1);	/* 39 bits */
	iommu_hide_registers();
}

static void amd_comes_up(void **state)
{
	const uint64_t *dte;

	come_up(true);
	assert_int_equal(iommu_bits(), 48);
	assert_int_equal(regs[0x18 / 8] & 0x1405, 0x1405);
	assert_int_equal(regs[0] & 0xfff, 511);
	dte = map_frame(addr_to_mfn(regs[0] & PAGE_MASK));
	dte += 65535 * 4;
	assert_int_equal(dte[0], mfn_to_addr(table.root) | 4 << 9 | 3 | 3ull << 61);
	assert_int_equal(dte[1], 1);
	iommu_hide_registers();
}

static void follows_the_memory(void **state)
{
	come_up(*(const bool *)*state);
	assert_int_equal(set(DOM0, DOM0, P2M_RAM_RW), 0);
	assert_int_equal(set(0x2000000, OTHER, P2M_GRANT_RW), 0);
	assert_int_equal(set(0x2000001, OTHER + 1, P2M_GRANT_RO), 0);
	assert_int_equal(set(0x2000002, OTHER + 2, P2M_FOREIGN_RW), 0);
	assert_int_equal(set(0x2000003, OURS, P2M_FOREIGN_RO), 0);
	assert_int_equal(set(0x2000004, OURS, P2M_SPECIAL), 0);
	assert_int_equal(set(0xfe000, 0xfe000, P2M_MMIO), 0);
	expect_mapped(DOM0, DOM0, true);
	expect_mapped(0x2000000, OTHER, true);
	expect_mapped(0x2000001, OTHER + 1, false);
	expect_mapped(0x2000002, OTHER + 2, true);
	expect_mapped(0x2000003, ~0ull, false);
	expect_mapped(0x2000004, ~0ull, false);
	expect_mapped(0xfe000, ~0ull, false);
	assert_int_equal(told_nr, 0);		/* new entries are not flushed */
	assert_int_equal(set(0x2000000, ~0ull, P2M_HOLE), 0);
	expect_mapped(0x2000000, ~0ull, false);
	/* Beyond what the unit translates a device could not reach it. */
	assert_int_equal(set(1ull << (caps.bits - 12), OTHER, P2M_GRANT_RW), -EINVAL);
	assert_int_equal(set(1ull << (caps.bits - 12), ~0ull, P2M_HOLE), 0);
}

static void intel_flushes(void **state)
{
	come_up(false);
	iommu_p2m_flush();
	assert_int_equal(told_nr, 0);
	assert_int_equal(set(0x2000013, ~0ull, P2M_HOLE), 0);
	iommu_p2m_flush();
	assert_int_equal(told_nr, 2);		/* that page, and a sign */
	assert_int_equal(told[0][0], 1 << 16 | 3 << 6 | 3 << 4 | 2);
	assert_int_equal(told[0][1], 0x2000013000);
	assert_int_equal(told[1][0] & 0x2f, 0x25);
	assert_int_equal(set(0x2000013, ~0ull, P2M_HOLE), 0);
	assert_int_equal(set(0x2000014, ~0ull, P2M_HOLE), 0);
	iommu_p2m_flush();
	assert_int_equal(told[2][1], 0x2000010003);	/* 8 pages */
	assert_int_equal(set(0x2000013, ~0ull, P2M_HOLE), 0);
	assert_int_equal(set(5, ~0ull, P2M_HOLE), 0);
	iommu_p2m_flush();
	assert_int_equal(told[4][0] >> 4 & 3, 2);	/* all of the domain */
	/* A piece of a superpage: what was cached is the whole. */
	assert_int_equal(iommu_p2m_set(GFN(512), MFN(512), 9, P2M_RAM_RW), 0);
	assert_int_equal(iommu_p2m_split(GFN(700), 0), 0);
	assert_int_equal(set(700, ~0ull, P2M_HOLE), 0);
	expect_mapped(701, 701, true);
	iommu_p2m_flush();
	assert_int_equal(told[6][1], 0x200009);
}

static void amd_flushes(void **state)
{
	come_up(true);
	assert_int_equal(set(0x2000013, ~0ull, P2M_HOLE), 0);
	iommu_p2m_flush();
	assert_int_equal(told_nr, 2);
	assert_int_equal(told[0][0], 3ull << 60 | 1ull << 32);
	assert_int_equal(told[0][1], 0x2000013002);
	assert_int_equal(set(0x2000013, ~0ull, P2M_HOLE), 0);
	assert_int_equal(set(0x2000014, ~0ull, P2M_HOLE), 0);
	iommu_p2m_flush();
	/* 8 pages: bits 12 and 13 are set, 14 is clear. */
	assert_int_equal(told[2][1], 0x2000013003);
	assert_int_equal(set(0, ~0ull, P2M_HOLE), 0);
	assert_int_equal(set(0x2000014, ~0ull, P2M_HOLE), 0);
	iommu_p2m_flush();
	assert_int_equal(told[4][1], 0x7ffffffffffff003);
}

/* The queue goes round many times. */
static void many_flushes(void **state)
{
	come_up(*(const bool *)*state);
	for (unsigned int i = 0; i < 3000; i++) {
		assert_int_equal(set(i, ~0ull, P2M_HOLE), 0);
		iommu_p2m_flush();
	}
}

/* A virtual unit remembers what was absent. */
static void caching_mode(void **state)
{
	new_machine(false);
	regs[1] |= 1 << 7;
	iommu_init();
	iommu_enable();
	told_nr = 0;
	assert_int_equal(set(0x2000000, OTHER, P2M_GRANT_RW), 0);
	assert_int_equal(told_nr, 2);
}

static void refused(void **state)
{
	new_machine(false);
	off = true;
	expect_given_up("iommu=off");
	new_machine(false);
	iommu_tables.wrong = "a table that lies";
	expect_given_up("a table that lies");
	new_machine(false);
	fault = MUTE;
	expect_given_up("does not answer");
	new_machine(true);
	fault = MUTE;
	expect_given_up("does not answer");
	new_machine(false);
	regs[2] = 0;
	expect_given_up("too old");
	new_machine(false);
	regs[1] = (regs[1] & ~(1ull << 9)) | 1 << 11;
	expect_given_up("five levels");
	new_machine(false);
	fault = STUCK_ENABLE;
	expect_given_up("does not take its root table");
	new_machine(false);
	fault = DEAD_QUEUE;
	expect_given_up("does not finish");
	assert_int_equal(*reg32(0x1c) & 1u << 31, 0);	/* and is off */
	new_machine(true);
	fault = DEAD_QUEUE;
	expect_given_up("does not finish");
	assert_int_equal(regs[0x18 / 8], 0);
}

static void no_memory(void **state)
{
	new_machine(false);
	iommu_init();
	while (mfn_valid_value(page_alloc(0, 0)))
		;
	iommu_enable();
	assert_false(iommu_active());
	assert_non_null(strstr(log_text, "no memory"));
}

/* Later there is no way back: a frame could be reused under a device's eyes. */
static void dies_later(void **state)
{
	come_up(*(const bool *)*state);
	fault = DEAD_QUEUE;
	assert_int_equal(set(1, ~0ull, P2M_HOLE), 0);
	expect_panic("does not finish an invalidation", iommu_p2m_flush());
}

/* A unit that does not have all devices is only good if the others are named. */
static void covered(void **state)
{
	new_machine(false);
	iommu_tables.unit[0].all = false;
	expect_given_up("does not cover");
	new_machine(false);
	iommu_tables.unit[0].all = false;
	iommu_tables.scope_nr = 2;
	iommu_tables.scope[0] = (struct iommu_scope){.hops = 1};
	iommu_tables.scope[1] = (struct iommu_scope){.hops = 1, .devfn = {8}};
	expect_given_up("does not cover");	/* what is behind the bridge */
	new_machine(false);
	iommu_tables.unit[0].all = false;
	iommu_tables.scope_nr = 2;
	iommu_tables.scope[1] = (struct iommu_scope){.bridge = true, .hops = 1, .devfn = {8}};
	iommu_tables.scope[0] = (struct iommu_scope){.hops = 1};
	iommu_init();
	iommu_enable();
	assert_true(iommu_active());
	new_machine(false);
	acpi.mcfg_nr = 1;
	acpi.mcfg[0].segment = 3;
	expect_given_up("does not cover");
	acpi.mcfg_nr = 0;
}

/* Firmware's ranges: outside RAM they are mapped, in it refused. */
static void firmware_ranges(void **state)
{
	new_machine(false);
	iommu_tables.range_nr = 2;
	iommu_tables.range[0] = (struct iommu_range){0x8000000, 0x8002000, true};
	iommu_tables.range[1] = (struct iommu_range){OURS << 12, (OURS + 2) << 12, true};
	iommu_init();
	log_lines = 0;
	iommu_enable();
	assert_true(iommu_active());
	assert_int_equal(log_lines, 2);		/* one refused, and up */
	expect_mapped(0x8001, 0x8001, true);
	expect_mapped(0x8002, ~0ull, false);
	expect_mapped(OURS, ~0ull, false);
	new_machine(false);
	iommu_tables.range_nr = 1;
	iommu_tables.range[0] = (struct iommu_range){1ull << 39, (1ull << 39) + 4096, true};
	expect_given_up("out of its reach");
}

static void intel_faults(void **state)
{
	come_up(false);
	log_lines = 0;
	poll(NULL);
	assert_int_equal(log_lines, 0);
	regs[0x220 / 8] = 0x123000;
	regs[0x228 / 8] = 1ull << 63 | 5ull << 32 | 0x2a;
	poll(NULL);
	assert_int_equal(log_lines, 1);
	assert_non_null(strstr(log_text, "PCI device 0:05.2: DMA to 0x123000,"));
	assert_non_null(strstr(log_text, "code 5"));
	poll(NULL);
	assert_int_equal(log_lines, 1);		/* told once */
	regs[0x228 / 8] = 3ull << 62 | 6ull << 32 | 0x2a;
	poll(NULL);
	assert_non_null(strstr(log_text, "DMA from 0x123000,"));
}

/* A handle for each device vector of each CPU, and nothing else. */
static void intel_interrupts(void **state)
{
	const uint64_t *entries;

	new_machine(false);
	regs[2] |= 1 << 3;
	acpi.cpu_nr = 2;
	acpi.cpu_apic_id[1] = 5;
	serials = 0;
	iommu_init();
	iommu_enable();
	assert_true(iommu_remaps_interrupts());
	assert_int_equal(serials, 1);		/* its pin is told anew */
	assert_int_equal(*reg32(0x1c) & 1u << 25, 1u << 25);
	assert_int_equal(regs[0xb8 / 8] & 0xfff, 15);
	entries = map_frame(addr_to_mfn(regs[0xb8 / 8] & PAGE_MASK));
	assert_int_equal(entries[2 * (5 << 8 | 0x31)], 1 | 0x31 << 16 | 5ull << 40);
	assert_int_equal(entries[2 * (1 << 15 | 0x31)], 0x11 | 0x31 << 16);
	assert_int_equal(entries[2 * (5 << 8 | 0xf4)], 0);	/* ours */
	assert_int_equal(entries[2 * (5 << 8 | 2)], 0);
	assert_int_equal(entries[2 * (1 << 8 | 0x31)], 0);	/* no such CPU */
	log_lines = 0;
	regs[0x228 / 8] = 1ull << 63 | 0x22ull << 32 | 0x2a;
	poll(NULL);
	assert_non_null(strstr(log_text, "an interrupt that it may not send"));
	/* An APIC id that no handle has: none at all. */
	new_machine(false);
	regs[2] |= 1 << 3;
	acpi.cpu_apic_id[1] = 128;
	iommu_init();
	iommu_enable();
	assert_true(iommu_active() && !iommu_remaps_interrupts());
	acpi.cpu_nr = 0;
}

static uint64_t *events(void)
{
	return (uint64_t *)(regs[0x10 / 8] & PAGE_MASK & ((1ull << 52) - 1));
}

static void amd_faults(void **state)
{
	come_up(true);
	log_lines = 0;
	events()[0] = 2ull << 60 | 1ull << 53 | 0x2a;
	events()[1] = 0x123000;
	poll(NULL);
	assert_int_equal(log_lines, 1);
	assert_non_null(strstr(log_text, "PCI device 0:05.2: DMA to 0x123000,"));
	assert_int_equal(regs[0x2010 / 8], 16);
	events()[2] = 1ull << 60 | 0x2b;	/* a device table error has no address */
	poll(NULL);
	assert_non_null(strstr(log_text, "PCI device 0:05.3: DMA to what is not its own"));
	/* The log is full: it begins anew. */
	regs[0x2020 / 8] = 1;
	poll(NULL);
	assert_int_equal(regs[0x2020 / 8], 0);
	events()[0] = 2ull << 60 | 0x2a;
	poll(NULL);
	assert_int_equal(log_lines, 3);
	assert_non_null(strstr(log_text, "DMA from"));
}

static void storm(void **state)
{
	come_up(true);
	log_lines = 0;
	for (unsigned int n = 0; n < 40; n++) {
		for (unsigned int i = 0; i < 256; i++)
			events()[2 * i] = 2ull << 60 | 0x2a;
		poll(NULL);
	}
	assert_true(log_lines >= LINES_AT_ONCE + 4 && log_lines < LINES_AT_ONCE + 12);
	assert_non_null(strstr(log_text, "more were stopped"));
}

int main(void)
{
	static bool intel = false, amd = true;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(intel_comes_up),
		cmocka_unit_test(amd_comes_up),
		cmocka_unit_test_prestate(follows_the_memory, &intel),
		cmocka_unit_test_prestate(follows_the_memory, &amd),
		cmocka_unit_test(intel_flushes),
		cmocka_unit_test(amd_flushes),
		cmocka_unit_test_prestate(many_flushes, &intel),
		cmocka_unit_test_prestate(many_flushes, &amd),
		cmocka_unit_test(caching_mode),
		cmocka_unit_test(refused),
		cmocka_unit_test(no_memory),
		cmocka_unit_test_prestate(dies_later, &intel),
		cmocka_unit_test_prestate(dies_later, &amd),
		cmocka_unit_test(covered),
		cmocka_unit_test(firmware_ranges),
		cmocka_unit_test(intel_faults),
		cmocka_unit_test(intel_interrupts),
		cmocka_unit_test(amd_faults),
		cmocka_unit_test(storm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

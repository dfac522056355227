/*
 * AMD-Vi units (AMD I/O Virtualization Technology Specification 48882, 3.05). All
 * devices have the same entry in the device table, and all units the same table.
 * Interrupts pass unmapped.
 *
 * The event log is read by looking at the entries themselves, which are zeroed
 * before: the tail pointer may run ahead of what is in memory. QEMU 7.2 never
 * writes one: it takes the log for full (docs/DECISIONS.md).
 */
#include <hv/arch.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/page.h>
#include <hv/timer.h>

#include <x86/asm.h>
#include <x86/pci.h>
#include <x86/platform.h>

#include "iommu.h"

/* Registers, 3.4 */
#define REG_DEVICES	0x0000
#define REG_COMMANDS	0x0008
#define REG_EVENTS	0x0010
#define REG_CONTROL	0x0018
#define REG_EXCL_BASE	0x0020
#define REG_EXCL_LIMIT	0x0028
#define REG_FEATURES	0x0030
#define REG_CMD_HEAD	0x2000
#define REG_CMD_TAIL	0x2008
#define REG_EVENT_HEAD	0x2010
#define REG_EVENT_TAIL	0x2018
#define REG_STATUS	0x2020
#define REGS_SIZE	0x4000u

#define CONTROL_ENABLE	(1ull << 0)
#define CONTROL_EVENTS	(1ull << 2)
#define CONTROL_COHERENT (1ull << 10)
#define CONTROL_COMMANDS (1ull << 12)
#define STATUS_OVERFLOW	(1ull << 0)
#define FEATURE_INV_ALL	(1ull << 6)
#define CAP_FEATURES	(1u << 27)	/* of the PCI capability's header */

/* Flags of an IVHD -> bits of the control register (tables 97 and 48) */
static const struct {
	uint8_t flag;
	uint64_t control;
} wired[] = {
	{1u << 0, 1ull << 1},	/* HyperTransport tunnel translation */
	{1u << 1, 1ull << 8},	/* posted writes pass */
	{1u << 2, 1ull << 9},	/* responses to them, too */
	{1u << 3, 1ull << 11},	/* isochronous */
};

/* Queues: 2^8 entries of 16 bytes */
#define QUEUE_ENTRIES	256u
#define QUEUE_LENGTH	(8ull << 56)

/* Commands, 2.4 */
#define CMD_WAIT	(1ull << 60 | 1)	/* writes a status */
#define CMD_INV_DEVICE	(2ull << 60)
#define CMD_INV_PAGES	(3ull << 60 | (uint64_t)IOMMU_DOMAIN << 32)
#define CMD_INV_ALL	(8ull << 60)
#define INV_SIZE	(1ull << 0)	/* the address tells the size */
#define INV_TABLES	(1ull << 1)
#define INV_EVERYTHING	0x7ffffffffffff000ull
#define BATCH		64u

/* Device table entry, 2.2.2 */
#define DTE_VALID	3ull		/* and its translation, too */
#define DTE_LEVELS(l)	((uint64_t)(l) << 9)
#define DTE_RW		(3ull << 61)
#define DTE_WORDS	4u
#define DEVICES		65536u
#define DEVICES_ORDER	9u		/* 2 MiB */
#define DEVICES_SIZE	511ull		/* that in pages, less one */

/* Events, 2.5 */
#define EVENT_CODE(e)	((unsigned int)((e) >> 60))
#define EVENT_PAGE_FAULT 2u
#define EVENT_WRITE	(1ull << 53)

static const struct iopt_format format = {
	.present = 1,
	.leaf = 1 | 1ull << 60 | 1ull << 61,	/* coherent, readable */
	.write = 1ull << 62,
	.table = 1 | 3ull << 61,
	.kind_mask = 7ull << 9, .kind_leaf = 0,
	.next_shift = 9,
};

static struct amd_unit {
	volatile char *regs;
	uint64_t features, control;
	uint64_t *commands, *events;
	unsigned int tail, event;
	uint64_t asked;
	volatile uint64_t done aligned(8);	/* the unit writes what was asked for last */
} units[IOMMU_UNITS_MAX];

#define for_each_unit(u) \
	for (struct amd_unit *u = units; u < units + iommu_tables.unit_nr; u++)

static mfn_t devices;	/* the table */

static uint64_t get(const struct amd_unit *u, unsigned int reg)
{
	return mmio_read(u->regs + reg, 8);
}

static void set(const struct amd_unit *u, unsigned int reg, uint64_t val)
{
	mmio_write(u->regs + reg, 8, val);
}

/* --- what there is ------------------------------------------------------------------- */

static const char *probe(struct iommu_caps *c)
{
	for (unsigned int i = 0; i < iommu_tables.unit_nr; i++) {
		const struct iommu_place *p = &iommu_tables.unit[i];
		uint32_t fn = PCI_FN(p->segment, 0, p->function);
		struct amd_unit *u = &units[i];

		u->regs = map_mmio(p->regs, REGS_SIZE);
		if (!~get(u, REG_CONTROL))
			return "a unit does not answer";
		if (pci_read(fn, p->cap, 4) & CAP_FEATURES)
			u->features = get(u, REG_FEATURES);
	}
	*c = (struct iommu_caps){.bits = 48, .levels = 4, .max_leaf = 3};
	return NULL;
}

/* --- commands --------------------------------------------------------------------------- */

static void submit(struct amd_unit *u, uint64_t low, uint64_t high)
{
	uint64_t *slot = &u->commands[u->tail * 2];

	slot[0] = low;
	slot[1] = high;
	u->tail = (u->tail + 1) % QUEUE_ENTRIES;
}

/* Everything submitted, and a sign when it is done, which await() waits for. */
static void start(struct amd_unit *u)
{
	u->asked++;
	submit(u, CMD_WAIT | virt_to_phys((void *)&u->done), u->asked);
	set(u, REG_CMD_TAIL, u->tail * 16);
}

static bool await(const struct amd_unit *u)
{
	uint64_t end = now_ns() + IOMMU_WAIT_NS;

	while (u->done != u->asked) {
		if (now_ns() > end)
			return false;
		arch_relax();
	}
	return true;
}

/* The size of a block is where its address' lowest zero is, from bit 12 on (2.4.3). */
static uint64_t block(gfn_t first, gfn_t last)
{
	unsigned int order = iommu_block_order(first, last);
	uint64_t addr = gfn_to_addr(GFN(first.v >> order << order));

	if (!order)
		return addr | INV_TABLES;
	if (order > 20)
		return INV_EVERYTHING | INV_TABLES | INV_SIZE;
	return addr | ((1ull << (order - 1)) - 1) << PAGE_SHIFT | INV_TABLES | INV_SIZE;
}

static void flush(gfn_t first, gfn_t last)
{
	for_each_unit(u) {
		submit(u, CMD_INV_PAGES, block(first, last));
		start(u);
	}
	for_each_unit(u)
		if (!await(u))
			panic("IOMMU at %#lx: does not finish an invalidation, so memory cannot "
			      "be used again; start with iommu=off, and report this machine",
			      iommu_tables.unit[u - units].regs);
}

static bool flush_devices(struct amd_unit *u)
{
	for (unsigned int i = 0; i < DEVICES; i++) {
		submit(u, CMD_INV_DEVICE | i, 0);
		if (i % BATCH != BATCH - 1)
			continue;
		start(u);
		if (!await(u))
			return false;
	}
	submit(u, CMD_INV_PAGES, INV_EVERYTHING | INV_TABLES | INV_SIZE);
	start(u);
	return await(u);
}

static bool flush_all(struct amd_unit *u)
{
	if (!(u->features & FEATURE_INV_ALL))
		return flush_devices(u);
	submit(u, CMD_INV_ALL, 0);
	start(u);
	return await(u);
}

/* --- on and off --------------------------------------------------------------------------- */

static bool make_devices(const struct iopt *t)
{
	uint64_t *p;

	devices = page_alloc(DEVICES_ORDER, 0);
	if (!mfn_valid_value(devices))
		return false;
	p = map_frame(devices);
	memset(p, 0, PAGE_SIZE << DEVICES_ORDER);
	for (unsigned int i = 0; i < DEVICES; i++) {
		p[i * DTE_WORDS] = DTE_VALID | DTE_LEVELS(t->levels) | DTE_RW |
				   mfn_to_addr(t->root);
		p[i * DTE_WORDS + 1] = IOMMU_DOMAIN;
	}
	unmap_frame(p);
	return true;
}

/* Writing the base puts head and tail to the log's start (3.4.3). */
static void restart_events(struct amd_unit *u)
{
	set(u, REG_CONTROL, u->control & ~CONTROL_EVENTS);
	set(u, REG_STATUS, STATUS_OVERFLOW);
	memset(u->events, 0, PAGE_SIZE);
	u->event = 0;
	set(u, REG_EVENTS, virt_to_phys(u->events) | QUEUE_LENGTH);
	set(u, REG_EVENT_HEAD, 0);
	set(u, REG_EVENT_TAIL, 0);
	set(u, REG_CONTROL, u->control);
}

static const char *enable_unit(struct amd_unit *u)
{
	uint8_t flags = iommu_tables.unit[u - units].flags;

	u->commands = heap_alloc_page();
	u->events = heap_alloc_page();
	if (!u->commands || !u->events)
		return "no memory for its queues";
	set(u, REG_CONTROL, 0);
	set(u, REG_DEVICES, mfn_to_addr(devices) | DEVICES_SIZE);
	set(u, REG_COMMANDS, virt_to_phys(u->commands) | QUEUE_LENGTH);
	set(u, REG_CMD_HEAD, 0);
	set(u, REG_CMD_TAIL, 0);
	set(u, REG_EXCL_BASE, 0);
	set(u, REG_EXCL_LIMIT, 0);
	u->tail = 0;
	u->control = CONTROL_ENABLE | CONTROL_EVENTS | CONTROL_COMMANDS | CONTROL_COHERENT;
	for (unsigned int i = 0; i < ARRAY_SIZE(wired); i++)
		if (flags & wired[i].flag)
			u->control |= wired[i].control;
	restart_events(u);
	return flush_all(u) ? NULL : "a unit does not finish an invalidation";
}

static const char *enable(const struct iopt *t)
{
	if (!make_devices(t))
		return "no memory for its tables";
	for_each_unit(u) {
		const char *wrong = enable_unit(u);

		if (wrong)
			return wrong;
	}
	return NULL;
}

static void disable(void)
{
	for_each_unit(u)
		set(u, REG_CONTROL, 0);
}

static uint64_t registers(unsigned int unit)
{
	return REGS_SIZE;
}

/* --- faults ----------------------------------------------------------------------------- */

static bool take_event(struct amd_unit *u, struct iommu_fault *f)
{
	volatile uint64_t *e = &u->events[u->event * 2];
	uint64_t low = e[0];

	if (!low)
		return false;
	*f = (struct iommu_fault){
		.fn = PCI_FN(iommu_tables.unit[u - units].segment, 0, low & 0xffff),
		.known = EVENT_CODE(low) == EVENT_PAGE_FAULT,
		.write = low & EVENT_WRITE,
		.addr = e[1],
		.code = EVENT_CODE(low),
	};
	e[0] = e[1] = 0;
	u->event = (u->event + 1) % QUEUE_ENTRIES;
	set(u, REG_EVENT_HEAD, u->event * 16);
	return true;
}

static bool next_fault(struct iommu_fault *f)
{
	for_each_unit(u) {
		if (take_event(u, f))
			return true;
		if (get(u, REG_STATUS) & STATUS_OVERFLOW)
			restart_events(u);
	}
	return false;
}

const struct iommu_ops amdvi_ops = {
	.name = "AMD-Vi",
	.format = &format,
	.probe = probe,
	.enable = enable,
	.disable = disable,
	.flush = flush,
	.next_fault = next_fault,
	.registers = registers,
};

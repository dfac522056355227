/*
 * Intel VT-d units (Intel Virtualization Technology for Directed I/O, 4.1): legacy
 * root and context tables, second-level translation, queued invalidation. All
 * devices have the same context, so one root table and one context table serve
 * every bus of every unit. Units without queued invalidation (before 2009), or that
 * want their write buffers flushed, are not used.
 */
#include <hv/arch.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/page.h>
#include <hv/timer.h>

#include <x86/acpi.h>
#include <x86/asm.h>
#include <x86/irq.h>
#include <x86/pci.h>
#include <x86/platform.h>

#include "iommu.h"

/* Registers, 11.4 */
#define REG_VER		0x00
#define REG_CAP		0x08
#define REG_ECAP	0x10
#define REG_GCMD	0x18
#define REG_GSTS	0x1c
#define REG_RTADDR	0x20
#define REG_FSTS	0x34
#define REG_FECTL	0x38
#define REG_PMEN	0x64
#define REG_IQT		0x88
#define REG_IQA		0x90
#define REG_IRTA	0xb8

#define CAP_RWBF	(1ull << 4)
#define CAP_LOW_MEM	(1ull << 5)	/* protected memory regions */
#define CAP_HIGH_MEM	(1ull << 6)
#define CAP_CM		(1ull << 7)
#define CAP_3_LEVELS	(1ull << 9)
#define CAP_4_LEVELS	(1ull << 10)
#define CAP_2M		(1ull << 34)
#define CAP_1G		(1ull << 35)
#define CAP_PSI		(1ull << 39)
#define CAP_DRAIN_WRITES (1ull << 54)
#define CAP_DRAIN_READS	(1ull << 55)
#define CAP_MGAW(c)	((unsigned int)((c) >> 16 & 0x3f) + 1)
#define CAP_FRO(c)	((c) >> 24 & 0x3ff)
#define CAP_NFR(c)	((unsigned int)((c) >> 40 & 0xff) + 1)
#define CAP_MAMV(c)	((unsigned int)((c) >> 48 & 0x3f))
#define ECAP_COHERENT	(1ull << 0)
#define ECAP_QI		(1ull << 1)
#define ECAP_IR		(1ull << 3)

/* GCMD and GSTS: a command's bit is seen in the status when it is done. */
#define G_TE		(1u << 31)
#define G_SRTP		(1u << 30)
#define G_QIE		(1u << 26)
#define G_IRE		(1u << 25)
#define G_SIRTP		(1u << 24)
#define G_LASTING	0x96800000u	/* those that stay as they are given again */
#define FSTS_OVERFLOW	(1u << 0)
#define FSTS_QUEUE	(7u << 4)	/* errors of the invalidation queue */
#define FECTL_MASK	(1u << 31)
#define PMEN_ENABLE	(1u << 31)
#define PMEN_STATUS	(1u << 0)

/* Invalidation descriptors, 6.5.2 */
#define INV_CONTEXT	(1ull | 1ull << 4)	/* global */
#define INV_IOTLB	2ull
#define INV_GLOBAL	(1ull << 4)
#define INV_DOMAIN	(2ull << 4)
#define INV_PAGES	(3ull << 4)
#define INV_DRAIN_W	(1ull << 6)
#define INV_DRAIN_R	(1ull << 7)
#define INV_TAG		((uint64_t)IOMMU_DOMAIN << 16)
#define INV_INTERRUPTS	4ull			/* all entries */
#define INV_WAIT	(5ull | 1ull << 5)	/* writes a status */
#define QUEUE_ENTRIES	256u

/* Root and context entries, 9.1 and 9.3; fault records, 11.4.14 */
#define ENTRY_P		1ull
#define CONTEXT_LEVELS(l) ((uint64_t)(l) - 2)
#define CONTEXT_TAG	((uint64_t)IOMMU_DOMAIN << 8)
#define FAULT_INTERRUPT	0x20u		/* codes from here on */
#define FAULT_F		(1ull << 63)
#define FAULT_READ	(1ull << 62)

/* Interrupt remapping, 5.1 and 9.10: every handle has an entry, as 16 bits have it. */
#define HANDLES		65536u
#define HANDLES_ORDER	8u		/* 1 MiB */
#define HANDLES_SIZE	15ull		/* 2^(this + 1) entries */
#define IRTE_P		1ull
#define IRTE_LEVEL	(1ull << 4)
#define IRTE_VECTOR(v)	((uint64_t)(v) << 16)
#define IRTE_DEST(id)	((uint64_t)(id) << 40)

static const struct iopt_format format = {
	.present = 1, .leaf = 1, .write = 2, .table = 3,
	.kind_mask = 1u << 7, .kind_leaf = 1u << 7,
};

static struct vtd_unit {
	volatile char *regs;
	uint64_t cap, ecap, length;
	uint64_t *queue;
	unsigned int tail;
	uint32_t asked;
	volatile uint32_t done;	/* the unit writes what was asked for last */
} units[IOMMU_UNITS_MAX];

#define for_each_unit(u) \
	for (struct vtd_unit *u = units; u < units + iommu_tables.unit_nr; u++)

static uint64_t *root_table, *context_table;

static uint32_t get(const struct vtd_unit *u, unsigned int reg)
{
	return (uint32_t)mmio_read(u->regs + reg, 4);
}

static void set(const struct vtd_unit *u, unsigned int reg, uint32_t val)
{
	mmio_write(u->regs + reg, 4, val);
}

static bool wait_for(const struct vtd_unit *u, unsigned int reg, uint32_t bits, bool on)
{
	uint64_t end = now_ns() + IOMMU_WAIT_NS;

	while (!!(get(u, reg) & bits) != on) {
		if (now_ns() > end)
			return false;
		arch_relax();
	}
	return true;
}

static bool command(const struct vtd_unit *u, uint32_t bit, bool on)
{
	uint32_t now = get(u, REG_GSTS) & G_LASTING;

	set(u, REG_GCMD, on ? now | bit : now & ~bit);
	return wait_for(u, REG_GSTS, bit, on);
}

/* --- what there is ------------------------------------------------------------------- */

/* Some unit has all devices of the segment that no other has. */
static bool covers_segment(uint16_t segment)
{
	for (unsigned int i = 0; i < iommu_tables.unit_nr; i++)
		if (iommu_tables.unit[i].segment == segment && iommu_tables.unit[i].all)
			return true;
	return false;
}

static bool scope_has(const struct iommu_scope *s, uint32_t fn)
{
	uint32_t at = PCI_FN(s->segment, s->bus, s->devfn[0]);
	uint8_t bus = fn >> 8 & 0xff;

	for (unsigned int i = 1; i < s->hops; i++)
		at = PCI_FN(s->segment, pci_read(at, PCI_SECONDARY_BUS, 1), s->devfn[i]);
	return at == fn || (s->bridge && s->segment == fn >> 16 &&
			    bus >= MAX(pci_read(at, PCI_SECONDARY_BUS, 1), 1u) &&
			    bus <= pci_read(at, PCI_LAST_BUS, 1));
}

static bool covers(uint32_t fn)
{
	for (unsigned int i = 0; i < iommu_tables.scope_nr; i++)
		if (scope_has(&iommu_tables.scope[i], fn))
			return true;
	return false;
}

/* A device that is left out would be told addresses that nobody translates. */
static bool covers_all(void)
{
	bool all = true;
	uint32_t id;

	for (unsigned int i = 0; i < acpi.mcfg_nr; i++)
		if (acpi.mcfg[i].segment)
			all = all && covers_segment(acpi.mcfg[i].segment);
	if (covers_segment(0))
		return all;
	for (uint32_t fn = 0; all && pci_find_function(&fn, &id); fn++)
		all = covers(fn);
	return all;
}

static const char *look_at(struct vtd_unit *u, const struct iommu_place *p)
{
	u->regs = map_mmio(p->regs, PAGE_SIZE);
	u->cap = mmio_read(u->regs + REG_CAP, 8);
	u->ecap = mmio_read(u->regs + REG_ECAP, 8);
	if (!get(u, REG_VER) || !~get(u, REG_VER) || !~u->cap || !~u->ecap)
		return "a unit does not answer";
	if (!(u->ecap & ECAP_QI) || (u->cap & CAP_RWBF))
		return "a unit is too old";
	if (!(u->cap & (CAP_3_LEVELS | CAP_4_LEVELS)))
		return "a unit has tables of five levels only";
	u->length = ROUNDUP((CAP_FRO(u->cap) + CAP_NFR(u->cap)) * 16, PAGE_SIZE);
	u->regs = map_mmio(p->regs, u->length);
	return NULL;
}

static const char *probe(struct iommu_caps *c)
{
	uint64_t common = ~0ull, any = 0;
	unsigned int bits = 48;

	if (!covers_all())
		return "the firmware's DMAR table does not cover all devices";
	for (unsigned int i = 0; i < iommu_tables.unit_nr; i++) {
		struct vtd_unit *u = &units[i];
		const char *wrong = look_at(u, &iommu_tables.unit[i]);

		if (wrong)
			return wrong;
		common &= u->cap;
		any |= u->cap;
		bits = MIN(bits, CAP_MGAW(u->cap));
		c->incoherent = c->incoherent || !(u->ecap & ECAP_COHERENT);
	}
	if (!(common & (CAP_3_LEVELS | CAP_4_LEVELS)))
		return "units have no number of levels in common";
	c->levels = common & CAP_4_LEVELS ? 4 : 3;
	c->bits = MIN(bits, PAGE_SHIFT + 9 * c->levels);
	c->max_leaf = !(common & CAP_2M) ? 1 : common & CAP_1G ? 3 : 2;
	c->flush_new = any & CAP_CM;
	return NULL;
}

/* --- invalidation ---------------------------------------------------------------------- */

static void submit(struct vtd_unit *u, uint64_t low, uint64_t high)
{
	uint64_t *slot = &u->queue[u->tail * 2];

	slot[0] = low;
	slot[1] = high;
	if (!(u->ecap & ECAP_COHERENT))
		iommu_write_back(slot, 16);
	u->tail = (u->tail + 1) % QUEUE_ENTRIES;
}

/* Everything submitted, and a sign when it is done, which await() waits for. */
static void start(struct vtd_unit *u)
{
	u->asked++;
	submit(u, INV_WAIT | (uint64_t)u->asked << 32, virt_to_phys((void *)&u->done));
	mmio_write(u->regs + REG_IQT, 8, u->tail * 16);
}

static bool await(const struct vtd_unit *u)
{
	uint64_t end = now_ns() + IOMMU_WAIT_NS;

	while (u->done != u->asked) {
		if ((get(u, REG_FSTS) & FSTS_QUEUE) || now_ns() > end)
			return false;
		arch_relax();
	}
	return true;
}

static uint64_t drain(const struct vtd_unit *u)
{
	return (u->cap & CAP_DRAIN_WRITES ? INV_DRAIN_W : 0) |
	       (u->cap & CAP_DRAIN_READS ? INV_DRAIN_R : 0);
}

static void flush(gfn_t first, gfn_t last)
{
	unsigned int order = iommu_block_order(first, last);

	for_each_unit(u) {
		uint64_t low = INV_IOTLB | INV_TAG | drain(u);

		if ((u->cap & CAP_PSI) && order <= CAP_MAMV(u->cap))
			submit(u, low | INV_PAGES,
			       gfn_to_addr(GFN(first.v >> order << order)) | order);
		else
			submit(u, low | INV_DOMAIN, 0);
		start(u);
	}
	for_each_unit(u)
		if (!await(u))
			panic("IOMMU at %#lx: does not finish an invalidation (status "
			      "%#x), so memory cannot be used again; start with iommu=off, "
			      "and report this machine",
			      iommu_tables.unit[u - units].regs, get(u, REG_FSTS));
}

/* --- on and off --------------------------------------------------------------------------- */

/* 0: no memory. */
static uint64_t *table_page(void)
{
	return heap_alloc_page();
}

static bool make_tables(const struct iopt *t)
{
	root_table = table_page();
	context_table = table_page();
	if (!root_table || !context_table)
		return false;
	for (unsigned int i = 0; i < PAGE_SIZE / 16; i++) {
		root_table[2 * i] = virt_to_phys(context_table) | ENTRY_P;
		context_table[2 * i] = mfn_to_addr(t->root) | ENTRY_P;
		context_table[2 * i + 1] = CONTEXT_TAG | CONTEXT_LEVELS(t->levels);
	}
	if (t->incoherent) {
		iommu_write_back(root_table, PAGE_SIZE);
		iommu_write_back(context_table, PAGE_SIZE);
	}
	return true;
}

/* Firmware may have left anything on. */
static bool stop(const struct vtd_unit *u)
{
	bool off = true;

	set(u, REG_FECTL, FECTL_MASK);
	if (get(u, REG_GSTS) & G_TE)
		off = command(u, G_TE, false);
	if (get(u, REG_GSTS) & G_IRE)
		off = command(u, G_IRE, false) && off;
	if (get(u, REG_GSTS) & G_QIE)
		off = command(u, G_QIE, false) && off;
	return off;
}

static bool start_queue(struct vtd_unit *u)
{
	u->queue = table_page();
	if (!u->queue)
		return false;
	u->tail = 0;
	mmio_write(u->regs + REG_IQT, 8, 0);
	mmio_write(u->regs + REG_IQA, 8, virt_to_phys(u->queue));
	return command(u, G_QIE, true);
}

static bool unprotect_memory(const struct vtd_unit *u)
{
	if (!(u->cap & (CAP_LOW_MEM | CAP_HIGH_MEM)))
		return true;
	set(u, REG_PMEN, get(u, REG_PMEN) & ~PMEN_ENABLE);
	return wait_for(u, REG_PMEN, PMEN_STATUS, false);
}

static const char *enable_unit(struct vtd_unit *u)
{
	if (!stop(u))
		return "a unit does not stop";
	mmio_write(u->regs + REG_RTADDR, 8, virt_to_phys(root_table));
	if (!command(u, G_SRTP, true))
		return "a unit does not take its root table";
	if (!start_queue(u))
		return "a unit's queue does not start";
	submit(u, INV_CONTEXT, 0);
	submit(u, INV_IOTLB | INV_GLOBAL | drain(u), 0);
	start(u);
	if (!await(u))
		return "a unit does not finish an invalidation";
	if (!command(u, G_TE, true))
		return "a unit does not start";
	return unprotect_memory(u) ? NULL : "a unit goes on protecting memory";
}

static const char *enable(const struct iopt *t)
{
	if (!make_tables(t))
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
		if (!stop(u))
			panic("IOMMU at %#lx: can be neither used nor stopped; switch it off "
			      "in the firmware's set-up",
			      iommu_tables.unit[u - units].regs);
}

/* --- interrupts --------------------------------------------------------------------------- */

static bool can_remap(void)
{
	for_each_unit(u)
		if (!(u->ecap & ECAP_IR))
			return false;
	for (unsigned int i = 0; i < acpi.cpu_nr; i++)
		if (acpi.cpu_apic_id[i] > IOMMU_APIC_ID_MAX)
			return false;
	return true;
}

/* INVALID_MFN: no memory. */
static mfn_t make_handles(void)
{
	mfn_t mfn = page_alloc(HANDLES_ORDER, 0);
	uint64_t *p;

	if (!mfn_valid_value(mfn))
		return mfn;
	p = map_frame(mfn);
	memset(p, 0, PAGE_SIZE << HANDLES_ORDER);
	for (unsigned int i = 0; i < acpi.cpu_nr; i++) {
		uint32_t id = acpi.cpu_apic_id[i];

		for (unsigned int v = VEC_DEVICE_FIRST; v <= VEC_SERIAL; v++) {
			uint64_t e = IRTE_P | IRTE_VECTOR(v) | IRTE_DEST(id);

			if (v > VEC_DEVICE_LAST && v != VEC_SERIAL)
				continue;
			p[2 * iommu_irq_handle(id, (uint8_t)v, false)] = e;
			p[2 * iommu_irq_handle(id, (uint8_t)v, true)] = e | IRTE_LEVEL;
		}
	}
	iommu_write_back(p, PAGE_SIZE << HANDLES_ORDER);
	unmap_frame(p);
	return mfn;
}

static bool remap_unit(struct vtd_unit *u, mfn_t handles)
{
	mmio_write(u->regs + REG_IRTA, 8, mfn_to_addr(handles) | HANDLES_SIZE);
	if (!command(u, G_SIRTP, true))
		return false;
	submit(u, INV_INTERRUPTS, 0);
	start(u);
	return await(u) && command(u, G_IRE, true);
}

static bool remap_interrupts(void)
{
	mfn_t handles = can_remap() ? make_handles() : INVALID_MFN;
	bool ok = mfn_valid_value(handles);

	if (!ok)
		return false;
	for_each_unit(u)
		ok = ok && remap_unit(u, handles);
	for_each_unit(u)
		if (!ok && (get(u, REG_GSTS) & G_IRE) && !command(u, G_IRE, false))
			panic("IOMMU at %#lx: does not stop; start with intremap=off",
			      iommu_tables.unit[u - units].regs);
	return ok;
}

static uint64_t registers(unsigned int unit)
{
	return units[unit].length;
}

/* --- faults ----------------------------------------------------------------------------- */

static bool take_fault(const struct vtd_unit *u, unsigned int i, struct iommu_fault *f)
{
	volatile char *rec = u->regs + (CAP_FRO(u->cap) + i) * 16;
	uint64_t high = mmio_read(rec + 8, 8);

	if (!(high & FAULT_F))
		return false;
	*f = (struct iommu_fault){
		.fn = PCI_FN(iommu_tables.unit[u - units].segment, 0, high & 0xffff),
		.known = true,
		.write = !(high & FAULT_READ),
		.addr = mmio_read(rec, 8) & PAGE_MASK,
		.code = high >> 32 & 0xff,
		.interrupt = (high >> 32 & 0xff) >= FAULT_INTERRUPT,
	};
	mmio_write(rec + 12, 4, (uint32_t)(FAULT_F >> 32));	/* read: free again */
	return true;
}

static bool next_fault(struct iommu_fault *f)
{
	for_each_unit(u) {
		for (unsigned int i = 0; i < CAP_NFR(u->cap); i++)
			if (take_fault(u, i, f))
				return true;
		if (get(u, REG_FSTS) & FSTS_OVERFLOW)
			set(u, REG_FSTS, FSTS_OVERFLOW);
	}
	return false;
}

const struct iommu_ops vtd_ops = {
	.name = "Intel VT-d",
	.format = &format,
	.probe = probe,
	.enable = enable,
	.disable = disable,
	.remap_interrupts = remap_interrupts,
	.flush = flush,
	.next_fault = next_fault,
	.registers = registers,
};

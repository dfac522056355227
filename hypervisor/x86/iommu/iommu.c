/*
 * What both vendors' remapping units share: coming up or going without, the mirror
 * of the hardware domain's p2m, and the log of what was stopped.
 *
 * Faults are asked for once a second, not told by an interrupt: a device that
 * faults in a storm then costs nothing, and there is nothing to be silenced.
 *
 * Locks: the tables and the units' queues are covered by the hardware domain's
 * p2m_lock; fault logs by being read on one CPU only.
 */
#include <hv/boot.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/page.h>
#include <hv/timer.h>

#include <x86/dom0.h>
#include <x86/pci.h>
#include <x86/platform.h>

#include "iommu.h"

#define POLL_NS		1000000000ul
#define FAULTS_A_POLL	512u
#define LINES_AT_ONCE	8u		/* then one in ... */
#define LINE_POLLS	10u		/* ... so many polls */

static const struct iommu_ops *ops;	/* NULL: no remapping */
static struct iommu_caps caps;
static struct iopt table;
static bool enabled, remaps_interrupts;

/* Taken out or changed since the last flush; first > last: nothing. */
static gfn_t stale_first = {~0ull}, stale_last = {0};

static struct timer poll_timer;
static unsigned int lines = LINES_AT_ONCE;	/* that may be logged now */
static uint64_t polls, untold;

bool iommu_active(void)
{
	return enabled;
}

bool iommu_remaps_interrupts(void)
{
	return remaps_interrupts;
}

unsigned int iommu_bits(void)
{
	return ops ? caps.bits : 64;
}

/* --- coming up ----------------------------------------------------------------------- */

void iommu_give_up(const char *why)
{
	ops = NULL;
	log_warn("IOMMU: not used: %s. Devices are trusted, and the control domain "
		 "bounces what they read and write of guests",
		 why);
}

void iommu_init(void)
{
	const char *wrong = iommu_tables.wrong;

	if (!iommu_tables.unit_nr && !wrong) {
		log_info("IOMMU: the firmware shows none");
		return;
	}
	if (!cmdline_bool("iommu", true)) {
		iommu_give_up("iommu=off");
		return;
	}
	ops = iommu_tables.amd ? &amdvi_ops : &vtd_ops;
	if (!wrong)
		wrong = ops->probe(&caps);
	if (!wrong) {
		table = (struct iopt){
			.format = ops->format, .levels = caps.levels,
			.max_leaf = caps.max_leaf, .incoherent = caps.incoherent,
		};
		if (iopt_init(&table))
			wrong = "no memory for its tables";
	}
	if (wrong)
		iommu_give_up(wrong);
}

/*
 * A range that devices need without the domain's knowing, 1:1. It must not be RAM
 * by the memory map: whose would it be? The domain's own is mapped anyway.
 */
static int map_range(const struct iommu_range *r)
{
	int err = 0;

	for (uint64_t at = r->start; !err && at < r->end; at += PAGE_SIZE) {
		const struct page *pg = mfn_to_page(addr_to_mfn(at));

		if (!host_ram_overlaps(at, at + PAGE_SIZE)) {
			err = iopt_map(&table, addr_to_gfn(at), addr_to_mfn(at), 0, r->write);
		} else if (!pg || pg->owner != hardware_domain->id) {
			log_warn("IOMMU: the firmware wants devices to reach %#lx, which is "
				 "ordinary memory; refused",
				 at);
			break;
		}
	}
	return err;
}

static const char *map_ranges(void)
{
	LOCKED(&hardware_domain->p2m_lock);
	for (unsigned int i = 0; i < iommu_tables.range_nr; i++) {
		const struct iommu_range *r = &iommu_tables.range[i];

		if (r->end > 1ull << caps.bits)
			return "a device's memory is out of its reach";
		if (map_range(r))
			return "no memory for its tables";
	}
	return NULL;
}

static void poll_faults(void *data);

/* The serial line's is the only one in use by now; it is sent as a handle from here on. */
static void enable_interrupts(void)
{
	if (!cmdline_bool("intremap", true) || !ops->remap_interrupts)
		return;
	remaps_interrupts = ops->remap_interrupts();
	if (remaps_interrupts)
		serial_enable_rx();
}

void iommu_enable(void)
{
	const char *wrong;

	if (!ops)
		return;
	wrong = map_ranges();
	if (!wrong) {
		wrong = ops->enable(&table);
		if (wrong)
			ops->disable();
	}
	if (wrong) {
		iommu_give_up(wrong);
		return;
	}
	enabled = true;
	enable_interrupts();
	timer_init(&poll_timer, poll_faults, NULL);
	timer_set(&poll_timer, now_ns() + POLL_NS);
	log_info("IOMMU: %s, %u unit%s, %u-bit addresses, pages up to %s: devices reach "
		 "the control domain's memory only; interrupts are %sremapped",
		 ops->name, iommu_tables.unit_nr, iommu_tables.unit_nr == 1 ? "" : "s",
		 caps.bits, caps.max_leaf == 3 ? "1 GiB" : caps.max_leaf == 2 ? "2 MiB" :
		 "4 KiB", remaps_interrupts ? "" : "not ");
}

/* Reads give ones, writes are lost. */
static void no_access(struct mmio_trap *t, uint64_t gpa, unsigned int size, bool write,
		      uint64_t *val)
{
	if (!write)
		*val = ~0ull;
}

void iommu_hide_registers(void)
{
	static struct mmio_trap traps[IOMMU_UNITS_MAX];

	for (unsigned int i = 0; enabled && i < iommu_tables.unit_nr; i++) {
		traps[i].start = iommu_tables.unit[i].regs;
		traps[i].end = traps[i].start + ops->registers(i);
		traps[i].access = no_access;
		if (!hwdom_trap(&traps[i]))
			log_warn("IOMMU at %#lx: its registers lie in memory or in another "
				 "device's, and are not protected",
				 traps[i].start);
	}
}

/* --- the mirror ------------------------------------------------------------------------ */

static void mark_stale(gfn_t first, unsigned int order)
{
	gfn_t last = gfn_add(first, (1ull << order) - 1);

	stale_first.v = MIN(stale_first.v, first.v);
	stale_last.v = MAX(stale_last.v, last.v);
}

/* Shared pages and trace rings are the hypervisor's: no device's business. */
static bool devices_may(mfn_t mfn, enum p2m_type type)
{
	const struct page *pg = mfn_to_page(mfn);

	return type != P2M_HOLE && type != P2M_MMIO && type != P2M_SPECIAL &&
	       pg && pg->owner != DOMID_XEN;
}

static bool within_reach(gfn_t gfn, unsigned int order)
{
	return gfn.v + (1ull << order) <= 1ull << (caps.bits - PAGE_SHIFT);
}

int iommu_p2m_set(gfn_t gfn, mfn_t mfn, unsigned int order, enum p2m_type type)
{
	int err;

	if (!ops)
		return 0;
	if (type == P2M_HOLE && within_reach(gfn, order)) {
		iopt_unmap(&table, gfn, order);
		mark_stale(gfn, order);
	}
	if (!devices_may(mfn, type))
		return 0;
	if (!within_reach(gfn, order))
		return -EINVAL;
	err = iopt_map(&table, gfn, mfn, order, p2m_is_writable(type));
	if (!err && caps.flush_new && enabled) {
		mark_stale(gfn, order);
		iommu_p2m_flush();
	}
	return err;
}

int iommu_p2m_split(gfn_t gfn, unsigned int order)
{
	gfn_t whole = GFN(gfn.v & ~((1ull << (order + 9)) - 1));

	if (!ops || !within_reach(gfn, 0))
		return 0;
	mark_stale(whole, order + 9);
	return iopt_split(&table, gfn, order);
}

void iommu_p2m_flush(void)
{
	if (enabled && stale_first.v <= stale_last.v)
		ops->flush(stale_first, stale_last);
	stale_first = GFN(~0ull);
	stale_last = GFN(0);
}

/* --- what was stopped -------------------------------------------------------------------- */

static void tell(const struct iommu_fault *f)
{
	char name[PCI_NAME_MAX];

	pci_name(f->fn, name);
	if (f->interrupt)
		log_warn("%s: an interrupt that it may not send was stopped (code %u)", name,
			 f->code);
	else if (f->known)
		log_warn("%s: DMA %s %#lx, which is not its own, was stopped (code %u)", name,
			 f->write ? "to" : "from", f->addr, f->code);
	else
		log_warn("%s: DMA to what is not its own was stopped (code %u)", name,
			 f->code);
}

static void poll_faults(void *data)
{
	struct iommu_fault f;

	for (unsigned int n = 0; n < FAULTS_A_POLL && ops->next_fault(&f); n++) {
		if (lines) {
			lines--;
			tell(&f);
		} else {
			untold++;
		}
	}
	if (++polls % LINE_POLLS == 0) {
		lines = MIN(lines + 1, LINES_AT_ONCE);
		if (untold)
			log_warn("IOMMU: at least %lu more were stopped", untold);
		untold = 0;
	}
	timer_set(&poll_timer, now_ns() + POLL_NS);
}

/*
 * The hardware domain's IO-APICs: one for each of the machine's, with the same
 * address, GSI base and pins. A pin that the domain unmasks gets a physical vector
 * (x86/dev_irq.h); polarity and trigger mode are the domain's.
 *
 * A level-triggered pin is masked when it fires and unmasked when the vCPU that it
 * fired for retires the vector; in between it reads as "remote IRR". Intel 82093AA.
 */
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/page.h>

#include <x86/acpi.h>
#include <x86/apic.h>
#include <x86/dev_irq.h>
#include <x86/dom0.h>
#include <x86/hvm.h>
#include <x86/platform.h>

#define PINS_MAX	240u
#define REG_SELECT	0x00u
#define REG_WINDOW	0x10u
#define REG_EOI		0x40u
#define INDEX_ID	0x00u
#define INDEX_VERSION	0x01u
#define INDEX_RTE	0x10u

struct vioapic {
	struct mmio_trap trap;
	uint32_t select;
	unsigned int pins;
	struct vpin {
		struct dev_irq irq;
		uint64_t rte;	/* as the guest wrote it */
		uint32_t served;	/* the target it fired for, level, not yet
					 * retired; else 0 */
		uint8_t ioapic, nr;
		bool ours;	/* the hypervisor's own (serial): no effect */
	} *pin;
};

/* Covers everything below and the physical entries; taken before that of vectors. */
static spinlock_t lock;
static struct vioapic vioapics[ACPI_IOAPIC_MAX];
static struct domain *owner;

/* --- from the guest's entry to the machine's ------------------------------- */

/* Where it leads; NULL: nowhere. Fixed or lowest priority; nothing that bypasses vectors. */
static struct vcpu *decode(uint64_t rte)
{
	if ((rte & IOAPIC_RTE_MASKED) || (rte & IOAPIC_RTE_DM) >> 8 > 1 ||
	    (rte & IOAPIC_RTE_VECTOR) < 16)
		return NULL;
	return vlapic_find_dest(owner, (uint32_t)(rte >> IOAPIC_RTE_DEST_SHIFT),
				rte & IOAPIC_RTE_LOGICAL);
}

static void program_locked(struct vpin *p)
{
	struct vcpu *dest = decode(p->rte);
	uint64_t host = IOAPIC_RTE_MASKED;

	if (p->ours)
		return;
	if (dest && dev_irq_bind(&p->irq, dest, (uint8_t)p->rte,
				 p->rte & IOAPIC_RTE_LEVEL, true) >= 0) {
		host = p->rte & (IOAPIC_RTE_ACTIVE_LOW | IOAPIC_RTE_LEVEL);
		host |= p->irq.vector;
		host |= (uint64_t)dev_irq_dest(&p->irq) << IOAPIC_RTE_DEST_SHIFT;
		host |= p->served ? IOAPIC_RTE_MASKED : 0;
	}
	ioapic_write_rte(p->ioapic, p->nr, host);
}

static void write_rte(struct vpin *p, bool high, uint32_t val)
{
	if (high)
		p->rte = (p->rte & UINT32_MAX) | (uint64_t)val << 32;
	else
		p->rte = (p->rte & ~(uint64_t)UINT32_MAX) |
			 (val & ~(uint32_t)IOAPIC_RTE_IRR);
	if (!(p->rte & IOAPIC_RTE_LEVEL))
		p->served = 0;
	program_locked(p);
}

static uint32_t read_rte(const struct vpin *p, bool high)
{
	uint64_t rte = p->rte | (p->served ? IOAPIC_RTE_IRR : 0);

	return (uint32_t)(high ? rte >> 32 : rte);
}

/* --- registers --------------------------------------------------------------- */

static uint32_t read_window(const struct vioapic *io)
{
	unsigned int i = io->select;

	if (i == INDEX_ID)
		return (uint32_t)acpi.ioapic[io - vioapics].id << 24;
	if (i == INDEX_VERSION)
		return 0x20 | (io->pins - 1) << 16;
	if (i >= INDEX_RTE && (i - INDEX_RTE) / 2 < io->pins)
		return read_rte(&io->pin[(i - INDEX_RTE) / 2], i & 1);
	return 0;
}

/* Pins that wait for @target, in the bits of @mask. */
static void retire_locked(uint32_t target, uint32_t mask)
{
	for (unsigned int n = 0; n < acpi.ioapic_nr; n++) {
		for (unsigned int i = 0; i < vioapics[n].pins; i++) {
			struct vpin *p = &vioapics[n].pin[i];

			if (!p->served || ((p->served ^ target) & mask))
				continue;
			p->served = 0;
			program_locked(p);
		}
	}
}

static void write_register(struct vioapic *io, unsigned int reg, uint32_t val)
{
	switch (reg) {
	case REG_SELECT:
		io->select = val & 0xff;
		break;
	case REG_WINDOW:
		if (io->select >= INDEX_RTE && (io->select - INDEX_RTE) / 2 < io->pins)
			write_rte(&io->pin[(io->select - INDEX_RTE) / 2], io->select & 1,
				  val);
		break;
	case REG_EOI:
		retire_locked(val, 0xff);
		break;
	}
}

static void vioapic_access(struct mmio_trap *t, uint64_t gpa, unsigned int size,
			   bool write, uint64_t *val)
{
	struct vioapic *io = list_entry(t, struct vioapic, trap);
	unsigned int reg = gpa & 0xff;

	LOCKED(&lock);
	if (write && size == 4)
		write_register(io, reg, (uint32_t)*val);
	else if (!write && reg == REG_SELECT)
		*val = io->select;
	else if (!write)
		*val = reg == REG_WINDOW ? read_window(io) : ~0u;
}

/* --- interrupts ---------------------------------------------------------------- */

static void pin_fired(struct dev_irq *i)
{
	struct vpin *p = list_entry(i, struct vpin, irq);

	if (!i->level)
		return;
	LOCKED(&lock);
	ioapic_mask(p->ioapic, p->nr, true);
	p->served = i->target;
}

static const struct dev_irq_ops pin_ops = {.fired = pin_fired};

void hwdom_eoi(struct vcpu *v, uint8_t vector)
{
	LOCKED(&lock);
	retire_locked(v->id << 8 | vector, ~0u);
}

static void make_pin(struct vpin *p, unsigned int n, unsigned int nr)
{
	dev_irq_init(&p->irq, &pin_ops, acpi.ioapic[n].gsi_base + nr);
	p->ioapic = (uint8_t)n;
	p->nr = (uint8_t)nr;
	p->rte = IOAPIC_RTE_MASKED;
	p->ours = !(ioapic_read_rte(n, nr) & IOAPIC_RTE_MASKED);
}

void vioapic_init(struct domain *d)
{
	owner = d;
	for (unsigned int n = 0; n < acpi.ioapic_nr; n++) {
		struct vioapic *io = &vioapics[n];

		io->pins = MIN(ioapic_pins(n), PINS_MAX);
		io->pin = heap_alloc(io->pins * sizeof(*io->pin));
		if (!io->pin)
			panic("no memory for the virtual IO-APIC; add memory");
		for (unsigned int i = 0; i < io->pins; i++)
			make_pin(&io->pin[i], n, i);
		io->trap.start = acpi.ioapic[n].addr & PAGE_MASK;
		io->trap.end = io->trap.start + PAGE_SIZE;
		io->trap.access = vioapic_access;
		if (!hwdom_trap(&io->trap))
			log_warn("IO-APIC %u at %#x lies in memory or another device; "
				 "it is not used",
				 acpi.ioapic[n].id, acpi.ioapic[n].addr);
	}
}

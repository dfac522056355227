/*
 * The hardware domain's IO-APICs: one for each of the machine's, with the same
 * address, GSI base and pins. Unmasking a pin binds it: the physical entry is
 * given the guest's own vector and the CPU that its target vCPU is pinned to.
 * Linux hands a vector out once per CPU, and the hypervisor's own vectors lie
 * above all that it uses, so the number needs no translation.
 *
 * A level-triggered pin is masked when it fires and unmasked when the guest
 * retires the vector; in between it reads as "remote IRR". Intel 82093AA.
 */
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/page.h>

#include <x86/acpi.h>
#include <x86/apic.h>
#include <x86/dom0.h>
#include <x86/hvm.h>
#include <x86/irq.h>
#include <x86/platform.h>

#define PINS_MAX	240u
#define REG_SELECT	0x00u
#define REG_WINDOW	0x10u
#define REG_EOI		0x40u
#define INDEX_ID	0x00u
#define INDEX_VERSION	0x01u
#define INDEX_RTE	0x10u

struct vioapic {
	uint32_t select;
	unsigned int pins;
	struct vpin {
		uint64_t rte;	/* as the guest wrote it */
		bool in_service; /* fired, level, not yet retired */
		bool held;	/* the hypervisor's own (serial): no effect */
	} *pin;
};

static spinlock_t lock;	/* covers everything below and the physical entries */
static struct vioapic vioapics[ACPI_IOAPIC_MAX];
static struct domain *owner;

static int find_by_address(uint64_t gpa)
{
	for (unsigned int n = 0; n < acpi.ioapic_nr; n++)
		if ((gpa & PAGE_MASK) == (acpi.ioapic[n].addr & PAGE_MASK))
			return (int)n;
	return -1;
}

bool vioapic_covers(uint64_t gpa)
{
	return find_by_address(gpa) >= 0;
}

/* --- from the guest's entry to the machine's ------------------------------- */

static bool deliverable(uint64_t rte)
{
	unsigned int mode = (unsigned int)((rte & IOAPIC_RTE_DM) >> 8);
	unsigned int vector = rte & IOAPIC_RTE_VECTOR;

	/* Fixed or lowest priority; nothing that bypasses vectors. */
	return !(rte & IOAPIC_RTE_MASKED) && mode <= 1 &&
	       vector >= VEC_DEVICE_FIRST && vector <= VEC_DEVICE_LAST;
}

static void program_locked(unsigned int n, unsigned int pin)
{
	struct vpin *p = &vioapics[n].pin[pin];
	uint64_t rte = p->rte;
	struct vcpu *dest;
	uint64_t host;

	if (p->held)
		return;
	dest = vlapic_find_dest(owner, (uint32_t)(rte >> IOAPIC_RTE_DEST_SHIFT),
				rte & IOAPIC_RTE_LOGICAL);
	if (!deliverable(rte) || !dest) {
		ioapic_write_rte(n, pin, IOAPIC_RTE_MASKED);
		return;
	}
	host = rte & (IOAPIC_RTE_VECTOR | IOAPIC_RTE_ACTIVE_LOW | IOAPIC_RTE_LEVEL);
	if (p->in_service)
		host |= IOAPIC_RTE_MASKED;
	host |= (uint64_t)cpus[dest->id]->arch->apic_id << IOAPIC_RTE_DEST_SHIFT;
	ioapic_write_rte(n, pin, host);
}

static void write_rte(unsigned int n, unsigned int pin, bool high, uint32_t val)
{
	struct vpin *p = &vioapics[n].pin[pin];

	if (high)
		p->rte = (p->rte & UINT32_MAX) | (uint64_t)val << 32;
	else
		p->rte = (p->rte & ~(uint64_t)UINT32_MAX) |
			 (val & ~(uint32_t)IOAPIC_RTE_IRR);
	if (!(p->rte & IOAPIC_RTE_LEVEL))
		p->in_service = false;
	program_locked(n, pin);
}

static uint32_t read_rte(unsigned int n, unsigned int pin, bool high)
{
	const struct vpin *p = &vioapics[n].pin[pin];
	uint64_t rte = p->rte | (p->in_service ? IOAPIC_RTE_IRR : 0);

	return (uint32_t)(high ? rte >> 32 : rte);
}

/* --- registers --------------------------------------------------------------- */

static uint32_t read_window(unsigned int n)
{
	struct vioapic *io = &vioapics[n];
	unsigned int i = io->select;

	if (i == INDEX_ID)
		return (uint32_t)acpi.ioapic[n].id << 24;
	if (i == INDEX_VERSION)
		return 0x20 | (io->pins - 1) << 16;
	if (i >= INDEX_RTE && (i - INDEX_RTE) / 2 < io->pins)
		return read_rte(n, (i - INDEX_RTE) / 2, i & 1);
	return 0;
}

uint32_t vioapic_read(uint64_t gpa)
{
	int n = find_by_address(gpa);
	uint32_t val = ~0u;

	LOCKED(&lock);
	if ((gpa & 0xff) == REG_SELECT)
		val = vioapics[n].select;
	else if ((gpa & 0xff) == REG_WINDOW)
		val = read_window((unsigned int)n);
	return val;
}

static void retire_locked(uint8_t vector)
{
	for (unsigned int n = 0; n < acpi.ioapic_nr; n++) {
		for (unsigned int i = 0; i < vioapics[n].pins; i++) {
			struct vpin *p = &vioapics[n].pin[i];

			if (!p->in_service || (p->rte & IOAPIC_RTE_VECTOR) != vector)
				continue;
			p->in_service = false;
			program_locked(n, i);
		}
	}
}

void vioapic_write(struct domain *d, uint64_t gpa, uint32_t val)
{
	int n = find_by_address(gpa);
	struct vioapic *io = &vioapics[n];

	LOCKED(&lock);
	switch (gpa & 0xff) {
	case REG_SELECT:
		io->select = val & 0xff;
		break;
	case REG_WINDOW:
		if (io->select >= INDEX_RTE && (io->select - INDEX_RTE) / 2 < io->pins)
			write_rte((unsigned int)n, (io->select - INDEX_RTE) / 2,
				  io->select & 1, val);
		break;
	case REG_EOI:
		retire_locked((uint8_t)val);
		break;
	}
}

/* --- interrupts ---------------------------------------------------------------- */

/*
 * A device vector arrived on this CPU: it belongs to the vCPU pinned here, by
 * an IO-APIC pin (level ones are masked until retired) or straight from MSI.
 */
static void device_interrupt(unsigned int vector)
{
	unsigned int cpu = this_cpu()->id;
	bool level = false;

	spin_lock(&lock);
	for (unsigned int n = 0; n < acpi.ioapic_nr; n++) {
		for (unsigned int i = 0; i < vioapics[n].pins; i++) {
			struct vpin *p = &vioapics[n].pin[i];

			if (p->held || (p->rte & IOAPIC_RTE_VECTOR) != vector ||
			    (p->rte & IOAPIC_RTE_MASKED) ||
			    !(p->rte & IOAPIC_RTE_LEVEL))
				continue;
			ioapic_mask(n, i, true);
			p->in_service = true;
			level = true;
		}
	}
	spin_unlock(&lock);
	if (cpu < owner->max_vcpus && owner->vcpu[cpu])
		vlapic_set_irq(owner->vcpu[cpu], (uint8_t)vector, level);
}

void hwdom_eoi(struct vcpu *v, uint8_t vector)
{
	LOCKED(&lock);
	retire_locked(vector);
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
		for (unsigned int i = 0; i < io->pins; i++) {
			io->pin[i].rte = IOAPIC_RTE_MASKED;
			io->pin[i].held = !(ioapic_read_rte(n, i) & IOAPIC_RTE_MASKED);
		}
	}
	irq_set_device_handler(device_interrupt);
}

/*
 * What a guest meets at I/O ports and at physical addresses without RAM.
 *
 * An ordinary domain has no devices: ports read all-ones, memory holes too. The
 * hardware domain reaches the machine's ports directly, but for those in the
 * table; the machine's MMIO is mapped 1:1 when it is first touched, but for
 * trapped ranges (emulated) and RAM that is not its own (never).
 */
#include <hv/boot.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/p2m.h>

#include <x86/acpi.h>
#include <x86/asm.h>
#include <x86/dom0.h>
#include <x86/hvm.h>
#include <x86/iommu.h>
#include <x86/pci.h>
#include <x86/platform.h>

/* --- ports ---------------------------------------------------------------- */

typedef uint32_t port_read(uint16_t port, unsigned int size);
typedef void port_write(struct vcpu *v, uint16_t port, unsigned int size, uint32_t val);

static uint32_t read_ones(uint16_t port, unsigned int size)
{
	return ~0u;
}

/* PIT channel 2 and port 0x61: the kernel's calibration loop ends at once. */
static uint32_t read_zero(uint16_t port, unsigned int size)
{
	return 0;
}

static void drop(struct vcpu *v, uint16_t port, unsigned int size, uint32_t val)
{
}

/* PM1x_CNT: with SLP_EN the machine sleeps; only soft-off is let through. */
#define SLP_EN		(1u << 13)
#define SLP_TYP(v)	(((v) >> 10) & 7u)

static void write_pm1_cnt(struct vcpu *v, uint16_t port, unsigned int size, uint32_t val)
{
	if (!(val & SLP_EN)) {
		if (size == 2)
			outw(port, (uint16_t)val);
		return;
	}
	if (acpi.s5_valid && SLP_TYP(val) == acpi.s5_typ_a)
		arch_machine_poweroff();
	log_warn("control domain asked for sleep type %u: not supported\n", SLP_TYP(val));
}

/* The debug console of Bochs and Xen; early kernels print there. */
static void write_debug(struct vcpu *v, uint16_t port, unsigned int size, uint32_t val)
{
	char c = (char)val;

	if (size == 1 && v->domain->control)
		console_pass(&c, 1);
}

static void write_pci(struct vcpu *v, uint16_t port, unsigned int size, uint32_t val)
{
	hwdom_pci_port_write(port, size, val);
}

static const struct port_range {
	uint16_t first, last;
	port_read *read;
	port_write *write;
} fixed_ports[] = {
	{0x20, 0x21, read_ones, drop},	/* PICs: masked, Linux takes none */
	{0xa0, 0xa1, read_ones, drop},
	{0x40, 0x43, read_zero, drop},	/* PIT */
	{0x61, 0x61, read_zero, drop},
	{0xe9, 0xe9, read_ones, write_debug},
	{0xcf8, 0xcff, hwdom_pci_port_read, write_pci},
};

static bool in_port_range(uint16_t port, uint16_t base, unsigned int len)
{
	return base && port >= base && port < base + len;
}

static const struct port_range serial_ports = {0, 0, read_ones, drop};
static const struct port_range pm1_ports = {0, 0, port_in, write_pm1_cnt};

/* The row for @port of the hardware domain, NULL when it goes straight through. */
static const struct port_range *find_port(uint16_t port)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(fixed_ports); i++)
		if (port >= fixed_ports[i].first && port <= fixed_ports[i].last)
			return &fixed_ports[i];
	if (in_port_range(port, serial_port, 8))
		return &serial_ports;
	if (in_port_range(port, acpi.pm1a_cnt, 2) ||
	    in_port_range(port, acpi.pm1b_cnt, 2))
		return &pm1_ports;
	return NULL;
}

void hwdom_io_init(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(fixed_ports); i++)
		hvm_intercept_ports(fixed_ports[i].first, fixed_ports[i].last);
	if (serial_port)
		hvm_intercept_ports(serial_port, (uint16_t)(serial_port + 7));
	if (acpi.pm1a_cnt)
		hvm_intercept_ports(acpi.pm1a_cnt, (uint16_t)(acpi.pm1a_cnt + 1));
	if (acpi.pm1b_cnt)
		hvm_intercept_ports(acpi.pm1b_cnt, (uint16_t)(acpi.pm1b_cnt + 1));
	hwdom_pci_init();
	iommu_hide_registers();
}

void hvm_port_access(struct vcpu *v, uint16_t port, unsigned int size,
		     bool write, uint32_t *val)
{
	const struct port_range *r;

	if (!v->domain->hardware) {
		/* No PIT here either; zero ends the calibration loop at once. */
		if (!write)
			*val = port == 0x42 || port == 0x61 ? 0 : ~0u;
		return;
	}
	r = find_port(port);
	if (write && r)
		r->write(v, port, size, *val);
	else if (!write)
		*val = r ? r->read(port, size) : port_in(port, size);
}

/* --- memory ----------------------------------------------------------------- */

#define SUPERPAGE    (2ull << 20)
#define LAPIC_WINDOW 0x100000ull	/* messages go there */

bool host_ram_overlaps(uint64_t start, uint64_t end)
{
	for (unsigned int i = 0; i < boot_info.e820_nr; i++) {
		const struct e820_entry *e = &boot_info.e820[i];

		if (e->type == E820_RAM && start < e->addr + e->size && end > e->addr)
			return true;
	}
	return false;
}

/*
 * Ranges that are emulated. mmio_lock covers the list, and makes "is it plain? then
 * map it" one step.
 */
static spinlock_t mmio_lock = SPINLOCK_INIT;
static struct list traps = {&traps, &traps};

static struct mmio_trap *find_trap_locked(uint64_t start, uint64_t end)
{
	list_for_each(p, &traps) {
		struct mmio_trap *t = list_entry(p, struct mmio_trap, link);

		if (start < t->end && end > t->start)
			return t;
	}
	return NULL;
}

static bool is_plain_mmio_locked(uint64_t start, uint64_t end)
{
	return start < end && end <= dom0_plan.scratch &&
	       !host_ram_overlaps(start, end) && !find_trap_locked(start, end) &&
	       (end <= APIC_BASE_DEFAULT || start >= APIC_BASE_DEFAULT + LAPIC_WINDOW);
}

bool hwdom_trap(struct mmio_trap *t)
{
	bool removed = false, runs = !hardware_domain->vcpu[0]->down;

	LOCKED(&mmio_lock);
	if (!is_plain_mmio_locked(t->start, t->end))
		return false;
	list_add_before(&traps, &t->link);
	for (uint64_t a = t->start; runs && a < t->end; a += PAGE_SIZE) {
		struct p2m_entry old;

		if (!p2m_remove(hardware_domain, addr_to_gfn(a), P2M_BIT(P2M_MMIO), &old))
			removed = true;
	}
	if (removed)
		p2m_flush(hardware_domain);
	return true;
}

void hwdom_untrap(struct mmio_trap *t)
{
	LOCKED(&mmio_lock);
	list_del(&t->link);
}

static struct mmio_trap *find_trap(uint64_t gpa)
{
	LOCKED(&mmio_lock);
	return find_trap_locked(gpa, gpa + 1);
}

static enum io_fault map_mmio_1to1(struct domain *d, uint64_t gpa)
{
	uint64_t big = ROUNDDOWN(gpa, SUPERPAGE);
	uint64_t page = gpa & PAGE_MASK;
	int err = -EINVAL;

	LOCKED(&mmio_lock);
	if (find_trap_locked(gpa, gpa + 1))
		return IO_EMULATE;
	if (!is_plain_mmio_locked(page, page + PAGE_SIZE)) {
		guest_log(d, "control domain: access at %#lx, which is not its own\n", gpa);
		return IO_NONE;
	}
	if (big >= SUPERPAGE && is_plain_mmio_locked(big, big + SUPERPAGE))
		err = p2m_insert(d, addr_to_gfn(big), addr_to_mfn(big), 9, P2M_MMIO);
	if (err)
		err = p2m_insert(d, addr_to_gfn(page), addr_to_mfn(page), 0, P2M_MMIO);
	/* -EEXIST: another vCPU was faster. */
	return !err || err == -EEXIST ? IO_MAPPED : IO_NONE;
}

enum io_fault hvm_npt_fault(struct vcpu *v, uint64_t gpa, bool write)
{
	struct domain *d = v->domain;

	if (d->hardware)
		return map_mmio_1to1(d, gpa);
	guest_log(d, "domain %u: %s at %#lx, where it has no memory\n",
		  d->id, write ? "store" : "access", gpa);
	return IO_NONE;
}

void hvm_mmio_access(struct vcpu *v, uint64_t gpa, unsigned int size, bool write,
		     uint64_t *val)
{
	struct mmio_trap *t = v->domain->hardware ? find_trap(gpa) : NULL;

	if (t)
		t->access(t, gpa, size, write, val);
	else if (!write)
		*val = ~0ull;
}

/*
 * What a guest meets at I/O ports and at physical addresses without RAM.
 *
 * An ordinary domain has no devices: ports read all-ones, memory holes too. The
 * hardware domain reaches the machine's ports directly, but for those in the
 * table; the machine's MMIO is mapped 1:1 when it is first touched, but for
 * IO-APICs (emulated) and RAM that is not its own (never).
 */
#include <hv/boot.h>
#include <hv/lib.h>
#include <hv/log.h>

#include <x86/acpi.h>
#include <x86/asm.h>
#include <x86/dom0.h>
#include <x86/hvm.h>
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

static uint32_t read_hardware(uint16_t port, unsigned int size)
{
	if (size == 1)
		return inb(port);
	return size == 2 ? inw(port) : inl(port);
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
};

static bool in_port_range(uint16_t port, uint16_t base, unsigned int len)
{
	return base && port >= base && port < base + len;
}

static const struct port_range serial_ports = {0, 0, read_ones, drop};
static const struct port_range pm1_ports = {0, 0, read_hardware, write_pm1_cnt};

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
		*val = r ? r->read(port, size) : read_hardware(port, size);
}

/* --- memory ----------------------------------------------------------------- */

#define SUPERPAGE (2ull << 20)

static bool overlaps_host_ram(uint64_t start, uint64_t end)
{
	for (unsigned int i = 0; i < boot_info.e820_nr; i++) {
		const struct e820_entry *e = &boot_info.e820[i];

		if (e->type == E820_RAM && start < e->addr + e->size && end > e->addr)
			return true;
	}
	return false;
}

static bool overlaps_emulated(uint64_t start, uint64_t end)
{
	for (uint64_t a = start; a < end; a += PAGE_SIZE)
		if (vioapic_covers(a) || (a & ~0xfffffull) == APIC_BASE_DEFAULT)
			return true;
	return false;
}

static bool is_plain_mmio(uint64_t start, uint64_t end)
{
	return end <= dom0_plan.scratch && !overlaps_host_ram(start, end) &&
	       !overlaps_emulated(start, end);
}

static enum io_fault map_mmio_1to1(struct domain *d, uint64_t gpa)
{
	uint64_t big = ROUNDDOWN(gpa, SUPERPAGE);
	uint64_t page = gpa & PAGE_MASK;
	int err = -EINVAL;

	if (big >= SUPERPAGE && is_plain_mmio(big, big + SUPERPAGE))
		err = p2m_insert(d, addr_to_gfn(big), addr_to_mfn(big), 9, P2M_MMIO);
	if (err)
		err = p2m_insert(d, addr_to_gfn(page), addr_to_mfn(page), 0, P2M_MMIO);
	/* -EEXIST: another vCPU was faster. */
	return !err || err == -EEXIST ? IO_MAPPED : IO_NONE;
}

enum io_fault hvm_npt_fault(struct vcpu *v, uint64_t gpa, bool write)
{
	struct domain *d = v->domain;
	uint64_t page = gpa & PAGE_MASK;

	if (!d->hardware) {
		guest_log(d, "domain %u: %s at %#lx, where it has no memory\n",
			  d->id, write ? "store" : "access", gpa);
		return IO_NONE;
	}
	if (vioapic_covers(gpa))
		return IO_EMULATE;
	if (!is_plain_mmio(page, page + PAGE_SIZE)) {
		guest_log(d, "control domain: %s at %#lx, which is not its own\n",
			  write ? "store" : "access", gpa);
		return IO_NONE;
	}
	return map_mmio_1to1(d, gpa);
}

void hvm_mmio_access(struct vcpu *v, uint64_t gpa, unsigned int size, bool write,
		     uint64_t *val)
{
	if (v->domain->hardware && vioapic_covers(gpa) && size == 4) {
		if (write)
			vioapic_write(v->domain, gpa, (uint32_t)*val);
		else
			*val = vioapic_read(gpa);
	} else if (!write) {
		*val = ~0ull;
	}
}

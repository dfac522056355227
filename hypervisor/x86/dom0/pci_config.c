/*
 * PCI configuration space by ports (PCI Local Bus 3.0, 3.2.2.3.2) and by memory
 * (PCI Express 7.2.2, windows of the MCFG table), and the hardware domain's way
 * to it. Lock: ports_lock covers the pair of index and data ports.
 */
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/spinlock.h>

#include <x86/acpi.h>
#include <x86/asm.h>
#include <x86/dom0.h>
#include <x86/hvm.h>
#include <x86/pci.h>
#include <x86/platform.h>

#define PORT_INDEX	0xcf8
#define PORT_DATA	0xcfc
#define INDEX_ENABLE	0x80000000u
#define BUS_SHIFT	20	/* of a window's address */
#define FN_SHIFT	12

static spinlock_t ports_lock = SPINLOCK_INIT;
static uint32_t index_latch;	/* as the hardware domain wrote it */

/* --- raw ---------------------------------------------------------------------------- */

static volatile void *window_address(uint32_t fn, unsigned int reg)
{
	unsigned int bus = fn >> 8 & 0xff;

	for (unsigned int i = 0; i < acpi.mcfg_nr; i++)
		if (acpi.mcfg[i].segment == fn >> 16 && bus >= acpi.mcfg[i].start_bus &&
		    bus <= acpi.mcfg[i].end_bus)
			return map_mmio(acpi.mcfg[i].base + reg +
					((uint64_t)(fn & 0xffff) << FN_SHIFT), 4);
	return NULL;
}

static bool by_ports(uint32_t fn, unsigned int reg)
{
	return !(fn >> 16) && reg < 256;
}

uint32_t pci_read(uint32_t fn, unsigned int reg, unsigned int size)
{
	volatile void *p = by_ports(fn, reg) ? NULL : window_address(fn, reg);
	uint32_t val = ~0u;

	if (p)
		val = (uint32_t)mmio_read(p, size);
	if (!by_ports(fn, reg))
		return val;
	LOCKED(&ports_lock);
	outl(PORT_INDEX, INDEX_ENABLE | fn << 8 | (reg & 0xfc));
	val = port_in((uint16_t)(PORT_DATA + (reg & 3)), size);
	return val;
}

void pci_write(uint32_t fn, unsigned int reg, unsigned int size, uint32_t val)
{
	volatile void *p = by_ports(fn, reg) ? NULL : window_address(fn, reg);

	if (p)
		mmio_write(p, size, val);
	if (!by_ports(fn, reg))
		return;
	LOCKED(&ports_lock);
	outl(PORT_INDEX, INDEX_ENABLE | fn << 8 | (reg & 0xfc));
	port_out((uint16_t)(PORT_DATA + (reg & 3)), size, val);
}

void pci_name(uint32_t fn, char name[PCI_NAME_MAX])
{
	snprintf(name, PCI_NAME_MAX, "PCI device %04x:%02x:%02x.%u", fn >> 16,
		 fn >> 8 & 0xff, fn >> 3 & 0x1f, fn & 7);
}

/* --- the hardware domain's way ------------------------------------------------------- */

static void config_access(uint32_t fn, unsigned int reg, unsigned int size, bool write,
			  uint32_t *val)
{
	if (write) {
		msi_config_write(fn, reg, size, *val);
	} else {
		*val = pci_read(fn, reg, size);
		msi_config_read(fn, reg, size, val);
	}
}

/* What the index says; AMD has bits 11:8 of a register in 27:24. */
static void indexed_access(uint16_t port, unsigned int size, bool write, uint32_t *val)
{
	uint32_t i = index_latch;

	config_access(i >> 8 & 0xffff, (i & 0xfc) + (i >> 16 & 0xf00) + (port & 3), size,
		      write, val);
}

static bool is_index(uint16_t port, unsigned int size)
{
	return port == PORT_INDEX && size == 4;
}

static bool is_data(uint16_t port)
{
	return port >= PORT_DATA && (index_latch & INDEX_ENABLE);
}

/* Bytes and words at 0xcf8 to 0xcfb are other registers: 0xcf9 resets. */
uint32_t hwdom_pci_port_read(uint16_t port, unsigned int size)
{
	uint32_t val = index_latch;

	if (is_data(port))
		indexed_access(port, size, false, &val);
	else if (!is_index(port, size))
		val = port_in(port, size);
	return val;
}

void hwdom_pci_port_write(uint16_t port, unsigned int size, uint32_t val)
{
	if (is_index(port, size))
		index_latch = val;
	else if (is_data(port))
		indexed_access(port, size, true, &val);
	else
		port_out(port, size, val);
}

struct window {
	struct mmio_trap trap;
	uint16_t segment;
	uint8_t start_bus;
};

static void window_access(struct mmio_trap *t, uint64_t gpa, unsigned int size,
			  bool write, uint64_t *val)
{
	struct window *w = list_entry(t, struct window, trap);
	uint64_t off = gpa - t->start;
	uint32_t fn = PCI_FN(w->segment, w->start_bus, 0) + (uint32_t)(off >> FN_SHIFT);
	unsigned int reg = off & (PAGE_SIZE - 1);
	uint32_t half[2] = {(uint32_t)*val, (uint32_t)(*val >> 32)};

	config_access(fn, reg, MIN(size, 4u), write, &half[0]);
	if (size == 8)
		config_access(fn, reg + 4, 4, write, &half[1]);
	*val = half[0] | (uint64_t)half[1] << 32;
}

void hwdom_pci_init(void)
{
	static struct window windows[ACPI_MCFG_MAX];

	hvm_intercept_ports(PORT_INDEX, PORT_DATA + 3);
	for (unsigned int i = 0; i < acpi.mcfg_nr; i++) {
		struct window *w = &windows[i];
		uint64_t base = acpi.mcfg[i].base;

		w->segment = acpi.mcfg[i].segment;
		w->start_bus = acpi.mcfg[i].start_bus;
		w->trap.start = base + ((uint64_t)acpi.mcfg[i].start_bus << BUS_SHIFT);
		w->trap.end = base + ((acpi.mcfg[i].end_bus + 1ull) << BUS_SHIFT);
		w->trap.access = window_access;
		if (!hwdom_trap(&w->trap))
			log_warn("PCI segment %u: configuration space at %#lx lies in "
				 "memory or another device; not used",
				 w->segment, base);
	}
}

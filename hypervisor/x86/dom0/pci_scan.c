/*
 * A look at the machine's PCI configuration, before the control domain owns it:
 * how high do memory windows of devices and bridges reach? PCI Local Bus 3.0
 * sections 6.1 and 6.2.5, PCI-to-PCI Bridge 1.2 section 3.2.5. Reads only.
 */
#include <hv/lib.h>
#include <hv/log.h>

#include <x86/dom0.h>
#include <x86/pci.h>
#include <x86/platform.h>

#define REG_ID		0x00
#define REG_HEADER	0x0c	/* header type in bits 23:16 */
#define REG_BAR0	0x10
#define REG_PREFETCH	0x24	/* bridge: base and limit, low halves */
#define REG_LIMIT_HIGH	0x2c

/*
 * The size of a BAR can only be learned by writing to it, which would disturb
 * a device in use by the firmware; 64 GiB is more than a BAR of today's servers.
 */
#define BAR_ALLOWANCE	(64ull << 30)

static uint32_t config_read(unsigned int bus, unsigned int devfn, unsigned int reg)
{
	return pci_read(PCI_FN(0, bus, devfn), reg, 4);
}

static uint64_t highest_bar(unsigned int bus, unsigned int devfn, unsigned int bars)
{
	uint64_t high = 0;

	for (unsigned int i = 0; i < bars; i++) {
		uint32_t lo = config_read(bus, devfn, REG_BAR0 + 4 * i);
		uint64_t hi;

		if ((lo & 1) || ((lo >> 1) & 3) != 2)
			continue;	/* I/O or 32-bit */
		i++;
		hi = config_read(bus, devfn, REG_BAR0 + 4 * i);
		if (hi && hi != UINT32_MAX)
			high = MAX(high, (hi << 32 | (lo & ~15u)) + BAR_ALLOWANCE);
	}
	return high;
}

static uint64_t highest_window(unsigned int bus, unsigned int devfn)
{
	uint32_t low = config_read(bus, devfn, REG_PREFETCH);
	uint64_t limit = config_read(bus, devfn, REG_LIMIT_HIGH);

	if (((low >> 16) & 15) != 1)
		return 0;	/* no 64-bit window */
	return (limit << 32 | (low & 0xfff00000u)) + (1u << 20);
}

static uint64_t highest_of_function(unsigned int bus, unsigned int devfn)
{
	unsigned int type = (config_read(bus, devfn, REG_HEADER) >> 16) & 0x7f;

	if (type == 0)
		return highest_bar(bus, devfn, 6);
	if (type == 1)
		return MAX(highest_bar(bus, devfn, 2), highest_window(bus, devfn));
	return 0;
}

/* What no CPU could reach is nonsense, and says nothing about the rest. */
static uint64_t believed(unsigned int bus, unsigned int devfn)
{
	uint64_t high = highest_of_function(bus, devfn);
	char name[PCI_NAME_MAX];

	if (high <= (1ull << host_phys_bits) + BAR_ALLOWANCE)
		return high;
	pci_name(PCI_FN(0, bus, devfn), name);
	log_warn("%s: its memory ends at %#lx, where there can be none; ignored", name,
		 high);
	return 0;
}

bool pci_find_function(uint32_t *at, uint32_t *id)
{
	for (; *at < 0x10000; ++*at) {
		*id = config_read(*at >> 8, *at & 0xff, REG_ID);
		if ((*id & 0xffff) != 0xffff)
			return true;
		if (!(*at & 7))
			*at |= 7;	/* no function 0 */
	}
	return false;
}

uint64_t pci_highest_address(void)
{
	uint64_t high = 0, top;
	uint32_t id;

	for (uint32_t at = 0; pci_find_function(&at, &id); at++) {
		top = believed(at >> 8, at & 0xff);
		high = MAX(high, top);
	}
	return high;
}

/*
 * Making the hardware domain: identity-mapped PVH (guest-physical frame n is
 * machine frame n), with the machine's real devices. Boot-time only.
 */
#ifndef X86_DOM0_H
#define X86_DOM0_H

#include <hv/domain.h>
#include <hv/elf.h>

#define DOM0_RANGES_MAX	64

struct mem_range {
	uint64_t start, end;	/* machine addresses, page aligned */
};

/* What the control domain is made of; filled step by step. */
struct dom0_plan {
	struct elf_image kernel;
	struct mem_range ram[DOM0_RANGES_MAX];	/* sorted, apart */
	unsigned int ram_nr;
	uint64_t pages;
	uint64_t scratch;	/* S: first address of the scratch window */
	uint64_t initrd, cmdline, start_info, acpi;	/* guest addresses */
	uint64_t acpi_size;
};

extern struct dom0_plan dom0_plan;

/*
 * Takes the control domain's RAM out of the allocator, lowest first; must run
 * before anything else allocates frames in quantity. Panics with what to do
 * when the machine is too small or the kernel module is no PVH kernel.
 */
void dom0_reserve_memory(void);
/* Builds it, ready to be unpaused. */
struct domain *dom0_build(void);

/* --- between the files of x86/dom0 --------------------------------------- */

/* The memory map that dom0 gets (guest-abi A6); pure. Entries written. */
unsigned int dom0_make_e820(const struct e820_entry *host, unsigned int nr,
			    const struct dom0_plan *plan,
			    struct e820_entry *out, unsigned int max);
/*
 * First address past RAM and every memory BAR and bridge window, with room for
 * mappings in @bits bits; 0: there is none.
 */
uint64_t dom0_scratch_base(unsigned int bits);
/* Size of, and writing of, RSDP + XSDT + MADT at guest address @at. */
size_t dom0_acpi_size(unsigned int vcpus);
void dom0_acpi_write(void *to, uint64_t at, const struct domain *d);
/* Highest end of a BAR or bridge window above 4 GiB (x86/dom0/pci_scan.c). */
uint64_t pci_highest_address(void);

/* --- while it runs (x86/hvm/io.c, vioapic.c) ------------------------------- */

/* Has the ports that are not passed through intercepted; at boot. */
void hwdom_io_init(void);

/*
 * Machine addresses that the hardware domain does not reach: @access is called
 * without locks, for 1 to 8 bytes inside a page; reads fill *val. The memory
 * stays for good.
 */
struct mmio_trap {
	struct list link;
	uint64_t start, end;
	void (*access)(struct mmio_trap *t, uint64_t gpa, unsigned int size, bool write,
		       uint64_t *val);
};
/*
 * From now on, whatever was mapped there; whole pages. False, and nothing is
 * done, if it is not plain MMIO: RAM, the local APIC, or trapped already.
 */
bool hwdom_trap(struct mmio_trap *t) must_check;
void hwdom_untrap(struct mmio_trap *t);

/* Is any of this RAM by the machine's memory map? */
bool host_ram_overlaps(uint64_t start, uint64_t end);

void vioapic_init(struct domain *d);

#endif

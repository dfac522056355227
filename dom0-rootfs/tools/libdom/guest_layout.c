/*
 * Where a guest's memory lies and what is put where in it. Pure.
 *
 * RAM starts at 0 without a VGA hole, up to the ACPI tables at 0xfc000000, and
 * goes on at 4 GiB. Just above the kernel lies the start info block (Linux must
 * find it below 1 GiB), then the ramdisk (below 4 GiB).
 */
#include <errno.h>
#include <string.h>

#include "libdom/guest.h"
#include "libdom/internal.h"

#include <xen/arch-x86/hvm/start_info.h>

static uint64_t page_up(uint64_t n)
{
	return (n + HV_PAGE_SIZE - 1) & ~(uint64_t)(HV_PAGE_SIZE - 1);
}

static uint64_t mib_up(uint64_t bytes)
{
	return (bytes + (1u << 20) - 1) >> 20;
}

static void add_range(struct guest_layout *l, uint64_t start, uint64_t end,
		      uint32_t type)
{
	l->e820[l->e820_nr++] = (struct hv_e820){start, end - start, type};
}

static void lay_memory(struct guest_layout *l, uint64_t bytes)
{
	l->low_end = bytes < GUEST_LOW_MAX ? bytes : GUEST_LOW_MAX;
	l->high_end = GUEST_HIGH_START + (bytes - l->low_end);
	l->acpi = GUEST_LOW_MAX;
	l->acpi_size = page_up(acpi_size(l->vcpus));
	add_range(l, 0, l->low_end, XEN_HVM_MEMMAP_TYPE_RAM);
	add_range(l, l->acpi, l->acpi + l->acpi_size, XEN_HVM_MEMMAP_TYPE_ACPI);
	add_range(l, GUEST_SPECIAL_GFN << HV_PAGE_SHIFT,
		  (GUEST_SPECIAL_GFN + GUEST_SPECIAL_NR) << HV_PAGE_SHIFT,
		  XEN_HVM_MEMMAP_TYPE_RESERVED);
	if (l->high_end > GUEST_HIGH_START)
		add_range(l, GUEST_HIGH_START, l->high_end, XEN_HVM_MEMMAP_TYPE_RAM);
}

int guest_layout(const struct vm_config *cfg, const struct kernel_image *kernel,
		 uint64_t ramdisk_size, struct guest_layout *l,
		 struct dom_error *err)
{
	uint64_t limit;

	if (strlen(cfg->cmdline) > GUEST_CMDLINE_MAX)
		return dom_fail(err, -E2BIG,
				"%s: command line is too long: %zu bytes, at most %u: "
				"shorten it", cfg->name, strlen(cfg->cmdline),
				GUEST_CMDLINE_MAX);
	memset(l, 0, sizeof(*l));
	l->vcpus = cfg->maxvcpus;
	lay_memory(l, (uint64_t)cfg->memory_mib << 20);
	l->start_info = page_up(kernel->high);
	l->start_size = sizeof(struct hvm_start_info) +
			sizeof(struct hvm_modlist_entry) +
			l->e820_nr * sizeof(struct hvm_memmap_table_entry) +
			strlen(cfg->cmdline) + 1;
	l->ramdisk = page_up(l->start_info + l->start_size);
	l->ramdisk_size = ramdisk_size;
	limit = l->low_end < GUEST_START_MAX ? l->low_end : GUEST_START_MAX;
	if (l->ramdisk > limit)
		return dom_fail(err, -E2BIG,
				"%s: kernel does not fit: it needs the first %llu MiB, "
				"the guest has %u: raise memory", cfg->kernel,
				(unsigned long long)mib_up(l->ramdisk),
				cfg->memory_mib);
	if (ramdisk_size > l->low_end - l->ramdisk)
		return dom_fail(err, -E2BIG,
				"%s: ramdisk does not fit: with the kernel it needs %llu "
				"MiB below 4 GiB, the guest has %llu: raise memory",
				cfg->ramdisk,
				(unsigned long long)(mib_up(l->ramdisk) +
						     mib_up(ramdisk_size)),
				(unsigned long long)(l->low_end >> 20));
	return 0;
}

void guest_start_info(const struct guest_layout *l, const char *cmdline,
		      uint64_t rsdp, void *buf)
{
	struct hvm_start_info *si = buf;
	struct hvm_modlist_entry *mod = (void *)(si + 1);
	struct hvm_memmap_table_entry *map = (void *)(mod + 1);
	uint64_t gpa = l->start_info + sizeof(*si);
	unsigned int i;

	memset(buf, 0, l->start_size);
	si->magic = XEN_HVM_START_MAGIC_VALUE;
	si->version = 1;
	si->rsdp_paddr = rsdp;
	if (l->ramdisk_size) {
		si->nr_modules = 1;
		si->modlist_paddr = gpa;
		mod->paddr = l->ramdisk;
		mod->size = l->ramdisk_size;
	}
	gpa += sizeof(*mod);
	si->memmap_paddr = gpa;
	si->memmap_entries = l->e820_nr;
	for (i = 0; i < l->e820_nr; i++)
		map[i] = (struct hvm_memmap_table_entry){
			.addr = l->e820[i].addr,
			.size = l->e820[i].size,
			.type = l->e820[i].type,
		};
	gpa += l->e820_nr * sizeof(*map);
	si->cmdline_paddr = gpa;
	strcpy((char *)(map + l->e820_nr), cmdline);
}

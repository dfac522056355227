/*
 * boot_info, filled piece by piece by what reads a boot loader's tables
 * (multiboot.c, multiboot2.c). Everything is copied at once: the loader's
 * memory is not ours to keep. Pure but for hv_image_start(), hv_image_end().
 */
#include <hv/lib.h>
#include <hv/log.h>

#include <x86/platform.h>

#include "boot.h"

#define MIB (1ul << 20)

struct boot_info boot_info;

static struct e820_entry ranges[E820_MAX];
static unsigned int range_nr;

void boot_add_range(uint64_t addr, uint64_t size, uint32_t type)
{
	if (range_nr == E820_MAX)
		panic("the memory map has over %u entries; report this machine",
		      E820_MAX);
	if (!type || type > E820_UNUSABLE)
		type = E820_RESERVED;	/* somebody's, whoever that is */
	ranges[range_nr++] = (struct e820_entry){addr, size, type};
}

void boot_copy_text(char *to, size_t n, const char *from, const char *whose)
{
	if (strlcpy(to, from, n) >= n)
		panic("%s has over %lu characters; shorten it in the boot menu",
		      whose, n - 1);
}

void boot_add_module(uint32_t start, uint32_t end, const char *arguments)
{
	unsigned int i = boot_info.module_nr;
	struct boot_module *m;

	if (i == BOOT_MODULES_MAX)
		panic("the boot loader gave more than %u modules, which are "
		      "all that are used; leave some out",
		      BOOT_MODULES_MAX);
	if (end < start || start % PAGE_SIZE)
		panic("boot module %u lies at %#x-%#x, not on pages; "
		      "use another boot loader",
		      i, start, end);
	m = &boot_info.module[boot_info.module_nr++];
	m->start = start;
	m->size = end - start;
	boot_copy_text(m->cmdline, sizeof(m->cmdline), arguments,
		       "a boot module's command line");
	boot_reserve(m->start, ROUNDUP(m->start + m->size, PAGE_SIZE));
}

void boot_init(uint32_t magic, uint32_t info_pa)
{
	range_nr = 0;
	boot_info.entry_tsc = boot_entry_tsc;
	boot_reserve(0, MIB);
	boot_reserve(hv_image_start(), hv_image_end());
	if (magic == MULTIBOOT_MAGIC)
		multiboot_read(info_pa);
	else if (magic == MULTIBOOT2_MAGIC)
		multiboot2_read(info_pa);
	else
		panic("not started by a Multiboot loader (magic %#x); "
		      "boot with ISOLINUX's mboot.c32 or GRUB",
		      magic);
	if (!range_nr)
		panic("the boot loader gave no memory map; use another one");
	boot_info.e820_nr =
		e820_sanitise(ranges, range_nr, boot_info.e820, E820_MAX);
	if (!boot_info.e820_nr)
		panic("the memory map is unusable (%u entries); "
		      "report this machine",
		      range_nr);
}

void boot_show(void)
{
	static const char *const types[] = {"?", "RAM", "reserved", "ACPI",
					    "NVS", "unusable"};
	const struct boot_screen *s = &boot_info.screen;

	log_info("command line: %s", boot_info.cmdline);
	for (unsigned int i = 0; i < boot_info.e820_nr; i++) {
		const struct e820_entry *e = &boot_info.e820[i];

		log_info("  0x%010lx-0x%010lx %s", e->addr, e->addr + e->size - 1,
			 types[e->type < ARRAY_SIZE(types) ? e->type : 0]);
	}
	for (unsigned int i = 0; i < boot_info.module_nr; i++)
		log_info("module %u: %#lx, %lu KiB: %s", i, boot_info.module[i].start,
			 boot_info.module[i].size >> 10,
			 boot_info.module[i].cmdline);
	if (s->width)
		log_info("screen: %ux%u, %u bits, at %#lx", s->width, s->height,
			 s->bits, s->addr);
}

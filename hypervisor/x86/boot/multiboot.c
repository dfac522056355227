/*
 * Multiboot 1 information (specification 0.6.96, section 3.3) -> boot_info.
 * Everything is copied at once: the loader's memory is not ours to keep. The
 * first 4 GiB are mapped (boot.S); the loader's data lies there by definition.
 */
#include <hv/lib.h>
#include <hv/log.h>

#include <x86/platform.h>

#include "boot.h"

#define LOADER_MAGIC 0x2badb002u
#define MIB	     (1ul << 20)

#define MBI_MEM	    (1u << 0)
#define MBI_CMDLINE (1u << 2)
#define MBI_MODS    (1u << 3)
#define MBI_MMAP    (1u << 6)
#define MBI_LOADER  (1u << 9)

struct mbi {
	uint32_t flags;
	uint32_t mem_lower, mem_upper;	/* KiB */
	uint32_t boot_device;
	uint32_t cmdline;
	uint32_t mods_count, mods_addr;
	uint32_t syms[4];
	uint32_t mmap_length, mmap_addr;
	uint32_t drives_length, drives_addr;
	uint32_t config_table;
	uint32_t loader_name;
} packed;	/* wherever the loader has put it */

struct mbi_module {
	uint32_t start, end, cmdline, reserved;
} packed;

struct mbi_mmap {
	uint32_t size;	/* of what follows */
	uint64_t addr, len;
	uint32_t type;
} packed;

struct boot_info boot_info;

/* GRUB 2 gives arguments only; all others put the file's name first. */
static const char *arguments(const char *s)
{
	if (strstr(boot_info.loader, "GRUB 2"))
		return s;
	while (*s && *s != ' ')
		s++;
	while (*s == ' ')
		s++;
	return s;
}

static void copy_arguments(char *to, size_t n, uint32_t pa, const char *whose)
{
	if (!pa)
		return;
	if (strlcpy(to, arguments(phys_to_virt(pa)), n) >= n)
		panic("%s has over %lu characters; shorten it in the boot menu",
		      whose, n - 1);
}

/* A table of the loader's; boot.S maps the first 4 GiB only. */
static const char *table_at(uint32_t pa, uint64_t len, const char *what)
{
	if (pa + len > 1ul << 32)
		panic("the boot loader's %s ends above 4 GiB; use another one", what);
	return phys_to_virt(pa);
}

static void copy_modules(const struct mbi *mbi)
{
	const struct mbi_module *mod;

	if (mbi->mods_count > BOOT_MODULES_MAX)
		panic("the boot loader gave %u modules; at most %u are used",
		      mbi->mods_count, BOOT_MODULES_MAX);
	mod = (const void *)table_at(mbi->mods_addr, mbi->mods_count * sizeof(*mod),
				     "list of modules");
	for (unsigned int i = 0; i < mbi->mods_count; i++) {
		struct boot_module *m = &boot_info.module[i];

		if (mod[i].end < mod[i].start || mod[i].start % PAGE_SIZE)
			panic("boot module %u lies at %#x-%#x, not on pages; "
			      "use another boot loader",
			      i, mod[i].start, mod[i].end);
		m->start = mod[i].start;
		m->size = mod[i].end - mod[i].start;
		copy_arguments(m->cmdline, sizeof(m->cmdline), mod[i].cmdline,
			       "a boot module's command line");
		boot_reserve(m->start, ROUNDUP(m->start + m->size, PAGE_SIZE));
	}
	boot_info.module_nr = mbi->mods_count;
}

static void copy_memory_map(const struct mbi *mbi)
{
	static struct e820_entry in[E820_MAX];
	const char *table = table_at(mbi->mmap_addr, mbi->mmap_length, "memory map");
	unsigned int n = 0;

	for (uint64_t at = 0; at + sizeof(struct mbi_mmap) <= mbi->mmap_length;) {
		const struct mbi_mmap *m = (const void *)(table + at);

		if (n == E820_MAX)
			panic("the memory map has over %u entries; "
			      "report this machine",
			      E820_MAX);
		in[n++] = (struct e820_entry){m->addr, m->len, m->type};
		at += m->size + sizeof(m->size);
	}
	boot_info.e820_nr = e820_sanitise(in, n, boot_info.e820, E820_MAX);
	if (!boot_info.e820_nr)
		panic("the memory map is unusable (%u entries); "
		      "report this machine",
		      n);
}

void boot_init(uint32_t magic, uint32_t mbi_pa)
{
	const struct mbi *mbi = phys_to_virt(mbi_pa);

	boot_info.entry_tsc = boot_entry_tsc;
	if (magic != LOADER_MAGIC)
		panic("not started by a Multiboot 1 loader (magic %#x); "
		      "boot with ISOLINUX's mboot.c32 or GRUB's multiboot",
		      magic);
	if (!(mbi->flags & MBI_MMAP))
		panic("the boot loader gave no memory map; use another one");
	if (mbi->flags & MBI_LOADER)
		strlcpy(boot_info.loader, phys_to_virt(mbi->loader_name),
			sizeof(boot_info.loader));
	boot_reserve(0, MIB);
	boot_reserve(hv_image_start(), hv_image_end());
	if (mbi->flags & MBI_CMDLINE)
		copy_arguments(boot_info.cmdline, sizeof(boot_info.cmdline),
			       mbi->cmdline, "the hypervisor's command line");
	if (mbi->flags & MBI_MODS)
		copy_modules(mbi);
	copy_memory_map(mbi);
}

void boot_show(void)
{
	static const char *const types[] = {"?", "RAM", "reserved", "ACPI",
					    "NVS", "unusable"};

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
}

/*
 * Multiboot 1 information (specification 0.6.96, section 3.3) -> boot_info:
 * how BIOS machines are started. The first 4 GiB are mapped (boot.S); the
 * loader's data lies there by definition.
 */
#include <hv/lib.h>
#include <hv/log.h>

#include <x86/platform.h>

#include "boot.h"

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

/* GRUB 2 gives arguments only; all others put the file's name first. */
static const char *arguments(uint32_t pa)
{
	const char *s = pa ? phys_to_virt(pa) : "";

	if (strstr(boot_info.loader, "GRUB 2"))
		return s;
	while (*s && *s != ' ')
		s++;
	while (*s == ' ')
		s++;
	return s;
}

/* A table of the loader's; boot.S maps the first 4 GiB only. */
static const char *table_at(uint32_t pa, uint64_t len, const char *what)
{
	if (pa + len > 1ul << 32)
		panic("the boot loader's %s ends above 4 GiB; use another one", what);
	return phys_to_virt(pa);
}

static void read_modules(const struct mbi *mbi)
{
	uint64_t len = mbi->mods_count * sizeof(struct mbi_module);
	const struct mbi_module *mod =
		(const void *)table_at(mbi->mods_addr, len, "list of modules");

	for (unsigned int i = 0; i < mbi->mods_count; i++)
		boot_add_module(mod[i].start, mod[i].end, arguments(mod[i].cmdline));
}

static void read_memory_map(const struct mbi *mbi)
{
	const char *table = table_at(mbi->mmap_addr, mbi->mmap_length, "memory map");

	for (uint64_t at = 0; at + sizeof(struct mbi_mmap) <= mbi->mmap_length;) {
		const struct mbi_mmap *m = (const void *)(table + at);

		boot_add_range(m->addr, m->len, m->type);
		at += m->size + sizeof(m->size);
	}
}

void multiboot_read(uint32_t pa)
{
	const struct mbi *mbi = phys_to_virt(pa);

	if (mbi->flags & MBI_LOADER)
		strlcpy(boot_info.loader, phys_to_virt(mbi->loader_name),
			sizeof(boot_info.loader));
	if (mbi->flags & MBI_CMDLINE)
		boot_copy_text(boot_info.cmdline, sizeof(boot_info.cmdline),
			       arguments(mbi->cmdline),
			       "the hypervisor's command line");
	if (mbi->flags & MBI_MODS)
		read_modules(mbi);
	if (mbi->flags & MBI_MMAP)
		read_memory_map(mbi);
}

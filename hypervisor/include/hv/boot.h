/*
 * What the boot loader told us, in the one shape core/main.c uses. Filled by
 * x86/boot/multiboot.c before anything else runs.
 */
#ifndef HV_BOOT_H
#define HV_BOOT_H

#include <hv/domain.h>

#define BOOT_MODULES_MAX 8

struct boot_module {
	uint64_t start, size;	/* machine address */
	char cmdline[1024];
};

struct boot_info {
	char loader[32];
	char cmdline[1024];
	struct boot_module module[BOOT_MODULES_MAX];
	unsigned int module_nr;
	struct e820_entry e820[E820_MAX];	/* sorted, no overlaps */
	unsigned int e820_nr;
	uint64_t entry_tsc;
};

extern struct boot_info boot_info;

/* Value of option @name in the command line ("name=value", or "name" alone
 * which reads as ""), or NULL. Copies into @buf. */
const char *cmdline_get(const char *name, char *buf, size_t n);
bool cmdline_bool(const char *name, bool dflt);
uint64_t cmdline_size(const char *name, uint64_t dflt);	/* K M G suffixes */

#endif

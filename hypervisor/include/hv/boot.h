/*
 * What the boot loader told us, in the one shape core/main.c uses. Filled by
 * x86/boot/info.c before anything else runs.
 */
#ifndef HV_BOOT_H
#define HV_BOOT_H

#include <hv/domain.h>

#define BOOT_MODULES_MAX 8

struct boot_module {
	uint64_t start, size;	/* machine address, on a frame boundary */
	char cmdline[1024];	/* arguments, without the file's name */
};

/* Where a colour's bits lie in a pixel. */
struct boot_colour {
	uint8_t pos, size;
};

/* The frame buffer that the firmware has set up; width 0: none is known. */
struct boot_screen {
	uint64_t addr;
	uint32_t pitch, width, height;	/* bytes of a line; pixels */
	uint8_t bits;			/* of a pixel: 16, 24 or 32 */
	struct boot_colour red, green, blue;
};

struct boot_info {
	char loader[32];
	char cmdline[1024];
	struct boot_module module[BOOT_MODULES_MAX];
	unsigned int module_nr;
	struct e820_entry e820[E820_MAX];	/* sorted, no overlaps */
	unsigned int e820_nr;
	uint64_t entry_tsc;
	struct boot_screen screen;
	char rsdp[36];	/* copy of ACPI's root pointer; zeroes: not given */
};

extern struct boot_info boot_info;

/* First of all: fills boot_info, or panics with what the loader did not do. */
void boot_init(uint32_t magic, uint32_t info_pa);

/*
 * Boot-time memory, before the frame allocator. The first MiB, the image and
 * the modules are never handed out. boot_alloc() takes from the top of RAM,
 * ending at or below @limit (0: anywhere), for good; not zeroed; it panics
 * when there is none.
 */
uint64_t boot_alloc(uint64_t size, uint64_t align, uint64_t limit);
/*
 * Moves the modules to the top of RAM, out of what the control domain will
 * need. Needs the direct map; before boot_free_ram().
 */
void boot_move_modules(void);
/* Calls @add for each range of RAM that nothing above has taken. */
void boot_free_ram(void (*add)(mfn_t start, mfn_t end));

/*
 * Sorts @n ranges into @out without overlaps: the more restrictive type wins,
 * RAM is cut to whole frames, equal neighbours are joined. Returns the number,
 * or 0 when more than @max come out. Clobbers @in. @n <= E820_MAX.
 */
unsigned int e820_sanitise(struct e820_entry *in, unsigned int n,
			   struct e820_entry *out, unsigned int max);

/*
 * Options: words of boot_info.cmdline; the last one of a name wins.
 */
/* Value of option @name in the command line ("name=value", or "name" alone
 * which reads as ""), or NULL. Copies into @buf. */
const char *cmdline_get(const char *name, char *buf, size_t n);
bool cmdline_bool(const char *name, bool dflt);
uint64_t cmdline_size(const char *name, uint64_t dflt);	/* K M G suffixes */

#endif

/*
 * Microcode updates: files in the layout of the CPU makers, found in the boot
 * modules and loaded into each CPU at boot.
 */
#ifndef X86_UCODE_H
#define X86_UCODE_H

#include <hv/types.h>

/* What an update must be made for. */
struct ucode_cpu {
	uint32_t signature;	/* CPUID 1, EAX */
	uint32_t platform;	/* Intel: a bit for MSR 0x17's platform id */
	uint32_t revision;	/* that it runs */
};

/* What the CPU is told the address of. */
struct ucode {
	const void *data;	/* NULL: none */
	size_t size;
	uint32_t revision;
};

/*
 * Contents of the file @name in a "newc" cpio archive, uncompressed, at @p; false
 * when it is not in there. Archives that follow each other are not looked at.
 */
bool cpio_find(const void *p, size_t n, const char *name, struct ucode *found) must_check;

/*
 * The newest update in @file that is for @cpu and newer than what it runs: Intel's
 * (SDM vol. 3, 9.11), as many as there are behind each other, and AMD's
 * containers. Nothing outside the file is read, whatever it says; what follows
 * something damaged is not used. NULL, or why the file is damaged.
 */
const char *ucode_pick_intel(const struct ucode *file, const struct ucode_cpu *cpu,
			     struct ucode *best) must_check;
const char *ucode_pick_amd(const struct ucode *file, const struct ucode_cpu *cpu,
			   struct ucode *best) must_check;

/* --- x86/boot/ucode_load.c --------------------------------------------------------- */

/* On the first CPU, while the boot modules are there; loads and prints. ucode=off
 * leaves all CPUs as the firmware started them. */
void ucode_init(void);
/* On each other CPU. */
void ucode_cpu_init(void);

#endif

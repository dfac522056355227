/*
 * What a PVH guest finds when it starts: memory layout, start info, ACPI tables,
 * first vCPU's registers. Pure functions that fill buffers; putting them into a
 * domain is build_memory.c's work.
 *
 * Follows xen/arch-x86/hvm/start_info.h, xen/hvm/save.h, and the layout Xen's
 * own toolstack gives such guests, so that a VM can move between the two.
 */
#ifndef LIBDOM_GUEST_H
#define LIBDOM_GUEST_H

#include "libdom/kernel.h"
#include "libdom/libdom.h"
#include "libhv/libhv.h"

#define GUEST_LOW_MAX	  UINT64_C(0xfc000000) /* RAM ends here; ACPI tables */
#define GUEST_HIGH_START  (UINT64_C(1) << 32)  /* and goes on here */
#define GUEST_SPECIAL_GFN UINT64_C(0xfeff8)    /* 8 pages for rings and such */
#define GUEST_SPECIAL_NR  8
#define GUEST_STORE_GFN	  (GUEST_SPECIAL_GFN + 4)
#define GUEST_CONSOLE_GFN (GUEST_SPECIAL_GFN + 7)
/* Never populated: where the grant table shows up for a moment if it must. */
#define GUEST_SCRATCH_GFN (GUEST_SPECIAL_GFN + 5)
/* Linux reaches start info only through page tables that end here. */
#define GUEST_START_MAX	  (UINT64_C(1) << 30)

#define GUEST_E820_NR	  4
#define GUEST_CMDLINE_MAX 4095 /* bytes; Linux itself takes 2047 */
/* Neither the ACPI tables nor the start info block is larger. */
#define GUEST_TABLES_MAX  8192

struct guest_layout {
	uint64_t low_end;  /* RAM is [0, low_end) */
	uint64_t high_end; /* and [4 GiB, high_end) if that is > 4 GiB */
	struct hv_e820 e820[GUEST_E820_NR];
	unsigned int e820_nr;
	uint64_t start_info; /* one block: start info, module, map, command line */
	uint64_t start_size;
	uint64_t ramdisk;    /* page aligned; meaningless when size is 0 */
	uint64_t ramdisk_size;
	uint64_t acpi;
	uint64_t acpi_size;
	unsigned int vcpus;
};

/*
 * Places everything. name is for messages. -E2BIG: kernel or ramdisk does not
 * fit into the guest's memory.
 */
int guest_layout(const struct vm_config *cfg, const struct kernel_image *kernel,
		 uint64_t ramdisk_size, struct guest_layout *out,
		 struct dom_error *err);

/* The start info block, layout->start_size bytes for layout->start_info. */
void guest_start_info(const struct guest_layout *layout, const char *cmdline,
		      uint64_t rsdp, void *buf);

/* The tables, acpi_size(vcpus) bytes for gpa; returns the RSDP's address. */
size_t acpi_size(unsigned int vcpus);
uint64_t acpi_build(unsigned int vcpus, uint64_t gpa, void *buf);

/*
 * Records for hv_context_set(): default MTRRs for every vCPU, and vCPU 0 in the
 * PVH entry state. cpuid1: CPUID leaf 1 EAX of this machine.
 */
size_t guest_context_size(unsigned int vcpus);
void guest_context(unsigned int vcpus, uint64_t entry, uint64_t start_info,
		   uint32_t cpuid1, void *buf);

#endif

/*
 * A kernel's ELF image, read only as far as PVH start needs it (ELF gABI;
 * xen/elfnote.h): what to copy where, and the 32-bit entry point.
 */
#ifndef HV_ELF_H
#define HV_ELF_H

#include <hv/types.h>

#define ELF_SEGMENTS_MAX 16

struct elf_segment {
	uint64_t offset, filesz;	/* in the image */
	uint64_t paddr, memsz;		/* in guest memory; filesz <= memsz */
};

struct elf_image {
	struct elf_segment seg[ELF_SEGMENTS_MAX];
	unsigned int seg_nr;
	uint64_t start, end;	/* physical span of all segments */
	uint64_t entry;		/* XEN_ELFNOTE_PHYS32_ENTRY */
};

/*
 * Checks and reads the image. NULL and *out filled, or what is wrong with it.
 * Accepts ELF64 and ELF32 for x86; everything is bounds-checked.
 */
const char *elf_parse(const void *image, size_t size, struct elf_image *out) must_check;

#endif

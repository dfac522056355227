/*
 * Makes small kernels for the tests: an ELF of either class with given segments
 * and a PVH note, and a bzImage around a payload.
 */
#ifndef KERNEL_MAKER_H
#define KERNEL_MAKER_H

#include <elf.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define MAKER_SIZE 8192

struct maker_segment {
	uint64_t paddr, filesz, memsz, offset;
};

struct maker {
	bool is64;
	struct maker_segment seg[8];
	unsigned int nseg;
	uint64_t entry;
	unsigned int descsz; /* of the note: 4 or 8; 0: no note */
};

static inline void maker_note(uint8_t *p, const struct maker *m)
{
	Elf64_Nhdr n = {.n_namesz = 4, .n_descsz = m->descsz, .n_type = 18};
	Elf64_Nhdr other = {.n_namesz = 5, .n_descsz = 1, .n_type = 6};

	/* a note that must be stepped over, with odd sizes */
	memcpy(p, &other, sizeof(other));
	memcpy(p + 12, "Four", 5);
	p += 12 + 8 + 4;
	memcpy(p, &n, sizeof(n));
	memcpy(p + 12, "Xen", 4);
	memcpy(p + 16, &m->entry, m->descsz);
}

/* Always MAKER_SIZE bytes; the note lies at 4096, segments' data from 1024 on. */
static inline void maker_elf(const struct maker *m, uint8_t out[MAKER_SIZE])
{
	unsigned int i, notes = m->descsz ? 1 : 0;
	uint64_t note_len = 12 + 8 + 4 + 16 + m->descsz;

	memset(out, 0, MAKER_SIZE);
	if (m->is64) {
		Elf64_Ehdr h = {.e_type = ET_EXEC, .e_machine = EM_X86_64,
				.e_phoff = sizeof(h),
				.e_phentsize = sizeof(Elf64_Phdr),
				.e_phnum = (uint16_t)(m->nseg + notes)};
		Elf64_Phdr p;

		memcpy(h.e_ident, ELFMAG, 4);
		h.e_ident[EI_CLASS] = ELFCLASS64;
		h.e_ident[EI_DATA] = ELFDATA2LSB;
		memcpy(out, &h, sizeof(h));
		for (i = 0; i < m->nseg; i++) {
			p = (Elf64_Phdr){.p_type = PT_LOAD, .p_offset = m->seg[i].offset,
					 .p_paddr = m->seg[i].paddr,
					 .p_filesz = m->seg[i].filesz,
					 .p_memsz = m->seg[i].memsz};
			memcpy(out + sizeof(h) + i * sizeof(p), &p, sizeof(p));
		}
		p = (Elf64_Phdr){.p_type = PT_NOTE, .p_offset = 4096,
				 .p_filesz = note_len};
		if (notes)
			memcpy(out + sizeof(h) + i * sizeof(p), &p, sizeof(p));
	} else {
		Elf32_Ehdr h = {.e_type = ET_EXEC, .e_machine = EM_386,
				.e_phoff = sizeof(h),
				.e_phentsize = sizeof(Elf32_Phdr),
				.e_phnum = (uint16_t)(m->nseg + notes)};
		Elf32_Phdr p;

		memcpy(h.e_ident, ELFMAG, 4);
		h.e_ident[EI_CLASS] = ELFCLASS32;
		h.e_ident[EI_DATA] = ELFDATA2LSB;
		memcpy(out, &h, sizeof(h));
		for (i = 0; i < m->nseg; i++) {
			p = (Elf32_Phdr){.p_type = PT_LOAD,
					 .p_offset = (uint32_t)m->seg[i].offset,
					 .p_paddr = (uint32_t)m->seg[i].paddr,
					 .p_filesz = (uint32_t)m->seg[i].filesz,
					 .p_memsz = (uint32_t)m->seg[i].memsz};
			memcpy(out + sizeof(h) + i * sizeof(p), &p, sizeof(p));
		}
		/* as GRUB's: no address, no size in memory */
		p = (Elf32_Phdr){.p_type = PT_NOTE, .p_offset = 4096,
				 .p_filesz = (uint32_t)note_len};
		if (notes)
			memcpy(out + sizeof(h) + i * sizeof(p), &p, sizeof(p));
	}
	if (notes)
		maker_note(out + 4096, m);
}

/* A kernel like Debian's: three segments, one with BSS. */
static inline struct maker maker_good(bool is64)
{
	return (struct maker){
		.is64 = is64,
		.seg = {{0x1000000, 512, 512, 1024},
			{0x1200000, 300, 0x5000, 2048},
			{0x1000200, 64, 4096, 3072}},
		.nseg = 3,
		.entry = 0x1000010,
		.descsz = is64 ? 8 : 4,
	};
}

#define MAKER_SETUP 1024 /* boot sector and one setup sector */

/* Puts a bzImage's header before a payload; returns the whole length. */
static inline size_t maker_bzimage(uint8_t *out, const uint8_t *payload, size_t len)
{
	uint32_t offset = 256, length = (uint32_t)len;
	uint16_t version = 0x20f;

	memset(out, 0, MAKER_SETUP + offset);
	out[0x1f1] = 1;
	out[0x1fe] = 0x55;
	out[0x1ff] = 0xaa;
	memcpy(out + 0x202, "HdrS", 4);
	memcpy(out + 0x206, &version, 2);
	memcpy(out + 0x248, &offset, 4);
	memcpy(out + 0x24c, &length, 4);
	memcpy(out + MAKER_SETUP + offset, payload, len);
	return MAKER_SETUP + offset + len;
}

#endif

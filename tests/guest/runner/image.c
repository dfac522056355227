/*
 * Loads an ELF (32 or 64 bit) into a domain by physical address and finds its
 * PVH entry. The ELF is our own build's, so only gross errors are checked.
 */
#include "runner.h"
#include <xen/elfnote.h>

#define CHUNK 64ul

struct segment {
	uint32_t type;
	uint64_t offset, paddr, filesz, memsz;
};

struct elf64_ehdr {
	unsigned char ident[16];
	uint16_t type, machine;
	uint32_t version;
	uint64_t entry, phoff, shoff;
	uint32_t flags;
	uint16_t ehsize, phentsize, phnum;
};

struct elf32_ehdr {
	unsigned char ident[16];
	uint16_t type, machine;
	uint32_t version;
	uint32_t entry, phoff, shoff;
	uint32_t flags;
	uint16_t ehsize, phentsize, phnum;
};

struct elf64_phdr {
	uint32_t type, flags;
	uint64_t offset, vaddr, paddr, filesz, memsz, align;
};

struct elf32_phdr {
	uint32_t type, offset, vaddr, paddr, filesz, memsz, flags, align;
};

static bool get_segment(const unsigned char *elf, unsigned int i, struct segment *s)
{
	const struct elf64_ehdr *e64 = (const void *)elf;
	const struct elf32_ehdr *e32 = (const void *)elf;

	if (elf[4] == 2) {
		const struct elf64_phdr *p = (const void *)(elf + e64->phoff);

		if (i >= e64->phnum)
			return false;
		*s = (struct segment){p[i].type, p[i].offset, p[i].paddr, p[i].filesz,
				      p[i].memsz};
	} else {
		const struct elf32_phdr *p = (const void *)(elf + e32->phoff);

		if (i >= e32->phnum)
			return false;
		*s = (struct segment){p[i].type, p[i].offset, p[i].paddr, p[i].filesz,
				      p[i].memsz};
	}
	return true;
}

static void copy_segment(domid_t id, const unsigned char *elf, const struct segment *s)
{
	uint64_t done = 0;

	while (done < s->memsz) {
		uint64_t at = s->paddr + done;
		unsigned long offset = at % PAGE_SIZE;
		unsigned long len = CHUNK * PAGE_SIZE - offset;
		unsigned long file, nr;
		char *to;

		if (len > s->memsz - done)
			len = s->memsz - done;
		nr = (offset + len + PAGE_SIZE - 1) / PAGE_SIZE;
		to = foreign_map(id, at / PAGE_SIZE, nr);
		file = done < s->filesz ? s->filesz - done : 0;
		if (file > len)
			file = len;
		memcpy(to + offset, elf + s->offset + done, file);
		memset(to + offset + file, 0, len - file);
		foreign_unmap(to, nr);
		done += len;
	}
}

static bool find_entry(const unsigned char *notes, size_t size, uint32_t *entry)
{
	size_t at = 0;

	while (at + 12 <= size) {
		const uint32_t *n = (const void *)(notes + at);
		size_t name = (n[0] + 3ul) & ~3ul, desc = (n[1] + 3ul) & ~3ul;

		if (n[2] == XEN_ELFNOTE_PHYS32_ENTRY && !memcmp(n + 3, "Xen", 4)) {
			memcpy(entry, notes + at + 12 + name, 4);
			return true;
		}
		at += 12 + name + desc;
	}
	return false;
}

long image_load(domid_t id, const void *image, size_t size, uint32_t *entry,
		unsigned long *end)
{
	const unsigned char *elf = image;
	struct segment s;
	bool found = false;
	unsigned int i;

	if (size < 64 || memcmp(elf, "\177ELF", 4))
		return -XEN_EINVAL;
	for (*end = i = 0; get_segment(elf, i, &s); i++) {
		if (s.offset + s.filesz > size)
			return -XEN_EINVAL;
		if (s.type == 4)
			found |= find_entry(elf + s.offset, s.filesz, entry);
		if (s.type != 1)
			continue;
		copy_segment(id, elf, &s);
		if (s.paddr + s.memsz > *end)
			*end = s.paddr + s.memsz;
	}
	return found ? 0 : -XEN_ENOENT;
}

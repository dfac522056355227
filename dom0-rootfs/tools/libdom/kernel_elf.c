/*
 * An ELF kernel with a PVH entry point: headers, segments, notes. Pure.
 *
 * Follows the ELF specification and xen/elfnote.h. Segments are loaded at
 * p_paddr; p_vaddr means nothing here (Linux has one at 0). Notes are found by
 * file offset: GRUB's have neither address nor size in memory.
 */
#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xen/elfnote.h>

#include "libdom/internal.h"
#include "libdom/kernel.h"

#define FOUR_GIB (UINT64_C(1) << 32)

/* Program and section headers of both classes, reduced to what is used. */
struct phdr {
	uint32_t type;
	uint64_t offset, paddr, filesz, memsz;
};

struct elf {
	const uint8_t *data;
	size_t size;
	const char *name;
	struct dom_error *err;
	bool is64;
	uint64_t phoff, shoff;
	unsigned int phnum, shnum;
};

static bool in_file(const struct elf *e, uint64_t offset, uint64_t len)
{
	return offset <= e->size && len <= e->size - offset;
}

static int refuse(const struct elf *e, const char *why)
{
	return dom_fail(e->err, -ENOEXEC,
			"%s: not a usable kernel: %s: use an ELF or bzImage kernel "
			"built for PVH", e->name, why);
}

bool kernel_is_elf(const uint8_t *data, size_t size)
{
	return size >= SELFMAG && memcmp(data, ELFMAG, SELFMAG) == 0;
}

static int parse_header64(struct elf *e)
{
	Elf64_Ehdr h;

	if (e->size < sizeof(h))
		return refuse(e, "its header is truncated");
	memcpy(&h, e->data, sizeof(h));
	if (h.e_machine != EM_X86_64)
		return refuse(e, "64-bit, but not for x86-64");
	if (h.e_phentsize != sizeof(Elf64_Phdr))
		return refuse(e, "program headers of an unknown size");
	e->is64 = true;
	e->phoff = h.e_phoff;
	e->phnum = h.e_phnum;
	e->shoff = h.e_shoff;
	e->shnum = h.e_shentsize == sizeof(Elf64_Shdr) ? h.e_shnum : 0;
	return 0;
}

static int parse_header32(struct elf *e)
{
	Elf32_Ehdr h;

	if (e->size < sizeof(h))
		return refuse(e, "its header is truncated");
	memcpy(&h, e->data, sizeof(h));
	if (h.e_machine != EM_386 && h.e_machine != EM_X86_64)
		return refuse(e, "32-bit, but not for x86");
	if (h.e_phentsize != sizeof(Elf32_Phdr))
		return refuse(e, "program headers of an unknown size");
	e->phoff = h.e_phoff;
	e->phnum = h.e_phnum;
	e->shoff = h.e_shoff;
	e->shnum = h.e_shentsize == sizeof(Elf32_Shdr) ? h.e_shnum : 0;
	return 0;
}

static int parse_header(struct elf *e)
{
	size_t entry;
	int ret;

	if (!kernel_is_elf(e->data, e->size) || e->size < EI_NIDENT)
		return refuse(e, "neither ELF nor bzImage");
	if (e->data[EI_DATA] != ELFDATA2LSB)
		return refuse(e, "big-endian");
	if (e->data[EI_CLASS] == ELFCLASS64)
		ret = parse_header64(e);
	else if (e->data[EI_CLASS] == ELFCLASS32)
		ret = parse_header32(e);
	else
		ret = refuse(e, "ELF of an unknown class");
	if (ret)
		return ret;
	entry = e->is64 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
	if (!e->phnum || !in_file(e, e->phoff, e->phnum * entry))
		return refuse(e, "its program headers are missing or truncated");
	/* Sections serve only to find notes: without them the search is shorter. */
	entry = e->is64 ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr);
	if (!in_file(e, e->shoff, e->shnum * entry))
		e->shnum = 0;
	return 0;
}

static void get_phdr(const struct elf *e, unsigned int i, struct phdr *out)
{
	Elf64_Phdr p64;
	Elf32_Phdr p32;

	if (e->is64) {
		memcpy(&p64, e->data + e->phoff + i * sizeof(p64), sizeof(p64));
		*out = (struct phdr){p64.p_type, p64.p_offset, p64.p_paddr,
				     p64.p_filesz, p64.p_memsz};
	} else {
		memcpy(&p32, e->data + e->phoff + i * sizeof(p32), sizeof(p32));
		*out = (struct phdr){p32.p_type, p32.p_offset, p32.p_paddr,
				     p32.p_filesz, p32.p_memsz};
	}
}

/* A section as if it were a segment; type becomes PT_NOTE for notes. */
static void get_shdr(const struct elf *e, unsigned int i, struct phdr *out)
{
	Elf64_Shdr s64;
	Elf32_Shdr s32;

	if (e->is64) {
		memcpy(&s64, e->data + e->shoff + i * sizeof(s64), sizeof(s64));
		*out = (struct phdr){.type = s64.sh_type, .offset = s64.sh_offset,
				     .filesz = s64.sh_size};
	} else {
		memcpy(&s32, e->data + e->shoff + i * sizeof(s32), sizeof(s32));
		*out = (struct phdr){.type = s32.sh_type, .offset = s32.sh_offset,
				     .filesz = s32.sh_size};
	}
	out->type = out->type == SHT_NOTE ? PT_NOTE : PT_NULL;
}

static uint64_t align4(uint64_t n)
{
	return (n + 3) & ~UINT64_C(3);
}

/* 1: found. 0: not among these notes, or they are malformed. */
static int scan_notes(const struct elf *e, const struct phdr *p, uint64_t *entry)
{
	uint64_t pos = p->offset, end = p->offset + p->filesz, name, desc, next;
	Elf32_Nhdr n;

	while (end - pos >= sizeof(n)) {
		memcpy(&n, e->data + pos, sizeof(n));
		name = pos + sizeof(n);
		desc = name + align4(n.n_namesz);
		next = desc + align4(n.n_descsz);
		if (desc > end || n.n_descsz > end - desc)
			return 0;
		if (n.n_type == XEN_ELFNOTE_PHYS32_ENTRY && n.n_namesz == 4 &&
		    memcmp(e->data + name, "Xen", 4) == 0 &&
		    (n.n_descsz == 4 || n.n_descsz == 8)) {
			*entry = 0;
			memcpy(entry, e->data + desc, n.n_descsz);
			return 1;
		}
		if (next > end)
			return 0;
		pos = next;
	}
	return 0;
}

static int find_entry(const struct elf *e, struct kernel_image *out)
{
	struct phdr p;
	unsigned int i;

	for (i = 0; i < e->phnum; i++) {
		get_phdr(e, i, &p);
		if (p.type == PT_NOTE && in_file(e, p.offset, p.filesz) &&
		    scan_notes(e, &p, &out->entry)) {
			/* a shortened copy must still hold the notes */
			if (p.offset + p.filesz > out->used)
				out->used = p.offset + p.filesz;
			return 0;
		}
	}
	for (i = 0; i < e->shnum; i++) {
		get_shdr(e, i, &p);
		if (p.type == PT_NOTE && in_file(e, p.offset, p.filesz) &&
		    scan_notes(e, &p, &out->entry)) {
			out->used = e->size;
			return 0;
		}
	}
	return refuse(e, "it has no PVH entry point (note PHYS32_ENTRY)");
}

static int add_segment(const struct elf *e, const struct phdr *p,
		       struct kernel_image *out)
{
	if (out->nseg == KERNEL_MAX_SEGMENTS)
		return refuse(e, "it has too many segments");
	if (p->filesz > p->memsz)
		return refuse(e, "a segment is larger in the file than in memory");
	if (!in_file(e, p->offset, p->filesz))
		return refuse(e, "it is truncated: a segment lies past the file's end");
	if (p->paddr >= FOUR_GIB || p->memsz > FOUR_GIB - p->paddr)
		return refuse(e, "a segment lies outside the first 4 GiB");
	if (p->offset + p->filesz > out->used)
		out->used = p->offset + p->filesz;
	out->seg[out->nseg++] = (struct kernel_segment){
		.paddr = p->paddr,
		.memsz = p->memsz,
		.filesz = p->filesz,
		.offset = p->offset,
	};
	return 0;
}

static int by_address(const void *a, const void *b)
{
	const struct kernel_segment *x = a, *y = b;

	return x->paddr < y->paddr ? -1 : x->paddr > y->paddr;
}

static int collect_segments(const struct elf *e, struct kernel_image *out)
{
	struct phdr p;
	unsigned int i;
	int ret;

	for (i = 0; i < e->phnum; i++) {
		get_phdr(e, i, &p);
		if (p.type != PT_LOAD || p.memsz == 0)
			continue;
		ret = add_segment(e, &p, out);
		if (ret)
			return ret;
	}
	if (!out->nseg)
		return refuse(e, "it has nothing to load");
	qsort(out->seg, out->nseg, sizeof(out->seg[0]), by_address);
	for (i = 1; i < out->nseg; i++)
		if (out->seg[i].paddr < out->seg[i - 1].paddr + out->seg[i - 1].memsz)
			return refuse(e, "its segments overlap");
	out->low = out->seg[0].paddr;
	out->high = out->seg[out->nseg - 1].paddr + out->seg[out->nseg - 1].memsz;
	return 0;
}

static int check_entry(const struct elf *e, const struct kernel_image *k)
{
	unsigned int i;

	for (i = 0; i < k->nseg; i++)
		if (k->entry >= k->seg[i].paddr &&
		    k->entry - k->seg[i].paddr < k->seg[i].memsz)
			return 0;
	return refuse(e, "its entry point lies outside its segments");
}

int kernel_parse_elf(const uint8_t *data, size_t size, const char *name,
		     struct kernel_image *out, struct dom_error *err)
{
	struct elf e = {.data = data, .size = size, .name = name, .err = err};
	int ret = parse_header(&e);

	memset(out, 0, sizeof(*out));
	if (ret)
		return ret;
	out->used = e.phoff + e.phnum * (e.is64 ? sizeof(Elf64_Phdr)
						: sizeof(Elf32_Phdr));
	ret = collect_segments(&e, out);
	if (ret == 0)
		ret = find_entry(&e, out);
	if (ret == 0)
		ret = check_entry(&e, out);
	return ret;
}

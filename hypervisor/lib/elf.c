/*
 * Reader of PVH kernels' ELF images (hv/elf.h). Notes are found by their file
 * offsets, since GRUB's image has a PT_NOTE without an address.
 */
#include <hv/elf.h>
#include <hv/lib.h>

#include <xen/elfnote.h>

#define PT_LOAD	1u
#define PT_NOTE	4u

/* The fields of both classes' headers that matter, widened. */
struct phdr {
	uint32_t type;
	uint64_t offset, paddr, filesz, memsz;
};

struct reader {
	const uint8_t *p;
	size_t size;
	bool is64;
	uint64_t phoff;
	unsigned int phentsize, phnum;
};

static bool in_image(const struct reader *r, uint64_t off, uint64_t len)
{
	return off <= r->size && len <= r->size - off;
}

static uint64_t get(const struct reader *r, uint64_t off, unsigned int bytes)
{
	uint64_t v = 0;

	memcpy(&v, r->p + off, bytes);
	return v;
}

static const char *read_header(struct reader *r)
{
	static const uint8_t magic[4] = {0x7f, 'E', 'L', 'F'};

	if (r->size < 64 || memcmp(r->p, magic, sizeof(magic)))
		return "not an ELF image";
	if ((r->p[4] != 1 && r->p[4] != 2) || r->p[5] != 1)
		return "not a little-endian ELF32 or ELF64 image";
	r->is64 = r->p[4] == 2;
	r->phoff = r->is64 ? get(r, 32, 8) : get(r, 28, 4);
	r->phentsize = (unsigned int)get(r, r->is64 ? 54 : 42, 2);
	r->phnum = (unsigned int)get(r, r->is64 ? 56 : 44, 2);
	if (r->phentsize < (r->is64 ? 56u : 32u))
		return "program headers are too small";
	if (!in_image(r, r->phoff, (uint64_t)r->phentsize * r->phnum))
		return "program headers lie outside the file";
	return NULL;
}

static struct phdr read_phdr(const struct reader *r, unsigned int i)
{
	uint64_t at = r->phoff + (uint64_t)i * r->phentsize;

	if (r->is64)
		return (struct phdr){.type = (uint32_t)get(r, at, 4),
				     .offset = get(r, at + 8, 8),
				     .paddr = get(r, at + 24, 8),
				     .filesz = get(r, at + 32, 8),
				     .memsz = get(r, at + 40, 8)};
	return (struct phdr){.type = (uint32_t)get(r, at, 4),
			     .offset = get(r, at + 4, 4),
			     .paddr = get(r, at + 12, 4),
			     .filesz = get(r, at + 16, 4),
			     .memsz = get(r, at + 20, 4)};
}

static const char *add_segment(const struct reader *r, const struct phdr *h,
			       struct elf_image *out)
{
	struct elf_segment *s;

	if (!h->memsz)
		return NULL;
	if (out->seg_nr == ELF_SEGMENTS_MAX)
		return "too many segments";
	if (h->filesz > h->memsz || !in_image(r, h->offset, h->filesz))
		return "a segment lies outside the file (truncated?)";
	if (h->paddr > UINT64_MAX - h->memsz)
		return "a segment wraps around the address space";
	s = &out->seg[out->seg_nr++];
	*s = (struct elf_segment){h->offset, h->filesz, h->paddr, h->memsz};
	out->start = MIN(out->start, h->paddr);
	out->end = MAX(out->end, h->paddr + h->memsz);
	return NULL;
}

/* One note area: {namesz, descsz, type, name, desc}, each padded to four. */
static bool find_entry(const struct reader *r, uint64_t at, uint64_t end, uint64_t *entry)
{
	while (end - at >= 12) {
		uint64_t namesz = get(r, at, 4), descsz = get(r, at + 4, 4);
		uint64_t type = get(r, at + 8, 4);
		uint64_t name = at + 12;
		uint64_t desc = name + ROUNDUP(namesz, 4);
		uint64_t next = desc + ROUNDUP(descsz, 4);

		if (next > end)
			return false;
		if (type == XEN_ELFNOTE_PHYS32_ENTRY && namesz == 4 &&
		    !memcmp(r->p + name, "Xen", 4) &&
		    (descsz == 4 || descsz == 8)) {
			*entry = get(r, desc, (unsigned int)descsz);
			return true;
		}
		at = next;
	}
	return false;
}

static bool entry_in_segment(const struct elf_image *e)
{
	for (unsigned int i = 0; i < e->seg_nr; i++)
		if (e->entry >= e->seg[i].paddr &&
		    e->entry - e->seg[i].paddr < e->seg[i].filesz)
			return true;
	return false;
}

const char *elf_parse(const void *image, size_t size, struct elf_image *out)
{
	struct reader r = {.p = image, .size = size};
	const char *err = read_header(&r);
	bool found = false;

	memset(out, 0, sizeof(*out));
	out->start = UINT64_MAX;
	for (unsigned int i = 0; !err && i < r.phnum; i++) {
		struct phdr h = read_phdr(&r, i);

		if (h.type == PT_LOAD)
			err = add_segment(&r, &h, out);
		else if (h.type == PT_NOTE && !found && in_image(&r, h.offset, h.filesz))
			found = find_entry(&r, h.offset, h.offset + h.filesz,
					   &out->entry);
	}
	if (err)
		return err;
	if (!found)
		return "no PVH entry note (PHYS32_ENTRY)";
	if (!entry_in_segment(out) || out->entry > UINT32_MAX)
		return "its PVH entry lies outside its segments";
	return NULL;
}

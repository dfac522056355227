/*
 * Multiboot 2 information (specification 2.0, section 3.6) -> boot_info: how
 * UEFI machines are started, by GRUB, which has left boot services. It says
 * what no BIOS memory holds there: where ACPI begins, and the frame buffer.
 * A row of the table is a tag that concerns us; no tag is read beyond its
 * size, and none beyond the whole.
 */
#include <hv/lib.h>
#include <hv/log.h>

#include <x86/platform.h>

#include "boot.h"

#define TAG_ALIGN   8
#define SIZE_MAX_OK (1u << 20)	/* real ones have a few KiB */
#define SCREEN_RGB  1

struct tag {
	uint32_t type, size;	/* with this header, without padding */
} packed;

struct tag_module {
	struct tag t;
	uint32_t start, end;
	char cmdline[];
} packed;

struct tag_mmap {
	struct tag t;
	uint32_t entry_size, entry_version;
} packed;

struct mmap_entry {
	uint64_t addr, len;
	uint32_t type, reserved;
} packed;

struct tag_screen {
	struct tag t;
	uint64_t addr;
	uint32_t pitch, width, height;
	uint8_t bits, type;
	uint16_t reserved;
	struct boot_colour red, green, blue;
} packed;

/* Text at @at of a tag: it must end inside. */
static const char *text_in(const struct tag *t, size_t at)
{
	const char *s = (const char *)t;

	if (s[t->size - 1])
		panic("the boot loader gave a text without an end (tag %u); "
		      "use another one",
		      t->type);
	return s + at;
}

static void read_cmdline(const struct tag *t)
{
	boot_copy_text(boot_info.cmdline, sizeof(boot_info.cmdline),
		       text_in(t, sizeof(*t)), "the hypervisor's command line");
}

static void read_loader(const struct tag *t)
{
	strlcpy(boot_info.loader, text_in(t, sizeof(*t)), sizeof(boot_info.loader));
}

static void read_module(const struct tag *t)
{
	const struct tag_module *m = (const void *)t;

	boot_add_module(m->start, m->end, text_in(t, sizeof(*m)));
}

static void read_mmap(const struct tag *t)
{
	const struct tag_mmap *m = (const void *)t;
	const char *p = (const char *)(m + 1), *end = (const char *)t + t->size;

	if (m->entry_size < sizeof(struct mmap_entry))
		panic("the memory map has entries of %u bytes; "
		      "use another boot loader",
		      m->entry_size);
	for (; end - p >= (ptrdiff_t)m->entry_size; p += m->entry_size) {
		const struct mmap_entry *e = (const void *)p;

		boot_add_range(e->addr, e->len, e->type);
	}
}

/* Anything but pixels of three colours is left dark. */
static void read_screen(const struct tag *t)
{
	const struct tag_screen *s = (const void *)t;

	if (s->type != SCREEN_RGB || s->bits % 8 || s->bits < 16 || s->bits > 32 ||
	    !s->height || (uint64_t)s->width * s->bits / 8 > s->pitch ||
	    s->addr + (uint64_t)s->pitch * s->height < s->addr)
		return;
	boot_info.screen = (struct boot_screen){
		.addr = s->addr, .pitch = s->pitch, .width = s->width,
		.height = s->height, .bits = s->bits,
		.red = s->red, .green = s->green, .blue = s->blue,
	};
}

/* A copy of the root pointer, of ACPI 1.0 (20 bytes) or later. */
static void read_acpi(const struct tag *t)
{
	memset(boot_info.rsdp, 0, sizeof(boot_info.rsdp));
	memcpy(boot_info.rsdp, t + 1,
	       MIN(t->size - sizeof(*t), sizeof(boot_info.rsdp)));
}

static const struct {
	uint32_t type;
	size_t least;	/* that it must have */
	void (*read)(const struct tag *t);
} tags[] = {
	{1, sizeof(struct tag) + 1, read_cmdline},
	{2, sizeof(struct tag) + 1, read_loader},
	{3, sizeof(struct tag_module) + 1, read_module},
	{6, sizeof(struct tag_mmap), read_mmap},
	{8, sizeof(struct tag_screen), read_screen},
	{14, sizeof(struct tag) + 20, read_acpi},
	{15, sizeof(struct tag) + 36, read_acpi},	/* comes after 14 */
};

static void read_tag(const struct tag *t)
{
	for (size_t i = 0; i < ARRAY_SIZE(tags); i++)
		if (tags[i].type == t->type && t->size >= tags[i].least)
			tags[i].read(t);
}

void multiboot2_read(uint32_t pa)
{
	const char *p = phys_to_virt(pa);
	uint32_t left = *(const uint32_t *)p;

	if (pa % TAG_ALIGN || left > SIZE_MAX_OK || pa + (uint64_t)left > 1ul << 32)
		panic("the boot loader's information at %#x has %u bytes; "
		      "use another one",
		      pa, left);
	for (uint32_t at = sizeof(struct tag), step; at + sizeof(struct tag) <= left;
	     at += step) {
		const struct tag *t = (const void *)(p + at);

		if (!t->type)
			break;
		if (t->size < sizeof(*t) || t->size > left - at)
			panic("the boot loader's tag %u has %u bytes; "
			      "use another one",
			      t->type, t->size);
		read_tag(t);
		step = (uint32_t)ROUNDUP(t->size, TAG_ALIGN);
	}
}

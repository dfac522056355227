/*
 * Memory before the frame allocator: the RAM of boot_info minus a short list
 * of reserved ranges. Boot CPU only, no locks. Pure: compiles on the host.
 */
#include <hv/lib.h>
#include <hv/log.h>

#include <x86/platform.h>

#include "boot.h"

#define RESERVED_MAX 64
#define MIB	     (1ul << 20)

struct range {
	uint64_t start, end;
	bool ours;	/* from boot_alloc(): never unreserved, may be joined */
};

static struct range reserved[RESERVED_MAX];
static unsigned int reserved_nr;

static void reserve(uint64_t start, uint64_t end, bool ours)
{
	/* boot_alloc() grows downwards: mostly this joins the last one. */
	for (unsigned int i = 0; ours && i < reserved_nr; i++) {
		if (reserved[i].ours && reserved[i].start == end) {
			reserved[i].start = start;
			return;
		}
	}
	if (reserved_nr == RESERVED_MAX)
		panic("too many boot-time memory ranges; report this machine");
	reserved[reserved_nr++] = (struct range){start, end, ours};
}

void boot_reserve(uint64_t start, uint64_t end)
{
	reserve(start, end, false);
}

void boot_unreserve(uint64_t start, uint64_t end)
{
	for (unsigned int i = 0; i < reserved_nr; i++) {
		if (reserved[i].start == start && reserved[i].end == end) {
			reserved[i] = reserved[--reserved_nr];
			return;
		}
	}
	panic("boot memory %#lx was not reserved; report this", start);
}

/* The reserved range with the highest end that overlaps, or NULL. */
static const struct range *highest_overlap(uint64_t start, uint64_t end)
{
	const struct range *found = NULL;

	for (unsigned int i = 0; i < reserved_nr; i++) {
		const struct range *r = &reserved[i];

		if (r->start < end && r->end > start && (!found || r->end > found->end))
			found = r;
	}
	return found;
}

/* Highest place in [low, high) that nothing overlaps, or 0. */
static uint64_t highest_fit(uint64_t low, uint64_t high, uint64_t size, uint64_t align)
{
	while (high > low && high - low >= size) {
		uint64_t at = ROUNDDOWN(high - size, align);
		const struct range *hit;

		if (at < low)
			return 0;
		hit = highest_overlap(at, at + size);
		if (!hit)
			return at;
		high = hit->start;
	}
	return 0;
}

uint64_t boot_alloc(uint64_t size, uint64_t align, uint64_t limit)
{
	size = ROUNDUP(size, PAGE_SIZE);
	for (unsigned int i = boot_info.e820_nr; i-- > 0;) {
		const struct e820_entry *e = &boot_info.e820[i];
		uint64_t end = e->addr + e->size, at;

		if (e->type != E820_RAM)
			continue;
		if (limit)
			end = MIN(end, limit);
		at = highest_fit(MAX(e->addr, MIB), end, size, align);
		if (at) {
			reserve(at, at + size, true);
			return at;
		}
	}
	panic("no %lu KiB of contiguous memory at boot; add memory", size >> 10);
}

void boot_move_modules(void)
{
	for (unsigned int i = 0; i < boot_info.module_nr; i++) {
		struct boot_module *m = &boot_info.module[i];
		uint64_t size = ROUNDUP(m->size, PAGE_SIZE);
		uint64_t to = boot_alloc(size, PAGE_SIZE, 0);

		memcpy(phys_to_virt(to), phys_to_virt(m->start), m->size);
		boot_unreserve(m->start, m->start + size);
		m->start = to;
	}
}

/* Lowest start of a reserved range that ends above @at. */
static const struct range *next_reserved(uint64_t at)
{
	const struct range *next = NULL;

	for (unsigned int i = 0; i < reserved_nr; i++)
		if (reserved[i].end > at && (!next || reserved[i].start < next->start))
			next = &reserved[i];
	return next;
}

void boot_free_ram(void (*add)(mfn_t start, mfn_t end))
{
	for (unsigned int i = 0; i < boot_info.e820_nr; i++) {
		const struct e820_entry *e = &boot_info.e820[i];
		uint64_t at = e->addr, end = e->addr + e->size;

		while (e->type == E820_RAM && at < end) {
			const struct range *r = next_reserved(at);
			uint64_t stop = r ? MIN(r->start, end) : end;

			if (stop > at)
				add(addr_to_mfn(at), addr_to_mfn(stop));
			at = r ? MAX(r->end, at) : end;
		}
	}
}

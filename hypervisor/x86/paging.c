/*
 * The hypervisor's own address space, one set of tables for all CPUs:
 *   DIRECTMAP_BASE   RAM (less the image's code and constants), no execution
 *   FIRMWARE_BASE    machine address + base, cached: firmware's tables
 *   MMIO_BASE        machine address + base, uncached: device registers
 *   FRAMES_BASE      the frame table: one zeroed page, again and again, where
 *                    there is no RAM
 *   STACKS_BASE      a stack per CPU, with a hole in each (x86/traps.h)
 *   IMAGE_BASE       the image, with the rights of its sections
 * The windows are filled as asked for and never emptied; asking again for the
 * same address gives the same pointer. Lock: paging_lock, all tables.
 * APM vol. 2 5.3.
 */
#include <hv/boot.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/page.h>

#include <x86/asm.h>
#include <x86/platform.h>
#include <x86/smp.h>
#include <x86/traps.h>

#include "boot/boot.h"

#define TIB		(1ul << 40)
#define DIRECTMAP_SIZE	(32 * TIB)
#define FIRMWARE_BASE	(DIRECTMAP_BASE + DIRECTMAP_SIZE)
#define FIRMWARE_SIZE	(32 * TIB)
#define MMIO_BASE	(FIRMWARE_BASE + FIRMWARE_SIZE)
#define MMIO_SIZE	(62 * TIB)
#define FRAMES_BASE	(MMIO_BASE + MMIO_SIZE)
#define FRAMES_SIZE	TIB
#define STACKS_BASE	(FRAMES_BASE + FRAMES_SIZE)
#define STACK_SLOT	(2 * STACK_SIZE)

#define PTE_P	 (1ull << 0)
#define PTE_W	 (1ull << 1)
#define PTE_PWT	 (1ull << 3)
#define PTE_PCD	 (1ull << 4)
#define PTE_A	 (1ull << 5)
#define PTE_D	 (1ull << 6)
#define PTE_PS	 (1ull << 7)
#define PTE_G	 (1ull << 8)
#define PTE_NX	 (1ull << 63)
#define PTE_ADDR 0x000ffffffffff000ull

#define PTE_TABLE (PTE_P | PTE_W | PTE_A)
#define PTE_RO	  (PTE_P | PTE_A | PTE_G | PTE_NX)
#define PTE_RW	  (PTE_RO | PTE_W | PTE_D)
#define PTE_RX	  (PTE_P | PTE_A | PTE_G)
#define PTE_UC	  (PTE_RW | PTE_PCD | PTE_PWT)

#define LEVEL_SHIFT(l)	 (PAGE_SHIFT + 9 * (l))
#define CPUID_PAGE_1G	 (1u << 26)

extern char hv_text_end[], hv_rodata_end[];

uint64_t host_cr3;

static spinlock_t paging_lock = SPINLOCK_INIT;
static bool allocator_ready;
static unsigned int largest_level;	/* of a page: 1 = 2 MiB, 2 = 1 GiB */

uint64_t hv_image_start(void)
{
	return virt_to_phys(hv_start);
}

uint64_t hv_image_end(void)
{
	return virt_to_phys(hv_end);
}

static uint64_t table_alloc(void)
{
	uint64_t pa;

	if (allocator_ready) {
		mfn_t mfn = page_alloc(0, 0);

		if (!mfn_valid_value(mfn))
			panic("no memory for the hypervisor's page tables; "
			      "add memory");
		pa = mfn_to_addr(mfn);
	} else {
		/* boot.S maps the first 4 GiB. */
		pa = boot_alloc(PAGE_SIZE, PAGE_SIZE, 4ul << 30);
	}
	memset(phys_to_virt(pa), 0, PAGE_SIZE);
	return pa;
}

/* The entry of @va at @level (0: 4 KiB pages), with tables above it made. */
static uint64_t *entry_at(uintptr_t va, unsigned int level)
{
	uint64_t *t = phys_to_virt(host_cr3);

	for (unsigned int l = 3;; l--) {
		uint64_t *e = &t[(va >> LEVEL_SHIFT(l)) & 511];

		if (l == level)
			return e;
		if (!(*e & PTE_P))
			*e = table_alloc() | PTE_TABLE;
		BUG_ON(*e & PTE_PS);
		t = phys_to_virt(*e & PTE_ADDR);
	}
}

static unsigned int page_level(uintptr_t va, uint64_t pa, uint64_t len)
{
	unsigned int l = largest_level;

	while (l && (((va | pa) & ((1ul << LEVEL_SHIFT(l)) - 1)) ||
		     len < 1ul << LEVEL_SHIFT(l)))
		l--;
	return l;
}

static void map_range(uintptr_t va, uint64_t pa, uint64_t len, uint64_t flags)
{
	while (len) {
		unsigned int l = page_level(va, pa, len);
		uint64_t size = 1ul << LEVEL_SHIFT(l);

		*entry_at(va, l) = pa | flags | (l ? PTE_PS : 0);
		va += size;
		pa += size;
		len -= size;
	}
}

/* RAM, but not what must stay read-only wherever it is looked at. */
static void map_ram(uint64_t start, uint64_t end)
{
	uint64_t hole = virt_to_phys(hv_start);
	uint64_t hole_end = virt_to_phys(hv_rodata_end);

	if (end > DIRECTMAP_SIZE)
		panic("RAM at %#lx is beyond the 32 TiB that are supported; "
		      "take memory out",
		      end);
	if (start < hole_end && end > hole) {
		map_ram(start, hole);
		start = hole_end;
	}
	if (start < end)
		map_range(DIRECTMAP_BASE + start, start, end - start, PTE_RW);
}

static void map_section(const char *start, const char *end, uint64_t flags)
{
	for (const char *p = start; p < end; p += PAGE_SIZE)
		*entry_at((uintptr_t)p, 0) = virt_to_phys(p) | flags;
}

static void map_image(void)
{
	map_section(hv_start, hv_text_end, PTE_RX);
	map_section(hv_text_end, hv_rodata_end, PTE_RO);
	map_section(hv_rodata_end, hv_end, PTE_RW);
	*entry_at((uintptr_t)boot_stack + STACK_GUARD * PAGE_SIZE, 0) = 0;
}

static bool has_ram(uint64_t start, uint64_t end)
{
	for (unsigned int i = 0; i < boot_info.e820_nr; i++) {
		const struct e820_entry *e = &boot_info.e820[i];

		if (e->type == E820_RAM && e->addr < end && e->addr + e->size > start)
			return true;
	}
	return false;
}

/*
 * In pieces of 2 MiB, each of which describes 512 MiB: below 4 GiB, and between
 * the memories of several sockets, there may be much more address than RAM.
 */
#define FRAMES_PIECE	 (1ul << LEVEL_SHIFT(1))
#define FRAMES_DESCRIBED (FRAMES_PIECE / sizeof(struct page) << PAGE_SHIFT)

/* Of the piece for the machine addresses from @at on. */
static uint64_t piece_size(uint64_t at, uint64_t top)
{
	uint64_t frames = ROUNDUP(MIN(top - at, FRAMES_DESCRIBED), PAGE_SIZE) >> PAGE_SHIFT;

	return ROUNDUP(frames * sizeof(struct page), PAGE_SIZE);
}

static void make_frame_table(void)
{
	uint64_t none = table_alloc(), va = FRAMES_BASE, top = 0, total = 0, pa;

	for (unsigned int i = 0; i < boot_info.e820_nr; i++) {
		const struct e820_entry *e = &boot_info.e820[i];

		if (e->type == E820_RAM)
			top = MAX(top, e->addr + e->size);
	}
	for (uint64_t at = 0; at < top; at += FRAMES_DESCRIBED)
		if (has_ram(at, at + FRAMES_DESCRIBED))
			total += piece_size(at, top);
	pa = boot_alloc(total, FRAMES_PIECE, 0);
	memset(phys_to_virt(pa), 0, total);
	for (uint64_t at = 0; at < top; at += FRAMES_DESCRIBED, va += FRAMES_PIECE) {
		uint64_t size = piece_size(at, top);

		if (has_ram(at, at + FRAMES_DESCRIBED)) {
			map_range(va, pa, size, PTE_RW);
			pa += size;
			continue;
		}
		for (uint64_t p = 0; p < size; p += PAGE_SIZE)
			*entry_at(va + p, 0) = none | PTE_RO;
	}
	page_alloc_init((struct page *)FRAMES_BASE, top >> PAGE_SHIFT);
}

void paging_init(void)
{
	largest_level = cpuid(0x80000001, 0).d & CPUID_PAGE_1G ? 2 : 1;
	host_cr3 = table_alloc();
	for (unsigned int i = 0; i < boot_info.e820_nr; i++) {
		const struct e820_entry *e = &boot_info.e820[i];

		if (e->type == E820_RAM)
			map_ram(e->addr, e->addr + e->size);
	}
	map_image();
	screen_remap();
	write_cr3(host_cr3);
	make_frame_table();
	allocator_ready = true;
}

/* [pa, pa + len) of the window at @base. */
static void *map_window(uintptr_t base, uint64_t limit, uint64_t pa, size_t len,
			uint64_t flags)
{
	uint64_t end = ROUNDUP(pa + len, PAGE_SIZE);

	if (!len || end < pa || end > limit)
		panic("cannot map %zu bytes at machine address %#lx; "
		      "report this machine",
		      len, pa);
	if (!host_cr3)	/* before paging_init(): boot.S maps 4 GiB */
		return phys_to_virt(pa);
	spin_lock(&paging_lock);
	for (uint64_t at = ROUNDDOWN(pa, PAGE_SIZE); at < end; at += PAGE_SIZE)
		*entry_at(base + at, 0) = at | flags;
	spin_unlock(&paging_lock);
	return (void *)(base + pa);
}

void *map_mmio(uint64_t pa, size_t len)
{
	return map_window(MMIO_BASE, MMIO_SIZE, pa, len, PTE_UC);
}

void *map_firmware(uint64_t pa, size_t len)
{
	return map_window(FIRMWARE_BASE, FIRMWARE_SIZE, pa, len, PTE_RW);
}

void *stack_alloc(void)
{
	static unsigned int next;	/* boot CPU only; a slot is used once */
	uintptr_t va = STACKS_BASE + next++ * STACK_SLOT;

	for (unsigned int i = 0; i < STACK_SIZE / PAGE_SIZE; i++) {
		mfn_t mfn;

		if (i == STACK_GUARD)
			continue;
		mfn = page_alloc(0, 0);
		if (!mfn_valid_value(mfn))
			return NULL;
		spin_lock(&paging_lock);
		*entry_at(va + i * PAGE_SIZE, 0) = mfn_to_addr(mfn) | PTE_RW;
		spin_unlock(&paging_lock);
	}
	return (void *)va;
}

/* --- frames: all RAM is mapped, so this is arithmetic ------------------------ */

void *map_frame(mfn_t mfn)
{
	return phys_to_virt(mfn_to_addr(mfn));
}

void unmap_frame(const void *p)
{
}

mfn_t virt_to_mfn(const void *p)
{
	return addr_to_mfn(virt_to_phys(p));
}

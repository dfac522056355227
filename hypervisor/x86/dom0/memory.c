/*
 * Which of the machine's memory the control domain gets, and the map it is
 * told (guest-abi A6).
 *
 * Its RAM is identity-mapped, so it is taken from the bottom of the machine's
 * free RAM: the kernel's load address lies there, and old devices reach it.
 * The map names everything that exists, so that Linux puts its scratch frames
 * (grant and foreign mappings) where we want them: at and above `scratch`,
 * where there is nothing at all.
 */
#include <hv/boot.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/page.h>

#include <x86/dom0.h>
#include <x86/platform.h>

#define MIB		(1ul << 20)
#define GIB		(1ul << 30)
#define LOW_RAM_END	0xa0000ul
#define MMIO32_END	0xfec00000ul	/* IO-APIC, LAPIC and flash above */
#define DOM0_MEM_MIN	(160 * MIB)
#define HOST_MEM_MIN	(384 * MIB)
/* Linux reaches this far with struct pages whatever RAM it has. */
#define SCRATCH_WISH	(512 * GIB)
/* HyperTransport's own addresses on AMD machines; nothing else lies there. */
#define HT_START	0xfd00000000ul
#define HT_END		0x10000000000ul

struct dom0_plan dom0_plan;

/* --- how much ------------------------------------------------------------- */

static uint64_t default_size(uint64_t host)
{
	if (host <= GIB)
		return MAX(host / 2, 256 * MIB);
	return MAX(512 * MIB, MIN(host / 16, 4 * GIB));
}

static uint64_t wanted_size(void)
{
	uint64_t host = page_nr_total() << PAGE_SHIFT;
	uint64_t size = cmdline_size("dom0_mem", default_size(host));

	size = ROUNDDOWN(size, 2 * MIB);
	if (host < HOST_MEM_MIN)
		machine_refuse("This machine has too little memory",
			       "the control domain and one guest need 384 MiB",
			       "add memory, or give the virtual machine more");
	if (size < DOM0_MEM_MIN || size + 16 * MIB > host)
		panic("control domain memory of %lu MiB does not fit a machine "
		      "with %lu MiB; set dom0_mem= between %lu MiB and what "
		      "the machine has, or add memory",
		      size / MIB, host / MIB, DOM0_MEM_MIN / MIB);
	return size;
}

/* --- taking it --------------------------------------------------------------- */

static void add_range(uint64_t start, uint64_t end)
{
	struct dom0_plan *p = &dom0_plan;

	if (p->ram_nr && p->ram[p->ram_nr - 1].end == start) {
		p->ram[p->ram_nr - 1].end = end;
	} else {
		if (p->ram_nr == DOM0_RANGES_MAX)
			panic("the machine's memory map has too many pieces for "
			      "the control domain; report this machine");
		p->ram[p->ram_nr++] = (struct mem_range){start, end};
	}
	p->pages += (end - start) >> PAGE_SHIFT;
}

/*
 * RAM below 640 KiB never enters the allocator (real-mode code of firmware and
 * CPU bring-up uses it); all of it goes to the control domain in the end.
 */
static void take_low_ram(void)
{
	for (unsigned int i = 0; i < boot_info.e820_nr; i++) {
		const struct e820_entry *e = &boot_info.e820[i];
		uint64_t start = ROUNDUP(e->addr, PAGE_SIZE);
		uint64_t end = ROUNDDOWN(MIN(e->addr + e->size, LOW_RAM_END), PAGE_SIZE);

		if (e->type != E820_RAM || start >= end)
			continue;
		page_alloc_adopt(addr_to_mfn(start), (end - start) >> PAGE_SHIFT, 0);
		add_range(start, end);
	}
}

static bool frame_is_free(uint64_t frame)
{
	const struct page *pg = mfn_to_page(MFN(frame));

	return pg && pg->state == PAGE_FREE;
}

/* Takes free frames of [start, end) until the plan has @pages. */
static void take_free(uint64_t start, uint64_t end, uint64_t pages)
{
	uint64_t frame = start;

	while (frame < end && dom0_plan.pages < pages) {
		uint64_t run = frame, limit;

		if (!frame_is_free(frame)) {
			frame++;
			continue;
		}
		limit = MIN(end, frame + pages - dom0_plan.pages);
		while (run < limit && frame_is_free(run))
			run++;
		if (page_alloc_reserve(MFN(frame), run - frame, 0))
			panic("frames %#lx to %#lx changed hands during boot; "
			      "report this",
			      frame, run);
		add_range(frame << PAGE_SHIFT, run << PAGE_SHIFT);
		frame = run;
	}
}

void dom0_reserve_memory(void)
{
	const struct boot_module *kernel = &boot_info.module[0];
	uint64_t pages = wanted_size() >> PAGE_SHIFT;
	const char *wrong;

	if (!boot_info.module_nr)
		panic("the boot loader gave no control domain kernel; load one "
		      "as the first module");
	wrong = elf_parse(phys_to_virt(kernel->start), kernel->size, &dom0_plan.kernel);
	if (wrong)
		panic("control domain kernel: %s; give an unpacked PVH kernel "
		      "(vmlinux) as the first module",
		      wrong);
	take_low_ram();
	for (unsigned int i = 0; i < boot_info.e820_nr; i++) {
		const struct e820_entry *e = &boot_info.e820[i];

		if (e->type == E820_RAM && e->addr + e->size > MIB)
			take_free(MAX(e->addr, MIB) >> PAGE_SHIFT,
				  (e->addr + e->size) >> PAGE_SHIFT, pages);
	}
	if (dom0_plan.pages < pages)
		panic("only %lu MiB of memory are free for the control domain, "
		      "%lu are wanted; lower dom0_mem= or add memory",
		      dom0_plan.pages >> (20 - PAGE_SHIFT),
		      pages >> (20 - PAGE_SHIFT));
}

/* --- the map ------------------------------------------------------------------ */

uint64_t dom0_scratch_base(unsigned int bits)
{
	uint64_t top = MAX(4 * GIB, pci_highest_address());
	uint64_t space = 1ull << MIN(bits, 46u);

	for (unsigned int i = 0; i < boot_info.e820_nr; i++) {
		const struct e820_entry *e = &boot_info.e820[i];

		if (e->addr < HT_START || e->addr + e->size > HT_END)
			top = MAX(top, e->addr + e->size);
	}
	top = MAX(ROUNDUP(top, GIB), MIN(SCRATCH_WISH, space / 2));
	return top + 16 * GIB > space ? 0 : top;
}

struct map_writer {
	struct e820_entry *out;
	unsigned int nr, max;
};

/* Appends, joining what touches and is alike. */
static void emit(struct map_writer *w, uint64_t start, uint64_t end, uint32_t type)
{
	struct e820_entry *last = w->nr ? &w->out[w->nr - 1] : NULL;

	if (start >= end)
		return;
	if (last && last->type == type && last->addr + last->size == start) {
		last->size = end - last->addr;
		return;
	}
	if (w->nr == w->max)
		panic("the control domain's memory map has over %u entries; "
		      "report this machine",
		      w->max);
	w->out[w->nr++] = (struct e820_entry){start, end - start, type};
}

/* A RAM region of the host: dom0's parts, and unusable between them. */
static void emit_ram(struct map_writer *w, const struct dom0_plan *plan,
		     uint64_t start, uint64_t end)
{
	uint64_t at = start;

	for (unsigned int i = 0; i < plan->ram_nr; i++) {
		uint64_t s = MAX(plan->ram[i].start, start);
		uint64_t e = MIN(plan->ram[i].end, end);

		if (s >= e)
			continue;
		emit(w, at, s, E820_UNUSABLE);
		emit(w, s, e, E820_RAM);
		at = e;
	}
	emit(w, at, end, E820_UNUSABLE);
}

/* A stretch that the host's map does not mention, above the first MiB. */
static void emit_hole(struct map_writer *w, uint64_t start, uint64_t end)
{
	start = MAX(start, MIB);
	/* From the IO-APIC to 4 GiB the kernel knows the fixed devices itself. */
	if (start < MMIO32_END)
		emit(w, start, MIN(end, MMIO32_END), E820_RESERVED);
	if (end > 4 * GIB)
		emit(w, MAX(start, 4 * GIB), end, E820_RESERVED);
}

/* Marks [start, end) inside an entry of RAM as @type. */
static unsigned int carve(struct e820_entry *map, unsigned int nr,
			  unsigned int max, uint64_t start, uint64_t end,
			  uint32_t type)
{
	for (unsigned int i = 0; i < nr; i++) {
		struct e820_entry whole = map[i];

		if (whole.type != E820_RAM || start < whole.addr ||
		    end > whole.addr + whole.size)
			continue;
		if (nr + 2 > max)
			panic("no room in the control domain's memory map; "
			      "report this machine");
		memmove(&map[i + 3], &map[i + 1], (nr - i - 1) * sizeof(*map));
		map[i] = (struct e820_entry){whole.addr, start - whole.addr, E820_RAM};
		map[i + 1] = (struct e820_entry){start, end - start, type};
		map[i + 2] = (struct e820_entry){
			end, whole.addr + whole.size - end, E820_RAM};
		return nr + 2;
	}
	return nr;
}

unsigned int dom0_make_e820(const struct e820_entry *host, unsigned int nr,
			    const struct dom0_plan *plan,
			    struct e820_entry *out, unsigned int max)
{
	struct map_writer w = {.out = out, .max = max};
	uint64_t at = 0;

	for (unsigned int i = 0; i < nr; i++) {
		uint64_t start = ROUNDDOWN(host[i].addr, PAGE_SIZE);
		uint64_t end = ROUNDUP(host[i].addr + host[i].size, PAGE_SIZE);

		if (host[i].type == E820_RAM) {
			start = ROUNDUP(host[i].addr, PAGE_SIZE);
			end = ROUNDDOWN(host[i].addr + host[i].size, PAGE_SIZE);
		}
		start = MAX(start, at);
		end = MIN(end, plan->scratch);
		if (start >= end)
			continue;
		if (start > at)
			emit_hole(&w, at, start);
		if (host[i].type == E820_RAM)
			emit_ram(&w, plan, start, end);
		else
			emit(&w, start, end, host[i].type);
		at = end;
	}
	emit_hole(&w, at, plan->scratch);
	return carve(out, w.nr, max, plan->acpi, plan->acpi + plan->acpi_size, E820_ACPI);
}

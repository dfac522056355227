/*
 * Builds the control domain from the boot modules: kernel, initramfs, command
 * line, memory map and ACPI in its memory. Order of
 * the pieces in memory: kernel where it wants to be, then (2 MiB aligned)
 * initramfs, start_info with what it points at, ACPI tables.
 */
#include <hv/arch.h>
#include <hv/boot.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/page.h>
#include <hv/sched.h>

#include <xen/arch-x86/hvm/start_info.h>

#include <x86/dev_irq.h>
#include <x86/dom0.h>
#include <x86/hvm.h>
#include <x86/iommu.h>
#include <x86/pci.h>
#include <x86/platform.h>

#define INFO_LIMIT	(1ul << 30)	/* early page tables of kernels */
#define INITRD_LIMIT	(4ul << 30)
#define DOM0_PORTS	131071u
#define DOM0_GRANT_FRAMES 64u
#define DOM0_MAPTRACK_FRAMES 1024u

/* --- the domain ---------------------------------------------------------------- */

static struct domain *make_domain(void)
{
	unsigned int vcpus = (unsigned int)cmdline_size("dom0_max_vcpus", 0);
	struct domain_config c = {
		.id = 0,
		.flags = 0,
		.max_evtchn_port = DOM0_PORTS,
		.max_grant_frames = DOM0_GRANT_FRAMES,
		.max_maptrack_frames = DOM0_MAPTRACK_FRAMES,
		.control = true,
	};
	struct domain *d;
	int err;

	c.max_vcpus = MIN(nr_cpus, (unsigned int)MAX_VCPUS);
	if (vcpus && vcpus < c.max_vcpus)
		c.max_vcpus = vcpus;
	err = domain_create(&c, &d);
	for (unsigned int i = 0; !err && i < c.max_vcpus; i++)
		err = vcpu_create(d, i);
	if (err)
		panic("cannot make the control domain (error %d); add memory", -err);
	hardware_domain = d;
	return d;
}

/* --- memory ---------------------------------------------------------------------- */

/* Grants and foreign frames must lie where devices reach them, too. */
static void choose_scratch(void)
{
	unsigned int bits = MIN(host_phys_bits, iommu_bits());

	dom0_plan.scratch = dom0_scratch_base(bits);
	if (!dom0_plan.scratch && bits < host_phys_bits) {
		iommu_give_up("its addresses are too short for this machine's memory");
		dom0_plan.scratch = dom0_scratch_base(host_phys_bits);
	}
	if (!dom0_plan.scratch)
		panic("no address space above memory and devices for the control "
		      "domain's mappings; report this machine");
}

static unsigned int best_order(uint64_t frame, uint64_t left)
{
	if (!(frame & 0x3ffff) && left >= 0x40000)
		return 18;
	return !(frame & 0x1ff) && left >= 0x200 ? 9 : 0;
}

static void map_range(struct domain *d, uint64_t frame, uint64_t end)
{
	while (frame < end) {
		unsigned int order = best_order(frame, end - frame);

		if (p2m_insert(d, GFN(frame), MFN(frame), order, P2M_RAM_RW))
			panic("no memory for the control domain's page tables; "
			      "add memory");
		frame += 1ul << order;
	}
}

static void map_memory(struct domain *d)
{
	for (unsigned int i = 0; i < dom0_plan.ram_nr; i++) {
		map_range(d, dom0_plan.ram[i].start >> PAGE_SHIFT,
			  dom0_plan.ram[i].end >> PAGE_SHIFT);
	}
	d->max_pages = (unsigned int)dom0_plan.pages;
	page_account(d, d->max_pages);
}

static bool is_dom0_ram(uint64_t start, uint64_t end)
{
	for (unsigned int i = 0; i < dom0_plan.ram_nr; i++)
		if (start >= dom0_plan.ram[i].start && end <= dom0_plan.ram[i].end)
			return true;
	return false;
}

/* First place at or above @from, below @limit, with @size bytes of its RAM. */
static uint64_t place(uint64_t from, uint64_t size, uint64_t limit, const char *what)
{
	for (unsigned int i = 0; i < dom0_plan.ram_nr; i++) {
		uint64_t at = MAX(from, dom0_plan.ram[i].start);

		at = ROUNDUP(at, PAGE_SIZE);
		if (at + size <= MIN(dom0_plan.ram[i].end, limit))
			return at;
	}
	panic("no room for the control domain's %s of %lu KiB; raise dom0_mem=",
	      what, size >> 10);
}

/* --- contents --------------------------------------------------------------------- */

static void load_kernel(void)
{
	const struct boot_module *m = &boot_info.module[0];
	const struct elf_image *k = &dom0_plan.kernel;

	for (unsigned int i = 0; i < k->seg_nr; i++) {
		const struct elf_segment *s = &k->seg[i];
		char *to = phys_to_virt(s->paddr);

		if (!is_dom0_ram(ROUNDDOWN(s->paddr, PAGE_SIZE), s->paddr + s->memsz))
			panic("the control domain's kernel wants memory at %#lx "
			      "to %#lx, which it does not have; raise "
			      "dom0_mem= or use another kernel",
			      s->paddr, s->paddr + s->memsz);
		memcpy(to, (char *)phys_to_virt(m->start) + s->offset, s->filesz);
		memset(to + s->filesz, 0, s->memsz - s->filesz);
	}
}

/* start_info and the small things it points at, in one block. */
struct info_block {
	struct hvm_start_info info;
	struct hvm_modlist_entry module;
	struct hvm_memmap_table_entry map[E820_MAX];
	char cmdline[sizeof(boot_info.cmdline)];
};

static bool has_virtio(void)
{
	uint32_t id;

	for (uint32_t fn = 0; pci_find_function(&fn, &id); fn++)
		if ((id & 0xffff) == PCI_VENDOR_VIRTIO)
			return true;
	return false;
}

/*
 * Without an IOMMU the control domain's kernel must bounce all that its devices
 * read and write of guests' pages; so it must with one when there is a virtio
 * device, as an emulator's go past it. Else it has the buffer ("iommu=soft") for
 * devices that cannot address the scratch window. It is an eighth of its memory, at
 * most 128 MiB, in slabs of 2 KiB; a "swiotlb=" in the boot menu stands as it is.
 */
static void add_bounce_buffers(char *cmdline, size_t size)
{
	uint64_t bytes = MIN(dom0_plan.pages << PAGE_SHIFT >> 3, 128ul << 20);
	size_t len = strlen(cmdline);

	if (!strstr(cmdline, "swiotlb="))
		snprintf(cmdline + len, size - len, iommu_active() && !has_virtio() ?
			 " iommu=soft swiotlb=%lu" : " swiotlb=%lu,force", bytes >> 11);
}

/*
 * Its map names everything but the scratch window. The kernel must not take that
 * for reasons to give no addresses to devices that are plugged in: the windows
 * that ACPI tells for PCI are right.
 */
static void add_pci_windows(char *cmdline, size_t size)
{
	size_t len = strlen(cmdline);

	snprintf(cmdline + len, size - len, " pci=no_e820");
}

static void write_info(struct domain *d)
{
	struct info_block *b = phys_to_virt(dom0_plan.start_info);
	uint64_t at = dom0_plan.start_info;

	memset(b, 0, sizeof(*b));
	d->e820_nr = dom0_make_e820(boot_info.e820, boot_info.e820_nr,
				    &dom0_plan, d->e820, E820_MAX - 1);
	for (unsigned int i = 0; i < d->e820_nr; i++)
		b->map[i] = (struct hvm_memmap_table_entry){
			.addr = d->e820[i].addr,
			.size = d->e820[i].size,
			.type = d->e820[i].type,
		};
	strlcpy(b->cmdline, boot_info.module[0].cmdline, sizeof(b->cmdline));
	add_bounce_buffers(b->cmdline, sizeof(b->cmdline));
	add_pci_windows(b->cmdline, sizeof(b->cmdline));
	b->info = (struct hvm_start_info){
		.magic = XEN_HVM_START_MAGIC_VALUE,
		.version = 1,
		.flags = SIF_PRIVILEGED | SIF_INITDOMAIN,
		.cmdline_paddr = at + offsetof(struct info_block, cmdline),
		.rsdp_paddr = dom0_plan.acpi,
		.memmap_paddr = at + offsetof(struct info_block, map),
		.memmap_entries = d->e820_nr,
	};
	if (boot_info.module_nr > 1) {
		b->info.nr_modules = 1;
		b->info.modlist_paddr = at + offsetof(struct info_block, module);
		b->module.paddr = dom0_plan.initrd;
		b->module.size = boot_info.module[1].size;
	}
}

static void place_and_load(struct domain *d)
{
	struct dom0_plan *p = &dom0_plan;
	uint64_t free = ROUNDUP(p->kernel.end, 2ul << 20);

	load_kernel();
	if (boot_info.module_nr > 1) {
		const struct boot_module *m = &boot_info.module[1];

		p->initrd = place(free, m->size, INITRD_LIMIT, "initramfs");
		memcpy(phys_to_virt(p->initrd), phys_to_virt(m->start), m->size);
		free = p->initrd + m->size;
	}
	p->start_info = place(free, sizeof(struct info_block), INFO_LIMIT, "start info");
	free = p->start_info + sizeof(struct info_block);
	p->acpi_size = dom0_acpi_size(d->max_vcpus);
	p->acpi = place(free, p->acpi_size, INFO_LIMIT, "ACPI tables");
	dom0_acpi_write(phys_to_virt(p->acpi), p->acpi, d);
	write_info(d);
}

struct domain *dom0_build(void)
{
	struct domain *d = make_domain();

	choose_scratch();
	map_memory(d);
	iommu_enable();
	place_and_load(d);
	dev_irq_setup();
	hwdom_io_init();
	vioapic_init(d);
	hvm_set_pvh_state(d->vcpu[0], dom0_plan.kernel.entry, dom0_plan.start_info);
	log_info("control domain: %lu MiB, %u vCPUs, kernel at %#lx-%#lx, "
		 "scratch window from %#lx\n",
		 dom0_plan.pages >> (20 - PAGE_SHIFT), d->max_vcpus,
		 dom0_plan.kernel.start, dom0_plan.kernel.end,
		 dom0_plan.scratch);
	return d;
}

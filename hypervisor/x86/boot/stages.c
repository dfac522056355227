/* The x86 side of core/main.c's boot order: which parts start, and when. */
#include <hv/boot.h>
#include <hv/crash.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/main.h>
#include <hv/page.h>

#include <x86/acpi.h>
#include <x86/apic.h>
#include <x86/dom0.h>
#include <x86/hvm.h>
#include <x86/iommu.h>
#include <x86/mce.h>
#include <x86/platform.h>
#include <x86/spec.h>
#include <x86/ucode.h>

#include "boot.h"

void arch_boot_early(uint32_t magic, uint32_t mbi)
{
	uint64_t report;

	boot_init(magic, mbi);
	serial_init();
	screen_init();
	log_init();
	cpu_init_bsp();
	boot_show();
	/*
	 * First of all, so that it is at the same place in every run: the top of the
	 * RAM that all machines have.
	 */
	report = boot_alloc(CRASH_AREA_SIZE, PAGE_SIZE, 4ul << 30);
	paging_init();
	crash_init(phys_to_virt(report), CRASH_AREA_SIZE);
}

void arch_boot_memory(void)
{
	boot_move_modules();
	boot_free_ram(page_alloc_add);
	dom0_reserve_memory();
}

void arch_boot_machine(void)
{
	acpi_init();
	serial_use_firmware();
	ioapic_init();	/* the 8259A is silent before the local APIC shuts it out */
	lapic_init();
	time_init();
	mce_cpu_init();
	ucode_init();
	spec_init();	/* what it knows may have come by the update */
	serial_enable_rx();
	iommu_init();
}

void arch_boot_cpus(void)
{
	hvm_init();
	smp_start_others();
	hvm_wait_cpus();
	numa_init();
}

struct domain *arch_build_dom0(void)
{
	return dom0_build();
}

/* What only booting needed goes to the allocator; the screen goes to dom0. */
void arch_boot_done(void)
{
	for (unsigned int i = 0; i < boot_info.module_nr; i++) {
		struct boot_module *m = &boot_info.module[i];

		page_alloc_add(addr_to_mfn(m->start),
			       addr_to_mfn(ROUNDUP(m->start + m->size, PAGE_SIZE)));
		m->size = 0;
	}
	screen_release();
}

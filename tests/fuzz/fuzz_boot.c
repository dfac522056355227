/*
 * What firmware and boot loader leave in memory: the Multiboot 1 or 2 information and ACPI
 * tables. The input is laid out as blocks: {u16 place, u8 length, u8 kind, bytes}, so
 * that it can put tables where the pointers say; kind 1 repairs the checksum of an ACPI
 * table, 2 that of a root pointer. Refusing (panic) is fine, reading outside is not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "fuzz.h"

#include <hv/boot.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/page.h>

#include <x86/acpi.h>
#include <x86/iommu.h>
#include <x86/platform.h>

#include "../../hypervisor/x86/boot/memory.c"	/* its list is emptied here */

#define MEMORY	(2u << 20)
#define PLACE	32u		/* bytes a unit of a block's place */

static uint8_t *ram;
static jmp_buf refused;

uint64_t boot_entry_tsc;
unsigned int host_phys_bits = 40;

void panic(const char *fmt, ...)
{
	longjmp(refused, 1);
}

void machine_refuse(const char *what, const char *why, const char *todo)
{
	longjmp(refused, 1);
}

void hv_log(enum log_level level, const char *fmt, ...)
{
	char line[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);	/* so that its arguments are read */
	va_end(ap);
}

uint64_t hv_image_start(void)
{
	return 0x100000;
}

uint64_t hv_image_end(void)
{
	return 0x140000;
}

size_t strlcpy(char *dst, const char *src, size_t n)
{
	return (size_t)snprintf(dst, n, "%s", src);
}

/* Machine addresses above the memory read as zeroes, as on a real machine ones. */
void *map_firmware(uint64_t pa, size_t len)
{
	if (pa >= 4ull << 30 || len > (4ull << 30) - pa)
		longjmp(refused, 1);
	return phys_to_virt(pa);
}

static void make_memory(void)
{
	void *at = phys_to_virt(0);

	MUST(mmap(at, (4ul << 30) + (1ul << 20), PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) == at);
	ram = at;
}

static void repair(uint8_t *p, size_t len, size_t field)
{
	uint8_t sum = 0;

	if (field >= len)
		return;
	p[field] = 0;
	for (size_t i = 0; i < len; i++)
		sum = (uint8_t)(sum + p[i]);
	p[field] = (uint8_t)-sum;
}

/* Where the input put something: cleared afterwards, as all of the memory takes long. */
static size_t written[512];
static unsigned int written_nr;

static void lay_out(const uint8_t *data, size_t size)
{
	while (size >= 4) {
		size_t place = (size_t)(data[0] | data[1] << 8) * PLACE, n = data[2];
		unsigned int kind = data[3];

		data += 4;
		size -= 4;
		n = MIN(n, size);
		if (place + n > MEMORY)
			return;
		memcpy(ram + place, data, n);
		if (written_nr < ARRAY_SIZE(written))
			written[written_nr++] = place;
		if (kind == 1)
			repair(ram + place, n, 9);
		if (kind == 2)
			repair(ram + place, 20, 8);
		data += n;
		size -= n;
	}
}

static uint64_t ram_free;

static void count_free(mfn_t start, mfn_t end)
{
	MUST(start.v < end.v);
	ram_free += end.v - start.v;
}

static void check_boot(uint32_t magic)
{
	uint64_t last = 0;

	reserved_nr = 0;
	memset(&boot_info, 0, sizeof(boot_info));
	boot_init(magic, 0x1000);
	MUST(boot_info.e820_nr && boot_info.e820_nr <= E820_MAX);
	for (unsigned int i = 0; i < boot_info.e820_nr; i++) {
		const struct e820_entry *e = &boot_info.e820[i];

		MUST(e->size && e->addr >= last && e->addr + e->size > e->addr);
		last = e->addr + e->size;
	}
	MUST(boot_info.module_nr <= BOOT_MODULES_MAX);
	ram_free = 0;
	boot_free_ram(count_free);
}

static void check_acpi(void)
{
	acpi_init();
	MUST(acpi.cpu_nr && acpi.cpu_nr <= MAX_CPUS);
	MUST(acpi.ioapic_nr && acpi.ioapic_nr <= ACPI_IOAPIC_MAX);
	MUST(acpi.iso_nr <= ACPI_ISO_MAX && acpi.mcfg_nr <= ACPI_MCFG_MAX);
	MUST(iommu_tables.unit_nr <= IOMMU_UNITS_MAX &&
	     iommu_tables.range_nr <= IOMMU_RANGES_MAX);
	for (unsigned int i = 0; i < iommu_tables.range_nr; i++)
		MUST(iommu_tables.range[i].start < iommu_tables.range[i].end);
	MUST(!acpi.s5_valid || (acpi.s5_typ_a < 8 && acpi.s5_typ_b < 8));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!ram)
		make_memory();
	lay_out(data, size);
	memset(&boot_info, 0, sizeof(boot_info));
	if (!setjmp(refused))
		check_acpi();
	if (!setjmp(refused))
		check_boot(MULTIBOOT_MAGIC);
	if (!setjmp(refused))
		check_boot(MULTIBOOT2_MAGIC);
	reserved_nr = 0;
	while (written_nr)
		memset(ram + written[--written_nr], 0, 256);
	return 0;
}

/*
 * What a guest finds at its start: its memory map and the place of everything in
 * it, the start info block, ACPI tables with right sums, and vCPU 0's registers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "libdom/guest.h"

#include <xen/arch-x86/hvm/start_info.h>
#include <xen/hvm/save.h>

#define MIB (UINT64_C(1) << 20)

static struct vm_config config(unsigned int mem)
{
	return (struct vm_config){.name = (char *)"t", .kernel = (char *)"k",
				  .ramdisk = (char *)"r", .cmdline = (char *)"console=hvc0",
				  .memory_mib = mem, .maxvcpus = 2};
}

/* Debian's kernel as it lies in memory. */
static const struct kernel_image debian = {.low = 16 * MIB, .high = 74 * MIB};

static void assert_map_sane(const struct guest_layout *l)
{
	unsigned int i;

	for (i = 0; i < l->e820_nr; i++) {
		const struct hv_e820 *e = &l->e820[i];

		assert_true(e->size > 0);
		assert_int_equal(e->addr % 4096, 0);
		assert_int_equal(e->size % 4096, 0);
		assert_true(i == 0 || e->addr >= e[-1].addr + e[-1].size);
	}
}

static void a_small_guest_is_laid_out(void **state)
{
	struct vm_config cfg = config(256);
	struct guest_layout l;

	(void)state;
	assert_int_equal(guest_layout(&cfg, &debian, 5 * MIB, &l, NULL), 0);
	assert_map_sane(&l);
	assert_int_equal(l.e820_nr, 3);
	assert_int_equal(l.e820[0].size, 256 * MIB);
	assert_int_equal(l.e820[1].addr, 0xfc000000);
	assert_int_equal(l.e820[1].type, 3);
	assert_int_equal(l.e820[2].addr, 0xfeff8000);
	assert_int_equal(l.e820[2].size, 8 * 4096);
	assert_int_equal(l.start_info, 74 * MIB);
	assert_int_equal(l.ramdisk, 74 * MIB + 4096);
}

static void a_large_guest_goes_on_above_4_gib(void **state)
{
	struct vm_config cfg = config(8192);
	struct guest_layout l;

	(void)state;
	assert_int_equal(guest_layout(&cfg, &debian, 0, &l, NULL), 0);
	assert_map_sane(&l);
	assert_int_equal(l.e820_nr, 4);
	assert_int_equal(l.e820[0].size + l.e820[3].size, 8192 * MIB);
	assert_int_equal(l.e820[0].size, 0xfc000000);
	assert_int_equal(l.e820[3].addr, UINT64_C(1) << 32);
}

static void what_does_not_fit_is_refused(void **state)
{
	struct kernel_image high = {.low = 1020 * MIB, .high = 1024 * MIB};
	struct vm_config cfg = config(64);
	struct guest_layout l;
	struct dom_error err;
	char *longline;

	(void)state;
	assert_int_equal(guest_layout(&cfg, &debian, 0, &l, &err), -E2BIG);
	assert_non_null(strstr(err.text, "kernel does not fit"));
	cfg = config(80);
	assert_int_equal(guest_layout(&cfg, &debian, 4 * MIB, &l, &err), 0);
	assert_int_equal(guest_layout(&cfg, &debian, 6 * MIB, &l, &err), -E2BIG);
	assert_non_null(strstr(err.text, "ramdisk does not fit"));
	assert_int_equal(guest_layout(&cfg, &debian, UINT64_MAX - 100, &l, &err), -E2BIG);
	/* Linux finds start info only below 1 GiB */
	cfg = config(4096);
	assert_int_equal(guest_layout(&cfg, &high, 0, &l, &err), -E2BIG);
	longline = calloc(1, GUEST_CMDLINE_MAX + 2);
	memset(longline, 'x', GUEST_CMDLINE_MAX + 1);
	cfg.cmdline = longline;
	assert_int_equal(guest_layout(&cfg, &debian, 0, &l, &err), -E2BIG);
	longline[GUEST_CMDLINE_MAX] = 0;
	assert_int_equal(guest_layout(&cfg, &debian, 0, &l, &err), 0);
	assert_true(l.start_size <= GUEST_TABLES_MAX);
	free(longline);
}

static void start_info_points_at_its_parts(void **state)
{
	struct vm_config cfg = config(8192);
	struct guest_layout l;
	const struct hvm_start_info *si;
	const struct hvm_modlist_entry *mod;
	const struct hvm_memmap_table_entry *map;
	uint8_t *buf;

	(void)state;
	assert_int_equal(guest_layout(&cfg, &debian, 12345, &l, NULL), 0);
	buf = malloc(l.start_size);
	guest_start_info(&l, cfg.cmdline, 0xfc001234, buf);
	si = (const void *)buf;
	assert_int_equal(si->magic, 0x336ec578);
	assert_int_equal(si->version, 1);
	assert_int_equal(si->flags, 0);
	assert_int_equal(si->rsdp_paddr, 0xfc001234);
	assert_string_equal((char *)buf + (si->cmdline_paddr - l.start_info),
			    "console=hvc0");
	mod = (const void *)(buf + (si->modlist_paddr - l.start_info));
	assert_int_equal(si->nr_modules, 1);
	assert_int_equal(mod->paddr, l.ramdisk);
	assert_int_equal(mod->size, 12345);
	map = (const void *)(buf + (si->memmap_paddr - l.start_info));
	assert_int_equal(si->memmap_entries, 4);
	assert_int_equal(map[3].addr, UINT64_C(1) << 32);
	free(buf);
	assert_int_equal(guest_layout(&cfg, &debian, 0, &l, NULL), 0);
	buf = malloc(l.start_size);
	guest_start_info(&l, cfg.cmdline, 0, buf);
	assert_int_equal(((struct hvm_start_info *)buf)->nr_modules, 0);
	free(buf);
}

/* --- ACPI, read the way a guest reads it ----------------------------------- */

#define ACPI_GPA UINT64_C(0xfc000000)

static uint8_t *tables;
static size_t tables_len;

static const uint8_t *at(uint64_t gpa, size_t len)
{
	assert_true(gpa >= ACPI_GPA && gpa + len <= ACPI_GPA + tables_len);
	return tables + (gpa - ACPI_GPA);
}

static uint64_t le(const uint8_t *p, size_t len)
{
	uint64_t v = 0;

	memcpy(&v, p, len);
	return v;
}

static void assert_sum(const uint8_t *p, size_t len)
{
	uint8_t s = 0;

	while (len--)
		s = (uint8_t)(s + *p++);
	assert_int_equal(s, 0);
}

static const uint8_t *table(uint64_t gpa, const char *sig)
{
	const uint8_t *p = at(gpa, 36);

	assert_memory_equal(p, sig, 4);
	at(gpa, le(p + 4, 4));
	assert_sum(p, le(p + 4, 4));
	return p;
}

static void check_madt(const uint8_t *madt, unsigned int vcpus)
{
	unsigned int i;

	assert_int_equal(le(madt + 36, 4), 0xfee00000);
	assert_int_equal(le(madt + 40, 4), 0); /* no PCAT_COMPAT */
	assert_int_equal(le(madt + 4, 4), 44 + 8 * vcpus);
	for (i = 0; i < vcpus; i++) {
		const uint8_t *e = madt + 44 + 8 * i;

		assert_int_equal(e[0], 0);
		assert_int_equal(e[1], 8);
		assert_int_equal(e[2], i);
		assert_int_equal(e[3], 2 * i);
		assert_int_equal(le(e + 4, 4), 1);
	}
}

/* Scope with a two-byte length, then one device of 29 bytes for each vCPU. */
static void check_dsdt(const uint8_t *dsdt, unsigned int vcpus)
{
	size_t len = le(dsdt + 4, 4), body;
	const uint8_t *s = dsdt + 36;

	assert_int_equal(s[0], 0x10);
	assert_int_equal(s[1] >> 6, 1);
	body = (s[1] & 15) | (size_t)s[2] << 4;
	assert_int_equal(body, len - 36 - 1);
	assert_int_equal(len, 36 + 8 + 29 * vcpus);
	assert_memory_equal(s + 8 + 29 * (vcpus - 1), "\x5b\x82", 2);
	assert_int_equal(dsdt[len - 1], vcpus - 1);
}

static void acpi_says_what_there_is(unsigned int vcpus)
{
	const uint8_t *rsdp, *xsdt, *rsdt, *fadt;
	uint64_t gpa;

	tables_len = acpi_size(vcpus);
	assert_true(tables_len <= GUEST_TABLES_MAX);
	tables = malloc(tables_len);
	gpa = acpi_build(vcpus, ACPI_GPA, tables);
	assert_int_equal(gpa % 16, 0);
	rsdp = at(gpa, 36);
	assert_memory_equal(rsdp, "RSD PTR ", 8);
	assert_sum(rsdp, 20);
	assert_sum(rsdp, 36);
	assert_int_equal(rsdp[15], 2);
	xsdt = table(le(rsdp + 24, 8), "XSDT");
	rsdt = table(le(rsdp + 16, 4), "RSDT");
	assert_int_equal(le(xsdt + 36, 8), le(rsdt + 36, 4));
	assert_int_equal(le(xsdt + 44, 8), le(rsdt + 40, 4));
	fadt = table(le(xsdt + 36, 8), "FACP");
	assert_int_equal(fadt[8], 5);
	assert_int_equal(le(fadt + 4, 4), 268);
	assert_int_equal(le(fadt + 109, 2), 1 << 2 | 1 << 5);
	assert_true(le(fadt + 112, 4) & 1 << 19);
	assert_int_equal(le(fadt + 112, 4) & 1 << 20, 0); /* not hardware-reduced */
	assert_int_equal(le(fadt + 40, 4), le(fadt + 140, 8));
	assert_memory_equal(at(le(fadt + 132, 8), 64), "FACS", 4);
	assert_int_equal(le(fadt + 132, 8) % 64, 0);
	check_madt(table(le(xsdt + 44, 8), "APIC"), vcpus);
	check_dsdt(table(le(fadt + 140, 8), "DSDT"), vcpus);
	free(tables);
}

static void acpi_for_one_and_for_most_cpus(void **state)
{
	(void)state;
	acpi_says_what_there_is(1);
	acpi_says_what_there_is(4);
	acpi_says_what_there_is(CONFIG_VCPUS_MAX);
}

/* --- registers ------------------------------------------------------------ */

static const void *record(const uint8_t **p, uint16_t type, uint16_t instance,
			  uint32_t len)
{
	struct hvm_save_descriptor d;
	const uint8_t *data;

	memcpy(&d, *p, sizeof(d));
	assert_int_equal(d.typecode, type);
	assert_int_equal(d.instance, instance);
	assert_int_equal(d.length, len);
	data = *p + sizeof(d);
	*p = data + len;
	return data;
}

static void vcpu_0_starts_in_the_pvh_state(void **state)
{
	size_t len = guest_context_size(3);
	uint8_t *buf = malloc(len);
	const uint8_t *p = buf;
	struct hvm_save_header h;
	struct hvm_hw_mtrr m;
	struct hvm_hw_cpu c;
	uint16_t i;

	(void)state;
	guest_context(3, 0x1000850, 0x4a00000, 0x800f12, buf);
	memcpy(&h, record(&p, 1, 0, sizeof(h)), sizeof(h));
	assert_int_equal(h.magic, HVM_FILE_MAGIC);
	assert_int_equal(h.cpuid, 0x800f12);
	for (i = 0; i < 3; i++) {
		memcpy(&m, record(&p, 14, i, sizeof(m)), sizeof(m));
		assert_int_equal(m.msr_mtrr_def_type, 0x806);
		assert_int_equal(m.msr_pat_cr, 0x0007040600070406);
	}
	memcpy(&c, record(&p, 2, 0, sizeof(c)), sizeof(c));
	assert_int_equal(c.rip, 0x1000850);
	assert_int_equal(c.rbx, 0x4a00000);
	assert_int_equal(c.cr0, 0x11);
	assert_int_equal(c.cs_arbytes, 0xc9b);
	assert_int_equal(c.ss_arbytes, 0xc93);
	assert_int_equal(c.tr_arbytes, 0x8b);
	assert_int_equal(c.flags, 0);
	record(&p, 0, 0, 0);
	assert_ptr_equal(p, buf + len);
	free(buf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_small_guest_is_laid_out),
		cmocka_unit_test(a_large_guest_goes_on_above_4_gib),
		cmocka_unit_test(what_does_not_fit_is_refused),
		cmocka_unit_test(start_info_points_at_its_parts),
		cmocka_unit_test(acpi_for_one_and_for_most_cpus),
		cmocka_unit_test(vcpu_0_starts_in_the_pvh_state),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

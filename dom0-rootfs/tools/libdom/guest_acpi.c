/*
 * ACPI tables of a PVH guest. Pure.
 *
 * What they must say: how many processors there are (MADT: local APICs only, no
 * IO-APIC), that there is no legacy hardware at all (FADT boot flags; Linux
 * that was started through GRUB tells PVH from HVM by NO_VGA and NO_CMOS_RTC),
 * and nothing else. PCAT_COMPAT is clear: there is no 8259. Flag 19 of the FADT
 * makes Linux use x2APIC ids physically. There is no \_S5: a guest powers off by
 * halting all its CPUs with interrupts disabled.
 *
 * APIC id = 2 * vCPU id, processor UID = vCPU id: the hypervisor's CPUID and
 * Linux' idea of Xen vCPU numbers rely on both.
 *
 * Layouts: ACPI 5.0, chapters 5.2 and 20. Little-endian, packed by hand through
 * put(), so that no structure needs packing.
 */
#include <string.h>

#include "libdom/guest.h"

enum {
	HEADER = 36,
	RSDP = 36,
	FADT = 268,
	FACS = 64,
	MADT_FIXED = HEADER + 8,
	MADT_LAPIC = 8,
	PROCESSOR = 29, /* bytes of AML for one processor device */
	DSDT_FIXED = HEADER + 8,
	XSDT = HEADER + 2 * 8,
	RSDT = HEADER + 2 * 4,
};

/* FADT fixed feature flags and IA-PC boot flags (ACPI 5.0, 5.2.9). */
#define FADT_FLAGS                                                            \
	((1u << 0)    /* WBINVD works */                                      \
	 | (1u << 2)  /* C1 on all processors */                              \
	 | (1u << 4)  /* no fixed power button */                             \
	 | (1u << 5)  /* no fixed sleep button */                             \
	 | (1u << 6)  /* no RTC wake in fixed registers */                    \
	 | (1u << 8)  /* 32-bit PM timer */                                   \
	 | (1u << 15) /* platform clock */                                    \
	 | (1u << 19) /* physical APIC destinations */)
#define FADT_BOOT_NO_VGA      (1u << 2)
#define FADT_BOOT_NO_CMOS_RTC (1u << 5)

struct offsets {
	size_t facs, dsdt, fadt, madt, rsdt, xsdt, rsdp, end;
};

static size_t madt_len(unsigned int vcpus)
{
	return MADT_FIXED + vcpus * (size_t)MADT_LAPIC;
}

static size_t dsdt_len(unsigned int vcpus)
{
	return DSDT_FIXED + vcpus * (size_t)PROCESSOR;
}

static size_t align16(size_t n)
{
	return (n + 15) & ~(size_t)15;
}

static struct offsets place(unsigned int vcpus)
{
	struct offsets o;

	o.facs = 0; /* wants 64-byte alignment: it comes first */
	o.dsdt = o.facs + FACS;
	o.fadt = align16(o.dsdt + dsdt_len(vcpus));
	o.madt = align16(o.fadt + FADT);
	o.rsdt = align16(o.madt + madt_len(vcpus));
	o.xsdt = align16(o.rsdt + RSDT);
	o.rsdp = align16(o.xsdt + XSDT);
	o.end = o.rsdp + RSDP;
	return o;
}

size_t acpi_size(unsigned int vcpus)
{
	return place(vcpus).end;
}

/* len little-endian bytes of value at p[at] */
static void put(uint8_t *p, size_t at, uint64_t value, size_t len)
{
	memcpy(p + at, &value, len);
}

static uint8_t sum(const uint8_t *p, size_t len)
{
	uint8_t s = 0;

	while (len--)
		s = (uint8_t)(s + *p++);
	return s;
}

/* The 36 bytes each table begins with; call it when the table is complete. */
static void finish(uint8_t *p, const char sig[5], size_t len, uint8_t rev)
{
	memcpy(p, sig, 4);
	put(p, 4, len, 4);
	p[8] = rev;
	memcpy(p + 10, "BASALT", 6);
	memcpy(p + 16, "BASALTVM", 8);
	put(p, 24, 1, 4);
	memcpy(p + 28, "BSLT", 4);
	put(p, 32, 1, 4);
	p[9] = 0;
	p[9] = (uint8_t)-sum(p, len);
}

/* Generic address structure. */
static void put_gas(uint8_t *p, size_t at, uint8_t space, uint8_t bits, uint64_t addr)
{
	p[at] = space;
	p[at + 1] = bits;
	put(p, at + 4, addr, 8);
}

#define GAS_IO 1

static void build_fadt(uint8_t *p, uint64_t facs, uint64_t dsdt)
{
	put(p, 36, facs, 4);
	put(p, 40, dsdt, 4);
	put(p, 46, 9, 2);	 /* SCI */
	put(p, 56, 0xb000, 4);	 /* PM1a event block */
	put(p, 64, 0xb004, 4);	 /* PM1a control block */
	p[88] = 4;		 /* their lengths */
	p[89] = 2;
	put(p, 96, 0xfff, 2);	 /* C2 and C3: not supported */
	put(p, 98, 0xfff, 2);
	put(p, 109, FADT_BOOT_NO_VGA | FADT_BOOT_NO_CMOS_RTC, 2);
	put(p, 112, FADT_FLAGS, 4);
	put(p, 132, facs, 8);
	put(p, 140, dsdt, 8);
	put_gas(p, 148, GAS_IO, 32, 0xb000);
	put_gas(p, 172, GAS_IO, 16, 0xb004);
	finish(p, "FACP", FADT, 5);
}

static void build_facs(uint8_t *p)
{
	memcpy(p, "FACS", 4);
	put(p, 4, FACS, 4);
	p[32] = 2; /* version */
}

static void build_madt(uint8_t *p, unsigned int vcpus)
{
	unsigned int i;
	uint8_t *e;

	put(p, 36, 0xfee00000, 4);
	for (i = 0; i < vcpus; i++) {
		e = p + MADT_FIXED + i * (size_t)MADT_LAPIC;
		e[0] = 0; /* processor local APIC */
		e[1] = MADT_LAPIC;
		e[2] = (uint8_t)i;
		e[3] = (uint8_t)(2 * i);
		put(e, 4, 1, 4); /* enabled */
	}
	finish(p, "APIC", madt_len(vcpus), 3);
}

/* Device (Pxxx) { Name (_HID, "ACPI0007") Name (_UID, i) } */
static void put_processor(uint8_t *p, unsigned int i)
{
	static const char hex[] = "0123456789ABCDEF";
	static const uint8_t code[PROCESSOR] = {
		0x5b, 0x82, PROCESSOR - 2, 'P', '0', '0', '0',
		0x08, '_', 'H', 'I', 'D',
		0x0d, 'A', 'C', 'P', 'I', '0', '0', '0', '7', 0,
		0x08, '_', 'U', 'I', 'D', 0x0a, 0,
	};

	memcpy(p, code, PROCESSOR);
	p[5] = (uint8_t)hex[i >> 4 & 15];
	p[6] = (uint8_t)hex[i & 15];
	p[PROCESSOR - 1] = (uint8_t)i;
}

/* Scope (\_SB) { processors } */
static void build_dsdt(uint8_t *p, unsigned int vcpus)
{
	size_t body = 2 + 5 + vcpus * (size_t)PROCESSOR; /* length, name, devices */
	uint8_t *s = p + HEADER;
	unsigned int i;

	s[0] = 0x10;
	s[1] = (uint8_t)(1u << 6 | (body & 15)); /* a length of two bytes */
	s[2] = (uint8_t)(body >> 4);
	memcpy(s + 3, "\\_SB_", 5);
	for (i = 0; i < vcpus; i++)
		put_processor(s + 8 + i * (size_t)PROCESSOR, i);
	finish(p, "DSDT", dsdt_len(vcpus), 2);
}

static void build_rsdp(uint8_t *p, uint64_t rsdt, uint64_t xsdt)
{
	memcpy(p, "RSD PTR ", 8);
	memcpy(p + 9, "BASALT", 6);
	p[15] = 2; /* revision */
	put(p, 16, rsdt, 4);
	put(p, 20, RSDP, 4);
	put(p, 24, xsdt, 8);
	p[8] = (uint8_t)-sum(p, 20);
	p[32] = (uint8_t)-sum(p, RSDP);
}

_Static_assert(FACS + DSDT_FIXED + FADT + MADT_FIXED + RSDT + XSDT + RSDP + 6 * 16 +
	       CONFIG_VCPUS_MAX * (PROCESSOR + MADT_LAPIC) <= GUEST_TABLES_MAX,
	       "tables of the largest guest");
/* All lengths fit: two bytes of AML length reach 4095. */
_Static_assert(2 + 5 + CONFIG_VCPUS_MAX * PROCESSOR < 4096, "AML length");
_Static_assert(2 * (CONFIG_VCPUS_MAX - 1) < 255, "xAPIC ids in the MADT");

uint64_t acpi_build(unsigned int vcpus, uint64_t gpa, void *buf)
{
	struct offsets o = place(vcpus);
	uint8_t *p = buf;

	memset(p, 0, o.end);
	build_facs(p + o.facs);
	build_dsdt(p + o.dsdt, vcpus);
	build_fadt(p + o.fadt, gpa + o.facs, gpa + o.dsdt);
	build_madt(p + o.madt, vcpus);
	put(p + o.rsdt, HEADER, gpa + o.fadt, 4);
	put(p + o.rsdt, HEADER + 4, gpa + o.madt, 4);
	finish(p + o.rsdt, "RSDT", RSDT, 1);
	put(p + o.xsdt, HEADER, gpa + o.fadt, 8);
	put(p + o.xsdt, HEADER + 8, gpa + o.madt, 8);
	finish(p + o.xsdt, "XSDT", XSDT, 1);
	build_rsdp(p + o.rsdp, gpa + o.rsdt, gpa + o.xsdt);
	return gpa + o.rsdp;
}

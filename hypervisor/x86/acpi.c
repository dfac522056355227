/*
 * ACPI tables -> struct acpi_info (ACPI 6.4 5.2). The firmware is not trusted
 * to be right: nothing is read beyond a table's checked length, counts have
 * bounds, doubles are dropped, each with a line in the log. Pure but for
 * map_firmware(): compiles on the host.
 */
#include <hv/boot.h>
#include <hv/lib.h>
#include <hv/log.h>

#include <x86/acpi.h>
#include <x86/iommu.h>
#include <x86/platform.h>

#define EBDA_POINTER	0x40eul
#define BIOS_AREA	0xe0000ul
#define BIOS_AREA_END	0x100000ul
#define RSDP_ALIGN	16
#define TABLE_MAX	(16ul << 20)
#define TABLES_MAX	256u


struct fadt {
	struct acpi_header h;
	uint32_t facs, dsdt;
	uint8_t model, profile;
	uint16_t sci;
	uint32_t smi_cmd;
	uint8_t acpi_enable, acpi_disable, s4bios, pstate;
	uint32_t pm1a_evt, pm1b_evt, pm1a_cnt, pm1b_cnt, pm2_cnt, pm_tmr;
	uint32_t gpe0, gpe1;
	uint8_t pm1_evt_len, pm1_cnt_len, pm2_cnt_len, pm_tmr_len;
	uint8_t gpe0_len, gpe1_len, gpe1_base, cst;
	uint16_t c2_latency, c3_latency, flush_size, flush_stride;
	uint8_t duty_offset, duty_width, day_alarm, month_alarm, century;
	uint16_t boot_flags;
	uint8_t reserved;
	uint32_t flags;
	struct acpi_gas reset_reg;
	uint8_t reset_value;
	uint16_t arm_flags;
	uint8_t minor;
	uint64_t x_facs, x_dsdt;
} packed;
_Static_assert(offsetof(struct fadt, x_dsdt) == 140, "ACPI table 5-9");
#define FADT_V1_SIZE	 116
#define FADT_RESET_REG	 (1u << 10)
#define FADT_TMR_32	 (1u << 8)


struct mcfg_entry {
	uint64_t base;
	uint16_t segment;
	uint8_t start_bus, end_bus;
	uint32_t reserved;
} packed;
#define MCFG_ENTRIES   (sizeof(struct acpi_header) + 8)
#define MCFG_BUS_SHIFT 20	/* 4 KiB for each of a bus's 256 functions */

struct spcr_table {
	struct acpi_header h;
	uint8_t interface, reserved0[3];
	struct acpi_gas address;
	uint8_t interrupt_type, irq;
	uint32_t gsi;
	uint8_t baud, parity, stop_bits, flow, terminal, reserved1;
	uint16_t pci_device, pci_vendor;
	uint8_t pci_bus, pci_slot, pci_function;
	uint32_t pci_flags;
	uint8_t pci_segment;
	uint32_t reserved2;
} packed;
_Static_assert(sizeof(struct spcr_table) == 80, "SPCR table 1");
#define SPCR_16550	1u	/* 0: the same without a 16550's DBGP */
#define SPCR_ISA_IRQ	1u
#define GAS_PORTS	1u

struct hpet_table {
	struct acpi_header h;
	uint32_t id;
	struct acpi_gas address;
} packed;

struct acpi_info acpi;
static const struct rsdp *pointer;

static bool sum_is_zero(const void *p, size_t len)
{
	const uint8_t *b = p;
	uint8_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum = (uint8_t)(sum + b[i]);
	return !sum;
}

/* Nothing answers beyond the CPU's physical addresses; not even a mapping is legal. */
static bool addressable(uint64_t pa, uint64_t len)
{
	uint64_t limit = 1ull << host_phys_bits;

	return pa < limit && len <= limit - pa;
}

/* Device registers are nowhere in RAM, whatever a table says. */
static bool in_ram(uint64_t pa, uint64_t len)
{
	for (unsigned int i = 0; i < boot_info.e820_nr; i++) {
		const struct e820_entry *e = &boot_info.e820[i];

		if (e->type == E820_RAM && pa < e->addr + e->size && e->addr < pa + len)
			return true;
	}
	return false;
}

/* --- root pointer and walk ---------------------------------------------------- */

static bool rsdp_ok(const struct rsdp *r)
{
	if (memcmp(r->signature, "RSD PTR ", 8) || !sum_is_zero(r, RSDP_V1_SIZE))
		return false;
	return r->revision < 2 || (r->length >= sizeof(*r) && r->length <= PAGE_SIZE &&
		sum_is_zero(r, sizeof(*r)));
}

static const struct rsdp *scan_rsdp(uint64_t start, uint64_t end)
{
	const char *p = map_firmware(start, end - start);

	for (uint64_t at = 0; at + sizeof(struct rsdp) <= end - start; at += RSDP_ALIGN)
		if (rsdp_ok((const void *)(p + at)))
			return (const void *)(p + at);
	return NULL;
}

/* The boot loader's copy (UEFI), or in the places of a BIOS; or NULL. */
static const struct rsdp *find_rsdp(void)
{
	const struct rsdp *given = (const void *)boot_info.rsdp, *found = NULL;
	const uint16_t *segment = map_firmware(EBDA_POINTER, sizeof(*segment));
	uint64_t ebda = (uint64_t)*segment << 4;

	if (rsdp_ok(given))
		return given;
	if (ebda >= 0x80000 && ebda + 1024 <= 0xa0000)
		found = scan_rsdp(ebda, ebda + 1024);
	return found ? found : scan_rsdp(BIOS_AREA, BIOS_AREA_END);
}

/* Mapping of the table at @pa when length and checksum are good, or NULL. */
static const struct acpi_header *table_at(uint64_t pa)
{
	const struct acpi_header *h;

	if (!pa)
		return NULL;
	if (!addressable(pa, sizeof(*h))) {
		log_warn("ACPI table at %#lx: no such address; ignored", pa);
		return NULL;
	}
	h = map_firmware(pa, sizeof(*h));
	if (h->length < sizeof(*h) || h->length > TABLE_MAX ||
	    !addressable(pa, h->length)) {
		log_warn("ACPI table %.4s at %#lx: length %u is impossible; "
			 "ignored",
			 h->signature, pa, h->length);
		return NULL;
	}
	h = map_firmware(pa, h->length);
	if (!sum_is_zero(h, h->length)) {
		log_warn("ACPI table %.4s at %#lx: bad checksum; ignored",
			 h->signature, pa);
		return NULL;
	}
	return h;
}

/* The XSDT, or the RSDT (*width 4), or NULL. */
static const struct acpi_header *root_table(unsigned int *width)
{
	const struct rsdp *r = pointer;
	const struct acpi_header *h = NULL;

	*width = 8;
	if (r->revision >= 2)
		h = table_at(r->xsdt);
	if (h && !memcmp(h->signature, "XSDT", 4))
		return h;
	*width = 4;
	h = table_at(r->rsdt);
	return h && !memcmp(h->signature, "RSDT", 4) ? h : NULL;
}

void acpi_for_each_table(void (*fn)(uint64_t pa, const struct acpi_header *h, void *data),
			 void *data)
{
	unsigned int width, nr;
	const struct acpi_header *root;

	if (!pointer)
		return;
	root = root_table(&width);
	if (!root)
		return;
	nr = (unsigned int)((root->length - sizeof(*root)) / width);
	if (nr > TABLES_MAX) {
		log_warn("ACPI: %u tables; only the first %u are read", nr, TABLES_MAX);
		nr = TABLES_MAX;
	}
	for (unsigned int i = 0; i < nr; i++) {
		const struct acpi_header *h;
		uint64_t pa = 0;

		memcpy(&pa, (const char *)(root + 1) + i * width, width);
		h = table_at(pa);
		if (h)
			fn(pa, h, data);
	}
}

/* --- MADT ------------------------------------------------------------------------ */

static void add_cpu(uint32_t apic_id)
{
	for (unsigned int i = 0; i < acpi.cpu_nr; i++) {
		if (acpi.cpu_apic_id[i] == apic_id) {
			log_warn("ACPI: CPU with APIC id %u is listed twice", apic_id);
			return;
		}
	}
	if (acpi.cpu_nr == MAX_CPUS) {
		log_warn("ACPI: over %u CPUs; APIC id %u is left out", MAX_CPUS, apic_id);
		return;
	}
	acpi.cpu_apic_id[acpi.cpu_nr++] = apic_id;
}

static void madt_lapic(const void *p)
{
	const struct madt_lapic *l = p;

	if ((l->flags & MADT_ENABLED) && l->id != 0xff)
		add_cpu(l->id);
}

static void madt_x2apic(const void *p)
{
	const struct madt_x2apic *l = p;

	if ((l->flags & MADT_ENABLED) && l->id != 0xffffffff)
		add_cpu(l->id);
}

static void madt_ioapic(const void *p)
{
	const struct madt_ioapic *io = p;

	if (in_ram(io->addr, PAGE_SIZE)) {
		log_warn("ACPI: IO-APIC at %#x lies in memory; ignored", io->addr);
		return;
	}
	for (unsigned int i = 0; i < acpi.ioapic_nr; i++) {
		if (acpi.ioapic[i].addr == io->addr) {
			log_warn("ACPI: IO-APIC at %#x is listed twice", io->addr);
			return;
		}
		if (acpi.ioapic[i].gsi_base == io->gsi_base) {
			log_warn("ACPI: IO-APIC at %#x claims the interrupts from %u on, "
				 "as another one does; ignored",
				 io->addr, io->gsi_base);
			return;
		}
	}
	if (acpi.ioapic_nr == ACPI_IOAPIC_MAX) {
		log_warn("ACPI: over %u IO-APICs; the one at %#x is left out",
			 ACPI_IOAPIC_MAX, io->addr);
		return;
	}
	acpi.ioapic[acpi.ioapic_nr].id = io->id;
	acpi.ioapic[acpi.ioapic_nr].addr = io->addr;
	acpi.ioapic[acpi.ioapic_nr++].gsi_base = io->gsi_base;
}

static void madt_iso(const void *p)
{
	const struct madt_iso *o = p;

	for (unsigned int i = 0; i < acpi.iso_nr; i++) {
		if (acpi.iso[i].source == o->source) {
			log_warn("ACPI: ISA interrupt %u is overridden twice", o->source);
			return;
		}
	}
	if (o->source >= 16 || acpi.iso_nr == ACPI_ISO_MAX) {
		log_warn("ACPI: override of interrupt %u is ignored", o->source);
		return;
	}
	acpi.iso[acpi.iso_nr].source = o->source;
	acpi.iso[acpi.iso_nr].gsi = o->gsi;
	acpi.iso[acpi.iso_nr++].flags = o->flags;
}

static void madt_lapic_addr(const void *p)
{
	acpi.lapic_addr = ((const struct madt_lapic_addr *)p)->addr;
}

/* ACPI table 5-21; kinds that are not here do not concern us. */
static const struct {
	uint8_t type, length;
	void (*fn)(const void *entry);
} madt_kinds[] = {
	{MADT_LAPIC, sizeof(struct madt_lapic), madt_lapic},
	{MADT_IOAPIC, sizeof(struct madt_ioapic), madt_ioapic},
	{MADT_ISO, sizeof(struct madt_iso), madt_iso},
	{MADT_LAPIC_ADDR, sizeof(struct madt_lapic_addr), madt_lapic_addr},
	{MADT_X2APIC, sizeof(struct madt_x2apic), madt_x2apic},
};

static void parse_madt_entry(const struct madt_entry *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(madt_kinds); i++) {
		if (madt_kinds[i].type != e->type)
			continue;
		if (e->length < madt_kinds[i].length)
			log_warn("ACPI: MADT entry of type %u is %u bytes "
				 "long, not %u; ignored",
				 e->type, e->length, madt_kinds[i].length);
		else
			madt_kinds[i].fn(e);
	}
}

static void parse_madt(const struct acpi_header *h)
{
	const struct madt *m = (const void *)h;
	const char *p = (const char *)(m + 1), *end = (const char *)h + h->length;

	if (h->length < sizeof(*m)) {
		log_warn("ACPI: MADT of %u bytes is too short", h->length);
		return;
	}
	if (acpi.lapic_addr) {
		log_warn("ACPI: second MADT ignored");
		return;
	}
	acpi.lapic_addr = m->lapic_addr;
	while (end - p >= (ptrdiff_t)sizeof(struct madt_entry)) {
		const struct madt_entry *e = (const void *)p;

		if (e->length < sizeof(*e) || e->length > end - p) {
			log_warn("ACPI: MADT entry of type %u has length %u; "
				 "the rest is ignored",
				 e->type, e->length);
			return;
		}
		parse_madt_entry(e);
		p += e->length;
	}
}

/* --- FADT, MCFG, HPET -------------------------------------------------------------- */

/* An I/O port field of 32 bits that should hold a port. */
static uint16_t port(uint32_t v, const char *name)
{
	if (v <= 0xffff)
		return (uint16_t)v;
	log_warn("ACPI: FADT's %s %#x is no port; ignored", name, v);
	return 0;
}

static void parse_fadt(const struct acpi_header *h)
{
	struct fadt f;

	if (h->length < FADT_V1_SIZE) {
		log_warn("ACPI: FADT of %u bytes is too short", h->length);
		return;
	}
	if (acpi.dsdt) {
		log_warn("ACPI: second FADT ignored");
		return;
	}
	memset(&f, 0, sizeof(f));
	memcpy(&f, h, MIN(h->length, sizeof(f)));
	acpi.sci = f.sci;
	acpi.pm1a_cnt = port(f.pm1a_cnt, "PM1a control block");
	acpi.pm1b_cnt = port(f.pm1b_cnt, "PM1b control block");
	acpi.pm_tmr = f.pm_tmr_len == 4 ? port(f.pm_tmr, "PM timer") : 0;
	acpi.pm_tmr_32bit = f.flags & FADT_TMR_32;
	if ((f.flags & FADT_RESET_REG) &&
	    (f.reset_reg.space || addressable(f.reset_reg.address, 1))) {
		acpi.reset_reg = f.reset_reg;
		acpi.reset_value = f.reset_value;
	}
	acpi.facs = f.x_facs ? f.x_facs : f.facs;
	acpi.dsdt = f.x_dsdt ? f.x_dsdt : f.dsdt;
}

/* Another one of these buses, or at these addresses. */
static bool mcfg_overlaps(const struct mcfg_entry *e, uint64_t start, uint64_t end)
{
	for (unsigned int i = 0; i < acpi.mcfg_nr; i++) {
		uint64_t from = acpi.mcfg[i].base +
				((uint64_t)acpi.mcfg[i].start_bus << MCFG_BUS_SHIFT);
		uint64_t to = acpi.mcfg[i].base +
			      ((acpi.mcfg[i].end_bus + 1ull) << MCFG_BUS_SHIFT);

		if ((start < to && from < end) ||
		    (acpi.mcfg[i].segment == e->segment &&
		     e->start_bus <= acpi.mcfg[i].end_bus &&
		     acpi.mcfg[i].start_bus <= e->end_bus))
			return true;
	}
	return false;
}

/* PCI Firmware Specification 3.2, 4.1.2: the base is that of bus 0. */
static bool mcfg_good(const struct mcfg_entry *e)
{
	uint64_t start, end;

	if (e->start_bus > e->end_bus || e->base % (1u << MCFG_BUS_SHIFT) ||
	    !addressable(e->base, (e->end_bus + 1ull) << MCFG_BUS_SHIFT))
		return false;
	start = e->base + ((uint64_t)e->start_bus << MCFG_BUS_SHIFT);
	end = e->base + ((e->end_bus + 1ull) << MCFG_BUS_SHIFT);
	return !in_ram(start, end - start) && !mcfg_overlaps(e, start, end);
}

static void parse_mcfg(const struct acpi_header *h)
{
	const char *p = (const char *)h + MCFG_ENTRIES;
	const char *end = (const char *)h + h->length;

	for (; end - p >= (ptrdiff_t)sizeof(struct mcfg_entry);
	     p += sizeof(struct mcfg_entry)) {
		const struct mcfg_entry *e = (const void *)p;

		if (acpi.mcfg_nr == ACPI_MCFG_MAX || !mcfg_good(e)) {
			log_warn("ACPI: MCFG entry for segment %u ignored", e->segment);
			continue;
		}
		acpi.mcfg[acpi.mcfg_nr].base = e->base;
		acpi.mcfg[acpi.mcfg_nr].segment = e->segment;
		acpi.mcfg[acpi.mcfg_nr].start_bus = e->start_bus;
		acpi.mcfg[acpi.mcfg_nr++].end_bus = e->end_bus;
	}
}

/* Microsoft's SPCR specification, revision 1 and later. */
static void parse_spcr(const struct acpi_header *h)
{
	static const unsigned int bauds[] = {[3] = 9600, [4] = 19200,
					     [6] = 57600, [7] = 115200};
	const struct spcr_table *t = (const void *)h;

	if (h->length < sizeof(*t) || t->interface > SPCR_16550 ||
	    t->address.space != GAS_PORTS || !t->address.address ||
	    t->address.address > UINT16_MAX - 7)
		return;
	acpi.serial_port = (uint16_t)t->address.address;
	if (t->baud < ARRAY_SIZE(bauds))
		acpi.serial_baud = bauds[t->baud];
	if ((t->interrupt_type & SPCR_ISA_IRQ) && t->irq < 16)
		acpi.serial_irq = t->irq;
}

static void parse_hpet(const struct acpi_header *h)
{
	const struct hpet_table *t = (const void *)h;

	if (h->length >= sizeof(*t) && !t->address.space && !acpi.hpet_base &&
	    addressable(t->address.address, PAGE_SIZE))
		acpi.hpet_base = t->address.address;
}

/* --- \_S5 --------------------------------------------------------------------------- */

#define AML_ZERO	0x00
#define AML_ONE		0x01
#define AML_NAME	0x08
#define AML_BYTE	0x0a
#define AML_WORD	0x0b
#define AML_DWORD	0x0c
#define AML_PACKAGE	0x12
#define AML_ROOT	'\\'

/* An integer constant of @p[0..n); returns its length, 0 when it is none. */
static size_t aml_integer(const uint8_t *p, size_t n, uint32_t *v)
{
	size_t len = n && p[0] == AML_BYTE    ? 1 : n && p[0] == AML_WORD  ? 2
		     : n && p[0] == AML_DWORD ? 4 : 0;

	*v = 0;
	if (n && (p[0] == AML_ZERO || p[0] == AML_ONE)) {
		*v = p[0];
		return 1;
	}
	if (!len || n < len + 1)
		return 0;
	memcpy(v, p + 1, len);
	return len + 1;
}

/* Package after Name(_S5_): opcode, length, count, SLP_TYPa, SLP_TYPb. */
static bool parse_s5_package(const uint8_t *p, size_t n)
{
	uint32_t a, b;
	size_t at, len;

	if (n < 3 || p[0] != AML_PACKAGE)
		return false;
	at = 2 + (p[1] >> 6);		/* bytes of the length (ACPI 20.2.4) */
	if (at + 1 > n || p[at] < 1)
		return false;
	at++;
	len = aml_integer(p + at, n - at, &a);
	if (!len || a > 7)
		return false;
	at += len;
	len = aml_integer(p + at, n - at, &b);
	if (!len || b > 7)
		b = a;
	acpi.s5_valid = true;
	acpi.s5_typ_a = (uint8_t)a;
	acpi.s5_typ_b = (uint8_t)b;
	return true;
}

static void find_s5(const struct acpi_header *h)
{
	const uint8_t *p = (const uint8_t *)h;

	for (size_t i = sizeof(*h) + 1; i + 4 < h->length; i++) {
		if (memcmp(p + i, "_S5_", 4))
			continue;
		if (p[i - 1] != AML_NAME &&
		    !(p[i - 1] == AML_ROOT && p[i - 2] == AML_NAME))
			continue;
		if (parse_s5_package(p + i + 4, h->length - i - 4))
			return;
	}
}

/* --- all ------------------------------------------------------------------------------ */

static const struct {
	char signature[5];
	void (*fn)(const struct acpi_header *h);
} parsers[] = {
	{"APIC", parse_madt}, {"FACP", parse_fadt}, {"MCFG", parse_mcfg},
	{"HPET", parse_hpet}, {"SPCR", parse_spcr}, {"SSDT", find_s5},
	{"DMAR", dmar_parse}, {"IVRS", ivrs_parse},
};

static void parse_table(uint64_t pa, const struct acpi_header *h, void *data)
{
	log_debug("ACPI: %.4s at %#lx, %u bytes", h->signature, pa, h->length);
	for (size_t i = 0; i < ARRAY_SIZE(parsers); i++)
		if (!memcmp(h->signature, parsers[i].signature, 4))
			parsers[i].fn(h);
}

void acpi_init(void)
{
	const struct acpi_header *dsdt;

	memset(&acpi, 0, sizeof(acpi));
	memset(&iommu_tables, 0, sizeof(iommu_tables));
	pointer = find_rsdp();
	if (!pointer)
		machine_refuse("no ACPI tables", "the firmware shows none",
			       "enable ACPI in the firmware's set-up");
	acpi_for_each_table(parse_table, NULL);
	dsdt = table_at(acpi.dsdt);
	if (dsdt && !acpi.s5_valid)
		find_s5(dsdt);
	if (!acpi.cpu_nr || !acpi.ioapic_nr)
		machine_refuse("no usable interrupt controllers",
			       "the firmware's MADT is missing or damaged",
			       "update the firmware");
	log_info("ACPI: revision %u, %u CPUs, %u IO-APICs, %u overrides, "
		 "PM timer at %#x, S5 %s",
		 pointer->revision, acpi.cpu_nr, acpi.ioapic_nr, acpi.iso_nr, acpi.pm_tmr,
		 acpi.s5_valid ? "known" : "unknown");
}

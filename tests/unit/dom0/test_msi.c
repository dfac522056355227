/*
 * x86/dom0/msi.c and dev_irq.c on a machine of two CPUs and two devices: what a
 * domain writes to MSI and MSI-X never reaches a device as it is, reads back as it
 * was written, and an interrupt of the device becomes the domain's own vector,
 * whichever CPU its vCPU is on.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include <hv/boot.h>
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/page.h>

#include <x86/dev_irq.h>
#include <x86/dom0.h>
#include <x86/hvm.h>
#include <x86/iommu.h>
#include <x86/irq.h>
#include <x86/pci.h>
#include <x86/platform.h>

#define MSI_FN	 PCI_FN(0, 0, 0x18)	/* 00:03.0, MSI at 0x50, 64 bits */
#define MSIX_FN	 PCI_FN(0, 1, 0x08)	/* 01:01.0, MSI-X at 0x60, table at BAR 2 */
#define BAR2	 0xe0000000u
#define TABLE	 (BAR2 + 0x800)
#define ENTRIES	 8

static uint8_t space[2][256];
static union {
	uint8_t byte[4096];
	uint32_t dword[1024];
} bar;
static struct mmio_trap *trap;
static bool trap_refused;
static bool (*handler)(unsigned int vector);
static unsigned int here;		/* the CPU that this is */
static uint64_t now;
static struct timer *armed;
static unsigned int warned;

static struct { unsigned int vcpu, vector, count; } got;

/* --- the machine --------------------------------------------------------------------- */

const bool hv_debug = true;
struct boot_info boot_info;
struct domain *hardware_domain;
static struct arch_cpu arch_cpus[2] = {{.apic_id = 4}, {.apic_id = 6}};
static struct cpu the_cpus[2] = {{.arch = &arch_cpus[0]}, {.id = 1, .arch = &arch_cpus[1]}};
struct cpu *cpus[MAX_CPUS] = {&the_cpus[0], &the_cpus[1]};
unsigned int nr_cpus = 2;

static bool remapped;

bool iommu_remaps_interrupts(void)
{
	return remapped;
}

struct cpu *this_cpu(void)
{
	return cpus[here];
}

static uint8_t *config(uint32_t fn)
{
	return fn == MSI_FN ? space[0] : fn == MSIX_FN ? space[1] : NULL;
}

uint32_t pci_read(uint32_t fn, unsigned int reg, unsigned int size)
{
	uint32_t val = ~0u;

	if (config(fn))
		memcpy(&val, config(fn) + reg, size);
	return size == 4 ? val : val & ((1u << 8 * size) - 1);
}

void pci_write(uint32_t fn, unsigned int reg, unsigned int size, uint32_t val)
{
	if (config(fn))
		memcpy(config(fn) + reg, &val, size);
}

void pci_name(uint32_t fn, char name[PCI_NAME_MAX])
{
	snprintf(name, PCI_NAME_MAX, "device");
}

void *map_mmio(uint64_t pa, size_t len)
{
	assert_true(pa >= BAR2 && pa + len <= BAR2 + sizeof(bar));
	return bar.byte + (pa - BAR2);
}

bool hwdom_trap(struct mmio_trap *t)
{
	assert_null(trap);
	if (!trap_refused)
		trap = t;
	return !trap_refused;
}

void hwdom_untrap(struct mmio_trap *t)
{
	assert_ptr_equal(trap, t);
	trap = NULL;
}

struct vcpu *vlapic_find_dest(struct domain *d, uint32_t dest, bool logical)
{
	return !logical && dest % 2 == 0 && dest < 4 ? d->vcpu[dest / 2] : NULL;
}

void vlapic_set_irq(struct vcpu *v, uint8_t vector, bool level)
{
	assert_false(level);
	got.vcpu = v->id;
	got.vector = vector;
	got.count++;
}

void irq_set_device_handler(bool (*fn)(unsigned int vector))
{
	handler = fn;
}

uint64_t cmdline_size(const char *name, uint64_t dflt)
{
	return 1000;	/* ten in a window */
}

uint64_t now_ns(void)
{
	return now;
}

void timer_init(struct timer *t, void (*fn)(void *data), void *data)
{
	t->fn = fn;
	t->data = data;
}

void timer_set(struct timer *t, uint64_t expires)
{
	armed = t;
	t->expires = expires;
}

void timer_stop(struct timer *t)
{
	if (armed == t)
		armed = NULL;
}

void panic(const char *fmt, ...)
{
	abort();
}

void *heap_alloc(size_t n)
{
	return calloc(1, n);
}

void hv_log(enum log_level level, const char *fmt, ...)
{
	warned++;
}

void spin_lock(spinlock_t *l)
{
	assert_int_equal(l->next, l->owner);
	l->next++;
}

/* --- help --------------------------------------------------------------------------- */

static void write_table(unsigned int entry, unsigned int reg, uint32_t val)
{
	uint64_t v = val;

	assert_non_null(trap);
	trap->access(trap, TABLE + entry * 16 + reg * 4, 4, true, &v);
}

static uint64_t read_table(unsigned int entry, unsigned int reg)
{
	uint64_t v = 0;

	trap->access(trap, TABLE + entry * 16 + reg * 4, 4, false, &v);
	return v;
}

static const uint32_t *hw(unsigned int entry)
{
	return &bar.dword[0x800 / 4 + entry * 4];
}

/* The device sends what it was told; true if somebody took it. */
static bool send(uint32_t addr, uint32_t data)
{
	if (remapped) {		/* a handle, VT-d 5.1.5.2 */
		assert_int_equal(addr & 0xfff0001f, 0xfee00010);
		assert_int_equal(data, 0);
		data = addr >> 5 & 0xff;
		addr = addr >> 1 & 0x7f000;
		addr |= 0xfee00000;
	}
	assert_int_equal(addr & 0xfff00fff, 0xfee00000);
	assert_int_equal(data & ~0xffu, 0);
	here = (addr >> 12 & 0xff) == arch_cpus[1].apic_id;
	assert_int_equal(addr >> 12 & 0xff, arch_cpus[here].apic_id);
	return handler(data);
}

static void expect_got(unsigned int vcpu, unsigned int vector)
{
	assert_int_equal(got.count, 1);
	assert_int_equal(got.vcpu, vcpu);
	assert_int_equal(got.vector, vector);
	got.count = 0;
}

static uint32_t message(unsigned int vcpu)
{
	return 0xfee00000 | 2 * vcpu << 12;
}

static int setup(void **state)
{
	static struct vcpu vcpu[2];
	static struct vcpu *list[2] = {&vcpu[0], &vcpu[1]};
	static struct domain d = {.vcpu = list, .max_vcpus = 2};
	uint32_t *msi = (uint32_t *)&space[0][0x50];
	uint32_t *msix = (uint32_t *)&space[1][0x60];

	vcpu[1].id = vcpu[1].cpu = 1;
	vcpu[0].cpu = 0;
	hardware_domain = &d;
	remapped = false;
	trap_refused = false;
	memset(space, 0, sizeof(space));
	memset(&bar, 0, sizeof(bar));
	for (unsigned int i = 0; i < 2; i++) {
		memcpy(space[i], "\x34\x12\x78\x56", 4);
		space[i][PCI_STATUS] = 0x10;
	}
	space[0][PCI_CAPS] = 0x50;
	msi[0] = 0x018a0005;		/* 64 bits, masks, offers 32 messages */
	space[1][PCI_CAPS] = 0x40;
	memcpy(&space[1][0x40], "\x01\x60", 2);
	msix[0] = 0x11 | (ENTRIES - 1) << 16;
	msix[1] = 0x802;
	memcpy(&space[1][0x18], &(uint32_t){BAR2}, 4);
	for (unsigned int i = 0; i < ENTRIES; i++)
		bar.dword[0x800 / 4 + i * 4 + 3] = 1;
	msi_function_reset(MSI_FN);
	msi_function_reset(MSIX_FN);
	warned = 0;
	got.count = 0;
	now += 1000000000;
	return 0;
}

static int setup_remapped(void **state)
{
	setup(state);
	remapped = true;
	return 0;
}

/* --- MSI ---------------------------------------------------------------------------- */

static void msi_enable(unsigned int vcpu, uint32_t data)
{
	msi_config_write(MSI_FN, 0x54, 4, message(vcpu));
	msi_config_write(MSI_FN, 0x58, 4, 0);
	msi_config_write(MSI_FN, 0x5c, 2, data);
	msi_config_write(MSI_FN, 0x52, 2, 0x0181);
}

static bool msi_send(void)
{
	return send(pci_read(MSI_FN, 0x54, 4), pci_read(MSI_FN, 0x5c, 2));
}

static uint32_t msi_read(unsigned int reg, unsigned int size)
{
	uint32_t val = pci_read(MSI_FN, reg, size);

	msi_config_read(MSI_FN, reg, size, &val);
	return val;
}

static void msi(void **state)
{
	msi_enable(1, 0x4021);
	assert_int_equal(pci_read(MSI_FN, 0x52, 2) & 1, 1);
	assert_true(msi_send());
	assert_int_equal(here, 1);
	expect_got(1, 0x21);
	/* As it was written, with one message on offer. */
	assert_int_equal(msi_read(0x54, 4), message(1));
	assert_int_equal(msi_read(0x5c, 2), 0x4021);
	assert_int_equal(msi_read(0x52, 2), 0x0181);
	assert_int_equal(msi_read(0x50, 4), 0x01810005);
	/* Another target while it is on: the device is not touched. */
	msi_config_write(MSI_FN, 0x54, 4, message(0));
	assert_true(msi_send());
	assert_int_equal(here, 1);
	expect_got(0, 0x21);
	/* Masks and pending bits are the device's. */
	msi_config_write(MSI_FN, 0x60, 4, 1);
	assert_int_equal(pci_read(MSI_FN, 0x60, 4), 1);
	/* Several messages are not to be had; off is off. */
	msi_config_write(MSI_FN, 0x52, 2, 0x01f1);
	assert_int_equal(pci_read(MSI_FN, 0x52, 2) & 0x7f, 1);
	msi_config_write(MSI_FN, 0x53, 1, 0);
	msi_config_write(MSI_FN, 0x52, 1, 0x80);
	assert_int_equal(pci_read(MSI_FN, 0x52, 2) & 1, 0);
	assert_false(msi_send());
	assert_int_equal(got.count, 0);
}

/* NMI, SMI, INIT, exception vectors, addresses that are none: nothing is enabled. */
static void messages_that_are_none(void **state)
{
	static const uint32_t rows[][2] = {
		{0xfee00000, 0x0231}, {0xfee00000, 0x0431}, {0xfee00000, 0x0531},
		{0xfee00000, 0x0731}, {0xfee00000, 0x000f}, {0xfed00000, 0x0031},
		{0x00000000, 0x0031}, {0xfee0a000, 0x0031},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		msi_enable(0, 0x31);
		assert_int_equal(pci_read(MSI_FN, 0x52, 2) & 1, 1);
		msi_config_write(MSI_FN, 0x54, 4, rows[i][0]);
		msi_config_write(MSI_FN, 0x5c, 2, rows[i][1]);
		assert_int_equal(pci_read(MSI_FN, 0x52, 2) & 1, 0);
		assert_int_equal(msi_read(0x52, 2) & 1, 1);
	}
	msi_config_write(MSI_FN, 0x54, 4, message(1));
	msi_config_write(MSI_FN, 0x5c, 2, 0x0132);	/* lowest priority is fine */
	assert_true(msi_send());
	expect_got(1, 0x32);
}

/* --- MSI-X --------------------------------------------------------------------------- */

static void msix_enable(void)
{
	msi_config_write(MSIX_FN, 0x62, 2, 0xc000 | (ENTRIES - 1));
}

static void set_entry(unsigned int entry, unsigned int vcpu, uint32_t vector)
{
	write_table(entry, 0, message(vcpu));
	write_table(entry, 1, 0);
	write_table(entry, 2, vector);
	write_table(entry, 3, 0);
}

static void msix(void **state)
{
	msix_enable();
	assert_int_equal(pci_read(MSIX_FN, 0x62, 2), 0xc007);
	assert_int_equal(trap->start, BAR2);
	assert_int_equal(trap->end, BAR2 + 4096);
	set_entry(0, 0, 0x31);
	set_entry(7, 1, 0x31);
	assert_int_equal(hw(0)[3] | hw(7)[3], 0);
	assert_int_equal(hw(1)[3], 1);
	assert_true(send(hw(0)[0], hw(0)[2]));
	expect_got(0, 0x31);
	assert_true(send(hw(7)[0], hw(7)[2]));
	expect_got(1, 0x31);
	assert_int_equal(read_table(7, 0), message(1));
	assert_int_equal(read_table(7, 2), 0x31);
	write_table(7, 3, 1);
	assert_int_equal(hw(7)[3], 1);
	assert_int_equal(read_table(7, 3), 1);
	/* Beside the table, in the same page, are other registers. */
	trap->access(trap, BAR2 + 8, 8, true, &(uint64_t){0x1122334455667788});
	assert_int_equal(bar.dword[2], 0x55667788);
	assert_int_equal(bar.dword[3], 0x11223344);
	/* Off: every vector comes back, and what is late belongs to nobody. */
	msi_config_write(MSIX_FN, 0x63, 1, 0);
	assert_null(trap);
	assert_false(send(hw(0)[0], hw(0)[2]));
	for (unsigned int v = 0; v < VEC_DEVICE_NR; v++)
		assert_true(!arch_cpus[0].dev_irq[v] && !arch_cpus[1].dev_irq[v]);
}

/* The device was reset behind our back, and the driver writes all of it anew. */
static void msix_restored_after_a_reset(void **state)
{
	msix_enable();
	set_entry(3, 1, 0x45);
	memset(&bar, 0, sizeof(bar));
	bar.dword[0x800 / 4 + 3 * 4 + 3] = 1;
	msix_enable();
	set_entry(3, 1, 0x45);
	assert_true(send(hw(3)[0], hw(3)[2]));
	expect_got(1, 0x45);
}

static void nonsense_bars(void **state)
{
	static const uint32_t bars[] = {0, 1, 0xc001};

	for (size_t i = 0; i < ARRAY_SIZE(bars); i++) {
		pci_write(MSIX_FN, 0x18, 4, bars[i]);
		warned = 0;
		msix_enable();
		assert_int_equal(warned, 1);
		assert_int_equal(pci_read(MSIX_FN, 0x62, 2) & 0x8000, 0);
		assert_null(trap);
	}
	pci_write(MSIX_FN, 0x18, 4, BAR2);
	pci_write(MSIX_FN, 0x64, 4, 0x807);		/* BAR 7 */
	msix_enable();
	assert_null(trap);
	pci_write(MSIX_FN, 0x64, 4, 0x802);
	trap_refused = true;				/* RAM, say */
	msix_enable();
	assert_int_equal(pci_read(MSIX_FN, 0x62, 2) & 0x8000, 0);
}

/* Loops and lies in the list of capabilities end. */
static void capability_loop(void **state)
{
	memcpy(&space[1][0x40], "\x01\x40", 2);
	msi_function_reset(MSIX_FN);
	msix_enable();
	assert_int_equal(pci_read(MSIX_FN, 0x62, 2), 0xc007);	/* nothing of ours */
	assert_null(trap);
}

/* The vCPU went to the other CPU: its interrupts go there, too, none is lost. */
static void follows_its_vcpu(void **state)
{
	uint32_t addr, data;

	msix_enable();
	set_entry(0, 0, 0x31);
	addr = hw(0)[0];
	data = hw(0)[2];
	hardware_domain->vcpu[0]->cpu = 1;
	for (unsigned int i = 0; i < 32; i++, now += 20000000) {
		assert_true(send(hw(0)[0], hw(0)[2]));
		expect_got(0, 0x31);
	}
	assert_int_equal(hw(0)[0] >> 12 & 0xff, 6);
	assert_int_equal(hw(0)[3], 0);
	assert_true(send(hw(0)[0], hw(0)[2]));
	expect_got(0, 0x31);
	assert_true(send(addr, data));		/* was on its way */
	expect_got(0, 0x31);
}

/* --- storms -------------------------------------------------------------------------- */

static void storm(void **state)
{
	msix_enable();
	set_entry(2, 0, 0x31);
	for (unsigned int i = 0; i < 30; i++)
		assert_true(send(hw(2)[0], hw(2)[2]));
	assert_int_equal(got.count, 10);
	assert_int_equal(warned, 1);
	assert_int_equal(hw(2)[3], 1);		/* masked in the device */
	assert_int_equal(read_table(2, 3), 0);	/* unknown to the driver */
	assert_non_null(armed);
	got.count = 0;
	armed->fn(armed->data);
	assert_int_equal(hw(2)[3], 0);
	expect_got(0, 0x31);			/* one for all that came */
	now += 20000000;
	for (unsigned int i = 0; i < 10; i++)
		assert_true(send(hw(2)[0], hw(2)[2]));
	assert_int_equal(got.count, 10);
	for (unsigned int i = 0; i < 30; i++)
		assert_true(send(hw(2)[0], hw(2)[2]));
	assert_int_equal(warned, 1);		/* it is not said again so soon */
}

/* A vector without an owner, and more sources than vectors. */
static void vectors_run_out(void **state)
{
	static struct dev_irq many[2 * VEC_DEVICE_NR + 1];
	static const struct dev_irq_ops ops = {.pci = true};

	here = 0;
	assert_false(handler(0x33));
	for (unsigned int i = 0; i < 2 * VEC_DEVICE_NR; i++) {
		dev_irq_init(&many[i], &ops, i);
		assert_int_equal(dev_irq_bind(&many[i], hardware_domain->vcpu[0], 0x31,
					      false, true), 1);
	}
	dev_irq_init(&many[2 * VEC_DEVICE_NR], &ops, 0);
	assert_int_equal(dev_irq_bind(&many[2 * VEC_DEVICE_NR], hardware_domain->vcpu[0],
				      0x31, false, true), -ENOSPC);
	for (unsigned int i = 0; i < 2 * VEC_DEVICE_NR; i++)
		dev_irq_unbind(&many[i]);
	assert_false(handler(0x33));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(msi, setup),
		cmocka_unit_test_setup(messages_that_are_none, setup),
		cmocka_unit_test_setup(msix, setup),
		cmocka_unit_test_setup(msix_restored_after_a_reset, setup),
		cmocka_unit_test_setup(nonsense_bars, setup),
		cmocka_unit_test_setup(capability_loop, setup),
		cmocka_unit_test_setup(follows_its_vcpu, setup),
		cmocka_unit_test_setup(storm, setup),
		cmocka_unit_test_setup(vectors_run_out, setup),
		cmocka_unit_test_setup(msi, setup_remapped),
		cmocka_unit_test_setup(msix, setup_remapped),
	};

	dev_irq_setup();
	return cmocka_run_group_tests(tests, NULL, NULL);
}

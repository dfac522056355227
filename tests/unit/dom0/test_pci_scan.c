/*
 * x86/dom0/pci_scan.c: how high devices' memory reaches, of devices as they are and
 * of one whose registers say nonsense.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include <hv/lib.h>
#include <hv/log.h>

#include <x86/dom0.h>
#include <x86/pci.h>
#include <x86/platform.h>

#define GIB (1ull << 30)

unsigned int host_phys_bits = 40;
static unsigned int warned;
static struct {
	uint32_t fn, reg[16];
} devices[4];
static unsigned int device_nr;

uint32_t pci_read(uint32_t fn, unsigned int reg, unsigned int size)
{
	assert_int_equal(size, 4);
	for (unsigned int i = 0; i < device_nr; i++)
		if (devices[i].fn == fn)
			return devices[i].reg[reg / 4];
	return ~0u;
}

void pci_name(uint32_t fn, char name[PCI_NAME_MAX])
{
	snprintf(name, PCI_NAME_MAX, "%x", fn);
}

void hv_log(enum log_level level, const char *fmt, ...)
{
	warned++;
}

static uint32_t *add(uint32_t fn, uint32_t header)
{
	devices[device_nr].fn = fn;
	memset(devices[device_nr].reg, 0, sizeof(devices[0].reg));
	devices[device_nr].reg[0] = 0x12345678;
	devices[device_nr].reg[3] = header << 16;
	return devices[device_nr++].reg;
}

static int setup(void **state)
{
	device_nr = warned = 0;
	return 0;
}

static void devices_and_bridges(void **state)
{
	uint32_t *d, *b;

	assert_int_equal(pci_highest_address(), 0);
	d = add(PCI_FN(0, 0, 8), 0x80);
	d[4] = 0xfebf0000;		/* 32 bits */
	d[5] = 0x0000c001;		/* ports */
	assert_int_equal(pci_highest_address(), 0);
	d = add(PCI_FN(0, 7, 9), 0);	/* its second function, behind a bridge */
	add(PCI_FN(0, 7, 8), 0x80);
	d[6] = 0x0000000c;
	d[7] = 0x20;
	assert_int_equal(pci_highest_address(), 128 * GIB + 64 * GIB);
	b = add(PCI_FN(0, 0, 16), 1);
	b[9] = 0xfff10001;
	b[11] = 0x3f;
	assert_int_equal(pci_highest_address(), 256 * GIB);
	assert_int_equal(warned, 0);
}

/* Never sized, or broken: all ones, or beyond what the CPU addresses. */
static void nonsense(void **state)
{
	uint32_t *d = add(PCI_FN(0, 0, 0), 0), *other = add(PCI_FN(0, 1, 0), 0);

	d[4] = 0xfffffff4;
	d[5] = 0xffffffff;
	assert_int_equal(pci_highest_address(), 0);
	d[5] = 0x7fffffff;
	other[8] = 0xc;
	other[9] = 8;
	assert_int_equal(pci_highest_address(), 32 * GIB + 64 * GIB);
	assert_int_equal(warned, 1);
	d[9] = 0xffffffff;		/* a bridge's window */
	d[3] = 1 << 16;
	d[4] = d[5] = 0;
	d[11] = 0xffffffff;
	assert_int_equal(pci_highest_address(), 32 * GIB + 64 * GIB);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(devices_and_bridges, setup),
		cmocka_unit_test_setup(nonsense, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

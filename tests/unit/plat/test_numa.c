/* SRAT and SLIT: two nodes as QEMU tells them, none, and tables full of rubbish. */
#include "fakes.h"

#include <hv/numa.h>
#include <hv/page.h>

#include <x86/acpi.h>
#include <x86/platform.h>

struct numa numa;

static uint8_t srat[512], slit[128];
static size_t srat_len, slit_len;
static struct arch_cpu arch[2];
static unsigned int started;

void acpi_for_each_table(void (*fn)(uint64_t pa, const struct acpi_header *h, void *data),
			 void *data)
{
	((struct acpi_header *)srat)->length = (uint32_t)srat_len;
	((struct acpi_header *)slit)->length = (uint32_t)slit_len;
	if (srat_len)
		fn(0, (struct acpi_header *)srat, data);
	if (slit_len)
		fn(0, (struct acpi_header *)slit, data);
}

void numa_start(void)
{
	started++;
}

static void put(const void *entry, size_t len)
{
	memcpy(srat + srat_len, entry, len);
	srat_len += len;
}

static void put_cpu(uint8_t id, uint8_t domain)
{
	const uint8_t e[16] = {0, 16, domain, id, 1};

	put(e, sizeof(e));
}

static void put_memory(uint64_t base, uint64_t size, uint32_t domain, uint32_t flags)
{
	uint8_t e[40] = {1, 40};

	memcpy(e + 2, &domain, 4);
	memcpy(e + 8, &base, 8);
	memcpy(e + 16, &size, 8);
	memcpy(e + 28, &flags, 4);
	put(e, sizeof(e));
}

static void reset(void)
{
	memset(srat, 0, sizeof(srat));
	memset(slit, 0, sizeof(slit));
	memcpy(srat, "SRAT", 4);
	memcpy(slit, "SLIT", 4);
	srat_len = 48;
	slit_len = 0;
	numa = (struct numa){.nodes = 1};
	started = 0;
	nr_cpus = 2;
	for (unsigned int i = 0; i < 2; i++) {
		cpus[i] = &fake_cpus[i];
		cpus[i]->arch = &arch[i];
		arch[i].apic_id = i * 4;
	}
}

static void two_nodes(void)
{
	reset();
	put_cpu(0, 7);
	put_cpu(4, 3);
	put_cpu(9, 5);			/* one that is not up makes no node */
	put_memory(0, 0xa0000, 7, 1);
	put_memory(0x100000, 0xff00000, 7, 1);
	put_memory(0x10000000, 0x10000000, 3, 1);
	put_memory(0x90000000, 0x10000000, 3, 0);	/* not enabled */
	put_memory(0x18000000, 0x1000, 7, 1);		/* somebody's already */
}

static void as_told(void **state)
{
	const uint64_t nr = 8;

	(void)state;
	two_nodes();
	memcpy(slit + 36, &nr, 8);
	slit_len = 44 + 64;
	memset(slit + 44, 10, 64);
	slit[44 + 7 * 8 + 3] = 31;
	numa_init();
	assert_int_equal(started, 1);
	assert_int_equal(numa.nodes, 2);
	assert_int_equal(numa.ranges, 3);
	assert_int_equal(numa.range[2].first, 0x10000);
	assert_int_equal(numa.range[2].end, 0x20000);
	assert_int_equal(numa.range[2].node, 1);
	assert_int_equal(numa.cpu_node[0], 0);
	assert_int_equal(numa.cpu_node[1], 1);
	assert_int_equal(numa.distance[0][1], 31);
	assert_int_equal(numa.distance[1][0], 10);
}

static void without(void **state)
{
	(void)state;
	reset();
	srat_len = 0;
	numa_init();
	assert_int_equal(numa.nodes, 1);
	assert_int_equal(numa.distance[0][0], NUMA_NEAR);
	assert_int_equal(started, 0);
	two_nodes();		/* no SLIT */
	numa_init();
	assert_int_equal(numa.nodes, 2);
	assert_int_equal(numa.distance[1][0], NUMA_FAR);
	assert_int_equal(numa.distance[1][1], NUMA_NEAR);
}

/* Every entry cut short, every byte any value: what is found stays in bounds. */
static void rubbish(void **state)
{
	uint32_t x = 2463534242;

	(void)state;
	for (unsigned int round = 0; round < 200000; round++) {
		two_nodes();
		for (unsigned int i = 0; i < 4; i++) {
			x ^= x << 13;
			x ^= x >> 17;
			x ^= x << 5;
			srat[48 + x % (srat_len - 48)] = (uint8_t)(x >> 24);
		}
		if (round & 1)
			srat_len = 48 + x % (srat_len - 48);
		memcpy(slit + 36, &x, 4);
		slit_len = 44 + x / 256 % 64;
		numa_init();
		assert_in_range(numa.nodes, 1, NUMA_NODES_MAX);
		assert_in_range(numa.ranges, 0, NUMA_RANGES_MAX);
		for (unsigned int i = 0; i < numa.ranges; i++)
			assert_true(numa.range[i].node < NUMA_NODES_MAX &&
				    numa.range[i].first < numa.range[i].end);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_told), cmocka_unit_test(without),
		cmocka_unit_test(rubbish),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

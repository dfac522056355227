/*
 * NUMA nodes from the firmware's SRAT and SLIT (ACPI 6.4, 5.2.16 and 5.2.17), read
 * when all CPUs are up. Nodes are numbered in the order in which the SRAT
 * first names their proximity domains. What makes no sense is left out.
 */
#include <hv/lib.h>
#include <hv/log.h>
#include <hv/numa.h>

#include <x86/acpi.h>
#include <x86/platform.h>

enum { SRAT_LAPIC, SRAT_MEMORY, SRAT_X2APIC };
#define SRAT_ENABLED 1u

struct srat {
	struct acpi_header h;
	uint8_t reserved[12];
} packed;

struct srat_entry {
	uint8_t type, length;
	union {
		struct {
			uint8_t domain_low, apic_id;
			uint32_t flags;
			uint8_t sapic_eid, domain_high[3];
		} packed lapic;
		struct {
			uint32_t domain;
			uint16_t reserved;
			uint64_t base, size;
			uint32_t reserved2, flags;
		} packed memory;
		struct {
			uint16_t reserved;
			uint32_t domain, apic_id, flags;
		} packed x2apic;
	};
} packed;
_Static_assert(offsetof(struct srat_entry, memory.flags) == 28 &&
	       offsetof(struct srat_entry, x2apic.flags) == 12, "ACPI 5.2.16");

struct slit {
	struct acpi_header h;
	uint64_t nr;
	uint8_t distance[];
} packed;

static uint32_t domains[NUMA_NODES_MAX];	/* proximity domain of each node */
static unsigned int found;

/* The node of a proximity domain, made if it is new; NUMA_NODES_MAX: too many. */
static unsigned int node_of(uint32_t domain)
{
	unsigned int i = 0;

	while (i < found && domains[i] != domain)
		i++;
	if (i == found && found < NUMA_NODES_MAX)
		domains[found++] = domain;
	return i;
}

static void add_cpu(uint32_t apic_id, uint32_t domain)
{
	for_each_cpu(cpu) {
		unsigned int node;

		if (cpus[cpu]->arch->apic_id != apic_id)
			continue;
		node = node_of(domain);
		if (node < NUMA_NODES_MAX)
			numa.cpu_node[cpu] = (uint8_t)node;
	}
}

static void add_memory(uint64_t base, uint64_t size, uint32_t domain)
{
	uint64_t first = base >> PAGE_SHIFT, end = first + (size >> PAGE_SHIFT);
	unsigned int node = node_of(domain), n = numa.ranges;

	if (node == NUMA_NODES_MAX || n == NUMA_RANGES_MAX || first >= end)
		return;
	for (unsigned int i = 0; i < n; i++)
		if (first < numa.range[i].end && numa.range[i].first < end)
			return;
	numa.range[n].first = first;
	numa.range[n].end = end;
	numa.range[n].node = node;
	numa.ranges++;
}

static void parse_entry(const struct srat_entry *e)
{
	if (e->type == SRAT_LAPIC && e->length >= 16 && e->lapic.flags & SRAT_ENABLED)
		add_cpu(e->lapic.apic_id, e->lapic.domain_low |
			(uint32_t)e->lapic.domain_high[0] << 8 |
			(uint32_t)e->lapic.domain_high[1] << 16 |
			(uint32_t)e->lapic.domain_high[2] << 24);
	else if (e->type == SRAT_X2APIC && e->length >= 24 && e->x2apic.flags & SRAT_ENABLED)
		add_cpu(e->x2apic.apic_id, e->x2apic.domain);
	else if (e->type == SRAT_MEMORY && e->length >= 40 && e->memory.flags & SRAT_ENABLED)
		add_memory(e->memory.base, e->memory.size, e->memory.domain);
}

static void parse_srat(uint64_t pa, const struct acpi_header *h, void *data)
{
	const char *p = (const char *)h + sizeof(struct srat), *end = (const char *)h + h->length;

	if (memcmp(h->signature, "SRAT", 4))
		return;
	while (end - p >= 2 && (uint8_t)p[1] >= 2 && (uint8_t)p[1] <= end - p) {
		parse_entry((const struct srat_entry *)p);
		p += (uint8_t)p[1];
	}
}

static void parse_slit(uint64_t pa, const struct acpi_header *h, void *data)
{
	const struct slit *s = (const struct slit *)h;
	uint64_t nr;

	if (memcmp(h->signature, "SLIT", 4) || h->length < sizeof(*s))
		return;
	nr = s->nr;
	if (nr > UINT16_MAX || nr * nr > h->length - sizeof(*s))
		return;
	for (unsigned int i = 0; i < found; i++)
		for (unsigned int j = 0; j < found; j++)
			if (domains[i] < nr && domains[j] < nr)
				numa.distance[i][j] = s->distance[domains[i] * nr + domains[j]];
}

void numa_init(void)
{
	found = 0;
	acpi_for_each_table(parse_srat, NULL);
	for (unsigned int i = 0; i < NUMA_NODES_MAX; i++)
		for (unsigned int j = 0; j < NUMA_NODES_MAX; j++)
			numa.distance[i][j] = i == j ? NUMA_NEAR : NUMA_FAR;
	if (found < 2)
		return;
	acpi_for_each_table(parse_slit, NULL);
	numa.nodes = found;
	numa_start();
	log_info("%u NUMA nodes", found);
}

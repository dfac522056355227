/*
 * NUMA nodes: which CPUs and which memory lie together, as the toolstack is told.
 * Frames are not placed by node. The architecture fills `numa` once at boot and then
 * calls numa_start(); until then, and where nothing is known, there is one node.
 */
#ifndef HV_NUMA_H
#define HV_NUMA_H

#include <hv/cpu.h>

#define NUMA_NODES_MAX	16u
#define NUMA_RANGES_MAX	64u
#define NUMA_NEAR	10u	/* distance of a node to itself; ACPI's unit */
#define NUMA_FAR	20u

struct numa {
	unsigned int nodes;
	unsigned int ranges;		/* of memory, not overlapping */
	struct {
		uint64_t first, end;	/* mfns */
		unsigned int node;
	} range[NUMA_RANGES_MAX];
	uint8_t cpu_node[MAX_CPUS];
	uint8_t distance[NUMA_NODES_MAX][NUMA_NODES_MAX];
	uint64_t free[NUMA_NODES_MAX];	/* frames; under the allocator's lock */
};
extern struct numa numa;

/* Counts what is free in each node; from then on the allocator tells numa_count(). */
void numa_start(void);
/* @nr frames from @mfn on are free (@sign 1) or are not any more (-1). */
void numa_count(uint64_t mfn, uint64_t nr, int sign);
/* Frames of @node, and how many of them are free. */
uint64_t numa_size(unsigned int node);
uint64_t numa_free(unsigned int node);

#endif

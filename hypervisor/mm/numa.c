/* Nodes of memory (hv/numa.h): what is free in each is kept as it changes. */
#include <hv/lib.h>
#include <hv/numa.h>
#include <hv/page.h>

struct numa numa = {.nodes = 1, .distance = {{NUMA_NEAR}}};

void numa_count(uint64_t mfn, uint64_t nr, int sign)
{
	if (numa.nodes == 1)
		return;
	for (unsigned int i = 0; i < numa.ranges; i++) {
		uint64_t from = MAX(mfn, numa.range[i].first);
		uint64_t to = MIN(mfn + nr, numa.range[i].end);

		if (from < to)
			numa.free[numa.range[i].node] += (to - from) * (uint64_t)(int64_t)sign;
	}
}

void numa_start(void)
{
	uint64_t end = page_max_mfn().v + 1;

	memset(numa.free, 0, sizeof(numa.free));
	for (unsigned int i = 0; i < numa.ranges; i++) {
		numa.range[i].end = MIN(numa.range[i].end, end);
		for (uint64_t mfn = numa.range[i].first; mfn < numa.range[i].end; mfn++) {
			const struct page *pg = mfn_to_page(MFN(mfn));

			numa.free[numa.range[i].node] += pg && pg->state == PAGE_FREE;
		}
	}
}

uint64_t numa_size(unsigned int node)
{
	uint64_t frames = 0;

	if (numa.nodes == 1)
		return page_nr_total();
	for (unsigned int i = 0; i < numa.ranges; i++)
		if (numa.range[i].node == node && numa.range[i].first < numa.range[i].end)
			frames += numa.range[i].end - numa.range[i].first;
	return frames;
}

uint64_t numa_free(unsigned int node)
{
	return numa.nodes == 1 ? page_nr_free() :
				 __atomic_load_n(&numa.free[node], __ATOMIC_RELAXED);
}

/*
 * Virtual addresses beyond the identity map: a window of single pages whose
 * rights a test chooses, and one-to-one mappings of memory above 4 GiB.
 */
#include "guest.h"

#define WINDOW_BASE (1ul << 39) /* slot 1 of the top table */
#define HIGH_TABLES 4

extern uint64_t page_l4[512], page_l3[512];
static uint64_t window_l3[512] PAGE_ALIGNED;
static uint64_t window_l2[512] PAGE_ALIGNED;
static uint64_t window_l1[512] PAGE_ALIGNED;
static uint64_t high_l2[HIGH_TABLES][512] PAGE_ALIGNED;
static unsigned int high_used;

void *window_map(unsigned int slot, unsigned long gfn, unsigned int flags)
{
	unsigned long va = WINDOW_BASE + slot * PAGE_SIZE;

	if (!page_l4[1]) {
		window_l2[0] = (uint64_t)window_l1 + 7;
		window_l3[0] = (uint64_t)window_l2 + 7;
		page_l4[1] = (uint64_t)window_l3 + 7;
	}
	window_l1[slot] = flags ? (gfn * PAGE_SIZE | flags) : 0;
	asm volatile("invlpg (%0)" : : "r"(va) : "memory");
	return (void *)va;
}

void map_high(uint64_t gpa)
{
	uint64_t gib = gpa >> 30;
	uint64_t *l2;
	unsigned int i;

	if (page_l3[gib])
		return;
	if (gib >= 512 || high_used == HIGH_TABLES) {
		test_error("map_high: no table left for %#lx", (unsigned long)gpa);
		test_end();
	}
	l2 = high_l2[high_used++];
	for (i = 0; i < 512; i++)
		l2[i] = gib << 30 | (uint64_t)i << 21 | 0x87;
	page_l3[gib] = (uint64_t)l2 + 7;
}

unsigned long free_gfn(void)
{
	return gfn_of(image_end) + 64;
}

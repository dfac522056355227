/*
 * Virtual addresses beyond the identity map: a window of single pages whose
 * rights a test chooses, and one-to-one mappings of memory above 4 GiB.
 */
#include "guest.h"

#define WINDOW_SLOT 255 /* of the top table: the end of the lower half */
#define WINDOW_BASE ((unsigned long)WINDOW_SLOT << 39)
#define HIGH_TABLES 4

extern uint64_t page_l4[512];
static uint64_t window_l3[512] PAGE_ALIGNED;
static uint64_t window_l2[512] PAGE_ALIGNED;
static uint64_t window_l1[512] PAGE_ALIGNED;
static uint64_t high_tables[HIGH_TABLES][512] PAGE_ALIGNED;
static unsigned int high_used;

void *window_map(unsigned int slot, unsigned long gfn, unsigned int flags)
{
	unsigned long va = WINDOW_BASE + slot * PAGE_SIZE;

	if (!page_l4[WINDOW_SLOT]) {
		window_l2[0] = (uint64_t)window_l1 + 7;
		window_l3[0] = (uint64_t)window_l2 + 7;
		page_l4[WINDOW_SLOT] = (uint64_t)window_l3 + 7;
	}
	window_l1[slot] = flags ? (gfn * PAGE_SIZE | flags) : 0;
	asm volatile("invlpg (%0)" : : "r"(va) : "memory");
	return (void *)va;
}

/* The table that an entry leads to, made when it is not there yet. */
static uint64_t *next_table(uint64_t *entry)
{
	if (!*entry) {
		if (high_used == HIGH_TABLES) {
			test_error("map_high: no table left");
			test_end();
		}
		*entry = (uint64_t)high_tables[high_used++] + 7;
	}
	return (uint64_t *)(*entry & ~0xffful);
}

void map_high(uint64_t gpa)
{
	uint64_t *l3 = next_table(&page_l4[gpa >> 39]);
	uint64_t *l2 = next_table(&l3[gpa >> 30 & 511]);
	unsigned int i;

	for (i = 0; i < 512; i++)
		l2[i] = (gpa >> 30) << 30 | (uint64_t)i << 21 | 0x87;
}

unsigned long free_gfn(void)
{
	return gfn_of(image_end) + 64;
}

/*
 * Addresses that a hypercall must answer with -EFAULT: not canonical, not
 * mapped, where hypervisors live, at the edges of the address space, and
 * mapped onto frames that are no RAM.
 */
#include "guest.h"

#define SLOT_HOLE     500 /* stays unmapped */
#define SLOT_STRADDLE 502 /* mapped; 503 is not */
#define SLOT_RO	      504
#define SLOT_NO_RAM   506

struct bad_pointer bad_pointers[] = {
	{"NULL page", NULL}, /* filled in: page 0 unmapped is not possible, see below */
	{"unmapped", NULL},
	{"non-canonical", (void *)0x8000000000000000ul},
	{"canonical edge", (void *)0x00007ffffffffff8ul},
	{"past canonical edge", (void *)0x0000800000000000ul},
	{"hypervisor's half", (void *)0xffff82d080200000ul},
	{"start of upper half", (void *)0xffff800000000000ul},
	{"last bytes", (void *)0xfffffffffffffff8ul},
	{"all ones", (void *)~0ul},
	{"frame without RAM", NULL},
};

static unsigned char zeros[4096] PAGE_ALIGNED;
static unsigned char ram[4096] PAGE_ALIGNED;

unsigned int bad_pointers_init(void)
{
	/* A frame far above all memory stands for "mapped, but not RAM". */
	bad_pointers[0] =
		(struct bad_pointer){"far unmapped", (void *)0x0000123456789000ul};
	bad_pointers[1].ptr = window_map(SLOT_HOLE, 0, MAP_NP);
	bad_pointers[ARRAY_SIZE(bad_pointers) - 1].ptr =
		window_map(SLOT_NO_RAM, 0xff0000000ul >> 12, MAP_RW);
	return ARRAY_SIZE(bad_pointers);
}

void *readonly_zeros(void)
{
	return window_map(SLOT_RO, gfn_of(zeros), MAP_RO);
}

void *straddle(size_t n)
{
	char *page = window_map(SLOT_STRADDLE, gfn_of(ram), MAP_RW);

	window_map(SLOT_STRADDLE + 1, 0, MAP_NP);
	return page + PAGE_SIZE - n;
}

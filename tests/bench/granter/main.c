/*
 * A guest that grants one page to dom0, as reference 9, and stays: what dom0
 * maps and unmaps in "ops map".
 */
#include "guest.h"

#define REF 9

static unsigned char page[PAGE_SIZE] PAGE_ALIGNED;

void test_main(void)
{
	grant_table[REF].frame = (uint32_t)gfn_of(page);
	grant_table[REF].domid = 0;
	__atomic_store_n(&grant_table[REF].flags, GTF_permit_access, __ATOMIC_RELEASE);
	for (;;)
		hv_sched_op(SCHEDOP_block, NULL);
}

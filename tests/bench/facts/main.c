/*
 * A dom0 that tells what only dom0 can see: the time stamp of its own first
 * instruction, and how the machine's memory was divided. Lines "BENCH <name>
 * <number>".
 */
#include "guest.h"

void test_main(void)
{
	xen_sysctl_t s = {.cmd = XEN_SYSCTL_physinfo,
			  .interface_version = XEN_SYSCTL_INTERFACE_VERSION};
	xen_domctl_t d = {.cmd = XEN_DOMCTL_getdomaininfo,
			  .interface_version = XEN_DOMCTL_INTERFACE_VERSION};

	printf("BENCH entry_tsc %lu\n", (unsigned long)entry_tsc);
	EXPECT(hv_sysctl(&s), 0);
	EXPECT(hv_domctl(&d), 0);
	printf("BENCH free_kib %lu\n", (unsigned long)s.u.physinfo.free_pages * 4);
	printf("BENCH dom0_kib %lu\n", (unsigned long)d.u.getdomaininfo.tot_pages * 4);
}

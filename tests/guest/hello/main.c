/*
 * The first thing that must work: a kernel boots, finds the hypervisor, prints
 * a line, and reports. If this fails, nothing else need be looked at.
 */
#include "guest.h"

void test_main(void)
{
	printf("hello from a %s, command line \"%s\"\n", is_dom0 ? "dom0" : "domU",
	       cmdline);
	CHECK(start_info->magic == XEN_HVM_START_MAGIC_VALUE);
	CHECK(now_ns() > 0);
}

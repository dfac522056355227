/* Computes for ever on all its vCPUs: a load for the scheduler (shares.py). */
#include "guest.h"

static void spin(void *arg)
{
	(void)arg;
	for (;;)
		;
}

void test_main(void)
{
	unsigned int i;

	for (i = 1; i < MAX_CPUS && i < cmdline_value("vcpus", 1); i++)
		if (!cpu_start(i, spin, NULL))
			test_error("vCPU %u does not start", i);
	spin(NULL);
}

/* The crash report of the hypervisor's last run, and of this one (core/crash.c). */
#ifndef HV_CRASH_H
#define HV_CRASH_H

#include <hv/types.h>

/* Room for the last lines of the log: about a screen and a half. */
#define CRASH_AREA_SIZE (2 * PAGE_SIZE)

/*
 * Once at boot, when the log works: @area of @size bytes is where the last run kept
 * its report, if it did. Shows it, and uses the same place from now on.
 */
void crash_init(void *area, size_t size);
/* The end of the log goes there; the machine is about to restart. */
void crash_keep(void);

#endif

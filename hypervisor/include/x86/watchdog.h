/* The watchdog of CPUs over each other: x86/watchdog.c. */
#ifndef X86_WATCHDOG_H
#define X86_WATCHDOG_H

#include <stdbool.h>

/* At the start of each CPU's loop; does nothing without watchdog on the command line. */
void watchdog_cpu_init(void);
/* From the NMI handler: is it because this CPU does not move? */
bool watchdog_is_stuck(void);

#endif

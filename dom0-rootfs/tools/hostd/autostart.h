/* The VMs that start with the host: configurations linked in one directory. */
#ifndef HOSTD_AUTOSTART_H
#define HOSTD_AUTOSTART_H

#include "libdom/libdom.h"
#include "log.h"

#define AUTOSTART_DIR "/etc/basalt/autostart"
/* Made once all have been tried, so that only the first hostd of a boot does it. */
#define AUTOSTART_DONE "/run/basalt/autostart.done"

/*
 * Starts each VM in AUTOSTART_DIR (by name of file) that does not run yet, unless
 * this was done since boot. What fails is logged and passed over. To be repeated
 * safely when it was cut short.
 */
void autostart(struct dom *dom, struct log *log);

#endif

/* The VMs that start with the host: definitions linked in one directory. */
#ifndef HOSTD_AUTOSTART_H
#define HOSTD_AUTOSTART_H

#include "libdom/define.h"
#include "log.h"

#define AUTOSTART_DIR DEFINE_DIR "/" DEFINE_AUTO
/* Made once all have been tried, so that only the first hostd of a boot does it. */
#define AUTOSTART_DONE "/run/basalt/autostart.done"

/*
 * Starts each VM in AUTOSTART_DIR (by name of file) that does not run yet, unless
 * this was done since boot. What fails is logged and passed over. To be repeated
 * safely when it was cut short.
 */
void autostart(struct dom *dom, struct log *log);

#endif

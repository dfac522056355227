/*
 * The memory of restarts under way. Between a VM's destruction and its next life
 * there is no domain that would tell of it: its configuration is noted before and
 * forgotten after, so that a hostd killed in between, or a host without enough
 * memory just then, does not lose the VM.
 */
#ifndef HOSTD_RESTART_H
#define HOSTD_RESTART_H

#include "libdom/libdom.h"
#include "log.h"

#define RESTART_DIR "/run/basalt/restart"

/* Notes that the VM is to run again; 0 or -errno. */
int restart_note(const struct vm_config *cfg);
void restart_forget(const char *name);

/*
 * Starts each noted VM that does not run; one that does is forgotten. How many are
 * still to be started.
 */
unsigned int restart_lost(struct dom *dom, struct log *log);

#endif

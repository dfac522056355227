/* A configuration file into the struct; what is wrong with it goes to the log. */
#ifndef HOSTD_LOAD_H
#define HOSTD_LOAD_H

#include "libdom/libdom.h"
#include "log.h"

/* 0 and *cfg is to be freed, or -errno. */
int load_config(const char *path, struct vm_config *cfg, struct log *log);

#endif

/*
 * The control commands: for people and tests, nothing depends on them.
 */
#ifndef XENSTORED_CONTROL_H
#define XENSTORED_CONTROL_H

#include "server.h"

/* arg may be NULL. -EINVAL: no such command; -EIO: the check failed. */
int control_run(struct server *srv, const char *command, const char *arg,
		struct buf *answer);

#endif

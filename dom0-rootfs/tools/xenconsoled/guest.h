/*
 * One guest's console: its ring and event channel, a pty that viewers open,
 * its log file, and the last output for a viewer that comes later.
 *
 * A guest that floods is held back at GUEST_RATE: bytes stay in its ring and it
 * waits for us, not we for it. A viewer that does not read is skipped.
 */
#ifndef XENCONSOLED_GUEST_H
#define XENCONSOLED_GUEST_H

#include <stdbool.h>

#include "backlog.h"
#include "cring.h"
#include "libsvc/peer.h"
#include "logfile.h"

#define GUEST_RATE  262144 /* bytes of output per second, in the long run */
#define GUEST_BURST 131072 /* and at once */
#define GUEST_NAME  128
#define GUEST_TTY   64

struct guest {
	struct guest *next;
	uint32_t domid;
	uint64_t gfn;
	uint32_t port, local_port;
	struct cring ring; /* page NULL: not connected */
	int pty;	   /* master */
	char tty[GUEST_TTY];
	bool viewed; /* somebody has the tty open */
	struct logfile log;
	bool log_failed;  /* said so already */
	bool ring_failed; /* the same of connecting the ring */
	struct backlog backlog;
	int64_t allowance;  /* bytes of output that may be taken now */
	int64_t allowed_at; /* ms, when that was computed */
	bool seen;	    /* mark of guests_scan() */
};

/* A guest with its pty and log, not connected. NULL and *err. */
struct guest *guest_new(uint32_t domid, const char *name, const char *log_dir, int *err);
void guest_free(struct guest *g, struct peer *p); /* takes the last output */

/* Connect to the ring; again, if its place has changed. -errno */
int guest_connect(struct guest *g, struct peer *p, uint64_t gfn, uint32_t port);

/* Move bytes both ways. now: milliseconds of a clock that only goes forward. */
void guest_pump(struct guest *g, struct peer *p, int64_t now);

/* Somebody opened or closed the tty: see whether it is open. */
void guest_check_viewed(struct guest *g);

/* poll() events to wait for on the pty; 0: none, nobody has it open. */
short guest_poll_events(const struct guest *g);

/* Output waits in the ring for allowance. */
bool guest_held_back(const struct guest *g);

#endif

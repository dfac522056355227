/*
 * All guests that have a console, as the store names them.
 */
#ifndef XENCONSOLED_GUESTS_H
#define XENCONSOLED_GUESTS_H

#include "guest.h"
#include "libxs/xs.h"

struct guests {
	struct guest *list;
	struct xs *xs;
	struct peer *peer;
	const char *log_dir;
	int inotify; /* tells of ttys being opened and closed */
};

/* Watch the store. -errno */
int guests_start(struct guests *gs);

/*
 * Take what the store has to tell: connect new guests, let go of those that
 * are gone. -errno: the store is out of reach; try again later.
 */
int guests_update(struct guests *gs);

/* Take what inotify has to tell. */
void guests_check_viewed(struct guests *gs);

void guests_free(struct guests *gs);

#endif

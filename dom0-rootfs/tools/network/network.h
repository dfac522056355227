/*
 * network: the command's parts.
 */
#ifndef NETWORK_NETWORK_H
#define NETWORK_NETWORK_H

#include "libconf/command.h"
#include "libnet/net.h"

int cmd_show(struct job *j);  /* show.c */
int cmd_watch(struct job *j); /* watch.c: runs until SIGTERM */

/*
 * Programs that the watch keeps running, one row each (children.c). key names
 * the row; what is not wanted any more is ended, what ended is started again
 * after a second.
 */
struct child {
	char key[64];
	char *argv[24]; /* ends with NULL; strings are owned */
	int pid;	/* 0: not running */
	long again;	/* not before this second of CLOCK_MONOTONIC */
	bool wanted;
};

struct children {
	struct child *list;
	size_t count;
};

/* Starts a round: nothing is wanted. */
void children_begin(struct children *c);
/* argv ends with NULL. When it differs from before, it is started anew. */
void children_want(struct children *c, const char *key, const char *const argv[]);
/* Ends what is not wanted, starts what is not there. Milliseconds until it must be
 * called again, or -1. */
int children_settle(struct children *c);
/* To be called after SIGCHLD. */
void children_reap(struct children *c);
void children_signal(struct children *c, const char *key, int signal);
void children_end(struct children *c);

#endif

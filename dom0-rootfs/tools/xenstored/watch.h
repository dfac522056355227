/*
 * Watches: who wants to hear of changes at or below a path.
 */
#ifndef XENSTORED_WATCH_H
#define XENSTORED_WATCH_H

#include "server.h"

#define QUOTA_WATCHES	 128 /* of an unprivileged domain */
#define WATCH_TOKEN_MAX	 (XENSTORE_PAYLOAD_MAX - XENSTORE_ABS_PATH_MAX - 2)
#define WATCH_ALL_DEPTHS UINT32_MAX

struct watch {
	struct watch *next;
	char *path;	/* complete, or special */
	size_t base;	/* bytes at its front that events leave out */
	uint32_t depth; /* levels below path that count */
	bool put_off;	/* an event did not fit: still to be sent */
	char *token;
};

/* base as in struct watch. The same path and token twice: -EEXIST. */
int watch_add(struct conn *c, const char *path, size_t base, uint32_t depth,
	      const char *token, struct watch **out);
/* -ENOENT */
int watch_remove(struct conn *c, const char *path, const char *token);
void watch_remove_all(struct conn *c);

/* Events for everybody, from the tree before and after the changes. */
void watch_fire(struct server *srv, struct node *before, const struct changes *ch);
void watch_fire_special(struct server *srv, const char *name);

#endif

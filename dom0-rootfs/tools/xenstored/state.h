/*
 * What the journal's records hold: one function per kind of entry, the whole
 * state as one record, and taking them in again.
 */
#ifndef XENSTORED_STATE_H
#define XENSTORED_STATE_H

#include "domain.h"

void state_node(struct buf *b, const char *path, const struct node *n);
void state_remove(struct buf *b, const char *path);
void state_special(struct buf *b, const struct node *n);
/* A domain just introduced; its ring indices say where its bytes begin. */
void state_domain(struct buf *b, const struct domain *d);
/* What changes later of a domain: port, target, and how it fares. */
void state_domain_attr(struct buf *b, const struct domain *d);
void state_domain_gone(struct buf *b, uint32_t domid);
/* Everything of its connection was dropped, at these ring indices. */
void state_reset(struct buf *b, const struct domain *d);
/* How far its requests were taken, and the part of one that is left. */
void state_input(struct buf *b, const struct domain *d);
void state_output(struct buf *b, uint32_t domid, const void *data, size_t len);
void state_watch(struct buf *b, uint32_t domid, const struct watch *w);
void state_unwatch(struct buf *b, uint32_t domid, const char *path, const char *token);
void state_tx(struct buf *b, uint32_t domid, uint32_t id, bool open);
/* All its watches and transactions were dropped. */
void state_forget(struct buf *b, uint32_t domid);

/* The whole of it. */
void state_all(struct buf *b, const struct server *srv);

/* Take one record in (arg: struct server *); for journal_load(). */
int state_take(void *arg, struct cursor *c);

#endif

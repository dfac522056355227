/*
 * Transactions: a private view, the list of what was done in it, and the list
 * of what was looked at. At the end, if none of the latter was changed by
 * others meanwhile, the list is done again on the store's tree; else -EAGAIN.
 */
#ifndef XENSTORED_TRANSACT_H
#define XENSTORED_TRANSACT_H

#include "store.h"

/* Limits of an unprivileged domain. */
#define QUOTA_TX       10
#define QUOTA_TX_SEEN  1024  /* nodes looked at in one transaction */
#define QUOTA_TX_BYTES 65536 /* names and values kept for one transaction */

/* What of a node was looked at. */
enum seen_kind { SEEN_NODE, SEEN_CHILDREN };

struct seen {
	enum seen_kind kind;
	char *path;
};

struct tx {
	struct tx *next;
	uint32_t id;
	bool doomed; /* outlived a restart: will have to be done again */
	struct view view;
	struct node *base; /* the tree when it began */
	struct op *ops;
	size_t op_count;
	struct seen *seen;
	size_t seen_count;
	size_t bytes;
};

struct tx *tx_new(struct store *s, uint32_t id);
void tx_free(struct tx *tx);

/* Note a look at a node, whether or not it exists. -ENOSPC: quota. */
int tx_saw(struct tx *tx, const struct subject *s, enum seen_kind kind, const char *path);

/* Carry an operation out inside the transaction. */
int tx_apply(struct tx *tx, const struct subject *s, const struct op *op);

/* Carry it all out on the store. -EAGAIN, or what an operation answered. */
int tx_commit(struct tx *tx, const struct subject *s, struct changes *ch);

#endif

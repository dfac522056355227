/*
 * The store: the current tree, who owns how many nodes, and the operations on
 * nodes with their permission and quota rules. It knows no connections.
 *
 * Every operation works on a view, a root of its own: either one taken from
 * the store and committed at once, or a transaction's. An operation that fails
 * leaves the view as it was.
 */
#ifndef XENSTORED_STORE_H
#define XENSTORED_STORE_H

#include "node.h"
#include "path.h"

/* Limits of an unprivileged domain. */
#define QUOTA_NODES	 1000
#define QUOTA_NODE_SIZE	 2048
#define QUOTA_NODE_PERMS 5

/* Events that are not nodes, but have permissions like one. */
enum special { SPECIAL_INTRODUCE, SPECIAL_RELEASE, SPECIAL_COUNT };

struct store {
	struct node *root;
	uint64_t gen;	 /* given to every node that is changed */
	uint32_t *owned; /* nodes by owner, DOMID_LIMIT entries */
	struct node *special[SPECIAL_COUNT];
};

enum change_kind {
	CHANGE_MADE,	/* a node made on the way to another: no event */
	CHANGE_SET,	/* made, written, or permissions set */
	CHANGE_REMOVED, /* with all below it */
};

struct change {
	enum change_kind kind;
	char *path;
};

/* What was changed, in order. */
struct changes {
	struct change *list;
	size_t count, room;
};

struct owner_delta {
	uint32_t domid;
	int32_t nodes;
};

struct view {
	struct store *store;
	struct node *root;
	struct owner_delta *delta;
	size_t deltas;
};

enum op_kind { OP_WRITE, OP_MKDIR, OP_RM, OP_SET_PERMS };

/* A modification; the pointers belong to whoever made it. */
struct op {
	enum op_kind kind;
	const char *path;
	const void *value; /* OP_WRITE; OP_SET_PERMS: struct perm */
	size_t len;	   /* bytes; OP_SET_PERMS: entries */
};

void store_init(struct store *s);
void store_free(struct store *s);

/* NULL if there is no such event. */
struct node **store_special(struct store *s, const char *name);

void view_open(struct view *v, struct store *s);
void view_close(struct view *v);

/* Make the view the store's tree. The view stays open. */
void view_commit(struct view *v);

/*
 * The node, if s may access it so (bits PERM_*). -EACCES; -ENOENT only to
 * those who might know of it, by what they may do with the nearest node above.
 */
int view_find(const struct view *v, const struct subject *s, const char *path,
	      unsigned int access, const struct node **out);

/*
 * Carry an operation out and add to ch what it changed. -EACCES, -ENOENT,
 * -EINVAL (removal of the root), -EPERM (change of owner), -ENOSPC (quota).
 */
int view_apply(struct view *v, const struct subject *s, const struct op *op,
	       struct changes *ch);

/*
 * A domain is gone for good: remove what it owns, and forget its rights, so
 * that a later domain of the same id does not inherit them.
 */
void view_forget_domain(struct view *v, uint32_t domid, struct changes *ch);

/*
 * Put a node there without any check, for loading. -EINVAL if there is no
 * node above it.
 */
int view_put(struct view *v, const char *path, const void *value, size_t len,
	     const struct perm *perm, uint32_t perms);
void view_remove(struct view *v, const char *path);

void changes_add(struct changes *ch, enum change_kind kind, const char *path);
void changes_free(struct changes *ch);

#endif

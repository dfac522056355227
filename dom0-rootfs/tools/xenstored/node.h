/*
 * The tree of nodes, as a persistent structure: a root reference is a
 * snapshot. Whoever wants to change a node first makes the way to it its own
 * (tree_own), which copies exactly the nodes that others still see.
 *
 * So a transaction is a root, a watch event can look at the tree before and
 * after, and an operation that fails half-way is undone by dropping its root.
 *
 * Invariant: a node with refs > 1, or below such a node, is never written.
 */
#ifndef XENSTORED_NODE_H
#define XENSTORED_NODE_H

#include <stdint.h>

#include "perms.h"

struct node {
	uint32_t refs;
	uint32_t perms;	   /* entries of perm, at least one */
	uint32_t children; /* entries of child, sorted by name */
	uint32_t len;	   /* bytes of value */
	uint64_t gen;	   /* generation of the last change of value or perm */
	uint64_t list_gen; /* ... of the list of children */
	struct perm *perm;
	char *value;
	struct node **child;
	char name[];
};

/* A node with one reference; perm is copied. */
struct node *node_new(const char *name, size_t name_len, const struct perm *perm,
		      uint32_t perms);
struct node *node_get(struct node *n);
void node_put(struct node *n);

/* On nodes that are one's own only. */
void node_set_value(struct node *n, const void *value, size_t len);
void node_set_perms(struct node *n, const struct perm *perm, uint32_t perms);
void node_add_child(struct node *n, struct node *child); /* takes over the ref */
void node_remove_child(struct node *n, const char *name, size_t len);

/* NULL if there is none. */
struct node *node_child(const struct node *n, const char *name, size_t len);
struct node *tree_find(struct node *root, const char *path);

/* The node with that path, or the nearest one above it that exists. */
struct node *tree_find_nearest(struct node *root, const char *path);

/* Make the child of a node of one's own one's own too; NULL: there is none. */
struct node *node_own_child(struct node *n, const char *name, size_t len);

/* Make the way to an existing node *root's own and return that node. */
struct node *tree_own(struct node **root, const char *path);

/* Call fn for n and all below it. */
void tree_walk(const struct node *n, void (*fn)(const struct node *n, void *arg),
	       void *arg);

#endif

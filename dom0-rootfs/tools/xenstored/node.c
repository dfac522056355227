/*
 * The tree of nodes: see node.h.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "node.h"
#include "path.h"

struct node *node_new(const char *name, size_t name_len, const struct perm *perm,
		      uint32_t perms)
{
	struct node *n = mem_alloc(sizeof(*n) + name_len + 1);

	n->refs = 1;
	memcpy(n->name, name, name_len);
	node_set_perms(n, perm, perms);
	return n;
}

struct node *node_get(struct node *n)
{
	n->refs++;
	return n;
}

void node_put(struct node *n)
{
	if (!n || --n->refs)
		return;
	for (uint32_t i = 0; i < n->children; i++)
		node_put(n->child[i]);
	free(n->child);
	free(n->perm);
	free(n->value);
	free(n);
}

/* A copy that shares the children. */
static struct node *node_copy(const struct node *n)
{
	struct node *c = node_new(n->name, strlen(n->name), n->perm, n->perms);

	c->gen = n->gen;
	c->list_gen = n->list_gen;
	node_set_value(c, n->value, n->len);
	c->children = n->children;
	c->child = mem_dup(n->child, n->children * sizeof(*n->child));
	for (uint32_t i = 0; i < c->children; i++)
		node_get(c->child[i]);
	return c;
}

void node_set_value(struct node *n, const void *value, size_t len)
{
	char *copy = mem_dup(value, len);

	free(n->value);
	n->value = copy;
	n->len = (uint32_t)len;
}

void node_set_perms(struct node *n, const struct perm *perm, uint32_t perms)
{
	struct perm *copy = mem_dup(perm, perms * sizeof(*perm));

	free(n->perm);
	n->perm = copy;
	n->perms = perms;
}

static int name_compare(const char *a, size_t len, const char *b)
{
	int diff = strncmp(a, b, len);

	return diff || !b[len] ? diff : -1;
}

/* Index of the child, or, with *found false, where it belongs. */
static uint32_t child_index(const struct node *n, const char *name, size_t len,
			    bool *found)
{
	uint32_t low = 0, high = n->children;

	*found = false;
	while (low < high && !*found) {
		uint32_t mid = low + (high - low) / 2;
		int diff = name_compare(name, len, n->child[mid]->name);

		if (diff == 0) {
			*found = true;
			low = mid;
		} else if (diff < 0) {
			high = mid;
		} else {
			low = mid + 1;
		}
	}
	return low;
}

void node_add_child(struct node *n, struct node *child)
{
	bool found;
	uint32_t at = child_index(n, child->name, strlen(child->name), &found);

	assert(!found);
	n->child = mem_resize(n->child, (n->children + 1) * sizeof(*n->child));
	memmove(n->child + at + 1, n->child + at, (n->children - at) * sizeof(*n->child));
	n->child[at] = child;
	n->children++;
}

void node_remove_child(struct node *n, const char *name, size_t len)
{
	bool found;
	uint32_t at = child_index(n, name, len, &found);

	assert(found);
	node_put(n->child[at]);
	n->children--;
	memmove(n->child + at, n->child + at + 1, (n->children - at) * sizeof(*n->child));
}

struct node *node_child(const struct node *n, const char *name, size_t len)
{
	bool found;
	uint32_t at = child_index(n, name, len, &found);

	return found ? n->child[at] : NULL;
}

/* Copy the node in the slot if others see it too. */
static struct node *own_slot(struct node **slot)
{
	struct node *copy;

	if ((*slot)->refs == 1)
		return *slot;
	copy = node_copy(*slot);
	node_put(*slot);
	return *slot = copy;
}

struct node *node_own_child(struct node *n, const char *name, size_t len)
{
	bool found;
	uint32_t at = child_index(n, name, len, &found);

	return found ? own_slot(&n->child[at]) : NULL;
}

static struct node *find(struct node *root, const char *path, bool nearest)
{
	struct node *n = root, *child;
	const char *name;
	size_t len;

	while (path_next(&path, &name, &len)) {
		child = node_child(n, name, len);
		if (!child)
			return nearest ? n : NULL;
		n = child;
	}
	return n;
}

struct node *tree_find(struct node *root, const char *path)
{
	return find(root, path, false);
}

struct node *tree_find_nearest(struct node *root, const char *path)
{
	return find(root, path, true);
}

struct node *tree_own(struct node **root, const char *path)
{
	struct node *n = own_slot(root);
	const char *name;
	size_t len;

	while (path_next(&path, &name, &len)) {
		n = node_own_child(n, name, len);
		assert(n);
	}
	return n;
}

void tree_walk(const struct node *n, void (*fn)(const struct node *n, void *arg),
	       void *arg)
{
	fn(n, arg);
	for (uint32_t i = 0; i < n->children; i++)
		tree_walk(n->child[i], fn, arg);
}

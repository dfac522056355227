/*
 * Watches: see watch.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "conn.h"

static struct watch **find(struct conn *c, const char *path, const char *token)
{
	struct watch **at;

	for (at = &c->watches; *at; at = &(*at)->next)
		if (!strcmp((*at)->path, path) && !strcmp((*at)->token, token))
			break;
	return at;
}

int watch_add(struct conn *c, const char *path, size_t base, uint32_t depth,
	      const char *token, struct watch **out)
{
	struct watch **end = find(c, path, token), *w;

	if (*end)
		return -EEXIST;
	w = mem_alloc(sizeof(*w));
	w->path = mem_strdup(path);
	w->token = mem_strdup(token);
	w->base = base;
	w->depth = depth;
	*end = w;
	c->watch_count++;
	if (out)
		*out = w;
	return 0;
}

static void unlink_watch(struct conn *c, struct watch **at)
{
	struct watch *w = *at;

	*at = w->next;
	c->watch_count--;
	free(w->path);
	free(w->token);
	free(w);
}

int watch_remove(struct conn *c, const char *path, const char *token)
{
	struct watch **at = find(c, path, token);

	if (!*at)
		return -ENOENT;
	unlink_watch(c, at);
	return 0;
}

void watch_remove_all(struct conn *c)
{
	while (c->watches)
		unlink_watch(c, &c->watches);
}

static bool readable(const struct conn *c, const struct node *n)
{
	return n && (perms_access(n->perm, n->perms, &c->who) & PERM_READ);
}

/*
 * May the client hear of a change of path? Yes if it may, or might before the
 * change, read the node or the one above it.
 */
static bool permitted(const struct conn *c, struct node *before, const char *path)
{
	struct node *roots[2] = {before, c->srv->store.root};
	char parent[PATH_SIZE];

	if (subject_privileged(&c->who))
		return true;
	path_parent(parent, path);
	for (int i = 0; i < 2; i++)
		if (readable(c, tree_find(roots[i], path)) ||
		    readable(c, tree_find(roots[i], parent)))
			return true;
	return false;
}

/* One change, one watch. */
static void fire(struct conn *c, struct watch *w, struct node *before,
		 const struct change *ch)
{
	const char *path = ch->path;

	if (path_covers(w->path, path)) {
		if (w->depth != WATCH_ALL_DEPTHS && path_depth(w->path, path) > w->depth)
			return;
	} else {
		/* What is watched went away with something above it. */
		if (ch->kind != CHANGE_REMOVED || !path_covers(path, w->path) ||
		    !tree_find(before, w->path))
			return;
		path = w->path;
	}
	if (permitted(c, before, path))
		conn_event(c, w, path);
}

void watch_fire(struct server *srv, struct node *before, const struct changes *ch)
{
	for (size_t i = 0; i < ch->count; i++) {
		if (ch->list[i].kind == CHANGE_MADE)
			continue;
		for (struct conn *c = srv->conns; c; c = c->next)
			for (struct watch *w = c->watches; w; w = w->next)
				fire(c, w, before, &ch->list[i]);
	}
}

void watch_fire_special(struct server *srv, const char *name)
{
	const struct node *n = *store_special(&srv->store, name);

	for (struct conn *c = srv->conns; c; c = c->next) {
		if (!readable(c, n))
			continue;
		for (struct watch *w = c->watches; w; w = w->next)
			if (!strcmp(w->path, name))
				conn_event(c, w, name);
	}
}

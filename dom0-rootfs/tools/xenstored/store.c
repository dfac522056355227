/*
 * The store: see store.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store.h"

static const char *const special_names[SPECIAL_COUNT] = {
	[SPECIAL_INTRODUCE] = "@introduceDomain",
	[SPECIAL_RELEASE] = "@releaseDomain",
};

static const struct perm nobody = {.domid = 0, .access = 0};

void store_init(struct store *s)
{
	*s = (struct store){0};
	s->owned = mem_alloc(DOMID_LIMIT * sizeof(*s->owned));
	s->root = node_new("", 0, &nobody, 1);
	s->owned[0] = 1;
	for (int i = 0; i < SPECIAL_COUNT; i++)
		s->special[i] =
			node_new(special_names[i], strlen(special_names[i]), &nobody, 1);
}

void store_free(struct store *s)
{
	node_put(s->root);
	for (int i = 0; i < SPECIAL_COUNT; i++)
		node_put(s->special[i]);
	free(s->owned);
}

struct node **store_special(struct store *s, const char *name)
{
	for (int i = 0; i < SPECIAL_COUNT; i++)
		if (!strcmp(name, special_names[i]))
			return &s->special[i];
	return NULL;
}

void view_open(struct view *v, struct store *s)
{
	*v = (struct view){.store = s, .root = node_get(s->root)};
}

void view_close(struct view *v)
{
	node_put(v->root);
	free(v->delta);
	*v = (struct view){0};
}

void view_commit(struct view *v)
{
	struct store *s = v->store;

	node_put(s->root);
	s->root = node_get(v->root);
	for (size_t i = 0; i < v->deltas; i++)
		s->owned[v->delta[i].domid] += (uint32_t)v->delta[i].nodes;
	v->deltas = 0;
}

static int32_t *view_delta(struct view *v, uint32_t domid)
{
	for (size_t i = 0; i < v->deltas; i++)
		if (v->delta[i].domid == domid)
			return &v->delta[i].nodes;
	v->delta = mem_resize(v->delta, (v->deltas + 1) * sizeof(*v->delta));
	v->delta[v->deltas] = (struct owner_delta){.domid = domid};
	return &v->delta[v->deltas++].nodes;
}

void changes_add(struct changes *ch, enum change_kind kind, const char *path)
{
	/* Once is enough, unless it was removed in between. */
	for (size_t i = ch->count; i-- > 0;) {
		const struct change *c = &ch->list[i];

		if (c->kind == CHANGE_REMOVED)
			break;
		if (c->kind == kind && !strcmp(c->path, path))
			return;
	}
	if (ch->count == ch->room) {
		ch->room = ch->room ? ch->room * 2 : 4;
		ch->list = mem_resize(ch->list, ch->room * sizeof(*ch->list));
	}
	ch->list[ch->count++] = (struct change){kind, mem_strdup(path)};
}

void changes_free(struct changes *ch)
{
	for (size_t i = 0; i < ch->count; i++)
		free(ch->list[i].path);
	free(ch->list);
	*ch = (struct changes){0};
}

int view_find(const struct view *v, const struct subject *s, const char *path,
	      unsigned int access, const struct node **out)
{
	const struct node *n = tree_find(v->root, path);
	bool exists = n;

	if (!exists)
		n = tree_find_nearest(v->root, path);
	if ((perms_access(n->perm, n->perms, s) & access) != access)
		return -EACCES;
	if (!exists)
		return -ENOENT;
	if (out)
		*out = n;
	return 0;
}

/* How many nodes a path still lacks. */
static unsigned int missing_nodes(const struct view *v, const char *path)
{
	const struct node *n = v->root;
	const char *name;
	unsigned int missing = 0;
	size_t len;

	while (path_next(&path, &name, &len)) {
		n = n ? node_child(n, name, len) : NULL;
		missing += !n;
	}
	return missing;
}

/* Make the node `name` below n, which is the view's own. */
static struct node *make_child(struct view *v, const struct subject *s, struct node *n,
			       const char *name, size_t len)
{
	struct node *child = node_new(name, len, n->perm, n->perms);

	/* Rights are inherited, but what a guest makes, it owns. */
	if (!subject_privileged(s))
		child->perm[0].domid = (uint16_t)s->domid;
	child->gen = child->list_gen = n->list_gen = ++v->store->gen;
	node_add_child(n, child);
	++*view_delta(v, child->perm[0].domid);
	return child;
}

/* Make a node that is not there, and those it lacks above it. */
static int make_path(struct view *v, const struct subject *s, const char *path,
		     struct changes *ch, struct node **out)
{
	char part[PATH_SIZE];
	const char *at = path, *name;
	struct node *n, *child;
	size_t len;

	if (!subject_privileged(s)) {
		int64_t owned =
			(int64_t)v->store->owned[s->domid] + *view_delta(v, s->domid);

		if (owned + missing_nodes(v, path) > QUOTA_NODES)
			return -ENOSPC;
	}
	n = tree_own(&v->root, "/");
	while (path_next(&at, &name, &len)) {
		child = node_own_child(n, name, len);
		if (child) {
			n = child;
			continue;
		}
		n = make_child(v, s, n, name, len);
		memcpy(part, path, (size_t)(at - path));
		part[at - path] = 0;
		if (*at)
			changes_add(ch, CHANGE_MADE, part);
	}
	*out = n;
	return 0;
}

static int op_write(struct view *v, const struct subject *s, const struct op *op,
		    struct changes *ch)
{
	struct node *n;
	int err = view_find(v, s, op->path, PERM_WRITE, NULL);

	if (err && err != -ENOENT)
		return err;
	if (op->len > QUOTA_NODE_SIZE && !subject_privileged(s))
		return -ENOSPC;
	if (!err)
		n = tree_own(&v->root, op->path);
	else
		err = make_path(v, s, op->path, ch, &n);
	if (err)
		return err;
	node_set_value(n, op->value, op->len);
	n->gen = ++v->store->gen;
	changes_add(ch, CHANGE_SET, op->path);
	return 0;
}

static int op_mkdir(struct view *v, const struct subject *s, const struct op *op,
		    struct changes *ch)
{
	struct node *n;
	int err = view_find(v, s, op->path, PERM_WRITE, NULL);

	if (err != -ENOENT)
		return err;
	err = make_path(v, s, op->path, ch, &n);
	if (!err)
		changes_add(ch, CHANGE_SET, op->path);
	return err;
}

static void count_out(const struct node *n, void *arg)
{
	--*view_delta(arg, n->perm[0].domid);
}

void view_remove(struct view *v, const char *path)
{
	char parent[PATH_SIZE];
	struct node *n;
	const char *name = strrchr(path, '/') + 1;

	if (!tree_find(v->root, path))
		return;
	tree_walk(tree_find(v->root, path), count_out, v);
	path_parent(parent, path);
	n = tree_own(&v->root, parent);
	n->list_gen = ++v->store->gen;
	node_remove_child(n, name, strlen(name));
}

static int op_rm(struct view *v, const struct subject *s, const struct op *op,
		 struct changes *ch)
{
	char parent[PATH_SIZE];
	int err;

	if (!strcmp(op->path, "/"))
		return -EINVAL;
	err = view_find(v, s, op->path, PERM_WRITE, NULL);
	if (err == -ENOENT) {
		/* What is not there is removed, as long as it could be. */
		path_parent(parent, op->path);
		return tree_find(v->root, parent) ? 0 : -ENOENT;
	}
	if (err)
		return err;
	view_remove(v, op->path);
	changes_add(ch, CHANGE_REMOVED, op->path);
	return 0;
}

static void own_perms(struct view *v, struct node *n, const struct perm *perm,
		      uint32_t perms)
{
	--*view_delta(v, n->perm[0].domid);
	++*view_delta(v, perm[0].domid);
	node_set_perms(n, perm, perms);
	n->gen = ++v->store->gen;
}

static int op_set_perms(struct view *v, const struct subject *s, const struct op *op,
			struct changes *ch)
{
	const struct perm *perm = op->value;
	const struct node *n;
	int err;

	err = view_find(v, s, op->path, PERM_WRITE | PERM_OWNER, &n);
	if (err)
		return err;
	if (!subject_privileged(s)) {
		if (perm[0].domid != n->perm[0].domid)
			return -EPERM;
		if (op->len > QUOTA_NODE_PERMS)
			return -ENOSPC;
	}
	own_perms(v, tree_own(&v->root, op->path), perm, (uint32_t)op->len);
	changes_add(ch, CHANGE_SET, op->path);
	return 0;
}

int view_apply(struct view *v, const struct subject *s, const struct op *op,
	       struct changes *ch)
{
	static int (*const apply[])(struct view *, const struct subject *,
				    const struct op *, struct changes *) = {
		[OP_WRITE] = op_write,
		[OP_MKDIR] = op_mkdir,
		[OP_RM] = op_rm,
		[OP_SET_PERMS] = op_set_perms,
	};

	return apply[op->kind](v, s, op, ch);
}

int view_put(struct view *v, const char *path, const void *value, size_t len,
	     const struct perm *perm, uint32_t perms)
{
	static const struct subject dom0 = {0, NO_TARGET};
	char parent[PATH_SIZE];
	struct node *n;

	if (!tree_find(v->root, path)) {
		const char *name = strrchr(path, '/') + 1;

		path_parent(parent, path);
		if (!tree_find(v->root, parent))
			return -EINVAL;
		n = make_child(v, &dom0, tree_own(&v->root, parent), name, strlen(name));
	} else {
		n = tree_own(&v->root, path);
	}
	node_set_value(n, value, len);
	own_perms(v, n, perm, perms);
	return 0;
}

struct forget {
	struct view *v;
	struct changes *ch;
	uint32_t domid;
	char path[PATH_SIZE];
};

/* Take the domain's entries out of the node's list; its owner is another. */
static void forget_rights(struct forget *f, const struct node *n)
{
	struct perm *perm = mem_dup(n->perm, n->perms * sizeof(*perm));
	uint32_t kept = 1;

	for (uint32_t i = 1; i < n->perms; i++)
		if (perm[i].domid != f->domid)
			perm[kept++] = perm[i];
	if (kept < n->perms) {
		own_perms(f->v, tree_own(&f->v->root, f->path), perm, kept);
		changes_add(f->ch, CHANGE_MADE, f->path);
	}
	free(perm);
}

/* n is of the tree as it was, which the caller holds on to. */
static void forget_below(struct forget *f, const struct node *n)
{
	size_t len = strlen(f->path);

	if (n->perm[0].domid == f->domid && len > 1) {
		view_remove(f->v, f->path);
		changes_add(f->ch, CHANGE_REMOVED, f->path);
		return;
	}
	forget_rights(f, n);
	if (len == 1)
		len = 0;
	for (uint32_t i = 0; i < n->children; i++) {
		f->path[len] = '/';
		strcpy(f->path + len + 1, n->child[i]->name);
		forget_below(f, n->child[i]);
	}
	strcpy(f->path + len, len ? "" : "/");
}

void view_forget_domain(struct view *v, uint32_t domid, struct changes *ch)
{
	struct forget f = {.v = v, .ch = ch, .domid = domid, .path = "/"};
	struct node *before = node_get(v->root);

	forget_below(&f, before);
	node_put(before);
}

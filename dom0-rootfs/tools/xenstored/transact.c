/*
 * Transactions: see transact.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "transact.h"

struct tx *tx_new(struct store *s, uint32_t id)
{
	struct tx *tx = mem_alloc(sizeof(*tx));

	tx->id = id;
	view_open(&tx->view, s);
	tx->base = node_get(s->root);
	return tx;
}

void tx_free(struct tx *tx)
{
	view_close(&tx->view);
	node_put(tx->base);
	for (size_t i = 0; i < tx->op_count; i++) {
		free((void *)(uintptr_t)tx->ops[i].path);
		free((void *)(uintptr_t)tx->ops[i].value);
	}
	for (size_t i = 0; i < tx->seen_count; i++)
		free(tx->seen[i].path);
	free(tx->ops);
	free(tx->seen);
	free(tx);
}

static bool over_quota(const struct tx *tx, const struct subject *s, size_t more)
{
	return !subject_privileged(s) &&
	       (tx->bytes + more > QUOTA_TX_BYTES || tx->seen_count >= QUOTA_TX_SEEN);
}

int tx_saw(struct tx *tx, const struct subject *s, enum seen_kind kind, const char *path)
{
	for (size_t i = 0; i < tx->seen_count; i++)
		if (tx->seen[i].kind == kind && !strcmp(tx->seen[i].path, path))
			return 0;
	if (over_quota(tx, s, strlen(path)))
		return -ENOSPC;
	tx->bytes += strlen(path);
	tx->seen = mem_resize(tx->seen, (tx->seen_count + 1) * sizeof(*tx->seen));
	tx->seen[tx->seen_count++] = (struct seen){kind, mem_strdup(path)};
	return 0;
}

static size_t op_bytes(const struct op *op)
{
	return op->kind == OP_SET_PERMS ? op->len * sizeof(struct perm) : op->len;
}

static void keep_op(struct tx *tx, const struct op *op)
{
	tx->ops = mem_resize(tx->ops, (tx->op_count + 1) * sizeof(*tx->ops));
	tx->ops[tx->op_count++] = (struct op){
		.kind = op->kind,
		.path = mem_strdup(op->path),
		.value = mem_dup(op->value, op_bytes(op)),
		.len = op->len,
	};
	tx->bytes += strlen(op->path) + op_bytes(op) + sizeof(*op);
}

int tx_apply(struct tx *tx, const struct subject *s, const struct op *op)
{
	struct changes unused = {0};
	int err;

	if (over_quota(tx, s, strlen(op->path) + op_bytes(op) + sizeof(*op)))
		return -ENOSPC;
	err = tx_saw(tx, s, SEEN_NODE, op->path);
	if (err)
		return err;
	err = view_apply(&tx->view, s, op, &unused);
	changes_free(&unused);
	if (!err)
		keep_op(tx, op);
	return err;
}

static uint64_t generation(struct node *root, const struct seen *seen)
{
	const struct node *n = tree_find(root, seen->path);

	if (!n)
		return 0;
	return seen->kind == SEEN_NODE ? n->gen : n->list_gen;
}

static bool in_conflict(const struct tx *tx)
{
	struct node *now = tx->view.store->root;

	if (tx->doomed)
		return true;
	for (size_t i = 0; i < tx->seen_count; i++)
		if (generation(tx->base, &tx->seen[i]) != generation(now, &tx->seen[i]))
			return true;
	return false;
}

int tx_commit(struct tx *tx, const struct subject *s, struct changes *ch)
{
	struct view v;
	int err = 0;

	if (in_conflict(tx))
		return -EAGAIN;
	view_open(&v, tx->view.store);
	for (size_t i = 0; i < tx->op_count && !err; i++)
		err = view_apply(&v, s, &tx->ops[i], ch);
	if (!err)
		view_commit(&v);
	view_close(&v);
	return err;
}

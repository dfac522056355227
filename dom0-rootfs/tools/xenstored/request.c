/*
 * The operations of the protocol: one handler each, in one table. A handler
 * parses the payload, does its work, and leaves its answer in rq->answer (none
 * means "OK"); or it returns -errno, which is answered by name.
 *
 * The answer goes out before the events that the request causes.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control.h"
#include "domain.h"
#include "state.h"

struct request {
	struct server *srv;
	struct conn *conn;
	const struct subject *who;
	const char *at, *end; /* payload not yet parsed */
	uint32_t tx_id;
	struct tx *tx; /* NULL: outside any */
	struct buf answer;
	struct node *before; /* tree before changes, or NULL */
	struct changes changes;
	struct watch *added; /* a watch to be fired at once */
};

#define NEEDS_DOM0 1u /* else -EACCES */
#define IN_TX	   2u /* works inside a transaction; else tx_id is ignored */

/* The next string of the payload; NULL if there is none that ends. */
static const char *next_string(struct request *rq)
{
	const char *s = rq->at;
	const char *nul = memchr(s, 0, (size_t)(rq->end - s));

	if (!nul)
		return NULL;
	rq->at = nul + 1;
	return s;
}

static bool at_end(const struct request *rq)
{
	return rq->at == rq->end;
}

static int next_path(struct request *rq, char path[PATH_SIZE])
{
	const char *name = next_string(rq);

	return name ? path_complete(path, name, rq->who->domid) : -EINVAL;
}

static int next_domid(struct request *rq, uint32_t *domid)
{
	const char *s = next_string(rq);

	return s ? domid_parse(s, domid) : -EINVAL;
}

/* The payload is one path. */
static int only_path(struct request *rq, char path[PATH_SIZE])
{
	int err = next_path(rq, path);

	return err ? err : at_end(rq) ? 0 : -EINVAL;
}

/* The payload is one domain id. */
static int only_domid(struct request *rq, uint32_t *domid)
{
	int err = next_domid(rq, domid);

	return err ? err : at_end(rq) ? 0 : -EINVAL;
}

static int look_at(struct request *rq, enum seen_kind kind, const char *path,
		   const struct node **out)
{
	struct store *s = &rq->srv->store;
	struct view now = {.store = s, .root = s->root};
	int err;

	if (!rq->tx)
		return view_find(&now, rq->who, path, PERM_READ, out);
	err = tx_saw(rq->tx, rq->who, kind, path);
	if (err)
		return err;
	return view_find(&rq->tx->view, rq->who, path, PERM_READ, out);
}

static int do_read(struct request *rq)
{
	char path[PATH_SIZE];
	const struct node *n;
	int err = only_path(rq, path);

	if (!err)
		err = look_at(rq, SEEN_NODE, path, &n);
	if (err)
		return err;
	buf_add(&rq->answer, n->value, n->len);
	/* Room, so that an empty value is not taken for no answer. */
	buf_add(&rq->answer, "", 1);
	rq->answer.len--;
	return 0;
}

static void child_names(struct buf *out, const struct node *n)
{
	buf_add(out, "", 1);
	out->len = 0;
	for (uint32_t i = 0; i < n->children; i++)
		buf_add_str(out, n->child[i]->name);
}

static int do_directory(struct request *rq)
{
	char path[PATH_SIZE];
	const struct node *n;
	int err = only_path(rq, path);

	if (!err)
		err = look_at(rq, SEEN_CHILDREN, path, &n);
	if (err)
		return err;
	child_names(&rq->answer, n);
	return 0;
}

/* As many whole names from offset on as fit; an empty name ends the list. */
static void add_part(struct buf *answer, const struct buf *names, uint64_t offset)
{
	size_t room = XENSTORE_PAYLOAD_MAX - answer->len - 1;
	const char *at, *end = names->data + names->len;

	if (offset >= names->len) {
		buf_add(answer, "", 1);
		return;
	}
	at = names->data + offset;
	while (at < end && strlen(at) + 1 <= room) {
		room -= strlen(at) + 1;
		buf_add_str(answer, at);
		at += strlen(at) + 1;
	}
	if (at == end)
		buf_add(answer, "", 1);
}

static int do_directory_part(struct request *rq)
{
	char path[PATH_SIZE];
	const struct node *n;
	const char *offset;
	struct buf names = {0};
	int err = next_path(rq, path);

	offset = err ? NULL : next_string(rq);
	if (!offset || !at_end(rq))
		return -EINVAL;
	err = look_at(rq, SEEN_CHILDREN, path, &n);
	if (err)
		return err;
	child_names(&names, n);
	buf_add_text(&rq->answer, "%" PRIu64, n->list_gen);
	buf_add(&rq->answer, "", 1);
	add_part(&rq->answer, &names, strtoull(offset, NULL, 10));
	buf_free(&names);
	return 0;
}

static int do_get_perms(struct request *rq)
{
	char path[PATH_SIZE];
	const struct node *n;
	struct node **special = store_special(&rq->srv->store, rq->at);
	int err = 0;

	if (special) {
		n = *special;
	} else {
		err = only_path(rq, path);
		if (!err)
			err = look_at(rq, SEEN_NODE, path, &n);
	}
	if (!err)
		perms_format(&rq->answer, n->perm, n->perms);
	return err;
}

/* A modification, in the transaction or at once. */
static int modify(struct request *rq, const struct op *op)
{
	struct store *s = &rq->srv->store;
	struct view v;
	int err;

	if (rq->tx)
		return tx_apply(rq->tx, rq->who, op);
	view_open(&v, s);
	err = view_apply(&v, rq->who, op, &rq->changes);
	if (!err) {
		rq->before = node_get(s->root);
		view_commit(&v);
	}
	view_close(&v);
	return err;
}

static int do_write(struct request *rq)
{
	char path[PATH_SIZE];
	struct op op = {.kind = OP_WRITE, .path = path};
	int err = next_path(rq, path);

	if (err)
		return err;
	op.value = rq->at;
	op.len = (size_t)(rq->end - rq->at);
	return modify(rq, &op);
}

static int modify_only_path(struct request *rq, enum op_kind kind)
{
	char path[PATH_SIZE];
	struct op op = {.kind = kind, .path = path};
	int err = only_path(rq, path);

	return err ? err : modify(rq, &op);
}

static int do_mkdir(struct request *rq)
{
	return modify_only_path(rq, OP_MKDIR);
}

static int do_rm(struct request *rq)
{
	return modify_only_path(rq, OP_RM);
}

static int set_special_perms(struct request *rq, struct node *n, const struct perm *perm,
			     unsigned int count)
{
	if (!subject_privileged(rq->who))
		return -EACCES;
	node_set_perms(n, perm, count);
	state_special(&rq->srv->journal.pending, n);
	return 0;
}

static int do_set_perms(struct request *rq)
{
	struct node **special;
	char path[PATH_SIZE];
	const char *name = next_string(rq);
	struct perm *perm;
	unsigned int count;
	int err;

	if (!name)
		return -EINVAL;
	special = store_special(&rq->srv->store, name);
	if (!special) {
		err = path_complete(path, name, rq->who->domid);
		if (err)
			return err;
	}
	err = perms_parse(rq->at, (size_t)(rq->end - rq->at), &perm, &count);
	if (err)
		return err;
	if (special)
		err = set_special_perms(rq, *special, perm, count);
	else
		err = modify(rq, &(struct op){OP_SET_PERMS, path, perm, count});
	free(perm);
	return err;
}

/* What is watched: a path or a special name, and how much events leave out. */
static int watch_path(struct request *rq, char path[PATH_SIZE], size_t *base)
{
	const char *name = next_string(rq);
	int err;

	*base = 0;
	if (!name)
		return -EINVAL;
	if (path_special(name)) {
		if (strlen(name) > XENSTORE_REL_PATH_MAX)
			return -EINVAL;
		strcpy(path, name);
		return 0;
	}
	err = path_complete(path, name, rq->who->domid);
	if (!err)
		*base = strlen(path) - strlen(name);
	return err;
}

static int watch_depth(struct request *rq, uint32_t *depth)
{
	const char *s;
	char *end;
	unsigned long v;

	*depth = WATCH_ALL_DEPTHS;
	if (at_end(rq))
		return 0;
	s = next_string(rq);
	if (!s || !at_end(rq))
		return -EINVAL;
	v = strtoul(s, &end, 10);
	/* Older clients may send a reserved, empty string. */
	if (end == s)
		return *s ? -EINVAL : 0;
	if (*end || v > XENSTORE_ABS_PATH_MAX)
		return -EINVAL;
	*depth = (uint32_t)v;
	return 0;
}

static int do_watch(struct request *rq)
{
	struct conn *c = rq->conn;
	char path[PATH_SIZE];
	const char *token;
	uint32_t depth;
	size_t base;
	int err = watch_path(rq, path, &base);

	token = err ? NULL : next_string(rq);
	if (!token || watch_depth(rq, &depth))
		return -EINVAL;
	if (strlen(token) > WATCH_TOKEN_MAX)
		return -E2BIG;
	if (!subject_privileged(rq->who) && c->watch_count >= QUOTA_WATCHES)
		return -E2BIG;
	err = watch_add(c, path, base, depth, token, &rq->added);
	if (!err && c->domain)
		state_watch(&rq->srv->journal.pending, c->domain->domid, rq->added);
	return err;
}

static int do_unwatch(struct request *rq)
{
	struct conn *c = rq->conn;
	char path[PATH_SIZE];
	const char *token;
	size_t base;
	int err = watch_path(rq, path, &base);

	token = err ? NULL : next_string(rq);
	if (!token)
		return -EINVAL;
	err = watch_remove(c, path, token);
	if (!err && c->domain)
		state_unwatch(&rq->srv->journal.pending, c->domain->domid, path, token);
	return err;
}

static int do_reset_watches(struct request *rq)
{
	struct conn *c = rq->conn;

	watch_remove_all(c);
	while (c->txs)
		conn_drop_tx(c, c->txs->id);
	if (c->domain)
		state_forget(&rq->srv->journal.pending, c->domain->domid);
	return 0;
}

static void note_tx(struct request *rq, uint32_t id, bool open)
{
	if (rq->conn->domain)
		state_tx(&rq->srv->journal.pending, rq->conn->domain->domid, id, open);
}

static int do_transaction_start(struct request *rq)
{
	struct conn *c = rq->conn;
	uint32_t id = c->last_tx;

	if (rq->tx_id)
		return -EBUSY;
	if (!subject_privileged(rq->who) && c->tx_count >= QUOTA_TX)
		return -ENOSPC;
	do {
		id++;
	} while (!id || conn_find_tx(c, id));
	conn_add_tx(c, id);
	note_tx(rq, id, true);
	buf_add_text(&rq->answer, "%u", id);
	buf_add(&rq->answer, "", 1);
	return 0;
}

static int do_transaction_end(struct request *rq)
{
	const char *how = next_string(rq);
	int err = 0;

	if (!how || !at_end(rq) || (strcmp(how, "T") && strcmp(how, "F")))
		return -EINVAL;
	if (!rq->tx)
		return -ENOENT;
	if (*how == 'T') {
		rq->before = node_get(rq->srv->store.root);
		err = tx_commit(rq->tx, rq->who, &rq->changes);
	}
	note_tx(rq, rq->tx->id, false);
	conn_drop_tx(rq->conn, rq->tx->id);
	rq->tx = NULL;
	return err;
}

static int do_introduce(struct request *rq)
{
	const char *gfn, *port;
	uint32_t domid;
	unsigned long evtchn;
	int err = next_domid(rq, &domid);

	gfn = err ? NULL : next_string(rq);
	port = gfn ? next_string(rq) : NULL;
	if (!port || domid == 0 || domid >= 0x7ff0)
		return -EINVAL;
	evtchn = strtoul(port, NULL, 10);
	if (!evtchn || evtchn > INT32_MAX)
		return -EINVAL;
	err = domain_introduce(rq->srv, domid, strtoull(gfn, NULL, 10), (uint32_t)evtchn);
	/* Why the hypervisor refused has no name in this protocol. */
	return err ? -EINVAL : 0;
}

/* A domain that was introduced, and is not dom0. */
static int other_domain(struct request *rq, struct domain **d)
{
	uint32_t domid;
	int err = only_domid(rq, &domid);

	if (err || domid == 0)
		return -EINVAL;
	*d = domain_find(rq->srv, domid);
	return *d ? 0 : -ENOENT;
}

static int do_release(struct request *rq)
{
	struct domain *d;
	int err = other_domain(rq, &d);

	if (!err)
		domain_release(d);
	return err;
}

static int do_resume(struct request *rq)
{
	struct domain *d;
	int err = other_domain(rq, &d);

	if (err)
		return err;
	d->shutdown = false;
	state_domain_attr(&rq->srv->journal.pending, d);
	return 0;
}

static int do_set_target(struct request *rq)
{
	struct domain *d;
	uint32_t domid, target;
	int err = next_domid(rq, &domid);

	if (!err)
		err = only_domid(rq, &target);
	if (err || domid == 0 || target == 0)
		return -EINVAL;
	d = domain_find(rq->srv, domid);
	if (!d || !domain_find(rq->srv, target))
		return -ENOENT;
	d->conn->who.target = target;
	state_domain_attr(&rq->srv->journal.pending, d);
	return 0;
}

static int do_is_introduced(struct request *rq)
{
	uint32_t domid;
	int err = only_domid(rq, &domid);

	if (err)
		return err;
	buf_add_str(&rq->answer, domid == 0 || domain_find(rq->srv, domid) ? "T" : "F");
	return 0;
}

static int do_get_domain_path(struct request *rq)
{
	uint32_t domid;
	int err = only_domid(rq, &domid);

	if (err)
		return err;
	buf_add_text(&rq->answer, PATH_HOME, domid);
	buf_add(&rq->answer, "", 1);
	return 0;
}

static int do_control(struct request *rq)
{
	const char *command = next_string(rq);

	if (!command)
		return -EINVAL;
	return control_run(rq->srv, command, next_string(rq), &rq->answer);
}

static const struct operation {
	int (*run)(struct request *rq);
	unsigned int flags;
} operations[XS_TYPE_COUNT] = {
	[XS_CONTROL] = {do_control, NEEDS_DOM0},
	[XS_DIRECTORY] = {do_directory, IN_TX},
	[XS_READ] = {do_read, IN_TX},
	[XS_GET_PERMS] = {do_get_perms, IN_TX},
	[XS_WATCH] = {do_watch, 0},
	[XS_UNWATCH] = {do_unwatch, 0},
	[XS_TRANSACTION_START] = {do_transaction_start, 0},
	[XS_TRANSACTION_END] = {do_transaction_end, IN_TX},
	[XS_INTRODUCE] = {do_introduce, NEEDS_DOM0},
	[XS_RELEASE] = {do_release, NEEDS_DOM0},
	[XS_GET_DOMAIN_PATH] = {do_get_domain_path, 0},
	[XS_WRITE] = {do_write, IN_TX},
	[XS_MKDIR] = {do_mkdir, IN_TX},
	[XS_RM] = {do_rm, IN_TX},
	[XS_SET_PERMS] = {do_set_perms, IN_TX},
	[XS_IS_DOMAIN_INTRODUCED] = {do_is_introduced, 0},
	[XS_RESUME] = {do_resume, NEEDS_DOM0},
	[XS_SET_TARGET] = {do_set_target, NEEDS_DOM0},
	[XS_RESET_WATCHES] = {do_reset_watches, 0},
	[XS_DIRECTORY_PART] = {do_directory_part, IN_TX},
};

static int run(struct request *rq, uint32_t type)
{
	const struct operation *op;

	if (type >= XS_TYPE_COUNT || !operations[type].run)
		return -ENOSYS;
	op = &operations[type];
	if ((op->flags & NEEDS_DOM0) && !subject_privileged(rq->who))
		return -EACCES;
	if ((op->flags & IN_TX) && rq->tx_id) {
		rq->tx = conn_find_tx(rq->conn, rq->tx_id);
		if (!rq->tx)
			return -ENOENT;
	}
	return op->run(rq);
}

static const char *error_name(int err)
{
	for (size_t i = 0; i < sizeof(xsd_errors) / sizeof(*xsd_errors); i++)
		if (xsd_errors[i].errnum == -err)
			return xsd_errors[i].errstring;
	return "EINVAL";
}

static void answer(struct request *rq, struct xsd_sockmsg hdr, int err)
{
	if (!err && rq->answer.len > XENSTORE_PAYLOAD_MAX)
		err = -E2BIG;
	if (err) {
		hdr.type = XS_ERROR;
		rq->answer.len = 0;
		buf_add_str(&rq->answer, error_name(err));
	} else if (!rq->answer.data) {
		buf_add_str(&rq->answer, "OK");
	}
	hdr.len = (uint32_t)rq->answer.len;
	conn_send(rq->conn, &hdr, rq->answer.data);
}

void conn_request(struct conn *c, const struct xsd_sockmsg *hdr, const char *data)
{
	struct request rq = {
		.srv = c->srv,
		.conn = c,
		.who = &c->who,
		.at = data,
		.end = data + hdr->len,
		.tx_id = hdr->tx_id,
	};
	int err = run(&rq, hdr->type);

	answer(&rq, *hdr, err);
	buf_free(&rq.answer);
	if (rq.added)
		conn_event(c, rq.added, rq.added->path);
	if (!err && rq.before) {
		server_changed(c->srv, rq.before, &rq.changes);
		return;
	}
	changes_free(&rq.changes);
	node_put(rq.before);
}

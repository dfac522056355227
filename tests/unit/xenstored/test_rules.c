/*
 * Who may do what: permissions, quotas, transactions and watches.
 */
#include "harness.h"

static struct world w;
static struct client dom0, one, two;

static int setup(void **state)
{
	(void)state;
	world_open(&w);
	client_ring(&one, &w, 1);
	client_ring(&two, &w, 2);
	client_socket(&dom0, &w);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	client_close(&dom0);
	world_close(&w);
	return 0;
}

static void set_perms(const char *path, const char *first, const char *second)
{
	assert_int_equal(ask_write(&dom0, 0, path, "v"), 0);
	assert_int_equal(ask_strings(&dom0, XS_SET_PERMS, 0, path, first, second, NULL),
			 0);
}

/* --- permissions ---------------------------------------------------------- */

static void matrix(void **state)
{
	static const struct {
		const char *owner, *entry;
		int read, write, owns;
	} row[] = {
		/* Domain 1 is nobody, everybody else, named, or the owner. */
		{"n0", NULL, -EACCES, -EACCES, -EACCES},
		{"r0", NULL, 0, -EACCES, -EACCES},
		{"w0", NULL, -EACCES, 0, -EACCES},
		{"b0", NULL, 0, 0, -EACCES},
		{"n0", "n1", -EACCES, -EACCES, -EACCES},
		{"n0", "r1", 0, -EACCES, -EACCES},
		{"n0", "w1", -EACCES, 0, -EACCES},
		{"n0", "b1", 0, 0, -EACCES},
		{"b0", "n1", -EACCES, -EACCES, -EACCES},
		{"n0", "b2", -EACCES, -EACCES, -EACCES},
		{"n1", NULL, 0, 0, 0},
		{"n2", NULL, -EACCES, -EACCES, -EACCES},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		set_perms("/t", row[i].owner, row[i].entry);
		assert_int_equal(ask_strings(&one, XS_READ, 0, "/t", NULL), row[i].read);
		assert_int_equal(ask_strings(&one, XS_DIRECTORY, 0, "/t", NULL),
				 row[i].read);
		assert_int_equal(ask_strings(&one, XS_GET_PERMS, 0, "/t", NULL),
				 row[i].read);
		assert_int_equal(ask_write(&one, 0, "/t", "x"), row[i].write);
		assert_int_equal(ask_strings(&one, XS_MKDIR, 0, "/t", NULL),
				 row[i].write);
		assert_int_equal(ask_write(&one, 0, "/t/sub", "x"), row[i].write);
		assert_int_equal(
			ask_strings(&one, XS_SET_PERMS, 0, "/t", "n1", "r2", NULL),
			row[i].owns);
		assert_int_equal(ask_strings(&one, XS_RM, 0, "/t", NULL), row[i].write);
		assert_int_equal(ask_strings(&dom0, XS_RM, 0, "/t", NULL), 0);
	}
}

static void missing_nodes_do_not_tell(void **state)
{
	(void)state;
	set_perms("/secret", "n0", NULL);
	set_perms("/open", "r0", NULL);
	assert_int_equal(ask_strings(&one, XS_READ, 0, "/secret/x", NULL), -EACCES);
	assert_int_equal(ask_strings(&one, XS_READ, 0, "/open/x", NULL), -ENOENT);
	assert_int_equal(ask_write(&one, 0, "/open/x/y", ""), -EACCES);
	assert_int_equal(ask_strings(&one, XS_RM, 0, "/open/x", NULL), -EACCES);
}

static void rights_are_inherited(void **state)
{
	(void)state;
	set_perms("/in", "r0", "b1");
	assert_int_equal(ask_write(&dom0, 0, "/in/a/b", ""), 0);
	assert_int_equal(ask_strings(&dom0, XS_GET_PERMS, 0, "/in/a/b", NULL), 0);
	assert_memory_equal(dom0.answer, "r0\0b1\0", 6);
	/* What a guest makes, it owns. */
	assert_int_equal(ask_write(&one, 0, "/in/c", ""), 0);
	assert_int_equal(ask_strings(&dom0, XS_GET_PERMS, 0, "/in/c", NULL), 0);
	assert_memory_equal(dom0.answer, "r1\0b1\0", 6);
}

static void owner_changes_by_dom0_only(void **state)
{
	(void)state;
	assert_int_equal(ask_write(&one, 0, "mine", ""), 0);
	assert_int_equal(ask_strings(&one, XS_SET_PERMS, 0, "mine", "n2", NULL), -EPERM);
	assert_int_equal(ask_strings(&one, XS_SET_PERMS, 0, "mine", "r1", "b2", NULL), 0);
	assert_int_equal(
		ask_strings(&dom0, XS_SET_PERMS, 0, "/local/domain/1/mine", "n2", NULL),
		0);
	assert_int_equal(ask_strings(&one, XS_READ, 0, "mine", NULL), -EACCES);
	assert_int_equal(ask_strings(&two, XS_READ, 0, "/local/domain/1/mine", NULL), 0);
}

static void target_gives_its_rights(void **state)
{
	(void)state;
	assert_int_equal(ask_write(&one, 0, "data", "of one"), 0);
	assert_int_equal(ask_strings(&two, XS_READ, 0, "/local/domain/1/data", NULL),
			 -EACCES);
	assert_int_equal(ask_strings(&dom0, XS_SET_TARGET, 0, "2", "1", NULL), 0);
	must_read(&two, 0, "/local/domain/1/data", "of one");
	assert_int_equal(ask_write(&two, 0, "/local/domain/1/data", "x"), 0);
	world_restart(&w);
	client_close(&dom0);
	client_socket(&dom0, &w);
	must_read(&two, 0, "/local/domain/1/data", "x");
	assert_int_equal(ask_strings(&dom0, XS_RELEASE, 0, "1", NULL), 0);
	assert_int_equal(ask_strings(&dom0, XS_SET_TARGET, 0, "2", "1", NULL), -ENOENT);
}

/* --- quotas --------------------------------------------------------------- */

static void node_quota(void **state)
{
	char path[32];
	int i;

	(void)state;
	/* The home directory is the first. */
	for (i = 1; i < QUOTA_NODES; i++) {
		snprintf(path, sizeof(path), "d/%d", i);
		if (ask_write(&one, 0, path, ""))
			break;
	}
	assert_int_equal(i, QUOTA_NODES - 1);
	assert_int_equal(ask_write(&one, 0, "one-more", ""), -ENOSPC);
	assert_int_equal(ask_write(&one, 0, "d/1", "may change"), 0);
	/* Nothing of a path that is too long by one node is left. */
	assert_int_equal(ask_strings(&one, XS_RM, 0, "d/1", NULL), 0);
	assert_int_equal(ask_write(&one, 0, "x/y", ""), -ENOSPC);
	must_read(&one, 0, "x", NULL);
	assert_int_equal(ask_write(&one, 0, "x", ""), 0);
	assert_int_equal(ask_write(&two, 0, "other", ""), 0);
	assert_int_equal(ask_write(&dom0, 0, "/local/domain/1/dom0", ""), 0);
	/* Inside a transaction the same, and again when it is committed. */
	assert_int_equal(ask_strings(&one, XS_RM, 0, "x", NULL), 0);
	assert_int_equal(ask_strings(&dom0, XS_RM, 0, "/local/domain/1/dom0", NULL), 0);
	uint32_t tx = begin(&one);

	assert_int_equal(ask_write(&one, tx, "t1", ""), 0);
	assert_int_equal(ask_write(&one, tx, "t2", ""), -ENOSPC);
	assert_int_equal(ask_write(&one, 0, "taken", ""), 0);
	assert_int_equal(end(&one, tx, "T"), -ENOSPC);
	must_read(&one, 0, "t1", NULL);
}

static void size_quotas(void **state)
{
	char value[QUOTA_NODE_SIZE + 2];

	(void)state;
	memset(value, 'v', sizeof(value));
	value[QUOTA_NODE_SIZE + 1] = 0;
	assert_int_equal(ask_write(&one, 0, "v", value), -ENOSPC);
	assert_int_equal(ask_write(&dom0, 0, "/v", value), 0);
	value[QUOTA_NODE_SIZE] = 0;
	assert_int_equal(ask_write(&one, 0, "v", value), 0);
	assert_int_equal(ask_strings(&one, XS_SET_PERMS, 0, "v", "n1", "r2", "r3", "r4",
				     "r5", NULL),
			 0);
	assert_int_equal(ask_strings(&one, XS_SET_PERMS, 0, "v", "n1", "r2", "r3", "r4",
				     "r5", "r6", NULL),
			 -ENOSPC);
	assert_int_equal(ask_strings(&dom0, XS_SET_PERMS, 0, "/v", "n1", "r2", "r3", "r4",
				     "r5", "r6", NULL),
			 0);
}

static void watch_quota(void **state)
{
	char token[16];

	(void)state;
	for (int i = 0; i < QUOTA_WATCHES; i++) {
		snprintf(token, sizeof(token), "%d", i);
		assert_int_equal(ask_strings(&one, XS_WATCH, 0, "a", token, NULL), 0);
	}
	assert_int_equal(ask_strings(&one, XS_WATCH, 0, "a", "more", NULL), -E2BIG);
	assert_int_equal(ask_strings(&one, XS_UNWATCH, 0, "a", "5", NULL), 0);
	assert_int_equal(ask_strings(&one, XS_WATCH, 0, "a", "more", NULL), 0);
}

static void transaction_quotas(void **state)
{
	char value[QUOTA_NODE_SIZE + 1], path[32];
	uint32_t tx = 0;
	int err = 0;

	(void)state;
	for (int i = 0; i < QUOTA_TX; i++)
		tx = begin(&one);
	assert_int_equal(ask_strings(&one, XS_TRANSACTION_START, 0, "", NULL), -ENOSPC);
	for (int i = 0; i < 50; i++)
		begin(&dom0);
	memset(value, 'v', sizeof(value));
	value[QUOTA_NODE_SIZE] = 0;
	for (int i = 0; i < 100 && !err; i++)
		err = ask_write(&one, tx, "again", value);
	assert_int_equal(err, -ENOSPC);
	assert_int_equal(end(&one, tx, "F"), 0);
	tx = begin(&one);
	for (int i = 0; i < QUOTA_TX_SEEN + 1 && err != -EACCES; i++) {
		snprintf(path, sizeof(path), "n%d", i);
		err = ask_strings(&one, XS_READ, tx, path, NULL);
		if (err == -ENOSPC)
			break;
		assert_int_equal(err, -ENOENT);
	}
	assert_int_equal(err, -ENOSPC);
}

/* --- transactions --------------------------------------------------------- */

static void transaction_is_isolated(void **state)
{
	uint32_t tx;

	(void)state;
	assert_int_equal(ask_write(&dom0, 0, "/x", "old"), 0);
	tx = begin(&dom0);
	assert_int_equal(ask_write(&dom0, tx, "/y", "new"), 0);
	must_read(&dom0, 0, "/y", NULL);
	must_read(&dom0, tx, "/y", "new");
	/* It sees the store as it was when it began. */
	assert_int_equal(ask_write(&dom0, 0, "/x", "changed"), 0);
	assert_int_equal(ask_write(&dom0, 0, "/z", ""), 0);
	must_read(&dom0, tx, "/x", "old");
	must_read(&dom0, tx, "/z", NULL);
	assert_int_equal(end(&dom0, tx, "F"), 0);
	must_read(&dom0, 0, "/y", NULL);
	assert_int_equal(end(&dom0, tx, "F"), -ENOENT);
	assert_int_equal(ask_strings(&dom0, XS_TRANSACTION_END, 0, "T", NULL), -ENOENT);
	tx = begin(&dom0);
	assert_int_equal(ask_strings(&dom0, XS_TRANSACTION_START, tx, "", NULL), -EBUSY);
	assert_int_equal(ask_strings(&dom0, XS_TRANSACTION_END, tx, "x", NULL), -EINVAL);
	assert_int_equal(end(&dom0, tx, "T"), 0);
}

/* What a transaction does, what another does meanwhile, and how it ends. */
static const struct conflict {
	const char *name;
	uint32_t tx_op;
	const char *tx_path;
	uint32_t other_op;
	const char *other_path;
	int result;
} conflicts[] = {
	{"read, other", XS_READ, "/c/a", XS_WRITE, "/c/b", 0},
	{"read, written", XS_READ, "/c/a", XS_WRITE, "/c/a", -EAGAIN},
	{"read, removed", XS_READ, "/c/a", XS_RM, "/c/a", -EAGAIN},
	{"read, parent removed", XS_READ, "/c/a", XS_RM, "/c", -EAGAIN},
	{"read, child made", XS_READ, "/c/a", XS_WRITE, "/c/a/x", 0},
	{"read nothing, made", XS_READ, "/c/no", XS_WRITE, "/c/no", -EAGAIN},
	{"read nothing, still", XS_READ, "/c/no", XS_WRITE, "/c/b", 0},
	{"list, value", XS_DIRECTORY, "/c", XS_WRITE, "/c/a", 0},
	{"list, made", XS_DIRECTORY, "/c", XS_WRITE, "/c/new", -EAGAIN},
	{"list, removed", XS_DIRECTORY, "/c", XS_RM, "/c/a", -EAGAIN},
	{"write, written", XS_WRITE, "/c/a", XS_WRITE, "/c/a", -EAGAIN},
	{"write, other", XS_WRITE, "/c/a", XS_WRITE, "/c/b", 0},
	{"make, neighbour", XS_WRITE, "/c/x", XS_WRITE, "/c/y", 0},
	{"make, same", XS_WRITE, "/c/x", XS_WRITE, "/c/x", -EAGAIN},
	{"make, parent gone", XS_WRITE, "/c/x", XS_RM, "/c", 0},
	{"remove, written", XS_RM, "/c/a", XS_WRITE, "/c/a", -EAGAIN},
	{"remove, other", XS_RM, "/c/a", XS_WRITE, "/c/b", 0},
	{"perms, written", XS_GET_PERMS, "/c/a", XS_WRITE, "/c/a", -EAGAIN},
};

static void do_op(struct client *c, uint32_t op, uint32_t tx, const char *path)
{
	int err = op == XS_WRITE ? ask_write(c, tx, path, "w")
				 : ask_strings(c, op, tx, path, NULL);

	assert_true(err == 0 || err == -ENOENT);
}

static void conflict_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(conflicts) / sizeof(*conflicts); i++) {
		const struct conflict *k = &conflicts[i];
		uint32_t tx;
		int err;

		assert_int_equal(ask_write(&dom0, 0, "/c/a", "1"), 0);
		assert_int_equal(ask_write(&dom0, 0, "/c/b", "1"), 0);
		tx = begin(&dom0);
		do_op(&dom0, k->tx_op, tx, k->tx_path);
		assert_int_equal(ask_write(&dom0, tx, "/done", k->name), 0);
		do_op(&dom0, k->other_op, 0, k->other_path);
		err = end(&dom0, tx, "T");
		if (err != k->result)
			fail_msg("%s: %d", k->name, err);
		must_read(&dom0, 0, "/done", err ? NULL : k->name);
		assert_int_equal(ask_strings(&dom0, XS_RM, 0, "/done", NULL), 0);
		assert_int_equal(ask_strings(&dom0, XS_RM, 0, "/c", NULL), 0);
	}
}

static void same_value_is_a_conflict_too(void **state)
{
	uint32_t tx;

	(void)state;
	assert_int_equal(ask_write(&dom0, 0, "/x", "1"), 0);
	tx = begin(&dom0);
	must_read(&dom0, tx, "/x", "1");
	assert_int_equal(ask_strings(&dom0, XS_RM, 0, "/x", NULL), 0);
	assert_int_equal(ask_write(&dom0, 0, "/x", "1"), 0);
	assert_int_equal(end(&dom0, tx, "T"), -EAGAIN);
}

static void transactions_of_clients_are_their_own(void **state)
{
	uint32_t tx = begin(&one);

	(void)state;
	assert_int_equal(ask_strings(&two, XS_READ, tx, "/tool", NULL), -ENOENT);
	assert_int_equal(ask_strings(&one, XS_RESET_WATCHES, 0, "", NULL), 0);
	assert_int_equal(end(&one, tx, "T"), -ENOENT);
}

/* --- watches -------------------------------------------------------------- */

static void watch_fires(void **state)
{
	(void)state;
	assert_int_equal(ask_strings(&dom0, XS_WATCH, 0, "/w/a", "t", NULL), 0);
	must_get_event(&dom0, "/w/a", "t");
	assert_int_equal(ask_strings(&dom0, XS_WATCH, 0, "/w/a", "t", NULL), -EEXIST);
	assert_int_equal(ask_write(&dom0, 0, "/w/a", "1"), 0);
	must_get_event(&dom0, "/w/a", "t");
	assert_int_equal(ask_write(&dom0, 0, "/w/a/b/c", "1"), 0);
	must_get_event(&dom0, "/w/a/b/c", "t");
	assert_int_equal(ask_strings(&dom0, XS_SET_PERMS, 0, "/w/a", "n0", NULL), 0);
	must_get_event(&dom0, "/w/a", "t");
	assert_int_equal(ask_strings(&dom0, XS_MKDIR, 0, "/w/a", NULL), 0);
	must_get_none(&dom0);
	assert_int_equal(ask_write(&dom0, 0, "/w/ab", "1"), 0);
	assert_int_equal(ask_write(&dom0, 0, "/w", "1"), 0);
	must_get_none(&dom0);
	assert_int_equal(ask_strings(&dom0, XS_RM, 0, "/w/a/b", NULL), 0);
	must_get_event(&dom0, "/w/a/b", "t");
	/* Removed with something above it: the watch's own path. */
	assert_int_equal(ask_strings(&dom0, XS_RM, 0, "/w", NULL), 0);
	must_get_event(&dom0, "/w/a", "t");
	assert_int_equal(ask_strings(&dom0, XS_RM, 0, "/w", NULL), 0);
	must_get_none(&dom0);
	assert_int_equal(ask_strings(&dom0, XS_UNWATCH, 0, "/w/a", "t", NULL), 0);
	assert_int_equal(ask_strings(&dom0, XS_UNWATCH, 0, "/w/a", "t", NULL), -ENOENT);
	assert_int_equal(ask_write(&dom0, 0, "/w/a", "1"), 0);
	must_get_none(&dom0);
}

static void relative_watch(void **state)
{
	(void)state;
	assert_int_equal(ask_strings(&one, XS_WATCH, 0, "device", "t", NULL), 0);
	must_get_event(&one, "device", "t");
	assert_int_equal(ask_write(&dom0, 0, "/local/domain/1/device/vbd/0", ""), 0);
	must_get_event(&one, "device/vbd/0", "t");
	/* The same place by its full name is another watch. */
	assert_int_equal(
		ask_strings(&one, XS_WATCH, 0, "/local/domain/1/device", "u", NULL), 0);
	must_get_event(&one, "/local/domain/1/device", "u");
}

static void watch_depth(void **state)
{
	(void)state;
	assert_int_equal(ask_strings(&dom0, XS_WATCH, 0, "/w", "t", "1", NULL), 0);
	drop_events(&dom0);
	assert_int_equal(ask_write(&dom0, 0, "/w/a/b", "1"), 0);
	must_get_none(&dom0);
	assert_int_equal(ask_write(&dom0, 0, "/w/a", "1"), 0);
	must_get_event(&dom0, "/w/a", "t");
	assert_int_equal(ask_strings(&dom0, XS_WATCH, 0, "/w", "u", "-1", NULL), -EINVAL);
	assert_int_equal(ask_strings(&dom0, XS_WATCH, 0, "/w", "u", "", NULL), 0);
}

static void watch_needs_permission(void **state)
{
	(void)state;
	set_perms("/s", "n0", NULL);
	assert_int_equal(ask_strings(&one, XS_WATCH, 0, "/s", "t", NULL), 0);
	must_get_event(&one, "/s", "t");
	assert_int_equal(ask_write(&dom0, 0, "/s/x", "1"), 0);
	must_get_none(&one);
	set_perms("/s/x", "n0", "r1");
	must_get_event(&one, "/s/x", "t");
	/* Losing the right is the last that is heard. */
	assert_int_equal(ask_strings(&dom0, XS_SET_PERMS, 0, "/s/x", "n0", NULL), 0);
	must_get_event(&one, "/s/x", "t");
	assert_int_equal(ask_write(&dom0, 0, "/s/x", "2"), 0);
	must_get_none(&one);
	/* A readable node's removal is told though its parent is not. */
	set_perms("/s/x", "n0", "r1");
	drop_events(&one);
	assert_int_equal(ask_strings(&dom0, XS_RM, 0, "/s/x", NULL), 0);
	must_get_event(&one, "/s/x", "t");
}

static void transaction_fires_on_commit(void **state)
{
	uint32_t tx;

	(void)state;
	assert_int_equal(ask_strings(&two, XS_WATCH, 0, "d", "t", NULL), 0);
	drop_events(&two);
	tx = begin(&dom0);
	assert_int_equal(ask_write(&dom0, tx, "/local/domain/2/d", "1"), 0);
	assert_int_equal(ask_write(&dom0, tx, "/local/domain/2/d", "2"), 0);
	must_get_none(&two);
	assert_int_equal(end(&dom0, tx, "T"), 0);
	must_get_event(&two, "d", "t");
	tx = begin(&dom0);
	assert_int_equal(ask_write(&dom0, tx, "/local/domain/2/d", "3"), 0);
	assert_int_equal(end(&dom0, tx, "F"), 0);
	must_get_none(&two);
}

static void special_events(void **state)
{
	(void)state;
	assert_int_equal(ask_strings(&dom0, XS_WATCH, 0, "@introduceDomain", "i", NULL),
			 0);
	must_get_event(&dom0, "@introduceDomain", "i");
	assert_int_equal(ask_strings(&dom0, XS_WATCH, 0, "@releaseDomain", "r", NULL), 0);
	must_get_event(&dom0, "@releaseDomain", "r");
	assert_int_equal(ask_strings(&one, XS_WATCH, 0, "@releaseDomain", "r", NULL), 0);
	must_get_event(&one, "@releaseDomain", "r");
	assert_int_equal(ask_strings(&dom0, XS_INTRODUCE, 0, "3", "3000", "1", NULL), 0);
	must_get_event(&dom0, "@introduceDomain", "i");
	/* Shut down: told once; died: told again, and it is gone. */
	w.dom[3].state = DOMAIN_SHUTDOWN;
	server_check_domains(&w.srv);
	server_check_domains(&w.srv);
	must_get_event(&dom0, "@releaseDomain", "r");
	assert_int_equal(ask_strings(&dom0, XS_RESUME, 0, "3", NULL), 0);
	server_check_domains(&w.srv);
	must_get_event(&dom0, "@releaseDomain", "r");
	w.dom[3].state = DOMAIN_GONE;
	server_check_domains(&w.srv);
	must_get_event(&dom0, "@releaseDomain", "r");
	assert_null(domain_find(&w.srv, 3));
	must_get_none(&one);
	assert_int_equal(
		ask_strings(&dom0, XS_SET_PERMS, 0, "@releaseDomain", "n0", "r1", NULL),
		0);
	assert_int_equal(ask_strings(&dom0, XS_RELEASE, 0, "2", NULL), 0);
	must_get_event(&one, "@releaseDomain", "r");
}

static void dead_domain_leaves_nothing(void **state)
{
	(void)state;
	set_perms("/shared", "n0", "b1");
	assert_int_equal(ask_write(&one, 0, "/shared/of-one", ""), 0);
	assert_int_equal(ask_write(&dom0, 0, "/shared/of-dom0", ""), 0);
	assert_int_equal(ask_strings(&one, XS_WATCH, 0, "/shared", "t", NULL), 0);
	begin(&one);
	assert_int_equal(ask_strings(&dom0, XS_WATCH, 0, "/shared", "t", NULL), 0);
	drop_events(&dom0);
	w.dom[1].state = DOMAIN_GONE;
	server_check_domains(&w.srv);
	must_get_event(&dom0, "/shared/of-one", "t");
	must_read(&dom0, 0, "/shared/of-one", NULL);
	must_read(&dom0, 0, "/local/domain/1", NULL);
	must_read(&dom0, 0, "/shared/of-dom0", "");
	assert_int_equal(ask_strings(&dom0, XS_GET_PERMS, 0, "/shared", NULL), 0);
	assert_int_equal(dom0.len, 3);
	assert_int_equal(w.srv.store.owned[1], 0);
	world_restart(&w);
	client_close(&dom0);
	client_socket(&dom0, &w);
	must_read(&dom0, 0, "/shared/of-one", NULL);
	must_read(&dom0, 0, "/shared/of-dom0", "");
}

static void bad_watches(void **state)
{
	char token[WATCH_TOKEN_MAX + 2];

	(void)state;
	memset(token, 't', sizeof(token));
	token[WATCH_TOKEN_MAX + 1] = 0;
	assert_int_equal(ask_strings(&dom0, XS_WATCH, 0, "/a", token, NULL), -E2BIG);
	assert_int_equal(ask_strings(&dom0, XS_WATCH, 0, "/a b", "t", NULL), -EINVAL);
	assert_int_equal(ask_strings(&dom0, XS_WATCH, 0, "/a", NULL), -EINVAL);
	assert_int_equal(ask_strings(&dom0, XS_WATCH, 0, "/a", "t", "1", "x", NULL),
			 -EINVAL);
	assert_int_equal(ask_strings(&dom0, XS_WATCH, 0, "/", "", NULL), 0);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(matrix),
		TEST(missing_nodes_do_not_tell),
		TEST(rights_are_inherited),
		TEST(owner_changes_by_dom0_only),
		TEST(target_gives_its_rights),
		TEST(node_quota),
		TEST(size_quotas),
		TEST(watch_quota),
		TEST(transaction_quotas),
		TEST(transaction_is_isolated),
		TEST(conflict_cases),
		TEST(same_value_is_a_conflict_too),
		TEST(transactions_of_clients_are_their_own),
		TEST(watch_fires),
		TEST(relative_watch),
		TEST(watch_depth),
		TEST(watch_needs_permission),
		TEST(transaction_fires_on_commit),
		TEST(special_events),
		TEST(dead_domain_leaves_nothing),
		TEST(bad_watches),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

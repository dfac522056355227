/*
 * The control commands: see control.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "control.h"
#include "domain.h"

static int control_help(struct server *srv, const char *arg, struct buf *answer);

struct check {
	uint32_t *owned;
	bool disorder;
};

static void check_node(const struct node *n, void *arg)
{
	struct check *check = arg;

	check->owned[n->perm[0].domid]++;
	for (uint32_t i = 1; i < n->children; i++)
		if (strcmp(n->child[i - 1]->name, n->child[i]->name) >= 0)
			check->disorder = true;
}

static int control_check(struct server *srv, const char *arg, struct buf *answer)
{
	const size_t size = DOMID_LIMIT * sizeof(uint32_t);
	struct check check = {.owned = mem_alloc(size)};
	bool wrong;

	(void)arg;
	(void)answer;
	tree_walk(srv->store.root, check_node, &check);
	wrong = memcmp(check.owned, srv->store.owned, size) != 0;
	free(check.owned);
	if (wrong)
		syslog(LOG_ERR, "check: node counts are wrong");
	if (check.disorder)
		syslog(LOG_ERR, "check: a list of children is not in order");
	return wrong || check.disorder ? -EIO : 0;
}

static void count_node(const struct node *n, void *arg)
{
	(void)n;
	++*(unsigned int *)arg;
}

static int control_info(struct server *srv, const char *arg, struct buf *answer)
{
	unsigned int nodes = 0, domains = 0, clients = 0, watches = 0, txs = 0;

	(void)arg;
	tree_walk(srv->store.root, count_node, &nodes);
	for (const struct conn *c = srv->conns; c; c = c->next) {
		domains += c->domain != NULL;
		clients += c->fd >= 0;
		watches += c->watch_count;
		txs += c->tx_count;
	}
	buf_add_text(answer,
		     "nodes %u\ndomains %u\nclients %u\nwatches %u\n"
		     "transactions %u\njournal %zu\n",
		     nodes, domains, clients, watches, txs, srv->journal.size);
	buf_add(answer, "", 1);
	return 0;
}

static int control_print(struct server *srv, const char *arg, struct buf *answer)
{
	(void)srv;
	(void)answer;
	if (!arg)
		return -EINVAL;
	syslog(LOG_INFO, "%s", arg);
	return 0;
}

static const struct command {
	const char *name;
	int (*run)(struct server *srv, const char *arg, struct buf *answer);
} commands[] = {
	{"check", control_check},
	{"help", control_help},
	{"info", control_info},
	{"print", control_print},
};

#define COMMANDS (sizeof(commands) / sizeof(*commands))

static int control_help(struct server *srv, const char *arg, struct buf *answer)
{
	(void)srv;
	(void)arg;
	for (size_t i = 0; i < COMMANDS; i++)
		buf_add_text(answer, "%s\n", commands[i].name);
	buf_add(answer, "", 1);
	return 0;
}

int control_run(struct server *srv, const char *command, const char *arg,
		struct buf *answer)
{
	for (size_t i = 0; i < COMMANDS; i++)
		if (!strcmp(command, commands[i].name))
			return commands[i].run(srv, arg, answer);
	return -EINVAL;
}

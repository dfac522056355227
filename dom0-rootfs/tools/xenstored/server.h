/*
 * The daemon as one object: the store, who is connected, and the journal that
 * lets a successor go on where this process was killed.
 *
 * Order that makes this safe, once per round of the main loop:
 *	1. server_work(): requests are taken and carried out in memory; every
 *	   effect, every answer for a ring, and how far a ring was consumed, is
 *	   added to the journal's pending record;
 *	2. server_commit(): that record becomes durable, as a whole;
 *	3. server_flush(): answers and ring indices become visible to clients.
 * Killed before 2, nothing has happened and the requests are still in their
 * rings; killed after it, the successor repeats 3. Clients on sockets see
 * their connection break and ask again.
 */
#ifndef XENSTORED_SERVER_H
#define XENSTORED_SERVER_H

#include "hv.h"
#include "journal.h"
#include "store.h"

struct conn;
struct domain;

struct server {
	struct store store;
	struct conn *conns;
	struct domain *domains;
	struct journal journal;
	struct hv *hv;
};

void server_init(struct server *srv, struct hv *hv);
void server_free(struct server *srv);

/*
 * Take over the state in dir (made if needed), make the nodes that always
 * exist, connect to our kernel and to the domains of the state. -errno;
 * -EBUSY: another daemon has it; -EINVAL: the state makes no sense.
 */
int server_start(struct server *srv, const char *dir);

/* The three steps of a round, and whether another must follow at once. */
void server_work(struct server *srv);
void server_commit(struct server *srv);
void server_flush(struct server *srv);
bool server_busy(const struct server *srv);

/* Rewrite the journal: at the end, and whenever it has become long. */
int server_save(struct server *srv);

/* A client on a socket, which becomes its own. */
void server_add_client(struct server *srv, int fd);

/* A domain may have shut down or died: look at all of them. */
void server_check_domains(struct server *srv);

/*
 * After the store's tree was changed: journal what ch lists and send the
 * events. before is the tree as it was. Frees ch, puts before.
 */
void server_changed(struct server *srv, struct node *before, struct changes *ch);

/* Send one of the special events. */
void server_special_event(struct server *srv, const char *name);

#endif

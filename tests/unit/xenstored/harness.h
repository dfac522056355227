/*
 * A whole xenstored in the test's process: its hypervisor is faked, clients
 * are socket pairs or store rings, and a kill is dropping all of its memory
 * between any two steps of a round.
 */
#ifndef TEST_XENSTORED_HARNESS_H
#define TEST_XENSTORED_HARNESS_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "state.h"

#define FAKE_DOMAINS 8
#define EVENTS	     4096

struct fake_domain {
	struct xenstore_domain_interface ring;
	enum domain_state state;
	unsigned int notified;
	bool mapped, bound, unmappable;
};

struct world {
	struct server srv;
	struct hv hv;
	struct fake_domain dom[FAKE_DOMAINS]; /* index: domain id */
	char dir[64];
	bool running;
};

struct event {
	char path[256], token[64];
};

struct client {
	struct world *w;
	int fd;					/* or -1 */
	struct xenstore_domain_interface *ring; /* or NULL */
	uint32_t req_id;
	/* The last answer, NUL behind it. */
	char answer[XENSTORE_PAYLOAD_MAX + 1];
	size_t len;
	struct event events[EVENTS];
	size_t event_count;
	bool closed;
};

void world_open(struct world *w);
void world_start(struct world *w); /* after a kill */
void world_kill(struct world *w);  /* what was not committed is lost */
void world_restart(struct world *w);
void world_close(struct world *w);

/* Rounds, until there is nothing left to do. */
void world_run(struct world *w);

void client_socket(struct client *c, struct world *w);
/* Introduces the domain, with a home directory that it owns. */
void client_ring(struct client *c, struct world *w, uint32_t domid);
void client_close(struct client *c);

/* Put bytes into socket or ring, running the daemon as needed. */
void client_send(struct client *c, const void *data, size_t len);
/* Take whole messages that are there: answers of req_id go to answer, events
 * to the list. True if the answer came; *type is its type. */
bool client_receive(struct client *c, uint32_t req_id, uint32_t *type);

/* One request with this payload: 0 or -errno as answered. */
int ask(struct client *c, uint32_t type, uint32_t tx, const void *data, size_t len);
/* The payload is these strings, each with its NUL; NULL ends the list. */
int ask_strings(struct client *c, uint32_t type, uint32_t tx, ...);

int ask_write(struct client *c, uint32_t tx, const char *path, const char *value);
/* Read must give this value; NULL: must be -ENOENT. */
void must_read(struct client *c, uint32_t tx, const char *path, const char *value);
uint32_t begin(struct client *c);
int end(struct client *c, uint32_t tx, const char *how);

/* Take all events; there must be exactly one of this path and token. */
void must_get_event(struct client *c, const char *path, const char *token);
void must_get_none(struct client *c);
void drop_events(struct client *c);

/* CONTROL check must find nothing wrong. */
void must_be_sound(struct world *w);

/* Store ring of a guest, from its side. */
size_t guest_put(struct xenstore_domain_interface *ring, const void *data, size_t len);
size_t guest_take(struct xenstore_domain_interface *ring, void *data, size_t max);

#endif

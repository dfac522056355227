/*
 * Domains that were introduced, and our own kernel as domain 0: the ring, its
 * event channel, and what the hypervisor says of the domain.
 */
#ifndef XENSTORED_DOMAIN_H
#define XENSTORED_DOMAIN_H

#include "conn.h"

#define DOMAIN_COMPLAINTS 10 /* lines in the log that one domain may cause */

struct domain {
	struct domain *next;
	struct server *srv;
	uint32_t domid;
	uint64_t gfn;
	uint32_t port;	     /* the domain's */
	uint32_t local_port; /* ours, 0: not bound */
	bool shutdown;	     /* seen, and told to those who watch for it */
	bool stopped;	     /* broke the protocol: ignored until it resets */
	bool resetting;	     /* asked for a fresh ring, not yet given */
	bool touched;	     /* the ring was changed: notify */
	unsigned int complaints;
	struct xenstore_domain_interface *ring; /* NULL: not mapped */
	uint32_t req_cons, rsp_prod;		/* ours; the ring's are copies */
	struct conn *conn;
};

struct domain *domain_find(const struct server *srv, uint32_t domid);

/* An entry without a ring. */
struct domain *domain_new(struct server *srv, uint32_t domid, uint64_t gfn,
			  uint32_t port);
void domain_free(struct domain *d); /* also unmaps and unbinds */

/*
 * Introduce, or introduce again with another port. -EINVAL if the domain has
 * another ring already; or why it could not be mapped or bound.
 */
int domain_introduce(struct server *srv, uint32_t domid, uint64_t gfn, uint32_t port);

/* Connect to our own kernel, unless that was loaded. */
int domain_introduce_kernel(struct server *srv);

/* Map and bind again after a restart. -errno if that fails. */
int domain_resume_ring(struct domain *d);

/* Disconnect; what the domain owned and may access goes with it. */
void domain_release(struct domain *d);

/* Look whether it shut down or died; d may be gone after that. */
void domain_check(struct domain *d);

/* If the domain asked for a fresh ring, forget what was under way. */
void domain_check_reset(struct domain *d);

/* Take bytes of requests: how many. A broken ring is stopped. */
size_t domain_receive(struct domain *d, void *to, size_t max);
bool domain_pending(const struct domain *d);
void domain_flush(struct domain *d);

/* The domain broke the protocol; error is an XENSTORE_ERROR_ value. */
void domain_stop(struct domain *d, uint32_t error, const char *why);

#endif

/*
 * What the daemon needs of the hypervisor: event channels, other domains'
 * pages, and whether a domain still lives. One table of functions, so that
 * tests and --no-hypervisor can stand in for it.
 */
#ifndef XENSTORED_HV_H
#define XENSTORED_HV_H

#include <stdint.h>

#include <xen/io/xs_wire.h>

#include "libsvc/peer.h"

enum domain_state { DOMAIN_ALIVE, DOMAIN_SHUTDOWN, DOMAIN_GONE };

#define HV_DYING 1u /* bit of hv_read_events(): a domain shut down or died */

struct hv {
	const struct hv_ops *ops;
	struct peer peer;
	int backend;	  /* descriptor or -1 */
	uint32_t dom_exc; /* local port of VIRQ_DOM_EXC */
	void *arg;	  /* a page for hypercalls; a test's own */
};

struct hv_ops {
	/* Bind to a domain's unbound port: the local port, or -errno. */
	int (*bind)(struct hv *hv, uint32_t domid, uint32_t port);
	void (*unbind)(struct hv *hv, uint32_t local_port);
	void (*notify)(struct hv *hv, uint32_t local_port);
	/* Map a domain's store ring; gfn is used where no grant serves. */
	int (*map)(struct hv *hv, uint32_t domid, uint64_t gfn,
		   struct xenstore_domain_interface **out);
	void (*unmap)(struct hv *hv, struct xenstore_domain_interface *ring);
	/* Our own kernel's ring, and the port it waits on. */
	int (*map_kernel)(struct hv *hv, uint32_t *port,
			  struct xenstore_domain_interface **out);
	enum domain_state (*state)(struct hv *hv, uint32_t domid);
	/* Take and acknowledge the events behind evtchn: bits HV_*. */
	unsigned int (*read_events)(struct hv *hv);
};

/* -errno, with *what naming the file or call that failed. */
int hv_open(struct hv *hv, const char **what);

/* A stand-in without any hypervisor: every domain lives and never speaks. */
void hv_open_none(struct hv *hv);
void hv_close(struct hv *hv);

#endif

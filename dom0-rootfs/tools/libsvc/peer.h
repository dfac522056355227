/*
 * Other domains, as the daemons of dom0 see them: a page shared with one, and
 * the event channel beside it. Over dom0's kernel devices (xen/sys). int
 * results are 0 (or what is said) or a negative errno.
 */
#ifndef LIBSVC_PEER_H
#define LIBSVC_PEER_H

#include <stddef.h>
#include <stdint.h>

#define PEER_PAGE 4096u

/* Descriptors, or -1. evtchn can be polled: readable when events wait. */
struct peer {
	int evtchn, gntdev, privcmd;
};

/* Sets *what to the device's name if it fails. */
int peer_open(struct peer *p, const char **what);
void peer_close(struct peer *p);

/* Bind to a port that domid keeps for us: the local port. */
int peer_bind(struct peer *p, uint32_t domid, uint32_t port);
int peer_bind_virq(struct peer *p, uint32_t virq);
void peer_unbind(struct peer *p, uint32_t local_port);
void peer_notify(struct peer *p, uint32_t local_port);

/*
 * Take up to max local ports that have events, and let further ones come. So
 * look at what a port stands for only after this call, and nothing is missed.
 */
size_t peer_events(struct peer *p, uint32_t *ports, size_t max);

/*
 * Map one page of the domain: by the grant ref, and where that is not given
 * by its frame number gfn.
 */
int peer_map(struct peer *p, uint32_t domid, uint32_t ref, uint64_t gfn, void **out);
void peer_unmap(struct peer *p, void *page);

#endif

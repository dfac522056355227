/*
 * Copying bytes through a guest's console ring (xen/io/console.h). The guest
 * may write anything to the page at any time: our indices are kept aside, the
 * guest's are read once and checked. An impossible index makes the guest lose
 * what is in the ring, and nothing else.
 */
#ifndef XENCONSOLED_CRING_H
#define XENCONSOLED_CRING_H

#include <stddef.h>
#include <stdint.h>

#include <xen/io/console.h>

struct cring {
	struct xencons_interface *page;
	uint32_t out_cons, in_prod; /* ours; the page's are copies */
};

/* Go on where the page says that our predecessor was. */
void cring_init(struct cring *r, struct xencons_interface *page);

/* Bytes of output that wait. */
size_t cring_waiting(const struct cring *r);

/* Take up to max bytes of output; returns how many. */
size_t cring_take(struct cring *r, void *to, size_t max);

/* Bytes of input that the ring has room for. */
size_t cring_room(const struct cring *r);

/* Put len bytes of input, at most cring_room(). */
void cring_put(struct cring *r, const void *from, size_t len);

#endif

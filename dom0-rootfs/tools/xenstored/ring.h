/*
 * Copying bytes through a store ring. The page is shared with a domain that
 * may write anything to it at any time: our own indices are kept aside and only
 * ever written there, the other side's are read once and checked.
 */
#ifndef XENSTORED_RING_H
#define XENSTORED_RING_H

#include <stddef.h>
#include <stdint.h>

#include <xen/io/xs_wire.h>

/*
 * Take up to max request bytes from *cons on and advance it; nothing is
 * published. Returns the count, or -EPROTO if the other side's index is wrong.
 */
int ring_take(const struct xenstore_domain_interface *ring, uint32_t *cons, void *to,
	      size_t max);

/*
 * Put up to len bytes of answers at *prod, advance and publish it. Returns
 * the count, or -EPROTO.
 */
int ring_put(struct xenstore_domain_interface *ring, uint32_t *prod, const void *from,
	     size_t len);

/* Is there anything to take? A wrong index counts: ring_take() will tell. */
int ring_pending(const struct xenstore_domain_interface *ring, uint32_t cons);

void ring_publish_cons(struct xenstore_domain_interface *ring, uint32_t cons);

#endif

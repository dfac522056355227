/*
 * Copying bytes through a store ring: see ring.h. Layout: xen/io/xs_wire.h.
 */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "ring.h"

static_assert(offsetof(struct xenstore_domain_interface, req_cons) == 2048 &&
		      offsetof(struct xenstore_domain_interface, rsp_prod) == 2060 &&
		      offsetof(struct xenstore_domain_interface, connection) == 2068,
	      "xen/io/xs_wire.h: store ring");

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

int ring_take(const struct xenstore_domain_interface *ring, uint32_t *cons, void *to,
	      size_t max)
{
	/* Pairs with the release of req_prod by the domain. */
	uint32_t prod = __atomic_load_n(&ring->req_prod, __ATOMIC_ACQUIRE);
	size_t len = smaller(prod - *cons, max), at, first;

	if (prod - *cons > XENSTORE_RING_SIZE)
		return -EPROTO;
	at = MASK_XENSTORE_IDX(*cons);
	first = smaller(len, XENSTORE_RING_SIZE - at);
	memcpy(to, ring->req + at, first);
	memcpy((char *)to + first, ring->req, len - first);
	*cons += (uint32_t)len;
	return (int)len;
}

int ring_put(struct xenstore_domain_interface *ring, uint32_t *prod, const void *from,
	     size_t len)
{
	/* Pairs with the release of rsp_cons: the bytes before it were read. */
	uint32_t cons = __atomic_load_n(&ring->rsp_cons, __ATOMIC_ACQUIRE);
	size_t at, first;

	if (*prod - cons > XENSTORE_RING_SIZE)
		return -EPROTO;
	len = smaller(len, XENSTORE_RING_SIZE - (*prod - cons));
	at = MASK_XENSTORE_IDX(*prod);
	first = smaller(len, XENSTORE_RING_SIZE - at);
	memcpy(ring->rsp + at, from, first);
	memcpy(ring->rsp, (const char *)from + first, len - first);
	*prod += (uint32_t)len;
	/* Pairs with the acquire of rsp_prod by the domain. */
	__atomic_store_n(&ring->rsp_prod, *prod, __ATOMIC_RELEASE);
	return (int)len;
}

int ring_pending(const struct xenstore_domain_interface *ring, uint32_t cons)
{
	return __atomic_load_n(&ring->req_prod, __ATOMIC_ACQUIRE) != cons;
}

void ring_publish_cons(struct xenstore_domain_interface *ring, uint32_t cons)
{
	/* The domain may overwrite what we have read from here on. */
	__atomic_store_n(&ring->req_cons, cons, __ATOMIC_RELEASE);
}

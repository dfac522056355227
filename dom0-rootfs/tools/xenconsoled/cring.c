/*
 * Copying bytes through a guest's console ring: see cring.h.
 */
#include <assert.h>
#include <string.h>

#include "cring.h"

#define OUT_SIZE sizeof(((struct xencons_interface *)0)->out)
#define IN_SIZE	 sizeof(((struct xencons_interface *)0)->in)

static_assert(offsetof(struct xencons_interface, out) == 1024 &&
		      offsetof(struct xencons_interface, in_cons) == 3072 &&
		      offsetof(struct xencons_interface, out_prod) == 3084,
	      "xen/io/console.h: console ring");

void cring_init(struct cring *r, struct xencons_interface *page)
{
	r->page = page;
	r->out_cons = page->out_cons;
	r->in_prod = page->in_prod;
}

size_t cring_waiting(const struct cring *r)
{
	/* Pairs with the guest's release of out_prod. */
	uint32_t prod = __atomic_load_n(&r->page->out_prod, __ATOMIC_ACQUIRE);

	return prod - r->out_cons;
}

size_t cring_take(struct cring *r, void *to, size_t max)
{
	size_t len = cring_waiting(r), at, first;

	if (len > OUT_SIZE) {
		r->out_cons += (uint32_t)len;
		__atomic_store_n(&r->page->out_cons, r->out_cons, __ATOMIC_RELEASE);
		return 0;
	}
	if (len > max)
		len = max;
	at = MASK_XENCONS_IDX(r->out_cons, r->page->out);
	first = len < OUT_SIZE - at ? len : OUT_SIZE - at;
	memcpy(to, r->page->out + at, first);
	memcpy((char *)to + first, r->page->out, len - first);
	r->out_cons += (uint32_t)len;
	/* The guest may overwrite what was read from here on. */
	__atomic_store_n(&r->page->out_cons, r->out_cons, __ATOMIC_RELEASE);
	return len;
}

size_t cring_room(const struct cring *r)
{
	/* Pairs with the guest's release of in_cons. */
	uint32_t cons = __atomic_load_n(&r->page->in_cons, __ATOMIC_ACQUIRE);
	uint32_t used = r->in_prod - cons;

	return used > IN_SIZE ? 0 : IN_SIZE - used;
}

void cring_put(struct cring *r, const void *from, size_t len)
{
	size_t at = MASK_XENCONS_IDX(r->in_prod, r->page->in);
	size_t first = len < IN_SIZE - at ? len : IN_SIZE - at;

	memcpy(r->page->in + at, from, first);
	memcpy(r->page->in, (const char *)from + first, len - first);
	r->in_prod += (uint32_t)len;
	/* Pairs with the guest's acquire of in_prod. */
	__atomic_store_n(&r->page->in_prod, r->in_prod, __ATOMIC_RELEASE);
}

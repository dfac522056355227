/*
 * GNTTABOP_copy: bytes from one page to another, each side a grant or a frame
 * of the caller. This is how network backends move packets, so consecutive
 * operations on the same page keep it pinned between them.
 */
#include <hv/lib.h>
#include <hv/page.h>

#include "grant_table.h"

_Static_assert(sizeof(struct gnttab_copy) == 40, "64-bit layout");

/* One side, held from one operation to the next. */
struct side {
	bool held, gref, write;
	struct gnttab_copy_ptr ptr;	/* what is held */
	struct page *page;
	struct domain *d;		/* granter, referenced; if gref */
};

static void side_release(struct side *s)
{
	if (!s->held)
		return;
	if (s->gref) {
		grant_unpin(s->d, s->ptr.u.ref, s->write);
		domain_put(s->d);
	} else {
		page_put(s->page);
	}
	s->held = false;
}

static bool side_same(const struct side *s, const struct gnttab_copy_ptr *p, bool gref)
{
	return s->held && s->gref == gref && s->ptr.domid == p->domid &&
	       (gref ? s->ptr.u.ref == p->u.ref : s->ptr.u.gmfn == p->u.gmfn);
}

static int16_t side_pin_grant(struct side *s, const struct gnttab_copy_ptr *p,
			      struct granter_cache *cache)
{
	struct domain *rd = granter_find(cache, p->domid);
	int16_t status;

	if (!rd)
		return GNTST_bad_domain;
	status = grant_pin(rd, p->u.ref, current->domain->id, s->write, &s->page);
	if (status)
		return status;
	domain_get(rd);
	s->d = rd;
	return GNTST_okay;
}

static int16_t side_pin_own(struct side *s, const struct gnttab_copy_ptr *p)
{
	struct domain *d = current->domain;

	if (p->domid != DOMID_SELF && p->domid != d->id)
		return GNTST_permission_denied;
	s->page = p2m_get_page(d, GFN(p->u.gmfn), s->write);
	return s->page ? GNTST_okay : GNTST_bad_page;
}

static int16_t side_take(struct side *s, const struct gnttab_copy_ptr *p,
			 bool gref, struct granter_cache *cache)
{
	int16_t status;

	if (side_same(s, p, gref))
		return GNTST_okay;
	side_release(s);
	status = gref ? side_pin_grant(s, p, cache) : side_pin_own(s, p);
	if (status)
		return status;
	s->held = true;
	s->gref = gref;
	s->ptr = *p;
	return GNTST_okay;
}

static void copy_bytes(const struct side *src, unsigned int from,
		       const struct side *dst, unsigned int to, unsigned int n)
{
	const char *s = map_frame(page_to_mfn(src->page));
	char *d = map_frame(page_to_mfn(dst->page));

	memmove(d + to, s + from, n);
	unmap_frame(d);
	unmap_frame(s);
}

/* What one hypercall holds from operation to operation. */
struct copying {
	struct side src, dst;
	struct granter_cache cache;
};
#define COPYING ((struct copying){.dst = {.write = true}})

static int16_t copy_one(const struct gnttab_copy *op, struct copying *c)
{
	int16_t status;

	if (op->flags & ~(GNTCOPY_source_gref | GNTCOPY_dest_gref))
		return GNTST_general_error;
	if (op->source.offset + op->len > PAGE_SIZE ||
	    op->dest.offset + op->len > PAGE_SIZE)
		return GNTST_bad_copy_arg;
	status = side_take(&c->src, &op->source, op->flags & GNTCOPY_source_gref, &c->cache);
	if (!status)
		status = side_take(&c->dst, &op->dest, op->flags & GNTCOPY_dest_gref,
				   &c->cache);
	if (!status)
		copy_bytes(&c->src, op->source.offset, &c->dst, op->dest.offset, op->len);
	return status;
}

static void copying_end(struct copying *c)
{
	side_release(&c->src);
	side_release(&c->dst);
	granter_cache_end(&c->cache);
}

void grant_copy_array(void *ops, unsigned int n)
{
	struct copying c = COPYING;
	struct gnttab_copy *op = ops;

	for (unsigned int i = 0; i < n; i++)
		op[i].status = copy_one(&op[i], &c);
	copying_end(&c);
}

/* --- 32-bit callers --------------------------------------------------------- */

static struct gnttab_copy_ptr widen(const struct compat_copy_ptr *p)
{
	/* A reference is a 32-bit number in both. */
	return (struct gnttab_copy_ptr){
		.u.gmfn = p->frame, .domid = p->domid, .offset = p->offset,
	};
}

void grant_copy_compat_array(void *ops, unsigned int n)
{
	struct compat_copy *op = ops;
	struct copying c = COPYING;

	for (unsigned int i = 0; i < n; i++) {
		const struct gnttab_copy wide = {
			.source = widen(&op[i].source), .dest = widen(&op[i].dest),
			.len = op[i].len, .flags = op[i].flags,
		};

		op[i].status = copy_one(&wide, &c);
	}
	copying_end(&c);
}

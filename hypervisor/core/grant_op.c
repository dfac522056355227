/*
 * grant_table_op (xen/grant_table.h): one row per operation. What is missing
 * here (version 2, transfer) is -ENOSYS, which guests expect.
 *
 * An array goes through a buffer in pieces: copied in once, worked on, copied
 * out once.
 */
#include <hv/access.h>
#include <hv/arch.h>
#include <hv/guest.h>
#include <hv/hypercall.h>
#include <hv/lib.h>
#include <hv/page.h>

#include "grant_table.h"

union grant_buffer {
	struct gnttab_map_grant_ref map[GRANT_BATCH];
	struct gnttab_unmap_grant_ref unmap[GRANT_BATCH];
	struct gnttab_copy copy[GRANT_BATCH];
	struct gnttab_query_size query_size;
	struct gnttab_set_version set_version;
	struct gnttab_get_version get_version;
	struct gnttab_setup_table setup_table;
	struct gnttab_swap_grant_ref swap[GRANT_BATCH];
};

/* --- single operations ---------------------------------------------------- */

static int16_t find_target(domid_t id, struct domain **out)
{
	switch (domain_find_checked(id, ACCESS_TARGET, out)) {
	case 0:
		return GNTST_okay;
	case -EPERM:
		return GNTST_permission_denied;
	default:
		return GNTST_bad_domain;
	}
}

static int do_query_size(union grant_buffer *b)
{
	struct gnttab_query_size *q = &b->query_size;
	struct domain *d;

	q->status = find_target(q->dom, &d);
	if (q->status)
		return 0;
	q->nr_frames = d->grants->nr_frames;
	q->max_nr_frames = d->grants->max_frames;
	domain_put(d);
	return 0;
}

static int do_set_version(union grant_buffer *b)
{
	switch (b->set_version.version) {
	case 1:
		return 0;
	case 2:
		return -ENOSYS;
	default:
		return -EINVAL;
	}
}

static int do_get_version(union grant_buffer *b)
{
	struct domain *d;
	int err = domain_find_checked(b->get_version.dom, ACCESS_TARGET, &d);

	if (err)
		return err;
	b->get_version.version = 1;
	domain_put(d);
	return 0;
}

/* --- setup_table ---------------------------------------------------------- */

struct compat_setup_table {
	domid_t dom;
	uint32_t nr_frames;
	int16_t status;
	uint32_t frame_list;
};
_Static_assert(sizeof(struct compat_setup_table) == 16 &&
	       offsetof(struct compat_setup_table, status) ==
	       offsetof(struct gnttab_setup_table, status) &&
	       sizeof(struct gnttab_setup_table) == 24, "setup_table layouts");

/* Grows the table; the guest frames it lists mean little to an HVM guest. */
static int setup_frames(struct domain *d, uint32_t nr, gva_t list, bool compat)
{
	int err = 0;

	for (uint32_t i = 0; i < nr && !err; i++) {
		mfn_t mfn;

		if (grants_frame(d, i, &mfn))
			return 1;
		err = guest_write_long(list, i, compat, grants_frame_gfn(d, i).v);
	}
	return err;
}

static long setup_table(struct hypercall *hc)
{
	gva_t at = GVA(hc->arg[1]), list;
	struct gnttab_setup_table s;
	struct compat_setup_table c;
	struct domain *d;
	int err;

	if (hc->arg[2] != 1)
		return -EINVAL;
	err = hc->compat ? guest_read(&c, at, sizeof(c)) : guest_read(&s, at, sizeof(s));
	if (err)
		return err;
	if (hc->compat) {
		s.dom = c.dom;
		s.nr_frames = c.nr_frames;
	}
	list = hc->compat ? GVA(c.frame_list) : HANDLE_GVA(s.frame_list);
	s.status = find_target(s.dom, &d);
	if (!s.status) {
		if (s.nr_frames > grants_max_frames(d))
			s.status = GNTST_general_error;
		else
			err = setup_frames(d, s.nr_frames, list, hc->compat);
		domain_put(d);
	}
	if (err < 0)
		return err;
	if (err)
		s.status = GNTST_general_error;
	return guest_write(gva_add(at, offsetof(struct gnttab_setup_table, status)),
			   &s.status, sizeof(s.status));
}

/* --- the table ------------------------------------------------------------ */

static const struct grant_row {
	void (*array)(void *ops, unsigned int n);
	void (*undo)(void *ops, unsigned int n);
	int (*single)(union grant_buffer *b);
	uint8_t size;
	uint8_t batch;	/* 0: GRANT_BATCH; less where an item is dearer */
	void (*compat_array)(void *ops, unsigned int n);	/* if laid out differently */
	uint8_t compat_size;
} rows[] = {
	[GNTTABOP_map_grant_ref] = {
		.array = grant_map_array, .undo = grant_map_undo, .batch = 16,
		.size = sizeof(struct gnttab_map_grant_ref) },
	[GNTTABOP_unmap_grant_ref] = {
		.array = grant_unmap_array,
		.size = sizeof(struct gnttab_unmap_grant_ref) },
	[GNTTABOP_unmap_and_replace] = {
		.array = grant_replace_array,
		.size = sizeof(struct gnttab_unmap_and_replace) },
	[GNTTABOP_swap_grant_ref] = {
		.array = grant_swap_array,
		.size = sizeof(struct gnttab_swap_grant_ref) },
	[GNTTABOP_copy] = {
		.array = grant_copy_array, .batch = 16,
		.size = sizeof(struct gnttab_copy),
		.compat_array = grant_copy_compat_array,
		.compat_size = sizeof(struct compat_copy) },
	[GNTTABOP_query_size] = {
		.single = do_query_size,
		.size = sizeof(struct gnttab_query_size) },
	[GNTTABOP_set_version] = {
		.single = do_set_version,
		.size = sizeof(struct gnttab_set_version) },
	[GNTTABOP_get_version] = {
		.single = do_get_version,
		.size = sizeof(struct gnttab_get_version) },
};

static long run_single(struct hypercall *hc, const struct grant_row *row)
{
	gva_t at = GVA(hc->arg[1]);
	union grant_buffer b;
	int err;

	if (hc->arg[2] != 1)
		return -EINVAL;
	err = guest_read(&b, at, row->size);
	if (!err)
		err = row->single(&b);
	if (!err)
		err = guest_write(at, &b, row->size);
	return err;
}

static long restart_at(struct hypercall *hc, gva_t at, uint32_t left)
{
	hc->arg[1] = at.v;
	hc->arg[2] = left;
	return hypercall_restart(hc);
}

static long run_array(struct hypercall *hc, const struct grant_row *row)
{
	gva_t at = GVA(hc->arg[1]);
	uint32_t left = (uint32_t)hc->arg[2];
	bool compat = hc->compat && row->compat_array;
	unsigned int size = compat ? row->compat_size : row->size;
	unsigned int batch = row->batch ? row->batch : GRANT_BATCH;
	union grant_buffer b;

	while (left) {
		unsigned int n = MIN(left, batch);
		int err = guest_read(&b, at, n * size);

		if (err)
			return err;
		if (compat)
			row->compat_array(&b, n);
		else
			row->array(&b, n);
		err = guest_write(at, &b, n * size);
		if (err && row->undo)
			row->undo(&b, n);
		if (err)
			return err;
		at = gva_add(at, n * size);
		left -= n;
		if (left && hypercall_preempt_check())
			return restart_at(hc, at, left);
	}
	return 0;
}

/* --- cache_flush ------------------------------------------------------------ */

_Static_assert(sizeof(struct gnttab_cache_flush) == 16, "same layout in 32-bit guests");

/*
 * A part of a page that a grant is mapped at, by the address that mapping it told.
 * Invalidation writes back, too: nothing that the granter wrote is ever lost.
 */
static int flush_one(const struct gnttab_cache_flush *f)
{
	gfn_t gfn = addr_to_gfn(f->a.dev_bus_addr);
	struct domain *d = current->domain;
	struct page *pg;
	char *frame;

	if (f->offset >= PAGE_SIZE || f->length > PAGE_SIZE - f->offset)
		return -EINVAL;
	if (!f->length || !f->op)
		return 0;
	if (f->op & ~(GNTTAB_CACHE_CLEAN | GNTTAB_CACHE_INVAL))
		return -EOPNOTSUPP;	/* a reference would not say whose */
	if (!(P2M_BIT(p2m_get(d, gfn).type) & P2M_BITS_GRANT))
		return -EPERM;
	pg = p2m_get_page(d, gfn, false);
	if (!pg)
		return -EPERM;
	frame = map_frame(page_to_mfn(pg));
	arch_flush_lines(frame + f->offset, f->length);
	unmap_frame(frame);
	page_put(pg);
	return 0;
}

static long cache_flush(struct hypercall *hc)
{
	uint32_t nr = (uint32_t)hc->arg[2];
	struct gnttab_cache_flush f;

	if ((int32_t)nr < 0)
		return -EINVAL;
	for (uint32_t i = 0; i < nr; i++) {
		gva_t at = gva_add(GVA(hc->arg[1]), i * sizeof(f));
		int err;

		if (i && i % GRANT_BATCH == 0 && hypercall_preempt_check())
			return restart_at(hc, at, nr - i);
		err = guest_read(&f, at, sizeof(f));
		if (!err)
			err = flush_one(&f);
		if (err)
			return err;
	}
	return 0;
}

long grant_table_op(struct hypercall *hc)
{
	uint32_t cmd = (uint32_t)hc->arg[0];
	const struct grant_row *row;

	if (cmd == GNTTABOP_setup_table)
		return setup_table(hc);
	if (cmd == GNTTABOP_cache_flush)
		return cache_flush(hc);
	if (cmd >= ARRAY_SIZE(rows) || !rows[cmd].size)
		return -ENOSYS;
	row = &rows[cmd];
	if ((int32_t)hc->arg[2] < 0)
		return -EINVAL;
	return row->array ? run_array(hc, row) : run_single(hc, row);
}

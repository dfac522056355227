/*
 * Where a vCPU finds its events (vcpu_info registration), and how it sleeps on
 * some of them (SCHEDOP_poll).
 *
 * A poller announces itself and then looks at its ports; a sender sets the
 * pending bit and then looks for pollers. All four are full barriers, so one
 * of the two sees the other.
 */
#include <hv/arch.h>
#include <hv/guest.h>
#include <hv/lib.h>
#include <hv/page.h>
#include <hv/sched.h>

#include "event_table.h"

/* --- vcpu_info ------------------------------------------------------------ */

/* The caller's own, or one that does not run. */
static bool may_register(const struct vcpu *v)
{
	return !v->info_page && (v == current || v->down);
}

static void move_info_locked(struct vcpu *v, struct page *pg, unsigned int offset)
{
	char *frame = map_frame(page_to_mfn(pg));	/* until release */
	struct vcpu_info *info = (struct vcpu_info *)(frame + offset);

	memcpy(info, v->info, sizeof(*info));
	v->info_page = pg;
	/*
	 * A sender that still took the old place set the pending bit before it
	 * read v->info, so the scan that this upcall starts finds it.
	 */
	__atomic_store_n(&v->info, info, __ATOMIC_SEQ_CST);
	__atomic_store_n(&info->evtchn_pending_sel, ~0ul, __ATOMIC_SEQ_CST);
	__atomic_store_n(&info->evtchn_upcall_pending, 1, __ATOMIC_SEQ_CST);
}

int event_register_vcpu_info(struct vcpu *v, gfn_t gfn, unsigned int offset)
{
	struct domain *d = v->domain;
	struct page *pg;

	if (offset > PAGE_SIZE - sizeof(struct vcpu_info) || offset % 8)
		return -ENXIO;
	pg = p2m_get_own(d, gfn);
	if (!pg)
		return -EINVAL;
	spin_lock(&d->event_lock);
	if (!may_register(v)) {
		spin_unlock(&d->event_lock);
		page_put(pg);
		return -EINVAL;
	}
	move_info_locked(v, pg, offset);
	spin_unlock(&d->event_lock);
	arch_update_vcpu_time(v);
	if (v->upcall_vector)
		arch_vcpu_upcall_vector(v, v->upcall_vector);
	vcpu_kick(v);
	return 0;
}

void event_release_vcpu_info(struct vcpu *v)
{
	struct domain *d = v->domain;
	struct vcpu_info *old = v->info;
	struct page *pg = v->info_page;

	if (!pg)
		return;
	spin_lock(&d->event_lock);
	v->info = v->dummy_info ? v->dummy_info : &d->shared_info->vcpu_info[v->id];
	v->info_page = NULL;
	spin_unlock(&d->event_lock);
	unmap_frame(old);
	page_put(pg);
}

/* --- polling -------------------------------------------------------------- */

int event_poll_begin(struct vcpu *v, const uint32_t *ports, unsigned int nr)
{
	struct evtchn_table *t = v->domain->events;

	for (unsigned int i = 0; i < nr; i++)
		if (!ports[i] || ports[i] >= event_ports(t))
			return -EINVAL;
	if (!v->poll_ports)
		v->poll_ports = heap_alloc(EVENT_POLL_BITS / 8);
	if (!v->poll_ports)
		return -ENOMEM;
	event_poll_end(v);
	/* Only the vCPU itself clears bits: a late sender at worst wakes it. */
	memset(v->poll_ports, 0, MIN(BITMAP_WORDS(t->limit) * 8, EVENT_POLL_BITS / 8));
	for (unsigned int i = 0; i < nr; i++)
		bit_set(v->poll_ports, ports[i] % EVENT_POLL_BITS);
	v->poll_ports_nr = nr;
	__atomic_fetch_add(&t->pollers, 1, __ATOMIC_SEQ_CST);
	__atomic_store_n(&v->polling, true, __ATOMIC_SEQ_CST);
	return 0;
}

void event_poll_end(struct vcpu *v)
{
	if (__atomic_exchange_n(&v->polling, false, __ATOMIC_SEQ_CST))
		__atomic_fetch_sub(&v->domain->events->pollers, 1, __ATOMIC_SEQ_CST);
}

void event_wake_pollers(struct domain *d, unsigned int port)
{
	for_each_vcpu(d, v) {
		if (__atomic_load_n(&v->polling, __ATOMIC_SEQ_CST) &&
		    bit_test(v->poll_ports, port % EVENT_POLL_BITS)) {
			event_poll_end(v);
			vcpu_kick(v);
		}
	}
}

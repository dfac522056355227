/*
 * Event channels: the port table, making a port pending, VIRQs. The hypercall
 * is in event_op.c, the FIFO ABI in event_fifo.c; vcpu_info registration and
 * polling are in event_vcpu.c.
 *
 * In the 2-level ABI the order in which pending, selector and upcall bits are set is fixed by the
 * comments in xen/xen.h; each is a full barrier, which is what pollers and
 * registration rely on.
 */
#include <hv/arch.h>
#include <hv/lib.h>
#include <hv/page.h>
#include <hv/sched.h>
#include <hv/trace.h>

#include "event_table.h"

#define CLOSE_BATCH 32u

_Static_assert(offsetof(struct shared_info, evtchn_pending) == 2048 &&
	       offsetof(struct shared_info, evtchn_mask) == 2560 &&
	       sizeof(struct vcpu_info) == 64, "64-bit shared_info");

/* --- the table ------------------------------------------------------------ */

static unsigned int event_pages(unsigned int limit)
{
	return (limit + EVENT_PORTS_PER_PAGE - 1) / EVENT_PORTS_PER_PAGE;
}

int events_create(struct domain *d, unsigned int max_port)
{
	unsigned int limit = MIN(max_port, EVENT_PORTS_MAX - 1) + 1;
	struct evtchn_table *t = heap_alloc(sizeof(*t) + event_pages(limit) * sizeof(*t->page) +
					    BITMAP_WORDS(limit) * sizeof(*t->used));

	if (!t)
		return -ENOMEM;
	t->limit = limit;
	t->used = (uint64_t *)&t->page[event_pages(limit)];
	t->used[0] = 1;		/* port 0 means "none" */
	d->events = t;
	return 0;
}

void events_destroy(struct domain *d)
{
	for (unsigned int i = 0; i < event_pages(d->events->limit); i++)
		heap_free_page(d->events->page[i]);
	heap_free(d->events);
	d->events = NULL;
}

unsigned int events_count(const struct domain *d)
{
	return d->events->used_nr;
}

static unsigned int first_free_port(const struct evtchn_table *t)
{
	for (unsigned int i = 0; i < BITMAP_WORDS(t->limit); i++)
		if (~t->used[i])
			return i * BITS_PER_WORD +
			       (unsigned int)__builtin_ctzll(~t->used[i]);
	return t->limit;
}

int event_port_alloc_locked(struct domain *d, unsigned int *port, struct evtchn **out)
{
	struct evtchn_table *t = d->events;
	unsigned int p = first_free_port(t);
	struct evtchn **page;

	ASSERT(spin_is_locked(&d->event_lock));
	if (d->dying)
		return -EINVAL;
	if (p >= event_ports(t))
		return -ENOSPC;
	page = &t->page[p / EVENT_PORTS_PER_PAGE];
	if (!*page)
		*page = heap_alloc_page();
	if (!*page)
		return -ENOMEM;
	bit_set(t->used, p);
	t->used_nr++;
	*port = p;
	*out = &(*page)[p % EVENT_PORTS_PER_PAGE];
	event_fifo_port_init(t, p, *out);
	return 0;
}

void event_port_free_locked(struct domain *d, unsigned int port)
{
	struct evtchn_table *t = d->events;
	struct evtchn *chn = event_port(t, port);

	ASSERT(spin_is_locked(&d->event_lock));
	*chn = (struct evtchn){.queue = chn->queue};	/* it may still be in it */
	bit_clear(t->used, port);
	t->used_nr--;
	if (t->fifo)
		event_fifo_port_init(t, port, chn);
	else if (port < EVENT_PORTS_2L)
		(void)bit_test_and_clear_locked(d->shared_info->evtchn_pending, port);
}

void event_lock_two(struct domain *a, struct domain *b)
{
	spin_lock(a < b ? &a->event_lock : &b->event_lock);
	if (a != b)
		spin_lock(a < b ? &b->event_lock : &a->event_lock);
}

void event_unlock_two(struct domain *a, struct domain *b)
{
	spin_unlock(&a->event_lock);
	if (a != b)
		spin_unlock(&b->event_lock);
}

/* --- making a port pending ------------------------------------------------ */

void event_mark_upcall(struct vcpu *v)
{
	if (__atomic_exchange_n(&v->info->evtchn_upcall_pending, 1, __ATOMIC_SEQ_CST))
		return;
	if (v->upcall_vector)
		arch_vcpu_upcall_vector(v, v->upcall_vector);
	vcpu_kick(v);
}

/* A domain still being built may lack the vCPU: it scans when it starts. */
static void select_2l(struct domain *d, unsigned int port, const struct evtchn *chn)
{
	struct vcpu *v = d->vcpu[__atomic_load_n(&chn->vcpu, __ATOMIC_RELAXED)];

	if (v && !bit_test_and_set_locked(&v->info->evtchn_pending_sel, port / BITS_PER_WORD))
		event_mark_upcall(v);
}

void event_set_pending(struct domain *d, unsigned int port, struct evtchn *chn)
{
	struct shared_info *s = d->shared_info;

	trace(TRACE_EVENT, (uint64_t)d->id << 32 | port, 0);
	if (__atomic_load_n(&d->events->fifo, __ATOMIC_ACQUIRE)) {
		event_fifo_set_pending(d, port, chn);
	} else {
		/* A port that was made while the guest left the FIFO ABI has no bit. */
		if (port >= EVENT_PORTS_2L || bit_test_and_set_locked(s->evtchn_pending, port))
			return;
		if (!bit_test(s->evtchn_mask, port))
			select_2l(d, port, chn);
	}
	if (__atomic_load_n(&d->events->pollers, __ATOMIC_RELAXED))
		event_wake_pollers(d, port);
}

void event_unmask(struct domain *d, unsigned int port, struct evtchn *chn)
{
	struct shared_info *s = d->shared_info;

	if (d->events->fifo)
		event_fifo_unmask(d, port, chn);
	else if (port < EVENT_PORTS_2L && bit_test_and_clear_locked(s->evtchn_mask, port) &&
		 bit_test(s->evtchn_pending, port))
		select_2l(d, port, chn);
}

bool event_port_pending(const struct domain *d, unsigned int port)
{
	if (__atomic_load_n(&d->events->fifo, __ATOMIC_ACQUIRE))
		return event_fifo_pending(d->events, port);
	return port < EVENT_PORTS_2L && bit_test(d->shared_info->evtchn_pending, port);
}

/* --- VIRQs ---------------------------------------------------------------- */

bool virq_is_per_vcpu(unsigned int virq)
{
	const uint32_t per_vcpu = 1u << VIRQ_TIMER | 1u << VIRQ_DEBUG |
				  1u << VIRQ_XENOPROF | 1u << VIRQ_XENPMU;

	return per_vcpu & (1u << virq);
}

void virq_send_vcpu(struct vcpu *v, unsigned int virq)
{
	struct domain *d = v->domain;
	unsigned int port;

	LOCKED(&d->event_lock);
	port = v->virq_port[virq];
	if (port)
		event_set_pending(d, port, event_port(d->events, port));
}

void virq_send_global(unsigned int virq)
{
	if (hardware_domain && hardware_domain->vcpu[0])
		virq_send_vcpu(hardware_domain->vcpu[0], virq);
}

/* --- closing -------------------------------------------------------------- */

/*
 * The other domain of @port if it is linked to one, referenced: it may be
 * locked only after this one was unlocked, and must not go away meanwhile.
 */
static struct domain *peer_get(struct domain *d, unsigned int port)
{
	struct domain *rd = NULL;
	struct evtchn *chn;

	LOCKED(&d->event_lock);
	chn = event_port(d->events, port);
	if (chn && chn->state == EVTCHNSTAT_interdomain) {
		rd = chn->remote;
		domain_get(rd);
	}
	return rd;
}

static void unlink_locked(struct domain *d, struct domain *rd, const struct evtchn *chn)
{
	struct evtchn *rchn = event_port(rd->events, chn->remote_port);

	BUG_ON(rchn->state != EVTCHNSTAT_interdomain || rchn->remote != d);
	rchn->state = EVTCHNSTAT_unbound;
	rchn->remote_port = 0;
	rchn->remote = NULL;
	rchn->remote_id = d->id;
}

/* -EAGAIN: its peer changed since it was looked up. */
static int close_locked(struct domain *d, unsigned int port, struct domain *rd)
{
	struct evtchn *chn = event_port(d->events, port);

	if (!chn || chn->state == EVTCHNSTAT_closed)
		return -EINVAL;
	if ((chn->state == EVTCHNSTAT_interdomain ? chn->remote : NULL) != rd)
		return -EAGAIN;
	if (rd)
		unlink_locked(d, rd, chn);
	if (chn->state == EVTCHNSTAT_virq)
		d->vcpu[virq_is_per_vcpu(chn->virq) ? chn->vcpu : 0]
			->virq_port[chn->virq] = 0;
	event_port_free_locked(d, port);
	return 0;
}

int event_port_close(struct domain *d, unsigned int port)
{
	int err;

	do {
		struct domain *rd = peer_get(d, port);

		event_lock_two(d, rd ? rd : d);
		err = close_locked(d, port, rd);
		event_unlock_two(d, rd ? rd : d);
		if (rd)
			domain_put(rd);
	} while (err == -EAGAIN);
	return err;
}

int events_close_all(struct domain *d)
{
	const struct evtchn_table *t = d->events;
	unsigned int closed = 0;

	for (unsigned int w = 0; w < BITMAP_WORDS(t->limit); w++) {
		uint64_t left = t->used[w] & ~(w ? 0ull : 1ull);	/* port 0 is none */

		for (; left; left &= left - 1) {
			event_port_close(d, w * BITS_PER_WORD +
					    (unsigned int)__builtin_ctzll(left));
			if (++closed % CLOSE_BATCH == 0 && hypercall_preempt_check())
				return -ERESTART;
		}
	}
	event_fifo_end(d);
	return 0;
}

/*
 * A domain's event channel ports: shared by the event*.c files only.
 *
 * event_lock covers everything here but the two fields marked atomic. A link
 * between two domains changes only with both locks held, so either end may
 * follow it under its own lock alone. What the FIFO ABI needs is covered by
 * fifo_lock, which a sender takes under its own domain's event_lock.
 */
#ifndef CORE_EVENT_TABLE_H
#define CORE_EVENT_TABLE_H

#include <hv/bitops.h>
#include <hv/event.h>

#define EVENT_PORTS_MAX		131072u	/* of the FIFO ABI */
#define EVENT_PORTS_2L		4096u	/* of the 2-level ABI */
#define EVENT_POLL_BITS		4096u	/* ports modulo this wake a poller */
#define EVENT_QUEUE_BITS	11
#define EVENT_PORTS_PER_PAGE	(PAGE_SIZE / sizeof(struct evtchn))

struct evtchn {
	uint8_t state;		/* EVTCHNSTAT_* */
	uint8_t virq : 7;	/* EVTCHNSTAT_virq */
	uint8_t deferred : 1;	/* fifo_lock: pending, but has no event word yet */
	uint16_t vcpu;		/* is notified; atomic */
	uint32_t remote_port : 17;	/* EVTCHNSTAT_interdomain */
	uint32_t priority : 4;	/* fifo_lock */
	uint32_t queue : EVENT_QUEUE_BITS;	/* fifo_lock: it was last put into */
	union {
		struct domain *remote;	/* EVTCHNSTAT_interdomain */
		domid_t remote_id;	/* EVTCHNSTAT_unbound: may bind */
	};
};
_Static_assert(sizeof(struct evtchn) == 16, "256 ports in a page");

struct event_fifo;

struct evtchn_table {
	unsigned int limit;	/* ports 1..limit-1 exist, but event_ports() */
	unsigned int used_nr;
	unsigned int pollers;	/* vCPUs that poll; atomic */
	uint64_t *used;
	spinlock_t fifo_lock;
	struct event_fifo *fifo;	/* NULL: 2-level ABI; atomic */
	struct evtchn *page[];
};

/* Ports below this one can be had with the ABI in use. */
static inline unsigned int event_ports(const struct evtchn_table *t)
{
	return t->fifo ? t->limit : MIN(t->limit, EVENT_PORTS_2L);
}

/* NULL when @port does not exist or was never used. */
static inline struct evtchn *event_port(const struct evtchn_table *t, unsigned int port)
{
	struct evtchn *page;

	if (port >= t->limit)
		return NULL;
	page = t->page[port / EVENT_PORTS_PER_PAGE];
	return page ? &page[port % EVENT_PORTS_PER_PAGE] : NULL;
}

/* Takes the lowest free port; 0 and *out, -EINVAL (dying), -ENOSPC, -ENOMEM. */
int event_port_alloc_locked(struct domain *d, unsigned int *port,
			    struct evtchn **out) must_check;
void event_port_free_locked(struct domain *d, unsigned int port);
/* Both locks in their order; @a and @b may be the same domain. */
void event_lock_two(struct domain *a, struct domain *b);
void event_unlock_two(struct domain *a, struct domain *b);
/* Closes @port whatever it is; -EINVAL when it is free already. */
int event_port_close(struct domain *d, unsigned int port);
/* Makes @port of @d pending and tells @chn's vCPU. */
void event_set_pending(struct domain *d, unsigned int port, struct evtchn *chn);
/* EVTCHNOP_unmask. */
void event_unmask(struct domain *d, unsigned int port, struct evtchn *chn);
/* Wakes vCPUs of @d that poll @port. */
void event_wake_pollers(struct domain *d, unsigned int port);

/* --- the FIFO ABI: event_fifo.c ------------------------------------------- */

void event_fifo_set_pending(struct domain *d, unsigned int port, struct evtchn *chn);
void event_fifo_unmask(struct domain *d, unsigned int port, struct evtchn *chn);
bool event_fifo_pending(struct evtchn_table *t, unsigned int port);
/* A port is taken or given back: not pending, default priority. */
void event_fifo_port_init(struct evtchn_table *t, unsigned int port, struct evtchn *chn);
void event_fifo_set_priority(struct evtchn_table *t, struct evtchn *chn, unsigned int priority);
/* The operations' rules; -EINVAL for a bad frame or a second control block. */
int event_fifo_init_control(struct vcpu *v, gfn_t gfn, unsigned int offset) must_check;
int event_fifo_expand(struct domain *d, gfn_t gfn) must_check;
/* Back to the 2-level ABI; gives the guest's frames back. */
void event_fifo_end(struct domain *d);

/* An upcall by @virq goes to one vCPU for good, and is bound per vCPU. */
bool virq_is_per_vcpu(unsigned int virq);

#endif

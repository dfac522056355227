/*
 * A domain's event channel ports: shared by the event*.c files only.
 *
 * event_lock covers everything here but the two fields marked atomic. A link
 * between two domains changes only with both locks held, so either end may
 * follow it under its own lock alone.
 */
#ifndef CORE_EVENT_TABLE_H
#define CORE_EVENT_TABLE_H

#include <hv/bitops.h>
#include <hv/event.h>

#define EVENT_PORTS_MAX		4096u	/* of the 2-level ABI */
#define EVENT_PORTS_PER_PAGE	(PAGE_SIZE / sizeof(struct evtchn))

struct evtchn {
	uint8_t state;		/* EVTCHNSTAT_* */
	uint8_t virq;		/* EVTCHNSTAT_virq */
	uint16_t vcpu;		/* is notified; atomic */
	uint32_t remote_port;	/* EVTCHNSTAT_interdomain */
	union {
		struct domain *remote;	/* EVTCHNSTAT_interdomain */
		domid_t remote_id;	/* EVTCHNSTAT_unbound: may bind */
	};
};
_Static_assert(sizeof(struct evtchn) == 16, "256 ports in a page");

struct evtchn_table {
	unsigned int limit;	/* ports 1..limit-1 exist */
	unsigned int used_nr;
	unsigned int pollers;	/* vCPUs that poll; atomic */
	uint64_t used[BITMAP_WORDS(EVENT_PORTS_MAX)];
	struct evtchn *page[EVENT_PORTS_MAX / 256];
};

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
void event_set_pending(struct domain *d, unsigned int port, const struct evtchn *chn);
/* Wakes vCPUs of @d that poll @port. */
void event_wake_pollers(struct domain *d, unsigned int port);
/* An upcall by @virq goes to one vCPU for good, and is bound per vCPU. */
bool virq_is_per_vcpu(unsigned int virq);

#endif

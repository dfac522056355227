/*
 * Event channels, 2-level and FIFO ABI (xen/event_channel.h). Set-pending order and
 * delivery as the public header's comments define; all bit operations on guest
 * memory are locked ones. Lock: d->event_lock covers a domain's port table;
 * two domains are locked in the order of their addresses.
 */
#ifndef HV_EVENT_H
#define HV_EVENT_H

#include <hv/domain.h>

int events_create(struct domain *d, unsigned int max_port) must_check;
/*
 * Closes every port; the next ones are of the 2-level ABI. Preemptible: -ERESTART
 * until done.
 */
int events_close_all(struct domain *d) must_check;
void events_destroy(struct domain *d);

/* VIRQs, from any context without event locks held. */
void virq_send_vcpu(struct vcpu *v, unsigned int virq);
/* A global VIRQ, to the control domain that bound it. */
void virq_send_global(unsigned int virq);

/* Is an upcall due to this vCPU (upcall_pending)? */
static inline bool event_upcall_pending(const struct vcpu *v)
{
	return __atomic_load_n(&v->info->evtchn_upcall_pending, __ATOMIC_RELAXED) != 0;
}

/* Is port @port pending (bit set), masked or not? For SCHEDOP_poll. */
bool event_port_pending(const struct domain *d, unsigned int port);
/*
 * SCHEDOP_poll of current: from now on one of the @nr ports becoming pending
 * ends a sleep. -EINVAL for a bad port, -ENOMEM. event_poll_end() after the
 * wake, or lazily before the next poll; from any CPU, any number of times.
 */
int event_poll_begin(struct vcpu *v, const uint32_t *ports, unsigned int nr) must_check;
void event_poll_end(struct vcpu *v);

/* VCPUOP_register_vcpu_info; errors as that operation defines them. */
int event_register_vcpu_info(struct vcpu *v, gfn_t gfn, unsigned int offset) must_check;
void event_release_vcpu_info(struct vcpu *v);
/* Marks an upcall pending on @v and delivers it. */
void event_mark_upcall(struct vcpu *v);

/* Ports in use, for tests and debug keys. */
unsigned int events_count(const struct domain *d);

#endif

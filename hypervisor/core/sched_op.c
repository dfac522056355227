/*
 * sched_op (xen/sched.h): a guest gives its CPU away, waits, or ends itself.
 */
#include <hv/access.h>
#include <hv/event.h>
#include <hv/guest.h>
#include <hv/hypercall.h>
#include <hv/lib.h>
#include <hv/sched.h>

#define POLL_PORTS_MAX	128u
#define NS_PER_S	1000000000ull

union sched_arg {
	struct sched_poll poll;
	struct sched_shutdown shutdown;
	struct sched_remote_shutdown remote;
	struct sched_watchdog watchdog;
	struct sched_pin_override pin;
};

static long do_yield(const union sched_arg *a)
{
	sched_yield();
	return 0;
}

static long do_block(const union sched_arg *a)
{
	__atomic_store_n(&current->info->evtchn_upcall_mask, 0, __ATOMIC_SEQ_CST);
	sched_block();
	return 0;
}

static bool any_pending(const struct domain *d, const uint32_t *ports, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++)
		if (event_port_pending(d, ports[i]))
			return true;
	return false;
}

static long do_poll(const union sched_arg *a)
{
	const struct sched_poll *p = &a->poll;
	uint32_t ports[POLL_PORTS_MAX];
	struct vcpu *v = current;
	int err;

	if (p->nr_ports > POLL_PORTS_MAX)
		return -EINVAL;
	err = guest_read(ports, HANDLE_GVA(p->ports), p->nr_ports * sizeof(ports[0]));
	if (!err)
		err = event_poll_begin(v, ports, p->nr_ports);
	if (err)
		return err;
	timer_stop(&v->poll_timer);
	if (p->timeout)
		timer_set(&v->poll_timer, p->timeout);
	/* Asleep first, then the look: an event in between is seen here. */
	sched_block();
	if (any_pending(v->domain, ports, p->nr_ports)) {
		event_poll_end(v);
		vcpu_kick(v);
	}
	return 0;
}

/*
 * The control domain's vCPUs stand on a CPU each for good: it may ask for the one where
 * it is, and to be let go again.
 */
static long do_pin_override(const union sched_arg *a)
{
	int err = access_check(current->domain, ACCESS_HARDWARE, NULL);

	if (err || a->pin.pcpu < 0)
		return err;
	if ((unsigned int)a->pin.pcpu >= nr_cpus)
		return -EINVAL;
	return (unsigned int)a->pin.pcpu == this_cpu()->id ? 0 : -EBUSY;
}

/* --- the end -------------------------------------------------------------- */

static long do_shutdown(const union sched_arg *a)
{
	if (a->shutdown.reason > SHUTDOWN_MAX)
		return -EINVAL;
	domain_shutdown(current->domain, a->shutdown.reason);
	return 0;
}

/* Tells why an end is near that comes otherwise: the last vCPU's halt, a triple fault. */
static long do_shutdown_code(const union sched_arg *a)
{
	struct domain *d = current->domain;

	if (a->shutdown.reason > SHUTDOWN_MAX)
		return -EINVAL;
	LOCKED(&d->lock);
	if (d->shut_down)
		return 0;
	d->shutdown_code = a->shutdown.reason;
	d->shutdown_told = true;
	return 0;
}

static long do_remote_shutdown(const union sched_arg *a)
{
	struct domain *d;
	int err = domain_find_checked(a->remote.domain_id, ACCESS_DOMAIN_CONTROL, &d);

	if (err)
		return err;
	if (a->remote.reason > SHUTDOWN_MAX)
		err = -EINVAL;
	else
		domain_shutdown(d, a->remote.reason);
	domain_put(d);
	return err;
}

/* --- watchdogs ------------------------------------------------------------ */

static long watchdog_take_locked(struct domain *d, uint32_t timeout)
{
	if (!timeout)
		return -EINVAL;
	for (unsigned int i = 0; i < ARRAY_SIZE(d->watchdog); i++) {
		if (d->watchdog_inuse & (1u << i))
			continue;
		d->watchdog_inuse |= 1u << i;
		timer_set(&d->watchdog[i], now_ns() + timeout * NS_PER_S);
		return i + 1;
	}
	return -ENOSPC;
}

static long watchdog_set_locked(struct domain *d, uint32_t i, uint32_t timeout)
{
	if (i >= ARRAY_SIZE(d->watchdog) || !(d->watchdog_inuse & (1u << i)))
		return -EINVAL;
	if (timeout) {
		timer_set(&d->watchdog[i], now_ns() + timeout * NS_PER_S);
	} else {
		timer_stop(&d->watchdog[i]);
		d->watchdog_inuse &= ~(1u << i);
	}
	return 0;
}

static long do_watchdog(const union sched_arg *a)
{
	const struct sched_watchdog *w = &a->watchdog;
	struct domain *d = current->domain;

	LOCKED(&d->lock);
	return w->id ? watchdog_set_locked(d, w->id - 1, w->timeout) :
		       watchdog_take_locked(d, w->timeout);
}

/* --- the table ------------------------------------------------------------ */

_Static_assert(sizeof(struct sched_poll) == 24 && sizeof(struct sched_watchdog) == 8 &&
	       sizeof(struct sched_remote_shutdown) == 8, "sched_op layouts");

static const struct sched_row {
	long (*fn)(const union sched_arg *a);
	const char *fields;	/* of the argument: hv/guest.h */
} rows[] = {
	[SCHEDOP_yield]			= {do_yield, ""},
	[SCHEDOP_block]			= {do_block, ""},
	[SCHEDOP_shutdown]		= {do_shutdown, "I"},
	[SCHEDOP_poll]			= {do_poll, "LIQ"},
	[SCHEDOP_remote_shutdown]	= {do_remote_shutdown, "HI"},
	[SCHEDOP_shutdown_code]		= {do_shutdown_code, "I"},
	[SCHEDOP_watchdog]		= {do_watchdog, "II"},
	[SCHEDOP_pin_override]		= {do_pin_override, "I"},
};

long sched_op(struct hypercall *hc)
{
	uint32_t cmd = (uint32_t)hc->arg[0];
	union sched_arg a;
	int err;

	if (cmd >= ARRAY_SIZE(rows) || !rows[cmd].fn)
		return -ENOSYS;
	err = guest_read_fields(&a, GVA(hc->arg[1]), rows[cmd].fields, hc->compat);
	return err ? err : rows[cmd].fn(&a);
}

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

static long do_yield(struct hypercall *hc, gva_t arg)
{
	sched_yield();
	return 0;
}

static long do_block(struct hypercall *hc, gva_t arg)
{
	struct vcpu *v = current;

	__atomic_store_n(&v->info->evtchn_upcall_mask, 0, __ATOMIC_SEQ_CST);
	sched_block();
	return 0;
}

/* --- poll ----------------------------------------------------------------- */

struct compat_sched_poll {
	uint32_t ports, nr_ports;
	uint64_t timeout;
} packed;
_Static_assert(sizeof(struct compat_sched_poll) == 16 &&
	       sizeof(struct sched_poll) == 24, "poll layouts");

static int poll_read(bool compat, gva_t arg, struct sched_poll *p)
{
	struct compat_sched_poll c;
	int err;

	if (!compat)
		return guest_read(p, arg, sizeof(*p));
	err = guest_read(&c, arg, sizeof(c));
	p->ports.p = (void *)(uintptr_t)c.ports;
	p->nr_ports = c.nr_ports;
	p->timeout = c.timeout;
	return err;
}

static bool any_pending(const struct domain *d, const uint32_t *ports, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++)
		if (event_port_pending(d, ports[i]))
			return true;
	return false;
}

static long do_poll(struct hypercall *hc, gva_t arg)
{
	struct vcpu *v = current;
	uint32_t ports[POLL_PORTS_MAX];
	struct sched_poll p;
	int err = poll_read(hc->compat, arg, &p);

	if (err)
		return err;
	if (p.nr_ports > POLL_PORTS_MAX)
		return -EINVAL;
	err = guest_read(ports, HANDLE_GVA(p.ports), p.nr_ports * sizeof(ports[0]));
	if (!err)
		err = event_poll_begin(v, ports, p.nr_ports);
	if (err)
		return err;
	timer_stop(&v->poll_timer);
	if (p.timeout)
		timer_set(&v->poll_timer, p.timeout);
	/* Asleep first, then the look: an event in between is seen here. */
	sched_block();
	if (any_pending(v->domain, ports, p.nr_ports)) {
		event_poll_end(v);
		vcpu_kick(v);
	}
	return 0;
}

/* --- the end -------------------------------------------------------------- */

static long do_shutdown(struct hypercall *hc, gva_t arg)
{
	struct sched_shutdown s;
	int err = guest_read(&s, arg, sizeof(s));

	if (err)
		return err;
	if (s.reason > SHUTDOWN_MAX)
		return -EINVAL;
	domain_shutdown(current->domain, s.reason);
	return 0;
}

static long do_remote_shutdown(struct hypercall *hc, gva_t arg)
{
	struct sched_remote_shutdown s;
	struct domain *d;
	int err = guest_read(&s, arg, sizeof(s));

	if (!err)
		err = domain_find_checked(s.domain_id, ACCESS_DOMAIN_CONTROL, &d);
	if (err)
		return err;
	if (s.reason > SHUTDOWN_MAX)
		err = -EINVAL;
	else
		domain_shutdown(d, s.reason);
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

static long do_watchdog(struct hypercall *hc, gva_t arg)
{
	struct domain *d = current->domain;
	struct sched_watchdog w;
	long ret = guest_read(&w, arg, sizeof(w));

	if (ret)
		return ret;
	LOCKED(&d->lock);
	ret = w.id ? watchdog_set_locked(d, w.id - 1, w.timeout) :
		     watchdog_take_locked(d, w.timeout);
	return ret;
}

/* --- the table ------------------------------------------------------------ */

static long (*const rows[])(struct hypercall *hc, gva_t arg) = {
	[SCHEDOP_yield]			= do_yield,
	[SCHEDOP_block]			= do_block,
	[SCHEDOP_shutdown]		= do_shutdown,
	[SCHEDOP_poll]			= do_poll,
	[SCHEDOP_remote_shutdown]	= do_remote_shutdown,
	[SCHEDOP_watchdog]		= do_watchdog,
};

long sched_op(struct hypercall *hc)
{
	uint32_t cmd = (uint32_t)hc->arg[0];

	if (cmd >= ARRAY_SIZE(rows) || !rows[cmd])
		return -ENOSYS;
	return rows[cmd](hc, GVA(hc->arg[1]));
}

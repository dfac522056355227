/*
 * event_channel_op (xen/event_channel.h): one row per operation. Physical IRQs
 * are not offered: -ENOSYS.
 *
 * Every handler gets its argument already copied in; it is copied out again
 * when the row says so and the handler succeeded.
 */
#include <hv/access.h>
#include <hv/guest.h>
#include <hv/hypercall.h>
#include <hv/lib.h>

#include "event_table.h"

union event_arg {
	evtchn_alloc_unbound_t alloc_unbound;
	evtchn_bind_interdomain_t bind_interdomain;
	evtchn_bind_virq_t bind_virq;
	evtchn_bind_ipi_t bind_ipi;
	evtchn_close_t close;
	evtchn_send_t send;
	evtchn_status_t status;
	evtchn_bind_vcpu_t bind_vcpu;
	evtchn_unmask_t unmask;
	evtchn_reset_t reset;
	evtchn_init_control_t init_control;
	evtchn_expand_array_t expand_array;
	evtchn_set_priority_t set_priority;
};

_Static_assert(sizeof(evtchn_alloc_unbound_t) == 8 &&
	       sizeof(evtchn_bind_interdomain_t) == 12 &&
	       sizeof(evtchn_status_t) == 24 &&
	       sizeof(evtchn_init_control_t) == 24, "same layout in 32-bit guests");

/* --- making ports --------------------------------------------------------- */

static int do_alloc_unbound(union event_arg *arg)
{
	evtchn_alloc_unbound_t *a = &arg->alloc_unbound;
	struct evtchn *chn;
	struct domain *d;
	int err = domain_find_checked(a->dom, ACCESS_TARGET, &d);

	if (err)
		return err;
	spin_lock(&d->event_lock);
	err = event_port_alloc_locked(d, &a->port, &chn);
	if (!err) {
		chn->state = EVTCHNSTAT_unbound;
		chn->remote_id = a->remote_dom == DOMID_SELF ?
				 current->domain->id : a->remote_dom;
	}
	spin_unlock(&d->event_lock);
	domain_put(d);
	return err;
}

static int bind_interdomain_locked(struct domain *d, struct domain *rd,
				   evtchn_bind_interdomain_t *a)
{
	struct evtchn *rchn = event_port(rd->events, a->remote_port);
	struct evtchn *chn;
	int err;

	if (!rchn || rchn->state != EVTCHNSTAT_unbound ||
	    rchn->remote_id != d->id || rd->dying)
		return -EINVAL;
	err = event_port_alloc_locked(d, &a->local_port, &chn);
	if (err)
		return err;
	chn->state = EVTCHNSTAT_interdomain;
	chn->remote = rd;
	chn->remote_port = a->remote_port;
	rchn->state = EVTCHNSTAT_interdomain;
	rchn->remote = d;
	rchn->remote_port = a->local_port;
	/* A notification sent before the bind would be lost: make up for it. */
	event_set_pending(d, a->local_port, chn);
	return 0;
}

static int do_bind_interdomain(union event_arg *arg)
{
	evtchn_bind_interdomain_t *a = &arg->bind_interdomain;
	struct domain *d = current->domain, *rd = d;
	int err;

	if (a->remote_dom == DOMID_SELF || a->remote_dom == d->id)
		domain_get(rd);
	else
		rd = domain_find(a->remote_dom);
	if (!rd)
		return -ESRCH;
	event_lock_two(d, rd);
	err = bind_interdomain_locked(d, rd, a);
	event_unlock_two(d, rd);
	domain_put(rd);
	return err;
}

static int do_bind_virq(union event_arg *arg)
{
	evtchn_bind_virq_t *a = &arg->bind_virq;
	struct domain *d = current->domain;
	struct evtchn *chn;
	struct vcpu *v;
	int err = -EEXIST;

	if (a->virq >= NR_VIRQS || (a->vcpu && !virq_is_per_vcpu(a->virq)))
		return -EINVAL;
	v = domain_vcpu(d, a->vcpu);
	if (!v)
		return -ENOENT;
	LOCKED(&d->event_lock);
	if (!v->virq_port[a->virq])
		err = event_port_alloc_locked(d, &a->port, &chn);
	if (!err) {
		chn->state = EVTCHNSTAT_virq;
		chn->virq = a->virq & 0x7f;
		chn->vcpu = (uint16_t)v->id;
		v->virq_port[a->virq] = a->port;
	}
	return err;
}

static int do_bind_ipi(union event_arg *arg)
{
	evtchn_bind_ipi_t *a = &arg->bind_ipi;
	struct domain *d = current->domain;
	struct evtchn *chn;
	int err;

	if (!domain_vcpu(d, a->vcpu))
		return -ENOENT;
	LOCKED(&d->event_lock);
	err = event_port_alloc_locked(d, &a->port, &chn);
	if (!err) {
		chn->state = EVTCHNSTAT_ipi;
		chn->vcpu = (uint16_t)a->vcpu;
	}
	return err;
}

/* --- using them ----------------------------------------------------------- */

static int do_send(union event_arg *arg)
{
	struct domain *d = current->domain;
	struct evtchn *chn;
	int err = 0;

	LOCKED(&d->event_lock);
	chn = event_port(d->events, arg->send.port);
	if (!chn)
		err = -EINVAL;
	else if (chn->state == EVTCHNSTAT_interdomain)
		event_set_pending(chn->remote, chn->remote_port,
				  event_port(chn->remote->events, chn->remote_port));
	else if (chn->state == EVTCHNSTAT_ipi)
		event_set_pending(d, arg->send.port, chn);
	else if (chn->state != EVTCHNSTAT_unbound)
		err = -EINVAL;
	return err;
}

static int do_close(union event_arg *arg)
{
	return event_port_close(current->domain, arg->close.port);
}

static void fill_status(evtchn_status_t *s, const struct evtchn *chn)
{
	s->status = chn->state;
	s->vcpu = chn->vcpu;
	if (chn->state == EVTCHNSTAT_unbound) {
		s->u.unbound.dom = chn->remote_id;
	} else if (chn->state == EVTCHNSTAT_interdomain) {
		s->u.interdomain.dom = chn->remote->id;
		s->u.interdomain.port = chn->remote_port;
	} else if (chn->state == EVTCHNSTAT_virq) {
		s->u.virq = chn->virq;
	}
}

static int do_status(union event_arg *arg)
{
	static const struct evtchn never_used;
	evtchn_status_t *s = &arg->status;
	struct evtchn *chn;
	struct domain *d;
	int err = domain_find_checked(s->dom, ACCESS_TARGET, &d);

	if (err)
		return err;
	spin_lock(&d->event_lock);
	chn = event_port(d->events, s->port);
	if (!s->port || s->port >= d->events->limit)
		err = -EINVAL;
	else
		fill_status(s, chn ? chn : &never_used);
	spin_unlock(&d->event_lock);
	domain_put(d);
	return err;
}

static int bind_vcpu_locked(struct evtchn *chn, uint32_t vcpu)
{
	bool per_vcpu = !chn || chn->state == EVTCHNSTAT_closed ||
			chn->state == EVTCHNSTAT_ipi ||
			(chn->state == EVTCHNSTAT_virq && virq_is_per_vcpu(chn->virq));

	if (per_vcpu)
		return -EINVAL;
	__atomic_store_n(&chn->vcpu, (uint16_t)vcpu, __ATOMIC_RELAXED);
	return 0;
}

static int do_bind_vcpu(union event_arg *arg)
{
	evtchn_bind_vcpu_t *a = &arg->bind_vcpu;
	struct domain *d = current->domain;
	int err;

	if (!domain_vcpu(d, a->vcpu))
		return -ENOENT;
	LOCKED(&d->event_lock);
	err = bind_vcpu_locked(event_port(d->events, a->port), a->vcpu);
	return err;
}

static int do_unmask(union event_arg *arg)
{
	struct domain *d = current->domain;
	struct evtchn *chn;

	LOCKED(&d->event_lock);
	chn = event_port(d->events, arg->unmask.port);
	if (chn)
		event_unmask(d, arg->unmask.port, chn);
	return chn ? 0 : -EINVAL;
}

/* --- the FIFO ABI ---------------------------------------------------------- */

static int do_init_control(union event_arg *arg)
{
	evtchn_init_control_t *a = &arg->init_control;
	struct vcpu *v = domain_vcpu(current->domain, a->vcpu);

	if (!v)
		return -ENOENT;
	if (a->offset % 8 || a->offset > PAGE_SIZE - sizeof(struct evtchn_fifo_control_block))
		return -EINVAL;
	a->link_bits = EVTCHN_FIFO_LINK_BITS;
	return event_fifo_init_control(v, GFN(a->control_gfn), a->offset);
}

static int do_expand_array(union event_arg *arg)
{
	return event_fifo_expand(current->domain, GFN(arg->expand_array.array_gfn));
}

static int do_set_priority(union event_arg *arg)
{
	struct evtchn_table *t = current->domain->events;
	struct evtchn *chn;

	if (!t->fifo)
		return -ENOSYS;
	LOCKED(&current->domain->event_lock);
	chn = event_port(t, arg->set_priority.port);
	if (!chn || chn->state == EVTCHNSTAT_closed ||
	    arg->set_priority.priority > EVTCHN_FIFO_PRIORITY_MIN)
		return -EINVAL;
	event_fifo_set_priority(t, chn, arg->set_priority.priority);
	return 0;
}

/* --- the end ---------------------------------------------------------------- */

static int do_reset(union event_arg *arg)
{
	struct domain *d;
	int err = domain_find_checked(arg->reset.dom, ACCESS_TARGET, &d);

	if (err)
		return err;
	err = events_close_all(d);
	domain_put(d);
	return err;
}

/* --- the table ------------------------------------------------------------ */

static const struct event_row {
	int (*fn)(union event_arg *arg);
	uint8_t size;
	bool copyback;
} rows[] = {
	[EVTCHNOP_bind_interdomain] = {do_bind_interdomain,
				       sizeof(evtchn_bind_interdomain_t), true},
	[EVTCHNOP_bind_virq]	= {do_bind_virq, sizeof(evtchn_bind_virq_t), true},
	[EVTCHNOP_close]	= {do_close, sizeof(evtchn_close_t), false},
	[EVTCHNOP_send]		= {do_send, sizeof(evtchn_send_t), false},
	[EVTCHNOP_status]	= {do_status, sizeof(evtchn_status_t), true},
	[EVTCHNOP_alloc_unbound] = {do_alloc_unbound,
				    sizeof(evtchn_alloc_unbound_t), true},
	[EVTCHNOP_bind_ipi]	= {do_bind_ipi, sizeof(evtchn_bind_ipi_t), true},
	[EVTCHNOP_bind_vcpu]	= {do_bind_vcpu, sizeof(evtchn_bind_vcpu_t), false},
	[EVTCHNOP_unmask]	= {do_unmask, sizeof(evtchn_unmask_t), false},
	[EVTCHNOP_reset]	= {do_reset, sizeof(evtchn_reset_t), false},
	[EVTCHNOP_init_control]	= {do_init_control, sizeof(evtchn_init_control_t), true},
	[EVTCHNOP_expand_array]	= {do_expand_array, sizeof(evtchn_expand_array_t), false},
	[EVTCHNOP_set_priority]	= {do_set_priority, sizeof(evtchn_set_priority_t), false},
};

/* The port a making operation made is given back when it cannot be told. */
static void undo(uint32_t cmd, const union event_arg *arg)
{
	struct domain *d;

	if (cmd == EVTCHNOP_bind_interdomain)
		event_port_close(current->domain, arg->bind_interdomain.local_port);
	else if (cmd == EVTCHNOP_bind_virq)
		event_port_close(current->domain, arg->bind_virq.port);
	else if (cmd == EVTCHNOP_bind_ipi)
		event_port_close(current->domain, arg->bind_ipi.port);
	else if (cmd == EVTCHNOP_alloc_unbound &&
		 !domain_find_checked(arg->alloc_unbound.dom, ACCESS_TARGET, &d)) {
		event_port_close(d, arg->alloc_unbound.port);
		domain_put(d);
	}
}

long event_channel_op(struct hypercall *hc)
{
	uint32_t cmd = (uint32_t)hc->arg[0];
	gva_t at = GVA(hc->arg[1]);
	union event_arg arg;
	int err;

	if (cmd >= ARRAY_SIZE(rows) || !rows[cmd].fn)
		return -ENOSYS;
	err = guest_read(&arg, at, rows[cmd].size);
	if (err)
		return err;
	err = rows[cmd].fn(&arg);
	if (err == -ERESTART)
		return hypercall_restart(hc);
	if (err || !rows[cmd].copyback)
		return err;
	err = guest_write(at, &arg, rows[cmd].size);
	if (err)
		undo(cmd, &arg);
	return err;
}

/*
 * vcpu_op and set_timer_op (xen/vcpu.h): a guest manages its own vCPUs: start
 * and stop, timers, and the places where the hypervisor keeps it informed.
 */
#include <hv/arch.h>
#include <hv/event.h>
#include <hv/guest.h>
#include <hv/lib.h>
#include <hv/sched.h>

#define PERIOD_MIN_NS	1000000ull

struct vcpu_call {
	struct vcpu *v;		/* the one it is about, of the caller's domain */
	gva_t arg;
	bool compat;
};

/* --- on and off ----------------------------------------------------------- */

static long do_initialise(struct vcpu_call *c)
{
	return arch_vcpu_initialise(c->v, c->arg);
}

static long do_up(struct vcpu_call *c)
{
	if (!arch_vcpu_initialised(c->v))
		return -EINVAL;
	if (c->v->down)
		vcpu_set_up(c->v);
	return 0;
}

static long do_down(struct vcpu_call *c)
{
	vcpu_set_down(c->v);
	return 0;
}

static long do_is_up(struct vcpu_call *c)
{
	return !c->v->down;
}

static long do_send_nmi(struct vcpu_call *c)
{
	return c->arg.v ? -EINVAL : arch_vcpu_send_nmi(c->v);
}

static long do_get_physid(struct vcpu_call *c)
{
	return -EINVAL;		/* vCPUs are not pinned for guests to see */
}

/* --- timers --------------------------------------------------------------- */

static long singleshot_set(struct vcpu *v, uint64_t at)
{
	timer_stop(&v->singleshot_timer);
	if (at <= now_ns())
		virq_send_vcpu(v, VIRQ_TIMER);
	else
		timer_set(&v->singleshot_timer, at);
	return 0;
}

static long do_set_singleshot(struct vcpu_call *c)
{
	struct vcpu_set_singleshot_timer t;
	int err;

	if (c->v != current)
		return -EINVAL;
	/* Twelve bytes in both layouts; the rest is padding. */
	err = guest_read(&t, c->arg, offsetof(struct vcpu_set_singleshot_timer,
					      flags) + sizeof(t.flags));
	if (err)
		return err;
	if ((t.flags & VCPU_SSHOTTMR_future) && t.timeout_abs_ns < now_ns())
		return -ETIME;
	return singleshot_set(c->v, t.timeout_abs_ns);
}

static long do_stop_singleshot(struct vcpu_call *c)
{
	if (c->v != current)
		return -EINVAL;
	timer_stop(&c->v->singleshot_timer);
	return 0;
}

static long do_set_periodic(struct vcpu_call *c)
{
	struct vcpu_set_periodic_timer t;
	int err = guest_read(&t, c->arg, sizeof(t));

	if (err)
		return err;
	if (t.period_ns < PERIOD_MIN_NS || t.period_ns > INT64_MAX)
		return -EINVAL;
	timer_stop(&c->v->periodic_timer);
	c->v->periodic_ns = t.period_ns;
	timer_set(&c->v->periodic_timer, now_ns() + t.period_ns);
	return 0;
}

static long do_stop_periodic(struct vcpu_call *c)
{
	c->v->periodic_ns = 0;
	timer_stop(&c->v->periodic_timer);
	return 0;
}

long set_timer_op(struct hypercall *hc)
{
	struct vcpu *v = current;
	uint64_t at = hc->arg[0];

	if (hc->compat)		/* two halves, low first */
		at = (uint32_t)at | hc->arg[1] << 32;
	if (at)
		return singleshot_set(v, at);
	timer_stop(&v->singleshot_timer);
	return 0;
}

/* --- areas ---------------------------------------------------------------- */

static long do_register_info(struct vcpu_call *c)
{
	struct vcpu_register_vcpu_info i;
	int err = guest_read(&i, c->arg, sizeof(i));

	return err ? err : event_register_vcpu_info(c->v, GFN(i.mfn), i.offset);
}

/* An area may be changed under its own vCPU or one that does not run. */
static int area_change(struct vcpu_call *c, struct guest_area *a, size_t size)
{
	uint64_t addr;
	int err;

	if (c->v != current && !c->v->down)
		return -EINVAL;
	err = guest_read_long(c->arg, 0, c->compat, &addr);
	if (err)
		return err;
	if (addr)
		return area_register(a, GVA(addr), (unsigned int)size);
	area_release(a);
	return 0;
}

static long do_get_runstate(struct vcpu_call *c)
{
	struct vcpu_runstate_info info;

	if (c->compat)
		return -ENOSYS;
	memset(&info, 0, sizeof(info));
	vcpu_runstate_get(c->v, &info);
	return guest_write(c->arg, &info, sizeof(info));
}

static long do_register_runstate(struct vcpu_call *c)
{
	struct vcpu_runstate_info info;
	int err;

	if (c->compat)		/* laid out differently for 32-bit guests */
		return -ENOSYS;
	err = area_change(c, &c->v->runstate_area, sizeof(info));
	if (err)
		return err;
	memset(&info, 0, sizeof(info));
	vcpu_runstate_get(c->v, &info);
	area_write(&c->v->runstate_area, 0, &info, sizeof(info));
	return 0;
}

static long do_register_time(struct vcpu_call *c)
{
	int err = area_change(c, &c->v->time_area, sizeof(struct vcpu_time_info));

	if (!err)
		arch_update_vcpu_time(c->v);
	return err;
}

/* --- the table ------------------------------------------------------------ */

static long (*const rows[])(struct vcpu_call *c) = {
	[VCPUOP_initialise]			= do_initialise,
	[VCPUOP_up]				= do_up,
	[VCPUOP_down]				= do_down,
	[VCPUOP_is_up]				= do_is_up,
	[VCPUOP_get_runstate_info]		= do_get_runstate,
	[VCPUOP_register_runstate_memory_area]	= do_register_runstate,
	[VCPUOP_set_periodic_timer]		= do_set_periodic,
	[VCPUOP_stop_periodic_timer]		= do_stop_periodic,
	[VCPUOP_set_singleshot_timer]		= do_set_singleshot,
	[VCPUOP_stop_singleshot_timer]		= do_stop_singleshot,
	[VCPUOP_register_vcpu_info]		= do_register_info,
	[VCPUOP_send_nmi]			= do_send_nmi,
	[VCPUOP_get_physid]			= do_get_physid,
	[VCPUOP_register_vcpu_time_memory_area]	= do_register_time,
};

long vcpu_op(struct hypercall *hc)
{
	struct domain *d = current->domain;
	uint32_t cmd = (uint32_t)hc->arg[0];
	struct vcpu_call c = {
		.v = domain_vcpu(d, (uint32_t)hc->arg[1]),
		.arg = GVA(hc->arg[2]),
		.compat = hc->compat,
	};

	if (!c.v)
		return -ENOENT;
	if (cmd >= ARRAY_SIZE(rows))
		return -ENOSYS;
	return rows[cmd](&c);
}

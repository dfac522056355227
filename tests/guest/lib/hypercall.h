/*
 * Hypercalls of the public ABI. hv_call() goes by the bare instruction that
 * the CPUID vendor names, or, after hv_use_page(), through the hypercall page.
 * The wrappers give the plain result: 0 or more, or a negative errno.
 */
#ifndef GUEST_HYPERCALL_H
#define GUEST_HYPERCALL_H

#include <stdint.h>
#include <xen/xen.h>
#include <xen/sched.h>
#include <xen/event_channel.h>
#include <xen/grant_table.h>
#include <xen/memory.h>
#include <xen/vcpu.h>
#include <xen/version.h>
#include <xen/platform.h>
#include <xen/physdev.h>
#include <xen/domctl.h>
#include <xen/sysctl.h>
#include <xen/hvm/hvm_op.h>
#include <xen/hvm/params.h>
#include <xen/hvm/hvm_vcpu.h>

/* Fills in the page by the MSR of CPUID leaf base+2; false if it faults. */
bool hv_use_page(bool page);
extern unsigned char hypercall_page[4096];
extern void (*hv_bare)(void); /* hypercall_vmmcall or hypercall_vmcall */
extern bool hv_by_page;
void hypercall_vmmcall(void);
void hypercall_vmcall(void);

#define HV_TARGET(nr) \
	(hv_by_page ? (unsigned long)hypercall_page + (nr)*32ul : (unsigned long)hv_bare)

#ifdef __x86_64__
static inline long hv_call(unsigned int nr, unsigned long a, unsigned long b,
			   unsigned long c, unsigned long d, unsigned long e)
{
	register unsigned long r10 asm("r10") = d;
	register unsigned long r8 asm("r8") = e;
	long ret;

	asm volatile("call *%[fn]"
		     : "=a"(ret), "+D"(a), "+S"(b), "+d"(c), "+r"(r10), "+r"(r8)
		     : [fn] "r"(HV_TARGET(nr)), "0"((long)nr)
		     : "memory");
	return ret;
}
#else
static inline long hv_call(unsigned int nr, unsigned long a, unsigned long b,
			   unsigned long c, unsigned long d, unsigned long e)
{
	long ret;

	asm volatile("call *%[fn]"
		     : "=a"(ret), "+b"(a), "+c"(b), "+d"(c), "+S"(d), "+D"(e)
		     : [fn] "m"((unsigned long){HV_TARGET(nr)}), "0"((long)nr)
		     : "memory");
	return ret;
}
#endif

static inline long hv_call3(unsigned int nr, unsigned long a, const void *b,
			    unsigned long c)
{
	return hv_call(nr, a, (unsigned long)b, c, 0, 0);
}

static inline long hv_xen_version(unsigned int cmd, void *arg)
{
	return hv_call3(__HYPERVISOR_xen_version, cmd, arg, 0);
}

static inline long hv_console_io(unsigned int cmd, unsigned int len, const void *buf)
{
	return hv_call(__HYPERVISOR_console_io, cmd, len, (unsigned long)buf, 0, 0);
}

static inline long hv_memory_op(unsigned int cmd, const void *arg)
{
	return hv_call3(__HYPERVISOR_memory_op, cmd, arg, 0);
}

static inline long hv_event_op(unsigned int cmd, const void *arg)
{
	return hv_call3(__HYPERVISOR_event_channel_op, cmd, arg, 0);
}

static inline long hv_grant_op(unsigned int cmd, void *arg, unsigned int count)
{
	return hv_call3(__HYPERVISOR_grant_table_op, cmd, arg, count);
}

static inline long hv_sched_op(unsigned int cmd, const void *arg)
{
	return hv_call3(__HYPERVISOR_sched_op, cmd, arg, 0);
}

static inline long hv_vcpu_op(unsigned int cmd, unsigned int vcpu, const void *arg)
{
	return hv_call(__HYPERVISOR_vcpu_op, cmd, vcpu, (unsigned long)arg, 0, 0);
}

static inline long hv_hvm_op(unsigned int cmd, const void *arg)
{
	return hv_call3(__HYPERVISOR_hvm_op, cmd, arg, 0);
}

static inline long hv_vm_assist(unsigned int cmd, unsigned int type)
{
	return hv_call(__HYPERVISOR_vm_assist, cmd, type, 0, 0, 0);
}

static inline long hv_multicall(void *list, unsigned int count)
{
	return hv_call(__HYPERVISOR_multicall, (unsigned long)list, count, 0, 0, 0);
}

static inline long hv_domctl(xen_domctl_t *op)
{
	return hv_call(__HYPERVISOR_domctl, (unsigned long)op, 0, 0, 0, 0);
}

static inline long hv_sysctl(xen_sysctl_t *op)
{
	return hv_call(__HYPERVISOR_sysctl, (unsigned long)op, 0, 0, 0, 0);
}

static inline long hv_platform_op(xen_platform_op_t *op)
{
	return hv_call(__HYPERVISOR_platform_op, (unsigned long)op, 0, 0, 0, 0);
}

static inline long hv_physdev_op(unsigned int cmd, const void *arg)
{
	return hv_call3(__HYPERVISOR_physdev_op, cmd, arg, 0);
}

static inline long hv_set_timer(uint64_t ns)
{
	return hv_call(__HYPERVISOR_set_timer_op, ns, 0, 0, 0, 0);
}

static inline void hv_sched_yield(void)
{
	hv_sched_op(SCHEDOP_yield, NULL);
}

static inline long hv_shutdown(unsigned int reason)
{
	struct sched_shutdown s = {.reason = reason};

	return hv_sched_op(SCHEDOP_shutdown, &s);
}

static inline long hv_event_send(evtchn_port_t port)
{
	struct evtchn_send s = {.port = port};

	return hv_event_op(EVTCHNOP_send, &s);
}

static inline long hv_event_close(evtchn_port_t port)
{
	struct evtchn_close c = {.port = port};

	return hv_event_op(EVTCHNOP_close, &c);
}

/* The ones that give a port: the port, or a negative errno. */
long hv_event_alloc(domid_t dom, domid_t remote);
long hv_event_bind(domid_t remote, evtchn_port_t port);
long hv_event_bind_ipi(unsigned int vcpu);
long hv_event_bind_virq(unsigned int virq, unsigned int vcpu);
/* EVTCHNSTAT_* or a negative errno. */
long hv_event_status(domid_t dom, evtchn_port_t port);

long hv_get_param(domid_t dom, unsigned int index, uint64_t *val);
long hv_set_param(domid_t dom, unsigned int index, uint64_t val);

/* One frame each; the flags are those of the grant entry's user. */
long hv_populate(unsigned long gfn, unsigned long nr, unsigned int order);
long hv_decrease(unsigned long gfn);
long hv_add_to_physmap(domid_t dom, unsigned int space, unsigned long idx,
		       unsigned long gfn);
long hv_remove_from_physmap(domid_t dom, unsigned long gfn);

#endif

/*
 * The hypercall table (guest-visible numbers: xen/xen.h) and its dispatch. A
 * number without a row is -ENOSYS; who may call what is decided by the
 * handlers through core/access.c.
 */
#include <hv/arch.h>
#include <hv/hypercall.h>
#include <hv/lib.h>
#include <hv/timer.h>
#include <hv/trace.h>

struct hypercall_row {
	hypercall_fn *fn;
	const char *name;
};

static const struct hypercall_row table[HYPERCALLS_MAX] = {
	[__HYPERVISOR_platform_op]	= {platform_op, "platform_op"},
	[__HYPERVISOR_memory_op]	= {memory_op, "memory_op"},
	[__HYPERVISOR_multicall]	= {multicall_op, "multicall"},
	[__HYPERVISOR_set_timer_op]	= {set_timer_op, "set_timer_op"},
	[__HYPERVISOR_xen_version]	= {version_op, "version"},
	[__HYPERVISOR_console_io]	= {console_io_op, "console_io"},
	[__HYPERVISOR_grant_table_op]	= {grant_table_op, "grant_table_op"},
	[__HYPERVISOR_vm_assist]	= {vm_assist_op, "vm_assist"},
	[__HYPERVISOR_vcpu_op]		= {vcpu_op, "vcpu_op"},
	[__HYPERVISOR_sched_op]		= {sched_op, "sched_op"},
	[__HYPERVISOR_event_channel_op]	= {event_channel_op, "event_channel_op"},
	[__HYPERVISOR_physdev_op]	= {physdev_op, "physdev_op"},
	[__HYPERVISOR_hvm_op]		= {hvm_op, "hvm_op"},
	[__HYPERVISOR_sysctl]		= {sysctl_op, "sysctl"},
	[__HYPERVISOR_domctl]		= {domctl_op, "domctl"},
	[__HYPERVISOR_arch_0]	= {mca_op, "mca"},
};

long hypercall_dispatch(struct hypercall *hc)
{
	hypercall_fn *fn = hc->nr < HYPERCALLS_MAX ? table[hc->nr].fn : NULL;

	hc->restart = false;
	if (!fn)
		return -ENOSYS;
	this_cpu()->hypercalls[hc->nr]++;
	trace(TRACE_HYPERCALL, hc->nr, hc->arg[0]);
	return fn(hc);
}

/* Never inlined: tests/bench/stretch knows by it that a long operation looked up. */
noinline bool hypercall_preempt_check(void)
{
	return this_cpu()->need_resched || arch_irq_pending() || timer_next() <= now_ns();
}

const char *hypercall_name(unsigned int nr)
{
	return nr < HYPERCALLS_MAX ? table[nr].name : NULL;
}

uint64_t hypercall_count(unsigned int nr)
{
	uint64_t sum = 0;

	for_each_cpu(cpu)
		sum += cpus[cpu]->hypercalls[nr];
	return sum;
}

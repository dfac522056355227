/*
 * How long a vCPU ran, waited, slept (xen/vcpu.h): kept by the scheduler, read by
 * toolstack and guest. A guest's area is written when its vCPU gets a CPU.
 */
#include <hv/lib.h>

#include "sched_priv.h"

void runstate_set(struct vcpu *v, uint32_t state, uint64_t now)
{
	v->runstate.time[v->runstate.state] += now - v->runstate.entry;
	v->runstate.entry = now;
	v->runstate.state = state;
}

void vcpu_runstate_get(const struct vcpu *v, struct vcpu_runstate_info *out)
{
	uint64_t now = now_ns();

	out->state = (int)v->runstate.state;
	out->state_entry_time = v->runstate.entry;
	memcpy(out->time, v->runstate.time, sizeof(out->time));
	if (now > v->runstate.entry)
		out->time[v->runstate.state] += now - v->runstate.entry;
}

uint64_t vcpu_cpu_time(const struct vcpu *v)
{
	struct vcpu_runstate_info info;

	vcpu_runstate_get(v, &info);
	return info.time[RUNSTATE_running];
}

/*
 * The guest reads its area without a lock: with the update flag of vm_assist the top
 * bit of state_entry_time says "being written".
 */
void runstate_publish(struct vcpu *v)
{
	const unsigned int entry_off =
		offsetof(struct vcpu_runstate_info, state_entry_time);
	bool flag = v->domain->vm_assist & (1u << VMASST_TYPE_runstate_update_flag);
	struct vcpu_runstate_info info;
	uint64_t entry = v->runstate.entry;

	if (!v->runstate_area.page[0])
		return;
	info.state = (int)v->runstate.state;
	info.state_entry_time = entry | (flag ? XEN_RUNSTATE_UPDATE : 0);
	memcpy(info.time, v->runstate.time, sizeof(info.time));
	if (flag) {
		area_write(&v->runstate_area, entry_off, &info.state_entry_time,
			   sizeof(entry));
		__atomic_thread_fence(__ATOMIC_RELEASE);
	}
	area_write(&v->runstate_area, 0, &info, sizeof(info));
	if (flag) {
		__atomic_thread_fence(__ATOMIC_RELEASE);
		area_write(&v->runstate_area, entry_off, &entry, sizeof(entry));
	}
}

/*
 * Event channels, grants and time as the guest sees them in shared memory:
 * two-level pending bits, version-1 grant entries, the vCPU time record.
 */
#include "guest.h"

volatile unsigned int event_upcalls[MAX_CPUS];

bool event_pending(evtchn_port_t port)
{
	volatile unsigned long *w = shared_info.evtchn_pending;

	return w[port / 64] >> (port % 64) & 1;
}

void event_clear(evtchn_port_t port)
{
	__sync_fetch_and_and(&shared_info.evtchn_pending[port / 64], ~(1ul << port % 64));
}

static void upcall(struct trap_frame *f)
{
	struct vcpu_info *v = &shared_info.vcpu_info[this_cpu()->id];

	(void)f;
	event_upcalls[this_cpu()->id]++;
	v->evtchn_upcall_pending = 0;
	barrier();
	v->evtchn_pending_sel = 0;
}

long event_upcall_init(unsigned int vector)
{
	uint64_t type = HVM_PARAM_CALLBACK_TYPE_VECTOR;

	irq_set(vector, upcall);
	return hv_set_param(DOMID_SELF, HVM_PARAM_CALLBACK_IRQ, type << 56 | vector);
}

void grant_access(unsigned int ref, domid_t domid, const void *page, bool readonly)
{
	grant_table[ref].frame = (uint32_t)gfn_of(page);
	grant_table[ref].domid = domid;
	barrier();
	grant_table[ref].flags =
		(uint16_t)(GTF_permit_access | (readonly ? GTF_readonly : 0));
}

bool grant_end_access(unsigned int ref)
{
	uint16_t flags = grant_table[ref].flags;

	if (flags & (GTF_reading | GTF_writing))
		return false;
	return __sync_bool_compare_and_swap(&grant_table[ref].flags, flags, 0);
}

uint64_t now_ns(void)
{
	volatile struct vcpu_time_info *t = &shared_info.vcpu_info[0].time;
	uint32_t version;
	uint64_t ns, delta;

	do {
		version = t->version;
		barrier();
		delta = rdtsc() - t->tsc_timestamp;
		delta = t->tsc_shift >= 0 ? delta << t->tsc_shift
					  : delta >> -t->tsc_shift;
		ns = t->system_time +
		     (uint64_t)(((unsigned __int128)delta * t->tsc_to_system_mul) >> 32);
		barrier();
	} while ((version & 1) || version != t->version);
	return ns;
}

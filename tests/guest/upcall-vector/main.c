/*
 * Events by a vector of the vCPU's own through its local APIC (the second way
 * of guest ABI D4): set IRR on each 0 to 1 of the pending byte, the guest
 * acknowledges. Skipped when the hypervisor has only the domain-wide way.
 */
#include "guest.h"

#define VECTOR 0x60

static volatile unsigned int hits;

static void on_event(struct trap_frame *f)
{
	(void)f;
	hits++;
	shared_info.vcpu_info[0].evtchn_upcall_pending = 0;
	shared_info.vcpu_info[0].evtchn_pending_sel = 0;
	apic_eoi();
}

void test_main(void)
{
	struct xen_hvm_evtchn_upcall_vector v = {.vcpu = 0, .vector = VECTOR};
	long port = hv_event_bind_ipi(0);
	long rc = hv_hvm_op(HVMOP_set_evtchn_upcall_vector, &v);
	unsigned int i;

	if (rc == -XEN_ENOSYS) {
		test_skip("no per-vCPU upcall vectors here");
		return;
	}
	EXPECT(rc, 0);
	irq_set(VECTOR, on_event);
	apic_write(0xf0, 0x1ff);
	irq_enable();
	irq_disable(); /* what was pending from before */
	shared_info.vcpu_info[0].evtchn_upcall_pending = 0;
	shared_info.vcpu_info[0].evtchn_pending_sel = 0;
	hits = 0;
	for (i = 1; i <= 10; i++) {
		event_clear((evtchn_port_t)port);
		hv_event_send((evtchn_port_t)port);
		irq_enable();
		irq_disable();
		EXPECT(hits, i);
	}
	/* A disabled APIC drops it. */
	apic_write(0xf0, 0xff);
	event_clear((evtchn_port_t)port);
	hv_event_send((evtchn_port_t)port);
	irq_enable();
	irq_disable();
	EXPECT(hits, 10);
	apic_write(0xf0, 0x1ff);
	v.vector = 0xf;
	EXPECT(hv_hvm_op(HVMOP_set_evtchn_upcall_vector, &v), -XEN_EINVAL);
	v.vector = VECTOR;
	v.vcpu = 2;
	EXPECT(hv_hvm_op(HVMOP_set_evtchn_upcall_vector, &v), -XEN_ENOENT);
}

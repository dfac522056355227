/*
 * Event channels as drivers use them: ports to dom0 and to ourselves, IPIs,
 * VIRQs, masks, upcalls by vector, what is pending when, and that everything
 * can be closed again (guest ABI, D).
 */
#include "guest.h"

#define V_UPCALL 0x50

static struct vcpu_info *me(void)
{
	return &shared_info.vcpu_info[0];
}

static void test_loopback(void)
{
	long a = hv_event_alloc(DOMID_SELF, DOMID_SELF);
	long b = hv_event_bind(DOMID_SELF, (evtchn_port_t)a);

	CHECK(a > 0 && b > 0 && a != b);
	EXPECT(hv_event_status(DOMID_SELF, (evtchn_port_t)a), EVTCHNSTAT_interdomain);
	CHECK(event_pending((evtchn_port_t)b)); /* set once at binding */
	event_clear((evtchn_port_t)b);
	EXPECT(hv_event_send((evtchn_port_t)b), 0);
	CHECK(event_pending((evtchn_port_t)a));
	EXPECT(hv_event_close((evtchn_port_t)b), 0);
	EXPECT(hv_event_status(DOMID_SELF, (evtchn_port_t)b), EVTCHNSTAT_closed);
	EXPECT(hv_event_status(DOMID_SELF, (evtchn_port_t)a), EVTCHNSTAT_unbound);
	EXPECT(hv_event_send((evtchn_port_t)a), 0); /* unbound: silently nothing */
	EXPECT(hv_event_close((evtchn_port_t)a), 0);
	CHECK(!event_pending((evtchn_port_t)a));
	EXPECT(hv_event_close((evtchn_port_t)a), -XEN_EINVAL);
}

static void test_lowest_free(void)
{
	long a = hv_event_alloc(DOMID_SELF, 0);
	long b = hv_event_alloc(DOMID_SELF, 0);

	EXPECT(b, a + 1);
	hv_event_close((evtchn_port_t)a);
	EXPECT(hv_event_alloc(DOMID_SELF, 0), a);
	hv_event_close((evtchn_port_t)a);
	hv_event_close((evtchn_port_t)b);
}

static void test_ipi_and_virq(void)
{
	long ipi = hv_event_bind_ipi(0);
	long virq = hv_event_bind_virq(VIRQ_TIMER, 0);

	EXPECT(hv_event_status(DOMID_SELF, (evtchn_port_t)ipi), EVTCHNSTAT_ipi);
	EXPECT(hv_event_send((evtchn_port_t)ipi), 0);
	CHECK(event_pending((evtchn_port_t)ipi));
	EXPECT(hv_event_status(DOMID_SELF, (evtchn_port_t)virq), EVTCHNSTAT_virq);
	EXPECT(hv_event_bind_virq(VIRQ_TIMER, 0), -XEN_EEXIST);
	EXPECT(hv_event_send((evtchn_port_t)virq), -XEN_EINVAL);
	EXPECT(hv_event_close((evtchn_port_t)ipi), 0);
	EXPECT(hv_event_close((evtchn_port_t)virq), 0);
	virq = hv_event_bind_virq(VIRQ_TIMER, 1);
	CHECK(virq > 0);
	EXPECT(hv_event_close((evtchn_port_t)virq), 0);
}

static void test_dom0(void)
{
	long mine = hv_event_alloc(DOMID_SELF, 0);
	long theirs = ask(MB_EVENT_BIND, (unsigned long)mine, 0, 0);
	long port;

	CHECK(mine > 0 && theirs > 0);
	ask(MB_EVENT_PENDING, (unsigned long)theirs, 0, 0);
	EXPECT(hv_event_send((evtchn_port_t)mine), 0);
	EXPECT(ask(MB_EVENT_PENDING, (unsigned long)theirs, 0, 0), 1);
	EXPECT(ask(MB_EVENT_SEND, (unsigned long)theirs, 0, 0), 0);
	CHECK(event_pending((evtchn_port_t)mine));
	EXPECT(ask(MB_EVENT_CLOSE, (unsigned long)theirs, 0, 0), 0);
	EXPECT(hv_event_status(DOMID_SELF, (evtchn_port_t)mine), EVTCHNSTAT_unbound);
	EXPECT(hv_event_close((evtchn_port_t)mine), 0);
	/* The other way round: dom0 allocates, we bind. */
	theirs = ask(MB_EVENT_ALLOC, 0, 0, 0);
	port = hv_event_bind(0, (evtchn_port_t)theirs);
	CHECK(port > 0);
	EXPECT(ask(MB_EVENT_PENDING, (unsigned long)theirs, 0, 0), 0);
	hv_event_send((evtchn_port_t)port);
	EXPECT(ask(MB_EVENT_PENDING, (unsigned long)theirs, 0, 0), 1);
	hv_event_close((evtchn_port_t)port);
	EXPECT(ask(MB_EVENT_CLOSE, (unsigned long)theirs, 0, 0), 0);
}

static void clear_all(void)
{
	memset((void *)shared_info.evtchn_pending, 0, sizeof(shared_info.evtchn_pending));
	me()->evtchn_pending_sel = 0;
	me()->evtchn_upcall_pending = 0;
}

/* Masked ports set their bit but make no upcall; unmask makes it up. */
static void test_upcall(void)
{
	long port = hv_event_bind_ipi(0);
	struct evtchn_unmask u = {.port = (evtchn_port_t)port};
	unsigned long bit = 1ul << (port % 64);

	EXPECT(event_upcall_init(V_UPCALL), 0);
	clear_all();
	event_upcalls[0] = 0;
	hv_event_send((evtchn_port_t)port);
	EXPECT(event_upcalls[0], 0); /* interrupts are off */
	EXPECT(me()->evtchn_upcall_pending, 1);
	irq_enable();
	irq_disable();
	EXPECT(event_upcalls[0], 1);
	/* Still pending: a second send does nothing. */
	hv_event_send((evtchn_port_t)port);
	EXPECT(me()->evtchn_upcall_pending, 0);
	clear_all();
	shared_info.evtchn_mask[port / 64] |= bit;
	hv_event_send((evtchn_port_t)port);
	CHECK(event_pending((evtchn_port_t)port));
	EXPECT(me()->evtchn_upcall_pending, 0);
	irq_enable();
	EXPECT(hv_event_op(EVTCHNOP_unmask, &u), 0);
	irq_disable();
	EXPECT(event_upcalls[0], 2);
	CHECK(!(shared_info.evtchn_mask[port / 64] & bit));
	hv_event_close((evtchn_port_t)port);
	EXPECT(hv_set_param(DOMID_SELF, HVM_PARAM_CALLBACK_IRQ, 0), 0);
}

/* HLT with an event pending must not sleep. */
static void test_halt(void)
{
	long port = hv_event_bind_ipi(0);

	EXPECT(event_upcall_init(V_UPCALL), 0);
	clear_all();
	event_upcalls[0] = 0;
	hv_event_send((evtchn_port_t)port);
	irq_wait();
	EXPECT(event_upcalls[0], 1);
	hv_event_close((evtchn_port_t)port);
	EXPECT(hv_set_param(DOMID_SELF, HVM_PARAM_CALLBACK_IRQ, 0), 0);
}

static void test_bind_vcpu(void)
{
	long port = hv_event_alloc(DOMID_SELF, 0);
	struct evtchn_bind_vcpu b = {.port = (evtchn_port_t)port, .vcpu = 1};
	struct evtchn_status s = {.dom = DOMID_SELF, .port = (evtchn_port_t)port};

	EXPECT(hv_event_op(EVTCHNOP_bind_vcpu, &b), 0);
	EXPECT(hv_event_op(EVTCHNOP_status, &s), 0);
	EXPECT(s.vcpu, 1);
	EXPECT(s.u.unbound.dom, 0);
	hv_event_close((evtchn_port_t)port);
}

void test_main(void)
{
	RUN(test_loopback);
	RUN(test_lowest_free);
	RUN(test_ipi_and_virq);
	RUN(test_dom0);
	RUN(test_upcall);
	RUN(test_halt);
	RUN(test_bind_vcpu);
}

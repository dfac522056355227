/*
 * Event channel operations with everything wrong: ports that do not exist or
 * are somebody else's, vCPUs and VIRQs out of range, domains that are not ours
 * to touch, all ports used up, and words of shared_info full of rubbish.
 */
#include "guest.h"

static const evtchn_port_t bad_ports[] = {0,	900,	 1024,	     4095,
					  4096, 0x20000, 0x7fffffff, 0xffffffff};

static void test_bad_ports(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad_ports); i++) {
		evtchn_port_t p = bad_ports[i];
		struct evtchn_bind_vcpu b = {.port = p};
		struct evtchn_unmask u = {.port = p};

		EXPECT(hv_event_send(p), -XEN_EINVAL);
		EXPECT(hv_event_close(p), -XEN_EINVAL);
		EXPECT(hv_event_bind(DOMID_SELF, p), -XEN_EINVAL);
		EXPECT(hv_event_bind(0, p), -XEN_EINVAL);
		EXPECT(hv_event_op(EVTCHNOP_bind_vcpu, &b), -XEN_EINVAL);
		if (p >= 4096)
			EXPECT(hv_event_op(EVTCHNOP_unmask, &u), -XEN_EINVAL);
	}
	EXPECT(hv_event_status(DOMID_SELF, 4096), -XEN_EINVAL);
	EXPECT(hv_event_status(DOMID_SELF, ~0u), -XEN_EINVAL);
}

static void test_bad_vcpus(void)
{
	long port = hv_event_alloc(DOMID_SELF, 0);
	long ipi = hv_event_bind_ipi(0);
	struct evtchn_bind_vcpu b = {.port = (evtchn_port_t)port, .vcpu = 99};

	EXPECT(hv_event_bind_ipi(2), -XEN_ENOENT);
	EXPECT(hv_event_bind_ipi(0xffffffff), -XEN_ENOENT);
	EXPECT(hv_event_bind_virq(VIRQ_TIMER, 99), -XEN_ENOENT);
	EXPECT(hv_event_bind_virq(24, 0), -XEN_EINVAL);
	EXPECT(hv_event_bind_virq(0xffffffff, 0), -XEN_EINVAL);
	EXPECT(hv_event_bind_virq(VIRQ_DOM_EXC, 1), -XEN_EINVAL);
	EXPECT(hv_event_op(EVTCHNOP_bind_vcpu, &b), -XEN_ENOENT);
	b.port = (evtchn_port_t)ipi;
	b.vcpu = 1;
	EXPECT(hv_event_op(EVTCHNOP_bind_vcpu, &b), -XEN_EINVAL);
	hv_event_close((evtchn_port_t)port);
	hv_event_close((evtchn_port_t)ipi);
}

static void test_other_domains(void)
{
	static const domid_t ids[] = {DOMID_IO, DOMID_XEN, DOMID_COW, DOMID_INVALID,
				      999,	0x7fff,	   0xffff};
	struct evtchn_reset r = {.dom = 0};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ids); i++) {
		CHECK(hv_event_alloc(ids[i], 0) < 0);
		CHECK(hv_event_bind(ids[i], 1) < 0);
		CHECK(hv_event_status(ids[i], 1) < 0);
		r.dom = ids[i];
		CHECK(hv_event_op(EVTCHNOP_reset, &r) < 0);
	}
	EXPECT(hv_event_alloc(0, DOMID_SELF), -XEN_EPERM);
	EXPECT(hv_event_status(0, 1), -XEN_EPERM);
	EXPECT(hv_event_bind(999, 1), -XEN_ESRCH);
	r.dom = 0;
	EXPECT(hv_event_op(EVTCHNOP_reset, &r), -XEN_EPERM);
}

/* Ports that others offer to a third party are not ours to bind. */
static void test_not_for_us(void)
{
	evtchn_port_t p;

	for (p = 1; p < 64; p++)
		EXPECT(hv_event_bind(0, p), -XEN_EINVAL);
}

static void test_exhaust(void)
{
	static long ports[4200];
	unsigned int n = 0, i;
	long rc;

	while (n < ARRAY_SIZE(ports) && (rc = hv_event_alloc(DOMID_SELF, 0)) > 0)
		ports[n++] = rc;
	EXPECT(rc, -XEN_ENOSPC);
	EXPECT_OR(hv_event_bind_ipi(0), -XEN_ENOSPC, -XEN_ENOSPC);
	CHECK(n > 900 && n < 1024); /* the limit this domain was made with */
	for (i = 0; i < n; i++)
		EXPECT(hv_event_close((evtchn_port_t)ports[i]), 0);
	rc = hv_event_alloc(DOMID_SELF, 0);
	EXPECT(rc, ports[0]);
	hv_event_close((evtchn_port_t)rc);
}

static void test_pirq_and_fifo(void)
{
	struct evtchn_bind_pirq p = {.pirq = 9};
	struct evtchn_init_control c = {.control_gfn = ~0ull};
	struct evtchn_expand_array e = {.array_gfn = ~0ull};
	struct evtchn_set_priority s = {.port = 1, .priority = 99};

	if (!on_reference())
		EXPECT(hv_event_op(EVTCHNOP_bind_pirq, &p), -XEN_ENOSYS);
	CHECK(hv_event_op(EVTCHNOP_init_control, &c) < 0);
	CHECK(hv_event_op(EVTCHNOP_expand_array, &e) < 0);
	CHECK(hv_event_op(EVTCHNOP_set_priority, &s) < 0);
}

/* What we write there is ours to suffer from, nobody else's. */
static void test_rubbish(void)
{
	long port = hv_event_bind_ipi(0);
	unsigned int i;

	memset((void *)shared_info.evtchn_pending, 0xff,
	       sizeof(shared_info.evtchn_pending));
	memset((void *)shared_info.evtchn_mask, 0xff, sizeof(shared_info.evtchn_mask));
	for (i = 0; i < 32; i++)
		shared_info.vcpu_info[i].evtchn_pending_sel = ~0ul;
	EXPECT(hv_event_send((evtchn_port_t)port), 0);
	memset((void *)shared_info.evtchn_pending, 0, sizeof(shared_info.evtchn_pending));
	memset((void *)shared_info.evtchn_mask, 0, sizeof(shared_info.evtchn_mask));
	for (i = 0; i < 32; i++)
		shared_info.vcpu_info[i].evtchn_pending_sel = 0;
	EXPECT(hv_event_close((evtchn_port_t)port), 0);
}

void test_main(void)
{
	RUN(test_bad_ports);
	RUN(test_bad_vcpus);
	RUN(test_other_domains);
	RUN(test_not_for_us);
	RUN(test_exhaust);
	RUN(test_pirq_and_fifo);
	RUN(test_rubbish);
}

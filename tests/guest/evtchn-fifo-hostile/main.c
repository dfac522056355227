/*
 * The FIFO ABI in the hands of a guest that means harm: bad frames and offsets,
 * links in circles and out of range, flags and heads full of rubbish, changed
 * by a second vCPU while events are sent; the frames taken out of its memory
 * under the hypervisor's feet; and a death in the middle of it.
 */
#include "guest.h"

#define PORTS  16
#define ROUNDS 500

static volatile uint32_t words[1024] PAGE_ALIGNED;
static volatile uint32_t control_page[1024] PAGE_ALIGNED;
static volatile bool stop;

static long init_control(uint64_t gfn, uint32_t offset, uint32_t vcpu)
{
	struct evtchn_init_control c = {.control_gfn = gfn, .offset = offset, .vcpu = vcpu};

	return hv_event_op(EVTCHNOP_init_control, &c);
}

static long expand(uint64_t gfn)
{
	struct evtchn_expand_array e = {.array_gfn = gfn};

	return hv_event_op(EVTCHNOP_expand_array, &e);
}

static long set_priority(uint32_t port, uint32_t priority)
{
	struct evtchn_set_priority s = {.port = port, .priority = priority};

	return hv_event_op(EVTCHNOP_set_priority, &s);
}

static void test_arguments(void)
{
	unsigned long gfn = gfn_of(control_page);
	unsigned int i;

	EXPECT(init_control(gfn, 0, 99), -XEN_ENOENT);
	EXPECT(init_control(gfn, 0, ~0u), -XEN_ENOENT);
	EXPECT(init_control(gfn, 4, 0), -XEN_EINVAL);
	EXPECT(init_control(gfn, 4096 - 8, 0), -XEN_EINVAL);
	EXPECT(init_control(gfn, ~7u, 0), -XEN_EINVAL);
	EXPECT(init_control(~0ull, 0, 0), -XEN_EINVAL);
	EXPECT(init_control(0xfee00, 0, 0), -XEN_EINVAL);
	EXPECT(init_control(gfn_of(&shared_info), 0, 0), -XEN_EINVAL);
	EXPECT(init_control(gfn, 0, 0), 0);
	EXPECT(init_control(gfn, 2048, 0), -XEN_EINVAL);
	EXPECT(init_control(gfn, 2048, 1), 0);	/* both on one page */
	EXPECT(expand(~0ull), -XEN_EINVAL);
	EXPECT(expand(gfn_of(&shared_info)), -XEN_EINVAL);
	EXPECT(expand(gfn_of(words)), 0);
	for (i = 0; i < 200 && !expand(gfn); i++)	/* any page, as often as it likes */
		;
	EXPECT(expand(gfn), -XEN_ENOSPC);
	EXPECT(set_priority(1, 16), -XEN_EINVAL);
	EXPECT(set_priority(0, 1), -XEN_EINVAL);
	EXPECT(set_priority(~0u, 1), -XEN_EINVAL);
	EXPECT(set_priority(131072, 1), -XEN_EINVAL);
}

static void vandal(void *arg)
{
	uint32_t x = 88172645;

	(void)arg;
	while (!stop) {
		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
		words[x % (PORTS + 4)] = x;
		words[x / 64 % (PORTS + 4)] = (1u << EVTCHN_FIFO_LINKED) | x % PORTS;
		control_page[x / 4096 % 1024] = x;
	}
}

static void test_rubbish(void)
{
	struct evtchn_bind_vcpu b;
	struct evtchn_unmask u;
	long port[PORTS];
	unsigned int i;

	for (i = 0; i < PORTS; i++)
		port[i] = i & 1 ? hv_event_bind_ipi(0) : hv_event_alloc(DOMID_SELF, DOMID_SELF);
	for (i = 0; i < PORTS; i += 2)	/* the other ends come behind these */
		CHECK(hv_event_bind(DOMID_SELF, (evtchn_port_t)port[i]) > 0);
	CHECK(cpu_start(1, vandal, NULL));
	for (i = 0; i < ROUNDS; i++) {
		u.port = b.port = (evtchn_port_t)port[i % PORTS];
		b.vcpu = i / 16 & 1;
		hv_event_send(b.port);
		EXPECT(hv_event_op(EVTCHNOP_unmask, &u), 0);
		hv_event_op(EVTCHNOP_bind_vcpu, &b);
		set_priority(b.port, i & 15);
		hv_event_send(b.port + 1);
	}
	stop = true;
	CHECK(WAIT_FOR(cpu_done(1), 5000));
}

/* The frames go back to the host; the hypervisor must not write to their next owner. */
static void test_frames_go(void)
{
	static unsigned long gfn[2];
	struct xen_memory_reservation r = {.nr_extents = 2, .domid = DOMID_SELF};
	unsigned int i;

	gfn[0] = gfn_of(words);
	gfn[1] = gfn_of(control_page);
	set_xen_guest_handle(r.extent_start, gfn);
	EXPECT(hv_memory_op(XENMEM_decrease_reservation, &r), 2);
	for (i = 1; i < PORTS; i++)
		hv_event_send(i);
	EXPECT(hv_memory_op(XENMEM_populate_physmap, &r), 2);
	for (i = 1; i < PORTS; i++)
		hv_event_send(i);
	for (i = 0; i < 1024; i++)
		if (words[i] || control_page[i]) {
			test_failure("a new frame was written to");
			break;
		}
}

/* All the ports there are, their events waiting for one page; all closed at once. */
static void test_many(void)
{
	struct evtchn_reset r = {.dom = DOMID_SELF};
	unsigned int i, n = 0, pending = 0;
	long port;

	EXPECT(hv_event_op(EVTCHNOP_reset, &r), 0);
	while ((port = hv_event_bind_ipi(0)) > 0) {
		EXPECT(hv_event_send((evtchn_port_t)port), 0);
		n++;
	}
	CHECK(n > 900 && n < 1024);
	for (i = 0; i < 1024; i++)
		words[i] = 0;
	EXPECT(init_control(gfn_of(control_page), 0, 0), 0);
	EXPECT(expand(gfn_of(words)), 0);
	for (i = 1; i < 1024; i++)
		pending += words[i] >> EVTCHN_FIFO_PENDING & 1;
	EXPECT(pending, n);
	EXPECT(hv_event_op(EVTCHNOP_reset, &r), 0);
	CHECK(hv_event_bind_ipi(0) > 0);
}

void test_main(void)
{
	RUN(test_arguments);
	RUN(test_rubbish);
	RUN(test_frames_go);
	RUN(test_many);
}

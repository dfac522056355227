/*
 * SCHEDOP_*: poll with everything that ends it, block, yield, and refusals
 * (guest ABI, G3).
 */
#include "guest.h"

static long poll(evtchn_port_t *ports, unsigned int nr, uint64_t timeout)
{
	struct sched_poll p = {.nr_ports = nr, .timeout = timeout};

	set_xen_guest_handle(p.ports, ports);
	return hv_sched_op(SCHEDOP_poll, &p);
}

/* A time limit ends it; so may, now and then, another event that is to be delivered. */
static void poll_until(evtchn_port_t *ports, unsigned int nr, uint64_t end)
{
	unsigned int calls;

	for (calls = 0; calls < 4 && now_ns() < end; calls++)
		EXPECT(poll(ports, nr, end), 0);
	CHECK(calls && now_ns() >= end);
}

static void test_poll(void)
{
	evtchn_port_t port = (evtchn_port_t)hv_event_bind_ipi(0);

	/* Already pending, even masked: at once. */
	shared_info.evtchn_mask[port / 64] |= 1ul << port % 64;
	hv_event_send(port);
	EXPECT(poll(&port, 1, 0), 0);
	event_clear(port);
	poll_until(&port, 1, now_ns() + 20000000);
	/* A limit in the past does not sleep; no ports at all is a plain sleep. */
	EXPECT(poll(&port, 1, 1), 0);
	poll_until(NULL, 0, now_ns() + 5000000);
	hv_event_close(port);
	shared_info.evtchn_mask[port / 64] &= ~(1ul << port % 64);
}

static void send_later(void *arg)
{
	uint64_t end = now_ns() + 30000000;

	while (now_ns() < end)
		cpu_pause();
	hv_event_send(*(evtchn_port_t *)arg);
}

/* Woken by another vCPU's send, while the port is masked. */
static void test_poll_woken(void)
{
	static evtchn_port_t port;
	uint64_t begin;

	port = (evtchn_port_t)hv_event_bind_ipi(0);
	event_clear(port);
	shared_info.evtchn_mask[port / 64] |= 1ul << port % 64;
	CHECK(cpu_start(1, send_later, &port));
	begin = now_ns();
	/* It may also end for another event that wants to be delivered. */
	while (!event_pending(port) && now_ns() < begin + 5000000000ull)
		EXPECT(poll(&port, 1, begin + 5000000000ull), 0);
	CHECK(event_pending(port));
	CHECK(now_ns() < begin + 5000000000ull);
	hv_event_close(port);
}

static void test_poll_hostile(void)
{
	static evtchn_port_t many[200];
	evtchn_port_t bad[] = {0x10000, 0xffffffff, 4096};
	unsigned int i;

	EXPECT(poll(many, 129, 1), -XEN_EINVAL);
	EXPECT(poll(many, 0xffffffff, 1), -XEN_EINVAL);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT(poll(&bad[i], 1, 1), -XEN_EINVAL);
	EXPECT(poll((void *)0x123456789000, 1, 1), -XEN_EFAULT);
}

static void test_refused(void)
{
	struct sched_remote_shutdown r = {.domain_id = 0, .reason = SHUTDOWN_crash};
	struct sched_watchdog w = {.id = 99, .timeout = 10};
	struct sched_pin_override p = {.pcpu = 0};
	struct sched_shutdown s = {.reason = 6};

	EXPECT(hv_sched_op(SCHEDOP_remote_shutdown, &r), -XEN_EPERM);
	r.domain_id = 999;
	EXPECT(hv_sched_op(SCHEDOP_remote_shutdown, &r), -XEN_ESRCH);
	EXPECT_OR(hv_sched_op(SCHEDOP_watchdog, &w), -XEN_EINVAL, -XEN_ENOSYS);
	EXPECT_OR(hv_sched_op(SCHEDOP_pin_override, &p), -XEN_EPERM, -XEN_ENOSYS);
	p.pcpu = -1;
	EXPECT_OR(hv_sched_op(SCHEDOP_pin_override, &p), -XEN_EPERM, -XEN_ENOSYS);
	EXPECT_OR(hv_sched_op(SCHEDOP_shutdown_code, &s), -XEN_EINVAL, 0);
	s.reason = ~0u;
	EXPECT_OR(hv_sched_op(SCHEDOP_shutdown_code, &s), -XEN_EINVAL, 0);
	EXPECT(hv_sched_op(SCHEDOP_shutdown_code, (void *)0xdead00000000), -XEN_EFAULT);
}

static void test_yield(void)
{
	unsigned int i;

	for (i = 0; i < 1000; i++)
		EXPECT(hv_sched_op(SCHEDOP_yield, NULL), 0);
}

static volatile unsigned int ticks;

/* Each tick orders the next, so that one between check and sleep does no harm. */
static void tick(struct trap_frame *f)
{
	struct vcpu_set_singleshot_timer t = {.timeout_abs_ns = now_ns() + 5000000};

	(void)f;
	ticks++;
	memset((void *)shared_info.evtchn_pending, 0, sizeof(shared_info.evtchn_pending));
	shared_info.vcpu_info[0].evtchn_upcall_pending = 0;
	shared_info.vcpu_info[0].evtchn_pending_sel = 0;
	EXPECT(hv_vcpu_op(VCPUOP_set_singleshot_timer, 0, &t), 0);
}

static void test_block(void)
{
	long port = hv_event_bind_virq(VIRQ_TIMER, 0);

	event_upcall_init(0x50);
	irq_set(0x50, tick);
	tick(NULL);
	irq_enable();
	while (ticks < 5)
		EXPECT(hv_sched_op(SCHEDOP_block, NULL), 0);
	irq_disable();
	EXPECT(hv_vcpu_op(VCPUOP_stop_singleshot_timer, 0, NULL), 0);
	hv_event_close((evtchn_port_t)port);
}

void test_main(void)
{
	RUN(test_yield);
	RUN(test_poll);
	RUN(test_poll_hostile);
	RUN(test_refused);
	RUN(test_block);
	RUN(test_poll_woken);
}

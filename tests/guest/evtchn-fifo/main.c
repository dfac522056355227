/*
 * Event channels by the FIFO ABI, as kernels use them: control blocks, an
 * event array that grows, events in the order they were raised, urgent ones
 * first; then a second vCPU that raises events as fast as it can while we take
 * them: each must come, none twice, and the queues must never stand still. In
 * the end the 2-level ABI is back.
 */
#include "guest.h"

#define PORTS  8
#define RACE_PORTS 4
#define ROUNDS 500
#define V_UPCALL 0x50

#define PENDING (1u << EVTCHN_FIFO_PENDING)
#define MASKED	(1u << EVTCHN_FIFO_MASKED)
#define LINKED	(1u << EVTCHN_FIFO_LINKED)

static volatile uint32_t words[1024] PAGE_ALIGNED;
static unsigned char control_page[2][4096] PAGE_ALIGNED;
static uint32_t heads[16];
static uint32_t ready;
static long first_port;	/* those before it are the console's and the store's */

static volatile struct evtchn_fifo_control_block *control(unsigned int vcpu)
{
	return (void *)(control_page[vcpu] + 64);
}

static long init_control(unsigned int vcpu)
{
	struct evtchn_init_control c = {.control_gfn = gfn_of(control_page[vcpu]),
					.offset = 64, .vcpu = vcpu};
	long rc = hv_event_op(EVTCHNOP_init_control, &c);

	if (!rc)
		EXPECT(c.link_bits, EVTCHN_FIFO_LINK_BITS);
	return rc;
}

static long expand(void *page)
{
	struct evtchn_expand_array e = {.array_gfn = gfn_of(page)};

	return hv_event_op(EVTCHNOP_expand_array, &e);
}

static void test_change_over(void)
{
	long port = hv_event_bind_ipi(0), i;

	first_port = port;
	for (i = 1; i < port; i++)
		words[i] = MASKED;
	EXPECT(event_upcall_init(V_UPCALL), 0);
	hv_event_send((evtchn_port_t)port); /* still by the 2-level ABI */
	CHECK(event_pending((evtchn_port_t)port));
	EXPECT(init_control(0), 0);
	EXPECT(init_control(1), 0);
	EXPECT(init_control(1), -XEN_EINVAL);
	EXPECT(expand((void *)words), 0);
	CHECK(words[port] & PENDING);
	CHECK(words[port] & LINKED);
	hv_event_close((evtchn_port_t)port);
	CHECK(!(words[port] & PENDING));
}

/* Takes one event the way the header says; 0: none. */
static uint32_t take(void)
{
	volatile struct evtchn_fifo_control_block *c = control(0);
	volatile uint32_t *word;
	uint32_t port, old;
	unsigned int q;

	ready |= __sync_lock_test_and_set(&c->ready, 0);
	if (!ready)
		return 0;
	q = (unsigned int)__builtin_ctz(ready);
	barrier();
	port = heads[q] ? heads[q] : c->head[q];
	word = &words[port];
	do {
		old = *word;
	} while (!__sync_bool_compare_and_swap(
		word, old, old & ~(LINKED | (uint32_t)EVTCHN_FIFO_LINK_MASK)));
	CHECK(old & LINKED);
	heads[q] = old & EVTCHN_FIFO_LINK_MASK;
	if (!heads[q])
		ready &= ~(1u << q);
	return port;
}

static void drain(void)
{
	while (take())
		;
	memset((void *)&words[first_port], 0, PORTS * sizeof(words[0]));
}

static void test_order(void)
{
	struct evtchn_set_priority s = {.priority = 3};
	struct evtchn_unmask u;
	long port[PORTS];
	unsigned int i;

	drain();
	for (i = 0; i < PORTS; i++)
		port[i] = hv_event_bind_ipi(0);
	s.port = (evtchn_port_t)port[5];
	EXPECT(hv_event_op(EVTCHNOP_set_priority, &s), 0);
	words[port[2]] = MASKED;
	shared_info.vcpu_info[0].evtchn_upcall_pending = 0;
	for (i = 0; i < PORTS; i++)
		hv_event_send((evtchn_port_t)port[i]);
	EXPECT(shared_info.vcpu_info[0].evtchn_upcall_pending, 1);
	u.port = (evtchn_port_t)port[2];
	EXPECT(hv_event_op(EVTCHNOP_unmask, &u), 0);
	EXPECT(take(), port[5]);
	for (i = 0; i < PORTS; i++)
		if (i != 5 && i != 2)
			EXPECT(take(), port[i]);
	EXPECT(take(), port[2]);
	EXPECT(take(), 0);
	for (i = 0; i < PORTS; i++)
		EXPECT(hv_event_close((evtchn_port_t)port[i]), 0);
}

/* --- the race ----------------------------------------------------------------- */

static volatile long race_port[RACE_PORTS];
static volatile unsigned int sent[RACE_PORTS], seen[RACE_PORTS];

/* Sends an event again only when the last one of that port was taken. */
static void producer(void *arg)
{
	unsigned int i, done = 0;

	(void)arg;
	while (done < RACE_PORTS) {
		for (i = done = 0; i < RACE_PORTS; i++) {
			if (sent[i] == ROUNDS) {
				done++;
			} else if (sent[i] == seen[i]) {
				sent[i]++;
				hv_event_send((evtchn_port_t)race_port[i]);
			}
		}
		asm volatile("pause");
	}
}

static void handle(uint32_t port)
{
	unsigned int i;

	for (i = 0; i < RACE_PORTS; i++)
		if (race_port[i] == port)
			break;
	if (i == RACE_PORTS || !(words[port] & PENDING)) {
		test_failure("port %u came and was not raised", port);
		return;
	}
	__sync_fetch_and_and(&words[port], ~PENDING);
	seen[i]++;
	if (seen[i] != sent[i])
		test_failure("port %u: %u seen, %u sent", port, seen[i], sent[i]);
}

static void test_race(void)
{
	uint64_t last = now_ns();
	unsigned int total = 0;
	uint32_t port;
	unsigned int i;

	drain();
	for (i = 0; i < RACE_PORTS; i++)
		race_port[i] = hv_event_bind_ipi(0);
	CHECK(cpu_start(1, producer, NULL));
	while (total < RACE_PORTS * ROUNDS) {
		port = take();
		if (port) {
			handle(port);
			total++;
			last = now_ns();
			continue;
		}
		if (now_ns() - last > 5000000000ull) {
			test_failure("nothing came for 5 s, %u taken", total);
			break;
		}
		asm volatile("pause");
	}
	CHECK(WAIT_FOR(cpu_done(1), 5000));
	for (i = 0; i < RACE_PORTS; i++)
		EXPECT(hv_event_close((evtchn_port_t)race_port[i]), 0);
}

/* After a reset events are pending in shared_info, and the array is ours alone. */
static void test_back(void)
{
	struct evtchn_reset r = {.dom = DOMID_SELF};
	long port;

	EXPECT(hv_event_op(EVTCHNOP_reset, &r), 0);
	EXPECT(expand((void *)words), -XEN_EOPNOTSUPP);
	port = hv_event_bind_ipi(0);
	shared_info.vcpu_info[0].evtchn_upcall_pending = 0;
	shared_info.vcpu_info[0].evtchn_pending_sel = 0;
	hv_event_send((evtchn_port_t)port);
	CHECK(event_pending((evtchn_port_t)port));
	CHECK(!(words[port] & PENDING));
}

void test_main(void)
{
	RUN(test_change_over);
	RUN(test_order);
	RUN(test_race);
	RUN(test_back);
}

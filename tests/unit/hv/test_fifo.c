/*
 * The FIFO event channel ABI: its operations' rules, what is pending when a
 * guest changes to it, ports beyond the 2-level ABI's; a long random walk of
 * producers and a consumer as the public header describes it, against a model
 * of plain lists; and the same with a guest that writes rubbish into the
 * event array and the control blocks all the time. MODEL_SEED=n repeats a run.
 */
#include "fake.h"

#include <xen/event_channel.h>

#define ARG	0x1000ul
#define VCPUS	3u
#define PORTS	40u		/* of the random walk */
#define STEPS	200000u
#define CONTROL(v) (0x4000ul + 0x1000ul * (v) + 8u * (v))
#define ARRAY_GFN 8u
#define ARRAY_PAGES 8u

#define PENDING	(1u << EVTCHN_FIFO_PENDING)
#define MASKED	(1u << EVTCHN_FIFO_MASKED)
#define LINKED	(1u << EVTCHN_FIFO_LINKED)

static struct domain *a;
static uint64_t seed;

static unsigned int pick(unsigned int n)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (unsigned int)((seed >> 33) % n);
}

static int setup(void **state)
{
	const struct domain_config c = {
		.id = DOMID_INVALID, .max_vcpus = VCPUS, .max_evtchn_port = 131071,
		.max_grant_frames = 1,
	};
	const char *given = getenv("MODEL_SEED");

	(void)state;
	a = fake_domain_config(&c, 24);
	fake_run(a, 0);
	seed = given ? strtoull(given, NULL, 0) : 99;
	return 0;
}

static int teardown(void **state)
{
	fake_destroy(a);
	return fake_check_clean(state);
}

static long op(unsigned int cmd, void *arg, size_t size)
{
	void *mem = fake_mem(a, ARG);
	long ret;

	memcpy(mem, arg, size);
	ret = fake_call(__HYPERVISOR_event_channel_op, cmd, ARG, 0);
	memcpy(arg, mem, size);
	return ret;
}
#define OP(cmd, arg) op(EVTCHNOP_##cmd, &(arg), sizeof(arg))

static long init_control(unsigned int vcpu, uint64_t gfn, uint32_t offset)
{
	evtchn_init_control_t x = {.control_gfn = gfn, .offset = offset, .vcpu = vcpu};
	long ret = OP(init_control, x);

	if (!ret)
		assert_int_equal(x.link_bits, 17);
	return ret;
}

static long expand(uint64_t gfn)
{
	evtchn_expand_array_t x = {.array_gfn = gfn};

	return OP(expand_array, x);
}

static long set_priority(uint32_t port, uint32_t priority)
{
	evtchn_set_priority_t x = {.port = port, .priority = priority};

	return OP(set_priority, x);
}

static long bind_vcpu(uint32_t port, uint32_t vcpu)
{
	evtchn_bind_vcpu_t x = {.port = port, .vcpu = vcpu};

	return OP(bind_vcpu, x);
}

static long reset(void)
{
	evtchn_reset_t x = {.dom = DOMID_SELF};

	return OP(reset, x);
}

static long alloc_port(domid_t remote)
{
	evtchn_alloc_unbound_t x = {.dom = DOMID_SELF, .remote_dom = remote};
	long ret = OP(alloc_unbound, x);

	return ret ? ret : (long)x.port;
}

/* A port of ours that may be moved between vCPUs, and who raises it. */
static uint32_t loop_port(uint32_t *sender)
{
	long port = alloc_port(DOMID_SELF);
	evtchn_bind_interdomain_t x = {.remote_dom = DOMID_SELF,
				       .remote_port = (uint32_t)port};

	assert_true(port > 0);
	assert_int_equal(OP(bind_interdomain, x), 0);
	*sender = x.local_port;
	return (uint32_t)port;
}

static long send(uint32_t port)
{
	evtchn_send_t x = {.port = port};

	return OP(send, x);
}

static long unmask(uint32_t port)
{
	evtchn_unmask_t x = {.port = port};

	return OP(unmask, x);
}

static uint32_t *word(uint32_t port)
{
	return fake_mem(a, (ARRAY_GFN + port / 1024) * PAGE_SIZE + port % 1024 * 4);
}

static struct evtchn_fifo_control_block *control(unsigned int v)
{
	return fake_mem(a, CONTROL(v));
}

static void start_fifo(void)
{
	for (unsigned int v = 0; v < VCPUS; v++)
		assert_int_equal(init_control(v, CONTROL(v) / PAGE_SIZE,
					      CONTROL(v) % PAGE_SIZE), 0);
	assert_int_equal(expand(ARRAY_GFN), 0);
}

/* --- rules ------------------------------------------------------------------ */

static void rules(void **state)
{
	long p;

	(void)state;
	assert_int_equal(expand(ARRAY_GFN), -EOPNOTSUPP);
	assert_int_equal(set_priority(1, 1), -ENOSYS);
	assert_int_equal(init_control(VCPUS, 4, 0), -ENOENT);
	assert_int_equal(init_control(~0u, 4, 0), -ENOENT);
	assert_int_equal(init_control(0, 4, 4), -EINVAL);
	assert_int_equal(init_control(0, 4, 4096 - 64), -EINVAL);
	assert_int_equal(init_control(0, 4, ~7u), -EINVAL);
	assert_int_equal(init_control(0, 999, 0), -EINVAL);
	assert_int_equal(init_control(0, ~0ull, 0), -EINVAL);
	a->arch->table[4].type = P2M_RAM_RO;
	assert_int_equal(init_control(0, 4, 0), -EINVAL);
	a->arch->table[4].type = P2M_RAM_RW;
	assert_int_equal(expand(ARRAY_GFN), -EOPNOTSUPP);
	start_fifo();
	assert_int_equal(init_control(0, 4, 0), -EINVAL);
	assert_int_equal(expand(999), -EINVAL);
	p = alloc_port(0);
	assert_int_equal(set_priority((uint32_t)p, 15), 0);
	assert_int_equal(set_priority((uint32_t)p, 16), -EINVAL);
	assert_int_equal(set_priority((uint32_t)p + 1, 1), -EINVAL);
	assert_int_equal(set_priority(131072, 1), -EINVAL);
	assert_int_equal(set_priority(0, 1), -EINVAL);
	assert_int_equal(unmask(131072), -EINVAL);
}

/* What was pending in the 2-level ABI is raised when its word appears. */
static void pending_before(void **state)
{
	uint32_t s1, s2, p1 = loop_port(&s1), p2 = loop_port(&s2);

	(void)state;
	memset(a->shared_info->evtchn_pending, 0, 512);
	assert_int_equal(send(s1), 0);
	a->vcpu[0]->info->evtchn_upcall_pending = 0;
	assert_int_equal(init_control(0, CONTROL(0) / PAGE_SIZE, 0), 0);
	assert_int_equal(send(s2), 0);
	*word(p1) = MASKED;
	assert_int_equal(expand(ARRAY_GFN), 0);
	assert_int_equal(*word(p1), MASKED | PENDING);
	assert_int_equal(*word(p2), LINKED | PENDING);
	assert_int_equal(control(0)->ready, 1u << EVTCHN_FIFO_PRIORITY_DEFAULT);
	assert_int_equal(control(0)->head[EVTCHN_FIFO_PRIORITY_DEFAULT], p2);
	assert_int_equal(a->vcpu[0]->info->evtchn_upcall_pending, 1);
	assert_int_equal(unmask(p1), 0);
	assert_int_equal(*word(p2), LINKED | PENDING | p1);
	/* A vCPU without control block gets nothing. */
	assert_int_equal(bind_vcpu(p1, 2), 0);
	*word(p1) = 0;
	assert_int_equal(send(s1), 0);
	assert_int_equal(*word(p1), PENDING);
}

static void many_ports(void **state)
{
	(void)state;
	for (uint32_t p = 1; p < 4096; p++)
		assert_int_equal(alloc_port(0), p);
	assert_int_equal(alloc_port(0), -ENOSPC);
	start_fifo();
	assert_int_equal(alloc_port(0), 4096);
	for (unsigned int i = 1; i < 5; i++)
		assert_int_equal(expand(ARRAY_GFN + i), 0);
	for (uint32_t p = 4097; p < 5000; p++)
		assert_int_equal(alloc_port(0), p);
	fake.preempt_every = 3;
	assert_int_equal(reset(), 0);
	fake.preempt_every = 0;
	assert_true(fake.restarts > 20);
	assert_int_equal(expand(ARRAY_GFN), -EOPNOTSUPP);
	assert_int_equal(events_count(a), 0);
	assert_int_equal(alloc_port(0), 1);
	start_fifo();		/* and again */
	for (unsigned int i = 1; i < 128; i++)
		assert_int_equal(expand(ARRAY_GFN), 0);
	assert_int_equal(expand(ARRAY_GFN), -ENOSPC);
}

static uint32_t ipi_port(void)
{
	evtchn_bind_ipi_t x = {.vcpu = 0};

	assert_int_equal(OP(bind_ipi, x), 0);
	return x.port;
}

/* Thousands of events wait for their page of the array: it takes them in pieces. */
static void many_deferred(void **state)
{
	const struct evtchn_fifo_control_block *c;
	uint32_t head, seen = 0;

	(void)state;
	assert_int_equal(init_control(0, CONTROL(0) / PAGE_SIZE, 0), 0);
	for (uint32_t p = 1; p < 2000; p++) {
		assert_int_equal(ipi_port(), p);
		assert_int_equal(send(p), 0);
	}
	fake.preempt_every = 1;
	fake.restarts = 0;
	assert_int_equal(expand(ARRAY_GFN), 0);
	assert_int_equal(fake.restarts, 7);
	assert_int_equal(expand(ARRAY_GFN + 1), 0);
	assert_int_equal(fake.restarts, 14);	/* it was added once */
	assert_int_equal(*word(2000), 0);
	c = fake_mem(a, CONTROL(0));
	for (head = c->head[EVTCHN_FIFO_PRIORITY_DEFAULT]; head;
	     head = *word(head) & EVTCHN_FIFO_LINK_MASK) {
		assert_int_equal(head, ++seen);
		assert_true(*word(head) & PENDING);
	}
	assert_int_equal(seen, 1999);
	/* None is left for the next page. */
	assert_int_equal(expand(ARRAY_GFN + 2), 0);
	assert_int_equal(*word(2048), 0);
}

/* Its array and control block leave its memory; they are held all the same. */
static void frames_go(void **state)
{
	uint32_t s, p = loop_port(&s);
	struct p2m_entry e;

	(void)state;
	start_fifo();
	for (unsigned int gfn = 4; gfn <= ARRAY_GFN; gfn++)
		if (gfn < 4 + VCPUS || gfn == ARRAY_GFN) {
			assert_int_equal(p2m_remove(a, GFN(gfn), P2M_BITS_RAM, &e), 0);
			p2m_flush(a);
			p2m_drop(a, e);
		}
	assert_int_equal(send(s), 0);
	assert_true(event_port_pending(a, p));
}

static void polling(void **state)
{
	struct sched_poll *poll = fake_mem(a, ARG);
	uint32_t s, p = loop_port(&s), *ports = fake_mem(a, 0x2000);
	struct vcpu *v = a->vcpu[0];

	(void)state;
	start_fifo();
	*word(p) = MASKED;
	v->info->evtchn_upcall_pending = 0;
	ports[0] = p;
	*poll = (struct sched_poll){.nr_ports = 1};
	poll->ports.p = (void *)0x2000;
	assert_int_equal(fake_call(__HYPERVISOR_sched_op, SCHEDOP_poll, ARG, 0), 0);
	assert_true(v->blocked);
	assert_int_equal(send(s), 0);
	assert_false(v->blocked);
	ports[0] = 131072;
	*poll = (struct sched_poll){.nr_ports = 1};
	poll->ports.p = (void *)0x2000;
	assert_int_equal(fake_call(__HYPERVISOR_sched_op, SCHEDOP_poll, ARG, 0), -EINVAL);
}

/* --- the model --------------------------------------------------------------- */

struct model_port {
	uint32_t sender;
	bool pending, masked, linked;
	unsigned int vcpu, priority;
};

static uint32_t ports[PORTS];
static struct model_port model[2 * PORTS + 2];
static struct {
	unsigned int n;
	uint32_t port[PORTS];
} queues[VCPUS][16];
static struct {			/* the consumer's own memory */
	uint32_t head[16], ready;
} consumer[VCPUS];

static void model_link(uint32_t p)
{
	struct model_port *m = &model[p];

	if (!m->pending || m->masked || m->linked)
		return;
	m->linked = true;
	queues[m->vcpu][m->priority].port[queues[m->vcpu][m->priority].n++] = p;
}

/* The port that the model says comes next on @v, or 0. */
static uint32_t model_take(unsigned int v)
{
	for (unsigned int q = 0; q < 16; q++) {
		uint32_t p = queues[v][q].port[0];

		if (!queues[v][q].n)
			continue;
		memmove(queues[v][q].port, queues[v][q].port + 1,
			--queues[v][q].n * sizeof(uint32_t));
		model[p].linked = false;
		return p;
	}
	return 0;
}

/* One event as a guest takes it (xen/event_channel.h), or 0: nothing is there. */
static uint32_t take(unsigned int v)
{
	struct evtchn_fifo_control_block *c = control(v);
	uint32_t *ready = &consumer[v].ready, *head, port;
	unsigned int q;

	*ready |= c->ready;
	c->ready = 0;
	if (!*ready)
		return 0;
	q = (unsigned int)__builtin_ctz(*ready) % 16;
	head = &consumer[v].head[q];
	port = *head ? *head : c->head[q];
	if (port >= 1024 * ARRAY_PAGES)
		return 0;
	*head = *word(port) & EVTCHN_FIFO_LINK_MASK;
	*word(port) &= ~(LINKED | EVTCHN_FIFO_LINK_MASK);
	if (!*head)
		*ready &= ~(1u << q);
	return port;
}

static void step_send(uint32_t p)
{
	assert_int_equal(send(model[p].sender), 0);
	model[p].pending = true;
	model_link(p);
}

static void step_mask(uint32_t p)
{
	*word(p) |= MASKED;
	model[p].masked = true;
}

static void step_unmask(uint32_t p)
{
	assert_int_equal(unmask(p), 0);
	model[p].masked = false;
	model_link(p);
}

static void step_move(uint32_t p)
{
	model[p].vcpu = pick(VCPUS);
	assert_int_equal(bind_vcpu(p, model[p].vcpu), 0);
}

static void step_priority(uint32_t p)
{
	model[p].priority = pick(4) * 5;
	assert_int_equal(set_priority(p, model[p].priority), 0);
}

/* Closed with all that was linked and pending, and made again at the same place. */
static void step_close(uint32_t p)
{
	struct model_port *m = &model[p];
	evtchn_close_t x = {.port = p};
	uint32_t sender = m->sender;
	bool linked = m->linked, masked = m->masked;

	if (pick(8))
		return;
	assert_int_equal(OP(close, x), 0);
	x.port = sender;
	assert_int_equal(OP(close, x), 0);
	*m = (struct model_port){.priority = EVTCHN_FIFO_PRIORITY_DEFAULT,
				 .linked = linked, .masked = masked};
	/* The lowest free one comes first, which may be either. */
	assert_int_equal(loop_port(&m->sender), MIN(p, sender));
	assert_int_equal(m->sender, MAX(p, sender));
}

static void step_take(uint32_t p)
{
	unsigned int v = pick(VCPUS);
	uint32_t expect = model_take(v), got = take(v);

	(void)p;
	assert_int_equal(got, expect);
	if (got && model[got].pending && !model[got].masked) {
		assert_int_equal(*word(got) & (PENDING | MASKED), PENDING);
		*word(got) &= ~PENDING;
		model[got].pending = false;
	}
}

static void make_ports(void)
{
	memset(model, 0, sizeof(model));
	memset(queues, 0, sizeof(queues));
	memset(consumer, 0, sizeof(consumer));
	start_fifo();
	for (unsigned int i = 0; i < PORTS; i++) {
		uint32_t sender, p = loop_port(&sender);

		ports[i] = p;
		model[p] = (struct model_port){.sender = sender,
					       .priority = EVTCHN_FIFO_PRIORITY_DEFAULT};
	}
	/* Binding raised the new ends once, which nobody here listens to. */
	while (take(0))
		;
	memset(word(0), 0, PAGE_SIZE);
}

static void random_walk(void **state)
{
	void (*const steps[])(uint32_t) = {
		step_send, step_send, step_send, step_mask, step_unmask, step_unmask,
		step_move, step_priority, step_take, step_take, step_take, step_take,
	};

	(void)state;
	make_ports();
	for (unsigned int n = 0; n < STEPS; n++) {
		uint32_t p = ports[pick(PORTS)];

		steps[pick(ARRAY_SIZE(steps))](p);
		assert_int_equal(event_port_pending(a, p), model[p].pending);
		assert_int_equal(!!(*word(p) & LINKED), model[p].linked);
	}
}

/* --- rubbish ------------------------------------------------------------------ */

static void scribble(uint32_t p)
{
	uint32_t junk = pick(3) ? pick(1u << 17) | pick(16) << 28 : pick(~0u);
	struct evtchn_fifo_control_block *c = control(pick(VCPUS));

	switch (pick(5)) {
	case 0:		/* links in a circle, out of range, to itself */
		*word(p) = LINKED | (pick(2) ? p : ports[pick(PORTS)]);
		break;
	case 1:
		*word(p) = junk;
		break;
	case 2:
		c->head[pick(16)] = junk;
		break;
	case 3:
		c->ready = junk;
		break;
	default:
		memset(word(0), (int)junk, PAGE_SIZE);
	}
}

/*
 * Nothing is promised to such a guest; the sanitizers and the frame accounting
 * look for harm to others. Its tail of a queue may be any port of its own.
 */
static void hostile_walk(void **state)
{
	(void)state;
	make_ports();
	for (unsigned int n = 0; n < STEPS; n++) {
		uint32_t p = ports[pick(PORTS)];

		switch (pick(8)) {
		case 0: scribble(p); break;
		case 1: (void)unmask(p); break;
		case 2: step_move(p); break;
		case 3: step_priority(p); break;
		case 4: (void)take(pick(VCPUS)); break;
		case 5: step_close(p); break;
		default: assert_int_equal(send(model[p].sender), 0);
		}
	}
	assert_int_equal(events_count(a), 2 * PORTS);
}

/* Another domain raises our events all the while that we leave the ABI and die. */
static void peer_sends(void **state)
{
	struct domain *b = fake_domain(16, 1);
	long pa = alloc_port(b->id);
	evtchn_bind_interdomain_t x = {.remote_dom = a->id, .remote_port = (uint32_t)pa};
	evtchn_send_t s;

	(void)state;
	start_fifo();
	fake_run(b, 0);
	memcpy(fake_mem(b, ARG), &x, sizeof(x));
	assert_int_equal(fake_call(__HYPERVISOR_event_channel_op, EVTCHNOP_bind_interdomain,
				   ARG, 0), 0);
	s.port = ((evtchn_bind_interdomain_t *)fake_mem(b, ARG))->local_port;
	memcpy(fake_mem(b, ARG), &s, sizeof(s));
	assert_int_equal(fake_call(__HYPERVISOR_event_channel_op, EVTCHNOP_send, ARG, 0), 0);
	assert_int_equal(*word((uint32_t)pa), LINKED | PENDING);
	fake_run(a, 0);
	assert_int_equal(reset(), 0);
	assert_int_equal(*word((uint32_t)pa), LINKED);
	fake_run(b, 0);
	memcpy(fake_mem(b, ARG), &s, sizeof(s));
	assert_int_equal(fake_call(__HYPERVISOR_event_channel_op, EVTCHNOP_send, ARG, 0), 0);
	assert_int_equal(*word((uint32_t)pa), LINKED);
	fake_destroy(b);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(rules), CASE(pending_before), CASE(many_ports), CASE(many_deferred),
		CASE(frames_go), CASE(polling), CASE(random_walk), CASE(hostile_walk),
		CASE(peer_sends),
	};

	return cmocka_run_group_tests(tests, fake_machine, NULL);
}

/*
 * Event channels against a reference model: three domains do random things to
 * each other's ports for a long time; after each step every port's status and
 * pending bit is what the model, a plain array, says. Domains die and are born
 * in between. MODEL_SEED=n repeats a run.
 */
#include "fake.h"

#include <xen/event_channel.h>

#define DOMS	3
#define PORTS	24		/* that each domain may have */
#define STEPS	20000
#define ARG	0x1000ul

enum state { FREE, UNBOUND, LINKED, IPI, VIRQ };

struct model_port {
	enum state state;
	bool pending;
	int remote;		/* UNBOUND: who may bind; LINKED: the peer ... */
	unsigned int port;	/* ... and its port */
};

static struct domain *doms[DOMS];
static struct model_port model[DOMS][PORTS + 1];
static uint64_t seed;

static unsigned int pick(unsigned int n)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (unsigned int)((seed >> 33) % n);
}

static long op(int who, unsigned int cmd, void *arg, size_t size)
{
	void *mem = fake_mem(doms[who], ARG);
	long ret;

	fake_run(doms[who], 0);
	memcpy(mem, arg, size);
	ret = fake_call(__HYPERVISOR_event_channel_op, cmd, ARG, 0);
	memcpy(arg, mem, size);
	return ret;
}
#define OP(who, cmd, arg) op(who, EVTCHNOP_##cmd, &(arg), sizeof(arg))

static void be_born(int i)
{
	const struct domain_config c = {
		.id = DOMID_INVALID, .max_vcpus = 1, .max_evtchn_port = PORTS,
		.max_grant_frames = 1,
	};

	doms[i] = fake_domain_config(&c, 2);
	memset(model[i], 0, sizeof(model[i]));
}

/* --- the model ------------------------------------------------------------ */

static unsigned int lowest_free(int who)
{
	unsigned int p = 1;

	while (p <= PORTS && model[who][p].state != FREE)
		p++;
	return p;
}

static void model_close(int who, unsigned int p)
{
	struct model_port *m = &model[who][p];

	if (m->state == LINKED) {
		struct model_port *peer = &model[m->remote][m->port];

		peer->state = UNBOUND;
		peer->remote = who;
	}
	*m = (struct model_port){0};
}

/* --- steps ---------------------------------------------------------------- */

/* What making a port must return, or the port it must be. */
static bool made(int who, long ret, unsigned int port)
{
	unsigned int expect = lowest_free(who);

	assert_int_equal(ret, expect > PORTS ? -ENOSPC : 0);
	if (!ret)
		assert_int_equal(port, expect);
	return !ret;
}

static void step_alloc(int who)
{
	int remote = (int)pick(DOMS);
	evtchn_alloc_unbound_t a = {.dom = DOMID_SELF,
				    .remote_dom = doms[remote]->id};
	long ret = OP(who, alloc_unbound, a);

	if (made(who, ret, a.port))
		model[who][a.port] = (struct model_port){
			.state = UNBOUND, .remote = remote};
}

static void step_bind(int who)
{
	int remote = (int)pick(DOMS);
	unsigned int port = pick(PORTS + 3);
	evtchn_bind_interdomain_t b = {.remote_dom = doms[remote]->id,
				       .remote_port = port};
	struct model_port *m = &model[remote][MIN(port, PORTS)];
	long ret = OP(who, bind_interdomain, b);

	if (port > PORTS || m->state != UNBOUND || m->remote != who) {
		assert_int_equal(ret, -EINVAL);
	} else if (made(who, ret, b.local_port)) {
		model[who][b.local_port] = (struct model_port){
			LINKED, true, remote, port};
		m->state = LINKED;
		m->port = b.local_port;
	}
}

static void step_ipi(int who)
{
	evtchn_bind_ipi_t b = {.vcpu = 0};
	long ret = OP(who, bind_ipi, b);

	if (made(who, ret, b.port))
		model[who][b.port].state = IPI;
}

static void step_virq(int who)
{
	evtchn_bind_virq_t b = {.virq = VIRQ_TIMER};
	unsigned int bound = 0;
	long ret = OP(who, bind_virq, b);

	for (unsigned int p = 1; p <= PORTS; p++)
		if (model[who][p].state == VIRQ)
			bound = p;
	if (bound)
		assert_int_equal(ret, -EEXIST);
	else if (made(who, ret, b.port))
		model[who][b.port].state = VIRQ;
}

static void step_raise(int who)
{
	virq_send_vcpu(doms[who]->vcpu[0], VIRQ_TIMER);
	for (unsigned int p = 1; p <= PORTS; p++)
		if (model[who][p].state == VIRQ)
			model[who][p].pending = true;
}

static void step_send(int who)
{
	unsigned int port = pick(PORTS + 3);
	evtchn_send_t s = {.port = port};
	struct model_port *m = &model[who][MIN(port, PORTS)];
	long ret = OP(who, send, s);

	if (port > PORTS || m->state == FREE || m->state == VIRQ) {
		assert_int_equal(ret, -EINVAL);
		return;
	}
	assert_int_equal(ret, 0);
	if (m->state == LINKED)
		model[m->remote][m->port].pending = true;
	else if (m->state == IPI)
		m->pending = true;
}

static void step_close(int who)
{
	unsigned int port = pick(PORTS + 3);
	evtchn_close_t c = {.port = port};
	long ret = OP(who, close, c);

	if (port > PORTS || model[who][port].state == FREE) {
		assert_int_equal(ret, -EINVAL);
		return;
	}
	assert_int_equal(ret, 0);
	model_close(who, port);
}

static void step_ack(int who)
{
	memset(doms[who]->shared_info->evtchn_pending, 0, 512);
	doms[who]->vcpu[0]->info->evtchn_pending_sel = 0;
	doms[who]->vcpu[0]->info->evtchn_upcall_pending = 0;
	for (unsigned int p = 1; p <= PORTS; p++)
		model[who][p].pending = false;
}

static void step_reset(int who)
{
	evtchn_reset_t r = {.dom = DOMID_SELF};

	if (pick(8))
		return;
	assert_int_equal(OP(who, reset, r), 0);
	for (unsigned int p = 1; p <= PORTS; p++)
		if (model[who][p].state != FREE)
			model_close(who, p);
}

/* Who waited for the dead waits for nobody: its id does not come back. */
static void step_die(int who)
{
	if (pick(20))
		return;
	fake_destroy(doms[who]);
	for (unsigned int p = 1; p <= PORTS; p++)
		if (model[who][p].state != FREE)
			model_close(who, p);
	for (int i = 0; i < DOMS; i++)
		for (unsigned int p = 1; p <= PORTS; p++)
			if (model[i][p].state == UNBOUND &&
			    model[i][p].remote == who)
				model[i][p].remote = -1;
	be_born(who);
}

/* --- comparing ------------------------------------------------------------ */

static void compare(int who)
{
	static const uint32_t states[] = {
		[FREE] = EVTCHNSTAT_closed, [UNBOUND] = EVTCHNSTAT_unbound,
		[LINKED] = EVTCHNSTAT_interdomain, [IPI] = EVTCHNSTAT_ipi,
		[VIRQ] = EVTCHNSTAT_virq,
	};
	unsigned int used = 0;

	for (unsigned int p = 1; p <= PORTS; p++) {
		const struct model_port *m = &model[who][p];
		evtchn_status_t s = {.dom = DOMID_SELF, .port = p};

		assert_int_equal(OP(who, status, s), 0);
		assert_int_equal(s.status, states[m->state]);
		if (m->state == LINKED) {
			assert_int_equal(s.u.interdomain.dom,
					 doms[m->remote]->id);
			assert_int_equal(s.u.interdomain.port, m->port);
		}
		assert_int_equal(event_port_pending(doms[who], p), m->pending);
		used += m->state != FREE;
	}
	assert_int_equal(events_count(doms[who]), used);
}

static void random_walk(void **state)
{
	void (*const steps[])(int) = {
		step_alloc, step_bind, step_bind, step_ipi, step_virq,
		step_raise, step_send, step_send, step_close, step_ack,
		step_reset, step_die,
	};
	const char *given = getenv("MODEL_SEED");

	(void)state;
	seed = given ? strtoull(given, NULL, 0) : 4711;
	for (int i = 0; i < DOMS; i++)
		be_born(i);
	for (unsigned int n = 0; n < STEPS; n++) {
		steps[pick(ARRAY_SIZE(steps))]((int)pick(DOMS));
		if (n % 7 == 0)
			for (int i = 0; i < DOMS; i++)
				compare(i);
	}
	for (int i = 0; i < DOMS; i++)
		fake_destroy(doms[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(random_walk, fake_check_clean),
	};

	return cmocka_run_group_tests(tests, fake_machine, NULL);
}

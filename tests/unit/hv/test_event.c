/*
 * Event channels: the life of ports, the exact order of pending bits, VIRQs,
 * vcpu_info, polling, and hostile arguments.
 */
#include "fake.h"

#include <xen/event_channel.h>
#include <xen/sched.h>
#include <xen/vcpu.h>

#define ARG	0x1000ul
#define DOM0_ARG (FAKE_DOM0_START * PAGE_SIZE)

static struct domain *a, *b;

static int setup(void **state)
{
	(void)state;
	a = fake_domain(16, 2);
	b = fake_domain(16, 40);
	fake_run(a, 0);
	return 0;
}

static int teardown(void **state)
{
	fake_destroy(a);
	fake_destroy(b);
	assert_int_equal(events_count(hardware_domain), 0);
	return fake_check_clean(state);
}

/* --- helpers -------------------------------------------------------------- */

static long op(unsigned int cmd, void *arg, size_t size)
{
	uint64_t at = current->domain == hardware_domain ? DOM0_ARG : ARG;
	void *mem = fake_mem(current->domain, at);
	long ret;

	memcpy(mem, arg, size);
	ret = fake_call(__HYPERVISOR_event_channel_op, cmd, at, 0);
	memcpy(arg, mem, size);
	return ret;
}
#define OP(cmd, arg) op(EVTCHNOP_##cmd, &(arg), sizeof(arg))

static long alloc_port(domid_t dom, domid_t remote)
{
	evtchn_alloc_unbound_t x = {.dom = dom, .remote_dom = remote};
	long ret = OP(alloc_unbound, x);

	return ret ? ret : (long)x.port;
}

static long bind_port(domid_t remote, uint32_t port)
{
	evtchn_bind_interdomain_t x = {.remote_dom = remote, .remote_port = port};
	long ret = OP(bind_interdomain, x);

	return ret ? ret : (long)x.local_port;
}

static long bind_virq(uint32_t virq, uint32_t vcpu)
{
	evtchn_bind_virq_t x = {.virq = virq, .vcpu = vcpu};
	long ret = OP(bind_virq, x);

	return ret ? ret : (long)x.port;
}

static long bind_ipi(uint32_t vcpu)
{
	evtchn_bind_ipi_t x = {.vcpu = vcpu};
	long ret = OP(bind_ipi, x);

	return ret ? ret : (long)x.port;
}

static long send(uint32_t port)
{
	evtchn_send_t x = {.port = port};

	return OP(send, x);
}

static long close_port(uint32_t port)
{
	evtchn_close_t x = {.port = port};

	return OP(close, x);
}

static evtchn_status_t status(domid_t dom, uint32_t port)
{
	evtchn_status_t x = {.dom = dom, .port = port};

	assert_int_equal(OP(status, x), 0);
	return x;
}

static bool pending(struct domain *d, long port)
{
	return event_port_pending(d, (unsigned int)port);
}

static void ack(struct domain *d)
{
	memset(d->shared_info->evtchn_pending, 0,
	       sizeof(d->shared_info->evtchn_pending));
	for_each_vcpu(d, v) {
		v->info->evtchn_upcall_pending = 0;
		v->info->evtchn_pending_sel = 0;
	}
}

static void mask(struct domain *d, long port, bool on)
{
	uint64_t bit = 1ull << (port % 64);

	if (on)
		d->shared_info->evtchn_mask[port / 64] |= bit;
	else
		d->shared_info->evtchn_mask[port / 64] &= ~bit;
}

/* --- interdomain ---------------------------------------------------------- */

static void interdomain_life(void **state)
{
	long pa = alloc_port(DOMID_SELF, b->id), pb;
	evtchn_status_t s;

	(void)state;
	assert_int_equal(pa, 1);
	s = status(DOMID_SELF, 1);
	assert_int_equal(s.status, EVTCHNSTAT_unbound);
	assert_int_equal(s.u.unbound.dom, b->id);
	assert_int_equal(send((uint32_t)pa), 0);	/* into the void */

	fake_run(b, 0);
	pb = bind_port(a->id, (uint32_t)pa);
	assert_int_equal(pb, 1);
	assert_true(pending(b, pb));	/* makes up for a lost notification */
	assert_false(pending(a, pa));
	assert_int_equal(send((uint32_t)pb), 0);
	assert_true(pending(a, pa));
	assert_int_equal(a->vcpu[0]->info->evtchn_pending_sel, 1);
	assert_int_equal(a->vcpu[0]->info->evtchn_upcall_pending, 1);

	fake_run(a, 0);
	s = status(DOMID_SELF, (uint32_t)pa);
	assert_int_equal(s.status, EVTCHNSTAT_interdomain);
	assert_int_equal(s.u.interdomain.dom, b->id);
	assert_int_equal(s.u.interdomain.port, pb);
	assert_int_equal(close_port((uint32_t)pa), 0);
	assert_false(pending(a, pa));
	assert_int_equal(close_port((uint32_t)pa), -EINVAL);

	/* b's end waits for a again. */
	fake_run(b, 0);
	s = status(DOMID_SELF, (uint32_t)pb);
	assert_int_equal(s.status, EVTCHNSTAT_unbound);
	assert_int_equal(s.u.unbound.dom, a->id);
	assert_int_equal(send((uint32_t)pb), 0);
	fake_run(a, 0);
	assert_int_equal(bind_port(b->id, (uint32_t)pb), 1);
	assert_int_equal(events_count(a), 1);
}

static void loopback(void **state)
{
	long p, q;

	(void)state;
	fake_run(hardware_domain, 0);
	p = alloc_port(DOMID_SELF, DOMID_SELF);
	q = bind_port(DOMID_SELF, (uint32_t)p);
	assert_true(p > 0 && q > 0 && p != q);
	ack(hardware_domain);
	assert_int_equal(send((uint32_t)q), 0);
	assert_true(pending(hardware_domain, p));
	assert_int_equal(close_port((uint32_t)p), 0);
	assert_int_equal(status(DOMID_SELF, (uint32_t)q).status,
			 EVTCHNSTAT_unbound);
	assert_int_equal(close_port((uint32_t)q), 0);
	ack(hardware_domain);
}

static void not_offered_to_us(void **state)
{
	long p = alloc_port(DOMID_SELF, 0);

	(void)state;
	fake_run(b, 0);
	assert_int_equal(bind_port(a->id, (uint32_t)p), -EINVAL);
	assert_int_equal(bind_port(a->id, 2), -EINVAL);
	assert_int_equal(bind_port(a->id, 0), -EINVAL);
	assert_int_equal(bind_port(a->id, ~0u), -EINVAL);
	assert_int_equal(bind_port(4242, 1), -ESRCH);
	assert_int_equal(bind_port(DOMID_XEN, 1), -ESRCH);
	assert_int_equal(events_count(b), 0);
}

/* The toolstack makes the guest's end before it has a single vCPU. */
static void before_there_are_vcpus(void **state)
{
	const struct domain_config c = {
		.id = DOMID_INVALID, .max_vcpus = 1, .max_evtchn_port = 1023,
		.max_grant_frames = 1,
	};
	struct domain *d;
	long p, q;

	(void)state;
	assert_int_equal(domain_create(&c, &d), 0);
	domain_get(d);
	fake_run(hardware_domain, 0);
	p = alloc_port(d->id, DOMID_SELF);
	q = bind_port(d->id, (uint32_t)p);
	assert_int_equal(send((uint32_t)q), 0);
	assert_true(pending(d, p));
	assert_int_equal(close_port((uint32_t)q), 0);
	fake_destroy(d);
	ack(hardware_domain);
}

/* --- order of bits -------------------------------------------------------- */

static void pending_order(void **state)
{
	struct vcpu_info *info = a->vcpu[1]->info;
	long p = bind_ipi(1);

	(void)state;
	mask(a, p, true);
	assert_int_equal(send((uint32_t)p), 0);
	assert_true(pending(a, p));
	assert_int_equal(info->evtchn_pending_sel, 0);
	assert_int_equal(info->evtchn_upcall_pending, 0);
	/* Set already: nothing more happens, even unmasked. */
	mask(a, p, false);
	assert_int_equal(send((uint32_t)p), 0);
	assert_int_equal(info->evtchn_upcall_pending, 0);
	ack(a);
	/* The selector is set already: no new upcall. */
	info->evtchn_pending_sel = 1;
	assert_int_equal(send((uint32_t)p), 0);
	assert_int_equal(info->evtchn_upcall_pending, 0);
	ack(a);
	assert_int_equal(send((uint32_t)p), 0);
	assert_int_equal(info->evtchn_upcall_pending, 1);
	assert_int_equal(a->vcpu[0]->info->evtchn_upcall_pending, 0);
}

static void unmask(void **state)
{
	long p = bind_ipi(0);
	evtchn_unmask_t u = {.port = (uint32_t)p};

	(void)state;
	mask(a, p, true);
	send((uint32_t)p);
	assert_int_equal(a->vcpu[0]->info->evtchn_upcall_pending, 0);
	assert_int_equal(OP(unmask, u), 0);
	assert_int_equal(a->shared_info->evtchn_mask[0], 0);
	assert_int_equal(a->vcpu[0]->info->evtchn_pending_sel, 1);
	assert_int_equal(a->vcpu[0]->info->evtchn_upcall_pending, 1);
	u.port = 4096;
	assert_int_equal(OP(unmask, u), -EINVAL);
}

static void upcall_vector(void **state)
{
	long p = bind_ipi(1);

	(void)state;
	a->vcpu[1]->upcall_vector = 0x33;
	send((uint32_t)p);
	send((uint32_t)p);
	assert_int_equal(a->vcpu[1]->arch->vector, 0x33);
	assert_int_equal(a->vcpu[1]->arch->vectors, 1);
}

/* --- VIRQs, IPIs ---------------------------------------------------------- */

static void virqs(void **state)
{
	long p = bind_virq(VIRQ_TIMER, 1);

	(void)state;
	assert_true(p > 0);
	assert_int_equal(bind_virq(VIRQ_TIMER, 1), -EEXIST);
	assert_true(bind_virq(VIRQ_TIMER, 0) > 0);
	assert_int_equal(bind_virq(NR_VIRQS, 0), -EINVAL);
	assert_int_equal(bind_virq(~0u, 0), -EINVAL);
	assert_int_equal(bind_virq(VIRQ_DOM_EXC, 1), -EINVAL);
	assert_int_equal(bind_virq(VIRQ_TIMER, 2), -ENOENT);
	assert_int_equal(send((uint32_t)p), -EINVAL);
	virq_send_vcpu(a->vcpu[1], VIRQ_TIMER);
	assert_true(pending(a, p));
	assert_int_equal(a->vcpu[1]->info->evtchn_upcall_pending, 1);
	virq_send_vcpu(a->vcpu[1], VIRQ_DEBUG);		/* nobody listens */
	assert_int_equal(close_port((uint32_t)p), 0);
	assert_int_equal(a->vcpu[1]->virq_port[VIRQ_TIMER], 0);
	virq_send_vcpu(a->vcpu[1], VIRQ_TIMER);
	assert_false(pending(a, p));
	assert_int_equal(bind_virq(VIRQ_TIMER, 1), p);
	/* All the others can be bound, raised or not. */
	for (uint32_t virq = 1; virq < NR_VIRQS; virq++)
		assert_true(bind_virq(virq, 0) > 0);
}

/* A global VIRQ may be moved; closing it still finds its slot. */
static void global_virq_moves(void **state)
{
	evtchn_bind_vcpu_t m = {.vcpu = 1};
	long p = bind_virq(VIRQ_DOM_EXC, 0);

	(void)state;
	m.port = (uint32_t)p;
	assert_int_equal(OP(bind_vcpu, m), 0);
	virq_send_vcpu(a->vcpu[0], VIRQ_DOM_EXC);
	assert_int_equal(a->vcpu[1]->info->evtchn_upcall_pending, 1);
	assert_int_equal(close_port((uint32_t)p), 0);
	assert_int_equal(a->vcpu[0]->virq_port[VIRQ_DOM_EXC], 0);
	assert_true(bind_virq(VIRQ_DOM_EXC, 0) > 0);
}

static void bind_vcpu_rules(void **state)
{
	long ipi = bind_ipi(0), timer = bind_virq(VIRQ_TIMER, 0);
	long unbound = alloc_port(DOMID_SELF, 0);
	evtchn_bind_vcpu_t m = {.vcpu = 1};

	(void)state;
	m.port = (uint32_t)ipi;
	assert_int_equal(OP(bind_vcpu, m), -EINVAL);
	m.port = (uint32_t)timer;
	assert_int_equal(OP(bind_vcpu, m), -EINVAL);
	m.port = 999;
	assert_int_equal(OP(bind_vcpu, m), -EINVAL);
	m.port = (uint32_t)unbound;
	assert_int_equal(OP(bind_vcpu, m), 0);
	assert_int_equal(status(DOMID_SELF, m.port).vcpu, 1);
	m.vcpu = 2;
	assert_int_equal(OP(bind_vcpu, m), -ENOENT);
	assert_int_equal(bind_ipi(2), -ENOENT);
	assert_int_equal(bind_ipi(~0u), -ENOENT);
}

/* --- limits, others, reset ------------------------------------------------ */

static void all_ports(void **state)
{
	evtchn_reset_t r = {.dom = DOMID_SELF};

	(void)state;
	for (long p = 1; p < 1024; p++)
		assert_int_equal(alloc_port(DOMID_SELF, 0), p);
	assert_int_equal(alloc_port(DOMID_SELF, 0), -ENOSPC);
	assert_int_equal(bind_ipi(0), -ENOSPC);
	assert_int_equal(close_port(77), 0);
	assert_int_equal(bind_ipi(0), 77);
	r.dom = b->id;
	assert_int_equal(OP(reset, r), -EPERM);
	r.dom = DOMID_SELF;
	assert_int_equal(OP(reset, r), 0);
	assert_int_equal(events_count(a), 0);
	assert_int_equal(alloc_port(DOMID_SELF, 0), 1);
}

static void other_domains(void **state)
{
	evtchn_status_t s = {.dom = b->id, .port = 1};

	(void)state;
	assert_int_equal(alloc_port(b->id, a->id), -EPERM);
	assert_int_equal(alloc_port(4242, a->id), -ESRCH);
	assert_int_equal(OP(status, s), -EPERM);
	fake_run(hardware_domain, 0);
	assert_int_equal(alloc_port(b->id, DOMID_SELF), 1);
	assert_int_equal(OP(status, s), 0);
	assert_int_equal(s.u.unbound.dom, 0);
	s.port = 1024;
	assert_int_equal(OP(status, s), -EINVAL);
}

static void hostile(void **state)
{
	(void)state;
	for (unsigned int cmd = 0; cmd < 20; cmd++) {
		long ret = fake_call(__HYPERVISOR_event_channel_op, cmd,
				     FAKE_NOWHERE, 0);

		assert_true(ret == -EFAULT || ret == -ENOSYS);
	}
	assert_int_equal(fake_call(__HYPERVISOR_event_channel_op, ~0ull, ARG,
				   0), -ENOSYS);
	/* The answer cannot be stored: the port is not kept. */
	a->arch->table[3].type = P2M_RAM_RO;
	memset(fake_mem(a, 0x3000), 0, 64);
	assert_int_equal(fake_call(__HYPERVISOR_event_channel_op,
				   EVTCHNOP_bind_ipi, 0x3000, 0), -EFAULT);
	assert_int_equal(fake_call(__HYPERVISOR_event_channel_op,
				   EVTCHNOP_bind_virq, 0x3000, 0), -EFAULT);
	*(domid_t *)fake_mem(a, 0x3000) = DOMID_SELF;
	assert_int_equal(fake_call(__HYPERVISOR_event_channel_op,
				   EVTCHNOP_alloc_unbound, 0x3000, 0), -EFAULT);
	assert_int_equal(events_count(a), 0);
	a->arch->table[3].type = P2M_RAM_RW;
}

/* One end dies in every order: the other is left waiting, nothing leaks. */
static void peer_dies(void **state)
{
	struct domain *c = fake_domain(4, 1);
	long p = alloc_port(DOMID_SELF, c->id);

	(void)state;
	fake_run(c, 0);
	assert_true(bind_port(a->id, (uint32_t)p) > 0);
	fake_run(a, 0);
	assert_int_equal(status(DOMID_SELF, (uint32_t)p).status,
			 EVTCHNSTAT_interdomain);
	fake_destroy(c);
	fake_run(a, 0);
	assert_int_equal(status(DOMID_SELF, (uint32_t)p).status,
			 EVTCHNSTAT_unbound);
	assert_int_equal(send((uint32_t)p), 0);
}

/* --- vcpu_info ------------------------------------------------------------ */

static long register_info(unsigned int vcpu, uint64_t gfn, uint32_t offset)
{
	struct vcpu_register_vcpu_info *r = fake_mem(current->domain, ARG);

	r->mfn = gfn;
	r->offset = offset;
	return fake_call(__HYPERVISOR_vcpu_op, VCPUOP_register_vcpu_info, vcpu,
			 ARG);
}

static void vcpu_info(void **state)
{
	struct vcpu_info *i = fake_mem(b, 0x5040);
	long p;

	(void)state;
	fake_run(b, 0);
	assert_int_equal(register_info(0, 5, 4096 - 63), -ENXIO);
	assert_int_equal(register_info(0, 5, 4), -ENXIO);
	assert_int_equal(register_info(0, 5, 0xfffffff8), -ENXIO);
	assert_int_equal(register_info(0, 999, 0), -EINVAL);
	assert_int_equal(register_info(0, ~0ull, 0), -EINVAL);
	assert_int_equal(register_info(40, 5, 0), -ENOENT);
	b->shared_info->vcpu_info[0].arch.cr2 = 0x1234;
	memset(i, 0xff, sizeof(*i));
	assert_int_equal(register_info(0, 5, 0x40), 0);
	assert_ptr_equal(b->vcpu[0]->info, i);
	assert_int_equal(i->arch.cr2, 0x1234);
	assert_int_equal(i->evtchn_pending_sel, ~0ul);
	assert_int_equal(i->evtchn_upcall_pending, 1);
	assert_int_equal(register_info(0, 6, 0), -EINVAL);

	i->evtchn_upcall_pending = 0;
	i->evtchn_pending_sel = 0;
	p = bind_ipi(0);
	send((uint32_t)p);
	assert_int_equal(i->evtchn_upcall_pending, 1);
	assert_int_equal(i->evtchn_pending_sel, 1);

	/* A vCPU without a slot has a dummy until it registers. */
	assert_int_equal(b->vcpu[35]->info->evtchn_upcall_mask, 1);
	assert_int_equal(register_info(35, 6, 0), 0);
	p = bind_ipi(35);
	((struct vcpu_info *)fake_mem(b, 0x6000))->evtchn_upcall_pending = 0;
	((struct vcpu_info *)fake_mem(b, 0x6000))->evtchn_pending_sel = 0;
	send((uint32_t)p);
	assert_int_equal(((struct vcpu_info *)fake_mem(b, 0x6000))
				 ->evtchn_upcall_pending, 1);
	/* Another vCPU that is on keeps its own. */
	b->vcpu[1]->down = false;
	assert_int_equal(register_info(1, 7, 0), -EINVAL);
	b->vcpu[1]->down = true;
}

/* The page leaves the guest's memory; it is pinned, and comes back at the end. */
static void vcpu_info_page_goes(void **state)
{
	struct p2m_entry e;
	unsigned int before;

	(void)state;
	assert_int_equal(register_info(0, 5, 0), 0);
	before = a->tot_pages;
	assert_int_equal(p2m_remove(a, GFN(5), P2M_BITS_RAM, &e), 0);
	p2m_flush(a);
	p2m_drop(a, e);
	assert_int_equal(a->tot_pages, before);
	send((uint32_t)bind_ipi(0));
}

/* --- polling -------------------------------------------------------------- */

static long poll(uint64_t ports, unsigned int nr, uint64_t timeout)
{
	struct sched_poll *p = fake_mem(current->domain, ARG);

	p->ports.p = (void *)ports;
	p->nr_ports = nr;
	p->timeout = timeout;
	return fake_call(__HYPERVISOR_sched_op, SCHEDOP_poll, ARG, 0);
}

static void polling(void **state)
{
	uint32_t *ports = fake_mem(a, 0x2000);
	struct vcpu *v = a->vcpu[0];
	long p = bind_ipi(0), q = bind_ipi(1);

	(void)state;
	ports[0] = (uint32_t)p;
	ports[1] = (uint32_t)q;
	mask(a, p, true);
	mask(a, q, true);
	/* Nothing pending: asleep. A masked event wakes. */
	assert_int_equal(poll(0x2000, 1, 0), 0);
	assert_true(v->blocked && v->polling);
	send((uint32_t)q);
	assert_true(v->blocked);		/* not one of ours */
	send((uint32_t)p);
	assert_false(v->blocked);
	assert_false(v->polling);
	/* Pending already: does not sleep, masked or not. */
	assert_int_equal(poll(0x2000, 1, 0), 0);
	assert_false(v->blocked);
	/* An upcall that is due: does not sleep either. */
	ack(a);
	v->info->evtchn_upcall_pending = 1;
	assert_int_equal(poll(0x2000, 1, 0), 0);
	assert_false(v->blocked);
	ack(a);
	/* Two ports; a time limit. */
	assert_int_equal(poll(0x2000, 2, fake.now + 500), 0);
	assert_true(v->blocked);
	assert_true(v->poll_timer.armed);
	fake.now += 600;
	this_cpu()->timer_programmed = TIMER_DUE;
	timer_run();
	assert_false(v->blocked);
	assert_int_equal(poll(0, 0, 0), 0);
	assert_true(v->blocked);
	vcpu_kick(v);
}

static void polling_hostile(void **state)
{
	uint32_t *ports = fake_mem(a, 0x2000);

	(void)state;
	memset(ports, 0, 4096);
	assert_int_equal(poll(0x2000, 129, 0), -EINVAL);
	assert_int_equal(poll(0x2000, ~0u, 0), -EINVAL);
	assert_int_equal(poll(FAKE_NOWHERE, 1, 0), -EFAULT);
	ports[0] = 1024;
	assert_int_equal(poll(0x2000, 1, 0), -EINVAL);
	ports[0] = ~0u;
	assert_int_equal(poll(0x2000, 1, 0), -EINVAL);
	assert_false(a->vcpu[0]->blocked);
	assert_int_equal(fake_call(__HYPERVISOR_sched_op, SCHEDOP_poll,
				   FAKE_NOWHERE, 0), -EFAULT);
}

/* It dies while it polls, with its timer armed. */
static void dies_while_polling(void **state)
{
	uint32_t *ports = fake_mem(a, 0x2000);

	(void)state;
	ports[0] = (uint32_t)bind_ipi(0);
	assert_int_equal(poll(0x2000, 1, fake.now + 1000000), 0);
	assert_true(a->vcpu[0]->blocked);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(interdomain_life), CASE(loopback), CASE(not_offered_to_us),
		CASE(before_there_are_vcpus), CASE(pending_order), CASE(unmask),
		CASE(upcall_vector), CASE(virqs), CASE(global_virq_moves),
		CASE(bind_vcpu_rules), CASE(all_ports), CASE(other_domains),
		CASE(hostile), CASE(peer_dies), CASE(vcpu_info),
		CASE(vcpu_info_page_goes), CASE(polling), CASE(polling_hostile),
		CASE(dies_while_polling),
	};

	return cmocka_run_group_tests(tests, fake_machine, NULL);
}

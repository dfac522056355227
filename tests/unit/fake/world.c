/* Making and ending the fake machine's domains, and calls in their name. */
#include "fake.h"

static struct domain *make_dom0(void)
{
	const struct domain_config c = {
		.id = 0, .max_vcpus = 2, .max_evtchn_port = 4095,
		.max_grant_frames = 64, .max_maptrack_frames = 1024,
		.control = true,
	};
	struct domain *d;

	assert_int_equal(page_alloc_reserve(MFN(FAKE_DOM0_START),
					    FAKE_DOM0_PAGES, 0), 0);
	assert_int_equal(domain_create(&c, &d), 0);
	hardware_domain = d;
	for (unsigned int i = 0; i < FAKE_DOM0_PAGES; i++)
		assert_int_equal(p2m_insert(d, GFN(FAKE_DOM0_START + i),
					    MFN(FAKE_DOM0_START + i), 0,
					    P2M_RAM_RW), 0);
	d->max_pages = FAKE_DOM0_PAGES;
	page_account(d, FAKE_DOM0_PAGES);
	return d;
}

static void start(struct domain *d)
{
	for (unsigned int i = 0; i < d->max_vcpus; i++)
		if (!d->vcpu[i])
			assert_int_equal(vcpu_create(d, i), 0);
	d->controller_pauses = 0;
	d->vcpu[0]->down = false;
	domain_unpause(d);
}

/* Tables that dom0 keeps once it has them: had before anything is counted. */
static void warm_up(struct domain *d)
{
	evtchn_bind_ipi_t *arg = fake_mem(d, FAKE_DOM0_START * PAGE_SIZE);
	evtchn_close_t close;

	arg->vcpu = 0;
	assert_int_equal(fake_call(__HYPERVISOR_event_channel_op,
				   EVTCHNOP_bind_ipi,
				   FAKE_DOM0_START * PAGE_SIZE, 0), 0);
	close.port = arg->port;
	memcpy(arg, &close, sizeof(close));
	assert_int_equal(fake_call(__HYPERVISOR_event_channel_op,
				   EVTCHNOP_close,
				   FAKE_DOM0_START * PAGE_SIZE, 0), 0);
}

int fake_machine(void **state)
{
	(void)state;
	fake_arch_init();
	start(make_dom0());
	fake_run(hardware_domain, 0);
	warm_up(hardware_domain);
	fake.free_at_start = page_nr_free();
	fake.refs_at_start = hardware_domain->refs;
	return 0;
}

struct domain *fake_domain_config(const struct domain_config *c,
				  unsigned int pages)
{
	struct domain *d;

	assert_int_equal(domain_create(c, &d), 0);
	domain_get(d);		/* the test's own, till fake_destroy() */
	d->max_pages = pages;
	for (unsigned int i = 0; i < pages; i++) {
		mfn_t mfn = page_alloc_domain(d, 0);

		assert_true(mfn_valid_value(mfn));
		page_clear(mfn);
		assert_int_equal(p2m_insert(d, GFN(i), mfn, 0, P2M_RAM_RW), 0);
	}
	start(d);
	return d;
}

struct domain *fake_domain(unsigned int pages, unsigned int vcpus)
{
	const struct domain_config c = {
		.id = DOMID_INVALID, .max_vcpus = vcpus,
		.max_evtchn_port = 1023, .max_grant_frames = 4,
		.max_maptrack_frames = 4,
	};

	return fake_domain_config(&c, pages);
}

void fake_run(struct domain *d, unsigned int id)
{
	struct cpu *c = this_cpu();

	c->vcpu->running = false;
	if (d->vcpu[id]->queued) {
		d->vcpu[id]->pause_count++;
		sched_sleep(d->vcpu[id]);
		d->vcpu[id]->pause_count--;
		c->need_resched = false;
	}
	c->vcpu = d->vcpu[id];
	c->vcpu->running = true;
}

void fake_destroy(struct domain *d)
{
	if (current->domain == d)
		fake_run(hardware_domain, 0);
	while (domain_kill(d) == -ERESTART)
		;
	domain_put(d);
}

void *fake_mem(struct domain *d, uint64_t addr)
{
	struct p2m_entry e = p2m_get(d, addr_to_gfn(addr));

	assert_int_not_equal(e.type, P2M_HOLE);
	return (char *)map_frame(e.mfn) + (addr & (PAGE_SIZE - 1));
}

long fake_call(unsigned int nr, uint64_t a0, uint64_t a1, uint64_t a2)
{
	struct hypercall hc = {
		.nr = nr, .arg = {a0, a1, a2}, .compat = fake.compat,
	};
	long ret;

	for (;;) {
		ret = hypercall_dispatch(&hc);
		if (!hc.restart)
			return ret;
		fake.restarts++;
	}
}

int fake_check_clean(void **state)
{
	struct domain *d = domain_find_from(1);

	(void)state;
	fake.preempt_every = 0;
	fake.fail_p2m_set = 0;
	fake.compat = false;
	fake_run(hardware_domain, 0);
	if (d)
		fail_msg("domain %u is left", d->id);
	assert_int_equal(page_nr_free(), fake.free_at_start);
	assert_int_equal(hardware_domain->refs, fake.refs_at_start);
	assert_int_equal(page_nr_claimed(), 0);
	assert_int_equal(grants_active(hardware_domain), 0);
	assert_int_equal(hardware_domain->tot_pages, FAKE_DOM0_PAGES);
	return 0;
}

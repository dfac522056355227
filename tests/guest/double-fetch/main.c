/*
 * A second vCPU changes a request while the hypervisor works on it. Whatever
 * was copied in first must be what is checked and done: no port, frame or
 * length may slip through between two looks. Run for a while, nothing breaks,
 * and no result lies outside of what either version of the request gives.
 */
#include "guest.h"

#define ROUNDS 2000

static unsigned char page[4096] PAGE_ALIGNED;
static unsigned char guard[4096] PAGE_ALIGNED;
static unsigned char other[4096] PAGE_ALIGNED;

static volatile uint32_t *volatile flip32;
static volatile uint16_t *volatile flip16;
static volatile uint64_t flip_a, flip_b;
static volatile bool stop;

static void flipper(void *arg)
{
	(void)arg;
	while (!stop) {
		volatile uint32_t *p32 = flip32;
		volatile uint16_t *p16 = flip16;

		if (p32) {
			*p32 = (uint32_t)flip_a;
			*p32 = (uint32_t)flip_b;
		}
		if (p16) {
			*p16 = (uint16_t)flip_a;
			*p16 = (uint16_t)flip_b;
		}
	}
}

static void set_flip(volatile uint32_t *p32, volatile uint16_t *p16, uint64_t a,
		     uint64_t b)
{
	flip32 = NULL;
	flip16 = NULL;
	barrier();
	flip_a = a;
	flip_b = b;
	flip32 = p32;
	flip16 = p16;
}

/* A length that is legal and one that overruns the page. */
static void test_copy_length(void)
{
	static struct gnttab_copy c;
	unsigned int i;

	memset(guard, 0x77, sizeof(guard));
	c.source.u.gmfn = gfn_of(page);
	c.source.domid = DOMID_SELF;
	c.dest.u.gmfn = gfn_of(other);
	c.dest.domid = DOMID_SELF;
	c.dest.offset = 4000;
	set_flip(NULL, &c.len, 64, 4096);
	for (i = 0; i < ROUNDS; i++) {
		long rc = hv_grant_op(GNTTABOP_copy, &c, 1);

		if (rc || (c.status != GNTST_okay && c.status != GNTST_bad_copy_arg)) {
			test_failure("copy: rc %ld status %d", rc, c.status);
			break;
		}
	}
	set_flip(NULL, NULL, 0, 0);
	for (i = 0; i < sizeof(guard); i++)
		if (guard[i] != 0x77) {
			test_failure("copy ran over its page");
			break;
		}
}

static void test_send_port(void)
{
	static struct evtchn_send s;
	long port = hv_event_bind_ipi(0);
	unsigned int i;

	set_flip(&s.port, NULL, (uint64_t)port, 0x7fffffff);
	for (i = 0; i < ROUNDS; i++) {
		long rc = hv_event_op(EVTCHNOP_send, &s);

		if (rc && rc != -XEN_EINVAL) {
			test_failure("send: %ld", rc);
			break;
		}
	}
	set_flip(NULL, NULL, 0, 0);
	EXPECT(hv_event_close((evtchn_port_t)port), 0);
}

/* The domain id: ourselves or dom0. */
static void test_domid(void)
{
	static struct xen_add_to_physmap a;
	unsigned int i;

	a.space = XENMAPSPACE_shared_info;
	a.gpfn = gfn_of(&shared_info);
	set_flip(NULL, (volatile uint16_t *)&a.domid, DOMID_SELF, 0);
	for (i = 0; i < ROUNDS; i++) {
		long rc = hv_memory_op(XENMEM_add_to_physmap, &a);

		if (rc && rc != -XEN_EPERM) {
			test_failure("add_to_physmap: %ld", rc);
			break;
		}
	}
	set_flip(NULL, NULL, 0, 0);
}

/* A grant's flags change while it is pinned for a copy. */
static void test_grant_flags(void)
{
	static struct gnttab_copy c;
	unsigned int i;
	long rc = 0;

	grant_access(8, (domid_t)own_domid(), page, false);
	c.source.u.ref = 8;
	c.source.domid = DOMID_SELF;
	c.dest.u.gmfn = gfn_of(other);
	c.dest.domid = DOMID_SELF;
	c.len = 64;
	c.flags = GNTCOPY_source_gref;
	set_flip(NULL, &grant_table[8].flags, GTF_permit_access,
		 GTF_permit_access | GTF_readonly);
	for (i = 0; i < ROUNDS && !rc; i++)
		rc = hv_grant_op(GNTTABOP_copy, &c, 1);
	set_flip(NULL, NULL, 0, 0);
	EXPECT(rc, 0);
	grant_table[8].flags = 0;
}

/* The same gfn populated and taken away by two vCPUs at once. */
static void balloon(void *arg)
{
	unsigned long gfn = free_gfn();
	unsigned int i;

	(void)arg;
	for (i = 0; i < ROUNDS / 8; i++) {
		hv_decrease(gfn + i % 3);
		hv_populate(gfn + i % 3, 1, 0);
	}
}

static void test_balloon_race(void)
{
	domid_t self = DOMID_SELF;
	long max = hv_memory_op(XENMEM_maximum_reservation, &self);

	CHECK(cpu_start(1, balloon, NULL));
	balloon(NULL);
	CHECK(WAIT_FOR(cpu_done(1), 20000));
	CHECK(hv_memory_op(XENMEM_current_reservation, &self) <= max);
}

/* Ports opened and closed by both. */
static void ports(void *arg)
{
	unsigned int i;
	long p;

	(void)arg;
	for (i = 0; i < ROUNDS; i++) {
		p = hv_event_alloc(DOMID_SELF, DOMID_SELF);
		hv_event_send((evtchn_port_t)(i % 8));
		hv_event_close((evtchn_port_t)(i % 3 ? p : p + 1));
	}
}

static void test_port_race(void)
{
	CHECK(cpu_start(1, ports, NULL));
	ports(NULL);
	CHECK(WAIT_FOR(cpu_done(1), 20000));
}

void test_main(void)
{
	if (!cpu_start(1, flipper, NULL)) {
		test_error("the second vCPU did not start");
		return;
	}
	RUN(test_copy_length);
	RUN(test_send_port);
	RUN(test_domid);
	RUN(test_grant_flags);
	stop = true;
	WAIT_FOR(cpu_done(1), 1000);
	RUN(test_balloon_race);
	RUN(test_port_race);
}

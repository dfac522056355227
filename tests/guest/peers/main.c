/*
 * Two domUs: events and grants between them work as agreed, and one that tries
 * the other's domain id gets nothing. The peer then dies holding our grant, and
 * later we hold the grant of a dead one.
 */
#include "guest.h"

#define REF  8
#define HOLE 0x40000000ul /* where we map what the peer grants */
#define PORT 1		  /* agreed on: the peer's first port for us */
enum { P_WAITS = 1, P_HOLDS };

static unsigned char page[4096] PAGE_ALIGNED;
static domid_t other;

static struct gnttab_map_grant_ref map_other(uint32_t ref, uint64_t at)
{
	struct gnttab_map_grant_ref m = {.host_addr = at,
					 .flags = GNTMAP_host_map,
					 .ref = ref,
					 .dom = other,
					 .status = 99};

	EXPECT(hv_grant_op(GNTTABOP_map_grant_ref, &m, 1), 0);
	return m;
}

/* Grants a page with a pattern, offers a port, waits for the page to change. */
static void peer_waits(void)
{
	long port;

	memset(page, 0x99, sizeof(page));
	port = hv_event_alloc(DOMID_SELF, other);
	page[8] = (unsigned char)port;
	barrier();
	grant_access(REF, other, page, false);
	WAIT_FOR(((volatile unsigned char *)page)[0] == 0x42, 10000);
	hv_event_send((evtchn_port_t)port);
	for (;;)
		hv_sched_yield();
}

/* Maps our page and never lets go. */
static void peer_holds(void)
{
	map_high(HOLE);
	while (map_other(REF, HOLE).status != GNTST_okay)
		hv_sched_yield();
	*(volatile unsigned char *)HOLE = 0x66;
	for (;;)
		hv_sched_yield();
}

static long start(unsigned long role)
{
	long id = ask(MB_PEER_START, role, 0, 0);

	if (id < 0) {
		test_error("no peer: %ld", id);
		test_end();
	}
	other = (domid_t)id;
	return id;
}

static void test_share(void)
{
	struct gnttab_unmap_grant_ref u = {.host_addr = HOLE};
	struct gnttab_map_grant_ref m;
	volatile unsigned char *p = (void *)HOLE;
	long port;

	start(P_WAITS);
	CHECK(WAIT_FOR((m = map_other(REF, HOLE)).status == GNTST_okay, 5000));
	if (m.status)
		return;
	EXPECT(p[4095], 0x99);
	port = hv_event_bind(other, p[8]);
	CHECK(port > 0);
	event_clear((evtchn_port_t)port);
	p[0] = 0x42;
	CHECK(WAIT_FOR(event_pending((evtchn_port_t)port), 5000));
	u.handle = m.handle;
	EXPECT(hv_grant_op(GNTTABOP_unmap_grant_ref, &u, 1), 0);
	EXPECT(u.status, GNTST_okay);
	EXPECT(hv_grant_op(GNTTABOP_unmap_grant_ref, &u, 1), 0);
	EXPECT(u.status, GNTST_bad_handle); /* twice */
	hv_event_close((evtchn_port_t)port);
}

/* The peer is alive, but not ours. */
static void test_not_ours(void)
{
	struct xen_remove_from_physmap r = {.domid = other, .gpfn = 0x1000};
	struct sched_remote_shutdown s = {.domain_id = other, .reason = SHUTDOWN_crash};
	struct gnttab_query_size q = {.dom = other};
	uint64_t val;

	EXPECT(hv_get_param(other, HVM_PARAM_STORE_PFN, &val), -XEN_EPERM);
	EXPECT(hv_set_param(other, HVM_PARAM_CALLBACK_IRQ, 1), -XEN_EPERM);
	EXPECT(hv_memory_op(XENMEM_remove_from_physmap, &r), -XEN_EPERM);
	EXPECT(hv_add_to_physmap(other, XENMAPSPACE_shared_info, 0, gfn_of(page)),
	       -XEN_EPERM);
	EXPECT(hv_sched_op(SCHEDOP_remote_shutdown, &s), -XEN_EPERM);
	EXPECT(hv_event_alloc(other, DOMID_SELF), -XEN_EPERM);
	EXPECT(hv_event_status(other, PORT), -XEN_EPERM);
	hv_grant_op(GNTTABOP_query_size, &q, 1);
	EXPECT(q.status, GNTST_permission_denied);
	CHECK(map_other(REF + 1, HOLE).status < 0); /* not granted */
	CHECK(map_other(0, HOLE).status < 0);
	EXPECT(ask(MB_PEER_STATE, other, 0, 0), 1000);
}

/* We keep its page mapped over its death, then let go: it may vanish at last. */
static void test_outlive(void)
{
	struct gnttab_map_grant_ref m;
	struct gnttab_unmap_grant_ref u = {.host_addr = HOLE};
	volatile unsigned char *p = (void *)HOLE;

	EXPECT(ask(MB_PEER_DESTROY, other, 0, 0), 0);
	start(P_WAITS);
	CHECK(WAIT_FOR((m = map_other(REF, HOLE)).status == GNTST_okay, 5000));
	ask(MB_PEER_DESTROY, other, 1, 0); /* dying, but not gone while we hold it */
	EXPECT(p[4095], 0x99);
	p[1] = 0x12;
	u.handle = m.handle;
	EXPECT(hv_grant_op(GNTTABOP_unmap_grant_ref, &u, 1), 0);
	EXPECT(u.status, GNTST_okay);
	CHECK(WAIT_FOR(ask(MB_PEER_STATE, other, 0, 0) == -XEN_ESRCH, 5000));
}

/* It dies with our page mapped: the grant is free again. */
static void test_left_behind(void)
{
	start(P_HOLDS);
	memset(page, 0, sizeof(page));
	grant_access(REF, other, page, false);
	CHECK(WAIT_FOR(((volatile unsigned char *)page)[0] == 0x66, 5000));
	CHECK(!grant_end_access(REF));
	EXPECT(ask(MB_PEER_DESTROY, other, 0, 0), 0);
	CHECK(grant_end_access(REF));
}

void test_main(void)
{
	unsigned long role = cmdline_value("peer", 0);

	other = (domid_t)cmdline_value("with", 0);
	if (role == P_WAITS)
		peer_waits();
	if (role == P_HOLDS)
		peer_holds();
	RUN(test_share);
	RUN(test_not_ours);
	RUN(test_outlive);
	RUN(test_left_behind);
}

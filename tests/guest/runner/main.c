/*
 * Runs one test kernel as a hostile domU. On dom0's command line: "timeout="
 * seconds, "slack=" pages that the host may differ by afterwards (0 but for a
 * hypervisor that frees late), "facts" to tell what a domain costs, then " -- "
 * and the words for the test.
 *
 * A domain is made and destroyed once before anything is counted, so that what
 * the hypervisor keeps for dom0's own first use is not taken for a leak.
 */
#include "runner.h"

const void *test_elf;
size_t test_elf_size;
static evtchn_port_t exception_port;

static bool find_test(void)
{
	const struct hvm_modlist_entry *m = (const void *)start_info->modlist_paddr;

	if (!start_info->nr_modules)
		return false;
	test_elf = (const void *)m->paddr;
	test_elf_size = m->size;
	return true;
}

/* Maps a page of the domain by a grant made for it: first use of dom0's tracking. */
static void map_one_grant(struct dom *d)
{
	struct gnttab_map_grant_ref m = {
		.flags = GNTMAP_host_map, .ref = 8, .dom = d->id};
	struct gnttab_unmap_grant_ref u = {0};
	grant_entry_v1_t *table = grant_table_of(d->id);

	if (!table)
		return;
	table[8] = (grant_entry_v1_t){GTF_permit_access, 0, GFN_CONSOLE};
	m.host_addr = scratch_get(1) * PAGE_SIZE;
	EXPECT(hv_grant_op(GNTTABOP_map_grant_ref, &m, 1), 0);
	if (EXPECT(m.status, GNTST_okay) == GNTST_okay) {
		u.host_addr = m.host_addr;
		u.handle = m.handle;
		EXPECT(hv_grant_op(GNTTABOP_unmap_grant_ref, &u, 1), 0);
		EXPECT(u.status, GNTST_okay);
	}
	CHECK(!(table[8].flags & (GTF_reading | GTF_writing)));
	scratch_put(m.host_addr / PAGE_SIZE, 1);
	foreign_unmap(table, 1);
}

static void wait_for_work(void)
{
	evtchn_port_t ports[1 + 2 * DOM_MAX];
	struct sched_poll p = {.timeout = now_ns() + 5000000};
	struct dom *d;

	ports[p.nr_ports++] = exception_port;
	for (d = doms; d < doms + DOM_MAX; d++) {
		if (!d->used)
			continue;
		ports[p.nr_ports++] = d->console_port;
		ports[p.nr_ports++] = d->store_port;
	}
	set_xen_guest_handle(p.ports, ports);
	hv_sched_op(SCHEDOP_poll, &p);
	while (p.nr_ports)
		event_clear(ports[--p.nr_ports]);
}

static void warm_up(void)
{
	struct dom *d = dom_create(test_elf, test_elf_size, "");

	if (!d)
		test_end();
	map_one_grant(d);
	wait_for_work();
	dom_destroy(d);
}

static void serve_all(void)
{
	struct dom *d;

	for (d = doms; d < doms + DOM_MAX; d++)
		if (d->used)
			dom_serve(d);
}

/* Serves until the test's own domain has shut down; its verdict counts. */
static void run(struct dom *d, uint64_t seconds)
{
	uint64_t end = now_ns() + seconds * 1000000000ull;
	long state;

	ts_simple(d->id, XEN_DOMCTL_unpausedomain);
	while ((state = dom_state(d->id)) == DOM_RUNNING && now_ns() < end) {
		wait_for_work();
		serve_all();
	}
	serve_all();
	if (state == DOM_RUNNING)
		test_failure("no end after %lu s", (unsigned long)seconds);
	else if (state != SHUTDOWN_poweroff || !d->mbox->verdict)
		test_failure("the domain died: shutdown code %ld, no verdict", state);
	else if (d->mbox->verdict == 1 + V_FAILURE)
		test_failure("the test says so");
	else if (d->mbox->verdict == 1 + V_ERROR)
		test_error("the test says so");
	else if (d->mbox->verdict == 1 + V_SKIP)
		test_skip("the test says so");
}

static bool same_within(unsigned long before, unsigned long slack)
{
	unsigned long after = ts_free_pages();

	return after + slack >= before && after <= before + slack;
}

void test_main(void)
{
	const char *words = strstr(cmdline, "-- ");
	unsigned long before;
	struct dom *d;

	if (!is_dom0 || !find_test()) {
		test_error("runner: wants to be dom0 with a test kernel as module");
		return;
	}
	exception_port = (evtchn_port_t)hv_event_bind_virq(VIRQ_DOM_EXC, 0);
	scratch_init();
	warm_up();
	before = ts_free_pages();
	d = dom_create(test_elf, test_elf_size, words ? words + 3 : "");
	if (!d)
		return;
	if (cmdline_has("facts"))
		printf("BENCH domain_extra_kib %lu\n",
		       (before - ts_free_pages() - DOM_MEM_PAGES - NR_SPECIAL) * 4);
	run(d, cmdline_value("timeout", 60));
	for (d = doms; d < doms + DOM_MAX; d++)
		if (d->used)
			dom_destroy(d);
	if (!WAIT_FOR(same_within(before, cmdline_value("slack", 0)), 2000))
		test_failure("free pages: %lu before, %lu after", before,
			     ts_free_pages());
}

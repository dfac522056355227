/*
 * A test domain's life: built step by step like the usual toolstack does it,
 * watched by its flags, destroyed and waited for.
 */
#include "runner.h"

struct dom doms[DOM_MAX];

/* What lies behind start_info in the same page. */
struct start_page {
	struct hvm_start_info info;
	struct hvm_memmap_table_entry map[2];
	char cmdline[256];
};

static long fail(const char *step, long rc)
{
	if (rc)
		test_error("runner: %s: %ld", step, rc);
	return rc;
}

static long make_memory(struct dom *d)
{
	return fail("max_mem",
		    ts_max_mem(d->id, DOM_MEM_PAGES + NR_SPECIAL + DOM_SPARE)) ||
	       fail("paging pool", ts_paging_pool(d->id, 4ul << 20)) ||
	       fail("native TSC", ts_native_tsc(d->id)) ||
	       fail("populate RAM", ts_populate(d->id, 0, DOM_MEM_PAGES >> 9, 9)) ||
	       fail("populate special", ts_populate(d->id, GFN_SPECIAL, NR_SPECIAL, 0)) ||
	       fail("memory map", ts_memory_map(d->id, DOM_MEM_PAGES));
}

static long make_channels(struct dom *d)
{
	evtchn_port_t store, console;
	long rc = fail("store channel", ts_event_for(d->id, &store, &d->store_port));

	rc = rc ? rc
		: fail("console channel",
		       ts_event_for(d->id, &console, &d->console_port));
	if (rc)
		return rc;
	d->mbox = foreign_map(d->id, GFN_STORE, 1);
	d->console = foreign_map(d->id, GFN_CONSOLE, 1);
	memset(d->mbox, 0, PAGE_SIZE);
	memset(d->console, 0, PAGE_SIZE);
	d->mbox->magic = MAILBOX_MAGIC;
	return fail("STORE_PFN", hv_set_param(d->id, HVM_PARAM_STORE_PFN, GFN_STORE)) ||
	       fail("STORE_EVTCHN", hv_set_param(d->id, HVM_PARAM_STORE_EVTCHN, store)) ||
	       fail("CONSOLE_PFN",
		    hv_set_param(d->id, HVM_PARAM_CONSOLE_PFN, GFN_CONSOLE)) ||
	       fail("CONSOLE_EVTCHN",
		    hv_set_param(d->id, HVM_PARAM_CONSOLE_EVTCHN, console));
}

static void make_start_info(struct dom *d, unsigned long at, const char *words)
{
	struct start_page *p = foreign_map(d->id, at / PAGE_SIZE, 1);

	memset(p, 0, PAGE_SIZE);
	p->info.magic = XEN_HVM_START_MAGIC_VALUE;
	p->info.version = 1;
	p->info.cmdline_paddr = at + offsetof(struct start_page, cmdline);
	p->info.memmap_paddr = at + offsetof(struct start_page, map);
	p->info.memmap_entries = 2;
	p->map[0].size = DOM_MEM_PAGES * PAGE_SIZE;
	p->map[0].type = XEN_HVM_MEMMAP_TYPE_RAM;
	p->map[1].addr = GFN_SPECIAL * PAGE_SIZE;
	p->map[1].size = NR_SPECIAL * PAGE_SIZE;
	p->map[1].type = XEN_HVM_MEMMAP_TYPE_RESERVED;
	snprintf(p->cmdline, sizeof(p->cmdline), "%s", words);
	foreign_unmap(p, 1);
}

static long dom_build(struct dom *d, const void *elf, size_t size, const char *words)
{
	unsigned long end;
	uint32_t entry;
	long rc;

	rc = make_memory(d);
	rc = rc ? rc : make_channels(d);
	rc = rc ? rc : fail("load image", image_load(d->id, elf, size, &entry, &end));
	if (rc)
		return rc;
	end = (end + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
	make_start_info(d, end, words);
	return fail("start state",
		    ts_start_state(d->id, DOM_VCPUS, entry, (uint32_t)end));
}

struct dom *dom_create(const void *elf, size_t size, const char *words)
{
	struct dom *d;

	for (d = doms; d < doms + DOM_MAX && d->used; d++)
		;
	if (d == doms + DOM_MAX)
		return NULL;
	memset(d, 0, sizeof(*d));
	if (fail("createdomain", ts_create(&d->id, DOM_VCPUS)))
		return NULL;
	d->used = true;
	if (!dom_build(d, elf, size, words))
		return d;
	dom_destroy(d);
	return NULL;
}

static void unmap_grants(struct dom *d)
{
	unsigned int i;

	for (i = 0; i < DOM_GRANTS; i++) {
		struct gnttab_unmap_grant_ref u = {.host_addr = d->grants[i].addr,
						   .handle = d->grants[i].handle};

		if (!d->grants[i].used)
			continue;
		EXPECT(hv_grant_op(GNTTABOP_unmap_grant_ref, &u, 1), 0);
		EXPECT(u.status, GNTST_okay);
		scratch_put(d->grants[i].addr / PAGE_SIZE, 1);
		d->grants[i].used = false;
	}
}

long dom_end(struct dom *d)
{
	long rc = fail("destroydomain", ts_simple(d->id, XEN_DOMCTL_destroydomain));

	unmap_grants(d);
	if (d->store_port)
		EXPECT(hv_event_close(d->store_port), 0);
	if (d->console_port)
		EXPECT(hv_event_close(d->console_port), 0);
	if (d->mbox)
		foreign_unmap(d->mbox, 1);
	if (d->console)
		foreign_unmap(d->console, 1);
	d->used = false;
	return rc;
}

long dom_destroy(struct dom *d)
{
	struct xen_domctl_getdomaininfo info;
	long rc = dom_end(d);

	if (!WAIT_FOR(ts_info(d->id, &info) == -XEN_ESRCH, 5000))
		test_failure("domain %u is still there 5 s after its end", d->id);
	return rc;
}

struct dom *dom_find(domid_t id)
{
	struct dom *d;

	for (d = doms; d < doms + DOM_MAX; d++)
		if (d->used && d->id == id)
			return d;
	return NULL;
}

long dom_state(domid_t id)
{
	struct xen_domctl_getdomaininfo info;
	long rc = ts_info(id, &info);

	if (rc)
		return rc;
	if (info.flags & XEN_DOMINF_shutdown)
		return info.flags >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask;
	return info.flags & XEN_DOMINF_dying ? 256 : DOM_RUNNING;
}

/*
 * Hypercalls from 32-bit code without paging, in the 32-bit layouts, as GRUB
 * makes them before it starts a 64-bit kernel (guest ABI, C7): pointers are
 * physical, frames are 32 bits wide, and shared_info has its 32-bit shape once
 * the hypercall page was asked for in this mode.
 */
#include "guest.h"

static unsigned char page[4096] PAGE_ALIGNED;

struct e820_entry {
	uint64_t addr, size;
	uint32_t type;
} __attribute__((packed));

static void test_layouts(void)
{
	EXPECT(sizeof(struct xen_add_to_physmap), 16);
	EXPECT(sizeof(struct gnttab_setup_table), 16);
	EXPECT(sizeof(xen_pfn_t), 4);
	EXPECT(sizeof(shared_info.evtchn_pending), 128);
}

static void test_page(void)
{
	CHECK(hv_use_page(true));
	CHECK(hv_xen_version(XENVER_version, NULL) > 0);
}

static void test_params(void)
{
	uint64_t val = 0;

	EXPECT(hv_get_param(DOMID_SELF, HVM_PARAM_CONSOLE_PFN, &val), 0);
	EXPECT(val, 0xfefff);
	EXPECT(hv_get_param(DOMID_SELF, HVM_PARAM_CONSOLE_EVTCHN, &val), 0);
	CHECK(val);
}

static void test_memory_map(void)
{
	static struct e820_entry map[128];
	struct xen_memory_map m = {.nr_entries = ARRAY_SIZE(map)};
	struct xen_foreign_memory_map f = {.domid = DOMID_SELF};

	set_xen_guest_handle(m.buffer, map);
	EXPECT(hv_memory_op(XENMEM_memory_map, &m), 0);
	EXPECT(m.nr_entries, 2);
	EXPECT(map[0].type, 1);
	CHECK(map[0].size >= 0x1000000);
	/* The boot loader takes a page away at the top. */
	map[0].size -= 4096;
	f.map.nr_entries = 2;
	set_xen_guest_handle(f.map.buffer, map);
	EXPECT(hv_memory_op(XENMEM_set_memory_map, &f), 0);
}

/* Time is told as soon as the page is mapped; a pending bit where it belongs. */
static void test_shared_info(void)
{
	long port;

	EXPECT(map_special(XENMAPSPACE_shared_info, 0, gfn_of(&shared_info)), 0);
	CHECK(shared_info.vcpu_info[0].time.tsc_to_system_mul);
	CHECK(!(shared_info.vcpu_info[0].time.version & 1));
	CHECK(shared_info.wc_sec > 1000000000u);
	port = hv_event_alloc(DOMID_SELF, DOMID_SELF);
	CHECK(port > 0);
	if (hv_event_bind(DOMID_SELF, (evtchn_port_t)port) > 0) {
		long peer = port + 1;

		shared_info.evtchn_pending[0] = 0;
		EXPECT(hv_event_send((evtchn_port_t)peer), 0);
		EXPECT(shared_info.evtchn_pending[0], 1ul << port);
		EXPECT(hv_event_close((evtchn_port_t)peer), 0);
	}
	EXPECT(hv_event_close((evtchn_port_t)port), 0);
}

static void test_grants(void)
{
	struct gnttab_set_version v = {.version = 1};
	struct gnttab_setup_table t = {.dom = DOMID_SELF, .nr_frames = 1};
	static xen_pfn_t frames[1];

	EXPECT(hv_grant_op(GNTTABOP_set_version, &v, 1), 0);
	set_xen_guest_handle(t.frame_list, frames);
	EXPECT(hv_grant_op(GNTTABOP_setup_table, &t, 1), 0);
	EXPECT(t.status, GNTST_okay);
	EXPECT(map_special(XENMAPSPACE_grant_table, 0, gfn_of(grant_table)), 0);
	memset(page, 0x3c, sizeof(page));
	grant_table[8].frame = gfn_of(page);
	grant_table[8].domid = 0;
	barrier();
	grant_table[8].flags = GTF_permit_access;
	EXPECT(ask(MB_GRANT_COPY, 8, 0xe7, 0), 0);
	EXPECT(page[4095], 0xe7);
}

static void test_copy(void)
{
	struct gnttab_copy c[2] = {
		{.source = {.u.gmfn = gfn_of(page), .domid = DOMID_SELF},
		 .dest = {.u.gmfn = gfn_of(page), .domid = DOMID_SELF, .offset = 2048},
		 .len = 16,
		 .status = 99},
		{.source = {.u.ref = 0xffffff, .domid = 0},
		 .dest = {.u.gmfn = gfn_of(page), .domid = DOMID_SELF},
		 .len = 16,
		 .flags = GNTCOPY_source_gref,
		 .status = 99}};

	memset(page, 0, sizeof(page));
	memset(page, 0x7d, 16);
	EXPECT(hv_grant_op(GNTTABOP_copy, c, 2), 0);
	EXPECT(c[0].status, GNTST_okay);
	EXPECT(c[1].status, GNTST_bad_gntref);
	EXPECT(page[2048 + 15], 0x7d);
	EXPECT(page[2048 + 16], 0);
}

static void test_memory(void)
{
	EXPECT(hv_decrease(gfn_of(page)), 1);
	EXPECT(hv_populate(gfn_of(page), 1, 0), 1);
	page[0] = 1;
	EXPECT(page[0], 1);
}

/* Pointers are physical now: what is no RAM is -EFAULT. */
static void test_hostile(void)
{
	static const unsigned long bad[] = {0x40000000, 0x7ffffffe, 0xc0000000,
					    0xfec00000, 0xffffffff, 0x01fffffe};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		void *p = (void *)bad[i];
		struct xen_memory_map m = {.nr_entries = 4};

		EXPECT(hv_event_op(EVTCHNOP_send, p), -XEN_EFAULT);
		EXPECT(hv_hvm_op(HVMOP_get_param, p), -XEN_EFAULT);
		EXPECT(hv_memory_op(XENMEM_add_to_physmap, p), -XEN_EFAULT);
		EXPECT(hv_grant_op(GNTTABOP_setup_table, p, 1), -XEN_EFAULT);
		set_xen_guest_handle(m.buffer, p);
		EXPECT(hv_memory_op(XENMEM_memory_map, &m), -XEN_EFAULT);
	}
	hv_use_page(false); /* slot 23 of the page is #UD */
	for (i = 0; i < 64; i++) {
		/* Every number and operation with small rubbish: an errno or nothing. */
		if (i != __HYPERVISOR_sched_op && i != __HYPERVISOR_multicall)
			hv_call(i, 0, 0xfffffff0, 0xfffffff0, 0xffffffff, 0xffffffff);
	}
	EXPECT(hv_sched_op(SCHEDOP_yield, NULL), 0);
}

void test_main(void)
{
	RUN(test_layouts);
	RUN(test_page);
	RUN(test_params);
	RUN(test_memory_map);
	RUN(test_shared_info);
	RUN(test_grants);
	RUN(test_copy);
	RUN(test_memory);
	RUN(test_hostile);
}

/*
 * dom0 is trusted, not infallible: every domctl with wrong domains, versions,
 * sizes and pointers, on domains in every half-made state. Each gives an errno,
 * and the hypervisor and its free memory stay as they were.
 */
#include "guest.h"

static unsigned char page[4096] PAGE_ALIGNED;

static long domctl(xen_domctl_t *op, uint32_t cmd, domid_t id)
{
	op->cmd = cmd;
	op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
	op->domain = id;
	return hv_domctl(op);
}

static long simple(uint32_t cmd, domid_t id)
{
	xen_domctl_t op = {0};

	return domctl(&op, cmd, id);
}

static unsigned long free_pages(void)
{
	xen_sysctl_t op = {.cmd = XEN_SYSCTL_physinfo,
			   .interface_version = XEN_SYSCTL_INTERFACE_VERSION};

	EXPECT(hv_sysctl(&op), 0);
	return op.u.physinfo.free_pages;
}

static long create(domid_t *id, unsigned int vcpus, uint32_t flags, uint32_t emulation)
{
	xen_domctl_t op = {0};
	struct xen_domctl_createdomain *c = &op.u.createdomain;
	long rc;

	c->flags = flags;
	c->max_vcpus = vcpus;
	c->max_evtchn_port = 1023;
	c->max_grant_frames = -1;
	c->max_maptrack_frames = -1;
	c->grant_opts = 1;
	c->arch.emulation_flags = emulation;
	rc = domctl(&op, XEN_DOMCTL_createdomain, 0);
	*id = op.domain;
	return rc;
}

#define PVH (XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap)

static void test_versions(void)
{
	xen_domctl_t op = {.cmd = XEN_DOMCTL_getdomaininfo, .interface_version = 0x14};

	EXPECT(hv_domctl(&op), -XEN_EACCES);
	op.interface_version = 0x16;
	EXPECT(hv_domctl(&op), -XEN_EACCES);
	EXPECT(hv_domctl((void *)0x123456789000), -XEN_EFAULT);
	EXPECT(simple(0, 0), -XEN_ENOSYS);
	EXPECT(simple(95, 0), -XEN_ENOSYS);
	EXPECT(simple(0xffffffff, 0), -XEN_ENOSYS);
}

/* These are about a PCI device; the reference knows some of the odd ids there. */
static bool names_device(uint32_t cmd)
{
	return cmd == XEN_DOMCTL_assign_device || cmd == XEN_DOMCTL_test_assign_device ||
	       cmd == XEN_DOMCTL_deassign_device;
}

/* No such domain: never anything but an errno. */
static void test_nobody(void)
{
	static const domid_t ids[] = {777,	 DOMID_IO,	DOMID_XEN,
				      DOMID_COW, DOMID_INVALID, 0xffff};
	uint32_t cmd;
	unsigned int i;

	for (cmd = 2; cmd < 90; cmd++)
		for (i = 0; i < ARRAY_SIZE(ids); i++)
			if (!names_device(cmd) && simple(cmd, ids[i]) >= 0)
				test_failure("domctl %u on domain %u succeeded", cmd,
					     ids[i]);
	EXPECT(simple(XEN_DOMCTL_pausedomain, 777), -XEN_ESRCH);
	EXPECT(simple(XEN_DOMCTL_destroydomain, 777), -XEN_ESRCH);
	EXPECT(simple(XEN_DOMCTL_getdomaininfo, 777), -XEN_ESRCH);
}

static void test_self(void)
{
	EXPECT(simple(XEN_DOMCTL_pausedomain, 0), -XEN_EINVAL);
	CHECK(simple(XEN_DOMCTL_destroydomain, 0) < 0);
	CHECK(simple(XEN_DOMCTL_pausedomain, DOMID_SELF) < 0);
	CHECK(simple(XEN_DOMCTL_destroydomain, DOMID_SELF) < 0);
}

static void expect_no_domain(const char *what, unsigned int vcpus, uint32_t flags,
			     uint32_t emulation)
{
	domid_t id;
	long rc = create(&id, vcpus, flags, emulation);

	if (rc < 0)
		return;
	test_failure("createdomain: %s was accepted", what);
	simple(XEN_DOMCTL_destroydomain, id);
}

static void test_create(void)
{
	expect_no_domain("no vCPU", 0, PVH, XEN_X86_EMU_LAPIC);
	expect_no_domain("far too many vCPUs", 100000, PVH, XEN_X86_EMU_LAPIC);
	expect_no_domain("4 billion vCPUs", ~0u, PVH, XEN_X86_EMU_LAPIC);
	expect_no_domain("unknown flags", 1, PVH | 1u << 30, XEN_X86_EMU_LAPIC);
	expect_no_domain("nested paging without HVM", 1, XEN_DOMCTL_CDF_hap,
			 XEN_X86_EMU_LAPIC);
	expect_no_domain("unknown emulation", 1, PVH, 1u << 31);
}

/* Half-made domains: every operation on them, in an order nobody intended. */
static void test_half_made(void)
{
	uint32_t cmd;
	domid_t id;

	if (EXPECT(create(&id, 2, PVH, XEN_X86_EMU_LAPIC), 0))
		return;
	for (cmd = 3; cmd < 90; cmd++)
		simple(cmd, id);
	EXPECT(simple(XEN_DOMCTL_destroydomain, id), 0);
}

/* Unpaused with nothing in it: it may die, it may wait, nobody else cares. */
static void test_empty_runs(void)
{
	xen_domctl_t op = {0};
	uint64_t end;
	domid_t id;

	if (EXPECT(create(&id, 1, PVH, XEN_X86_EMU_LAPIC), 0))
		return;
	op.u.max_vcpus.max = 2;
	EXPECT(domctl(&op, XEN_DOMCTL_max_vcpus, id), -XEN_EINVAL);
	op.u.max_vcpus.max = 1;
	EXPECT(domctl(&op, XEN_DOMCTL_max_vcpus, id), 0);
	simple(XEN_DOMCTL_unpausedomain, id);
	for (end = now_ns() + 20000000; now_ns() < end;)
		hv_sched_yield();
	EXPECT(simple(XEN_DOMCTL_destroydomain, id), 0);
	CHECK(simple(XEN_DOMCTL_unpausedomain, id) < 0);
}

static void test_context(void)
{
	static const uint32_t sizes[] = {0,  1,	   7,	 8,	     31,	32,
					 33, 4095, 4096, 0x7fffffff, 0xffffffff};
	xen_domctl_t op = {0};
	unsigned int i, j;
	domid_t id;

	if (EXPECT(create(&id, 1, PVH, XEN_X86_EMU_LAPIC), 0))
		return;
	op.u.max_vcpus.max = 1;
	EXPECT(domctl(&op, XEN_DOMCTL_max_vcpus, id), 0);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		for (j = 0; j < sizeof(page); j++)
			page[j] = (unsigned char)(j * 37 + i);
		op.u.hvmcontext.size = sizes[i];
		set_xen_guest_handle(op.u.hvmcontext.buffer, page);
		if (domctl(&op, XEN_DOMCTL_sethvmcontext, id) >= 0)
			test_failure("sethvmcontext took %u bytes of rubbish", sizes[i]);
	}
	/* A good header, then a record whose length runs out of the buffer. */
	memset(page, 0, sizeof(page));
	((uint16_t *)page)[0] = 1;
	((uint32_t *)page)[1] = 24;
	((uint32_t *)page)[2] = 0x54381286;
	((uint32_t *)page)[3] = 1;
	((uint16_t *)(page + 32))[0] = 2;
	((uint32_t *)(page + 32))[1] = 0xfffffff0;
	op.u.hvmcontext.size = 100;
	CHECK(domctl(&op, XEN_DOMCTL_sethvmcontext, id) < 0);
	set_xen_guest_handle(op.u.hvmcontext.buffer, (void *)0x123456789000);
	CHECK(domctl(&op, XEN_DOMCTL_sethvmcontext, id) < 0);
	EXPECT(simple(XEN_DOMCTL_destroydomain, id), 0);
}

static void test_limits(void)
{
	xen_domctl_t op = {0};
	domid_t id;

	if (EXPECT(create(&id, 1, PVH, XEN_X86_EMU_LAPIC), 0))
		return;
	op.u.max_mem.max_memkb = ~0ull;
	domctl(&op, XEN_DOMCTL_max_mem, id);
	op.u.paging_mempool.size = 1ull << 50; /* more than there is */
	CHECK(domctl(&op, XEN_DOMCTL_set_paging_mempool_size, id) < 0);
	op.u.paging_mempool.size = 4097;
	CHECK(domctl(&op, XEN_DOMCTL_set_paging_mempool_size, id) < 0);
	EXPECT(simple(XEN_DOMCTL_destroydomain, id), 0);
}

void test_main(void)
{
	unsigned long before;
	uint64_t end;

	/* First uses cost something for good: a domain, and the clock's page. */
	RUN(test_half_made);
	(void)now_ns();
	before = free_pages();
	RUN(test_versions);
	RUN(test_nobody);
	RUN(test_self);
	RUN(test_create);
	RUN(test_half_made);
	RUN(test_empty_runs);
	RUN(test_context);
	RUN(test_limits);
	for (end = now_ns() + 2000000000; free_pages() != before && now_ns() < end;)
		hv_sched_yield();
	if (!on_reference())
		EXPECT(free_pages(), before);
}

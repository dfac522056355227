/*
 * The rest that only dom0 may call, with rubbish: sysctl, platform, physdev,
 * console, PCI configuration cycles, and MSRs; errno or nothing, never a crash.
 * Machine power and CPU hot-plug operations are left alone.
 */
#include "guest.h"

static unsigned char arg[4096] PAGE_ALIGNED;

static void fill(unsigned char pattern)
{
	memset(arg, pattern, sizeof(arg));
}

static void test_sysctl(void)
{
	static const unsigned char patterns[] = {0, 1, 0xff, 0x80};
	uint32_t cmd;
	unsigned int i;

	for (cmd = 0; cmd < 40; cmd++) {
		if (cmd == XEN_SYSCTL_cpu_hotplug || cmd == XEN_SYSCTL_debug_keys)
			continue;
		for (i = 0; i < ARRAY_SIZE(patterns); i++) {
			xen_sysctl_t *op = (void *)arg;

			fill(patterns[i]);
			op->cmd = cmd;
			op->interface_version = XEN_SYSCTL_INTERFACE_VERSION;
			hv_sysctl(op);
		}
	}
	EXPECT(hv_sysctl((void *)0x123456789000), -XEN_EFAULT);
	fill(0);
	((xen_sysctl_t *)arg)->cmd = XEN_SYSCTL_physinfo;
	EXPECT(hv_sysctl((void *)arg), -XEN_EACCES);
	((xen_sysctl_t *)arg)->interface_version = XEN_SYSCTL_INTERFACE_VERSION;
	((xen_sysctl_t *)arg)->cmd = 0xffffffff;
	CHECK(hv_sysctl((void *)arg) < 0);
}

static long tbuf(xen_sysctl_t *op, uint32_t cmd)
{
	op->cmd = XEN_SYSCTL_tbuf_op;
	op->interface_version = XEN_SYSCTL_INTERFACE_VERSION;
	op->u.tbuf_op.cmd = cmd;
	return hv_sysctl(op);
}

/* The trace rings: ours to read, not to write, and no other frame beside them. */
static void test_trace(void)
{
	static xen_pfn_t gfn[1];
	static xen_ulong_t idx[1];
	static int err[1];
	xen_sysctl_t op = {.u.tbuf_op.evt_mask = 2};
	struct xen_add_to_physmap_batch b = {
		.domid = DOMID_SELF, .space = XENMAPSPACE_gmfn_foreign, .size = 1,
		.u.foreign_domid = DOMID_XEN,
	};
	volatile uint64_t *ring;

	if (on_reference())
		return;
	EXPECT(tbuf(&op, XEN_SYSCTL_TBUFOP_set_evt_mask), 0);
	EXPECT(tbuf(&op, XEN_SYSCTL_TBUFOP_enable), 0);
	EXPECT(tbuf(&op, XEN_SYSCTL_TBUFOP_get_info), 0);
	CHECK(op.u.tbuf_op.size && op.u.tbuf_op.buffer_mfn);
	gfn[0] = 0x9000000000 / PAGE_SIZE;
	set_xen_guest_handle(b.gpfns, gfn);
	set_xen_guest_handle(b.idxs, idx);
	set_xen_guest_handle(b.errs, err);
	idx[0] = op.u.tbuf_op.buffer_mfn - 1;
	EXPECT(hv_memory_op(XENMEM_add_to_physmap_batch, &b), 0);
	EXPECT(err[0], -XEN_EINVAL);
	idx[0]++;
	EXPECT(hv_memory_op(XENMEM_add_to_physmap_batch, &b), 0);
	EXPECT(err[0], 0);
	ring = window_map(0, gfn[0], MAP_RO);
	CHECK(ring[0] > 1 && ring[1] > 100);
	EXPECT(tbuf(&op, XEN_SYSCTL_TBUFOP_disable), 0);
}

static void test_domain_list(void)
{
	static xen_domctl_getdomaininfo_t list[4];
	xen_sysctl_t op = {.cmd = XEN_SYSCTL_getdomaininfolist,
			   .interface_version = XEN_SYSCTL_INTERFACE_VERSION};

	op.u.getdomaininfolist.max_domains = 4;
	set_xen_guest_handle(op.u.getdomaininfolist.buffer, list);
	EXPECT(hv_sysctl(&op), 0);
	EXPECT(op.u.getdomaininfolist.num_domains, 1);
	EXPECT(list[0].domain, 0);
	CHECK(list[0].tot_pages > 1000);
	op.u.getdomaininfolist.max_domains = 0xffffffff;
	set_xen_guest_handle(op.u.getdomaininfolist.buffer, (void *)0x123456789000);
	EXPECT(hv_sysctl(&op), -XEN_EFAULT);
}

/* What guests may be told of CPU features: counted, refused when short, told. */
static void test_cpu_policies(void)
{
	static xen_cpuid_leaf_t leaves[128];
	xen_sysctl_t op = {.cmd = XEN_SYSCTL_get_cpu_featureset,
			   .interface_version = XEN_SYSCTL_INTERFACE_VERSION};
	static uint32_t words[32];

	if (on_reference())
		return;
	op.u.cpu_featureset.index = XEN_SYSCTL_cpu_featureset_hvm;
	EXPECT(hv_sysctl(&op), 0);
	EXPECT(op.u.cpu_featureset.nr_features, 13);
	set_xen_guest_handle(op.u.cpu_featureset.features, words);
	op.u.cpu_featureset.nr_features = 12;
	EXPECT(hv_sysctl(&op), -XEN_ENOBUFS);
	op.u.cpu_featureset.nr_features = 32;
	EXPECT(hv_sysctl(&op), 0);
	CHECK(words[1] >> 31);	/* "under a hypervisor" */
	EXPECT(words[13], 0);
	op.u.cpu_featureset.index = 6;
	EXPECT(hv_sysctl(&op), -XEN_EINVAL);

	op.cmd = XEN_SYSCTL_get_cpu_policy;
	memset(&op.u, 0, sizeof(op.u));
	op.u.cpu_policy.index = XEN_SYSCTL_cpu_policy_hvm_default;
	EXPECT(hv_sysctl(&op), 0);
	CHECK(op.u.cpu_policy.nr_leaves > 20 && op.u.cpu_policy.nr_leaves <= 128);
	op.u.cpu_policy.nr_leaves--;
	set_xen_guest_handle(op.u.cpu_policy.leaves, leaves);
	EXPECT(hv_sysctl(&op), -XEN_ENOBUFS);
	op.u.cpu_policy.nr_leaves = 128;
	set_xen_guest_handle(op.u.cpu_policy.leaves, (void *)0x123456789000);
	EXPECT(hv_sysctl(&op), -XEN_EFAULT);
	op.u.cpu_policy.index = XEN_SYSCTL_cpu_policy_pv_max;
	EXPECT(hv_sysctl(&op), -XEN_EOPNOTSUPP);
	op.u.cpu_policy._rsvd = 1;
	EXPECT(hv_sysctl(&op), -XEN_EINVAL);
}

static bool dangerous(uint32_t cmd)
{
	return cmd == XENPF_enter_acpi_sleep || cmd == XENPF_cpu_offline ||
	       cmd == XENPF_cpu_online || cmd == XENPF_cpu_hotadd ||
	       cmd == XENPF_core_parking || cmd == XENPF_resource_op ||
	       cmd == XENPF_add_memtype || cmd == XENPF_del_memtype ||
	       cmd == XENPF_microcode_update || cmd == XENPF_efi_runtime_call ||
	       cmd == XENPF_mem_hotadd || cmd == XENPF_set_processor_pminfo;
}

static void test_platform(void)
{
	uint32_t cmd;

	for (cmd = 0; cmd < 72; cmd++) {
		xen_platform_op_t *op = (void *)arg;

		if (dangerous(cmd))
			continue;
		fill(cmd & 1 ? 0xff : 0);
		op->cmd = cmd;
		op->interface_version = XENPF_INTERFACE_VERSION;
		hv_platform_op(op);
		op->interface_version = 7;
		CHECK(hv_platform_op(op) < 0);
	}
	EXPECT(hv_platform_op((void *)0x123456789000), -XEN_EFAULT);
}

static void test_physdev(void)
{
	uint32_t cmd;

	for (cmd = 0; cmd < 40; cmd++) {
		/* pci_device_remove of ff:1f.7 is more than the reference can take. */
		fill(on_reference() ? 0 : 0xff);
		if (!on_reference() || cmd != PHYSDEVOP_pci_device_remove)
			hv_physdev_op(cmd, arg);
		hv_physdev_op(cmd, (void *)0x123456789000);
	}
	EXPECT(hv_physdev_op(0x7fffffff, arg), -XEN_ENOSYS);
}

static void test_console(void)
{
	CHECK(hv_console_io(CONSOLEIO_write, 10, (void *)0x123456789000) < 0);
	CHECK(hv_console_io(CONSOLEIO_write, 0xffffffff, (void *)0xffff82d080200000) < 0);
	CHECK(hv_console_io(CONSOLEIO_read, 16, (void *)0x123456789000) <= 0);
	CHECK(hv_console_io(7, 1, arg) < 0);
}

/* Configuration cycles: all functions of bus 0, odd sizes, no device at all. */
static void test_pci(void)
{
	unsigned int bdf, found = 0;

	for (bdf = 0; bdf < 256; bdf++) {
		outl(0xcf8, 0x80000000u | bdf << 8);
		if (inl(0xcfc) != ~0u)
			found++;
		inb(0xcfd);
		inb(0xcff);
	}
	outl(0xcf8, 0x80ffff00);
	EXPECT(inl(0xcfc), ~0u);
	outb(0xcf8, 0xff);
	outl(0xcf8, 0x00000000);
	inl(0xcfc);
	printf("%u functions on bus 0\n", found);
}

void test_main(void)
{
	RUN(test_sysctl);
	RUN(test_trace);
	RUN(test_cpu_policies);
	RUN(test_domain_list);
	RUN(test_platform);
	RUN(test_physdev);
	RUN(test_console);
	RUN(test_pci);
	CHECK(hv_xen_version(XENVER_version, NULL) > 0);
}

/*
 * Operations that belong to dom0, tried by a domU: each domctl, sysctl,
 * platform and physdev operation, on itself, on dom0, on nobody, with right
 * and wrong versions. None may do anything; the errnos are those of the ABI.
 */
#include "guest.h"

static bool refused(long rc)
{
	return rc == -XEN_EPERM || rc == -XEN_ENOSYS || rc == -XEN_ESRCH ||
	       rc == -XEN_EACCES || rc == -XEN_EOPNOTSUPP ||
	       (rc == -XEN_EINVAL && on_reference());
}

static void expect_refused(const char *what, unsigned int cmd, unsigned int id, long rc)
{
	if (!refused(rc))
		test_failure("%s %u on domain %u gave %ld", what, cmd, id, rc);
}

static void test_domctl(void)
{
	static const domid_t ids[] = {0, DOMID_SELF, 999, DOMID_XEN, DOMID_IO, 0xffff};
	unsigned int cmd, i;

	for (cmd = 0; cmd < 96; cmd++) {
		for (i = 0; i < ARRAY_SIZE(ids); i++) {
			xen_domctl_t op = {.cmd = cmd,
					   .interface_version =
						   XEN_DOMCTL_INTERFACE_VERSION,
					   .domain = ids[i]};

			expect_refused("domctl", cmd, ids[i], hv_domctl(&op));
		}
	}
	expect_refused(
		"domctl", 1000, 0,
		hv_domctl(&(xen_domctl_t){
			.cmd = 1000, .interface_version = XEN_DOMCTL_INTERFACE_VERSION}));
}

static void test_own_domid(void)
{
	xen_domctl_t op = {.cmd = XEN_DOMCTL_max_mem,
			   .interface_version = XEN_DOMCTL_INTERFACE_VERSION,
			   .domain = (domid_t)own_domid()};

	op.u.max_mem.max_memkb = ~0ull;
	EXPECT(hv_domctl(&op), -XEN_EPERM);
	op.cmd = XEN_DOMCTL_createdomain;
	EXPECT(hv_domctl(&op), -XEN_EPERM);
	op.cmd = XEN_DOMCTL_getdomaininfo;
	EXPECT(hv_domctl(&op), -XEN_EPERM);
	op.cmd = XEN_DOMCTL_destroydomain;
	op.domain = 0;
	EXPECT(hv_domctl(&op), -XEN_EPERM);
	op.interface_version = 7;
	EXPECT_OR(hv_domctl(&op), -XEN_EACCES, -XEN_EPERM);
}

static void test_sysctl(void)
{
	unsigned int cmd;

	for (cmd = 0; cmd < 40; cmd++) {
		xen_sysctl_t op = {.cmd = cmd,
				   .interface_version = XEN_SYSCTL_INTERFACE_VERSION};

		expect_refused("sysctl", cmd, 0, hv_sysctl(&op));
	}
	EXPECT(hv_sysctl(&(xen_sysctl_t){.cmd = XEN_SYSCTL_physinfo,
					 .interface_version =
						 XEN_SYSCTL_INTERFACE_VERSION}),
	       -XEN_EPERM);
}

static void test_platform(void)
{
	unsigned int cmd;

	for (cmd = 0; cmd < 72; cmd++) {
		xen_platform_op_t op = {.cmd = cmd,
					.interface_version = XENPF_INTERFACE_VERSION};

		expect_refused("platform_op", cmd, 0, hv_platform_op(&op));
	}
}

static void test_physdev(void)
{
	static unsigned char arg[256];
	unsigned int cmd;
	long rc;

	for (cmd = 0; cmd < 40; cmd++) {
		rc = hv_physdev_op(cmd, arg);
		expect_refused("physdev_op", cmd, 0, rc);
	}
}

static void test_others(void)
{
	static const unsigned int nrs[] = {
		__HYPERVISOR_xsm_op,   __HYPERVISOR_xenpmu_op, __HYPERVISOR_argo_op,
		__HYPERVISOR_hypfs_op, __HYPERVISOR_dm_op,     __HYPERVISOR_mmuext_op,
	};
	static unsigned char arg[256];
	unsigned int i, cmd;

	for (i = 0; i < ARRAY_SIZE(nrs); i++)
		for (cmd = 0; cmd < 16; cmd++)
			CHECK(hv_call(nrs[i], cmd, (unsigned long)arg, 1, DOMID_SELF, 0) <
			      0);
}

void test_main(void)
{
	RUN(test_domctl);
	RUN(test_own_domid);
	RUN(test_sysctl);
	RUN(test_platform);
	RUN(test_physdev);
	RUN(test_others);
	EXPECT(ask(MB_ECHO, 4711, 0, 0), 4711); /* dom0 lives */
}

/*
 * HVM parameters: what a guest may read and write, on itself and on others,
 * and the odd operations that kernels probe (guest ABI, C5).
 */
#include "guest.h"

static void test_get(void)
{
	uint64_t val = 77;

	EXPECT(hv_get_param(DOMID_SELF, HVM_PARAM_STORE_PFN, &val), 0);
	CHECK(val);
	EXPECT(hv_get_param(DOMID_SELF, HVM_PARAM_CONSOLE_EVTCHN, &val), 0);
	CHECK(val);
	EXPECT(hv_get_param(DOMID_SELF, HVM_PARAM_ACPI_IOPORTS_LOCATION, &val), 0);
	EXPECT(val, 0); /* never set: zero, no error */
	EXPECT(hv_get_param(DOMID_SELF, HVM_PARAM_IDENT_PT, &val), -XEN_EPERM);
	EXPECT(hv_get_param(DOMID_SELF, HVM_NR_PARAMS, &val), -XEN_EINVAL);
	EXPECT(hv_get_param(DOMID_SELF, 0xffffffff, &val), -XEN_EINVAL);
	EXPECT(hv_get_param(0, HVM_PARAM_STORE_PFN, &val), -XEN_EPERM);
	EXPECT(hv_get_param(999, HVM_PARAM_STORE_PFN, &val), -XEN_ESRCH);
	CHECK(hv_get_param(DOMID_XEN, HVM_PARAM_STORE_PFN, &val) < 0);
}

static void test_set(void)
{
	static const unsigned int denied[] = {HVM_PARAM_STORE_PFN,
					      HVM_PARAM_CONSOLE_PFN,
					      HVM_PARAM_IDENT_PT,
					      HVM_PARAM_IOREQ_PFN,
					      HVM_PARAM_TRIPLE_FAULT_REASON,
					      HVM_PARAM_MONITOR_RING_PFN};
	static const unsigned int gone[] = {4, 13, 20, 24, 30};
	unsigned int i;
	uint64_t val = 0;

	for (i = 0; i < ARRAY_SIZE(denied); i++)
		EXPECT(hv_set_param(DOMID_SELF, denied[i], 1), -XEN_EPERM);
	for (i = 0; i < ARRAY_SIZE(gone); i++)
		EXPECT(hv_set_param(DOMID_SELF, gone[i], 1), -XEN_EINVAL);
	EXPECT(hv_set_param(DOMID_SELF, HVM_NR_PARAMS, 1), -XEN_EINVAL);
	EXPECT(hv_set_param(DOMID_SELF, 0x80000000, 1), -XEN_EINVAL);
	EXPECT(hv_set_param(0, HVM_PARAM_CALLBACK_IRQ, 1), -XEN_EPERM);
	EXPECT(hv_set_param(999, HVM_PARAM_CALLBACK_IRQ, 1), -XEN_ESRCH);
	EXPECT(hv_set_param(DOMID_SELF, HVM_PARAM_STORE_EVTCHN, 3), 0);
	EXPECT(hv_get_param(DOMID_SELF, HVM_PARAM_STORE_EVTCHN, &val), 0);
	EXPECT(val, 3);
}

/* Each type of callback, sane or not, is stored or refused. */
static void test_callback(void)
{
	uint64_t type;

	for (type = 0; type < 256; type++) {
		hv_set_param(DOMID_SELF, HVM_PARAM_CALLBACK_IRQ, type << 56);
		hv_set_param(DOMID_SELF, HVM_PARAM_CALLBACK_IRQ,
			     type << 56 | 0xffffffffffffff);
		if (type == 2)
			hv_set_param(DOMID_SELF, HVM_PARAM_CALLBACK_IRQ, type << 56 | 3);
	}
	EXPECT(hv_set_param(DOMID_SELF, HVM_PARAM_CALLBACK_IRQ, 1), 0);
	EXPECT(hv_set_param(DOMID_SELF, HVM_PARAM_CALLBACK_IRQ, 0), 0);
}

static void test_probes(void)
{
	struct xen_hvm_pagetable_dying d = {.domid = DOMID_SELF};
	struct xen_hvm_evtchn_upcall_vector v = {.vcpu = 99, .vector = 0x50};

	EXPECT_OR(hv_hvm_op(HVMOP_pagetable_dying, &d), -XEN_EINVAL, -XEN_ENOSYS);
	EXPECT_OR(hv_hvm_op(HVMOP_set_evtchn_upcall_vector, &v), -XEN_ENOENT,
		  -XEN_ENOSYS);
	v.vcpu = 0;
	v.vector = 3;
	EXPECT_OR(hv_hvm_op(HVMOP_set_evtchn_upcall_vector, &v), -XEN_EINVAL,
		  -XEN_ENOSYS);
	CHECK(hv_hvm_op(HVMOP_flush_tlbs, NULL) <= 0);
	CHECK(hv_hvm_op(HVMOP_flush_tlbs, (void *)8) < 0);
}

static long mem_type(domid_t domid, uint64_t pfn)
{
	struct xen_hvm_get_mem_type m = {.domid = domid, .mem_type = 99, .pfn = pfn};
	long rc = hv_hvm_op(HVMOP_get_mem_type, &m);

	return rc ? rc : m.mem_type;
}

/* What a kernel that dumps its predecessor asks: may I read this? */
static void test_memory_types(void)
{
	EXPECT(mem_type(DOMID_SELF, gfn_of(&shared_info)), HVMMEM_ram_rw);
	EXPECT(mem_type(DOMID_SELF, 0x40000), HVMMEM_mmio_dm);
	EXPECT(mem_type(DOMID_SELF, ~0ul), HVMMEM_mmio_dm);
	EXPECT(mem_type(0, 0), -XEN_EPERM);
	EXPECT(mem_type(999, 0), -XEN_ESRCH);
	EXPECT(hv_hvm_op(HVMOP_get_mem_type, (void *)0x123456789000), -XEN_EFAULT);
}

void test_main(void)
{
	RUN(test_get);
	RUN(test_set);
	RUN(test_callback);
	RUN(test_probes);
	RUN(test_memory_types);
}

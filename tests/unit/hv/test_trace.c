/*
 * The trace: off unless it is wanted, records as they are promised, rings that go
 * round, the control domain's read-only mapping of them and nobody else's; and the
 * counters. The decoder of hvtrace reads the very rings.
 */
#include "fake.h"

#include <hv/p2m.h>
#include <hv/trace.h>

#include <xen/event_channel.h>
#include <xen/memory.h>
#include <xen/sysctl.h>

#include "../../../dom0-rootfs/tools/hvtrace/decode.h"

#define AT	((uint64_t)FAKE_DOM0_START * PAGE_SIZE)
#define BUF	(AT + PAGE_SIZE)

static long tbuf(uint32_t cmd, struct xen_sysctl_tbuf_op *t)
{
	struct xen_sysctl *op = fake_mem(hardware_domain, AT);
	long ret;

	t->cmd = cmd;
	*op = (struct xen_sysctl){.cmd = XEN_SYSCTL_tbuf_op,
				  .interface_version = XEN_SYSCTL_INTERFACE_VERSION,
				  .u.tbuf_op = *t};
	ret = fake_call(__HYPERVISOR_sysctl, AT, 0, 0);
	*t = op->u.tbuf_op;
	return ret;
}

static long map_frame_of_hv(domid_t who, uint64_t mfn, int *err)
{
	struct xen_add_to_physmap_batch *b = fake_mem(current->domain,
		current->domain == hardware_domain ? AT : 0x1000);
	uint64_t base = current->domain == hardware_domain ? BUF : 0x2000;
	uint64_t *mem = fake_mem(current->domain, base);
	long ret;

	mem[0] = mfn;
	mem[1] = FAKE_SCRATCH;
	*b = (struct xen_add_to_physmap_batch){
		.domid = DOMID_SELF, .space = XENMAPSPACE_gmfn_foreign, .size = 1,
	};
	b->u.foreign_domid = who;
	b->idxs.p = (void *)base;
	b->gpfns.p = (void *)(base + 8);
	b->errs.p = (void *)(base + 16);
	ret = fake_call(__HYPERVISOR_memory_op, XENMEM_add_to_physmap_batch,
			base - PAGE_SIZE, 0);
	*err = (int)mem[2];
	return ret;
}

static void records(void **state)
{
	static const char *const exits[] = {"hlt", NULL};
	struct xen_sysctl_tbuf_op t = {.evt_mask = 1u << TRACE_HYPERCALL | 1u << TRACE_EXIT};
	struct hvtrace_ring ring = {0};
	struct hvtrace_record rec;
	uint64_t lost = 0;
	char line[128];

	(void)state;
	trace(TRACE_EXIT, 1, 2);	/* off: nowhere to go */
	assert_int_equal(tbuf(XEN_SYSCTL_TBUFOP_get_info, &t), 0);
	assert_int_equal(t.buffer_mfn, 0);
	t.size = 0;
	assert_int_equal(tbuf(XEN_SYSCTL_TBUFOP_set_size, &t), -EINVAL);
	t.size = 1;
	assert_int_equal(tbuf(XEN_SYSCTL_TBUFOP_set_size, &t), 0);
	t.evt_mask = 1u << TRACE_HYPERCALL | 1u << TRACE_EXIT;
	assert_int_equal(tbuf(XEN_SYSCTL_TBUFOP_set_evt_mask, &t), 0);
	assert_int_equal(trace_mask, 0);
	assert_int_equal(tbuf(XEN_SYSCTL_TBUFOP_enable, &t), 0);
	assert_int_equal(tbuf(XEN_SYSCTL_TBUFOP_set_size, &t), -EBUSY);
	assert_int_equal(tbuf(XEN_SYSCTL_TBUFOP_get_info, &t), 0);
	assert_int_equal(t.size, PAGE_SIZE);
	assert_int_not_equal(t.buffer_mfn, 0);
	trace(TRACE_EXIT, 0, 0x1234);
	trace(TRACE_WAKE, 0, 0);	/* not wanted */

	ring.head = map_frame(MFN(t.buffer_mfn));
	ring.bytes = t.size;
	assert_true(hvtrace_next(&ring, &rec, &lost));	/* the sysctls */
	assert_int_equal(rec.event, TRACE_HYPERCALL);
	assert_int_equal(rec.a, __HYPERVISOR_sysctl);
	assert_true(hvtrace_next(&ring, &rec, &lost));
	assert_true(hvtrace_next(&ring, &rec, &lost));
	hvtrace_format(&rec, 0, exits, line, sizeof(line));
	assert_string_equal(line, "    1.000000000 CPU 0 d0v0 exit hlt at 0x1234");
	assert_false(hvtrace_next(&ring, &rec, &lost));
	for (unsigned int i = 0; i < 1000; i++)
		trace(TRACE_EXIT, i, i);
	assert_true(hvtrace_next(&ring, &rec, &lost));
	assert_int_equal(lost, 1000 - 126);
	assert_int_equal(rec.a, 1000 - 126);
	while (hvtrace_next(&ring, &rec, &lost))
		;
	assert_int_equal(rec.a, 999);
	hvtrace_format(&rec, 1, exits, line, sizeof(line));
	assert_string_equal(line, "    1.000000000 CPU 1 d0v0 exit reason 999 at 0x3e7");
	assert_int_equal(tbuf(XEN_SYSCTL_TBUFOP_disable, &t), 0);
	assert_int_equal(trace_mask, 0);
	assert_int_equal(tbuf(99, &t), -EOPNOTSUPP);
	assert_int_equal(hvtrace_mask("exit,wake"), 1u << TRACE_EXIT | 1u << TRACE_WAKE);
	assert_int_equal(hvtrace_mask("exit,what"), 0);
	assert_int_equal(hvtrace_mask("exi"), 0);
}

static void mapped_by_dom0_alone(void **state)
{
	struct xen_sysctl_tbuf_op t = {.evt_mask = ~0u};
	struct domain *a = fake_domain(8, 1);
	struct p2m_entry e;
	int err;

	(void)state;
	assert_int_equal(tbuf(XEN_SYSCTL_TBUFOP_get_info, &t), 0);
	for (unsigned int i = 0; i < FAKE_CPUS; i++) {
		assert_int_equal(map_frame_of_hv(DOMID_XEN, t.buffer_mfn + i, &err), 0);
		assert_int_equal(err, 0);
		assert_int_equal(p2m_get(hardware_domain, GFN(FAKE_SCRATCH)).type,
				 P2M_FOREIGN_RO);
		assert_int_equal(p2m_remove(hardware_domain, GFN(FAKE_SCRATCH),
					    P2M_BITS_FOREIGN, &e), 0);
		p2m_flush(hardware_domain);
		p2m_drop(hardware_domain, e);
		assert_int_equal(mfn_to_page(MFN(t.buffer_mfn + i))->refs, 1);
	}
	/* No other frame of the hypervisor's or anybody's. */
	assert_int_equal(map_frame_of_hv(DOMID_XEN, t.buffer_mfn + FAKE_CPUS, &err), 0);
	assert_int_equal(err, -EINVAL);
	assert_int_equal(map_frame_of_hv(DOMID_XEN, t.buffer_mfn - 1, &err), 0);
	assert_int_equal(err, -EINVAL);
	assert_int_equal(map_frame_of_hv(DOMID_XEN, ~0ull, &err), 0);
	assert_int_equal(err, -EINVAL);
	fake_run(a, 0);
	assert_int_equal(map_frame_of_hv(DOMID_XEN, t.buffer_mfn, &err), -EPERM);
	fake_destroy(a);
}

static void counters(void **state)
{
	struct xen_sysctl *op = fake_mem(hardware_domain, AT);
	struct xen_sysctl_perfc_desc *desc = fake_mem(hardware_domain, BUF);
	uint32_t *val = fake_mem(hardware_domain, BUF + PAGE_SIZE), n;
	bool seen = false;

	(void)state;
	*op = (struct xen_sysctl){.cmd = XEN_SYSCTL_perfc_op,
				  .interface_version = XEN_SYSCTL_INTERFACE_VERSION};
	op->u.perfc_op.cmd = XEN_SYSCTL_PERFCOP_query;
	op->u.perfc_op.desc.p = (void *)BUF;
	op->u.perfc_op.val.p = (void *)(BUF + PAGE_SIZE);
	assert_int_equal(fake_call(__HYPERVISOR_sysctl, AT, 0, 0), 0);
	n = op->u.perfc_op.nr_counters;
	assert_true(n > 10 && n * sizeof(*desc) < PAGE_SIZE);
	assert_string_equal(desc[n - 1].name, "exit fake");
	assert_int_equal(val[n - 1], 100);
	for (uint32_t i = 0; i < n; i++)
		if (!strcmp(desc[i].name, "hypercall sysctl"))
			seen = val[i] == hypercall_count(__HYPERVISOR_sysctl);
	assert_true(seen);
	op->u.perfc_op.val.p = (void *)FAKE_NOWHERE;
	assert_int_equal(fake_call(__HYPERVISOR_sysctl, AT, 0, 0), -EFAULT);
	op->u.perfc_op.cmd = XEN_SYSCTL_PERFCOP_reset;
	assert_int_equal(fake_call(__HYPERVISOR_sysctl, AT, 0, 0), -EOPNOTSUPP);
}

/* The rings stay for good: frames are counted from here on. */
static int count_again(void **state)
{
	(void)state;
	fake.free_at_start = page_nr_free();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(records, count_again),
		cmocka_unit_test_teardown(mapped_by_dom0_alone, fake_check_clean),
		cmocka_unit_test_teardown(counters, fake_check_clean),
	};

	return cmocka_run_group_tests(tests, fake_machine, NULL);
}

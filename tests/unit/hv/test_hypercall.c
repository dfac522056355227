/*
 * Dispatch, guest memory, multicall, version, console, access: what every
 * hypercall goes through.
 */
#include "fake.h"

#include <hv/access.h>
#include <hv/guest.h>

#include <xen/version.h>

static struct domain *d;

static int setup(void **state)
{
	(void)state;
	d = fake_domain(16, 2);
	fake_run(d, 0);
	return 0;
}

static int teardown(void **state)
{
	fake_destroy(d);
	return fake_check_clean(state);
}

static void unknown_numbers(void **state)
{
	(void)state;
	for (unsigned int nr = 0; nr < 100; nr++)
		if (!hypercall_name(nr))
			assert_int_equal(fake_call(nr, 0, 0, 0), -ENOSYS);
	assert_int_equal(fake_call(~0u, 0, 0, 0), -ENOSYS);
	assert_int_equal(fake_call(__HYPERVISOR_mmuext_op, 0, 0, 0), -ENOSYS);
	assert_null(hypercall_name(1000));
}

static void counters(void **state)
{
	uint64_t before = hypercall_count(__HYPERVISOR_xen_version);

	(void)state;
	for (int i = 0; i < 3; i++)
		fake_call(__HYPERVISOR_xen_version, XENVER_version, 0, 0);
	assert_int_equal(hypercall_count(__HYPERVISOR_xen_version), before + 3);
}

static void copy_straddles(void **state)
{
	char buf[5000], back[5000];

	(void)state;
	for (unsigned int i = 0; i < sizeof(buf); i++)
		buf[i] = (char)(i * 7);
	assert_int_equal(guest_write(GVA(0x1f00), buf, sizeof(buf)), 0);
	assert_int_equal(guest_read(back, GVA(0x1f00), sizeof(back)), 0);
	assert_memory_equal(buf, back, sizeof(buf));
	assert_memory_equal((char *)fake_mem(d, 0x2000), buf + 0x100, 4096);
	assert_int_equal(guest_clear(GVA(0x1ffe), 4), 0);
	assert_int_equal(guest_read(back, GVA(0x1ffd), 6), 0);
	assert_memory_equal(back + 1, "\0\0\0\0", 4);
	assert_int_equal(back[0], buf[0xfd]);
}

static void copy_faults(void **state)
{
	char buf[64] = {0};
	uint64_t v;

	(void)state;
	assert_int_equal(guest_read(buf, GVA(FAKE_NOWHERE), 1), -EFAULT);
	assert_int_equal(guest_write(GVA(FAKE_NOWHERE), buf, 1), -EFAULT);
	assert_int_equal(guest_read(buf, GVA(~0ull), 1), -EFAULT);
	/* Over the end of memory, and over the end of the address space. */
	assert_int_equal(guest_read(buf, GVA(16 * 4096 - 8), 9), -EFAULT);
	assert_int_equal(guest_read(buf, GVA(~0ull - 3), 8), -EFAULT);
	assert_int_equal(guest_read(buf, GVA(FAKE_NOWHERE), 0), 0);
	assert_int_equal(guest_read_long(GVA(0x1000), 1ull << 61, false, &v), 0);
	/* Read-only memory: reads only. */
	d->arch->table[3].type = P2M_RAM_RO;
	assert_int_equal(guest_read(buf, GVA(0x3000), 8), 0);
	assert_int_equal(guest_write(GVA(0x3000), buf, 8), -EFAULT);
	assert_int_equal(guest_clear(GVA(0x2fff), 2), -EFAULT);
}

static void longs_of_both_modes(void **state)
{
	uint64_t v;

	(void)state;
	assert_int_equal(guest_write_long(GVA(0x1000), 3, false, 1ull << 40), 0);
	assert_int_equal(guest_read_long(GVA(0x1000), 3, false, &v), 0);
	assert_int_equal(v, 1ull << 40);
	assert_int_equal(guest_write_long(GVA(0x1000), 1, true, 0x1ffffffff), 0);
	assert_int_equal(guest_read_long(GVA(0x1000), 1, true, &v), 0);
	assert_int_equal(v, 0xffffffff);
}

/* --- multicall ------------------------------------------------------------ */

static void multicall(void **state)
{
	struct multicall_entry *e = fake_mem(d, 0x1000);

	(void)state;
	memset(e, 0, 4096);
	for (int i = 0; i < 50; i++)
		e[i].op = __HYPERVISOR_xen_version, e[i].args[0] = XENVER_pagesize;
	e[7].op = 1000;
	e[8].op = 1ull << 40 | __HYPERVISOR_xen_version;
	e[9].op = __HYPERVISOR_multicall;
	fake.preempt_every = 1;
	fake.restarts = 0;
	assert_int_equal(fake_call(__HYPERVISOR_multicall, 0x1000, 50, 0), 0);
	assert_int_equal(fake.restarts, 49);
	for (int i = 0; i < 50; i++)
		assert_int_equal((long)e[i].result, i == 7 || i == 8 ? -ENOSYS :
				 i == 9 ? -EINVAL : 4096);
	assert_int_equal(fake_call(__HYPERVISOR_multicall, FAKE_NOWHERE,
				   UINT32_MAX, 0), -EFAULT);
	assert_int_equal(fake_call(__HYPERVISOR_multicall, 16 * 4096 - 64, 2,
				   0), -EFAULT);
}

static void multicall_compat(void **state)
{
	uint32_t *e = fake_mem(d, 0x1000);

	(void)state;
	memset(e, 0, 4096);
	e[0] = e[8] = __HYPERVISOR_xen_version;
	e[2] = XENVER_pagesize;
	e[10] = 99;
	fake.compat = true;
	assert_int_equal(fake_call(__HYPERVISOR_multicall, 0x1000, 2, 0), 0);
	assert_int_equal(e[1], 4096);
	assert_int_equal((int32_t)e[9], -ENOSYS);
}

/* --- version -------------------------------------------------------------- */

static void version(void **state)
{
	struct xen_feature_info *fi = fake_mem(d, 0x1000);
	char *text = fake_mem(d, 0x2000);

	(void)state;
	assert_int_equal(fake_call(__HYPERVISOR_xen_version, XENVER_version, 0,
				   0), 4 << 16 | 17);
	memset(fi, 0, sizeof(*fi));
	assert_int_equal(fake_call(__HYPERVISOR_xen_version,
				   XENVER_get_features, 0x1000, 0), 0);
	assert_int_equal(fi->submap, 0x12305);
	fi->submap_idx = 1;
	assert_int_equal(fake_call(__HYPERVISOR_xen_version,
				   XENVER_get_features, 0x1000, 0), -EINVAL);
	assert_int_equal(fake_call(__HYPERVISOR_xen_version,
				   XENVER_commandline, 0x2000, 0), 0);
	assert_string_equal(text, "<denied>");
	assert_int_equal(fake_call(__HYPERVISOR_xen_version,
				   XENVER_capabilities, 0x2000, 0), 0);
	assert_non_null(strstr(text, "hvm-3.0-x86_32"));
	assert_int_equal(fake_call(__HYPERVISOR_xen_version, XENVER_build_id, 0,
				   0), -EPERM);
	for (unsigned int op = 0; op < 12; op++)
		assert_in_range(fake_call(__HYPERVISOR_xen_version, op,
					  FAKE_NOWHERE, 0) + 200, 0,
				(5 << 16) + 200);
}

static void version_of_dom0(void **state)
{
	uint64_t at = FAKE_DOM0_START * PAGE_SIZE;
	struct xen_feature_info *fi;

	(void)state;
	fake_run(hardware_domain, 0);
	fi = fake_mem(hardware_domain, at);
	memset(fi, 0, sizeof(*fi));
	assert_int_equal(fake_call(__HYPERVISOR_xen_version,
				   XENVER_get_features, at, 0), 0);
	assert_int_equal(fi->submap, 0x12b05);
	assert_int_equal(fake_call(__HYPERVISOR_xen_version, XENVER_commandline,
				   at, 0), 0);
	assert_string_equal((char *)fi, "loglvl=error");
}

/* --- the rest ------------------------------------------------------------- */

static void console(void **state)
{
	char *text = fake_mem(d, 0x1000);

	(void)state;
	memset(text, 'x', 4096);
	assert_int_equal(fake_call(__HYPERVISOR_console_io, CONSOLEIO_write,
				   4096, 0x1000), 0);
	assert_int_equal(fake_call(__HYPERVISOR_console_io, CONSOLEIO_write,
				   UINT32_MAX, 0x1000), -EINVAL);
	assert_int_equal(fake_call(__HYPERVISOR_console_io, CONSOLEIO_write, 10,
				   FAKE_NOWHERE), -EFAULT);
	assert_int_equal(fake_call(__HYPERVISOR_console_io, CONSOLEIO_read, 10,
				   0x1000), -EPERM);
	assert_int_equal(fake_call(__HYPERVISOR_console_io, 7, 10, 0x1000),
			 -ENOSYS);
}

static void access_rules(void **state)
{
	struct domain *dom0 = hardware_domain;

	(void)state;
	assert_int_equal(access_check(d, ACCESS_SELF, d), 0);
	assert_int_equal(access_check(d, ACCESS_SELF, dom0), -EPERM);
	assert_int_equal(access_check(dom0, ACCESS_SELF, d), -EPERM);
	assert_int_equal(access_check(d, ACCESS_TARGET, d), 0);
	assert_int_equal(access_check(d, ACCESS_TARGET, dom0), -EPERM);
	assert_int_equal(access_check(dom0, ACCESS_TARGET, d), 0);
	for (int op = ACCESS_CONTROL; op <= ACCESS_CONSOLE_READ; op++) {
		if (op == ACCESS_TARGET || op == ACCESS_CONSOLE_WRITE)
			continue;
		assert_int_equal(access_check(d, (enum access_op)op, d), -EPERM);
		assert_int_equal(access_check(dom0, (enum access_op)op, d), 0);
	}
	assert_int_equal(access_check(dom0, (enum access_op)99, d), -EPERM);
}

static void vm_assist(void **state)
{
	(void)state;
	assert_int_equal(fake_call(__HYPERVISOR_vm_assist, VMASST_CMD_enable,
				   VMASST_TYPE_runstate_update_flag, 0), 0);
	assert_int_equal(d->vm_assist, 1u << VMASST_TYPE_runstate_update_flag);
	assert_int_equal(fake_call(__HYPERVISOR_vm_assist, VMASST_CMD_disable,
				   VMASST_TYPE_runstate_update_flag, 0), 0);
	assert_int_equal(d->vm_assist, 0);
	assert_int_equal(fake_call(__HYPERVISOR_vm_assist, 0, 2, 0), -EINVAL);
	assert_int_equal(fake_call(__HYPERVISOR_vm_assist, 5,
				   VMASST_TYPE_runstate_update_flag, 0),
			 -ENOSYS);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(unknown_numbers), CASE(counters), CASE(copy_straddles),
		CASE(copy_faults), CASE(longs_of_both_modes), CASE(multicall),
		CASE(multicall_compat), CASE(version), CASE(version_of_dom0),
		CASE(console), CASE(access_rules), CASE(vm_assist),
	};

	return cmocka_run_group_tests(tests, fake_machine, NULL);
}

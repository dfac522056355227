/*
 * vcpu_op, set_timer_op, sched_op and hvm_op: what a guest does to its own
 * vCPUs and parameters.
 */
#include "fake.h"

#include <xen/hvm/hvm_op.h>
#include <xen/sched.h>
#include <xen/vcpu.h>

#define ARG	0x1000ul

static struct domain *a;

static int setup(void **state)
{
	(void)state;
	a = fake_domain(16, 3);
	fake_run(a, 0);
	return 0;
}

static int teardown(void **state)
{
	fake_destroy(a);
	return fake_check_clean(state);
}

static long vcpu_op_at(unsigned int cmd, unsigned int vcpu, uint64_t at)
{
	return fake_call(__HYPERVISOR_vcpu_op, cmd, vcpu, at);
}

static long vcpu_arg(unsigned int cmd, unsigned int vcpu, const void *arg,
		     size_t size)
{
	memcpy(fake_mem(a, ARG), arg, size);
	return vcpu_op_at(cmd, vcpu, ARG);
}

static void pass_time(uint64_t ns)
{
	fake.now += ns;
	this_cpu()->timer_programmed = TIMER_DUE;
	timer_run();
}

/* --- vcpu_op -------------------------------------------------------------- */

static void ids_and_commands(void **state)
{
	(void)state;
	for (unsigned int cmd = 0; cmd < 20; cmd++) {
		assert_int_equal(vcpu_op_at(cmd, 3, ARG), -ENOENT);
		assert_int_equal(vcpu_op_at(cmd, ~0u, ARG), -ENOENT);
	}
	assert_int_equal(vcpu_op_at(14, 0, ARG), -ENOSYS);
	assert_int_equal(vcpu_op_at(~0u, 0, ARG), -ENOSYS);
	assert_int_equal(vcpu_op_at(VCPUOP_get_physid, 0, ARG), -EINVAL);
}

static void on_and_off(void **state)
{
	(void)state;
	assert_int_equal(vcpu_op_at(VCPUOP_is_up, 0, 0), 1);
	assert_int_equal(vcpu_op_at(VCPUOP_is_up, 1, 0), 0);
	assert_int_equal(vcpu_op_at(VCPUOP_up, 1, 0), -EINVAL);
	assert_int_equal(vcpu_op_at(VCPUOP_initialise, 1, ARG), 0);
	assert_int_equal(vcpu_op_at(VCPUOP_initialise, 1, ARG), -EEXIST);
	assert_int_equal(vcpu_op_at(VCPUOP_up, 1, 0), 0);
	assert_int_equal(vcpu_op_at(VCPUOP_is_up, 1, 0), 1);
	assert_true(vcpu_runnable(a->vcpu[1]));
	assert_int_equal(vcpu_op_at(VCPUOP_down, 1, 0), 0);
	assert_int_equal(vcpu_op_at(VCPUOP_is_up, 1, 0), 0);
	assert_false(a->shut_down);
	/* The last one's going is the end. */
	assert_int_equal(vcpu_op_at(VCPUOP_down, 0, 0), 0);
	assert_true(a->shut_down);
	assert_int_equal(a->shutdown_code, SHUTDOWN_poweroff);
}

static void nmi(void **state)
{
	(void)state;
	assert_int_equal(vcpu_op_at(VCPUOP_send_nmi, 1, ARG), -EINVAL);
	assert_int_equal(vcpu_op_at(VCPUOP_send_nmi, 1, 0), 0);
	assert_int_equal(a->vcpu[1]->arch->nmis, 1);
}

static bool timer_event(unsigned int vcpu)
{
	struct vcpu *v = a->vcpu[vcpu];
	bool seen = event_port_pending(a, v->virq_port[VIRQ_TIMER]);

	memset(a->shared_info->evtchn_pending, 0, 512);
	v->info->evtchn_pending_sel = 0;
	v->info->evtchn_upcall_pending = 0;
	return seen;
}

static void bind_timer(unsigned int vcpu)
{
	evtchn_bind_virq_t b = {.virq = VIRQ_TIMER, .vcpu = vcpu};

	memcpy(fake_mem(a, ARG), &b, sizeof(b));
	assert_int_equal(fake_call(__HYPERVISOR_event_channel_op,
				   EVTCHNOP_bind_virq, ARG, 0), 0);
}

static void singleshot(void **state)
{
	struct vcpu_set_singleshot_timer t = {.timeout_abs_ns = fake.now + 1000};

	(void)state;
	bind_timer(0);
	assert_int_equal(vcpu_arg(VCPUOP_set_singleshot_timer, 0, &t, 16), 0);
	pass_time(900);
	assert_false(timer_event(0));
	pass_time(200);
	assert_true(timer_event(0));
	pass_time(1000);
	assert_false(timer_event(0));
	/* In the past: at once, or refused if asked to. */
	t.timeout_abs_ns = 1;
	assert_int_equal(vcpu_arg(VCPUOP_set_singleshot_timer, 0, &t, 16), 0);
	assert_true(timer_event(0));
	t.flags = VCPU_SSHOTTMR_future;
	assert_int_equal(vcpu_arg(VCPUOP_set_singleshot_timer, 0, &t, 16),
			 -ETIME);
	/* Stopped; and the far end of time. */
	t.flags = 0;
	t.timeout_abs_ns = fake.now + 1000;
	assert_int_equal(vcpu_arg(VCPUOP_set_singleshot_timer, 0, &t, 16), 0);
	assert_int_equal(vcpu_op_at(VCPUOP_stop_singleshot_timer, 0, 0), 0);
	pass_time(2000);
	assert_false(timer_event(0));
	t.timeout_abs_ns = ~0ull;
	assert_int_equal(vcpu_arg(VCPUOP_set_singleshot_timer, 0, &t, 16), 0);
	assert_int_equal(vcpu_arg(VCPUOP_set_singleshot_timer, 1, &t, 16),
			 -EINVAL);
	assert_int_equal(vcpu_op_at(VCPUOP_stop_singleshot_timer, 1, 0), -EINVAL);
	assert_int_equal(vcpu_op_at(VCPUOP_set_singleshot_timer, 0,
				    FAKE_NOWHERE), -EFAULT);
	/* Twelve bytes are enough, at the end of memory. */
	assert_int_equal(vcpu_op_at(VCPUOP_set_singleshot_timer, 0,
				    16 * 4096 - 12), 0);
}

static void timer_op(void **state)
{
	(void)state;
	bind_timer(0);
	assert_int_equal(fake_call(__HYPERVISOR_set_timer_op, fake.now + 500, 0,
				   0), 0);
	pass_time(600);
	assert_true(timer_event(0));
	assert_int_equal(fake_call(__HYPERVISOR_set_timer_op, fake.now + 500, 0,
				   0), 0);
	assert_int_equal(fake_call(__HYPERVISOR_set_timer_op, 0, 0, 0), 0);
	pass_time(600);
	assert_false(timer_event(0));
	fake.compat = true;
	fake.now = 1ull << 33;
	assert_int_equal(fake_call(__HYPERVISOR_set_timer_op, 500, 2, 0), 0);
	pass_time(600);
	assert_true(timer_event(0));
}

static void periodic(void **state)
{
	struct vcpu_set_periodic_timer p = {.period_ns = 999999};

	(void)state;
	bind_timer(1);
	assert_int_equal(vcpu_op_at(VCPUOP_stop_periodic_timer, 1, 0), 0);
	assert_int_equal(vcpu_arg(VCPUOP_set_periodic_timer, 1, &p, 8), -EINVAL);
	p.period_ns = ~0ull;
	assert_int_equal(vcpu_arg(VCPUOP_set_periodic_timer, 1, &p, 8), -EINVAL);
	p.period_ns = 1000000;
	assert_int_equal(vcpu_arg(VCPUOP_set_periodic_timer, 1, &p, 8), 0);
	for (int i = 0; i < 3; i++) {
		pass_time(1000000);
		assert_true(timer_event(1));
	}
	assert_int_equal(vcpu_op_at(VCPUOP_stop_periodic_timer, 1, 0), 0);
	pass_time(5000000);
	assert_false(timer_event(1));
	/* The domain dies with one armed. */
	assert_int_equal(vcpu_arg(VCPUOP_set_periodic_timer, 1, &p, 8), 0);
}

static void runstate_area(void **state)
{
	uint64_t addr = 0x5fe0;		/* over the end of a page */
	struct vcpu_runstate_info *r = fake_mem(a, 0x2000);

	(void)state;
	assert_int_equal(vcpu_op_at(VCPUOP_get_runstate_info, 0, 0x2000), 0);
	assert_in_range(r->state, 0, 3);
	assert_int_equal(vcpu_op_at(VCPUOP_get_runstate_info, 0, FAKE_NOWHERE),
			 -EFAULT);
	memset(fake_mem(a, 0x5fe0), 0xff, 0x20);
	memset(fake_mem(a, 0x6000), 0xff, 0x20);
	assert_int_equal(vcpu_arg(VCPUOP_register_runstate_memory_area, 0,
				  &addr, 8), 0);
	assert_in_range(*(uint32_t *)fake_mem(a, 0x5fe0), 0, 3);
	assert_int_equal(*(uint8_t *)fake_mem(a, 0x600f) == 0xff, 0);
	assert_int_equal(*(uint8_t *)fake_mem(a, 0x6010), 0xff);
	/* A bad place leaves the old one; NULL ends it. */
	addr = FAKE_NOWHERE;
	assert_int_equal(vcpu_arg(VCPUOP_register_runstate_memory_area, 0,
				  &addr, 8), -EFAULT);
	assert_non_null(a->vcpu[0]->runstate_area.page[0]);
	addr = 16 * 4096 - 8;
	assert_int_equal(vcpu_arg(VCPUOP_register_runstate_memory_area, 0,
				  &addr, 8), -EFAULT);
	addr = 0;
	assert_int_equal(vcpu_arg(VCPUOP_register_runstate_memory_area, 0,
				  &addr, 8), 0);
	assert_null(a->vcpu[0]->runstate_area.page[0]);
	/* Of another that is on: no. The rest dies with the domain. */
	addr = 0x5000;
	assert_int_equal(vcpu_arg(VCPUOP_register_runstate_memory_area, 1,
				  &addr, 8), 0);
	a->vcpu[1]->down = false;
	assert_int_equal(vcpu_arg(VCPUOP_register_runstate_memory_area, 1,
				  &addr, 8), -EINVAL);
	a->vcpu[1]->down = true;
	assert_int_equal(vcpu_arg(VCPUOP_register_vcpu_time_memory_area, 0,
				  &addr, 8), 0);
}

/* --- sched_op ------------------------------------------------------------- */

static long sched(unsigned int cmd, const void *arg, size_t size)
{
	if (size)
		memcpy(fake_mem(current->domain, ARG), arg, size);
	return fake_call(__HYPERVISOR_sched_op, cmd, ARG, 0);
}

static void blocking(void **state)
{
	struct vcpu *v = a->vcpu[0];

	(void)state;
	assert_int_equal(sched(SCHEDOP_yield, NULL, 0), 0);
	v->info->evtchn_upcall_mask = 1;
	assert_int_equal(sched(SCHEDOP_block, NULL, 0), 0);
	assert_true(v->blocked);
	assert_int_equal(v->info->evtchn_upcall_mask, 0);
	event_mark_upcall(v);
	assert_false(v->blocked);
	assert_int_equal(sched(SCHEDOP_block, NULL, 0), 0);
	assert_false(v->blocked);	/* an event is due */
}

static void shutdowns(void **state)
{
	struct sched_shutdown s = {.reason = SHUTDOWN_MAX + 1};
	struct sched_remote_shutdown r = {.domain_id = 0,
					  .reason = SHUTDOWN_crash};

	(void)state;
	assert_int_equal(sched(SCHEDOP_shutdown, &s, sizeof(s)), -EINVAL);
	s.reason = ~0u;
	assert_int_equal(sched(SCHEDOP_shutdown, &s, sizeof(s)), -EINVAL);
	assert_int_equal(sched(SCHEDOP_remote_shutdown, &r, sizeof(r)), -EPERM);
	r.domain_id = 4242;
	assert_int_equal(sched(SCHEDOP_remote_shutdown, &r, sizeof(r)), -ESRCH);
	r.domain_id = DOMID_SELF;
	assert_int_equal(sched(SCHEDOP_remote_shutdown, &r, sizeof(r)), -EPERM);
	assert_false(a->shut_down);
	s.reason = SHUTDOWN_suspend;
	assert_int_equal(sched(SCHEDOP_shutdown, &s, sizeof(s)), 0);
	assert_true(a->shut_down);
	assert_int_equal(a->shutdown_code, SHUTDOWN_suspend);
	assert_int_equal(domain_resume(a), 0);
	assert_int_equal(fake_call(__HYPERVISOR_sched_op, SCHEDOP_shutdown,
				   FAKE_NOWHERE, 0), -EFAULT);
	assert_int_equal(fake_call(__HYPERVISOR_sched_op, 99, ARG, 0), -ENOSYS);
}

/* A reason told beforehand stands for the end that comes without one. */
static void shutdown_code(void **state)
{
	struct sched_shutdown s = {.reason = SHUTDOWN_MAX + 1};

	assert_int_equal(sched(SCHEDOP_shutdown_code, &s, sizeof(s)), -EINVAL);
	s.reason = SHUTDOWN_reboot;
	assert_int_equal(sched(SCHEDOP_shutdown_code, &s, sizeof(s)), 0);
	assert_false(a->shut_down);
	assert_int_equal(vcpu_op_at(VCPUOP_down, 0, 0), 0);
	assert_true(a->shut_down);
	assert_int_equal(a->shutdown_code, SHUTDOWN_reboot);
	/* Too late to change it. */
	s.reason = SHUTDOWN_crash;
	assert_int_equal(sched(SCHEDOP_shutdown_code, &s, sizeof(s)), 0);
	assert_int_equal(a->shutdown_code, SHUTDOWN_reboot);
}

static void pin_override(void **state)
{
	struct sched_pin_override p = {.pcpu = 0};
	void *arg = fake_mem(hardware_domain, FAKE_DOM0_START * PAGE_SIZE);

	assert_int_equal(sched(SCHEDOP_pin_override, &p, sizeof(p)), -EPERM);
	fake_run(hardware_domain, 0);
	for (int i = -1; i <= (int)FAKE_CPUS; i++) {
		p.pcpu = i;
		memcpy(arg, &p, sizeof(p));
		assert_int_equal(fake_call(__HYPERVISOR_sched_op, SCHEDOP_pin_override,
					   FAKE_DOM0_START * PAGE_SIZE, 0),
				 i <= 0 ? 0 : i < (int)FAKE_CPUS ? -EBUSY : -EINVAL);
	}
}

static void watchdogs(void **state)
{
	struct sched_watchdog w = {.id = 0, .timeout = 0};

	(void)state;
	assert_int_equal(sched(SCHEDOP_watchdog, &w, sizeof(w)), -EINVAL);
	w.timeout = 10;
	assert_int_equal(sched(SCHEDOP_watchdog, &w, sizeof(w)), 1);
	assert_int_equal(sched(SCHEDOP_watchdog, &w, sizeof(w)), 2);
	assert_int_equal(sched(SCHEDOP_watchdog, &w, sizeof(w)), -ENOSPC);
	w.id = 3;
	assert_int_equal(sched(SCHEDOP_watchdog, &w, sizeof(w)), -EINVAL);
	w.id = ~0u;
	assert_int_equal(sched(SCHEDOP_watchdog, &w, sizeof(w)), -EINVAL);
	pass_time(9000000000ull);
	w.id = 1;
	assert_int_equal(sched(SCHEDOP_watchdog, &w, sizeof(w)), 0);
	w.id = 2;
	w.timeout = 0;
	assert_int_equal(sched(SCHEDOP_watchdog, &w, sizeof(w)), 0);
	assert_int_equal(sched(SCHEDOP_watchdog, &w, sizeof(w)), -EINVAL);
	pass_time(5000000000ull);
	assert_false(a->shut_down);
	pass_time(6000000000ull);
	assert_true(a->shut_down);
	assert_int_equal(a->shutdown_code, SHUTDOWN_watchdog);
}

/* --- hvm_op --------------------------------------------------------------- */

static long param(unsigned int cmd, domid_t dom, uint32_t index, uint64_t *value)
{
	uint64_t at = current->domain == a ? ARG : FAKE_DOM0_START * PAGE_SIZE;
	struct xen_hvm_param *p = fake_mem(current->domain, at);
	long ret;

	*p = (struct xen_hvm_param){.domid = dom, .index = index,
				    .value = *value};
	ret = fake_call(__HYPERVISOR_hvm_op, cmd, at, 0);
	*value = p->value;
	return ret;
}

static void params_of_a_guest(void **state)
{
	uint64_t v = 7;

	(void)state;
	for (uint32_t i = 0; i < 64; i++) {
		long set = param(HVMOP_set_param, DOMID_SELF, i, &v);
		long get = param(HVMOP_get_param, DOMID_SELF, i, &v);

		if (i >= HVM_NR_PARAMS) {
			assert_int_equal(set, -EINVAL);
			assert_int_equal(get, -EINVAL);
		} else if (i == HVM_PARAM_STORE_PFN ||
			   i == HVM_PARAM_CONSOLE_PFN) {
			assert_int_equal(set, -EPERM);
			assert_int_equal(get, 0);
		}
		v = 7;
	}
	assert_int_equal(param(HVMOP_set_param, DOMID_SELF, HVM_PARAM_IDENT_PT,
			       &v), -EPERM);
	assert_int_equal(param(HVMOP_set_param, DOMID_SELF, 13, &v), -EINVAL);
	assert_int_equal(param(HVMOP_get_param, 0, HVM_PARAM_STORE_PFN, &v),
			 -EPERM);
	assert_int_equal(param(HVMOP_get_param, 4242, HVM_PARAM_STORE_PFN, &v),
			 -ESRCH);
	v = 2ull << 56 | 0xf3;
	assert_int_equal(param(HVMOP_set_param, DOMID_SELF,
			       HVM_PARAM_CALLBACK_IRQ, &v), 0);
	assert_int_equal(a->callback_vector, 0xf3);
}

static void params_by_the_toolstack(void **state)
{
	uint64_t v = 0xfefff;

	(void)state;
	fake_run(hardware_domain, 0);
	assert_int_equal(param(HVMOP_set_param, a->id, HVM_PARAM_STORE_PFN, &v),
			 0);
	v = 0;
	assert_int_equal(param(HVMOP_get_param, a->id, HVM_PARAM_STORE_PFN, &v),
			 0);
	assert_int_equal(v, 0xfefff);
	v = SHUTDOWN_MAX + 1;
	assert_int_equal(param(HVMOP_set_param, a->id,
			       HVM_PARAM_TRIPLE_FAULT_REASON, &v), -EINVAL);
	v = 5;
	assert_int_equal(param(HVMOP_set_param, a->id,
			       HVM_PARAM_IOREQ_SERVER_PFN, &v), 0);
	v = 6;
	assert_int_equal(param(HVMOP_set_param, a->id,
			       HVM_PARAM_IOREQ_SERVER_PFN, &v), -EEXIST);
	/* What Linux takes for "xenstored is in this domain". */
	assert_int_equal(param(HVMOP_get_param, DOMID_SELF,
			       HVM_PARAM_STORE_EVTCHN, &v), 0);
	assert_int_equal(v, 0);
	assert_int_equal(param(HVMOP_set_param, a->id, 20, &v), -EINVAL);
}

static long mem_type(domid_t domid, uint64_t pfn)
{
	struct xen_hvm_get_mem_type m = {.domid = domid, .pfn = pfn, .mem_type = 99};
	long ret;

	memcpy(fake_mem(a, ARG), &m, sizeof(m));
	ret = fake_call(__HYPERVISOR_hvm_op, HVMOP_get_mem_type, ARG, 0);
	memcpy(&m, fake_mem(a, ARG), sizeof(m));
	return ret ? ret : (long)m.mem_type;
}

static void memory_types(void **state)
{
	(void)state;
	assert_int_equal(mem_type(DOMID_SELF, 2), HVMMEM_ram_rw);
	a->arch->table[2].type = P2M_RAM_RO;
	assert_int_equal(mem_type(a->id, 2), HVMMEM_ram_ro);
	a->arch->table[2].type = P2M_RAM_RW;
	assert_int_equal(mem_type(DOMID_SELF, 0x900), HVMMEM_mmio_dm);
	assert_int_equal(mem_type(DOMID_SELF, ~0ull), HVMMEM_mmio_dm);
	assert_int_equal(mem_type(0, 2), -EPERM);
	assert_int_equal(mem_type(4242, 2), -ESRCH);
}

static void small_operations(void **state)
{
	struct xen_hvm_evtchn_upcall_vector u = {.vcpu = 1, .vector = 0x0f};
	unsigned int flushes = a->arch->flushes;

	(void)state;
	memcpy(fake_mem(a, ARG), &u, sizeof(u));
	assert_int_equal(fake_call(__HYPERVISOR_hvm_op,
				   HVMOP_set_evtchn_upcall_vector, ARG, 0),
			 -EINVAL);
	u.vector = 0x10;
	memcpy(fake_mem(a, ARG), &u, sizeof(u));
	assert_int_equal(fake_call(__HYPERVISOR_hvm_op,
				   HVMOP_set_evtchn_upcall_vector, ARG, 0), 0);
	assert_int_equal(a->vcpu[1]->upcall_vector, 0x10);
	u.vcpu = 3;
	memcpy(fake_mem(a, ARG), &u, sizeof(u));
	assert_int_equal(fake_call(__HYPERVISOR_hvm_op,
				   HVMOP_set_evtchn_upcall_vector, ARG, 0),
			 -ENOENT);
	assert_int_equal(fake_call(__HYPERVISOR_hvm_op, HVMOP_pagetable_dying,
				   ARG, 0), -EINVAL);
	assert_int_equal(fake_call(__HYPERVISOR_hvm_op, HVMOP_flush_tlbs, 0, 0),
			 0);
	assert_int_equal(a->arch->flushes, flushes + 1);
	assert_int_equal(fake_call(__HYPERVISOR_hvm_op, HVMOP_flush_tlbs, 8, 0),
			 -EINVAL);
	assert_int_equal(fake_call(__HYPERVISOR_hvm_op, HVMOP_get_time, ARG, 0),
			 0);
	assert_int_equal(*(uint64_t *)fake_mem(a, ARG), fake.now);
	for (unsigned int cmd = 0; cmd < 40; cmd++) {
		long ret = fake_call(__HYPERVISOR_hvm_op, cmd, FAKE_NOWHERE, 0);

		assert_true(ret == -EFAULT || ret == -ENOSYS || ret == -EINVAL);
	}
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(ids_and_commands), CASE(on_and_off), CASE(nmi),
		CASE(singleshot), CASE(timer_op), CASE(periodic),
		CASE(runstate_area), CASE(blocking), CASE(shutdowns),
		CASE(shutdown_code), CASE(pin_override),
		CASE(watchdogs), CASE(params_of_a_guest),
		CASE(params_by_the_toolstack), CASE(memory_types), CASE(small_operations),
	};

	return cmocka_run_group_tests(tests, fake_machine, NULL);
}

/*
 * Every hypercall that takes a pointer gets every bad pointer: not canonical,
 * not mapped, the hypervisor's own half, the end of the address space, a frame
 * without RAM, a buffer whose second half is missing, and, where it answers
 * through the pointer, one that is only readable. The answer is -EFAULT, and
 * never a byte read or written where it should not be.
 */
#include "guest.h"

enum arg { A0, A1, A2 };

struct target {
	const char *name;
	unsigned int nr;
	unsigned long args[3];
	enum arg pointer;
	bool out;	   /* it writes through the pointer */
	unsigned int size; /* of what it points to */
	long without;	   /* result that comes before the pointer is looked at */
	bool counts;	   /* it gives a count of what it did: 0 will do */
};

#define EVENT(op, out, type)                                                           \
	{                                                                              \
		"event " #op, __HYPERVISOR_event_channel_op, {EVTCHNOP_##op}, A1, out, \
			sizeof(type), 0, false                                         \
	}
#define MEMORY(op, out, type)                                                  \
	{                                                                      \
		"memory " #op, __HYPERVISOR_memory_op, {XENMEM_##op}, A1, out, \
			sizeof(type), 0, false                                 \
	}
#define GRANT(op, type)                                                               \
	{                                                                             \
		"grant " #op, __HYPERVISOR_grant_table_op, {GNTTABOP_##op, 0, 1}, A1, \
			true, sizeof(type), 0, false                                  \
	}
#define VERSION(op, size)                                                                \
	{                                                                                \
		"version " #op, __HYPERVISOR_xen_version, {XENVER_##op}, A1, true, size, \
			0, false                                                         \
	}
#define HVM(op, out, type)                                                               \
	{                                                                                \
		"hvm " #op, __HYPERVISOR_hvm_op, {HVMOP_##op}, A1, out, sizeof(type), 0, \
			false                                                            \
	}
#define VCPU(op, type)                                                       \
	{                                                                    \
		"vcpu " #op, __HYPERVISOR_vcpu_op, {VCPUOP_##op}, A2, false, \
			sizeof(type), 0, false                               \
	}

static const struct target targets[] = {
	EVENT(alloc_unbound, true, struct evtchn_alloc_unbound),
	EVENT(bind_interdomain, true, struct evtchn_bind_interdomain),
	EVENT(bind_virq, true, struct evtchn_bind_virq),
	EVENT(bind_ipi, true, struct evtchn_bind_ipi),
	EVENT(close, false, struct evtchn_close),
	EVENT(send, false, struct evtchn_send),
	EVENT(status, true, struct evtchn_status),
	EVENT(bind_vcpu, false, struct evtchn_bind_vcpu),
	EVENT(unmask, false, struct evtchn_unmask),
	EVENT(reset, false, struct evtchn_reset),
	{"memory populate_physmap",
	 __HYPERVISOR_memory_op,
	 {XENMEM_populate_physmap},
	 A1,
	 false,
	 sizeof(struct xen_memory_reservation),
	 0,
	 true},
	{"memory decrease_reservation",
	 __HYPERVISOR_memory_op,
	 {XENMEM_decrease_reservation},
	 A1,
	 false,
	 sizeof(struct xen_memory_reservation),
	 0,
	 true},
	MEMORY(add_to_physmap, false, struct xen_add_to_physmap),
	MEMORY(add_to_physmap_batch, false, struct xen_add_to_physmap_batch),
	MEMORY(remove_from_physmap, false, struct xen_remove_from_physmap),
	MEMORY(memory_map, true, struct xen_memory_map),
	MEMORY(set_memory_map, false, struct xen_foreign_memory_map),
	MEMORY(current_reservation, false, domid_t),
	MEMORY(maximum_reservation, false, domid_t),
	MEMORY(maximum_gpfn, false, domid_t),
	GRANT(map_grant_ref, struct gnttab_map_grant_ref),
	GRANT(unmap_grant_ref, struct gnttab_unmap_grant_ref),
	GRANT(copy, struct gnttab_copy),
	GRANT(query_size, struct gnttab_query_size),
	GRANT(set_version, struct gnttab_set_version),
	GRANT(get_version, struct gnttab_get_version),
	GRANT(setup_table, struct gnttab_setup_table),
	VERSION(extraversion, 16),
	VERSION(compile_info, sizeof(struct xen_compile_info)),
	VERSION(capabilities, 1024),
	VERSION(changeset, 64),
	VERSION(platform_parameters, 8),
	VERSION(get_features, 8),
	VERSION(guest_handle, 16),
	VERSION(commandline, 8), /* of "<denied>" */
	HVM(get_param, true, struct xen_hvm_param),
	HVM(set_param, false, struct xen_hvm_param),
	VCPU(set_singleshot_timer, struct vcpu_set_singleshot_timer),
	VCPU(register_vcpu_info, struct vcpu_register_vcpu_info),
	VCPU(register_runstate_memory_area, struct vcpu_register_runstate_memory_area),
	VCPU(register_vcpu_time_memory_area, struct vcpu_register_time_memory_area),
	{"vcpu get_runstate_info",
	 __HYPERVISOR_vcpu_op,
	 {VCPUOP_get_runstate_info},
	 A2,
	 true,
	 sizeof(struct vcpu_runstate_info),
	 0,
	 false},
	{"sched shutdown",
	 __HYPERVISOR_sched_op,
	 {SCHEDOP_shutdown},
	 A1,
	 false,
	 4,
	 0,
	 false},
	{"sched shutdown_code",
	 __HYPERVISOR_sched_op,
	 {SCHEDOP_shutdown_code},
	 A1,
	 false,
	 4,
	 0,
	 false},
	{"sched poll",
	 __HYPERVISOR_sched_op,
	 {SCHEDOP_poll},
	 A1,
	 false,
	 sizeof(struct sched_poll),
	 0,
	 false},
	{"sched remote_shutdown",
	 __HYPERVISOR_sched_op,
	 {SCHEDOP_remote_shutdown},
	 A1,
	 false,
	 8,
	 0,
	 false},
	{"multicall",
	 __HYPERVISOR_multicall,
	 {0, 1},
	 A0,
	 true,
	 sizeof(struct multicall_entry),
	 0,
	 false},
	{"domctl", __HYPERVISOR_domctl, {0}, A0, true, 16, -XEN_EPERM, false},
	{"sysctl", __HYPERVISOR_sysctl, {0}, A0, true, 8, -XEN_EPERM, false},
	{"platform_op", __HYPERVISOR_platform_op, {0}, A0, true, 8, -XEN_EPERM, false},
};

static long call(const struct target *t, void *ptr)
{
	unsigned long a[3] = {t->args[0], t->args[1], t->args[2]};

	a[t->pointer] = (unsigned long)ptr;
	return hv_call(t->nr, a[0], a[1], a[2], 0, 0);
}

static void check(const struct target *t, const char *kind, long rc)
{
	/* An operation that is not there says so before it looks. */
	if (rc == -XEN_EFAULT || rc == -XEN_ENOSYS || (t->without && rc == t->without) ||
	    (t->counts && !rc))
		return;
	/* The reference refuses these on their rights first. */
	if (on_reference() && rc == -XEN_EPERM)
		return;
	test_failure("%s with pointer \"%s\" gave %ld, not -EFAULT", t->name, kind, rc);
}

/* The reference forgets the bits above 47, and finds page 0. */
static bool forgotten(unsigned int i)
{
	return on_reference() && !strcmp(bad_pointers[i].name, "non-canonical");
}

static void test_bad(void)
{
	unsigned int i, j, nr = bad_pointers_init();

	for (j = 0; j < nr; j++) {
		if (forgotten(j))
			continue;
		for (i = 0; i < ARRAY_SIZE(targets); i++)
			check(&targets[i], bad_pointers[j].name,
			      call(&targets[i], bad_pointers[j].ptr));
	}
}

static void test_straddle(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(targets); i++) {
		char *p;

		if (targets[i].size < 4)
			continue;
		p = straddle(targets[i].size / 2);
		memset(p, 0, targets[i].size / 2);
		check(&targets[i], "half of it missing", call(&targets[i], p));
	}
}

/* Zeros are no valid request everywhere: an errno of its own is fine, success is not. */
static void test_readonly(void)
{
	unsigned int i;
	long rc;

	for (i = 0; i < ARRAY_SIZE(targets); i++) {
		if (!targets[i].out)
			continue;
		rc = call(&targets[i], readonly_zeros());
		if (rc >= 0)
			test_failure("%s with a read-only pointer gave %ld",
				     targets[i].name, rc);
	}
	for (i = 0; i < 2048; i++)
		if (((char *)readonly_zeros())[i]) {
			test_failure("a read-only page was written at %u", i);
			break;
		}
}

/* Pointers inside the structures. */
static void test_inner(void)
{
	struct xen_memory_reservation r = {.nr_extents = 1, .domid = DOMID_SELF};
	struct xen_memory_map m = {.nr_entries = 4};
	struct sched_poll p = {.nr_ports = 1, .timeout = 1};
	unsigned int i, nr = bad_pointers_init();

	for (i = 0; i < nr; i++) {
		void *bad = bad_pointers[i].ptr;

		if (forgotten(i))
			continue;
		set_xen_guest_handle(r.extent_start, bad);
		CHECK(hv_memory_op(XENMEM_populate_physmap, &r) <= 0);
		CHECK(hv_memory_op(XENMEM_decrease_reservation, &r) <= 0);
		m.nr_entries = 4;
		set_xen_guest_handle(m.buffer, bad);
		EXPECT(hv_memory_op(XENMEM_memory_map, &m), -XEN_EFAULT);
		set_xen_guest_handle(p.ports, bad);
		EXPECT(hv_sched_op(SCHEDOP_poll, &p), -XEN_EFAULT);
	}
}

void test_main(void)
{
	RUN(test_bad);
	RUN(test_straddle);
	RUN(test_readonly);
	RUN(test_inner);
}

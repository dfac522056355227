/*
 * domctl and sysctl: a domain's life as the toolstack drives it, what it is
 * told, and who is refused.
 */
#include "fake.h"

#include <hv/log.h>
#include <hv/numa.h>

#include <xen/domctl.h>
#include <xen/sysctl.h>

#define AT	(FAKE_DOM0_START * PAGE_SIZE)
#define BUF	(AT + 2 * PAGE_SIZE)

static int setup(void **state)
{
	(void)state;
	fake_run(hardware_domain, 0);
	memset(fake_mem(hardware_domain, BUF), 0, PAGE_SIZE);
	return 0;
}

static long domctl(struct xen_domctl *op)
{
	void *mem = fake_mem(hardware_domain, AT);
	long ret;

	op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
	memcpy(mem, op, sizeof(*op));
	ret = fake_call(__HYPERVISOR_domctl, AT, 0, 0);
	memcpy(op, mem, sizeof(*op));
	return ret;
}

static long simple(uint32_t cmd, domid_t id)
{
	struct xen_domctl op = {.cmd = cmd, .domain = id};

	return domctl(&op);
}

static long sysctl(struct xen_sysctl *op)
{
	void *mem = fake_mem(hardware_domain, AT);
	long ret;

	op->interface_version = XEN_SYSCTL_INTERFACE_VERSION;
	memcpy(mem, op, sizeof(*op));
	ret = fake_call(__HYPERVISOR_sysctl, AT, 0, 0);
	memcpy(op, mem, sizeof(*op));
	return ret;
}

static struct xen_domctl create_op(void)
{
	return (struct xen_domctl){
		.cmd = XEN_DOMCTL_createdomain,
		.u.createdomain = {
			.handle = {1, 2, 3},
			.flags = XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap,
			.max_vcpus = 2, .max_evtchn_port = 1023,
			.max_grant_frames = -1, .max_maptrack_frames = -1,
			.grant_opts = XEN_DOMCTL_GRANT_version(1),
			.arch.emulation_flags = XEN_X86_EMU_LAPIC,
		},
	};
}

static domid_t create(void)
{
	struct xen_domctl op = create_op();

	assert_int_equal(domctl(&op), 0);
	assert_true(op.domain > 0 && op.domain < DOMID_FIRST_RESERVED);
	return op.domain;
}

static struct xen_domctl_getdomaininfo info(domid_t id)
{
	struct xen_domctl op = {.cmd = XEN_DOMCTL_getdomaininfo, .domain = id};

	assert_int_equal(domctl(&op), 0);
	assert_int_equal(op.domain, id);
	assert_int_equal(op.u.getdomaininfo.domain, id);
	return op.u.getdomaininfo;
}

static domid_t create_full(unsigned int pages)
{
	struct xen_domctl op = {.cmd = XEN_DOMCTL_max_vcpus};
	domid_t id = create();
	struct domain *d;

	op.domain = id;
	op.u.max_vcpus.max = 2;
	assert_int_equal(domctl(&op), 0);
	op = (struct xen_domctl){.cmd = XEN_DOMCTL_max_mem, .domain = id};
	op.u.max_mem.max_memkb = pages * 4;
	assert_int_equal(domctl(&op), 0);
	d = domain_find(id);
	for (unsigned int i = 0; i < pages; i++)
		assert_int_equal(p2m_insert(d, GFN(i), page_alloc_domain(d, 0),
					    0, P2M_RAM_RW), 0);
	domain_put(d);
	return id;
}

/* --- life ----------------------------------------------------------------- */

static void life(void **state)
{
	domid_t id = create_full(200);
	struct domain *d = domain_find(id);
	struct xen_domctl_getdomaininfo i = info(id);

	(void)state;
	assert_int_equal(i.flags, XEN_DOMINF_hvm_guest | XEN_DOMINF_hap |
				  XEN_DOMINF_paused | XEN_DOMINF_blocked);
	assert_int_equal(i.tot_pages, 200);
	assert_int_equal(i.max_pages, 200);
	assert_int_equal(i.nr_online_vcpus, 0);
	assert_int_equal(i.max_vcpu_id, 1);
	assert_int_equal(i.handle[2], 3);
	assert_int_equal(i.gpaddr_bits, 30);
	assert_int_equal(i.shared_info_frame, ~0ull);

	/* Pauses are counted. */
	assert_int_equal(simple(XEN_DOMCTL_pausedomain, id), 0);
	assert_int_equal(simple(XEN_DOMCTL_unpausedomain, id), 0);
	assert_true(info(id).flags & XEN_DOMINF_paused);
	assert_int_equal(simple(XEN_DOMCTL_unpausedomain, id), 0);
	assert_false(info(id).flags & XEN_DOMINF_paused);
	assert_int_equal(simple(XEN_DOMCTL_unpausedomain, id), -EINVAL);
	vcpu_set_up(d->vcpu[0]);
	assert_true(vcpu_runnable(d->vcpu[0]));
	assert_int_equal(info(id).nr_online_vcpus, 1);
	assert_false(info(id).flags & XEN_DOMINF_blocked);

	domain_shutdown(d, SHUTDOWN_reboot);
	assert_int_equal(info(id).flags & (XEN_DOMINF_shutdown | 0xff << 16),
			 XEN_DOMINF_shutdown | SHUTDOWN_reboot << 16);
	assert_int_equal(simple(XEN_DOMCTL_resumedomain, id), -EINVAL);
	domain_put(d);

	fake.preempt_every = 1;
	fake.restarts = 0;
	assert_int_equal(simple(XEN_DOMCTL_destroydomain, id), 0);
	assert_true(fake.restarts > 3);
	assert_int_equal(simple(XEN_DOMCTL_pausedomain, id), -ESRCH);
}

static void suspend_and_resume(void **state)
{
	domid_t id = create_full(4);
	struct domain *d = domain_find(id);

	(void)state;
	assert_int_equal(simple(XEN_DOMCTL_unpausedomain, id), 0);
	domain_shutdown(d, SHUTDOWN_suspend);
	assert_int_equal(simple(XEN_DOMCTL_resumedomain, id), 0);
	assert_false(info(id).flags & XEN_DOMINF_shutdown);
	domain_put(d);
	assert_int_equal(simple(XEN_DOMCTL_destroydomain, id), 0);
}

/* Somebody still holds a frame of it: dead, but there, until that goes. */
static void zombie(void **state)
{
	domid_t id = create_full(4);
	struct domain *d = domain_find(id);
	enum p2m_type type;
	struct page *pg = p2m_get_ram(d, GFN(1), &type);

	(void)state;
	domain_put(d);
	assert_int_equal(simple(XEN_DOMCTL_destroydomain, id), 0);
	assert_true(info(id).flags & XEN_DOMINF_dying);
	assert_int_equal(info(id).tot_pages, 1);
	assert_int_equal(simple(XEN_DOMCTL_destroydomain, id), 0);
	page_put(pg);
	assert_int_equal(simple(XEN_DOMCTL_destroydomain, id), -ESRCH);
}

static void bad_creations(void **state)
{
	struct xen_domctl op;

	(void)state;
#define REFUSED(field, value, error)                                         \
	do {                                                                 \
		op = create_op();                                            \
		op.u.createdomain.field = (value);                           \
		assert_int_equal(domctl(&op), error);                        \
	} while (0)
	REFUSED(flags, 0, -EINVAL);
	REFUSED(flags, XEN_DOMCTL_CDF_hvm, -EINVAL);
	REFUSED(flags, 3 | XEN_DOMCTL_CDF_iommu, -EINVAL);
	REFUSED(flags, ~0u, -EINVAL);
	REFUSED(max_vcpus, 0, -EINVAL);
	REFUSED(max_vcpus, MAX_VCPUS + 1, -EINVAL);
	REFUSED(max_vcpus, ~0u, -EINVAL);
	REFUSED(max_grant_frames, 1 << 20, -EINVAL);
	REFUSED(max_maptrack_frames, INT32_MAX, -EINVAL);
	REFUSED(grant_opts, XEN_DOMCTL_GRANT_version(2), -EINVAL);
	REFUSED(cpupool_id, 1, -EINVAL);
	REFUSED(arch.emulation_flags, 0, -EOPNOTSUPP);
	REFUSED(arch.emulation_flags, XEN_X86_EMU_ALL, -EOPNOTSUPP);
	REFUSED(arch.misc_flags, 2, -EINVAL);
#undef REFUSED
	op = create_op();
	op.domain = 77;
	assert_int_equal(domctl(&op), 0);
	assert_int_equal(op.domain, 77);
	op = create_op();
	op.domain = 77;
	assert_int_equal(domctl(&op), -EEXIST);
	assert_int_equal(simple(XEN_DOMCTL_destroydomain, 77), 0);
}

/* --- refusals ------------------------------------------------------------- */

static void refused(void **state)
{
	struct xen_domctl *op = fake_mem(hardware_domain, AT);
	struct xen_sysctl *sc = fake_mem(hardware_domain, AT);
	struct domain *d = fake_domain(8, 1);

	(void)state;
	*op = create_op();
	op->interface_version = XEN_DOMCTL_INTERFACE_VERSION - 1;
	assert_int_equal(fake_call(__HYPERVISOR_domctl, AT, 0, 0), -EACCES);
	sc->interface_version = 1;
	assert_int_equal(fake_call(__HYPERVISOR_sysctl, AT, 0, 0), -EACCES);
	assert_int_equal(fake_call(__HYPERVISOR_domctl, FAKE_NOWHERE, 0, 0),
			 -EFAULT);
	assert_int_equal(simple(9999, 0), -ENOSYS);
	assert_int_equal(simple(XEN_DOMCTL_max_mem, 4242), -ESRCH);
	assert_int_equal(simple(XEN_DOMCTL_max_mem, DOMID_XEN), -ESRCH);
	assert_int_equal(simple(XEN_DOMCTL_destroydomain, 0), -EINVAL);
	assert_int_equal(simple(XEN_DOMCTL_destroydomain, DOMID_SELF), -EINVAL);
	assert_int_equal(simple(XEN_DOMCTL_pausedomain, 0), -EINVAL);
	assert_int_equal(simple(XEN_DOMCTL_resumedomain, 0), -EINVAL);
	/* Nothing at all for others, whatever they ask. */
	fake_run(d, 0);
	op = fake_mem(d, 0x1000);
	for (uint32_t cmd = 0; cmd < 100; cmd++) {
		*op = (struct xen_domctl){
			.cmd = cmd, .domain = d->id,
			.interface_version = XEN_DOMCTL_INTERFACE_VERSION,
		};
		assert_int_equal(fake_call(__HYPERVISOR_domctl, 0x1000, 0, 0),
				 -EPERM);
		assert_int_equal(fake_call(__HYPERVISOR_sysctl, 0x1000, 0, 0),
				 -EPERM);
	}
	fake_destroy(d);
}

/* Every operation on a pointer-filled, otherwise empty argument: no harm. */
static void garbage(void **state)
{
	(void)state;
	for (int fill = 0; fill < 2; fill++) {
		for (uint32_t cmd = 0; cmd < 100; cmd++) {
			struct xen_domctl op;
			struct xen_sysctl sc;
			domid_t id = create();

			memset(&op, fill ? 0xff : 0, sizeof(op));
			op.cmd = cmd;
			op.domain = id;
			if (domctl(&op) != 0 ||
			    cmd != XEN_DOMCTL_destroydomain)
				assert_int_equal(simple(
					XEN_DOMCTL_destroydomain, id), 0);
			if (cmd == XEN_SYSCTL_debug_keys)
				continue;
			memset(&sc, fill ? 0xff : 0, sizeof(sc));
			sc.cmd = cmd;
			(void)sysctl(&sc);
		}
	}
}

/* --- settings ------------------------------------------------------------- */

static void settings(void **state)
{
	domid_t id = create_full(8);
	struct domain *d = domain_find(id);
	struct xen_domctl op = {.cmd = XEN_DOMCTL_max_vcpus, .domain = id};
	uint32_t version = d->shared_info->wc_version;

	(void)state;
	op.u.max_vcpus.max = 3;
	assert_int_equal(domctl(&op), -EINVAL);
	op.u.max_vcpus.max = 2;
	assert_int_equal(domctl(&op), 0);	/* again: they are there */

	op = (struct xen_domctl){.cmd = XEN_DOMCTL_max_mem, .domain = id};
	op.u.max_mem.max_memkb = ~0ull;
	assert_int_equal(domctl(&op), 0);
	assert_int_equal(d->max_pages, UINT32_MAX);

	op = (struct xen_domctl){.cmd = XEN_DOMCTL_set_paging_mempool_size,
				 .domain = id};
	op.u.paging_mempool.size = 4097;
	assert_int_equal(domctl(&op), -EINVAL);
	op.u.paging_mempool.size = 8 << 20;
	assert_int_equal(domctl(&op), 0);
	op.cmd = XEN_DOMCTL_get_paging_mempool_size;
	op.u.paging_mempool.size = 0;
	assert_int_equal(domctl(&op), 0);
	assert_int_equal(op.u.paging_mempool.size, 8 << 20);
	op = (struct xen_domctl){.cmd = XEN_DOMCTL_shadow_op, .domain = id};
	op.u.shadow_op.op = XEN_DOMCTL_SHADOW_OP_GET_ALLOCATION;
	assert_int_equal(domctl(&op), 0);
	assert_int_equal(op.u.shadow_op.mb, 8);
	op.u.shadow_op.op = XEN_DOMCTL_SHADOW_OP_SET_ALLOCATION;
	op.u.shadow_op.mb = ~0u;
	assert_int_equal(domctl(&op), -EINVAL);
	op.u.shadow_op.op = XEN_DOMCTL_SHADOW_OP_CLEAN;
	assert_int_equal(domctl(&op), -ENOSYS);

	op = (struct xen_domctl){.cmd = XEN_DOMCTL_settimeoffset, .domain = id};
	op.u.settimeoffset.time_offset_seconds = -3600;
	assert_int_equal(domctl(&op), 0);
	assert_int_equal(d->time_offset_s, -3600);
	assert_true(d->shared_info->wc_version != version);

	op = (struct xen_domctl){.cmd = XEN_DOMCTL_setdomainhandle, .domain = id};
	memset(op.u.setdomainhandle.handle, 9, 16);
	assert_int_equal(domctl(&op), 0);
	assert_int_equal(info(id).handle[15], 9);

	op = (struct xen_domctl){.cmd = XEN_DOMCTL_sendtrigger, .domain = id};
	assert_int_equal(domctl(&op), 0);
	assert_int_equal(d->vcpu[0]->arch->nmis, 1);
	op.u.sendtrigger.vcpu = 9;
	assert_int_equal(domctl(&op), -EINVAL);
	domain_put(d);
	assert_int_equal(simple(XEN_DOMCTL_destroydomain, id), 0);
}

static void scheduling(void **state)
{
	domid_t id = create_full(4);
	struct domain *d = domain_find(id);
	struct xen_domctl op = {.cmd = XEN_DOMCTL_scheduler_op, .domain = id};

	(void)state;
	op.u.scheduler_op.sched_id = XEN_SCHEDULER_CREDIT2;
	op.u.scheduler_op.cmd = XEN_DOMCTL_SCHEDOP_getinfo;
	assert_int_equal(domctl(&op), 0);
	assert_int_equal(op.u.scheduler_op.u.credit2.weight, 256);
	op.u.scheduler_op.cmd = XEN_DOMCTL_SCHEDOP_putinfo;
	op.u.scheduler_op.u.credit2.weight = 0;
	assert_int_equal(domctl(&op), -EINVAL);
	op.u.scheduler_op.u.credit2.weight = 512;
	assert_int_equal(domctl(&op), 0);
	assert_int_equal(d->weight, 512);
	op.u.scheduler_op.u.credit2.cap = 201;	/* of two vCPUs */
	assert_int_equal(domctl(&op), -EINVAL);
	op.u.scheduler_op.u.credit2.cap = 150;
	assert_int_equal(domctl(&op), 0);
	assert_int_equal(d->cap, 150);
	op.u.scheduler_op.cmd = XEN_DOMCTL_SCHEDOP_getvcpuinfo;
	assert_int_equal(domctl(&op), -EINVAL);
	op.u.scheduler_op.sched_id = XEN_SCHEDULER_CREDIT;
	assert_int_equal(domctl(&op), -EINVAL);

	op = (struct xen_domctl){.cmd = XEN_DOMCTL_getvcpuinfo, .domain = id};
	op.u.getvcpuinfo.vcpu = 1;
	assert_int_equal(domctl(&op), 0);
	assert_int_equal(op.u.getvcpuinfo.online, 0);
	op.u.getvcpuinfo.vcpu = 2;
	assert_int_equal(domctl(&op), -ESRCH);
	domain_put(d);
	assert_int_equal(simple(XEN_DOMCTL_destroydomain, id), 0);
}

static long affinity(uint32_t cmd, domid_t id, uint32_t flags, uint32_t bits)
{
	struct xen_domctl op = {.cmd = cmd, .domain = id};

	op.u.vcpuaffinity.flags = flags;
	op.u.vcpuaffinity.cpumap_hard.bitmap.p = (void *)BUF;
	op.u.vcpuaffinity.cpumap_hard.nr_bits = bits;
	op.u.vcpuaffinity.cpumap_soft.bitmap.p = (void *)(BUF + 64);
	op.u.vcpuaffinity.cpumap_soft.nr_bits = bits;
	return domctl(&op);
}

static void affinities(void **state)
{
	const uint32_t both = XEN_VCPUAFFINITY_HARD | XEN_VCPUAFFINITY_SOFT;
	uint8_t *hard = fake_mem(hardware_domain, BUF), *soft = hard + 64;
	domid_t id = create_full(4);
	struct domain *d = domain_find(id);

	(void)state;
	assert_int_equal(affinity(XEN_DOMCTL_getvcpuaffinity, id, both, 13), 0);
	assert_int_equal(hard[0], 0xff);
	assert_int_equal(hard[1], 0x1f);
	assert_int_equal(hard[2], 0);
	hard[0] = 0xfe;		/* CPUs that do not exist fall away */
	soft[0] = 0x03;
	assert_int_equal(affinity(XEN_DOMCTL_setvcpuaffinity, id, both, 8), 0);
	assert_int_equal(hard[0], 0x02);
	assert_int_equal(soft[0], 0x02);
	assert_int_equal(d->vcpu[0]->affinity.w[0], 0xfe);
	hard[0] = 0xfc;
	assert_int_equal(affinity(XEN_DOMCTL_setvcpuaffinity, id,
				  XEN_VCPUAFFINITY_HARD, 8), -EINVAL);
	assert_int_equal(affinity(XEN_DOMCTL_setvcpuaffinity, id, 0, 8), -EINVAL);
	assert_int_equal(affinity(XEN_DOMCTL_setvcpuaffinity, id, 64, 8),
			 -EINVAL);
	/* A bitmap longer than ours: the rest is cleared. */
	memset(hard, 0xff, PAGE_SIZE);
	assert_int_equal(affinity(XEN_DOMCTL_getvcpuaffinity, id,
				  XEN_VCPUAFFINITY_HARD, 512), 0);
	assert_int_equal(hard[63], 0);
	assert_int_equal(hard[64], 0xff);
	/* The hardware domain's go anywhere, too. */
	for (hard[0] = 1; hard[0] < 4; hard[0] += 2) {
		assert_int_equal(affinity(XEN_DOMCTL_setvcpuaffinity, 0,
					  XEN_VCPUAFFINITY_HARD, 8), 0);
		assert_int_equal(hardware_domain->vcpu[0]->affinity.w[0], hard[0]);
	}
	domain_put(d);
	assert_int_equal(simple(XEN_DOMCTL_destroydomain, id), 0);
}

/* --- sysctl --------------------------------------------------------------- */

static void physinfo(void **state)
{
	struct xen_sysctl op = {.cmd = XEN_SYSCTL_physinfo};
	const struct xen_sysctl_physinfo *p = &op.u.physinfo;

	(void)state;
	assert_int_equal(sysctl(&op), 0);
	assert_int_equal(p->nr_cpus, FAKE_CPUS);
	assert_int_equal(p->total_pages, FAKE_FRAMES - 16);
	assert_int_equal(p->free_pages, page_nr_free());
	assert_int_equal(p->max_mfn, FAKE_FRAMES - 1);
	assert_int_equal(p->cpu_khz, 1000000);
	assert_int_equal(p->capabilities, 0x109);
	op = (struct xen_sysctl){.cmd = XEN_SYSCTL_sched_id};
	assert_int_equal(sysctl(&op), 0);
	assert_int_equal(op.u.sched_id.sched_id, XEN_SCHEDULER_CREDIT2);
	op = (struct xen_sysctl){.cmd = XEN_SYSCTL_scheduler_op};
	op.u.scheduler_op.sched_id = XEN_SCHEDULER_CREDIT2;
	op.u.scheduler_op.cmd = XEN_SYSCTL_SCHEDOP_putinfo;
	op.u.scheduler_op.u.sched_credit2.ratelimit_us = 500001;
	assert_int_equal(sysctl(&op), -EINVAL);
	op.u.scheduler_op.u.sched_credit2.ratelimit_us = 1000;
	assert_int_equal(sysctl(&op), 0);
	op.u.scheduler_op.cmd = XEN_SYSCTL_SCHEDOP_getinfo;
	op.u.scheduler_op.u.sched_credit2.ratelimit_us = 7;
	assert_int_equal(sysctl(&op), 0);
	assert_int_equal(op.u.scheduler_op.u.sched_credit2.ratelimit_us, 1000);
	sched_ratelimit_us = 0;
	op.u.scheduler_op.cpupool_id = 1;
	assert_int_equal(sysctl(&op), -ESRCH);
	op = (struct xen_sysctl){.cmd = XEN_SYSCTL_availheap};
	assert_int_equal(sysctl(&op), 0);
	assert_int_equal(op.u.availheap.avail_bytes, page_nr_free() * PAGE_SIZE);
}

static void lists(void **state)
{
	struct xen_domctl_getdomaininfo *list = fake_mem(hardware_domain, BUF);
	struct xen_sysctl op = {.cmd = XEN_SYSCTL_getdomaininfolist};
	domid_t x = create(), y = create();

	(void)state;
	op.u.getdomaininfolist.max_domains = 10;
	op.u.getdomaininfolist.buffer.p = (void *)BUF;
	assert_int_equal(sysctl(&op), 0);
	assert_int_equal(op.u.getdomaininfolist.num_domains, 3);
	assert_int_equal(list[0].domain, 0);
	assert_int_equal(list[1].domain, x);
	assert_int_equal(list[2].domain, y);
	op.u.getdomaininfolist.first_domain = y;
	op.u.getdomaininfolist.max_domains = 1;
	assert_int_equal(sysctl(&op), 0);
	assert_int_equal(op.u.getdomaininfolist.num_domains, 1);
	assert_int_equal(list[0].domain, y);
	assert_int_equal(list[0].max_vcpu_id, XEN_INVALID_MAX_VCPU_ID);
	assert_int_equal(simple(XEN_DOMCTL_destroydomain, x), 0);
	assert_int_equal(simple(XEN_DOMCTL_destroydomain, y), 0);
}

static void console_ring(void **state)
{
	struct xen_sysctl op = {.cmd = XEN_SYSCTL_readconsole};
	struct xen_sysctl_readconsole *r = &op.u.readconsole;
	char *buf = fake_mem(hardware_domain, BUF);
	uint32_t index;

	(void)state;
	log_clear();
	console_write("first line\n", 11);
	r->buffer.p = (void *)BUF;
	r->count = PAGE_SIZE;
	assert_int_equal(sysctl(&op), 0);
	assert_int_equal(r->count, 11);
	assert_memory_equal(buf, "first line\n", 11);
	index = r->index;
	console_write("second\n", 7);
	r->count = PAGE_SIZE;
	r->incremental = 1;
	r->index = index;
	assert_int_equal(sysctl(&op), 0);
	assert_int_equal(r->count, 7);
	assert_memory_equal(buf, "second\n", 7);
	r->buffer.p = (void *)FAKE_NOWHERE;
	r->count = 10;
	r->incremental = 0;
	assert_int_equal(sysctl(&op), -EFAULT);
}

static void two_nodes(void)
{
	uint64_t *mem = fake_mem(hardware_domain, BUF);
	uint32_t *distance = fake_mem(hardware_domain, BUF + 64);
	struct xen_sysctl op = {.cmd = XEN_SYSCTL_numainfo};
	mfn_t mfn;

	op.u.numainfo.num_nodes = 2;
	op.u.numainfo.meminfo.p = (void *)BUF;
	op.u.numainfo.distance.p = (void *)(BUF + 64);
	assert_int_equal(sysctl(&op), 0);
	assert_int_equal(op.u.numainfo.num_nodes, 2);
	assert_int_equal(mem[0] + mem[2], FAKE_FRAMES * PAGE_SIZE);
	assert_int_equal(mem[1] + mem[3], page_nr_free() * PAGE_SIZE);
	assert_int_equal(distance[1], 21);
	mfn = page_alloc(3, 0);
	assert_true(mfn_valid_value(mfn));
	assert_int_equal(numa.free[0] + numa.free[1], page_nr_free());
	page_free(mfn, 3);
	assert_int_equal(numa.free[0] + numa.free[1], page_nr_free());
	op = (struct xen_sysctl){.cmd = XEN_SYSCTL_cputopoinfo};
	op.u.cputopoinfo.num_cpus = 2;
	op.u.cputopoinfo.cputopo.p = (void *)BUF;
	assert_int_equal(sysctl(&op), 0);
	assert_int_equal(((struct xen_sysctl_cputopo *)mem)[1].node, 1);
	op = (struct xen_sysctl){.cmd = XEN_SYSCTL_pcitopoinfo};
	op.u.pcitopoinfo.num_devs = 1000;
	op.u.pcitopoinfo.nodes.p = (void *)BUF;
	assert_int_equal(sysctl(&op), 0);
	assert_int_equal(op.u.pcitopoinfo.num_devs, 64);
	assert_int_equal(*(uint32_t *)mem, XEN_INVALID_NODE_ID);
	op.u.pcitopoinfo.nodes.p = (void *)FAKE_NOWHERE;
	assert_int_equal(sysctl(&op), -EFAULT);
}

static void topology(void **state)
{
	struct xen_sysctl_cputopo *topo = fake_mem(hardware_domain, BUF);
	struct xen_sysctl op = {.cmd = XEN_SYSCTL_cputopoinfo};

	(void)state;
	assert_int_equal(sysctl(&op), 0);
	assert_int_equal(op.u.cputopoinfo.num_cpus, FAKE_CPUS);
	op.u.cputopoinfo.cputopo.p = (void *)BUF;
	assert_int_equal(sysctl(&op), 0);
	assert_int_equal(topo[1].core, 1);
	numa.nodes = 2;
	numa.cpu_node[1] = 1;
	numa.ranges = 2;
	numa.range[0].end = numa.range[1].first = FAKE_FRAMES / 2;
	numa.range[1].end = FAKE_FRAMES;
	numa.range[1].node = 1;
	numa.distance[0][1] = 21;
	numa_start();
	two_nodes();
	numa = (struct numa){.nodes = 1};
	op = (struct xen_sysctl){.cmd = XEN_SYSCTL_numainfo};
	assert_int_equal(sysctl(&op), 0);
	assert_int_equal(op.u.numainfo.num_nodes, 1);
	op = (struct xen_sysctl){.cmd = XEN_SYSCTL_cpupool_op};
	op.u.cpupool_op.op = XEN_SYSCTL_CPUPOOL_OP_INFO;
	op.u.cpupool_op.cpumap.bitmap.p = (void *)BUF;
	op.u.cpupool_op.cpumap.nr_bits = 16;
	assert_int_equal(sysctl(&op), 0);
	assert_int_equal(op.u.cpupool_op.n_dom, 1);
	assert_int_equal(*(uint8_t *)topo, 3);
	op.u.cpupool_op.cpupool_id = 1;
	assert_int_equal(sysctl(&op), -ENOENT);
	op.u.cpupool_op.op = XEN_SYSCTL_CPUPOOL_OP_CREATE;
	assert_int_equal(sysctl(&op), -EOPNOTSUPP);
	op = (struct xen_sysctl){.cmd = XEN_SYSCTL_getcpuinfo};
	op.u.getcpuinfo.max_cpus = 100;
	op.u.getcpuinfo.info.p = (void *)BUF;
	assert_int_equal(sysctl(&op), 0);
	assert_int_equal(op.u.getcpuinfo.nr_cpus, FAKE_CPUS);
}

static void counters(void **state)
{
	struct xen_sysctl op = {.cmd = XEN_SYSCTL_perfc_op};
	struct xen_sysctl_perfc_desc *desc = fake_mem(hardware_domain, BUF);

	(void)state;
	op.u.perfc_op.cmd = XEN_SYSCTL_PERFCOP_query;
	assert_int_equal(sysctl(&op), 0);
	assert_true(op.u.perfc_op.nr_counters > 10);
	op.u.perfc_op.desc.p = (void *)BUF;
	op.u.perfc_op.val.p = (void *)(BUF + 3 * 1024);
	assert_int_equal(sysctl(&op), 0);
	assert_string_equal(desc[0].name, "hypercall platform_op");
	op.u.perfc_op.desc.p = (void *)FAKE_NOWHERE;
	assert_int_equal(sysctl(&op), -EFAULT);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, fake_check_clean)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(life), CASE(suspend_and_resume), CASE(zombie),
		CASE(bad_creations), CASE(refused), CASE(garbage),
		CASE(settings), CASE(scheduling), CASE(affinities),
		CASE(physinfo), CASE(lists), CASE(console_ring),
		CASE(topology), CASE(counters),
	};

	return cmocka_run_group_tests(tests, fake_machine, NULL);
}

/*
 * sysctl about the machine: CPUs, memory, topology, counters. One CPU pool: what
 * libxl asks on the way of every creation.
 */
#include <hv/arch.h>
#include <hv/bitops.h>
#include <hv/guest.h>
#include <hv/lib.h>
#include <hv/numa.h>
#include <hv/page.h>
#include <hv/sched.h>

#include "domctl.h"

#define PCITOPO_BATCH 64u

int sysctl_physinfo(struct xen_sysctl *op)
{
	struct xen_sysctl_physinfo *p = &op->u.physinfo;

	memset(p, 0, sizeof(*p));
	p->nr_cpus = nr_cpus;
	p->max_cpu_id = nr_cpus - 1;
	p->nr_nodes = numa.nodes;
	p->capabilities = XEN_SYSCTL_PHYSCAP_hvm | XEN_SYSCTL_PHYSCAP_hap |
			  XEN_SYSCTL_PHYSCAP_gnttab_v1;
	p->total_pages = page_nr_total();
	p->free_pages = page_nr_free();
	p->outstanding_pages = page_nr_claimed();
	p->max_mfn = page_max_mfn().v;
	arch_physinfo(p);
	return 0;
}

int sysctl_cpuinfo(struct xen_sysctl *op)
{
	struct xen_sysctl_getcpuinfo *g = &op->u.getcpuinfo;

	g->nr_cpus = MIN(g->max_cpus, nr_cpus);
	for (uint32_t i = 0; i < g->nr_cpus; i++) {
		struct xen_sysctl_cpuinfo info = {vcpu_cpu_time(cpus[i]->idle)};

		if (guest_put(g->info, i, &info))
			return -EFAULT;
	}
	return 0;
}

/* Each CPU is told as a core of one socket: what libxl needs to place. */
int sysctl_cputopo(struct xen_sysctl *op)
{
	struct xen_sysctl_cputopoinfo *t = &op->u.cputopoinfo;
	uint32_t nr = MIN(t->num_cpus, nr_cpus);

	if (!HANDLE_GVA(t->cputopo).v)
		nr = 0;
	for (uint32_t i = 0; i < nr; i++) {
		struct xen_sysctl_cputopo topo = {.core = i, .node = numa.cpu_node[i]};

		if (guest_put(t->cputopo, i, &topo))
			return -EFAULT;
	}
	t->num_cpus = nr_cpus;
	return 0;
}

int sysctl_numa(struct xen_sysctl *op)
{
	struct xen_sysctl_numainfo *n = &op->u.numainfo;
	uint32_t nr = MIN(n->num_nodes, numa.nodes);

	for (uint32_t i = 0; i < nr && HANDLE_GVA(n->meminfo).v; i++) {
		struct xen_sysctl_meminfo mem = {
			.memsize = numa_size(i) * PAGE_SIZE,
			.memfree = numa_free(i) * PAGE_SIZE,
		};

		if (guest_put(n->meminfo, i, &mem))
			return -EFAULT;
	}
	for (uint32_t i = 0; i < nr * numa.nodes && HANDLE_GVA(n->distance).v; i++) {
		uint32_t distance = numa.distance[i / numa.nodes][i % numa.nodes];

		if (i % numa.nodes < nr && guest_put(n->distance, i, &distance))
			return -EFAULT;
	}
	n->num_nodes = numa.nodes;
	return 0;
}

/* The firmware's namespace would tell; nobody here reads it. */
int sysctl_pcitopo(struct xen_sysctl *op)
{
	struct xen_sysctl_pcitopoinfo *t = &op->u.pcitopoinfo;
	const uint32_t unknown = XEN_INVALID_NODE_ID;

	t->num_devs = MIN(t->num_devs, PCITOPO_BATCH);
	for (uint32_t i = 0; i < t->num_devs; i++)
		if (guest_put(t->nodes, i, &unknown))
			return -EFAULT;
	return 0;
}

int sysctl_cpupool(struct xen_sysctl *op)
{
	struct xen_sysctl_cpupool_op *p = &op->u.cpupool_op;
	struct cpumask mask = {{0}};

	switch (p->op) {
	case XEN_SYSCTL_CPUPOOL_OP_INFO:	/* the first at or above the id */
		if (p->cpupool_id)
			return -ENOENT;
		p->sched_id = XEN_SCHEDULER_CREDIT2;
		p->n_dom = 0;
		for_each_domain(d)
			p->n_dom++;
		for_each_cpu(cpu)
			bit_set(mask.w, cpu);
		return cpumask_write(&p->cpumap, &mask);
	case XEN_SYSCTL_CPUPOOL_OP_FREEINFO:
		return cpumask_write(&p->cpumap, &mask);
	default:
		return -EOPNOTSUPP;
	}
}

int sysctl_availheap(struct xen_sysctl *op)
{
	op->u.availheap.avail_bytes = page_nr_free() * PAGE_SIZE;
	return 0;
}

/* --- counters: hypercalls made, exits by reason ---------------------------- */

static int perfc_write(const struct xen_sysctl_perfc_op *p, unsigned int row,
		       const char *kind, const char *name, uint64_t count)
{
	struct xen_sysctl_perfc_desc desc = {.nr_vals = 1};
	uint32_t val = (uint32_t)count;
	int err = 0;

	(void)snprintf(desc.name, sizeof(desc.name), "%s %s", kind, name);
	if (HANDLE_GVA(p->desc).v)
		err = guest_put(p->desc, row, &desc);
	if (!err && HANDLE_GVA(p->val).v)
		err = guest_put(p->val, row, &val);
	return err;
}

int sysctl_perfc(struct xen_sysctl *op)
{
	struct xen_sysctl_perfc_op *p = &op->u.perfc_op;
	unsigned int row = 0;
	const char *name;
	uint64_t count;
	int err = 0;

	if (p->cmd != XEN_SYSCTL_PERFCOP_query)
		return -EOPNOTSUPP;
	for (unsigned int nr = 0; nr < HYPERCALLS_MAX && !err; nr++)
		if (hypercall_name(nr))
			err = perfc_write(p, row++, "hypercall", hypercall_name(nr),
					  hypercall_count(nr));
	for (unsigned int i = 0; !err && (name = arch_exit_counter(i, &count)); i++)
		err = perfc_write(p, row++, "exit", name, count);
	p->nr_counters = row;
	p->nr_vals = row;
	return err;
}

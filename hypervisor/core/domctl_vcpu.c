/*
 * domctl on vCPUs and scheduling: state, affinity, weight. Called with the
 * domctl lock held. Frames are not placed by NUMA node.
 */
#include <hv/bitops.h>
#include <hv/guest.h>
#include <hv/lib.h>
#include <hv/numa.h>
#include <hv/sched.h>

#include "domctl.h"

#define MASK_BYTES	(MAX_CPUS / 8)

/* --- bitmaps -------------------------------------------------------------- */

int cpumask_read(const struct xenctl_bitmap *from, struct cpumask *mask)
{
	uint32_t bits = MIN(from->nr_bits, MAX_CPUS);
	uint8_t *bytes = (uint8_t *)mask->w;

	memset(mask, 0, sizeof(*mask));
	if (bits % 8) {
		int err = guest_read(bytes, HANDLE_GVA(from->bitmap), bits / 8 + 1);

		bytes[bits / 8] &= (uint8_t)((1u << bits % 8) - 1);
		return err;
	}
	return guest_read(bytes, HANDLE_GVA(from->bitmap), bits / 8);
}

int cpumask_write(const struct xenctl_bitmap *to, const struct cpumask *mask)
{
	uint64_t bytes = ((uint64_t)to->nr_bits + 7) / 8;
	uint64_t n = MIN(bytes, MASK_BYTES);
	uint8_t buf[MASK_BYTES];
	gva_t at = HANDLE_GVA(to->bitmap);
	int err;

	memcpy(buf, mask->w, sizeof(buf));
	if (to->nr_bits < MAX_CPUS && to->nr_bits % 8)
		buf[n - 1] &= (uint8_t)((1u << to->nr_bits % 8) - 1);
	err = guest_write(at, buf, n);
	/* A longer bitmap is cleared, within reason. */
	if (!err && bytes > n)
		err = guest_clear(gva_add(at, n), MIN(bytes - n, (uint64_t)PAGE_SIZE));
	return err;
}

static void mask_and(struct cpumask *a, const struct cpumask *b)
{
	for (unsigned int i = 0; i < CPUMASK_WORDS; i++)
		a->w[i] &= b->w[i];
}

static void mask_online(struct cpumask *m)
{
	memset(m, 0, sizeof(*m));
	for_each_cpu(cpu)
		bit_set(m->w, cpu);
}

/* --- vCPUs ---------------------------------------------------------------- */

int domctl_vcpu_info(struct domain *d, struct xen_domctl *op)
{
	struct xen_domctl_getvcpuinfo *i = &op->u.getvcpuinfo;
	const struct vcpu *v = domain_vcpu(d, i->vcpu);

	if (!v)
		return -ESRCH;
	i->online = !v->down;
	i->blocked = v->blocked;
	i->running = v->running;
	i->cpu_time = vcpu_cpu_time(v);
	i->cpu = v->cpu;
	return 0;
}

static int set_hard(struct vcpu *v, const struct xenctl_bitmap *map)
{
	struct cpumask mask, online;
	int err;

	err = cpumask_read(map, &mask);
	if (!err)
		err = sched_set_affinity(v, &mask);
	if (err)
		return err;
	mask_online(&online);
	mask_and(&mask, &online);
	return cpumask_write(map, &mask);
}

static int set_soft(struct vcpu *v, const struct xenctl_bitmap *map)
{
	struct cpumask mask, effective;
	int err = cpumask_read(map, &mask);

	if (err)
		return err;
	mask_online(&effective);
	mask_and(&effective, &mask);
	if (bit_find_first(effective.w, nr_cpus) == nr_cpus)
		return -EINVAL;
	sched_set_soft_affinity(v, &mask);
	mask_and(&effective, &v->affinity);
	return cpumask_write(map, &effective);
}

static bool affinity_flags_ok(uint32_t flags)
{
	const uint32_t both = XEN_VCPUAFFINITY_HARD | XEN_VCPUAFFINITY_SOFT;

	return (flags & both) && !(flags & ~(both | XEN_VCPUAFFINITY_FORCE));
}

int domctl_set_affinity(struct domain *d, struct xen_domctl *op)
{
	struct xen_domctl_vcpuaffinity *a = &op->u.vcpuaffinity;
	struct vcpu *v = domain_vcpu(d, a->vcpu);
	int err = 0;

	if (!affinity_flags_ok(a->flags))
		return -EINVAL;
	if (!v)
		return -ESRCH;
	if (a->flags & XEN_VCPUAFFINITY_HARD)
		err = set_hard(v, &a->cpumap_hard);
	if (!err && (a->flags & XEN_VCPUAFFINITY_SOFT))
		err = set_soft(v, &a->cpumap_soft);
	return err;
}

int domctl_get_affinity(struct domain *d, struct xen_domctl *op)
{
	struct xen_domctl_vcpuaffinity *a = &op->u.vcpuaffinity;
	const struct vcpu *v = domain_vcpu(d, a->vcpu);
	int err = 0;

	if (!affinity_flags_ok(a->flags))
		return -EINVAL;
	if (!v)
		return -ESRCH;
	if (a->flags & XEN_VCPUAFFINITY_HARD)
		err = cpumask_write(&a->cpumap_hard, &v->affinity);
	if (!err && (a->flags & XEN_VCPUAFFINITY_SOFT))
		err = cpumask_write(&a->cpumap_soft, &v->soft_affinity);
	return err;
}

/* --- NUMA nodes: taken note of by nobody ----------------------------------- */

int domctl_set_node_affinity(struct domain *d, struct xen_domctl *op)
{
	struct cpumask nodes;
	int err = cpumask_read(&op->u.nodeaffinity.nodemap, &nodes);

	if (err)
		return err;
	return bit_find_first(nodes.w, numa.nodes) < numa.nodes ? 0 : -EINVAL;
}

int domctl_get_node_affinity(struct domain *d, struct xen_domctl *op)
{
	const struct cpumask nodes = {{(1ul << numa.nodes) - 1}};

	return cpumask_write(&op->u.nodeaffinity.nodemap, &nodes);
}

/* --- weights -------------------------------------------------------------- */

int domctl_scheduler(struct domain *d, struct xen_domctl *op)
{
	struct xen_domctl_scheduler_op *s = &op->u.scheduler_op;

	if (s->sched_id != XEN_SCHEDULER_CREDIT2)
		return -EINVAL;
	switch (s->cmd) {
	case XEN_DOMCTL_SCHEDOP_putinfo:
		return sched_set_params(d, s->u.credit2.weight, s->u.credit2.cap);
	case XEN_DOMCTL_SCHEDOP_getinfo:
		s->u.credit2.weight = (uint16_t)d->weight;
		s->u.credit2.cap = (uint16_t)d->cap;
		return 0;
	default:	/* per-vCPU parameters: not with this scheduler */
		return -EINVAL;
	}
}

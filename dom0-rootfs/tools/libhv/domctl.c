/*
 * Domains, vCPUs, affinity and scheduling parameters.
 */
#include <errno.h>
#include <string.h>

#include "libhv/priv.h" /* before xen/: it asks for the tools' part */
#include <xen/sched.h>

/* An operation whose only argument is the domain. */
static int domctl_plain(struct hv *hv, uint32_t cmd, uint16_t domid)
{
	struct xen_domctl op = {.cmd = cmd, .domain = domid};

	return hv_domctl(hv, &op);
}

int hv_domain_create(struct hv *hv, const struct xen_domctl_createdomain *cfg,
		     uint16_t *domid)
{
	struct xen_domctl op = {.cmd = XEN_DOMCTL_createdomain, .domain = *domid};
	int ret;

	op.u.createdomain = *cfg;
	ret = hv_domctl(hv, &op);
	if (ret == 0)
		*domid = op.domain;
	return ret;
}

int hv_domain_destroy(struct hv *hv, uint16_t domid)
{
	return domctl_plain(hv, XEN_DOMCTL_destroydomain, domid);
}

int hv_domain_pause(struct hv *hv, uint16_t domid)
{
	return domctl_plain(hv, XEN_DOMCTL_pausedomain, domid);
}

int hv_domain_unpause(struct hv *hv, uint16_t domid)
{
	return domctl_plain(hv, XEN_DOMCTL_unpausedomain, domid);
}

int hv_domain_resume(struct hv *hv, uint16_t domid)
{
	return domctl_plain(hv, XEN_DOMCTL_resumedomain, domid);
}

int hv_domain_shutdown(struct hv *hv, uint16_t domid, unsigned int reason)
{
	struct sched_remote_shutdown arg = {.domain_id = domid, .reason = reason};

	return hv_call_struct(hv, __HYPERVISOR_sched_op, SCHEDOP_remote_shutdown,
			      &arg, sizeof(arg));
}

int hv_domain_set_max_vcpus(struct hv *hv, uint16_t domid, unsigned int max)
{
	struct xen_domctl op = {.cmd = XEN_DOMCTL_max_vcpus, .domain = domid};

	op.u.max_vcpus.max = max;
	return hv_domctl(hv, &op);
}

int hv_domain_set_max_mem(struct hv *hv, uint16_t domid, uint64_t kib)
{
	struct xen_domctl op = {.cmd = XEN_DOMCTL_max_mem, .domain = domid};

	op.u.max_mem.max_memkb = kib;
	return hv_domctl(hv, &op);
}

int hv_domain_set_paging_pool(struct hv *hv, uint16_t domid, uint64_t bytes)
{
	struct xen_domctl op = {
		.cmd = XEN_DOMCTL_set_paging_mempool_size,
		.domain = domid,
	};

	op.u.paging_mempool.size = bytes;
	return hv_domctl(hv, &op);
}

int hv_domain_set_tsc_mode(struct hv *hv, uint16_t domid, unsigned int mode)
{
	struct xen_domctl op = {.cmd = XEN_DOMCTL_settscinfo, .domain = domid};

	op.u.tsc_info.tsc_mode = mode;
	return hv_domctl(hv, &op);
}

int hv_domain_info(struct hv *hv, uint16_t domid,
		   struct xen_domctl_getdomaininfo *out)
{
	struct xen_domctl op = {.cmd = XEN_DOMCTL_getdomaininfo, .domain = domid};
	int ret = hv_domctl(hv, &op);

	if (ret)
		return ret;
	/* The hypervisor answers with the next domain when this one is gone. */
	if (op.u.getdomaininfo.domain != domid)
		return -ESRCH;
	*out = op.u.getdomaininfo;
	return 0;
}

int hv_domain_list(struct hv *hv, uint16_t first,
		   struct xen_domctl_getdomaininfo *out, unsigned int max)
{
	struct xen_sysctl op = {.cmd = XEN_SYSCTL_getdomaininfolist};
	struct hv_buf b;
	int ret = hv_buf_get(hv, max * sizeof(*out), &b);

	if (ret)
		return ret;
	op.u.getdomaininfolist.first_domain = first;
	op.u.getdomaininfolist.max_domains = max;
	set_xen_guest_handle(op.u.getdomaininfolist.buffer, b.p);
	ret = hv_sysctl(hv, &op);
	if (ret == 0) {
		ret = (int)op.u.getdomaininfolist.num_domains;
		memcpy(out, b.p, (size_t)ret * sizeof(*out));
	}
	hv_buf_put(hv, &b);
	return ret;
}

int hv_vcpu_info(struct hv *hv, uint16_t domid, unsigned int vcpu,
		 struct xen_domctl_getvcpuinfo *out)
{
	struct xen_domctl op = {.cmd = XEN_DOMCTL_getvcpuinfo, .domain = domid};
	int ret;

	op.u.getvcpuinfo.vcpu = vcpu;
	ret = hv_domctl(hv, &op);
	if (ret == 0)
		*out = op.u.getvcpuinfo;
	return ret;
}

/* Both directions of vcpuaffinity: the maps travel through pinned buffers. */
static int affinity(struct hv *hv, struct xen_domctl *op, uint8_t *hard,
		    uint8_t *soft, unsigned int bits)
{
	struct xen_domctl_vcpuaffinity *a = &op->u.vcpuaffinity;
	unsigned int len = bits / 8;
	struct hv_buf b;
	int ret = hv_buf_get(hv, 2 * (size_t)len, &b);
	uint8_t *maps = b.p;

	if (ret)
		return ret;
	if (hard) {
		memcpy(maps, hard, len);
		set_xen_guest_handle(a->cpumap_hard.bitmap, maps);
		a->cpumap_hard.nr_bits = bits;
		a->flags |= XEN_VCPUAFFINITY_HARD;
	}
	if (soft) {
		memcpy(maps + len, soft, len);
		set_xen_guest_handle(a->cpumap_soft.bitmap, maps + len);
		a->cpumap_soft.nr_bits = bits;
		a->flags |= XEN_VCPUAFFINITY_SOFT;
	}
	ret = hv_domctl(hv, op);
	if (ret == 0 && hard)
		memcpy(hard, maps, len);
	if (ret == 0 && soft)
		memcpy(soft, maps + len, len);
	hv_buf_put(hv, &b);
	return ret;
}

/* Far above any machine's CPUs; keeps the copies below on the stack. */
#define AFFINITY_MAX_BITS 4096

int hv_vcpu_set_affinity(struct hv *hv, uint16_t domid, unsigned int vcpu,
			 const uint8_t *hard, const uint8_t *soft,
			 unsigned int bits)
{
	struct xen_domctl op = {.cmd = XEN_DOMCTL_setvcpuaffinity, .domain = domid};
	/* the operation answers with what became of the maps: not wanted here */
	uint8_t h[AFFINITY_MAX_BITS / 8], s[AFFINITY_MAX_BITS / 8];

	if (bits > AFFINITY_MAX_BITS || bits % 8)
		return -EINVAL;
	if (hard)
		memcpy(h, hard, bits / 8);
	if (soft)
		memcpy(s, soft, bits / 8);
	op.u.vcpuaffinity.vcpu = vcpu;
	return affinity(hv, &op, hard ? h : NULL, soft ? s : NULL, bits);
}

int hv_vcpu_get_affinity(struct hv *hv, uint16_t domid, unsigned int vcpu,
			 uint8_t *hard, uint8_t *soft, unsigned int bits)
{
	struct xen_domctl op = {.cmd = XEN_DOMCTL_getvcpuaffinity, .domain = domid};

	if (bits > AFFINITY_MAX_BITS || bits % 8)
		return -EINVAL;
	op.u.vcpuaffinity.vcpu = vcpu;
	return affinity(hv, &op, hard, soft, bits);
}

/* credit and credit2 have the same two parameters in the same place. */
_Static_assert(sizeof(struct xen_domctl_sched_credit) ==
	       sizeof(struct xen_domctl_sched_credit2), "one code for both");

static int sched_op(struct hv *hv, struct xen_domctl *op, uint32_t cmd)
{
	uint32_t id;
	int ret = hv_sched_id(hv, &id);

	if (ret)
		return ret;
	if (id != XEN_SCHEDULER_CREDIT && id != XEN_SCHEDULER_CREDIT2)
		return -EOPNOTSUPP;
	op->cmd = XEN_DOMCTL_scheduler_op;
	op->u.scheduler_op.sched_id = id;
	op->u.scheduler_op.cmd = cmd;
	return hv_domctl(hv, op);
}

int hv_sched_get(struct hv *hv, uint16_t domid, uint16_t *weight, uint16_t *cap)
{
	struct xen_domctl op = {.domain = domid};
	int ret = sched_op(hv, &op, XEN_DOMCTL_SCHEDOP_getinfo);

	if (ret)
		return ret;
	*weight = op.u.scheduler_op.u.credit.weight;
	*cap = op.u.scheduler_op.u.credit.cap;
	return 0;
}

int hv_sched_set(struct hv *hv, uint16_t domid, uint16_t weight, uint16_t cap)
{
	struct xen_domctl op = {.domain = domid};

	op.u.scheduler_op.u.credit.weight = weight;
	op.u.scheduler_op.u.credit.cap = cap;
	return sched_op(hv, &op, XEN_DOMCTL_SCHEDOP_putinfo);
}

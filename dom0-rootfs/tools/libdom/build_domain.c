/*
 * The steps of a new VM that are the hypervisor's: the domain itself, its vCPUs
 * and their registers.
 */
#include <cpuid.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libdom/build.h"

#define DEFAULT_EVENT_CHANNELS 1023
#define DEFAULT_WEIGHT	       256

/*
 * Memory for nested page tables. Xen's own toolstack allows 1 MiB for each vCPU
 * and 8 KiB for each MiB of the guest; the hypervisor takes only what it needs.
 */
static uint64_t pool_bytes(const struct vm_config *cfg)
{
	uint64_t kib = 4 * (256 * (uint64_t)cfg->maxvcpus + 2 * (uint64_t)cfg->maxmem_mib);

	return ((kib + 1023) & ~UINT64_C(1023)) << 10;
}

int domain_new(struct build *b, struct dom_error *err)
{
	const struct vm_config *cfg = b->cfg;
	struct xen_domctl_createdomain arg = {
		.flags = XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap,
		.max_vcpus = cfg->maxvcpus,
		.max_evtchn_port = cfg->max_event_channels ? cfg->max_event_channels
							   : DEFAULT_EVENT_CHANNELS,
		.max_grant_frames = cfg->max_grant_frames,
		.max_maptrack_frames = cfg->max_maptrack_frames,
		.grant_opts = XEN_DOMCTL_GRANT_version(1),
		.arch = {.emulation_flags = XEN_X86_EMU_LAPIC},
	};
	int ret;

	memcpy(arg.handle, cfg->uuid, sizeof(arg.handle));
	b->domid = 0;
	ret = hv_domain_create(b->dom->hv, &arg, &b->domid);
	if (ret == 0)
		return 0;
	if (ret == -ENOMEM)
		return dom_fail(err, ret, "%s: not enough memory for another domain: "
				"stop another VM", cfg->name);
	return dom_fail_errno(err, ret, "%s: the hypervisor refuses a new domain "
			      "with %u vCPUs", cfg->name, cfg->maxvcpus);
}

/* vCPU i's map, as bytes. */
static const uint8_t *cpu_map(const struct vm_cpuset *set, size_t n, unsigned int i)
{
	return i < n ? (const uint8_t *)set[i].bits : NULL;
}

static int set_affinity(struct build *b)
{
	const struct vm_config *cfg = b->cfg;
	unsigned int i;
	int ret = 0;

	for (i = 0; i < cfg->maxvcpus && ret == 0; i++) {
		const uint8_t *hard = cpu_map(cfg->hard, cfg->nhard, i);
		const uint8_t *soft = cpu_map(cfg->soft, cfg->nsoft, i);

		if (hard || soft)
			ret = hv_vcpu_set_affinity(b->dom->hv, b->domid, i, hard, soft,
						   CONFIG_PCPUS_MAX);
	}
	return ret;
}

int domain_vcpus(struct build *b, struct dom_error *err)
{
	const struct vm_config *cfg = b->cfg;
	struct hv *hv = b->dom->hv;
	int ret = hv_domain_set_max_vcpus(hv, b->domid, cfg->maxvcpus);

	if (ret)
		return dom_fail_errno(err, ret, "%s: cannot make %u vCPUs", cfg->name,
				      cfg->maxvcpus);
	ret = set_affinity(b);
	if (ret)
		return dom_fail(err, ret, "%s: cpus: none of them exists on this host: "
				"choose from `xl info`'s nr_cpus", cfg->name);
	if (cfg->cpu_weight || cfg->cap)
		ret = hv_sched_set(hv, b->domid,
				   (uint16_t)(cfg->cpu_weight ? cfg->cpu_weight
							      : DEFAULT_WEIGHT),
				   (uint16_t)cfg->cap);
	if (ret)
		return dom_fail_errno(err, ret, "%s: cpu_weight or cap cannot be set",
				      cfg->name);
	if (cfg->tsc_mode)
		ret = hv_domain_set_tsc_mode(hv, b->domid, cfg->tsc_mode);
	if (ret)
		return dom_fail_errno(err, ret, "%s: tsc_mode cannot be set", cfg->name);
	return 0;
}

int domain_limits(struct build *b, struct dom_error *err)
{
	const struct vm_config *cfg = b->cfg;
	/* one MiB more, for rings and tables */
	int ret = hv_domain_set_max_mem(b->dom->hv, b->domid,
					((uint64_t)cfg->maxmem_mib + 1) << 10);

	if (ret == 0)
		ret = hv_domain_set_paging_pool(b->dom->hv, b->domid, pool_bytes(cfg));
	if (ret == -ENOSYS || ret == -EOPNOTSUPP)
		ret = 0; /* a hypervisor without such pools */
	if (ret == -ENOMEM)
		return dom_fail(err, ret, "%s: not enough memory for its page tables "
				"(%llu MiB): stop another VM", cfg->name,
				(unsigned long long)(pool_bytes(cfg) >> 20));
	if (ret)
		return dom_fail_errno(err, ret, "%s: memory limits cannot be set",
				      cfg->name);
	return 0;
}

int domain_start_state(struct build *b, struct dom_error *err)
{
	size_t len = guest_context_size(b->layout.vcpus);
	unsigned int eax = 0, ebx, ecx, edx;
	void *buf = calloc(1, len);
	int ret = -ENOMEM;

	if (buf) {
		__get_cpuid(1, &eax, &ebx, &ecx, &edx);
		guest_context(b->layout.vcpus, b->kernel.image.entry,
			      b->layout.start_info, eax, buf);
		ret = hv_context_set(b->dom->hv, b->domid, buf, len);
		free(buf);
	}
	if (ret)
		return dom_fail_errno(err, ret, "%s: vCPU 0 cannot be given its start "
				      "state", b->cfg->name);
	return 0;
}

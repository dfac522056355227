/*
 * libhv's functions on the fake host. What the console and the toolstack ask in
 * daily life does something; the steps of building a guest's memory succeed and do
 * nothing.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "host.h"
#include "libhv/libhv.h"

struct hv {
	struct fake_host *host;
};
struct hv_window {
	int unused;
};

int hv_open(struct hv **out)
{
	struct hv *hv = calloc(1, sizeof(*hv));

	if (!hv)
		return -ENOMEM;
	hv->host = fake_host_open();
	if (!hv->host) {
		free(hv);
		return -ENOENT;
	}
	*out = hv;
	return 0;
}

void hv_close(struct hv *hv)
{
	if (hv)
		munmap(hv->host, sizeof(*hv->host));
	free(hv);
}

static struct fake_domain *get(struct hv *hv, uint16_t domid)
{
	if (domid >= FAKE_DOMAINS || !hv->host->domain[domid].used)
		return NULL;
	return &hv->host->domain[domid];
}

/* --- domains ---------------------------------------------------------------- */

int hv_domain_create(struct hv *hv, const struct xen_domctl_createdomain *cfg,
		     uint16_t *domid)
{
	uint16_t id = *domid ? *domid : 1;

	while (id < FAKE_DOMAINS && hv->host->domain[id].used)
		id++;
	if (id >= FAKE_DOMAINS || (*domid && id != *domid))
		return *domid ? -EEXIST : -ENOMEM;
	hv->host->domain[id] = (struct fake_domain){ .used = 1, .paused = 1,
						     .vcpus = cfg->max_vcpus, .load = 30,
						     .vcpus_online = cfg->max_vcpus };
	memcpy(hv->host->domain[id].uuid, cfg->handle, 16);
	*domid = id;
	return 0;
}

int hv_domain_destroy(struct hv *hv, uint16_t domid)
{
	struct fake_domain *d = get(hv, domid);

	if (!d)
		return -ESRCH;
	hv->host->free_pages += d->pages;
	d->used = 0;
	return 0;
}

int hv_domain_pause(struct hv *hv, uint16_t domid)
{
	struct fake_domain *d = get(hv, domid);

	if (!d)
		return -ESRCH;
	d->paused++;
	return 0;
}

int hv_domain_unpause(struct hv *hv, uint16_t domid)
{
	struct fake_domain *d = get(hv, domid);

	if (!d || !d->paused)
		return d ? -EINVAL : -ESRCH;
	d->paused--;
	return 0;
}

int hv_domain_resume(struct hv *hv, uint16_t domid)
{
	return get(hv, domid) ? 0 : -ESRCH;
}

int hv_domain_shutdown(struct hv *hv, uint16_t domid, unsigned int reason)
{
	struct fake_domain *d = get(hv, domid);

	if (!d)
		return -ESRCH;
	d->ended = 1;
	d->reason = reason;
	return 0;
}

int hv_domain_set_max_vcpus(struct hv *hv, uint16_t domid, unsigned int max)
{
	struct fake_domain *d = get(hv, domid);

	if (!d)
		return -ESRCH;
	d->vcpus = d->vcpus_online = max;
	return 0;
}

int hv_domain_set_max_mem(struct hv *hv, uint16_t domid, uint64_t kib)
{
	struct fake_domain *d = get(hv, domid);

	if (!d)
		return -ESRCH;
	d->max_pages = kib / 4;
	return 0;
}

int hv_domain_set_paging_pool(struct hv *hv, uint16_t domid, uint64_t bytes)
{
	(void)bytes;
	return get(hv, domid) ? 0 : -ESRCH;
}

int hv_domain_set_tsc_mode(struct hv *hv, uint16_t domid, unsigned int mode)
{
	(void)mode;
	return get(hv, domid) ? 0 : -ESRCH;
}

static void fill(const struct fake_domain *d, uint16_t domid,
		 struct xen_domctl_getdomaininfo *out)
{
	memset(out, 0, sizeof(*out));
	out->domain = domid;
	out->flags = (d->paused ? XEN_DOMINF_paused : 0) |
		     (d->ended ? XEN_DOMINF_shutdown |
				 d->reason << XEN_DOMINF_shutdownshift
			       : d->load > 500 ? XEN_DOMINF_running : XEN_DOMINF_blocked);
	out->tot_pages = d->pages;
	out->max_pages = d->max_pages;
	out->cpu_time = d->cpu_ns;
	out->nr_online_vcpus = d->vcpus_online;
	out->max_vcpu_id = d->vcpus - 1;
	memcpy(out->handle, d->uuid, 16);
}

int hv_domain_info(struct hv *hv, uint16_t domid, struct xen_domctl_getdomaininfo *out)
{
	struct fake_domain *d = get(hv, domid);

	if (!d)
		return -ESRCH;
	fake_host_tick(hv->host);
	fill(d, domid, out);
	return 0;
}

int hv_domain_list(struct hv *hv, uint16_t first, struct xen_domctl_getdomaininfo *out,
		   unsigned int max)
{
	unsigned int n = 0;

	fake_host_tick(hv->host);
	for (unsigned int i = first; i < FAKE_DOMAINS && n < max; i++) {
		if (hv->host->domain[i].used)
			fill(&hv->host->domain[i], (uint16_t)i, &out[n++]);
	}
	return (int)n;
}

int hv_vcpu_info(struct hv *hv, uint16_t domid, unsigned int vcpu,
		 struct xen_domctl_getvcpuinfo *out)
{
	struct fake_domain *d = get(hv, domid);

	if (!d || vcpu >= d->vcpus)
		return d ? -ENOENT : -ESRCH;
	memset(out, 0, sizeof(*out));
	out->vcpu = vcpu;
	out->online = vcpu < d->vcpus_online;
	out->cpu = vcpu % FAKE_CPUS;
	out->cpu_time = d->cpu_ns / d->vcpus;
	return 0;
}

int hv_vcpu_set_affinity(struct hv *hv, uint16_t domid, unsigned int vcpu,
			 const uint8_t *hard, const uint8_t *soft, unsigned int bits)
{
	(void)vcpu, (void)hard, (void)soft, (void)bits;
	return get(hv, domid) ? 0 : -ESRCH;
}

int hv_vcpu_get_affinity(struct hv *hv, uint16_t domid, unsigned int vcpu, uint8_t *hard,
			 uint8_t *soft, unsigned int bits)
{
	(void)vcpu;
	memset(hard, 0xff, bits / 8);
	memset(soft, 0xff, bits / 8);
	return get(hv, domid) ? 0 : -ESRCH;
}

int hv_sched_get(struct hv *hv, uint16_t domid, uint16_t *weight, uint16_t *cap)
{
	*weight = 256;
	*cap = 0;
	return get(hv, domid) ? 0 : -ESRCH;
}

int hv_sched_set(struct hv *hv, uint16_t domid, uint16_t weight, uint16_t cap)
{
	(void)weight, (void)cap;
	return get(hv, domid) ? 0 : -ESRCH;
}

/* --- state and memory of guests ---------------------------------------------- */

int hv_param_set(struct hv *hv, uint16_t domid, uint32_t index, uint64_t value)
{
	(void)index, (void)value;
	return get(hv, domid) ? 0 : -ESRCH;
}

int hv_param_get(struct hv *hv, uint16_t domid, uint32_t index, uint64_t *value)
{
	(void)index;
	*value = 1; /* an event callback is set: the guest's kernel runs */
	return get(hv, domid) ? 0 : -ESRCH;
}

int hv_context_set(struct hv *hv, uint16_t domid, const void *data, size_t len)
{
	(void)data, (void)len;
	return get(hv, domid) ? 0 : -ESRCH;
}

int hv_context_get(struct hv *hv, uint16_t domid, void *data, size_t len)
{
	if (data)
		memset(data, 0, len);
	return get(hv, domid) ? 4096 : -ESRCH;
}

int hv_populate(struct hv *hv, uint16_t domid, uint64_t first, unsigned int count,
		unsigned int order)
{
	struct fake_domain *d = get(hv, domid);
	uint64_t fits;

	(void)first;
	if (!d)
		return -ESRCH;
	fits = hv->host->free_pages >> order;
	if (count > fits)
		count = (unsigned int)fits;
	d->pages += (uint64_t)count << order;
	hv->host->free_pages -= (uint64_t)count << order;
	return (int)count;
}

int hv_unpopulate(struct hv *hv, uint16_t domid, uint64_t gfn)
{
	struct fake_domain *d = get(hv, domid);

	(void)gfn;
	if (!d)
		return -ESRCH;
	d->pages--;
	hv->host->free_pages++;
	return 0;
}

int hv_set_memory_map(struct hv *hv, uint16_t domid, const struct hv_e820 *map,
		      unsigned int count)
{
	(void)map, (void)count;
	return get(hv, domid) ? 0 : -ESRCH;
}

int hv_claim(struct hv *hv, uint16_t domid, uint64_t pages)
{
	if (!get(hv, domid))
		return -ESRCH;
	return pages > hv->host->free_pages ? -ENOMEM : 0;
}

int hv_add_to_physmap(struct hv *hv, uint16_t domid, unsigned int space, uint64_t idx,
		      uint64_t gfn)
{
	(void)space, (void)idx, (void)gfn;
	return get(hv, domid) ? 0 : -ESRCH;
}

int hv_remove_from_physmap(struct hv *hv, uint16_t domid, uint64_t gfn)
{
	(void)gfn;
	return get(hv, domid) ? 0 : -ESRCH;
}

int hv_map(struct hv *hv, uint16_t domid, uint64_t gfn, unsigned int count, void **out)
{
	(void)gfn;
	if (!get(hv, domid))
		return -ESRCH;
	*out = calloc(count, HV_PAGE_SIZE);
	return *out ? 0 : -ENOMEM;
}

void hv_unmap(void *addr, unsigned int count)
{
	(void)count;
	free(addr);
}

int hv_map_grant_table(struct hv *hv, uint16_t domid, void **out)
{
	return hv_map(hv, domid, 0, 1, out);
}

int hv_window_open(struct hv *hv, uint16_t domid, struct hv_window **out)
{
	if (!get(hv, domid))
		return -ESRCH;
	*out = calloc(1, sizeof(**out));
	return *out ? 0 : -ENOMEM;
}

int hv_window_write(struct hv_window *w, uint64_t gpa, const void *src, size_t len)
{
	(void)w, (void)gpa, (void)src, (void)len;
	return 0;
}

void hv_window_close(struct hv_window *w)
{
	free(w);
}

int hv_event_alloc_unbound(struct hv *hv, uint16_t domid, uint16_t remote, uint32_t *port)
{
	static uint32_t next = 1;

	(void)remote;
	*port = next++;
	return get(hv, domid) ? 0 : -ESRCH;
}

/* --- the host ---------------------------------------------------------------- */

int hv_physinfo(struct hv *hv, struct xen_sysctl_physinfo *out)
{
	memset(out, 0, sizeof(*out));
	out->threads_per_core = 1;
	out->cores_per_socket = FAKE_CPUS;
	out->nr_cpus = FAKE_CPUS;
	out->max_cpu_id = FAKE_CPUS - 1;
	out->nr_nodes = 1;
	out->cpu_khz = 3000000;
	out->capabilities = XEN_SYSCTL_PHYSCAP_hvm | XEN_SYSCTL_PHYSCAP_hap;
	out->total_pages = hv->host->total_pages;
	out->free_pages = hv->host->free_pages;
	return 0;
}

int hv_sched_id(struct hv *hv, uint32_t *id)
{
	(void)hv;
	*id = XEN_SCHEDULER_CREDIT2;
	return 0;
}

int hv_cpu_idle(struct hv *hv, uint64_t *idle_ns, unsigned int max)
{
	unsigned int n = max < FAKE_CPUS ? max : FAKE_CPUS;

	fake_host_tick(hv->host);
	memcpy(idle_ns, hv->host->idle_ns, n * sizeof(*idle_ns));
	return (int)n;
}

int hv_console_read(struct hv *hv, char *buf, size_t len, bool clear, bool incremental,
		    uint32_t *index)
{
	static const char text[] = "(basalt) fake host: 4 CPUs, 16384 MiB\n"
				   "(basalt) control domain started\n";
	size_t n = sizeof(text) - 1 - (*index < sizeof(text) - 1 ? *index : sizeof(text) - 1);

	(void)hv, (void)clear, (void)incremental;
	n = n < len ? n : len;
	memcpy(buf, text + *index, n);
	*index += (uint32_t)n;
	return (int)n;
}

int hv_debug_keys(struct hv *hv, const char *keys)
{
	(void)hv, (void)keys;
	return 0;
}

int hv_cpu_topology(struct hv *hv, struct xen_sysctl_cputopo *cpus, unsigned int max)
{
	(void)hv;
	for (unsigned int i = 0; i < 4 && i < max; i++)
		cpus[i] = (struct xen_sysctl_cputopo){ .core = i };
	return 4;
}

int hv_nodes(struct hv *hv, struct hv_node *nodes, unsigned int max)
{
	(void)hv;
	if (max)
		nodes[0] = (struct hv_node){ .size = 16ull << 30, .free = 8ull << 30,
					     .distance = { 10 } };
	return 1;
}

int hv_version(struct hv *hv, struct hv_version *out)
{
	(void)hv;
	memset(out, 0, sizeof(*out));
	out->major = 4;
	out->minor = 17;
	out->page_size = HV_PAGE_SIZE;
	strcpy(out->capabilities, "hvm-3.0-x86_64");
	return 0;
}

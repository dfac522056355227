/*
 * The host as a whole.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libdom/internal.h"

#define LOG_PIECE 16384
#define LOG_MAX	  (64 * LOG_PIECE) /* far more than a hypervisor keeps */

static const char *scheduler_name(uint32_t id)
{
	switch (id) {
	case XEN_SCHEDULER_CREDIT:
		return "credit";
	case XEN_SCHEDULER_CREDIT2:
		return "credit2";
	case XEN_SCHEDULER_ARINC653:
		return "arinc653";
	case XEN_SCHEDULER_RTDS:
		return "rtds";
	case XEN_SCHEDULER_NULL:
		return "null";
	default:
		return "unknown";
	}
}

static void fill_version(const struct hv_version *v, struct dom_host *out)
{
	out->major = v->major;
	out->minor = v->minor;
	memcpy(out->extra, v->extra, sizeof(out->extra));
	memcpy(out->capabilities, v->capabilities, sizeof(out->capabilities));
	memcpy(out->changeset, v->changeset, sizeof(out->changeset));
	memcpy(out->commandline, v->commandline, sizeof(out->commandline));
	memcpy(out->compiler, v->compiler, sizeof(out->compiler));
	memcpy(out->compile_by, v->compile_by, sizeof(out->compile_by));
	memcpy(out->compile_domain, v->compile_domain, sizeof(out->compile_domain));
	memcpy(out->compile_date, v->compile_date, sizeof(out->compile_date));
	out->page_size = v->page_size;
	out->virt_start = v->virt_start;
}

static void fill_physical(const struct xen_sysctl_physinfo *p, struct dom_host *out)
{
	out->nr_cpus = p->nr_cpus;
	out->max_cpu_id = p->max_cpu_id;
	out->nr_nodes = p->nr_nodes;
	out->cores_per_socket = p->cores_per_socket;
	out->threads_per_core = p->threads_per_core;
	out->cpu_khz = p->cpu_khz;
	memcpy(out->hw_caps, p->hw_cap, sizeof(out->hw_caps));
	out->cap_hvm = p->capabilities & XEN_SYSCTL_PHYSCAP_hvm;
	out->cap_hap = p->capabilities & XEN_SYSCTL_PHYSCAP_hap;
	out->cap_directio = p->capabilities & XEN_SYSCTL_PHYSCAP_directio;
	out->cap_pv = p->capabilities & XEN_SYSCTL_PHYSCAP_pv;
	out->cap_shadow = p->capabilities & XEN_SYSCTL_PHYSCAP_shadow;
	out->total_kib = p->total_pages << (HV_PAGE_SHIFT - 10);
	out->free_kib = p->free_pages << (HV_PAGE_SHIFT - 10);
	out->scrub_kib = p->scrub_pages << (HV_PAGE_SHIFT - 10);
	out->outstanding_kib = p->outstanding_pages << (HV_PAGE_SHIFT - 10);
}

int dom_host(struct dom *dom, struct dom_host *out, struct dom_error *err)
{
	struct xen_sysctl_physinfo phys;
	struct hv_version version;
	uint32_t sched = 0;
	int ret = hv_version(dom->hv, &version);

	if (ret == 0)
		ret = hv_physinfo(dom->hv, &phys);
	if (ret)
		return dom_fail_errno(err, ret, "the hypervisor does not tell of the "
				      "host");
	memset(out, 0, sizeof(*out));
	fill_version(&version, out);
	fill_physical(&phys, out);
	hv_sched_id(dom->hv, &sched);
	snprintf(out->scheduler, sizeof(out->scheduler), "%s", scheduler_name(sched));
	return 0;
}

int dom_host_idle(struct dom *dom, uint64_t *idle_ns, unsigned int *count,
		  struct dom_error *err)
{
	int ret = hv_cpu_idle(dom->hv, idle_ns, *count);

	if (ret < 0)
		return dom_fail_errno(err, ret, "CPU idle times cannot be asked for");
	*count = (unsigned int)ret;
	return 0;
}

int dom_topology(struct dom *dom, struct dom_topology *out, struct dom_error *err)
{
	struct hv_node nodes[DOM_NODES_MAX];
	struct xen_sysctl_cputopo cpus[DOM_CPUS_MAX];
	int nr_cpus = hv_cpu_topology(dom->hv, cpus, DOM_CPUS_MAX);
	int nr_nodes = nr_cpus < 0 ? nr_cpus : hv_nodes(dom->hv, nodes, DOM_NODES_MAX);

	if (nr_nodes < 0)
		return dom_fail_errno(err, nr_nodes, "the hypervisor does not tell of its "
				      "CPUs and nodes");
	memset(out, 0, sizeof(*out));
	out->cpus = nr_cpus < DOM_CPUS_MAX ? (unsigned int)nr_cpus : DOM_CPUS_MAX;
	out->nodes = nr_nodes < DOM_NODES_MAX ? (unsigned int)nr_nodes : DOM_NODES_MAX;
	for (unsigned int i = 0; i < out->cpus; i++) {
		out->cpu[i].core = cpus[i].core;
		out->cpu[i].socket = cpus[i].socket;
		out->cpu[i].node = cpus[i].node;
	}
	for (unsigned int i = 0; i < out->nodes; i++) {
		out->node[i].size_kib = nodes[i].size >> 10;
		out->node[i].free_kib = nodes[i].free >> 10;
		memcpy(out->node[i].distance, nodes[i].distance,
		       sizeof(out->node[i].distance));
	}
	return 0;
}

/*
 * All of it is read before any is handed out: what the caller prints may end up
 * in the log, which then would have no end.
 */
int dom_dmesg(struct dom *dom, bool clear,
	      void (*chunk)(void *ctx, const char *text, size_t len), void *ctx,
	      struct dom_error *err)
{
	char *text = malloc(LOG_MAX), byte;
	uint32_t index = 0;
	size_t len = 0;
	int got = text ? LOG_PIECE : -ENOMEM;

	/* A read that is not full has reached the end. */
	while (got == LOG_PIECE && len < LOG_MAX) {
		got = hv_console_read(dom->hv, text + len, LOG_PIECE, false, true, &index);
		len += got > 0 ? (size_t)got : 0;
	}
	if (got >= 0 && clear)
		got = hv_console_read(dom->hv, &byte, sizeof(byte), true, true, &index);
	if (got >= 0)
		chunk(ctx, text, len);
	free(text);
	if (got < 0)
		return dom_fail_errno(err, got, "the hypervisor's log cannot be read");
	return 0;
}

int dom_debug_keys(struct dom *dom, const char *keys, struct dom_error *err)
{
	int ret = hv_debug_keys(dom->hv, keys);

	return ret ? dom_fail_errno(err, ret, "the hypervisor takes no debug keys") : 0;
}

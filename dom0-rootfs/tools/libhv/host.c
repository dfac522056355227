/*
 * The host as a whole: resources, scheduler, log, version.
 */
#include <string.h>

#include "libhv/priv.h" /* before xen/: it asks for the tools' part */
#include <xen/version.h>

int hv_physinfo(struct hv *hv, struct xen_sysctl_physinfo *out)
{
	struct xen_sysctl op = {.cmd = XEN_SYSCTL_physinfo};
	int ret = hv_sysctl(hv, &op);

	if (ret == 0)
		*out = op.u.physinfo;
	return ret;
}

int hv_sched_id(struct hv *hv, uint32_t *id)
{
	struct xen_sysctl op = {.cmd = XEN_SYSCTL_sched_id};
	int ret = hv_sysctl(hv, &op);

	if (ret == 0)
		*id = op.u.sched_id.sched_id;
	return ret;
}

int hv_cpu_idle(struct hv *hv, uint64_t *idle_ns, unsigned int max)
{
	struct xen_sysctl op = {.cmd = XEN_SYSCTL_getcpuinfo};
	struct hv_buf b;
	int ret = hv_buf_get(hv, max * sizeof(xen_sysctl_cpuinfo_t), &b);

	if (ret)
		return ret;
	op.u.getcpuinfo.max_cpus = max;
	set_xen_guest_handle(op.u.getcpuinfo.info, b.p);
	ret = hv_sysctl(hv, &op);
	if (ret == 0) {
		ret = (int)op.u.getcpuinfo.nr_cpus;
		memcpy(idle_ns, b.p, (size_t)ret * sizeof(*idle_ns));
	}
	hv_buf_put(hv, &b);
	return ret;
}

int hv_console_read(struct hv *hv, char *buf, size_t len, bool clear,
		    bool incremental, uint32_t *index)
{
	struct xen_sysctl op = {.cmd = XEN_SYSCTL_readconsole};
	struct hv_buf b;
	int ret = hv_buf_get(hv, len, &b);

	if (ret)
		return ret;
	op.u.readconsole.clear = clear;
	op.u.readconsole.incremental = incremental;
	op.u.readconsole.index = *index;
	op.u.readconsole.count = (uint32_t)len;
	set_xen_guest_handle(op.u.readconsole.buffer, b.p);
	ret = hv_sysctl(hv, &op);
	if (ret == 0) {
		ret = (int)op.u.readconsole.count;
		memcpy(buf, b.p, (size_t)ret);
		*index = op.u.readconsole.index;
	}
	hv_buf_put(hv, &b);
	return ret;
}

int hv_debug_keys(struct hv *hv, const char *keys)
{
	struct xen_sysctl op = {.cmd = XEN_SYSCTL_debug_keys};
	size_t len = strlen(keys);
	struct hv_buf b;
	int ret = hv_buf_get(hv, len, &b);

	if (ret)
		return ret;
	memcpy(b.p, keys, len);
	op.u.debug_keys.nr_keys = (uint32_t)len;
	set_xen_guest_handle(op.u.debug_keys.keys, b.p);
	ret = hv_sysctl(hv, &op);
	hv_buf_put(hv, &b);
	return ret;
}

/* A fixed-size text of the hypervisor; dst is one longer and already zeroed. */
static void version_text(struct hv *hv, unsigned int cmd, char *dst, size_t len)
{
	if (hv_call_struct(hv, __HYPERVISOR_xen_version, cmd, dst, len) < 0)
		memset(dst, 0, len);
}

int hv_version(struct hv *hv, struct hv_version *out)
{
	struct xen_platform_parameters platform = {0};
	struct xen_compile_info ci = {.compiler = ""};
	int ret = hv_call(hv, __HYPERVISOR_xen_version, (uint64_t[5]){XENVER_version});

	if (ret < 0)
		return ret;
	memset(out, 0, sizeof(*out));
	out->major = (unsigned int)ret >> 16;
	out->minor = (unsigned int)ret & 0xffff;
	version_text(hv, XENVER_extraversion, out->extra, 16);
	version_text(hv, XENVER_capabilities, out->capabilities, 1024);
	version_text(hv, XENVER_changeset, out->changeset, 64);
	version_text(hv, XENVER_commandline, out->commandline, 1024);
	version_text(hv, XENVER_compile_info, (char *)&ci, sizeof(ci));
	memcpy(out->compiler, ci.compiler, sizeof(ci.compiler));
	memcpy(out->compile_by, ci.compile_by, sizeof(ci.compile_by));
	memcpy(out->compile_domain, ci.compile_domain, sizeof(ci.compile_domain));
	memcpy(out->compile_date, ci.compile_date, sizeof(ci.compile_date));
	if (hv_call_struct(hv, __HYPERVISOR_xen_version, XENVER_platform_parameters,
			   &platform, sizeof(platform)) == 0)
		out->virt_start = platform.virt_start;
	ret = hv_call(hv, __HYPERVISOR_xen_version, (uint64_t[5]){XENVER_pagesize});
	out->page_size = ret > 0 ? (uint32_t)ret : HV_PAGE_SIZE;
	return 0;
}

/* --- topology -------------------------------------------------------------- */

int hv_cpu_topology(struct hv *hv, struct xen_sysctl_cputopo *cpus, unsigned int max)
{
	struct xen_sysctl op = {.cmd = XEN_SYSCTL_cputopoinfo};
	struct hv_buf b;
	int ret = hv_buf_get(hv, max * sizeof(*cpus), &b);

	if (ret)
		return ret;
	op.u.cputopoinfo.num_cpus = max;
	set_xen_guest_handle(op.u.cputopoinfo.cputopo, b.p);
	ret = hv_sysctl(hv, &op);
	if (ret == 0) {
		ret = (int)op.u.cputopoinfo.num_cpus;
		memcpy(cpus, b.p, max * sizeof(*cpus));
	}
	hv_buf_put(hv, &b);
	return ret;
}

int hv_nodes(struct hv *hv, struct hv_node *nodes, unsigned int max)
{
	struct xen_sysctl op = {.cmd = XEN_SYSCTL_numainfo};
	const struct xen_sysctl_meminfo *mem;
	const uint32_t *distance;
	struct hv_buf b;
	int ret = hv_buf_get(hv, HV_PAGE_SIZE, &b);

	if (ret)
		return ret;
	mem = b.p;
	distance = (const uint32_t *)(mem + HV_NODES_MAX);
	op.u.numainfo.num_nodes = HV_NODES_MAX;
	set_xen_guest_handle(op.u.numainfo.meminfo, b.p);
	set_xen_guest_handle(op.u.numainfo.distance, (void *)distance);
	ret = hv_sysctl(hv, &op);
	if (ret == 0)
		ret = (int)op.u.numainfo.num_nodes;
	for (int i = 0; i < ret && i < (int)max && i < HV_NODES_MAX; i++) {
		nodes[i].size = mem[i].memsize;
		nodes[i].free = mem[i].memfree;
		for (int j = 0; j < ret && j < HV_NODES_MAX; j++)
			nodes[i].distance[j] = distance[i * ret + j];
	}
	hv_buf_put(hv, &b);
	return ret;
}

/* --- counters and trace --------------------------------------------------- */

static int perfc(struct hv *hv, struct hv_buf *desc, struct hv_buf *val)
{
	struct xen_sysctl op = {.cmd = XEN_SYSCTL_perfc_op};
	int ret;

	op.u.perfc_op.cmd = XEN_SYSCTL_PERFCOP_query;
	if (desc) {
		set_xen_guest_handle(op.u.perfc_op.desc, desc->p);
		set_xen_guest_handle(op.u.perfc_op.val, val->p);
	}
	ret = hv_sysctl(hv, &op);
	return ret ? ret : (int)op.u.perfc_op.nr_counters;
}

int hv_counters(struct hv *hv, struct hv_counter *list, unsigned int max)
{
	int n = perfc(hv, NULL, NULL);
	struct hv_buf desc, val;
	int ret;

	if (n < 0 || !list)
		return n;
	ret = hv_buf_get(hv, (size_t)n * sizeof(xen_sysctl_perfc_desc_t), &desc);
	if (ret)
		return ret;
	ret = hv_buf_get(hv, (size_t)n * sizeof(xen_sysctl_perfc_val_t), &val);
	if (ret == 0) {
		ret = perfc(hv, &desc, &val);
		for (int i = 0; i < ret && (unsigned int)i < max; i++) {
			memcpy(list[i].name, ((xen_sysctl_perfc_desc_t *)desc.p)[i].name, 80);
			list[i].name[80] = '\0';
			list[i].value = ((xen_sysctl_perfc_val_t *)val.p)[i];
		}
		hv_buf_put(hv, &val);
	}
	hv_buf_put(hv, &desc);
	return ret;
}

static int tbuf(struct hv *hv, struct xen_sysctl *op, uint32_t cmd)
{
	op->cmd = XEN_SYSCTL_tbuf_op;
	op->u.tbuf_op.cmd = cmd;
	return hv_sysctl(hv, op);
}

int hv_trace_enable(struct hv *hv, uint32_t mask, struct hv_trace *out)
{
	struct xen_sysctl op = {.u.tbuf_op.evt_mask = mask};
	struct xen_sysctl_physinfo phys;
	int ret = hv_physinfo(hv, &phys);

	if (ret == 0)
		ret = tbuf(hv, &op, XEN_SYSCTL_TBUFOP_set_evt_mask);
	if (ret == 0)
		ret = tbuf(hv, &op, XEN_SYSCTL_TBUFOP_enable);
	if (ret == 0)
		ret = tbuf(hv, &op, XEN_SYSCTL_TBUFOP_get_info);
	if (ret)
		return ret;
	out->mfn = op.u.tbuf_op.buffer_mfn;
	out->cpus = phys.nr_cpus;
	out->pages = op.u.tbuf_op.size / HV_PAGE_SIZE;
	return 0;
}

int hv_trace_disable(struct hv *hv)
{
	struct xen_sysctl op = {0};

	return tbuf(hv, &op, XEN_SYSCTL_TBUFOP_disable);
}

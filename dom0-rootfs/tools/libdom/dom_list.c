/*
 * Looking at domains: the hypervisor's list, with names from xenstore.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <time.h>

#include "libdom/internal.h"

#define LIST_BATCH 64

int dom_open(struct dom **out, struct dom_error *err)
{
	struct dom *dom = calloc(1, sizeof(*dom));
	int ret;

	if (!dom)
		return dom_fail_errno(err, -ENOMEM, "libdom");
	ret = hv_open(&dom->hv);
	if (ret)
		dom_fail_errno(err, ret, "/dev/xen/privcmd cannot be opened: is this "
			       "dom0, are you root, is xen-privcmd loaded");
	if (ret == 0) {
		ret = xs_open(&dom->xs, NULL);
		if (ret)
			dom_fail(err, ret = -ENOTCONN,
				 "xenstored does not answer: it is not running: start "
				 "it first");
	}
	if (ret) {
		dom_close(dom);
		return ret;
	}
	*out = dom;
	return 0;
}

void dom_close(struct dom *dom)
{
	if (!dom)
		return;
	if (dom->xs)
		xs_close(dom->xs);
	hv_close(dom->hv);
	free(dom);
}

void dom_uuid_text(const uint8_t u[16], char text[DOM_UUID_TEXT_SIZE])
{
	snprintf(text, DOM_UUID_TEXT_SIZE,
		 "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
		 u[0], u[1], u[2], u[3], u[4], u[5], u[6], u[7], u[8], u[9], u[10],
		 u[11], u[12], u[13], u[14], u[15]);
}

/* 0, or -errno when the store cannot tell; a domain without a name has "". */
static int read_name(struct dom *dom, uint32_t domid, char name[DOM_NAME_SIZE])
{
	char path[64];
	int ret;

	snprintf(path, sizeof(path), "/local/domain/%u/name", domid);
	ret = xs_read(dom->xs, XS_TX_NONE, path, name, DOM_NAME_SIZE);
	if (ret < 0)
		name[0] = '\0';
	if (domid == 0 && !name[0])
		snprintf(name, DOM_NAME_SIZE, "Domain-0");
	return ret == -ENOTCONN || ret == -ETIMEDOUT ? ret : 0;
}

void domain_name(struct dom *dom, uint32_t domid, char name[DOM_NAME_SIZE])
{
	read_name(dom, domid, name);
}

int domain_state(struct dom *dom, uint32_t domid,
		 struct xen_domctl_getdomaininfo *info, struct dom_error *err)
{
	int ret = domid < DOMID_FIRST_RESERVED
			  ? hv_domain_info(dom->hv, (uint16_t)domid, info)
			  : -ESRCH;

	if (ret == -ESRCH)
		return dom_fail(err, ret, "%u: no domain has this id: see `xl list`",
				domid);
	if (ret)
		return dom_fail_errno(err, ret, "%u: the hypervisor does not tell of "
				      "this domain", domid);
	return 0;
}

/* All but its name. */
static void fill_info(const struct xen_domctl_getdomaininfo *in, struct dom_info *out)
{
	memset(out, 0, sizeof(*out));
	out->domid = in->domain;
	memcpy(out->uuid, in->handle, sizeof(out->uuid));
	out->running = in->flags & XEN_DOMINF_running;
	out->blocked = in->flags & XEN_DOMINF_blocked;
	out->paused = in->flags & XEN_DOMINF_paused;
	out->shutdown = in->flags & XEN_DOMINF_shutdown;
	out->dying = in->flags & XEN_DOMINF_dying;
	out->shutdown_reason =
		out->shutdown ? (int)(in->flags >> XEN_DOMINF_shutdownshift &
				      XEN_DOMINF_shutdownmask)
			      : -1;
	out->mem_kib = in->tot_pages << (HV_PAGE_SHIFT - 10);
	/* dom0 has no limit: more than any machine could hold */
	out->maxmem_kib = in->max_pages >> 44 ? UINT64_MAX
					      : in->max_pages << (HV_PAGE_SHIFT - 10);
	out->cpu_ns = in->cpu_time;
	out->vcpus_online = in->nr_online_vcpus;
	out->vcpus_max = in->max_vcpu_id + 1; /* ~0: no vCPUs yet */
	out->cpupool = in->cpupool;
}

/* Room for count more entries. */
static int grow(struct dom_info **list, size_t have, size_t count)
{
	void *p = realloc(*list, (have + count) * sizeof(**list));

	if (!p)
		return -ENOMEM;
	*list = p;
	return 0;
}

/* A list without names would show every VM as another one: better none. */
static int fill_batch(struct dom *dom, const struct xen_domctl_getdomaininfo *batch,
		      int count, struct dom_info *out)
{
	int ret = 0;

	for (int i = 0; i < count && ret == 0; i++) {
		fill_info(&batch[i], &out[i]);
		ret = read_name(dom, batch[i].domain, out[i].name);
	}
	return ret;
}

int dom_list(struct dom *dom, struct dom_info **list, size_t *count,
	     struct dom_error *err)
{
	struct xen_domctl_getdomaininfo batch[LIST_BATCH];
	struct dom_info *all = NULL;
	uint32_t first = 0;
	size_t n = 0;
	int got, ret;

	do {
		got = hv_domain_list(dom->hv, (uint16_t)first, batch, LIST_BATCH);
		if (got >= 0 && grow(&all, n, (size_t)got + 1) < 0)
			got = -ENOMEM;
		if (got < 0) {
			free(all);
			return dom_fail_errno(err, got, "domains cannot be listed");
		}
		ret = fill_batch(dom, batch, got, all + n);
		if (ret) {
			free(all);
			return dom_fail(err, -ENOTCONN, "xenstored does not answer: it is "
					"not running, or hangs: see /var/log/messages");
		}
		n += (size_t)got;
		if (got)
			first = batch[got - 1].domain + 1u;
	} while (got == LIST_BATCH && first < DOMID_FIRST_RESERVED);
	*list = all;
	*count = n;
	return 0;
}

int dom_get(struct dom *dom, uint32_t domid, struct dom_info *out,
	    struct dom_error *err)
{
	struct xen_domctl_getdomaininfo info;
	int ret = domain_state(dom, domid, &info, err);

	if (ret == 0) {
		fill_info(&info, out);
		domain_name(dom, domid, out->name);
	}
	return ret;
}

/* All digits, and small enough for a domain's id. */
static bool is_id(const char *s, uint32_t *id)
{
	char *end;
	unsigned long n = strtoul(s, &end, 10);

	if (s[0] < '0' || s[0] > '9' || *end)
		return false;
	*id = n < DOMID_FIRST_RESERVED ? (uint32_t)n : DOMID_FIRST_RESERVED;
	return true;
}

int dom_find(struct dom *dom, const char *name_or_id, uint32_t *domid,
	     struct dom_error *err)
{
	struct xen_domctl_getdomaininfo info;
	struct dom_info *list;
	size_t count, i;
	int ret;

	if (is_id(name_or_id, domid))
		return domain_state(dom, *domid, &info, err);
	ret = dom_list(dom, &list, &count, err);
	if (ret)
		return ret;
	for (i = 0; i < count; i++)
		if (strcmp(list[i].name, name_or_id) == 0)
			break;
	if (i < count)
		*domid = list[i].domid;
	free(list);
	if (i < count)
		return 0;
	return dom_fail(err, -ESRCH, "%s: no VM of that name runs: see `xl list`",
			name_or_id);
}

int dom_uptime(struct dom *dom, uint32_t domid, uint64_t *seconds,
	       struct dom_error *err)
{
	struct xen_domctl_getdomaininfo info;
	char path[96], uuid[DOM_UUID_TEXT_SIZE], text[32];
	struct sysinfo host;
	long long start, now;
	int ret = domain_state(dom, domid, &info, err);

	if (ret)
		return ret;
	if (domid == 0) {
		sysinfo(&host);
		*seconds = (uint64_t)host.uptime;
		return 0;
	}
	dom_uuid_text(info.handle, uuid);
	snprintf(path, sizeof(path), "/vm/%s/start_time", uuid);
	ret = xs_read(dom->xs, XS_TX_NONE, path, text, sizeof(text));
	if (ret < 0)
		return dom_fail_errno(err, ret, "%u: its start time is not known",
				      domid);
	start = strtoll(text, NULL, 10);
	now = (long long)time(NULL);
	*seconds = now > start ? (uint64_t)(now - start) : 0;
	return 0;
}

int dom_console(struct dom *dom, uint32_t domid, char *tty, size_t size,
		struct dom_error *err)
{
	struct xen_domctl_getdomaininfo info;
	char path[64];
	int ret = domain_state(dom, domid, &info, err);

	if (ret)
		return ret;
	snprintf(path, sizeof(path), "/local/domain/%u/console/tty", domid);
	ret = xs_read(dom->xs, XS_TX_NONE, path, tty, size);
	if (ret > 0)
		return 0;
	return dom_fail(err, -ENOENT,
			"%u: has no console (yet): xenconsoled has not opened it: is "
			"xenconsoled running", domid);
}

int dom_config(struct dom *dom, uint32_t domid, struct vm_config *cfg,
	       struct dom_error *err)
{
	struct xen_domctl_getdomaininfo info;
	int ret = domain_state(dom, domid, &info, err);

	return ret ? ret : record_load(info.handle, cfg, err);
}

int dom_vcpu(struct dom *dom, uint32_t domid, unsigned int vcpu,
	     struct dom_vcpu *out, struct dom_error *err)
{
	struct xen_domctl_getvcpuinfo v;
	int ret = hv_vcpu_info(dom->hv, (uint16_t)domid, vcpu, &v);

	memset(out, 0, sizeof(*out));
	if (ret == 0) {
		out->online = v.online;
		out->blocked = v.blocked;
		out->running = v.running;
		out->cpu = v.cpu;
		out->cpu_ns = v.cpu_time;
		ret = hv_vcpu_get_affinity(dom->hv, (uint16_t)domid, vcpu,
					   (uint8_t *)out->hard.bits,
					   (uint8_t *)out->soft.bits,
					   CONFIG_PCPUS_MAX);
	}
	if (ret == -ESRCH || ret == -EINVAL)
		ret = -ENOENT;
	if (ret)
		return dom_fail_errno(err, ret, "%u: vCPU %u cannot be shown", domid,
				      vcpu);
	return 0;
}

int dom_sched(struct dom *dom, uint32_t domid, unsigned int *weight,
	      unsigned int *cap, struct dom_error *err)
{
	uint16_t w, c;
	int ret = hv_sched_get(dom->hv, (uint16_t)domid, &w, &c);

	if (ret)
		return dom_fail_errno(err, ret, "%u: weight and cap cannot be asked for",
				      domid);
	*weight = w;
	*cap = c;
	return 0;
}

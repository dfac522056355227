/*
 * vCPUs of a running VM: which are in use (the guest is asked through xenstore), where
 * they may run, and how much of the CPUs they get.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libdom/change.h"
#include "libdom/changing.h"

#define DEFAULT_WEIGHT 256

/* --- how many ---------------------------------------------------------------- */

static int write_online(struct dom *dom, uint32_t domid, unsigned int n, unsigned int max)
{
	char path[80];
	unsigned int i;
	xs_tx tx;
	int ret;

	do {
		ret = xs_tx_start(dom->xs, &tx);
		if (ret)
			return ret;
		for (i = 0; i < max && ret == 0; i++) {
			snprintf(path, sizeof(path),
				 "/local/domain/%u/cpu/%u/availability", domid, i);
			ret = xs_printf(dom->xs, tx, path, "%s",
					i < n ? "online" : "offline");
		}
		ret = xs_tx_end(dom->xs, tx, ret);
	} while (ret == -EAGAIN);
	return ret;
}

static int set_online(struct dom *dom, struct changing *c, unsigned int n,
		      struct dom_error *err)
{
	unsigned int old = c->cfg.vcpus;
	int ret;

	if (n < 1 || n > c->info.vcpus_max)
		return dom_fail(err, -EINVAL, "%s: %u vCPUs cannot be: it has 1 to %u: "
				"maxvcpus= of its configuration says how many it can "
				"have", c->name, n, c->info.vcpus_max);
	c->cfg.vcpus = n;
	ret = changing_keep(c, err);
	if (ret)
		return ret;
	ret = write_online(dom, c->info.domid, n, c->info.vcpus_max);
	if (ret == 0)
		return 0;
	c->cfg.vcpus = old;
	changing_keep(c, NULL);
	return dom_fail_errno(err, ret, "%s: xenstore does not take the number of vCPUs",
			      c->name);
}

int dom_vcpu_set(struct dom *dom, uint32_t domid, unsigned int n, struct dom_error *err)
{
	struct changing c;
	int ret = changing_begin(dom, domid, &c, err);

	if (ret)
		return ret;
	ret = set_online(dom, &c, n, err);
	changing_end(&c);
	return ret;
}

/* --- where ------------------------------------------------------------------- */

/* Entry vcpu of a list in which all others may run anywhere, made if need be. */
static int keep_one(struct vm_cpuset **list, size_t *n, unsigned int count,
		    unsigned int vcpu, const struct vm_cpuset *set)
{
	struct vm_cpuset *grown;

	if (!set)
		return 0;
	if (*n < count) {
		grown = realloc(*list, count * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		memset(grown + *n, 0xff, (count - *n) * sizeof(*grown));
		*list = grown;
		*n = count;
	}
	(*list)[vcpu] = *set;
	return 0;
}

static int pin_one(struct dom *dom, struct changing *c, unsigned int vcpu,
		   const struct vm_cpuset *hard, const struct vm_cpuset *soft,
		   struct dom_error *err)
{
	unsigned int count = c->info.vcpus_max;
	int ret = hv_vcpu_set_affinity(dom->hv, (uint16_t)c->info.domid, vcpu,
				       hard ? (const uint8_t *)hard->bits : NULL,
				       soft ? (const uint8_t *)soft->bits : NULL,
				       CONFIG_PCPUS_MAX);

	if (ret == -EINVAL)
		return dom_fail(err, ret, "%s: vCPU %u: none of these CPUs exists: "
				"choose from `xl info`'s nr_cpus", c->name, vcpu);
	if (ret)
		return dom_fail_errno(err, ret, "%s: vCPU %u cannot be pinned", c->name,
				      vcpu);
	ret = keep_one(&c->cfg.hard, &c->cfg.nhard, count, vcpu, hard);
	if (ret == 0)
		ret = keep_one(&c->cfg.soft, &c->cfg.nsoft, count, vcpu, soft);
	return ret ? dom_fail_errno(err, ret, "%s", c->name) : 0;
}

static int pin(struct dom *dom, struct changing *c, unsigned int vcpu,
	       const struct vm_cpuset *hard, const struct vm_cpuset *soft,
	       struct dom_error *err)
{
	unsigned int first = vcpu, last = vcpu, i;
	int ret = 0;

	if (vcpu == DOM_ALL_VCPUS) {
		first = 0;
		last = c->info.vcpus_max - 1;
	} else if (vcpu >= c->info.vcpus_max) {
		return dom_fail(err, -EINVAL, "%s: there is no vCPU %u: it has 0 to %u",
				c->name, vcpu, c->info.vcpus_max - 1);
	}
	for (i = first; i <= last && ret == 0; i++)
		ret = pin_one(dom, c, i, hard, soft, err);
	return ret ? ret : changing_keep(c, err);
}

int dom_vcpu_pin(struct dom *dom, uint32_t domid, unsigned int vcpu,
		 const struct vm_cpuset *hard, const struct vm_cpuset *soft,
		 struct dom_error *err)
{
	struct changing c;
	int ret = changing_begin_cpus(dom, domid, &c, err);

	if (ret)
		return ret;
	ret = pin(dom, &c, vcpu, hard, soft, err);
	changing_end(&c);
	return ret;
}

/* --- how much ---------------------------------------------------------------- */

static int share(struct dom *dom, struct changing *c, int weight, int cap,
		 struct dom_error *err)
{
	unsigned int w = DEFAULT_WEIGHT, p = 0;
	int ret = dom_sched(dom, c->info.domid, &w, &p, err);

	if (ret)
		return ret;
	if (weight >= 0)
		w = (unsigned int)weight;
	if (cap >= 0)
		p = (unsigned int)cap;
	if (w < 1 || w > 65535)
		return dom_fail(err, -EINVAL, "%s: a weight of %u cannot be: it must be "
				"from 1 to 65535", c->name, w);
	if (p > 100 * c->info.vcpus_max)
		return dom_fail(err, -EINVAL, "%s: a cap of %u %% cannot be: with %u "
				"vCPUs it is at most %u, and 0 means none", c->name, p,
				c->info.vcpus_max, 100 * c->info.vcpus_max);
	ret = hv_sched_set(dom->hv, (uint16_t)c->info.domid, (uint16_t)w, (uint16_t)p);
	if (ret)
		return dom_fail_errno(err, ret, "%s: weight and cap cannot be set",
				      c->name);
	c->cfg.cpu_weight = w;
	c->cfg.cap = p;
	return changing_keep(c, err);
}

int dom_sched_set(struct dom *dom, uint32_t domid, int weight, int cap,
		  struct dom_error *err)
{
	struct changing c;
	int ret = changing_begin_cpus(dom, domid, &c, err);

	if (ret)
		return ret;
	ret = share(dom, &c, weight, cap, err);
	changing_end(&c);
	return ret;
}

/*
 * Memory of a running VM. What it may have is the hypervisor's limit; what it should
 * use is memory/target in xenstore, which its balloon driver follows. The limit is
 * kept at the target, so that a guest told to give memory back cannot take it again
 * by itself; the maximum of its configuration stays in the record.
 */
#include <errno.h>
#include <stdio.h>

#include "libdom/change.h"
#include "libdom/changing.h"

/* Rings and tables are beyond what the configuration counts: as at the making. */
#define SLACK_KIB 1024

static void target_path(uint32_t domid, char path[64])
{
	snprintf(path, 64, "/local/domain/%u/memory/target", domid);
}

int dom_mem_target(struct dom *dom, uint32_t domid, uint64_t *kib,
		   struct dom_error *err)
{
	char path[64];
	int ret;

	target_path(domid, path);
	ret = xs_read_u64(dom->xs, XS_TX_NONE, path, kib);
	if (ret)
		return dom_fail_errno(err, ret, "%u: what memory it should use is not "
				      "known", domid);
	return 0;
}

/* As configured; of a VM we keep nothing of, what the hypervisor allows. */
static uint64_t maximum(const struct changing *c)
{
	if (c->recorded)
		return (uint64_t)c->cfg.maxmem_mib << 10;
	return c->info.maxmem_kib - SLACK_KIB;
}

static int check_target(struct dom *dom, const struct changing *c, uint64_t kib,
			struct dom_error *err)
{
	struct dom_host host;
	int ret;

	if (kib < (uint64_t)CONFIG_MEM_MIN_MIB << 10)
		return dom_fail(err, -EINVAL, "%s: %llu KiB are too little for a guest: "
				"give it at least %u MiB", c->name,
				(unsigned long long)kib, CONFIG_MEM_MIN_MIB);
	if (kib > maximum(c))
		return dom_fail(err, -EINVAL, "%s: %llu MiB are more than its maximum, "
				"%llu MiB: raise that first (xl mem-max), or give it "
				"less", c->name, (unsigned long long)(kib >> 10),
				(unsigned long long)(maximum(c) >> 10));
	if (kib <= c->info.mem_kib)
		return 0;
	ret = dom_host(dom, &host, err);
	if (ret)
		return ret;
	if (kib - c->info.mem_kib > host.free_kib)
		return dom_fail(err, -ENOMEM, "%s: the host has only %llu MiB free: stop "
				"another VM or take memory from one", c->name,
				(unsigned long long)(host.free_kib >> 10));
	return 0;
}

static int set_target(struct dom *dom, struct changing *c, uint64_t kib,
		      struct dom_error *err)
{
	unsigned int old = c->cfg.memory_mib;
	char path[64];
	int ret = hv_domain_set_max_mem(dom->hv, (uint16_t)c->info.domid, kib + SLACK_KIB);

	if (ret)
		return dom_fail_errno(err, ret, "%s: the hypervisor does not take the "
				      "limit", c->name);
	target_path(c->info.domid, path);
	c->cfg.memory_mib = (unsigned int)(kib >> 10);
	ret = changing_keep(c, err);
	if (ret)
		return ret;
	ret = xs_printf(dom->xs, XS_TX_NONE, path, "%llu", (unsigned long long)kib);
	if (ret == 0)
		return 0;
	c->cfg.memory_mib = old;
	changing_keep(c, NULL);
	return dom_fail_errno(err, ret, "%s: xenstore does not take the target", c->name);
}

int dom_mem_set(struct dom *dom, uint32_t domid, uint64_t kib, struct dom_error *err)
{
	struct changing c;
	int ret = changing_begin(dom, domid, &c, err);

	if (ret)
		return ret;
	ret = check_target(dom, &c, kib, err);
	if (ret == 0)
		ret = set_target(dom, &c, kib, err);
	changing_end(&c);
	return ret;
}

static int set_maximum(struct dom *dom, struct changing *c, uint64_t kib,
		       struct dom_error *err)
{
	uint64_t target = c->info.mem_kib;
	int ret;

	dom_mem_target(dom, c->info.domid, &target, NULL);
	if (kib < target)
		return dom_fail(err, -EINVAL, "%s: is to use %llu MiB now: lower that "
				"first (xl mem-set), or give it a higher maximum",
				c->name, (unsigned long long)(target >> 10));
	if (kib >> 10 > CONFIG_MEM_MAX_MIB)
		return dom_fail(err, -EINVAL, "%s: no VM can have more than %u MiB",
				c->name, CONFIG_MEM_MAX_MIB);
	if (c->recorded) {
		c->cfg.maxmem_mib = (unsigned int)(kib >> 10);
		return changing_keep(c, err);
	}
	ret = hv_domain_set_max_mem(dom->hv, (uint16_t)c->info.domid, kib + SLACK_KIB);
	if (ret)
		return dom_fail_errno(err, ret, "%s: the hypervisor does not take the "
				      "limit", c->name);
	return 0;
}

int dom_mem_max(struct dom *dom, uint32_t domid, uint64_t kib, struct dom_error *err)
{
	struct changing c;
	int ret = changing_begin(dom, domid, &c, err);

	if (ret)
		return ret;
	ret = set_maximum(dom, &c, kib, err);
	changing_end(&c);
	return ret;
}

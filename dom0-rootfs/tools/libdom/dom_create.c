/*
 * Making a VM: check everything, make a plan, carry it out.
 *
 * Order: the domain with vCPUs and memory, filled with kernel, ramdisk and
 * tables; rings; registers; xenstore; devices; introduction to xenstored (which
 * lets the console daemon see it, too); start. Nobody sees the guest before it
 * is complete, and a failure at any step takes it all back. If the process is
 * killed, the next making of a VM of that name does (making.c).
 */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "libdom/build.h"

void build_progress(struct build *b, const char *what, uint64_t done, uint64_t all)
{
	if (b->opts && b->opts->progress)
		b->opts->progress(b->opts->ctx, what,
				  all ? (unsigned int)(done * 100 / all) : 100);
}

/* --- the steps ------------------------------------------------------------ */

static void domain_tell(void *ctx, size_t item, char *line, size_t size)
{
	const struct vm_config *cfg = ((struct build *)ctx)->cfg;
	char uuid[DOM_UUID_TEXT_SIZE];

	(void)item;
	dom_uuid_text(cfg->uuid, uuid);
	snprintf(line, size, "domain: make %s, uuid %s", cfg->name, uuid);
}

static int domain_run(void *ctx, size_t item, struct dom_error *err)
{
	(void)item;
	return domain_new(ctx, err);
}

static void domain_undo(void *ctx, size_t item)
{
	struct build *b = ctx;

	(void)item;
	destroy_domain(b->dom, b->domid, NULL);
}

static void vcpus_tell(void *ctx, size_t item, char *line, size_t size)
{
	const struct vm_config *cfg = ((struct build *)ctx)->cfg;

	(void)item;
	snprintf(line, size, "vcpus: %u of at most %u%s", cfg->vcpus, cfg->maxvcpus,
		 cfg->nhard || cfg->nsoft ? ", pinned as configured" : "");
}

static int vcpus_run(void *ctx, size_t item, struct dom_error *err)
{
	(void)item;
	return domain_vcpus(ctx, err);
}

static void memory_tell(void *ctx, size_t item, char *line, size_t size)
{
	const struct vm_config *cfg = ((struct build *)ctx)->cfg;

	(void)item;
	snprintf(line, size, "memory: give %u MiB of at most %u", cfg->memory_mib,
		 cfg->maxmem_mib);
}

static int memory_run(void *ctx, size_t item, struct dom_error *err)
{
	int ret = domain_limits(ctx, err);

	(void)item;
	return ret ? ret : memory_populate(ctx, err);
}

/* What is mapped of a domain keeps it from dying. */
static void memory_undo(void *ctx, size_t item)
{
	(void)item;
	memory_seal(ctx);
}

static void kernel_tell(void *ctx, size_t item, char *line, size_t size)
{
	const struct build *b = ctx;

	(void)item;
	snprintf(line, size, "kernel: load %s at %#llx to %#llx, entry %#llx",
		 b->cfg->kernel, (unsigned long long)b->kernel.image.low,
		 (unsigned long long)b->kernel.image.high,
		 (unsigned long long)b->kernel.image.entry);
}

static int kernel_run(void *ctx, size_t item, struct dom_error *err)
{
	(void)item;
	return memory_load_kernel(ctx, err);
}

static void ramdisk_tell(void *ctx, size_t item, char *line, size_t size)
{
	const struct build *b = ctx;

	(void)item;
	snprintf(line, size, "ramdisk: load %s at %#llx, %llu bytes", b->cfg->ramdisk,
		 (unsigned long long)b->layout.ramdisk,
		 (unsigned long long)b->layout.ramdisk_size);
}

static int ramdisk_run(void *ctx, size_t item, struct dom_error *err)
{
	(void)item;
	return memory_load_ramdisk(ctx, err);
}

static void tables_tell(void *ctx, size_t item, char *line, size_t size)
{
	const struct build *b = ctx;

	(void)item;
	snprintf(line, size, "tables: ACPI at %#llx, start info at %#llx, command line "
		 "'%s'", (unsigned long long)b->layout.acpi,
		 (unsigned long long)b->layout.start_info, b->cfg->cmdline);
}

static int tables_run(void *ctx, size_t item, struct dom_error *err)
{
	(void)item;
	return memory_load_tables(ctx, err);
}

static void rings_tell(void *ctx, size_t item, char *line, size_t size)
{
	(void)ctx;
	(void)item;
	snprintf(line, size, "rings: xenstore at frame %#llx, console at %#llx",
		 (unsigned long long)GUEST_STORE_GFN,
		 (unsigned long long)GUEST_CONSOLE_GFN);
}

static int rings_run(void *ctx, size_t item, struct dom_error *err)
{
	(void)item;
	return rings_open(ctx, err);
}

static void state_tell(void *ctx, size_t item, char *line, size_t size)
{
	(void)ctx;
	(void)item;
	snprintf(line, size, "registers: vCPU 0 at the kernel's PVH entry");
}

static int state_run(void *ctx, size_t item, struct dom_error *err)
{
	(void)item;
	return domain_start_state(ctx, err);
}

static void nodes_tell(void *ctx, size_t item, char *line, size_t size)
{
	(void)ctx;
	(void)item;
	snprintf(line, size, "xenstore: write the domain's nodes");
}

static int nodes_run(void *ctx, size_t item, struct dom_error *err)
{
	(void)item;
	return nodes_write_domain(ctx, err);
}

static void nodes_undo(void *ctx, size_t item)
{
	struct build *b = ctx;

	(void)item;
	nodes_remove_domain(b->dom, b->domid, b->cfg->uuid);
}

static void disk_tell(void *ctx, size_t item, char *line, size_t size)
{
	const struct vm_disk *d = &((struct build *)ctx)->cfg->disks[item];

	if (d->target)
		snprintf(line, size, "disk: %s as %s%s", d->target, d->vdev,
			 d->readonly ? ", read-only" : "");
	else
		snprintf(line, size, "disk: %s is an empty drive: left out", d->vdev);
}

static int disk_run(void *ctx, size_t item, struct dom_error *err)
{
	struct build *b = ctx;

	return disk_attach(b->dom, b->domid, &b->cfg->disks[item], err);
}

static void disk_undo(void *ctx, size_t item)
{
	struct build *b = ctx;

	disk_detach(b->dom, b->domid, b->cfg->disks[item].devid);
}

static void vif_tell(void *ctx, size_t item, char *line, size_t size)
{
	const struct vm_vif *v = &((struct build *)ctx)->cfg->vifs[item];

	snprintf(line, size, "network: vif %u, %02x:%02x:%02x:%02x:%02x:%02x, on "
		 "bridge %s", v->devid, v->mac[0], v->mac[1], v->mac[2], v->mac[3],
		 v->mac[4], v->mac[5], v->bridge);
}

static int vif_run(void *ctx, size_t item, struct dom_error *err)
{
	struct build *b = ctx;

	return vif_attach(b->dom, b->domid, &b->cfg->vifs[item], err);
}

static void vif_undo(void *ctx, size_t item)
{
	struct build *b = ctx;

	vif_detach(b->dom, b->domid, b->cfg->vifs[item].devid);
}

static void record_tell(void *ctx, size_t item, char *line, size_t size)
{
	(void)ctx;
	(void)item;
	snprintf(line, size, "record: keep the configuration for restarts");
}

static int record_run(void *ctx, size_t item, struct dom_error *err)
{
	(void)item;
	return record_save(((struct build *)ctx)->cfg, err);
}

static void record_undo(void *ctx, size_t item)
{
	(void)item;
	record_remove(((struct build *)ctx)->cfg->uuid);
}

static void introduce_tell(void *ctx, size_t item, char *line, size_t size)
{
	(void)ctx;
	(void)item;
	snprintf(line, size, "introduce: xenstored serves the domain, console opens");
}

/* No undo: xenstored lets go by itself when the domain dies. */
static int introduce_run(void *ctx, size_t item, struct dom_error *err)
{
	struct build *b = ctx;
	int ret = xs_introduce(b->dom->xs, b->domid, GUEST_STORE_GFN, b->store_port);

	(void)item;
	if (ret)
		return dom_fail_errno(err, ret, "%s: xenstored does not take the "
				      "domain", b->cfg->name);
	return 0;
}

static void start_tell(void *ctx, size_t item, char *line, size_t size)
{
	(void)ctx;
	(void)item;
	snprintf(line, size, "start: unpause");
}

static int start_run(void *ctx, size_t item, struct dom_error *err)
{
	struct build *b = ctx;
	int ret = hv_domain_unpause(b->dom->hv, b->domid);

	(void)item;
	if (ret)
		return dom_fail_errno(err, ret, "%s: cannot be started", b->cfg->name);
	return 0;
}

static const struct plan_step
	step_domain = {domain_tell, domain_run, domain_undo},
	step_vcpus = {vcpus_tell, vcpus_run, NULL},
	step_memory = {memory_tell, memory_run, memory_undo},
	step_kernel = {kernel_tell, kernel_run, NULL},
	step_ramdisk = {ramdisk_tell, ramdisk_run, NULL},
	step_tables = {tables_tell, tables_run, NULL},
	step_rings = {rings_tell, rings_run, NULL},
	step_state = {state_tell, state_run, NULL},
	step_nodes = {nodes_tell, nodes_run, nodes_undo},
	step_disk = {disk_tell, disk_run, disk_undo},
	step_vif = {vif_tell, vif_run, vif_undo},
	step_record = {record_tell, record_run, record_undo},
	step_introduce = {introduce_tell, introduce_run, NULL},
	step_start = {start_tell, start_run, NULL};

/* --- the plan ------------------------------------------------------------- */

static int make_plan(const struct build *b, struct plan *plan, struct dom_error *err)
{
	static const struct plan_step *const before[] = {
		&step_domain, &step_vcpus, &step_memory, &step_kernel, &step_ramdisk,
		&step_tables, &step_rings, &step_state, &step_nodes,
	};
	size_t i;
	int ret = 0;

	plan->n = 0;
	for (i = 0; i < sizeof(before) / sizeof(before[0]) && ret == 0; i++)
		if (before[i] != &step_ramdisk || b->cfg->ramdisk)
			ret = plan_add(plan, before[i], 0);
	for (i = 0; i < b->cfg->ndisks && ret == 0; i++)
		ret = plan_add(plan, &step_disk, i);
	for (i = 0; i < b->cfg->nvifs && ret == 0; i++)
		ret = plan_add(plan, &step_vif, i);
	if (ret == 0)
		ret = plan_add(plan, &step_record, 0);
	if (ret == 0)
		ret = plan_add(plan, &step_introduce, 0);
	if (ret == 0 && !(b->opts && b->opts->paused))
		ret = plan_add(plan, &step_start, 0);
	if (ret)
		return dom_fail(err, ret, "%s: too many devices: at most %d",
				b->cfg->name, PLAN_MAX - 16);
	return 0;
}

static void build_close(struct build *b)
{
	kernel_close(&b->kernel);
	if (b->ramdisk >= 0)
		close(b->ramdisk);
}

int create_locked(struct dom *dom, struct vm_config *cfg,
		  const struct dom_create_opts *opts, uint32_t *domid,
		  struct dom_error *err)
{
	struct build b = {.dom = dom, .cfg = cfg, .opts = opts, .ramdisk = -1};
	struct plan plan;
	int ret = making_clean_up(dom, cfg->name, err);

	if (ret == 0)
		ret = build_check(&b, err);
	if (ret == 0)
		ret = make_plan(&b, &plan, err);
	if (ret == 0)
		ret = making_begin(cfg->name, cfg->uuid, err);
	if (ret == 0) {
		ret = plan_run(&plan, &b, err);
		making_end(cfg->name);
	}
	if (ret == 0)
		*domid = b.domid;
	build_close(&b);
	return ret;
}

int dom_create(struct dom *dom, struct vm_config *cfg,
	       const struct dom_create_opts *opts, uint32_t *domid,
	       struct dom_error *err)
{
	struct vm_lock lock;
	int ret = vm_lock_take(cfg->name, &lock, err);

	if (ret)
		return ret;
	ret = create_locked(dom, cfg, opts, domid, err);
	vm_lock_drop(&lock);
	return ret;
}

int dom_plan(struct dom *dom, struct vm_config *cfg, dom_line_fn *line, void *ctx,
	     struct dom_error *err)
{
	struct build b = {.dom = dom, .cfg = cfg, .ramdisk = -1};
	struct plan plan;
	int ret = build_check(&b, err);

	if (ret == 0)
		ret = make_plan(&b, &plan, err);
	if (ret == 0)
		plan_tell(&plan, &b, line, ctx);
	build_close(&b);
	return ret;
}

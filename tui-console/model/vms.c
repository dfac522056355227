/* See vms.h. */
#include "model/vms.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define RATE_SAMPLES 3 /* a rate is taken over two periods: one is too jumpy */

const char *vm_state_name(enum vm_state state)
{
	static const char *const names[] = {
		[VM_RUNNING] = "running", [VM_PAUSED] = "paused", [VM_ENDED] = "ended",
		[VM_CRASHED] = "crashed", [VM_DYING] = "ending", [VM_STOPPED] = "stopped",
		[VM_TEMPLATE] = "template", [VM_UNKNOWN] = "unknown", [VM_BROKEN] = "mistake",
	};

	return names[state];
}

bool vm_runs(const struct vm *vm)
{
	return vm->domid != 0;
}

const struct vm *vms_find(const struct vms *v, const char *name)
{
	for (size_t i = 0; i < v->n; i++) {
		if (!strcmp(v->list[i].name, name))
			return &v->list[i];
	}
	return NULL;
}

static enum vm_state state_of(const struct dom_info *d)
{
	if (d->dying)
		return VM_DYING;
	if (d->shutdown)
		return d->shutdown_reason == VM_SHUTDOWN_CRASH ||
		       d->shutdown_reason == VM_SHUTDOWN_WATCHDOG ? VM_CRASHED : VM_ENDED;
	return d->paused ? VM_PAUSED : VM_RUNNING;
}

static void put_running(struct vm *vm, const struct dom_info *d)
{
	vm->domid = d->domid;
	vm->state = state_of(d);
	memcpy(vm->uuid, d->uuid, 16);
	dom_uuid_text(vm->uuid, vm->uuid_text);
	vm->vcpus = d->vcpus_online;
	vm->mem_kib = d->mem_kib;
}

static void put_defined(struct vm *vm, const struct define_info *d)
{
	memcpy(vm->name, d->name, sizeof(vm->name));
	memcpy(vm->path, d->path, sizeof(vm->path));
	memcpy(vm->problem, d->problem, sizeof(vm->problem));
	vm->defined = true;
	vm->autostart = d->autostart;
	vm->state = *d->problem ? VM_BROKEN : d->template ? VM_TEMPLATE : VM_STOPPED;
	if (d->has_uuid) {
		memcpy(vm->uuid, d->uuid, 16);
		dom_uuid_text(vm->uuid, vm->uuid_text);
	}
	vm->vcpus = d->vcpus;
	vm->mem_kib = (uint64_t)d->memory_mib << 10;
}

/* A domain without a name is being made or taken apart: it has no row of its own. */
static const struct dom_info *find_running(const struct dom_info *list, size_t n,
					   const char *name)
{
	for (size_t i = 0; i < n; i++) {
		if (list[i].domid && *list[i].name && !strcmp(list[i].name, name))
			return &list[i];
	}
	return NULL;
}

/* What is costly to find out stays with the domain that it is about. */
static void carry_over(struct vms *v, struct vm *vm)
{
	for (size_t i = 0; i < v->n; i++) {
		struct vm *old = &v->list[i];

		if (old->domid != vm->domid || memcmp(old->uuid, vm->uuid, 16))
			continue;
		vm->started_s = old->started_s;
		vm->metrics = old->metrics;
		vm->rate = old->rate;
		old->metrics = NULL;
		return;
	}
}

static void drop_list(struct vms *v)
{
	for (size_t i = 0; i < v->n; i++)
		metrics_close(v->list[i].metrics);
	free(v->list);
	v->list = NULL;
	v->n = 0;
}

int vms_merge(struct vms *v, const struct dom_info *running, size_t nrunning)
{
	struct vm *list = calloc(v->ndefined + nrunning + 1, sizeof(*list));
	size_t n = 0;

	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < v->ndefined; i++, n++) {
		const struct dom_info *d = find_running(running, nrunning,
							v->defined[i].name);

		put_defined(&list[n], &v->defined[i]);
		if (d)
			put_running(&list[n], d);
	}
	for (size_t i = 0; i < nrunning; i++) {
		bool there = false;

		for (size_t k = 0; k < n && !there; k++)
			there = list[k].domid == running[i].domid;
		if (!running[i].domid || there || !*running[i].name)
			continue;
		memcpy(list[n].name, running[i].name, sizeof(list[n].name));
		put_running(&list[n++], &running[i]);
	}
	for (size_t i = 0; i < n; i++) {
		if (list[i].domid)
			carry_over(v, &list[i]);
	}
	drop_list(v);
	v->list = list;
	v->n = n;
	return 0;
}

int vms_unknown(struct vms *v)
{
	int ret = vms_merge(v, NULL, 0);

	for (size_t i = 0; i < v->n; i++) {
		if (v->list[i].state == VM_STOPPED)
			v->list[i].state = VM_UNKNOWN;
	}
	return ret;
}

/* All files are read only when one of them has changed. */
static void read_definitions(struct vms *v)
{
	uint64_t stamp = define_stamp(v->define_dir);
	struct define_info *list;
	size_t n;

	if (v->have_stamp && stamp == v->stamp)
		return;
	if (define_list(v->define_dir, &list, &n, NULL))
		return;
	free(v->defined);
	v->defined = list;
	v->ndefined = n;
	v->stamp = stamp;
	v->have_stamp = true;
}

static void read_metrics(struct vms *v, struct vm *vm)
{
	struct metrics_sample s[RATE_SAMPLES];
	size_t n;

	if (!vm->metrics &&
	    metrics_open(v->metrics_dir ? v->metrics_dir : METRICS_DIR, vm->uuid_text,
			 &vm->metrics))
		return;
	n = metrics_last(vm->metrics, s, RATE_SAMPLES);
	vm->rate = n > 1 ? metrics_rate(&s[0], &s[n - 1]) : (struct metrics_rate){ 0 };
}

int vms_refresh(struct vms *v, struct dom *dom, struct dom_error *err)
{
	struct dom_info *list = NULL;
	size_t n = 0;
	uint64_t uptime;
	int ret = dom ? dom_list(dom, &list, &n, err) : -ENOTCONN;

	if (ret) {
		if (v->have_stamp && v->asked)
			return ret;
		read_definitions(v);
		vms_unknown(v);
		return ret;
	}
	v->asked = true;
	read_definitions(v);
	ret = vms_merge(v, list, n);
	free(list);
	for (size_t i = 0; i < v->n; i++) {
		struct vm *vm = &v->list[i];

		if (!vm->domid)
			continue;
		if (!vm->started_s && !dom_uptime(dom, vm->domid, &uptime, NULL))
			vm->started_s = (int64_t)time(NULL) - (int64_t)uptime;
		read_metrics(v, vm);
	}
	return ret;
}

void vms_free(struct vms *v)
{
	drop_list(v);
	free(v->defined);
	*v = (struct vms){ .define_dir = v->define_dir, .metrics_dir = v->metrics_dir };
}

static double value(const struct vm *vm, enum vm_order order)
{
	switch (order) {
	case VM_BY_STATE: return vm->state;
	case VM_BY_CPU: return vm->rate.cpu;
	case VM_BY_MEMORY: return (double)vm->mem_kib;
	case VM_BY_DISK: return vm->rate.disk_read + vm->rate.disk_written;
	case VM_BY_NET: return vm->rate.net_in + vm->rate.net_out;
	case VM_BY_UPTIME: return vm->started_s ? -(double)vm->started_s : -1e18;
	case VM_BY_ID: return vm->domid ? vm->domid : 1e9;
	case VM_BY_VCPUS: return vm->vcpus;
	case VM_BY_READ: return vm->rate.disk_read;
	case VM_BY_WRITTEN: return vm->rate.disk_written;
	case VM_BY_IN: return vm->rate.net_in;
	case VM_BY_OUT: return vm->rate.net_out;
	case VM_BY_AUTOSTART: return vm->autostart;
	default: return 0;
	}
}

int vm_compare(const struct vm *a, const struct vm *b, enum vm_order order)
{
	double x = value(a, order), y = value(b, order);

	if (x < y || x > y)
		return x < y ? -1 : 1;
	return order == VM_BY_NAME ? strcasecmp(a->name, b->name) : 0;
}

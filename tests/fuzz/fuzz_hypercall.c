/*
 * Hypercalls of two guests and the control domain in any order with any arguments, on
 * the fake architecture. The input is a program: who calls, in which mode, which
 * hypercall with which arguments, what is in memory where they point. After it both
 * guests are destroyed, and every frame, reference and claim must be back.
 */
#include "fake.h"
#include "fuzz.h"

#include "../../hypervisor/core/grant_table.h"

#include <hv/bitops.h>
#include <hv/guest.h>
#include <hv/trace.h>

#include <xen/domctl.h>
#include <xen/hvm/hvm_op.h>
#include <xen/platform.h>
#include <xen/sysctl.h>

#define PAGES	24u
#define ARG	0x3000u		/* of a guest; the control domain's lie higher */
#define DOM0_ARG ((uint64_t)FAKE_DOM0_START * PAGE_SIZE)
#define CALLS_MAX 24

struct reader {
	const uint8_t *p;
	size_t left;
};

static struct domain *guest[2];

static uint8_t byte(struct reader *r)
{
	if (!r->left)
		return 0;
	r->left--;
	return *r->p++;
}

static uint64_t word(struct reader *r, unsigned int bytes)
{
	uint64_t v = 0;

	for (unsigned int i = 0; i < bytes; i++)
		v |= (uint64_t)byte(r) << (8 * i);
	return v;
}

static const uint8_t numbers[] = {
	__HYPERVISOR_memory_op, __HYPERVISOR_event_channel_op,
	__HYPERVISOR_grant_table_op, __HYPERVISOR_sched_op, __HYPERVISOR_vcpu_op,
	__HYPERVISOR_hvm_op, __HYPERVISOR_multicall, __HYPERVISOR_xen_version,
	__HYPERVISOR_set_timer_op, __HYPERVISOR_vm_assist, __HYPERVISOR_console_io,
	__HYPERVISOR_domctl, __HYPERVISOR_sysctl, __HYPERVISOR_physdev_op,
	__HYPERVISOR_platform_op,
};

static bool alive(const struct domain *d)
{
	return d && !d->dying && !d->shut_down;
}

static void destroy(struct domain **d)
{
	if (*d)
		fake_destroy(*d);
	*d = NULL;
}

/* Guests that ended are made anew, so that the rest of the program finds them. */
static void revive(unsigned int i)
{
	if (alive(guest[i]))
		return;
	if (guest[i] && current->domain == guest[i])
		fake_run(hardware_domain, 0);
	destroy(&guest[i]);
	guest[i] = fake_domain(PAGES, 2);
}

/* An argument: somewhere in the buffer, a small number, any number, or a nice one. */
static uint64_t argument(struct reader *r, uint64_t buffer)
{
	static const uint64_t nice[] = {0, ~0ull, DOMID_SELF, 1ull << 31, 1ull << 32,
					1ull << 63, 0xfffu, FAKE_NOWHERE};
	uint8_t kind = byte(r);

	switch (kind & 3) {
	case 0:
		return buffer + (kind >> 2) * 8;
	case 1:
		return byte(r);
	case 2:
		return word(r, 8);
	default:
		return nice[(kind >> 2) % ARRAY_SIZE(nice)];
	}
}

static void fill_buffer(struct reader *r, uint64_t buffer, unsigned int nr)
{
	uint8_t bytes[96];
	unsigned int n = byte(r) % sizeof(bytes);
	uint32_t version = nr == __HYPERVISOR_sysctl ? XEN_SYSCTL_INTERFACE_VERSION :
						       XEN_DOMCTL_INTERFACE_VERSION;

	for (unsigned int i = 0; i < n; i++)
		bytes[i] = byte(r);
	/* Handles that point into the buffer are found too seldom by chance. */
	for (unsigned int i = 0; i + 8 <= n; i += 8)
		if (bytes[i + 7] == 0xbf)
			memcpy(bytes + i, &(uint64_t){buffer + bytes[i] * 8u}, 8);
	if ((nr == __HYPERVISOR_domctl || nr == __HYPERVISOR_sysctl) && n >= 8)
		memcpy(bytes + 4, &version, 4);
	if (guest_write(GVA(buffer), bytes, n))
		return;
}

/* What of the control domain's calls ends the machine, or may do so, is left out. */
static bool skipped(unsigned int nr, uint32_t cmd)
{
	if (!current->domain->control)
		return false;
	if (nr == __HYPERVISOR_sched_op)
		return cmd != SCHEDOP_yield && cmd != SCHEDOP_block && cmd != SCHEDOP_poll;
	/* Two of the keys are for that. */
	if (nr == __HYPERVISOR_sysctl)
		return guest_read(&cmd, GVA(DOM0_ARG), sizeof(cmd)) ||
		       cmd == XEN_SYSCTL_debug_keys;
	return nr == __HYPERVISOR_multicall ||
	       (nr == __HYPERVISOR_vcpu_op && cmd == VCPUOP_down);
}

static void call(struct reader *r)
{
	uint8_t who = byte(r), which = byte(r);
	unsigned int nr = numbers[which % ARRAY_SIZE(numbers)];
	uint64_t buffer = ARG, arg[3];

	revive(0);
	revive(1);
	if ((who & 3) < 2)
		fake_run(guest[who & 1], who >> 7 & !guest[who & 1]->vcpu[1]->down);
	else
		fake_run(hardware_domain, 0);
	if (current->domain->control)
		buffer = DOM0_ARG;
	fake.compat = who & 4;
	fake.preempt_every = who >> 4 & 3;
	fill_buffer(r, buffer, nr);
	arg[0] = nr == __HYPERVISOR_domctl || nr == __HYPERVISOR_sysctl ||
		 nr == __HYPERVISOR_platform_op ? buffer :
		 nr == __HYPERVISOR_multicall ? argument(r, buffer) :
		 byte(r) | (who & 8 ? word(r, 2) << 8 : 0);
	arg[1] = argument(r, buffer);
	arg[2] = argument(r, buffer);
	if (!skipped(nr, (uint32_t)arg[0]))
		fake_call(nr, arg[0], arg[1], arg[2]);
	fake.compat = false;
	fake.preempt_every = 0;
	if (who & 0x40) {
		fake.now += 1000000;
		this_cpu()->timer_programmed = TIMER_DUE;
		timer_run();
	}
}

/* --- the control domain as it was ------------------------------------------ */

static void dom0_grants(struct domain *d)
{
	d->dying = DOMAIN_DYING;
	d->grants->unmap_next = 0;
	while (grants_unmap_all(d))
		;
	d->dying = DOMAIN_ALIVE;
	for (unsigned int i = 0; i < d->grants->nr_frames; i++) {
		struct grant_frame *f = &d->grants->frame[i];

		if (f->gfn.v != INVALID_GFN.v)	/* else it could not write there */
			memset(f->entry, 0, PAGE_SIZE);
		f->gfn = INVALID_GFN;
	}
}

static void dom0_memory(struct domain *d)
{
	struct p2m_entry old;

	for (uint64_t gfn = 0; gfn <= FAKE_GFN_LIMIT; gfn++) {
		bool own = gfn >= FAKE_DOM0_START && gfn < FAKE_DOM0_START + FAKE_DOM0_PAGES;

		old = d->arch->table[gfn];
		if (own ? old.type == P2M_RAM_RW && old.mfn.v == gfn : old.type == P2M_HOLE)
			continue;
		if (!p2m_remove(d, GFN(gfn), ~0u, &old)) {
			p2m_flush(d);
			p2m_drop(d, old);
		}
		if (own)
			MUST(!p2m_insert(d, GFN(gfn), MFN(gfn), 0, P2M_RAM_RW));
	}
	d->shared_info_gfn = INVALID_GFN;
}

static void dom0_vcpus(struct domain *d)
{
	for_each_vcpu(d, v) {
		timer_stop(&v->singleshot_timer);
		timer_stop(&v->periodic_timer);
		timer_stop(&v->poll_timer);
		v->periodic_ns = 0;
		v->upcall_vector = 0;
		area_release(&v->runstate_area);
		area_release(&v->time_area);
		event_release_vcpu_info(v);
		event_poll_end(v);
		if (v->id && !v->down)
			vcpu_set_down(v);
		v->arch->initialised = false;
		v->blocked = false;
	}
}

/* All that it did to itself is undone, so that each input meets the same machine. */
static void dom0_restore(void)
{
	struct domain *d = hardware_domain;

	fake_run(d, 0);
	while (events_close_all(d))
		;
	dom0_vcpus(d);
	dom0_grants(d);
	dom0_memory(d);
	memset(d->shared_info, 0, PAGE_SIZE);
	memset(d->hvm_params, 0, sizeof(d->hvm_params));
	d->callback_vector = 0;
	trace_mask = 0;
	d->vm_assist = 0;
}

/* The trace rings stay once they were made. */
static long make_trace_rings(void)
{
	struct xen_sysctl *op = fake_mem(hardware_domain, DOM0_ARG);

	*op = (struct xen_sysctl){.cmd = XEN_SYSCTL_tbuf_op,
				  .interface_version = XEN_SYSCTL_INTERFACE_VERSION};
	op->u.tbuf_op.cmd = XEN_SYSCTL_TBUFOP_enable;
	return fake_call(__HYPERVISOR_sysctl, DOM0_ARG, 0, 0);
}

/* What it keeps once it has had it is had before frames are counted. */
static void dom0_warm_up(void)
{
	struct gnttab_map_grant_ref map = {
		.host_addr = FAKE_SCRATCH * PAGE_SIZE, .flags = GNTMAP_host_map,
	};
	struct domain *d = hardware_domain;
	const uint32_t port = 1;
	mfn_t mfn;

	MUST(!make_trace_rings());
	grant_map_array(&map, 1);	/* grants nothing, but makes the handles */
	MUST(map.status != GNTST_okay);
	MUST(!grants_frame(d, grants_max_frames(d) - 1, &mfn));
	for_each_vcpu(d, v) {
		MUST(!event_poll_begin(v, &port, 1));
		event_poll_end(v);
	}
	fake.free_at_start = page_nr_free();
}

static void end(void)
{
	struct domain *d;

	dom0_restore();
	destroy(&guest[0]);
	destroy(&guest[1]);
	while ((d = domain_find_from(1))) {
		while (domain_kill(d) == -ERESTART)
			;
		domain_put(d);
	}
	/* Whatever the control domain was given beyond itself is claims and numbers. */
	page_unclaim(hardware_domain);
	fake_check_clean(NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reader r = {data, size};
	static bool made;

	if (!made) {
		setenv("CMOCKA_TEST_ABORT", "1", 1);
		freopen("/dev/null", "w", stdout);	/* guests' console output */
		fake_machine(NULL);
		dom0_warm_up();
	}
	made = true;
	for (unsigned int i = 0; i < CALLS_MAX && r.left; i++)
		call(&r);
	end();
	return 0;
}

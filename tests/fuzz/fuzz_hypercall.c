/*
 * Hypercalls of two guests and the control domain in any order with any arguments, on
 * the fake architecture. The input is a program: who calls, in which mode, which
 * hypercall with which arguments, what is in memory where they point. After it both
 * guests are destroyed, and every frame, reference and claim must be back.
 */
#include "fake.h"
#include "fuzz.h"

#include <hv/bitops.h>
#include <hv/guest.h>

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

/* What the control domain does to the machine, or keeps for good, is left out. */
static bool skipped(unsigned int nr, uint32_t cmd)
{
	if (!current->domain->control)
		return false;
	return nr == __HYPERVISOR_event_channel_op || nr == __HYPERVISOR_grant_table_op ||
	       nr == __HYPERVISOR_sched_op || nr == __HYPERVISOR_vcpu_op ||
	       nr == __HYPERVISOR_multicall || nr == __HYPERVISOR_set_timer_op ||
	       (nr == __HYPERVISOR_memory_op && (cmd & 63) != 23 && (cmd & 63) != 28 &&
		(cmd & 63) != 24) || nr == __HYPERVISOR_hvm_op;
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

static void drop_foreign_maps(void)
{
	struct domain *d = hardware_domain;
	struct p2m_entry old;

	for (uint64_t gfn = 0; gfn <= FAKE_GFN_LIMIT; gfn++) {
		if (p2m_remove(d, GFN(gfn), P2M_BITS_FOREIGN, &old))
			continue;
		p2m_flush(d);
		p2m_drop(d, old);
	}
}

static void end(void)
{
	struct domain *d;

	fake_run(hardware_domain, 0);
	drop_foreign_maps();
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
	}
	made = true;
	for (unsigned int i = 0; i < CALLS_MAX && r.left; i++)
		call(&r);
	end();
	return 0;
}

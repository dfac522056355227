/*
 * multicall (xen/xen.h: struct multicall_entry): a list of hypercalls in one.
 * Each entry gets its own result; an entry that must be restarted has its new
 * arguments written back, and the list goes on from it.
 */
#include <hv/guest.h>
#include <hv/hypercall.h>
#include <hv/lib.h>

struct compat_multicall_entry {
	uint32_t op, result;
	uint32_t args[6];
};
_Static_assert(sizeof(struct compat_multicall_entry) == 32, "32-bit layout");
_Static_assert(sizeof(struct multicall_entry) == 64, "64-bit layout");

static size_t entry_size(bool compat)
{
	return compat ? sizeof(struct compat_multicall_entry) :
			sizeof(struct multicall_entry);
}

static int entry_read(gva_t at, bool compat, struct multicall_entry *e)
{
	struct compat_multicall_entry c;
	int err;

	if (!compat)
		return guest_read(e, at, sizeof(*e));
	err = guest_read(&c, at, sizeof(c));
	if (err)
		return err;
	e->op = c.op;
	for (unsigned int i = 0; i < ARRAY_SIZE(c.args); i++)
		e->args[i] = c.args[i];
	return 0;
}

/* Only what changed goes back: the result, or arguments of a restart. */
static int entry_write(gva_t at, bool compat, const struct hypercall *sub, long result)
{
	int err = 0;

	if (!sub->restart)
		return guest_write_long(at, 1, compat, (uint64_t)result);
	for (unsigned int i = 0; i < ARRAY_SIZE(sub->arg) && !err; i++)
		err = guest_write_long(at, 2 + i, compat, sub->arg[i]);
	return err;
}

static int run_entry(gva_t at, bool compat, bool *restart)
{
	struct hypercall sub = {.compat = compat};
	struct multicall_entry e;
	long result;
	int err = entry_read(at, compat, &e);

	if (err)
		return err;
	sub.nr = (unsigned int)MIN(e.op, (xen_ulong_t)UINT32_MAX);
	memcpy(sub.arg, e.args, sizeof(sub.arg));
	/* Not in each other: the depth of the stack is ours, not the guest's. */
	result = sub.nr == __HYPERVISOR_multicall ? -EINVAL : hypercall_dispatch(&sub);
	*restart = sub.restart;
	return entry_write(at, compat, &sub, result);
}

long multicall_op(struct hypercall *hc)
{
	uint32_t nr = (uint32_t)hc->arg[1];
	size_t size = entry_size(hc->compat);
	bool restart = false;

	for (uint32_t i = 0; i < nr; i++) {
		gva_t at = gva_add(GVA(hc->arg[0]), i * size);
		int err;

		if (i && hypercall_preempt_check())
			restart = true;
		if (!restart) {
			err = run_entry(at, hc->compat, &restart);
			if (err)
				return err;
		}
		if (restart) {
			hc->arg[0] = at.v;
			hc->arg[1] = nr - i;
			return hypercall_restart(hc);
		}
	}
	return 0;
}

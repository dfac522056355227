/* memory_op: what its files share. */
#ifndef CORE_MEMORY_OP_H
#define CORE_MEMORY_OP_H

#include <hv/domain.h>
#include <hv/hypercall.h>
#include <hv/p2m.h>

#include <xen/memory.h>

#define MEMORY_PREEMPT_EVERY 8u	/* an item may clear a frame, or fill it with junk */

/* Progress that fits into the command of a 32-bit caller. */
#define MEMORY_CMD_BITS		6
#define MEMORY_COMPAT_ITEMS	(1ull << (32 - MEMORY_CMD_BITS))

/* The argument of any operation, in the 64-bit layout. */
union memory_arg {
	struct xen_memory_domain domain;
	struct xen_memory_reservation reservation;
	struct xen_add_to_physmap add;
	struct xen_add_to_physmap_batch batch;
	struct xen_remove_from_physmap remove;
	struct xen_memory_map map;
	struct xen_foreign_memory_map foreign_map;
	struct xen_pod_target pod;
	struct xen_mem_acquire_resource resource;
};

struct memory_call {
	struct hypercall *hc;
	gva_t at;		/* of the argument in the guest */
	uint64_t start;		/* items done before a restart */
	struct domain *d;	/* the argument's, checked; NULL when it names none */
	struct domain *fd;	/* a second one, whose frames are mapped */
	union memory_arg a;	/* copied in once */
};

typedef long memory_fn(struct memory_call *c);

/* Goes on later with item @done; progress travels in the command's top bits. */
long memory_restart(struct memory_call *c, uint64_t done);
/* Items c->start to @nr with @one, up to its first error; makes room in between. */
long memory_each(struct memory_call *c, uint64_t nr,
		 int (*one)(struct memory_call *c, uint64_t i));

/* RAM that was taken out of a p2m and waits for the flush. */
struct memory_removed {
	unsigned int n;
	struct p2m_entry e[MEMORY_PREEMPT_EVERY];
};
/* Flushes and drops. */
void memory_removed_finish(struct domain *d, struct memory_removed *r);

memory_fn memory_populate, memory_decrease, memory_claim, memory_pod;
memory_fn memory_add, memory_add_batch, memory_remove, memory_acquire;

#endif

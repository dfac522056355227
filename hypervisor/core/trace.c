/*
 * The trace rings and their sysctl. They are made when tracing is first enabled and
 * stay: the control domain may have them mapped. Only their CPU writes a ring, with
 * interrupts off, so there is no lock; a reader drops what was overtaken.
 */
#include <hv/access.h>
#include <hv/arch.h>
#include <hv/lib.h>
#include <hv/page.h>
#include <hv/timer.h>
#include <hv/trace.h>

#include <xen/sysctl.h>

#include "domctl.h"

#define PAGES_DEFAULT	16u
#define PAGES_MAX	256u		/* for each CPU: 1 MiB */

uint32_t trace_mask;

static uint32_t wanted = ~0u, pages = PAGES_DEFAULT;
static char *rings;

static struct trace_ring *ring_of(unsigned int cpu)
{
	return (struct trace_ring *)(rings + cpu * pages * PAGE_SIZE);
}

void trace_record(enum trace_event event, uint64_t a, uint64_t b)
{
	struct cpu *c = this_cpu();
	struct trace_ring *r = ring_of(c->id);
	uint64_t n = r->produced;

	if (!(trace_mask >> event & 1))
		return;
	((struct trace_record *)(r + 1))[n % r->size] = (struct trace_record){
		now_ns(), c->vcpu->domain->id, (uint16_t)c->vcpu->id, event, a, b,
	};
	__atomic_store_n(&r->produced, n + 1, __ATOMIC_RELEASE);
}

struct page *trace_page(mfn_t mfn)
{
	uint64_t first = rings ? virt_to_mfn(rings).v : 0;
	struct page *pg = mfn_to_page(mfn);

	if (!rings || mfn.v < first || mfn.v - first >= (uint64_t)pages * nr_cpus ||
	    !page_get(pg, NULL))
		return NULL;
	return pg;
}

static int enable(void)
{
	if (!rings) {
		rings = heap_alloc(nr_cpus * pages * PAGE_SIZE);
		if (!rings)
			return -ENOMEM;
		for_each_cpu(cpu)
			ring_of(cpu)->size = pages * PAGE_SIZE / sizeof(struct trace_record) - 1;
	}
	__atomic_store_n(&trace_mask, wanted, __ATOMIC_SEQ_CST);
	return 0;
}

int sysctl_tbuf(struct xen_sysctl *op)
{
	struct xen_sysctl_tbuf_op *t = &op->u.tbuf_op;

	switch (t->cmd) {
	case XEN_SYSCTL_TBUFOP_get_info:
		t->evt_mask = wanted;
		t->buffer_mfn = rings ? virt_to_mfn(rings).v : 0;
		t->size = rings ? pages * (uint32_t)PAGE_SIZE : 0;
		return 0;
	case XEN_SYSCTL_TBUFOP_set_evt_mask:
		wanted = t->evt_mask;
		return trace_mask ? enable() : 0;
	case XEN_SYSCTL_TBUFOP_set_size:	/* in pages, before the first use */
		if (rings || !t->size || t->size > PAGES_MAX)
			return rings ? -EBUSY : -EINVAL;
		pages = t->size;
		return 0;
	case XEN_SYSCTL_TBUFOP_enable:
		return enable();
	case XEN_SYSCTL_TBUFOP_disable:
		trace_mask = 0;
		return 0;
	default:
		return -EOPNOTSUPP;
	}
}

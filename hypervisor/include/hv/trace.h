/*
 * The trace: fixed-size records of what each CPU does, in one ring per CPU that
 * the control domain maps read-only (XEN_SYSCTL_tbuf_op tells where; hvtrace
 * decodes it). Off by default, at the price of one branch that is not taken.
 */
#ifndef HV_TRACE_H
#define HV_TRACE_H

#include <hv/domain.h>

/* Bits of the event mask; hvtrace knows them by the same numbers. */
enum trace_event {
	TRACE_EXIT,		/* reason, rip */
	TRACE_HYPERCALL,	/* number, first argument */
	TRACE_EVENT,		/* domain << 32 | port, made pending */
	TRACE_SWITCH,		/* domain << 32 | vCPU that left the CPU; who came is told */
	TRACE_WAKE,		/* domain << 32 | vCPU, CPU it is queued on */
	TRACE_NR
};

struct trace_record {
	uint64_t ns;
	uint16_t domain, vcpu;	/* that were running */
	uint32_t event;
	uint64_t a, b;
};

/* At a ring's start; records follow from its second record's place on. */
struct trace_ring {
	uint64_t produced;	/* records ever written; place: modulo size */
	uint64_t size;		/* records it holds */
	uint64_t pad[2];
};
_Static_assert(sizeof(struct trace_ring) == sizeof(struct trace_record), "one record");

extern uint32_t trace_mask;	/* 0: off */

void trace_record(enum trace_event event, uint64_t a, uint64_t b);

static inline void trace(enum trace_event event, uint64_t a, uint64_t b)
{
	if (__builtin_expect(trace_mask, 0))
		trace_record(event, a, b);
}

static inline uint64_t trace_vcpu(const struct vcpu *v)
{
	return (uint64_t)v->domain->id << 32 | v->id;
}

/* A frame of the rings, referenced; NULL for any other. */
struct page *trace_page(mfn_t mfn) must_check;

#endif

/*
 * The hypervisor's trace rings as text. Pure: memory in, text out. The layout is that
 * of the hypervisor's hv/trace.h, of which nothing is included here.
 */
#ifndef HVTRACE_DECODE_H
#define HVTRACE_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hvtrace_record {
	uint64_t ns;
	uint16_t domain, vcpu;
	uint32_t event;
	uint64_t a, b;
};

/* One CPU's ring and how far it was read. */
struct hvtrace_ring {
	const volatile uint64_t *head;	/* records ever written, room for them */
	size_t bytes;			/* of the ring's memory */
	uint64_t read;
};

/*
 * The next record, false: there is none yet. *lost grows by the records that were
 * overwritten before they could be read.
 */
bool hvtrace_next(struct hvtrace_ring *r, struct hvtrace_record *out, uint64_t *lost);

/*
 * One line without its end. What is not known is shown as numbers. @exits: names
 * of exit reasons by number, NULL-terminated.
 */
void hvtrace_format(const struct hvtrace_record *rec, unsigned int cpu,
		    const char *const *exits, char *buf, size_t n);

/* The mask for a list like "exit,switch"; 0: one of them is unknown. */
uint32_t hvtrace_mask(const char *list);

#endif

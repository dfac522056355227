/*
 * The fake architecture: a second implementation of hv/arch.h on the build
 * host, so that core/ and mm/ run in ordinary programs. The machine's memory is
 * an array, nested tables are arrays, "guest virtual" is guest physical, time
 * stands still unless a test moves it, and CPUs are whoever the test says runs.
 *
 * It also checks what real tables would not tell: a frame that is freed while
 * a removed translation of it has not been flushed ends the test.
 */
#ifndef FAKE_H
#define FAKE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <hv/arch.h>
#include <hv/event.h>
#include <hv/grant.h>
#include <hv/hypercall.h>
#include <hv/lib.h>
#include <hv/page.h>
#include <hv/sched.h>

#define FAKE_CPUS	2u
#ifndef FAKE_FRAMES
#define FAKE_FRAMES	16384u		/* 64 MiB of machine memory */
#define FAKE_GFN_LIMIT	0x3ffffu	/* 1 GiB of guest addresses */
#define FAKE_SCRATCH	0x20000u	/* gfns of dom0 above all RAM */
#endif
#define FAKE_DOM0_START	256u
#define FAKE_DOM0_PAGES	1024u
#define FAKE_NOWHERE	0xdead00000000ull	/* a pointer that maps nothing */

struct arch_domain {
	struct p2m_entry *table;	/* [FAKE_GFN_LIMIT + 1] */
	unsigned int *stale;		/* [FAKE_FRAMES] removed, not flushed */
	unsigned int flushes;
	bool any_stale;
};

struct arch_vcpu {
	bool initialised;
	unsigned int nmis;
	uint8_t vector;		/* last upcall vector raised */
	unsigned int vectors;	/* how often */
};

/* What tests script and look at. */
struct fake {
	uint64_t now;
	const void *flushed_at;	/* by arch_flush_lines() last; bytes in all */
	size_t flushed;
	unsigned int preempt_every;	/* 0: never asked to make room */
	unsigned int preempt_checks;
	unsigned int restarts;		/* of hypercalls, counted by fake_call() */
	unsigned int kicks[FAKE_CPUS];
	unsigned int fail_p2m_set;	/* count down to one -ENOMEM; 0: off */
	bool compat;			/* callers are in 32-bit mode */
	uint64_t free_at_start;		/* frames, once dom0 stands */
	unsigned int refs_at_start;	/* of dom0 */
};
extern struct fake fake;

/* Memory, CPUs and idle domain; fake_machine() calls it. */
void fake_arch_init(void);

/* Group set-up: a machine with a running dom0; and what follows each test:
 * nothing of any domU is left, every frame is back. */
int fake_machine(void **state);
int fake_check_clean(void **state);

/* A domU with @pages of RAM from gfn 0 and @vcpus vCPUs, running. */
struct domain *fake_domain(unsigned int pages, unsigned int vcpus);
/* The same from the start, with all that is between. */
struct domain *fake_domain_config(const struct domain_config *c,
				  unsigned int pages);
/* Destroys and drops the test's hold; returns when all is given back. */
void fake_destroy(struct domain *d);
/* From now on vCPU @id of @d makes the calls. */
void fake_run(struct domain *d, unsigned int id);

/* Guest memory of @d at address @addr, for tests to write to. */
void *fake_mem(struct domain *d, uint64_t addr);

/* A hypercall of current, executed again as long as it asks for it. */
long fake_call(unsigned int nr, uint64_t a0, uint64_t a1, uint64_t a2);
#endif

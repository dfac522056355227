/*
 * The runner: a dom0 that builds one test kernel (module 0) as a domU, serves
 * it, sees it end, and checks that the host got everything back. It uses the
 * public toolstack ABI only, and trusts nothing that a domU writes.
 */
#ifndef RUNNER_H
#define RUNNER_H

#include "guest.h"
#include <xen/io/console.h>

#define DOM_MAX	      8
#define DOM_GRANTS    8
#define DOM_VCPUS     2
#define DOM_MEM_PAGES (24ul << 8) /* 24 MiB; test kernels lie at 16 MiB */
#define DOM_SPARE     64ul	  /* pages a test may still populate */

/* Special pages, where the ABI's usual toolstack has them. */
#define GFN_SPECIAL 0xfeff8ul
#define GFN_STORE   (GFN_SPECIAL + 4)
#define GFN_CONSOLE (GFN_SPECIAL + 7)
#define NR_SPECIAL  8ul

struct grant_slot {
	bool used;
	uint32_t handle;
	uint64_t addr; /* guest physical and, one to one, virtual */
};

struct dom {
	bool used;
	domid_t id;
	evtchn_port_t console_port, store_port; /* dom0's ends */
	struct xencons_interface *console;
	struct mailbox *mbox;
	uint32_t served;
	uint64_t unpause_at; /* ns; 0 = not paused by us */
	struct grant_slot grants[DOM_GRANTS];
};

extern struct dom doms[DOM_MAX];

/* foreign.c: frames of other domains in a window above all of the host's memory. */
void scratch_init(void);
unsigned long
scratch_get(unsigned long nr); /* first gfn; the test ends if none is left */
void scratch_put(unsigned long gfn, unsigned long nr);
void *foreign_map(domid_t id, unsigned long gfn, unsigned long nr);
/* The first frame of its grant table; NULL, said, when there is no way to it. */
void *grant_table_of(domid_t id);
void foreign_unmap(void *at, unsigned long nr);

/* toolstack.c: one function per operation; 0 or a negative errno. */
long ts_create(domid_t *id, unsigned int vcpus);
long ts_simple(domid_t id, uint32_t cmd); /* pause, unpause, destroy */
long ts_max_mem(domid_t id, unsigned long pages);
long ts_paging_pool(domid_t id, unsigned long bytes);
long ts_native_tsc(domid_t id);
long ts_populate(domid_t id, unsigned long gfn, unsigned long nr, unsigned int order);
long ts_memory_map(domid_t id, unsigned long pages);
long ts_start_state(domid_t id, unsigned int vcpus, uint32_t rip, uint32_t rbx);
long ts_info(domid_t id, struct xen_domctl_getdomaininfo *info);
long ts_event_for(domid_t id, evtchn_port_t *theirs, evtchn_port_t *ours);
unsigned long ts_free_pages(void);

/* image.c: puts an ELF into the domain by p_paddr; entry by its Xen note. */
long image_load(domid_t id, const void *elf, size_t size, uint32_t *entry,
		unsigned long *end);

/* domain.c */
struct dom *dom_create(const void *elf, size_t size, const char *cmdline);
long dom_destroy(struct dom *d);
long dom_end(struct dom *d); /* the same without waiting for it to be gone */
struct dom *dom_find(domid_t id);
#define DOM_RUNNING 1000
long dom_state(domid_t id); /* shutdown code, DOM_RUNNING, 256 dying, -ESRCH */

/* serve.c: console out, mailbox, pauses. */
void dom_serve(struct dom *d);
/* Where peers come from. */
extern const void *test_elf;
extern size_t test_elf_size;

#endif

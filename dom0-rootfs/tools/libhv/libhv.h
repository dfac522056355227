/*
 * libhv: the hypervisor's toolstack interface as C functions. Mechanism only:
 * each function is one operation of Xen's public ABI 4.17 (domctl and sysctl
 * interface 0x15), as the headers in xen/ define it, or the few that make one
 * useful step. What a VM is, in which order it is built, and what is told to a
 * person is libdom's business.
 *
 * Rules for all functions:
 *  - int result: 0 (or a count where it says so), otherwise a negative errno as
 *    the hypervisor or dom0's kernel gave it. Nothing prints, nothing exits.
 *  - A handle belongs to one thread at a time. There is no other state.
 *  - Structures handed in and out live in ordinary memory; the library copies
 *    them through buffers the kernel has pinned (/dev/xen/hypercall).
 *  - -EAGAIN never reaches the caller: operations that the hypervisor does in
 *    pieces are continued here until they are done.
 */
#ifndef LIBHV_H
#define LIBHV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifndef __XEN_TOOLS__
#define __XEN_TOOLS__ 1
#endif
#include <xen/xen.h>
#include <xen/domctl.h>
#include <xen/sysctl.h>
#include <xen/memory.h>

#define HV_PAGE_SHIFT 12
#define HV_PAGE_SIZE  4096u

struct hv;

/*
 * Opens /dev/xen/privcmd and /dev/xen/hypercall. -ENOENT or -ENXIO: dom0 does
 * not run on the hypervisor, or the modules xen-privcmd and xenfs are missing;
 * -EACCES: not root.
 */
int hv_open(struct hv **out);
void hv_close(struct hv *hv); /* NULL is fine */

/* --- domains (domctl.c) --------------------------------------------------- */

/*
 * Creates a domain without vCPUs or memory, paused by its controller. *domid 0:
 * the hypervisor picks a free id, returned there.
 */
int hv_domain_create(struct hv *hv, const struct xen_domctl_createdomain *cfg,
		     uint16_t *domid);
/*
 * Kills the domain and gives its memory back; returns when the hypervisor has
 * let go of all but what others still map. The id is free once
 * hv_domain_info() says -ESRCH.
 */
int hv_domain_destroy(struct hv *hv, uint16_t domid);
int hv_domain_pause(struct hv *hv, uint16_t domid);   /* counted */
int hv_domain_unpause(struct hv *hv, uint16_t domid); /* -EINVAL: not paused */
int hv_domain_resume(struct hv *hv, uint16_t domid);
/* Ends the guest as if it had called SCHEDOP_shutdown(reason). */
int hv_domain_shutdown(struct hv *hv, uint16_t domid, unsigned int reason);
int hv_domain_set_max_vcpus(struct hv *hv, uint16_t domid, unsigned int max);
int hv_domain_set_max_mem(struct hv *hv, uint16_t domid, uint64_t kib);
/* Memory for nested page tables. -ENOSYS: the hypervisor needs no such pool. */
int hv_domain_set_paging_pool(struct hv *hv, uint16_t domid, uint64_t bytes);
/* mode: XEN_CPUID_TSC_MODE_* 0 default, 1 always emulate, 2 never. */
int hv_domain_set_tsc_mode(struct hv *hv, uint16_t domid, unsigned int mode);
/* Exactly this domain; -ESRCH when there is none. */
int hv_domain_info(struct hv *hv, uint16_t domid,
		   struct xen_domctl_getdomaininfo *out);
/* Domains with id >= first, ascending, at most max. Returns how many. */
int hv_domain_list(struct hv *hv, uint16_t first,
		   struct xen_domctl_getdomaininfo *out, unsigned int max);

int hv_vcpu_info(struct hv *hv, uint16_t domid, unsigned int vcpu,
		 struct xen_domctl_getvcpuinfo *out);
/* Bit n of map: physical CPU n. bits is a multiple of 8. NULL: leave alone. */
int hv_vcpu_set_affinity(struct hv *hv, uint16_t domid, unsigned int vcpu,
			 const uint8_t *hard, const uint8_t *soft,
			 unsigned int bits);
int hv_vcpu_get_affinity(struct hv *hv, uint16_t domid, unsigned int vcpu,
			 uint8_t *hard, uint8_t *soft, unsigned int bits);

/* Weight and cap of the domain under the scheduler in use (credit, credit2;
 * -EOPNOTSUPP under any other). */
int hv_sched_get(struct hv *hv, uint16_t domid, uint16_t *weight, uint16_t *cap);
int hv_sched_set(struct hv *hv, uint16_t domid, uint16_t weight, uint16_t cap);

/* --- HVM state (hvm.c) ---------------------------------------------------- */

/* index: HVM_PARAM_* of xen/hvm/params.h */
int hv_param_set(struct hv *hv, uint16_t domid, uint32_t index, uint64_t value);
int hv_param_get(struct hv *hv, uint16_t domid, uint32_t index, uint64_t *value);
/* The record stream of xen/hvm/save.h. */
int hv_context_set(struct hv *hv, uint16_t domid, const void *data, size_t len);
/* Returns the length, at most len; data NULL: returns the length needed. */
int hv_context_get(struct hv *hv, uint16_t domid, void *data, size_t len);

/* --- memory (memory.c) ---------------------------------------------------- */

/*
 * Gives the domain memory at gfns first, first + 2^order, ... (count extents).
 * Returns how many were given: fewer than count means that memory of that order
 * or the domain's allowance ran out there. Errors are only for a bad request.
 */
int hv_populate(struct hv *hv, uint16_t domid, uint64_t first,
		unsigned int count, unsigned int order);
/* Takes one frame away again. */
int hv_unpopulate(struct hv *hv, uint16_t domid, uint64_t gfn);
struct hv_e820 {
	uint64_t addr;
	uint64_t size;
	uint32_t type;
} __attribute__((packed));
#define HV_E820_MAX 128
/* The table XENMEM_memory_map will give the guest; count <= HV_E820_MAX. */
int hv_set_memory_map(struct hv *hv, uint16_t domid, const struct hv_e820 *map,
		      unsigned int count);
/* Reserves so many free pages for the domain, 0 ends it. -ENOMEM: not there. */
int hv_claim(struct hv *hv, uint16_t domid, uint64_t pages);
/* space: XENMAPSPACE_* of xen/memory.h */
int hv_add_to_physmap(struct hv *hv, uint16_t domid, unsigned int space,
		      uint64_t idx, uint64_t gfn);
int hv_remove_from_physmap(struct hv *hv, uint16_t domid, uint64_t gfn);

/* --- mapping another domain's memory (map.c) ------------------------------ */

/*
 * Maps count consecutive frames from gfn on, readable and writable, at *out.
 * All or nothing: -ENOENT, -EINVAL or -ESRCH when one cannot be had. Each page
 * mapped costs dom0 a scratch page: map in pieces and unmap soon. The memory
 * is the guest's: it may change under the reader at any time.
 */
int hv_map(struct hv *hv, uint16_t domid, uint64_t gfn, unsigned int count,
	   void **out);
void hv_unmap(void *addr, unsigned int count);
/*
 * Maps the first frame of the domain's grant table (512 entries of v1).
 * -EOPNOTSUPP, -ENOTTY, -ENOSYS: not available; use hv_add_to_physmap().
 */
int hv_map_grant_table(struct hv *hv, uint16_t domid, void **out);

/*
 * For writing much into a domain that has not run yet (window.c). Uses its
 * grant table from entry 8 on while it writes. gpa and len are bytes, of any
 * alignment.
 */
struct hv_window;
int hv_window_open(struct hv *hv, uint16_t domid, struct hv_window **out);
int hv_window_write(struct hv_window *w, uint64_t gpa, const void *src, size_t len);
void hv_window_close(struct hv_window *w); /* NULL is fine */

/* --- events (event.c) ----------------------------------------------------- */

/* A port of domid which remote may bind. */
int hv_event_alloc_unbound(struct hv *hv, uint16_t domid, uint16_t remote,
			   uint32_t *port);

/* --- the host (host.c) ---------------------------------------------------- */

int hv_physinfo(struct hv *hv, struct xen_sysctl_physinfo *out);
int hv_sched_id(struct hv *hv, uint32_t *id); /* XEN_SCHEDULER_* */
/* Idle time in ns of CPUs 0.. ; returns how many were filled, <= max. */
int hv_cpu_idle(struct hv *hv, uint64_t *idle_ns, unsigned int max);
/*
 * The hypervisor's log. *index 0 and incremental false: from its start;
 * otherwise on from *index, which is moved. Returns bytes put into buf.
 */
int hv_console_read(struct hv *hv, char *buf, size_t len, bool clear,
		    bool incremental, uint32_t *index);
int hv_debug_keys(struct hv *hv, const char *keys);

#define HV_NODES_MAX 16
struct hv_node {
	uint64_t size, free;	/* bytes */
	uint32_t distance[HV_NODES_MAX];
};
/* Both fill up to max and return how many there are. */
int hv_cpu_topology(struct hv *hv, struct xen_sysctl_cputopo *cpus, unsigned int max);
int hv_nodes(struct hv *hv, struct hv_node *nodes, unsigned int max);

struct hv_counter {
	char name[81];
	uint32_t value;		/* modulo 2^32 */
};
/* Fills up to max; returns how many there are. list NULL: only that. */
int hv_counters(struct hv *hv, struct hv_counter *list, unsigned int max);

/* The trace rings: one of so many pages for each CPU, from a frame of DOMID_XEN on. */
struct hv_trace {
	uint64_t mfn;
	unsigned int cpus, pages;
};
int hv_trace_enable(struct hv *hv, uint32_t mask, struct hv_trace *out);
int hv_trace_disable(struct hv *hv);

struct hv_version {
	unsigned int major;
	unsigned int minor;
	char extra[17];
	char compiler[65];
	char compile_by[17];
	char compile_domain[33];
	char compile_date[33];
	char capabilities[1025];
	char changeset[65];
	char commandline[1025];
	uint64_t virt_start;
	uint32_t page_size;
};
/* All strings are NUL-terminated; what the hypervisor withholds is empty. */
int hv_version(struct hv *hv, struct hv_version *out);

#endif

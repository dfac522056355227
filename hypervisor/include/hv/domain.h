/*
 * Domains and vCPUs: identity, life, and what each part of core hangs on them.
 *
 * Life: created (controller-paused) -> running -> shut down (code set, paused)
 * -> dying (killed, resources given back step by step) -> dead (freed when the
 * last reference goes). Look-up is by id and takes a reference.
 */
#ifndef HV_DOMAIN_H
#define HV_DOMAIN_H

#include <hv/access.h>
#include <hv/cpu.h>
#include <hv/list.h>
#include <hv/p2m.h>
#include <hv/spinlock.h>
#include <hv/timer.h>

#include <xen/event_channel.h>
#include <xen/hvm/e820.h>
#include <xen/hvm/params.h>
#include <xen/sched.h>
#include <xen/vcpu.h>

#define MAX_VCPUS	128
#define E820_MAX	128

enum e820_type { E820_RAM = 1, E820_RESERVED, E820_ACPI, E820_NVS, E820_UNUSABLE };

struct e820_entry {
	uint64_t addr, size;
	uint32_t type;
} packed;
_Static_assert(sizeof(struct e820_entry) == 20, "public E820 entry");

enum dying { DOMAIN_ALIVE, DOMAIN_DYING, DOMAIN_DEAD };

/*
 * A guest area registered for updates by the hypervisor, pinned by frame. The
 * lock covers the rest: a vCPU's area may be replaced while another CPU that
 * starts the vCPU writes it. A leaf lock.
 */
struct guest_area {
	spinlock_t lock;
	struct page *page[2];	/* NULL: not registered; [1] if it straddles */
	unsigned int offset;	/* in page[0] */
};

/*
 * A superpage that is being cleared for a domain, in pieces: its own already, but of
 * no gfn yet (core/memory_op_ram.c).
 */
struct arriving {
	mfn_t mfn;
	uint64_t nr;	/* frames; 0: there is none */
	uint64_t done;	/* of them cleared, or given back */
	bool unwanted;	/* is given back */
	const struct vcpu *refused;	/* for it, its request has failed; else NULL */
};

struct vcpu {
	unsigned int id;
	struct domain *domain;
	struct arch_vcpu *arch;

	/* scheduling (sched.c); covered by the run queue lock of v->cpu */
	unsigned int cpu;	/* queue it is on or last ran on */
	bool running;		/* on its CPU now, state not yet saved */
	bool queued;
	struct list rq_link;
	uint64_t vtime;		/* weighted ns it has run */
	uint64_t ran_before, wanted_before;	/* sched_share.c */
	uint64_t started;	/* got its CPU */
	uint64_t slice_end;
	bool boosted;		/* just woken: before all others for a moment */
	bool ahead;		/* of its cap: runs where nobody else wants to; queue lock */
	int64_t cap_left;	/* ns it may run of its domain's cap; < 0: debt */
	bool bound;		/* there are CPUs that it may not run on */
	struct cpumask affinity;	/* hard: runs nowhere else */
	struct cpumask soft_affinity;	/* runs there rather than elsewhere */

	/* why it may not run: any of these */
	bool down;		/* never started, or offline */
	bool blocked;		/* HLT, SCHEDOP_block, SCHEDOP_poll */
	bool polling;
	bool throttled;		/* its domain has used its cap up; atomic */
	unsigned int pause_count;	/* atomic */

	struct {
		uint32_t state;	/* RUNSTATE_* */
		uint64_t entry;	/* ns */
		uint64_t time[4];
	} runstate;
	struct guest_area runstate_area;
	struct guest_area time_area;

	/* event delivery (event.c) */
	struct vcpu_info *info;	/* in shared_info, registered, or dummy */
	struct page *info_page;	/* pinned, when registered */
	struct vcpu_info *dummy_info;	/* for ids without a shared slot */
	uint32_t virq_port[NR_VIRQS];	/* 0: unbound */
	uint32_t poll_ports_nr;
	uint64_t *poll_ports;	/* bitmap of event ports, modulo, while polling */
	struct timer poll_timer;
	uint8_t upcall_vector;	/* HVMOP_set_evtchn_upcall_vector; 0: none */

	struct timer singleshot_timer;
	struct timer periodic_timer;
	uint64_t periodic_ns;
};

struct domain {
	domid_t id;
	bool control;		/* dom0: may use the toolstack operations */
	bool hardware;		/* dom0: owns the machine's devices */
	struct list link;	/* in the list of all, by id */
	struct domain *hash_next;
	unsigned int refs;	/* atomic */
	uint8_t handle[16];
	struct arch_domain *arch;

	unsigned int max_vcpus;
	struct vcpu **vcpu;	/* [max_vcpus], NULL until made */

	/* life */
	spinlock_t lock;	/* covers dying, shutdown fields */
	enum dying dying;
	bool shut_down;
	bool shutdown_told;	/* SCHEDOP_shutdown_code said why before */
	unsigned int shutdown_code;	/* SHUTDOWN_* */
	unsigned int pause_count;	/* atomic; controller + shutdown */
	unsigned int controller_pauses;
	struct timer watchdog[2];
	uint32_t watchdog_inuse;

	/* memory */
	spinlock_t p2m_lock;
	unsigned int tot_pages;	/* atomic */
	unsigned int max_pages;
	unsigned int claimed_pages;	/* promised, not yet allocated: page.c */
	spinlock_t arriving_lock;	/* covers arriving */
	struct arriving arriving;
	gfn_t teardown_gfn;	/* p2m_teardown() goes on from here ... */
	struct p2m_entry leaving;	/* ... and with these frames first */
	uint64_t leaving_nr;
	uint64_t max_gfn;
	unsigned int paging_kb;	/* set_paging_mempool_size, told back */
	struct e820_entry e820[E820_MAX];
	unsigned int e820_nr;

	/* events, grants */
	struct shared_info *shared_info;
	gfn_t shared_info_gfn;
	spinlock_t event_lock;
	struct evtchn_table *events;
	struct grant_table *grants;

	uint64_t hvm_params[HVM_NR_PARAMS];
	uint8_t callback_vector;	/* domain-wide upcall; 0: none */
	int64_t time_offset_s;
	uint32_t vm_assist;
	uint32_t create_flags;	/* XEN_DOMCTL_CDF_* as given */
	char console_line[128];	/* console_io output up to the next newline */
	unsigned int console_len;
	unsigned int console_lines;	/* that it may still write */
	uint64_t console_refill;
	uint64_t log_tokens;	/* guest_log() rate limit */
	uint64_t log_refill;

	/* scheduling */
	unsigned int weight;	/* 256 = normal */
	unsigned int cap;	/* percent of a CPU; 0: none */
	unsigned int share;	/* what its vCPUs weigh, SHARE_ONE to the weight */
	struct list shared_link;	/* this and how that is found: sched_share.c */
	unsigned int asked, gets;
	uint64_t full_at;
	bool full;
	spinlock_t cap_lock;	/* covers the budget */
	int64_t cap_budget;	/* ns left in this period, not yet taken by vCPUs */
	uint64_t cap_end;	/* of this period, ns */
	bool cap_used;		/* something was taken in this period */
	struct timer cap_timer;	/* the period is over, or who is ahead is due */
};

extern struct domain *hardware_domain;	/* dom0 */
extern struct domain *idle_domain;	/* DOMID_IDLE; not in the list */

/*
 * Makes a domain without vCPUs, controller-paused, listed. -EEXIST, -ENOMEM,
 * -EINVAL. @id 0xffff... pick: DOMID_INVALID lets us choose the next free.
 */
struct domain_config {
	domid_t id;		/* DOMID_INVALID: pick one */
	uint8_t handle[16];
	uint32_t flags;		/* XEN_DOMCTL_CDF_* */
	unsigned int max_vcpus;
	unsigned int max_evtchn_port;
	unsigned int max_grant_frames;
	unsigned int max_maptrack_frames;
	bool msr_relaxed;
	bool control;		/* dom0 only */
};
int domain_create(const struct domain_config *c, struct domain **out) must_check;
/* Makes vCPU @id, down. -EEXIST, -ENOMEM. */
int vcpu_create(struct domain *d, unsigned int id) must_check;

/* Referenced domain of that id (no DOMID_SELF), or NULL. domain_put() it. */
struct domain *domain_find(domid_t id) must_check;
/*
 * Resolves a caller-given id (DOMID_SELF allowed) and checks access:
 * -ESRCH, -EPERM, or 0 with a referenced *out.
 */
int domain_find_checked(domid_t id, enum access_op op, struct domain **out) must_check;
/* First live or dying domain with id >= @id, referenced, or NULL. */
struct domain *domain_find_from(domid_t id) must_check;
void domain_get(struct domain *d);
void domain_put(struct domain *d);

void domain_pause(struct domain *d);	/* and waits until no vCPU runs */
void domain_pause_nosync(struct domain *d);
void domain_unpause(struct domain *d);
void vcpu_pause(struct vcpu *v);	/* not on current */
void vcpu_unpause(struct vcpu *v);

/* Stops the domain with SHUTDOWN_* @code and raises VIRQ_DOM_EXC. */
void domain_shutdown(struct domain *d, unsigned int code);
/* "power-off", "reboot"... for the log. */
const char *shutdown_name(unsigned int code);
/* After SHUTDOWN_suspend: clears it and lets the vCPUs run. -EINVAL. */
int domain_resume(struct domain *d) must_check;
/* A guest broke the rules: log why and shut down with SHUTDOWN_crash. */
void domain_crash(struct domain *d, const char *fmt, ...) printf_like(2, 3);
/*
 * Destroys; preemptible: -ERESTART until all that it held is given back. Then
 * VIRQ_DOM_EXC; the struct itself goes with the last reference.
 */
int domain_kill(struct domain *d) must_check;

/* The vCPU goes offline (HLT with IF=0, VCPUOP_down); the last one ends it. */
void vcpu_set_down(struct vcpu *v);
void vcpu_set_up(struct vcpu *v);

/* Pins @size bytes at guest address; unregister with area_release(). */
int area_register(struct guest_area *a, gva_t addr, unsigned int size) must_check;
void area_write(struct guest_area *a, unsigned int offset, const void *src,
		unsigned int len);
void area_release(struct guest_area *a);

/* Its vCPU @id, NULL when there is none. */
static inline struct vcpu *domain_vcpu(const struct domain *d, uint64_t id)
{
	return id < d->max_vcpus ? d->vcpu[id] : NULL;
}

/* Every domain in order, referenced during its turn. Ends by itself only. */
#define for_each_domain(d)                                                   \
	for (struct domain *d = domain_find_from(0), *next_##d; d;           \
	     next_##d = domain_find_from((domid_t)(d->id + 1)),              \
	     domain_put(d), d = next_##d)
#define for_each_vcpu(d, v)                                                  \
	for (unsigned int i_##v = 0; i_##v < (d)->max_vcpus; i_##v++)        \
		for (struct vcpu *v = (d)->vcpu[i_##v]; v; v = NULL)

#endif

/*
 * libdom: what a virtual machine is, and all that can be done with one. Used by
 * xl, the console, the installer and hostd, which reach the hypervisor and
 * xenstore only through here. The text of a configuration is config.h's part.
 *
 * Rules for all functions that take a struct dom_error:
 *  - result 0, or a negative errno with err->text filled: one line "what: why:
 *    what to do", without newline. err may be NULL. After 0 it is untouched.
 *  - nothing prints, exits, forks or runs a shell.
 *  - a struct dom belongs to one thread at a time; any number may be open, in
 *    any number of processes. Operations that change one VM take its lock file
 *    (/run/basalt/vm-<name>.lock): -EBUSY when another process holds it.
 *  - a failed change leaves nothing behind: no domain, memory, node, port,
 *    grant, loop device or bridge port.
 *
 * -ENOTCONN everywhere: xenstored does not answer; -ESRCH: no such VM.
 */
#ifndef LIBDOM_H
#define LIBDOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libdom/config.h"

struct dom_error {
	char text[256];
};

struct dom;

/* Connects to the hypervisor and to xenstore. */
int dom_open(struct dom **out, struct dom_error *err);
void dom_close(struct dom *dom); /* NULL is fine */

/* --- looking (dom_list.c) ------------------------------------------------- */

#define DOM_NAME_SIZE (CONFIG_NAME_MAX + 1)
#define DOM_UUID_TEXT_SIZE 37

struct dom_info {
	uint32_t domid;
	char name[DOM_NAME_SIZE]; /* "" when xenstore knows none (being made or
				     destroyed, or not made by this toolstack) */
	uint8_t uuid[16];
	/* as the hypervisor sees it; several may be true */
	bool running, blocked, paused, shutdown, dying;
	int shutdown_reason; /* enum vm_shutdown or 2 (suspend); -1: not shut down */
	uint64_t mem_kib;    /* memory it has now */
	uint64_t maxmem_kib; /* may have; UINT64_MAX: no limit */
	uint64_t cpu_ns;     /* CPU time used by all its vCPUs */
	uint32_t vcpus_online;
	uint32_t vcpus_max;
	uint32_t cpupool;
};

/* Every domain with its name, ascending domid, dom0 first. free() the list. Without
 * xenstored there is none: -ENOTCONN. */
int dom_list(struct dom *dom, struct dom_info **list, size_t *count,
	     struct dom_error *err);
int dom_get(struct dom *dom, uint32_t domid, struct dom_info *out,
	    struct dom_error *err);
/* "web1" or "7" -> domid. A name that is all digits is an id. -ESRCH. */
int dom_find(struct dom *dom, const char *name_or_id, uint32_t *domid,
	     struct dom_error *err);
/* Seconds since the domain was made (dom0: since boot). */
int dom_uptime(struct dom *dom, uint32_t domid, uint64_t *seconds,
	       struct dom_error *err);
/* The pty of its console; -ENOENT while xenconsoled has not made one yet. */
int dom_console(struct dom *dom, uint32_t domid, char *tty, size_t size,
		struct dom_error *err);
/* The addresses that an agent in the guest tells of a network interface, separated by
 * blanks; "" when there is none. The guest's word: for showing only. */
void dom_addresses(struct dom *dom, uint32_t domid, uint32_t devid, char *buf,
		   size_t size);
/*
 * The configuration it runs with: what it was made from, with name, uuid and
 * MACs as they are now. config_free() it. -ENOENT for dom0 and for domains that
 * another toolstack made.
 */
int dom_config(struct dom *dom, uint32_t domid, struct vm_config *cfg,
	       struct dom_error *err);
void dom_uuid_text(const uint8_t uuid[16], char text[DOM_UUID_TEXT_SIZE]);

struct dom_vcpu {
	bool online, blocked, running;
	uint32_t cpu;	   /* physical CPU it is or was last on */
	uint64_t cpu_ns;
	struct vm_cpuset hard, soft;
};
/* -ENOENT: no such vCPU */
int dom_vcpu(struct dom *dom, uint32_t domid, unsigned int vcpu,
	     struct dom_vcpu *out, struct dom_error *err);
int dom_sched(struct dom *dom, uint32_t domid, unsigned int *weight,
	      unsigned int *cap, struct dom_error *err);

/* --- making (dom_create.c) ------------------------------------------------ */

/* Called during long steps; percent 0..100, what: "loading kernel", ... */
typedef void dom_progress_fn(void *ctx, const char *what, unsigned int percent);

struct dom_create_opts {
	bool paused;		   /* leave it paused: dom_unpause() starts it */
	dom_progress_fn *progress; /* may be NULL */
	void *ctx;
};

/*
 * Makes and starts a VM. First everything is checked (name free, kernel and
 * ramdisk good, disks, bridges, memory), then it is built by a plan whose steps
 * are undone in reverse if one fails. *cfg gets uuid and MACs where they were
 * missing. What a killed process left half-made under that name is destroyed
 * first. Usual errors: -EEXIST name or uuid taken, -ENOENT file absent,
 * -ENOEXEC not a kernel, -E2BIG image larger than the guest's memory, -ENOMEM,
 * -EROFS, -EBUSY disk in use, -ENODEV no such bridge, -ETIMEDOUT a device's
 * back end did not come up.
 */
int dom_create(struct dom *dom, struct vm_config *cfg,
	       const struct dom_create_opts *opts, uint32_t *domid,
	       struct dom_error *err);

/*
 * The same checks, then every step of the plan as one line of text to line(),
 * and nothing done: `xl create -n`.
 */
typedef void dom_line_fn(void *ctx, const char *text);
int dom_plan(struct dom *dom, struct vm_config *cfg, dom_line_fn *line, void *ctx,
	     struct dom_error *err);

/* --- life (dom_life.c) ---------------------------------------------------- */

int dom_pause(struct dom *dom, uint32_t domid, struct dom_error *err);
int dom_unpause(struct dom *dom, uint32_t domid, struct dom_error *err);

enum dom_request { DOM_POWEROFF, DOM_REBOOT, DOM_HALT };
/*
 * Asks the guest to end and waits up to 60 s for its acknowledgement, not for
 * its end (see dom_wait()). -EOPNOTSUPP: the guest has not said that it listens
 * (control/feature-*); -ETIMEDOUT: it does not answer.
 */
int dom_shutdown(struct dom *dom, uint32_t domid, enum dom_request how,
		 struct dom_error *err);
/*
 * Pulls the plug and removes all traces. -EINVAL for dom0; -ESRCH: it is not there, or
 * another process has destroyed it meanwhile, which is waited for.
 */
int dom_destroy(struct dom *dom, uint32_t domid, struct dom_error *err);
/*
 * Removes what is left in xenstore of domains that exist no more: of a destruction
 * that was killed before its end. For hostd, after each domain's end. true: one is
 * still dying, or somebody is at it: to be called again soon.
 */
bool dom_sweep(struct dom *dom);
/* -EEXIST, -EINVAL bad name */
int dom_rename(struct dom *dom, uint32_t domid, const char *name,
	       struct dom_error *err);

enum dom_until {
	DOM_UNTIL_SHUTDOWN, /* the guest has ended (or is gone) */
	DOM_UNTIL_GONE,	    /* the domain exists no more */
};
/*
 * Waits; timeout_ms -1: for ever. *reason (may be NULL) as shutdown_reason of
 * struct dom_info, -1 when it is gone. -ETIMEDOUT.
 */
int dom_wait(struct dom *dom, uint32_t domid, enum dom_until until, int timeout_ms,
	     int *reason, struct dom_error *err);

/*
 * Does what the VM's configuration asks for once it has ended: destroys it,
 * makes it anew from the same configuration, renames it (to <name>-<domid>, with
 * its devices taken away; the new one has a new uuid) and makes it anew, or
 * leaves it. Memory dumps and soft resets are not made: coredump-* and soft-reset
 * do the rest of what they ask for. For hostd and `xl create -F`. -EAGAIN: it has not ended.
 */
struct dom_outcome {
	int reason;		/* why it ended */
	enum vm_action action;	/* what was asked for and done */
	uint32_t domid;		/* of the new domain when it was restarted, or 0 */
	char name[DOM_NAME_SIZE];
};
int dom_react(struct dom *dom, uint32_t domid, struct dom_outcome *out,
	      struct dom_error *err);

/* --- the host (dom_host.c) ------------------------------------------------ */

struct dom_host {
	unsigned int major, minor; /* of the ABI */
	char extra[17];
	char capabilities[1025];
	char changeset[65];
	char commandline[1025];
	char compiler[65], compile_by[17], compile_domain[33], compile_date[33];
	char scheduler[16]; /* "credit2", ... */
	uint32_t page_size;
	uint64_t virt_start;
	uint32_t nr_cpus, max_cpu_id, nr_nodes, cores_per_socket, threads_per_core;
	uint32_t cpu_khz;
	uint32_t hw_caps[8];
	bool cap_hvm, cap_hap, cap_directio, cap_pv, cap_shadow;
	uint64_t total_kib, free_kib, scrub_kib, outstanding_kib;
};
int dom_host(struct dom *dom, struct dom_host *out, struct dom_error *err);
/* Idle ns of each CPU; *count in: room, out: filled. */
int dom_host_idle(struct dom *dom, uint64_t *idle_ns, unsigned int *count,
		  struct dom_error *err);
#define DOM_CPUS_MAX 256
#define DOM_NODES_MAX 16
struct dom_topology {
	unsigned int cpus, nodes;
	struct {
		uint32_t core, socket, node;
	} cpu[DOM_CPUS_MAX];
	struct {
		uint64_t size_kib, free_kib;
		uint32_t distance[DOM_NODES_MAX];
	} node[DOM_NODES_MAX];
};
int dom_topology(struct dom *dom, struct dom_topology *out, struct dom_error *err);
/* The hypervisor's log, oldest first, up to now; clear empties it. */
int dom_dmesg(struct dom *dom, bool clear,
	      void (*chunk)(void *ctx, const char *text, size_t len), void *ctx,
	      struct dom_error *err);
/* Presses the hypervisor's debug keys, one letter each; 'h' lists them in the log. */
int dom_debug_keys(struct dom *dom, const char *keys, struct dom_error *err);

#endif

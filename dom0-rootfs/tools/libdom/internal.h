/*
 * libdom's inside: what its files share.
 */
#ifndef LIBDOM_INTERNAL_H
#define LIBDOM_INTERNAL_H

#include "libdom/libdom.h"
#include "libhv/libhv.h"
#include "libxs/xs.h"

#ifndef RUN_DIR /* tests have their own */
#define RUN_DIR	       "/run/basalt"
#endif
#define BACKEND_DOMID  0
#define STORE_PATH_MAX 256 /* all paths made here are far shorter */
#define STORE_JOIN_MAX (STORE_PATH_MAX + 64) /* a node below one of them */

struct dom {
	struct hv *hv;
	struct xs *xs;
};

/* Puts the text into err (if any) and returns code. (error.c) */
int dom_fail(struct dom_error *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* "…: <what errno code means>": for failures whose reason the kernel knows. */
int dom_fail_errno(struct dom_error *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* For a file of the configuration that cannot be opened. what: "kernel", ... */
int dom_fail_file(struct dom_error *err, int code, const char *path,
		  const char *what);

/* Monotonic milliseconds, and a pause between two looks at something: starts
 * at half a millisecond and grows to 20. (wait.c) */
int64_t wait_now_ms(void);
void wait_pause(unsigned int *turn);

/* A random uuid for a VM that has none. (uuid.c) */
int uuid_fill(struct vm_config *cfg, struct dom_error *err);

/* Makes /run/basalt and the directory below it; 0 or -errno. (wait.c) */
int run_dir_make(const char *sub);

/* --- lock.c: one writer for each VM --------------------------------------- */
struct vm_lock {
	int fd;
	char path[128];
};
int vm_lock_take(const char *name, struct vm_lock *lock, struct dom_error *err);
/* The same with that much patience for who holds it now. */
int vm_lock_wait(const char *name, int patience_ms, struct vm_lock *lock,
		 struct dom_error *err);
void vm_lock_drop(struct vm_lock *lock);
/* Of a domain by id: by its name, or by its number when it has none. */
int vm_lock_take_domain(struct dom *dom, uint32_t domid, struct vm_lock *lock,
			struct dom_error *err);

/* --- record.c: the configuration of running VMs --------------------------- */
int record_save(const struct vm_config *cfg, struct dom_error *err);
int record_load(const uint8_t uuid[16], struct vm_config *cfg,
		struct dom_error *err);
void record_remove(const uint8_t uuid[16]);

/* --- making.c: VMs whose making was cut short, name's lock held ------------ */
/* From now on the domain with that uuid is being made under that name. */
int making_begin(const char *name, const uint8_t uuid[16], struct dom_error *err);
void making_end(const char *name);
/* Destroys what a killed process left of a VM of that name, if anything. */
int making_clean_up(struct dom *dom, const char *name, struct dom_error *err);

/* --- dom_list.c ----------------------------------------------------------- */
/* Name of a domain as xenstore has it; "" when it has none. */
void domain_name(struct dom *dom, uint32_t domid, char name[DOM_NAME_SIZE]);
/* hv_domain_info() with a message. */
int domain_state(struct dom *dom, uint32_t domid,
		 struct xen_domctl_getdomaininfo *info, struct dom_error *err);

/* --- the work behind dom_create() and dom_destroy(), lock already held ----- */
int create_locked(struct dom *dom, struct vm_config *cfg,
		  const struct dom_create_opts *opts, uint32_t *domid,
		  struct dom_error *err);
int destroy_locked(struct dom *dom, uint32_t domid, struct dom_error *err);
/* retire: what is kept of its configuration says "preserve" from now on. */
int rename_locked(struct dom *dom, uint32_t domid, const char *name, bool retire,
		  struct dom_error *err);
/* Takes every disk and interface away from a domain, running or dead. */
void detach_devices(struct dom *dom, uint32_t domid);
/* Kills the domain in the hypervisor and waits until its id is free. */
int destroy_domain(struct dom *dom, uint32_t domid, struct dom_error *err);

#endif

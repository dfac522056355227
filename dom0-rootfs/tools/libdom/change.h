/*
 * What can be changed of a VM while it runs: memory, vCPUs, disks, network. Each
 * change is also kept with its running configuration, so that it is still there after
 * the guest's reboot; the definition (define.h) is another matter, and the caller's.
 *
 * Rules as in libdom.h. -ETIMEDOUT of a detaching: the guest does not let go of the
 * device (it is mounted, or the guest has no driver): nothing was changed.
 */
#ifndef LIBDOM_CHANGE_H
#define LIBDOM_CHANGE_H

#include "libdom/libdom.h"

/* --- memory (change_memory.c) ---------------------------------------------- */

/*
 * Tells the guest how much memory to use; its balloon driver then gives the rest back
 * or takes more, in its own time (see dom_get()). -EINVAL: more than its maximum, or
 * less than CONFIG_MEM_MIN_MIB; -ENOMEM: the host does not have it.
 */
int dom_mem_set(struct dom *dom, uint32_t domid, uint64_t kib, struct dom_error *err);
/* The maximum. -EINVAL: it uses more already. */
int dom_mem_max(struct dom *dom, uint32_t domid, uint64_t kib, struct dom_error *err);
/* What the guest was told last; -ENOENT for a domain without. */
int dom_mem_target(struct dom *dom, uint32_t domid, uint64_t *kib,
		   struct dom_error *err);

/* --- CPUs (change_cpu.c) ---------------------------------------------------- */

/* Asks the guest to use vCPUs 0..n-1 and no others. -EINVAL: not 1..its maximum. */
int dom_vcpu_set(struct dom *dom, uint32_t domid, unsigned int n, struct dom_error *err);
#define DOM_ALL_VCPUS (~0u)
/* Where a vCPU, or all, may run and had best run; NULL: leave alone. */
int dom_vcpu_pin(struct dom *dom, uint32_t domid, unsigned int vcpu,
		 const struct vm_cpuset *hard, const struct vm_cpuset *soft,
		 struct dom_error *err);
/* weight 1..65535, cap in percent of one CPU, 0: none; -1: leave alone. */
int dom_sched_set(struct dom *dom, uint32_t domid, int weight, int cap,
		  struct dom_error *err);

/* --- devices (change_device.c) ---------------------------------------------- */

/* What all devices have; states are XenbusState: 4 connected. */
struct dom_device {
	uint32_t devid;
	int front_state, back_state; /* 0: not known */
	int event_channel;	     /* -1: not connected yet */
	int ring_ref[2];	     /* the disk's; or tx and rx. -1: not known */
	char back_path[64];	     /* its nodes in xenstore */
};

struct dom_disk {
	struct dom_device dev;
	char vdev[16];	   /* "xvda" */
	char target[1024]; /* file or device it is made of */
	bool readonly, cdrom;
	uint64_t bytes;	   /* 0: not known */
};

struct dom_vif {
	struct dom_device dev;
	char mac[18];
	char bridge[16];
	char ifname[16]; /* dom0's end */
	char ip[64];	 /* as configured; "" */
};

/* Ascending devid; free() the list. */
int dom_disks(struct dom *dom, uint32_t domid, struct dom_disk **list, size_t *count,
	      struct dom_error *err);
int dom_vifs(struct dom *dom, uint32_t domid, struct dom_vif **list, size_t *count,
	     struct dom_error *err);

/*
 * -EEXIST: the VM has such a device already; otherwise errors as dom_create()'s. A vif
 * with devid DOM_NEXT_DEVID gets the next free number, one without a MAC a new one:
 * both are filled in.
 */
#define DOM_NEXT_DEVID (~0u)
int dom_disk_attach(struct dom *dom, uint32_t domid, const struct vm_disk *disk,
		    struct dom_error *err);
int dom_vif_attach(struct dom *dom, uint32_t domid, struct vm_vif *vif,
		   struct dom_error *err);

/*
 * Asks the guest to let go and waits up to 30 s. force: take it away whatever the
 * guest does. -ENOENT: no such device.
 */
int dom_disk_detach(struct dom *dom, uint32_t domid, uint32_t devid, bool force,
		    struct dom_error *err);
int dom_vif_detach(struct dom *dom, uint32_t domid, uint32_t devid, bool force,
		   struct dom_error *err);

/* --- the whole (change_config.c) -------------------------------------------- */

/*
 * From its next life on (reboot, restart) the VM is what *cfg says; now nothing
 * happens. Name and uuid stay what they are.
 */
int dom_config_update(struct dom *dom, uint32_t domid, const struct vm_config *cfg,
		      struct dom_error *err);

#endif

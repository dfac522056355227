/*
 * State of one VM being built, shared by the steps of its plan (dom_create.c).
 */
#ifndef LIBDOM_BUILD_H
#define LIBDOM_BUILD_H

#include <sys/types.h>

#include "libdom/guest.h"
#include "libdom/internal.h"
#include "libdom/plan.h"

struct build {
	struct dom *dom;
	struct vm_config *cfg;
	const struct dom_create_opts *opts;

	struct kernel_file kernel;
	int ramdisk; /* file, or -1 */
	struct guest_layout layout;

	/* filled by the steps */
	uint16_t domid;
	struct hv_window *window; /* into its memory, until it starts */
	uint32_t store_port, console_port;
	uint64_t rsdp;
};

/* What the person is told during long steps. */
void build_progress(struct build *b, const char *what, uint64_t done, uint64_t all);

/* --- build_check.c: refuses before anything is done ------------------------ */
/* Also fills uuid and MACs, and opens kernel and ramdisk. */
int build_check(struct build *b, struct dom_error *err);

/* --- build_domain.c: the domain and its vCPUs ----------------------------- */
int domain_new(struct build *b, struct dom_error *err);
int domain_vcpus(struct build *b, struct dom_error *err);
int domain_limits(struct build *b, struct dom_error *err);
int domain_start_state(struct build *b, struct dom_error *err);

/* --- build_memory.c: memory and what lies in it --------------------------- */
int memory_populate(struct build *b, struct dom_error *err);
int memory_load_kernel(struct build *b, struct dom_error *err);
int memory_load_ramdisk(struct build *b, struct dom_error *err);
int memory_load_tables(struct build *b, struct dom_error *err);
/* No more writing: the last of them does it, and undoing. */
void memory_seal(struct build *b);

/* --- build_rings.c: xenstore's and the console's ring --------------------- */
int rings_open(struct build *b, struct dom_error *err);

/* --- nodes.c: xenstore ---------------------------------------------------- */
int nodes_write_domain(struct build *b, struct dom_error *err);
/* Everything xenstore holds of a domain; uuid may be NULL. */
void nodes_remove_domain(struct dom *dom, uint32_t domid, const uint8_t *uuid);

/* A list of nodes below one directory, written inside a transaction. */
struct node {
	const char *key;
	char value[XS_PATH_SIZE];
};
struct node_list {
	struct node *node;
	size_t n, room;
	int err; /* first failure of node_put() */
};
void node_put(struct node_list *list, const char *key, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void node_list_free(struct node_list *list);

/* --- device.c: a split device's two halves -------------------------------- */
struct device {
	const char *type; /* "vbd", "vif" */
	uint32_t domid;	  /* of the front end */
	uint32_t id;
};
void device_paths(const struct device *d, char *front, char *back);
/* Both directories, with their permissions, in one transaction. */
int device_write(struct dom *dom, const struct device *d, struct node_list *front,
		 struct node_list *back, struct dom_error *err);
/* Does dom0's kernel have the driver for this type's other half? */
int device_check_driver(const char *type, struct dom_error *err);
/* Waits until the kernel's half has made the file below its sysfs directory. */
int device_wait(struct dom *dom, const struct device *d, const char *file,
		struct dom_error *err);
/* Closes the kernel's half, waits for that, and removes the nodes. */
void device_remove(struct dom *dom, const struct device *d);

/* --- disk.c, vif.c -------------------------------------------------------- */
int disk_check(struct dom *dom, const struct vm_disk *disk, struct dom_error *err);
int disk_attach(struct dom *dom, uint32_t domid, const struct vm_disk *disk,
		struct dom_error *err);
void disk_detach(struct dom *dom, uint32_t domid, uint32_t devid);
int vif_check(const struct vm_vif *vif, struct dom_error *err);
int vif_attach(struct dom *dom, uint32_t domid, const struct vm_vif *vif,
	       struct dom_error *err);
void vif_detach(struct dom *dom, uint32_t domid, uint32_t devid);
/* A MAC in 00:16:3e, the same for the same name, device number and turn. */
void vif_pick_mac(const char *name, uint32_t devid, unsigned int turn,
		  uint8_t mac[6]);
/* Gives every vif without one a MAC that no running VM has. */
int vif_fill_macs(struct dom *dom, struct vm_config *cfg, struct dom_error *err);

/* --- loop.c --------------------------------------------------------------- */
/* Binds a file to a free loop device, which vanishes with its last user. */
int loop_attach(const char *path, int file, bool readonly, int *loop_fd, dev_t *dev);

#endif

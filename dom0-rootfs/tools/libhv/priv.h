/*
 * libhv's inside: the handle, pinned buffers, and the ioctls of dom0's kernel.
 */
#ifndef LIBHV_PRIV_H
#define LIBHV_PRIV_H

#include <sys/ioctl.h>

#include "libhv/libhv.h"

#define HV_ARENA_PAGES 16

/*
 * Hypercall arguments must not move while the hypervisor reads them, so they
 * lie in pages of /dev/xen/hypercall. Small ones come from an arena that lives
 * as long as the handle, as a stack; large ones get a mapping of their own.
 */
struct hv {
	int privcmd;
	int hypercall;
	unsigned char *arena;
	size_t used;
};

struct hv_buf {
	void *p;
	size_t mark;   /* arena's fill before; */
	size_t mapped; /* or bytes of its own mapping, then not 0 */
};

/* Zeroed memory of len bytes. Given back in reverse order. */
int hv_buf_get(struct hv *hv, size_t len, struct hv_buf *out);
void hv_buf_put(struct hv *hv, struct hv_buf *b);

/* The bare hypercall: result as the hypervisor gave it, negative errno. */
int hv_call(struct hv *hv, unsigned int nr, const uint64_t arg[5]);
/* hypercall(cmd, arg) where arg is a struct of len bytes, copied in and out. */
int hv_call_struct(struct hv *hv, unsigned int nr, unsigned int cmd, void *arg,
		   size_t len);
/* Fills in the version and repeats while the hypervisor wants that. */
int hv_domctl(struct hv *hv, struct xen_domctl *op);
int hv_sysctl(struct hv *hv, struct xen_sysctl *op);

/*
 * What <xen/privcmd.h> of Linux' user interface declares; that header names
 * kernel-internal headers and cannot be included.
 */
struct privcmd_hypercall {
	uint64_t op;
	uint64_t arg[5];
};

struct privcmd_mmapbatch_v2 {
	unsigned int num;
	domid_t dom;
	uint64_t addr;
	const xen_pfn_t *arr;
	int *err;
};

struct privcmd_mmap_resource {
	domid_t dom;
	uint32_t type;
	uint32_t id;
	uint32_t idx;
	uint64_t num;
	uint64_t addr;
};

_Static_assert(sizeof(struct privcmd_hypercall) == 48, "linux xen/privcmd.h");
_Static_assert(sizeof(struct privcmd_mmapbatch_v2) == 32, "linux xen/privcmd.h");
_Static_assert(sizeof(struct privcmd_mmap_resource) == 32, "linux xen/privcmd.h");

#define PRIVCMD_HYPERCALL     _IOC(_IOC_NONE, 'P', 0, sizeof(struct privcmd_hypercall))
#define PRIVCMD_MMAPBATCH_V2  _IOC(_IOC_NONE, 'P', 4, sizeof(struct privcmd_mmapbatch_v2))
#define PRIVCMD_MMAP_RESOURCE _IOC(_IOC_NONE, 'P', 7, sizeof(struct privcmd_mmap_resource))

#endif

/*
 * The hypervisor, through the kernel's devices: /dev/xen/evtchn, gntdev,
 * privcmd and xenbus_backend. Layouts: xen/sys, xen/domctl.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define __XEN_TOOLS__ 1
#include <xen/xen.h>
#include <xen/domctl.h>
#include <xen/grant_table.h>
#include <xen/sys/evtchn.h>
#include <xen/sys/gntdev.h>
#include <xen/sys/privcmd.h>
#include <xen/sys/xenbus_dev.h>

#include "hv.h"

#define PAGE 4096

static int hv_bind(struct hv *hv, uint32_t domid, uint32_t port)
{
	struct ioctl_evtchn_bind_interdomain bind = {domid, port};
	int ret = ioctl(hv->evtchn, IOCTL_EVTCHN_BIND_INTERDOMAIN, &bind);

	return ret < 0 ? -errno : ret;
}

static void hv_unbind(struct hv *hv, uint32_t local_port)
{
	struct ioctl_evtchn_unbind unbind = {local_port};

	/* It fails only if the port is not bound, which is what we want. */
	(void)ioctl(hv->evtchn, IOCTL_EVTCHN_UNBIND, &unbind);
}

static void hv_notify(struct hv *hv, uint32_t local_port)
{
	struct ioctl_evtchn_notify notify = {local_port};

	/* It fails only if the domain is going away, which we hear of. */
	(void)ioctl(hv->evtchn, IOCTL_EVTCHN_NOTIFY, &notify);
}

static int map_grant(struct hv *hv, uint32_t domid, void **out)
{
	struct ioctl_gntdev_map_grant_ref map = {
		.count = 1, .refs[0] = {domid, GNTTAB_RESERVED_XENSTORE}};
	struct ioctl_gntdev_unmap_grant_ref unmap = {.count = 1};
	void *page;
	int err;

	if (ioctl(hv->gntdev, IOCTL_GNTDEV_MAP_GRANT_REF, &map) < 0)
		return -errno;
	page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, hv->gntdev,
		    (off_t)map.index);
	if (page != MAP_FAILED) {
		*out = page;
		return 0;
	}
	err = -errno;
	unmap.index = map.index;
	(void)ioctl(hv->gntdev, IOCTL_GNTDEV_UNMAP_GRANT_REF, &unmap);
	return err;
}

static int map_foreign(struct hv *hv, uint32_t domid, uint64_t gfn, void **out)
{
	xen_pfn_t frame = gfn;
	int result = 0, err = 0;
	void *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED,
			  hv->privcmd, 0);
	privcmd_mmapbatch_v2_t batch = {
		.num = 1, .dom = (domid_t)domid, .arr = &frame, .err = &result};

	if (page == MAP_FAILED)
		return -errno;
	batch.addr = (uintptr_t)page;
	if (ioctl(hv->privcmd, IOCTL_PRIVCMD_MMAPBATCH_V2, &batch) < 0)
		err = -errno;
	else if (result)
		err = result;
	if (err)
		munmap(page, PAGE);
	else
		*out = page;
	return err;
}

static int hv_map(struct hv *hv, uint32_t domid, uint64_t gfn,
		  struct xenstore_domain_interface **out)
{
	void *page = NULL;
	int err = map_grant(hv, domid, &page);

	if (err)
		err = map_foreign(hv, domid, gfn, &page);
	if (!err)
		*out = page;
	return err;
}

static void hv_unmap(struct hv *hv, struct xenstore_domain_interface *ring)
{
	struct ioctl_gntdev_get_offset_for_vaddr where = {
		.vaddr = (uintptr_t)ring};
	struct ioctl_gntdev_unmap_grant_ref unmap = {.count = 1};
	bool grant = ioctl(hv->gntdev, IOCTL_GNTDEV_GET_OFFSET_FOR_VADDR,
			   &where) == 0;

	munmap(ring, PAGE);
	unmap.index = where.offset;
	if (grant)
		(void)ioctl(hv->gntdev, IOCTL_GNTDEV_UNMAP_GRANT_REF, &unmap);
}

static int hv_map_kernel(struct hv *hv, uint32_t *port,
			 struct xenstore_domain_interface **out)
{
	int ret = ioctl(hv->backend, IOCTL_XENBUS_BACKEND_EVTCHN);
	void *page;

	if (ret < 0)
		return -errno;
	page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED,
		    hv->backend, 0);
	if (page == MAP_FAILED)
		return -errno;
	*port = (uint32_t)ret;
	*out = page;
	return 0;
}

/*
 * The hypervisor reads and writes the page of arguments directly. If the
 * kernel has moved it just then the call fails with EFAULT, and is repeated.
 */
static int domctl(struct hv *hv, const struct xen_domctl *in)
{
	privcmd_hypercall_t call = {
		.op = __HYPERVISOR_domctl, .arg[0] = (uintptr_t)hv->arg};
	int ret = -1;

	for (int i = 0; i < 3 && ret < 0; i++) {
		memcpy(hv->arg, in, sizeof(*in));
		ret = ioctl(hv->privcmd, IOCTL_PRIVCMD_HYPERCALL, &call);
		if (ret < 0 && errno != EFAULT)
			break;
	}
	return ret < 0 ? -errno : 0;
}

static enum domain_state hv_state(struct hv *hv, uint32_t domid)
{
	struct xen_domctl op = {
		.cmd = XEN_DOMCTL_getdomaininfo,
		.interface_version = XEN_DOMCTL_INTERFACE_VERSION,
		.domain = (domid_t)domid,
	};
	const struct xen_domctl *out = hv->arg;
	int err = domctl(hv, &op);
	uint32_t flags;

	if (err == -ESRCH)
		return DOMAIN_GONE;
	/* What cannot be told is not a reason to throw a guest out. */
	if (err)
		return DOMAIN_ALIVE;
	/* The answer is about the next domain if there is none of that id. */
	if (out->domain != domid)
		return DOMAIN_GONE;
	flags = out->u.getdomaininfo.flags;
	if (flags & XEN_DOMINF_dying)
		return DOMAIN_GONE;
	return flags & XEN_DOMINF_shutdown ? DOMAIN_SHUTDOWN : DOMAIN_ALIVE;
}

static unsigned int hv_read_events(struct hv *hv)
{
	uint32_t ports[64];
	ssize_t n = read(hv->evtchn, ports, sizeof(ports));
	unsigned int events = 0;

	if (n <= 0)
		return 0;
	for (size_t i = 0; i < (size_t)n / sizeof(*ports); i++)
		if (ports[i] == hv->dom_exc)
			events |= HV_DYING;
	/* Unmask before looking at the rings, so that nothing is missed. */
	(void)!write(hv->evtchn, ports, (size_t)n);
	return events;
}

static const struct hv_ops ops = {
	.bind = hv_bind,
	.unbind = hv_unbind,
	.notify = hv_notify,
	.map = hv_map,
	.unmap = hv_unmap,
	.map_kernel = hv_map_kernel,
	.state = hv_state,
	.read_events = hv_read_events,
};

static int bind_dom_exc(struct hv *hv)
{
	struct ioctl_evtchn_bind_virq bind = {VIRQ_DOM_EXC};
	int ret = ioctl(hv->evtchn, IOCTL_EVTCHN_BIND_VIRQ, &bind);

	if (ret < 0)
		return -errno;
	hv->dom_exc = (uint32_t)ret;
	return 0;
}

/* A page that the kernel does not move, if it knows how. */
static int make_arg(struct hv *hv)
{
	int fd = open("/dev/xen/hypercall", O_RDWR | O_CLOEXEC);
	void *page = MAP_FAILED;

	if (fd >= 0) {
		page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
			    0);
		close(fd);
	}
	if (page == MAP_FAILED)
		page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1, 0);
	if (page == MAP_FAILED)
		return -errno;
	hv->arg = page;
	return 0;
}

int hv_open(struct hv *hv, const char **what)
{
	const struct {
		const char *path;
		int *fd, flags;
	} devices[] = {
		{"/dev/xen/evtchn", &hv->evtchn, O_NONBLOCK},
		{"/dev/xen/gntdev", &hv->gntdev, 0},
		{"/dev/xen/privcmd", &hv->privcmd, 0},
		{"/dev/xen/xenbus_backend", &hv->backend, 0},
	};
	int err;

	*hv = (struct hv){.ops = &ops, .evtchn = -1, .gntdev = -1,
			  .privcmd = -1, .backend = -1};
	for (size_t i = 0; i < sizeof(devices) / sizeof(*devices); i++) {
		*what = devices[i].path;
		*devices[i].fd = open(*what, O_RDWR | O_CLOEXEC |
						     devices[i].flags);
		if (*devices[i].fd < 0)
			return -errno;
	}
	*what = "binding the event of dying domains";
	err = bind_dom_exc(hv);
	if (err)
		return err;
	*what = "memory for hypercalls";
	return make_arg(hv);
}

void hv_close(struct hv *hv)
{
	const int fds[] = {hv->evtchn, hv->gntdev, hv->privcmd, hv->backend};

	for (size_t i = 0; i < sizeof(fds) / sizeof(*fds); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	if (hv->arg)
		munmap(hv->arg, PAGE);
}

/*
 * The hypervisor, through the kernel's devices: see hv.h. Layouts: xen/sys,
 * xen/domctl.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define __XEN_TOOLS__ 1
#include <xen/xen.h>
#include <xen/domctl.h>
#include <xen/grant_table.h>
#include <xen/sys/privcmd.h>
#include <xen/sys/xenbus_dev.h>

#include "hv.h"

#define PAGE	   PEER_PAGE
#define BIND_MS	   20
#define BIND_TRIES 100

static int hv_bind(struct hv *hv, uint32_t domid, uint32_t port)
{
	return peer_bind(&hv->peer, domid, port);
}

static void hv_unbind(struct hv *hv, uint32_t local_port)
{
	peer_unbind(&hv->peer, local_port);
}

static void hv_notify(struct hv *hv, uint32_t local_port)
{
	peer_notify(&hv->peer, local_port);
}

static int hv_map(struct hv *hv, uint32_t domid, uint64_t gfn,
		  struct xenstore_domain_interface **out)
{
	void *page = NULL;
	int err = peer_map(&hv->peer, domid, GNTTAB_RESERVED_XENSTORE, gfn, &page);

	*out = page;
	return err;
}

static void hv_unmap(struct hv *hv, struct xenstore_domain_interface *ring)
{
	peer_unmap(&hv->peer, ring);
}

static int hv_map_kernel(struct hv *hv, uint32_t *port,
			 struct xenstore_domain_interface **out)
{
	int ret = ioctl(hv->backend, IOCTL_XENBUS_BACKEND_EVTCHN);
	void *page;

	if (ret < 0)
		return -errno;
	page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, hv->backend, 0);
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
	privcmd_hypercall_t call = {.op = __HYPERVISOR_domctl,
				    .arg[0] = (uintptr_t)hv->arg};
	int ret = -1;

	for (int i = 0; i < 3 && ret < 0; i++) {
		memcpy(hv->arg, in, sizeof(*in));
		ret = ioctl(hv->peer.privcmd, IOCTL_PRIVCMD_HYPERCALL, &call);
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
	size_t n = peer_events(&hv->peer, ports, 64);
	unsigned int events = 0;

	for (size_t i = 0; i < n; i++)
		if (ports[i] == hv->dom_exc)
			events |= HV_DYING;
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

/* A page that the kernel does not move, if it knows how. */
static int make_arg(struct hv *hv)
{
	int fd = open("/dev/xen/hypercall", O_RDWR | O_CLOEXEC);
	void *page = MAP_FAILED;

	if (fd >= 0) {
		page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
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

/*
 * The event of dying domains has one listener. A predecessor that was killed
 * is that until the kernel has finished with it.
 */
static int bind_dom_exc(struct hv *hv)
{
	const struct timespec pause = {.tv_nsec = BIND_MS * 1000000L};
	int ret = peer_bind_virq(&hv->peer, VIRQ_DOM_EXC);

	for (int i = 0; ret == -EEXIST && i < BIND_TRIES; i++) {
		nanosleep(&pause, NULL);
		ret = peer_bind_virq(&hv->peer, VIRQ_DOM_EXC);
	}
	if (ret < 0)
		return ret;
	hv->dom_exc = (uint32_t)ret;
	return 0;
}

int hv_open(struct hv *hv, const char **what)
{
	int ret;

	*hv = (struct hv){.ops = &ops, .backend = -1};
	ret = peer_open(&hv->peer, what);
	if (ret)
		return ret;
	*what = "/dev/xen/xenbus_backend";
	hv->backend = open(*what, O_RDWR | O_CLOEXEC);
	if (hv->backend < 0)
		return -errno;
	*what = "binding the event of dying domains";
	ret = bind_dom_exc(hv);
	if (ret)
		return ret;
	*what = "memory for hypercalls";
	return make_arg(hv);
}

void hv_close(struct hv *hv)
{
	peer_close(&hv->peer);
	if (hv->backend >= 0)
		close(hv->backend);
	if (hv->arg)
		munmap(hv->arg, PAGE);
}

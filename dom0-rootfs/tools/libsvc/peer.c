/*
 * Other domains, as the daemons of dom0 see them: see peer.h. Layouts of the
 * calls: xen/sys/evtchn.h, gntdev.h, privcmd.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <xen/xen.h>
#include <xen/sys/evtchn.h>
#include <xen/sys/gntdev.h>
#include <xen/sys/privcmd.h>

#include "libsvc/peer.h"

int peer_open(struct peer *p, const char **what)
{
	const struct {
		const char *path;
		int *fd, flags;
	} devices[] = {
		{"/dev/xen/evtchn", &p->evtchn, O_NONBLOCK},
		{"/dev/xen/gntdev", &p->gntdev, 0},
		{"/dev/xen/privcmd", &p->privcmd, 0},
	};

	*p = (struct peer){-1, -1, -1};
	for (size_t i = 0; i < sizeof(devices) / sizeof(*devices); i++) {
		int fd = open(devices[i].path, O_RDWR | O_CLOEXEC | devices[i].flags);

		*what = devices[i].path;
		if (fd < 0)
			return -errno;
		*devices[i].fd = fd;
	}
	return 0;
}

void peer_close(struct peer *p)
{
	const int fds[] = {p->evtchn, p->gntdev, p->privcmd};

	for (size_t i = 0; i < sizeof(fds) / sizeof(*fds); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	*p = (struct peer){-1, -1, -1};
}

int peer_bind(struct peer *p, uint32_t domid, uint32_t port)
{
	struct ioctl_evtchn_bind_interdomain bind = {domid, port};
	int ret = ioctl(p->evtchn, IOCTL_EVTCHN_BIND_INTERDOMAIN, &bind);

	return ret < 0 ? -errno : ret;
}

int peer_bind_virq(struct peer *p, uint32_t virq)
{
	struct ioctl_evtchn_bind_virq bind = {virq};
	int ret = ioctl(p->evtchn, IOCTL_EVTCHN_BIND_VIRQ, &bind);

	return ret < 0 ? -errno : ret;
}

void peer_unbind(struct peer *p, uint32_t local_port)
{
	struct ioctl_evtchn_unbind unbind = {local_port};

	/* It fails only if the port is not bound, which is what we want. */
	(void)ioctl(p->evtchn, IOCTL_EVTCHN_UNBIND, &unbind);
}

void peer_notify(struct peer *p, uint32_t local_port)
{
	struct ioctl_evtchn_notify notify = {local_port};

	/* It fails only if the domain is going away, which we hear of. */
	(void)ioctl(p->evtchn, IOCTL_EVTCHN_NOTIFY, &notify);
}

size_t peer_events(struct peer *p, uint32_t *ports, size_t max)
{
	ssize_t n = read(p->evtchn, ports, max * sizeof(*ports));

	if (n <= 0)
		return 0;
	/* Writing them back unmasks them. */
	(void)!write(p->evtchn, ports, (size_t)n);
	return (size_t)n / sizeof(*ports);
}

static void forget_grant(struct peer *p, uint64_t index)
{
	struct ioctl_gntdev_unmap_grant_ref unmap = {.index = index, .count = 1};

	(void)ioctl(p->gntdev, IOCTL_GNTDEV_UNMAP_GRANT_REF, &unmap);
}

static int map_grant(struct peer *p, uint32_t domid, uint32_t ref, void **out)
{
	struct ioctl_gntdev_map_grant_ref map = {.count = 1, .refs[0] = {domid, ref}};
	void *page;
	int err;

	if (ioctl(p->gntdev, IOCTL_GNTDEV_MAP_GRANT_REF, &map) < 0)
		return -errno;
	page = mmap(NULL, PEER_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, p->gntdev,
		    (off_t)map.index);
	if (page != MAP_FAILED) {
		*out = page;
		return 0;
	}
	err = -errno;
	forget_grant(p, map.index);
	return err;
}

static int map_foreign(struct peer *p, uint32_t domid, uint64_t gfn, void **out)
{
	xen_pfn_t frame = gfn;
	int result = 0, err = 0;
	void *page =
		mmap(NULL, PEER_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, p->privcmd, 0);
	privcmd_mmapbatch_v2_t batch = {
		.num = 1, .dom = (domid_t)domid, .arr = &frame, .err = &result};

	if (page == MAP_FAILED)
		return -errno;
	batch.addr = (uintptr_t)page;
	if (ioctl(p->privcmd, IOCTL_PRIVCMD_MMAPBATCH_V2, &batch) < 0)
		err = -errno;
	else if (result)
		err = result;
	if (err)
		munmap(page, PEER_PAGE);
	else
		*out = page;
	return err;
}

int peer_map(struct peer *p, uint32_t domid, uint32_t ref, uint64_t gfn, void **out)
{
	int err = map_grant(p, domid, ref, out);

	return err ? map_foreign(p, domid, gfn, out) : 0;
}

void peer_unmap(struct peer *p, void *page)
{
	struct ioctl_gntdev_get_offset_for_vaddr where = {.vaddr = (uintptr_t)page};
	bool grant = ioctl(p->gntdev, IOCTL_GNTDEV_GET_OFFSET_FOR_VADDR, &where) == 0;

	munmap(page, PEER_PAGE);
	if (grant)
		forget_grant(p, where.offset);
}

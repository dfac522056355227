/*
 * The handle, pinned argument buffers, and the ways into the hypervisor.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "libhv/priv.h"

_Static_assert(sizeof(struct xen_domctl) == 144, "domctl.h: 16 + 128 bytes");
_Static_assert(XEN_DOMCTL_INTERFACE_VERSION == 0x15, "domctl of 4.17");
_Static_assert(XEN_SYSCTL_INTERFACE_VERSION == 0x15, "sysctl of 4.17");

static void *map_pages(struct hv *hv, size_t len)
{
	void *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED,
		       hv->hypercall, 0);

	return p == MAP_FAILED ? NULL : p;
}

int hv_open(struct hv **out)
{
	struct hv *hv = calloc(1, sizeof(*hv));
	int err;

	if (!hv)
		return -ENOMEM;
	hv->hypercall = -1;
	hv->privcmd = open("/dev/xen/privcmd", O_RDWR | O_CLOEXEC);
	if (hv->privcmd >= 0)
		hv->hypercall = open("/dev/xen/hypercall", O_RDWR | O_CLOEXEC);
	if (hv->hypercall >= 0)
		hv->arena = map_pages(hv, HV_ARENA_PAGES * HV_PAGE_SIZE);
	if (!hv->arena) {
		err = -errno;
		hv_close(hv);
		return err;
	}
	*out = hv;
	return 0;
}

void hv_close(struct hv *hv)
{
	if (!hv)
		return;
	if (hv->arena)
		munmap(hv->arena, HV_ARENA_PAGES * HV_PAGE_SIZE);
	if (hv->hypercall >= 0)
		close(hv->hypercall);
	if (hv->privcmd >= 0)
		close(hv->privcmd);
	free(hv);
}

int hv_buf_get(struct hv *hv, size_t len, struct hv_buf *out)
{
	size_t room = HV_ARENA_PAGES * HV_PAGE_SIZE - hv->used;

	out->mark = hv->used;
	out->mapped = 0;
	len = (len + 15) & ~(size_t)15;
	if (len <= room) {
		out->p = hv->arena + hv->used;
		hv->used += len;
		memset(out->p, 0, len);
		return 0;
	}
	len = (len + HV_PAGE_SIZE - 1) & ~(size_t)(HV_PAGE_SIZE - 1);
	out->p = map_pages(hv, len);
	if (!out->p)
		return -errno;
	out->mapped = len;
	memset(out->p, 0, len);
	return 0;
}

void hv_buf_put(struct hv *hv, struct hv_buf *b)
{
	if (b->mapped)
		munmap(b->p, b->mapped);
	else
		hv->used = b->mark;
}

int hv_call(struct hv *hv, unsigned int nr, const uint64_t arg[5])
{
	struct privcmd_hypercall call = {.op = nr};
	int ret;

	memcpy(call.arg, arg, sizeof(call.arg));
	ret = ioctl(hv->privcmd, PRIVCMD_HYPERCALL, &call);
	return ret < 0 ? -errno : ret;
}

int hv_call_struct(struct hv *hv, unsigned int nr, unsigned int cmd, void *arg,
		   size_t len)
{
	struct hv_buf b;
	int ret = hv_buf_get(hv, len, &b);

	if (ret)
		return ret;
	memcpy(b.p, arg, len);
	ret = hv_call(hv, nr, (uint64_t[5]){cmd, (uintptr_t)b.p});
	memcpy(arg, b.p, len);
	hv_buf_put(hv, &b);
	return ret;
}

/* domctl and sysctl take their struct as the only argument. */
static int call_control(struct hv *hv, unsigned int nr, void *op, size_t len)
{
	struct hv_buf b;
	int ret = hv_buf_get(hv, len, &b);

	if (ret)
		return ret;
	do {
		memcpy(b.p, op, len);
		ret = hv_call(hv, nr, (uint64_t[5]){(uintptr_t)b.p});
	} while (ret == -EAGAIN || ret == -ERESTART);
	memcpy(op, b.p, len);
	hv_buf_put(hv, &b);
	return ret;
}

int hv_domctl(struct hv *hv, struct xen_domctl *op)
{
	op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
	return call_control(hv, __HYPERVISOR_domctl, op, sizeof(*op));
}

int hv_sysctl(struct hv *hv, struct xen_sysctl *op)
{
	op->interface_version = XEN_SYSCTL_INTERFACE_VERSION;
	return call_control(hv, __HYPERVISOR_sysctl, op, sizeof(*op));
}

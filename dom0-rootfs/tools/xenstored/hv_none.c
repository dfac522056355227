/*
 * A stand-in for the hypervisor where there is none: domains can be
 * introduced, live for ever and never speak. For tests of other programs.
 */
#include <errno.h>
#include <stddef.h>
#include <sys/mman.h>

#include "hv.h"

#define PAGE 4096

static int none_bind(struct hv *hv, uint32_t domid, uint32_t port)
{
	(void)hv;
	(void)domid;
	return (int)port;
}

static void none_port(struct hv *hv, uint32_t local_port)
{
	(void)hv;
	(void)local_port;
}

static int none_map(struct hv *hv, uint32_t domid, uint64_t gfn,
		    struct xenstore_domain_interface **out)
{
	void *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);

	(void)hv;
	(void)domid;
	(void)gfn;
	if (page == MAP_FAILED)
		return -errno;
	*out = page;
	return 0;
}

static void none_unmap(struct hv *hv, struct xenstore_domain_interface *ring)
{
	(void)hv;
	munmap(ring, PAGE);
}

static int none_map_kernel(struct hv *hv, uint32_t *port,
			   struct xenstore_domain_interface **out)
{
	*port = 1;
	return none_map(hv, 0, 0, out);
}

static enum domain_state none_state(struct hv *hv, uint32_t domid)
{
	(void)hv;
	(void)domid;
	return DOMAIN_ALIVE;
}

static unsigned int none_read_events(struct hv *hv)
{
	(void)hv;
	return 0;
}

static const struct hv_ops ops = {
	.bind = none_bind,
	.unbind = none_port,
	.notify = none_port,
	.map = none_map,
	.unmap = none_unmap,
	.map_kernel = none_map_kernel,
	.state = none_state,
	.read_events = none_read_events,
};

void hv_open_none(struct hv *hv)
{
	*hv = (struct hv){.ops = &ops, .peer = {-1, -1, -1}, .backend = -1};
}

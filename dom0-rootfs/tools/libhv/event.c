/*
 * Event channels that the toolstack opens on behalf of a guest.
 */
#include "libhv/priv.h" /* before xen/: it asks for the tools' part */
#include <xen/event_channel.h>

int hv_event_alloc_unbound(struct hv *hv, uint16_t domid, uint16_t remote,
			   uint32_t *port)
{
	struct evtchn_alloc_unbound arg = {.dom = domid, .remote_dom = remote};
	int ret = hv_call_struct(hv, __HYPERVISOR_event_channel_op,
				 EVTCHNOP_alloc_unbound, &arg, sizeof(arg));

	if (ret == 0)
		*port = arg.port;
	return ret;
}

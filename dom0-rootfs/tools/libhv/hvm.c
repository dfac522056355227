/*
 * HVM parameters and the hardware context stream.
 */
#include <errno.h>
#include <string.h>

#include "libhv/priv.h" /* before xen/: it asks for the tools' part */
#include <xen/hvm/hvm_op.h>

int hv_param_set(struct hv *hv, uint16_t domid, uint32_t index, uint64_t value)
{
	struct xen_hvm_param arg = {.domid = domid, .index = index, .value = value};

	return hv_call_struct(hv, __HYPERVISOR_hvm_op, HVMOP_set_param, &arg,
			      sizeof(arg));
}

int hv_param_get(struct hv *hv, uint16_t domid, uint32_t index, uint64_t *value)
{
	struct xen_hvm_param arg = {.domid = domid, .index = index};
	int ret = hv_call_struct(hv, __HYPERVISOR_hvm_op, HVMOP_get_param, &arg,
				 sizeof(arg));

	if (ret == 0)
		*value = arg.value;
	return ret;
}

int hv_context_set(struct hv *hv, uint16_t domid, const void *data, size_t len)
{
	struct xen_domctl op = {.cmd = XEN_DOMCTL_sethvmcontext, .domain = domid};
	struct hv_buf b;
	int ret = hv_buf_get(hv, len, &b);

	if (ret)
		return ret;
	memcpy(b.p, data, len);
	op.u.hvmcontext.size = (uint32_t)len;
	set_xen_guest_handle(op.u.hvmcontext.buffer, b.p);
	ret = hv_domctl(hv, &op);
	hv_buf_put(hv, &b);
	return ret;
}

int hv_context_get(struct hv *hv, uint16_t domid, void *data, size_t len)
{
	struct xen_domctl op = {.cmd = XEN_DOMCTL_gethvmcontext, .domain = domid};
	struct hv_buf b;
	int ret;

	if (!data) {
		ret = hv_domctl(hv, &op);
		return ret ? ret : (int)op.u.hvmcontext.size;
	}
	ret = hv_buf_get(hv, len, &b);
	if (ret)
		return ret;
	op.u.hvmcontext.size = (uint32_t)len;
	set_xen_guest_handle(op.u.hvmcontext.buffer, b.p);
	ret = hv_domctl(hv, &op);
	if (ret == 0) {
		ret = (int)op.u.hvmcontext.size;
		memcpy(data, b.p, (size_t)ret);
	}
	hv_buf_put(hv, &b);
	return ret;
}

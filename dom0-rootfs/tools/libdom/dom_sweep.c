/*
 * What is left in xenstore when a process is killed between a domain's death and the
 * end of its destruction: its nodes, which nobody could name any more, and its kept
 * configuration.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libdom/build.h"

/* *dying: it is there, but not for long. */
static bool is_gone(struct dom *dom, uint32_t domid, bool *dying)
{
	struct xen_domctl_getdomaininfo info;
	int ret = hv_domain_info(dom->hv, (uint16_t)domid, &info);

	*dying = ret == 0 && (info.flags & XEN_DOMINF_dying);
	return ret == -ESRCH;
}

/* The uuid that its node "vm" ends with. */
static bool read_uuid(struct dom *dom, uint32_t domid, uint8_t uuid[16])
{
	char path[64], text[64], *at = text + strlen("/vm/");
	unsigned int byte;
	int i;

	snprintf(path, sizeof(path), "/local/domain/%u/vm", domid);
	if (xs_read(dom->xs, XS_TX_NONE, path, text, sizeof(text)) !=
	    (int)(strlen("/vm/") + DOM_UUID_TEXT_SIZE - 1))
		return false;
	for (i = 0; i < 16; i++, at += 2) {
		at += *at == '-';
		if (sscanf(at, "%2x", &byte) != 1)
			return false;
		uuid[i] = (uint8_t)byte;
	}
	return true;
}

/* A restarted VM has its uuid from the life before, and with it node and record. */
static bool lives_on(struct dom *dom, const uint8_t uuid[16])
{
	struct dom_info *list;
	bool found = false;
	size_t n, i;

	if (dom_list(dom, &list, &n, NULL))
		return true;
	for (i = 0; i < n; i++)
		found |= memcmp(list[i].uuid, uuid, 16) == 0;
	free(list);
	return found;
}

/* False: somebody is at it, and holds the lock. */
static bool sweep_one(struct dom *dom, uint32_t domid)
{
	struct vm_lock lock;
	uint8_t uuid[16];
	bool whole, dying;

	if (vm_lock_take_domain(dom, domid, &lock, NULL))
		return false;
	if (is_gone(dom, domid, &dying)) {
		detach_devices(dom, domid);
		whole = read_uuid(dom, domid, uuid) && !lives_on(dom, uuid);
		nodes_remove_domain(dom, domid, whole ? uuid : NULL);
		if (whole)
			record_remove(uuid);
	}
	vm_lock_drop(&lock);
	return true;
}

bool dom_sweep(struct dom *dom)
{
	bool again = false, dying;
	struct xs_dir ids;
	uint32_t domid;
	size_t i;
	char *end;

	if (xs_directory(dom->xs, XS_TX_NONE, "/local/domain", &ids) != 0)
		return false;
	for (i = 0; i < ids.count; i++) {
		domid = (uint32_t)strtoul(ids.name[i], &end, 10);
		if (!domid || *end || domid >= DOMID_FIRST_RESERVED)
			continue;
		if (is_gone(dom, domid, &dying))
			dying = !sweep_one(dom, domid);
		again |= dying;
	}
	xs_dir_free(&ids);
	return again;
}

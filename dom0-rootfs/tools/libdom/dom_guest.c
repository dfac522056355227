/*
 * What a guest's agent tells of itself through xenstore, for showing only: the guest
 * writes it, so nothing may depend on it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libdom/internal.h"

/* Letters of addresses only: the guest could write anything. */
static bool is_address(const char *text)
{
	return *text && strspn(text, "0123456789abcdefABCDEF.:/%") == strlen(text);
}

static void append(const char *text, char *buf, size_t size)
{
	size_t len = strlen(buf);

	if (is_address(text) && len + strlen(text) + 2 <= size)
		snprintf(buf + len, size - len, "%s%s", len ? " " : "", text);
}

static void append_node(struct dom *dom, const char *path, char *buf, size_t size)
{
	char value[64];

	if (xs_read(dom->xs, XS_TX_NONE, path, value, sizeof(value)) > 0)
		append(value, buf, size);
}

/* attr/vif/N/ipv4/0, 1, ... */
static void append_all(struct dom *dom, const char *dir, char *buf, size_t size)
{
	char path[STORE_JOIN_MAX];
	struct xs_dir list;

	if (xs_directory(dom->xs, XS_TX_NONE, dir, &list))
		return;
	for (size_t i = 0; i < list.count && i < 16; i++) {
		if (strlen(list.name[i]) > 8)
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, list.name[i]);
		append_node(dom, path, buf, size);
	}
	xs_dir_free(&list);
}

void dom_addresses(struct dom *dom, uint32_t domid, uint32_t devid, char *buf, size_t size)
{
	char path[STORE_PATH_MAX];

	buf[0] = '\0';
	snprintf(path, sizeof(path), "/local/domain/%u/attr/vif/%u/ipv4", domid, devid);
	append_all(dom, path, buf, size);
	snprintf(path, sizeof(path), "/local/domain/%u/attr/vif/%u/ipv6", domid, devid);
	append_all(dom, path, buf, size);
	if (*buf)
		return;
	/* older agents */
	snprintf(path, sizeof(path), "/local/domain/%u/attr/eth%u/ip", domid, devid);
	append_node(dom, path, buf, size);
	snprintf(path, sizeof(path), "/local/domain/%u/attr/eth%u/ipv6/0/addr", domid,
		 devid);
	append_node(dom, path, buf, size);
}

/*
 * Single changes of the kernel's interfaces, addresses and routes, by
 * rtnetlink. What is there already is no error.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "libnet/priv.h"

enum { MIIMON_MS = 100, BOND_BACKUP = 1, BOND_LACP = 4 };

static void begin_link(struct netlink_request *r, int index, uint16_t flags)
{
	netlink_begin(r, RTM_NEWLINK, flags, sizeof(r->body.link));
	r->body.link.ifi_index = index;
}

int make_link(struct netlink *n, const struct net_link *l, int on_index)
{
	uint8_t mode = l->mode == NET_8023AD ? BOND_LACP : BOND_BACKUP;
	uint16_t id = (uint16_t)l->vlan;
	struct rtattr *info, *data;
	struct netlink_request r;

	begin_link(&r, 0, NLM_F_CREATE | NLM_F_EXCL);
	netlink_put_text(&r, IFLA_IFNAME, l->name);
	if (l->kind == NET_VLAN)
		netlink_put_u32(&r, IFLA_LINK, (uint32_t)on_index);
	info = netlink_nest(&r, IFLA_LINKINFO);
	netlink_put_text(&r, IFLA_INFO_KIND, net_kind_name(l->kind));
	data = netlink_nest(&r, IFLA_INFO_DATA);
	if (l->kind == NET_VLAN)
		netlink_put(&r, IFLA_VLAN_ID, &id, sizeof(id));
	if (l->kind == NET_BOND) {
		netlink_put(&r, IFLA_BOND_MODE, &mode, sizeof(mode));
		netlink_put_u32(&r, IFLA_BOND_MIIMON, MIIMON_MS);
	}
	netlink_nest_end(&r, data);
	netlink_nest_end(&r, info);
	return netlink_do(n, &r);
}

int make_gone(struct netlink *n, int index)
{
	struct netlink_request r;
	int result;

	netlink_begin(&r, RTM_DELLINK, 0, sizeof(r.body.link));
	r.body.link.ifi_index = index;
	result = netlink_do(n, &r);
	return result == -ENODEV ? 0 : result;
}

int make_up(struct netlink *n, int index, bool up)
{
	struct netlink_request r;

	begin_link(&r, index, 0);
	r.body.link.ifi_flags = up ? IFF_UP : 0;
	r.body.link.ifi_change = IFF_UP;
	return netlink_do(n, &r);
}

int make_name(struct netlink *n, int index, const char *name)
{
	struct netlink_request r;

	begin_link(&r, index, 0);
	netlink_put_text(&r, IFLA_IFNAME, name);
	return netlink_do(n, &r);
}

int make_mtu(struct netlink *n, int index, unsigned int mtu)
{
	struct netlink_request r;

	begin_link(&r, index, 0);
	netlink_put_u32(&r, IFLA_MTU, mtu);
	return netlink_do(n, &r);
}

int make_port_of(struct netlink *n, int index, int master)
{
	struct netlink_request r;

	begin_link(&r, index, 0);
	netlink_put_u32(&r, IFLA_MASTER, (uint32_t)master);
	return netlink_do(n, &r);
}

int make_address(struct netlink *n, const struct make_address *a, bool there)
{
	size_t size = a->family == AF_INET ? 4 : 16;
	struct netlink_request r;
	int result;

	netlink_begin(&r, there ? RTM_NEWADDR : RTM_DELADDR,
		      there ? NLM_F_CREATE | NLM_F_REPLACE : 0, sizeof(r.body.addr));
	r.body.addr.ifa_family = (unsigned char)a->family;
	r.body.addr.ifa_prefixlen = (unsigned char)a->prefix;
	r.body.addr.ifa_index = (uint32_t)a->index;
	netlink_put(&r, IFA_LOCAL, a->addr, size);
	netlink_put(&r, IFA_ADDRESS, a->addr, size);
	if (a->family == AF_INET && a->prefix < 31) {
		uint32_t all;

		memcpy(&all, a->addr, sizeof(all));
		all |= htonl(~0u >> a->prefix);
		netlink_put(&r, IFA_BROADCAST, &all, sizeof(all));
	}
	result = netlink_do(n, &r);
	return result == -EADDRNOTAVAIL && !there ? 0 : result;
}

int make_route(struct netlink *n, const struct make_route *route, bool there)
{
	struct netlink_request r;
	int result;

	netlink_begin(&r, there ? RTM_NEWROUTE : RTM_DELROUTE,
		      there ? NLM_F_CREATE | NLM_F_REPLACE : 0, sizeof(r.body.route));
	r.body.route.rtm_family = (unsigned char)route->family;
	r.body.route.rtm_table = RT_TABLE_MAIN;
	r.body.route.rtm_protocol = route->protocol;
	r.body.route.rtm_scope = there ? RT_SCOPE_UNIVERSE : RT_SCOPE_NOWHERE;
	r.body.route.rtm_type = RTN_UNICAST;
	if (route->gateway)
		netlink_put(&r, RTA_GATEWAY, route->gateway,
			    route->family == AF_INET ? 4 : 16);
	netlink_put_u32(&r, RTA_OIF, (uint32_t)route->index);
	if (route->metric)
		netlink_put_u32(&r, RTA_PRIORITY, route->metric);
	result = netlink_do(n, &r);
	return result == -ESRCH && !there ? 0 : result;
}

enum { FOUND_MAX = 32 };

struct found {
	unsigned char protocol;
	int index;
	size_t count;
	struct {
		int index;
		unsigned int metric;
	} routes[FOUND_MAX];
};

static void find_route(const struct nlmsghdr *m, void *ctx)
{
	const struct rtmsg *info = NLMSG_DATA(m);
	const struct rtattr *a[RTA_MAX + 1];
	struct found *f = ctx;
	int index;

	if (m->nlmsg_type != RTM_NEWROUTE || info->rtm_dst_len ||
	    info->rtm_table != RT_TABLE_MAIN || info->rtm_protocol != f->protocol ||
	    f->count == FOUND_MAX)
		return;
	netlink_attributes(a, RTA_MAX, RTM_RTA(info), RTM_PAYLOAD(m));
	index = (int)netlink_u32(a[RTA_OIF]);
	if (f->index && f->index != index)
		return;
	f->routes[f->count].index = index;
	f->routes[f->count++].metric = netlink_u32(a[RTA_PRIORITY]);
}

int make_no_routes(struct netlink *n, int family, unsigned char protocol, int index)
{
	struct found f = {.protocol = protocol, .index = index};
	int result = netlink_list(n, RTM_GETROUTE, (unsigned char)family, find_route, &f);

	for (size_t i = 0; !result && i < f.count; i++) {
		struct make_route r = {f.routes[i].index, family, NULL, protocol,
				       f.routes[i].metric};

		result = make_route(n, &r, false);
	}
	return result;
}

void make_sysctl(const char *path, const char *name, const char *key, int value)
{
	char full[256], text[16];
	int len = snprintf(text, sizeof(text), "%d\n", value), fd;

	snprintf(full, sizeof(full), "/proc/sys/net/%s/%s%s%s", path, name,
		 *name ? "/" : "", key);
	fd = open(full, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	(void)!write(fd, text, (size_t)len);
	close(fd);
}

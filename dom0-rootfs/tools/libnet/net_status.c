/*
 * What interfaces, addresses and routes there are: see net.h. From rtnetlink;
 * speed and driver of a card from /sys.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libnet/netlink.h"
#include "libnet/priv.h"

/* linux/if.h's IFF_LOWER_UP: that header and net/if.h exclude each other. */
#define LOWER_UP 0x10000u

void net_path(char path[NET_PATH], const char *root, const char *rest)
{
	snprintf(path, NET_PATH, "%.255s%.255s", root, rest);
}

static void put_attribute(char *to, size_t size, const struct rtattr *a)
{
	if (a)
		snprintf(to, size, "%.*s", (int)RTA_PAYLOAD(a), (const char *)RTA_DATA(a));
}

/* The last part of where a link in /sys leads. */
static void link_target(const char *name, const char *what, char *to, size_t size)
{
	char path[128], target[256];
	const char *slash;
	ssize_t len;

	snprintf(path, sizeof(path), "/sys/class/net/%s/device/%s", name, what);
	len = readlink(path, target, sizeof(target) - 1);
	to[0] = '\0';
	if (len < 0)
		return;
	target[len] = '\0';
	slash = strrchr(target, '/');
	snprintf(to, size, "%.31s", slash ? slash + 1 : target);
}

static int read_speed(const char *name)
{
	char path[128], *text;
	long speed = -1;

	snprintf(path, sizeof(path), "/sys/class/net/%s/speed", name);
	if (file_read(path, 64, &text, NULL))
		return -1;
	text[strcspn(text, "\n")] = '\0';
	if (conf_number(text, 1, 10000000, &speed))
		speed = -1;
	free(text);
	return (int)speed;
}

/* What the kernel calls the kind, in our words; a bare one is a card or a vif. */
static void set_kind(struct net_port *p, const char *kind)
{
	char bus[32];

	link_target(p->name, "subsystem", bus, sizeof(bus));
	if (!strcmp(bus, "xen-backend") || !strcmp(kind, "tun"))
		snprintf(p->kind, sizeof(p->kind), "vif");
	else if (!strcmp(kind, "bond") || !strcmp(kind, "vlan") || !strcmp(kind, "bridge"))
		snprintf(p->kind, sizeof(p->kind), "%.15s", kind);
	else
		snprintf(p->kind, sizeof(p->kind), !*kind && *bus ? "card" : "other");
	if (strcmp(p->kind, "card"))
		return;
	link_target(p->name, "driver", p->driver, sizeof(p->driver));
	p->speed = p->link ? read_speed(p->name) : -1;
}

static void read_info(struct net_port *p, const struct rtattr *info)
{
	const struct rtattr *parts[IFLA_INFO_DATA + 1], *data[IFLA_VLAN_ID + 1];
	char kind[32] = "";

	memset(parts, 0, sizeof(parts));
	if (info)
		netlink_attributes(parts, IFLA_INFO_DATA, RTA_DATA(info),
				   RTA_PAYLOAD(info));
	put_attribute(kind, sizeof(kind), parts[IFLA_INFO_KIND]);
	set_kind(p, kind);
	if (strcmp(kind, "vlan") || !parts[IFLA_INFO_DATA])
		return;
	netlink_attributes(data, IFLA_VLAN_ID, RTA_DATA(parts[IFLA_INFO_DATA]),
			   RTA_PAYLOAD(parts[IFLA_INFO_DATA]));
	if (data[IFLA_VLAN_ID])
		p->vlan = *(const uint16_t *)RTA_DATA(data[IFLA_VLAN_ID]);
}

struct gather {
	struct net_status *s;
	int masters[NET_LINKS * 4], carriers[NET_LINKS * 4];
	size_t room;
};

static void add_port(const struct nlmsghdr *m, void *ctx)
{
	const struct ifinfomsg *info = NLMSG_DATA(m);
	const struct rtattr *a[IFLA_MAX + 1];
	struct gather *g = ctx;
	struct net_port *p;
	struct rtnl_link_stats64 stats;

	if (m->nlmsg_type != RTM_NEWLINK || info->ifi_flags & IFF_LOOPBACK ||
	    g->s->nports == g->room)
		return;
	netlink_attributes(a, IFLA_MAX, IFLA_RTA(info), IFLA_PAYLOAD(m));
	p = &g->s->ports[g->s->nports];
	*p = (struct net_port){.index = info->ifi_index, .speed = -1};
	put_attribute(p->name, sizeof(p->name), a[IFLA_IFNAME]);
	p->up = info->ifi_flags & IFF_UP;
	p->link = (info->ifi_flags & LOWER_UP) && (info->ifi_flags & IFF_RUNNING);
	p->mtu = netlink_u32(a[IFLA_MTU]);
	/* A card's own: while it is in a bond it goes by the bond's. */
	if (a[IFLA_PERM_ADDRESS] && RTA_PAYLOAD(a[IFLA_PERM_ADDRESS]) == 6)
		memcpy(p->mac, RTA_DATA(a[IFLA_PERM_ADDRESS]), 6);
	else if (a[IFLA_ADDRESS] && RTA_PAYLOAD(a[IFLA_ADDRESS]) == 6)
		memcpy(p->mac, RTA_DATA(a[IFLA_ADDRESS]), 6);
	if (a[IFLA_STATS64] && RTA_PAYLOAD(a[IFLA_STATS64]) >= 32) {
		memset(&stats, 0, sizeof(stats));
		memcpy(&stats, RTA_DATA(a[IFLA_STATS64]), 32);
		p->rx_bytes = stats.rx_bytes;
		p->tx_bytes = stats.tx_bytes;
	}
	read_info(p, a[IFLA_LINKINFO]);
	g->masters[g->s->nports] = (int)netlink_u32(a[IFLA_MASTER]);
	g->carriers[g->s->nports++] = (int)netlink_u32(a[IFLA_LINK]);
}

static struct net_port *by_index(const struct net_status *s, int index)
{
	for (size_t i = 0; i < s->nports; i++)
		if (s->ports[i].index == index)
			return &s->ports[i];
	return NULL;
}

static void add_address(const struct nlmsghdr *m, void *ctx)
{
	const struct ifaddrmsg *info = NLMSG_DATA(m);
	const struct rtattr *a[IFA_MAX + 1], *found;
	char text[INET6_ADDRSTRLEN];
	struct net_status *s = ctx;
	struct net_port *p = by_index(s, (int)info->ifa_index);

	if (m->nlmsg_type != RTM_NEWADDR || !p || p->naddrs == 6)
		return;
	netlink_attributes(a, IFA_MAX, IFA_RTA(info), IFA_PAYLOAD(m));
	found = a[IFA_LOCAL] ? a[IFA_LOCAL] : a[IFA_ADDRESS];
	if (!found || !inet_ntop(info->ifa_family, RTA_DATA(found), text, sizeof(text)))
		return;
	p->fixed[p->naddrs] = info->ifa_flags & IFA_F_PERMANENT;
	snprintf(p->addrs[p->naddrs++], sizeof(p->addrs[0]), "%s/%u", text,
		 info->ifa_prefixlen);
}

static void add_route(const struct nlmsghdr *m, void *ctx)
{
	const struct rtmsg *info = NLMSG_DATA(m);
	const struct rtattr *a[RTA_MAX + 1];
	struct net_status *s = ctx;
	const struct net_port *p;
	bool four = info->rtm_family == AF_INET;
	char *gateway = four ? s->gateway4 : s->gateway6;

	if (m->nlmsg_type != RTM_NEWROUTE || info->rtm_dst_len || *gateway ||
	    info->rtm_table != RT_TABLE_MAIN || info->rtm_type != RTN_UNICAST)
		return;
	netlink_attributes(a, RTA_MAX, RTM_RTA(info), RTM_PAYLOAD(m));
	p = by_index(s, (int)netlink_u32(a[RTA_OIF]));
	if (!a[RTA_GATEWAY] || !p)
		return;
	inet_ntop(info->rtm_family, RTA_DATA(a[RTA_GATEWAY]), gateway,
		  four ? sizeof(s->gateway4) : sizeof(s->gateway6));
	strcpy(four ? s->gateway4_dev : s->gateway6_dev, p->name);
}

static void read_servers(struct net_status *s, const char *root)
{
	char path[NET_PATH], *text, *rest, *line;

	net_path(path, root, "/etc/resolv.conf");
	if (file_read(path, 65536, &text, NULL))
		return;
	rest = text;
	while ((line = strsep(&rest, "\n")) && s->ndns < NET_SERVERS)
		if (sscanf(line, "nameserver %45s", s->dns[s->ndns]) == 1)
			s->ndns++;
	free(text);
}

static int by_name(const void *a, const void *b)
{
	return strverscmp(((const struct net_port *)a)->name,
			  ((const struct net_port *)b)->name);
}

static void connect_ports(struct gather *g)
{
	for (size_t i = 0; i < g->s->nports; i++) {
		const struct net_port *master = by_index(g->s, g->masters[i]);
		const struct net_port *on = by_index(g->s, g->carriers[i]);
		struct net_port *p = &g->s->ports[i];

		if (master && g->masters[i])
			strcpy(p->master, master->name);
		if (on && !strcmp(p->kind, "vlan"))
			strcpy(p->on, on->name);
	}
	qsort(g->s->ports, g->s->nports, sizeof(*g->s->ports), by_name);
}

int net_status(struct net_status *s, const char *root, struct conf_error *err)
{
	struct gather *g = calloc(1, sizeof(*g));
	struct netlink n = {.fd = -1};
	int result;

	*s = (struct net_status){0};
	if (g) {
		g->s = s;
		g->room = NET_LINKS * 4;
		s->ports = calloc(g->room, sizeof(*s->ports));
	}
	result = g && s->ports ? netlink_open(&n, 0) : -ENOMEM;
	if (!result)
		result = netlink_list(&n, RTM_GETLINK, AF_UNSPEC, add_port, g);
	if (!result)
		result = netlink_list(&n, RTM_GETADDR, AF_UNSPEC, add_address, s);
	if (!result)
		result = netlink_list(&n, RTM_GETROUTE, AF_UNSPEC, add_route, s);
	netlink_close(&n);
	if (!result) {
		connect_ports(g);
		read_servers(s, root);
	}
	free(g);
	if (!result)
		return 0;
	net_status_free(s);
	return conf_fail(err, result, "interfaces: the kernel does not list them: %s",
			 strerror(-result));
}

void net_status_free(struct net_status *s)
{
	free(s->ports);
	*s = (struct net_status){0};
}

const struct net_port *net_status_find(const struct net_status *s, const char *name)
{
	for (size_t i = 0; i < s->nports; i++)
		if (!strcmp(s->ports[i].name, name))
			return &s->ports[i];
	return NULL;
}

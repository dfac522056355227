/*
 * Does a configuration make sense as a whole? See net.h. No system calls.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "libnet/priv.h"

#define NAME_CHARS                                                                \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_"

struct check {
	const struct net_config *c;
	const struct net_link *l;
	struct conf_error *err;
};

#define BAD(k, ...) conf_fail((k)->err, -EINVAL, __VA_ARGS__)

int net_check_name(const char *name, struct conf_error *err)
{
	size_t len = strlen(name);

	if (!len || len >= NET_NAME || strspn(name, NAME_CHARS) != len ||
	    !strcmp(name, ".") || !strcmp(name, ".."))
		return conf_fail(err, -EINVAL, "interface '%.40s': a name is 1 to 15 "
				 "letters, digits, '.', '-' or '_'", name);
	if (!strcmp(name, "lo") || !strncmp(name, "vif", 3) || !strncmp(name, "tap", 3))
		return conf_fail(err, -EINVAL, "interface '%s': the name is taken by the "
				 "system or by VMs: choose another", name);
	return 0;
}

static uint32_t mask_of(unsigned int prefix)
{
	return prefix ? ~0u << (32 - prefix) : 0;
}

static bool in_net4(const struct net_link *l, struct in_addr a)
{
	return !((ntohl(a.s_addr) ^ ntohl(l->addr4.s_addr)) & mask_of(l->prefix4));
}

/* An address that a host can have in that network. */
static bool host4(struct in_addr a, unsigned int prefix)
{
	uint32_t n = ntohl(a.s_addr), rest = ~mask_of(prefix);

	if (!n || n >> 28 >= 14 || n >> 24 == 127 || n >> 24 == 0)
		return false;
	return prefix >= 31 || ((n & rest) && (n & rest) != rest);
}

static int check_ipv4(struct check *k)
{
	const struct net_link *l = k->l;

	if (l->ipv4 != NET4_STATIC)
		return l->gateway4.s_addr ? BAD(k, "%s: gateway4 without a fixed address: "
						"take one of the two out", l->name) : 0;
	if (!host4(l->addr4, l->prefix4))
		return BAD(k, "%s: ipv4: not an address that a host can have: is it the "
			   "network's own or its broadcast address?", l->name);
	if (!l->gateway4.s_addr)
		return 0;
	if (!in_net4(l, l->gateway4) || !host4(l->gateway4, l->prefix4))
		return BAD(k, "%s: gateway4 is not in the network of its address: correct "
			   "one of the two", l->name);
	if (l->gateway4.s_addr == l->addr4.s_addr)
		return BAD(k, "%s: gateway4 is the host's own address: give the router's",
			   l->name);
	return 0;
}

static int check_ipv6(struct check *k)
{
	const struct net_link *l = k->l;
	bool gateway = !IN6_IS_ADDR_UNSPECIFIED(&l->gateway6);

	if (l->ipv6 != NET6_STATIC)
		return gateway ? BAD(k, "%s: gateway6 without a fixed address: take one of "
				     "the two out", l->name) : 0;
	if (IN6_IS_ADDR_UNSPECIFIED(&l->addr6) || IN6_IS_ADDR_MULTICAST(&l->addr6) ||
	    IN6_IS_ADDR_LOOPBACK(&l->addr6))
		return BAD(k, "%s: ipv6: not an address that a host can have", l->name);
	if (gateway && !memcmp(&l->gateway6, &l->addr6, sizeof(l->addr6)))
		return BAD(k, "%s: gateway6 is the host's own address: give the router's",
			   l->name);
	return 0;
}

/* What carries it must be there and be of a fitting kind. NULL: a bare card. */
static int check_carrier(struct check *k)
{
	const struct net_link *l = k->l, *on = net_find(k->c, l->on);

	if (l->kind != NET_VLAN)
		return 0;
	if (!l->on[0] || !l->vlan)
		return BAD(k, "%s: a vlan needs on=NAME and id=NUMBER", l->name);
	if (!strcmp(l->on, NET_ANY) || net_check_name(l->on, k->err))
		return BAD(k, "%s: on=%s: name one interface", l->name, l->on);
	if (on && on->kind == NET_VLAN)
		return BAD(k, "%s: on=%s: that is a vlan itself: name what carries it",
			   l->name, l->on);
	for (const struct net_link *o = k->c->links; o < l; o++)
		if (o->kind == NET_VLAN && o->vlan == l->vlan && !strcmp(o->on, l->on))
			return BAD(k, "%s: vlan %u on %s is %s already: take one out",
				   l->name, l->vlan, l->on, o->name);
	return 0;
}

static int check_port(struct check *k, const char *port)
{
	const struct net_link *l = k->l, *p = net_find(k->c, port);

	if (!strcmp(port, NET_ANY) || net_check_name(port, k->err))
		return BAD(k, "%s: ports: '%s': name one interface", l->name, port);
	if (!strcmp(port, l->name))
		return BAD(k, "%s: it cannot be its own port", l->name);
	if (net_master(k->c, port) != l)
		return BAD(k, "%s: %s is a port of %s already: it can be of one only",
			   l->name, port, net_master(k->c, port)->name);
	if (p && l->kind == NET_BOND && p->kind != NET_NIC)
		return BAD(k, "%s: ports: %s is a %s: a bond is made of cards", l->name,
			   port, net_kind_name(p->kind));
	if (p && p->kind == NET_BRIDGE)
		return BAD(k, "%s: ports: %s is a bridge itself", l->name, port);
	if (p && (p->ipv4 != NET4_NONE || p->ipv6 != NET6_NONE))
		return BAD(k, "%s: it is a port of %s and has an address: give the "
			   "address to %s", port, l->name, l->name);
	/* A vlan on this bridge as its port: the packets would run round. */
	if (p && p->kind == NET_VLAN && !strcmp(p->on, l->name))
		return BAD(k, "%s: ports: %s lies on %s itself", l->name, port, l->name);
	return 0;
}

static int check_ports(struct check *k)
{
	const struct net_link *l = k->l;

	if (l->kind == NET_BOND && !l->nports)
		return BAD(k, "%s: a bond needs ports=CARD,CARD", l->name);
	for (size_t i = 0; i < l->nports; i++) {
		for (size_t o = 0; o < i; o++)
			if (!strcmp(l->ports[i], l->ports[o]))
				return BAD(k, "%s: ports: %s is named twice", l->name,
					   l->ports[i]);
		if (check_port(k, l->ports[i]))
			return -EINVAL;
	}
	return 0;
}

static int check_guests(struct check *k)
{
	const struct net_link *l = k->l;
	uint32_t first = ntohl(l->dhcp_first.s_addr), last = ntohl(l->dhcp_last.s_addr);
	uint32_t own = ntohl(l->addr4.s_addr);

	if (!l->nat && !first)
		return 0;
	if (l->ipv4 != NET4_STATIC)
		return BAD(k, "%s: nat and dhcp need a fixed ipv4 address of the bridge",
			   l->name);
	if (!first)
		return 0;
	if (!in_net4(l, l->dhcp_first) || !in_net4(l, l->dhcp_last) || first > last ||
	    !host4(l->dhcp_first, l->prefix4) || !host4(l->dhcp_last, l->prefix4))
		return BAD(k, "%s: dhcp: the addresses must be of the bridge's own network, "
			   "lowest first", l->name);
	if (own >= first && own <= last)
		return BAD(k, "%s: dhcp: the host's own address is among them: choose "
			   "others", l->name);
	return 0;
}

static int check_unique(struct check *k)
{
	const struct net_link *l = k->l;

	if (l->kind != NET_NIC && !strcmp(l->name, NET_ANY))
		return BAD(k, "%s: the name stands for a card: choose another", l->name);
	if (net_check_name(l->name, k->err))
		return -EINVAL;
	for (const struct net_link *o = k->c->links; o < l; o++) {
		if (!strcmp(o->name, l->name))
			return BAD(k, "%s: it is there twice: take one out", l->name);
		if (o->has_mac && l->has_mac && !memcmp(o->mac, l->mac, 6))
			return BAD(k, "%s: its mac is that of %s: correct one", l->name,
				   o->name);
		if (o->ipv4 == NET4_STATIC && l->ipv4 == NET4_STATIC &&
		    o->addr4.s_addr == l->addr4.s_addr)
			return BAD(k, "%s: its ipv4 address is that of %s: correct one",
				   l->name, o->name);
		if (o->ipv6 == NET6_STATIC && l->ipv6 == NET6_STATIC &&
		    !memcmp(&o->addr6, &l->addr6, sizeof(l->addr6)))
			return BAD(k, "%s: its ipv6 address is that of %s: correct one",
				   l->name, o->name);
		if (o->gateway4.s_addr && l->gateway4.s_addr)
			return BAD(k, "%s: %s has a gateway4 already: there is one default "
				   "route", l->name, o->name);
	}
	return 0;
}

int net_check(const struct net_config *c, const char *name, struct conf_error *err)
{
	static int (*const checks[])(struct check *) = {
		check_unique, check_carrier, check_ports, check_ipv4, check_ipv6,
		check_guests,
	};
	struct conf_error inner = {0};
	struct check k = {.c = c, .err = &inner};

	for (size_t i = 0; i < c->nlinks; i++) {
		k.l = &c->links[i];
		for (size_t n = 0; n < sizeof(checks) / sizeof(*checks); n++) {
			if (!checks[n](&k))
				continue;
			if (err)
				err->line = k.l->line;
			if (!k.l->line)
				return conf_fail(err, -EINVAL, "%s", inner.text);
			return conf_fail(err, -EINVAL, "%s: line %u: %.220s",
					 name ? name : "network", k.l->line, inner.text);
		}
	}
	return 0;
}

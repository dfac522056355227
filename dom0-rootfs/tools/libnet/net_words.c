/*
 * The words of an interface's line: reading and writing each. Whether they fit
 * together is net_check.c's.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libnet/priv.h"

#define BIT(kind) (1u << (kind))
#define ALL	  (BIT(NET_NIC) | BIT(NET_BOND) | BIT(NET_VLAN) | BIT(NET_BRIDGE))
#define PORTED	  (BIT(NET_BOND) | BIT(NET_BRIDGE))

static int split_length(const char *text, char *addr, size_t size, long most,
			unsigned int *prefix)
{
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : 0;
	long n;

	if (!slash || len >= size || conf_number(slash + 1, 1, most, &n))
		return -EINVAL;
	memcpy(addr, text, len);
	addr[len] = '\0';
	*prefix = (unsigned int)n;
	return 0;
}

int net_parse_addr4(const char *text, struct in_addr *a, unsigned int *prefix)
{
	char addr[INET_ADDRSTRLEN];

	if (split_length(text, addr, sizeof(addr), 32, prefix))
		return -EINVAL;
	return inet_pton(AF_INET, addr, a) == 1 ? 0 : -EINVAL;
}

int net_parse_addr6(const char *text, struct in6_addr *a, unsigned int *prefix)
{
	char addr[INET6_ADDRSTRLEN];

	if (split_length(text, addr, sizeof(addr), 128, prefix))
		return -EINVAL;
	return inet_pton(AF_INET6, addr, a) == 1 ? 0 : -EINVAL;
}

static int set_ipv4(struct net_link *l, const char *value)
{
	if (!strcmp(value, "none"))
		l->ipv4 = NET4_NONE;
	else if (!strcmp(value, "dhcp"))
		l->ipv4 = NET4_DHCP;
	else if (net_parse_addr4(value, &l->addr4, &l->prefix4))
		return -EINVAL;
	else
		l->ipv4 = NET4_STATIC;
	return 0;
}

static void get_ipv4(const struct net_link *l, char *buf, size_t size)
{
	char addr[INET_ADDRSTRLEN] = "";

	if (l->ipv4 == NET4_DHCP)
		snprintf(buf, size, "dhcp");
	if (l->ipv4 != NET4_STATIC)
		return;
	inet_ntop(AF_INET, &l->addr4, addr, sizeof(addr));
	snprintf(buf, size, "%s/%u", addr, l->prefix4);
}

static int set_ipv6(struct net_link *l, const char *value)
{
	if (!strcmp(value, "none"))
		l->ipv6 = NET6_NONE;
	else if (!strcmp(value, "auto"))
		l->ipv6 = NET6_AUTO;
	else if (net_parse_addr6(value, &l->addr6, &l->prefix6))
		return -EINVAL;
	else
		l->ipv6 = NET6_STATIC;
	return 0;
}

static void get_ipv6(const struct net_link *l, char *buf, size_t size)
{
	char addr[INET6_ADDRSTRLEN] = "";

	if (l->ipv6 == NET6_AUTO)
		snprintf(buf, size, "auto");
	if (l->ipv6 != NET6_STATIC)
		return;
	inet_ntop(AF_INET6, &l->addr6, addr, sizeof(addr));
	snprintf(buf, size, "%s/%u", addr, l->prefix6);
}

static int set_gateway4(struct net_link *l, const char *value)
{
	return inet_pton(AF_INET, value, &l->gateway4) == 1 ? 0 : -EINVAL;
}

static void get_gateway4(const struct net_link *l, char *buf, size_t size)
{
	if (l->gateway4.s_addr)
		inet_ntop(AF_INET, &l->gateway4, buf, (socklen_t)size);
}

static int set_gateway6(struct net_link *l, const char *value)
{
	return inet_pton(AF_INET6, value, &l->gateway6) == 1 ? 0 : -EINVAL;
}

static void get_gateway6(const struct net_link *l, char *buf, size_t size)
{
	if (!IN6_IS_ADDR_UNSPECIFIED(&l->gateway6))
		inet_ntop(AF_INET6, &l->gateway6, buf, (socklen_t)size);
}

static int set_mtu(struct net_link *l, const char *value)
{
	long n;

	if (conf_number(value, 576, 9216, &n))
		return -EINVAL;
	l->mtu = (unsigned int)n;
	return 0;
}

static void get_mtu(const struct net_link *l, char *buf, size_t size)
{
	if (l->mtu)
		snprintf(buf, size, "%u", l->mtu);
}

static int hex(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, c | 0x20) : NULL;

	return at ? (int)(at - digits) : -1;
}

static int set_mac(struct net_link *l, const char *value)
{
	if (strlen(value) != 17)
		return -EINVAL;
	for (int i = 0; i < 6; i++) {
		int high = hex(value[3 * i]), low = hex(value[3 * i + 1]);

		if (high < 0 || low < 0 || (i < 5 && value[3 * i + 2] != ':'))
			return -EINVAL;
		l->mac[i] = (uint8_t)(high << 4 | low);
	}
	l->has_mac = true;
	/* A group's address or none at all is no card's. */
	return l->mac[0] & 1 || !memcmp(l->mac, "\0\0\0\0\0", 6) ? -EINVAL : 0;
}

static void get_mac(const struct net_link *l, char *buf, size_t size)
{
	const uint8_t *m = l->mac;

	if (l->has_mac)
		snprintf(buf, size, "%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2],
			 m[3], m[4], m[5]);
}

static int set_ports(struct net_link *l, const char *value)
{
	if (!strcmp(value, "none"))
		return 0;
	for (;;) {
		size_t len = strcspn(value, ",");

		if (!len || len >= NET_NAME || l->nports == NET_PORTS)
			return -EINVAL;
		memcpy(l->ports[l->nports], value, len);
		l->ports[l->nports++][len] = '\0';
		if (!value[len])
			return 0;
		value += len + 1;
	}
}

static void get_ports(const struct net_link *l, char *buf, size_t size)
{
	size_t used = 0;

	for (size_t i = 0; i < l->nports && used < size; i++)
		used += (size_t)snprintf(buf + used, size - used, "%s%s", i ? "," : "",
					 l->ports[i]);
}

static const char *const modes[] = {"active-backup", "802.3ad"};

static int set_mode(struct net_link *l, const char *value)
{
	for (int i = 0; i < 2; i++) {
		if (strcmp(value, modes[i]))
			continue;
		l->mode = (enum net_mode)i;
		return 0;
	}
	return -EINVAL;
}

static void get_mode(const struct net_link *l, char *buf, size_t size)
{
	snprintf(buf, size, "%s", modes[l->mode]);
}

static int set_on(struct net_link *l, const char *value)
{
	if (strlen(value) >= NET_NAME)
		return -EINVAL;
	strcpy(l->on, value);
	return 0;
}

static void get_on(const struct net_link *l, char *buf, size_t size)
{
	snprintf(buf, size, "%s", l->on);
}

static int set_id(struct net_link *l, const char *value)
{
	long n;

	if (conf_number(value, 1, 4094, &n))
		return -EINVAL;
	l->vlan = (unsigned int)n;
	return 0;
}

static void get_id(const struct net_link *l, char *buf, size_t size)
{
	snprintf(buf, size, "%u", l->vlan);
}

static int set_nat(struct net_link *l, const char *value)
{
	int answer = conf_bool(value);

	if (answer < 0)
		return answer;
	l->nat = answer;
	return 0;
}

static void get_nat(const struct net_link *l, char *buf, size_t size)
{
	if (l->nat)
		snprintf(buf, size, "yes");
}

static int set_dhcp(struct net_link *l, const char *value)
{
	const char *dash = strchr(value, '-');
	char first[INET_ADDRSTRLEN];

	if (!dash || dash - value >= (long)sizeof(first))
		return -EINVAL;
	memcpy(first, value, (size_t)(dash - value));
	first[dash - value] = '\0';
	if (inet_pton(AF_INET, first, &l->dhcp_first) != 1 ||
	    inet_pton(AF_INET, dash + 1, &l->dhcp_last) != 1 || !l->dhcp_first.s_addr)
		return -EINVAL;
	return 0;
}

static void get_dhcp(const struct net_link *l, char *buf, size_t size)
{
	char first[INET_ADDRSTRLEN] = "", last[INET_ADDRSTRLEN] = "";

	if (!l->dhcp_first.s_addr)
		return;
	inet_ntop(AF_INET, &l->dhcp_first, first, sizeof(first));
	inet_ntop(AF_INET, &l->dhcp_last, last, sizeof(last));
	snprintf(buf, size, "%s-%s", first, last);
}

const struct net_word net_words[] = {
	{"mac", BIT(NET_NIC), set_mac, get_mac, "a card's address, as 52:54:00:12:34:56"},
	{"ports", PORTED, set_ports, get_ports,
	 "at most 16 interfaces with commas between, or none"},
	{"mode", BIT(NET_BOND), set_mode, get_mode, "active-backup or 802.3ad"},
	{"on", BIT(NET_VLAN), set_on, get_on, "a card, bond or bridge"},
	{"id", BIT(NET_VLAN), set_id, get_id, "a number from 1 to 4094"},
	{"ipv4", ALL, set_ipv4, get_ipv4, "none, dhcp, or as 192.0.2.10/24"},
	{"gateway4", ALL, set_gateway4, get_gateway4, "an address, as 192.0.2.1"},
	{"ipv6", ALL, set_ipv6, get_ipv6, "none, auto, or as 2001:db8::10/64"},
	{"gateway6", ALL, set_gateway6, get_gateway6, "an address, as 2001:db8::1"},
	{"mtu", ALL, set_mtu, get_mtu, "a number from 576 to 9216"},
	{"nat", BIT(NET_BRIDGE), set_nat, get_nat, "yes or no"},
	{"dhcp", BIT(NET_BRIDGE), set_dhcp, get_dhcp, "as 192.0.2.10-192.0.2.99"},
};
const size_t net_nwords = sizeof(net_words) / sizeof(*net_words);

/*
 * Applying a configuration: see net.h. What is there is looked at, what differs
 * is changed; each step can be repeated. The order matters: names, then what is
 * no longer wanted goes, then bonds, bridges and VLANs come, then ports,
 * addresses, routes.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <glob.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libnet/priv.h"

#define MADE   "/run/net/made"
#define ACTIVE "/run/net/active"
#define CHOSEN "/run/net/any"
#define NAT    "/run/net/nat"

struct apply {
	const char *root;
	struct net_config *c;
	struct netlink nl;
	struct net_status now;
	char *made; /* names of what was ever touched, one per line */
	char *missing;
	size_t missing_size;
	struct conf_error *err;
};

static int look(struct apply *a)
{
	net_status_free(&a->now);
	return net_status(&a->now, a->root, a->err);
}

static const struct net_port *find(const struct apply *a, const char *name)
{
	return net_status_find(&a->now, name);
}

static int failed(struct apply *a, int result, const char *name, const char *what)
{
	if (!result)
		return 0;
	return conf_fail(a->err, result, "%s: %s: %s", name, what, strerror(-result));
}

static void is_missing(struct apply *a, const char *name)
{
	size_t used = a->missing ? strlen(a->missing) : 0;

	if (a->missing && !strstr(a->missing, name))
		snprintf(a->missing + used, a->missing_size - used, "%s%s",
			 used ? " " : "", name);
}

/* --- cards' names ----------------------------------------------------------- */

static const struct net_port *by_mac(const struct apply *a, const uint8_t mac[6])
{
	for (size_t i = 0; i < a->now.nports; i++)
		if (!strcmp(a->now.ports[i].kind, "card") &&
		    !memcmp(a->now.ports[i].mac, mac, 6))
			return &a->now.ports[i];
	return NULL;
}

/* Whoever has the name steps aside; a card that is up cannot be renamed. */
static int rename_card(struct apply *a, const struct net_port *card, const char *name)
{
	const struct net_port *other = find(a, name);
	char aside[NET_NAME];
	int result = 0;

	if (other) {
		snprintf(aside, sizeof(aside), "card%d", other->index);
		make_up(&a->nl, other->index, false);
		result = make_name(&a->nl, other->index, aside);
	}
	if (!result) {
		make_up(&a->nl, card->index, false);
		result = make_name(&a->nl, card->index, name);
	}
	return result ? result : look(a);
}

static int name_cards(struct apply *a)
{
	for (size_t i = 0; i < a->c->nlinks; i++) {
		const struct net_link *l = &a->c->links[i];
		const struct net_port *card = l->has_mac ? by_mac(a, l->mac) : NULL;
		int result = 0;

		if (card && strcmp(card->name, l->name))
			result = rename_card(a, card, l->name);
		if (result)
			return failed(a, result, l->name, "the card cannot be given this "
							  "name");
	}
	return 0;
}

/* --- the card that `any` stands for ----------------------------------------- */

static bool claimed(const struct apply *a, const char *name)
{
	if (net_find(a->c, name) || net_master(a->c, name))
		return true;
	for (size_t i = 0; i < a->c->nlinks; i++)
		if (!strcmp(a->c->links[i].on, name))
			return true;
	return false;
}

static bool free_card(const struct apply *a, const struct net_port *p)
{
	return p && !strcmp(p->kind, "card") && !p->master[0] && !claimed(a, p->name);
}

/* The one chosen before, while it is there; else the first that has a link. */
static const char *choose_card(struct apply *a)
{
	char path[NET_PATH], *old = NULL;
	const char *name = NULL;

	net_path(path, a->root, CHOSEN);
	if (!file_read(path, NET_NAME, &old, NULL) && free_card(a, find(a, old)))
		name = find(a, old)->name;
	free(old);
	for (size_t i = 0; i < a->now.nports; i++) {
		const struct net_port *p = &a->now.ports[i];

		if (!free_card(a, p))
			continue;
		/* Switched off, it cannot tell whether it has a link. What nobody
		 * configured takes no address by itself either. */
		if (!p->up) {
			make_sysctl("ipv6/conf", p->name, "disable_ipv6", 1);
			make_up(&a->nl, p->index, true);
		}
		if (!name && p->link)
			name = p->name;
	}
	if (name)
		file_write_atomic(path, name, strlen(name), 0644);
	return name;
}

static int settle_any(struct apply *a)
{
	struct net_link *any = net_find(a->c, NET_ANY);
	const char *name = any ? choose_card(a) : NULL;

	if (any && name)
		snprintf(any->name, sizeof(any->name), "%s", name);
	else if (any)
		net_remove(a->c, any);
	return 0;
}

/* --- interfaces come and go --------------------------------------------------- */

static int note_made(struct apply *a)
{
	char path[NET_PATH], *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	int result;

	if (!f)
		return -ENOMEM;
	fputs(a->made ? a->made : "", f);
	for (size_t i = 0; i < a->c->nlinks; i++) {
		const struct net_link *l = &a->c->links[i];

		fprintf(f, "%s\n", l->name);
		for (size_t p = 0; p < l->nports; p++)
			fprintf(f, "%s\n", l->ports[p]);
	}
	result = fclose(f) ? -ENOMEM : 0;
	net_path(path, a->root, MADE);
	if (!result)
		result = file_write_atomic(path, text, len, 0644);
	free(text);
	return failed(a, result, path, "cannot be written");
}

/* An interface that keeps its name but is to be made otherwise. */
static bool differs(const struct net_port *p, const struct net_link *l)
{
	char path[128], *text, mode[32];
	bool other;

	if (l->kind == NET_NIC)
		return false;
	if (strcmp(p->kind, net_kind_name(l->kind)))
		return true;
	if (l->kind == NET_VLAN)
		return p->vlan != l->vlan || strcmp(p->on, l->on);
	if (l->kind != NET_BOND)
		return false;
	snprintf(path, sizeof(path), "/sys/class/net/%s/bonding/mode", p->name);
	if (file_read(path, 64, &text, NULL))
		return false;
	snprintf(mode, sizeof(mode), "%s",
		 l->mode == NET_8023AD ? "802.3ad" : "active-backup");
	other = strncmp(text, mode, strlen(mode)) != 0;
	free(text);
	return other;
}

static bool is_virtual(const struct net_port *p)
{
	return !strcmp(p->kind, "bond") || !strcmp(p->kind, "vlan") ||
	       !strcmp(p->kind, "bridge");
}

static int flush(struct apply *a, const struct net_port *p)
{
	uint8_t addr[16];
	char text[INET6_ADDRSTRLEN + 4];
	int result = 0;

	for (size_t i = 0; !result && i < p->naddrs; i++) {
		struct make_address old = {.index = p->index, .addr = addr};
		char *slash;

		strcpy(text, p->addrs[i]);
		slash = strchr(text, '/');
		*slash = '\0';
		old.prefix = (unsigned int)atoi(slash + 1);
		old.family = strchr(text, ':') ? AF_INET6 : AF_INET;
		inet_pton(old.family, text, addr);
		result = make_address(&a->nl, &old, false);
	}
	return result;
}

/* What an earlier configuration made or used and this one does not name. */
static int drop_one(struct apply *a, const char *name)
{
	const struct net_port *p = find(a, name);
	int result = 0;

	if (!p || claimed(a, name))
		return 0;
	if (is_virtual(p))
		return failed(a, make_gone(&a->nl, p->index), name, "cannot be removed");
	if (p->master[0])
		result = make_port_of(&a->nl, p->index, 0);
	make_sysctl("ipv6/conf", name, "disable_ipv6", 1);
	if (!result)
		result = flush(a, p);
	return failed(a, result, name, "cannot be released");
}

static int drop_old(struct apply *a)
{
	char path[NET_PATH], *copy, *rest, *name;
	int result = 0;

	/* By now with the names of this one: those are kept. */
	net_path(path, a->root, MADE);
	free(a->made);
	if (file_read(path, CONF_TEXT_MAX, &a->made, NULL))
		a->made = NULL;
	copy = rest = a->made ? strdup(a->made) : NULL;
	while (!result && rest && (name = strsep(&rest, "\n")))
		if (*name)
			result = drop_one(a, name);
	free(copy);
	/* From here on only what this configuration names is on the list. */
	free(a->made);
	a->made = NULL;
	for (size_t i = 0; !result && i < a->c->nlinks; i++) {
		const struct net_port *p = find(a, a->c->links[i].name);

		if (!p || !differs(p, &a->c->links[i]))
			continue;
		if (!is_virtual(p))
			return failed(a, -EEXIST, p->name, "this is another interface's "
							   "name: choose another");
		result = failed(a, make_gone(&a->nl, p->index), p->name,
				"cannot be made anew");
	}
	return result ? result : look(a);
}

static int create_kind(struct apply *a, enum net_kind kind)
{
	for (size_t i = 0; i < a->c->nlinks; i++) {
		const struct net_link *l = &a->c->links[i];
		const struct net_port *on = l->on[0] ? find(a, l->on) : NULL;
		int result;

		if (l->kind != kind || find(a, l->name))
			continue;
		if (l->on[0] && !on) {
			is_missing(a, l->on);
			continue;
		}
		result = make_link(&a->nl, l, on ? on->index : 0);
		if (result && result != -EEXIST)
			return failed(a, result, l->name, "cannot be made");
	}
	return look(a);
}

static int create_new(struct apply *a)
{
	int result = create_kind(a, NET_BOND);

	if (!result)
		result = create_kind(a, NET_BRIDGE);
	return result ? result : create_kind(a, NET_VLAN);
}

/* --- ports ------------------------------------------------------------------- */

static int join(struct apply *a, const struct net_link *l, const char *port)
{
	const struct net_port *master = find(a, l->name), *p = find(a, port);
	int result = 0;

	if (!master || !p) {
		is_missing(a, p ? l->name : port);
		return 0;
	}
	if (strcmp(p->master, l->name)) {
		result = flush(a, p);
		/* A bond takes cards only while they are switched off. */
		if (!result && l->kind == NET_BOND)
			result = make_up(&a->nl, p->index, false);
		if (!result)
			result = make_port_of(&a->nl, p->index, master->index);
	}
	make_sysctl("ipv6/conf", port, "disable_ipv6", 1);
	if (!result)
		result = make_up(&a->nl, p->index, true);
	return failed(a, result, port, "cannot be made a port");
}

/* Ports that are no longer named; what VMs plug in is left alone. */
static int leave(struct apply *a, const struct net_link *l)
{
	for (size_t i = 0; i < a->now.nports; i++) {
		const struct net_port *p = &a->now.ports[i];
		bool wanted = false;
		int result;

		if (strcmp(p->master, l->name) || !strcmp(p->kind, "vif"))
			continue;
		for (size_t n = 0; n < l->nports; n++)
			wanted |= !strcmp(l->ports[n], p->name);
		result = wanted ? 0 : make_port_of(&a->nl, p->index, 0);
		if (result)
			return failed(a, result, p->name, "cannot be taken out");
	}
	return 0;
}

static int connect_kind(struct apply *a, enum net_kind kind)
{
	int result = 0;

	for (size_t i = 0; !result && i < a->c->nlinks; i++) {
		const struct net_link *l = &a->c->links[i];

		if (l->kind != kind)
			continue;
		result = leave(a, l);
		for (size_t p = 0; !result && p < l->nports; p++)
			result = join(a, l, l->ports[p]);
	}
	return result;
}

/* A VLAN can be switched on, and so be a bridge's port, only above what is on. */
static int raise_below_vlans(struct apply *a)
{
	int result = 0;

	for (size_t i = 0; !result && i < a->c->nlinks; i++) {
		const struct net_link *l = &a->c->links[i];
		const struct net_port *p = l->on[0] ? find(a, l->on) : NULL;

		if (p && !p->up)
			result = failed(a, make_up(&a->nl, p->index, true), l->on,
					"cannot be switched on");
	}
	return result;
}

static int connect_ports(struct apply *a)
{
	int result = connect_kind(a, NET_BOND);

	if (!result)
		result = raise_below_vlans(a);
	if (!result)
		result = connect_kind(a, NET_BRIDGE);
	for (size_t i = 0; !result && i < a->c->nlinks; i++) {
		const struct net_link *l = &a->c->links[i];
		const struct net_port *p = find(a, l->name);

		if (!p) {
			is_missing(a, l->name);
			continue;
		}
		if (l->mtu && l->mtu != p->mtu)
			result = failed(a, make_mtu(&a->nl, p->index, l->mtu), l->name,
					"cannot have this mtu");
		if (!result && !p->up)
			result = failed(a, make_up(&a->nl, p->index, true), l->name,
					"cannot be switched on");
	}
	return result ? result : look(a);
}

/* --- addresses and routes ----------------------------------------------------- */

/* Is this address, as net_status() tells it, to stay? */
static bool stays(const struct apply *a, const struct net_link *l,
		  const struct net_port *p, size_t i)
{
	const char *text = p->addrs[i];
	struct in6_addr six;
	struct in_addr four;
	unsigned int prefix;

	if (!net_parse_addr4(text, &four, &prefix))
		return (l->ipv4 == NET4_DHCP && files_leased(a->root, l->name, text)) ||
		       (l->ipv4 == NET4_STATIC && four.s_addr == l->addr4.s_addr &&
			prefix == l->prefix4);
	if (net_parse_addr6(text, &six, &prefix) || IN6_IS_ADDR_LINKLOCAL(&six))
		return true;
	if (l->ipv6 == NET6_AUTO)
		return !p->fixed[i];
	return l->ipv6 == NET6_STATIC && prefix == l->prefix6 &&
	       !memcmp(&six, &l->addr6, sizeof(six));
}

static int addresses_of(struct apply *a, const struct net_link *l,
			const struct net_port *p)
{
	struct net_port old = *p;
	size_t kept = 0;
	int result;

	make_sysctl("ipv6/conf", l->name, "accept_ra", l->ipv6 == NET6_AUTO);
	make_sysctl("ipv6/conf", l->name, "autoconf", l->ipv6 == NET6_AUTO);
	make_sysctl("ipv6/conf", l->name, "disable_ipv6", l->ipv6 == NET6_NONE);
	for (size_t i = 0; i < p->naddrs; i++)
		if (!stays(a, l, p, i))
			memmove(old.addrs[kept++], p->addrs[i], sizeof(p->addrs[i]));
	old.naddrs = kept;
	/* With IPv6 switched off its addresses are gone by now: no matter. */
	result = flush(a, &old);
	if (!result && l->ipv4 == NET4_STATIC) {
		struct make_address four = {p->index, AF_INET, &l->addr4, l->prefix4};

		result = make_address(&a->nl, &four, true);
	}
	if (!result && l->ipv6 == NET6_STATIC) {
		struct make_address six = {p->index, AF_INET6, &l->addr6, l->prefix6};

		result = make_address(&a->nl, &six, true);
	}
	return failed(a, result, l->name, "cannot have its address");
}

static int set_addresses(struct apply *a)
{
	int result = 0;

	for (size_t i = 0; !result && i < a->c->nlinks; i++) {
		const struct net_link *l = &a->c->links[i];
		const struct net_port *p = find(a, l->name);

		if (!p || net_master(a->c, l->name))
			continue;
		result = addresses_of(a, l, p);
		if (!result && l->ipv4 != NET4_DHCP)
			result = make_no_routes(&a->nl, AF_INET, RTPROT_DHCP, p->index);
	}
	return result;
}

static int set_routes(struct apply *a)
{
	int result = make_no_routes(&a->nl, AF_INET, RTPROT_STATIC, 0);

	if (!result)
		result = make_no_routes(&a->nl, AF_INET6, RTPROT_STATIC, 0);
	for (size_t i = 0; !result && i < a->c->nlinks; i++) {
		const struct net_link *l = &a->c->links[i];
		const struct net_port *p = find(a, l->name);
		struct make_route four = {p ? p->index : 0, AF_INET, &l->gateway4,
					  RTPROT_STATIC, 0};
		struct make_route six = {p ? p->index : 0, AF_INET6, &l->gateway6,
					 RTPROT_STATIC, 0};

		if (p && l->gateway4.s_addr)
			result = make_route(&a->nl, &four, true);
		if (!result && p && !IN6_IS_ADDR_UNSPECIFIED(&l->gateway6))
			result = make_route(&a->nl, &six, true);
		result = failed(a, result, l->name, "cannot have its gateway");
	}
	return result;
}

/* --- VMs' way out ------------------------------------------------------------- */

static int iptables(const char *first, ...)
{
	char *argv[20] = {"iptables", "-w", "-t", "nat", (char *)first};
	char *const env[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL};
	posix_spawn_file_actions_t files;
	int n = 5, status = -1, err;
	va_list ap;
	pid_t pid;

	va_start(ap, first);
	while (n < 19 && (argv[n] = va_arg(ap, char *)))
		n++;
	va_end(ap);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, 2, "/dev/null", 1, 0);
	err = posix_spawnp(&pid, "iptables", &files, NULL, argv, env);
	posix_spawn_file_actions_destroy(&files);
	if (err)
		return -err;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status ? -EIO : 0;
}

/* One chain is ours and filled anew; without a bridge that wants it, no call. */
static int set_translation(struct apply *a)
{
	char path[NET_PATH], net[INET_ADDRSTRLEN + 4];
	bool wanted = false;
	int result = 0;

	for (size_t i = 0; i < a->c->nlinks; i++)
		wanted |= a->c->links[i].nat;
	net_path(path, a->root, NAT);
	if (!wanted && access(path, F_OK))
		return 0;
	make_sysctl("ipv4", "", "ip_forward", wanted);
	result = file_write_atomic(path, "", 0, 0644);
	(void)iptables("-N", "basalt", NULL); /* it may be there */
	if (!result)
		result = iptables("-F", "basalt", NULL);
	for (size_t i = 0; !result && i < a->c->nlinks; i++) {
		const struct net_link *l = &a->c->links[i];
		struct in_addr base = l->addr4;

		if (!l->nat)
			continue;
		base.s_addr &= htonl(~0u << (32 - l->prefix4));
		inet_ntop(AF_INET, &base, net, sizeof(net));
		snprintf(net + strlen(net), 4, "/%u", l->prefix4);
		result = iptables("-A", "basalt", "-s", net, "!", "-o", l->name, "-j",
				  "MASQUERADE", NULL);
	}
	if (!result && iptables("-C", "POSTROUTING", "-j", "basalt", NULL))
		result = iptables("-A", "POSTROUTING", "-j", "basalt", NULL);
	return failed(a, result, "address translation", "iptables refuses it");
}

/* Leases of what no longer takes its address by DHCP. */
static void drop_leases(struct apply *a)
{
	char pattern[NET_PATH];
	glob_t found;

	net_path(pattern, a->root, "/run/net/lease.*");
	if (glob(pattern, 0, NULL, &found))
		return;
	for (size_t i = 0; i < found.gl_pathc; i++) {
		const char *name = found.gl_pathv[i] + strlen(pattern) - 1;
		const struct net_link *l = net_find(a->c, name);

		if (!l || l->ipv4 != NET4_DHCP)
			unlink(found.gl_pathv[i]);
	}
	globfree(&found);
}

static int finish(struct apply *a)
{
	char path[NET_PATH], *text = net_text(a->c);
	int result = text ? 0 : -ENOMEM;

	drop_leases(a);
	/* The ones of before are forgotten now. */
	if (!result)
		result = note_made(a);
	net_path(path, a->root, ACTIVE);
	if (!result)
		result = file_write_atomic(path, text, strlen(text), 0644);
	free(text);
	if (!result)
		result = files_write_resolv(a->c, a->root);
	return failed(a, result, path, "cannot be written");
}

/* Names on the list before anything is made: whatever happens, it is found. */
static int note_plan(struct apply *a)
{
	char path[NET_PATH];

	net_path(path, a->root, MADE);
	if (file_read(path, CONF_TEXT_MAX, &a->made, NULL))
		a->made = NULL;
	return note_made(a);
}

static int loopback(struct apply *a)
{
	return failed(a, make_up(&a->nl, 1, true), "lo", "cannot be switched on");
}

int files_apply_locked(const char *root, char *missing, size_t size,
		       struct conf_error *err)
{
	static int (*const steps[])(struct apply *a) = {
		look, loopback, name_cards, settle_any, note_plan, drop_old, create_new,
		connect_ports, set_addresses, set_routes, set_translation, finish,
	};
	struct net_config c;
	struct apply a = {.root = root, .c = &c, .nl = {.fd = -1}, .missing = missing,
			  .missing_size = size, .err = err};
	int result = net_current(&c, root, err);

	if (missing)
		missing[0] = '\0';
	if (!result)
		result = failed(&a, netlink_open(&a.nl, 0), "netlink", "no socket");
	for (size_t i = 0; !result && i < sizeof(steps) / sizeof(*steps); i++)
		result = steps[i](&a);
	netlink_close(&a.nl);
	net_status_free(&a.now);
	free(a.made);
	net_free(&c);
	return result;
}

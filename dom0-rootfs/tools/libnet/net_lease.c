/*
 * What DHCP brings: address, default route, name servers. See net.h.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <glob.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libnet/priv.h"

/* Above what a person sets; the lower the index the better. */
#define METRIC 100u

static void lease_path(char path[NET_PATH], const char *root, const char *name)
{
	char rest[NET_NAME + 32];

	snprintf(rest, sizeof(rest), "/run/net/lease.%s", name);
	net_path(path, root, rest);
}

int net_active(struct net_config *c, const char *root, struct conf_error *err)
{
	char path[NET_PATH];

	net_path(path, root, "/run/net/active");
	return net_load(c, path, err);
}

bool files_leased(const char *root, const char *name, const char *address)
{
	char path[NET_PATH];
	const char *leased;
	struct conf lease;
	bool same;

	lease_path(path, root, name);
	if (conf_load(&lease, path, NULL))
		return false;
	leased = conf_get(&lease, "address");
	same = leased && !strcmp(leased, address);
	conf_free(&lease);
	return same;
}

static void add_leased(FILE *f, const char *path, bool servers)
{
	struct conf lease;
	const struct conf_line *l;
	const char *domain;

	if (conf_load(&lease, path, NULL))
		return;
	domain = conf_get(&lease, "domain");
	if (!servers && domain)
		fprintf(f, "search %s\n", domain);
	for (size_t at = 0; servers && (l = conf_next(&lease, "dns", &at)); )
		fprintf(f, "nameserver %s\n", l->value);
	conf_free(&lease);
}

static void add_all_leased(FILE *f, const char *root, bool servers)
{
	char pattern[NET_PATH];
	glob_t found;

	net_path(pattern, root, "/run/net/lease.*");
	if (glob(pattern, 0, NULL, &found))
		return;
	for (size_t i = 0; i < found.gl_pathc; i++)
		add_leased(f, found.gl_pathv[i], servers);
	globfree(&found);
}

int files_write_resolv(const struct net_config *c, const char *root)
{
	char path[NET_PATH], *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	int result;

	if (!f)
		return -ENOMEM;
	for (size_t i = 0; i < c->nsearch; i++)
		fprintf(f, "%s%s%s", i ? " " : "search ", c->search[i],
			i + 1 == c->nsearch ? "\n" : "");
	if (!c->nsearch)
		add_all_leased(f, root, false);
	for (size_t i = 0; i < c->ndns; i++)
		fprintf(f, "nameserver %s\n", c->dns[i]);
	if (!c->ndns)
		add_all_leased(f, root, true);
	result = fclose(f) ? -ENOMEM : 0;
	net_path(path, root, "/etc/resolv.conf");
	if (!result)
		result = file_write_atomic(path, text, len, 0644);
	free(text);
	return result;
}

static int refresh_servers(const char *root, struct conf_error *err)
{
	struct net_config c;
	int result = net_active(&c, root, err);

	if (result)
		return result;
	result = files_write_resolv(&c, root);
	net_free(&c);
	return result ? conf_fail(err, result, "resolv.conf: cannot be written: %s",
				  strerror(-result)) : 0;
}

/* "255.255.255.0" or "24" */
static int parse_mask(const char *text, unsigned int *prefix)
{
	struct in_addr mask;
	uint32_t bits;
	long n;

	if (!text || !conf_number(text, 1, 32, &n)) {
		*prefix = text ? (unsigned int)n : 24;
		return 0;
	}
	if (inet_pton(AF_INET, text, &mask) != 1)
		return -EINVAL;
	bits = ~ntohl(mask.s_addr);
	if (bits & (bits + 1) || bits == ~0u)
		return -EINVAL;
	*prefix = bits ? (unsigned int)__builtin_clz(bits) : 32;
	return 0;
}

/* Words of text that are addresses; the rest a hostile server made up. */
static void add_addresses(struct conf *c, const char *key, const char *text)
{
	char word[INET_ADDRSTRLEN + 1];
	struct in_addr a;

	while (text && *text) {
		size_t len = strcspn(text, " ");

		if (len && len < sizeof(word)) {
			memcpy(word, text, len);
			word[len] = '\0';
			if (inet_pton(AF_INET, word, &a) == 1)
				conf_add(c, key, word);
		}
		text += len + (text[len] == ' ');
	}
}

static bool good_domain(const char *text)
{
	return text && *text && strlen(text) < 200 &&
	       !text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789.-"
				  "ABCDEFGHIJKLMNOPQRSTUVWXYZ")];
}

static int save_lease(const char *name, const struct net_lease *lease,
		      unsigned int prefix, const char *root)
{
	char path[NET_PATH], address[64];
	struct conf c = {0};
	int result;

	snprintf(address, sizeof(address), "%.40s/%u", lease->address, prefix);
	result = conf_set(&c, "address", address);
	add_addresses(&c, "router", lease->routers);
	add_addresses(&c, "dns", lease->dns);
	if (good_domain(lease->domain))
		conf_set(&c, "domain", lease->domain);
	lease_path(path, root, name);
	if (!result)
		result = conf_save(&c, path, 0644, NULL);
	conf_free(&c);
	return result;
}

/* All addresses of IPv4 but keep (0: none). */
static int drop_others(struct netlink *n, const char *name, const char *root,
		       struct in_addr keep, struct conf_error *err)
{
	struct net_status s;
	const struct net_port *p;
	struct in_addr addr;
	unsigned int prefix;
	int result = net_status(&s, root, err);

	if (result)
		return result;
	p = net_status_find(&s, name);
	for (size_t i = 0; p && !result && i < p->naddrs; i++) {
		struct make_address old = {p->index, AF_INET, &addr, 0};

		if (net_parse_addr4(p->addrs[i], &addr, &prefix) ||
		    addr.s_addr == keep.s_addr)
			continue;
		old.prefix = prefix;
		result = make_address(n, &old, false);
	}
	net_status_free(&s);
	return result;
}

static int first_router(const struct net_lease *lease, struct in_addr *router)
{
	char word[INET_ADDRSTRLEN];

	return lease->routers && sscanf(lease->routers, "%15s", word) == 1 &&
	       inet_pton(AF_INET, word, router) == 1;
}

static int take(struct netlink *n, const char *name, const struct net_lease *lease,
		const char *root, struct conf_error *err)
{
	int index = (int)if_nametoindex(name), result;
	struct in_addr addr, router;
	unsigned int prefix;
	struct make_address mine = {index, AF_INET, &addr, 0};
	struct make_route route = {index, AF_INET, &router, RTPROT_DHCP,
				   METRIC + (unsigned int)index};

	if (!index || !lease->address || inet_pton(AF_INET, lease->address, &addr) != 1 ||
	    parse_mask(lease->mask, &prefix))
		return conf_fail(err, -EINVAL, "%s: the DHCP server's offer makes no sense",
				 name);
	mine.prefix = prefix;
	result = drop_others(n, name, root, addr, err);
	if (!result)
		result = make_address(n, &mine, true);
	if (!result)
		result = make_no_routes(n, AF_INET, RTPROT_DHCP, index);
	if (!result && first_router(lease, &router))
		result = make_route(n, &route, true);
	return result ? result : save_lease(name, lease, prefix, root);
}

int net_lease_take(const char *name, const struct net_lease *lease, const char *root,
		   struct conf_error *err)
{
	int lock = files_lock(root, err), result;
	struct netlink n;

	if (lock < 0)
		return lock;
	if (err)
		err->text[0] = '\0';
	result = netlink_open(&n, 0);
	if (!result)
		result = take(&n, name, lease, root, err);
	netlink_close(&n);
	if (!result)
		result = refresh_servers(root, err);
	close(lock);
	if (result && err && !err->text[0])
		conf_fail(err, result, "%s: the lease cannot be taken: %s", name,
			  strerror(-result));
	return result;
}

int net_lease_drop(const char *name, const char *root, struct conf_error *err)
{
	int lock = files_lock(root, err), result, index = (int)if_nametoindex(name);
	char path[NET_PATH];
	struct netlink n;

	if (lock < 0)
		return lock;
	lease_path(path, root, name);
	unlink(path);
	result = netlink_open(&n, 0);
	if (!result && index)
		result = make_no_routes(&n, AF_INET, RTPROT_DHCP, index);
	if (!result && index)
		result = drop_others(&n, name, root, (struct in_addr){0}, err);
	netlink_close(&n);
	if (!result)
		result = refresh_servers(root, err);
	close(lock);
	return result;
}

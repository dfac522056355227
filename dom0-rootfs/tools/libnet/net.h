/*
 * libnet: the host's network. What is wanted is told by a text, network.conf
 * (docs/NETWORK.md is its reference); from it a struct net_config is made,
 * checked, and applied over rtnetlink.
 *
 * Files, below `root` ("" on a host; tests give another one):
 *   /state/etc/network.conf    what a person confirmed; without it
 *   /etc/basalt/network.conf   what an unconfigured system does
 *   /run/net/trial             what is on trial, and until when
 *   /run/net/active            what was applied last
 *   /run/net/made              interfaces that were touched: undone when a later
 *                              configuration does not name them
 *   /run/net/lease.NAME        what NAME got by DHCP
 *   /etc/resolv.conf           name servers in use
 *
 * Applying can be repeated and interrupted at any point: it looks at what is
 * there and changes what differs, so that a second run completes the first.
 * VMs' interfaces in a bridge are never touched. All applying is under one lock.
 *
 * int results are 0 or a negative errno; the reason is in struct conf_error.
 */
#ifndef LIBNET_NET_H
#define LIBNET_NET_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libconf/conf.h"

enum {
	NET_NAME = 16,	    /* an interface's name, with its NUL */
	NET_PORTS = 16,	    /* ports of a bond or bridge */
	NET_LINKS = 256,    /* interfaces in a configuration */
	NET_SERVERS = 6,    /* name servers, search domains */
	NET_TRIAL_S = 60,   /* how long a change may stay unconfirmed */
};

#define NET_ANY "any" /* as a card's name: the first one that has a link */

enum net_kind { NET_NIC, NET_BOND, NET_VLAN, NET_BRIDGE, NET_KINDS };
enum net_mode { NET_ACTIVE_BACKUP, NET_8023AD };
enum net_ipv4 { NET4_NONE, NET4_DHCP, NET4_STATIC };
enum net_ipv6 { NET6_NONE, NET6_AUTO, NET6_STATIC };

/* One interface that is wanted: one line of the file. */
struct net_link {
	enum net_kind kind;
	char name[NET_NAME];
	unsigned int line; /* 0: not from a file */

	uint8_t mac[6];	   /* NET_NIC: the card that gets this name */
	bool has_mac;
	char ports[NET_PORTS][NET_NAME]; /* NET_BOND, NET_BRIDGE */
	size_t nports;
	enum net_mode mode;  /* NET_BOND */
	char on[NET_NAME];   /* NET_VLAN: what carries it */
	unsigned int vlan;   /* NET_VLAN: 1 to 4094 */
	unsigned int mtu;    /* 0: as it is */

	enum net_ipv4 ipv4;
	struct in_addr addr4, gateway4; /* gateway 0: none */
	unsigned int prefix4;
	enum net_ipv6 ipv6;
	struct in6_addr addr6, gateway6; /* gateway ::: none */
	unsigned int prefix6;

	bool nat;			/* NET_BRIDGE: VMs behind it leave by translation */
	struct in_addr dhcp_first, dhcp_last; /* VMs get these; 0: no DHCP server */
};

struct net_config {
	struct net_link *links; /* in the file's order */
	size_t nlinks;
	char dns[NET_SERVERS][INET6_ADDRSTRLEN];
	size_t ndns;
	char search[NET_SERVERS][256];
	size_t nsearch;
};

/* --- the text (net_parse.c, net_check.c, net_text.c): no system calls ------ */

/* Parse and check len bytes; name is for messages. On failure *c is empty. */
int net_parse(struct net_config *c, const char *text, size_t len, const char *name,
	      struct conf_error *err);
int net_load(struct net_config *c, const char *path, struct conf_error *err);
void net_free(struct net_config *c);

/*
 * Check a configuration made by a program: every name, number and relation.
 * net_parse() has done so.
 */
int net_check(const struct net_config *c, const char *name, struct conf_error *err);

/* Its text, to be freed; parses to the same again. NULL: memory is short. */
char *net_text(const struct net_config *c);

/* One line's value, "xenbr0 ports=eth0 ipv4=dhcp", cut to size. */
void net_link_text(const struct net_link *l, char *buf, size_t size);
const char *net_kind_name(enum net_kind kind);

struct net_link *net_find(const struct net_config *c, const char *name);
/* What has the link as a port (bond, bridge), or NULL. */
struct net_link *net_master(const struct net_config *c, const char *name);
/* A new one at the end, or NULL; earlier pointers into links are void then. */
struct net_link *net_add(struct net_config *c, enum net_kind kind, const char *name);
void net_remove(struct net_config *c, struct net_link *l);

/* For fields: 0, or -EINVAL with the reason. An address is "A.B.C.D/LEN". */
int net_check_name(const char *name, struct conf_error *err);
int net_parse_addr4(const char *text, struct in_addr *a, unsigned int *prefix);
int net_parse_addr6(const char *text, struct in6_addr *a, unsigned int *prefix);

/* --- what there is (net_status.c) ------------------------------------------ */

struct net_port {
	char name[NET_NAME];
	int index;
	char kind[16];	      /* "card", "bond", "vlan", "bridge", "vif", "other" */
	uint8_t mac[6];
	bool up, link;	      /* switched on; has a carrier */
	int speed;	      /* Mbit/s; -1: unknown */
	char master[NET_NAME];
	unsigned int mtu;
	unsigned int vlan;    /* of a VLAN */
	char on[NET_NAME];    /* of a VLAN */
	char driver[32];      /* of a card */
	char addrs[6][INET6_ADDRSTRLEN + 4]; /* "192.0.2.1/24" */
	bool fixed[6]; /* not from a lease or a router */
	size_t naddrs;
	uint64_t rx_bytes, tx_bytes;
};

struct net_status {
	struct net_port *ports; /* all interfaces but lo */
	size_t nports;
	char gateway4[INET_ADDRSTRLEN], gateway4_dev[NET_NAME];
	char gateway6[INET6_ADDRSTRLEN], gateway6_dev[NET_NAME];
	char dns[NET_SERVERS][INET6_ADDRSTRLEN];
	size_t ndns;
};

int net_status(struct net_status *s, const char *root, struct conf_error *err);
void net_status_free(struct net_status *s);
const struct net_port *net_status_find(const struct net_status *s, const char *name);

/* --- making it so (net_apply.c, net_trial.c) ------------------------------- */

/* What holds: the trial if there is one, else the confirmed, else the default. */
int net_current(struct net_config *c, const char *root, struct conf_error *err);

/*
 * Apply what holds. What is not possible now (a card that is not there) is no
 * failure; it is done when it can be. missing, of size bytes, names such cards,
 * and may be NULL.
 */
int net_apply(const char *root, char *missing, size_t size, struct conf_error *err);

/*
 * Put a configuration on trial: applied now; unless confirmed within seconds,
 * `network watch` (started by init) goes back to the one before, whatever
 * became of the caller; so does a restart of the host. When it cannot be
 * applied, the one before is in force again, and the reason in err.
 */
int net_try(const struct net_config *c, unsigned int seconds, const char *root,
	    struct conf_error *err);
/* Keep what is on trial. -ENOENT: nothing is. */
int net_confirm(const char *root, struct conf_error *err);
/* Go back now. -ENOENT: nothing is on trial. */
int net_revert(const char *root, struct conf_error *err);
/* Seconds that a trial has left; -1: nothing is on trial. */
int net_trial_left(const char *root);

/*
 * What was applied last, with the card that `any` stands for in its place (its
 * line is left out while there is none). For who runs DHCP.
 */
int net_active(struct net_config *c, const char *root, struct conf_error *err);

/* --- leases (net_lease.c) --------------------------------------------------- */

/* What a DHCP client was given. Texts as the server wrote them, not trusted. */
struct net_lease {
	const char *address, *mask, *routers, *dns, *domain; /* NULL: not given */
};
/* Take it: the address, the route, the name servers. */
int net_lease_take(const char *name, const struct net_lease *lease, const char *root,
		   struct conf_error *err);
/* Give up what a lease brought. */
int net_lease_drop(const char *name, const char *root, struct conf_error *err);

#endif

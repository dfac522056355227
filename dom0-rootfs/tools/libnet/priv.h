/*
 * What the files of libnet share.
 */
#ifndef LIBNET_PRIV_H
#define LIBNET_PRIV_H

#include "libnet/net.h"
#include "libnet/netlink.h"

/* The words behind an interface's name: one row each (net_words.c). */
struct net_word {
	const char *name;
	unsigned int kinds; /* bit per enum net_kind that may have it */
	/* 0, or -EINVAL: the row's `expects` says what is wanted. */
	int (*set)(struct net_link *l, const char *value);
	/* Writes the value, or nothing when it need not be said. */
	void (*get)(const struct net_link *l, char *buf, size_t size);
	const char *expects;
};
extern const struct net_word net_words[];
extern const size_t net_nwords;

#define NET_PATH 512
void net_path(char path[NET_PATH], const char *root, const char *rest);

/* --- single changes (net_make.c) ------------------------------------------- */
int make_link(struct netlink *n, const struct net_link *l, int on_index);
int make_gone(struct netlink *n, int index);
int make_up(struct netlink *n, int index, bool up);
int make_name(struct netlink *n, int index, const char *name);
int make_mtu(struct netlink *n, int index, unsigned int mtu);
/* master 0: of nothing any more. */
int make_port_of(struct netlink *n, int index, int master);

struct make_address {
	int index;
	int family; /* AF_INET or AF_INET6 */
	const void *addr;
	unsigned int prefix;
};
int make_address(struct netlink *n, const struct make_address *a, bool there);

/* A default route. */
struct make_route {
	int index, family;
	const void *gateway;
	unsigned char protocol; /* RTPROT_STATIC, RTPROT_DHCP */
	unsigned int metric;
};
int make_route(struct netlink *n, const struct make_route *r, bool there);
/* Take out all default routes of that protocol through index (0: any). */
int make_no_routes(struct netlink *n, int family, unsigned char protocol, int index);

/* net.ipv6.conf.NAME.KEY and the like; a kernel without it has no need of it. */
void make_sysctl(const char *path, const char *name, const char *key, int value);

/* --- the files below root (net_files.c) ------------------------------------- */
/* All changes are made under this lock: a descriptor to close, or an errno. */
int files_lock(const char *root, struct conf_error *err);
/* The text that holds; to be freed. */
int files_current(const char *root, char **text, size_t *len, char name[NET_PATH],
		  struct conf_error *err);
int files_apply_locked(const char *root, char *missing, size_t size,
		       struct conf_error *err);
/* Is it what the interface's lease says? "192.0.2.1/24" */
bool files_leased(const char *root, const char *name, const char *address);
int files_write_resolv(const struct net_config *c, const char *root);

#endif

/*
 * netlink: rtnetlink requests, as far as libnet needs them. One socket, requests
 * answered one by one. int results are 0 or a negative errno.
 */
#ifndef LIBNET_NETLINK_H
#define LIBNET_NETLINK_H

#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stddef.h>
#include <stdint.h>

struct netlink {
	int fd;
	uint32_t seq;
};

/* groups: RTMGRP_… to hear of, for netlink_events(); else 0. */
int netlink_open(struct netlink *n, uint32_t groups);
void netlink_close(struct netlink *n);

/* A message under construction. */
struct netlink_request {
	struct nlmsghdr head;
	union {
		struct ifinfomsg link;
		struct ifaddrmsg addr;
		struct rtmsg route;
		char room[1024];
	} body;
};

/* body_size: of the member of body that is used. */
void netlink_begin(struct netlink_request *r, uint16_t type, uint16_t flags,
		   size_t body_size);
void netlink_put(struct netlink_request *r, uint16_t type, const void *data, size_t len);
void netlink_put_u32(struct netlink_request *r, uint16_t type, uint32_t value);
void netlink_put_text(struct netlink_request *r, uint16_t type, const char *text);
/* Attributes put between the two are inside this one. */
struct rtattr *netlink_nest(struct netlink_request *r, uint16_t type);
void netlink_nest_end(struct netlink_request *r, struct rtattr *nest);

/* Send it and wait for the kernel's answer. */
int netlink_do(struct netlink *n, struct netlink_request *r);

/* Ask for a list: fn is called for each of its messages. */
typedef void netlink_message_fn(const struct nlmsghdr *m, void *ctx);
int netlink_list(struct netlink *n, uint16_t type, unsigned char family,
		 netlink_message_fn *fn, void *ctx);

/* Take what events have come in, without waiting. */
void netlink_events(struct netlink *n);

/* Attributes of a message, by type; table has max + 1 entries. */
void netlink_attributes(const struct rtattr **table, size_t max, const void *first,
			size_t len);
uint32_t netlink_u32(const struct rtattr *a);

#endif

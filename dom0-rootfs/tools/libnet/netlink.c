/*
 * rtnetlink: see netlink.h. Formats: linux/netlink.h, linux/rtnetlink.h.
 */
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "libnet/netlink.h"

int netlink_open(struct netlink *n, uint32_t groups)
{
	struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = groups};
	int room = 1 << 20, err;

	n->seq = 0;
	n->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (n->fd < 0)
		return -errno;
	/* A smaller one only means that events may be lost: all are looked at anew. */
	(void)setsockopt(n->fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	if (!bind(n->fd, (struct sockaddr *)&address, sizeof(address)))
		return 0;
	err = -errno;
	netlink_close(n);
	return err;
}

void netlink_close(struct netlink *n)
{
	if (n->fd >= 0)
		close(n->fd);
	n->fd = -1;
}

void netlink_begin(struct netlink_request *r, uint16_t type, uint16_t flags,
		   size_t body_size)
{
	memset(r, 0, sizeof(*r));
	r->head.nlmsg_type = type;
	r->head.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags);
	r->head.nlmsg_len = (uint32_t)NLMSG_LENGTH(body_size);
}

void netlink_put(struct netlink_request *r, uint16_t type, const void *data, size_t len)
{
	size_t at = NLMSG_ALIGN(r->head.nlmsg_len);
	struct rtattr *a = (struct rtattr *)((char *)r + at);

	/* All that is ever put fits: names, addresses, numbers. */
	if (at + RTA_SPACE(len) > sizeof(*r))
		return;
	a->rta_type = type;
	a->rta_len = (unsigned short)RTA_LENGTH(len);
	if (len)
		memcpy(RTA_DATA(a), data, len);
	r->head.nlmsg_len = (uint32_t)(at + RTA_ALIGN(a->rta_len));
}

void netlink_put_u32(struct netlink_request *r, uint16_t type, uint32_t value)
{
	netlink_put(r, type, &value, sizeof(value));
}

void netlink_put_text(struct netlink_request *r, uint16_t type, const char *text)
{
	netlink_put(r, type, text, strlen(text) + 1);
}

struct rtattr *netlink_nest(struct netlink_request *r, uint16_t type)
{
	struct rtattr *nest =
		(struct rtattr *)((char *)r + NLMSG_ALIGN(r->head.nlmsg_len));

	netlink_put(r, type, NULL, 0);
	return nest;
}

void netlink_nest_end(struct netlink_request *r, struct rtattr *nest)
{
	nest->rta_len = (unsigned short)((char *)r + r->head.nlmsg_len - (char *)nest);
}

static ssize_t receive(struct netlink *n, void *buf, size_t size, int flags)
{
	ssize_t len;

	do {
		len = recv(n->fd, buf, size, flags);
	} while (len < 0 && errno == EINTR);
	return len < 0 ? -errno : len;
}

/* Handles one datagram. 1: more follow, 0: that was the end, or an error. */
static int handle(struct netlink *n, char *buf, size_t len, netlink_message_fn *fn,
		  void *ctx)
{
	for (struct nlmsghdr *m = (struct nlmsghdr *)buf; NLMSG_OK(m, len);
	     m = NLMSG_NEXT(m, len)) {
		if (m->nlmsg_seq != n->seq)
			continue;
		if (m->nlmsg_type == NLMSG_DONE)
			return 0;
		if (m->nlmsg_type == NLMSG_ERROR)
			return ((struct nlmsgerr *)NLMSG_DATA(m))->error;
		if (fn)
			fn(m, ctx);
	}
	return 1;
}

static int exchange(struct netlink *n, struct netlink_request *r, netlink_message_fn *fn,
		    void *ctx)
{
	static char buf[65536] __attribute__((aligned(8)));
	int result = 1;

	r->head.nlmsg_seq = ++n->seq;
	if (send(n->fd, r, r->head.nlmsg_len, 0) < 0)
		return -errno;
	while (result > 0) {
		ssize_t len = receive(n, buf, sizeof(buf), 0);

		/* The list grew too long for the socket: the rest still comes. */
		if (len == -ENOBUFS)
			continue;
		result = len < 0 ? (int)len : handle(n, buf, (size_t)len, fn, ctx);
	}
	return result;
}

int netlink_do(struct netlink *n, struct netlink_request *r)
{
	return exchange(n, r, NULL, NULL);
}

int netlink_list(struct netlink *n, uint16_t type, unsigned char family,
		 netlink_message_fn *fn, void *ctx)
{
	struct netlink_request r;

	netlink_begin(&r, type, NLM_F_DUMP, sizeof(r.body.link));
	r.body.link.ifi_family = family;
	return exchange(n, &r, fn, ctx);
}

void netlink_events(struct netlink *n)
{
	char buf[8192];

	while (receive(n, buf, sizeof(buf), MSG_DONTWAIT) >= 0)
		;
}

void netlink_attributes(const struct rtattr **table, size_t max, const void *first,
			size_t len)
{
	memset(table, 0, (max + 1) * sizeof(*table));
	for (const struct rtattr *a = first; RTA_OK(a, len); a = RTA_NEXT(a, len)) {
		size_t type = a->rta_type & ~(unsigned int)NLA_F_NESTED;

		if (type <= max)
			table[type] = a;
	}
}

uint32_t netlink_u32(const struct rtattr *a)
{
	uint32_t value = 0;

	if (a && RTA_PAYLOAD(a) >= sizeof(value))
		memcpy(&value, RTA_DATA(a), sizeof(value));
	return value;
}

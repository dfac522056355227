/* See net_form.h. Everything goes through the text that network.conf has. */
#include "model/net_form.h"

#include <errno.h>
#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void addr4_text(struct in_addr a, char *buf, size_t size)
{
	buf[0] = '\0';
	if (a.s_addr)
		inet_ntop(AF_INET, &a, buf, (socklen_t)size);
}

void net_form_from(struct net_form *f, const struct net_link *l)
{
	size_t used = 0;

	*f = (struct net_form){ .kind = (int)l->kind, .mode = (int)l->mode,
				.ipv4 = (int)l->ipv4, .ipv6 = (int)l->ipv6,
				.nat = l->nat };
	strcpy(f->name, l->name);
	strcpy(f->on, l->on);
	if (l->has_mac)
		snprintf(f->mac, sizeof(f->mac), "%02x:%02x:%02x:%02x:%02x:%02x", l->mac[0],
			 l->mac[1], l->mac[2], l->mac[3], l->mac[4], l->mac[5]);
	for (size_t i = 0; i < l->nports; i++)
		used += (size_t)snprintf(f->ports + used, sizeof(f->ports) - used, "%s%s",
					 i ? "," : "", l->ports[i]);
	if (l->vlan)
		snprintf(f->id, sizeof(f->id), "%hu", (unsigned short)l->vlan);
	if (l->mtu)
		snprintf(f->mtu, sizeof(f->mtu), "%hu", (unsigned short)l->mtu);
	if (l->ipv4 == NET4_STATIC) {
		addr4_text(l->addr4, f->addr4, sizeof(f->addr4));
		snprintf(f->addr4 + strlen(f->addr4), 4, "/%u", l->prefix4);
	}
	if (l->ipv6 == NET6_STATIC) {
		inet_ntop(AF_INET6, &l->addr6, f->addr6, INET6_ADDRSTRLEN);
		snprintf(f->addr6 + strlen(f->addr6), 5, "/%u", l->prefix6);
	}
	addr4_text(l->gateway4, f->gateway4, sizeof(f->gateway4));
	if (!IN6_IS_ADDR_UNSPECIFIED(&l->gateway6))
		inet_ntop(AF_INET6, &l->gateway6, f->gateway6, sizeof(f->gateway6));
	addr4_text(l->dhcp_first, f->first, sizeof(f->first));
	addr4_text(l->dhcp_last, f->last, sizeof(f->last));
}

struct line {
	char *buf;
	size_t size, used;
};

__attribute__((format(printf, 2, 3)))
static void add(struct line *l, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (l->used < l->size)
		l->used += (size_t)vsnprintf(l->buf + l->used, l->size - l->used, fmt, ap);
	va_end(ap);
}

/* "eth0, eth1" as "eth0,eth1" */
static void ports_text(const char *typed, char *buf, size_t size)
{
	size_t used = 0;

	buf[0] = '\0';
	while (*typed && used + 1 < size) {
		size_t len;

		typed += strspn(typed, " ,");
		len = strcspn(typed, " ,");
		if (len)
			used += (size_t)snprintf(buf + used, size - used, "%s%.*s",
						 used ? "," : "", (int)len, typed);
		typed += len;
	}
}

static void add_addresses(struct line *l, const struct net_form *f)
{
	if (f->ipv4 == NET4_DHCP)
		add(l, " ipv4=dhcp");
	if (f->ipv4 == NET4_STATIC)
		add(l, " ipv4=%s", f->addr4);
	if (f->ipv4 == NET4_STATIC && *f->gateway4)
		add(l, " gateway4=%s", f->gateway4);
	if (f->ipv6 == NET6_AUTO)
		add(l, " ipv6=auto");
	if (f->ipv6 == NET6_STATIC)
		add(l, " ipv6=%s", f->addr6);
	if (f->ipv6 == NET6_STATIC && *f->gateway6)
		add(l, " gateway6=%s", f->gateway6);
}

void net_form_line(const struct net_form *f, char *buf, size_t size)
{
	struct line l = { buf, size, 0 };
	char ports[NET_PORTS * NET_NAME];

	add(&l, "%s", f->name);
	ports_text(f->ports, ports, sizeof(ports));
	if (f->kind == NET_NIC && *f->mac)
		add(&l, " mac=%s", f->mac);
	if ((f->kind == NET_BOND || f->kind == NET_BRIDGE) && *ports)
		add(&l, " ports=%s", ports);
	if (f->kind == NET_BOND)
		add(&l, " mode=%s", f->mode == NET_8023AD ? "802.3ad" : "active-backup");
	if (f->kind == NET_VLAN)
		add(&l, " on=%s id=%s", f->on, f->id);
	add_addresses(&l, f);
	if (*f->mtu)
		add(&l, " mtu=%s", f->mtu);
	if (f->kind == NET_BRIDGE && f->nat)
		add(&l, " nat=yes");
	if (f->kind == NET_BRIDGE && (*f->first || *f->last))
		add(&l, " dhcp=%s-%s", f->first, f->last);
}

/* A bare card that is a port of what the form says needs no line. */
static bool swallowed(const struct net_link *l, const struct net_form *f)
{
	char ports[NET_PORTS * NET_NAME], *rest = ports, *port;

	ports_text(f->ports, ports, sizeof(ports));
	if (l->kind != NET_NIC || l->has_mac)
		return false;
	while ((port = strsep(&rest, ",")))
		if (!strcmp(port, l->name))
			return true;
	return false;
}

/* The lines of c but those left out, with one in the place of old. */
static char *joined(const struct net_config *c, const char *old, const char *line,
		    const struct net_form *f)
{
	char *text = NULL, value[1024];
	bool put = false;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return NULL;
	for (size_t i = 0; i < c->nlinks; i++) {
		const struct net_link *l = &c->links[i];

		if (old && !strcmp(l->name, old)) {
			fputs(line, out);
			put = true;
		} else if (!f || !swallowed(l, f)) {
			net_link_text(l, value, sizeof(value));
			fprintf(out, "%s = %s\n", net_kind_name(l->kind), value);
		}
	}
	if (!put)
		fputs(line, out);
	for (size_t i = 0; i < c->ndns; i++)
		fprintf(out, "dns = %s\n", c->dns[i]);
	for (size_t i = 0; i < c->nsearch; i++)
		fprintf(out, "search = %s\n", c->search[i]);
	return fclose(out) ? NULL : text;
}

static int parse(char *text, struct net_config *out, struct conf_error *err)
{
	const char *behind;
	int result;

	*out = (struct net_config){ 0 };
	if (!text)
		return conf_fail(err, -ENOMEM, "memory is short");
	result = net_parse(out, text, strlen(text), "network", err);
	free(text);
	/* The line's number means nothing to who filled in fields. */
	behind = result && err ? strstr(err->text, "line ") : NULL;
	behind = behind ? strstr(behind, ": ") : NULL;
	if (behind)
		memmove(err->text, behind + 2, strlen(behind + 2) + 1);
	return result;
}

int net_form_put(const struct net_form *f, const char *old, const struct net_config *c,
		 struct net_config *out, struct conf_error *err)
{
	char value[1024], line[1100];

	/* Blanks would make words of what stands behind them. */
	if (strpbrk(f->name, " \t") || strpbrk(f->on, " \t") || strpbrk(f->addr4, " \t") ||
	    strpbrk(f->gateway4, " \t") || strpbrk(f->addr6, " \t") ||
	    strpbrk(f->gateway6, " \t") || strpbrk(f->first, " \t") ||
	    strpbrk(f->last, " \t"))
		return conf_fail(err, -EINVAL, "a blank inside a field: take it out");
	if (net_check_name(f->name, err))
		return -EINVAL;
	net_form_line(f, value, sizeof(value));
	snprintf(line, sizeof(line), "%s = %s\n", net_kind_name((enum net_kind)f->kind),
		 value);
	return parse(joined(c, old, line, f), out, err);
}

int net_form_without(const char *name, const struct net_config *c,
		     struct net_config *out, struct conf_error *err)
{
	const struct net_link *master = net_master(c, name);

	*out = (struct net_config){ 0 };
	if (master)
		return conf_fail(err, -EBUSY, "%s is a port of %s: take it out there first",
				 name, master->name);
	for (size_t i = 0; i < c->nlinks; i++)
		if (!strcmp(c->links[i].on, name))
			return conf_fail(err, -EBUSY, "%s lies on %s: delete that first",
					 c->links[i].name, name);
	return parse(joined(c, name, "", NULL), out, err);
}

int net_form_names(const char *dns, const char *search, const struct net_config *c,
		   struct net_config *out, struct conf_error *err)
{
	const char *const keys[] = { "dns", "search" }, *const typed[] = { dns, search };
	struct net_config bare = *c;
	char lines[2048];
	struct line l = { lines, sizeof(lines), 0 };

	lines[0] = '\0';
	for (int i = 0; i < 2; i++)
		for (const char *at = typed[i]; *at; ) {
			size_t len;

			at += strspn(at, " ,");
			len = strcspn(at, " ,");
			if (len)
				add(&l, "%s = %.*s\n", keys[i], (int)len, at);
			at += len;
		}
	bare.ndns = bare.nsearch = 0;
	return parse(joined(&bare, NULL, lines, NULL), out, err);
}

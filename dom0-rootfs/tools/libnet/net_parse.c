/*
 * network.conf: text to struct net_config and back. The lines are libconf's;
 * the words of a line are rows of net_words[].
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libnet/priv.h"

static const char *const kinds[NET_KINDS] = {"nic", "bond", "vlan", "bridge"};

const char *net_kind_name(enum net_kind kind)
{
	return kinds[kind];
}

void net_free(struct net_config *c)
{
	free(c->links);
	*c = (struct net_config){0};
}

struct net_link *net_find(const struct net_config *c, const char *name)
{
	for (size_t i = 0; i < c->nlinks; i++)
		if (!strcmp(c->links[i].name, name))
			return &c->links[i];
	return NULL;
}

struct net_link *net_master(const struct net_config *c, const char *name)
{
	for (size_t i = 0; i < c->nlinks; i++)
		for (size_t p = 0; p < c->links[i].nports; p++)
			if (!strcmp(c->links[i].ports[p], name))
				return &c->links[i];
	return NULL;
}

struct net_link *net_add(struct net_config *c, enum net_kind kind, const char *name)
{
	struct net_link *more;

	if (c->nlinks == NET_LINKS || strlen(name) >= NET_NAME)
		return NULL;
	more = realloc(c->links, (c->nlinks + 1) * sizeof(*more));
	if (!more)
		return NULL;
	c->links = more;
	more += c->nlinks++;
	*more = (struct net_link){.kind = kind};
	strcpy(more->name, name);
	return more;
}

void net_remove(struct net_config *c, struct net_link *l)
{
	size_t at = (size_t)(l - c->links);

	c->nlinks--;
	memmove(l, l + 1, (c->nlinks - at) * sizeof(*l));
}

static int word_fail(struct conf_error *err, const struct net_word *w,
		     const struct net_link *l, const char *value)
{
	return conf_fail(err, -EINVAL, "%s: %s=%.60s: give %s", l->name, w->name, value,
			 w->expects);
}

/* seen: a bit per row of net_words that the line has had. */
static int parse_word(struct net_link *l, char *word, unsigned int *seen,
		      struct conf_error *err)
{
	char *value = strchr(word, '=');

	if (!value)
		return conf_fail(err, -EINVAL, "%s: '%.60s': not of the form word=value",
				 l->name, word);
	*value++ = '\0';
	for (size_t i = 0; i < net_nwords; i++) {
		const struct net_word *w = &net_words[i];

		if (strcmp(word, w->name) || !(w->kinds >> l->kind & 1))
			continue;
		if (*seen >> i & 1)
			return conf_fail(err, -EINVAL, "%s: %s is given twice: take one "
					 "out", l->name, w->name);
		*seen |= 1u << i;
		return w->set(l, value) ? word_fail(err, w, l, value) : 0;
	}
	return conf_fail(err, -EINVAL, "%s: a %s has no '%.40s': take it out", l->name,
			 kinds[l->kind], word);
}

static int parse_link(struct net_config *c, enum net_kind kind,
		      const struct conf_line *line, struct conf_error *err)
{
	char copy[CONF_LINE_MAX + 1], *rest = copy, *word;
	unsigned int seen = 0;
	struct net_link *l;
	int result = 0;

	snprintf(copy, sizeof(copy), "%s", line->value);
	word = strsep(&rest, " \t");
	if (c->nlinks == NET_LINKS)
		return conf_fail(err, -E2BIG, "more than %d interfaces: leave some out",
				 NET_LINKS);
	if (net_check_name(word, err))
		return -EINVAL;
	l = net_add(c, kind, word);
	if (!l)
		return conf_fail(err, -ENOMEM, "memory is short");
	l->line = line->number;
	while (!result && (word = strsep(&rest, " \t")))
		if (*word)
			result = parse_word(l, word, &seen, err);
	return result;
}

static int parse_dns(struct net_config *c, const char *value, struct conf_error *err)
{
	struct in6_addr any;

	if (c->ndns == NET_SERVERS)
		return conf_fail(err, -E2BIG, "more than %d name servers: leave some out",
				 NET_SERVERS);
	if (inet_pton(AF_INET, value, &any) != 1 && inet_pton(AF_INET6, value, &any) != 1)
		return conf_fail(err, -EINVAL, "name server '%.60s': give its address, as "
				 "192.0.2.53", value);
	strcpy(c->dns[c->ndns++], value);
	return 0;
}

static int parse_search(struct net_config *c, const char *value, struct conf_error *err)
{
	if (c->nsearch == NET_SERVERS)
		return conf_fail(err, -E2BIG, "more than %d search domains: leave some out",
				 NET_SERVERS);
	if (!*value || strlen(value) >= sizeof(c->search[0]) ||
	    value[strspn(value, "abcdefghijklmnopqrstuvwxyz0123456789.-"
				"ABCDEFGHIJKLMNOPQRSTUVWXYZ")])
		return conf_fail(err, -EINVAL, "search domain '%.60s': give a name, as "
				 "example.org", value);
	strcpy(c->search[c->nsearch++], value);
	return 0;
}

static int parse_line(struct net_config *c, const struct conf_line *l,
		      struct conf_error *err)
{
	for (int kind = 0; kind < NET_KINDS; kind++)
		if (!strcmp(l->key, kinds[kind]))
			return parse_link(c, (enum net_kind)kind, l, err);
	if (!strcmp(l->key, "dns"))
		return parse_dns(c, l->value, err);
	if (!strcmp(l->key, "search"))
		return parse_search(c, l->value, err);
	return conf_fail(err, -EINVAL, "'%.40s': no such key: there are nic, bond, vlan, "
			 "bridge, dns, search", l->key);
}

static int from_conf(struct net_config *c, const struct conf *text, const char *name,
		     struct conf_error *err)
{
	struct conf_error inner = {0};
	const struct conf_line *l;
	int result = 0;

	for (size_t at = 0; !result && (l = conf_next(text, NULL, &at)); ) {
		result = parse_line(c, l, &inner);
		inner.line = l->number;
	}
	if (!result)
		return net_check(c, name, err);
	if (err)
		err->line = inner.line;
	return conf_fail(err, result, "%s: line %u: %.220s", name, inner.line, inner.text);
}

int net_parse(struct net_config *c, const char *text, size_t len, const char *name,
	      struct conf_error *err)
{
	struct conf lines;
	int result;

	*c = (struct net_config){0};
	if (!name)
		name = "network";
	result = conf_parse(&lines, text, len, name, err);
	if (result)
		return result;
	result = from_conf(c, &lines, name, err);
	conf_free(&lines);
	if (result)
		net_free(c);
	return result;
}

int net_load(struct net_config *c, const char *path, struct conf_error *err)
{
	char *text;
	size_t len;
	int result = file_read(path, CONF_TEXT_MAX, &text, &len);

	*c = (struct net_config){0};
	if (result)
		return conf_fail(err, result, "%s: cannot be read: %s", path,
				 strerror(-result));
	result = net_parse(c, text, len, path, err);
	free(text);
	return result;
}

void net_link_text(const struct net_link *l, char *buf, size_t size)
{
	size_t used = (size_t)snprintf(buf, size, "%s", l->name);

	for (size_t i = 0; i < net_nwords && used < size; i++) {
		char value[NET_PORTS * NET_NAME + 64] = "";

		if (!(net_words[i].kinds >> l->kind & 1))
			continue;
		net_words[i].get(l, value, sizeof(value));
		if (*value)
			used += (size_t)snprintf(buf + used, size - used, " %s=%s",
						 net_words[i].name, value);
	}
}

char *net_text(const struct net_config *c)
{
	char *text = NULL, line[1024];
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		return NULL;
	for (size_t i = 0; i < c->nlinks; i++) {
		net_link_text(&c->links[i], line, sizeof(line));
		fprintf(f, "%s = %s\n", kinds[c->links[i].kind], line);
	}
	for (size_t i = 0; i < c->ndns; i++)
		fprintf(f, "dns = %s\n", c->dns[i]);
	for (size_t i = 0; i < c->nsearch; i++)
		fprintf(f, "search = %s\n", c->search[i]);
	if (fclose(f)) {
		free(text);
		return NULL;
	}
	return text;
}

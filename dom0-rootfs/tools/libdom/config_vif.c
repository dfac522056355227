/*
 * vif = [ 'SPEC', … ] as xl-network-configuration(5) has it. Every vif is a port of
 * a bridge, made without a script; keys that ask for routing or NAT scripts are
 * warned about, and vlan=, which separates networks, is refused.
 */
#include "config_internal.h"
#include "config_near.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define IFNAME_MAX 15 /* IFNAMSIZ - 1 of linux/if.h */
#define RATE_INTERVAL_USECS 50000
#define UNIT_MAX (UINT64_C(1) << 40)
#define IP_LEN_MAX 255
#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

struct vif_reader {
	struct config_parser *p;
	const struct config_value *at;
	struct vm_vif *vif;
	bool has_devid;
};

#define VIF_ERROR(r, ...) config_say((r)->p, CONFIG_ERROR, (r)->at, "vif: " __VA_ARGS__)
#define VIF_WARN(r, ...) config_say((r)->p, CONFIG_WARNING, (r)->at, "vif: " __VA_ARGS__)

static int parse_mac(const char *text, uint8_t mac[6])
{
	if (strlen(text) != 17)
		return -EINVAL;
	for (size_t i = 0; i < 6; i++) {
		const char *at = text + 3 * i;

		if (!isxdigit((unsigned char)at[0]) || !isxdigit((unsigned char)at[1]) ||
		    (i < 5 && at[2] != ':'))
			return -EINVAL;
		mac[i] = (uint8_t)strtoul(at, NULL, 16);
	}
	return 0;
}

static void key_mac(struct vif_reader *r, const char *value)
{
	static const uint8_t zero[6];
	uint8_t *mac = r->vif->mac;

	if (parse_mac(value, mac) || !memcmp(mac, zero, sizeof(zero))) {
		VIF_ERROR(r, "mac \"%s\" is no address: write it as 00:16:3e:xx:xx:xx",
			  value);
		return;
	}
	if (mac[0] & 1) {
		VIF_ERROR(r, "mac %s is a group's address: make its first byte even",
			  value);
		return;
	}
	r->vif->has_mac = true;
}

static bool is_ifname(const char *name)
{
	size_t n = strlen(name);

	return n && n <= IFNAME_MAX && !strpbrk(name, "/: ") && strcmp(name, ".") &&
	       strcmp(name, "..");
}

static void set_ifname(struct vif_reader *r, const char *key, const char *value,
		       char **field)
{
	if (!is_ifname(value)) {
		VIF_ERROR(r, "%s \"%s\" cannot be an interface's name: use 1 to 15 "
			  "letters and digits", key, value);
		return;
	}
	free(*field);
	*field = config_strdup(r->p, value);
}

static void key_bridge(struct vif_reader *r, const char *value)
{
	set_ifname(r, "bridge", value, &r->vif->bridge);
}

static void key_vifname(struct vif_reader *r, const char *value)
{
	set_ifname(r, "vifname", value, &r->vif->vifname);
}

static void key_ip(struct vif_reader *r, const char *value)
{
	if (strlen(value) > IP_LEN_MAX) {
		VIF_ERROR(r, "ip is longer than any list of addresses should be");
		return;
	}
	free(r->vif->ip);
	r->vif->ip = *value ? config_strdup(r->p, value) : NULL;
}

static void key_type(struct vif_reader *r, const char *value)
{
	if (!strcmp(value, "ioemu"))
		VIF_WARN(r, "type=ioemu: there are no emulated network cards: "
			 "the guest gets a paravirtual one");
	else if (strcmp(value, "vif"))
		VIF_ERROR(r, "type \"%s\" is unknown: only vif is", value);
}

static void key_script(struct vif_reader *r, const char *value)
{
	VIF_WARN(r, "script=%s is not run: the port is put into bridge %s",
		 value, r->vif->bridge ? r->vif->bridge : CONFIG_DEFAULT_BRIDGE);
}

static void key_gatewaydev(struct vif_reader *r, const char *value)
{
	VIF_WARN(r, "gatewaydev=%s has no effect: ports are bridged, not routed", value);
}

/* Describes emulated hardware that a PVH guest does not have. */
static void key_nothing(struct vif_reader *r, const char *value)
{
	(void)r;
	(void)value;
}

static void key_backend(struct vif_reader *r, const char *value)
{
	if (*value && strcmp(value, "0") && strcmp(value, "Domain-0"))
		VIF_ERROR(r, "backend \"%s\": networks are served by the control domain "
			  "only: remove backend=", value);
}

static void key_vlan(struct vif_reader *r, const char *value)
{
	VIF_ERROR(r, "vlan=%s would not be enforced: give the bridge of that VLAN "
		  "with bridge=", value);
}

static void key_devid(struct vif_reader *r, const char *value)
{
	uint64_t number;

	if (config_number(value, &number) || number > 127) {
		VIF_ERROR(r, "devid \"%s\" must be a number from 0 to 127", value);
		return;
	}
	r->vif->devid = (uint32_t)number;
	r->has_devid = true;
}

static void key_mtu(struct vif_reader *r, const char *value)
{
	uint64_t number;

	if (config_number(value, &number) || number < 68 || number > 65521)
		VIF_ERROR(r, "mtu \"%s\" must be a number from 68 to 65521", value);
	else
		r->vif->mtu = (uint32_t)number;
}

struct unit {
	const char *name;
	uint64_t mul, div;
};

static const struct unit rate_units[] = {
	{ "GB/s", 1000000000, 1 }, { "MB/s", 1000000, 1 }, { "KB/s", 1000, 1 },
	{ "B/s", 1, 1 }, { "Gb/s", 1000000000, 8 }, { "Mb/s", 1000000, 8 },
	{ "Kb/s", 1000, 8 }, { "b/s", 1, 8 },
};

static const struct unit time_units[] = {
	{ "us", 1, 1 }, { "ms", 1000, 1 }, { "s", 1000000, 1 },
};

/* "10Mb/s" by a table of units; the result is at most UNIT_MAX. */
static int parse_unit(const char *text, const struct unit *units, size_t n,
		      uint64_t *result)
{
	char *end;
	uint64_t number;

	if (!isdigit((unsigned char)*text))
		return -EINVAL;
	errno = 0;
	number = strtoull(text, &end, 10);
	for (size_t i = 0; i < n; i++) {
		if (strcmp(end, units[i].name))
			continue;
		if (errno || number > UNIT_MAX * units[i].div / units[i].mul)
			return -EINVAL;
		*result = number * units[i].mul / units[i].div;
		return 0;
	}
	return -EINVAL;
}

static void key_rate(struct vif_reader *r, const char *value)
{
	uint64_t per_second, usecs = RATE_INTERVAL_USECS;
	char text[64];
	char *interval;

	snprintf(text, sizeof(text), "%s", value);
	interval = strchr(text, '@');
	if (interval)
		*interval++ = '\0';
	if (parse_unit(text, rate_units, LENGTH(rate_units), &per_second) ||
	    (interval && parse_unit(interval, time_units, LENGTH(time_units), &usecs)) ||
	    !usecs || usecs > 1000000) {
		VIF_ERROR(r, "rate \"%s\" is not understood: write it as 10Mb/s, "
			  "250KB/s or 1MB/s@20ms", value);
		return;
	}
	r->vif->rate_bytes = per_second * usecs / 1000000;
	r->vif->rate_usecs = (uint32_t)usecs;
	if (!r->vif->rate_bytes)
		VIF_ERROR(r, "rate \"%s\" lets nothing through: raise it", value);
}

struct vif_key {
	const char *name;
	void (*set)(struct vif_reader *r, const char *value);
};

static const struct vif_key vif_keys[] = {
	{ "mac", key_mac },
	{ "bridge", key_bridge },
	{ "vifname", key_vifname },
	{ "ip", key_ip },
	{ "rate", key_rate },
	{ "type", key_type },
	{ "mtu", key_mtu },
	{ "devid", key_devid },
	{ "script", key_script },
	{ "backend", key_backend },
	{ "model", key_nothing },
	{ "accel", key_nothing },
	{ "gatewaydev", key_gatewaydev },
	{ "netdev", key_gatewaydev },
	{ "vlan", key_vlan },
};

static void unknown_vif_key(struct vif_reader *r, const char *name)
{
	const char *near = near_word(name, &vif_keys[0].name, LENGTH(vif_keys),
				     sizeof(vif_keys[0]));

	if (near)
		VIF_ERROR(r, "no such parameter \"%s\": did you mean %s?", name, near);
	else
		VIF_ERROR(r, "no such parameter \"%s\"", name);
}

static void set_key(struct vif_reader *r, const char *name, const char *value)
{
	for (size_t i = 0; i < LENGTH(vif_keys); i++) {
		if (!strcmp(vif_keys[i].name, name)) {
			vif_keys[i].set(r, value);
			return;
		}
	}
	unknown_vif_key(r, name);
}

static void read_pieces(struct vif_reader *r, char *cursor)
{
	char *piece, *value;

	while ((piece = config_spec_next(&cursor, &value))) {
		if (value)
			set_key(r, piece, value);
		else if (!strcmp(piece, "untrusted") || !strcmp(piece, "trusted"))
			r->vif->untrusted = *piece == 'u';
		else if (*piece)
			unknown_vif_key(r, piece);
	}
}

/* The lowest number no earlier vif has. */
static uint32_t free_devid(const struct vm_vif *vifs, const struct vm_vif *end)
{
	uint32_t devid = 0;

	for (const struct vm_vif *v = vifs; v < end; v++) {
		if (v->devid == devid) {
			devid++;
			v = vifs - 1;
		}
	}
	return devid;
}

static void check_vif(struct vif_reader *r)
{
	struct vm_vif *vif = r->vif, *first = r->p->cfg->vifs;

	if (!vif->bridge)
		vif->bridge = config_strdup(r->p, CONFIG_DEFAULT_BRIDGE);
	if (!r->has_devid)
		vif->devid = free_devid(first, vif);
	for (struct vm_vif *other = first; other < vif; other++) {
		if (other->devid == vif->devid)
			VIF_ERROR(r, "devid %u is given to two vifs", vif->devid);
		if (vif->has_mac && other->has_mac && !memcmp(vif->mac, other->mac, 6))
			VIF_ERROR(r, "two vifs have the same mac: change one of them");
	}
}

static void read_vif(struct config_parser *p, const struct config_value *v)
{
	struct vm_config *cfg = p->cfg;
	struct vm_vif *vifs = config_grow(p, cfg->vifs, cfg->nvifs, sizeof(*vifs));
	struct vif_reader r = { .p = p, .at = v };
	char *spec;

	if (!vifs)
		return;
	cfg->vifs = vifs;
	r.vif = &vifs[cfg->nvifs++];
	spec = config_strdup(p, v->text);
	if (!spec)
		return;
	read_pieces(&r, spec);
	free(spec);
	check_vif(&r);
}

void config_set_vifs(struct config_parser *p, const struct config_value *v)
{
	if (v->type != VALUE_LIST) {
		config_say(p, CONFIG_ERROR, v, "vif: must be a list: write vif = [ '%s' ]",
			   v->text);
		return;
	}
	for (size_t i = 0; i < v->nitems && !p->nomem; i++) {
		if (v->items[i].type == VALUE_STRING)
			read_vif(p, &v->items[i]);
		else
			config_say(p, CONFIG_ERROR, &v->items[i],
				   "vif: each part of the list must be a 'string'");
	}
}

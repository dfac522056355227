/*
 * choices: see choices.h. Presets and what is wrong with a page's choices; the
 * texts made of them are in choices_text.c.
 */
#include "choices.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

/* What the engine's partitions take; the rest is for VMs. */
#define SYSTEM_DISK_LEAST 1000000000ULL

static void set(char *field, const char *text)
{
	snprintf(field, TEXT_MAX, "%s", text);
}

void choices_preset(struct choices *c, const struct facts *f)
{
	memset(c, 0, sizeof(*c));
	c->action = ACT_INSTALL;
	set(c->keyboard, "us");
	set(c->hostname, "basalt");
	set(c->timezone, "UTC");
	set(c->dom0_memory, "auto");
	for (int i = 0; i < f->nnics; i++)
		if (f->nic[i].link) {
			c->nic[i] = true;
			break;
		}
	if (f->nnics && !choices_nics(c, f))
		c->nic[0] = true;
	choices_look_again(c, f);
}

void choices_look_again(struct choices *c, const struct facts *f)
{
	memset(c->disk, 0, sizeof(c->disk));
	memset(c->storage_disk, 0, sizeof(c->storage_disk));
	c->along_vms = f->live.vms > 0;
	c->along_network = f->live.network;
	c->along_settings = f->live.settings;
	/* Host keys, too: whoever knows the live system's knows this one's. */
	c->along_keys = f->live.keys || f->live.host_keys;
	c->keep_network = !f->nnics || f->live.network;
}

static int count(const bool *set_of, int n)
{
	int sum = 0;

	for (int i = 0; i < n; i++)
		sum += set_of[i];
	return sum;
}

int choices_disks(const struct choices *c, const struct facts *f)
{
	return count(c->disk, f->ndisks);
}

int choices_nics(const struct choices *c, const struct facts *f)
{
	return count(c->nic, f->nnics);
}

bool choices_erases(const struct choices *c, const struct facts *f)
{
	for (int i = 0; i < f->ndisks; i++)
		if ((c->disk[i] || c->storage_disk[i]) && f->disk[i].holds[0])
			return true;
	return false;
}

/* --- what is wrong -------------------------------------------------------- */

#define WRONG(...) (snprintf(why, size, __VA_ARGS__), true)

static bool disk_unusable(const struct drive *d, char *why, size_t size)
{
	char text[16];

	if (d->why_not[0])
		return WRONG("/dev/%s cannot be chosen: %s.", d->name,
			     d->why_not);
	if (d->size < SYSTEM_DISK_LEAST)
		return WRONG("/dev/%s has %s: at least 1 GB is needed.",
			     d->name, facts_size(d->size, text));
	return false;
}

bool disks_wrong(const struct choices *c, const struct facts *f, char *why,
		 size_t size)
{
	int n = choices_disks(c, f);

	for (int i = 0; i < f->ndisks; i++)
		if (c->disk[i] && disk_unusable(&f->disk[i], why, size))
			return true;
	if (n == 0)
		return WRONG("No disk is chosen. Mark one with the space bar, "
			     "or two for a mirror (RAID 1).");
	if (n > 2)
		return WRONG("%d disks are chosen. Choose one, or two for a "
			     "mirror (RAID 1); another disk can hold the VMs' "
			     "storage: see the next page.", n);
	return false;
}

bool storage_wrong(const struct choices *c, const struct facts *f, char *why,
		   size_t size)
{
	int n = count(c->storage_disk, f->ndisks);

	for (int i = 0; i < f->ndisks; i++) {
		if (!c->storage_disk[i])
			continue;
		if (c->disk[i])
			return WRONG("/dev/%s is the system disk: its rest is "
				     "used when no other disk is chosen.",
				     f->disk[i].name);
		if (disk_unusable(&f->disk[i], why, size))
			return true;
	}
	if (n > 1)
		return WRONG("%d disks are chosen for VMs: choose one; more can "
			     "be added later, on the console.", n);
	return false;
}

static bool is_address(int family, const char *text, bool with_length)
{
	char copy[INET6_ADDRSTRLEN + 8], *slash, *end;
	unsigned char raw[16];
	long length;

	if (strlen(text) >= sizeof(copy))
		return false;
	strcpy(copy, text);
	slash = strchr(copy, '/');
	if (!!slash != with_length)
		return false;
	if (slash) {
		*slash = '\0';
		length = strtol(slash + 1, &end, 10);
		if (!isdigit((unsigned char)slash[1]) || *end || length < 1 ||
		    length > (family == AF_INET ? 32 : 128))
			return false;
	}
	return inet_pton(family, copy, raw) == 1;
}

static bool same_network(const char *address, const char *gateway)
{
	char copy[64];
	struct in_addr a, g;
	uint32_t mask;
	char *slash;

	snprintf(copy, sizeof(copy), "%.63s", address);
	slash = strchr(copy, '/');
	if (!slash)
		return false;
	*slash = '\0';
	mask = ~(uint32_t)0 << (32 - atoi(slash + 1));
	inet_pton(AF_INET, copy, &a);
	inet_pton(AF_INET, gateway, &g);
	return !((ntohl(a.s_addr) ^ ntohl(g.s_addr)) & mask);
}

static bool ip4_wrong(const struct choices *c, char *why, size_t size)
{
	if (c->ip4 != IP_STATIC)
		return false;
	if (!is_address(AF_INET, c->addr4, true))
		return WRONG("IPv4 address '%.60s': not an address with its "
			     "length: write it as 192.0.2.10/24.", c->addr4);
	if (!c->gateway4[0])
		return false;
	if (!is_address(AF_INET, c->gateway4, false))
		return WRONG("IPv4 gateway '%.60s': not an address: write it as "
			     "192.0.2.1, or leave it empty.", c->gateway4);
	if (!same_network(c->addr4, c->gateway4))
		return WRONG("IPv4 gateway %s: does not lie in the network of "
			     "%s: check both.", c->gateway4, c->addr4);
	return false;
}

static bool ip6_wrong(const struct choices *c, char *why, size_t size)
{
	if (c->ip6 != IP_STATIC)
		return false;
	if (!is_address(AF_INET6, c->addr6, true))
		return WRONG("IPv6 address '%.60s': not an address with its "
			     "length: write it as 2001:db8::10/64.", c->addr6);
	if (c->gateway6[0] && !is_address(AF_INET6, c->gateway6, false))
		return WRONG("IPv6 gateway '%.60s': not an address: write it as "
			     "2001:db8::1, or leave it empty.", c->gateway6);
	return false;
}

bool network_wrong(const struct choices *c, const struct facts *f, char *why,
		   size_t size)
{
	char *end;
	long vlan = strtol(c->vlan, &end, 10);

	if (c->keep_network)
		return false;
	if (!choices_nics(c, f))
		return WRONG("No network card is chosen. Choose one, or two and "
			     "more to use them as one (bond).");
	if (c->vlan[0] && (*end || !isdigit((unsigned char)c->vlan[0]) ||
			   vlan < 1 || vlan > 4094))
		return WRONG("VLAN '%.60s': not a number from 1 to 4094: leave "
			     "it empty for none.", c->vlan);
	return ip4_wrong(c, why, size) || ip6_wrong(c, why, size);
}

static bool is_hostname(const char *s)
{
	size_t n = strlen(s);

	if (!n || n > 253 || *s == '-' || *s == '.' || s[n - 1] == '-' ||
	    s[n - 1] == '.')
		return false;
	for (size_t i = 0, part = 0; i < n; i++) {
		part = s[i] == '.' ? 0 : part + 1;
		if (part > 63 || (!isalnum((unsigned char)s[i]) &&
				  !strchr("-.", s[i])) ||
		    (s[i] == '.' && strchr("-.", s[i + 1])) ||
		    (s[i] == '.' && s[i - 1] == '-'))
			return false;
	}
	return true;
}

/* Calls @good for each word; the first that is not, in @bad. */
static bool word_wrong(const char *list, bool (*good)(const char *),
		       char *bad, size_t size)
{
	char copy[TEXT_MAX], *save = NULL;

	snprintf(copy, sizeof(copy), "%s", list);
	for (char *w = strtok_r(copy, ", ", &save); w;
	     w = strtok_r(NULL, ", ", &save))
		if (!good(w)) {
			snprintf(bad, size, "%.60s", w);
			return true;
		}
	return false;
}

static bool is_any_address(const char *s)
{
	return is_address(AF_INET, s, false) || is_address(AF_INET6, s, false);
}

static bool is_server(const char *s)
{
	return is_any_address(s) || is_hostname(s);
}

static bool is_timezone(const char *s)
{
	if (!*s || *s == '/' || strstr(s, "..") || strlen(s) > 64)
		return false;
	for (; *s; s++)
		if (!isalnum((unsigned char)*s) && !strchr("/_+-", *s))
			return false;
	return true;
}

bool host_wrong(const struct choices *c, char *why, size_t size)
{
	char bad[64];

	if (!is_hostname(c->hostname))
		return WRONG("Host name '%.60s': use letters, digits and '-', "
			     "parts joined by dots, none longer than 63.",
			     c->hostname);
	if (word_wrong(c->dns, is_any_address, bad, sizeof(bad)))
		return WRONG("Name server '%s': not an address: write one as "
			     "192.0.2.53; several with blanks between.", bad);
	if (word_wrong(c->ntp, is_server, bad, sizeof(bad)))
		return WRONG("Time server '%s': neither a name nor an address.",
			     bad);
	if (!is_timezone(c->timezone))
		return WRONG("Time zone '%.60s': write it as Europe/Berlin, or "
			     "UTC.", c->timezone);
	return false;
}

bool access_wrong(const struct choices *c, const char *again, char *why,
		  size_t size)
{
	if (strcmp(c->password, again))
		return WRONG("The two passwords are not the same. Type both "
			     "again.");
	if (c->password[0] && strlen(c->password) < 8)
		return WRONG("The password is too short: use at least 8 "
			     "characters, or none at all.");
	for (const char *s = c->password; *s; s++)
		if ((unsigned char)*s < ' ')
			return WRONG("The password holds a control character.");
	if (c->ssh_key[0] && strncmp(c->ssh_key, "ssh-", 4) &&
	    strncmp(c->ssh_key, "ecdsa-", 6) && strncmp(c->ssh_key, "sk-", 3))
		return WRONG("SSH key '%.24s...': not a public key: it begins "
			     "with ssh-ed25519, ssh-rsa or ecdsa-sha2-...",
			     c->ssh_key);
	if (c->ssh_key[0] && !strchr(c->ssh_key, ' '))
		return WRONG("SSH key: only its first word is there: give the "
			     "whole line of the .pub file.");
	return false;
}

bool memory_wrong(const struct choices *c, char *why, size_t size)
{
	char *end;
	unsigned long n = strtoul(c->dom0_memory, &end, 10);

	if (!strcmp(c->dom0_memory, "auto"))
		return false;
	if (!isdigit((unsigned char)c->dom0_memory[0]) || strlen(end) != 1 ||
	    !strchr("MG", *end) || n == 0 || n > 1048576)
		return WRONG("Memory '%.20s': write auto, or a size as 512M or "
			     "2G.", c->dom0_memory);
	if (*end == 'M' && n < 128)
		return WRONG("Memory %luM: the control domain needs at least "
			     "128M.", n);
	return false;
}

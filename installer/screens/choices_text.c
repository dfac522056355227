/*
 * choices_text: the texts made of the choices: answer file, network.conf,
 * summary. See choices.h.
 */
#include "choices.h"

#include <crypt.h>
#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "text.h"

/* The private network of VMs is the live system's. */
#define PRIVATE_BRIDGE "bridge = xenbr0 ports=none ipv4=192.168.123.1/24 " \
	"nat=yes dhcp=192.168.123.10-192.168.123.250"

/* --- disks ---------------------------------------------------------------- */

void disk_line(const struct drive *d, char *buf, size_t size)
{
	struct text t = text_in(buf, size);
	char n[16];

	text_add(&t, "/dev/%s, %s", d->name, facts_size(d->size, n));
	if (d->model[0])
		text_add(&t, ", %s", d->model);
	text_add(&t, ": %s%s", d->holds[0] ? "holds " : "empty", d->holds);
}

static void add_disks(struct text *t, const struct facts *f, const bool *chosen,
		      const char *before)
{
	char line[512];

	for (int i = 0; i < f->ndisks; i++)
		if (chosen[i]) {
			disk_line(&f->disk[i], line, sizeof(line));
			text_add(t, "%s%s\n", before, line);
		}
}

static bool any(const bool *chosen, int n)
{
	for (int i = 0; i < n; i++)
		if (chosen[i])
			return true;
	return false;
}

/* --- network -------------------------------------------------------------- */

static void add_nics(struct text *t, const struct choices *c,
		     const struct facts *f, const char *between)
{
	const char *sep = "";

	for (int i = 0; i < f->nnics; i++)
		if (c->nic[i]) {
			text_add(t, "%s%s", sep, f->nic[i].name);
			sep = between;
		}
}

static void add_addresses(struct text *t, const struct choices *c)
{
	if (c->ip4 == IP_DHCP)
		text_add(t, " ipv4=dhcp");
	else if (c->ip4 == IP_STATIC)
		text_add(t, " ipv4=%s", c->addr4);
	if (c->ip4 == IP_STATIC && c->gateway4[0])
		text_add(t, " gateway4=%s", c->gateway4);
	if (c->ip6 == IP_DHCP)
		text_add(t, " ipv6=auto");
	else if (c->ip6 == IP_STATIC)
		text_add(t, " ipv6=%s", c->addr6);
	if (c->ip6 == IP_STATIC && c->gateway6[0])
		text_add(t, " gateway6=%s", c->gateway6);
	text_add(t, "\n");
}

/* The words of a list, each as a line of its own. */
static void add_words(struct text *t, const char *before, const char *list)
{
	char copy[TEXT_MAX], *save = NULL;

	snprintf(copy, sizeof(copy), "%s", list);
	for (char *w = strtok_r(copy, ", ", &save); w;
	     w = strtok_r(NULL, ", ", &save))
		text_add(t, "%s%s\n", before, w);
}

/* Ends an interface's line: the last one of the stack carries the addresses. */
static void end_link(struct text *t, const struct choices *c, bool last)
{
	if (last)
		add_addresses(t, c);
	else
		text_add(t, "\n");
}

/* Cards, a bond of them, a VLAN on it, a bridge on top: what was asked for. */
void network_text(const struct choices *c, const struct facts *f,
		  const char *prefix, char *buf, size_t size)
{
	const bool bond = choices_nics(c, f) > 1, vlan = c->vlan[0];
	struct text t = text_in(buf, size), name;
	char uplink[64], before[64];

	if (c->keep_network)
		return;
	name = text_in(uplink, sizeof(uplink));
	add_nics(&name, c, f, ",");
	if (bond) {
		text_add(&t, "%sbond = bond0 ports=", prefix);
		add_nics(&t, c, f, ",");
		text_add(&t, " mode=%s", c->bond == BOND_LACP ? "802.3ad" :
							      "active-backup");
		end_link(&t, c, c->private_vms && !vlan);
		name = text_in(uplink, sizeof(uplink));
		text_add(&name, "bond0");
	}
	if (vlan) {
		text_add(&t, "%svlan = %s.%s on=%s id=%s", prefix, uplink,
			 c->vlan, uplink, c->vlan);
		end_link(&t, c, c->private_vms);
		text_add(&name, ".%s", c->vlan);
	}
	if (c->private_vms) {
		if (!bond && !vlan) {
			text_add(&t, "%snic = %s", prefix, uplink);
			add_addresses(&t, c);
		}
		text_add(&t, "%s" PRIVATE_BRIDGE "\n", prefix);
	} else {
		text_add(&t, "%sbridge = xenbr0 ports=%s", prefix, uplink);
		add_addresses(&t, c);
	}
	name = text_in(before, sizeof(before));
	text_add(&name, "%sdns = ", prefix);
	add_words(&t, before, c->dns);
}

void network_lines(const struct choices *c, const struct facts *f, char *buf,
		   size_t size)
{
	struct text t = text_in(buf, size);

	if (c->keep_network) {
		text_add(&t, "as in the live system");
		return;
	}
	add_nics(&t, c, f, " + ");
	if (choices_nics(c, f) > 1)
		text_add(&t, " (%s)", c->bond == BOND_LACP ? "LACP" :
							   "active-backup");
	if (c->vlan[0])
		text_add(&t, ", VLAN %s", c->vlan);
	if (c->ip4 == IP_STATIC)
		text_add(&t, ", %s", c->addr4);
	else
		text_add(&t, ", %s", c->ip4 == IP_DHCP ? "IPv4 by DHCP" :
						       "no IPv4");
	if (c->ip6 == IP_STATIC)
		text_add(&t, ", %s", c->addr6);
	else if (c->ip6 == IP_DHCP)
		text_add(&t, ", IPv6 automatic");
}

/* --- summary -------------------------------------------------------------- */

static void add_along(struct text *t, const struct choices *c,
		      const char *between)
{
	const struct {
		bool on;
		const char *word;
	} words[] = {
		{ c->along_vms, "vms" },
		{ c->along_network, "network" },
		{ c->along_settings, "settings" },
		{ c->along_keys, "keys" },
	};
	const char *sep = "";

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (words[i].on) {
			text_add(t, "%s%s", sep, words[i].word);
			sep = between;
		}
}

static bool takes_along(const struct choices *c)
{
	return c->along_vms || c->along_network || c->along_settings ||
	       c->along_keys;
}

static void summary_storage(struct text *t, const struct choices *c,
			    const struct facts *f)
{
	static const char *const kind[] = { "LVM thin pool",
					    "directory on ext4" };

	if (c->storage == STORE_NONE) {
		text_add(t, "VM storage   none\n");
		return;
	}
	if (!any(c->storage_disk, f->ndisks)) {
		text_add(t, "VM storage   %s on the rest of the system disk\n",
			 kind[c->storage]);
		return;
	}
	text_add(t, "VM storage   %s on\n", kind[c->storage]);
	add_disks(t, f, c->storage_disk, "   erase ");
}

static void summary_install(struct text *t, const struct choices *c,
			    const struct facts *f)
{
	char net[256];

	text_add(t, "System disk  %s\n", choices_disks(c, f) == 2 ?
		 "two as a mirror (RAID 1)" : "one");
	add_disks(t, f, c->disk, "   erase ");
	summary_storage(t, c, f);
	network_lines(c, f, net, sizeof(net));
	text_add(t, "Network      %s\n", net);
	text_add(t, "VMs' network %s\n", c->keep_network ?
		 "as in the live system" : c->private_vms ?
		 "private, with address translation" : "the same as the host's");
	text_add(t, "Host name    %s, time zone %s\n", c->hostname, c->timezone);
	text_add(t, "Log-in       root and operator, %s%s\n", c->password[0] ?
		 "with the password" : "WITHOUT a password",
		 c->ssh_key[0] ? ", one SSH key" : "");
	if (takes_along(c)) {
		text_add(t, "Taken along  ");
		add_along(t, c, ", ");
		text_add(t, "\n");
	}
	text_add(t, "When done    %s\n", c->end == FINISH_REBOOT ? "restart" :
							      "power off");
}

/* Which installation is meant: the chosen one, or the only one there is. */
static void summary_target(struct text *t, const struct choices *c,
			   const struct facts *f)
{
	char line[512];

	for (int i = 0; i < f->ndisks; i++)
		if (f->disk[i].installed &&
		    (c->disk[i] || !choices_disks(c, f))) {
			disk_line(&f->disk[i], line, sizeof(line));
			text_add(t, "%s\n\n", line);
		}
}

void summary_text(const struct choices *c, const struct facts *f, char *buf,
		  size_t size)
{
	struct text t = text_in(buf, size);

	switch (c->action) {
	case ACT_UPGRADE:
		summary_target(&t, c, f);
		text_add(&t, "It gets this medium's version in its free slot.\n"
			 "VMs and settings stay. If the new version does not "
			 "come up, the old one starts.\n");
		break;
	case ACT_RESTORE:
		summary_target(&t, c, f);
		text_add(&t, "It goes back to the version before.\nVMs and "
			 "settings stay.\n");
		break;
	default:
		summary_install(&t, c, f);
	}
}

/* --- answer file ---------------------------------------------------------- */

/* 16 characters of crypt's alphabet. */
static int make_salt(char *salt, size_t size)
{
	static const char set[] = "abcdefghijklmnopqrstuvwxyz"
				  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789./";
	unsigned char raw[16];
	struct text t = text_in(salt, size);

	if (getrandom(raw, sizeof(raw), 0) != sizeof(raw))
		return -EIO;
	text_add(&t, "$6$");
	for (size_t i = 0; i < sizeof(raw); i++)
		text_add(&t, "%c", set[raw[i] & 63]);
	return 0;
}

/* One password for both accounts: each may do everything. */
static int add_password(struct text *t, const char *password)
{
	struct crypt_data data;
	char salt[32];
	const char *hash;

	if (!*password)
		return 0;
	memset(&data, 0, sizeof(data));
	if (make_salt(salt, sizeof(salt)))
		return -EIO;
	hash = crypt_r(password, salt, &data);
	if (!hash || strncmp(hash, "$6$", 3))
		return -EIO;
	text_add(t, "root_password_hash = %s\noperator_password_hash = %s\n",
		 hash, hash);
	return 0;
}

static void add_matches(struct text *t, const struct facts *f,
			const bool *chosen, const char *key)
{
	char line[512];

	for (int i = 0; i < f->ndisks; i++)
		if (chosen[i]) {
			disk_line(&f->disk[i], line, sizeof(line));
			text_add(t, "# %s", line);
			if (f->disk[i].serial[0])
				text_add(t, "; serial %s", f->disk[i].serial);
			text_add(t, "\n%s = /dev/%s\n", key, f->disk[i].name);
		}
}

static int add_install(struct text *t, const struct choices *c,
		       const struct facts *f)
{
	static const char *const storage[] = { "lvm", "directory", "none" };
	static const char *const serial[] = { "com1", "com2", "none" };
	char net[4096];

	add_matches(t, f, c->disk, "disk");
	text_add(t, "raid = %s\n", choices_disks(c, f) == 2 ? "raid1" : "none");
	text_add(t, "existing = %s\n", choices_erases(c, f) ? "wipe" : "refuse");
	text_add(t, "storage = %s\n", storage[c->storage]);
	if (c->storage != STORE_NONE)
		add_matches(t, f, c->storage_disk, "storage_disk");
	text_add(t, "hostname = %s\n", c->hostname);
	text_add(t, "timezone = %s\n", c->timezone);
	text_add(t, "keyboard = %s\n", c->keyboard);
	add_words(t, "ntp = ", c->ntp);
	network_text(c, f, "net.", net, sizeof(net));
	text_add(t, "%s", net);
	if (c->ssh_key[0])
		text_add(t, "ssh_key = %s\n", c->ssh_key);
	text_add(t, "dom0_memory = %s\n", c->dom0_memory);
	text_add(t, "serial = %s\n", serial[c->serial]);
	if (takes_along(c)) {
		text_add(t, "take_along = ");
		add_along(t, c, " ");
		text_add(t, "\n");
	}
	return add_password(t, c->password);
}

int answers_text(const struct choices *c, const struct facts *f, bool keep,
		 char *buf, size_t size)
{
	static const char *const end[] = { "reboot", "poweroff" };
	static const char *const action[] = {
		[ACT_INSTALL] = "install",
		[ACT_UPGRADE] = "upgrade",
		[ACT_RESTORE] = "restore",
	};
	struct text t = text_in(buf, size);
	int err = 0;

	text_add(&t, "# Made by the installer's screens.\naction = %s\n",
		 action[c->action]);
	if (c->action == ACT_INSTALL)
		err = add_install(&t, c, f);
	else
		add_matches(&t, f, c->disk, "disk");
	text_add(&t, "end = %s\n", keep ? end[c->end] : "stop");
	return err ? err : t.cut ? -ENOSPC : 0;
}

/*
 * choices: what the person at the screen has chosen so far, and the answer
 * file made of it. Pure: no system calls, but random bytes for a password's
 * salt. docs/ANSWERS.md and docs/NETWORK.md say what the lines mean.
 */
#ifndef SCREENS_CHOICES_H
#define SCREENS_CHOICES_H

#include "facts.h"

#define TEXT_MAX 1024	/* a field, with its NUL; the same as a box's */

enum action { ACT_TRY, ACT_INSTALL, ACT_UPGRADE, ACT_RESTORE, ACT_SHELL };
enum storage { STORE_LVM, STORE_DIRECTORY, STORE_NONE };
enum bond { BOND_BACKUP, BOND_LACP };
enum ip { IP_DHCP, IP_STATIC, IP_NONE };	/* IPv6: DHCP stands for auto */
enum serial { SERIAL_COM1, SERIAL_COM2, SERIAL_NONE };
enum finish { FINISH_REBOOT, FINISH_POWEROFF };

struct choices {
	enum action action;
	char keyboard[TEXT_MAX];
	bool disk[DISKS_MAX];		/* by its place in facts.disk */
	enum storage storage;
	bool storage_disk[DISKS_MAX];	/* none: the rest of the system disk */
	bool keep_network;		/* no lines: as in the live system */
	bool nic[NICS_MAX];
	enum bond bond;
	char vlan[TEXT_MAX];		/* "" or a number */
	enum ip ip4, ip6;
	char addr4[TEXT_MAX], gateway4[TEXT_MAX];
	char addr6[TEXT_MAX], gateway6[TEXT_MAX];
	bool private_vms;		/* VMs behind address translation */
	char hostname[TEXT_MAX], dns[TEXT_MAX], ntp[TEXT_MAX];
	char timezone[TEXT_MAX];
	char password[TEXT_MAX];	/* of both accounts */
	char ssh_key[TEXT_MAX];
	char dom0_memory[TEXT_MAX];	/* "auto" or as "1G" */
	enum serial serial;
	enum finish end;
	bool along_vms, along_network, along_settings, along_keys;
};

/* Sensible choices for this machine; the hardest are left to the person. */
void choices_preset(struct choices *c, const struct facts *f);

/* After the facts were collected anew: what hangs on them. */
void choices_look_again(struct choices *c, const struct facts *f);

int choices_disks(const struct choices *c, const struct facts *f);
int choices_nics(const struct choices *c, const struct facts *f);

/* Is anything lost on the chosen disks? */
bool choices_erases(const struct choices *c, const struct facts *f);

/*
 * Why the page's choices cannot be, in words for the person; false: they can.
 * One for each page that has something to check.
 */
bool disks_wrong(const struct choices *c, const struct facts *f, char *why,
		 size_t size);
bool storage_wrong(const struct choices *c, const struct facts *f, char *why,
		   size_t size);
bool network_wrong(const struct choices *c, const struct facts *f, char *why,
		   size_t size);
bool host_wrong(const struct choices *c, char *why, size_t size);
bool access_wrong(const struct choices *c, const char *again, char *why,
		  size_t size);
bool memory_wrong(const struct choices *c, char *why, size_t size);

/* "/dev/nvme0n1, 1.8 TB, Samsung 970: holds LVM 'data'" */
void disk_line(const struct drive *d, char *buf, size_t size);

/* The same texts for the network's page and the summary. */
void network_lines(const struct choices *c, const struct facts *f, char *buf,
		   size_t size);

/* network.conf of these choices, each line behind @prefix; "" when it is kept. */
void network_text(const struct choices *c, const struct facts *f,
		  const char *prefix, char *buf, size_t size);

/* What is going to happen, for the summary page. */
void summary_text(const struct choices *c, const struct facts *f, char *buf,
		  size_t size);

/*
 * The answer file, in @buf: to be kept by the person, or (not @keep) for a run
 * whose end the screens tell and then do as was chosen. 0; -ENOSPC when @size is
 * too small (16 KiB is enough); -EIO when the password could not be hashed.
 */
int answers_text(const struct choices *c, const struct facts *f, bool keep,
		 char *buf, size_t size);

#endif

/*
 * facts: what the installer's pages know about the machine. Collected from
 * sysfs and procfs below a root (tests give a prepared one), from the
 * hypervisor's own command, and from the disks. Nothing is written.
 */
#ifndef SCREENS_FACTS_H
#define SCREENS_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DISKS_MAX 32
#define NICS_MAX 32
#define HOST_KEY "/state/etc/ssh/host_ed25519"

struct drive {
	char name[32];		/* "nvme0n1" */
	char model[64];
	char serial[64];
	char bus[16];		/* "nvme", "sata", … */
	uint64_t size;		/* octets */
	char holds[128];	/* "LVM 'data'"; "": nothing that is known */
	char why_not[128];	/* why it cannot be chosen; "": it can */
	bool installed;		/* an installation of ours begins here */
};

struct nic {
	char name[32];
	char driver[32];
	char mac[24];
	bool link;
	int speed;		/* Mbit/s; 0: not known */
};

/* What was made in the live system and could be taken along. */
struct live {
	int vms;
	char vm_names[256];	/* "web, db"; cut with "…" */
	bool network, settings;
	bool keys;		/* of users */
	bool host_keys;		/* made at each live start */
};

enum virt { VIRT_USED, VIRT_THERE, VIRT_NONE };

struct facts {
	char cpu[96];
	int cpus;
	enum virt virt;		/* VIRT_USED: the hypervisor runs on it */
	bool nested;		/* only asked when it is not in use */
	bool iommu;
	uint64_t memory_mib;
	int tpm;		/* major version; 0: none */
	bool uefi;
	int ndisks, nnics;
	struct drive disk[DISKS_MAX];
	struct nic nic[NICS_MAX];
	struct live live;
};

/* @root: "" or where a prepared tree lies. */
void facts_collect(struct facts *f, const char *root);
void facts_disks(struct facts *f, const char *root);
/* Only the links of the cards that are known: they change. */
void facts_links(struct facts *f, const char *root);
/* What the live system holds that could be taken along. */
void facts_live(struct live *l, const char *root);

/*
 * Reads the first line of @root/@path into @buf, without blanks at its ends.
 * false: it could not be read; @buf is "" then.
 */
bool facts_line(const char *root, const char *path, char *buf, size_t size);

/* "1.8 TB", "512 MB": as on the disk's label. @buf: 16 octets. */
const char *facts_size(uint64_t octets, char *buf);

#endif

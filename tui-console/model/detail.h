/* One VM in all its parts, for its own screen. No terminal here. */
#ifndef MODEL_DETAIL_H
#define MODEL_DETAIL_H

#include "model/logfile.h"
#include "model/vms.h"

struct detail_disk {
	char vdev[16], target[256], what[24]; /* "read only", "CD", "" */
	uint64_t bytes;			      /* 0: not known */
	const char *state;		      /* "connected", "not connected"; "" */
};

struct detail_nic {
	char mac[18], bridge[16], ifname[16], addresses[160];
	const char *state;
};

#define DETAIL_HISTORY 300 /* seconds of history */
#define DETAIL_SERIES  5
enum { DETAIL_CPU, DETAIL_READ, DETAIL_WRITTEN, DETAIL_IN, DETAIL_OUT };

struct detail {
	char name[DOM_NAME_SIZE];
	struct vms vms;
	const struct vm *vm; /* in vms, or NULL: there is no such VM any more */
	char kernel[256], cmdline[256];
	struct detail_disk *disks;
	size_t ndisks;
	struct detail_nic *nics;
	size_t nnics;
	struct logfile log; /* of hostd */
	char **events;	    /* its lines that speak of this VM */
	size_t nevents;
	unsigned int age;   /* refreshes since the devices were looked at */
	uint32_t seen_domid;
};

void detail_init(struct detail *d, const char *name);
/* now: the devices too, which are looked at less often otherwise. */
int detail_refresh(struct detail *d, struct dom *dom, bool now, struct dom_error *err);
void detail_free(struct detail *d);

/*
 * The last DETAIL_HISTORY seconds as `cells` values, the newest last; returns how many
 * there are. out[series] may be NULL.
 */
size_t detail_history(const struct detail *d, double *out[DETAIL_SERIES], size_t cells);

/* The addresses that a neighbour table (the text of /proc/net/arp) knows of a MAC;
 * pure. Appends to buf, separated by blanks. */
void detail_neighbours(const char *table, const char *mac, char *buf, size_t size);
/* The same from the leases of the host's DHCP server (the bytes of udhcpd's file). */
void detail_leases(const uint8_t *file, size_t len, const char *mac, char *buf,
		   size_t size);

#endif

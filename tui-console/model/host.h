/* The host as the dashboard shows it: what it has and what of it is in use. */
#ifndef MODEL_HOST_H
#define MODEL_HOST_H

#include "libdom/libdom.h"
#include "libmetrics/metrics.h"

#define HOST_HISTORY 240

struct host {
	const char *metrics_dir; /* NULL: the usual one */
	const char *storage;	 /* a path on what images lie on by default */
	unsigned int cpus;
	uint64_t total_kib, used_kib;
	uint64_t storage_kib, storage_used_kib; /* 0: not known */
	bool pools; /* the two are those of the pools */
	struct metrics_rate rate; /* cpu: of all CPUs together */
	/* the newest last; fractions of all CPUs, of all memory, bytes a second */
	double cpu[HOST_HISTORY], mem[HOST_HISTORY], disk[HOST_HISTORY],
		net[HOST_HISTORY];
	size_t n;
	struct metrics *metrics;
	unsigned int age; /* refreshes since the host was asked itself */
};

/* dom may be NULL. Without metrics (hostd does not run) rates and history are empty. */
void host_refresh(struct host *h, struct dom *dom);
void host_free(struct host *h);
/*
 * What `storage pools --tabs` has said: one pool a line, size and used room in the third
 * and fourth column. Without pools it stays the file system that h->storage lies on.
 */
void host_take_pools(struct host *h, const char *text);

#endif

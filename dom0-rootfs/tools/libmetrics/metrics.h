/*
 * Metrics of the last minutes: one small file for each VM and one for the host, in
 * RAM (/run), written once a second by hostd and mapped by whoever shows them. So
 * history is there before a console is opened, and any number of consoles costs hostd
 * nothing.
 *
 * A file is a ring of samples: counters since the beginning, not rates, so that a
 * reader may leave samples out. One writer; readers need no lock: they copy and then
 * look at what the writer may have overwritten meanwhile. A killed writer leaves whole
 * samples; its successor goes on in the same file.
 *
 * Nothing prints. -errno: -ENOENT no such metrics, -EINVAL a file that is none of ours.
 */
#ifndef LIBMETRICS_METRICS_H
#define LIBMETRICS_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define METRICS_DIR	  "/run/basalt/metrics"
#define METRICS_SLOTS	  600
#define METRICS_PERIOD_MS 1000
#define METRICS_HOST	  "host" /* the host's id; a VM's is its uuid as text */

/* Bytes and times count from the beginning of the VM (or host) and may fall back to 0
 * when it starts again. */
struct metrics_sample {
	uint64_t time_ms; /* CLOCK_MONOTONIC */
	uint64_t cpu_ns;  /* used by all its CPUs */
	uint64_t mem_kib; /* has now; of the host: in use */
	uint64_t disk_read, disk_written;
	uint64_t net_in, net_out; /* as it sees it itself */
};

struct metrics;

/* For the writer: the file is made, or gone on with. */
int metrics_create(const char *dir, const char *id, struct metrics **out);
void metrics_add(struct metrics *m, const struct metrics_sample *s);
void metrics_remove(const char *dir, const char *id);

/* For readers. */
int metrics_open(const char *dir, const char *id, struct metrics **out);
/* The newest max samples at most, the oldest of them first; returns how many. */
size_t metrics_last(const struct metrics *m, struct metrics_sample *out, size_t max);

void metrics_close(struct metrics *m); /* NULL is fine */

/* What happened between two samples, per second. */
struct metrics_rate {
	double cpu; /* CPUs kept busy: 1.0 is one whole CPU */
	double disk_read, disk_written, net_in, net_out; /* bytes */
};
/* All 0 when the two are not in order; a counter that fell back counts from 0. */
struct metrics_rate metrics_rate(const struct metrics_sample *from,
				 const struct metrics_sample *to);

#endif

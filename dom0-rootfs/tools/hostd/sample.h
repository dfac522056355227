/*
 * hostd's metrics: once a second a sample of the host and of every domain, into the
 * files of libmetrics/metrics.h.
 */
#ifndef HOSTD_SAMPLE_H
#define HOSTD_SAMPLE_H

#include "libdom/libdom.h"
#include "libmetrics/metrics.h"

struct sampled; /* one domain's file */

struct sampler {
	const char *sys; /* "/sys" */
	const char *dir; /* METRICS_DIR */
	struct metrics *host;
	struct sampled *list;
	size_t n;
	int64_t due_ms; /* of the next sample, CLOCK_MONOTONIC */
};

/* Takes a sample if it is time for one; returns the ms until the next. What cannot be
 * written is left out: metrics are never a reason to stop. */
int sampler_run(struct sampler *s, struct dom *dom);
void sampler_close(struct sampler *s);

#endif

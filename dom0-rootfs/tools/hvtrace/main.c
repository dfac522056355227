/*
 * hvtrace: what the hypervisor does. `hvtrace [-e EVENTS] [SECONDS]` records and
 * prints what each CPU did, oldest first for each; `hvtrace -c` prints the counters
 * of exits and hypercalls. The trace is switched off again at the end and by a
 * signal; a killed hvtrace leaves it on, the next one ends it.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "hvtrace/decode.h"
#include "libhv/libhv.h"

#define CPUS_MAX 256
#define EXITS_MAX 64
#define LOOK_MS 20
#define USAGE "usage: hvtrace [-e exit,hypercall,event,switch,wake] [SECONDS]\n" \
	      "       hvtrace -c      counters of exits and hypercalls\n"

static volatile sig_atomic_t ended;

static void on_signal(int sig)
{
	(void)sig;
	ended = 1;
}

static int fail(const char *what, int err)
{
	fprintf(stderr, "hvtrace: %s: %s\n", what, strerror(-err));
	return 1;
}

/* --- counters ----------------------------------------------------------------- */

struct counters {
	struct hv_counter *list;
	int n;
};

static int counters_get(struct hv *hv, struct counters *c)
{
	c->n = hv_counters(hv, NULL, 0);
	if (c->n < 0)
		return c->n;
	c->list = calloc((size_t)c->n + 1, sizeof(*c->list));
	if (!c->list)
		return -ENOMEM;
	c->n = hv_counters(hv, c->list, (unsigned int)c->n);
	return c->n < 0 ? c->n : 0;
}

static int show_counters(struct hv *hv)
{
	struct counters c = {0};
	int err = counters_get(hv, &c);

	for (int i = 0; !err && i < c.n; i++)
		if (c.list[i].value)
			printf("%10u  %s\n", c.list[i].value, c.list[i].name);
	free(c.list);
	return err ? fail("the counters cannot be read", err) : 0;
}

/* The counters of exits stand in the order of their numbers in the trace. */
static void exit_names(const struct counters *c, const char **names)
{
	int n = 0;

	for (int i = 0; i < c->n && n < EXITS_MAX - 1; i++)
		if (!strncmp(c->list[i].name, "exit ", 5))
			names[n++] = c->list[i].name + 5;
	names[n] = NULL;
}

/* --- the trace ------------------------------------------------------------------ */

static uint64_t show_new(struct hvtrace_ring *rings, unsigned int cpus, const char *const *names)
{
	struct hvtrace_record rec;
	uint64_t lost = 0;
	char line[160];

	for (unsigned int cpu = 0; cpu < cpus; cpu++)
		/* Bounded: printing may be what fills the ring. */
		for (size_t n = rings[cpu].bytes / sizeof(rec);
		     n && hvtrace_next(&rings[cpu], &rec, &lost); n--) {
			hvtrace_format(&rec, cpu, names, line, sizeof(line));
			puts(line);
		}
	return lost;
}

static double seconds_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void follow(struct hvtrace_ring *rings, unsigned int cpus, const char *const *names,
		   double seconds)
{
	const struct timespec pause = {.tv_nsec = LOOK_MS * 1000000};
	double end = seconds_now() + seconds;
	uint64_t lost = 0;

	do {
		nanosleep(&pause, NULL);
		lost += show_new(rings, cpus, names);
	} while (!ended && seconds_now() < end);
	if (lost)
		fprintf(stderr, "hvtrace: %llu records were overwritten before they "
			"were read: choose fewer with -e\n", (unsigned long long)lost);
}

static int record(struct hv *hv, uint32_t mask, double seconds)
{
	struct hvtrace_ring rings[CPUS_MAX] = {{0}};
	const char *names[EXITS_MAX] = {NULL};
	struct counters c = {0};
	struct hv_trace t;
	void *map = NULL;
	int err = counters_get(hv, &c);

	exit_names(&c, names);
	if (!err)
		err = hv_trace_enable(hv, mask, &t);
	if (!err)
		err = hv_map(hv, DOMID_XEN, t.mfn, t.cpus * t.pages, &map);
	for (unsigned int cpu = 0; !err && cpu < t.cpus && cpu < CPUS_MAX; cpu++) {
		rings[cpu].bytes = (size_t)t.pages * HV_PAGE_SIZE;
		rings[cpu].head = (void *)((char *)map + cpu * rings[cpu].bytes);
		rings[cpu].read = rings[cpu].head[0];
	}
	if (!err)
		follow(rings, t.cpus < CPUS_MAX ? t.cpus : CPUS_MAX, names, seconds);
	hv_trace_disable(hv);
	if (map)
		hv_unmap(map, t.cpus * t.pages);
	free(c.list);
	return err ? fail("the trace cannot be had", err) : 0;
}

static int usage(void)
{
	fputs(USAGE, stderr);
	return 2;
}

int main(int argc, char **argv)
{
	uint32_t mask = ~0u;
	bool counters = false;
	double seconds = 1;
	struct hv *hv;
	int opt, ret;
	char *end;

	while ((opt = getopt(argc, argv, "ce:")) != -1) {
		if (opt == 'c')
			counters = true;
		else if (opt != 'e' || !(mask = hvtrace_mask(optarg)))
			return usage();
	}
	if (optind < argc) {
		seconds = strtod(argv[optind], &end);
		if (*end || !(seconds > 0) || argc > optind + 1)
			return usage();
	}
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	signal(SIGPIPE, on_signal);
	ret = hv_open(&hv);
	if (ret)
		return fail("the hypervisor cannot be reached", ret);
	ret = counters ? show_counters(hv) : record(hv, mask, seconds);
	hv_close(hv);
	return ret;
}

/*
 * xl top: the domains once a second, busiest first, until q or the end of the given
 * rounds. Plain text without a terminal library: it clears the screen when there is
 * one, and prints table after table when there is none.
 */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "cmd.h"

struct sample {
	struct dom_info *list;
	size_t n;
	double seconds; /* when it was taken */
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int take(struct xl *xl, struct sample *s)
{
	s->seconds = now();
	return xl_domains(xl, &s->list, &s->n);
}

static const struct dom_info *find(const struct sample *s, uint32_t domid)
{
	for (size_t i = 0; i < s->n; i++) {
		if (s->list[i].domid == domid)
			return &s->list[i];
	}
	return NULL;
}

/* Percent of one CPU since the sample before; 0 for a domain that is new. */
static double cpu_percent(const struct dom_info *d, const struct sample *before,
			  const struct sample *after)
{
	const struct dom_info *old = find(before, d->domid);
	double elapsed = after->seconds - before->seconds;

	if (!old || d->cpu_ns < old->cpu_ns || elapsed <= 0)
		return 0;
	return (double)(d->cpu_ns - old->cpu_ns) / 1e9 / elapsed * 100;
}

static void show_row(const struct dom_info *d, double percent, uint64_t total_kib)
{
	char max[24] = "no limit";

	if (d->maxmem_kib != UINT64_MAX)
		snprintf(max, sizeof(max), "%" PRIu64, d->maxmem_kib);
	printf("%-20.20s %c%c%c%c%c %10.0f %6.1f %10" PRIu64 " %6.1f %10s %5u\n",
	       xl_name(d), d->running ? 'r' : '-', d->blocked ? 'b' : '-',
	       d->paused ? 'p' : '-', d->shutdown ? 's' : '-', d->dying ? 'd' : '-',
	       (double)d->cpu_ns / 1e9, percent, d->mem_kib,
	       total_kib ? (double)d->mem_kib * 100 / (double)total_kib : 0.0, max,
	       d->vcpus_online);
}

/* Busiest first: picks the rows one by one, since there are few. */
static void show(const struct sample *before, const struct sample *after,
		 const struct dom_host *host, bool clear)
{
	bool *shown = calloc(after->n + 1, sizeof(*shown));

	if (!shown)
		return;
	if (clear)
		fputs("\033[H\033[J", stdout);
	printf("%zu domains, %" PRIu64 " MiB of %" PRIu64 " MiB free, %u CPUs at %u MHz%s\n",
	       after->n, host->free_kib >> 10, host->total_kib >> 10, host->nr_cpus,
	       host->cpu_khz / 1000, clear ? "; q ends" : "");
	printf("%-20s %5s %10s %6s %10s %6s %10s %5s\n", "NAME", "STATE", "CPU(sec)",
	       "CPU(%)", "MEM(k)", "MEM(%)", "MAXMEM(k)", "VCPUS");
	for (size_t row = 0; row < after->n; row++) {
		size_t best = after->n;
		double best_percent = -1;

		for (size_t i = 0; i < after->n; i++) {
			double percent = cpu_percent(&after->list[i], before, after);

			if (!shown[i] && percent > best_percent) {
				best = i;
				best_percent = percent;
			}
		}
		shown[best] = true;
		show_row(&after->list[best], best_percent, host->total_kib);
	}
	fflush(stdout);
	free(shown);
}

/* Waits one round; true when q was typed. */
static bool quit_typed(bool keys, int delay_ms)
{
	struct pollfd p = { .fd = keys ? STDIN_FILENO : -1, .events = POLLIN };
	char c;

	return poll(&p, 1, delay_ms) > 0 &&
	       (read(STDIN_FILENO, &c, 1) != 1 || c == 'q' || c == 3);
}

static int loop(struct xl *xl, unsigned long rounds, int delay_ms, bool keys)
{
	struct sample before, after;
	struct dom_host host;
	struct dom_error err;
	bool quit = false;

	if (take(xl, &before))
		return XL_FAILED;
	for (unsigned long round = 0; !quit && (!rounds || round < rounds); round++) {
		quit = quit_typed(keys, delay_ms);
		if (dom_host(xl->dom, &host, &err)) {
			xl_error("%s", err.text);
			break;
		}
		if (take(xl, &after))
			break;
		show(&before, &after, &host, keys);
		free(before.list);
		before = after;
		if (ferror(stdout))
			break;
	}
	free(before.list);
	return XL_OK;
}

static int number(const char *text, unsigned long max, unsigned long *out)
{
	char *end;

	*out = strtoul(text, &end, 10);
	return *text < '0' || *text > '9' || *end || *out > max ? -1 : 0;
}

static int run(struct xl *xl, const struct xl_args *args)
{
	unsigned long rounds = 0, delay = 1;
	struct termios saved, raw;
	bool keys = !args->count['b'] && isatty(STDOUT_FILENO) &&
		    !tcgetattr(STDIN_FILENO, &saved);
	int status;

	if ((args->value['i'] && number(args->value['i'], 1000000, &rounds)) ||
	    (args->value['d'] && (number(args->value['d'], 3600, &delay) || !delay))) {
		xl_error("top: -i and -d need a number");
		return XL_USAGE;
	}
	if (!xl_dom(xl))
		return XL_FAILED;
	if (keys) {
		raw = saved;
		raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
		tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	}
	status = loop(xl, rounds, (int)delay * 1000, keys);
	if (keys)
		tcsetattr(STDIN_FILENO, TCSANOW, &saved);
	return status;
}

const struct xl_cmd cmd_top = {
	.name = "top",
	.usage = "[OPTIONS]",
	.summary = "Monitor the host and the domains in real time",
	.options = {
		{ 'b', "batch", NULL, "Table after table, no keys." },
		{ 'i', "iterations", "N", "End after so many tables." },
		{ 'd', "delay", "SECONDS", "Between two tables; 1 unless given." },
	},
	.run = run,
};

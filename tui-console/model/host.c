/* See host.h. */
#include "model/host.h"

#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

#define ASK_EVERY 30 /* refreshes: CPUs and memory do not come and go */
#define RATE_SAMPLES 3

static void ask(struct host *h, struct dom *dom)
{
	struct dom_host info;

	if (!dom || (h->total_kib && h->metrics && h->age++ % ASK_EVERY))
		return;
	if (dom_host(dom, &info, NULL))
		return;
	h->cpus = info.nr_cpus;
	h->total_kib = info.total_kib;
	h->used_kib = info.total_kib - info.free_kib;
}

static void fill_history(struct host *h, const struct metrics_sample *s, size_t n)
{
	h->n = n ? n - 1 : 0;
	for (size_t i = 0; i + 1 < n; i++) {
		struct metrics_rate r = metrics_rate(&s[i], &s[i + 1]);

		h->cpu[i] = h->cpus ? r.cpu / h->cpus : 0;
		h->mem[i] = h->total_kib ? (double)s[i + 1].mem_kib / (double)h->total_kib
					 : 0;
		h->disk[i] = r.disk_read + r.disk_written;
		h->net[i] = r.net_in + r.net_out;
	}
}

static void look_at_storage(struct host *h)
{
	struct statvfs fs;

	if (h->pools || !h->storage || statvfs(h->storage, &fs))
		return;
	h->storage_kib = fs.f_blocks * fs.f_frsize >> 10;
	h->storage_used_kib = (fs.f_blocks - fs.f_bfree) * fs.f_frsize >> 10;
}

void host_take_pools(struct host *h, const char *text)
{
	unsigned long long size, used, total = 0, total_used = 0;

	for (; *text; text += strcspn(text, "\n"), text += *text == '\n') {
		if (sscanf(text, "%*[^\t\n]\t%*[^\t\n]\t%llu\t%llu", &size, &used) != 2)
			continue;
		total += size;
		total_used += used;
	}
	h->pools = total > 0;
	if (h->pools) {
		h->storage_kib = total >> 10;
		h->storage_used_kib = total_used >> 10;
	}
}

void host_refresh(struct host *h, struct dom *dom)
{
	struct metrics_sample s[HOST_HISTORY + 1];
	size_t n = 0, from;

	if (!h->metrics)
		metrics_open(h->metrics_dir ? h->metrics_dir : METRICS_DIR, METRICS_HOST,
			     &h->metrics);
	if (h->metrics)
		n = metrics_last(h->metrics, s, HOST_HISTORY + 1);
	ask(h, dom);
	if (n)
		h->used_kib = s[n - 1].mem_kib;
	look_at_storage(h);
	fill_history(h, s, n);
	from = n > RATE_SAMPLES ? n - RATE_SAMPLES : 0;
	h->rate = n > 1 ? metrics_rate(&s[from], &s[n - 1]) : (struct metrics_rate){ 0 };
}

void host_free(struct host *h)
{
	metrics_close(h->metrics);
	h->metrics = NULL;
}

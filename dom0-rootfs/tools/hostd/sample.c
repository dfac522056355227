/* See sample.h. Files of domains that are gone are removed at once, those that a
 * hostd before us has left at its first sample. */
#include "sample.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "sysfs.h"

#define CPUS_MAX     1024
#define CLOCKS_APART (1ull << 60)

struct sampled {
	char id[DOM_UUID_TEXT_SIZE];
	struct metrics *file;
	bool alive;
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* "/a/b/c": each part that is missing. */
static void make_dirs(const char *dir)
{
	char path[256];
	size_t len = strlen(dir);

	if (len >= sizeof(path))
		return;
	for (size_t i = 1; i <= len; i++) {
		if (dir[i] && dir[i] != '/')
			continue;
		memcpy(path, dir, i);
		path[i] = '\0';
		mkdir(path, 0755);
	}
}

static struct sampled *find(struct sampler *s, const char *id)
{
	for (size_t i = 0; i < s->n; i++) {
		if (!strcmp(s->list[i].id, id))
			return &s->list[i];
	}
	return NULL;
}

static struct sampled *get(struct sampler *s, const char *id)
{
	struct sampled *p = find(s, id);

	if (p)
		return p;
	p = realloc(s->list, (s->n + 1) * sizeof(*p));
	if (!p)
		return NULL;
	s->list = p;
	p += s->n;
	memset(p, 0, sizeof(*p));
	memcpy(p->id, id, strlen(id) + 1);
	if (metrics_create(s->dir, id, &p->file))
		return NULL;
	s->n++;
	return p;
}

static const struct sysfs_counts *counts_of(const struct sysfs_counts *list, size_t n,
					    uint32_t domid)
{
	static const struct sysfs_counts none;

	for (size_t i = 0; i < n; i++) {
		if (list[i].domid == domid)
			return &list[i];
	}
	return &none;
}

static void put_counts(struct metrics_sample *m, const struct sysfs_counts *c)
{
	m->disk_read = c->disk_read;
	m->disk_written = c->disk_written;
	m->net_in = c->net_in;
	m->net_out = c->net_out;
}

static void sample_domain(struct sampler *s, const struct dom_info *d,
			  const struct sysfs_counts *c, uint64_t now)
{
	struct metrics_sample m = { .time_ms = now / 1000000, .cpu_ns = d->cpu_ns,
				    .mem_kib = d->mem_kib };
	char id[DOM_UUID_TEXT_SIZE];
	struct sampled *p;

	dom_uuid_text(d->uuid, id);
	p = get(s, id);
	if (!p)
		return;
	p->alive = true;
	put_counts(&m, c);
	metrics_add(p->file, &m);
}

static void sample_host(struct sampler *s, struct dom *dom, const struct sysfs_counts *c,
			uint64_t now)
{
	uint64_t idle[CPUS_MAX];
	struct metrics_sample m = { .time_ms = now / 1000000 };
	unsigned int cpus = CPUS_MAX;
	uint64_t total_idle = 0;
	struct dom_host host;

	if (!s->host && metrics_create(s->dir, METRICS_HOST, &s->host))
		return;
	if (dom_host(dom, &host, NULL) || dom_host_idle(dom, idle, &cpus, NULL))
		return;
	for (unsigned int i = 0; i < cpus; i++)
		total_idle += idle[i];
	/* idle counts from the start of the hypervisor, our clock from that of dom0 */
	m.cpu_ns = CLOCKS_APART + cpus * now - total_idle;
	m.mem_kib = host.total_kib - host.free_kib;
	put_counts(&m, c);
	metrics_add(s->host, &m);
}

static void drop_gone(struct sampler *s)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->n; i++) {
		struct sampled *p = &s->list[i];

		if (p->alive) {
			p->alive = false;
			s->list[kept++] = *p;
			continue;
		}
		metrics_close(p->file);
		metrics_remove(s->dir, p->id);
	}
	s->n = kept;
}

/* Files without a domain, from before we were started. */
static void remove_strangers(struct sampler *s)
{
	DIR *dir = opendir(s->dir);
	struct dirent *e;

	while (dir && (e = readdir(dir))) {
		if (strcmp(e->d_name, METRICS_HOST) && !find(s, e->d_name))
			metrics_remove(s->dir, e->d_name);
	}
	if (dir)
		closedir(dir);
}

static void take(struct sampler *s, struct dom *dom)
{
	struct sysfs_counts *counts;
	struct dom_info *list;
	uint64_t now = now_ns();
	size_t n, ncounts;

	if (dom_list(dom, &list, &n, NULL))
		return;
	counts = calloc(n + 64, sizeof(*counts));
	if (counts) {
		ncounts = sysfs_read(s->sys, counts, n + 64);
		sample_host(s, dom, counts_of(counts, ncounts, SYSFS_HOST), now);
		for (size_t i = 0; i < n; i++)
			sample_domain(s, &list[i],
				      counts_of(counts, ncounts, list[i].domid), now);
	}
	free(counts);
	free(list);
	drop_gone(s);
}

int sampler_run(struct sampler *s, struct dom *dom)
{
	int64_t now = (int64_t)(now_ns() / 1000000);
	bool first = !s->due_ms;

	if (now < s->due_ms)
		return (int)(s->due_ms - now);
	if (first)
		make_dirs(s->dir);
	take(s, dom);
	if (first)
		remove_strangers(s);
	s->due_ms += METRICS_PERIOD_MS;
	if (s->due_ms <= now) /* the first one, or we were held up */
		s->due_ms = now + METRICS_PERIOD_MS;
	return (int)(s->due_ms - now);
}

void sampler_close(struct sampler *s)
{
	metrics_close(s->host);
	for (size_t i = 0; i < s->n; i++)
		metrics_close(s->list[i].file);
	free(s->list);
	*s = (struct sampler){ .sys = s->sys, .dir = s->dir };
}

/*
 * See metrics.h. `count` is how many samples were ever written; it is raised after
 * the sample is whole. Sample n lies in slot n % METRICS_SLOTS, so while count is c
 * the writer may be at work on sample c: a reader that started with c and then finds
 * d must not trust samples up to d - METRICS_SLOTS.
 */
#include "libmetrics/metrics.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC 0x314d746c61736142u /* "BasaltM1" */

struct file {
	uint64_t magic;
	uint32_t slots, sample_size;
	_Atomic uint64_t count;
	uint64_t spare;
	struct metrics_sample sample[METRICS_SLOTS];
};

struct metrics {
	struct file *file;
};

static int path_of(const char *dir, const char *id, const char *suffix, char *path,
		   size_t size)
{
	if (!*id || strchr(id, '/') || *id == '.')
		return -EINVAL;
	return (size_t)snprintf(path, size, "%s/%s%s", dir, id, suffix) < size
		       ? 0 : -ENAMETOOLONG;
}

static bool ours(const struct file *f)
{
	return f->magic == MAGIC && f->slots == METRICS_SLOTS &&
	       f->sample_size == sizeof(struct metrics_sample);
}

static int map(int fd, int prot, struct metrics **out)
{
	struct metrics *m = calloc(1, sizeof(*m));
	struct stat st;
	int err = 0;

	if (!m)
		return -ENOMEM;
	if (fstat(fd, &st) || st.st_size != (off_t)sizeof(struct file)) {
		free(m);
		return -EINVAL;
	}
	m->file = mmap(NULL, sizeof(struct file), prot, MAP_SHARED, fd, 0);
	if (m->file == MAP_FAILED)
		err = -errno;
	else if (!ours(m->file))
		err = -EINVAL;
	if (!err) {
		*out = m;
		return 0;
	}
	if (m->file != MAP_FAILED)
		munmap(m->file, sizeof(struct file));
	free(m);
	return err;
}

static int open_path(const char *path, int flags, struct metrics **out)
{
	int fd = open(path, flags | O_CLOEXEC), err;

	if (fd < 0)
		return -errno;
	err = map(fd, flags == O_RDWR ? PROT_READ | PROT_WRITE : PROT_READ, out);
	close(fd);
	return err;
}

/* A new file gets its name only when it is whole. */
static int make(const char *path, const char *tmp)
{
	const struct file head = { .magic = MAGIC, .slots = METRICS_SLOTS,
				   .sample_size = sizeof(struct metrics_sample) };
	int fd = open(tmp, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644), err = 0;

	if (fd < 0)
		return -errno;
	if (ftruncate(fd, sizeof(struct file)) ||
	    write(fd, &head, offsetof(struct file, sample)) !=
		    (ssize_t)offsetof(struct file, sample) || rename(tmp, path))
		err = errno ? -errno : -EIO;
	close(fd);
	if (err)
		unlink(tmp);
	return err;
}

int metrics_create(const char *dir, const char *id, struct metrics **out)
{
	char path[512], tmp[512];
	int err = path_of(dir, id, "", path, sizeof(path));

	if (!err)
		err = path_of(dir, id, ".new", tmp, sizeof(tmp));
	if (err)
		return err;
	err = open_path(path, O_RDWR, out);
	if (!err || (err != -ENOENT && err != -EINVAL))
		return err;
	err = make(path, tmp);
	return err ? err : open_path(path, O_RDWR, out);
}

int metrics_open(const char *dir, const char *id, struct metrics **out)
{
	char path[512];
	int err = path_of(dir, id, "", path, sizeof(path));

	return err ? err : open_path(path, O_RDONLY, out);
}

void metrics_remove(const char *dir, const char *id)
{
	char path[512];

	if (!path_of(dir, id, "", path, sizeof(path)))
		unlink(path);
}

void metrics_close(struct metrics *m)
{
	if (!m)
		return;
	munmap(m->file, sizeof(struct file));
	free(m);
}

void metrics_add(struct metrics *m, const struct metrics_sample *s)
{
	struct file *f = m->file;
	uint64_t n = atomic_load_explicit(&f->count, memory_order_relaxed);

	/* pairs with the fence in metrics_last(): who sees a part of this sample also
	 * sees that the one before was announced */
	atomic_thread_fence(memory_order_release);
	f->sample[n % METRICS_SLOTS] = *s;
	atomic_store_explicit(&f->count, n + 1, memory_order_release);
}

size_t metrics_last(const struct metrics *m, struct metrics_sample *out, size_t max)
{
	const struct file *f = m->file;
	uint64_t end = atomic_load_explicit(&f->count, memory_order_acquire), start, now;
	size_t n, stale = 0;

	n = end < METRICS_SLOTS ? (size_t)end : METRICS_SLOTS;
	n = n < max ? n : max;
	start = end - n;
	for (size_t i = 0; i < n; i++)
		out[i] = f->sample[(start + i) % METRICS_SLOTS];
	atomic_thread_fence(memory_order_acquire);
	now = atomic_load_explicit(&f->count, memory_order_relaxed);
	/* sample `now` may be half written over sample now - METRICS_SLOTS */
	if (now >= start + METRICS_SLOTS)
		stale = (size_t)(now - METRICS_SLOTS - start) + 1;
	stale = stale < n ? stale : n;
	memmove(out, out + stale, (n - stale) * sizeof(*out));
	return n - stale;
}

/* A counter that starts anew has counted all that it shows. */
static double per_second(uint64_t from, uint64_t to, double seconds)
{
	return (double)(to >= from ? to - from : to) / seconds;
}

struct metrics_rate metrics_rate(const struct metrics_sample *a,
				 const struct metrics_sample *b)
{
	struct metrics_rate r = { .cpu = 0 };
	double s = b->time_ms > a->time_ms ? (double)(b->time_ms - a->time_ms) / 1000 : 0;

	if (s <= 0)
		return r;
	/* an idle host's is the difference of two clocks and may step back a little */
	if (b->cpu_ns > a->cpu_ns)
		r.cpu = per_second(a->cpu_ns, b->cpu_ns, s) / 1e9;
	r.disk_read = per_second(a->disk_read, b->disk_read, s);
	r.disk_written = per_second(a->disk_written, b->disk_written, s);
	r.net_in = per_second(a->net_in, b->net_in, s);
	r.net_out = per_second(a->net_out, b->net_out, s);
	return r;
}

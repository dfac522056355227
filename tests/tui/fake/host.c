/* See host.h. Races between processes only blur the clocks, which is all the same. */
#include "host.h"

#include <fcntl.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define GIB_PAGES 262144u

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void furnish(struct fake_host *h)
{
	h->total_pages = 16 * GIB_PAGES;
	h->free_pages = 15 * GIB_PAGES;
	h->last_ns = now_ns();
	h->domain[0] = (struct fake_domain){ .used = 1, .vcpus = 2, .vcpus_online = 2,
					     .pages = GIB_PAGES / 2, .max_pages = UINT64_MAX,
					     .load = 20 };
}

struct fake_host *fake_host_open(void)
{
	struct fake_host *h;
	struct stat st;
	int fd = open(FAKE_HOST_FILE, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0 || fstat(fd, &st) || ftruncate(fd, sizeof(*h)))
		return NULL;
	h = mmap(NULL, sizeof(*h), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (h == MAP_FAILED)
		return NULL;
	if (!h->total_pages)
		furnish(h);
	return h;
}

void fake_host_tick(struct fake_host *h)
{
	uint64_t now = now_ns(), passed = now - h->last_ns, busy = 0;

	h->last_ns = now;
	for (unsigned int i = 0; i < FAKE_DOMAINS; i++) {
		struct fake_domain *d = &h->domain[i];

		if (!d->used || d->paused || d->ended)
			continue;
		d->cpu_ns += passed * d->load / 1000;
		busy += passed * d->load / 1000;
	}
	for (unsigned int i = 0; i < FAKE_CPUS; i++)
		h->idle_ns[i] += passed - (busy / FAKE_CPUS < passed ? busy / FAKE_CPUS
								     : passed);
}

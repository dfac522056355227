/*
 * Unpacked kernels in /run/basalt/kernels/<hash>.elf. The directory is root's
 * alone and its files get their names when they are whole, so mapping one is
 * safe. It lives in memory: the whole is kept below an eighth of dom0's, and
 * nothing is added while memory is short. Losing it costs time, nothing else:
 * therefore no function here reports an error to a person.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libdom/internal.h"
#include "libdom/kernel.h"

#define CACHE_DIR RUN_DIR "/kernels"
#define CACHE_MIN (UINT64_C(96) << 20)
#define CACHE_MAX (UINT64_C(512) << 20)

static void cache_path(const uint8_t key[32], char path[128])
{
	int n = snprintf(path, 128, CACHE_DIR "/"), i;

	for (i = 0; i < 32; i++)
		n += snprintf(path + n, 128 - (size_t)n, "%02x", key[i]);
	snprintf(path + n, 128 - (size_t)n, ".elf");
}

int kernel_cache_get(const uint8_t key[32], uint8_t **data, size_t *size)
{
	struct stat st;
	char path[128];
	void *p;
	int fd;

	cache_path(key, path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0 || st.st_size <= 0) {
		close(fd);
		return -EIO;
	}
	p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p != MAP_FAILED)
		futimens(fd, NULL); /* used last: evicted last */
	close(fd);
	if (p == MAP_FAILED)
		return -ENOMEM;
	*data = p;
	*size = (size_t)st.st_size;
	return 0;
}

/* Total of the files; the one unused for longest is named in oldest. */
static uint64_t cache_survey(DIR *dir, char *oldest, size_t room)
{
	struct timespec age = {.tv_sec = INT64_MAX};
	uint64_t total = 0;
	struct dirent *e;
	struct stat st;

	oldest[0] = '\0';
	rewinddir(dir);
	while ((e = readdir(dir))) {
		if (e->d_name[0] == '.' ||
		    fstatat(dirfd(dir), e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		total += (uint64_t)st.st_size;
		if (st.st_mtim.tv_sec > age.tv_sec ||
		    (st.st_mtim.tv_sec == age.tv_sec &&
		     st.st_mtim.tv_nsec >= age.tv_nsec))
			continue;
		age = st.st_mtim;
		snprintf(oldest, room, "%s", e->d_name);
	}
	return total;
}

/* Makes room for size bytes within limit. */
static bool cache_make_room(uint64_t size, uint64_t limit)
{
	DIR *dir = opendir(CACHE_DIR);
	char oldest[256];
	bool fits = false;

	if (!dir)
		return false;
	while (size <= limit) {
		fits = cache_survey(dir, oldest, sizeof(oldest)) + size <= limit;
		if (fits || !oldest[0] || unlinkat(dirfd(dir), oldest, 0) < 0)
			break;
	}
	closedir(dir);
	return fits;
}

/* A figure of /proc/meminfo, in bytes; 0 when it is not there. */
static uint64_t meminfo(const char *key)
{
	FILE *f = fopen("/proc/meminfo", "re");
	unsigned long long kib = 0;
	char line[128];
	size_t len = strlen(key);

	while (f && fgets(line, sizeof(line), f))
		if (strncmp(line, key, len) == 0 && sscanf(line + len, " %llu", &kib) == 1)
			break;
	if (f)
		fclose(f);
	return kib << 10;
}

/* A nameless file of the cache with memory behind it, or -1: memory is short. */
static int cache_file(size_t size)
{
	uint64_t limit = meminfo("MemTotal:") / 8;
	int fd;

	limit = limit < CACHE_MIN ? CACHE_MIN : limit > CACHE_MAX ? CACHE_MAX : limit;
	if (meminfo("MemAvailable:") < 2 * (uint64_t)size ||
	    run_dir_make("kernels") != 0 || !cache_make_room(size, limit))
		return -1;
	fd = open(CACHE_DIR, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd >= 0 && fallocate(fd, 0, 0, (off_t)size) < 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

int kernel_cache_make(size_t size, uint8_t **data, int *fd)
{
	void *p;

	*fd = cache_file(size);
	p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		 *fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED, *fd, 0);
	if (p != MAP_FAILED) {
		*data = p;
		return 0;
	}
	if (*fd >= 0)
		close(*fd);
	return -ENOMEM;
}

void kernel_cache_keep(const uint8_t key[32], int fd, size_t used)
{
	char path[128], self[32];

	if (fd < 0)
		return;
	cache_path(key, path);
	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	if (ftruncate(fd, (off_t)used) == 0)
		(void)!linkat(AT_FDCWD, self, AT_FDCWD, path, AT_SYMLINK_FOLLOW);
	close(fd);
}

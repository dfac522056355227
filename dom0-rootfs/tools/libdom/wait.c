/*
 * Waiting in small steps, and the directory that outlives a process.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

#include "libdom/internal.h"

int64_t wait_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void wait_pause(unsigned int *turn)
{
	long us = 500L << (*turn < 6 ? *turn : 6);
	struct timespec ts = {.tv_nsec = (us > 20000 ? 20000 : us) * 1000};

	(*turn)++;
	nanosleep(&ts, NULL);
}

int run_dir_make(const char *sub)
{
	char path[128];

	if (mkdir(RUN_DIR, 0755) < 0 && errno != EEXIST)
		return -errno;
	if (!sub)
		return 0;
	snprintf(path, sizeof(path), RUN_DIR "/%s", sub);
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return -errno;
	return 0;
}

/* See settle.h. */
#include "settle.h"

#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "match.h"

#define STILL_S	3	/* no disk has come for so long: all are there */
#define MOST_S	30

static bool selects(const char *text, const struct disk *disks, size_t n)
{
	char why[200], path[PATH_MAX];
	const char *real;
	struct match m;

	/* What is wrong with a match is said by the plan. */
	if (match_parse(&m, text, why, sizeof(why)))
		return true;
	real = *m.path ? realpath(m.path, path) : NULL;
	for (size_t i = 0; i < n; i++)
		if (match_disk(&m, real, &disks[i]))
			return true;
	return false;
}

bool settle_there(const struct answers *a, const struct disk *disks, size_t n)
{
	for (size_t i = 0; i < a->disk.n; i++)
		if (!selects(a->disk.text[i], disks, n))
			return false;
	if (*a->storage_disk && strcmp(a->storage_disk, "rest") &&
	    !selects(a->storage_disk, disks, n))
		return false;
	return n > 0;
}

void settle(const struct answers *a, void (*say)(const char *text))
{
	size_t before = SIZE_MAX;
	int still = 0;

	for (int i = 0; i < MOST_S && still < STILL_S; i++) {
		struct disk *disks;
		struct fault ignored;
		bool there;
		size_t n;

		if (disk_list("", &disks, &n, &ignored))
			return;
		there = settle_there(a, disks, n);
		free(disks);
		still = there && n == before ? still + 1 : 0;
		before = n;
		if (!there && i == STILL_S)
			say("installer: waiting up to half a minute for the disks "
			    "that the answer file names ...");
		sleep(1);
	}
}

/*
 * A world for libstore: a temporary root with an empty sysfs, no mounts, no pools.
 * Commands run in a test are those of the build host.
 */
#ifndef WORLD_H
#define WORLD_H

#include "libstore/libstore.h"

struct world {
	char root[64];
	struct store *store;
	struct store_error err;
};

void world_open(struct world *w);
void world_close(struct world *w);

/* Runs a shell command in the root; fails the test unless it ends with 0. */
__attribute__((format(printf, 2, 3)))
void world_run(struct world *w, const char *fmt, ...);

/* A disk of that size: a file below /dev and its entry in sysfs. */
void world_disk(struct world *w, const char *name, unsigned int mib);

/* A directory pool in the directory /NAME. */
void world_pool(struct world *w, const char *name);

/* How many files there are in a directory of the world. */
unsigned int world_files(struct world *w, const char *dir);

#endif

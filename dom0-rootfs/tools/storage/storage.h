/*
 * What the files of the command `storage` share. One command is one row of the
 * table in main.c.
 */
#ifndef STORAGE_STORAGE_H
#define STORAGE_STORAGE_H

#include "libstore/libstore.h"

enum { STORAGE_OK = 0, STORAGE_FAILED = 1, STORAGE_USAGE = 2 };

struct args {
	struct store *s;
	char *operand[4];
	unsigned int noperands;
	bool tabs;     /* for programs: fields with tabs between, bytes, no heading */
	bool progress; /* lines "NN text" on stdout */
	bool erase, force, dir, lvm;
};

/* "storage: why" on stderr; STORAGE_FAILED. */
int complain(const struct store_error *err);
/* What long work calls: shows progress, and says stop after SIGTERM or SIGINT. */
struct store_progress progress_of(struct args *a);

int run_disks(struct args *a);
int run_pools(struct args *a);
int run_list(struct args *a);
int run_images(struct args *a);
int run_media(struct args *a);
int run_info(struct args *a);

int run_pool_create(struct args *a);
int run_pool_delete(struct args *a);
int run_pool_adopt(struct args *a);
int run_pool_start(struct args *a);
int run_pool_stop(struct args *a);
int run_create(struct args *a);
int run_grow(struct args *a);
int run_delete(struct args *a);
int run_snapshot(struct args *a);
int run_revert(struct args *a);
int run_clone(struct args *a);
int run_import(struct args *a);
int run_eject(struct args *a);

#endif

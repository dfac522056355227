/*
 * The journal: a file of records, each with its length and a checksum, that
 * count as a whole or not at all. From time to time it is replaced by a new one
 * that holds the present state only. It lies in memory (/run), so that it
 * survives the process and not the machine.
 */
#ifndef XENSTORED_JOURNAL_H
#define XENSTORED_JOURNAL_H

#include <stdbool.h>

#include "mem.h"

#define JOURNAL_FILE   "journal"
#define JOURNAL_GROWTH 1048576 /* bytes beyond the last rewrite */

struct journal {
	int dir; /* -1: nothing is kept */
	int lock;
	int fd;
	struct buf pending; /* the record being made */
	size_t size, fresh; /* bytes now, and after the last rewrite */
	bool failed;	    /* a write failed: the file is to be rewritten */
};

void journal_init(struct journal *j);
void journal_close(struct journal *j);

/* Open the directory and lock it. -EBUSY: another process has it. */
int journal_open(struct journal *j, const char *dir);

/*
 * Hand every whole record to fn, in order, until it returns an error. What
 * follows the last whole one is dropped: it was never acted upon. -ENOENT: no
 * journal yet.
 */
int journal_load(struct journal *j, int (*fn)(void *arg, struct cursor *c), void *arg);

/* Replace the file by these records, one after the other. */
int journal_rewrite(struct journal *j, const struct buf *state);

/* Write the pending record. -errno; the state in memory goes on regardless. */
int journal_commit(struct journal *j);

/* It has grown enough, or failed, and should be rewritten. */
bool journal_is_long(const struct journal *j);

#endif

/*
 * The last output of a guest, of which a viewer has seen a part. What was not
 * seen when it is overwritten is skipped; the log file still has it.
 */
#ifndef XENCONSOLED_BACKLOG_H
#define XENCONSOLED_BACKLOG_H

#include <stddef.h>
#include <stdint.h>

#define BACKLOG_SIZE 65536u

struct backlog {
	uint64_t end, seen; /* bytes since the beginning; seen <= end */
	char data[BACKLOG_SIZE];
};

void backlog_add(struct backlog *b, const void *data, size_t len);

/* The next unseen bytes that lie together: how many, 0 if there are none. */
size_t backlog_unseen(const struct backlog *b, const char **data);
void backlog_saw(struct backlog *b, size_t len);

#endif

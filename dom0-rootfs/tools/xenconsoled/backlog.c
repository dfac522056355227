/*
 * The last output of a guest: see backlog.h.
 */
#include <string.h>

#include "backlog.h"

void backlog_add(struct backlog *b, const void *data, size_t len)
{
	const char *from = data;

	while (len) {
		size_t at = b->end % BACKLOG_SIZE;
		size_t n = len < BACKLOG_SIZE - at ? len : BACKLOG_SIZE - at;

		memcpy(b->data + at, from, n);
		b->end += n;
		from += n;
		len -= n;
	}
	if (b->end - b->seen > BACKLOG_SIZE)
		b->seen = b->end - BACKLOG_SIZE;
}

size_t backlog_unseen(const struct backlog *b, const char **data)
{
	size_t at = b->seen % BACKLOG_SIZE;
	uint64_t len = b->end - b->seen;

	*data = b->data + at;
	return len < BACKLOG_SIZE - at ? (size_t)len : BACKLOG_SIZE - at;
}

void backlog_saw(struct backlog *b, size_t len)
{
	b->seen += len;
}

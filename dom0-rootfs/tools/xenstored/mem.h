/*
 * Memory that is always there, and growable byte buffers.
 *
 * What a client can make the daemon hold is bounded by quotas; when memory is
 * out all the same, the daemon ends at once and its successor goes on from the
 * journal. So no caller sees a failed allocation.
 */
#ifndef XENSTORED_MEM_H
#define XENSTORED_MEM_H

#include <stddef.h>
#include <stdint.h>

void *mem_alloc(size_t size); /* zeroed */
void *mem_resize(void *p, size_t size);
void *mem_dup(const void *p, size_t size); /* NULL for size 0 */
char *mem_strdup(const char *s);

struct buf {
	char *data;
	size_t len, room;
};

void buf_add(struct buf *b, const void *data, size_t len);
void buf_add_str(struct buf *b, const char *s);	       /* with its NUL */
void buf_add_text(struct buf *b, const char *fmt, ...) /* without NUL */
	__attribute__((format(printf, 2, 3)));
void buf_drop(struct buf *b, size_t len); /* from the front */
void buf_free(struct buf *b);

/* Binary fields, in the machine's byte order; a blob is length and bytes. */
void buf_put_u8(struct buf *b, uint8_t v);
void buf_put_u32(struct buf *b, uint32_t v);
void buf_put_u64(struct buf *b, uint64_t v);
void buf_put_blob(struct buf *b, const void *data, size_t len);

/* Reading them back. Past the end, bad is set and zeroes are returned. */
struct cursor {
	const char *at, *end;
	int bad;
};

uint8_t cur_u8(struct cursor *c);
uint32_t cur_u32(struct cursor *c);
uint64_t cur_u64(struct cursor *c);
const void *cur_blob(struct cursor *c, size_t *len);
const char *cur_str(struct cursor *c); /* blob that ends in its only NUL */

#endif

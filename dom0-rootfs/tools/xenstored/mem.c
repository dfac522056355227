/*
 * Memory that is always there, and growable byte buffers: see mem.h.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "mem.h"

static void *must(void *p)
{
	if (p)
		return p;
	syslog(LOG_CRIT, "out of memory: ending, the state is kept");
	abort();
}

void *mem_alloc(size_t size)
{
	return must(calloc(1, size ? size : 1));
}

void *mem_resize(void *p, size_t size)
{
	return must(realloc(p, size ? size : 1));
}

void *mem_dup(const void *p, size_t size)
{
	return size ? memcpy(mem_alloc(size), p, size) : NULL;
}

char *mem_strdup(const char *s)
{
	return mem_dup(s, strlen(s) + 1);
}

static void buf_reserve(struct buf *b, size_t more)
{
	size_t room = b->room ? b->room : 256;

	if (b->room - b->len >= more)
		return;
	while (room - b->len < more)
		room *= 2;
	b->data = mem_resize(b->data, room);
	b->room = room;
}

void buf_add(struct buf *b, const void *data, size_t len)
{
	buf_reserve(b, len);
	if (len)
		memcpy(b->data + b->len, data, len);
	b->len += len;
}

void buf_add_str(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s) + 1);
}

void buf_add_text(struct buf *b, const char *fmt, ...)
{
	char text[256];
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (len > 0)
		buf_add(b, text,
			(size_t)len < sizeof(text) ? (size_t)len : sizeof(text) - 1);
}

void buf_drop(struct buf *b, size_t len)
{
	b->len -= len;
	if (b->len && len)
		memmove(b->data, b->data + len, b->len);
}

void buf_free(struct buf *b)
{
	free(b->data);
	*b = (struct buf){0};
}

void buf_put_u8(struct buf *b, uint8_t v)
{
	buf_add(b, &v, sizeof(v));
}

void buf_put_u32(struct buf *b, uint32_t v)
{
	buf_add(b, &v, sizeof(v));
}

void buf_put_u64(struct buf *b, uint64_t v)
{
	buf_add(b, &v, sizeof(v));
}

void buf_put_blob(struct buf *b, const void *data, size_t len)
{
	buf_put_u32(b, (uint32_t)len);
	buf_add(b, data, len);
}

static const void *cur_take(struct cursor *c, size_t len)
{
	const char *at = c->at;

	if (c->bad || (size_t)(c->end - at) < len) {
		c->bad = 1;
		return NULL;
	}
	c->at += len;
	return at;
}

static void cur_copy(struct cursor *c, void *to, size_t len)
{
	const void *from = cur_take(c, len);

	if (from)
		memcpy(to, from, len);
}

uint8_t cur_u8(struct cursor *c)
{
	uint8_t v = 0;

	cur_copy(c, &v, sizeof(v));
	return v;
}

uint32_t cur_u32(struct cursor *c)
{
	uint32_t v = 0;

	cur_copy(c, &v, sizeof(v));
	return v;
}

uint64_t cur_u64(struct cursor *c)
{
	uint64_t v = 0;

	cur_copy(c, &v, sizeof(v));
	return v;
}

const void *cur_blob(struct cursor *c, size_t *len)
{
	const void *data;

	*len = cur_u32(c);
	data = cur_take(c, *len);
	if (!data)
		*len = 0;
	return data;
}

const char *cur_str(struct cursor *c)
{
	size_t len;
	const char *s = cur_blob(c, &len);

	if (s && len && !s[len - 1] && strlen(s) == len - 1)
		return s;
	c->bad = 1;
	return "";
}

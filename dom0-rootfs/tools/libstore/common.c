/*
 * Small things: errors, places, locks, names and sizes.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "libstore/internal.h"

int store_fail(struct store_error *err, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (err)
		vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	return code;
}

void store_path(const struct store *s, char buf[STORE_PATH_SIZE], const char *fmt, ...)
{
	size_t at = (size_t)snprintf(buf, STORE_PATH_SIZE, "%s", s->root);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(buf + at, STORE_PATH_SIZE - at, fmt, ap);
	va_end(ap);
}

void store_read_line(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, size - 1);

	if (fd >= 0)
		close(fd);
	buf[n < 0 ? 0 : n] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	/* A disk's own words: nothing in them may reach a terminal as it is. */
	for (char *c = buf; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 127)
			*c = '?';
	for (size_t len = strlen(buf); len && buf[len - 1] == ' '; len--)
		buf[len - 1] = '\0';
}

void *store_grow(void **list, size_t *count, size_t size)
{
	void *more;

	/* Room is made in steps of powers of two, from 16 on. */
	if (*count == 0 || (*count >= 16 && !(*count & (*count - 1)))) {
		more = realloc(*list, (*count ? *count * 2 : 16) * size);
		if (!more)
			return NULL;
		*list = more;
	}
	memset((char *)*list + *count * size, 0, size);
	return (char *)*list + size * (*count)++;
}

int store_lock(struct store *s, const char *name, bool wait)
{
	char path[STORE_PATH_SIZE];
	int fd, ret;

	store_path(s, path, "/run/basalt");
	ret = dir_make(path, 0755);
	if (ret)
		return ret;
	store_path(s, path, "/run/basalt/storage-%s.lock", name);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	if (flock(fd, wait ? LOCK_EX : LOCK_EX | LOCK_NB) == 0)
		return fd;
	ret = errno == EWOULDBLOCK ? -EBUSY : -errno;
	close(fd);
	return ret;
}

void store_unlock(int fd)
{
	if (fd >= 0)
		close(fd);
}

bool store_name_valid(const char *name)
{
	size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			    "0123456789-_");

	return len > 0 && len <= STORE_NAME_MAX && !name[len] &&
	       isalnum((unsigned char)name[0]) && strcmp(name, STORE_THIN) != 0;
}

int store_parse_size(const char *text, uint64_t *bytes)
{
	static const char letters[] = "KMGTP";
	size_t digits = strspn(text, "0123456789.");
	const char *unit = text + digits, *letter;
	char number[24];
	double value;

	if (!isdigit((unsigned char)text[0]) || digits >= sizeof(number) ||
	    strchr(text, '.') != strrchr(text, '.'))
		return -EINVAL;
	memcpy(number, text, digits);
	number[digits] = '\0';
	value = strtod(number, NULL);
	letter = *unit ? strchr(letters, toupper((unsigned char)*unit)) : NULL;
	for (const char *l = letters; letter && l <= letter; l++)
		value *= 1024;
	unit += letter ? unit[1] == 'i' ? 2 : 1 : 0;
	unit += *unit == 'B' || *unit == 'b';
	if (*unit || value < 1 || value > (double)(1ull << 60))
		return -EINVAL;
	*bytes = (uint64_t)value;
	return 0;
}

static void choose(char *buf, size_t size, const char *given, const char *usual)
{
	snprintf(buf, size, "%s", given && *given ? given : usual);
}

int store_open(struct store **out, const struct store_where *where,
	       struct store_error *err)
{
	static const struct store_where nowhere;
	struct store *s = calloc(1, sizeof(*s));

	if (!s)
		return store_fail(err, -ENOMEM, "storage: memory is short: end something");
	if (!where)
		where = &nowhere;
	choose(s->root, sizeof(s->root), where->root, "");
	choose(s->pools_conf, sizeof(s->pools_conf), where->pools_conf,
	       "/state/etc/pools.conf");
	choose(s->vms, sizeof(s->vms), where->vms, "/etc/xen");
	*out = s;
	return 0;
}

void store_close(struct store *s)
{
	free(s);
}

/*
 * Settings as text: see conf.h. A file of settings is small, so that a list of
 * lines searched from its start is all that is needed.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "libconf/conf.h"

#define BLANKS " \t"
#define KEY_CHARS                                                                 \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-."

int conf_fail(struct conf_error *err, int code, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return code;
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	return code;
}

/* Puts an empty line at index at. Room is doubled when count is a power of two. */
static struct conf_line *insert_line(struct conf *c, size_t at)
{
	struct conf_line *more = c->lines;

	if ((c->count & (c->count - 1)) == 0)
		more = realloc(c->lines, (c->count ? 2 * c->count : 1) * sizeof(*more));
	if (!more)
		return NULL;
	c->lines = more;
	memmove(more + at + 1, more + at, (c->count - at) * sizeof(*more));
	c->count++;
	more[at] = (struct conf_line){0};
	return &more[at];
}

static void remove_line(struct conf *c, size_t at)
{
	free(c->lines[at].key);
	free(c->lines[at].value);
	c->count--;
	memmove(c->lines + at, c->lines + at + 1, (c->count - at) * sizeof(*c->lines));
}

void conf_free(struct conf *c)
{
	while (c->count)
		remove_line(c, c->count - 1);
	free(c->lines);
	c->lines = NULL;
}

static int put_line(struct conf_line *l, const char *key, size_t key_len,
		    const char *value, size_t value_len)
{
	l->key = key ? strndup(key, key_len) : NULL;
	l->value = strndup(value, value_len);
	return (key && !l->key) || !l->value ? -ENOMEM : 0;
}

static size_t trimmed(const char *text, size_t len)
{
	while (len && strchr(BLANKS, text[len - 1]))
		len--;
	return len;
}

/* Why a line (of len bytes, without its end) cannot be taken, or NULL. */
static const char *complaint(const char *line, size_t len)
{
	if (len > CONF_LINE_MAX)
		return "the line is too long: is this a text file?";
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)line[i] < ' ' && line[i] != '\t')
			return "a control character: is this a text file?";
	return NULL;
}

static const char *parse_line(struct conf_line *l, const char *line, size_t len,
			      int *result)
{
	size_t start = 0, key_len = 0, value;

	while (start < len && strchr(BLANKS, line[start]))
		start++;
	*result = 0;
	if (start == len || line[start] == '#') {
		*result = put_line(l, NULL, 0, line, len);
		return NULL;
	}
	while (start + key_len < len && strchr(KEY_CHARS, line[start + key_len]))
		key_len++;
	value = start + key_len;
	while (value < len && strchr(BLANKS, line[value]))
		value++;
	if (!key_len || value == len || line[value] != '=')
		return "not of the form key = value: correct it or put # before it";
	value++;
	while (value < len && strchr(BLANKS, line[value]))
		value++;
	*result = put_line(l, line + start, key_len, line + value,
			   trimmed(line + value, len - value));
	return NULL;
}

static int parse_one(struct conf *c, const char *line, size_t len, unsigned int number,
		     const char **why)
{
	struct conf_line *l;
	int result;

	if (len && line[len - 1] == '\r')
		len--;
	*why = complaint(line, len);
	if (*why)
		return -EINVAL;
	l = insert_line(c, c->count);
	if (!l)
		return -ENOMEM;
	l->number = number;
	*why = parse_line(l, line, len, &result);
	return *why ? -EINVAL : result;
}

int conf_parse(struct conf *c, const char *text, size_t len, const char *name,
	       struct conf_error *err)
{
	const char *end = text + len, *why = "memory is short: end some programs";
	unsigned int number = 0;
	int result = 0;

	*c = (struct conf){0};
	if (!name)
		name = "settings";
	if (len > CONF_TEXT_MAX)
		return conf_fail(err, -EFBIG, "%s: larger than %d KiB: is this a text file?",
				 name, CONF_TEXT_MAX / 1024);
	while (text < end && !result) {
		const char *stop = memchr(text, '\n', (size_t)(end - text));

		if (!stop)
			stop = end;
		result = parse_one(c, text, (size_t)(stop - text), ++number, &why);
		text = stop + 1;
	}
	if (!result)
		return 0;
	conf_free(c);
	if (err)
		err->line = number;
	return conf_fail(err, result, "%s: line %u: %s", name, number, why);
}

int conf_load(struct conf *c, const char *path, struct conf_error *err)
{
	char *text;
	size_t len;
	int result = file_read(path, CONF_TEXT_MAX, &text, &len);

	*c = (struct conf){0};
	if (err)
		err->line = 0;
	if (result)
		return conf_fail(err, result, "%s: cannot be read: %s", path,
				 strerror(-result));
	result = conf_parse(c, text, len, path, err);
	free(text);
	return result;
}

const struct conf_line *conf_next(const struct conf *c, const char *key, size_t *at)
{
	while (*at < c->count) {
		const struct conf_line *l = &c->lines[(*at)++];

		if (l->key && (!key || !strcmp(l->key, key)))
			return l;
	}
	return NULL;
}

const char *conf_get(const struct conf *c, const char *key)
{
	const struct conf_line *l;
	const char *value = NULL;

	for (size_t at = 0; (l = conf_next(c, key, &at)); )
		value = l->value;
	return value;
}

static int valid(const char *key, const char *value)
{
	size_t len = strlen(value);

	if (!*key || key[strspn(key, KEY_CHARS)])
		return 0;
	if (len + strlen(key) + 3 > CONF_LINE_MAX || complaint(value, len))
		return 0;
	return !len || (!strchr(BLANKS, value[0]) && !strchr(BLANKS, value[len - 1]));
}

int conf_add(struct conf *c, const char *key, const char *value)
{
	size_t at = c->count;
	struct conf_line *l;

	if (!valid(key, value))
		return -EINVAL;
	for (size_t i = 0; i < c->count; i++)
		if (c->lines[i].key && !strcmp(c->lines[i].key, key))
			at = i + 1;
	l = insert_line(c, at);
	if (!l)
		return -ENOMEM;
	if (!put_line(l, key, strlen(key), value, strlen(value)))
		return 0;
	remove_line(c, at);
	return -ENOMEM;
}

static size_t remove_after(struct conf *c, const char *key, size_t from)
{
	size_t gone = 0;

	for (size_t i = c->count; i-- > from; ) {
		if (!c->lines[i].key || strcmp(c->lines[i].key, key))
			continue;
		remove_line(c, i);
		gone++;
	}
	return gone;
}

size_t conf_remove(struct conf *c, const char *key)
{
	return remove_after(c, key, 0);
}

int conf_set(struct conf *c, const char *key, const char *value)
{
	char *copy;

	if (!valid(key, value))
		return -EINVAL;
	for (size_t i = 0; i < c->count; i++) {
		if (!c->lines[i].key || strcmp(c->lines[i].key, key))
			continue;
		copy = strdup(value);
		if (!copy)
			return -ENOMEM;
		free(c->lines[i].value);
		c->lines[i].value = copy;
		remove_after(c, key, i + 1);
		return 0;
	}
	return conf_add(c, key, value);
}

char *conf_text(const struct conf *c)
{
	size_t size = 1, used = 0;
	char *text;

	for (size_t i = 0; i < c->count; i++)
		size += strlen(c->lines[i].value) + 1 +
			(c->lines[i].key ? strlen(c->lines[i].key) + 3 : 0);
	text = malloc(size);
	if (!text)
		return NULL;
	text[0] = '\0';
	for (size_t i = 0; i < c->count; i++) {
		const struct conf_line *l = &c->lines[i];

		used += (size_t)snprintf(text + used, size - used, "%s%s%s\n",
					 l->key ? l->key : "", l->key ? " = " : "",
					 l->value);
	}
	return text;
}

int conf_save(const struct conf *c, const char *path, mode_t mode,
	      struct conf_error *err)
{
	char *text = conf_text(c);
	int result = text ? file_write_atomic(path, text, strlen(text), mode) : -ENOMEM;

	free(text);
	if (err)
		err->line = 0;
	if (result)
		return conf_fail(err, result, "%s: cannot be written: %s: %s", path,
				 strerror(-result),
				 result == -ENOSPC ? "make room on its file system"
						   : "nothing was changed");
	return 0;
}

int conf_bool(const char *value)
{
	static const char *const words[][2] = {
		{"no", "yes"}, {"off", "on"}, {"false", "true"}, {"0", "1"},
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		for (int answer = 0; answer < 2; answer++)
			if (!strcasecmp(value, words[i][answer]))
				return answer;
	return -EINVAL;
}

int conf_number(const char *value, long min, long max, long *out)
{
	char *end;
	long n;

	if (!*value || strspn(value + (*value == '-'), "0123456789") !=
			       strlen(value + (*value == '-')))
		return -EINVAL;
	errno = 0;
	n = strtol(value, &end, 10);
	if (end == value || *end)
		return -EINVAL;
	if (errno || n < min || n > max)
		return -ERANGE;
	*out = n;
	return 0;
}

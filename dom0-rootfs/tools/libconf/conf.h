/*
 * Settings as text: one `key = value` per line, `#` at the start of a line
 * makes a comment, a key may come several times and order is kept. What a
 * person wrote (comments, blank lines) stays when a program changes a value.
 *
 * A key is letters, digits, `_`, `-` and `.`. A value is the rest of its line
 * without blanks around it; it may hold `#` and `=`, and may be empty. Text is
 * not trusted: control characters, NUL and sizes above the limits are refused
 * with the line's number.
 *
 * int results are 0 or a negative errno; errors that a person can act on are
 * put into struct conf_error as one line "what: why: what to do".
 */
#ifndef LIBCONF_CONF_H
#define LIBCONF_CONF_H

#include <stddef.h>
#include <sys/types.h>

enum {
	CONF_TEXT_MAX = 256 * 1024, /* bytes of one file */
	CONF_LINE_MAX = 8 * 1024,   /* bytes of one line */
};

struct conf_line {
	char *key;   /* NULL: a comment or a blank line */
	char *value; /* of a comment: the whole line */
	unsigned int number; /* in the text parsed; 0: added since */
};

struct conf {
	struct conf_line *lines;
	size_t count;
};

struct conf_error {
	unsigned int line; /* 0: none in particular */
	char text[320];
};

/*
 * Parse len bytes. name (a path, for messages) may be NULL. On failure *c is
 * empty. *c need not be initialised.
 */
int conf_parse(struct conf *c, const char *text, size_t len, const char *name,
	       struct conf_error *err);

/* The same with a file. -ENOENT, and an empty *c, if there is none. */
int conf_load(struct conf *c, const char *path, struct conf_error *err);

void conf_free(struct conf *c);

/*
 * The value of the last line with the key, or NULL. The string lives until *c
 * is changed.
 */
const char *conf_get(const struct conf *c, const char *key);

/*
 * All lines with the key in order: start with *at = 0, go on until NULL. key
 * NULL means every key.
 */
const struct conf_line *conf_next(const struct conf *c, const char *key, size_t *at);

/*
 * One line with the key and this value, in the place of the first one there
 * was. -EINVAL for what the format cannot hold.
 */
int conf_set(struct conf *c, const char *key, const char *value);

/* One more line with the key, after the last one with it. */
int conf_add(struct conf *c, const char *key, const char *value);

/* Take out all lines with the key; how many there were. */
size_t conf_remove(struct conf *c, const char *key);

/* The text, to be freed; NULL when memory is short. */
char *conf_text(const struct conf *c);

/* Write the text, as file_write_atomic() does. */
int conf_save(const struct conf *c, const char *path, mode_t mode,
	      struct conf_error *err);

/* Whether a value says yes or no (yes/no, on/off, true/false, 1/0): 1, 0, -EINVAL. */
int conf_bool(const char *value);

/* A whole decimal number within the bounds: 0, -EINVAL or -ERANGE. */
int conf_number(const char *value, long min, long max, long *out);

/* Fill err, which may be NULL, and return code. */
__attribute__((format(printf, 3, 4)))
int conf_fail(struct conf_error *err, int code, const char *fmt, ...);

/*
 * Make path hold exactly these bytes, or leave it as it was: written to a
 * temporary name beside it, fsynced, renamed, the directory fsynced. A link is
 * followed, so that what it names is replaced and not the link. The directory
 * must exist. mode applies whatever the umask.
 */
int file_write_atomic(const char *path, const void *data, size_t len, mode_t mode);

/*
 * Read a whole file of at most max bytes into memory, with a NUL after it, to
 * be freed. len may be NULL. -EFBIG if it is larger.
 */
int file_read(const char *path, size_t max, char **data, size_t *len);

/* Make the directory and those above it, like mkdir -p. */
int dir_make(const char *path, mode_t mode);

#endif

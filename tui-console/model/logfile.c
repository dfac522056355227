/* See logfile.h. */
#include "model/logfile.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TEXT, ESCAPE, SEQUENCE, STRING };

void logfile_init(struct logfile *f, const char *path)
{
	memset(f, 0, sizeof(*f));
	snprintf(f->path, sizeof(f->path), "%s", path);
}

void logfile_clear(struct logfile *f)
{
	for (size_t i = 0; i < f->n; i++)
		free(f->lines[i]);
	f->n = f->part_len = 0;
	f->escape = TEXT;
}

void logfile_free(struct logfile *f)
{
	logfile_clear(f);
	free(f->lines);
	f->lines = NULL;
}

/* The oldest quarter goes at once, so that this is seldom. */
static void make_room(struct logfile *f)
{
	size_t gone = LOGFILE_LINES / 4;

	if (f->n < LOGFILE_LINES)
		return;
	for (size_t i = 0; i < gone; i++)
		free(f->lines[i]);
	f->n -= gone;
	memmove(f->lines, f->lines + gone, f->n * sizeof(*f->lines));
}

static void end_line(struct logfile *f)
{
	if (!f->lines)
		f->lines = calloc(LOGFILE_LINES, sizeof(*f->lines));
	if (f->lines) {
		make_room(f);
		f->lines[f->n] = strndup(f->part, f->part_len);
		f->n += f->lines[f->n] != NULL;
	}
	f->part_len = 0;
}

/* Follows escape sequences to their end; true: c belongs to one. */
static bool in_escape(struct logfile *f, unsigned char c)
{
	switch (f->escape) {
	case ESCAPE:
		f->escape = c == '[' ? SEQUENCE : c == ']' ? STRING : TEXT;
		return true;
	case SEQUENCE:
		if (c >= 0x40 && c <= 0x7e)
			f->escape = TEXT;
		return true;
	case STRING:
		if (c == 7 || c == '\n')
			f->escape = TEXT;
		return true;
	default:
		if (c == 27)
			f->escape = ESCAPE;
		return c == 27;
	}
}

void logfile_add(struct logfile *f, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (in_escape(f, c))
			continue;
		if (c == '\n') {
			end_line(f);
			continue;
		}
		if (c == '\t')
			c = ' ';
		if (c < 32 || c == 127)
			continue;
		f->part[f->part_len++] = (char)c;
		if (f->part_len == sizeof(f->part))
			end_line(f);
	}
}

/* Another file under that name, or less in it than was read: from the start. */
static void begin(struct logfile *f, const struct stat *st)
{
	bool first = !f->inode;

	logfile_clear(f);
	f->inode = st->st_ino;
	f->offset = 0;
	if (first && st->st_size > LOGFILE_BYTES)
		f->offset = st->st_size - LOGFILE_BYTES;
}

bool logfile_poll(struct logfile *f)
{
	int fd = open(f->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	bool changed = false;
	struct stat st;
	char buf[16384];
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		if (fd >= 0)
			close(fd);
		changed = !f->missing;
		f->missing = true;
		return changed;
	}
	f->missing = false;
	if (st.st_ino != f->inode || st.st_size < f->offset) {
		begin(f, &st);
		changed = true;
	}
	/* bounded: a file that grows as fast as we read must not hold us */
	for (size_t got = 0; got < 2 * LOGFILE_BYTES; got += (size_t)n) {
		n = pread(fd, buf, sizeof(buf), f->offset);
		if (n <= 0)
			break;
		f->offset += n;
		logfile_add(f, buf, (size_t)n);
		changed = true;
	}
	close(fd);
	return changed;
}

static bool part_of_name(char c)
{
	return isalnum((unsigned char)c) || c == '-' || c == '_' || c == '.';
}

bool logfile_names(const char *line, const char *name)
{
	size_t len = strlen(name);

	for (const char *s = line; len && (s = strstr(s, name)); s++) {
		if ((s == line || !part_of_name(s[-1])) && !part_of_name(s[len]))
			return true;
	}
	return false;
}
